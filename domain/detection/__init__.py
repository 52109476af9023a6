"""Rules, and what they are judged on."""

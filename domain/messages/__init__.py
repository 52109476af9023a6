"""Messages between a person and the team: words that must not wait, and when an answer may be expected."""

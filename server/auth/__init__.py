"""Sign-in: who asks, from memory and before any handler runs."""

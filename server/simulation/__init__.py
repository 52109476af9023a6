"""A simulated clinic: the same seed makes the same people and readings."""

"""A code shown once: a part of a record, for a day, to whoever was shown it."""

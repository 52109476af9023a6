"""Peer groups: names that tell nothing, what may be said, who looks after it."""

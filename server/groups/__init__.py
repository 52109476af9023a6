"""Peer groups as people use them, and what keeps them safe. Decisions 120 to 129."""

"""Notices: who is told what, by which channel, with which result."""

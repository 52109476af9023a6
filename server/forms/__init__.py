"""Questionnaires over HTTP, and the responses to them."""

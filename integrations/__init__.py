"""Translators: bytes in, drafts out. No SQL, no framework."""

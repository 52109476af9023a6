"""Facts about people, over HTTP."""

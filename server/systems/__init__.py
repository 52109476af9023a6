"""Systems of others that a patient chose: told by a signed call that there is something to read, and nothing more."""

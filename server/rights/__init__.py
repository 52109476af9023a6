"""A person's rights over data: an export of everything, erasure as a request, what is held and for how long (PRV)."""

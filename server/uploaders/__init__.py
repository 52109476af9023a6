"""A person's own uploader (xDrip, Loop, AAPS and the like) that speaks Nightscout's API v1."""

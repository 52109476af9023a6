"""Machines of vendors that call us: each delivery proved, kept, stored once; what they only announce is fetched."""

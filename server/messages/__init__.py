"""Messages between a person and the team that looks after them."""

"""Teams: when they are staffed, and who is on duty."""

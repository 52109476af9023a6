"""Rules and limits as governed data: what is in force, who signed it, what was tried, why a flag was raised."""

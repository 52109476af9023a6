"""Plans, what is expected when, planned absence, and silence."""

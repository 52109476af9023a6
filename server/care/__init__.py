"""What a person may rely on now: who watches, until when, what happens next, and what to do meanwhile."""

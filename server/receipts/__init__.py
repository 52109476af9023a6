"""What a sender can look up of what it sent: each delivery as received, and what became of its items."""

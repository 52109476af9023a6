"""What is known about a person and changes a judgement: told once, dated, with its source."""

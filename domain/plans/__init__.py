"""What is agreed with a patient: plans, schedules, limits."""

"""What patients decide about their record, who acts for them, and what somebody must answer for."""

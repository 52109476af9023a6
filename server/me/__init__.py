"""What patients, and those who act for them, see and do in a browser of their own."""

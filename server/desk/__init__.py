"""The person's page: pictures of what was measured, one timeline of everything, who shares what and who looks after them."""

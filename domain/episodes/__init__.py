"""Episodes: one open concern about one patient, and its life."""

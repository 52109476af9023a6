"""Who acts for somebody else: carers by consent, parents and attorneys by law, each with a sign-in of their own (F62)."""

"""Pages: layout, words, charts and the parts that templates share."""

"""Open mHealth and IEEE 1752.1: data points through the same judged path."""

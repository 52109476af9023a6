"""One slice: held readings, and what people decide about them."""

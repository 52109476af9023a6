"""One slice: routes, pages, service, store."""

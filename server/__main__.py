"""`python -m server` is `steady`."""

from server.cli import main

main()

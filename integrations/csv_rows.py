"""Rows of a CSV file, however its lines end."""

import csv
import io
from collections.abc import Iterator

from integrations.manifest import Unreadable


def rows(text: str, delimiter: str = ",") -> Iterator[list[str]]:
    """Each row's fields. Raises Unreadable where a row is none."""
    try:
        yield from csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), delimiter=delimiter)
    except csv.Error as error:
        raise Unreadable("A row cannot be read as CSV.") from error

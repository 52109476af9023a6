"""Whether a key stands twice in a JSON text: a decoder keeps the last of two and says nothing."""

import re
from typing import Final

_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')


def members(body: bytes) -> int:
    """How many members all objects of a JSON text have together: the colons outside its strings.

    A decoder keeps the last of two equal keys; comparing this count with what was decoded finds the other one.
    """
    if b"\\" in body:
        return _STRING.sub(b"", body).count(b":")
    # Nothing is escaped: each quote begins or ends a text.
    return b"".join(body.split(b'"')[::2]).count(b":")

"""Whether a key stands twice in a JSON text: a decoder keeps the last of two and says nothing."""

import re
from typing import Final

_GAPS: Final = (b" :", b"\n:", b"\r:", b"\t:")
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')


def members(body: bytes) -> int:
    """How many members all objects of a JSON text have together: the colons outside its strings.

    A decoder keeps the last of two equal keys; comparing this count with what was decoded finds the other one.
    """
    if b"\\" not in body and not any(gap in body for gap in _GAPS):
        # Nothing is escaped and no colon stands apart from its key: only a key's own closing quote is followed by one.
        return body.count(b'":')
    if b"\\" in body:
        return _STRING.sub(b"", body).count(b":")
    return b"".join(body.split(b'"')[::2]).count(b":")

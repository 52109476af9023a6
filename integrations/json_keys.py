"""Whether a key stands twice in a JSON text: a decoder keeps the last of two and says nothing."""

import re
from typing import Final

_DOUBT: Final = (b" :", b"\n:", b"\r:", b"\t:", b' ":', b'\n":', b'\r":', b'\t":', b':":', b',":', b'[":', b'{":')
"""A colon that stands apart from its key, or a quote before one that may open a text."""
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')


def members(body: bytes) -> int:
    """How many members all objects of a JSON text have together: the colons outside its strings.

    A decoder keeps the last of two equal keys; comparing this count with what was decoded finds the other one.
    """
    if body[:1] != b'"' and b"\\" not in body and not any(doubt in body for doubt in _DOUBT):
        # Nothing is escaped: only a key's own closing quote is followed by a colon.
        return body.count(b'":')
    if b"\\" in body:
        return _STRING.sub(b"", body).count(b":")
    return b"".join(body.split(b'"')[::2]).count(b":")

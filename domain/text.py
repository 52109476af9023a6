"""Free text as people may send it (INP-3)."""

import unicodedata
from typing import Final

from domain.errors import Invalid

MOST: Final = 2_000
_BIDI: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def admit(text: str, *, pointer: str, most: int = MOST) -> str:
    """The text in NFC, or a refusal: too long, a control character, or one that turns the reading direction."""
    clean = unicodedata.normalize("NFC", text)
    if len(clean) > most:
        raise Invalid(f"At most {most} characters.", pointer)
    for character in clean:
        if character != "\n" and not is_admitted(character):
            if character in _BIDI:
                raise Invalid("No characters that turn the reading direction.", pointer)
            raise Invalid("No control characters.", pointer)
    return clean


def is_admitted(character: str) -> bool:
    """Whether a character may stand in free text; the end of a line is a matter of its own."""
    return unicodedata.category(character) not in {"Cc", "Cs"} and character not in _BIDI

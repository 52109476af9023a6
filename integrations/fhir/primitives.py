"""FHIR's primitive types as R4 writes them: what a value must look like, and what it says."""

import re
from datetime import datetime
from typing import Final

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_TEXT: Final = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f]+")
_CODE: Final = re.compile(r"[^\s]+(?: [^\s]+)*")
_YEAR: Final = r"(?:[1-9]\d{3}|0(?:[1-9]\d\d|0(?:[1-9]\d|0[1-9])))"
_DAY: Final = r"-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_CLOCK: Final = r"T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,12})?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"
_INSTANT: Final = re.compile(_YEAR + _DAY + _CLOCK, re.ASCII)
_WHOLE_DAY: Final = re.compile(_YEAR + _DAY, re.ASCII)


def is_id(text: str) -> bool:
    """A logical id: letters, digits, - and . up to 64."""
    return _ID.fullmatch(text) is not None


def is_code(text: str) -> bool:
    """A code: no blanks at its ends, single ones inside."""
    return _CODE.fullmatch(text) is not None


def is_string(text: str) -> bool:
    """A string is never empty, and has no control characters but tab and line ends."""
    return _TEXT.fullmatch(text) is not None


def instant(text: str) -> datetime | None:
    """To the second at least, with its zone; None for anything else."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        # The 31st of a month that has 30, or a leap second, which no clock of ours can keep.
        return None


def day(text: str) -> datetime | None:
    """Midday of a whole day, without a zone; None for anything else."""
    if not _WHOLE_DAY.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).replace(hour=12)
    except ValueError:
        return None

"""A JSON number as an exact decimal: every door reads numbers alike."""

import re
from decimal import Decimal
from typing import Final

_LONGEST: Final = 40
_NUMBER: Final = re.compile(rb"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,18})?(?:[eE][+-]?\d{1,2})?")


def decimal(raw: bytes) -> Decimal | None:
    """Its digits as they were sent (6.10 stays 6.10), of bounded size; None for text, NaN and 1e999999 (ING-10)."""
    if len(raw) > _LONGEST or not _NUMBER.fullmatch(raw):
        return None
    return Decimal(raw.decode("ascii"))

"""What a reading gets that its sender did not send: the same id for the same reading, and a bound for HI and LO."""

import hashlib
from decimal import Decimal
from typing import Final
from uuid import UUID

GLUCOSE_BOUNDS: Final = {
    ("mg/dL", ">"): Decimal(500), ("mg/dL", "<"): Decimal(40), ("mmol/L", ">"): Decimal("27.8"), ("mmol/L", "<"): Decimal("2.2"),
}  # fmt: skip
"""What is said at least when a device says HI or LO and no number: a hypo that has none must still call somebody."""


def reading_id(*key: object) -> UUID:
    """A UUIDv8 of the SHA-256 of the dedupe key."""
    digest = bytearray(hashlib.sha256("|".join(map(str, key)).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))

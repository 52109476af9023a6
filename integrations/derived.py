"""Ids for readings whose sender made none: the same reading always gets the same id (integrations 0, rule 7)."""

import hashlib
from uuid import UUID


def reading_id(*key: object) -> UUID:
    """A UUIDv8 of the SHA-256 of the dedupe key."""
    digest = bytearray(hashlib.sha256("|".join(map(str, key)).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))

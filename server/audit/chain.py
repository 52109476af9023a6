"""The audit chain: each row's hash covers the row and the hash before it (AUD-2)."""

import hashlib
from collections.abc import Iterable
from typing import Final
from uuid import UUID

import msgspec

NOBODY: Final = UUID(int=0)
"""Stands for the organisation of an actor that has none."""

_CANONICAL: Final = msgspec.json.Encoder(decimal_format="number")


def link(previous: bytes, row: Iterable[object]) -> bytes:
    """SHA-256 over the link before and the row's canonical JSON."""
    return hashlib.sha256(previous + _CANONICAL.encode(list(row))).digest()

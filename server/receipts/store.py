"""The SQL of deliveries: kept before anything is made of them, told when it is known."""

import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from server.db import Tx
from server.sql import Nothing, Query


class Item(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What became of one item: where it stood in the body, its reading, and why where it was not simply stored."""

    place: int
    status: str
    id: UUID | None = None
    code: str | None = None
    pointer: str | None = None
    detail: str | None = None


class ReceiptRow(msgspec.Struct):
    """One delivery as its sender may see it."""

    receipt_id: UUID
    format: str
    received_at: datetime
    proof: str
    items: bytes
    patients: list[UUID]


class HeldRow(msgspec.Struct):
    """What was decided about a held item."""

    id: UUID
    state: str


KEEP: Final = Query(
    Nothing,
    "insert into receipt (principal, receipt_id, format, mapper, received_at, size, body, proof) values ($1, $2, $3, $4, $5, $6, $7, $8)",
)
TELL: Final = Query(
    Nothing, "update receipt set items = $3, patients = $4 where principal = $1 and receipt_id = $2"
)
GET: Final = Query(
    ReceiptRow, "select receipt_id, format, received_at, proof, items, patients from receipt where principal = $1 and receipt_id = $2"
)
HELD: Final = Query(HeldRow, "select id, state from quarantine where patient_id = any($1::uuid[]) and id = any($2::uuid[])")
FORGET: Final = Query(Nothing, "delete from receipt where received_at < $1")
KEPT: Final = timedelta(days=400)
"""How long a delivery as it came can be looked up, and read again by a newer mapper."""
_ITEMS: Final = msgspec.json.Decoder(list[Item])


async def keep(  # noqa: PLR0913 - one row's fields
    tx: Tx, principal: UUID, delivery: UUID, form: str, mapper: int, now: datetime, body: bytes, proof: str = "token",
) -> None:  # fmt: skip
    """Keep the bytes before anything is made of them. `proof`: how it is known whose they are."""
    await KEEP.run(tx, principal, delivery, form, mapper, now, len(body), zlib.compress(body, 1), proof)


async def tell(tx: Tx, principal: UUID, delivery: UUID, items: Sequence[Item], patients: Iterable[UUID]) -> None:
    """Say what became of each item."""
    await TELL.run(tx, principal, delivery, zlib.compress(msgspec.json.encode(items), 1), list(patients))


async def get(tx: Tx, principal: UUID, delivery: UUID) -> tuple[ReceiptRow, list[Item]] | None:
    """A delivery and its items, in order; no items yet while it is being worked on."""
    row = await GET.one(tx, principal, delivery)
    if row is None:
        return None
    return row, _ITEMS.decode(zlib.decompress(row.items)) if row.items else []

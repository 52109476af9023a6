"""Files as they were received, and what was made of them: reading one again says first what would change (F22)."""

import hashlib
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.readings.reading import Draft, Source
from server.db import Database, Role
from server.sql import Nothing, Query


class FileRow(msgspec.Struct):
    """One kept file."""

    file_id: UUID
    format: str
    mapper: int
    received_at: datetime
    body: bytes
    mapped: bytes


class Made(msgspec.Struct, frozen=True, array_like=True):
    """One draft that a mapper made of a file."""

    id: UUID
    kind: str
    taken_at: datetime


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What another reading of the same file changes: drafts that come, and those that are no longer made."""

    same: int
    come: Sequence[Draft]
    go: Sequence[Made]


LIST: Final = Query(
    FileRow,
    "select file_id, format, mapper, received_at, body, mapped from raw_file where patient_id = $1 order by received_at, file_id",
)
SAME: Final = Query(
    FileRow, "select file_id, format, mapper, received_at, body, mapped from raw_file where patient_id = $1 and sha256 = $2"
)
ADD: Final = Query(
    Nothing,
    """
    insert into raw_file (patient_id, file_id, sha256, format, mapper, size, body) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (patient_id, sha256) do nothing
    """,
)
MAPPED: Final = Query(
    Nothing, "update raw_file set mapper = $3, mapped = $4 where patient_id = $1 and file_id = $2"
)
_MADE: Final = msgspec.json.Decoder(list[Made])


async def keep(database: Database, patient: UUID, name: str, mapper: int, body: bytes) -> FileRow:
    """Keep the bytes before anything is made of them; the same file again is the same row."""
    digest = hashlib.sha256(body).digest()
    async with database.begin_as(Role.OWNER) as tx:
        await ADD.run(tx, patient, uuid7(), digest, name, mapper, len(body), zlib.compress(body, 9))
        row = await SAME.one(tx, patient, digest)
    assert row is not None  # noqa: S101 - inserted a line ago
    return row


async def kept(database: Database, patient: UUID) -> list[FileRow]:
    """Every file of a patient, oldest first."""
    async with database.begin_as(Role.OWNER) as tx:
        return await LIST.all(tx, patient)


async def mapped(database: Database, patient: UUID, file: UUID, mapper: int, drafts: Sequence[Draft]) -> None:
    """Remember what was made of a file, once it is stored."""
    made = [Made(one.id, one.kind, one.taken_at) for one in drafts]
    async with database.begin_as(Role.OWNER) as tx:
        await MAPPED.run(tx, patient, file, mapper, zlib.compress(msgspec.json.encode(made)))


def body_of(row: FileRow) -> bytes:
    """The bytes as received."""
    return zlib.decompress(row.body)


def compare(row: FileRow, drafts: Sequence[Draft]) -> Difference:
    """What reading a kept file again would change. Ids hash the content, so a draft that reads otherwise has another id."""
    before = {one.id: one for one in _MADE.decode(zlib.decompress(row.mapped))} if row.mapped else {}
    now = {one.id for one in drafts}
    return Difference(
        same=len(now & before.keys()), come=[one for one in drafts if one.id not in before],
        go=[one for one in before.values() if one.id not in now],
    )  # fmt: skip


def withdrawn(gone: Sequence[Made], mapper: int) -> list[Draft]:
    """Retractions of what a mapper no longer makes of a file; the values stay in the history."""
    return [
        Draft(id=uuid7(), kind=one.kind, taken_at=one.taken_at, retracts=True, corrects=one.id, source=Source.FILE,
              reason=f"the file was read again by mapper {mapper}")
        for one in gone
    ]  # fmt: skip

"""A sender's own names of readings: the same name with other content is a correction (architecture 8), sent once is stored once."""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from domain.readings.reading import Draft
from server.db import Tx
from server.sql import Query


class SentRow(msgspec.Struct):
    """What a sender's name stands for now. `place` is the item's, as it was asked."""

    place: int
    reading: UUID
    previous: UUID | None
    gone: bool


class WritableRow(msgspec.Struct):
    """A class of data that the sender may write for a patient."""

    patient_id: UUID
    data_class: int


SEND: Final = Query(
    SentRow,
    """
    with given as (
        select * from unnest($2::integer[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::uuid[], $8::boolean[])
            as g (place, patient_id, system, value, content, reading, gone)
    )
    insert into sent_record as s (patient_id, principal, system, value, content, reading, gone)
    select g.patient_id, $1, g.system, g.value, g.content, g.reading, g.gone from given g
    on conflict (patient_id, principal, system, value) do update
       set content = excluded.content, gone = excluded.gone or s.gone, at = now(),
           previous = case when s.content = excluded.content or excluded.gone or s.gone then s.previous else s.reading end,
           reading = case when s.content = excluded.content or excluded.gone or s.gone then s.reading else excluded.reading end
    returning (select g.place from given g where g.patient_id = s.patient_id and g.system = s.system and g.value = s.value)
                  as place,
              s.reading, s.previous, s.gone
    """,
)
WRITABLE: Final = Query(
    WritableRow,
    """
    select distinct e.patient_id, e.data_class from effective_access e
     where e.principal = app_principal() and e.patient_id = any($1::uuid[]) and e.may_write
    """,
)


class Name(msgspec.Struct, frozen=True):
    """A sender's own name of one reading, with what it says now."""

    place: int
    patient: UUID
    system: str
    value: str
    content: bytes
    reading: UUID
    gone: bool


async def send(tx: Tx, principal: UUID, names: Sequence[Name]) -> dict[int, SentRow]:
    """Note what each name says now: by the item's place, the reading it stands for and the one before."""
    columns = [list(column) for column in zip(*map(msgspec.structs.astuple, names), strict=True)]
    return {row.place: row for row in await SEND.all(tx, principal, *columns)}


async def writable(tx: Tx, patients: Sequence[UUID]) -> set[tuple[UUID, int]]:
    """The classes of data that the asker may write, of each of these people."""
    return {(row.patient_id, row.data_class) for row in await WRITABLE.all(tx, list(patients))}


def content(draft: Draft, device: object = None) -> bytes:
    """What makes two drafts of one name the same."""
    text = f"{draft.kind}|{draft.taken_at.timestamp()}|{draft.value}|{sorted((draft.parts or {}).items())}|{draft.code}|{draft.unit}"
    return hashlib.sha256(f"{text}|{draft.comparator}|{device}".encode()).digest()

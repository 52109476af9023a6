"""The SQL of FHIR: one reading by its id, a stretch of several kinds, and senders' own names of readings."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from server.db import Tx
from server.sql import Query


class ReadingRow(msgspec.Struct):
    """One stored reading, and when it was last changed."""

    id: UUID
    kind: int
    taken_at: datetime
    received_at: datetime
    value: Decimal
    value2: Decimal | None
    value3: Decimal | None
    original: list[Decimal] | None
    unit: str | None
    comparator: str | None
    status: int
    device: int
    offset_min: int
    corrects: UUID | None
    marks: list[str] | None
    changed_at: datetime | None


class NameRow(msgspec.Struct):
    """A sender's name of a reading."""

    reading: UUID
    system: str
    value: str


class SentRow(msgspec.Struct):
    """What a sender's name stands for now. `place` is the item's, as it was asked."""

    place: int
    reading: UUID
    previous: UUID | None
    gone: bool


class SerialRow(msgspec.Struct):
    """How a vendor names a device."""

    serial: str


class PatientRow(msgspec.Struct):
    """The patient that a number names."""

    patient_id: UUID


ONE: Final = Query(
    ReadingRow,
    """
    select r.id, r.kind, r.taken_at, r.received_at, r.value, r.value2, r.value3, r.original, r.unit, r.comparator, r.status, r.device,
           r.offset_min, r.corrects, r.marks,
           (select max(c.at) from correction c where c.patient_id = r.patient_id and c.corrects = r.id) as changed_at
      from reading r
     where r.patient_id = $1 and r.id = $2
    """,
)
SOME: Final = Query(
    ReadingRow,
    """
    select r.id, r.kind, r.taken_at, r.received_at, r.value, r.value2, r.value3, r.original, r.unit, r.comparator, r.status, r.device,
           r.offset_min, r.corrects, r.marks,
           (select max(c.at) from correction c where c.patient_id = r.patient_id and c.corrects = r.id) as changed_at
      from reading r
     where r.patient_id = $1 and r.kind = any($2::smallint[]) and r.taken_at >= $3 and r.taken_at < $4
       and (r.taken_at, r.id) < ($5, $6) and r.status = any($7::smallint[])
       and r.received_at >= $8 and r.received_at < $9
       and ($10::integer is null or r.device = $10)
     order by r.taken_at desc, r.id desc
     limit $11
    """,
)
NAMES: Final = Query(
    NameRow, "select reading, system, value from sent_record where patient_id = $1 and reading = any($2::uuid[]) order by system, value"
)
NAMED: Final = Query(
    NameRow,
    "select reading, system, value from sent_record where patient_id = $1 and value = $3 and ($2::text is null or system = $2)",
)
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
    returning (select g.place from given g where g.patient_id = s.patient_id and g.system = s.system and g.value = s.value),
              s.reading, s.previous, s.gone
    """,
)
KNOWN: Final = Query(
    NameRow,
    """
    select s.reading, s.system, s.value from sent_record s
     where s.patient_id = $1 and s.principal = $2 and s.value = $4 and ($3::text is null or s.system = $3)
    """,
)
SERIAL: Final = Query(SerialRow, "select serial from device where device_no = $1 and vendor = $2")
BY_NUMBER: Final = Query(PatientRow, "select patient_id from identifier where system = 'nhs-number' and value = $1")


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

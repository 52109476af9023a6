"""The SQL of held readings: what is held, and its history."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Query


class HeldRow(msgspec.Struct):
    """One held reading and what became of it; `may_decide`: whether the asker may write for this person."""

    patient_id: UUID
    id: UUID
    kind: int
    received_at: datetime
    draft: str
    code: str
    pointer: str
    detail: str
    state: str
    version: int
    reading: UUID | None
    reading_at: datetime | None
    given_name: str
    family_name: str
    zone: str
    may_decide: bool


class EventRow(msgspec.Struct):
    """One decision, with who, when and why."""

    id: UUID
    at: datetime
    what: str
    by: UUID
    by_name: str | None
    reason: str


class CountRow(msgspec.Struct):
    """How many are held."""

    held: int


LIST: Final = Query(
    HeldRow,
    """
    select q.patient_id, q.id, q.kind, q.received_at, q.draft::text as draft, q.code, q.pointer, q.detail, q.state, q.version,
           q.reading, q.reading_at, p.given_name, p.family_name, p.zone,
           exists (select from effective_access e
                    where e.principal = app_principal() and e.patient_id = q.patient_id
                      and e.data_class = (q.kind / 100)::smallint and e.may_write) as may_decide
      from quarantine q join patient p on p.patient_id = q.patient_id
     where ($1::uuid is null or q.patient_id = $1) and ($2::text is null or q.state = $2)
     order by (q.state <> 'held'), q.received_at desc, q.id
     limit $3
    """,
)
ONE: Final = Query(
    HeldRow,
    """
    select q.patient_id, q.id, q.kind, q.received_at, q.draft::text as draft, q.code, q.pointer, q.detail, q.state, q.version,
           q.reading, q.reading_at, p.given_name, p.family_name, p.zone,
           exists (select from effective_access e
                    where e.principal = app_principal() and e.patient_id = q.patient_id
                      and e.data_class = (q.kind / 100)::smallint and e.may_write) as may_decide
      from quarantine q join patient p on p.patient_id = q.patient_id
     where q.patient_id = $1 and q.id = $2
    """,
)
EVENTS: Final = Query(
    EventRow,
    """
    select v.id, v.at, v.what, v.by, s.name as by_name, v.reason
      from quarantine_event v
      join unnest($1::uuid[], $2::uuid[]) as w (patient, id) on w.patient = v.patient_id and w.id = v.id
      left join staff s on s.staff_id = v.by
     order by v.at, v.seq
    """,
)
COUNT: Final = Query(CountRow, "select count(*)::integer as held from quarantine where state = 'held'")

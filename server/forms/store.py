"""The SQL of responses, and of what is known before a form is asked."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Query


class ResponseRow(msgspec.Struct):
    """One stored response; answers, scores and slots as JSON."""

    id: UUID
    form: str
    version: int
    taken_at: datetime
    received_at: datetime
    answers: str
    facts: str
    left_open: list[str]
    scores: str
    slots: str
    content: bytes
    is_superseded: bool
    corrects: UUID | None


class KnownRow(msgspec.Struct):
    """The newest reading of a kind since an instant."""

    kind: int
    value: Decimal
    taken_at: datetime


class SteadyRow(msgspec.Struct):
    """Whose day it is, and whether anything has stood out lately."""

    zone: str
    conditions: list[str]
    is_steady: bool


ONE: Final = Query(
    ResponseRow,
    """
    select id, form, version::integer as version, taken_at, received_at, answers::text as answers, facts::text as facts,
           left_open, scores::text as scores, slots::text as slots, content, is_superseded, corrects
      from response
     where patient_id = $1 and id = $2
    """,
)
CORRECTING: Final = Query(
    ResponseRow,
    """
    select id, form, version::integer as version, taken_at, received_at, answers::text as answers, facts::text as facts,
           left_open, scores::text as scores, slots::text as slots, content, is_superseded, corrects
      from response
     where patient_id = $1 and corrects = $2
    """,
)
NEWEST: Final = Query(
    ResponseRow,
    """
    select id, form, version::integer as version, taken_at, received_at, answers::text as answers, facts::text as facts,
           left_open, scores::text as scores, slots::text as slots, content, is_superseded, corrects
      from response
     where patient_id = $1 and ($2::text is null or form = $2) and not is_superseded
     order by taken_at desc, id desc
     limit $3
    """,
)
STEADY: Final = Query(
    SteadyRow,
    """
    select p.zone,
           array(select c.code from patient_condition c where c.patient_id = p.patient_id order by c.code) as conditions,
           not exists (select from flag f where f.patient_id = p.patient_id and f.severity >= 2 and f.anchor_at > $2
                          and f.state in ('active', 'found_late'))
               and not exists (select from episode e where e.patient_id = p.patient_id and e.severity >= 2
                                  and e.state <> 'closed')
               and exists (select from reading r where r.patient_id = p.patient_id and r.taken_at > $2
                              and r.taken_at < $3) as is_steady
      from patient p
     where p.patient_id = $1
    """,
)
KNOWN: Final = Query(
    KnownRow,
    """
    select k.kind, r.value, r.taken_at
      from unnest($2::integer[]) as k (kind)
     cross join lateral (select value, taken_at from reading
                          where patient_id = $1 and kind = k.kind and taken_at >= $3 and taken_at < $4 and status = 0
                          order by taken_at desc limit 1) as r
    """,
)

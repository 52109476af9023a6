"""The SQL of a person's own pages."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from domain.readings.kinds import BY_NAME, BY_NO
from server.sql import Query

SYMPTOM: Final = BY_NAME["symptom"].no
SHOWN: Final = sorted(kind.no for kind in BY_NO.values() if kind.no == SYMPTOM or (not kind.codes and kind.name != "phq9_item9"))
"""The kinds that a person knows by their names: no single answer of a questionnaire."""


class PersonRow(msgspec.Struct):
    """Whose page it is, and the clock they live by."""

    patient_id: UUID
    given_name: str
    family_name: str
    zone: str


class LatestRow(msgspec.Struct):
    """The newest reading of one kind."""

    kind: int
    taken_at: datetime
    value: Decimal
    value2: Decimal | None
    comparator: str | None


PERSON: Final = Query(
    PersonRow, "select patient_id, given_name, family_name, zone from patient where patient_id = $1"
)
# One key prefix a kind (architecture 3): what was not measured for a year is not the latest of anything.
LATEST: Final = Query(
    LatestRow,
    """
    select r.kind::integer as kind, r.taken_at, r.value, r.value2, r.comparator
      from unnest($2::smallint[]) as k (no)
      cross join lateral (
           select kind, taken_at, value, value2, comparator from reading
            where patient_id = $1 and kind = k.no and status = 0 and taken_at > $3 and taken_at <= $4
            order by taken_at desc, id desc limit 1) as r
    union all
    select h.kind::integer, h.hour + make_interval(secs => s.ms / 1000.0), s.value, null, s.comparator
      from (select kind, hour, ms, value, comparator, status from sensor_hour
             where patient_id = $1 and kind = any ($2::smallint[]) and hour > $3 and hour <= $4
             order by hour desc limit 1) as h
      cross join lateral (
           select u.ms, u.value, u.comparator from unnest(h.ms, h.value, h.comparator, h.status) as u (ms, value, comparator, status)
            where u.status = 0 order by u.ms desc limit 1) as s
     order by 2 desc
    """,
)

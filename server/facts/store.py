"""The SQL of facts: row policies decide who may tell and end them."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class FactRow(msgspec.Struct):
    """One fact with who told it, from where, and who ended it."""

    fact_id: UUID
    key: str
    value: str
    from_at: datetime
    to_at: datetime | None
    source: str
    set_by: UUID
    set_by_name: str | None
    set_at: datetime
    ended_by_name: str | None
    ended_at: datetime | None


class ConditionRow(msgspec.Struct):
    """One diagnosed condition."""

    code: str
    onset_on: date | None


class FoundRow(msgspec.Struct):
    """Whether a statement found what it was after."""

    found: bool


FACTS: Final = Query(
    FactRow,
    """
    select f.fact_id, f.key, f.value, f.from_at, f.to_at, f.source, f.set_by, s.name as set_by_name, f.set_at, e.name as ended_by_name,
           f.ended_at
      from patient_fact f
      left join staff s on s.staff_id = f.set_by
      left join staff e on e.staff_id = f.ended_by
     where f.patient_id = $1
     order by f.to_at is null desc, f.key, f.from_at desc, f.fact_id
     limit 500
    """,
)
CONDITIONS: Final = Query(ConditionRow, "select code, onset_on from patient_condition where patient_id = $1 order by code")
SEEN: Final = Query(FoundRow, "select true as found from patient where patient_id = $1")
ADD: Final = Query(
    Nothing,
    """
    insert into patient_fact (patient_id, fact_id, key, value, from_at, to_at, source, set_by) values ($1, $2, $3, $4, $5, $6, $7, $8)
    """,
)
# A fact of which there is one at a time ends where the next begins; what lies wholly after it stays.
SUPERSEDE: Final = Query(
    FoundRow,
    """
    update patient_fact set to_at = $3, ended_by = $4, ended_at = now()
     where patient_id = $1 and key = $2 and from_at < $3 and (to_at is null or to_at > $3) and ended_by is null
    returning true as found
    """,
)
END: Final = Query(
    FoundRow,
    """
    update patient_fact set to_at = $3, ended_by = $4, ended_at = now()
     where patient_id = $1 and fact_id = $2 and ended_by is null and from_at < $3 and (to_at is null or to_at > $3)
    returning true as found
    """,
)
ADD_CONDITION: Final = Query(
    FoundRow,
    """
    insert into patient_condition (patient_id, code, onset_on) values ($1, $2, $3)
    on conflict (patient_id, code) do nothing
    returning true as found
    """,
)
END_CONDITION: Final = Query(
    FoundRow, "delete from patient_condition where patient_id = $1 and code = $2 returning true as found"
)
# What was cached of the person before is stale from here on.
MOVE_PICTURE: Final = Query(FoundRow, "update picture set version = version + 1 where patient_id = $1 returning true as found")

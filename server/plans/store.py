"""The SQL of plans: versions, signatures, planned absence, what is expected and what came of it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class PlanRow(msgspec.Struct):
    """One version of a plan; the body as JSON."""

    version: int
    revision: int
    state: str
    body: str
    review_on: date | None
    drafted_by: UUID
    drafted_at: datetime
    from_at: datetime | None
    until_at: datetime | None


class SignatureRow(msgspec.Struct):
    """Who signed which revision, and when."""

    version: int
    revision: int
    role: str
    by: UUID
    name: str | None
    at: datetime


class PauseRow(msgspec.Struct):
    """One planned absence."""

    id: UUID
    reason: str
    from_at: datetime
    to_at: datetime
    set_by: UUID


class KeptRow(msgspec.Struct):
    """How many windows of one thing expected were met and missed since a day."""

    key: str
    met: int
    missed: int
    last_met_at: datetime | None


class HeardRow(msgspec.Struct):
    """Something heard today: a reading of a kind (with its number) or a response to a form."""

    kind: int
    form: str
    at: datetime
    id: UUID


class PersonRow(msgspec.Struct):
    """Whose plan it is."""

    zone: str
    name: str


class LimitRow(msgspec.Struct):
    """One personal limit in force, with who set it and when."""

    name: str
    value: Decimal | None
    from_at: datetime
    set_by: str | None


class FoundRow(msgspec.Struct):
    """Whether a statement found what it was after."""

    found: bool


PERSON: Final = Query(
    PersonRow, "select zone, given_name || ' ' || family_name as name from patient where patient_id = $1"
)
VERSIONS: Final = Query(
    PlanRow,
    """
    select version, revision, state, body::text as body, review_on, drafted_by, drafted_at, from_at, until_at
      from plan where patient_id = $1 order by version desc limit 50
    """,
)
IN_STATE: Final = Query(
    PlanRow,
    """
    select version, revision, state, body::text as body, review_on, drafted_by, drafted_at, from_at, until_at
      from plan where patient_id = $1 and state = $2
    """,
)
THEN: Final = Query(
    PlanRow,
    """
    select version, revision, state, body::text as body, review_on, drafted_by, drafted_at, from_at, until_at
      from plan where patient_id = $1 and state <> 'draft' and from_at <= $2 and (until_at is null or until_at > $2)
     order by from_at desc, version desc
     limit 1
    """,
)
SIGNATURES: Final = Query(
    SignatureRow,
    """
    select g.version, g.revision, g.role, g.by,
           coalesce(s.name, (select p.given_name || ' ' || p.family_name from patient p
                              where p.patient_id = g.patient_id and p.patient_id = g.by)) as name, g.at
      from plan_signature g left join staff s on s.staff_id = g.by
     where g.patient_id = $1 and g.version = $2 and g.revision = $3
     order by g.at
    """,
)
NEXT_VERSION: Final = Query(
    PlanRow,
    """
    insert into plan (patient_id, version, state, body, kinds, forms, review_on, drafted_by, drafted_at)
    select $1, coalesce(max(version), 0) + 1, 'draft', $2::text::jsonb, $3::smallint[], $4, $5, $6, $7
      from plan where patient_id = $1
    returning version, revision, state, body::text as body, review_on, drafted_by, drafted_at, from_at, until_at
    """,
)
CHANGE_DRAFT: Final = Query(
    PlanRow,
    """
    update plan set revision = revision + 1, body = $3::text::jsonb, kinds = $4::smallint[], forms = $5, review_on = $6
     where patient_id = $1 and state = 'draft' and revision = $2
    returning version, revision, state, body::text as body, review_on, drafted_by, drafted_at, from_at, until_at
    """,
)
SIGN: Final = Query(
    Nothing,
    """
    insert into plan_signature (patient_id, version, revision, role, by, at) values ($1, $2, $3, $4, $5, $6)
    on conflict (patient_id, version, revision, role) do nothing
    """,
)
END: Final = Query(
    Nothing, "update plan set state = 'superseded', until_at = $2 where patient_id = $1 and state = 'in_force'"
)
BEGIN: Final = Query(
    FoundRow,
    """
    update plan set state = 'in_force', from_at = $3
     where patient_id = $1 and version = $2 and state = 'draft'
       and (select count(*) from plan_signature g
             where g.patient_id = plan.patient_id and g.version = plan.version and g.revision = plan.revision) = 2
    returning true as found
    """,
)
DUE: Final = Query(
    Nothing,
    """
    insert into next_due (patient_id, at) values ($1, $2)
    on conflict (patient_id) do update set at = excluded.at
    """,
)
PAUSES: Final = Query(
    PauseRow,
    """
    select id, reason, from_at, to_at, set_by from plan_pause
     where patient_id = $1 and to_at > $2 and to_at > from_at order by from_at
    """,
)
ADD_PAUSE: Final = Query(
    FoundRow,
    """
    insert into plan_pause (patient_id, id, reason, from_at, to_at, set_by, set_at) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (patient_id, id) do nothing
    returning true as found
    """,
)
END_PAUSE: Final = Query(
    FoundRow,
    """
    update plan_pause set to_at = greatest(from_at, $3)
     where patient_id = $1 and id = $2 and to_at > $3
    returning true as found
    """,
)
ADHERENCE: Final = Query(
    KeptRow,
    """
    select key, (count(*) filter (where state = 'met'))::integer as met,
           (count(*) filter (where state = 'missed'))::integer as missed, max(met_at) as last_met_at
      from expected where patient_id = $1 and day >= $2
     group by key order by key
    """,
)
HEARD: Final = Query(
    HeardRow,
    """
    select r.kind::integer as kind, '' as form, r.taken_at as at, r.id
      from reading r
     where r.patient_id = $1 and r.kind = any ($2::smallint[]) and r.taken_at >= $3 and r.taken_at < $4 and r.status = 0
    union all
    select s.kind::integer, '', s.hour, s.patient_id
      from sensor_hour s
     where s.patient_id = $1 and s.kind = any ($2::smallint[]) and s.hour >= $3 and s.hour < $4
    union all
    select 0, o.form, o.taken_at, o.id
      from response o
     where o.patient_id = $1 and o.taken_at >= $3 and o.taken_at < $4 and not o.is_superseded
    """,
)
LIMITS: Final = Query(
    LimitRow,
    """
    select distinct on (l.name) l.name, l.value, l.from_at, s.name as set_by
      from personal_limit l left join staff s on s.staff_id = l.set_by
     where l.patient_id = $1 and l.from_at <= $2 and (l.to_at is null or l.to_at > $2) and l.withdrawn_at is null
     order by l.name, l.from_at desc
    """,
)

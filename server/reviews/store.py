"""The SQL of reviews. Row policies: leads and administrators of the organisation see and answer; a patient sees her own."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Query


class ReviewRow(msgspec.Struct):
    """Something to look at, with the name of whoever is asked about, and of whoever answered."""

    review_id: UUID
    kind: str
    patient_id: UUID | None
    about: UUID | None
    about_name: str | None
    opened_at: datetime
    due_at: datetime
    body: str
    answered_at: datetime | None
    answered_by: str | None
    answer: str | None


class FoundRow(msgspec.Struct):
    """Whether a statement did what it was for."""

    found: bool


class PersonRow(msgspec.Struct):
    """Whose record it is, as a review names them."""

    org_id: UUID
    name: str
    zone: str


class OpenedRow(msgspec.Struct):
    """How many people a member of staff opened on a day."""

    staff_id: UUID
    org_id: UUID
    name: str
    day: date
    people: int


class NamesakeRow(msgspec.Struct):
    """A member of staff who opened the record of somebody with her own family name."""

    staff_id: UUID
    org_id: UUID
    staff: str
    patient_id: UUID
    patient: str
    family_name: str
    at: datetime


# A patient's policy lets her see only her own rows, so the same thing asked about twice is found by its insert alone.
ADD: Final = Query(
    FoundRow,
    """
    insert into review (org_id, review_id, kind, patient_id, about, opened_at, due_at, body, dedupe)
    values ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9)
    on conflict (dedupe) do nothing
    returning true as found
    """,
)
PERSON: Final = Query(
    PersonRow,
    "select org_id, given_name || ' ' || family_name as name, zone from patient where patient_id = $1",
)
OPEN: Final = Query(
    ReviewRow,
    """
    select r.review_id, r.kind, r.patient_id, r.about, s.name as about_name, r.opened_at, r.due_at, r.body::text as body,
           r.answered_at, a.name as answered_by, r.answer
      from review r
      left join staff s on s.staff_id = r.about
      left join staff a on a.staff_id = r.answered_by
     where r.answered_at is null or r.answered_at > $1
     order by r.answered_at is not null, r.due_at, r.review_id
     limit 200
    """,
)
ONE: Final = Query(
    ReviewRow,
    """
    select r.review_id, r.kind, r.patient_id, r.about, s.name as about_name, r.opened_at, r.due_at, r.body::text as body,
           r.answered_at, a.name as answered_by, r.answer
      from review r
      left join staff s on s.staff_id = r.about
      left join staff a on a.staff_id = r.answered_by
     where r.review_id = $1
    """,
)
MINE: Final = Query(
    ReviewRow,
    """
    select r.review_id, r.kind, r.patient_id, r.about, s.name as about_name, r.opened_at, r.due_at, r.body::text as body,
           r.answered_at, a.name as answered_by, r.answer
      from review r
      left join staff s on s.staff_id = r.about
      left join staff a on a.staff_id = r.answered_by
     where r.patient_id = $1
     order by r.opened_at desc, r.review_id
     limit 100
    """,
)
ANSWER: Final = Query(
    FoundRow,
    """
    update review set answered_by = $2, answered_at = $3, answer = $4
     where review_id = $1 and answered_at is null and about is distinct from $2
    returning true as found
    """,
)
# Records opened one by one: what is about one person. The queue and lists show many at once to everybody who works there.
OPENED: Final = Query(
    OpenedRow,
    """
    select a.actor as staff_id, s.org_id, s.name, a.day, count(distinct a.patient_id)::integer as people
      from organisation o
      join audit a on a.org_id = o.org_id
      join staff s on s.staff_id = a.actor
     where a.day >= $1 and a.actor_kind = 'staff' and a.what in ('record', 'patient', 'readings') and a.action = 'R'
     group by a.actor, s.org_id, s.name, a.day
     order by a.actor, a.day
    """,
)
NAMESAKES: Final = Query(
    NamesakeRow,
    """
    select s.staff_id, s.org_id, s.name as staff, p.patient_id, p.given_name || ' ' || p.family_name as patient, p.family_name,
           min(a.at) as at
      from organisation o
      join audit a on a.org_id = o.org_id
      join staff s on s.staff_id = a.actor
      join patient p on p.patient_id = a.patient_id
     where a.day >= $1 and a.actor_kind = 'staff' and a.what in ('record', 'patient', 'readings')
       and lower(regexp_replace(s.name, '^.*\\s', '')) = lower(p.family_name)
     group by s.staff_id, s.org_id, s.name, p.patient_id, p.given_name, p.family_name
    """,
)

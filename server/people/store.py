"""The SQL of people and of what they share, as the asker: row policies decide what is there."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class PatientRow(msgspec.Struct):
    """A patient as somebody who may see them sees them."""

    patient_id: UUID
    given_name: str
    family_name: str
    birth_on: date
    zone: str
    language: str
    prefers: str
    nhs_number: str | None
    coordinator: str | None
    conditions: list[str]
    version: int


class NameRow(msgspec.Struct):
    """What somebody is called, and their role if they are staff."""

    name: str
    role: str | None


class GrantRow(msgspec.Struct):
    """One permission that a patient gave."""

    grant_id: UUID
    team_id: UUID
    team: str | None
    data_classes: list[int]
    purpose: str
    may_write: bool
    from_at: datetime
    to_at: datetime | None


class FoundRow(msgspec.Struct):
    """Whether a statement found what it was after."""

    found: bool


PATIENT: Final = Query(
    PatientRow,
    """
    select p.patient_id, p.given_name, p.family_name, p.birth_on, p.zone, p.language, p.prefers,
           (select n.value from identifier n where n.patient_id = p.patient_id and n.system = 'nhs-number')
               as nhs_number,
           s.name as coordinator,
           array(select c.code from patient_condition c where c.patient_id = p.patient_id order by c.code)
               as conditions,
           p.version
      from patient p left join staff s on s.staff_id = p.coordinator_id
     where p.patient_id = $1
    """,
)
STAFF_NAME: Final = Query(NameRow, "select s.name, s.role from staff s where s.staff_id = $1")
PATIENT_NAME: Final = Query(
    NameRow,
    "select p.given_name || ' ' || p.family_name as name, null::text as role from patient p where p.patient_id = $1",
)
CLIENT_NAME: Final = Query(NameRow, "select c.name, null::text as role from vendor_client c where c.client_id = $1")
GRANTS: Final = Query(
    GrantRow,
    """
    select g.grant_id, g.team_id, t.name as team, g.data_classes::integer[] as data_classes, g.purpose, g.may_write,
           g.from_at, g.to_at
      from access_grant g left join team t on t.team_id = g.team_id
     where g.patient_id = $1
     order by g.to_at is null desc, g.from_at desc, g.grant_id
     limit 200
    """,
)
TEAM: Final = Query(FoundRow, "select true as found from team where team_id = $1")
ADD_GRANT: Final = Query(
    FoundRow,
    """
    insert into access_grant (patient_id, grant_id, team_id, data_classes, may_write, granted_by)
    values ($1, $2, $3, $4::smallint[], $5, $1)
    returning true as found
    """,
)
END_GRANT: Final = Query(
    FoundRow,
    """
    update access_grant set to_at = greatest(now(), from_at)
     where patient_id = $1 and grant_id = $2 and (to_at is null or to_at > now())
    returning true as found
    """,
)
TELL: Final = Query(Nothing, "select pg_notify('changed', $1)")

"""The SQL of people, as the asker: row policies decide what is there."""

from datetime import date
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
PROXY_NAME: Final = Query(NameRow, "select x.name, null::text as role from proxy x where x.proxy_id = $1")
TELL: Final = Query(Nothing, "select pg_notify('changed', $1)")

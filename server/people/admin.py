"""Directory writes for set-up and administration, as the owner role (`begin_as(Role.OWNER)`), never for a request."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import anyio.to_thread
import msgspec
from uuid_utils.compat import uuid7

from domain.episodes.escalation import Role
from domain.episodes.holidays import Region
from domain.people import facts, nhs_number
from domain.readings.kinds import DataClass
from server.auth.assertions import public_key
from server.auth.passwords import hashed
from server.db import Tx
from server.sql import Nothing, Query

EVERY_CLASS: Final = tuple(DataClass)
WEEKDAYS: Final = range(5)


class NewPatient(msgspec.Struct, frozen=True, kw_only=True):
    """A patient to be created. Ids may be given so that a seeded clinic is the same each time."""

    given_name: str
    family_name: str
    birth_on: date
    nhs_number: str
    conditions: Sequence[str] = ()
    zone: str = "Europe/London"
    language: str = "en"
    telephone: str = ""
    prefers: str = "app"
    coordinator: UUID | None = None
    facts: Mapping[str, str] = {}
    id: UUID | None = None


class NewStaff(msgspec.Struct, frozen=True, kw_only=True):
    """A member of staff to be created, with both factors."""

    name: str
    role: str
    email: str
    password: str
    totp_secret: str
    id: UUID | None = None


class NumberRow(msgspec.Struct):
    """The number of a device."""

    device_no: int


ADD_ORGANISATION: Final = Query(
    Nothing, "insert into organisation (org_id, name, kind, parent_id) values ($1, $2, $3, $4)"
)
ADD_PRINCIPAL: Final = Query(Nothing, "insert into principal (principal_id, kind, org_id) values ($1, $2, $3)")
ADD_TEAM: Final = Query(
    Nothing, "insert into team (org_id, team_id, name, zone, telephone, region) values ($1, $2, $3, $4, $5, $6)"
)
ADD_HOURS: Final = Query(
    Nothing, "insert into team_hours (org_id, team_id, weekday, opens, closes) values ($1, $2, $3, $4, $5)"
)
ADD_CLOSURE: Final = Query(
    Nothing,
    "insert into closure (org_id, closure_id, team_id, from_at, to_at, reason) values ($1, $2, $3, $4, $5, $6)",
)
ADD_DUTY: Final = Query(
    Nothing,
    "insert into rota (org_id, rota_id, team_id, staff_id, role, from_at, to_at) values ($1, $2, $3, $4, $5, $6, $7)",
)
ADD_CONTACT: Final = Query(
    Nothing,
    """
    insert into contact (org_id, contact_id, staff_id, team_id, place, channel, address) values ($1, $2, $3, $4, $5, $6, $7)
    """,
)
ADD_STAFF: Final = Query(Nothing, "insert into staff (org_id, staff_id, name, role) values ($1, $2, $3, $4)")
ADD_CREDENTIAL: Final = Query(
    Nothing, "insert into credential (principal_id, email, password_hash, totp_secret) values ($1, $2, $3, $4)"
)
ADD_MEMBER: Final = Query(
    Nothing, "insert into team_member (org_id, team_id, staff_id, from_at) values ($1, $2, $3, coalesce($4, now()))"
)
END_MEMBER: Final = Query(
    Nothing, "update team_member set to_at = now() where team_id = $1 and staff_id = $2 and to_at is null"
)
ADD_PATIENT: Final = Query(
    Nothing,
    """
    insert into patient (patient_id, org_id, given_name, family_name, birth_on, zone, language, telephone, prefers,
        coordinator_id)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    """,
)
ADD_CONDITIONS: Final = Query(
    Nothing, "insert into patient_condition (patient_id, code) select $1, c from unnest($2::text[]) as c"
)
ADD_NUMBER: Final = Query(Nothing, "insert into identifier (system, value, patient_id) values ('nhs-number', $1, $2)")
ADD_PICTURE: Final = Query(Nothing, "insert into picture (patient_id) values ($1)")
ADD_LIMIT: Final = Query(
    Nothing,
    """
    insert into personal_limit (patient_id, limit_id, name, value, mg, from_at, set_by, reason)
    values ($1, $2, $3, $4, $5, coalesce($6, now()), $7, $8)
    """,
)
ADD_FACT: Final = Query(
    Nothing,
    """
    insert into patient_fact (patient_id, fact_id, key, value, from_at, to_at, source, set_by)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    """,
)
MOVE_PICTURE: Final = Query(Nothing, "update picture set version = version + 1 where patient_id = $1")
"""A picture of an older version is read again before anybody is judged by it."""
_EVER: Final = datetime(1990, 1, 1, tzinfo=UTC)
ADD_DEVICE: Final = Query(
    NumberRow,
    """
    insert into device (vendor, model, serial) values ($1, $2, $3)
    on conflict (vendor, serial) do update set model = excluded.model
    returning device_no
    """,
)
END_ASSIGNMENT: Final = Query(
    Nothing, "update device_assignment set to_at = $2 where device_no = $1 and to_at is null and from_at < $2"
)
ADD_ASSIGNMENT: Final = Query(
    Nothing, "insert into device_assignment (device_no, patient_id, from_at) values ($1, $2, $3)"
)
ADD_CLIENT: Final = Query(
    Nothing, "insert into vendor_client (org_id, client_id, name, vendor) values ($1, $2, $3, $4)"
)
ADD_CLIENT_KEY: Final = Query(
    Nothing, "insert into client_key (client_id, kid, algorithm, jwk, jku) values ($1, $2, $3, $4, $5)"
)
ADD_GRANT: Final = Query(
    Nothing,
    """
    insert into access_grant (patient_id, grant_id, team_id, data_classes, may_write, from_at, to_at, granted_by)
    values ($1, $2, $3, $4, $5, coalesce($6, now()), now() + interval '1 year', $1)
    """,
)
END_PRINCIPAL: Final = Query(
    Nothing, "update principal set ended_at = now() where principal_id = $1 and ended_at is null"
)


async def add_organisation(
    tx: Tx, name: str, kind: str, *, parent: UUID | None = None, org: UUID | None = None
) -> UUID:
    """Create a trust, practice, council, charity or vendor."""
    made = org or uuid7()
    await ADD_ORGANISATION.run(tx, made, name, kind, parent)
    return made


async def add_team(  # noqa: PLR0913 - one row's fields
    tx: Tx, org: UUID, name: str, *, opens: time = time(8), closes: time = time(18), weekdays: Iterable[int] = WEEKDAYS,
    zone: str = "Europe/London", region: Region = Region.ENGLAND, telephone: str = "", team: UUID | None = None,
) -> UUID:  # fmt: skip
    """Create a team with its staffed hours (closing at 00:00 is the end of the day) and the bank holidays it keeps."""
    made = team or uuid7()
    await ADD_TEAM.run(tx, org, made, name, zone, telephone, region)
    for weekday in weekdays:
        await ADD_HOURS.run(tx, org, made, weekday, opens, closes)
    return made


async def add_closure(tx: Tx, org: UUID, team: UUID, from_at: datetime, to_at: datetime, reason: str) -> None:
    """Close a team from an instant to an instant; bank holidays are known."""
    await ADD_CLOSURE.run(tx, org, uuid7(), team, from_at, to_at, reason)


async def add_duty(  # noqa: PLR0913 - one row's fields
    tx: Tx, org: UUID, team: UUID, staff: UUID, role: Role, from_at: datetime, to_at: datetime,
) -> None:  # fmt: skip
    """Put a member on a team's rota as nurse, deputy or lead."""
    await ADD_DUTY.run(tx, org, uuid7(), team, staff, role, from_at, to_at)


async def add_contact(  # noqa: PLR0913 - one row's fields
    tx: Tx, org: UUID, channel: str, address: str, *, staff: UUID | None = None, team: UUID | None = None, place: int = 1,
) -> None:  # fmt: skip
    """How somebody on duty, or a team outside its hours, is reached; place 1 is tried first."""
    await ADD_CONTACT.run(tx, org, uuid7(), staff, team, place, channel, address)


async def add_staff(tx: Tx, org: UUID, new: NewStaff) -> UUID:
    """Create a member of staff who signs in with password and one-time code."""
    made = new.id or uuid7()
    password_hash = await anyio.to_thread.run_sync(hashed, new.password)
    await ADD_PRINCIPAL.run(tx, made, "staff", org)
    await ADD_STAFF.run(tx, org, made, new.name, new.role)
    await ADD_CREDENTIAL.run(tx, made, new.email.strip().lower(), password_hash, new.totp_secret)
    return made


async def join_team(tx: Tx, org: UUID, team: UUID, staff: UUID, *, from_at: datetime | None = None) -> None:
    """Make somebody a member of a team."""
    await ADD_MEMBER.run(tx, org, team, staff, from_at)


async def leave_team(tx: Tx, team: UUID, staff: UUID) -> None:
    """End somebody's membership of a team, and so what it lets them see."""
    await END_MEMBER.run(tx, team, staff)


async def add_patient(tx: Tx, org: UUID, new: NewPatient) -> UUID:
    """Create a patient with conditions, NHS number and an empty picture."""
    made = new.id or uuid7()
    number = nhs_number.admit(new.nhs_number, pointer="/nhsNumber")
    await ADD_PRINCIPAL.run(tx, made, "patient", org)
    await ADD_PATIENT.run(
        tx, made, org, new.given_name, new.family_name, new.birth_on, new.zone, new.language, new.telephone,
        new.prefers, new.coordinator,
    )  # fmt: skip
    for key, value in new.facts.items():
        await set_fact(tx, made, key, value, set_by=made, from_at=_EVER)
    if new.conditions:
        await ADD_CONDITIONS.run(tx, made, list(new.conditions))
    await ADD_NUMBER.run(tx, number, made)
    await ADD_PICTURE.run(tx, made)
    return made


async def set_limit(  # noqa: PLR0913 - one row's fields
    tx: Tx, patient: UUID, name: str, value: Decimal, *, set_by: UUID, reason: str, from_at: datetime | None = None,
    mg: Decimal | None = None,
) -> UUID:  # fmt: skip
    """Take over a patient's dated limit as it stands in the record before (C-7); from then on two people sign each."""
    made = uuid7()
    await ADD_LIMIT.run(tx, patient, made, name, value, mg, from_at, set_by, reason)
    return made


async def set_fact(  # noqa: PLR0913 - one row's fields
    tx: Tx, patient: UUID, key: str, value: str, *, set_by: UUID, from_at: datetime, to_at: datetime | None = None,
    source: str = "",
) -> UUID:  # fmt: skip
    """Tell something of a patient once (domain/people/facts.py); what is cached of them is read afresh. Raises Invalid."""
    facts.admit(key, value, from_at, to_at)
    made = uuid7()
    await ADD_FACT.run(tx, patient, made, key, value, from_at, to_at, source, set_by)
    await MOVE_PICTURE.run(tx, patient)
    return made


async def add_device(tx: Tx, vendor: str, model: str, serial: str) -> int:
    """Register a device; the same serial of the same vendor is the same device."""
    row = await ADD_DEVICE.one(tx, vendor, model, serial)
    if row is None:
        raise LookupError(serial)
    return row.device_no


async def assign_device(tx: Tx, device_no: int, patient: UUID, from_at: datetime) -> None:
    """Give a device to a patient from an instant on; whoever had it keeps what it measured before (F17)."""
    await END_ASSIGNMENT.run(tx, device_no, from_at)
    await ADD_ASSIGNMENT.run(tx, device_no, patient, from_at)


async def add_client(tx: Tx, org: UUID, name: str, vendor: str, *, client: UUID | None = None) -> UUID:
    """Create a vendor's client; it signs in with a key of `add_client_key`."""
    made = client or uuid7()
    await ADD_PRINCIPAL.run(tx, made, "vendor", org)
    await ADD_CLIENT.run(tx, org, made, name, vendor)
    return made


async def add_client_key(
    tx: Tx, client: UUID, kid: str, algorithm: str, jwk: dict[str, Any], *, jku: str | None = None,
) -> None:  # fmt: skip
    """Register a vendor's public key with the one algorithm it may be used with. Raises assertions.WrongKey."""
    public_key(jwk, algorithm)
    await ADD_CLIENT_KEY.run(tx, client, kid, algorithm, msgspec.json.encode(jwk).decode(), jku)


async def add_grant(
    tx: Tx, patient: UUID, team: UUID, *, classes: Iterable[int] = EVERY_CLASS, may_write: bool = False,
    from_at: datetime | None = None,
) -> UUID:  # fmt: skip
    """Record that a patient shares these data classes with a team."""
    made = uuid7()
    await ADD_GRANT.run(tx, patient, made, team, [int(one) for one in classes], may_write, from_at)
    return made


async def end_principal(tx: Tx, principal: UUID) -> None:
    """End somebody's access for good; call `Auth.revoke` as well, so that open sign-ins end at once."""
    await END_PRINCIPAL.run(tx, principal)

"""A small clinic for one test."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey, generate_private_key
from jwt.algorithms import ECAlgorithm
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.episodes.holidays import Region
from server.app_state import Parts
from server.auth.actor import VENDOR as VENDOR_SCOPE
from server.auth.actor import of_patient, of_staff, of_vendor
from server.auth.passwords import new_secret
from server.auth.service import Auth
from server.db import Database, Role
from server.people import admin

_NUMBERS = itertools.count(500_000)  # the simulated people of other tests have the low numbers
PASSWORD = "correct horse battery staple"  # noqa: S105 - of people who do not exist


class Clinic(msgspec.Struct, kw_only=True):
    """Ids, and how each signs in."""

    org: UUID
    team: UUID
    nurse: UUID
    colleague: UUID
    lead: UUID
    admin: UUID
    email: str
    totp: str
    patient: UUID
    stranger: UUID
    vendor: UUID
    vendor_name: str
    serial: str
    key: Any
    kid: str
    parts: Any
    now: datetime

    def actor(self, who: str) -> Actor:
        """The actor as whom somebody is known."""
        at = int(self.now.timestamp())
        if who == "nurse":
            return of_staff(self.nurse, self.org, "nurse", str(uuid7()), at, at + 3600)
        if who in ("colleague", "lead", "admin"):
            role = "nurse" if who == "colleague" else who
            return of_staff(getattr(self, who), self.org, role, str(uuid7()), at, at + 3600)
        if who == "vendor":
            return of_vendor(self.vendor, self.org, VENDOR_SCOPE, at)
        return of_patient(self.patient if who == "patient" else self.stranger, self.org, "phone-test", at)

    def token(self, who: str) -> dict[str, str]:
        """The header of a request in somebody's name."""
        auth: Auth = self.parts.extras["auth"]
        return {"authorization": f"Bearer {auth.tokens.issue(self.actor(who), int(datetime.now(UTC).timestamp()))}"}


def nhs_number() -> str:
    """A number of the test range with its check digit."""
    while True:
        digits = f"999{next(_NUMBERS):06}"
        check = (11 - sum(int(one) * weight for one, weight in zip(digits, range(10, 1, -1), strict=True)) % 11) % 11
        if check != 10:
            return f"{digits}{check}"


async def make_clinic(database: Database, parts: Parts, now: datetime) -> Clinic:
    """Fresh ids each time, so that tests do not meet."""
    key: EllipticCurvePrivateKey = generate_private_key(SECP384R1())
    kid, serial, vendor = str(uuid7()), f"SN-{uuid7()}", f"vendor-{uuid7().hex}"
    email, totp = f"{uuid7()}@example.org", new_secret()
    past = now - timedelta(days=400)
    async with database.begin_as(Role.OWNER) as tx:
        org = await admin.add_organisation(tx, "Test trust", "trust")
        # Staffed day and night, so that no test depends on the hour at which it runs.
        team = await admin.add_team(tx, org, "Test team", opens=time(0), closes=time(0), weekdays=range(7), region=Region.NONE)
        nurse = await admin.add_staff(
            tx, org, admin.NewStaff(name="Sr Test", role="nurse", email=email, password=PASSWORD, totp_secret=totp)
        )
        await admin.join_team(tx, org, team, nurse, from_at=past)
        others = {"colleague": uuid7(), "lead": uuid7(), "admin": uuid7()}
        for name, other in others.items():
            await admin.ADD_PRINCIPAL.run(tx, other, "staff", org)
            await admin.ADD_STAFF.run(tx, org, other, f"{name} Test", "nurse" if name == "colleague" else name)
            if name != "admin":
                await admin.join_team(tx, org, team, other, from_at=past)
        patient = await admin.add_patient(tx, org, person("Agnes"))
        stranger = await admin.add_patient(tx, org, person("Boris"))
        await admin.add_grant(tx, patient, team, may_write=True, from_at=past)
        client = await admin.add_client(tx, org, "Test vendor", vendor)
        jwk: Any = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        await admin.add_client_key(tx, client, kid, "ES384", {name: jwk[name] for name in ("kty", "crv", "x", "y")})
        device = await admin.add_device(tx, vendor, "Scale", serial)
        await admin.assign_device(tx, device, patient, past)
    return Clinic(
        org=org, team=team, nurse=nurse, **others, email=email, totp=totp, patient=patient, stranger=stranger, vendor=client,
        vendor_name=vendor, serial=serial, key=key, kid=kid, parts=parts, now=now,
    )  # fmt: skip


def person(name: str) -> admin.NewPatient:
    """Somebody with every condition that the rules ask about."""
    return admin.NewPatient(
        given_name=name, family_name="Test", birth_on=date(1950, 3, 1), nhs_number=nhs_number(),
        conditions=("asthma", "diabetes_type_1", "heart_failure", "hypertension"), facts={"best_peak_flow": "450"},
    )  # fmt: skip


async def colleague(database: Database, clinic: Clinic, role: str, team: UUID | None = None) -> UUID:
    """Somebody else of the same team, or of another."""
    async with database.begin_as(Role.OWNER) as tx:
        new = admin.NewStaff(name=f"A {role}", role=role, email=f"{uuid7()}@example.org", password=PASSWORD, totp_secret=new_secret())
        made = await admin.add_staff(tx, clinic.org, new)
        await admin.join_team(tx, clinic.org, team or clinic.team, made, from_at=clinic.now - timedelta(days=1))
    return made

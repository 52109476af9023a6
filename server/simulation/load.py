"""Puts the simulated clinic into an empty database: through the same door, judged by the same rules."""

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.episodes.episode import DismissReason, Result
from domain.readings.reading import Draft, Source
from server.app_state import Parts
from server.auth.actor import of_patient, of_staff
from server.db import Role
from server.episodes import service
from server.ingest import Part, Request
from server.people import admin
from server.simulation import groups, people, plans, readings
from server.simulation.chance import draft, number
from server.simulation.people import Person

KEEN: Final = 0.8
STORY: Final = 3
"""So many people at the front are kept steady for the story."""


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """Who can sign in at the desk."""

    id: UUID
    name: str
    role: str
    email: str
    password: str
    totp_secret: str


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What was made, and how to sign in."""

    org: UUID
    team: UUID
    staff: list[Staff]
    vendor_client: UUID
    vendor: str
    device_serial: str
    patients: list[UUID]
    readings: int


def _password() -> str:
    chance = random.SystemRandom()
    return "-".join(chance.choice(people.FAMILY).lower() for _ in range(3)) + f"-{chance.randint(10, 99)}"


async def load(parts: Parts, seed: int, count: int, days: int, now: datetime, secret: Callable[[], str]) -> Loaded:
    """The whole clinic. `secret` makes one-time-code secrets."""
    staff = [
        Staff(id=uuid7(), name=name, role=role, email=f"{name.split()[-1].lower()}@example.org", password=_password(),
              totp_secret=secret())
        for name, role in (("Sr Ana Silva", "nurse"), ("Tom Bright", "nurse"), ("Leila Haddad", "nurse"), ("Mary Dunne", "lead"))
    ]  # fmt: skip
    everybody = people.make(seed, count, now.date(), [one.id for one in staff[:3]])
    org, team, client, serial = await _directory(parts, staff, everybody, now - timedelta(days=days + 30))
    total = await _readings(parts, org, everybody, seed, days, now)
    nurse = of_staff(staff[0].id, org, "nurse", str(uuid7()), 0, 0)
    await _lived_in(parts, org, nurse, everybody, now)
    await _today(parts, org, everybody, seed, now)
    await plans.sign_all(parts.database, everybody, staff[0].id, now)
    await groups.lived_in(parts, org, [(one.id, one.role) for one in staff], [one.id for one in everybody], now)
    return Loaded(
        org=org, team=team, staff=staff, vendor_client=client, vendor="acme-scales", device_serial=serial,
        patients=[one.id for one in everybody], readings=total,
    )  # fmt: skip


async def _directory(parts: Parts, staff: Sequence[Staff], everybody: Sequence[Person], since: datetime,
                     ) -> tuple[UUID, UUID, UUID, str]:  # fmt: skip
    async with parts.database.begin_as(Role.OWNER) as tx:
        org = await admin.add_organisation(tx, "Torbay Community Health (simulated)", "trust")
        team = await admin.add_team(
            tx, org, "Torbay long-term conditions nurses", opens=time(8), closes=time(18), telephone="01803 496 0000"
        )
        other = await admin.add_team(tx, org, "Exmouth respiratory nurses", telephone="01395 496 0000")
        for one in staff:
            new = admin.NewStaff(id=one.id, name=one.name, role=one.role, email=one.email, password=one.password,
                                 totp_secret=one.totp_secret)  # fmt: skip
            await admin.add_staff(tx, org, new)
            await admin.join_team(tx, org, other if one.name == "Leila Haddad" else team, one.id, from_at=since)
        client = await admin.add_client(tx, org, "Acme connected scales", "acme-scales")
        serial = "ACME-0001"
        for place, person in enumerate(everybody):
            await admin.add_patient(tx, org, person.new)
            await admin.add_grant(tx, person.id, team, may_write=True, from_at=since)
            if "copd" in person.new.conditions:
                await admin.add_grant(tx, person.id, other, classes=(0, 1, 3, 5), from_at=since)
            if place == 1:
                device = await admin.add_device(tx, "acme-scales", "Acme S1", serial)
                await admin.assign_device(tx, device, person.id, since)
    return org, team, client, serial


def _as(person: Person, org: UUID) -> Actor:
    return of_patient(person.id, org, "simulation", 0)


async def _submit(parts: Parts, org: UUID, person: Person, drafts: Sequence[Draft], at: datetime) -> None:
    request = Request(actor=_as(person, org), what="readings", request_id=uuid7())
    await parts.ingest.submit(request, [Part(person.id, drafts)], at=at)


async def _readings(parts: Parts, org: UUID, everybody: Sequence[Person], seed: int, days: int, now: datetime) -> int:
    total = 0
    room = asyncio.Semaphore(6)

    async def one(person: Person) -> int:
        async with room:
            drafts = readings.history(person, seed, days, now)
            for first in range(0, len(drafts), 1000):
                await _submit(parts, org, person, drafts[first : first + 1000], now)
            return len(drafts)

    for place in range(0, len(everybody), 40):
        total += sum(await asyncio.gather(*(one(person) for person in everybody[place : place + 40])))
    return total


async def _lived_in(parts: Parts, org: UUID, nurse: Actor, everybody: Sequence[Person], now: datetime) -> None:
    """A few past concerns that were taken and closed, so that timelines tell of them."""
    chance = random.Random("lived-in")  # noqa: S311 - repeatable
    ends = ((Result.MEDICINE_CHANGED, None), (Result.ADVICE_GIVEN, None), (Result.NO_ACTION_NEEDED, DismissReason.EXPECTED),
            (Result.VISIT, None), (Result.FALSE_ALARM, DismissReason.MEASUREMENT_ERROR))  # fmt: skip
    with_heart = [one for one in everybody[STORY:] if "heart_failure" in one.new.conditions][6:16]
    for place, person in enumerate(with_heart):
        at = now - timedelta(days=18 + 3 * place, hours=1)
        felt = draft(chance, "symptom", at, code="breathless_on_effort_worse")
        await _submit(parts, org, person, [felt], at + timedelta(minutes=1))
        async with parts.database.begin(nurse) as tx:
            rows = await tx.fetch("select id from episode where patient_id = $1 and state <> 'closed'", person.id)
        result, reason = ends[place % len(ends)]
        for row in rows:
            here = (parts.database, parts.reads, nurse, person.id, row[0], None, uuid7())
            await service.acknowledge(*here, at=at + timedelta(minutes=35))
            await service.close(*here, result, reason, at=at + timedelta(hours=3))


def _story_of(place: int) -> tuple[str, tuple[tuple[float, str, float | None, str, str | None], ...]]:
    """Today's stories: condition needed, and (hours ago, kind, value or offset, unit, code or second value)."""
    stories: tuple[tuple[str, tuple[tuple[float, str, float | None, str, str | None], ...]], ...] = (
        ("asthma", ((0.9, "oxygen_saturation", 91, "%", None), (0.75, "oxygen_saturation", 90, "%", None))),
        ("hypertension", ((1.6, "blood_pressure", 188, "mm[Hg]", "112"), (1.45, "blood_pressure", 184, "mm[Hg]", "110"))),
        ("heart_failure", ((3.2, "body_weight", 2.7, "kg", None),)),
        ("heart_failure", ((4.1, "body_weight", 2.9, "kg", None), (4.0, "symptom", None, "", "ankle_swelling_worse"))),
        ("asthma", ((2.4, "peak_flow", 0.55, "L/min", None),)),
        ("heart_failure", ((2.0, "symptom", None, "", "breathless_on_effort_worse"),)),
        ("diabetes_type_2", ((1.1, "glucose_capillary", 3.6, "mmol/L", None),)),
        ("diabetes_type_1", ((2.6, "ketones_blood", 0.9, "mmol/L", None),)),
        ("asthma", ((3.0, "peak_flow", 0.72, "L/min", None),)),
        ("heart_failure", ((0.4, "oxygen_saturation", 94, "%", None),)),
    )
    return stories[place]


async def _today(parts: Parts, org: UUID, everybody: Sequence[Person], seed: int, now: datetime) -> None:
    """What happened this morning, each as at its own time."""
    chance = random.Random(f"{seed}-today")  # noqa: S311 - repeatable
    used: set[UUID] = set()
    for place in range(10):
        condition, steps = _story_of(place)
        person = next((one for one in everybody[STORY:] if condition in one.new.conditions and one.id not in used
                       and not one.quiet_for and one.adherence > KEEN and "usual_spo2" not in one.new.facts), None)  # fmt: skip
        if person is None:
            continue
        used.add(person.id)
        if condition == "heart_failure":
            # Three mornings without a gap, so that today has something to be held against.
            before = [
                draft(chance, "body_weight", now - timedelta(days=back, hours=3), person.normal.weight - 0.1, unit="kg", places=1)
                for back in (3, 2, 1)
            ]
            await _submit(parts, org, person, before, now - timedelta(hours=5))
        for hours, kind, value, unit, other in steps:
            at = now - timedelta(hours=hours)
            await _submit(parts, org, person, [_step(chance, person, kind, at, value, unit, other)], at + timedelta(seconds=5))


def _step(chance: random.Random, person: Person, kind: str, at: datetime, value: float | None, unit: str,  # noqa: PLR0913
          other: str | None) -> Draft:  # fmt: skip
    parts: dict[str, Decimal] | None = None
    if kind == "symptom":
        made = draft(chance, kind, at, code=other)
    elif kind == "blood_pressure":
        parts = {"systolic": number(value or 0, 0), "diastolic": Decimal(other or 0)}
        made = draft(chance, kind, at, parts=parts, unit=unit)
    else:
        base = {"body_weight": person.normal.weight, "peak_flow": 0.0}.get(kind, 0.0)
        shown = (value or 0.0) * float(person.new.facts.get("best_peak_flow", "1")) if kind == "peak_flow" else base + (value or 0.0)
        places = 0 if unit in {"%", "L/min"} else 1
        made = draft(chance, kind, at, shown, unit=unit, places=places)
    return msgspec.structs.replace(made, source=Source.APP)

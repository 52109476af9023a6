"""Who lives in the simulated clinic: names, ages, conditions, and each person's own normal. Nobody real."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from server.people.admin import NewPatient
from server.simulation.chance import uuid_of
from server.simulation.cohort import MIX, Normal, facts_of, usual

GIVEN: Final = (
    "Agnes", "Derek", "Moira", "Bethan", "Joan", "Amir", "Priya", "Stanley", "Olive", "Gareth", "Winifred", "Samuel", "Fatima",
    "Raymond", "Sheila", "Callum", "Noreen", "Ivor", "Grace", "Desmond", "Eileen", "Tomasz", "Hazel", "Kofi", "Marjorie", "Rhys",
    "Sunita", "Leonard", "Doreen", "Patrick", "Yusuf", "Beryl", "Malcolm", "Aisha", "Norman", "Sylvia", "Gwen", "Harold",
    "Chidi", "Edith",
)  # fmt: skip
FAMILY: Final = (
    "Whitfield", "Osei", "Kelly", "Pryce", "Hartley", "Rahman", "Patel", "Bowden", "Tremlett", "Davies", "Okafor", "Nowak",
    "Campbell", "Sharma", "Lovell", "Evans", "Mbeki", "Fletcher", "Hussain", "Marsh", "Brennan", "Coombes", "Ellis", "Gill",
    "Hodge", "Jarvis", "Kaur", "Luscombe", "Morgan", "Northcott", "Parry", "Quinn", "Rowe", "Stott", "Tully", "Underhill",
    "Vaughan", "Wren", "Yeo", "Zielinska",
)  # fmt: skip

class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One simulated person: the record, and what is normal for them."""

    new: NewPatient
    id: UUID
    adherence: float
    normal: Normal
    has_sensor: bool
    quiet_for: int
    steady: bool


def nhs_number(place: int) -> str | None:
    """The place-th number of the test range 999…, or None where no check digit fits."""
    digits = f"999{place:06}"
    check = (11 - sum(int(one) * weight for one, weight in zip(digits, range(10, 1, -1), strict=True)) % 11) % 11
    return None if check == 10 else f"{digits}{check}"  # noqa: PLR2004 - ten is no digit


def make(seed: int, count: int, today: date, coordinators: Sequence[UUID]) -> list[Person]:
    """So many people; the first is the one of the demo's story."""
    chance = random.Random(seed)  # noqa: S311 - a simulation must be repeatable
    found: list[Person] = []
    tried = 1000
    sensors = 0
    while len(found) < count:
        tried += 1
        nhs = nhs_number(tried)
        if nhs is None:
            continue
        place = len(found)
        conditions = ("heart_failure",) if place < 3 else _mix(chance)  # noqa: PLR2004 - the story's three
        young = conditions[0] in {"asthma", "diabetes_type_1"}
        age = 78 if place == 0 else chance.randint(22, 64) if young else chance.randint(52, 89)
        has_sensor = "diabetes_type_1" in conditions and sensors < 6  # noqa: PLR2004 - sensors are many readings
        sensors += has_sensor
        normal = usual(chance, conditions)
        if place == 0:
            normal = replace(normal, weight=72.3)
        new = NewPatient(
            id=uuid_of(chance), given_name=GIVEN[place % len(GIVEN)],
            family_name=FAMILY[(place + place // len(GIVEN) * 7) % len(FAMILY)],
            birth_on=today - timedelta(days=age * 365 + age // 4 + chance.randint(1, 360)), nhs_number=nhs, conditions=conditions,
            telephone=f"07700 900{place % 1000:03}", prefers=chance.choice(("app", "app", "text", "call")),
            language="cy" if chance.random() < 0.04 else "en", coordinator=coordinators[place % len(coordinators)],  # noqa: PLR2004
            facts=facts_of(normal, conditions),
        )  # fmt: skip
        assert new.id is not None  # noqa: S101 - given three lines up
        found.append(Person(
            new=new, id=new.id, adherence=0.97 if place < 3 else chance.uniform(0.62, 0.97),  # noqa: PLR2004
            normal=normal, has_sensor=has_sensor, steady=place < 3,  # noqa: PLR2004
            quiet_for=chance.randint(8, 20) if place > 20 and chance.random() < 0.03 else 0,  # noqa: PLR2004
        ))  # fmt: skip
    return found


def _mix(chance: random.Random) -> tuple[str, ...]:
    return chance.choices([conditions for conditions, _ in MIX], [weight for _, weight in MIX])[0]

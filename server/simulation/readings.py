"""What the people of the demo measured: the simulator's lives, told up to yesterday evening."""

import random
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from domain.people.patient import Profile
from domain.readings.reading import Draft
from server.simulation.chance import NOISE
from server.simulation.cohort import Plan, live, told
from server.simulation.metabolic import Sugar
from server.simulation.people import Person

SENSOR_DAYS: Final = 7


def profile(person: Person) -> Profile:
    """The facts of a person of the demo, as rules see them."""
    new = person.new
    return Profile(birth_on=new.birth_on, conditions=frozenset(new.conditions), facts=told(new.facts))


def history(person: Person, seed: int, days: int, now: datetime) -> list[Draft]:
    """All that a person measured up to yesterday evening, oldest first; nothing today, so that today can be told."""
    chance = random.Random(f"{seed}-{person.id}")  # noqa: S311 - a simulation must be repeatable
    first = now.date() - timedelta(days=days)
    plan = Plan(
        profile=profile(person), normal=person.normal, starts_on=first, days=days, noise=1, adherence=person.adherence,
        troubled=not person.steady, quiet_for=person.quiet_for, pricks=not person.has_sensor, sparse=True,
    )  # fmt: skip
    found = [one for one in live(chance, person.id, plan).drafts if one.taken_at.date() < now.date()]
    if person.has_sensor:
        found += _sensor(chance, now)
    return sorted((replace(one, history=True) for one in found), key=lambda one: one.taken_at)


def _sensor(chance: random.Random, now: datetime) -> list[Draft]:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    sugar = Sugar(chance, NOISE[1], SENSOR_DAYS, insulin=True, troubled=False)
    return list(sugar.sensor(midnight - timedelta(days=SENSOR_DAYS), midnight))

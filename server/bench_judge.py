"""`steady bench judge`: what judging costs a reading, pure domain, for a mixed cohort replayed one reading at a time."""

import random
import sys
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain import intake
from domain.detection.picture import Picture
from domain.people.facts import Fact
from domain.people.patient import Profile
from domain.readings.reading import Draft, Source

_START: Final = datetime(2026, 1, 1, 7, 0, tzinfo=UTC)
_TABLE: Final[dict[str, tuple[tuple[str, str, float, float, int], ...]]] = {
    # condition: (kind, unit, usual, spread, minutes after seven), six readings a day
    "heart_failure": (("heart_rate", "/min", 70, 4, 1), ("body_weight", "kg", 80, 0.4, 2), ("blood_pressure", "mm[Hg]", 128, 8, 3),
                      ("blood_pressure", "mm[Hg]", 126, 8, 6), ("oxygen_saturation", "%", 96, 0.4, 9),
                      ("step_count", "{steps}", 4000, 900, 800)),
    "copd": (("heart_rate", "/min", 78, 4, 1), ("oxygen_saturation", "%", 93, 0.7, 2), ("respiratory_rate", "/min", 16, 0.8, 3),
             ("reliever_puffs", "{puff}", 2, 0.3, 9), ("body_weight", "kg", 70, 0.3, 10), ("step_count", "{steps}", 3000, 900, 800)),
    "asthma": (("heart_rate", "/min", 70, 4, 1), ("peak_flow", "L/min", 430, 10, 2), ("peak_flow", "L/min", 425, 10, 3),
               ("peak_flow", "L/min", 428, 10, 4), ("day_symptom_score", "{score}", 1, 0.2, 8), ("peak_flow", "L/min", 420, 10, 700)),
    "hypertension": (("heart_rate", "/min", 70, 4, 1), ("blood_pressure", "mm[Hg]", 130, 7, 2), ("blood_pressure", "mm[Hg]", 129, 7, 4),
                     ("body_weight", "kg", 82, 0.3, 10), ("blood_pressure", "mm[Hg]", 131, 7, 700), ("blood_pressure", "mm[Hg]", 128, 7, 703)),
    "diabetes_type_2": (("heart_rate", "/min", 70, 4, 1), *(("glucose_capillary", "mmol/L", 7.2, 1.1, at) for at in (2, 300, 600, 900)),
                        ("body_weight", "kg", 82, 0.3, 10)),
}  # fmt: skip


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Microseconds of CPU a reading, all in: believed, known or new, judged, settled; and of the cohort of the promise."""

    condition: str
    readings: int
    us: float


def _drafts(chance: random.Random, condition: str, day: int) -> list[Draft]:
    found: list[Draft] = []
    for kind, unit, usual, spread, minutes in _TABLE[condition]:
        value = Decimal(str(round(max(chance.gauss(usual, spread), 0), 1 if unit in {"kg", "mmol/L"} else 0)))
        is_pressure = kind == "blood_pressure"
        found.append(Draft(
            id=uuid7(), kind=kind, taken_at=_START + timedelta(days=day, minutes=minutes), value=None if is_pressure else value,
            parts={"systolic": value, "diastolic": Decimal(78)} if is_pressure else None, unit=unit, source=Source.SIMULATED,
        ))  # fmt: skip
    return found


def replay(condition: str, people: int, days: int) -> Cost:
    """Take everybody's readings one after the other, as they would come."""
    facts = (Fact("best_peak_flow", "450", _START - timedelta(days=900)),)
    profile = Profile(birth_on=date(1950, 1, 1), conditions=frozenset({condition}), facts=facts)
    readings, spent = 0, 0.0
    for person in range(people):
        chance = random.Random(person)  # noqa: S311 - repeatable
        picture = Picture(version=1, since=_START - timedelta(days=400), profile=profile)
        for day in range(days):
            drafts = _drafts(chance, condition, day)
            began = time.process_time()
            for draft in drafts:
                intake.take(picture, UUID(int=person + 1), [draft], draft.taken_at + timedelta(seconds=5), uuid7)
            intake.trim(picture, drafts[-1].taken_at)
            spent += time.process_time() - began
            readings += len(drafts)
    return Cost(condition=condition, readings=readings, us=round(spent / readings * 1e6, 1))


def main(people: int, days: int, *, json: bool) -> int:
    """Measure and print; the exit code."""
    costs = [replay(condition, people, days) for condition in _TABLE]
    us = round(sum(one.us * one.readings for one in costs) / sum(one.readings for one in costs), 1)
    if json:
        sys.stdout.write(msgspec.json.encode({"us": us, "replay_s": round(us * 0.54, 1), "conditions": costs}).decode() + "\n")
        return 0
    for one in costs:
        sys.stdout.write(f"{one.condition:18} {one.us:8.1f} us a reading ({one.readings} readings)\n")
    sys.stdout.write(f"{'mixed':18} {us:8.1f} us a reading; 1,000 people x 90 days x 6 a day: {us * 0.54:.0f} s on one core\n")
    return 0

"""What the simulated people measured: correlated from day to day, with gaps, and a few bad days that tell a story."""

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from domain.readings.reading import Draft, Source
from server.simulation.people import Person, uuid_of

SENSOR_DAYS: Final = 7
_SAMPLE: Final = timedelta(minutes=5)


def number(value: float, places: int) -> Decimal:
    """A measured value as a device shows it."""
    return Decimal(f"{value:.{places}f}")


def draft(chance: random.Random, kind: str, at: datetime, value: float | None = None, *, unit: str = "", places: int = 0,  # noqa: PLR0913
          parts: dict[str, Decimal] | None = None, code: str | None = None) -> Draft:  # fmt: skip
    """One reading as a phone would send it."""
    return Draft(
        id=uuid_of(chance), kind=kind, taken_at=at, value=None if value is None else number(value, places), parts=parts,
        code=code, unit=unit or None, source=Source.SIMULATED, history=True,
    )  # fmt: skip


class Wander:
    """A value that stays near its own normal, today like yesterday."""

    def __init__(self, chance: random.Random, spread: float, keep: float = 0.7) -> None:
        self._chance = chance
        self._spread = spread * math.sqrt(1 - keep * keep)
        self._keep = keep
        self._off = 0.0

    def next(self) -> float:
        """How far from normal it is now, never beyond three spreads' worth of alarm."""
        self._off = self._keep * self._off + self._chance.gauss(0, self._spread)
        return self._off


def history(person: Person, seed: int, days: int, now: datetime) -> list[Draft]:  # noqa: C901 - a line per condition
    """All that a person measured up to yesterday evening, oldest first; nothing today, so that today can be told."""
    chance = random.Random(f"{seed}-{person.id}")  # noqa: S311 - a simulation must be repeatable
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[Draft] = []
    weight, pressure, pulse, peak, sugar = (Wander(chance, spread) for spread in (0.35, 6.0, 4.0, 16.0, 0.9))
    conditions = person.new.conditions
    for back in range(days, 0, -1):
        off = (weight.next(), pressure.next(), pulse.next(), peak.next(), sugar.next())
        if back <= person.quiet_for or chance.random() > person.adherence:
            continue
        morning = midnight - timedelta(days=back) + timedelta(hours=6, minutes=chance.randint(25, 130))
        if "heart_failure" in conditions:
            found.append(draft(chance, "body_weight", morning, person.weight + off[0], unit="kg", places=1))
        if "hypertension" in conditions or ("heart_failure" in conditions and back % 2 == 0):
            found.extend(_pressures(chance, person, morning, off[1], off[2]))
        if "copd" in conditions:
            found.append(draft(chance, "oxygen_saturation", morning, round(person.spo2 + chance.choice((-1, 0, 0, 0, 1))), unit="%"))
            found.append(draft(chance, "heart_rate", morning + timedelta(minutes=1), person.pulse + 6 + off[2], unit="/min"))
        if "asthma" in conditions:
            for place in range(3):
                blow = min(person.peak_flow + off[3] - chance.uniform(0, 18), person.peak_flow / 0.93)
                found.append(draft(chance, "peak_flow", morning + timedelta(seconds=40 * place), blow, unit="L/min"))
        if any(one.startswith("diabetes") for one in conditions) and not person.has_sensor:
            found.extend(_fingers(chance, person, morning, off[4]))
        if back % 7 == 3:  # noqa: PLR2004 - once a week
            found.append(draft(chance, "symptom", morning + timedelta(minutes=4), code="feel_as_usual"))
    if person.has_sensor:
        found.extend(sensor(chance, person, midnight - timedelta(days=SENSOR_DAYS), midnight))
    return sorted(found, key=lambda one: one.taken_at)


def _pressures(chance: random.Random, person: Person, at: datetime, off: float, pulse: float) -> Iterator[Draft]:
    for place in range(2):
        systolic = person.systolic + off + chance.gauss(0, 3) - 2 * place
        diastolic = person.diastolic + off * 0.5 + chance.gauss(0, 2)
        parts = {"systolic": number(min(systolic, 172), 0), "diastolic": number(min(diastolic, 104), 0)}
        yield draft(chance, "blood_pressure", at + timedelta(minutes=2 + 2 * place), parts=parts, unit="mm[Hg]")
    yield draft(chance, "heart_rate", at + timedelta(minutes=5), person.pulse + pulse, unit="/min")


def _fingers(chance: random.Random, person: Person, morning: datetime, off: float) -> Iterator[Draft]:
    for hours, rise in ((0, 0.0), (11, 1.4)):
        value = max(person.glucose + off + rise + chance.gauss(0, 0.7), 4.3)
        yield draft(chance, "glucose_capillary", morning + timedelta(hours=hours), value, unit="mmol/L", places=1)


def sensor(chance: random.Random, person: Person, start: datetime, end: datetime) -> Iterator[Draft]:
    """Every five minutes: meals, the night, and now and then a shallow low."""
    drift = Wander(chance, 0.9, 0.985)
    at = start + timedelta(seconds=chance.randint(0, 299))
    low_at = start + timedelta(days=chance.randint(1, SENSOR_DAYS - 2), hours=3)
    while at < end:
        hour = at.hour + at.minute / 60
        meals = sum(2.6 * math.exp(-(((hour - meal) / 1.3) ** 2)) for meal in (8.6, 13.3, 19.1))
        dip = 3.9 * math.exp(-(((at - low_at).total_seconds() / 1500) ** 2))
        value = min(max(person.glucose - 0.4 + meals + drift.next() - dip, 3.4), 19.0)
        yield draft(chance, "glucose_cgm", at, value, unit="mmol/L", places=1)
        at += _SAMPLE

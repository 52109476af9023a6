"""What every simulated thing is made of: repeatable chance, wandering values, courses over days, and how rough it is."""

import math
import random
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from domain.readings.reading import Draft, Source

YEAR: Final = 365.25


class Rough(msgspec.Struct, frozen=True):
    """How far from ideal a cohort is: factors on spread, artefacts and idle complaints, and a shift of adherence."""

    spread: float
    artefacts: float
    complaints: float
    adherence: float


NOISE: Final = {1: Rough(0.8, 0.5, 0.7, 0.06), 2: Rough(1.0, 1.0, 1.0, 0.0), 3: Rough(1.3, 1.8, 1.4, -0.10)}
"""Careful people with good devices, usual ones, and a rough crowd. Level 2 is the one held against the published bars."""


def uuid_of(chance: random.Random) -> UUID:
    """A UUID of the seed's own (version 8)."""
    bits = bytearray(chance.randbytes(16))
    bits[6] = bits[6] & 0x0F | 0x80
    bits[8] = bits[8] & 0x3F | 0x80
    return UUID(bytes=bytes(bits))


def number(value: float, places: int) -> Decimal:
    """A measured value as a device shows it."""
    return Decimal(f"{value:.{places}f}")


def draft(  # noqa: PLR0913 - one reading has all of this
    chance: random.Random, kind: str, at: datetime, value: float | None = None, *, unit: str = "", places: int = 0,
    parts: dict[str, Decimal] | None = None, code: str | None = None,
) -> Draft:  # fmt: skip
    """One reading as a phone would send it."""
    return Draft(
        id=uuid_of(chance), kind=kind, taken_at=at, value=None if value is None else number(value, places), parts=parts,
        code=code, unit=unit or None, source=Source.SIMULATED,
    )  # fmt: skip


def skewed(chance: random.Random, median: float, sigma: float, low: float, high: float) -> float:
    """A lognormal number held between two ends."""
    return min(max(median * math.exp(chance.gauss(0, sigma)), low), high)


def within(value: float, low: float, high: float) -> float:
    """The value, or the end it went beyond."""
    return min(max(value, low), high)


class Wander:
    """A value that stays near its own normal, today like yesterday: AR(1) with a given spread."""

    __slots__ = ("_chance", "_keep", "_off", "_step")

    def __init__(self, chance: random.Random, spread: float, keep: float = 0.6) -> None:
        self._chance = chance
        self._step = spread * math.sqrt(1 - keep * keep)
        self._keep = keep
        self._off = chance.gauss(0, spread)

    def next(self) -> float:
        """How far from normal it is on the next day."""
        self._off = self._keep * self._off + self._chance.gauss(0, self._step)
        return self._off


class Course(msgspec.Struct, frozen=True):
    """Something that builds up to a peak and goes again; days are counted from the start of the history."""

    starts: float
    peak: float
    ends: float
    size: float
    shape: float = 1.0
    holds: float = 0.0

    def at(self, day: float) -> float:
        """How much of it there is on a day."""
        if day <= self.starts or day >= self.ends:
            return 0.0
        if day < self.peak:
            return self.size * ((day - self.starts) / (self.peak - self.starts)) ** self.shape
        if day <= self.peak + self.holds:
            return self.size
        return self.size * (self.ends - day) / (self.ends - self.peak - self.holds)


def total(courses: list[Course], day: float) -> float:
    """All courses of one signal together."""
    return sum(course.at(day) for course in courses)


def moments(chance: random.Random, per_year: float, days: int, gap: float, first: float = 0.0) -> list[float]:
    """Days at which something that happens so often a year begins, at least `gap` days apart."""
    found: list[float] = []
    if per_year <= 0:
        return found
    at = first + chance.expovariate(per_year / YEAR)
    while at < days:
        found.append(at)
        at += gap + chance.expovariate(per_year / YEAR)
    return found

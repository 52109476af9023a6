"""A picture of somebody's week to share in a group: how each day was against the week itself, and no number at all (F79, INV-19)."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

DAYS: Final = 7
LEAST_DAYS: Final = 4
LASTS: Final = timedelta(days=14)
"""A card is a snapshot that goes by itself."""


class Level(StrEnum):
    """A day against the middle of the same week."""

    NONE = "none"
    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """What a card shows: a kind, seven days oldest first, and one sentence."""

    kind: str
    label: str
    days: tuple[Level, ...]
    says: str


class TooFew(Exception):
    """Fewer than four days were measured: a picture of those would say too little, or too much."""


def week(kind: str, label: str, values: Mapping[date, Sequence[Decimal]], last: date) -> Week:
    """The week that ends on `last`. Raises TooFew."""
    days = [last - timedelta(days=DAYS - 1 - place) for place in range(DAYS)]
    means = {day: sum(values[day], Decimal(0)) / len(values[day]) for day in days if values.get(day)}
    if len(means) < LEAST_DAYS:
        raise TooFew
    middle = sorted(means.values())[len(means) // 2]
    spread = max(max(means.values()) - middle, middle - min(means.values()))
    third = spread / 3

    def level(day: date) -> Level:
        if day not in means:
            return Level.NONE
        if means[day] > middle + third:
            return Level.HIGH
        return Level.LOW if means[day] < middle - third else Level.MIDDLE

    shown = tuple(level(day) for day in days)
    known = [day for day in days if day in means]
    half = len(known) // 2
    first = sum((means[day] for day in known[:half]), Decimal(0)) / half
    second = sum((means[day] for day in known[-half:]), Decimal(0)) / half
    way = "went up" if second - first > third else "went down" if first - second > third else "stayed about the same"
    return Week(kind=kind, label=label, days=shown, says=f"{label} {way} over the week, measured on {len(known)} of 7 days.")

"""A usual day of a glucose sensor: the median, the middle half and nine in ten by the hour, or why there is none (DM-10, MD-5)."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Final

import msgspec

from domain.readings.sensor_days import Summary

SHARES: Final = (Decimal("0.05"), Decimal("0.25"), Decimal("0.5"), Decimal("0.75"), Decimal("0.95"))
SLOTS: Final = 48
_MINUTES: Final = 1440
_LEAST_IN_A_SLOT: Final = 10
ACTIVE: Final = Decimal(70)
"""MD-5: with less of the time covered a summary says more about the gaps than about the person."""


class Profile(msgspec.Struct, frozen=True):
    """One usual day in 48 half hours, the first from midnight: the five shares of each in mmol/L, lowest first."""

    slots: tuple[tuple[Decimal, ...], ...]


class NoProfile(msgspec.Struct, frozen=True):
    """Why a usual day cannot be shown, in plain words."""

    reason: str


class Bands(msgspec.Struct, frozen=True, kw_only=True):
    """Per cent of samples in each range, exact; together 100. Below 3.0, 3.0 to 3.8, 3.9 to 10.0, above 10.0 to 13.9, above 13.9."""

    very_low: Decimal
    low: Decimal
    in_range: Decimal
    high: Decimal
    very_high: Decimal


def share(ranked: Sequence[Decimal], part: Decimal) -> Decimal:
    """The value below which a part of ranked values lies, on the straight line between its two neighbours."""
    place = part * (len(ranked) - 1)
    under = int(place)
    over = min(under + 1, len(ranked) - 1)
    return ranked[under] + (ranked[over] - ranked[under]) * (place - under)


def profile(samples: Sequence[tuple[int, Decimal]], found: Summary | None, active: Decimal = ACTIVE) -> Profile | NoProfile:
    """Of samples as (minute of the person's own day, mmol/L), with what their days come to."""
    if found is None:
        return NoProfile("No sensor samples in this time.")
    if found.active < active:
        covered = found.active.quantize(Decimal(1), ROUND_DOWN)
        return NoProfile(f"The sensor covered {covered} % of {found.days} days; a usual day needs {active} %.")
    slots: list[list[Decimal]] = [[] for _ in range(SLOTS)]
    for minute, value in samples:
        slots[minute * SLOTS // _MINUTES].append(value)
    bare = next((place for place, slot in enumerate(slots) if len(slot) < _LEAST_IN_A_SLOT), None)
    if bare is not None:
        return NoProfile(f"Too few samples around {bare // 2:02}:{bare % 2 * 30:02}: a usual day needs every half hour.")
    return Profile(tuple(tuple(share(ranked, part) for part in SHARES) for ranked in map(sorted, slots)))


def bands(found: Summary) -> Bands:
    """Time in ranges, by the edges that the samples were counted at (C-3)."""
    below_54, _, below_70, _, above_180, above_250 = found.beyond
    return Bands(
        very_low=below_54, low=below_70 - below_54, in_range=found.in_range, high=above_180 - above_250, very_high=above_250
    )

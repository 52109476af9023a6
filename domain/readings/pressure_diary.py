"""The home blood-pressure diary as people read it: a week's mean, its first day left out (HT-1, NICE NG136)."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

WEEK: Final = 7
LEAST_DATES: Final = 3
LEAST_READINGS: Final = 12


class Pressure(msgspec.Struct, frozen=True):
    """One reading in mmHg, on the person's own date."""

    on: date
    is_morning: bool
    systolic: Decimal
    diastolic: Decimal


class Mean(msgspec.Struct, frozen=True):
    """Systolic and diastolic, each rounded half up to 1 mmHg, of `n` readings."""

    systolic: int
    diastolic: int
    n: int


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """A week of the diary without its first date; a mean is None without a reading. `missing`: why it may not be relied on."""

    dates: int
    mean: Mean | None
    morning: Mean | None
    evening: Mean | None
    missing: str = ""


def mean(readings: Sequence[Pressure]) -> Mean | None:
    """The mean of some readings; None of none."""
    if not readings:
        return None
    n = len(readings)
    return Mean(_half_up(sum(one.systolic for one in readings), n), _half_up(sum(one.diastolic for one in readings), n), n)


def _half_up(total: Decimal | int, n: int) -> int:
    return int((Decimal(total) / n).quantize(Decimal(1), ROUND_HALF_UP))


def week(readings: Sequence[Pressure], last: date) -> Week:
    """The seven dates up to one."""
    held = [one for one in readings if last - timedelta(days=WEEK - 1) <= one.on <= last]
    first = min((one.on for one in held), default=None)
    used = [one for one in held if one.on != first]
    dates = len({one.on for one in used})
    wanting: list[str] = []
    if dates < LEAST_DATES:
        wanting.append(f"{dates} of {LEAST_DATES} days after the first")
    if len(used) < LEAST_READINGS:
        wanting.append(f"{len(used)} of {LEAST_READINGS} readings")
    return Week(
        dates=dates, mean=mean(used), morning=mean([one for one in used if one.is_morning]),
        evening=mean([one for one in used if not one.is_morning]), missing=" and ".join(wanting),
    )  # fmt: skip

"""Bank holidays of the United Kingdom as data: what the law fixes by rule, and the days proclaimed once."""

from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

MONDAY: Final = 0
_WEEKEND: Final = 5


class Region(StrEnum):
    """Whose bank holidays a team keeps; a team outside the United Kingdom lists its own as closures."""

    ENGLAND = "england"
    WALES = "wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern_ireland"
    NONE = "none"


_ENGLAND: Final = frozenset({Region.ENGLAND, Region.WALES})
_NOT_SCOTLAND: Final = _ENGLAND | {Region.NORTHERN_IRELAND}
_ALL: Final = _NOT_SCOTLAND | {Region.SCOTLAND}

# (month, day): on a weekend the next working day that is no holiday itself is kept instead.
FIXED: Final = (
    ((1, 1), _ALL),
    ((1, 2), frozenset({Region.SCOTLAND})),
    ((3, 17), frozenset({Region.NORTHERN_IRELAND})),
    ((7, 12), frozenset({Region.NORTHERN_IRELAND})),
    ((11, 30), frozenset({Region.SCOTLAND})),
    ((12, 25), _ALL),
    ((12, 26), _ALL),
)
# (month, which Monday): 1 is the first, -1 the last.
MONDAYS: Final = (
    ((5, 1), _ALL),
    ((5, -1), _ALL),
    ((8, 1), frozenset({Region.SCOTLAND})),
    ((8, -1), _NOT_SCOTLAND),
)
# Days from Easter Sunday.
EASTER: Final = ((-2, _ALL), (1, _NOT_SCOTLAND))
ONCE: Final = {date(2026, 6, 15): frozenset({Region.SCOTLAND})}
"""Proclaimed once: the World Cup day of 2026 in Scotland."""


@lru_cache(maxsize=64)
def bank_holidays(region: Region, year: int) -> frozenset[date]:
    """Every bank holiday of a region in a year."""
    days = {_monday(year, month, which) for (month, which), regions in MONDAYS if region in regions}
    days |= {_easter(year) + timedelta(days=span) for span, regions in EASTER if region in regions}
    days |= {day for day, regions in ONCE.items() if day.year == year and region in regions}
    fixed = [date(year, month, day) for (month, day), regions in FIXED if region in regions]
    days |= {day for day in fixed if day.weekday() < _WEEKEND}
    for day in fixed:
        if day.weekday() >= _WEEKEND:
            kept = day
            while kept.weekday() >= _WEEKEND or kept in days:
                kept += timedelta(days=1)
            days.add(kept)
    return frozenset(days)


def _monday(year: int, month: int, which: int) -> date:
    if which > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(MONDAY - first.weekday()) % 7)
    last = date(year, month, 31)
    return last - timedelta(days=last.weekday())


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Butcher's rule)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)

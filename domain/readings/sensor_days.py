"""What a sensor's samples of one civil day come to: counts and sums, so that weeks of samples need not be held."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Final

import msgspec

from domain.readings.reading import Reading
from domain.readings.units import MG_PER_MMOL_GLUCOSE

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EDGES_MMOL: Final = (Decimal("3.0"), Decimal("3.5"), Decimal("3.9"), Decimal("7.8"), Decimal("10.0"), Decimal("13.9"))
EDGES_MG: Final = (Decimal(54), Decimal(63), Decimal(70), Decimal(140), Decimal(180), Decimal(250))
"""The same edges in both units (C-3): below the first three is low, above the last three is high."""

_LOW: Final = 2
_VERY_LOW: Final = 0
LOW: Final = EDGES_MMOL[_LOW]
VERY_LOW: Final = EDGES_MMOL[_VERY_LOW]
_PER_HOUR: Final = ((5, 4), (13, 12))
"""A usual hour of at most so many samples: such a sensor gives so many (every 15 minutes, every 5); else one a minute."""
_EACH_MINUTE: Final = 60


class SensorDay(msgspec.Struct, frozen=True):
    """One day of samples. `beyond`: how many are below 3.0, 3.5 and 3.9, and above 7.8, 10.0 and 13.9 mmol/L (54 to 250 mg/dL).

    `valued`, `total` and `squares` are of those with a number (LO and HI have none, DQ-3), in mg/dL. `hours`: how many in
    each hour that has any. `lows`: the minute since 1970 of each low, doubled, plus 1 when it is below 3.0.
    """

    n: int
    beyond: tuple[int, ...]
    valued: int
    total: Decimal
    squares: Decimal
    hours: tuple[int, ...]
    lows: tuple[int, ...]


_BANDS: Final = 6
_FIVE: Final = 5
_TEN: Final = 10


def fold(samples: Sequence[Reading]) -> tuple[int, ...]:
    """A day of samples, in order, as whole numbers: exact, and the same for the same samples."""
    beyond = [0] * _BANDS
    total = squares = Decimal(0)
    valued = 0
    hours: dict[int, int] = {}
    lows: list[int] = []
    for one in samples:
        in_mg = one.unit == "mg/dL" and one.original is not None
        value = one.original[0].quantize(Decimal(1), ROUND_HALF_UP) if in_mg and one.original else one.value
        edges = EDGES_MG if in_mg else EDGES_MMOL
        if one.comparator is None:
            mg = value if in_mg else value * MG_PER_MMOL_GLUCOSE
            valued += 1
            total += mg
            squares += mg * mg
        for place, edge in enumerate(edges):
            beyond[place] += is_beyond(value, one.comparator, edge, is_low=place <= _LOW)
        minute = (one.taken_at - EPOCH) // timedelta(minutes=1)
        hours[minute // 60] = hours.get(minute // 60, 0) + 1
        if is_beyond(value, one.comparator, edges[_LOW], is_low=True):
            lows.append(minute * 2 + is_beyond(value, one.comparator, edges[_VERY_LOW], is_low=True))
    counts = tuple(hours.values())
    # 18.0156 times a tenth has five places, its square ten.
    return (len(samples), *beyond, valued, int(total.scaleb(_FIVE)), int(squares.scaleb(_TEN)), len(counts), *counts, *lows)


def read(each: tuple[int, ...]) -> SensorDay:
    """The day that `fold` made."""
    n, *beyond = each[: _BANDS + 1]
    valued, total, squares, hours = each[_BANDS + 1 : _BANDS + 5]
    start = _BANDS + 5
    return SensorDay(
        n, tuple(beyond), valued, Decimal(total).scaleb(-_FIVE), Decimal(squares).scaleb(-_TEN), each[start : start + hours],
        each[start + hours :],
    )  # fmt: skip


def is_beyond(value: Decimal, comparator: str | None, edge: Decimal, *, is_low: bool) -> bool:
    """Below a low edge or above a high one; LO is below and HI above every edge (DQ-3)."""
    if comparator is not None:
        return (comparator == "<") is is_low
    return value < edge if is_low else value > edge


class Summary(msgspec.Struct, frozen=True):
    """A stretch of days. Shares are per cent of the samples, exact; `mean` (mg/dL) and `cv` are None without numbers."""

    days: int
    n: int
    expected: int
    active: Decimal
    beyond: tuple[Decimal, ...]
    in_range: Decimal
    in_narrow_range: Decimal
    mean: Decimal | None
    cv: Decimal | None

    @property
    def gmi_percent(self) -> Decimal | None:
        """DM-10: the HbA1c that goes with the mean, in per cent, to one place."""
        if self.mean is None:
            return None
        return (Decimal("3.31") + Decimal("0.02392") * self.mean).quantize(Decimal("0.1"), ROUND_HALF_UP)

    @property
    def gmi_mmol(self) -> Decimal | None:
        """DM-10: the same in mmol/mol, whole."""
        if self.mean is None:
            return None
        mmol = self.mean / MG_PER_MMOL_GLUCOSE
        return (Decimal("12.71") + Decimal("4.70587") * mmol).quantize(Decimal(1), ROUND_HALF_UP)


def per_hour(days: Sequence[SensorDay]) -> int:
    """How many samples an hour of this person's sensor has, from the usual one: 4, 12 or 60."""
    counts = sorted(count for day in days for count in day.hours)
    usual = counts[len(counts) // 2] if counts else 0
    return next((each for most, each in _PER_HOUR if usual <= most), _EACH_MINUTE)


def summary(days: Sequence[SensorDay], length: int, hours: int | None = None) -> Summary | None:
    """What these days come to, of a stretch of `length` dates (`hours` long, else 24 each); None without a sample."""
    n = sum(day.n for day in days)
    if not n:
        return None
    each = per_hour(days)
    expected = each * (hours or 24 * length)
    # More in an hour than the sensor gives is the same time told twice.
    covered = sum(min(count, each) for day in days for count in day.hours)
    beyond = tuple(Decimal(100 * sum(day.beyond[place] for day in days)) / n for place in range(len(EDGES_MG)))
    valued = sum(day.valued for day in days)
    mean = cv = None
    if valued > 1:
        with localcontext() as exact:
            exact.prec = 40
            total = sum((day.total for day in days), Decimal(0))
            squares = sum((day.squares for day in days), Decimal(0))
            mean = total / valued
            spread = (squares - total * total / valued) / (valued - 1)
            cv = 100 * max(spread, Decimal(0)).sqrt() / mean
    _, low_63, low, above_140, above_180, _ = (sum(day.beyond[place] for day in days) for place in range(len(EDGES_MG)))
    return Summary(
        days=length, n=n, expected=expected, active=Decimal(100 * covered) / expected, beyond=beyond,
        in_range=Decimal(100 * (n - low - above_180)) / n, in_narrow_range=Decimal(100 * (n - low_63 - above_140)) / n,
        mean=mean, cv=cv,
    )  # fmt: skip

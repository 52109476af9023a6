"""How strongly several days together speak for a change: floats inside, rounded half up to 6 places like the other statistics.

Each day comes as u, its distance from the person's own normal in own spreads; None where nothing was measured. The score is
a scan (generalised likelihood ratio): of several times since when it may have been rising, the one that the days support
best, with what days share in a real body (neighbours alike, a normal that is itself not exactly known) taken off.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final

import msgspec

from domain.detection.diary import Day
from domain.readings.baseline import Baseline

Rise = float | None
"""How strongly days rise; None: too little was measured to say."""
Us = list[float | None]
"""One u a date, oldest first; None where nothing was measured."""
Worth = Callable[[Iterable[int]], float]
"""What the symptoms of one day count."""

SPANS: Final = (2, 3, 4, 5, 7, 9, 12, 16, 21)
"""Days since when it may have been rising."""
DATES: Final = SPANS[-1]
SHARED: Final = 0.3
"""How much of the spread the days of a rise have in common; found on tuning seeds 1 to 3, flat from 0.1 to 0.6."""
_LOW, _HIGH = -2.0, 4.0
_LEAST: Final = 2
_MILLION: Final = 1_000_000
_STILL_UP: Final = 0.5


class Signal(msgspec.Struct, frozen=True):
    """How one kind is read: least own spread, which way is worse, and spread that lies in any device or clothes."""

    floor: float
    sign: int = 1
    extra: float = 0.0


WEIGHT: Final = Signal(0.35, extra=0.4)
PULSE: Final = Signal(2.5)
CHEST_PULSE: Final = Signal(3.5)
OXYGEN: Final = Signal(0.8, sign=-1)
BREATHS: Final = Signal(1.0)
FELT: Final = Signal(0.7)
PUFFS: Final = Signal(0.9)


def six(value: float) -> float:
    """Rounded half up (away from zero) to 6 places, so that every machine compares the same number."""
    return math.copysign(math.floor(abs(value) * _MILLION + 0.5) / _MILLION, value) if value else 0.0


def peak(normal: Baseline) -> Signal:
    """Peak flow: the least spread is a fortieth of the person's normal."""
    return Signal(float(normal.median) * 0.025, sign=-1)


def spread(normal: Baseline, signal: Signal) -> float:
    """What a value that lies off is held against."""
    return math.hypot(max(float(normal.spread), signal.floor), signal.extra)


@lru_cache(maxsize=8192)
def apart(value: float, middle: float, wide: float, sign: int) -> float:
    """How far a value lies off: held between -2 and 4, so that no single day speaks for itself."""
    return six(min(max(sign * (value - middle) / wide, _LOW), _HIGH))


def us(days: Sequence[Day], normal: Baseline, signal: Signal, last: int, dates: int = DATES) -> Us:
    """The u of so many dates up to the date with that ordinal; None where nothing was measured."""
    found: Us = [None] * dates
    middle, wide = float(normal.median), spread(normal, signal)
    for one in days:
        place = one.no - last + dates - 1
        if 0 <= place < dates:
            found[place] = apart(float(one.value), middle, wide, signal.sign)
    return found


def rising(us: Sequence[float | None], spans: Sequence[int] = SPANS) -> float | None:
    """The evidence that the days rise up to the last; None when nothing was measured on the last, or on too few.

    Less than half a spread above usual on the last day is no rise, whatever was before.
    """
    if us[-1] is None:
        return None
    if us[-1] < _STILL_UP:
        return 0.0
    best: float | None = None
    for span in spans:
        days = us[-span:]
        seen = [(u, (place + 1) / span) for place, u in enumerate(days) if u is not None]
        if len(seen) < _LEAST:
            continue
        shape, squares = math.fsum(h for _, h in seen), math.fsum(h * h for _, h in seen)
        found = math.fsum(u * h for u, h in seen) / math.sqrt(squares + SHARED * shape * shape)
        best = found if best is None else max(best, found)
    return None if best is None else six(best)


def above(score: float | None, least: float) -> float:
    """What of a score counts: nothing up to `least`, or when there is none."""
    return 0.0 if score is None else max(0.0, six(score - least))


def fading(values: Sequence[float | None], keep: float) -> float:
    """The sum of the days, each day further back counting `keep` times less; a day without an answer adds nothing."""
    total = 0.0
    for value in values:
        total = keep * total + (value or 0.0)
    return six(total)


_SIGNS: Final[Mapping[int, float]] = {20: 2.5, 21: 2.0, 22: 2.0, 23: 2.0, 27: 2.0, 24: 1.2, 26: 1.2, 41: 0.5}
"""Symptom of heart failure -> what a day with it counts."""
_BREATHLESS: Final = frozenset({20, 23, 27, 31})
_SPUTUM: Final = frozenset({43, 44})
_MINOR: Final = frozenset({42, 45, 46, 47})


def felt_heart(codes: Iterable[int]) -> float:
    """What the symptoms of one day count in heart failure."""
    return math.fsum(_SIGNS.get(code, 0.0) for code in set(codes))


def felt_chest(codes: Iterable[int]) -> float:
    """What the symptoms of one day count in COPD: majors one each (breathlessness once), minors a half, at most three of them."""
    told = set(codes)
    return bool(told & _BREATHLESS) + len(told & _SPUTUM) + 0.5 * min(len(told & _MINOR), 3)


def heart(weight: float | None, pulse: float | None, felt: Sequence[float | None]) -> float:
    """HF-E1: what weight, pulse and complaints together speak for."""
    return six(above(weight, 1.0) + 0.8 * above(pulse, 1.0) + min(fading(felt, 0.7), 5.0))


def chest(oxygen: Sequence[float | None], pulse: Sequence[float | None], breaths: Sequence[float | None], felt: Sequence[float | None],
          ) -> float:  # fmt: skip
    """CO-E1: complaints that last, weighed by what the body does on the same days."""
    body: list[float | None] = []
    for spo2, beat, breath in zip(oxygen, pulse, breaths, strict=True):
        body.append(None if spo2 is None or beat is None else spo2 + beat + 0.6 * (breath or 0.0) - 1.0)
    return six(fading(felt, 0.8) + 0.3 * min(max(fading(body, 0.8), -1.0), 6.0))


TEN_DAYS: Final = (2, 3, 4, 5, 7, 10)
"""Days since when asthma may have been getting worse."""


def airways(peaks: Rise, felt: Rise, puffs: Rise) -> float:
    """AS-E1: peak flow going down, with complaints and reliever going up; each as its rise over TEN_DAYS."""
    return six(above(peaks, 1.0) + above(felt, 1.0) + 0.5 * above(puffs, 1.0))


def shown(value: float) -> Decimal:
    """A score as it is kept and compared."""
    return Decimal(repr(value))


def moved(value: Decimal, normal: Baseline, places: int) -> Decimal:
    """How far a value lies above the person's normal, rounded as people read it."""
    return (value - normal.median).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def middle(normal: Baseline, places: int) -> Decimal:
    """The person's normal as people read it."""
    return normal.median.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)

"""Statistics for detectors: floats inside, rounded half up to 6 places before anything compares or keeps them (C-2)."""

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from domain.readings.baseline import Baseline, millionths, six

_PLACES: Final = Decimal("0.000001")
_CLIP: Final = 4.0


def rounded(value: float) -> Decimal:
    """The number as it is compared and kept."""
    return Decimal(value).quantize(_PLACES, ROUND_HALF_UP)


class Point(msgspec.Struct, frozen=True):
    """One step of a chart: the statistic, and the limit it is held against."""

    value: Decimal
    limit: Decimal

    @property
    def is_over(self) -> bool:
        """Whether it fires."""
        return self.value > self.limit


def robust_u(value: Decimal, normal: Baseline, floor: Decimal) -> Decimal:
    """How many robust standard deviations a value lies above the person's normal, at most 4 either way (BL-3)."""
    return six(min(max(float(value - normal.median) / float(max(normal.spread, floor)), -_CLIP), _CLIP))


def ewma(us: Sequence[Decimal], weight: Decimal, wide: Decimal) -> Point:
    """BL-3: the exponentially weighted mean of u from 0 on, with its own limit, at the last of the observed days."""
    z, share = 0.0, float(weight)
    for u in us:
        z = share * float(u) + (1 - share) * z
    grown = 1 - (1 - share) ** (2 * len(us))
    return Point(six(z), six(float(wide) * math.sqrt(share / (2 - share) * grown)))


def cusum(us: Sequence[Decimal], slack: Decimal = Decimal("0.5"), limit: Decimal = Decimal(5)) -> list[Point]:
    """BL-4: the upward cumulative sum of u."""
    total, found = Decimal(0), list[Point]()
    for u in us:
        total = max(Decimal(0), total + u - slack)
        found.append(Point(total, limit))
    return found


def macd(values: Sequence[Decimal], fast: int = 3, slow: int = 20) -> list[int]:
    """HF-W4: the short exponential mean less the long one, both begun at the first value, at each observed day; in millionths."""
    quick = long = float(values[0])
    a, b = 2 / (fast + 1), 2 / (slow + 1)
    found = [0]
    for number in map(float, values[1:]):
        quick += a * (number - quick)
        long += b * (number - long)
        found.append(millionths(quick - long))
    return found


def theil_sen(points: Sequence[tuple[int, Decimal]]) -> Decimal | None:
    """BL-6: the middle of the slopes between all pairs of (day, value), a day; None with fewer than two days."""
    slopes = sorted(float(later[1] - one[1]) / (later[0] - one[0])
                    for place, one in enumerate(points) for later in points[place + 1 :] if later[0] != one[0])  # fmt: skip
    if not slopes:
        return None
    half = len(slopes) // 2
    return six(slopes[half] if len(slopes) % 2 else (slopes[half - 1] + slopes[half]) / 2)


def mean(values: Sequence[Decimal]) -> Decimal:
    """The mean."""
    return six(math.fsum(map(float, values)) / len(values))


def sd(values: Sequence[Decimal]) -> Decimal:
    """The standard deviation of a sample (n - 1); 0 of a single value."""
    if len(values) < 2:  # noqa: PLR2004 - one value has no spread
        return Decimal(0)
    numbers = [float(value) for value in values]
    middle = math.fsum(numbers) / len(numbers)
    return six(math.sqrt(math.fsum((value - middle) ** 2 for value in numbers) / (len(numbers) - 1)))


def poisson_tail(least: int, usual: Decimal) -> Decimal:
    """How likely `least` or more are when `usual` is the mean (EP-3)."""
    mean = float(usual)
    below = math.fsum(math.exp(-mean) * mean**count / math.factorial(count) for count in range(least))
    return rounded(max(0.0, 1.0 - below))


def egfr(creatinine_umol: Decimal, age: int, *, is_female: bool, equation: str) -> Decimal:
    """CKD-EPI of 2009 without ethnicity (as NICE) or of 2021, in mL/min/1.73 m2. The two are never compared."""
    mg = float(creatinine_umol) / 88.42
    kappa = 0.7 if is_female else 0.9
    low, high = min(mg / kappa, 1.0), max(mg / kappa, 1.0)
    if equation == "ckd_epi_2009":
        alpha = -0.329 if is_female else -0.411
        found = 141 * low**alpha * high**-1.209 * 0.993**age * (1.018 if is_female else 1.0)
    else:
        alpha = -0.241 if is_female else -0.302
        found = 142 * low**alpha * high**-1.200 * 0.9938**age * (1.012 if is_female else 1.0)
    return rounded(found)

"""A person's own normal: centre, spread and number of days (BL-2, BL-3). Floats, rounded half up to 6 places."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

WINDOW: Final = 35
"""The normal of a date comes from this many dates before it on,"""
GUARD: Final = 8
"""up to this many before it: a slow drift of the last week does not poison it."""
LEAST: Final = 10
"""With fewer days it is still being learnt: only absolute and guideline rules run."""
_MAD: Final = 1.4826
_MILLION: Final = 1_000_000


class Baseline(msgspec.Struct, frozen=True, array_like=True):
    """`spread` is 1.4826 times the median distance from the median; `sd` is of the sample (n - 1). All to 6 places."""

    n: int
    median: Decimal
    spread: Decimal
    mean: Decimal
    sd: Decimal


def millionths(value: float) -> int:
    """The number rounded half up (away from zero) to 6 places, in whole millionths."""
    return math.floor(value * _MILLION + 0.5) if value >= 0 else -math.floor(-value * _MILLION + 0.5)


def six(value: float) -> Decimal:
    """The number rounded half up (away from zero) to 6 places, so that every machine compares and keeps the same one."""
    return Decimal(millionths(value)).scaleb(-6)


def of(values: Sequence[Decimal]) -> Baseline:
    """The normal of the values of some days."""
    numbers = sorted(map(float, values))
    middle = _middle(numbers)
    n = len(numbers)
    mean = math.fsum(numbers) / n
    spread = math.fsum((value - mean) ** 2 for value in numbers) / (n - 1) if n > 1 else 0.0
    return Baseline(n, six(middle), six(_MAD * _middle(sorted(abs(value - middle) for value in numbers))), six(mean),
                    six(math.sqrt(spread)))  # fmt: skip


def _middle(ranked: Sequence[float]) -> float:
    half = len(ranked) // 2
    return ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2

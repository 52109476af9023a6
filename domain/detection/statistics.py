"""Statistics over exact numbers: floats inside, rounded half up to 6 places before anything compares or keeps them."""

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_PLACES: Final = Decimal("0.000001")


def rounded(value: float) -> Decimal:
    """The number as it is compared and kept."""
    return Decimal(value).quantize(_PLACES, ROUND_HALF_UP)


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

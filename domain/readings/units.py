"""Exact conversion to the canonical unit, once (C-2). The original stays beside the result (INV-3).

One table: (kind, unit) -> how to convert. A unit that is not in the table is unknown, whatever it looks like (ING-5).
"""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Final

from domain.errors import Invalid
from domain.readings.kinds import BY_NAME, BY_NO, Kind

MG_PER_MMOL_GLUCOSE: Final = Decimal("18.0156")
MMHG_PER_KPA: Final = Decimal("7.50062")

Convert = Callable[[Decimal], Decimal]


def _times(factor: str) -> Convert:
    exact = Decimal(factor)
    return lambda value: value * exact


def _over(factor: Decimal) -> Convert:
    return lambda value: value / factor


_GLUCOSE: Final[dict[str, Convert]] = {"mg/dL": _over(MG_PER_MMOL_GLUCOSE), "mol/L": _times("1000"),
                                       "kg/L": lambda value: value * 100_000 / MG_PER_MMOL_GLUCOSE}
_TABLE: Final[dict[str, dict[str, Convert]]] = {
    "blood_pressure": {"kPa": lambda value: value * MMHG_PER_KPA},
    "oxygen_saturation": {"{fraction}": _times("100")},
    "body_fat": {"{fraction}": _times("100")},
    "body_temperature": {"[degF]": lambda value: (value - 32) * 5 / 9, "K": lambda value: value - Decimal("273.15")},
    "body_weight": {"g": _times("0.001"), "[lb_av]": _times("0.45359237"), "[stone_av]": _times("6.35029318")},
    "body_height": {"m": _times("100"), "[in_i]": _times("2.54"), "[ft_i]": _times("30.48")},
    "glucose_cgm": _GLUCOSE,
    "glucose_capillary": _GLUCOSE,
    "glucose": _GLUCOSE,
    "hba1c": {"%": lambda value: (value - Decimal("2.15")) * Decimal("10.929")},
    "peak_flow": {"L/s": _times("60")},
    "spirometry": {"mL": _times("0.001")},
    "creatinine": {"mg/dL": _times("88.42")},
    "urine_acr": {"mg/g": _over(Decimal("8.84"))},
    "nt_probnp": {"pmol/L": _times("8.457")},
    "haemoglobin": {"g/dL": _times("10")},
    "rr_interval": {"s": _times("1000")},
    "seizure_duration": {"min": _times("60")},
    "other_seizure_duration": {"min": _times("60")},
    "sleep_duration": {"min": _over(Decimal(60)), "s": _over(Decimal(3600))},
}

ALIASES: Final[dict[str, str]] = {
    "mmHg": "mm[Hg]", "MDC_DIM_MMHG": "mm[Hg]", "266016": "mm[Hg]",
    "bpm": "/min", "beats/min": "/min", "{beats}/min": "/min", "count/min": "/min", "264864": "/min",
    "breaths/min": "/min", "{Breaths}/min": "/min", "{breaths}/min": "/min", "264928": "/min",
    "percent": "%", "262688": "%",
    "C": "Cel", "degC": "Cel", "268192": "Cel", "F": "[degF]", "degF": "[degF]", "268160": "[degF]",
    "263875": "kg", "lb": "[lb_av]", "lbs": "[lb_av]", "st": "[stone_av]",
    "mg/dl": "mg/dL", "264274": "mg/dL", "mmol/l": "mmol/L", "mmol<180.1558800000541>/L": "mmol/L",
    "l/min": "L/min", "l/s": "L/s", "g/dl": "g/dL", "liters/min": "L/min",
    "in": "[in_i]", "ft": "[ft_i]", "263441": "cm", "264096": "kg/m2",
    "umol/l": "umol/L", "µmol/L": "umol/L", "steps": "{steps}", "score": "{score}",
}
"""Spellings that are accepted beside UCUM. UCUM is looked up first, with its case; this list is complete."""

_QUANTUM: Final = {places: Decimal(1).scaleb(-places) for places in range(7)}


def accepts(kind: Kind) -> tuple[str, ...]:
    """The UCUM units that a kind may be sent in, the canonical one first."""
    return (kind.unit, *_TABLE.get(kind.name, ()))


def known_unit(kind: Kind, unit: str) -> str | None:
    """The UCUM code of a unit as it was written, or None when this kind is not measured in it."""
    if unit == kind.unit:
        return unit
    others = _TABLE.get(kind.name, {})
    if unit in others:
        return unit
    alias = ALIASES.get(unit)
    return alias if alias is not None and (alias == kind.unit or alias in others) else None


def to_canonical(kind: Kind, unit: str, value: Decimal) -> Decimal:
    """The value in the kind's canonical unit, rounded half up to its precision. Raises Invalid for an unknown unit."""
    if unit != kind.unit:
        code = known_unit(kind, unit)
        if code is None:
            raise Invalid(f"One of {', '.join(accepts(kind))}.", "/unit")
        if code != kind.unit:
            with localcontext() as exact:
                exact.prec = 50
                value = _TABLE[kind.name][code](value)
                return value.quantize(_QUANTUM[kind.places], ROUND_HALF_UP)
    return _rounded(kind, value)


def _rounded(kind: Kind, value: Decimal) -> Decimal:
    # Fewer decimals than the precision stay as they were sent: 80.2 kg comes back as 80.2.
    if int(value.as_tuple().exponent) >= -kind.places:
        return value
    with localcontext() as exact:
        exact.prec = 50
        return value.quantize(_QUANTUM[kind.places], ROUND_HALF_UP)


def both_glucose(mmol: Decimal) -> Decimal:
    """A glucose limit in mg/dL for one given in mmol/L, once, when it is set (C-3)."""
    return (mmol * MG_PER_MMOL_GLUCOSE).quantize(Decimal(1), ROUND_HALF_UP)


def by_number(no: int) -> Kind:
    """The kind with a stored number."""
    return BY_NO[no]


assert _TABLE.keys() <= BY_NAME.keys()  # noqa: S101 - a table that names no kind is a programmer's error

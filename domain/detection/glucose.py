"""Glucose is compared in the unit it was reported in, so each limit is a pair (C-3)."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from domain.detection.rule import Glucose, same
from domain.readings.kinds import BY_NAME, BY_NO
from domain.readings.reading import Reading

GLUCOSE: Final = frozenset(BY_NAME[name].no for name in ("glucose_cgm", "glucose_capillary", "glucose"))
SAMPLED: Final = frozenset(no for no in GLUCOSE if BY_NO[no].sampled)
SPOT: Final = GLUCOSE - SAMPLED
SENSOR: Final = BY_NAME["glucose_cgm"].no


LOW: Final = Glucose(Decimal("3.9"), Decimal(70))
VERY_LOW: Final = Glucose(Decimal("3.0"), Decimal(54))


def reported(one: Reading) -> tuple[Decimal, str]:
    """The value and unit as the device said them."""
    if one.unit == "mg/dL" and one.original:
        return one.original[0].quantize(Decimal(1), ROUND_HALF_UP), "mg/dL"
    return one.value, "mmol/L"


def bound(unit: str, limit: Glucose) -> Decimal:
    """The half of a limit that is in this unit."""
    return limit.mg if unit == "mg/dL" else limit.mmol


def is_below(one: Reading, limit: Glucose) -> bool:
    """Whether it is below a limit; a device's LO is below whatever its bound is (DQ-3)."""
    if one.comparator == ">":
        return False
    value, unit = reported(one)
    edge = bound(unit, limit)
    return value <= edge if one.comparator == "<" else value < edge


def is_above(one: Reading, limit: Glucose) -> bool:
    """Whether it is above a limit; a device's HI is above every limit (DQ-3)."""
    if one.comparator is not None:
        return one.comparator == ">"
    value, unit = reported(one)
    return value > bound(unit, limit)


def is_at_least(one: Reading, limit: Glucose) -> bool:
    """Whether it is at or above a limit; a device's HI is above every limit (DQ-3)."""
    if one.comparator is not None:
        return one.comparator == ">"
    value, unit = reported(one)
    return value >= bound(unit, limit)


def shown(one: Reading) -> str:
    """The value as the nurse reads it, in the unit that the person sees on the device."""
    value, unit = reported(one)
    return f"{one.comparator or ''}{same(value)} {unit}"


def numbers(one: Reading) -> dict[str, str]:
    """The value and its unit, as a judgement keeps them."""
    value, unit = reported(one)
    return {"glucose": f"{one.comparator or ''}{same(value)}", "unit": unit}


def limit_text(one: Reading, limit: Glucose) -> str:
    """A limit in the unit of a reading."""
    unit = reported(one)[1]
    return f"{same(bound(unit, limit))} {unit}"

"""DQ rules for one draft: believe it, hold it and ask, or refuse it, with the reason. No value is believed elsewhere.

What depends on neighbours in the record (DQ-1 agreement, DQ-4, DQ-5 pairs) is worked out when judging, so that it never
depends on the order of arrival. The one exception is DQ-2's comparison of a weight with the weights before it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Final, Literal, Protocol
from uuid import UUID

from domain.readings.kinds import BY_NAME, BY_NO, CODE_NO, Kind, Range
from domain.readings.reading import Draft, Quarantined, Reading, Rejected, TimeSource
from domain.readings.units import accepts, known_unit, to_canonical

DIGITS: Final = 18
AHEAD: Final = timedelta(minutes=5)
FAR_AHEAD: Final = timedelta(hours=24)
LIVE_OLDEST: Final = timedelta(days=366)
HISTORY_OLDEST: Final = datetime(2000, 1, 2, tzinfo=UTC)
_EPOCHS: Final = frozenset({(1970, 1, 1), (2000, 1, 1), (1900, 1, 1)})
_WEIGHT: Final = BY_NAME["body_weight"].no
_PARTS: Final = 3


def is_number(value: Decimal) -> bool:
    """A finite decimal of at most 18 significant digits and an exponent within 18 (ING-10)."""
    _sign, digits, exponent = value.as_tuple()
    return isinstance(exponent, int) and len(digits) <= DIGITS and -DIGITS <= exponent <= DIGITS


class Valued(Protocol):
    """Whatever has a value: a reading, or a day's value of the diary."""

    @property
    def value(self) -> Decimal:
        """Canonical."""
        ...  # pragma: no cover - a shape, never run


def check(draft: Draft, *, recent: Mapping[int, Sequence[Valued]], now: datetime) -> Reading | Quarantined | Rejected:  # noqa: C901 - each DQ rule is a line
    """Judge one draft. `recent`: what is known of a kind of the last weeks, by kind number; asked for weights alone (DQ-2)."""
    kind = BY_NAME.get(draft.kind)
    if kind is None:
        return Rejected(draft.id, "kind_unknown", "/kind", "Not a kind of reading that is known here.")
    if kind.codes:
        return _coded(draft, kind, now)
    values = _values(draft, kind)
    if isinstance(values, Rejected):
        return values
    unit = draft.unit
    if unit is None:
        return Rejected(draft.id, "unit_missing", "/unit", f"One of {', '.join(accepts(kind))}.")
    if unit != kind.unit:
        code = known_unit(kind, unit)
        if code is None:
            return Rejected(draft.id, "unit_unknown", "/unit", f"One of {', '.join(accepts(kind))}.")
        canonical = [to_canonical(kind, code, value) for value in values]
        # The reported unit stays where it differs, and so do the values in it: C-3 compares in that unit.
        original = tuple(values) if code != kind.unit else None
        unit = code if code != kind.unit else None
    else:
        canonical = [to_canonical(kind, unit, value) for value in values]
        # The digits as sent are kept too: 6.10 comes back as 6.10.
        is_as_sent = canonical == values and all(map(Decimal.same_quantum, canonical, values))
        original = None if is_as_sent else tuple(values)
        unit = None
    marks: list[str] = []
    held = _ranges(draft, kind, values, canonical, unit or kind.unit, marks)
    if held is None and kind.no == _WEIGHT and draft.settled is None:
        held = _weight_mixed_up(draft, canonical[0], recent.get(_WEIGHT, ()))
    if isinstance(held, Rejected) or (held is not None and draft.settled != "released"):
        return held
    if draft.settled is not None:
        # A person looked at it: what a device says of its range stays, every other doubt is answered (DQ-12).
        marks = [*(mark for mark in marks if mark == "beyond_range"), draft.settled]
    return _timed(draft, kind, canonical, original, unit, marks, now)


def _values(draft: Draft, kind: Kind) -> list[Decimal] | Rejected:  # noqa: C901 - each refusal is a line
    if kind.parts:
        parts = draft.parts
        if parts is None:
            return Rejected(draft.id, "parts_missing", "/parts", f"Parts: {', '.join(part.name for part in kind.parts)}.")
        names = {part.name for part in kind.parts}
        if not parts.keys() <= names:
            return Rejected(draft.id, "part_unknown", "/parts", f"Parts: {', '.join(sorted(names))}.")
        found: list[Decimal] = []
        for part in kind.parts:
            value = parts.get(part.name)
            if value is None:
                if part.optional:
                    continue
                return Rejected(draft.id, "part_missing", f"/parts/{part.name}", "This part is needed.")
            if not is_number(value):
                return Rejected(draft.id, "not_a_number", f"/parts/{part.name}", "A finite number of at most 18 digits.")
            found.append(value)
        return found
    if draft.value is None:
        return Rejected(draft.id, "value_missing", "/value", "A number is needed.")
    if not is_number(draft.value):
        return Rejected(draft.id, "not_a_number", "/value", "A finite number of at most 18 digits.")
    return [draft.value]


def _coded(draft: Draft, kind: Kind, now: datetime) -> Reading | Quarantined | Rejected:
    no = CODE_NO[kind.no].get(draft.code or "")
    if no is None:
        return Rejected(draft.id, "code_unknown", "/code", "Not one of the codes of this kind.")
    return _timed(draft, kind, [Decimal(no)], None, None, [], now)


def _held(draft: Draft, code: str, pointer: str, detail: str) -> Quarantined:
    return Quarantined(draft.id, code, pointer, detail)


def _outside(value: Decimal, limits: Range | None) -> bool:
    return limits is not None and not limits.low <= value <= limits.high


def _ranges(  # noqa: C901 - each DQ rule is a line
    draft: Draft, kind: Kind, sent: Sequence[Decimal], canonical: Sequence[Decimal], unit: str, marks: list[str],
) -> Quarantined | Rejected | None:
    """DQ-1, DQ-2, DQ-3, DQ-5: impossible or mistaken values are held, unlikely ones are kept and marked."""
    if kind.name == "blood_pressure":
        return _blood_pressure(draft, kind, canonical, marks)
    if kind.parts:
        for part, value in zip(kind.parts, canonical, strict=False):
            if _outside(value, part.hard):
                return _held(draft, "impossible", f"/parts/{part.name}", "Outside what is possible for a person.")
        return None
    value = canonical[0]
    if draft.comparator is not None:
        # HI and LO of a device are evaluated as beyond their bound and never as a number (DQ-3).
        marks.append("beyond_range")
        return None
    suspect = _mixed_up(kind, sent[0], value, unit)
    if suspect is not None:
        return _held(draft, suspect, "/unit", "This looks like another unit than the one named.")
    limits = kind.hard
    if unit == "mg/dL" and kind.name.startswith("glucose"):
        low, high = (Decimal(40), Decimal(500)) if kind.sampled else (Decimal(10), Decimal(900))
        limits, value = Range(low, high), sent[0]
    if _outside(value, limits):
        return _held(draft, "impossible", "/value", "Outside what is possible for a person.")
    soft = kind.soft
    if soft is not None and unit == "mg/dL" and kind.name.startswith("glucose"):
        soft = Range(Decimal(20), Decimal(600))
    if _outside(value, soft):
        marks.append("soft_range")
    if kind.name in _GLUCOSE and unit == "mmol/L" and value > _DANGEROUS_GLUCOSE:
        marks.append("suspect_unit")
    return None


_GLUCOSE: Final = frozenset({"glucose_capillary", "glucose"})
_DANGEROUS_GLUCOSE: Final = Decimal("33.3")
_SUSPECT_ABOVE: Final[dict[tuple[str, str], tuple[Decimal, Decimal]]] = {
    # (kind, unit as labelled): from, to (both inside) -> it was probably measured in another unit (DQ-2)
    ("glucose_capillary", "mmol/L"): (Decimal("50.0000001"), Decimal(1000)),
    ("glucose", "mmol/L"): (Decimal("50.0000001"), Decimal(1000)),
    ("glucose_cgm", "mmol/L"): (Decimal("27.8000001"), Decimal(1000)),
    ("glucose_capillary", "mg/dL"): (Decimal(0), Decimal("19.9999999")),
    ("glucose", "mg/dL"): (Decimal(0), Decimal("19.9999999")),
    ("glucose_cgm", "mg/dL"): (Decimal(0), Decimal("19.9999999")),
    ("body_temperature", "Cel"): (Decimal(86), Decimal(113)),
    ("oxygen_saturation", "%"): (Decimal("0.50"), Decimal("1.00")),
    ("hba1c", "mmol/mol"): (Decimal("4.0"), Decimal("14.9")),
    ("creatinine", "umol/L"): (Decimal(0), Decimal("14.9999999")),
    ("peak_flow", "L/min"): (Decimal("0.5"), Decimal(15)),
}


def _mixed_up(kind: Kind, sent: Decimal, _canonical: Decimal, unit: str) -> str | None:
    bounds = _SUSPECT_ABOVE.get((kind.name, unit))
    if bounds is not None and bounds[0] <= sent <= bounds[1]:
        return "implausible_for_unit"
    return None


_TOO_LOW_KPA: Final = Decimal(35), Decimal(20)
_NARROW: Final = Decimal(20)
_WIDE: Final = Decimal(120)


def _blood_pressure(draft: Draft, kind: Kind, values: Sequence[Decimal], marks: list[str]) -> Quarantined | Rejected | None:
    systolic, diastolic = values[0], values[1]
    if systolic < _TOO_LOW_KPA[0] and diastolic < _TOO_LOW_KPA[1]:
        return _held(draft, "implausible_for_unit", "/unit", "This looks like kPa.")
    for part, value in zip(kind.parts, values, strict=False):
        if _outside(value, part.hard):
            return _held(draft, "impossible", f"/parts/{part.name}", "Outside what is possible for a person.")
        if _outside(value, part.soft) and "soft_range" not in marks:
            marks.append("soft_range")
    if diastolic >= systolic:
        return Rejected(draft.id, "diastolic_not_below_systolic", "/parts/diastolic", "Diastolic must be below systolic.")
    if not _NARROW <= systolic - diastolic <= _WIDE and "soft_range" not in marks:
        marks.append("soft_range")
    return None


_RATIOS: Final = (
    (Decimal("2.05"), Decimal("2.36")), (Decimal("0.43"), Decimal("0.48")),
    (Decimal("5.7"), Decimal("7.0")), (Decimal("0.143"), Decimal("0.175")),
)
_ENOUGH: Final = 3
_NEAR: Final = (Decimal("0.49"), Decimal("2.0"))
"""Within these of every weight before it, so of their middle too, none of the ratios is met."""


def _weight_mixed_up(draft: Draft, value: Decimal, before: Sequence[Valued]) -> Quarantined | None:
    """DQ-2: a weight that stands to the person's own as pounds or stones to kilograms."""
    if len(before) < _ENOUGH:
        return None
    values = [one.value for one in before]
    if value > max(values) * _NEAR[0] and value < min(values) * _NEAR[1]:
        return None
    ratio = value / median(values)
    if any(low <= ratio <= high for low, high in _RATIOS):
        return _held(draft, "implausible_for_unit", "/unit", "This looks like pounds or stones.")
    return None


def _timed(  # noqa: PLR0913 - the last step: everything that makes a reading
    draft: Draft, kind: Kind, canonical: Sequence[Decimal], original: tuple[Decimal, ...] | None, unit: str | None,
    marks: list[str], now: datetime,
) -> Reading | Quarantined | Rejected:
    """DQ-7: the instant, or why the clock is not believed."""
    at = draft.taken_at.astimezone(UTC)
    device_time = draft.device_time
    time_source = draft.time_source
    if at > now + AHEAD:
        if at > now + FAR_AHEAD:
            return _held(draft, "time_ahead", "/takenAt", "More than a day ahead of our clock; was it taken just now?")
        device_time, at, time_source = at, now, TimeSource.SERVER_RECEIVED
        marks.append("clock_ahead")
    elif (at.year, at.month, at.day) in _EPOCHS:
        return _held(draft, "clock_unset", "/takenAt", "The device's clock was not set; when was it taken?")
    elif draft.history:
        if at < HISTORY_OLDEST:
            return _held(draft, "time_too_old", "/takenAt", "Before 2000; when was it taken?")
    elif at < now - LIVE_OLDEST:
        return _held(draft, "time_too_old", "/takenAt", "More than a year ago; send it as history if that is right.")
    values = [*canonical, None, None][:_PARTS]
    first = values[0]
    assert first is not None  # noqa: S101 - every kind has a first value
    return Reading(
        id=draft.id, kind=kind.no, taken_at=at, received_at=now, value=first, value2=values[1], value3=values[2],
        original=original, unit=unit, comparator=draft.comparator, context=draft.context, device=draft.device,
        manual=draft.manual, source=draft.source, time_source=time_source, offset_min=draft.offset_min,
        device_time=device_time, corrects=draft.corrects, marks=tuple(marks),
    )


def restore_sample(  # noqa: PLR0913 - one sample of an hourly array, with what the array holds of it
    *, kind: int, taken_at: datetime, received_at: datetime, value: Decimal, unit: str | None,
    comparator: Literal["<", ">"] | None, device: int, source: int, time_source: int, offset_min: int,
    marks: tuple[str, ...], status: int,
) -> Reading:
    """A stored sensor sample as the reading it was; arrays keep the value as sent, so the canonical one is derived again."""
    known = BY_NO[kind]
    original = None if unit is None else (value,)
    return Reading(
        id=_NO_ID, kind=kind, taken_at=taken_at, received_at=received_at, value=to_canonical(known, unit or known.unit, value),
        original=original, unit=unit, comparator=comparator, device=device, source=source, time_source=time_source,
        offset_min=offset_min, marks=marks, status=status,
    )


_NO_ID: Final = UUID(int=0)

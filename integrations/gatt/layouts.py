"""Twelve characteristics, octets to fields. Everything announced must be there and nothing else may."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from integrations.gatt.numbers import Number, Octets, Wrong

_FAILED: Final = 0xFFFF
_NOBODY: Final = 255


class BloodPressure(msgspec.Struct, frozen=True, kw_only=True):
    """2A35, and 2A36 while the cuff is still pumping (then it is no reading)."""

    systolic: Number
    diastolic: Number
    mean: Number
    unit: str
    at: datetime | None
    pulse: Number | None
    user: int | None
    status: int
    is_final: bool = True


class Glucose(msgspec.Struct, frozen=True, kw_only=True):
    """2A18: one finger-prick. `offset_min` is added to `at`."""

    sequence: int
    at: datetime | None
    offset_min: int
    value: Number | None
    unit: str
    type: int
    location: int
    status: int
    has_context: bool


class GlucoseContext(msgspec.Struct, frozen=True, kw_only=True):
    """2A34: what goes with the glucose of the same sequence number."""

    sequence: int
    meal: int | None
    carbohydrate: tuple[int, Number] | None
    tester: int | None
    health: int | None
    exercise: tuple[int, int] | None
    medication: tuple[int, Number] | None
    medication_unit: str
    hba1c: Number | None


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One record of 2AA7, in mg/dL, so many minutes after the session began."""

    value: Number
    offset_min: int
    status: int
    calibration: int
    warning: int
    trend: Number | None
    quality: Number | None


class SensorRecords(msgspec.Struct, frozen=True):
    """2AA7: one notification may hold several records."""

    records: tuple[Sample, ...]


class SessionStart(msgspec.Struct, frozen=True, kw_only=True):
    """2AAA: when a sensor's session began; `offset_min` from UTC when the device knows its zone."""

    at: datetime | None
    offset_min: int | None


class Weight(msgspec.Struct, frozen=True, kw_only=True):
    """2A9D. `weight` is None when the scale says that it failed."""

    weight: Decimal | None
    unit: str
    at: datetime | None
    user: int | None
    bmi: Decimal | None
    height: Decimal | None
    height_unit: str


class BodyComposition(msgspec.Struct, frozen=True, kw_only=True):
    """2A9C. `fat` is None when the scale says that it failed."""

    fat: Decimal | None
    at: datetime | None
    user: int | None
    weight: Decimal | None
    unit: str
    height: Decimal | None
    height_unit: str


class Oximetry(msgspec.Struct, frozen=True, kw_only=True):
    """2A5E (one spot) and 2A5F (continuous)."""

    spo2: Number
    pulse: Number
    at: datetime | None
    measurement: int
    device: int
    perfusion: Number | None
    clock_unset: bool


class Temperature(msgspec.Struct, frozen=True, kw_only=True):
    """2A1C."""

    value: Number
    unit: str
    at: datetime | None
    site: int | None


class HeartRate(msgspec.Struct, frozen=True, kw_only=True):
    """2A37. `contact` is None when the strap cannot tell; intervals in 1/1024 s."""

    rate: int
    contact: bool | None
    energy_kj: int | None
    intervals: tuple[int, ...]


Value = (
    BloodPressure | Glucose | GlucoseContext | SensorRecords | SessionStart | Weight | BodyComposition | Oximetry | Temperature | HeartRate
)


def _user(octets: Octets) -> int | None:
    found = octets.unsigned(1)
    return None if found == _NOBODY else found


def blood_pressure(value: bytes) -> BloodPressure:
    """2A35."""
    octets = Octets(value)
    flags = octets.flags(1, 0xE0)
    found = BloodPressure(
        systolic=octets.sfloat(), diastolic=octets.sfloat(), mean=octets.sfloat(), unit="kPa" if flags & 1 else "mm[Hg]",
        at=octets.time() if flags & 2 else None, pulse=octets.sfloat() if flags & 4 else None,
        user=_user(octets) if flags & 8 else None, status=octets.unsigned(2) if flags & 16 else 0,
    )  # fmt: skip
    octets.end()
    return found


def cuff_pressure(value: bytes) -> BloodPressure:
    """2A36: the same layout while the cuff is pumping."""
    return msgspec.structs.replace(blood_pressure(value), is_final=False)


def glucose(value: bytes) -> Glucose:
    """2A18."""
    octets = Octets(value)
    flags = octets.flags(1, 0xE0)
    sequence, at = octets.unsigned(2), octets.time()
    offset = octets.signed(2) if flags & 1 else 0
    amount = octets.sfloat() if flags & 2 else None
    nibbles = octets.unsigned(1) if flags & 2 else 0
    status = octets.unsigned(2) if flags & 8 else 0
    octets.end()
    return Glucose(
        sequence=sequence, at=at, offset_min=offset, value=amount, unit="mol/L" if flags & 4 else "kg/L", type=nibbles & 0x0F,
        location=nibbles >> 4, status=status, has_context=bool(flags & 16),
    )  # fmt: skip


def glucose_context(value: bytes) -> GlucoseContext:
    """2A34."""
    octets = Octets(value)
    flags = octets.unsigned(1)
    sequence = octets.unsigned(2)
    if flags & 128:
        octets.take(1)
    carbohydrate = (octets.unsigned(1), octets.sfloat()) if flags & 1 else None
    meal = octets.unsigned(1) if flags & 2 else None
    nibbles = octets.unsigned(1) if flags & 4 else None
    exercise = (octets.unsigned(2), octets.unsigned(1)) if flags & 8 else None
    medication = (octets.unsigned(1), octets.sfloat()) if flags & 16 else None
    hba1c = octets.sfloat() if flags & 64 else None
    octets.end()
    return GlucoseContext(
        sequence=sequence, meal=meal, carbohydrate=carbohydrate, tester=None if nibbles is None else nibbles & 0x0F,
        health=None if nibbles is None else nibbles >> 4, exercise=exercise, medication=medication,
        medication_unit="L" if flags & 32 else "kg", hba1c=hba1c,
    )  # fmt: skip


def sensor_records(value: bytes) -> SensorRecords:
    """2AA7: records one after another, each as long as its first octet says."""
    octets = Octets(value)
    found: list[Sample] = []
    while octets.left:
        size = octets.unsigned(1)
        if size < 6:  # noqa: PLR2004 - size, flags, value and time
            raise Wrong("A record is at least six octets long.")
        found.append(_sample(Octets(bytes([size]) + octets.take(size - 1))))
    if not found:
        raise Wrong("No record.")
    return SensorRecords(tuple(found))


def _sample(octets: Octets) -> Sample:
    octets.take(1)
    flags = octets.flags(1, 0x1C)
    amount, offset = octets.sfloat(), octets.unsigned(2)
    status, calibration, warning = (octets.unsigned(1) if flags & bit else 0 for bit in (128, 64, 32))
    trend = octets.sfloat() if flags & 1 else None
    quality = octets.sfloat() if flags & 2 else None
    octets.checked_end()
    return Sample(
        value=amount, offset_min=offset, status=status, calibration=calibration, warning=warning, trend=trend, quality=quality
    )


_DST_MIN: Final = {0: 0, 2: 30, 4: 60, 8: 120}
_QUARTER_MIN: Final = 15
_NO_ZONE: Final = -128


def session_start(value: bytes) -> SessionStart:
    """2AAA: zone in quarters of an hour; 255 for summer time is unknown."""
    octets = Octets(value)
    at, zone, summer = octets.time(), octets.signed(1), octets.unsigned(1)
    octets.checked_end()
    if zone == _NO_ZONE or summer == _NOBODY:
        return SessionStart(at=at, offset_min=None)
    if summer not in _DST_MIN or not -48 <= zone <= 56:  # noqa: PLR2004 - UTC-12 to UTC+14
        raise Wrong("No time zone.")
    return SessionStart(at=at, offset_min=zone * _QUARTER_MIN + _DST_MIN[summer])


def _scaled(raw: int, step: str) -> Decimal:
    return Decimal(raw) * Decimal(step)


def _mass(raw: int, flags: int) -> Decimal:
    return _scaled(raw, "0.01" if flags & 1 else "0.005")


def _height(raw: int) -> Decimal:
    """In inches, or in centimetres (a scale sends millimetres)."""
    return _scaled(raw, "0.1")


def weight(value: bytes) -> Weight:
    """2A9D."""
    octets = Octets(value)
    flags = octets.flags(1, 0xF0)
    raw = octets.unsigned(2)
    at = octets.time() if flags & 2 else None
    user = _user(octets) if flags & 4 else None
    bmi = _scaled(octets.unsigned(2), "0.1") if flags & 8 else None
    height = _height(octets.unsigned(2)) if flags & 8 else None
    octets.end()
    return Weight(
        weight=None if raw == _FAILED else _mass(raw, flags), unit="[lb_av]" if flags & 1 else "kg", at=at, user=user, bmi=bmi,
        height=height, height_unit="[in_i]" if flags & 1 else "cm",
    )  # fmt: skip


_BETWEEN: Final = (8, 16, 32, 64, 128, 256, 512)
"""Basal metabolism, muscle %, muscle, fat-free, soft lean, water, impedance: two octets each, not kept."""


def body_composition(value: bytes) -> BodyComposition:
    """2A9C. A value spread over several packets is refused: half of one is no reading."""
    octets = Octets(value)
    flags = octets.flags(2, 0xE000)
    if flags & 0x1000:
        raise Wrong("A value in several packets.")
    raw = octets.unsigned(2)
    at = octets.time() if flags & 2 else None
    user = _user(octets) if flags & 4 else None
    octets.take(2 * sum(1 for bit in _BETWEEN if flags & bit))
    mass = _mass(octets.unsigned(2), flags) if flags & 1024 else None
    height = _height(octets.unsigned(2)) if flags & 2048 else None
    octets.end()
    return BodyComposition(
        fat=None if raw == _FAILED else _scaled(raw, "0.1"), at=at, user=user, weight=mass, unit="[lb_av]" if flags & 1 else "kg",
        height=height, height_unit="[in_i]" if flags & 1 else "cm",
    )  # fmt: skip


def spot_oximetry(value: bytes) -> Oximetry:
    """2A5E."""
    octets = Octets(value)
    flags = octets.flags(1, 0xE0)
    spo2, pulse = octets.sfloat(), octets.sfloat()
    at = octets.time() if flags & 1 else None
    measurement = octets.unsigned(2) if flags & 2 else 0
    device = octets.unsigned(3) if flags & 4 else 0
    perfusion = octets.sfloat() if flags & 8 else None
    octets.end()
    return Oximetry(
        spo2=spo2, pulse=pulse, at=at, measurement=measurement, device=device, perfusion=perfusion, clock_unset=bool(flags & 16)
    )


def continuous_oximetry(value: bytes) -> Oximetry:
    """2A5F: the pair of the usual speed counts; the fast and the slow pair are passed over."""
    octets = Octets(value)
    flags = octets.flags(1, 0xE0)
    spo2, pulse = octets.sfloat(), octets.sfloat()
    octets.take(4 * (bool(flags & 1) + bool(flags & 2)))
    measurement = octets.unsigned(2) if flags & 4 else 0
    device = octets.unsigned(3) if flags & 8 else 0
    perfusion = octets.sfloat() if flags & 16 else None
    octets.end()
    return Oximetry(
        spo2=spo2, pulse=pulse, at=None, measurement=measurement, device=device, perfusion=perfusion, clock_unset=False
    )


def temperature(value: bytes) -> Temperature:
    """2A1C."""
    octets = Octets(value)
    flags = octets.flags(1, 0xF8)
    found = Temperature(
        value=octets.float32(), unit="[degF]" if flags & 1 else "Cel", at=octets.time() if flags & 2 else None,
        site=octets.unsigned(1) if flags & 4 else None,
    )  # fmt: skip
    octets.end()
    return found


def heart_rate(value: bytes) -> HeartRate:
    """2A37: intervals fill the rest of the value, and there is at least one when they are announced."""
    octets = Octets(value)
    flags = octets.flags(1, 0xE0)
    rate = octets.unsigned(2 if flags & 1 else 1)
    energy = octets.unsigned(2) if flags & 8 else None
    intervals: list[int] = []
    if flags & 16:
        intervals.append(octets.unsigned(2))
        while octets.left:
            intervals.append(octets.unsigned(2))
    octets.end()
    return HeartRate(
        rate=rate, contact=bool(flags & 2) if flags & 4 else None, energy_kj=energy, intervals=tuple(intervals)
    )


LAYOUTS: Final[dict[str, Callable[[bytes], Value]]] = {
    "2A35": blood_pressure, "2A36": cuff_pressure, "2A18": glucose, "2A34": glucose_context, "2AA7": sensor_records,
    "2AAA": session_start, "2A9D": weight, "2A9C": body_composition, "2A5E": spot_oximetry, "2A5F": continuous_oximetry,
    "2A1C": temperature, "2A37": heart_rate,
}  # fmt: skip
"""Characteristic (the 16-bit number in hexadecimal) -> how its octets are read."""

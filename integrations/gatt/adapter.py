"""Raw characteristic values, as a phone or gateway passes them on -> drafts."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from domain.readings.reading import Context, Draft, Source, TimeSource
from integrations.derived import GLUCOSE_BOUNDS, reading_id
from integrations.gatt import layouts
from integrations.gatt.numbers import Number, Special, Wrong
from integrations.manifest import Delivery, Fault, Parsed, Unreadable

MOST: Final = 10_000
"""Values in one body."""


class _Device(msgspec.Struct, frozen=True, rename="camel"):
    system_id: str = ""
    address: str = ""
    manufacturer: str = ""
    model: str = ""
    serial: str = ""

    @property
    def name(self) -> str:
        """What tells this device from others."""
        return self.serial or self.system_id or self.address


class _Wrapped(msgspec.Struct, frozen=True, rename="camel"):
    characteristic: Annotated[str, msgspec.Meta(max_length=40)]
    received_at: Annotated[datetime, msgspec.Meta(tz=True)]
    device: _Device = _Device()
    hex: str | None = None
    base64: str | None = None
    zone: str | None = None


_MANY: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ONE: Final = msgspec.json.Decoder(_Wrapped)


def recognises(body: bytes) -> bool:
    """An object or an array of objects that name a characteristic near the beginning."""
    head = body[:4000].lstrip()
    return head[:1] in (b"{", b"[") and b'"characteristic"' in head


def parse(delivery: Delivery) -> Parsed:
    """Drafts in the order of the values; a glucose takes its meal from the context that follows it."""
    body = delivery.body.strip()
    try:
        raws = _MANY.decode(body) if body.startswith(b"[") else [msgspec.Raw(body)]
    except msgspec.DecodeError as error:
        raise Unreadable("One wrapped value, or a JSON array of them.") from error
    if len(raws) > MOST:
        raise Unreadable(f"At most {MOST} values.")
    reader = _Reader(delivery)
    for number, raw in enumerate(raws, start=1):
        reader.take(bytes(raw), number)
    return Parsed(drafts=reader.drafts, faults=reader.faults)


def decode(characteristic: str, octets: bytes) -> layouts.Value:
    """The fields of one value. Raises Wrong: not a characteristic that is known here, or not what its flags announce."""
    layout = layouts.LAYOUTS.get(_short(characteristic))
    if layout is None:
        raise Wrong(f"One of {', '.join(sorted(layouts.LAYOUTS))}.")
    return layout(octets)


_BASE: Final = "-0000-1000-8000-00805F9B34FB"


def _short(characteristic: str) -> str:
    """The 16-bit number, also out of the long form of it."""
    name = characteristic.upper().removeprefix("0X").removesuffix(_BASE)
    return name.removeprefix("0000") if len(name) == 8 else name  # noqa: PLR2004 - 0000xxxx


def _octets(wrapped: _Wrapped) -> bytes:
    if (wrapped.hex is None) == (wrapped.base64 is None):
        raise Wrong("Either hex or base64.")
    try:
        if wrapped.hex is not None:
            return bytes.fromhex(wrapped.hex.replace("-", "").replace(":", ""))
        return base64.b64decode(wrapped.base64 or "", validate=True)
    except (ValueError, binascii.Error) as error:
        raise Wrong("No octets.") from error


class _NoReading(Exception):
    """The device says itself that this is none; `code` says why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def _number(value: Number, what: str) -> Decimal:
    if isinstance(value, Special):
        raise _NoReading("no_value", f"The device has no {what}: {value.value}.")
    return value


def _beyond(value: Number, unit: str, *, above: bool, below: bool) -> tuple[Decimal, Literal["<", ">"] | None]:
    """A glucose as its device said it, and whether it is beyond what the device can measure."""
    comparator: Literal["<", ">"] | None = None
    if above or value is Special.ABOVE:
        comparator = ">"
    elif below or value is Special.BELOW:
        comparator = "<"
    if comparator is not None and isinstance(value, Special):
        return GLUCOSE_BOUNDS[unit, comparator], comparator
    return _number(value, "concentration"), comparator


class _When(msgspec.Struct, frozen=True):
    at: datetime
    source: TimeSource
    offset_min: int
    device_time: datetime | None = None


class _Reader:
    """One pass over the values of a body."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._sessions: dict[str, layouts.SessionStart] = {}
        self._places: dict[tuple[str, int], int] = {}
        self._row = 0
        self.drafts: list[Draft] = []
        self.faults: list[Fault] = []

    def take(self, raw: bytes, number: int) -> None:
        """One wrapped value: its drafts, or why there are none."""
        self._row = number
        try:
            wrapped = _ONE.decode(raw)
            zone = ZoneInfo(wrapped.zone or self._delivery.zone)
        except (msgspec.DecodeError, ValueError, OSError, KeyError):
            self._fault(number, "value_unreadable", "A wrapped value has characteristic, hex or base64, receivedAt and a known zone.")
            return
        try:
            value = decode(wrapped.characteristic, _octets(wrapped))
            self._value(value, wrapped, zone)
        except Wrong as error:
            self._fault(number, "value_malformed", str(error))
        except _NoReading as error:
            self._fault(number, error.code, error.detail)

    def _fault(self, number: int, code: str, detail: str) -> None:
        self.faults.append(Fault(row=number, code=code, detail=detail))

    def _value(self, value: layouts.Value, wrapped: _Wrapped, zone: ZoneInfo) -> None:  # noqa: C901 - one case per characteristic
        device = wrapped.device.name
        match value:
            case layouts.BloodPressure():
                self._blood_pressure(value, wrapped, zone)
            case layouts.Glucose():
                self._glucose(value, wrapped, zone)
            case layouts.GlucoseContext():
                self._context(value, device)
            case layouts.SessionStart():
                self._sessions[device] = value
            case layouts.SensorRecords():
                self._sensor(value, wrapped, zone)
            case layouts.Weight():
                self._weight(value, wrapped, zone)
            case layouts.BodyComposition():
                self._composition(value, wrapped, zone)
            case layouts.Oximetry():
                self._oximetry(value, wrapped, zone)
            case layouts.Temperature():
                when = self._when(value.at, wrapped, zone)
                self._add("body_temperature", when, device, value=_number(value.value, "temperature"), unit=value.unit)
            case layouts.HeartRate():
                if value.contact is False:
                    raise _NoReading("not_worn", "The strap says that it touches nobody.")
                self._add("heart_rate", self._when(None, wrapped, zone), device, value=Decimal(value.rate), unit="/min")

    def _when(self, at: datetime | None, wrapped: _Wrapped, zone: ZoneInfo) -> _When:
        """The instant: the device's wall clock in the patient's zone, or when the gateway heard it."""
        if at is None:
            heard = wrapped.received_at
            return _When(heard, TimeSource.SERVER_RECEIVED, int((heard.utcoffset() or timedelta(0)).total_seconds() // 60))
        found = at.replace(tzinfo=zone)
        if found.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != at:
            raise _NoReading("time_never_was", "The device's clock shows a time in the hour that a clock change left out.")
        return _When(found, TimeSource.PATIENT_ZONE, int((found.utcoffset() or timedelta(0)).total_seconds() // 60))

    def _add(  # noqa: PLR0913 - a draft has all of this
        self, kind: str, when: _When, device: str, *, unit: str, value: Decimal | None = None, parts: dict[str, Decimal] | None = None,
        comparator: Literal["<", ">"] | None = None, context: Context | None = None, key: Sequence[object] = (),
    ) -> None:  # fmt: skip
        content = list(key) or [when.at.astimezone(UTC).isoformat(), value, sorted((parts or {}).items()), unit]
        self.drafts.append(Draft(
            id=reading_id("gatt", self._delivery.patient, device, kind, *content), kind=kind, taken_at=when.at, value=value, parts=parts,
            unit=unit, comparator=comparator, context=context, source=Source.FILE, time_source=when.source,
            offset_min=when.offset_min, device_time=when.device_time, history=True,
        ))  # fmt: skip

    def _blood_pressure(self, value: layouts.BloodPressure, wrapped: _Wrapped, zone: ZoneInfo) -> None:
        if not value.is_final:
            raise _NoReading("not_a_reading", "The pressure while the cuff is pumping is no reading.")
        when = self._when(value.at, wrapped, zone)
        parts = {"systolic": _number(value.systolic, "systolic pressure"), "diastolic": _number(value.diastolic, "diastolic pressure")}
        if isinstance(value.mean, Decimal) and value.mean > 0:
            parts["mean"] = value.mean
        quality = _CUFF.get(value.status & -value.status & 0x27)
        context = None if quality is None else Context(quality=quality)
        self._add("blood_pressure", when, wrapped.device.name, parts=parts, unit=value.unit, context=context)
        if isinstance(value.pulse, Decimal):
            self._add("heart_rate", when, wrapped.device.name, value=value.pulse, unit="/min", context=context)

    def _glucose(self, value: layouts.Glucose, wrapped: _Wrapped, zone: ZoneInfo) -> None:
        if value.type == _CONTROL_TYPE or value.location == _CONTROL_PLACE:
            raise _NoReading("control_solution", "A test of the meter with control solution.")
        if value.status & _METER_FAULTS:
            raise _NoReading("device_fault", "The meter says that the strip, the sample or the reading is at fault.")
        if value.value is None or value.at is None:
            raise _NoReading("no_value", "A glucose value has a concentration and a time.")
        unit = "mg/dL" if value.unit == "kg/L" else "mmol/L"
        amount, comparator = _beyond(value.value, unit, above=bool(value.status & 32), below=bool(value.status & 64))
        if comparator is None or isinstance(value.value, Decimal):
            amount *= 100_000 if value.unit == "kg/L" else 1000
        when = self._when(value.at + timedelta(minutes=value.offset_min), wrapped, zone)
        kind = "glucose_cgm" if value.type == _TISSUE else "glucose_capillary" if value.type in _FINGER else "glucose"
        self._places[wrapped.device.name, value.sequence] = len(self.drafts)
        self._add(
            kind, when, wrapped.device.name, value=Decimal(f"{amount.normalize():f}"), unit=unit, comparator=comparator,
            key=(value.sequence, value.at.isoformat()),
        )  # fmt: skip

    def _context(self, value: layouts.GlucoseContext, device: str) -> None:
        place = self._places.get((device, value.sequence))
        meal = None if value.meal is None else _MEALS.get(value.meal)
        if place is not None and meal is not None:
            self.drafts[place] = msgspec.structs.replace(self.drafts[place], context=Context(meal=meal))

    def _sensor(self, value: layouts.SensorRecords, wrapped: _Wrapped, zone: ZoneInfo) -> None:
        session = self._sessions.get(wrapped.device.name)
        if session is None or session.at is None:
            raise _NoReading("session_missing", "A sensor value counts minutes from a session start (2AAA), which comes before it.")
        if session.offset_min is None:
            start, source = session.at.replace(tzinfo=zone), TimeSource.PATIENT_ZONE
        else:
            start = session.at.replace(tzinfo=timezone(timedelta(minutes=session.offset_min)))
            source = TimeSource.OFFSET_IN_PAYLOAD
        for record in value.records:
            if record.status & _SENSOR_FAULTS:
                self._fault(self._row, "device_fault", "The sensor says that it stopped or is at fault.")
                continue
            if record.value in (Special.NAN, Special.NRES, Special.RESERVED):
                self._fault(self._row, "no_value", "The sensor has no glucose for this minute.")
                continue
            # Minutes go by on the sensor whatever a clock change does, so they are counted in UTC.
            at = (start.astimezone(UTC) + timedelta(minutes=record.offset_min)).astimezone(start.tzinfo)
            when = _When(at, source, int((at.utcoffset() or timedelta(0)).total_seconds() // 60))
            amount, comparator = _beyond(record.value, "mg/dL", above=bool(record.warning & 128), below=bool(record.warning & 64))
            self._add("glucose_cgm", when, wrapped.device.name, value=amount, unit="mg/dL", comparator=comparator)

    def _weight(self, value: layouts.Weight, wrapped: _Wrapped, zone: ZoneInfo) -> None:
        if value.weight is None:
            raise _NoReading("no_value", "The scale says that it failed.")
        when = self._when(value.at, wrapped, zone)
        self._add("body_weight", when, wrapped.device.name, value=value.weight, unit=value.unit)
        if value.bmi:
            self._add("bmi", when, wrapped.device.name, value=value.bmi, unit="kg/m2")
        if value.height:
            self._add("body_height", when, wrapped.device.name, value=value.height, unit=value.height_unit)

    def _composition(self, value: layouts.BodyComposition, wrapped: _Wrapped, zone: ZoneInfo) -> None:
        if value.fat is None:
            raise _NoReading("no_value", "The scale says that it failed.")
        when = self._when(value.at, wrapped, zone)
        self._add("body_fat", when, wrapped.device.name, value=value.fat, unit="%")
        if value.weight:
            self._add("body_weight", when, wrapped.device.name, value=value.weight, unit=value.unit)

    def _oximetry(self, value: layouts.Oximetry, wrapped: _Wrapped, zone: ZoneInfo) -> None:
        if value.measurement & _NOT_MEASURED:
            raise _NoReading("not_a_reading", "The oximeter says: demonstration, test, unavailable or invalid.")
        when = self._when(None if value.clock_unset else value.at, wrapped, zone)
        if value.clock_unset:
            when = msgspec.structs.replace(when, source=TimeSource.DEVICE_CLOCK_UNSET)
        context = None
        if value.device & _WEAK:
            context = Context(quality="low_perfusion")
        elif value.device & _UNSURE or value.measurement & _QUESTIONABLE:
            context = Context(quality="motion")
        self._add("oxygen_saturation", when, wrapped.device.name, value=_number(value.spo2, "oxygen level"), unit="%", context=context)
        if isinstance(value.pulse, Decimal):
            self._add("heart_rate", when, wrapped.device.name, value=value.pulse, unit="/min", context=context)


_CUFF: Final[dict[int, Literal["cuff_error", "motion", "irregular_pulse"]]] = {
    1: "motion", 2: "cuff_error", 4: "irregular_pulse", 32: "cuff_error",
}  # fmt: skip
_CONTROL_TYPE: Final = 10
_CONTROL_PLACE: Final = 4
_TISSUE: Final = 9
_FINGER: Final = frozenset({1, 2})
_METER_FAULTS: Final = 0b0000_0111_1001_1110
_SENSOR_FAULTS: Final = 0b0010_1101
"""Session stopped, wrong sensor, malfunction, fault."""
_NOT_MEASURED: Final = 1 << 10 | 1 << 11 | 1 << 13 | 1 << 15
_QUESTIONABLE: Final = 1 << 14
_WEAK: Final = 1 << 3 | 1 << 4 | 1 << 5
_UNSURE: Final = 1 << 2 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11 | 1 << 13
_MEALS: Final[dict[int, Literal["before", "after", "fasting", "bedtime"]]] = {1: "before", 2: "after", 3: "fasting", 5: "bedtime"}

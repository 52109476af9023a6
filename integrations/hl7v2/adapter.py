"""ORU^R01 of a home device (IHE PCD-01) -> drafts."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from domain.readings.reading import Draft, Source, TimeSource
from integrations.derived import GLUCOSE_BOUNDS, reading_id
from integrations.hl7v2.message import Message, NoMessage, Segment, read, time
from integrations.manifest import Delivery, Fault, Parsed, Unreadable

_KINDS: Final = {
    "147842": "heart_rate", "149530": "heart_rate", "149546": "heart_rate", "150456": "oxygen_saturation", "151562": "respiratory_rate",
    "150344": "body_temperature", "188736": "body_weight", "188740": "body_height", "188752": "bmi", "160184": "glucose_capillary",
    "160368": "glucose",
}  # fmt: skip
"""MDC code -> kind."""
_PRESSURE: Final = {"150021": "systolic", "150022": "diastolic", "150023": "mean"}
_DEVICE_CLOCK: Final = "67975"
_TAKEN: Final = frozenset({"R", "F", "C"})
_GONE: Final = frozenset({"D", "W"})
_NUMBER: Final = re.compile(r"([<>])?\s*([+-]?\d{1,9}(?:\.\d{1,9})?)", re.ASCII)
_BEYOND: Final[dict[str, Literal["<", ">"]]] = {"high": ">", "hi": ">", "low": "<", "lo": "<"}
_SPELT: Final = {"264274": "mg/dL", "mg/dl": "mg/dL", "mmol/l": "mmol/L"}
_LEAST_OFFSET: Final = timedelta(minutes=2)
"""DQ-7: a device's clock that is less wrong than this is left alone."""


def recognises(body: bytes) -> bool:
    """A body that begins with MSH and names ORU in its first segment."""
    head = body[:2000].lstrip(b"\x0b\r\n \t\xef\xbb\xbf")
    return head.startswith(b"MSH") and b"ORU" in re.split(rb"[\r\n]", head, maxsplit=1)[0]


def parse(delivery: Delivery) -> Parsed:
    """Drafts in the order of the message. The row of a fault is the segment's number, MSH being 1."""
    try:
        message = read(delivery.body)
    except NoMessage as error:
        raise Unreadable(str(error)) from error
    if message.header.part(9, 1) != "ORU" or message.header.part(9, 2) not in {"R01", ""}:
        raise Unreadable("An observation result: MSH-9 is ORU^R01.")
    drafts: list[Draft] = []
    faults: list[Fault] = []
    for group in _groups(message):
        reader = _Group(group, delivery)
        drafts.extend(reader.drafts())
        faults.extend(reader.faults)
    return Parsed(drafts=drafts, faults=sorted(faults, key=lambda one: one.row))


_Numbered = tuple[int, Segment]


def _groups(message: Message) -> Iterator[list[_Numbered]]:
    """Each OBR with the OBX that follow it."""
    group: list[_Numbered] = []
    for number, segment in enumerate(message.segments, start=2):
        if segment.name == "OBR":
            if group:
                yield group
            group = [(number, segment)]
        elif segment.name == "OBX" and group:
            group.append((number, segment))
    if group:
        yield group


class _Instant(msgspec.Struct, frozen=True):
    at: datetime
    source: TimeSource
    device_time: datetime | None = None


class _Wrong(Exception):
    """A row that is no reading."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class _Group:
    """One OBR and its rows."""

    def __init__(self, rows: list[_Numbered], delivery: Delivery) -> None:
        self._order = rows[0][1]
        self._rows = rows[1:]
        self._delivery = delivery
        self._zone = ZoneInfo(delivery.zone)
        self._offset = self._clock_offset()
        self.faults: list[Fault] = []

    def drafts(self) -> Iterator[Draft]:
        """Every row that is a reading; the rows of one blood pressure are one reading."""
        panels: dict[str, list[_Numbered]] = {}
        for number, row in self._rows:
            code = row.part(3)
            if code in _PRESSURE:
                panels.setdefault(row.part(4).rpartition(".")[0], []).append((number, row))
            elif code in _KINDS:
                yield from self._tried(number, partial(self._single, row, _KINDS[code]))
        for container, rows in panels.items():
            yield from self._tried(rows[0][0], partial(self._pressure, container, rows))

    def _tried(self, number: int, make: Callable[[], Draft]) -> Iterator[Draft]:
        try:
            yield make()
        except _Wrong as error:
            self.faults.append(Fault(row=number, code=error.code, detail=error.detail))

    def _single(self, row: Segment, kind: str) -> Draft:
        value, comparator = _value(row)
        return self._draft([row], kind, value=value, comparator=comparator, unit=_unit(row))

    def _pressure(self, container: str, rows: list[_Numbered]) -> Draft:
        """Systolic and diastolic of one container; the time may stand at the container itself."""
        segments = [row for _, row in rows]
        parts: dict[str, Decimal] = {}
        for row in segments:
            value, comparator = _value(row)
            if comparator is not None:
                raise _Wrong("not_a_number", "A blood pressure has numbers.")
            parts[_PRESSURE[row.part(3)]] = value
        if not {"systolic", "diastolic"} <= parts.keys():
            raise _Wrong("part_missing", "A blood pressure has systolic and diastolic.")
        units = {_unit(row) for row in segments}
        if len(units) != 1:
            raise _Wrong("units_differ", "The parts of a blood pressure are in one unit.")
        holding = [row for _, row in self._rows if row.part(4) == container]
        return self._draft([*segments, *holding], "blood_pressure", parts=parts, unit=units.pop())

    def _draft(
        self, rows: list[Segment], kind: str, *, unit: str, value: Decimal | None = None, parts: dict[str, Decimal] | None = None,
        comparator: Literal["<", ">"] | None = None,
    ) -> Draft:  # fmt: skip
        status = {row.part(11) for row in rows if row.part(3) in _KINDS or row.part(3) in _PRESSURE}
        when = self._instant(rows)
        device = next((row.field(18) for _, row in self._rows if row.field(18)), "") or self._order.part(3, 3)
        # OBX-4 tells two results of one kind at one instant apart.
        key = ("hl7v2", self._delivery.patient, device, kind, when.at.astimezone(UTC).isoformat(), rows[0].field(4))
        offset = int((when.at.utcoffset() or timedelta(0)).total_seconds() // 60)
        original = reading_id(*key)
        if status & _GONE:
            return Draft(
                id=reading_id(*key, "gone"), kind=kind, taken_at=when.at, retracts=True, corrects=original, source=Source.FILE,
                reason="Entered in error, says the sender", history=True,
            )  # fmt: skip
        corrected = "C" in status
        return Draft(
            id=reading_id(*key, value, sorted((parts or {}).items()), unit) if corrected else original, kind=kind, taken_at=when.at,
            value=value, parts=parts, unit=unit, comparator=comparator, manual=any("MMEAS" in row.field(17) for row in rows),
            source=Source.FILE, time_source=when.source, offset_min=offset, device_time=when.device_time,
            corrects=original if corrected else None, reason="Corrected by the sender" if corrected else None, history=True,
        )  # fmt: skip

    def _instant(self, rows: list[Segment]) -> _Instant:
        """OBX-14 of its own row wins over that of its container, and both over OBR-7."""
        text = next((row.part(14) for row in rows if row.part(14)), "") or self._order.part(7)
        found = time(text)
        if found is None:
            raise _Wrong("time_unreadable", "OBX-14 or OBR-7 says when, to the minute.")
        source = TimeSource.OFFSET_IN_PAYLOAD
        if found.tzinfo is None:
            local = found.replace(tzinfo=self._zone)
            if local.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None) != found:
                raise _Wrong("time_never_was", "A time in the hour that a clock change left out.")
            found, source = local, TimeSource.PATIENT_ZONE
        if self._offset is not None:
            return _Instant(found + self._offset, TimeSource.DEVICE_CLOCK_CORRECTED, found)
        return _Instant(found, source)

    def _clock_offset(self) -> timedelta | None:
        """How wrong the device's clock is: what it showed (67975) against when the gateway asked (OBX-14 there)."""
        for _, row in self._rows:
            if row.part(3) == _DEVICE_CLOCK:
                device, gateway = time(row.part(5)), time(row.part(14))
                if device is None or gateway is None:
                    return None
                offset = _aware(gateway, self._zone) - _aware(device, self._zone)
                return offset if abs(offset) >= _LEAST_OFFSET else None
        return None


def _aware(at: datetime, zone: ZoneInfo) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def _value(row: Segment) -> tuple[Decimal, Literal["<", ">"] | None]:
    status, text = row.part(11), row.part(5)
    if status in _GONE:
        return Decimal(0), None
    if status == "X" or not text:
        raise _Wrong("no_value", "No result was obtained.")
    if status and status not in _TAKEN:
        raise _Wrong("not_final", "Neither unverified nor final: kept as received, not judged.")
    if {"TEST", "DEMO"} & set(re.split(r"[~^]", row.field(8))):
        raise _Wrong("not_a_reading", "The device says: test or demonstration.")
    found = _NUMBER.fullmatch(text.strip())
    beyond = _BEYOND.get(text.strip().lower())
    bound = GLUCOSE_BOUNDS.get((_SPELT.get(row.part(6), row.part(6)), beyond or ""))
    if bound is not None:
        return bound, beyond
    if found is None:
        raise _Wrong("not_a_number", "OBX-5 holds no number.")
    comparator: Literal["<", ">"] | None = "<" if found[1] == "<" else ">" if found[1] == ">" else None
    return Decimal(found[2]), comparator


def _unit(row: Segment) -> str:
    """The unit as it was written: an MDC number or a UCUM code, both known by their spelling."""
    unit = row.part(6)
    if not unit and row.part(11) not in _GONE:
        raise _Wrong("unit_missing", "OBX-6 names the unit.")
    return unit

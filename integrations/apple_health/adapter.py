"""Apple Health's export.xml -> drafts, piece by piece: such a file has hundreds of megabytes."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from xml.parsers import expat

from domain.readings.reading import Draft, Source, TimeSource
from integrations.derived import reading_id
from integrations.manifest import Delivery, Fault, Parsed, Unreadable

_PREFIX: Final = "HKQuantityTypeIdentifier"
_SINGLE: Final = {
    "BodyMass": "body_weight", "Height": "body_height", "BodyMassIndex": "bmi", "BodyTemperature": "body_temperature",
    "OxygenSaturation": "oxygen_saturation", "BodyFatPercentage": "body_fat", "RestingHeartRate": "heart_rate",
    "BloodGlucose": "glucose", "PeakExpiratoryFlowRate": "peak_flow",
}  # fmt: skip
"""Type -> kind. Heart and breathing rates of a whole day are left out: whether somebody rests is not said."""
_FRACTIONS: Final = frozenset({"oxygen_saturation", "body_fat"})
_PARTS: Final = {"BloodPressureSystolic": "systolic", "BloodPressureDiastolic": "diastolic"}
_UNITS: Final = {"count": "kg/m2", "mmHg": "mm[Hg]", "degC": "Cel", "degF": "[degF]", "lb": "[lb_av]", "st": "[stone_av]", "ft": "[ft_i]",
                 "in": "[in_i]"}  # fmt: skip
_NUMBER: Final = re.compile(r"-?\d{1,12}(?:\.\d{1,18})?", re.ASCII)
_DEEPEST: Final = 32
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_BY_HAND: Final = "HKWasUserEntered"
_ONE: Final = Decimal(1)


def recognises(body: bytes) -> bool:
    """XML whose root is HealthData."""
    head = body[:16_384].lstrip(b"\xef\xbb\xbf \r\n\t")
    return head.startswith(b"<") and b"<HealthData" in body[:65_536]


def parse(delivery: Delivery) -> Parsed:
    """The same for a file that fits into memory."""
    drafts: list[Draft] = []
    faults: list[Fault] = []
    for one in stream([delivery.body], delivery):
        if isinstance(one, Draft):
            drafts.append(one)
        else:
            faults.append(one)
    return Parsed(drafts=drafts, faults=faults)


def stream(pieces: Iterable[bytes], delivery: Delivery) -> Iterator[Draft | Fault]:
    """Drafts and faults as the file goes by. No entity is known, none is opened, nothing outside is read. Raises Unreadable."""
    reader = _Reader(delivery)
    try:
        for piece in pieces:
            reader.parser.Parse(piece, False)  # noqa: FBT003 - expat's own signature
            yield from reader.taken()
        reader.parser.Parse(b"", True)  # noqa: FBT003 - expat's own signature
    except expat.ExpatError as error:
        raise Unreadable(f"The file is no whole XML: line {error.lineno}.") from error
    yield from reader.taken()
    if not reader.is_health_data:
        raise Unreadable("An Apple Health export: XML whose root is HealthData.")


class _Reader:
    """What expat calls."""

    def __init__(self, delivery: Delivery) -> None:
        self._patient = delivery.patient
        self.is_health_data = False
        self._found: list[Draft | Fault] = []
        self._depth = 0
        self._row = 0
        self._record: dict[str, str] | None = None
        self._by_hand = False
        self._pressure: dict[str, dict[str, str]] | None = None
        # Always UTF-8: another encoding that a file names would be looked up among all that Python knows.
        self.parser = expat.ParserCreate("UTF-8")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        # The export declares its own elements, no entities; one that is declared anyway is a trap.
        self.parser.EntityDeclHandler = self._entity
        self.parser.ExternalEntityRefHandler = self._outside

    def taken(self) -> list[Draft | Fault]:
        """What was found since the last time."""
        found, self._found = self._found, []
        return found

    def _entity(self, *_declared: object) -> None:
        raise Unreadable("The file declares entities: an Apple Health export has none.")

    def _outside(self, *_named: object) -> int:
        raise Unreadable("The file points outside of itself.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unreadable("The file is nested too deeply.")
        if name == "HealthData" and self._depth == 1:
            self.is_health_data = True
        elif name == "Correlation" and attributes.get("type", "").endswith("BloodPressure"):
            self._pressure = {}
        elif name == "Record":
            self._row += 1
            self._record, self._by_hand = attributes, False
        elif name == "MetadataEntry" and attributes.get("key") == _BY_HAND:
            self._by_hand = attributes.get("value") == "1"

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name == "Record" and self._record is not None:
            record, self._record = self._record, None
            kind = record.get("type", "").removeprefix(_PREFIX)
            if kind in _PARTS:
                if self._pressure is not None:
                    self._pressure[_PARTS[kind]] = record
                # Outside of its correlation the same pressure stands again.
            elif kind in _SINGLE:
                self._keep(lambda: self._single(_SINGLE[kind], record))
        elif name == "Correlation" and self._pressure is not None:
            parts, self._pressure = self._pressure, None
            if parts:
                self._keep(lambda: self._both(parts))

    def _keep(self, make: Callable[[], Draft]) -> None:
        try:
            self._found.append(make())
        except _Wrong as wrong:
            self._found.append(Fault(row=self._row, code=wrong.code, detail=str(wrong)))

    def _single(self, kind: str, record: Mapping[str, str]) -> Draft:
        value, unit = _number(record), record.get("unit", "")
        if kind in _FRACTIONS and unit == "%":
            # HealthKit writes a fraction and calls it per cent: 0.97 is 97 %.
            if value > _ONE:
                raise _Wrong("fraction_expected", "A fraction from 0 to 1.")
            unit = "{fraction}"
        return self._draft(kind, record, unit, value=value)

    def _both(self, parts: Mapping[str, Mapping[str, str]]) -> Draft:
        if len(parts) != len(_PARTS):
            raise _Wrong("part_missing", "A pressure has both its parts.")
        return self._draft("blood_pressure", parts["systolic"], parts["systolic"].get("unit", ""),
                           parts={name: _number(one) for name, one in parts.items()})  # fmt: skip

    def _draft(self, kind: str, record: Mapping[str, str], unit: str, *, value: Decimal | None = None,
               parts: dict[str, Decimal] | None = None) -> Draft:  # fmt: skip
        at = _time(record.get("startDate", ""))
        offset = at.utcoffset()
        key = (record.get("sourceName", ""), kind, at.isoformat(), value, sorted((parts or {}).items()), unit)
        return Draft(
            id=reading_id(self._patient, "apple_health", *key), kind=kind, taken_at=at, value=value, parts=parts, unit=_UNITS.get(unit, unit),
            manual=self._by_hand, source=Source.FILE, time_source=TimeSource.OFFSET_IN_PAYLOAD, history=True,
            offset_min=int(offset.total_seconds() // 60) if offset else 0,
        )  # fmt: skip


class _Wrong(Exception):
    """A record that is no reading."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def _number(record: Mapping[str, str]) -> Decimal:
    text = record.get("value", "")
    if not _NUMBER.fullmatch(text):
        raise _Wrong("not_a_number", "A number of at most 18 digits.")
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise _Wrong("not_a_number", "A number of at most 18 digits.") from error


def _time(text: str) -> datetime:
    try:
        found = datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z")
    except ValueError as error:
        raise _Wrong("time_missing", "A time such as 2026-11-20 07:05:00 +0000.") from error
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise _Wrong("time_missing", "Between 1900 and 2100.")
    return found

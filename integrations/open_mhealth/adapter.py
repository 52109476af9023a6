"""Open mHealth and IEEE 1752.1 data points -> drafts."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import msgspec

from domain.readings.reading import Context, Draft, Source, TimeSource
from integrations.derived import reading_id
from integrations.json_numbers import decimal
from integrations.manifest import Delivery, Fault, Parsed, Unreadable
from integrations.open_mhealth.shapes import POINT, POINTS, SCHEMAS, UNSET, Amount, Body, DayInterval, Frame, Header, Interval, Over, Schema

_UNITS: Final = {"kg/m^2": "kg/m2", "sec": "s", "steps": "{steps}", "C": "Cel", "F": "[degF]", "lb": "[lb_av]", "in": "[in_i]", "ft": "[ft_i]",
                 "mmHg": "mm[Hg]", "beats/min": "/min", "breaths/min": "/min"}  # fmt: skip
_SECONDS: Final = {"sec": 1, "min": 60, "h": 3600, "d": 86_400, "wk": 604_800}
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII,
)
_LONGEST: Final = timedelta(hours=1)
_OVER_HOURS: Final = frozenset({"step_count", "sleep_duration"})
_NO_BLOOD: Final = frozenset({"breath", "saliva", "sweat", "tears", "urine"})
_MEALS: Final = {
    "fasting": "fasting", "2 hours postprandial": "after_2h",
    **{f"{when} {meal}": when for when in ("before", "after") for meal in ("meal", "breakfast", "lunch", "dinner")},
}  # fmt: skip
_POSTURES: Final = {"sitting": "sitting", "standing": "standing", "lying down": "lying"}
_ACTIVE: Final = {"at rest": "rest", "active": "active", "during exercise": "active"}


class Wrong(Exception):
    """This is no reading."""

    def __init__(self, code: str, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.pointer = pointer
        self.detail = detail


def recognises(body: bytes) -> bool:
    """A data point: a header with a schema_id, near the beginning."""
    head = body[:4000].lstrip(b"\xef\xbb\xbf \r\n\t")
    return head[:1] in b"{[" and b'"schema_id"' in head and b'"header"' in head


def parse(delivery: Delivery) -> Parsed:
    """Drafts in the order of the body: a data point, an array of them, one a line, or a body whose schema its fields give away."""
    drafts: list[Draft] = []
    faults: list[Fault] = []
    for row, raw in _points(delivery.body):
        try:
            drafts.append(read(raw, zone=delivery.zone, patient=delivery.patient, schema=delivery.headers.get("schema", "")))
        except Wrong as error:
            faults.append(Fault(row=row, code=error.code, pointer=error.pointer, detail=error.detail))
    return Parsed(drafts=drafts, faults=faults)


def _points(body: bytes) -> Iterator[tuple[int, bytes]]:
    text = body.lstrip(b"\xef\xbb\xbf \r\n\t")
    try:
        if text.startswith(b"["):
            yield from ((number, bytes(raw)) for number, raw in enumerate(POINTS.decode(text), start=1))
            return
        msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        lines = [text]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:  # noqa: PLR2004 - one line was tried already
            raise Unreadable("Open mHealth is a JSON object with header and body, or an array of them.") from None
    yield from enumerate(lines, start=1)


def read(raw: bytes, *, zone: str, patient: str, schema: str = "", sender: str = "") -> Draft:
    """The draft of a data point, or of a body whose `schema` (namespace:name:version) is known. Raises Wrong."""
    header: Header | None = None
    body = raw
    if b'"header"' in raw:
        try:
            point = POINT.decode(raw)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise Wrong("structure", _pointer(error), "A data point has header (id or uuid, schema_id) and body.") from error
        header, body = point.header, bytes(point.body)
        _check(header)
        schema = f"{header.schema_id.namespace}:{header.schema_id.name}:{header.schema_id.version}"
    name, found = _body(body, schema)
    return _draft(SCHEMAS[name], found, header, zone=zone, names=(sender, patient, name))


def body_of(raw: bytes, schema: str) -> Body:
    """A body as its schema has it. Raises Wrong."""
    known = SCHEMAS.get(schema)
    if known is None:
        raise Wrong("schema_unknown", "/header/schema_id", "Not a schema that is kept here.")
    try:
        found = known.decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Wrong("structure", f"/body{_pointer(error)}", f"Not as {schema} has it.") from error
    for measure in known.measures:
        _number(getattr(found, measure), f"/body/{measure}")
    frame = cast("Frame | Over | msgspec.UnsetType", found.effective_time_frame)
    if frame is not UNSET:
        _frame(frame)
    return found


def _body(raw: bytes, schema: str) -> tuple[str, Body]:
    if schema:
        return schema, body_of(raw, schema)
    try:
        keys = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).keys()
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Wrong("structure", "", "A JSON object.") from error
    names = [name for name, one in SCHEMAS.items() if set(one.measures) <= keys]
    for name in reversed(names):
        try:
            return name, body_of(raw, name)
        except Wrong:
            if name == names[0]:
                raise
    raise Wrong("schema_unknown", "", "A body without a header, of no schema that is kept here.")


def _check(header: Header) -> None:
    if header.id is UNSET and header.uuid is UNSET:
        raise Wrong("structure", "/header", "A header has id (Open mHealth) or uuid (IEEE 1752.1).")
    created = header.creation_date_time if header.id is not UNSET else header.source_creation_date_time
    if created is UNSET:
        name = "creation_date_time" if header.id is not UNSET else "source_creation_date_time"
        raise Wrong("structure", f"/header/{name}", "When the data point was made.")
    instant(created, "/header")


def _number(amount: Any, pointer: str) -> Decimal:  # noqa: ANN401 - an amount, or a bare number in old step counts
    raw = amount.value if isinstance(amount, Amount) else amount
    number = decimal(bytes(cast("msgspec.Raw", raw)))
    if number is None:
        raise Wrong("not_a_number", f"{pointer}/value", "A JSON number of at most 18 digits.")
    return number


def _draft(schema: Schema, body: Body, header: Header | None, *, zone: str, names: tuple[object, ...]) -> Draft:
    if body.descriptive_statistic is not UNSET:
        raise Wrong("aggregate", "/body/descriptive_statistic", "A statistic of several measurements is no reading.")
    kind = _kind(schema, body)
    at, source = _when(body.effective_time_frame, kind, zone)
    amounts = [getattr(body, measure) for measure in schema.measures]
    values = [_number(amount, f"/body/{measure}") for amount, measure in zip(amounts, schema.measures, strict=True)]
    unit = amounts[0].unit if isinstance(amounts[0], Amount) else "steps"
    parts: dict[str, Decimal] | None = {"systolic": values[0], "diastolic": values[1]} if kind == "blood_pressure" else None
    key: tuple[object, ...] = (kind, at.astimezone(UTC).isoformat(), *values, unit)
    is_manual = False
    if header is not None:
        key = (header.id if header.id is not UNSET else header.uuid,)
        provenance = header.acquisition_provenance
        said = header.modality if header.modality is not UNSET or provenance is UNSET else provenance.modality
        is_manual = said == "self-reported"
    offset = int((at.utcoffset() or timedelta(0)).total_seconds() // 60)
    return Draft(
        id=reading_id("open_mhealth", *names, *key), kind=kind, taken_at=at, value=None if parts else values[0], parts=parts,
        unit=_UNITS.get(unit, unit), context=_context(body), manual=is_manual, source=Source.FILE, time_source=source, offset_min=offset,
        history=True,
    )  # fmt: skip


def _kind(schema: Schema, body: Body) -> str:
    if schema.kind != "glucose":
        return schema.kind
    specimen = getattr(body, "specimen_source", getattr(body, "blood_specimen_type", UNSET))
    if specimen in _NO_BLOOD:
        raise Wrong("specimen", "/body/specimen_source", "Not a glucose of blood or of a sensor.")
    return {"interstitial fluid": "glucose_cgm", "capillary blood": "glucose_capillary"}.get(cast("str", specimen), "glucose")


def _context(body: Body) -> Context | None:
    """What of the situation changes a judgement."""
    def said(*names: str) -> str:
        return next((cast("str", value) for name in names if (value := getattr(body, name, UNSET)) is not UNSET), "")

    arm = said("measurement_location").partition(" ")
    found: dict[str, str | None] = {
        "meal": _MEALS.get(said("temporal_relationship_to_meal")),
        "posture": _POSTURES.get(said("body_posture", "position_during_measurement")),
        "activity": _ACTIVE.get(said("temporal_relationship_to_physical_activity")),
        "arm": arm[0] if arm[2] in {"upper arm", "wrist"} else None,
        "oxygen": "oxygen" if getattr(body, "supplemental_oxygen_flow_rate", UNSET) is not UNSET else None,
    }
    return msgspec.convert(found, Context) if any(found.values()) else None


def _when(frame: Frame | Over | msgspec.UnsetType, kind: str, zone: str) -> tuple[datetime, TimeSource]:
    if frame is UNSET:
        raise Wrong("time_missing", "/body/effective_time_frame", "When it was measured.")
    start, end = _frame(frame)
    if start is None:
        assert isinstance(frame.time_interval, DayInterval)  # noqa: S101 - _frame looked
        midday = datetime.fromisoformat(f"{frame.time_interval.date}T12:00:00").replace(tzinfo=ZoneInfo(zone))
        return midday, TimeSource.PATIENT_ZONE
    if kind in _OVER_HOURS:
        # Sleep belongs to the morning it ends on, a count to the day it began on.
        return (end or start) if kind == "sleep_duration" else start, TimeSource.OFFSET_IN_PAYLOAD
    if end is not None and end - start > _LONGEST:
        raise Wrong("aggregate", "/body/effective_time_frame", "An average over hours is no single reading.")
    return end or start, TimeSource.OFFSET_IN_PAYLOAD


def _frame(frame: Frame | Over) -> tuple[datetime | None, datetime | None]:
    """Beginning and end; neither where only a day and its part are said. Raises Wrong where it is not one of the forms."""
    where = "/body/effective_time_frame"
    if (frame.date_time is UNSET) == (frame.time_interval is UNSET):
        raise Wrong("structure", where, "One of date_time and time_interval.")
    if frame.date_time is not UNSET:
        return instant(frame.date_time, f"{where}/date_time"), None
    interval = frame.time_interval
    assert isinstance(interval, Interval)  # noqa: S101 - one of two
    where = f"{where}/time_interval"
    begins, ends, lasts = interval.start_date_time, interval.end_date_time, interval.duration
    pairs = ((begins, lasts), (ends, lasts), (begins, ends))
    forms = sum(one is not UNSET and other is not UNSET for one, other in pairs)
    if isinstance(interval, DayInterval):
        forms += interval.date is not UNSET and interval.part_of_day is not UNSET
    if forms != 1:
        raise Wrong("structure", where, "Two of start_date_time, end_date_time and duration; or date and part_of_day.")
    start = None if begins is UNSET else instant(begins, f"{where}/start_date_time")
    end = None if ends is UNSET else instant(ends, f"{where}/end_date_time")
    if isinstance(lasts, Amount):
        span = _span(lasts, f"{where}/duration")
        start = end - span if start is None and end is not None else start
        end = start + span if end is None and start is not None else end
    return start, end


def _span(amount: Amount, where: str) -> timedelta:
    seconds = _SECONDS.get(amount.unit)
    number = _number(amount, where)
    if seconds is None or not 0 <= number * seconds <= 10**9:
        raise Wrong("duration", where, f"One of {', '.join(_SECONDS)}.")
    return timedelta(microseconds=int(number * seconds * 1_000_000))


def instant(text: object, where: str) -> datetime:
    """An RFC 3339 instant. Raises Wrong."""
    if isinstance(text, str) and _INSTANT.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper())
        except ValueError:
            pass
    raise Wrong("time_invalid", where, "RFC 3339, with a zone.")


def _pointer(error: Exception) -> str:
    _, found, path = str(error).rpartition(" - at `$")
    return path.rstrip("`").replace(".", "/").replace("[...]", "") if found else ""

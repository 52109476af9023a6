"""Cohorts as files: JSON lines or CSV, ours or somebody else's. The format is described in deploy/docs/cohort-files.md."""

import csv
import hashlib
import io
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TextIO
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.errors import Invalid
from domain.people import facts
from domain.people.facts import Fact
from domain.people.patient import Profile
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Context, Draft, Source
from server.simulation.cohort import ALWAYS, Event, History

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class PatientLine(msgspec.Struct, tag_field="type", tag="patient", kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One person. `starts_on` and `days`: how long they were watched; without them, from the first to the last reading."""

    patient: Name
    birth_on: date | None = None
    zone: str = "Europe/London"
    conditions: list[str] = []
    facts: dict[str, str] = {}
    starts_on: date | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=20_000)] | None = None


class ReadingLine(msgspec.Struct, tag_field="type", tag="reading", kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One reading, as a phone sends it; without an `id` one is derived from what it says."""

    patient: Name
    id: UUID | None = None
    kind: Name
    taken_at: Instant
    value: Decimal | None = None
    parts: dict[str, Decimal] | None = None
    code: str | None = None
    unit: str | None = None
    comparator: Literal["<", ">"] | None = None
    context: Context | None = None
    device: int = 0
    manual: bool = False


class EventLine(msgspec.Struct, tag_field="type", tag="event", kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that truly happened, when it had to be acted on."""

    patient: Name
    what: Name
    at: Instant
    how: str = ""


Line = PatientLine | ReadingLine | EventLine
_LINE: Final = msgspec.json.Decoder(Line)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
COLUMNS: Final = (
    "type", "patient", "at", "kind", "value", "systolic", "diastolic", "unit", "code", "what", "how", "quality", "birth_on",
    "zone", "conditions",
    "facts", "starts_on", "days", "id",
)  # fmt: skip
_BORN: Final = date(1955, 1, 1)
"""For a person of whom the file says no birth date: an adult, since every rule here is for adults."""


class CannotRead(Exception):
    """A file that is not what it should be; the text names the line and says what to do."""


def lines_of(history: History) -> Iterator[Line]:
    """One person as lines: who, what was measured, what happened."""
    name, profile = str(history.patient), history.profile
    yield PatientLine(
        patient=name, birth_on=profile.birth_on, zone=profile.zone, conditions=sorted(profile.conditions),
        facts={fact.key: fact.value for fact in profile.facts}, starts_on=history.starts_on, days=history.days,
    )  # fmt: skip
    for one in history.drafts:
        yield ReadingLine(
            patient=name, id=one.id, kind=one.kind, taken_at=one.taken_at, value=one.value, parts=one.parts, code=one.code,
            unit=one.unit, comparator=one.comparator, context=one.context, device=one.device, manual=one.manual,
        )  # fmt: skip
    for event in history.events:
        yield EventLine(patient=name, what=event.what, at=event.at, how=event.how)


def encode(line: Line) -> bytes:
    """One JSON line."""
    return _ENCODER.encode(line) + b"\n"


def csv_row(line: Line) -> list[str]:
    """One line of the CSV shape, in the order of COLUMNS."""
    row: dict[str, Any] = {name: value for name in COLUMNS if (value := getattr(line, name, None)) is not None}
    match line:
        case ReadingLine():
            row |= {"type": "reading", "at": line.taken_at.isoformat(), **(line.parts or {})}
            row["quality"] = line.context.quality if line.context is not None else None
        case EventLine():
            row |= {"type": "event", "at": line.at.isoformat()}
        case PatientLine():
            said = " ".join(f"{key}={value}" for key, value in sorted(line.facts.items()))
            row |= {"type": "patient", "conditions": " ".join(line.conditions), "facts": said}
    return ["" if row.get(name) is None else str(row[name]) for name in COLUMNS]


def read(path: Path, wanted: Literal["reading", "event"] = "reading") -> Iterator[tuple[int, Line]]:
    """The lines of a JSON lines or CSV file with their numbers; a line without a type is of the wanted one."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            start = file.read(4096).lstrip()
            file.seek(0)
            yield from _json_lines(file, wanted) if start.startswith("{") else _csv_lines(file, wanted)
    except UnicodeDecodeError as error:
        raise CannotRead(f"{path}: not UTF-8 text; save it as UTF-8 and try again.") from error
    except OSError as error:
        raise CannotRead(f"{path}: {error.strerror}.") from error


def _json_lines(file: TextIO, wanted: str) -> Iterator[tuple[int, Line]]:
    for number, text in enumerate(file, 1):
        if not text.strip():
            continue
        body = text.strip()
        if '"type"' not in body and body.startswith("{"):
            body = f'{{"type":"{wanted}",{body[1:]}'
        try:
            yield number, _LINE.decode(body)
        except msgspec.DecodeError as error:
            raise CannotRead(f"Line {number}: {error}.") from error


def _csv_lines(file: TextIO, wanted: str) -> Iterator[tuple[int, Line]]:
    rows = csv.DictReader(file)
    unknown = [name for name in rows.fieldnames or [] if name not in COLUMNS]
    if "patient" not in (rows.fieldnames or []) or unknown:
        wrong = f"unknown columns {', '.join(map(repr, unknown))}" if unknown else "no column `patient`"
        raise CannotRead(f"Line 1: {wrong}. Columns are: {', '.join(COLUMNS)}.")
    for row in rows:
        given: dict[str, Any] = {name: text.strip() for name, text in row.items() if text is not None and text.strip()}
        kind = given.pop("type", wanted)
        try:
            yield rows.line_num, _LINE.decode(msgspec.json.encode(_object(kind, given)))
        except (msgspec.DecodeError, ValueError, ArithmeticError) as error:
            raise CannotRead(f"Line {rows.line_num}: {error}.") from error


def _object(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """A row as the object that a JSON line would hold."""
    found: dict[str, Any] = {"type": kind, **given}
    if kind == "reading":
        found["taken_at"] = found.pop("at", None)
        parts = {name: found.pop(name) for name in ("systolic", "diastolic") if name in found}
        if parts:
            found["parts"] = parts
        if "quality" in found:
            found["context"] = {"quality": found.pop("quality")}
    if kind == "patient":
        found["conditions"] = found.get("conditions", "").split()
        found["facts"] = dict(one.split("=", 1) for one in found.get("facts", "").split())
        if "days" in found:
            found["days"] = int(found["days"])
    return found


def patient_id(name: str) -> UUID:
    """The id of a person whom a file calls so: its own UUID, else one derived from the name (UUIDv8 of a SHA-256)."""
    try:
        return UUID(name)
    except ValueError:
        return _derived(f"patient|{name}")


def _derived(text: str) -> UUID:
    digest = bytearray(hashlib.sha256(text.encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))


def draft_of(line: ReadingLine) -> Draft:
    """The reading as a draft of the domain."""
    kind = BY_NAME.get(line.kind)
    unit = line.unit if line.unit is not None or kind is None or kind.codes else kind.unit
    key = line.id or _derived(f"{line.patient}|{line.kind}|{line.taken_at.isoformat()}|{line.value}|{line.parts}|{line.code}")
    return Draft(
        id=key, kind=line.kind, taken_at=line.taken_at.astimezone(UTC), value=line.value, parts=line.parts, code=line.code, unit=unit,
        comparator=line.comparator, context=line.context, device=line.device, manual=line.manual, source=Source.FILE,
    )  # fmt: skip


class Someone(msgspec.Struct):
    """One person of a file, not yet a history."""

    about: PatientLine
    readings: list[bytes] = []
    events: list[EventLine] = []


class _Crowd:
    """Everybody of a file, by name, in the order in which they first stand there."""

    def __init__(self) -> None:
        self.people: dict[str, Someone] = {}

    def add(self, line: Line) -> None:
        one = self.people.setdefault(line.patient, Someone(PatientLine(patient=line.patient)))
        match line:
            case PatientLine():
                one.about = line
            case ReadingLine():
                # Kept as bytes until their turn comes: a tenth of what the objects take.
                one.readings.append(_ENCODER.encode(line))
            case EventLine():
                one.events.append(line)


def load(path: Path, events: Path | None = None, conditions: tuple[str, ...] = ()) -> list[Someone]:
    """Everybody in a cohort file and its list of events; people without conditions of their own have the given ones."""
    crowd = _Crowd()
    for _, line in read(path):
        crowd.add(line)
    if events is not None:
        _add_events(events, crowd.people)
    found = [one for one in crowd.people.values() if one.readings]
    if not found:
        raise CannotRead(f"{path}: no readings in it.")
    for one in found:
        one.about.conditions = one.about.conditions or list(conditions)
    return found


def _add_events(path: Path, found: dict[str, Someone]) -> None:
    for number, line in read(path, "event"):
        if not isinstance(line, EventLine):
            raise CannotRead(f"{path}: line {number} is no event.")
        if line.patient not in found:
            raise CannotRead(f"{path}: line {number}: patient {line.patient!r} is not in the cohort file.")
        found[line.patient].events.append(line)


def history_of(one: Someone) -> History:
    """A person of a file as a history; readings and events are put in order of time."""
    about = one.about
    drafts = sorted((draft_of(msgspec.json.decode(body, type=ReadingLine)) for body in one.readings), key=lambda each: (each.taken_at, each.id))
    try:
        zone = ZoneInfo(about.zone)
    except (KeyError, ValueError, OSError) as error:
        raise CannotRead(f"Patient {about.patient!r}: {about.zone!r} is no time zone.") from error
    starts_on = about.starts_on or drafts[0].taken_at.astimezone(zone).date()
    start = datetime.combine(starts_on, time.min, tzinfo=UTC)
    last = max([drafts[-1].taken_at, *(event.at for event in one.events)])
    days = about.days or max(math.ceil((last - start) / timedelta(days=1)), 1)
    profile = Profile(
        zone=about.zone, birth_on=about.birth_on or _BORN, conditions=frozenset(about.conditions), facts=_facts(about),
    )  # fmt: skip
    events = sorted((Event(what=event.what, at=event.at, how=event.how) for event in one.events), key=lambda each: each.at)
    return History(patient=patient_id(about.patient), profile=profile, starts_on=starts_on, days=days, drafts=drafts, events=events)


def _facts(about: PatientLine) -> tuple[Fact, ...]:
    """What the file says of a person, as facts that were always so; an unknown key or value is refused."""
    try:
        return tuple(facts.admit(key, value, ALWAYS, None) for key, value in sorted(about.facts.items()))
    except Invalid as error:
        raise CannotRead(f"Patient {about.patient!r}: {error}") from error


def csv_text(rows: list[list[str]]) -> str:
    """Rows as CSV text."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()

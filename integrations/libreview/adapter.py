"""LibreView CSV -> drafts."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

import msgspec

from domain.readings.reading import Draft, Source, TimeSource
from integrations.csv_rows import rows as csv_rows
from integrations.derived import reading_id
from integrations.local_times import LocalClock
from integrations.manifest import Delivery, Fault, Parsed, Unreadable

_HEAD: Final = re.compile(r"device timestamp", re.IGNORECASE)
_RECORD: Final = re.compile(r"record type", re.IGNORECASE)
_SERIAL: Final = re.compile(r"serial number", re.IGNORECASE)
_VALUE: Final[dict[str, tuple[str, re.Pattern[str]]]] = {
    "0": ("glucose_cgm", re.compile(r"historic glucose (mg/dL|mmol/L)", re.IGNORECASE)),
    "1": ("glucose_cgm", re.compile(r"scan glucose (mg/dL|mmol/L)", re.IGNORECASE)),
    "2": ("glucose_capillary", re.compile(r"strip glucose (mg/dL|mmol/L)", re.IGNORECASE)),
    "3": ("ketones_blood", re.compile(r"ketone (mmol/L)", re.IGNORECASE)),
}
_NUMBER: Final = re.compile(r"[0-9]{1,4}([.,][0-9]{1,4})?")
_ENDS: Final = {"mmol/L": (Decimal("2.2"), Decimal("27.8")), "mg/dL": (Decimal(40), Decimal(500))}
_UNITS: Final = {"mg/dl": "mg/dL", "mmol/l": "mmol/L"}
_DAY_FIRST: Final = "%d-%m-%Y %H:%M"
_MONTH_FIRST: Final = "%m-%d-%Y %I:%M %p"
_MONTH_FIRST_24: Final = "%m-%d-%Y %H:%M"
_DATE: Final = re.compile(r"(\d{1,2})-(\d{1,2})-\d{4}")
_MONTHS: Final = 12


def recognises(body: bytes) -> bool:
    """A header with a device timestamp and a record type in the first lines."""
    head = body[:4000].decode("utf-8-sig", errors="replace").splitlines()[:3]
    return any(_HEAD.search(line) and _RECORD.search(line) for line in head)


class _Columns(msgspec.Struct, frozen=True):
    """Where the columns are, and the unit of each value."""

    time: int
    record: int
    serial: int | None
    values: dict[str, tuple[str, int, str]]


def _columns(names: Sequence[str]) -> _Columns:
    values: dict[str, tuple[str, int, str]] = {}
    for record, (kind, pattern) in _VALUE.items():
        for place, name in enumerate(names):
            found = pattern.search(name)
            if found:
                values[record] = (kind, place, _UNITS[found[1].lower()])
    return _Columns(
        time=next(place for place, name in enumerate(names) if _HEAD.search(name)),
        record=next(place for place, name in enumerate(names) if _RECORD.search(name)),
        serial=next((place for place, name in enumerate(names) if _SERIAL.search(name)), None), values=values,
    )  # fmt: skip


def parse(delivery: Delivery) -> Parsed:
    """Drafts in order of time: a file is grouped by record type."""
    try:
        text = delivery.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("A LibreView export is UTF-8.") from error
    rows = list(csv_rows(text))
    start = next((place for place, row in enumerate(rows) if _HEAD.search(",".join(row)) and _RECORD.search(",".join(row))), None)
    if start is None:
        raise Unreadable("A LibreView export has a header with a device timestamp and a record type.")
    columns = _columns(rows[start])
    times = [row[columns.time] for row in rows[start + 1 :] if len(row) > columns.time]
    shape = _shape(times)
    clocks = {record: LocalClock(delivery.zone) for record in _VALUE}
    drafts: list[Draft] = []
    faults: list[Fault] = []
    for number, row in enumerate(rows[start + 1 :], start=start + 2):
        found = _read(row, number, columns, shape, clocks, delivery)
        if isinstance(found, Fault):
            faults.append(found)
        elif found is not None:
            drafts.append(found)
    return Parsed(drafts=sorted(drafts, key=lambda one: one.taken_at.astimezone(UTC)), faults=faults)


def _shape(times: Sequence[str]) -> str:
    """How this file writes dates, from the whole of it. Raises Unreadable where nothing tells."""
    if any(text.strip().upper().endswith(("AM", "PM")) for text in times):
        return _MONTH_FIRST
    found = [match for match in map(_DATE.match, map(str.strip, times)) if match]
    if any(int(match[1]) > _MONTHS for match in found):
        return _DAY_FIRST
    if any(int(match[2]) > _MONTHS for match in found):
        return _MONTH_FIRST_24
    raise Unreadable("Whether days or months come first cannot be told from this file: export a stretch with a day after the 12th.")


def _read(
    row: Sequence[str], number: int, columns: _Columns, shape: str, clocks: dict[str, LocalClock], delivery: Delivery,
) -> Draft | Fault | None:  # fmt: skip
    if not any(row):
        return None
    record = row[columns.record].strip() if len(row) > columns.record else ""
    if record not in columns.values:
        return None
    kind, place, unit = columns.values[record]
    text = row[place].strip() if len(row) > place else ""
    amount, comparator = _amount(text, unit, kind)
    if amount is None:
        return Fault(row=number, code="not_a_number", detail="The column of this record type holds no number.")
    at = clocks[record].at(_naive(row[columns.time].strip(), shape))
    if at is None:
        return Fault(row=number, code="time_unreadable", detail="No time as this file writes it, or one that never was.")
    serial = "" if columns.serial is None else row[columns.serial].strip()
    return Draft(
        id=reading_id(delivery.patient, "libreview", serial, record, at.astimezone(UTC).isoformat(), comparator or "", amount, unit),
        kind=kind, taken_at=at, value=amount, unit=unit, comparator=comparator, source=Source.FILE,
        time_source=TimeSource.PATIENT_ZONE, offset_min=int((at.utcoffset() or timedelta(0)).total_seconds() // 60), history=True,
    )  # fmt: skip


def _amount(text: str, unit: str, kind: str) -> tuple[Decimal | None, Literal["<", ">"] | None]:
    low, high = _ENDS[unit]
    if text.upper() in {"LO", "LOW"}:
        return low, "<"
    if text.upper() in {"HI", "HIGH"}:
        return high, ">"
    if not _NUMBER.fullmatch(text):
        return None, None
    amount = Decimal(text.replace(",", "."))
    if kind != "glucose_cgm":
        return amount, None
    return amount, "<" if amount <= low else ">" if amount >= high else None


def _naive(text: str, shape: str) -> datetime | None:
    try:
        return datetime.strptime(text, shape)  # noqa: DTZ007 - the file's times carry no zone; the patient's is put on next
    except ValueError:
        return None

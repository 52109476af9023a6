"""Clarity CSV -> drafts."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from domain.readings.reading import Draft, Source, TimeSource
from integrations.csv_rows import rows as csv_rows
from integrations.derived import reading_id
from integrations.local_times import LocalClock
from integrations.manifest import Delivery, Fault, Parsed, Unreadable

_TIME: Final = re.compile(r"timestamp|zeitstempel|horodatage|fecha", re.IGNORECASE)
_TYPE: Final = re.compile(r"event type|ereignistyp|type d.événement|tipo de evento", re.IGNORECASE)
_SOURCE: Final = re.compile(r"source device|quellgerät|identifiant de l.appareil", re.IGNORECASE)
_GLUCOSE: Final = re.compile(r"glucose.*\((mg/dL|mmol/L)\)", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[0-9]{1,4}([.,][0-9]{1,4})?")
_KINDS: Final = {"egv": "glucose_cgm", "calibration": "glucose_capillary", "kalibrierung": "glucose_capillary"}
_BEYOND: Final[dict[str, Literal["<", ">"]]] = {
    "low": "<", "niedrig": "<", "bas": "<", "bajo": "<", "high": ">", "hoch": ">", "élevé": ">", "alto": ">",
}  # fmt: skip
_BOUNDS: Final = {("mg/dL", "<"): "40", ("mg/dL", ">"): "400", ("mmol/L", "<"): "2.2", ("mmol/L", ">"): "22.2"}
_UNITS: Final = {"mg/dl": "mg/dL", "mmol/l": "mmol/L"}


def recognises(body: bytes) -> bool:
    """A first line with a time, an event type and a glucose column."""
    head = body[:2000].decode("utf-8-sig", errors="replace").splitlines()
    return bool(head) and all(pattern.search(head[0]) for pattern in (_TIME, _TYPE, _GLUCOSE))


class _Columns:
    """Where the columns are."""

    def __init__(self, names: list[str]) -> None:
        self.time = self._place(names, _TIME)
        self.type = self._place(names, _TYPE)
        self.glucose = self._place(names, _GLUCOSE)
        self.source = next((place for place, name in enumerate(names) if _SOURCE.search(name)), None)
        found = _GLUCOSE.search(names[self.glucose])
        self.unit = _UNITS[found[1].lower()] if found else "mg/dL"
        self.last = max(self.time, self.type, self.glucose)

    @staticmethod
    def _place(names: list[str], pattern: re.Pattern[str]) -> int:
        for place, name in enumerate(names):
            if pattern.search(name):
                return place
        raise Unreadable(f"A Clarity export has a column like {pattern.pattern.split('|')[0]!r} in its first line.")


def parse(delivery: Delivery) -> Parsed:
    """Drafts in the order of the file."""
    try:
        text = delivery.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("A Clarity export is UTF-8.") from error
    first = text.split("\n", 1)[0]
    rows = csv_rows(text, ";" if first.count(";") > first.count(",") else ",")
    names = next(rows, None)
    if not names:
        raise Unreadable("The file is empty.")
    columns = _Columns(names)
    drafts: list[Draft] = []
    faults: list[Fault] = []
    clock = LocalClock(delivery.zone)
    for number, row in enumerate(rows, start=2):
        found = _read(row, number, columns, clock, delivery)
        if isinstance(found, Fault):
            faults.append(found)
        elif found is not None:
            drafts.append(found)
    return Parsed(drafts=drafts, faults=faults)


def _read(row: list[str], number: int, columns: _Columns, clock: LocalClock, delivery: Delivery) -> Draft | Fault | None:
    if len(row) <= columns.last:
        return Fault(row=number, code="row_short", detail="Fewer columns than the first line names.") if any(row) else None
    kind = _KINDS.get(row[columns.type].strip().lower())
    if kind is None or not row[columns.time].strip():
        return None
    value = row[columns.glucose].strip()
    comparator = _BEYOND.get(value.lower())
    if comparator is None and not _NUMBER.fullmatch(value):
        return Fault(row=number, code="not_a_number", detail="The glucose column holds no number.")
    amount = Decimal(_BOUNDS[columns.unit, comparator]) if comparator else Decimal(value.replace(",", "."))
    at = clock.at(_naive(row[columns.time].strip()))
    if at is None:
        return Fault(row=number, code="time_unreadable", detail="No time like 2026-11-24T07:05:00, or one that never was.")
    source = "" if columns.source is None or columns.source >= len(row) else row[columns.source].strip()
    return Draft(
        id=reading_id(delivery.patient, source, kind, at.astimezone(UTC).isoformat(), comparator or "", amount, columns.unit),
        kind=kind, taken_at=at, value=amount, unit=columns.unit, comparator=comparator, source=Source.FILE,
        time_source=TimeSource.PATIENT_ZONE, offset_min=int((at.utcoffset() or timedelta(0)).total_seconds() // 60), history=True,
    )  # fmt: skip


def _naive(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.replace(" ", "T"))
    except ValueError:
        return None

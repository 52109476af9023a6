"""Nightscout entries -> drafts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from domain.readings.reading import Draft, Source, TimeSource
from integrations.derived import reading_id
from integrations.manifest import Delivery, Fault, Parsed, Unreadable

_CODES_UNTIL: Final = 39
_ABOVE: Final = 400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_MS: Final = 4_102_444_800_000
"""The year 2100."""


class _Entry(msgspec.Struct, frozen=True):
    type: str = "sgv"
    date: int | float | None = None
    sgv: int | float | None = None
    mbg: int | float | None = None
    device: str = ""
    key: str | None = msgspec.field(default=None, name="_id")


_ENTRIES: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ENTRY: Final = msgspec.json.Decoder(_Entry)


def recognises(body: bytes) -> bool:
    """An array of objects with `sgv` or `mbg` near the beginning."""
    head = body[:4000].lstrip()
    return head.startswith(b"[") and (b'"sgv"' in head or b'"mbg"' in head)


def parse(delivery: Delivery) -> Parsed:
    """Drafts, oldest first: a site sends its newest entry first."""
    try:
        raws = _ENTRIES.decode(delivery.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable("Nightscout entries are a JSON array.") from error
    drafts: list[Draft] = []
    faults: list[Fault] = []
    for number, raw in enumerate(raws, start=1):
        found = _read(bytes(raw), number, delivery)
        if isinstance(found, Fault):
            faults.append(found)
        elif found is not None:
            drafts.append(found)
    return Parsed(drafts=sorted(drafts, key=lambda one: one.taken_at), faults=faults)


def _read(raw: bytes, number: int, delivery: Delivery) -> Draft | Fault | None:
    try:
        entry = _ENTRY.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Fault(row=number, code="entry_unreadable", detail="Not an entry: an object with type, date and sgv or mbg.")
    value: Any = {"sgv": entry.sgv, "mbg": entry.mbg}.get(entry.type)
    if entry.type not in {"sgv", "mbg"}:
        return None
    if value is None or entry.date is None or not 0 < entry.date < _MOST_MS:
        return Fault(row=number, code="value_missing", detail="An entry has a date and a value.")
    amount = Decimal(str(value))
    if entry.type == "sgv" and amount < _CODES_UNTIL:
        return Fault(row=number, code="sensor_error", detail="A value below 39 is an error code of the sensor.")
    comparator = _beyond(amount) if entry.type == "sgv" else None
    if comparator is not None:
        amount = Decimal(40) if comparator == "<" else Decimal(_ABOVE)
    at = _EPOCH + timedelta(milliseconds=round(entry.date))
    key = ("nightscout", entry.key) if entry.key else (entry.device, entry.type, at.isoformat(), amount)
    return Draft(
        id=reading_id(delivery.patient, *key), kind="glucose_cgm" if entry.type == "sgv" else "glucose_capillary", taken_at=at,
        value=amount, unit="mg/dL", comparator=comparator, source=Source.FILE, time_source=TimeSource.EPOCH_UTC, history=True,
    )  # fmt: skip


def _beyond(amount: Decimal) -> Literal["<", ">"] | None:
    if amount == _CODES_UNTIL:
        return "<"
    return ">" if amount > _ABOVE else None

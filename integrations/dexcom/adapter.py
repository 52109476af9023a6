"""Dexcom API v3, estimated glucose values -> drafts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

import msgspec

from domain.readings.reading import TimeSource
from integrations.manifest import Api, Ask, Delivery, Notice, Parsed, Secrets
from integrations.records import Records, Skip, decoded, finite, instant, says

_LOW: Final = Decimal(40)
_HIGH: Final = Decimal(400)
_CODES_UNTIL: Final = Decimal(39)


class _Value(msgspec.Struct, frozen=True, rename="camel"):
    system_time: str
    record_id: str = ""
    display_time: str | None = None
    value: Decimal | None = None
    status: str | None = None
    unit: str = "mg/dL"


class _Values(msgspec.Struct, frozen=True):
    records: list[msgspec.Raw]


def recognises(body: bytes) -> bool:
    """Records of estimated glucose values."""
    return says(body, b"recordType", b"egv")


def parse(delivery: Delivery) -> Parsed:
    """Sensor values, always mg/dL; `low` and `high` are beyond the sensor's range and still call somebody."""
    page = decoded(delivery.body, _Values, "Estimated glucose values: a JSON object with `records`.")
    found = Records("dexcom", delivery)
    found.each(page.records, _Value, lambda one: _read(found, one))
    return found.parsed()


def _read(found: Records, one: _Value) -> None:
    at = _utc(one.system_time)
    if one.unit not in {"mg/dL", "mg/dl"}:
        raise Skip("unit_unknown", "Always mg/dL, says the documentation.")
    comparator: Literal["<", ">"] | None = None
    value = None if one.value is None else finite(one.value)
    if one.status == "low" or (value is not None and value == _CODES_UNTIL):
        value, comparator = _LOW, "<"
    elif one.status == "high" or (value is not None and value > _HIGH):
        value, comparator = _HIGH, ">"
    elif value is not None and value < _CODES_UNTIL:
        raise Skip("sensor_error", "A value below 39 is an error code of the sensor.")
    found.add("glucose_cgm", at, record=one.record_id, value=finite(value), unit="mg/dL", comparator=comparator,
              time_source=TimeSource.EPOCH_UTC)  # fmt: skip


def _utc(text: str) -> datetime:
    """The system's time is UTC, with or without saying so."""
    return instant(text if text.endswith("Z") or "+" in text[10:] or "-" in text[10:] else f"{text}+00:00").astimezone(UTC)


def _asks(notice: Notice, _secrets: Secrets) -> Sequence[Ask]:
    if notice.start is None or notice.end is None:
        return []
    times = {"startDate": f"{notice.start.astimezone(UTC):%Y-%m-%dT%H:%M:%S}", "endDate": f"{notice.end.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"}
    return [Ask(path="/v3/users/self/egvs", query=times)]


API: Final = Api(base="https://api.dexcom.eu", token_path="/v2/oauth2/token", asks=_asks, every=timedelta(minutes=5), most=timedelta(days=3))  # noqa: S106 - a path

"""Validic measurements -> drafts."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Final

import msgspec

from integrations.manifest import Api, Ask, Delivery, Notice, Parsed, Secrets
from integrations.records import Records, Skip, decoded, finite, instant, says, short

_KINDS: Final = {
    "body_weight": "body_weight", "weight": "body_weight", "height": "body_height", "body_fat": "body_fat", "pulse": "heart_rate",
    "resting_heart_rate": "heart_rate", "spo2": "oxygen_saturation", "blood_glucose": "glucose", "temperature": "body_temperature",
    "body_temperature": "body_temperature", "respiratory_rate": "respiratory_rate", "peak_expiratory_flow": "peak_flow", "pef": "peak_flow",
}  # fmt: skip
_UNITS: Final = {"L/s": "L/s", "l/s": "L/s", "mmHg": "mm[Hg]", "bpm": "/min", "kg": "kg", "lb": "[lb_av]", "cm": "cm", "%": "%",
                 "mg/dL": "mg/dL", "mmol/L": "mmol/L", "C": "Cel", "F": "[degF]", "breaths/min": "/min", "L/min": "L/min",
                 "percent": "%"}  # fmt: skip
_PARTS: Final = {"systolic": "systolic", "diastolic": "diastolic"}


class _Metric(msgspec.Struct, frozen=True):
    type: str
    value: Decimal | None = None
    unit: str = ""
    origin: str = ""


class _Source(msgspec.Struct, frozen=True):
    type: str = ""


class _User(msgspec.Struct, frozen=True):
    user_id: str = ""


class _Record(msgspec.Struct, frozen=True):
    log_id: str
    start_time: str
    metrics: list[_Metric]
    utc_offset: Annotated[int, msgspec.Meta(ge=-50_400, le=50_400)] = 0
    offset_origin: str = ""
    source: _Source = _Source()
    user: _User = _User()
    deleted_at: str | None = None


class _Page(msgspec.Struct, frozen=True):
    data: list[msgspec.Raw]


def recognises(body: bytes) -> bool:
    """Records with metrics."""
    return says(body, b"log_id", b"metrics")


def parse(delivery: Delivery) -> Parsed:
    """Every metric that is a reading, in the unit that it names; a peak flow comes in litres a second."""
    page = decoded(delivery.body, _Page, "A page of measurements: a JSON object with `data`.")
    found = Records("validic", delivery)
    found.each(page.data, _Record, lambda one: _read(found, one))
    return found.parsed()


def _read(found: Records, one: _Record) -> None:
    is_gone = bool(one.deleted_at)
    at = _at(one)
    record, account = f"{one.log_id}|{one.source.type}", one.user.user_id
    parts: dict[str, Decimal] = {}
    unit, is_by_hand = "", False
    for metric in one.metrics:
        if metric.type in _PARTS:
            parts[_PARTS[metric.type]] = finite(metric.value)
            unit, is_by_hand = _unit(metric), metric.origin == "manual"
        elif metric.type in _KINDS:
            found.add(_KINDS[metric.type], at, record=record, account=account, value=short(finite(metric.value)), unit=_unit(metric),
                      manual=metric.origin == "manual", retracts=is_gone)  # fmt: skip
    if parts:
        found.add("blood_pressure", at, record=record, account=account, parts=parts, unit=unit, manual=is_by_hand,
                  retracts=is_gone)  # fmt: skip


def _unit(metric: _Metric) -> str:
    unit = _UNITS.get(metric.unit)
    if unit is None:
        raise Skip("unit_unknown", f"One of {', '.join(_UNITS)}.")
    return unit


def _at(one: _Record) -> datetime:
    return instant(one.start_time).astimezone(timezone(timedelta(seconds=one.utc_offset)))


def _asks(notice: Notice, secrets: Secrets) -> Sequence[Ask]:
    if notice.start is None or notice.end is None:
        return []
    # The organisation's own token, and in the query: the vendor takes it nowhere else.
    query = {"start_date": f"{notice.start:%Y-%m-%d}", "end_date": f"{notice.end:%Y-%m-%d}", "token": secrets.client_secret}
    return [Ask(path=f"/organizations/{secrets.client_id}/users/{notice.account}/measurements", query=query)]


API: Final = Api(base="https://api.v2.validic.com", token_path="", asks=_asks, every=timedelta(minutes=15))

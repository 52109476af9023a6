"""Omron's measurement API -> drafts."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Final

import msgspec

from integrations.manifest import Api, Ask, Delivery, Notice, Parsed, Secrets
from integrations.records import Records, Skip, decoded, finite, says, short

_OFFSET: Final = re.compile(r"([+-])(\d{2}):?(\d{2})", re.ASCII)
_UNITS: Final = {"mmHg": "mm[Hg]", "kPa": "kPa", "bpm": "/min", "kg": "kg", "lb": "[lb_av]", "lbs": "[lb_av]", "C": "Cel", "F": "[degF]",
                 "%": "%"}  # fmt: skip


class _Measure(msgspec.Struct, frozen=True, rename="camel"):
    id: int | str = ""
    date_time_local: str = ""
    date_time_utc_offset: str = ""
    systolic: Decimal | None = None
    diastolic: Decimal | None = None
    blood_pressure_units: str = ""
    pulse: Decimal | None = None
    pulse_units: str = "bpm"
    weight: Decimal | None = None
    weight_units: str = ""
    body_fat_percentage: Decimal | None = None
    temperature: Decimal | None = None
    temperature_units: str = ""
    oxygen_saturation: Decimal | None = None


class _Result(msgspec.Struct, frozen=True, rename="camel"):
    blood_pressure: list[msgspec.Raw] = []
    weight: list[msgspec.Raw] = []
    temperature: list[msgspec.Raw] = []
    oximeter: list[msgspec.Raw] = []


class _Body(msgspec.Struct, frozen=True):
    result: _Result


def recognises(body: bytes) -> bool:
    """A result with local times and their offsets."""
    return says(body, b"result", b"dateTimeUtcOffset")


def parse(delivery: Delivery) -> Parsed:
    """Pressures with their pulse, weights, temperatures and oxygen levels; each names its unit."""
    result = decoded(delivery.body, _Body, "The answer of the measurement API: a JSON object with `result`.").result
    found = Records("omron", delivery)

    def read(one: _Measure) -> None:
        at, record = _at(one), str(one.id)
        if one.systolic is not None or one.diastolic is not None:
            parts = {"systolic": finite(one.systolic), "diastolic": finite(one.diastolic)}
            found.add("blood_pressure", at, record=record, parts=parts, unit=_unit(one.blood_pressure_units))
        for kind, value, unit in (
            ("heart_rate", one.pulse, one.pulse_units), ("body_weight", one.weight, one.weight_units),
            ("body_fat", one.body_fat_percentage, "%"), ("body_temperature", one.temperature, one.temperature_units),
            ("oxygen_saturation", one.oxygen_saturation, "%"),
        ):  # fmt: skip
            if value is not None:
                found.add(kind, at, record=record, value=short(finite(value)), unit=_unit(unit))

    for raws in (result.blood_pressure, result.weight, result.temperature, result.oximeter):
        found.each(raws, _Measure, read)
    return found.parsed()


def _unit(named: str) -> str:
    unit = _UNITS.get(named)
    if unit is None:
        raise Skip("unit_unknown", f"One of {', '.join(_UNITS)}.")
    return unit


def _at(one: _Measure) -> datetime:
    offset = _OFFSET.fullmatch(one.date_time_utc_offset)
    try:
        local = datetime.fromisoformat(one.date_time_local).replace(tzinfo=None)
    except ValueError:
        local = None
    if offset is None or local is None or int(offset[2]) > 14:  # noqa: PLR2004 - the furthest zone
        raise Skip("time_missing", "A local time and its offset, such as +01:00.")
    minutes = (int(offset[2]) * 60 + int(offset[3])) * (-1 if offset[1] == "-" else 1)
    return local.replace(tzinfo=timezone(timedelta(minutes=minutes)))


def _asks(notice: Notice, _secrets: Secrets) -> Sequence[Ask]:
    since = "" if notice.start is None else f"{notice.start.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    return [Ask(path="/api/measurement", form={"type": kind, "since": since, "limit": "500"}) for kind in ("bloodpressure", "weight")]


API: Final = Api(base="https://oauth-ocwhk.ohiomron.eu", token_path="/connect/token", asks=_asks, every=timedelta(minutes=15))  # noqa: S106 - a path

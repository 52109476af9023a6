"""Terra's normalised body payloads -> drafts."""

from decimal import Decimal
from typing import Final

import msgspec

from integrations.manifest import Delivery, Hook, Parsed
from integrations.records import Records, decoded, finite, instant, says, short
from integrations.signatures import terra


class _User(msgspec.Struct, frozen=True):
    user_id: str = ""


class _Pressure(msgspec.Struct, frozen=True):
    timestamp: str | None = None
    systolic_bp: Decimal | None = None
    diastolic_bp: Decimal | None = None


class _Glucose(msgspec.Struct, frozen=True):
    timestamp: str | None = None
    mg_per_dl: Decimal | None = msgspec.field(name="blood_glucose_mg_per_dL", default=None)


class _Oxygen(msgspec.Struct, frozen=True):
    timestamp: str | None = None
    percentage: Decimal | None = None


class _Temperature(msgspec.Struct, frozen=True):
    timestamp: str | None = None
    temperature_celsius: Decimal | None = None


class _Measure(msgspec.Struct, frozen=True):
    measurement_time: str | None = None
    weight_kg: Decimal | None = None
    height_cm: Decimal | None = None
    bodyfat_percentage: Decimal | None = None


_Raws = list[msgspec.Raw]


class _Pressures(msgspec.Struct, frozen=True):
    blood_pressure_samples: _Raws = []


class _Sugars(msgspec.Struct, frozen=True):
    blood_glucose_samples: _Raws = []


class _Oxygens(msgspec.Struct, frozen=True):
    saturation_samples: _Raws = []


class _Temperatures(msgspec.Struct, frozen=True):
    body_temperature_samples: _Raws = []


class _Measures(msgspec.Struct, frozen=True):
    measurements: _Raws = []


class _Body(msgspec.Struct, frozen=True):
    blood_pressure_data: _Pressures = _Pressures()
    glucose_data: _Sugars = _Sugars()
    oxygen_data: _Oxygens = _Oxygens()
    temperature_data: _Temperatures = _Temperatures()
    measurements_data: _Measures = _Measures()


class _Event(msgspec.Struct, frozen=True, kw_only=True):
    type: str
    user: _User = _User()
    data: list[_Body] = []


class _Typed(msgspec.Struct, frozen=True, kw_only=True):
    type: str


HOOK: Final = Hook(scheme=terra, id_of=lambda delivery: delivery.headers.get("terra-reference", ""))


def recognises(body: bytes) -> bool:
    """An event with a user and data."""
    return says(body, b"type", b"user", b"user_id", b"data")


def parse(delivery: Delivery) -> Parsed:
    """What a `body` event measured; the other types (activity, sleep, sign-in) hold no reading of ours."""
    wanted = "An event of Terra: a JSON object with type, user and data."
    if decoded(delivery.body, _Typed, wanted).type != "body":
        return Parsed(drafts=[])
    event = decoded(delivery.body, _Event, wanted)
    found = Records("terra", delivery)
    account = event.user.user_id

    def single(kind: str, at: str | None, value: Decimal | None, unit: str) -> None:
        moment = instant(at)
        found.add(kind, moment, record=f"{event.type}|{moment.isoformat()}", account=account, value=short(finite(value)), unit=unit)

    def pressure(one: _Pressure) -> None:
        parts = {"systolic": finite(one.systolic_bp), "diastolic": finite(one.diastolic_bp)}
        at = instant(one.timestamp)
        found.add("blood_pressure", at, record=f"body|{at.isoformat()}", account=account, parts=parts, unit="mm[Hg]")

    def measure(one: _Measure) -> None:
        for kind, value, unit in (("body_weight", one.weight_kg, "kg"), ("body_height", one.height_cm, "cm"),
                                  ("body_fat", one.bodyfat_percentage, "%")):  # fmt: skip
            if value is not None:
                single(kind, one.measurement_time, value, unit)

    for body in event.data:
        found.each(body.blood_pressure_data.blood_pressure_samples, _Pressure, pressure)
        found.each(body.glucose_data.blood_glucose_samples, _Glucose,
                   lambda one: single("glucose", one.timestamp, one.mg_per_dl, "mg/dL"))  # fmt: skip
        found.each(body.oxygen_data.saturation_samples, _Oxygen, lambda one: single("oxygen_saturation", one.timestamp, one.percentage, "%"))
        found.each(body.temperature_data.body_temperature_samples, _Temperature,
                   lambda one: single("body_temperature", one.timestamp, one.temperature_celsius, "Cel"))  # fmt: skip
        found.each(body.measurements_data.measurements, _Measure, measure)
    return found.parsed()

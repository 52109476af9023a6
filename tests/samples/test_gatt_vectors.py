"""Characteristic values that others published, read in place."""

from datetime import datetime
from decimal import Decimal
from typing import Any, cast

import msgspec
import pytest

from integrations.gatt.adapter import decode
from integrations.gatt.layouts import (
    BloodPressure,
    BodyComposition,
    Glucose,
    HeartRate,
    Oximetry,
    SensorRecords,
    SessionStart,
    Temperature,
    Weight,
)
from integrations.gatt.numbers import Wrong, crc16, float32, sfloat
from tests.samples.test_real_exports import sample

pytestmark = pytest.mark.samples
SPECIAL = {"NaN": "not a number", "NRes": "not at this resolution", "+INF": "above range", "-INF": "below range", "RFU": "reserved"}


def vectors() -> dict[str, Any]:
    return msgspec.json.decode(sample("gatt/vectors.json").read_bytes())


def test_every_published_number_and_checksum() -> None:
    found = vectors()
    for group, read in (("sfloat16", sfloat), ("float32", float32)):
        assert found[group]
        for one in found[group]:
            value = read(int(one["raw"], 16))
            if one["value"] in SPECIAL:
                assert getattr(value, "value", None) == SPECIAL[one["value"]]
            else:
                assert value == Decimal(str(one["value"]))
    for one in found["crc16_mcrf4xx"]:
        octets = one["ascii"].encode() if "ascii" in one else bytes.fromhex(one["hex"])
        assert crc16(octets) == int(one["crc"], 16)


def facts(value: Any) -> dict[str, Any]:  # one branch per characteristic
    """Our fields under the names of the published vectors."""
    match value:
        case BloodPressure():
            return {"systolic": value.systolic, "diastolic": value.diastolic, "map": value.mean, "pulse": value.pulse, "user_id": value.user}
        case Glucose():
            return {"sequence": value.sequence, "base_time": value.at, "time_offset_min": value.offset_min, "concentration": value.value,
                    "unit": value.unit, "type": value.type, "location": value.location, "status": value.status,
                    "context_follows": value.has_context}  # fmt: skip
        case Temperature():
            return {"temperature": value.value, "unit": value.unit, "timestamp": value.at, "type": value.site}
        case HeartRate():
            return {"hr": value.rate, "contact": value.contact, "energy_kJ": value.energy_kj, "rr_1024ths": list(value.intervals)}
        case SensorRecords():
            return {"records": [
                {"glucose_mgdl": one.value, "time_offset_min": one.offset_min, "status_octet": one.status, "caltemp_octet": one.calibration,
                 "warning_octet": one.warning, "trend": one.trend, "quality": one.quality, "crc_ok": True} for one in value.records
            ]}  # fmt: skip
        case Oximetry():
            return {"spo2": value.spo2, "pulse": value.pulse, "measurement_status": value.measurement, "device_sensor_status": value.device,
                    "pai": value.perfusion}  # fmt: skip
        case Weight():
            return {"weight": value.weight, "unit": value.unit}
        case BodyComposition():
            return {"body_fat_pct": value.fat, "timestamp": value.at}
        case SessionStart():
            return {"session_start_local": value.at, "crc_ok": True}
        case _:
            return {}


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, dict):
        return all(same(ours[key], wanted) for key, wanted in cast("dict[str, Any]", theirs).items())
    if isinstance(theirs, list):
        many = cast("list[Any]", theirs)
        return len(ours) == len(many) and all(same(one, wanted) for one, wanted in zip(ours, many, strict=True))
    if isinstance(ours, datetime):
        return ours.isoformat() == theirs
    if isinstance(ours, Decimal):
        return ours == Decimal(str(theirs))
    return ours == theirs


def test_every_published_value_is_read_as_its_publisher_says() -> None:
    tried = 0
    for one in vectors()["characteristics"]:
        octets = bytes.fromhex(one["hex"])
        if not one["valid"]:
            with pytest.raises(Wrong):
                decode(one["characteristic"], octets)
            continue
        found = facts(decode(one["characteristic"], octets))
        wanted = {key: value for key, value in one["expect"].items() if key in found}
        assert wanted, one["name"]
        assert same(found, wanted), one["name"]
        tried += 1
    assert tried >= 15

"""Tidepool device data (an upload, or an exported file) -> drafts."""

import re
from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec

from domain.readings.reading import TimeSource
from integrations.manifest import Delivery, Hook, Parsed
from integrations.records import Records, Skip, finite, instant, raws, says, short
from integrations.signatures import path_alone

_KINDS: Final = {"cbg": "glucose_cgm", "smbg": "glucose_capillary", "bloodKetone": "ketones_blood"}
_UNITS: Final = {"mmol/L": "mmol/L", "mmol/l": "mmol/L", "mg/dL": "mg/dL", "mg/dl": "mg/dL"}
_DIGITS: Final = 3
_TYPES: Final = re.compile(rb'"type"\s*:\s*"(?:cbg|smbg|bloodKetone|upload|deviceEvent|basal|bolus|food|insulin|deviceStatus)"')


class _Annotation(msgspec.Struct, frozen=True):
    code: str = ""
    value: str = ""
    threshold: Decimal | None = None


class _Datum(msgspec.Struct, frozen=True, rename="camel"):
    type: str
    id: str = ""
    guid: str = ""
    time: str | None = None
    units: str = ""
    value: msgspec.Raw = msgspec.Raw(b"null")
    device_id: str = ""
    sub_type: str = ""
    clock_drift_offset: Annotated[int, msgspec.Meta(ge=-(10**9), le=10**9)] = 0
    annotations: list[_Annotation] = []
    active: bool = msgspec.field(name="_active", default=True)


HOOK: Final = Hook(scheme=path_alone)


def recognises(body: bytes) -> bool:
    """Data with a type, a device and an upload."""
    head = body[:4000]
    return says(body, b"type", b"time") and _TYPES.search(head) is not None and (b'"uploadId"' in head or b'"deviceId"' in head)


def parse(delivery: Delivery) -> Parsed:
    """Sensor and finger glucose and ketones; all other types are passed over. Times are UTC, a known drift is put in already."""
    found = Records("tidepool", delivery)
    wanted = "Tidepool data: a JSON array of objects with a type, or one of them."
    found.each(raws(delivery.body, wanted), _Datum, lambda one: _read(found, delivery, one))
    return found.parsed()


def _read(found: Records, delivery: Delivery, one: _Datum) -> None:
    kind = _KINDS.get(one.type)
    if kind is None or not one.active:
        return
    unit = _UNITS.get(one.units)
    if unit is None:
        raise Skip("unit_unknown", "mmol/L or mg/dL.")
    value = finite(msgspec.json.decode(one.value, type=Decimal | None))
    comparator: Literal["<", ">"] | None = None
    beyond = next((each for each in one.annotations if each.code == "bg/out-of-range"), None)
    if beyond is not None and beyond.value in {"low", "high"}:
        comparator = "<" if beyond.value == "low" else ">"
        if beyond.threshold is not None:
            # The bound is in mg/dL whatever the value is in.
            value, unit = finite(beyond.threshold), "mg/dL"
    # Kept there with every digit of a conversion from mg/dL; what was measured has three at most.
    shown = value if comparator is not None or unit == "mg/dL" else short(value, _DIGITS)
    found.add(
        kind, instant(one.time), record=one.id or one.guid, account=delivery.account or one.device_id, value=shown, unit=unit,
        comparator=comparator, manual=one.sub_type == "manual",
        time_source=TimeSource.DEVICE_CLOCK_CORRECTED if one.clock_drift_offset else TimeSource.OFFSET_IN_PAYLOAD,
    )  # fmt: skip

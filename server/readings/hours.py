"""Sensor hours as they are stored, and back into readings."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from domain import intake
from domain.readings.quality import restore_sample
from domain.readings.reading import Reading


class Hour(msgspec.Struct):
    """One device's samples of one hour, as columns."""

    kind: int
    hour: datetime
    device: int
    received_at: datetime
    source: int
    time_source: int
    offset_min: int
    ms: list[int]
    value: list[Decimal]
    unit: list[str | None]
    comparator: list[Literal["<", ">"] | None]
    marks: list[str]
    status: list[int]


def readings_of(patient: UUID, hour: Hour) -> list[Reading]:
    """The samples of an hour, as stored, with the ids that are derived from what they are."""
    found: list[Reading] = []
    for place, ms in enumerate(hour.ms):
        reading = restore_sample(
            kind=hour.kind, taken_at=hour.hour + timedelta(milliseconds=ms), received_at=hour.received_at,
            value=hour.value[place], unit=hour.unit[place], comparator=hour.comparator[place], device=hour.device,
            source=hour.source, time_source=hour.time_source, offset_min=hour.offset_min,
            marks=tuple(hour.marks[place].split()), status=hour.status[place],
        )  # fmt: skip
        found.append(msgspec.structs.replace(reading, id=intake.sample_id(patient, reading)))
    return found

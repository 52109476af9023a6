"""The SQL of readings: series, latest, and whose device it is."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from domain.readings.quality import restore_sample
from domain.readings.reading import Reading
from server.db import Tx
from server.sql import Query


class ReadingRow(msgspec.Struct):
    """One stored reading as the API shows it."""

    id: UUID
    kind: int
    taken_at: datetime
    received_at: datetime
    value: Decimal
    value2: Decimal | None
    value3: Decimal | None
    original: list[Decimal] | None
    unit: str | None
    comparator: str | None
    status: int
    device: int
    source: int
    time_source: int
    offset_min: int
    manual: bool
    corrects: UUID | None
    marks: list[str] | None


class HourRow(msgspec.Struct):
    """One hour of sensor samples."""

    kind: int
    hour: datetime
    device: int
    ms: list[int]
    value: list[Decimal]
    unit: list[str | None]
    comparator: list[str | None]
    status: list[int]


class Owner(msgspec.Struct):
    """Whose a device is, from when to when."""

    device_no: int
    patient_id: UUID
    from_at: datetime
    to_at: datetime | None


class VendorName(msgspec.Struct):
    """The vendor that a client posts for."""

    vendor: str


class PlainRow(msgspec.Struct):
    """A page of plain readings as JSON; no items when one of them is not plain."""

    items: str | None
    n: int
    last_at: datetime | None


PLAIN: Final = Query(PlainRow, "select items, n, last_at from latest_of_kind($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
OF_KIND: Final = Query(
    ReadingRow,
    """
    select id, kind, taken_at, received_at, value, value2, value3, original, unit, comparator, status, device, source,
           time_source, offset_min, manual, corrects, marks
      from reading
     where patient_id = $1 and kind = $2 and taken_at >= $3 and taken_at < $4
     order by taken_at desc, id desc
     limit $5
    """,
)
BETWEEN: Final = Query(
    ReadingRow,
    """
    select id, kind, taken_at, received_at, value, value2, value3, original, unit, comparator, status, device, source,
           time_source, offset_min, manual, corrects, marks
      from reading
     where patient_id = $1 and taken_at >= $2 and taken_at < $3
     order by taken_at desc, id desc
     limit $4
    """,
)
HOURS: Final = Query(
    HourRow,
    """
    select kind, hour, device, ms, value, unit, comparator, status
      from sensor_hour
     where patient_id = $1 and hour >= date_trunc('hour', $2::timestamptz) and hour < $3
     order by hour desc
     limit $4
    """,
)
OWNERS: Final = Query(
    Owner,
    """
    select a.device_no, a.patient_id, a.from_at, a.to_at
      from device d join device_assignment a on a.device_no = d.device_no
     where d.vendor = $1 and d.serial = $2
     order by a.from_at
    """,
)
VENDOR_OF: Final = Query(VendorName, "select vendor from vendor_client where client_id = $1")


def restored(hour: HourRow, place: int) -> Reading:
    """One sample of an hour as the reading it was."""
    at = hour.hour + timedelta(milliseconds=hour.ms[place])
    comparator = hour.comparator[place]
    return restore_sample(
        kind=hour.kind, taken_at=at, received_at=at, value=hour.value[place], unit=hour.unit[place],
        comparator="<" if comparator == "<" else ">" if comparator == ">" else None, device=hour.device, source=0,
        time_source=0, offset_min=0, marks=(), status=hour.status[place],
    )  # fmt: skip


async def of_kind(tx: Tx, patient: UUID, kind: int, start: datetime, end: datetime, limit: int) -> list[ReadingRow]:
    """The newest readings of one kind in a stretch of time, newest first."""
    return await OF_KIND.all(tx, patient, kind, start, end, limit)


async def between(tx: Tx, patient: UUID, start: datetime, end: datetime, limit: int) -> list[ReadingRow]:
    """The newest readings of every kind in a stretch of time, newest first."""
    return await BETWEEN.all(tx, patient, start, end, limit)


async def hours(tx: Tx, patient: UUID, start: datetime, end: datetime, limit: int) -> Sequence[HourRow]:
    """Sensor hours in a stretch of time, newest first."""
    return await HOURS.all(tx, patient, start, end, limit)


async def owners(tx: Tx, vendor: str, serial: str) -> list[Owner]:
    """Everybody whose this device was, as far as the asker may know."""
    return await OWNERS.all(tx, vendor, serial)


async def vendor_of(tx: Tx, client: UUID) -> str | None:
    """The vendor that a client posts for, or None."""
    row = await VENDOR_OF.one(tx, client)
    return None if row is None else row.vendor

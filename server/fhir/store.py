"""The SQL of FHIR: one reading by its id, a stretch of several kinds, and senders' own names of readings."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Query


class ReadingRow(msgspec.Struct):
    """One stored reading, and when it was last changed."""

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
    offset_min: int
    corrects: UUID | None
    marks: list[str] | None
    changed_at: datetime | None


class HourRow(msgspec.Struct):
    """One hour of sensor samples, and when it last changed."""

    kind: int
    hour: datetime
    device: int
    received_at: datetime
    offset_min: int
    ms: list[int]
    value: list[Decimal]
    unit: list[str | None]
    comparator: list[str | None]
    marks: list[str]
    status: list[int]


class CountRow(msgspec.Struct):
    """How many there are."""

    n: int


class DeviceRow(msgspec.Struct):
    """A device, and whose it is where that was asked."""

    device_no: int
    vendor: str
    model: str
    serial: str


class FlagRow(msgspec.Struct):
    """One flag, with the judgement that raised it."""

    id: UUID
    rule: str
    severity: int
    state: str
    raised_at: datetime
    anchor: UUID
    is_sample: bool
    judgement: UUID
    sentence: str | None
    closed_at: datetime | None


class SaidRow(msgspec.Struct):
    """What a patient was told."""

    id: UUID
    said: str
    created_at: datetime
    received_at: datetime | None


class ResponseRow(msgspec.Struct):
    """One filled-in form."""

    id: UUID
    form: str
    version: int
    taken_at: datetime
    answers: str
    is_superseded: bool


class NameRow(msgspec.Struct):
    """A sender's name of a reading."""

    reading: UUID
    system: str
    value: str


class SerialRow(msgspec.Struct):
    """How a vendor names a device."""

    serial: str


class PatientRow(msgspec.Struct):
    """The patient that a number names."""

    patient_id: UUID


ONE: Final = Query(
    ReadingRow,
    """
    select r.id, r.kind, r.taken_at, r.received_at, r.value, r.value2, r.value3, r.original, r.unit, r.comparator, r.status, r.device,
           r.offset_min, r.corrects, r.marks,
           (select max(c.at) from correction c where c.patient_id = r.patient_id and c.corrects = r.id) as changed_at
      from reading r
     where r.patient_id = $1 and r.id = $2
    """,
)
SOME: Final = Query(
    ReadingRow,
    """
    select r.id, r.kind, r.taken_at, r.received_at, r.value, r.value2, r.value3, r.original, r.unit, r.comparator, r.status, r.device,
           r.offset_min, r.corrects, r.marks, c.at as changed_at
      from reading r
      left join lateral (select max(c.at) as at from correction c where c.patient_id = r.patient_id and c.corrects = r.id) c on true
     where r.patient_id = $1 and r.kind = any($2::smallint[]) and r.taken_at >= $3 and r.taken_at < $4
       and (r.taken_at, r.id) < ($5, $6) and r.status = any($7::smallint[])
       and coalesce(c.at, r.received_at) >= $8 and coalesce(c.at, r.received_at) < $9
       and ($10::integer is null or r.device = $10) and ($11::boolean is null or (r.corrects is not null) = $11)
       and ($12::uuid[] is null or r.id = any($12))
     order by r.taken_at desc, r.id desc
     limit $13
    """,
)
SOME_OLDEST_FIRST: Final = Query(
    ReadingRow,
    """
    select r.id, r.kind, r.taken_at, r.received_at, r.value, r.value2, r.value3, r.original, r.unit, r.comparator, r.status, r.device,
           r.offset_min, r.corrects, r.marks, c.at as changed_at
      from reading r
      left join lateral (select max(c.at) as at from correction c where c.patient_id = r.patient_id and c.corrects = r.id) c on true
     where r.patient_id = $1 and r.kind = any($2::smallint[]) and r.taken_at >= $3 and r.taken_at < $4
       and (r.taken_at, r.id) > ($5, $6) and r.status = any($7::smallint[])
       and coalesce(c.at, r.received_at) >= $8 and coalesce(c.at, r.received_at) < $9
       and ($10::integer is null or r.device = $10) and ($11::boolean is null or (r.corrects is not null) = $11)
       and ($12::uuid[] is null or r.id = any($12))
     order by r.taken_at asc, r.id asc
     limit $13
    """,
)
HOURS: Final = Query(
    HourRow,
    """
    select h.kind, h.hour, h.device, h.received_at, h.offset_min, h.ms, h.value, h.unit, h.comparator, h.marks, h.status
      from sensor_hour h
     where h.patient_id = $1 and h.kind = any($2::smallint[]) and h.hour >= date_trunc('hour', $3::timestamptz) and h.hour < $4
       and h.hour <= $5 and h.received_at >= $6 and ($7::integer is null or h.device = $7)
     order by h.hour desc, h.device
     limit $8
    """,
)
HOURS_OLDEST_FIRST: Final = Query(
    HourRow,
    """
    select h.kind, h.hour, h.device, h.received_at, h.offset_min, h.ms, h.value, h.unit, h.comparator, h.marks, h.status
      from sensor_hour h
     where h.patient_id = $1 and h.kind = any($2::smallint[]) and h.hour >= date_trunc('hour', $3::timestamptz) and h.hour < $4
       and h.hour >= date_trunc('hour', $5::timestamptz) and h.received_at >= $6 and ($7::integer is null or h.device = $7)
     order by h.hour, h.device
     limit $8
    """,
)
COUNT: Final = Query(
    CountRow,
    """
    select (select count(*) from reading r
             where r.patient_id = $1 and r.kind = any($2::smallint[]) and r.taken_at >= $3 and r.taken_at < $4
               and r.status = any($5::smallint[]))
         + (select coalesce(sum(cardinality(h.ms)), 0) from sensor_hour h
             where h.patient_id = $1 and h.kind = any($2::smallint[]) and h.hour >= $3 and h.hour < $4) as n
    """,
)
FLAGS: Final = Query(
    FlagRow,
    """
    select f.id, f.rule, f.severity::integer as severity, f.state, f.raised_at, f.anchor, f.data_class = 2 as is_sample, f.judgement,
           j.body ->> 'sentence' as sentence, e.closed_at
      from flag f
      join judgement j on j.patient_id = f.patient_id and j.id = f.judgement
      left join episode e on e.patient_id = f.patient_id and e.id = f.episode
     where f.patient_id = $1 and f.state <> 'shadow'
     order by f.raised_at desc, f.id desc
     limit 500
    """,
)
SAID: Final = Query(
    SaidRow,
    """
    select d.id, d.said, d.created_at, d.received_at
      from delivery d
     where d.patient_id = $1 and d.audience = 'patient' and d.state = 'accepted'
     order by d.created_at desc
     limit 500
    """,
)
RESPONSES: Final = Query(
    ResponseRow,
    """
    select id, form, version::integer as version, taken_at, answers::text as answers, is_superseded
      from response
     where patient_id = $1
     order by taken_at desc, id desc
     limit 500
    """,
)
NAMES: Final = Query(
    NameRow, "select reading, system, value from sent_record where patient_id = $1 and reading = any($2::uuid[]) order by system, value"
)
NAMED: Final = Query(
    NameRow,
    "select reading, system, value from sent_record where patient_id = $1 and value = $3 and ($2::text is null or system = $2)",
)
DEVICE: Final = Query(DeviceRow, "select device_no, vendor, model, serial from device where device_no = $1")
KNOWN_DEVICE: Final = Query(
    DeviceRow,
    """
    select d.device_no, d.vendor, d.model, d.serial
      from device d
     where d.device_no = $1 and exists (select from device_assignment a where a.device_no = d.device_no)
    """,
)
DEVICES_OF: Final = Query(
    DeviceRow,
    """
    select d.device_no, d.vendor, d.model, d.serial
      from device d join device_assignment a on a.device_no = d.device_no
     where a.patient_id = $1
     group by d.device_no
     order by d.device_no
    """,
)
DEVICES_NAMED: Final = Query(
    DeviceRow,
    """
    select d.device_no, d.vendor, d.model, d.serial
      from device d join device_assignment a on a.device_no = d.device_no
     where d.serial = $1 and ($2::text is null or d.vendor = $2)
     group by d.device_no
     order by d.device_no
     limit 50
    """,
)
KNOWN: Final = Query(
    NameRow,
    """
    select s.reading, s.system, s.value from sent_record s
     where s.patient_id = $1 and s.principal = $2 and s.value = $4 and ($3::text is null or s.system = $3)
    """,
)
SERIAL: Final = Query(SerialRow, "select serial from device where device_no = $1 and vendor = $2")
BY_NUMBER: Final = Query(PatientRow, "select patient_id from identifier where system = 'nhs-number' and value = $1")

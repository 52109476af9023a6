"""The SQL of a person's page: what was measured, what is known, who cares, what happened. Row policies decide what is there."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Query


class ReadingRow(msgspec.Struct):
    """One believed reading for a picture. `equation`: by which an eGFR was worked out, where the laboratory says so."""

    kind: int
    id: UUID
    taken_at: datetime
    value: Decimal
    value2: Decimal | None
    comparator: str | None
    manual: bool
    equation: str | None


class HourRow(msgspec.Struct):
    """One hour of sensor samples as they were sent."""

    kind: int
    hour: datetime
    device: int
    ms: list[int]
    value: list[Decimal]
    unit: list[str | None]
    comparator: list[str | None]
    status: list[int]


class FactRow(msgspec.Struct):
    """One thing that is known, from when to when."""

    key: str
    value: str
    from_at: datetime
    to_at: datetime | None


class SharedRow(msgspec.Struct):
    """What the asker's teams may read and write, until when at the earliest, and who else the person may be found by."""

    may_read: list[int]
    may_write: list[int]
    until: datetime | None


class DeviceRow(msgspec.Struct):
    """One device of the person, and when it last measured."""

    vendor: str
    model: str
    from_at: datetime
    to_at: datetime | None
    last_at: datetime | None


class CareRow(msgspec.Struct):
    """Who deputises for the team now, from when to when."""

    team: str
    name: str
    from_at: datetime
    to_at: datetime


class HappenedRow(msgspec.Struct):
    """One thing that happened: `what` names it, `words` and `more` belong to it, `by` is who did it."""

    at: datetime
    what: str
    words: str
    more: str
    by: str | None


class NameRow(msgspec.Struct):
    """What a person is called."""

    name: str


NAME: Final = Query(NameRow, "select given_name || ' ' || family_name as name from patient where patient_id = $1")
READINGS: Final = Query(
    ReadingRow,
    """
    select r.kind::integer as kind, r.id, r.taken_at, r.value, r.value2, r.comparator, r.manual, r.equation
      from unnest($2::smallint[]) as w (kind)
      cross join lateral (
          select kind, id, taken_at, value, value2, comparator, manual, context ->> 'equation' as equation
            from reading
           where patient_id = $1 and kind = w.kind and taken_at >= $3 and taken_at < $4 and status = 0
           order by taken_at desc limit 400) as r
     order by r.taken_at, r.id
    """,
)
LABORATORY: Final = Query(
    ReadingRow,
    """
    (select kind::integer as kind, id, taken_at, value, value2, comparator, manual, context ->> 'equation' as equation
       from reading
      where patient_id = $1 and kind between 400 and 499 and taken_at >= $2 and taken_at < $3 and status = 0
      order by taken_at desc limit 1000)
    union all
    (select kind, id, taken_at, value, value2, comparator, manual, null
       from reading
      where patient_id = $1 and kind = 205 and taken_at >= $2 and taken_at < $3 and status = 0
      order by taken_at desc limit 100)
     order by taken_at, id
    """,
)
HOURS: Final = Query(
    HourRow,
    """
    select kind::integer as kind, hour, device, ms, value, unit, comparator, status::integer[] as status
      from sensor_hour
     where patient_id = $1 and kind = $2 and hour >= date_trunc('hour', $3::timestamptz) and hour < $4
     order by hour, device
    """,
)
FACTS: Final = Query(
    FactRow,
    "select key, value, from_at, to_at from patient_fact where patient_id = $1 order by from_at, key limit 500",
)
SHARED: Final = Query(
    SharedRow,
    """
    select coalesce(array_agg(distinct e.data_class::integer) filter (where e.may_read), '{}') as may_read,
           coalesce(array_agg(distinct e.data_class::integer) filter (where e.may_write), '{}') as may_write,
           (select min(g.to_at) from access_grant g where g.patient_id = $1 and g.to_at > now()) as until
      from effective_access e
     where e.principal = (select app_principal()) and e.patient_id = $1
    """,
)
DEVICES: Final = Query(
    DeviceRow,
    """
    select d.vendor, d.model, a.from_at, a.to_at,
           greatest(
               (select max(r.taken_at) from reading r
                 where r.patient_id = $1 and r.device = a.device_no and r.taken_at >= $2 and r.taken_at >= a.from_at),
               (select max(h.hour) from sensor_hour h
                 where h.patient_id = $1 and h.device = a.device_no and h.hour >= $2 and h.hour >= a.from_at)) as last_at
      from device_assignment a join device d on d.device_no = a.device_no
     where a.patient_id = $1
     order by a.to_at is null desc, a.from_at desc
     limit 20
    """,
)
DEPUTIES: Final = Query(
    CareRow,
    """
    select t.name as team, s.name, r.from_at, r.to_at
      from access_grant g
      join team t on t.team_id = g.team_id
      join rota r on r.team_id = g.team_id and r.role = 'deputy' and r.from_at <= $2 and r.to_at > $2
      join staff s on s.staff_id = r.staff_id
     where g.patient_id = $1 and g.from_at <= $2 and (g.to_at is null or g.to_at > $2)
     order by r.from_at desc
     limit 3
    """,
)
HAPPENED: Final = Query(
    HappenedRow,
    """
    select * from (
        (select r.taken_at as at, 'response' as what, r.form as words, r.version::text as more, s.name as by
           from response r left join staff s on s.staff_id = r.author
          where r.patient_id = $1 and r.taken_at >= $2 and not r.is_superseded order by r.taken_at desc limit 60)
        union all
        (select m.at, case when m.is_from_patient then 'message_in' else 'message_out' end, m.body, '', s.name
           from message m left join staff s on s.staff_id = m.by
          where m.patient_id = $1 and m.at >= $2 order by m.at desc limit 40)
        union all
        (select l.from_at, 'plan', l.version::text, '', null
           from plan l where l.patient_id = $1 and l.from_at >= $2 order by l.from_at desc limit 20)
        union all
        (select g.at, 'signature', g.version::text, g.role, s.name
           from plan_signature g left join staff s on s.staff_id = g.by
          where g.patient_id = $1 and g.at >= $2 order by g.at desc limit 20)
        union all
        (select a.set_at, 'pause', a.reason, a.to_at::text, s.name
           from plan_pause a left join staff s on s.staff_id = a.set_by
          where a.patient_id = $1 and a.set_at >= $2 order by a.set_at desc limit 20)
        union all
        (select f.from_at, 'fact', f.key, f.value, s.name
           from patient_fact f left join staff s on s.staff_id = f.set_by
          where f.patient_id = $1 and f.from_at >= $2 order by f.from_at desc limit 40)
        union all
        (select f.to_at, 'fact_ended', f.key, f.value, s.name
           from patient_fact f left join staff s on s.staff_id = f.ended_by
          where f.patient_id = $1 and f.to_at >= $2 and f.to_at <= now() order by f.to_at desc limit 40)
        union all
        (select m.set_at, 'limit', m.name, coalesce(m.value::text, ''), s.name
           from personal_limit m left join staff s on s.staff_id = m.set_by
          where m.patient_id = $1 and m.set_at >= $2 order by m.set_at desc limit 20)
        union all
        (select q.received_at, 'held', q.code, q.kind::text, null
           from quarantine q where q.patient_id = $1 and q.received_at >= $2 order by q.received_at desc limit 20)
        union all
        (select v.at, 'held_' || v.what, v.reason, q.kind::text, s.name
           from quarantine_event v join quarantine q on q.patient_id = v.patient_id and q.id = v.id
           left join staff s on s.staff_id = v.by
          where v.patient_id = $1 and v.at >= $2 order by v.at desc limit 20)
        union all
        (select c.at, case when c.retracts then 'retracted' else 'corrected' end, c.reason, '', s.name
           from correction c left join staff s on s.staff_id = c.author
          where c.patient_id = $1 and c.at >= $2 order by c.at desc limit 20)
        union all
        (select g.from_at, 'shared', array_to_string(g.data_classes, ' '), coalesce(t.name, ''), null
           from access_grant g left join team t on t.team_id = g.team_id
          where g.patient_id = $1 and g.from_at >= $2 order by g.from_at desc limit 20)
        union all
        (select a.from_at, 'device', d.vendor || ' ' || d.model, '', null
           from device_assignment a join device d on d.device_no = a.device_no
          where a.patient_id = $1 and a.from_at >= $2 order by a.from_at desc limit 20)
        union all
        (select a.to_at, 'device_ended', d.vendor || ' ' || d.model, '', null
           from device_assignment a join device d on d.device_no = a.device_no
          where a.patient_id = $1 and a.to_at >= $2 and a.to_at <= now() order by a.to_at desc limit 20)) as everything
     order by at desc
     limit 300
    """,
)

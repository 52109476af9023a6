"""The SQL of what a person may rely on now."""

from datetime import datetime
from typing import Final

import msgspec

from server.sql import Query


class NowRow(msgspec.Struct):
    """A person's clock, her newest reading of the last 45 days, what is held, and since when a message waits."""

    zone: str
    kind: int | None
    taken_at: datetime | None
    judged_at: datetime | None
    held: int
    asked_at: datetime | None


NOW: Final = Query(
    NowRow,
    """
    select p.zone, r.kind::integer as kind, r.taken_at, r.received_at as judged_at,
           (select count(*) from quarantine q where q.patient_id = p.patient_id and q.state = 'held')::integer as held,
           (select min(m.at) from message m
             where m.patient_id = p.patient_id and m.is_from_patient and m.closed_at is null) as asked_at
      from patient p
      left join lateral (
           select w.kind, w.taken_at, w.received_at
             from (select kind, taken_at, received_at from reading
                    where patient_id = p.patient_id and taken_at > $2::timestamptz - interval '45 days'
                   union all
                   select kind, hour, received_at from sensor_hour
                    where patient_id = p.patient_id and hour > $2::timestamptz - interval '45 days') as w
            order by w.received_at desc, w.taken_at desc
            limit 1) as r on true
     where p.patient_id = $1
    """,
)

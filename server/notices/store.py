"""The SQL of notices: claimed under a lease, planned, sent, marked. A late worker's mark is fenced off (ALP-2)."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class NoticeRow(msgspec.Struct):
    """One thing to tell, claimed under a lease, with how its episode stands."""

    id: UUID
    patient_id: UUID
    episode: UUID | None
    audience: str
    topic: str
    role: str
    place: int
    recipient: UUID | None
    severity: int | None
    emergency: bool
    words: str
    attempts: int
    fence: int
    state: str | None
    owner: UUID | None
    snoozed_until: datetime | None
    data_class: int | None


class DeliveryRow(msgspec.Struct):
    """One delivery that was planned before."""

    id: UUID
    outbox: UUID
    recipient: UUID
    channel: str
    message: UUID
    said: str


class ToldRow(msgspec.Struct):
    """When somebody was last told about somebody."""

    patient_id: UUID
    recipient: UUID
    at: datetime


class ClockRow(msgspec.Struct):
    """The database's clock."""

    at: datetime


class MarkedRow(msgspec.Struct):
    """One notice that was still ours to mark."""

    id: UUID


NOW: Final = Query(ClockRow, "select now() as at")
CLAIM: Final = Query(
    NoticeRow,
    """
    with mine as (
        update outbox o
           set lease_owner = $1, lease_until = now() + make_interval(secs => $2::integer), fence = o.fence + 1,
               attempts = o.attempts + 1
         where o.id in (select w.id from outbox w
                         where w.done_at is null and w.due_at <= now() and (w.lease_until is null or w.lease_until < now())
                         order by w.severity desc nulls last, w.due_at
                         limit $3 for update skip locked)
        returning o.*)
    select o.id, o.patient_id, o.episode, o.audience, o.topic, o.role, o.place::integer as place, o.recipient,
           o.severity::integer as severity, o.emergency, o.words, o.attempts, o.fence, e.state, e.owner, e.snoozed_until,
           e.data_class::integer as data_class
      from mine o left join episode e on e.patient_id = o.patient_id and e.id = o.episode
     order by o.severity desc nulls last, o.due_at, o.id
    """,
)
# What a worker that died between plan and mark left, or a provider did not take, goes out again under the same key.
PLANNED: Final = Query(
    DeliveryRow,
    """
    select d.id, d.outbox, d.recipient, d.channel, d.message, d.said
      from delivery d join unnest($1::uuid[], $2::uuid[]) as w (patient_id, outbox)
        on w.patient_id = d.patient_id and w.outbox = d.outbox
    """,
)
TOLD: Final = Query(
    ToldRow,
    """
    select d.patient_id, d.recipient, max(d.sent_at) as at
      from delivery d
     where d.patient_id = any ($1::uuid[]) and d.audience = 'staff' and d.state = 'accepted'
       and d.sent_at > now() - interval '1 hour'
     group by d.patient_id, d.recipient
    """,
)
PLAN: Final = Query(
    Nothing,
    """
    insert into delivery (patient_id, id, outbox, episode, audience, role, topic, recipient, channel, message, said, state)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'sending')
    """,
)
RETRY: Final = Query(Nothing, "update delivery set state = 'sending' where patient_id = $1 and id = $2")
# Nobody needs it any more, and whether it went out before the crash is not known.
FORGET: Final = Query(
    Nothing,
    "update delivery set state = 'failed', code = 'unknown' where patient_id = $1 and outbox = $2 and state = 'sending'",
)
SENT: Final = Query(
    Nothing,
    """
    update delivery set state = $3, code = $4, attempts = attempts + 1, sent_at = now()
     where patient_id = $1 and id = $2 and state = 'sending'
    """,
)
DONE: Final = Query(
    MarkedRow,
    "update outbox set done_at = now(), result = $3, lease_until = null where id = $1 and fence = $2 returning id",
)
AGAIN: Final = Query(
    MarkedRow,
    """
    update outbox
       set due_at = coalesce($3::timestamptz, now() + make_interval(secs => $4::integer)), lease_until = null, result = $5,
           place = (place + $6::integer - 1) % 12 + 1
     where id = $1 and fence = $2
    returning id
    """,
)

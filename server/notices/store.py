"""The SQL of notices: claimed under a lease, planned, sent, marked. A late worker's mark is fenced off (ALP-2)."""

from datetime import datetime, time
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
    address: str


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


class PersonRow(msgspec.Struct):
    """How a patient is reached: her channels as JSON, quiet hours if she chose them, when she wrote a text last."""

    patient_id: UUID
    channels: str
    from_at: time | None
    to_at: time | None
    zone: str
    most: int | None
    wrote_at: datetime | None


class NudgedRow(msgspec.Struct):
    """When a patient heard that there is something, by a message of the last day."""

    patient_id: UUID
    at: datetime


class QuietRow(msgspec.Struct):
    """The quiet hours that somebody chose."""

    principal_id: UUID
    from_at: time
    to_at: time
    zone: str
    most: int


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
           e.data_class::integer as data_class, o.address
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
PEOPLE: Final = Query(
    PersonRow,
    """
    select p.patient_id,
           (select coalesce(jsonb_agg(jsonb_build_object('channel', c.channel, 'address', c.address, 'is_words', c.is_words)
                                      order by c.place, c.channel_id), '[]')
              from patient_channel c where c.patient_id = p.patient_id and c.state = 'on')::text as channels,
           q.from_at, q.to_at, coalesce(q.zone, p.zone) as zone, q.most::integer as most,
           (select max(c.wrote_at) from patient_channel c where c.patient_id = p.patient_id) as wrote_at
      from patient p left join quiet_hours q on q.principal_id = p.patient_id
     where p.patient_id = any ($1::uuid[])
    """,
)
NUDGED: Final = Query(
    NudgedRow,
    """
    select d.patient_id, max(d.sent_at) as at
      from delivery d
     where d.patient_id = any ($1::uuid[]) and d.audience = 'nudge' and d.state = 'accepted' and d.receipt is distinct from 'failed'
       and d.sent_at > now() - interval '25 hours'
     group by d.patient_id, d.message
    """,
)
QUIET: Final = Query(
    QuietRow, "select principal_id, from_at, to_at, zone, most::integer as most from quiet_hours where principal_id = any ($1::uuid[])"
)
# What is said in the app is worth a word by whatever else the person chose; one word a notice, however often this runs.
NUDGE: Final = Query(
    Nothing,
    """
    insert into outbox (id, patient_id, episode, audience, topic, role, severity, emergency, words, dedupe, created_at, due_at)
    select $1, o.patient_id, o.episode, 'nudge', o.topic, 'patient', o.severity, o.emergency, o.words, 'nudge:' || o.id, now(), now()
      from outbox o
     where o.id = $2 and exists (select from patient_channel c where c.patient_id = o.patient_id and c.state = 'on')
    on conflict (dedupe) do nothing
    """,
)
# An address that is no longer there: nothing is sent to it again.
END_CHANNEL: Final = Query(
    Nothing, "update patient_channel set state = 'off' where patient_id = $1 and channel = $2 and address = $3"
)
END_CONTACT: Final = Query(Nothing, "delete from contact where staff_id = $1 and channel = $2 and address = $3")
# What providers said since: the last word counts, and that it arrived is never taken back by a late or repeated one. What did not
# arrive and nobody has read goes by the next channel, a red for ever, everything else a few times.
RECEIPTS: Final = Query(
    Nothing,
    """
    with said as (delete from provider_receipt returning message, status, at),
         last as (select message, case when bool_or(status = 'delivered') then 'delivered' else 'failed' end as receipt, max(at) as at
                    from said group by message),
         told as (update delivery d set receipt = l.receipt, receipt_at = l.at
                    from last l
                   where d.message = l.message and d.receipt is distinct from 'delivered' and d.receipt is distinct from l.receipt
               returning d.outbox, d.receipt, d.received_at)
    update outbox o
       set done_at = null, lease_until = null, result = 'not delivered', place = o.place % 12 + 1,
           due_at = now() + make_interval(secs => case when o.attempts <= 1 then 0 else least(2 ^ least(o.attempts, 8), 300) end::float8)
      from told t
     where o.id = t.outbox and t.receipt = 'failed' and t.received_at is null and o.done_at is not null
       and (o.severity = 3 or o.attempts < 5)
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

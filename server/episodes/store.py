"""The SQL of episodes: the queue, one person's concerns, and what staff do with them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.episodes.episode import Episode, Event, Notice
from domain.episodes.timer import Timer
from server.db import Tx
from server.sql import Nothing, Query


class QueueRow(msgspec.Struct):
    """One open episode with the person it is about, as the queue needs it."""

    patient_id: UUID
    id: UUID
    group: str
    data_class: int
    severity: int
    emergency: bool
    state: str
    version: int
    opened_at: datetime
    raised_at: datetime
    owner: UUID | None
    owner_name: str | None
    snoozed_until: datetime | None
    cleared_at: datetime | None
    step: str | None
    due_at: datetime | None
    given_name: str
    family_name: str
    birth_on: date
    zone: str
    conditions: list[str] | None


class ReasonRow(msgspec.Struct):
    """One flag of an open episode with its latest judgement."""

    patient_id: UUID
    flag: UUID
    episode: UUID | None
    rule: str
    severity: int
    emergency: bool
    state: str
    anchor: UUID
    anchor_at: datetime
    kind_class: int
    body: str
    raised_at: datetime


class FlagRow(msgspec.Struct):
    """One flag of an open episode, without its words: the order needs no more."""

    patient_id: UUID
    flag: UUID
    episode: UUID
    rule: str
    severity: int
    emergency: bool
    state: str
    anchor: UUID
    anchor_at: datetime
    raised_at: datetime
    judgement: UUID


class BodyRow(msgspec.Struct):
    """What a judgement says."""

    id: UUID
    body: str


class EpisodeRow(msgspec.Struct):
    """One episode, all of it."""

    patient_id: UUID
    id: UUID
    group: str
    severity: int
    emergency: bool
    floor_emergency: bool
    state: str
    version: int
    opened_at: datetime
    raised_at: datetime
    owner: UUID | None
    owner_name: str | None
    acknowledged_at: datetime | None
    snoozed_until: datetime | None
    snooze_reason: str | None
    expires_at: datetime | None
    cleared_at: datetime | None
    closed_at: datetime | None
    closed_how: str | None
    result: str | None
    dismiss_reason: str | None


class EventRow(msgspec.Struct):
    """One line of an episode's history."""

    episode: UUID
    at: datetime
    what: str
    by: UUID | None
    by_name: str | None
    body: str


class LastRow(msgspec.Struct):
    """What was done last about an episode."""

    at: datetime
    what: str
    by: UUID | None


class ColleagueRow(msgspec.Struct):
    """Somebody to whom a concern can be handed."""

    staff_id: UUID
    name: str


class TimerRow(msgspec.Struct):
    """What happens next about an episode, and when."""

    episode: UUID
    step: str
    due_at: datetime


class DeliveryRow(msgspec.Struct):
    """One thing that somebody was told, or that the patient read."""

    episode: UUID | None
    audience: str
    role: str
    channel: str
    state: str
    said: str
    created_at: datetime
    received_at: datetime | None
    receipt: str | None
    recipient: str | None


class MineRow(msgspec.Struct):
    """One concern about the asker herself."""

    id: UUID
    group: str
    severity: int
    emergency: bool
    state: str
    data_class: int
    opened_at: datetime
    raised_at: datetime
    is_taken: bool
    closed_at: datetime | None
    closed_how: str | None


class SaidRow(msgspec.Struct):
    """What a patient was told."""

    episode: UUID | None
    said: str
    created_at: datetime


class SeriesRow(msgspec.Struct):
    """One reading for a picture."""

    patient_id: UUID
    kind: int
    taken_at: datetime
    value: Decimal
    value2: Decimal | None


class CountRow(msgspec.Struct):
    """How many people the asker looks after, when the newest of their readings was judged, and how far those asked for have moved."""

    people: int
    newest_at: datetime | None
    patients: list[UUID] | None
    versions: list[int] | None


class PersonRow(msgspec.Struct):
    """A person as their page's head shows them."""

    patient_id: UUID
    given_name: str
    family_name: str
    birth_on: date
    zone: str
    language: str
    prefers: str
    telephone: str
    nhs_number: str | None
    coordinator: str | None
    conditions: list[str] | None
    version: int


class FoundRow(msgspec.Struct):
    """Whether a statement found what it was after."""

    found: bool


QUEUE: Final = Query(
    QueueRow,
    """
    select e.patient_id, e.id, e."group", e.data_class::integer as data_class, e.severity::integer as severity, e.emergency,
           e.state, e.version, e.opened_at, e.raised_at, e.owner, s.name as owner_name,
           case when e.snoozed_until > now() then e.snoozed_until end as snoozed_until, e.cleared_at, t.step, t.due_at,
           p.given_name, p.family_name,
           p.birth_on, p.zone,
           (select array_agg(c.code order by c.code) from patient_condition c where c.patient_id = e.patient_id) as conditions
      from episode e
      join patient p on p.patient_id = e.patient_id
      left join staff s on s.staff_id = e.owner
      left join escalation t on t.patient_id = e.patient_id and t.episode = e.id
     where e.state <> 'closed' and ($1::uuid is null or e.patient_id = $1)
     order by e.severity desc, e.raised_at
     limit 2000
    """,
)
REASONS: Final = Query(
    ReasonRow,
    """
    select f.patient_id, f.id as flag, f.episode, f.rule, f.severity::integer as severity, f.emergency, f.state, f.anchor, f.anchor_at,
           f.data_class::integer as kind_class, j.body::text as body, f.raised_at
      from flag f join judgement j on j.patient_id = f.patient_id and j.id = f.judgement
     where f.patient_id = any ($1::uuid[]) and f.episode = any ($2::uuid[]) and f.state <> 'withdrawn'
     order by f.severity desc, f.anchor_at desc
    """,
)
FLAGS: Final = Query(
    FlagRow,
    """
    select f.patient_id, f.id as flag, f.episode, f.rule, f.severity::integer as severity, f.emergency, f.state, f.anchor, f.anchor_at,
           f.raised_at, f.judgement
      from flag f
     where f.patient_id = any ($1::uuid[]) and f.episode = any ($2::uuid[]) and f.state <> 'withdrawn'
    """,
)
BODIES: Final = Query(
    BodyRow,
    """
    select j.id, j.body::text as body
      from unnest($1::uuid[], $2::uuid[]) as w (patient, id)
      join judgement j on j.patient_id = w.patient and j.id = w.id
    """,
)
FOUND_LATE: Final = Query(
    ReasonRow,
    """
    select f.patient_id, f.id as flag, f.episode, f.rule, f.severity::integer as severity, f.emergency, f.state, f.anchor, f.anchor_at,
           f.data_class::integer as kind_class, j.body::text as body, f.raised_at
      from flag f join judgement j on j.patient_id = f.patient_id and j.id = f.judgement
     where f.patient_id = $1 and f.state = 'found_late'
     order by f.severity desc, f.anchor_at desc
     limit $2
    """,
)
OF_PERSON: Final = Query(
    EpisodeRow,
    """
    select e.patient_id, e.id, e."group", e.severity::integer as severity, e.emergency, e.floor_emergency, e.state, e.version,
           e.opened_at, e.raised_at, e.owner, s.name as owner_name, e.acknowledged_at, e.snoozed_until, e.snooze_reason,
           e.expires_at, e.cleared_at, e.closed_at, e.closed_how, e.result, e.dismiss_reason
      from episode e left join staff s on s.staff_id = e.owner
     where e.patient_id = $1
     order by (e.state <> 'closed') desc, e.severity desc, e.opened_at desc
     limit $2
    """,
)
ONE: Final = Query(
    EpisodeRow,
    """
    select e.patient_id, e.id, e."group", e.severity::integer as severity, e.emergency, e.floor_emergency, e.state, e.version,
           e.opened_at, e.raised_at, e.owner, s.name as owner_name, e.acknowledged_at, e.snoozed_until, e.snooze_reason,
           e.expires_at, e.cleared_at, e.closed_at, e.closed_how, e.result, e.dismiss_reason
      from episode e left join staff s on s.staff_id = e.owner
     where e.patient_id = $1 and e.id = $2
       for update of e
    """,
)
TIMERS: Final = Query(
    TimerRow, "select episode, step, due_at from escalation where patient_id = $1"
)
DELIVERIES: Final = Query(
    DeliveryRow,
    """
    select d.episode, d.audience, d.role, d.channel, d.state, d.said, d.created_at, d.received_at, d.receipt, s.name as recipient
      from delivery d left join staff s on s.staff_id = d.recipient
     where d.patient_id = $1 and d.state <> 'sending' and (d.audience <> 'patient' or d.received_at is not null)
     order by d.created_at desc
     limit $2
    """,
)
MINE: Final = Query(
    MineRow,
    """
    select e.id, e."group", e.severity::integer as severity, e.emergency, e.state, e.data_class::integer as data_class,
           e.opened_at, e.raised_at, e.state in ('acknowledged', 'in_progress') as is_taken, e.closed_at, e.closed_how
      from episode e
     where e.patient_id = $1 and (e.state <> 'closed' or e.closed_at > $2)
     order by (e.state <> 'closed') desc, e.severity desc, e.raised_at desc
     limit 50
    """,
)
SAID: Final = Query(
    SaidRow,
    """
    select d.episode, d.said, d.created_at
      from delivery d
     where d.patient_id = $1 and d.audience = 'patient' and d.created_at > $2
     order by d.created_at desc
     limit 200
    """,
)
EVENTS: Final = Query(
    EventRow,
    """
    select v.episode, v.at, v.what, v.by, s.name as by_name, v.body::text as body
      from episode_event v left join staff s on s.staff_id = v.by
     where v.patient_id = $1
     order by v.at desc, v.seq desc
     limit $2
    """,
)
LAST_EVENT: Final = Query(
    LastRow,
    """
    select v.at, v.what, v.by
      from episode_event v
     where v.patient_id = $1 and v.episode = $2
     order by v.at desc, v.seq desc
     limit 1
    """,
)
OTHER_OPEN: Final = Query(
    FoundRow,
    """
    select true as found from episode e
     where e.patient_id = $1 and e.id <> $2 and e.state <> 'closed'
       and e."group" = (select w."group" from episode w where w.patient_id = $1 and w.id = $2)
    """,
)
# Whoever else may act on this class of data of this person, of the teams that the asker is in: others' access she does not see.
COLLEAGUES: Final = Query(
    ColleagueRow,
    """
    select distinct s.staff_id, s.name
      from access_grant g
      join team_member m on m.team_id = g.team_id and m.from_at <= now() and (m.to_at is null or m.to_at > now())
      join staff s on s.staff_id = m.staff_id
     where g.patient_id = $1 and s.staff_id <> $2 and g.from_at <= now() and (g.to_at is null or g.to_at > now())
       and ($3::uuid is null or (select w.data_class from episode w where w.patient_id = $1 and w.id = $3) = any (g.data_classes))
     order by s.name
    """,
)
SERIES: Final = Query(
    SeriesRow,
    """
    select w.patient_id, w.kind, r.taken_at, r.value, r.value2
      from unnest($1::uuid[], $2::smallint[]) as w (patient_id, kind)
      cross join lateral (
          select taken_at, value, value2 from reading
           where patient_id = w.patient_id and kind = w.kind and taken_at >= $3 and taken_at < $4 and status = 0
           order by taken_at desc limit 400) as r
     order by r.taken_at
    """,
)
# For a thumbnail: one sample each half day, the lowest of each hour in the last twelve, and the newest sample as it is.
SENSOR_TREND: Final = Query(
    SeriesRow,
    """
    select w.patient_id, w.kind, r.taken_at, r.value, null::numeric as value2
      from unnest($1::uuid[], $2::smallint[]) as w (patient_id, kind)
      cross join lateral (
          (select h.hour as taken_at, h.value[1] as value
             from sensor_hour h
            where h.patient_id = w.patient_id and h.kind = w.kind and h.hour >= $3 and h.hour < $5
              and date_part('hour', h.hour)::integer % 12 = 0)
          union all
          (select h.hour, (select min(v) from unnest(h.value) v)
             from sensor_hour h
            where h.patient_id = w.patient_id and h.kind = w.kind and h.hour >= $5 and h.hour < $4)
          union all
          (select h.hour + s.ms * interval '1 millisecond', s.value
             from (select hour, ms, value, status from sensor_hour
                    where patient_id = w.patient_id and kind = w.kind and hour >= $5 and hour < $4
                    order by hour desc limit 1) h
            cross join lateral unnest(h.ms, h.value, h.status) as s (ms, value, status)
            where s.status = 0
            order by 1 desc limit 1)) as r
     order by r.taken_at
    """,
)
COUNT: Final = Query(
    CountRow,
    """
    select count(*)::integer as people, max(i.last_at) as newest_at,
           array_agg(i.patient_id) filter (where i.patient_id = any ($1::uuid[])) as patients,
           array_agg(i.version) filter (where i.patient_id = any ($1::uuid[])) as versions
      from patient p join picture i on i.patient_id = p.patient_id
    """,
)
PERSON: Final = Query(
    PersonRow,
    """
    select p.patient_id, p.given_name, p.family_name, p.birth_on, p.zone, p.language, p.prefers, p.telephone,
           (select n.value from identifier n where n.patient_id = p.patient_id and n.system = 'nhs-number') as nhs_number,
           s.name as coordinator,
           (select array_agg(c.code order by c.code) from patient_condition c where c.patient_id = p.patient_id) as conditions,
           p.version
      from patient p left join staff s on s.staff_id = p.coordinator_id
     where p.patient_id = $1
    """,
)
# First of all, as every commit does: the order of locks is picture, then episode.
MOVE_PICTURE: Final = Query(
    FoundRow, "update picture set version = version + 1 where patient_id = $1 returning true as found"
)
CHANGE: Final = Query(
    Nothing,
    """
    update episode
       set state = $4, version = $5, owner = $6, acknowledged_at = $7, snoozed_until = $8, snooze_reason = $9, closed_at = $10,
           closed_how = $11, result = $12, dismiss_reason = $13, expires_at = $14
     where patient_id = $1 and id = $2 and version = $3
    """,
)
ADD_EVENT: Final = Query(
    Nothing,
    "insert into episode_event (patient_id, episode, at, what, by, body) values ($1, $2, $3, $4, $5, $6::text::jsonb)",
)
ADD_CHANGE: Final = Query(
    Nothing, "insert into change_log (entity, id, patient_id, op, at) values ('episode', $1, $2, 'put', $3)"
)
TELL: Final = Query(Nothing, "select pg_notify('changed', $1)")
ADD_NOTICE: Final = Query(
    Nothing,
    """
    insert into outbox (id, patient_id, episode, audience, topic, role, place, recipient, severity, emergency, advice, words,
        dedupe, created_at, due_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
    on conflict (dedupe) do nothing
    """,
)
SET_TIMER: Final = Query(
    Nothing,
    """
    insert into escalation (patient_id, episode, severity, emergency, since, step, due_at) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (patient_id, episode) do update
       set severity = excluded.severity, emergency = excluded.emergency, since = excluded.since, step = excluded.step,
           due_at = excluded.due_at
    """,
)
END_TIMER: Final = Query(Nothing, "delete from escalation where patient_id = $1 and episode = $2")
RECEIVED: Final = Query(
    Nothing,
    """
    update delivery set received_at = $3
     where patient_id = $1 and recipient = $2 and received_at is null and state = 'accepted'
    """,
)


def episode_of(row: EpisodeRow) -> Episode:
    """The row as the domain knows it."""
    fields = {name: getattr(row, name) for name in Episode.__struct_fields__}
    return msgspec.convert(fields, Episode)


async def change(tx: Tx, patient: UUID, before: Episode, after: Episode) -> None:
    """Write what staff decided, if nobody was faster."""
    await CHANGE.run(tx, patient, before.id, before.version, after.state, after.version, after.owner, after.acknowledged_at,
                     after.snoozed_until, after.snooze_reason, after.closed_at, after.closed_how, after.result,
                     after.dismiss_reason, after.expires_at)


async def set_timer(tx: Tx, patient: UUID, episode: UUID, timer: Timer | None) -> None:
    """The episode's clock from now on; None ends it."""
    if timer is None:
        await END_TIMER.run(tx, patient, episode)
        return
    await SET_TIMER.run(tx, patient, episode, timer.severity, timer.emergency, timer.since, timer.step, timer.due_at)


async def log_and_tell(
    tx: Tx, patient: UUID, events: Sequence[Event], notices: Sequence[tuple[UUID, Notice]], at: datetime, episode: UUID,
) -> None:
    """Append the history, put notices in the outbox and hint at open pages."""
    for event in events:
        body: Any = msgspec.json.encode(event.body).decode()
        await ADD_EVENT.run(tx, patient, event.episode, event.at, event.what, event.by, body)
    for key, notice in notices:
        await ADD_NOTICE.run(tx, key, patient, notice.episode, notice.audience, notice.topic, notice.role, notice.place,
                             notice.recipient, notice.severity, notice.emergency, notice.advice, notice.words, notice.dedupe, at)
    await ADD_CHANGE.run(tx, episode, patient, at)
    await TELL.run(tx, str(patient))

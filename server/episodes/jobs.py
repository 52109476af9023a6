"""The ladder's sweep: each due timer in a transaction of its own, so that it can stop and start anywhere (ALP-4, ALP-9)."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.detection import advice
from domain.detection.judgement import Severity
from domain.episodes import escalation
from domain.episodes.episode import Event, Notice, State
from domain.episodes.escalation import Climb, Role
from domain.episodes.timer import Step, Timer
from server.db import Database, Tx
from server.db import Role as DbRole
from server.episodes import store
from server.faults import Fault, faultpoint
from server.sql import Nothing, Query
from server.teams import store as teams

AT_ONCE: Final = 500


class DueRow(msgspec.Struct):
    """One timer that is due."""

    patient_id: UUID
    episode: UUID


class TimerRow(msgspec.Struct):
    """A timer with how its episode stands."""

    severity: int
    emergency: bool
    since: datetime
    step: str
    due_at: datetime
    state: str
    owner: UUID | None
    data_class: int
    received: bool


class LockRow(msgspec.Struct):
    """The instant, by the database's clock, at which somebody's picture was locked."""

    at: datetime


DUE: Final = Query(
    DueRow,
    "select patient_id, episode from escalation where due_at <= coalesce($1::timestamptz, now()) order by due_at limit $2",
)
# As every commit does, the picture first; somebody else's sweep or commit has it just now: next time.
LOCK: Final = Query(
    LockRow, "select coalesce($2::timestamptz, now()) as at from picture where patient_id = $1 for update skip locked"
)
TIMER: Final = Query(
    TimerRow,
    """
    select t.severity::integer as severity, t.emergency, t.since, t.step, t.due_at, e.state, e.owner,
           e.data_class::integer as data_class,
           exists (select from delivery d
                    where d.patient_id = t.patient_id and d.episode = t.episode and d.received_at is not null
                      and d.created_at >= t.since) as received
      from escalation t join episode e on e.patient_id = t.patient_id and e.id = t.episode
     where t.patient_id = $1 and t.episode = $2 and t.due_at <= $3
    """,
)
REOPEN: Final = Query(
    Nothing,
    """
    update episode
       set state = 'open', owner = null, acknowledged_at = null, snoozed_until = null, snooze_reason = null,
           version = version + 1
     where patient_id = $1 and id = $2 and state <> 'closed'
    """,
)

_EVENTS: Final = {Step.NOT_ACTED: "not_acted", Step.BACK: "unsnoozed", Step.BREACH: "breached", Step.NOT_CLOSED: "reminded"}
_ADVICE: Final = {Step.OUT_OF_HOURS: "ADV-CLOSED"}


async def escalate(database: Database, at: datetime | None = None) -> int:
    """Take every step that is due; how many. `at` replaces the database's clock, for tests only."""
    async with database.begin_as(DbRole.WORKER) as tx:
        due = await DUE.all(tx, at, AT_ONCE)
    taken = 0
    for row in due:
        async with database.begin_as(DbRole.WORKER) as tx:
            taken += await _one(tx, row.patient_id, row.episode, at)
            faultpoint(Fault.ESCALATION_BEFORE_COMMIT)
        faultpoint(Fault.ESCALATION_AFTER_COMMIT)
    return taken


async def _one(tx: Tx, patient: UUID, episode: UUID, at: datetime | None) -> int:
    locked = await LOCK.one(tx, patient, at)
    if locked is None:
        return 0
    row = await TIMER.one(tx, patient, episode, locked.at)
    if row is None:
        return 0
    timer = Timer(
        episode=episode, severity=Severity(row.severity), emergency=row.emergency, since=row.since, step=Step(row.step),
        due_at=row.due_at,
    )  # fmt: skip
    found = await teams.teams(tx, [(patient, row.data_class)], locked.at, chosen=True)
    calendars = [team.calendar for team in found.get((patient, row.data_class), [])]
    climb = escalation.climb(timer, State(row.state), calendars, locked.at, received=row.received)
    if climb is None:
        await store.set_timer(tx, patient, episode, None)
        return 0
    await store.set_timer(tx, patient, episode, climb.next)
    if climb.reopens:
        await store.MOVE_PICTURE.one(tx, patient)
        await REOPEN.run(tx, patient, episode)
    events, notices = _said(timer, climb, row.owner, locked.at)
    if events:
        await store.log_and_tell(tx, patient, events, [(uuid7(), one) for one in notices], locked.at, episode)
    return 1


def _said(timer: Timer, climb: Climb, owner: UUID | None, now: datetime) -> tuple[list[Event], list[Notice]]:
    """The line of history and the notices of one step; nothing when it only set the next time."""
    key = f"{timer.episode}:{climb.step}:{timer.due_at.timestamp():.0f}"
    notices = [
        Notice(
            audience="staff", topic=one.topic, role=one.role, place=one.place, episode=timer.episode, severity=timer.severity,
            recipient=owner if one.role is Role.OWNER else None, emergency=timer.emergency,
            dedupe=f"staff:{one.role}:{one.topic}:{key}",
        )
        for one in climb.tellings
    ]  # fmt: skip
    if climb.tells_patient:
        code = _ADVICE.get(climb.step, "ADV-NO-ANSWER")
        notices.append(Notice(
            audience="patient", topic="advice", role="patient", episode=timer.episode, severity=timer.severity,
            emergency=timer.emergency, advice=code, words=advice.text(code), dedupe=f"patient:{key}",
        ))  # fmt: skip
    if not notices and climb.step is not Step.BACK:
        return [], []
    who = " ".join(dict.fromkeys(one.role for one in notices))
    what = _EVENTS.get(climb.step, "escalated")
    return [Event(episode=timer.episode, what=what, at=now, body={"step": climb.step.value, "who": who})], notices

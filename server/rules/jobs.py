"""What the worker does for trials: each in a process of its own, so that no duty waits for it; may run twice without harm."""

import asyncio
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
import structlog

from domain.actor import Actor, ActorKind, Scope
from domain.detection.spans import SPANS
from domain.detection.trial import Compared, Known, compare
from domain.episodes.episode import Result
from server import clock
from server.db import Database, Role, Tx
from server.rules import tries
from server.rules.history import history
from server.rules.tries import Count, Outcome, PersonBody, Week
from server.sql import Nothing, Query

log = structlog.get_logger("rules")

BATCH: Final = 20
LEASE_S: Final = 60
ATTEMPTS: Final = 3
WEEK: Final = timedelta(days=7)
ACTED: Final = frozenset({Result.ADVICE_GIVEN, Result.MEDICINE_CHANGED, Result.VISIT, Result.ADMITTED})
"""Outcomes that say: this was a deterioration, and it was good to know of it (AL-9)."""
BEFORE: Final = max(SPANS.back(kind) for kind in SPANS.full.keys() | SPANS.diary.keys()) + timedelta(days=2)
"""So much of the time before is read as well, so that the first reading of a trial is judged with all that rules look at."""


class ClaimedRow(msgspec.Struct):
    """A trial that this worker has taken."""

    run_id: UUID
    attempts: int


class PatientRow(msgspec.Struct):
    """Somebody who shares with the service and whom the asker may see."""

    patient_id: UUID


class KnownRow(msgspec.Struct):
    """A concern that was met in reality, with the time of its flags."""

    episode: UUID
    group: str
    data_class: int
    first_at: datetime
    last_at: datetime
    result: str | None


CLAIM: Final = Query(
    ClaimedRow,
    """
    update dry_run d set lease_until = now() + make_interval(secs => $1::integer), attempts = d.attempts + 1
     where d.run_id = (select w.run_id from dry_run w
                        where w.ended_at is null and (w.lease_until is null or w.lease_until < now())
                        order by w.asked_at limit 1 for update skip locked)
    returning d.run_id, d.attempts::integer as attempts
    """,
)
FAIL: Final = Query(Nothing, "update dry_run set ended_at = now(), fault = $2 where run_id = $1 and ended_at is null")
CASELOAD: Final = Query(
    PatientRow,
    """
    select p.patient_id from patient p
     where p.patient_id in (select g.patient_id from access_grant g
                             where g.team_id = $1 and g.from_at <= now() and (g.to_at is null or g.to_at > now()))
     order by p.patient_id
    """,
)
KNOWN: Final = Query(
    KnownRow,
    """
    select e.id as episode, e."group", e.data_class::integer as data_class, min(f.anchor_at) as first_at, max(f.anchor_at) as last_at,
           e.result
      from episode e join flag f on f.patient_id = e.patient_id and f.episode = e.id
     where e.patient_id = $1 and f.anchor_at between $2 and $3
     group by e.id, e."group", e.data_class, e.result
    """,
)
START: Final = Query(Nothing, "update dry_run set of_all = $2, done = 0 where run_id = $1")
PROGRESS: Final = Query(
    Nothing, "update dry_run set done = $2, lease_until = now() + make_interval(secs => $3::integer) where run_id = $1"
)
ADD_PERSON: Final = Query(
    Nothing,
    """
    insert into dry_run_person (patient_id, run_id, data_class, body) values ($1, $2, $3, $4::text::jsonb)
    on conflict (patient_id, run_id, data_class) do nothing
    """,
)
FINISH: Final = Query(
    Nothing, "update dry_run set ended_at = $2, result = $3::text::jsonb, lease_until = null where run_id = $1 and ended_at is null"
)


def asker(run: tries.Run) -> Actor:
    """In whose name a trial reads: who asked for it, with the rights they have by now."""
    return Actor(id=run.row.asked_by, kind=ActorKind.STAFF, scopes=frozenset({Scope.EPISODES_READ}), org_id=run.row.org_id)


async def run(database: Database, wanted: UUID, told: Callable[[int, int], None] | None = None) -> Outcome:
    """Work one trial out and store what it found. Raises LookupError for one that is not there."""
    began = clock.monotonic()
    async with database.begin_as(Role.WORKER) as tx:
        row = await tries.ONE_AS_WORKER.one(tx, wanted)
    if row is None:
        raise LookupError(wanted)
    trial = tries.of_row(row)
    actor = asker(trial)
    outcome = Outcome(minutes=tries.STATED)
    outcome.weeks = [Week(from_at=trial.input.from_at + WEEK * place) for place in range(_weeks(trial))]
    async with database.begin(actor) as tx:
        patients = [one.patient_id for one in await CASELOAD.all(tx, trial.input.team)]
        await START.run(tx, wanted, len(patients))
    for place in range(0, len(patients), BATCH):
        async with database.begin(actor) as tx:
            for patient in patients[place : place + BATCH]:
                await _one(tx, trial, patient, outcome)
            done = min(place + BATCH, len(patients))
            await PROGRESS.run(tx, wanted, done, LEASE_S)
        if told is not None:
            told(done, len(patients))
    outcome.minutes_before = tries.spent(outcome.minutes, outcome.concerns.before)
    outcome.minutes_after = tries.spent(outcome.minutes, outcome.concerns.after)
    outcome.took_s = round(clock.monotonic() - began, 2)
    async with database.begin(actor) as tx:
        await FINISH.run(tx, wanted, clock.now(), msgspec.json.encode(outcome).decode())
    return outcome


def _weeks(trial: tries.Run) -> int:
    return -(-(trial.input.to_at - trial.input.from_at) // WEEK)


async def _one(tx: Tx, trial: tries.Run, patient: UUID, outcome: Outcome) -> None:
    given = trial.input
    past = await history(tx, patient, given.from_at - BEFORE, given.to_at)
    known = [
        Known(episode=row.episode, group=row.group, first_at=row.first_at, last_at=row.last_at, data_class=row.data_class,
              confirmed=row.result in ACTED)
        for row in await KNOWN.all(tx, patient, given.from_at, given.to_at)
    ]  # fmt: skip
    readings = past.in_force()
    found = compare(readings, past.profile, given, known, given.to_at, frozenset(past.apart))
    outcome.people += 1
    outcome.readings += sum(map(len, readings.values()))
    outcome.confirmed += sum(one.confirmed for one in known)
    _add(outcome, found, given.from_at)
    for data_class, body in _bodies(found).items():
        await ADD_PERSON.run(tx, patient, trial.row.run_id, data_class, msgspec.json.encode(body).decode())


def _add(outcome: Outcome, found: Compared, start: datetime) -> None:
    for name, side in (("before", found.before), ("after", found.after)):
        flags: Count = getattr(outcome.flags, name)
        concerns: Count = getattr(outcome.concerns, name)
        for flag in side.raised:
            flags.add(flag.severity, emergency=flag.emergency)
            of_rule: Count = getattr(outcome.rules.setdefault(flag.rule, tries.Pair()), name)
            of_rule.add(flag.severity, emergency=flag.emergency)
        for one in side.concerns:
            concerns.add(one.severity, emergency=one.emergency)
            week: Count = getattr(outcome.weeks[min((one.first_at - start) // WEEK, len(outcome.weeks) - 1)].concerns, name)
            week.add(one.severity, emergency=one.emergency)
    outcome.new += len(found.new)
    outcome.gone += len(found.gone)
    outcome.missed += sum(one.late_h is None for one in found.missed)
    outcome.late += sum(one.late_h is not None for one in found.missed)


def _bodies(found: Compared) -> dict[int, PersonBody]:
    """What differs, by class of data, so that each row is seen only by those who may see that class."""
    classes = {one.data_class for one in (*found.new, *found.gone, *found.missed)} | {one.data_class for one, _ in found.changed}
    return {
        data_class: PersonBody(
            new=tuple(one for one in found.new if one.data_class == data_class),
            gone=tuple(one for one in found.gone if one.data_class == data_class),
            changed=tuple(pair for pair in found.changed if pair[0].data_class == data_class),
            missed=tuple(one for one in found.missed if one.data_class == data_class),
        )
        for data_class in sorted(classes)
    }  # fmt: skip


async def take(database: Database, environment: dict[str, str]) -> int:
    """Take one waiting trial and see it through in a process of its own; how many were taken."""
    async with database.begin_as(Role.WORKER) as tx:
        claimed = await CLAIM.one(tx, LEASE_S)
    if claimed is None:
        return 0
    if claimed.attempts > ATTEMPTS:
        await _fail(database, claimed.run_id, "It was begun three times and never ended; tell whoever runs this service.")
        return 1
    arguments = ("-m", "server", "rules", "work", str(claimed.run_id))
    child = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environment)
    try:
        code = await child.wait()
    except BaseException:
        child.terminate()
        raise
    if code != 0:
        log.warning("trial.failed", code=str(code))
    return 1


async def _fail(database: Database, wanted: UUID, fault: str) -> None:
    async with database.begin_as(Role.WORKER) as tx:
        await FAIL.run(tx, wanted, fault)

"""Trying a limit or a mode on the last weeks of the real caseload: asked here, worked out by the worker (F39)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, Scope
from domain.detection.catalogue import CATALOGUE
from domain.detection.engine import BY_ID
from domain.detection.trial import Concern, Input, Missed, Tried
from domain.errors import Invalid, NotFound
from domain.plans.limits import Change, Layer, Period, admit
from server import clock
from server.audit.chain import NOBODY
from server.audit.reads import Reads
from server.db import Database, Tx
from server.rules import service, store
from server.rules.service import Mode
from server.sql import Nothing, Query

DAYS: Final = 90


class Count(msgspec.Struct, kw_only=True):
    """How many, by severity; an emergency is counted in red as well."""

    info: int = 0
    amber: int = 0
    red: int = 0
    emergency: int = 0

    def add(self, severity: int, *, emergency: bool) -> None:
        """Count one more."""
        name = {1: "info", 2: "amber", 3: "red"}[severity]
        setattr(self, name, getattr(self, name) + 1)
        self.emergency += emergency

    @property
    def tasks(self) -> int:
        """What a nurse must do something about."""
        return self.amber + self.red


class Pair(msgspec.Struct, kw_only=True):
    """The same before and after."""

    before: Count = msgspec.field(default_factory=Count)
    after: Count = msgspec.field(default_factory=Count)


class Week(msgspec.Struct, kw_only=True):
    """Concerns that began in one week."""

    from_at: datetime
    concerns: Pair = msgspec.field(default_factory=Pair)


class Minutes(msgspec.Struct, frozen=True, kw_only=True):
    """What one concern costs a nurse, and how that is known."""

    red: int
    amber: int
    info: int
    source: str


class Outcome(msgspec.Struct, kw_only=True):
    """What a trial found; the same input on the same record gives the same outcome."""

    people: int = 0
    readings: int = 0
    flags: Pair = msgspec.field(default_factory=Pair)
    concerns: Pair = msgspec.field(default_factory=Pair)
    weeks: list[Week] = []
    rules: dict[str, Pair] = {}
    minutes: Minutes
    minutes_before: int = 0
    minutes_after: int = 0
    confirmed: int = 0
    missed: int = 0
    late: int = 0
    new: int = 0
    gone: int = 0
    took_s: float = 0.0


class PersonBody(msgspec.Struct, frozen=True, kw_only=True):
    """What would have been different for one person, in one class of data."""

    new: tuple[Concern, ...] = ()
    gone: tuple[Concern, ...] = ()
    changed: tuple[tuple[Concern, Concern], ...] = ()
    missed: tuple[Missed, ...] = ()


class RunRow(msgspec.Struct):
    """One trial as it is stored."""

    run_id: UUID
    org_id: UUID
    team_id: UUID
    asked_by: UUID
    asked_name: str | None
    asked_at: datetime
    input: str
    done: int
    of_all: int
    ended_at: datetime | None
    result: str | None
    fault: str | None


class PersonRow(msgspec.Struct):
    """One person of a trial whom the asker may see."""

    patient_id: UUID
    given_name: str
    family_name: str
    body: str


ADD: Final = Query(
    Nothing,
    "insert into dry_run (org_id, run_id, team_id, asked_by, asked_at, input) values ($1, $2, $3, $4, $5, $6::text::jsonb)",
)
ONE: Final = Query(
    RunRow,
    """
    select d.run_id, d.org_id, d.team_id, d.asked_by, s.name as asked_name, d.asked_at, d.input::text as input, d.done, d.of_all,
           d.ended_at, d.result::text as result, d.fault
      from dry_run d left join staff s on s.staff_id = d.asked_by
     where d.run_id = $1
    """,
)
ONE_AS_WORKER: Final = Query(
    RunRow,
    """
    select d.run_id, d.org_id, d.team_id, d.asked_by, null::text as asked_name, d.asked_at, d.input::text as input, d.done, d.of_all,
           d.ended_at, d.result::text as result, d.fault
      from dry_run d
     where d.run_id = $1
    """,
)
LAST: Final = Query(
    RunRow,
    """
    select d.run_id, d.org_id, d.team_id, d.asked_by, s.name as asked_name, d.asked_at, d.input::text as input, d.done, d.of_all,
           d.ended_at, d.result::text as result, d.fault
      from dry_run d left join staff s on s.staff_id = d.asked_by
     where d.team_id = any ($1::uuid[])
     order by d.asked_at desc
     limit $2
    """,
)
PEOPLE: Final = Query(
    PersonRow,
    """
    select p.patient_id, p.given_name, p.family_name, d.body::text as body
      from dry_run_person d join patient p on p.patient_id = d.patient_id
     where d.run_id = $1
     order by p.family_name, p.given_name, p.patient_id, d.data_class
     limit 500
    """,
)
WAITING: Final = Query(
    RunRow,
    """
    select d.run_id, d.org_id, d.team_id, d.asked_by, null::text as asked_name, d.asked_at, d.input::text as input, d.done, d.of_all,
           d.ended_at, d.result::text as result, d.fault
      from dry_run d
     where d.team_id = $1 and d.ended_at is null
     limit 1
    """,
)
_INPUT: Final = msgspec.json.Decoder(Input)
_OUTCOME: Final = msgspec.json.Decoder(Outcome)
_PERSON: Final = msgspec.json.Decoder(PersonBody)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A trial: what was asked, how far it is, what it found."""

    row: RunRow
    input: Input
    outcome: Outcome | None


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One person of a trial."""

    row: PersonRow
    body: PersonBody


async def shadowed(tx: Tx, team: UUID) -> tuple[str, ...]:
    """The rules that are in shadow for a team just now."""
    return tuple(row.rule for row in await store.SHADOWED.all(tx, team))


async def ask(  # noqa: PLR0913 - one trial
    database: Database, reads: Reads, actor: Actor, request_id: UUID, *, team: UUID, changes: Sequence[Change] = (),
    modes: dict[str, Mode] | None = None, days: int = DAYS,
) -> Run:  # fmt: skip
    """Ask for a trial; the worker begins it within a second. Refused as the change itself would be (Invalid, pointer)."""
    actor.must_be_staff()
    actor.must(Scope.LIMITS_PROPOSE)
    actor.must(Scope.EPISODES_READ)
    now = clock.now()
    if not 7 <= days <= DAYS:  # noqa: PLR2004 - a week at least
        raise Invalid(f"From 7 to {DAYS} days.", "/days")
    made = uuid7()
    async with database.begin(actor) as tx:
        if not any(row.team_id == team and row.is_mine for row in await service.teams(tx, actor)):
            raise NotFound
        if await WAITING.one(tx, team) is not None:
            raise Invalid("A trial of this service is running: wait until it has ended.", "/teamId")
        given = Input(
            team=team, from_at=now - timedelta(days=days), to_at=now, limits=await _tried(tx, team, changes, now),
            modes=_modes(modes or {}), shadowed=await shadowed(tx, team),
        )  # fmt: skip
        await ADD.run(tx, actor.org_id, made, team, actor.id, now, msgspec.json.encode(given).decode())
        row = await ONE.one(tx, made)
        await reads.record(actor, NOBODY, "limits-try", request_id, action="C")
    assert row is not None  # noqa: S101 - made a line ago, in this transaction
    return of_row(row)


async def _tried(tx: Tx, team: UUID, changes: Sequence[Change], now: datetime) -> tuple[Tried, ...]:
    if not changes:
        return ()
    period = Period(from_at=now, review_at=now + timedelta(days=1))
    found = admit(changes, CATALOGUE, await service.standing(tx, team), period, Layer.SERVICE, team)
    return tuple(Tried(key=one.key, value=one.value, mg=one.mg) for one in found)


def _modes(modes: dict[str, Mode]) -> dict[str, Mode]:
    for rule, mode in modes.items():
        known = BY_ID.get(rule)
        if known is None:
            raise Invalid("There is no such rule.", f"/modes/{rule}")
        if known.floor and mode == "shadow":
            raise Invalid(f"{rule} belongs to the safety floor: it is never switched off.", f"/modes/{rule}")
    return modes


def of_row(row: RunRow) -> Run:
    """A stored trial."""
    return Run(row=row, input=_INPUT.decode(row.input), outcome=None if row.result is None else _OUTCOME.decode(row.result))


async def one(database: Database, actor: Actor, run: UUID) -> Run:
    """One trial of the asker's organisation."""
    actor.must_be_staff()
    async with database.begin(actor) as tx:
        row = await ONE.one(tx, run)
    if row is None:
        raise NotFound
    return of_row(row)


async def last(database: Database, actor: Actor, teams: Sequence[UUID], most: int = 20) -> list[Run]:
    """The last trials of some services, newest first."""
    actor.must_be_staff()
    async with database.begin(actor) as tx:
        return [of_row(row) for row in await LAST.all(tx, list(teams), most)]


async def some(database: Database, actor: Actor, runs: Sequence[UUID]) -> list[Run]:
    """Trials of the asker's organisation by their ids; what is not there is left out."""
    actor.must_be_staff()
    async with database.begin(actor) as tx:
        return [of_row(row) for run in dict.fromkeys(runs) for row in await ONE.all(tx, run)]


async def people(database: Database, reads: Reads, actor: Actor, run: UUID, request_id: UUID) -> list[Person]:
    """Who would have been watched differently: those whom the asker may see, and what of theirs."""
    actor.must_be_staff()
    actor.must(Scope.EPISODES_READ)
    async with database.begin(actor) as tx:
        rows = await PEOPLE.all(tx, run)
    for patient in {row.patient_id for row in rows}:
        await reads.record(actor, patient, "limits-try", request_id)
    return [Person(row=row, body=_PERSON.decode(row.body)) for row in rows]


STATED: Final = Minutes(red=20, amber=10, info=1, source="stated")
"""Until minutes are measured: what a concern costs, as the service states it (decision 082)."""


def spent(minutes: Minutes, concerns: Count) -> int:
    """Nurse minutes for so many concerns."""
    return minutes.red * concerns.red + minutes.amber * concerns.amber + minutes.info * concerns.info


"""The rules that watch a service: what is in force, how long each limit stood, what each rule is worth."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from domain.actor import Actor, Scope
from domain.detection.catalogue import GOVERNED, Words, label, unit, words
from domain.detection.engine import RULE_SET, RULES
from domain.detection.rule import Rule
from domain.episodes.value import OVERALL, Caseload, RuleValue, may_rest
from domain.errors import NotFound
from domain.plans.limits import Governed, in_force
from server import clock
from server.audit.reads import Reads
from server.db import Database
from server.episodes import value
from server.rules import service, store

SHORT: Final = 28
LONG: Final = 90
"""Days over which a rule's worth is counted: the last four weeks, and a quarter."""


class LimitNow(msgspec.Struct, frozen=True, kw_only=True):
    """One limit as it stands for a service, with every entry there was, newest first."""

    one: Governed
    label: str
    unit: str
    value: Decimal
    mg: Decimal | None
    entry: store.EntryRow | None
    history: list[store.EntryRow]


class RuleNow(msgspec.Struct, frozen=True, kw_only=True):
    """One rule as it stands for a service. `modes`: how it was shown, newest first; none: it was always shown."""

    rule: Rule
    words: Words
    mode: service.Mode
    modes: list[store.ModeRow]
    may_rest: bool
    limits: list[LimitNow]
    short: RuleValue
    long: RuleValue
    waiting: list[service.Proposal]


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What all shown rules raise together, against the budget (AL-9)."""

    people: int
    days: int
    per_month: Decimal | None

    @property
    def is_over(self) -> bool:
        """Whether more is raised than the budget allows."""
        return self.per_month is not None and self.per_month > OVERALL


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a lead looks at before she changes anything."""

    team: store.TeamRow
    teams: list[store.TeamRow]
    rules: list[RuleNow]
    short: Load
    long: Load
    waiting: list[service.Proposal]
    sets: list[store.SetRow]
    rule_set: int
    as_of: datetime


async def overview(database: Database, actor: Actor, team: UUID | None = None) -> Overview:
    """The rules of one service: the asker's own unless another of the organisation is named."""
    actor.must_be_staff()
    actor.must(Scope.EPISODES_READ if Scope.EPISODES_READ in actor.scopes else Scope.LIMITS_PROPOSE)
    now = clock.now()
    async with database.begin(actor) as tx:
        known = await service.teams(tx, actor)
        here = next((row for row in known if team in {None, row.team_id}), None)
        if here is None:
            raise NotFound
        entries = await store.ENTRIES.all(tx, [here.team_id])
        modes = await store.MODES.all(tx, here.team_id)
        sets = await store.SETS.all(tx, [here.team_id])
        worth = {days: {one.rule: one for one in await value.rule_values(tx, here.team_id, now, days)} for days in (SHORT, LONG)}
        caseload = await value.caseload(tx, here.team_id, now)
        proposed = [service.of_row(row) for row in await store.OF_TEAMS.all(tx, [here.team_id], service.MOST)]
    dated = service.entries_of(entries).get(here.team_id, {})
    waiting = [one for one in proposed if one.state == "open"]
    rules = [
        RuleNow(
            rule=rule, words=words(rule), modes=held, mode="shadow" if held and held[0].mode == "shadow" else "active",
            may_rest=may_rest(rule.id), short=worth[SHORT].get(rule.id, RuleValue(rule.id)), long=worth[LONG].get(rule.id, RuleValue(rule.id)),
            waiting=[one for one in waiting if rule.id in one.rules],
            limits=[
                _limit(governed, [row for row in entries if row.name == governed.key],
                       in_force(governed.limit, dated.get(governed.key, ()), now, floor=governed.floor).id, now)
                for governed in GOVERNED.values() if governed.rule == rule.id
            ],
        )
        for rule in RULES
        for held in ([row for row in modes if row.rule == rule.id],)
    ]  # fmt: skip
    return Overview(
        team=here, teams=known, rules=rules, short=_load(caseload, worth[SHORT], SHORT), long=_load(caseload, worth[LONG], LONG),
        waiting=waiting, sets=sets, rule_set=RULE_SET, as_of=now,
    )  # fmt: skip


async def own(database: Database, reads: Reads, actor: Actor, rule: str, request_id: UUID) -> list[store.OwnRow]:
    """The limits of one rule that people have of their own, of those whom the asker may see."""
    if Scope.EPISODES_READ not in actor.scopes:
        return []
    async with database.begin(actor) as tx:
        found = await store.OWN.all(tx, rule)
    await asyncio.gather(*(reads.record(actor, patient, "limits", request_id) for patient in {row.patient_id for row in found}))
    return found


async def my_teams(database: Database, actor: Actor) -> frozenset[UUID]:
    """The services that the asker belongs to."""
    async with database.begin(actor) as tx:
        return frozenset(row.team_id for row in await service.teams(tx, actor) if row.is_mine)


async def team_name(database: Database, actor: Actor, team: UUID) -> str:
    """What a service of the asker's organisation is called."""
    async with database.begin(actor) as tx:
        return next((row.name for row in await service.teams(tx, actor) if row.team_id == team), "")


def _load(caseload: Caseload, worth: Mapping[str, RuleValue], days: int) -> Load:
    over = msgspec.structs.replace(caseload, days=days)
    return Load(people=caseload.people, days=days, per_month=over.rate(sum(one.flags for one in worth.values())))


def _limit(one: Governed, rows: list[store.EntryRow], stands: UUID | None, now: datetime) -> LimitNow:
    entry = next((row for row in rows if row.limit_id == stands), None)
    return LimitNow(
        one=one, label=label(one), unit=unit(one), history=sorted(rows, key=lambda row: row.from_at, reverse=True),
        value=one.limit.value if entry is None or entry.value is None else entry.value, mg=one.limit.mg if entry is None else entry.mg,
        entry=entry if entry is not None and entry.from_at <= now else None,
    )  # fmt: skip

"""The rules that watch a service: what is in force, how long each limit stood, what each rule is worth."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from domain.actor import Actor, Scope
from domain.detection.catalogue import GOVERNED, Words, label, unit, words
from domain.detection.engine import RULE_SET
from domain.detection.rule import Rule
from domain.errors import NotFound
from domain.plans.limits import Governed, in_force
from server import clock
from server.db import Database
from server.rules import service, store, tries
from server.rules.value import Value, Values, values


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
    """One rule as it stands for a service."""

    rule: Rule
    words: Words
    mode: str
    limits: list[LimitNow]
    value: Value


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a lead looks at before she changes anything."""

    team: store.TeamRow
    teams: list[store.TeamRow]
    rules: list[RuleNow]
    values: Values
    waiting: list[service.Proposal]
    rule_set: int
    as_of: datetime


async def overview(database: Database, actor: Actor, team: UUID | None = None) -> Overview:
    """The rules of one service: the asker's own unless another of the organisation is named."""
    service.must_be_staff(actor)
    actor.must(Scope.EPISODES_READ if Scope.EPISODES_READ in actor.scopes else Scope.LIMITS_PROPOSE)
    now = clock.now()
    async with database.begin(actor) as tx:
        known = await service.teams(tx, actor)
        here = next((row for row in known if team in {None, row.team_id}), None)
        if here is None:
            raise NotFound
        entries = await store.ENTRIES.all(tx, [here.team_id])
        shadow = await tries.shadowed(tx, here.team_id)
        worth = await values(tx, here.team_id, now)
        proposed = [service.of_row(row) for row in await store.OF_TEAMS.all(tx, [here.team_id], service.MOST)]
    dated = service.entries_of(entries).get(here.team_id, {})
    rules = [
        RuleNow(
            rule=one.rule, words=words(one.rule), mode="shadow" if one.rule.id in shadow else "active", value=one,
            limits=[
                _limit(governed, [row for row in entries if row.name == governed.key],
                       in_force(governed.limit, dated.get(governed.key, ()), now, floor=governed.floor).id, now)
                for governed in GOVERNED.values() if governed.rule == one.rule.id
            ],
        )
        for one in worth.rules
    ]  # fmt: skip
    return Overview(
        team=here, teams=known, rules=rules, values=worth, waiting=[one for one in proposed if one.state == "open"], rule_set=RULE_SET,
        as_of=now,
    )  # fmt: skip


def _limit(one: Governed, rows: list[store.EntryRow], stands: UUID | None, now: datetime) -> LimitNow:
    entry = next((row for row in rows if row.limit_id == stands), None)
    return LimitNow(
        one=one, label=label(one), unit=unit(one), history=sorted(rows, key=lambda row: row.from_at, reverse=True),
        value=one.limit.value if entry is None or entry.value is None else entry.value, mg=one.limit.mg if entry is None else entry.mg,
        entry=entry if entry is not None and entry.from_at <= now else None,
    )  # fmt: skip

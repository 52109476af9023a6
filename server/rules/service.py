"""What people can do about a service's limits and modes: propose, sign, take back; each function is one transaction (F46)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, Scope
from domain.detection.catalogue import CATALOGUE, GOVERNED
from domain.detection.engine import BY_ID, RULE_SET
from domain.episodes.value import may_rest
from domain.errors import Conflict, Invalid, NotFound, OutOfScope
from domain.plans.limits import Admitted, Change, Dated, Layer, Limits, Period, admit, admit_period
from server import clock
from server.audit.chain import NOBODY
from server.audit.reads import Reads
from server.db import Database, Tx
from server.rules import store

MOST: Final = 100
Mode = Literal["active", "shadow"]
"""Shown to nurses, or recorded only: still measured, seen by nobody (AL-9)."""
_BODY: Final = msgspec.json.Decoder(tuple[Admitted, ...])
_MODES: Final = msgspec.json.Decoder(dict[str, Mode])


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal with its changes as they were signed."""

    row: store.ProposalRow
    changes: tuple[Admitted, ...] = ()
    modes: Mapping[str, Mode] = {}

    @property
    def state(self) -> str:
        """One word for where it stands."""
        row = self.row
        if row.ended_at is not None:
            return "withdrawn"
        if row.second_by is None:
            return "open"
        return "in_force" if row.from_at <= clock.now() else "agreed"

    @property
    def rules(self) -> frozenset[str]:
        """The rules that it is about."""
        return frozenset({one.key.partition(".")[0] for one in self.changes} | self.modes.keys())


def entries_of(rows: Sequence[store.EntryRow]) -> dict[UUID, dict[str, tuple[Dated, ...]]]:
    """Team -> key -> its entries, each until the next one begins."""
    found: dict[UUID, dict[str, tuple[Dated, ...]]] = {}
    for row in rows:
        of_team = found.setdefault(row.team_id, {})
        earlier = of_team.get(row.name, ())
        if earlier:
            earlier = (*earlier[:-1], msgspec.structs.replace(earlier[-1], to_at=row.from_at))
        of_team[row.name] = (*earlier, Dated(row.value, row.from_at, None, row.mg, Layer.SERVICE, row.team_id, row.limit_id))
    return found


async def teams(tx: Tx, actor: Actor) -> list[store.TeamRow]:
    """The services of the asker's organisation, their own first."""
    return await store.TEAMS.all(tx, actor.id)


async def _team(tx: Tx, actor: Actor, team: UUID) -> store.TeamRow:
    for row in await teams(tx, actor):
        if row.team_id == team:
            return row
    raise NotFound


async def standing(tx: Tx, team: UUID) -> Limits:
    """What a service has set, as dated entries."""
    return entries_of(await store.ENTRIES.all(tx, [team])).get(team, {})


async def propose(  # noqa: PLR0913 - one proposal
    database: Database, reads: Reads, actor: Actor, request_id: UUID, *, team: UUID, changes: Sequence[Change], reason: str,
    period: Period, run: UUID | None = None,
) -> Proposal:  # fmt: skip
    """Ask for other limits for a service. Nothing changes until two people have signed. Raises Invalid with a pointer."""
    actor.must_be_staff()
    actor.must(Scope.LIMITS_PROPOSE)
    now = clock.now()
    actor.must_be_fresh(now)
    admit_period(period, now)
    made = uuid7()
    async with database.begin(actor) as tx:
        here = await _team(tx, actor, team)
        body = admit(changes, CATALOGUE, await standing(tx, team), period, Layer.SERVICE, team)
        await store.ADD.run(tx, actor.org_id, made, team, "limits", msgspec.json.encode(body).decode(), reason, actor.id, now,
                            period.from_at, period.review_at, run)  # fmt: skip
        await _first(tx, actor, here, made, now)
        found = await _one(tx, made)
        await reads.record(actor, NOBODY, "limits-propose", request_id, action="C")
    return found


async def propose_modes(  # noqa: PLR0913 - one proposal
    database: Database, reads: Reads, actor: Actor, request_id: UUID, *, team: UUID, modes: Mapping[str, Mode], reason: str,
    review_at: datetime, run: UUID | None = None,
) -> Proposal:  # fmt: skip
    """Ask that rules are shown, or recorded only, for a service; it holds from the second signature on. Raises Invalid."""
    actor.must_be_staff()
    actor.must(Scope.LIMITS_PROPOSE)
    now = clock.now()
    actor.must_be_fresh(now)
    admit_period(Period(from_at=now, review_at=review_at), now)
    made = uuid7()
    async with database.begin(actor) as tx:
        here = await _team(tx, actor, team)
        admit_modes(modes, frozenset(row.rule for row in await store.SHADOWED.all(tx, team)))
        await store.ADD.run(tx, actor.org_id, made, team, "mode", msgspec.json.encode(modes).decode(), reason, actor.id, now, now,
                            review_at, run)  # fmt: skip
        await _first(tx, actor, here, made, now)
        found = await _one(tx, made)
        await reads.record(actor, NOBODY, "mode-propose", request_id, action="C")
    return found


async def _first(tx: Tx, actor: Actor, team: store.TeamRow, made: UUID, now: datetime) -> None:
    """A clinician of that service who proposes has signed with it; somebody else signs next."""
    if team.is_mine and Scope.LIMITS_SIGN in actor.scopes:
        await store.SIGN_FIRST.one(tx, made, actor.id, now)


def admit_modes(modes: Mapping[str, Mode], shadowed: frozenset[str]) -> None:
    """Refuse, with a pointer, a mode that is unknown, already so, or would silence what must always be heard."""
    if not modes:
        raise Invalid("Name at least one rule.", "/modes")
    for rule, mode in modes.items():
        if rule not in BY_ID:
            raise Invalid("There is no such rule.", f"/modes/{rule}")
        if mode == "shadow" and not may_rest(rule):
            why = "belongs to the safety floor" if BY_ID[rule].floor else "is what people say of themselves"
            raise Invalid(f"{rule} {why}: it is never switched off.", f"/modes/{rule}")
        if (mode == "shadow") == (rule in shadowed):
            raise Invalid(f"{rule} is {'recorded only' if mode == 'shadow' else 'shown'} already.", f"/modes/{rule}")


async def _one(tx: Tx, proposal: UUID) -> Proposal:
    row = await store.ONE.one(tx, proposal)
    if row is None:
        raise NotFound
    return of_row(row)


def of_row(row: store.ProposalRow) -> Proposal:
    """A stored proposal with its changes."""
    if row.kind == "mode":
        return Proposal(row=row, modes=_MODES.decode(row.body))
    return Proposal(row=row, changes=_BODY.decode(row.body))


async def sign(database: Database, reads: Reads, actor: Actor, request_id: UUID, proposal: UUID) -> Proposal:
    """Sign as a clinician of that service; the second signature, by somebody else, puts it in force from its date on."""
    actor.must_be_staff()
    actor.must(Scope.LIMITS_SIGN)
    now = clock.now()
    actor.must_be_fresh(now)
    async with database.begin(actor) as tx:
        before = await _one(tx, proposal)
        if not (await _team(tx, actor, before.row.team_id)).is_mine:
            raise OutOfScope("Only clinicians of that service sign.")
        if await store.LOCK.one(tx, proposal) is None:
            raise NotFound
        before = await _one(tx, proposal)
        _must_be_open(before.row)
        if before.row.first_by is None:
            await store.SIGN_FIRST.one(tx, proposal, actor.id, now)
        elif before.row.first_by == actor.id:
            raise Conflict("You have signed it; a second person must.")
        else:
            await store.SIGN_SECOND.one(tx, proposal, actor.id, now)
            await _enact(tx, await _one(tx, proposal), now)
        found = await _one(tx, proposal)
        await reads.record(actor, NOBODY, "mode-sign" if found.modes else "limits-sign", request_id, action="U")
    return found


def _must_be_open(row: store.ProposalRow) -> None:
    if row.ended_at is not None:
        raise Conflict("It was taken back.")
    if row.second_by is not None:
        raise Conflict("Two people have signed it already.")


async def _enact(tx: Tx, proposal: Proposal, now: datetime) -> None:
    """Both have signed: checked again against what stands by now, then it is in force as the next version of the rule set."""
    row = proposal.row
    starts = max(row.from_at, now)
    period = Period(from_at=starts, review_at=row.review_at)
    admit_period(period, now)
    # One after the other, so that each version of a service's rule set has a number of its own.
    await store.ALONE.run(tx, str(row.team_id))
    if proposal.modes:
        admit_modes(proposal.modes, frozenset(one.rule for one in await store.SHADOWED.all(tx, row.team_id)))
        by = f"{row.first_name or 'somebody'} and {row.second_name or 'somebody'}"
        for rule, mode in proposal.modes.items():
            await store.ADD_MODE.run(tx, uuid7(), rule, row.team_id, mode, starts, by, row.reason, row.proposal_id)
    else:
        wanted = [Change(key=one.key, value=one.mg if one.mg is not None else one.value, unit=None if one.mg is None else "mg/dL")
                  for one in proposal.changes]  # fmt: skip
        admit(wanted, CATALOGUE, await standing(tx, row.team_id), period, Layer.SERVICE, row.team_id)
        for one in proposal.changes:
            await store.ADD_ENTRY.run(tx, row.org_id, row.team_id, one.key, starts, uuid7(), one.value, one.mg,
                                      list(GOVERNED[one.key].classes), row.review_at, row.proposal_id, now)  # fmt: skip
    await store.NEXT_SET.run(tx, row.org_id, row.team_id, RULE_SET, starts, row.proposal_id)
    await store.MOVE_PICTURES.all(tx, row.team_id)


async def end(database: Database, reads: Reads, actor: Actor, request_id: UUID, proposal: UUID, reason: str) -> Proposal:
    """Take back what has not begun; what is in force is ended by a new proposal, so that the past stays as it was."""
    actor.must_be_staff()
    if actor.scopes.isdisjoint({Scope.LIMITS_SIGN, Scope.LIMITS_PROPOSE}):
        actor.must(Scope.LIMITS_SIGN)
    now = clock.now()
    actor.must_be_fresh(now)
    async with database.begin(actor) as tx:
        before = await _one(tx, proposal)
        if before.row.proposed_by != actor.id and not (await _team(tx, actor, before.row.team_id)).is_mine:
            raise OutOfScope("Only who proposed it, or a clinician of that service, takes it back.")
        if await store.LOCK.one(tx, proposal) is None:
            raise NotFound
        before = await _one(tx, proposal)
        if before.row.ended_at is not None:
            raise Conflict("It was taken back already.")
        if before.row.second_at is not None and max(before.row.from_at, before.row.second_at) <= now:
            raise Conflict("It is in force: propose what shall hold instead.")
        await store.END.one(tx, proposal, actor.id, now, reason)
        if before.row.second_by is not None:
            await store.WITHDRAW.all(tx, proposal, now)
            await store.WITHDRAW_SET.one(tx, proposal, now)
            await store.MOVE_PICTURES.all(tx, before.row.team_id)
        found = await _one(tx, proposal)
        await reads.record(actor, NOBODY, "mode-end" if found.modes else "limits-end", request_id, action="U")
    return found


async def proposals(database: Database, actor: Actor, *, team: UUID | None = None) -> list[Proposal]:
    """What is waiting first, then what was decided, newest first."""
    actor.must_be_staff()
    actor.must(Scope.EPISODES_READ if Scope.EPISODES_READ in actor.scopes else Scope.LIMITS_PROPOSE)
    async with database.begin(actor) as tx:
        known = await teams(tx, actor)
        wanted = [row.team_id for row in known if team in {None, row.team_id}]
        if team is not None and not wanted:
            raise NotFound
        rows = await store.OF_TEAMS.all(tx, wanted, MOST)
    return [of_row(row) for row in rows]


async def proposal(database: Database, actor: Actor, wanted: UUID) -> Proposal:
    """One proposal of the asker's organisation."""
    actor.must_be_staff()
    actor.must(Scope.EPISODES_READ if Scope.EPISODES_READ in actor.scopes else Scope.LIMITS_PROPOSE)
    async with database.begin(actor) as tx:
        return await _one(tx, wanted)

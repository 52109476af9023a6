"""What people can do about a service's limits: propose, sign, take back; each function is one transaction (F46)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from domain.detection.catalogue import CATALOGUE, GOVERNED
from domain.errors import Conflict, NotFound, OutOfScope
from domain.plans.limits import Admitted, Change, Dated, Layer, Limits, Period, admit, admit_period
from server import clock
from server.audit.chain import NOBODY
from server.audit.reads import Reads
from server.db import Database, Tx
from server.rules import store

MOST: Final = 100
_BODY: Final = msgspec.json.Decoder(tuple[Admitted, ...])


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal with its changes as they were signed."""

    row: store.ProposalRow
    changes: tuple[Admitted, ...]

    @property
    def state(self) -> str:
        """One word for where it stands."""
        row = self.row
        if row.ended_at is not None:
            return "withdrawn"
        if row.second_by is None:
            return "open"
        return "in_force" if row.from_at <= clock.now() else "agreed"


def must_be_staff(actor: Actor) -> None:
    """Nobody else has anything to do here; to them it does not exist (ACC-3)."""
    if actor.kind is not ActorKind.STAFF:
        raise NotFound


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
    """Ask for other limits for a service. Nothing changes until two clinicians have signed. Raises Invalid with a pointer."""
    must_be_staff(actor)
    actor.must(Scope.LIMITS_PROPOSE)
    now = clock.now()
    actor.must_be_fresh(now)
    admit_period(period, now)
    made = uuid7()
    async with database.begin(actor) as tx:
        await _team(tx, actor, team)
        body = admit(changes, CATALOGUE, await standing(tx, team), period, Layer.SERVICE, team)
        await store.ADD.run(tx, actor.org_id, made, team, "limits", msgspec.json.encode(body).decode(), reason, actor.id, now,
                            period.from_at, period.review_at, run)  # fmt: skip
        found = await _one(tx, made)
        await reads.record(actor, NOBODY, "limits-propose", request_id, action="C")
    return found


async def _one(tx: Tx, proposal: UUID) -> Proposal:
    row = await store.ONE.one(tx, proposal)
    if row is None:
        raise NotFound
    return of_row(row)


def of_row(row: store.ProposalRow) -> Proposal:
    """A stored proposal with its changes."""
    return Proposal(row=row, changes=_BODY.decode(row.body) if row.kind == "limits" else ())


async def sign(database: Database, reads: Reads, actor: Actor, request_id: UUID, proposal: UUID) -> Proposal:
    """Sign as a clinician of that service; the second signature, by somebody else, puts it in force from its date on."""
    must_be_staff(actor)
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
            await _enact(tx, before, now)
        found = await _one(tx, proposal)
        await reads.record(actor, NOBODY, "limits-sign", request_id, action="U")
    return found


def _must_be_open(row: store.ProposalRow) -> None:
    if row.ended_at is not None:
        raise Conflict("It was taken back.")
    if row.second_by is not None:
        raise Conflict("Two people have signed it already.")


async def _enact(tx: Tx, proposal: Proposal, now: datetime) -> None:
    """Both have signed: checked again against what stands by now, then the entries are written and pictures know of them."""
    row = proposal.row
    starts = max(row.from_at, now)
    period = Period(from_at=starts, review_at=row.review_at)
    admit_period(period, now)
    wanted = [Change(key=one.key, value=one.mg if one.mg is not None else one.value, unit=None if one.mg is None else "mg/dL")
              for one in proposal.changes]  # fmt: skip
    admit(wanted, CATALOGUE, await standing(tx, row.team_id), period, Layer.SERVICE, row.team_id)
    for one in proposal.changes:
        await store.ADD_ENTRY.run(tx, row.org_id, row.team_id, one.key, starts, uuid7(), one.value, one.mg,
                                  list(GOVERNED[one.key].classes), row.review_at, row.proposal_id, now)  # fmt: skip
    await store.MOVE_PICTURES.all(tx, row.team_id)


async def end(database: Database, reads: Reads, actor: Actor, request_id: UUID, proposal: UUID, reason: str) -> Proposal:
    """Take back what has not begun; what is in force is ended by a new proposal, so that the past stays as it was."""
    must_be_staff(actor)
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
            await store.MOVE_PICTURES.all(tx, before.row.team_id)
        found = await _one(tx, proposal)
        await reads.record(actor, NOBODY, "limits-end", request_id, action="U")
    return found


async def proposals(database: Database, actor: Actor, *, team: UUID | None = None) -> list[Proposal]:
    """What is waiting first, then what was decided, newest first."""
    must_be_staff(actor)
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
    must_be_staff(actor)
    actor.must(Scope.EPISODES_READ if Scope.EPISODES_READ in actor.scopes else Scope.LIMITS_PROPOSE)
    async with database.begin(actor) as tx:
        return await _one(tx, wanted)

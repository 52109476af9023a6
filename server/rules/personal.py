"""One person's own limits: a clinician proposes and signs, the person agrees; then they hold from their date on (C-7, F46)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from domain.detection.catalogue import CATALOGUE
from domain.errors import Conflict, NotFound
from domain.plans.limits import Admitted, Change, Dated, Layer, Limits, Period, admit, admit_period
from server import clock
from server.audit.reads import Reads
from server.db import Database, Tx
from server.rules import store

_BODY: Final = msgspec.json.Decoder(tuple[Admitted, ...])
_LIMITS: Final = msgspec.json.Decoder(dict[str, tuple[Dated, ...]])


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal for one person with its changes."""

    row: store.PersonalProposalRow
    changes: tuple[Admitted, ...]

    @property
    def state(self) -> str:
        """One word for where it stands."""
        row = self.row
        if row.ended_at is not None:
            return "withdrawn"
        if row.clinician is None or row.agreed_at is None:
            return "open"
        return "in_force" if row.from_at <= clock.now() else "agreed"


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """A person's own limits, all entries there are, and what is proposed."""

    entries: list[store.PersonalRow]
    proposals: list[Proposal]
    limits: Limits


async def limits_of(tx: Tx, patient: UUID) -> Limits:
    """Every entry that concerns a person: their own and their services'."""
    row = await store.LIMITS_OF.one(tx, patient)
    return {} if row is None else _LIMITS.decode(row.limits)


async def own(database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID) -> Own:
    """A person's own limits with who set them, for themselves and whoever looks after them."""
    actor.must(Scope.EPISODES_READ)
    async with database.begin(actor) as tx:
        await _must_see(tx, patient)
        found = Own(
            entries=await store.PERSONAL.all(tx, patient), limits=await limits_of(tx, patient),
            proposals=[_of_row(row) for row in await store.OF_PERSON.all(tx, patient, None)],
        )  # fmt: skip
    await reads.record(actor, patient, "limits", request_id)
    return found


async def waiting(database: Database, reads: Reads, actor: Actor, request_id: UUID) -> list[store.WaitingRow]:
    """What is proposed for people whom the asker may see and not agreed yet, the oldest first."""
    if actor.kind is not ActorKind.STAFF or Scope.EPISODES_READ not in actor.scopes:
        return []
    async with database.begin(actor) as tx:
        found = await store.PERSONAL_WAITING.all(tx)
    for patient in {row.patient_id for row in found}:
        await reads.record(actor, patient, "limits", request_id)
    return found


async def _must_see(tx: Tx, patient: UUID) -> None:
    if await tx.fetchrow("select 1 from patient where patient_id = $1", patient) is None:
        raise NotFound


def _of_row(row: store.PersonalProposalRow) -> Proposal:
    return Proposal(row=row, changes=_BODY.decode(row.body))


async def _one(tx: Tx, patient: UUID, proposal: UUID) -> Proposal:
    row = await store.OF_PERSON.one(tx, patient, proposal)
    if row is None:
        raise NotFound
    return _of_row(row)


async def propose(  # noqa: PLR0913 - one proposal
    database: Database, reads: Reads, actor: Actor, request_id: UUID, *, patient: UUID, changes: Sequence[Change], reason: str,
    period: Period,
) -> Proposal:  # fmt: skip
    """Ask for a limit of a person's own; it holds once a clinician has signed and the person agrees."""
    if actor.kind is not ActorKind.STAFF:
        raise NotFound
    actor.must(Scope.LIMITS_SIGN)
    now = clock.now()
    actor.must_be_fresh(now)
    admit_period(period, now)
    made = uuid7()
    async with database.begin(actor) as tx:
        await _must_see(tx, patient)
        team = await store.TEAM_OF.one(tx, actor.id, patient)
        if team is None:
            raise NotFound
        body = admit(changes, CATALOGUE, await limits_of(tx, patient), period, Layer.PERSON)
        await store.ADD_PERSONAL.run(tx, patient, made, team.team_id, msgspec.json.encode(body).decode(), reason, actor.id, now,
                                     period.from_at, period.to_at, period.review_at)  # fmt: skip
        found = await _one(tx, patient, made)
        await reads.record(actor, patient, "limits-propose", request_id, action="C")
    return found


async def sign(
    database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID, proposal: UUID
) -> Proposal:
    """Sign as a clinician, or agree as the person: the two seats are two different people."""
    actor.must(Scope.LIMITS_SIGN)
    now = clock.now()
    actor.must_be_fresh(now)
    async with database.begin(actor) as tx:
        if await store.LOCK_PERSONAL.one(tx, patient, proposal) is None:
            raise NotFound
        row = (await _one(tx, patient, proposal)).row
        if row.ended_at is not None:
            raise Conflict("It was taken back.")
        if actor.kind is ActorKind.STAFF:
            if await store.SIGN_PERSONAL.one(tx, patient, proposal, actor.id, now) is None:
                raise Conflict("A clinician has signed it already; the person's own agreement is the other half.")
        elif await store.AGREE.one(tx, patient, proposal, now) is None:
            raise Conflict("You have agreed already.")
        found = await _one(tx, patient, proposal)
        if found.row.clinician is not None and found.row.agreed_at is not None:
            await _enact(tx, found, now)
        await reads.record(actor, patient, "limits-sign", request_id, action="U")
    return found


async def _enact(tx: Tx, proposal: Proposal, now: datetime) -> None:
    row = proposal.row
    starts = max(row.from_at, now)
    period = Period(from_at=starts, to_at=row.to_at, review_at=row.review_at)
    admit_period(period, now)
    wanted = [Change(key=one.key, value=one.mg if one.mg is not None else one.value, unit=None if one.mg is None else "mg/dL")
              for one in proposal.changes]  # fmt: skip
    admit(wanted, CATALOGUE, await limits_of(tx, row.patient_id), period, Layer.PERSON)
    for one in proposal.changes:
        await store.ADD_PERSONAL_ENTRY.run(tx, row.patient_id, uuid7(), one.key, one.value, one.mg, starts, row.to_at, row.clinician,
                                           now, row.reason, row.review_at, row.proposal_id)  # fmt: skip
    await store.MOVE_PICTURE.one(tx, row.patient_id)


async def end(  # noqa: PLR0913 - one proposal and why
    database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID, proposal: UUID, reason: str,
) -> Proposal:  # fmt: skip
    """Take back what has not begun, or say no to it; the person may as well as their clinician."""
    actor.must(Scope.LIMITS_SIGN)
    now = clock.now()
    actor.must_be_fresh(now)
    async with database.begin(actor) as tx:
        if await store.LOCK_PERSONAL.one(tx, patient, proposal) is None:
            raise NotFound
        before = await _one(tx, patient, proposal)
        if before.row.ended_at is not None:
            raise Conflict("It was taken back already.")
        both = before.row.clinician is not None and before.row.agreed_at is not None
        if both and before.state == "in_force":
            raise Conflict("It is in force: propose what shall hold instead.")
        await store.END_PERSONAL.one(tx, patient, proposal, actor.id, now, reason)
        if both:
            await store.WITHDRAW_PERSONAL.all(tx, patient, proposal, now)
            await store.MOVE_PICTURE.one(tx, patient)
        found = await _one(tx, patient, proposal)
        await reads.record(actor, patient, "limits-end", request_id, action="U")
    return found

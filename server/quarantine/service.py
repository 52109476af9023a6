"""What can be done with held readings; a decision and the reading it makes are one commit."""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from domain.errors import Conflict, NotFound, OutOfScope, StaleVersion
from domain.readings import quarantine
from domain.readings.quarantine import Change, Meaning, State, Step
from domain.readings.reading import Draft, Rejected
from domain.text import admit
from server import clock
from server.audit.reads import Reads
from server.db import Database, NotThereError, Tx
from server.ingest import Decision, Ingest, Part, Request
from server.quarantine import store

MOST: Final = 200
_DRAFT: Final = msgspec.json.Decoder(Draft)
_PATIENTS: Final = frozenset({Step.CORRECT, Step.DISCARD, Step.CONFIRM})
"""What people may do about their own; believing an impossible value takes a member of staff."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One held reading with what it might have meant and what was decided, oldest first."""

    row: store.HeldRow
    draft: Draft
    meant: list[Meaning]
    events: list[store.EventRow]


async def _with_history(tx: Tx, rows: Sequence[store.HeldRow]) -> list[Held]:
    events = await store.EVENTS.all(tx, [row.patient_id for row in rows], [row.id for row in rows]) if rows else []
    found: list[Held] = []
    for row in rows:
        draft = _DRAFT.decode(row.draft)
        found.append(Held(row=row, draft=draft, meant=quarantine.meanings(draft), events=[one for one in events if one.id == row.id]))
    return found


async def listed(  # noqa: PLR0913 - a query has its filters
    database: Database, reads: Reads, actor: Actor, request_id: UUID, *, patient: UUID | None = None, state: State | None = None,
    limit: int = MOST,
) -> list[Held]:
    """What is held of everybody whom the asker may see, or of one person; held ones first, newest first."""
    actor.must(Scope.READINGS_READ)
    if actor.kind is ActorKind.VENDOR:
        raise NotFound
    async with database.begin(actor) as tx:
        found = await _with_history(tx, await store.LIST.all(tx, patient, state, limit))
    await asyncio.gather(*(reads.record(actor, one, "quarantine", request_id) for one in {held.row.patient_id for held in found}))
    return found


async def one(database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID, held: UUID) -> Held:
    """One held reading; absent and not shared look the same (ACC-3)."""
    actor.must(Scope.READINGS_READ)
    async with database.begin(actor) as tx:
        row = await store.ONE.one(tx, patient, held)
        if row is None:
            raise NotFound
        (found,) = await _with_history(tx, [row])
    await reads.record(actor, patient, "quarantine", request_id)
    return found


async def count(database: Database, actor: Actor) -> int:
    """How many readings wait for a decision."""
    async with database.begin(actor) as tx:
        row = await store.COUNT.one(tx)
    return 0 if row is None else row.held


async def decide(  # noqa: PLR0913 - one decision
    database: Database, ingest: Ingest, actor: Actor, request_id: UUID, patient: UUID, held: UUID, version: int | None,
    step: Step, reason: str, change: Change | None = None,
) -> Held:
    """Release, correct, discard or hold again; what follows is judged in the same commit, at the reading's own time (DQ-12).

    `version` None: whatever it is now, which is enough for the person whose reading it is.
    """
    if actor.kind is ActorKind.PATIENT:
        actor.must(Scope.READINGS_WRITE)
        if step not in _PATIENTS or patient != actor.id:
            raise OutOfScope("Ask your team to release it.") if patient == actor.id else NotFound
    else:
        actor.must(Scope.QUARANTINE_ACT)
    why = admit(reason, pointer="/reason", most=500)
    async with database.begin(actor) as tx:
        row = await store.ONE.one(tx, patient, held)
    if row is None or not row.may_decide:
        raise NotFound
    if version is not None and version != row.version:
        raise StaleVersion(f"It is version {row.version} now.")
    state = quarantine.after(State(row.state), step)
    drafts = _drafts(row, step, why, change)
    decision = Decision(held=held, kind=row.kind, version=row.version, state=state, what=step, reason=why)
    request = Request(actor=actor, what=f"quarantine-{step}", request_id=request_id)
    try:
        ((*outcomes,),) = await ingest.submit(request, [Part(patient, drafts, decision=decision)])
    except NotThereError as error:
        raise StaleVersion("Somebody decided meanwhile.") from error
    refused = next((outcome for outcome in outcomes if isinstance(outcome, Rejected)), None)
    if refused is not None:
        raise Conflict(refused.detail)
    async with database.begin(actor) as tx:
        after = await store.ONE.one(tx, patient, held)
        assert after is not None  # noqa: S101 - it was there a moment ago, and none is ever deleted
        (found,) = await _with_history(tx, [after])
    return found


def _drafts(row: store.HeldRow, step: Step, reason: str, change: Change | None) -> list[Draft]:
    """What goes through the door because of a decision."""
    draft = _DRAFT.decode(row.draft)
    # The first time the reading keeps the sender's id, so that sending it again finds it; later ones need ids of their own.
    new_id = draft.id if row.version == 1 and step is Step.RELEASE else uuid7()
    match step:
        case Step.RELEASE:
            return [quarantine.believed(draft, row.code, new_id)]
        case Step.CORRECT:
            return [quarantine.corrected(draft, change or Change(), new_id, clock.now())]
        case Step.HOLD if row.reading is not None and row.reading_at is not None:
            return [quarantine.undone(draft, row.reading, row.reading_at, new_id, reason)]
        case _:
            return []

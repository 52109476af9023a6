"""What those do who look after groups: take a case, decide it with a reason, hear an appeal by a second person (PGS-2, PGS-6).

They see the posts that somebody or something raised and nothing else of a group: risk, not chatter.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.actor import Actor
from domain.errors import Conflict, Invalid, NotFound, StaleVersion
from domain.groups import ladder, moderation
from domain.groups.moderation import Decision, Standing
from domain.text import admit
from server import clock
from server.app_state import Parts
from server.audit.chain import NOBODY
from server.db import ConflictError, Tx
from server.groups import cases_store, store
from server.groups.cases_store import CaseRow
from server.groups.peers import fresh

MOST: Final = 100
REASON_LEAST: Final = 3
_OPEN: Final = frozenset({"open", "taken", "appealed"})


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """What waits, worst and first due in front; what was decided lately; the groups it is about, and who is on duty."""

    waiting: list[CaseRow]
    done: list[CaseRow]
    groups: list[cases_store.GroupRow]
    duties: list[cases_store.DutyRow]
    as_of: datetime


@asynccontextmanager
async def desk(parts: Parts, actor: Actor) -> AsyncGenerator[Tx]:
    """One transaction of somebody who looks after groups. Of groups that are not hers there is nothing (ACC-3)."""
    actor.must_be_staff()
    try:
        async with parts.database.begin_peer(org=actor.org_id, moderator=actor.id) as tx:
            yield tx
    except ConflictError as error:
        raise Conflict("Somebody was faster. Look again.") from error


async def queue(parts: Parts, actor: Actor, request_id: UUID) -> Queue:
    """All that waits for the asker, and what was decided in the last thirty days."""
    now = clock.now()
    async with desk(parts, actor) as tx:
        found = Queue(
            waiting=await cases_store.WAITING.all(tx, MOST), done=await cases_store.DONE.all(tx, now - moderation.REVERSIBLE, MOST),
            groups=await cases_store.GROUPS.all(tx), duties=await cases_store.DUTIES.all(tx, now), as_of=now,
        )  # fmt: skip
    await parts.reads.record(actor, NOBODY, "group-queue", request_id, n=len(found.waiting) + len(found.done))
    return found


async def _one(tx: Tx, case: UUID, version: int) -> CaseRow:
    row = await cases_store.ONE.one(tx, case)
    if row is None:
        raise NotFound
    if row.version != version:
        raise StaleVersion
    return row


async def noted(tx: Tx, actor: Actor, row: CaseRow, what: str, reason: str = "") -> None:
    """Write one line of the case's history in the asker's name."""
    me = await cases_store.ME.one(tx)
    name = "" if me is None else me.name
    await cases_store.EVENT.run(tx, row.group_id, fresh(), row.case_id, clock.now(), what, actor.id, name, reason)


async def look(parts: Parts, actor: Actor, request_id: UUID, case: UUID) -> tuple[CaseRow, list[cases_store.EventRow]]:
    """One case and its history."""
    async with desk(parts, actor) as tx:
        row = await cases_store.ONE.one(tx, case)
        if row is None:
            raise NotFound
        events = await cases_store.EVENTS.all(tx, row.group_id, case)
    await parts.reads.record(actor, NOBODY, "group-queue", request_id)
    return row, events


async def take(parts: Parts, actor: Actor, request_id: UUID, case: UUID, version: int) -> None:
    """I have it: nobody else is told any more, unless nothing is decided in time (ALP-5). A colleague's can be taken over."""
    now = clock.now()
    async with desk(parts, actor) as tx:
        row = await _one(tx, case, version)
        if row.state not in {"open", "taken"}:
            raise Conflict("This was decided already.")
        if await cases_store.TAKE.one(tx, row.group_id, case, actor.id, version, now + ladder.ACT_WITHIN[row.level]) is None:
            raise StaleVersion
        await noted(tx, actor, row, "taken")
        await parts.reads.record(actor, NOBODY, "group-case", request_id, action="U")


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with its reason, which the writer reads; the nurse's note and whether she checked what it says."""

    decision: Decision
    reason: str
    note: str = ""
    is_checked: bool = False


def _said(decided: Decided) -> tuple[str, str]:
    reason = admit(decided.reason, pointer="/reason", most=500).strip()
    note = admit(decided.note, pointer="/note", most=1000).strip()
    if len(reason) < REASON_LEAST:
        raise Invalid("Say why, in a few words: who wrote it reads it.", "/reason")
    if decided.decision is Decision.NOTE and not note:
        raise Invalid("Write the note.", "/note")
    return reason, note


async def decide(parts: Parts, actor: Actor, request_id: UUID, case: UUID, version: int, decided: Decided) -> None:
    """Decide a case, or decide it otherwise within thirty days. The writer reads why, whoever reported reads what came of it."""
    reason, note = _said(decided)
    now = clock.now()
    async with desk(parts, actor) as tx:
        row = await _one(tx, case, version)
        moderation.must_decide(row.kind, row.level, decided.decision, is_nurse=row.is_nurse)
        _may_decide(row, actor, now)
        if await cases_store.DECIDE.one(tx, row.group_id, case, decided.decision.value, actor.id, now, reason, version) is None:
            raise StaleVersion
        if decided.decision is Decision.NOTE:
            me = await cases_store.ME.one(tx)
            await cases_store.NOTE.one(tx, row.group_id, row.post_id, note, "" if me is None else me.name, decided.is_checked)
        await _carry_out(tx, row, decided.decision, reason)
        await noted(tx, actor, row, decided.decision.value, reason)
        await parts.reads.record(actor, NOBODY, "group-case", request_id, action="U")


def _may_decide(row: CaseRow, actor: Actor, now: datetime) -> None:
    if row.state == "taken" and row.taken_by != actor.id:
        raise Conflict(f"{row.taken_name} has it. Take it over first.")
    if row.state in {"appealed", "final"}:
        raise Conflict("It was appealed: a second person decides.")
    if row.state == "decided" and (row.decided_at is None or now - row.decided_at > moderation.REVERSIBLE):
        raise Conflict("It was decided more than thirty days ago.")


async def _carry_out(tx: Tx, row: CaseRow, decision: Decision, reason: str) -> None:
    """Show or hide the post as all of its cases together say; put its writer out, or let her in again."""
    cases = [
        Standing(one.kind, one.state in _OPEN, None if one.decision is None else Decision(one.decision))
        for one in await cases_store.STANDING.all(tx, row.group_id, row.post_id)
    ]
    post = await cases_store.POST.one(tx, row.group_id, row.post_id)
    if post is None:
        raise NotFound
    state = moderation.state_of_post(post.state, cases)
    await cases_store.SET_POST.one(tx, row.group_id, row.post_id, state, {"shown": "", "hidden": reason}.get(state))
    if state == "shown":
        await store.BUMP.run(tx, row.group_id, post.thread_id, post.seq)
    if decision is Decision.REMOVE:
        if await cases_store.PUT_OUT.one(tx, row.group_id, row.handle_id) is not None:
            await store.COUNT.one(tx, row.group_id, -1)
    elif row.decision == Decision.REMOVE and await cases_store.LET_IN.one(tx, row.group_id, row.handle_id) is not None:
        await store.COUNT.one(tx, row.group_id, 1)
    await cases_store.OUTCOME.run(tx, row.group_id, row.post_id, moderation.DECISION_WORDS[decision])


async def hear(  # noqa: PLR0913 - one appeal
    parts: Parts, actor: Actor, request_id: UUID, case: UUID, version: int, *, overturns: bool, reason: str
) -> None:
    """Decide an appeal, for good. Never by whoever decided first."""
    said = admit(reason, pointer="/reason", most=500).strip()
    if len(said) < REASON_LEAST:
        raise Invalid("Say why, in a few words: who appealed reads it.", "/reason")
    async with desk(parts, actor) as tx:
        row = await _one(tx, case, version)
        if row.state != "appealed" or row.decision is None:
            raise Conflict("Nobody appealed.")
        if row.decided_by == actor.id:
            raise Conflict("You decided it first: a second person hears the appeal.")
        decision = Decision.SHOW if overturns else Decision(row.decision)
        moderation.must_decide(row.kind, row.level, decision, is_nurse=row.is_nurse)
        if await cases_store.FINAL.one(tx, row.group_id, case, decision.value, actor.id, clock.now(), said, version) is None:
            raise StaleVersion
        await _carry_out(tx, row, decision, said)
        await noted(tx, actor, row, "overturned" if overturns else "upheld", said)
        await parts.reads.record(actor, NOBODY, "group-case", request_id, action="U")


async def pause(parts: Parts, actor: Actor, request_id: UUID, group: UUID, *, is_paused: bool, reason: str) -> None:
    """Nobody writes in the group for a while, words of crisis excepted; or they may again."""
    said = admit(reason, pointer="/reason", most=200).strip()
    if len(said) < REASON_LEAST:
        raise Invalid("Say why, in a few words: the members read it.", "/reason")
    async with desk(parts, actor) as tx:
        mine = {row.group_id for row in await cases_store.GROUPS.all(tx)}
        if group not in mine or await cases_store.PAUSE.one(tx, group, "paused" if is_paused else "open", said if is_paused else "") is None:
            raise NotFound
        await parts.reads.record(actor, NOBODY, "group-pause", request_id, action="U")


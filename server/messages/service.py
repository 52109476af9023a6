"""What can be done with messages: write, read, answer, say that somebody acts, close. Each function is one transaction."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from domain.errors import Conflict, IdReused, Invalid, NotFound
from domain.forms.response import derived
from domain.messages import red_words
from domain.messages.reply import Reply, promise
from domain.readings.kinds import DataClass
from domain.readings.reading import Draft, Source
from domain.text import admit
from server import clock
from server.audit.reads import Reads
from server.db import Database, Tx
from server.ingest import Ingest, Part, Request
from server.messages import store
from server.teams import store as teams

MOST: Final = 200
_CLOSING: Final = 500


class About(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a message points at, by its keys only: a reading, the concern of a flag, or a step of a plan's version."""

    what: str
    id: UUID | None = None
    kind: int | None = None
    at: datetime | None = None
    version: int | None = None
    step: int | None = None


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a message: new or there already, which symptoms its words were taken for, and when to expect an answer."""

    is_new: bool
    red_words: Sequence[str]
    reply: Reply


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of one person that the asker may see, newest first."""

    rows: Sequence[store.MessageRow]
    reply: Reply
    as_of: datetime


class Inbox(msgspec.Struct, frozen=True, kw_only=True):
    """Who waits for an answer, the longest waiting first."""

    rows: Sequence[store.WaitingRow]
    as_of: datetime


def _text(text: str, pointer: str, most: int) -> str:
    clean = admit(text, pointer=pointer, most=most).strip()
    if not clean:
        raise Invalid("Write something.", pointer)
    return clean


async def _reply(tx: Tx, patient: UUID, now: datetime) -> Reply:
    found = await teams.teams(tx, [(patient, int(DataClass.RECORD))], now)
    return promise([team.calendar for team in found.get((patient, int(DataClass.RECORD)), [])], now)


async def send(  # noqa: PLR0913 - one message
    database: Database, ingest: Ingest, reads: Reads, actor: Actor, request_id: UUID, message: UUID, text: str,
    about: About | None = None, team: UUID | None = None,
) -> Sent:  # fmt: skip
    """A person writes to a team that she shares her record with. Words that must not wait are judged before it is stored (F68)."""
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    actor.must(Scope.READINGS_WRITE)
    body = _text(text, "/text", 2000)
    now = clock.now()
    async with database.begin(actor, one=actor.id) as tx:
        before = await store.STATE.one(tx, actor.id, message)
        to = await store.OWN_TEAM.one(tx, actor.id, now, team)
        reply = await _reply(tx, actor.id, now)
    found = red_words.found(body)
    if before is not None:
        _must_be_same(before, actor, body)
        return Sent(is_new=False, red_words=found, reply=reply)
    # First what must not wait: a message that is lost afterwards is sent again, its flag stands.
    drafts = [Draft(id=derived(message, code), kind="symptom", code=code, taken_at=now, source=Source.APP) for code in found]
    if drafts:
        await ingest.submit(Request(actor=actor, what="message", request_id=request_id), [Part(actor.id, drafts)])
    if to is None:
        raise Conflict("You share your record with no team, so nobody would read this. Ring 111, or 999 in an emergency.")
    async with database.begin(actor, one=actor.id) as tx:
        is_new = await _add(tx, actor.id, message, to.team_id, now, actor, body, about, found)
        if is_new:
            await store.TELL.run(tx, uuid7(), actor.id, "staff", "A message waits for an answer.", f"message:{message}", now)
            await store.HINT.run(tx, str(actor.id))
            # Awaited inside: a change whose access record cannot be written is undone (INV-11).
            await reads.record(actor, actor.id, "message", request_id, action="C")
    return Sent(is_new=is_new, red_words=found, reply=reply)


def _must_be_same(before: store.StateRow, actor: Actor, body: str) -> None:
    if before.by != actor.id or before.body != body:
        raise IdReused("Another message has this id.")


async def _add(  # noqa: PLR0913 - one row
    tx: Tx, patient: UUID, message: UUID, team: UUID, now: datetime, actor: Actor, body: str, about: About | None,
    found: Sequence[str],
) -> bool:  # fmt: skip
    """Whether it is new. The same one that is being stored at this moment is waited for: a second press is no second message."""
    points_at = None if about is None else msgspec.json.encode(about).decode()
    is_patient = actor.kind is ActorKind.PATIENT
    if await store.ADD.one(tx, patient, message, team, now, actor.id, is_patient, body, points_at, list(found)):
        return True
    there = await store.STATE.one(tx, patient, message)
    if there is None:
        raise IdReused("Another message has this id.")
    _must_be_same(there, actor, body)
    return False


async def answer(  # noqa: PLR0913 - one message
    database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID, message: UUID, text: str,
    about: About | None = None,
) -> Sent:  # fmt: skip
    """The team writes: whoever is in it, in the team's name. The person finds it in the app at once."""
    actor.must_be_staff()
    actor.must(Scope.EPISODES_ACT)
    body = _text(text, "/text", 2000)
    now = clock.now()
    async with database.begin(actor, one=patient) as tx:
        team = await store.STAFF_TEAM.one(tx, patient, now)
        if team is None:
            raise NotFound
        is_new = await _add(tx, patient, message, team.team_id, now, actor, body, about, ())
        if is_new:
            await store.TELL.run(tx, uuid7(), patient, "patient", "You have a message from your team.", f"message:{message}", now)
            await store.HINT.run(tx, str(patient))
        reply = await _reply(tx, patient, now)
        await reads.record(actor, patient, "message", request_id, action="C")
    return Sent(is_new=is_new, red_words=(), reply=reply)


async def mine(database: Database, reads: Reads, actor: Actor, request_id: UUID) -> Thread:
    """The asker's own messages with their receipts (F52)."""
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    actor.must(Scope.READINGS_READ)
    now = clock.now()
    async with database.begin(actor, one=actor.id) as tx:
        rows = await store.THREAD.all(tx, actor.id, MOST)
        reply = await _reply(tx, actor.id, now)
    await reads.record(actor, actor.id, "messages", request_id, n=len(rows))
    return Thread(rows=rows, reply=reply, as_of=now)


async def thread(database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID) -> Thread:
    """One person's messages as their team reads them; reading is the receipt that the person sees."""
    actor.must_be_staff()
    actor.must(Scope.EPISODES_READ)
    now = clock.now()
    async with database.begin(actor, one=patient) as tx:
        if await store.STAFF_TEAM.one(tx, patient, now) is None:
            raise NotFound
        await store.SEE.run(tx, patient, now)
        rows = await store.THREAD.all(tx, patient, MOST)
        reply = await _reply(tx, patient, now)
        await reads.record(actor, patient, "messages", request_id, n=len(rows))
    return Thread(rows=rows, reply=reply, as_of=now)


async def inbox(database: Database, reads: Reads, actor: Actor, request_id: UUID) -> Inbox:
    """Whose messages wait for the asker's teams."""
    actor.must_be_staff()
    actor.must(Scope.EPISODES_READ)
    async with database.begin(actor) as tx:
        rows = await store.WAITING.all(tx)
    await asyncio.gather(*(reads.record(actor, row.patient_id, "messages", request_id, n=row.n) for row in rows))
    return Inbox(rows=rows, as_of=clock.now())


async def act(database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID, message: UUID) -> None:
    """Say that something is being done about it; Conflict where somebody was faster."""
    actor.must_be_staff()
    actor.must(Scope.EPISODES_ACT)
    async with database.begin(actor, one=patient) as tx:
        if await store.ACT.one(tx, patient, message, clock.now()) is None:
            await _refuse(tx, patient, message)
        await store.HINT.run(tx, str(patient))
        await reads.record(actor, patient, "message-act", request_id, action="U")


async def close(  # noqa: PLR0913 - one message and what came of it
    database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID, message: UUID, closing: str
) -> None:
    """It is dealt with; the sentence is what its writer reads."""
    actor.must_be_staff()
    actor.must(Scope.EPISODES_ACT)
    said = _text(closing, "/closing", _CLOSING)
    async with database.begin(actor, one=patient) as tx:
        if await store.CLOSE.one(tx, patient, message, clock.now(), said) is None:
            await _refuse(tx, patient, message)
        await store.HINT.run(tx, str(patient))
        await reads.record(actor, patient, "message-close", request_id, action="U")


async def _refuse(tx: Tx, patient: UUID, message: UUID) -> None:
    there = await store.STATE.one(tx, patient, message)
    if there is None or not there.is_from_patient:
        raise NotFound
    raise Conflict("Somebody closed it since you looked." if there.closed_at else "Somebody is acting on it already.")

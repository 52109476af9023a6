"""What can be done with reviews: ask about an access, look at what must be answered for, answer it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, Scope
from domain.errors import Conflict, Invalid, NotFound
from domain.sharing import reviews
from domain.sharing.reviews import Kind
from domain.text import admit
from server import clock
from server.audit import routes as audit
from server.audit import store as log
from server.consent import store as consents
from server.consent.service import Asking
from server.db import Role, Tx
from server.proxies.again import looked_at
from server.reviews import store

_SHOWN_FOR: Final = timedelta(days=30)
"""How long an answered review stays on the page."""
_MOST: Final = 1000
_SAYS: Final = {
    Kind.ODD: "What you asked about who looked has been answered. Read it under Who looked.",
    Kind.EMERGENCY: "The emergency access to your record has been looked into. Read what came of it under Who looked.",
    Kind.PROXY: "Whether somebody may go on acting for you has been looked at again. See it under Who sees my record.",
    Kind.ERASURE: "What you asked to be erased has been decided. Read it under My data.",
}
"""What a patient is told when something about her record was answered."""


async def open_one(  # noqa: PLR0913 - one review
    tx: Tx, org: UUID, kind: Kind, dedupe: str, said: Mapping[str, str], *, patient: UUID | None = None, about: UUID | None = None,
    zone: str = "Europe/London",
) -> bool:  # fmt: skip
    """Open a review; whether it is new."""
    now = clock.now()
    body = msgspec.json.encode(said).decode()
    return await store.ADD.one(tx, org, uuid7(), kind.value, patient, about, now, reviews.due(now, zone), body, dedupe) is not None


async def ask_about(ask: Asking, access: str, said: str) -> None:
    """A patient says that an access looks odd (F63); asking twice asks once."""
    patient = ask.must_be_patient()
    words = admit(said, pointer="/said", most=_MOST).strip()
    at, writer, seq = audit.place_of(access)
    with_own = True
    async with ask.database.begin(ask.actor) as tx:
        # The next row after the place just above it is the row itself, if it is hers.
        rows = await log.LOG.all(tx, patient, at, writer, seq + 1, with_own, 1)
        if not rows or (rows[0].at, rows[0].writer, rows[0].seq) != (at, writer, seq):
            raise NotFound
        person = await store.PERSON.one(tx, patient)
        if person is None:
            raise NotFound
        row = audit.shown(rows[0])
        held = {"name": person.name, "who": row.who, "did": f"{row.did} {row.what}", "at": row.at.isoformat(), "said": words}
        await open_one(tx, person.org_id, Kind.ODD, f"odd:{patient}:{writer}:{at.isoformat()}:{seq}", held, patient=patient,
                       about=rows[0].actor, zone=person.zone)  # fmt: skip
        await ask.reads.record(ask.actor, patient, "review-ask", ask.request_id, action="C")


async def mine(ask: Asking) -> list[store.ReviewRow]:
    """What was or is looked into about the patient's record, newest first."""
    patient = ask.must_be_patient()
    async with ask.database.begin(ask.actor) as tx:
        found = await store.MINE.all(tx, patient)
    await ask.reads.record(ask.actor, patient, "review", ask.request_id, n=len(found))
    return found


def _must_answer(actor: Actor) -> None:
    """Leads and administrators; for anybody else there is nothing."""
    actor.must_be_staff()
    if Scope.PEOPLE_MANAGE not in actor.scopes:
        raise NotFound


async def queue(ask: Asking) -> list[store.ReviewRow]:
    """What waits for an answer, the nearest day first, then what was answered of late."""
    _must_answer(ask.actor)
    async with ask.database.begin(ask.actor) as tx:
        found = await store.OPEN.all(tx, clock.now() - _SHOWN_FOR)
    for row in found:
        if row.patient_id is not None:
            await ask.reads.record(ask.actor, row.patient_id, "review", ask.request_id, basis="review")
    return found


async def answer(ask: Asking, review: UUID, said: str, *, ends: bool = False) -> None:
    """Answer for something. Never by whoever is asked about; the patient is told that there is an answer.

    `ends`: of a carer's right only, that it is over.
    """
    _must_answer(ask.actor)
    ask.actor.must_be_fresh(clock.now())
    words = admit(said, pointer="/answer", most=2 * _MOST).strip()
    if not words:
        raise Invalid("Say what you found.", "/answer")
    now = clock.now()
    async with ask.database.begin(ask.actor) as tx:
        row = await store.ONE.one(tx, review)
        if row is None:
            raise NotFound
        if row.about == ask.actor.id:
            raise Conflict("It is about you: somebody else answers.")
        if await store.ANSWER.one(tx, review, ask.actor.id, now, words) is None:
            raise Conflict("Somebody answered it since you looked.")
        if row.patient_id is not None:
            await ask.reads.record(ask.actor, row.patient_id, "review-answer", ask.request_id, action="U", basis="review")
    told = _SAYS.get(Kind(row.kind))
    if told is not None and row.patient_id is not None:
        async with ask.database.begin_as(Role.WORKER) as tx:
            if row.kind == Kind.PROXY and row.about is not None:
                await looked_at(tx, row.patient_id, row.about, ends=ends, now=now)
            await consents.SAY.run(tx, uuid7(), row.patient_id, "review-answered", told, f"review:{review}", now)

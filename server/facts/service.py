"""What can be done with facts about a person: read, tell, end, diagnose; each function is one transaction."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from domain.detection.engine import RULES
from domain.errors import Conflict, Invalid, NotFound, OutOfScope
from domain.people import facts
from server import clock
from server.audit.reads import Reads
from server.db import Database, Tx
from server.facts import store

CONDITIONS: Final = frozenset(condition for rule in RULES for condition in rule.conditions)
"""The conditions that rules ask about; another one would watch nobody."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a person: facts that stand first, and diagnosed conditions."""

    facts: list[store.FactRow]
    conditions: list[store.ConditionRow]


async def _must_see(tx: Tx, patient: UUID) -> None:
    if await store.SEEN.one(tx, patient) is None:
        raise NotFound


def _must_write(actor: Actor, *, clinician: bool) -> None:
    if actor.kind is ActorKind.VENDOR or (clinician and actor.kind is not ActorKind.STAFF):
        raise NotFound
    actor.must(Scope.READINGS_WRITE)


async def known(database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID) -> Known:
    """What is known of a person, with source and who told it; the person reads it as well."""
    actor.must(Scope.READINGS_READ)
    async with database.begin(actor) as tx:
        await _must_see(tx, patient)
        found = Known(facts=await store.FACTS.all(tx, patient), conditions=await store.CONDITIONS.all(tx, patient))
    await reads.record(actor, patient, "facts", request_id, n=len(found.facts))
    return found


async def tell(  # noqa: PLR0913 - one fact
    database: Database, reads: Reads, actor: Actor, request_id: UUID, *, patient: UUID, key: str, value: str, from_at: datetime,
    to_at: datetime | None, source: str,
) -> Known:  # fmt: skip
    """Tell a fact once. One of which there is one at a time ends the one before. Raises Invalid with a pointer."""
    _must_write(actor, clinician=False)
    now = clock.now()
    facts.admit(key, value, from_at, to_at)
    if from_at > now:
        raise Invalid("A fact is what is so: it begins now or in the past.", "/fromAt")
    if actor.kind is ActorKind.PATIENT and key not in OWN:
        raise OutOfScope("Your team confirms this; tell them.")
    async with database.begin(actor) as tx:
        await _must_see(tx, patient)
        if not facts.KEYS[key].many:
            await store.SUPERSEDE.all(tx, patient, key, from_at, actor.id)
        await store.ADD.run(tx, patient, uuid7(), key, value, from_at, to_at, source, actor.id)
        await store.MOVE_PICTURE.one(tx, patient)
        found = Known(facts=await store.FACTS.all(tx, patient), conditions=await store.CONDITIONS.all(tx, patient))
        await reads.record(actor, patient, "fact-tell", request_id, action="C")
    return found


OWN: Final = frozenset({"pregnant", "usual_weight", "planned_weight_loss", "seizure_diary", "medicine", "medicine_changed", "admission"})
"""What people tell of themselves; the rest is measured or decided by a clinician."""


async def end(  # noqa: PLR0913 - one fact and when it ended
    database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID, fact: UUID, at: datetime,
) -> Known:  # fmt: skip
    """It is so no more, from an instant on; nothing is deleted, since the past was judged by it."""
    _must_write(actor, clinician=False)
    if at > clock.now():
        raise Invalid("It ended now or in the past.", "/at")
    async with database.begin(actor) as tx:
        await _must_see(tx, patient)
        if not any(row.fact_id == fact for row in await store.FACTS.all(tx, patient)):
            raise NotFound
        if await store.END.one(tx, patient, fact, at, actor.id) is None:
            raise Conflict("It has ended already, or had not begun by then.")
        await store.MOVE_PICTURE.one(tx, patient)
        found = Known(facts=await store.FACTS.all(tx, patient), conditions=await store.CONDITIONS.all(tx, patient))
        await reads.record(actor, patient, "fact-end", request_id, action="U")
    return found


async def diagnose(  # noqa: PLR0913 - one condition
    database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID, code: str, onset_on: date | None,
) -> Known:  # fmt: skip
    """A clinician says that somebody lives with a condition: its rules watch them from the next reading on."""
    _must_write(actor, clinician=True)
    actor.must(Scope.LIMITS_SIGN)
    if code not in CONDITIONS:
        raise Invalid(f"One of {', '.join(sorted(CONDITIONS))}.", "/code")
    return await _condition(database, reads, actor, request_id, patient, code, onset_on, is_new=True)


async def undiagnose(database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID, code: str) -> Known:
    """A clinician takes a condition back: its rules no longer watch them, so a sign-in of the last five minutes is needed."""
    _must_write(actor, clinician=True)
    actor.must(Scope.LIMITS_SIGN)
    actor.must_be_fresh(clock.now())
    return await _condition(database, reads, actor, request_id, patient, code, None, is_new=False)


async def _condition(  # noqa: PLR0913 - one condition
    database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID, code: str, onset_on: date | None, *, is_new: bool,
) -> Known:  # fmt: skip
    async with database.begin(actor) as tx:
        await _must_see(tx, patient)
        if is_new:
            if await store.ADD_CONDITION.one(tx, patient, code, onset_on) is None:
                raise Conflict("This condition is recorded already.")
        elif await store.END_CONDITION.one(tx, patient, code) is None:
            raise NotFound
        await store.MOVE_PICTURE.one(tx, patient)
        found = Known(facts=await store.FACTS.all(tx, patient), conditions=await store.CONDITIONS.all(tx, patient))
        await reads.record(actor, patient, "condition-add" if is_new else "condition-end", request_id, action="C" if is_new else "D")
    return found

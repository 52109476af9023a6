"""Observations out: one by its id; row security says whose may be seen, and each look is written down."""

from collections.abc import Sequence
from uuid import UUID

from domain.actor import Actor, Scope
from domain.errors import NotFound
from server.app_state import Parts
from server.db import Tx
from server.fhir import store
from server.fhir.ids import parted
from server.fhir.out import observation
from server.fhir.resources import Observation


async def one(parts: Parts, actor: Actor, text: str, request_id: UUID | None) -> Observation | None:
    """An Observation by its logical id, or None where there is none for this actor. Without a request it is an answer to its sender."""
    try:
        patient, reading = parted(text)
    except NotFound:
        return None
    if request_id is not None:
        actor.must(Scope.READINGS_READ)
        logged = parts.reads.record(actor, patient, "readings", request_id)
    else:
        logged = None
    async with parts.database.begin(actor) as tx:
        row = await store.ONE.one(tx, patient, reading)
        names = [] if row is None else await named(tx, patient, [row])
    if logged is not None:
        await logged
    return None if row is None else observation(patient, row, [(name.system, name.value) for name in names])


async def named(tx: Tx, patient: UUID, rows: Sequence[store.ReadingRow]) -> list[store.NameRow]:
    """How senders named these readings."""
    return await store.NAMES.all(tx, patient, [row.id for row in rows])

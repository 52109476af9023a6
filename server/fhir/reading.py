"""Observations out: one by its id; row security says whose may be seen, and each look is written down."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from domain.actor import Actor, Scope
from domain.errors import NotFound
from domain.readings.kinds import BY_NO
from server.app_state import Parts
from server.db import Tx
from server.fhir import store
from server.fhir.ids import parted
from server.fhir.out import observation, samples
from server.fhir.parameters import FIRST
from server.fhir.resources import Observation

SAMPLED: Final = [kind.no for kind in BY_NO.values() if kind.sampled]
_HOUR: Final = timedelta(hours=1)


async def one(parts: Parts, actor: Actor, text: str, request_id: UUID | None) -> Observation | None:
    """An Observation by its logical id, or None where there is none for this actor. Without a request it is an answer to its sender."""
    try:
        found = parted(text)
    except NotFound:
        return None
    if request_id is not None:
        actor.must(Scope.READINGS_READ)
        logged = parts.reads.record(actor, found.patient, "readings", request_id)
    else:
        logged = None
    async with parts.database.begin(actor) as tx:
        if found.at is None:
            row = await store.ONE.one(tx, found.patient, found.one)
        else:
            hours = await store.HOURS.all(tx, found.patient, SAMPLED, found.at, found.at + _HOUR, found.at, FIRST, None, 10)
            row = next((each for hour in hours for each in samples(found.patient, hour) if each.id == found.one), None)
        names = {} if row is None else await named(tx, found.patient, [row])
    if logged is not None:
        await logged
    return None if row is None else observation(found.patient, row, names.get(row.id, ()))


async def named(tx: Tx, patient: UUID, rows: Sequence[store.ReadingRow]) -> dict[UUID, list[tuple[str, str]]]:
    """How senders named these readings: system and value."""
    found: dict[UUID, list[tuple[str, str]]] = {}
    for name in await store.NAMES.all(tx, patient, [row.id for row in rows]):
        found.setdefault(name.reading, []).append((name.system, name.value))
    return found

"""What can be done with people; each function is one transaction."""

from uuid import UUID

from domain.actor import Actor, ActorKind, Scope
from domain.errors import NotFound
from server.audit.reads import Reads
from server.db import Database
from server.people import store


async def me(database: Database, actor: Actor) -> store.NameRow | None:
    """Give the asker's own name."""
    query = {
        ActorKind.STAFF: store.STAFF_NAME, ActorKind.PATIENT: store.PATIENT_NAME, ActorKind.VENDOR: store.CLIENT_NAME,
        ActorKind.PROXY: store.PROXY_NAME,
    }[actor.kind]  # fmt: skip
    async with database.begin(actor) as tx:
        return await query.one(tx, actor.id)


async def patient(
    database: Database, reads: Reads, actor: Actor, patient_id: UUID, request_id: UUID
) -> store.PatientRow:
    """Give a patient who shares with the asker, or the asker herself; NotFound for anybody else (ACC-3)."""
    actor.must(Scope.READINGS_READ)
    async with database.begin(actor) as tx:
        found = await store.PATIENT.one(tx, patient_id)
    if found is None:
        raise NotFound
    await reads.record(actor, patient_id, "patient", request_id)
    return found

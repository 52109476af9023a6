"""What can be done with people and with what they share; each function is one transaction."""

from collections.abc import Sequence
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


def _must_be_patient(actor: Actor) -> None:
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    # Nothing is shown or shared while revocations cannot be checked (TOK-5).
    actor.must(Scope.READINGS_READ)


async def grants(database: Database, reads: Reads, actor: Actor, request_id: UUID) -> list[store.GrantRow]:
    """Give all that the patient shares or shared, newest first."""
    _must_be_patient(actor)
    async with database.begin(actor) as tx:
        found = await store.GRANTS.all(tx, actor.id)
    await reads.record(actor, actor.id, "grants", request_id, n=len(found))
    return found


async def share(  # noqa: PLR0913 - one grant
    database: Database, reads: Reads, actor: Actor, request_id: UUID, *, grant: UUID, team: UUID,
    classes: Sequence[int], may_write: bool,
) -> store.GrantRow:  # fmt: skip
    """Share data classes with a team from now on."""
    _must_be_patient(actor)
    async with database.begin(actor) as tx:
        if await store.TEAM.one(tx, team) is None:
            raise NotFound
        await store.ADD_GRANT.one(tx, actor.id, grant, team, list(classes), may_write)
        await store.TELL.run(tx, str(actor.id))
        found = next((row for row in await store.GRANTS.all(tx, actor.id) if row.grant_id == grant), None)
        # Awaited inside: a change whose access record cannot be written is undone (INV-11).
        await reads.record(actor, actor.id, "grants", request_id, action="C")
    if found is None:
        raise NotFound
    return found


async def withdraw(database: Database, reads: Reads, actor: Actor, request_id: UUID, grant: UUID) -> None:
    """End one permission; the next read of that team finds nothing (INV-10, ACC-5). Ending it again is NotFound."""
    _must_be_patient(actor)
    async with database.begin(actor) as tx:
        if await store.END_GRANT.one(tx, actor.id, grant) is None:
            raise NotFound
        await store.TELL.run(tx, str(actor.id))
        await reads.record(actor, actor.id, "grants", request_id, action="D")

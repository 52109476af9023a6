"""What others ask of systems: which a patient may choose, and a stretch told again."""

from datetime import datetime
from uuid import UUID

from domain.actor import Actor, ActorKind
from domain.errors import NotFound
from server.db import Database, Tx
from server.systems import store


async def choices(tx: Tx) -> list[store.SystemRow]:
    """The systems that an administrator registered and that can be reached."""
    return await store.SYSTEMS.all(tx)


async def name_of(tx: Tx, system: UUID) -> str | None:
    """What a system is called, None where there is none."""
    row = await store.SYSTEM.one(tx, system)
    return None if row is None else row.name


async def replay(database: Database, actor: Actor, start: datetime, end: datetime) -> int:
    """Tell a receiver again what it was told of a stretch, of those who still share with it; how many."""
    if actor.kind is not ActorKind.VENDOR:
        raise NotFound
    async with database.begin(actor) as tx:
        row = await store.REPLAY.one(tx, actor.id, start, end)
    return 0 if row is None else row.n

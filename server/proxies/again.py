"""A right that somebody looked at again: it ends, or goes on until the next time."""

from datetime import datetime
from uuid import UUID

from domain.sharing.proxies import Right, review_on
from server.db import Tx
from server.proxies import store


async def looked_at(tx: Tx, patient: UUID, proxy: UUID, *, ends: bool, now: datetime) -> None:
    """Somebody looked at a right again: it ends, or goes on until the next time (worker's transaction)."""
    row = await store.PAIR.one(tx, patient, proxy)
    if row is None:
        return
    if ends:
        await store.END_GRANTS.run(tx, patient, proxy, now)
        await store.END_RIGHT.run(tx, patient, proxy, now)
    else:
        await store.MOVE_REVIEW.run(tx, patient, proxy, review_on(Right(row.basis), row.birth_on, row.zone, now))

"""What the worker does for proxies: a right that is due is looked at again, a birthday is told, what is over is noted (F62)."""

from datetime import datetime
from typing import Final

from uuid_utils.compat import uuid7

from domain.sharing import proxies
from domain.sharing.proxies import Right
from domain.sharing.reviews import Kind
from server.consent import store as consents
from server.db import Database, Role, Tx
from server.proxies import store
from server.reviews.service import open_one

EVERY_S: Final = 300.0


async def rights(database: Database, now: datetime) -> int:
    """Open a review for each right that is due, each once; how many are due."""
    async with database.begin_as(Role.WORKER) as tx:
        due = await store.DUE.all(tx, now)
        for row in due:
            await _due(tx, row, now)
        await store.OVER.run(tx, now)
    return len(due)


async def _due(tx: Tx, row: store.DueRow, now: datetime) -> None:
    is_parent = row.basis == Right.PARENT
    if is_parent and now >= proxies.birthday(row.birth_on, proxies.AGE_OF_OWN_CHOICE, row.zone):
        # What they had by being a parent ended at midnight, by the dates of the permission.
        await store.END_RIGHT.run(tx, row.patient_id, row.proxy_id, now)
        said = (
            f"You are 16, so you decide alone who sees your record. {row.proxy} no longer sees it. To let them, invite them under Who sees "
            "my record."
        )
        await consents.SAY.run(tx, uuid7(), row.patient_id, "proxy-16", said, f"proxy-16:{row.patient_id}:{row.proxy_id}", now)
        return
    if is_parent and now >= proxies.birthday(row.birth_on, proxies.AGE_OF_PRIVACY, row.zone):
        said = f"You are 11. What you say about your mood is yours now: {row.proxy} no longer sees it."
        await consents.SAY.run(tx, uuid7(), row.patient_id, "proxy-11", said, f"proxy-11:{row.patient_id}:{row.proxy_id}", now)
    held = {"name": row.name, "who": row.proxy, "did": f"acts for the patient ({row.basis}); is that still right?"}
    dedupe = f"proxy:{row.patient_id}:{row.proxy_id}:{row.review_at.isoformat()}"
    await open_one(tx, row.org_id, Kind.PROXY, dedupe, held, patient=row.patient_id, about=row.proxy_id, zone=row.zone)

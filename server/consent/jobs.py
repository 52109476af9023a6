"""Nobody stops watching without a word: a permission that is about to end, or that ended by itself, is said to whoever gave it (F58)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.sharing import consent
from server.consent import store
from server.db import Database, Role, Tx

EVERY_S: Final = 3600.0
AT_ONCE: Final = 500
_FIRST: Final = UUID(int=0)


async def remind(database: Database, now: datetime) -> int:
    """Tell each person what is due, each thing once; how many things stand to be told."""
    since, until = now - consent.LOOKS_BACK, now + consent.REMINDERS[0]
    last, count = (since, _FIRST, _FIRST), 0
    async with database.begin_as(Role.WORKER) as tx:
        while found := await store.ENDING.all(tx, now, until, since, *last, AT_ONCE):
            for row in found:
                await _say(tx, row, now)
            last, count = (found[-1].to_at, found[-1].patient_id, found[-1].grant_id), count + len(found)
    return count


async def _say(tx: Tx, row: store.EndingRow, now: datetime) -> None:
    classes = consent.known(row.data_classes)
    place = consent.reminder(row.to_at, now)
    said = consent.ended(row.name, classes) if place is None else consent.ending(row.name, classes, row.to_at, row.zone)
    topic = "consent-ended" if place is None else "consent-ending"
    # A renewal moves the end, and what was said of the old one is no longer what must be said.
    await store.SAY.run(tx, uuid7(), row.patient_id, topic, said, f"{topic}:{row.grant_id}:{row.to_at.isoformat()}:{place}", now)

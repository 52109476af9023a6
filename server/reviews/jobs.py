"""What the worker looks for: people who open more records than they ever do, or those of somebody of their own name (ACC-9)."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from domain.sharing.reviews import Kind
from domain.sharing.snooping import is_namesake, is_unusual
from server.db import Database, Role
from server.reviews import store
from server.reviews.service import open_one

EVERY_S: Final = 900.0
_LOOKS_BACK: Final = timedelta(days=42)


async def snooping(database: Database, now: datetime) -> int:
    """Open a review for each pattern of today and yesterday, each once; how many are new."""
    today = now.date()
    days: dict[UUID, list[store.OpenedRow]] = defaultdict(list)
    found = 0
    async with database.begin_as(Role.WORKER) as tx:
        for row in await store.OPENED.all(tx, today - _LOOKS_BACK):
            days[row.staff_id].append(row)
        for staff, rows in days.items():
            last = rows[-1]
            if last.day < today - timedelta(days=1) or not is_unusual(last.people, [row.people for row in rows[:-1]]):
                continue
            said = {"who": last.name, "did": f"opened {last.people} people's records on {last.day}"}
            found += await open_one(tx, last.org_id, Kind.SNOOPING, f"many:{staff}:{last.day}", said, about=staff)
        for one in await store.NAMESAKES.all(tx, today - timedelta(days=1)):
            if is_namesake(one.staff, one.family_name):
                said = {"name": one.patient, "who": one.staff, "did": "opened the record of somebody with the same family name",
                        "at": one.at.isoformat()}  # fmt: skip
                dedupe = f"namesake:{one.staff_id}:{one.patient_id}:{one.at.date()}"
                found += await open_one(tx, one.org_id, Kind.SNOOPING, dedupe, said, patient=one.patient_id, about=one.staff_id)
    return found

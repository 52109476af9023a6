"""The synthetic patient (ALP-7): a red each ten minutes that must come out of the far end of the test channel in a minute.

It goes the way of every reading: through the grouped commit, judged by the same rules, sent by the same relay, to a team of
nobody but the test channel. Only this finds a queue that takes everything and does nothing.
"""

import asyncio
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.episodes.episode import DismissReason, Result
from domain.readings.reading import Draft, Source
from server import clock
from server.audit.reads import Reads
from server.auth.actor import of_patient, of_staff
from server.db import Database, Role
from server.episodes import service
from server.ingest import Ingest, Part, Request
from server.sql import Query

EVERY_S: Final = 600.0
WITHIN_S: Final = 60.0


class OrgRow(msgspec.Struct):
    """Whose somebody is, and the database's clock."""

    org_id: UUID
    at: datetime


class OpenRow(msgspec.Struct):
    """An open concern about the synthetic patient."""

    id: UUID


class OutRow(msgspec.Struct):
    """What became of the probe."""

    is_sent: bool


ORG: Final = Query(OrgRow, "select org_id, now() as at from principal where principal_id = $1 and kind = 'patient' and ended_at is null")
ORG_OF_STAFF: Final = Query(
    OrgRow, "select org_id, now() as at from principal where principal_id = $1 and kind = 'staff' and ended_at is null"
)
OPEN: Final = Query(OpenRow, "select id from episode where patient_id = $1 and state <> 'closed'")
OUT: Final = Query(
    OutRow,
    """
    select coalesce(bool_or(d.state = 'accepted'), false) as is_sent
      from delivery d
     where d.patient_id = $1 and d.audience = 'staff' and d.created_at >= $2
    """,
)


class Probe:
    """Sends the red, and looks for it at the far end."""

    def __init__(self, database: Database, patient: UUID, staff: UUID, *, every_s: float = EVERY_S, within_s: float = WITHIN_S) -> None:
        self._database = database
        self._patient = patient
        self._staff = staff
        self._every_s = every_s
        self._within_s = within_s
        self._sent_at: float | None = None
        self._waits_since: datetime | None = None

    async def look(self) -> list[str]:
        """What is wrong now, in one line; sends the next red when it is time."""
        if self._waits_since is not None and self._sent_at is not None:
            return await self._arrived(self._waits_since, clock.monotonic() - self._sent_at)
        if self._sent_at is None or clock.monotonic() - self._sent_at >= self._every_s:
            self._sent_at = clock.monotonic()
            return await self._send()
        return []

    async def _send(self) -> list[str]:
        async with self._database.begin_as(Role.WORKER) as tx:
            org = await ORG.one(tx, self._patient)
        if org is None:
            return ["probe: there is no such patient"]
        ingest = Ingest(self._database, flushers=1)
        ingest.start()
        actor = of_patient(self._patient, org.org_id, "probe", 0)
        draft = Draft(id=uuid7(), kind="symptom", taken_at=clock.now(), code="blue_lips", source=Source.SIMULATED)
        try:
            async with asyncio.timeout(WITHIN_S):
                await ingest.submit(Request(actor=actor, what="probe", request_id=uuid7()), [Part(self._patient, [draft])])
        except TimeoutError:
            return ["probe: a red could not be stored"]
        finally:
            await ingest.stop()
        self._waits_since = org.at
        return []

    async def _arrived(self, since: datetime, waited_s: float) -> list[str]:
        async with self._database.begin_as(Role.WORKER) as tx:
            found = await OUT.one(tx, self._patient, since)
        if found is not None and found.is_sent:
            self._waits_since = None
            await self._close()
            return []
        return [f"probe: a red has not come out after {waited_s:.0f} s"] if waited_s > self._within_s else []

    async def _close(self) -> None:
        """Close it as its own nurse would, so that the next one is a new concern."""
        async with self._database.begin_as(Role.WORKER) as tx:
            org = await ORG_OF_STAFF.one(tx, self._staff)
            found = await OPEN.all(tx, self._patient)
        if org is None:
            return
        reads = Reads(self._database)
        reads.start()
        nurse = of_staff(self._staff, org.org_id, "nurse", "probe", 0, 0)
        try:
            for one in found:
                await service.close(self._database, reads, nurse, self._patient, one.id, None, uuid7(), Result.FALSE_ALARM,
                                    DismissReason.EXPECTED)  # fmt: skip
        finally:
            await reads.stop()

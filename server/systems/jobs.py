"""What the worker tells other systems: signed, thin, tried on a ladder, and only while they may know (INP-6, ACC-5)."""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import structlog

from integrations.manifest import Secrets
from integrations.signatures import standard_headers
from server.db import Database, Role
from server.outgoing import Heard, NotCalled, Outgoing, wait_s
from server.sealed import Seal
from server.systems import store

logger = structlog.get_logger("telling")

EVERY_S: Final = 1.0
AT_ONCE: Final = 50
LEASE_S: Final = 60
TIMEOUT_S: Final = 15.0
LADDER_S: Final = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""How long after a try that failed the next one is; after the last the system is told nothing more, and a person hears of it."""
_GONE, _SUCCESS, _REDIRECT = 410, 200, 300
_BACK_OFF: Final = frozenset({429, 502, 503, 504})


def sealed_as(client: UUID) -> str:
    """What a system's secrets are sealed for."""
    return f"told_system|{client}|secrets"


class Teller:
    """Tells, for one worker process."""

    def __init__(self, database: Database, outgoing: Outgoing, seal: Seal) -> None:
        self._database = database
        self._outgoing = outgoing
        self._seal = seal

    async def run(self, now: datetime) -> int:
        """Note what is to be told, tell what is due; how many were told or tried."""
        async with self._database.begin_as(Role.WORKER) as tx:
            await store.FIND.all(tx, now)
        async with self._database.begin_as(Role.WORKER) as tx:
            rows = await store.CLAIM.all(tx, now, LEASE_S, AT_ONCE)
        await asyncio.gather(*(self._one(row, now) for row in rows))
        return len(rows)

    async def _one(self, row: store.TellingRow, now: datetime) -> None:
        # Asked at each try, as late as can be: who was taken off the list since hears nothing more (INV-10).
        async with self._database.begin_as(Role.WORKER) as tx:
            may = await store.MAY.one(tx, row.client_id, row.patient_id, row.data_class)
        if may is None or not may.may:
            await self._done(row, "not shared any more")
            return
        try:
            heard = await self._send(row, now)
        except NotCalled as error:
            await self._later(row, error.code, None, now)
            return
        if _SUCCESS <= heard.status < _REDIRECT:
            await self._done(row, f"status {heard.status}")
        elif heard.status == _GONE:
            await self._disabled(row, "status 410")
        else:
            await self._later(row, f"status {heard.status}", wait_s(heard, 0) if heard.status in _BACK_OFF else None, now)

    async def _send(self, row: store.TellingRow, now: datetime) -> Heard:
        secrets = msgspec.json.decode(self._seal.open(row.secrets, sealed_as(row.client_id)), type=Secrets)
        body = msgspec.json.encode({
            "type": row.what, "timestamp": row.made_at.isoformat(),
            "data": {"patient": row.patient_id, "flag": row.event_id, "episode": row.episode},
        })  # fmt: skip
        headers = standard_headers(str(row.event_id), int(now.timestamp()), body, secrets.signing)
        host = urlsplit(row.url).hostname or ""
        return await self._outgoing.ask(
            "POST", row.url, hosts={host}, headers={"content-type": "application/json", **headers}, body=body, timeout_s=TIMEOUT_S
        )

    async def _done(self, row: store.TellingRow, came: str) -> None:
        async with self._database.begin_as(Role.WORKER) as tx:
            await store.DONE.run(tx, row.patient_id, row.client_id, row.event_id, came)

    async def _later(self, row: store.TellingRow, why: str, asked: int | None, now: datetime) -> None:
        if row.tries > len(LADDER_S):
            await self._disabled(row, why)
            return
        wait = max(LADDER_S[row.tries - 1], asked or 0)
        wait += random.randrange(1 + wait // 10)  # noqa: S311 - so that not all come at once
        async with self._database.begin_as(Role.WORKER) as tx:
            await store.AGAIN.run(tx, row.patient_id, row.client_id, row.event_id, now + timedelta(seconds=wait), why)

    async def _disabled(self, row: store.TellingRow, why: str) -> None:
        """The watch says so until somebody registers it anew."""
        async with self._database.begin_as(Role.WORKER) as tx:
            await store.DISABLE.run(tx, row.client_id, why)
            await store.DONE.run(tx, row.patient_id, row.client_id, row.event_id, f"given up: {why}")
        logger.error("system.disabled", client=str(row.client_id), reason=why, attempt=row.tries)

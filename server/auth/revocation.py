"""What no longer counts, in memory: told by NOTIFY, asked for every 5 s, distrusted after 30 s of silence (TOK-5)."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from server import clock
from server.auth import store
from server.db import Connection, Database, Role, Tx, listen

log = structlog.get_logger("auth")

POLL_S: Final = 5.0
STALE_S: Final = 30.0
LONGEST: Final = timedelta(days=31)
"""No token, session or refresh family lives longer, so older revocations need not be kept in memory."""


class Revocations:
    """The deny list of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._not_before: dict[UUID, float] = {}
        self._denied: frozenset[str] = frozenset()
        self._fresh_at = float("-inf")
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._connection: Connection | None = None

    def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._hang_up()

    @property
    def is_fresh(self) -> bool:
        """Whether the list was read within the last 30 s."""
        return clock.monotonic() - self._fresh_at < STALE_S

    def holds(self, principal: UUID, jti: str, issued_at: float) -> bool:
        """Whether nothing that was issued then has been revoked since."""
        return jti not in self._denied and issued_at > self._not_before.get(principal, -1.0)

    async def refresh(self) -> None:
        """Read the whole list."""
        started = clock.monotonic()
        now = clock.now()
        async with self._database.begin_as(Role.AUTH) as tx:
            before = await store.NOT_BEFORE.all(tx, now - LONGEST)
            denied = await store.DENIED.all(tx, now)
        self._not_before = {row.principal_id: row.not_before.timestamp() for row in before}
        self._denied = frozenset(row.jti for row in denied)
        self._fresh_at = started

    async def _run(self) -> None:
        """Read on every hint and at the latest after 5 s; whatever breaks, the reading goes on."""
        while True:
            self._wake.clear()
            try:
                await self.refresh()
            except Exception as error:  # noqa: BLE001 - if this ended, everybody would be refused for ever
                log.warning("revocations.stale", error=type(error).__name__)
            try:
                await self._hear()
            except Exception as error:  # noqa: BLE001 - as above
                log.warning("revocations.deaf", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_S)

    async def _hear(self) -> None:
        if self._connection is not None and not self._connection.is_closed():
            return
        await self._hang_up()
        self._connection = await self._database.connection(Role.AUTH)
        await listen(self._connection, "revoked", lambda _: self._wake.set())
        # What was told between the last reading and now was told to nobody.
        self._wake.set()

    async def _hang_up(self) -> None:
        if self._connection is not None and not self._connection.is_closed():
            self._connection.terminate()
        self._connection = None


async def revoke_principal(tx: Tx, principal: UUID) -> None:
    """End every token, session and refresh token of a principal that was issued up to now."""
    now = clock.now()
    await store.REVOKE_PRINCIPAL.run(tx, principal, now)
    await store.END_FAMILIES.run(tx, principal, now)
    await store.END_SESSIONS.run(tx, principal, now)
    await store.TELL_REVOKED.run(tx)


async def revoke_token(tx: Tx, jti: str, lives_s: int) -> None:
    """End one token or session by its id."""
    await store.REVOKE_TOKEN.run(tx, jti, clock.now() + timedelta(seconds=lives_s))
    await store.TELL_REVOKED.run(tx)

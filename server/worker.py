"""`steady work`: what is due, what must be told, partitions ahead. Every duty may run twice and leaves a heartbeat."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
import structlog
from uuid_utils.compat import uuid7

from server import clock, idempotency, log
from server.audit.heads import FILE, sign
from server.db import AGAIN, BUSY, Database, PostgresError, Role
from server.ingest import Ingest
from server.settings import Settings
from server.sql import Nothing, Query

logger = structlog.get_logger("worker")

SWEEP_S: Final = 1.0
AT_ONCE: Final = 200
LEASE_S: Final = 30


class DueRow(msgspec.Struct):
    """Somebody to judge again."""

    patient_id: UUID


class NoticeRow(msgspec.Struct):
    """One thing to tell, claimed under a lease."""

    id: UUID
    audience: str
    topic: str
    severity: int | None
    attempts: int
    fence: int


class MadeRow(msgspec.Struct):
    """How many partitions were made."""

    made: int


DUE: Final = Query(DueRow, "select patient_id from due where at <= $1 order by at limit $2")
BEAT: Final = Query(
    Nothing,
    """
    insert into heartbeat (duty, at, high_water) values ($1, now(), $2)
    on conflict (duty) do update set at = excluded.at, high_water = excluded.high_water
    """,
)
CLAIM: Final = Query(
    NoticeRow,
    """
    update outbox o
       set lease_owner = $1, lease_until = now() + make_interval(secs => $2::integer), fence = o.fence + 1,
           attempts = o.attempts + 1
     where o.id in (select w.id from outbox w
                     where w.done_at is null and w.due_at <= now() and (w.lease_until is null or w.lease_until < now())
                     order by w.severity desc nulls last, w.due_at
                     limit $3 for update skip locked)
    returning o.id, o.audience, o.topic, o.severity::integer as severity, o.attempts, o.fence
    """,
)
DONE: Final = Query(
    Nothing, "update outbox set done_at = now(), result = $3, lease_until = null where id = $1 and fence = $2"
)
PARTITIONS: Final = Query(MadeRow, "select make_partitions($1, $2) as made")

_BROKEN: Final = (*BUSY, *AGAIN, PostgresError, OSError)


class Worker:
    """The duties of one process."""

    def __init__(self, database: Database, ingest: Ingest) -> None:
        self._database = database
        self._ingest = ingest
        self._id = uuid7()

    async def beat(self, duty: str, high_water: str = "") -> None:
        """Leave a heartbeat: the watch and /readyz ask for it (INV-15)."""
        async with self._database.begin_as(Role.WORKER) as tx:
            await BEAT.run(tx, duty, high_water)

    async def sweep(self, now: datetime) -> int:
        """Judge again whatever waits for a repeat that did not come; how many people."""
        async with self._database.begin_as(Role.WORKER) as tx:
            found = await DUE.all(tx, now, AT_ONCE)
        for row in found:
            await self._ingest.judge_again(row.patient_id, at=now)
        await self.beat("sweep")
        return len(found)

    async def relay(self) -> int:
        """Hand notices on, worst first; how many. Until a channel is set up, the log is where they go."""
        async with self._database.begin_as(Role.WORKER) as tx:
            found = await CLAIM.all(tx, self._id, LEASE_S, AT_ONCE)
        for row in found:
            logger.info("notice.sent", topic=f"{row.audience}-{row.topic}", attempt=row.attempts)
        if found:
            # Sent first, marked after: a crash between sends again, and the receiver drops it by its key (INV-6).
            async with self._database.begin_as(Role.WORKER) as tx:
                for row in found:
                    await DONE.run(tx, row.id, row.fence, "log")
        await self.beat("relay")
        return len(found)

    async def heads(self, settings: Settings, now: datetime) -> int:
        """Sign the audit chains that grew (AUD-2); how many."""
        signed = await sign(self._database, settings.keys, settings.data / FILE, now)
        await self.beat("heads")
        return signed

    async def partitions(self, now: datetime) -> int:
        """Months from now to a quarter ahead; how many were made."""
        async with self._database.begin_as(Role.WORKER) as tx:
            row = await PARTITIONS.one(tx, now.date(), (now + timedelta(days=100)).date())
        await self.beat("partitions")
        return 0 if row is None else row.made

    async def retention(self, now: datetime) -> int:
        """Forget the answers of repeated requests after their time."""
        async with self._database.begin_as(Role.WORKER) as tx:
            await idempotency.FORGET.run(tx, now - idempotency.KEPT)
        await self.beat("retention")
        return 0


async def _for_ever(duty: str, every_s: float, act: Callable[[], Awaitable[int]]) -> None:
    """Do it again and again: whatever breaks once, the next time is tried."""
    while True:
        started = clock.monotonic()
        try:
            await act()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - a duty must outlive its worst day
            logger.warning("duty.failed", duty=duty, error=type(error).__name__)
        await asyncio.sleep(max(0.05, every_s - (clock.monotonic() - started)))


async def work(settings: Settings, stopping: asyncio.Event) -> None:
    """Run every duty until told to stop."""
    assert settings.database is not None  # noqa: S101 - main has asked
    database = Database(settings.database)
    ingest = Ingest(database, flushers=1, cached_bytes=500)
    ingest.start()
    worker = Worker(database, ingest)
    duties = [
        asyncio.create_task(_for_ever("sweep", SWEEP_S, lambda: worker.sweep(clock.now()))),
        asyncio.create_task(_for_ever("relay", SWEEP_S, worker.relay)),
        asyncio.create_task(_for_ever("heads", 60.0, lambda: worker.heads(settings, clock.now()))),
        asyncio.create_task(_for_ever("retention", 3600.0, lambda: worker.retention(clock.now()))),
        asyncio.create_task(_for_ever("partitions", 6 * 3600.0, lambda: worker.partitions(clock.now()))),
    ]
    await stopping.wait()
    for duty in duties:
        duty.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await duty
    await ingest.stop()
    await database.close()


async def _main(settings: Settings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    await work(settings, stopping)


def main(settings: Settings) -> int:
    """Work until told to stop; the exit code."""
    log.configure(settings.log_level)
    if settings.database is None:
        sys.stderr.write("Say where the database is: STEADY_DATABASE_HOST. (`steady demo` brings its own.)\n")
        return 2
    asyncio.run(_main(settings))
    return 0

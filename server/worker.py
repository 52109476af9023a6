"""`steady work`: what is due, what must be told, partitions ahead. Every duty may run twice and leaves a heartbeat."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
import structlog

from server import clock, faults, idempotency, log
from server.audit.heads import FILE, sign
from server.auth import store as sign_in
from server.consent import jobs as consent_jobs
from server.db import BUSY, Database, PostgresError, Role, listen
from server.episodes import jobs, value
from server.groups.telling import Teller
from server.hooks import jobs as fetches
from server.hooks import store as hooks
from server.ingest import Ingest
from server.notices import relay
from server.notices.setup import notifiers
from server.outgoing import Outgoing
from server.plans import jobs as plan_jobs
from server.proxies import jobs as proxy_jobs
from server.receipts import store as receipts
from server.reviews import jobs as review_jobs
from server.rules import jobs as trials
from server.sealed import Seal
from server.settings import Settings, environment
from server.sql import Nothing, Query
from server.systems import jobs as tellings
from server.systems import store as systems

logger = structlog.get_logger("worker")

SWEEP_S: Final = 1.0
AT_ONCE: Final = 200
SILENT_AFTER: Final = timedelta(hours=36)
"""A device that sends daily and has not for so long is silent."""


class DueRow(msgspec.Struct):
    """Somebody to judge again."""

    patient_id: UUID


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
# Of the people whose device sent something in the fortnight before, those from whose devices nothing came since.
VENDORS: Final = Query(
    Nothing,
    """
    insert into vendor_silence (vendor, people, silent, since, at)
    select w.vendor, count(*) filter (where w.was), count(*) filter (where w.was and not w.is_heard),
           case when 5 * count(*) filter (where w.was and not w.is_heard) > count(*) filter (where w.was) then $1::timestamptz end,
           $1::timestamptz
      from (select d.vendor, a.patient_id,
                   exists (select from reading r where r.patient_id = a.patient_id and r.device = a.device_no
                              and r.taken_at > $1::timestamptz - interval '15 days' and r.taken_at <= $1::timestamptz - $2::interval)
                or exists (select from sensor_hour h where h.patient_id = a.patient_id and h.device = a.device_no
                              and h.hour > $1::timestamptz - interval '15 days' and h.hour <= $1::timestamptz - $2::interval) as was,
                   exists (select from reading r where r.patient_id = a.patient_id and r.device = a.device_no
                              and r.taken_at > $1::timestamptz - $2::interval)
                or exists (select from sensor_hour h where h.patient_id = a.patient_id and h.device = a.device_no
                              and h.hour > $1::timestamptz - $2::interval) as is_heard
              from device_assignment a join device d on d.device_no = a.device_no
             where a.to_at is null) as w
     group by w.vendor
    on conflict (vendor) do update
       set people = excluded.people, silent = excluded.silent, at = excluded.at,
           since = case when excluded.since is null then null else coalesce(vendor_silence.since, excluded.since) end
    """,
)
PARTITIONS: Final = Query(MadeRow, "select make_partitions($1, $2) as made")

class Worker:
    """The duties of one process."""

    def __init__(self, database: Database, ingest: Ingest, sender: relay.Relay) -> None:
        self._database = database
        self._ingest = ingest
        self._relay = sender

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

    async def escalate(self, at: datetime | None = None) -> int:
        """Take the next step for whatever nobody dealt with in time; how many."""
        taken = await jobs.escalate(self._database, at)
        await self.beat("escalate")
        return taken

    async def relay(self) -> int:
        """Hand notices on, worst first, until none waits; how many."""
        handed = 0
        while True:
            found = await self._relay.run()
            handed += found
            await self.beat("relay")
            # What was said in the app may be worth a word elsewhere, and a red that was refused another channel: both at once.
            if not found:
                return handed

    async def groups(self, teller: Teller) -> int:
        """Tell whoever is on duty of posts in peer groups that wait (PGS-3); how many were told of."""
        told = await teller.run()
        await self.beat("groups")
        return told

    async def silences(self, now: datetime) -> int:
        """Look for silence where it is due (MD-2, MD-3); how many people."""
        found = await plan_jobs.silences(self._database, self._ingest, now)
        await self.beat("silences")
        return found

    async def heads(self, settings: Settings, now: datetime) -> int:
        """Sign the audit chains that grew (AUD-2); how many."""
        signed = await sign(self._database, settings.keys, settings.data / FILE, now)
        await self.beat("heads")
        return signed

    async def budget(self, now: datetime) -> int:
        """Rest the rules that cost more than they are worth (AL-9); how many."""
        moved = await value.keep_budget(self._database, now)
        await self.beat("budget")
        return moved

    async def vendors(self, now: datetime) -> int:
        """Count whose devices have gone silent, vendor by vendor; the watch makes one alarm of it (ALP-10)."""
        async with self._database.begin_as(Role.WORKER) as tx:
            await VENDORS.run(tx, now, SILENT_AFTER)
        await self.beat("vendors")
        return 0

    async def consents(self, now: datetime) -> int:
        """Say what is about to end, and what ended by itself (F58); how many things stand to be said."""
        found = await consent_jobs.remind(self._database, now)
        await self.beat("consents")
        return found

    async def tell(self, teller: tellings.Teller, now: datetime) -> int:
        """Tell the systems that patients chose what there is to read; how many calls."""
        told = await teller.run(now)
        await self.beat("tell")
        return told

    async def fetch(self, fetcher: fetches.Fetcher, now: datetime) -> int:
        """Fetch what vendors announced, and look where none calls us; how many."""
        await fetcher.look(now)
        fetched = 0
        while True:
            found = await fetcher.run(now)
            fetched += found
            await self.beat("fetch")
            if found < fetches.AT_ONCE:
                return fetched

    async def rights(self, now: datetime) -> int:
        """Have carers' rights looked at again when they are due, at birthdays too (F62); how many are due."""
        found = await proxy_jobs.rights(self._database, now)
        await self.beat("rights")
        return found

    async def snooping(self, now: datetime) -> int:
        """Ask about whoever opens records in an unusual way (ACC-9); how many new questions."""
        found = await review_jobs.snooping(self._database, now)
        await self.beat("snooping")
        return found

    async def partitions(self, now: datetime) -> int:
        """Months from now to a quarter ahead; how many were made."""
        async with self._database.begin_as(Role.WORKER) as tx:
            row = await PARTITIONS.one(tx, now.date(), (now + timedelta(days=100)).date())
        await self.beat("partitions")
        return 0 if row is None else row.made

    async def retention(self, now: datetime) -> int:
        """Forget the answers of repeated requests, deliveries as they came, and tokens taken back, after their time."""
        async with self._database.begin_as(Role.WORKER) as tx:
            await idempotency.FORGET.run(tx, now - idempotency.KEPT)
            await receipts.FORGET.run(tx, now - receipts.KEPT)
            await hooks.FORGET.run(tx, now - hooks.KEPT)
            await systems.FORGET.run(tx, now - systems.KEPT)
            await hooks.FORGET_FETCHED.run(tx, now - fetches.FETCHED_KEPT)
        async with self._database.begin_as(Role.AUTH) as tx:
            await sign_in.DROP_DENIED.run(tx, now)
        await self.beat("retention")
        return 0


async def _for_ever(duty: str, every_s: float, act: Callable[[], Awaitable[int]], hint: asyncio.Event | None = None) -> None:
    """Do it again and again, sooner when hinted at: whatever breaks once, the next time is tried."""
    while True:
        started = clock.monotonic()
        try:
            await act()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - a duty must outlive its worst day
            logger.warning("duty.failed", duty=duty, error=type(error).__name__)
        wait = max(0.05, every_s - (clock.monotonic() - started))
        if hint is None:
            await asyncio.sleep(wait)
            continue
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(hint.wait(), wait)
        hint.clear()


async def _hear(database: Database, hints: Sequence[asyncio.Event]) -> None:
    """Wake the duties when something was committed. A hint only: each also looks by itself every second (ALP-3)."""

    def told(_payload: str) -> None:
        for hint in hints:
            hint.set()

    while True:
        connection = None
        try:
            connection = await database.connection(Role.WORKER)
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _connection, lost=lost: lost.set())
            await listen(connection, "changed", told)
            await lost.wait()
        except (*BUSY, PostgresError, OSError) as error:
            logger.warning("duty.failed", duty="listen", error=type(error).__name__)
        finally:
            if connection is not None and not connection.is_closed():
                await connection.close(timeout=1)
        await asyncio.sleep(SWEEP_S)


def relay_of(database: Database, settings: Settings) -> relay.Relay:
    """The relay of one process, as the settings say."""
    url = settings.public_url or f"http://{settings.host}:{settings.port}"
    return relay.Relay(database, notifiers(settings), url=url, brand=settings.brand)


def teller_of(database: Database, settings: Settings) -> Teller:
    """Whoever tells of posts that wait, as the settings say."""
    url = settings.public_url or f"http://{settings.host}:{settings.port}"
    return Teller(database, notifiers(settings), url=url, brand=settings.brand)


async def end(duties: Sequence[asyncio.Task[None]]) -> None:
    """Cancel them until each has ended: a wait that is over in the same turn swallows the first cancel (`asyncio.wait_for`)."""
    while alive := [duty for duty in duties if not duty.done()]:
        for duty in alive:
            duty.cancel()
        await asyncio.wait(alive, timeout=0.5)


async def work(settings: Settings, stopping: asyncio.Event) -> None:
    """Run every duty until told to stop."""
    assert settings.database is not None  # noqa: S101 - main has asked
    database = Database(settings.database)
    ingest = Ingest(database, flushers=1, cached_bytes=4_000_000)
    ingest.start()
    worker = Worker(database, ingest, relay_of(database, settings))
    teller = teller_of(database, settings)
    outgoing, seal = Outgoing(loopback=settings.loopback_calls), Seal(settings.keys)
    fetcher = fetches.Fetcher(database, ingest, outgoing, seal)
    telling = tellings.Teller(database, outgoing, seal)
    hint, told = asyncio.Event(), asyncio.Event()
    duties = [
        asyncio.create_task(_for_ever("sweep", SWEEP_S, lambda: worker.sweep(clock.now()))),
        asyncio.create_task(_for_ever("escalate", SWEEP_S, worker.escalate)),
        asyncio.create_task(_for_ever("relay", SWEEP_S, worker.relay, hint)),
        asyncio.create_task(_for_ever("relay", SWEEP_S, worker.relay)),
        asyncio.create_task(_for_ever("groups", SWEEP_S, lambda: worker.groups(teller))),
        asyncio.create_task(_for_ever("silences", plan_jobs.EVERY_S, lambda: worker.silences(clock.now()))),
        asyncio.create_task(_for_ever("heads", 60.0, lambda: worker.heads(settings, clock.now()))),
        asyncio.create_task(_for_ever("retention", 3600.0, lambda: worker.retention(clock.now()))),
        asyncio.create_task(_for_ever("consents", consent_jobs.EVERY_S, lambda: worker.consents(clock.now()))),
        asyncio.create_task(_for_ever("rights", proxy_jobs.EVERY_S, lambda: worker.rights(clock.now()))),
        asyncio.create_task(_for_ever("snooping", review_jobs.EVERY_S, lambda: worker.snooping(clock.now()))),
        asyncio.create_task(_for_ever("budget", 6 * 3600.0, lambda: worker.budget(clock.now()))),
        asyncio.create_task(_for_ever("vendors", 900.0, lambda: worker.vendors(clock.now()))),
        asyncio.create_task(_for_ever("tell", tellings.EVERY_S, lambda: worker.tell(telling, clock.now()), told)),
        asyncio.create_task(_for_ever("fetch", fetches.EVERY_S, lambda: worker.fetch(fetcher, clock.now()))),
        asyncio.create_task(_for_ever("tries", SWEEP_S, lambda: trials.take(database, environment(settings)))),
        asyncio.create_task(_for_ever("partitions", 6 * 3600.0, lambda: worker.partitions(clock.now()))),
        asyncio.create_task(_hear(database, [hint, told])),
    ]
    await stopping.wait()
    await end(duties)
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
    if settings.fault:
        faults.arm(settings.fault)
    asyncio.run(_main(settings))
    return 0

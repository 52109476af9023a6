"""`steady watch`: is every duty alive? Its own process and database role, so that it falls with nobody else."""

import asyncio
import sys
from typing import Final
from uuid import UUID

import httpx
import msgspec
import structlog

from server import clock, log
from server.db import BUSY, Database, PostgresError, Role
from server.probe import Probe
from server.settings import Settings
from server.sql import Query

logger = structlog.get_logger("watch")

LIMITS_S: Final = {
    "sweep": 30, "escalate": 30, "relay": 60, "groups": 30, "fetch": 600, "tell": 120, "silences": 120, "heads": 180, "consents": 3 * 3600,
    "partitions": 2 * 24 * 3600, "rights": 900, "snooping": 3600,
}  # fmt: skip
"""How old the heartbeat of each duty may be."""
EVERY_S: Final = 5.0
FEWEST: Final = 5
"""A vendor with fewer people says too little by their share."""
RED_S: Final = 2 * 3600
"""So old may a red be that nobody has: the lead has been told twice by then (AL-6)."""
CRISIS_S: Final = 15 * 60
"""The clock of a post with words of crisis (PGS-2)."""
PING_S: Final = 60.0
STUCK_S: Final = 3600
"""A vendor that gives nothing for so long is an operator's matter: one line a vendor, however many people wait (ALP-10)."""


class BeatRow(msgspec.Struct):
    """How long ago a duty was last alive."""

    duty: str
    age_s: float


class VendorRow(msgspec.Struct):
    """A vendor of whose people many have gone silent."""

    vendor: str
    people: int
    silent: int


class StuckRow(msgspec.Struct):
    """A vendor from which nothing can be fetched."""

    vendor: str
    waiting: int


class DisabledRow(msgspec.Struct):
    """A system that is told nothing any more."""

    name: str


class WaitingRow(msgspec.Struct):
    """How long the oldest waiting work has been due: unsent, unjudged, and red without anybody who has it."""

    outbox_s: float
    due_s: float
    timer_s: float
    red_s: float
    crisis_s: float


BEATS: Final = Query(BeatRow, "select duty, extract(epoch from now() - at)::float8 as age_s from heartbeat order by duty")
VENDORS: Final = Query(
    VendorRow, "select vendor, people, silent from vendor_silence where since is not null and people >= $1 order by vendor"
)
STUCK: Final = Query(
    StuckRow,
    """
    select c.vendor, count(*)::integer as waiting
      from pending_fetch f join vendor_door d on d.door_id = f.door_id join vendor_client c on c.client_id = d.client_id
     where f.done_at is null and f.made_at < now() - make_interval(secs => $1)
     group by c.vendor
     order by c.vendor
    """,
)
DISABLED: Final = Query(DisabledRow, "select name from told_system where disabled_at is not null order by name")
WAITING: Final = Query(
    WaitingRow,
    """
    select coalesce(extract(epoch from now() - (select min(due_at) from outbox where done_at is null)), 0)::float8 as outbox_s,
           coalesce(greatest(extract(epoch from now() - (select min(at) from due)), 0), 0)::float8 as due_s,
           coalesce(greatest(extract(epoch from now() - (select min(due_at) from escalation)), 0), 0)::float8 as timer_s,
           coalesce(extract(epoch from now() - (select min(since) from escalation
                                                 where severity = 3 and step not in ('not_acted', 'not_closed', 'back'))), 0)::float8
               as red_s,
           coalesce(extract(epoch from now() - (select min(since) from moderation_case where level = 3 and state = 'open')), 0)::float8
               as crisis_s
    """,
)


async def look(database: Database) -> list[str]:
    """What is wrong, each in one line; nothing when all is well."""
    async with database.begin_as(Role.WATCH) as tx:
        ages = {row.duty: row.age_s for row in await BEATS.all(tx)}
        waiting = await WAITING.one(tx)
        vendors = await VENDORS.all(tx, FEWEST)
        stuck = await STUCK.all(tx, STUCK_S)
        disabled = await DISABLED.all(tx)
    wrong = [
        f"{duty}: last alive {ages[duty]:.0f} s ago" if duty in ages else f"{duty}: never ran"
        for duty, most in LIMITS_S.items()
        if ages.get(duty, float("inf")) > most
    ]
    if waiting is not None and waiting.outbox_s > LIMITS_S["relay"]:
        wrong.append(f"outbox: something waits for {waiting.outbox_s:.0f} s")
    if waiting is not None and waiting.due_s > LIMITS_S["sweep"]:
        wrong.append(f"due: somebody should have been judged again {waiting.due_s:.0f} s ago")
    if waiting is not None and waiting.timer_s > LIMITS_S["escalate"]:
        wrong.append(f"escalation: a step has been due for {waiting.timer_s:.0f} s")
    if waiting is not None and waiting.red_s > RED_S:
        wrong.append(f"red: nobody has taken one for {waiting.red_s:.0f} s")
    if waiting is not None and waiting.crisis_s > CRISIS_S:
        wrong.append(f"peer groups: nobody has taken words of crisis for {waiting.crisis_s:.0f} s")
    wrong += [f"vendor {row.vendor}: nothing came from {row.silent} of {row.people} people's devices" for row in vendors]
    wrong += [f"system {row.name}: it could not be told and is told nothing more; register it anew" for row in disabled]
    wrong += [f"vendor {row.vendor}: {row.waiting} things could not be fetched for an hour" for row in stuck]
    return wrong


async def say_alive(url: str, transport: httpx.AsyncBaseTransport | None = None) -> bool:
    """Tell an outside dead-man's switch that all is well; when it hears nothing, it calls (ALP-7)."""
    try:
        async with httpx.AsyncClient(timeout=5, transport=transport) as client:
            return (await client.get(url)).is_success
    except httpx.HTTPError as error:
        logger.warning("ping.failed", error=type(error).__name__)
        return False


def _probe(database: Database, settings: Settings) -> Probe | None:
    if not settings.probe_patient or not settings.probe_staff:
        return None
    return Probe(database, UUID(settings.probe_patient), UUID(settings.probe_staff))


async def _watch(settings: Settings, *, once: bool) -> int:
    assert settings.database is not None  # noqa: S101 - main has asked
    database = Database(settings.database)
    said_at = -PING_S
    probe = None if once else _probe(database, settings)
    try:
        while True:
            try:
                wrong = await look(database)
            except (*BUSY, PostgresError, OSError) as error:
                wrong = [f"database: {type(error).__name__}"]
            if probe is not None:
                wrong += await probe.look()
            for line in wrong:
                logger.error("duty.missed", reason=line)
            if not wrong and not once and settings.ping_url and clock.monotonic() - said_at >= PING_S:
                said_at = clock.monotonic()
                await say_alive(settings.ping_url)
            if once:
                sys.stdout.write("".join(f"{line}\n" for line in wrong) or "all duties alive\n")
                return 1 if wrong else 0
            await asyncio.sleep(EVERY_S)
    finally:
        await database.close()


def main(settings: Settings, *, once: bool = False) -> int:
    """Watch until stopped, or once; the exit code."""
    log.configure(settings.log_level)
    if settings.database is None:
        sys.stderr.write("Say where the database is: STEADY_DATABASE_HOST.\n")
        return 2
    try:
        return asyncio.run(_watch(settings, once=once))
    except KeyboardInterrupt:
        return 0

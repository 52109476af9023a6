"""What the bench measures beside rates: each promise that is no ratio, on the same servers and people."""

import asyncio
import statistics
import time
from datetime import timedelta
from typing import Final
from uuid import UUID

import httpx
import msgspec
from uuid_utils.compat import uuid7

from server import clock, postgres
from server.bench_world import Line, Served, World
from server.db import connect

SAME: Final = 60
"""Readings that 32 clients send all at once, each of them the same."""
CLIENTS: Final = 32
GROWN: Final = 100
LOOKS: Final = 40
_GROW: Final = """
insert into reading (patient_id, kind, taken_at, received_at, id, rules, source, value)
select md5('grown' || p)::uuid, 102, now() - make_interval(mins => 10 * s), now(), gen_random_uuid(), 2, 1, 60 + (p + s) % 31
  from generate_series(1, $1::integer) as s, generate_series(1, 1000) as p
 order by s, md5(p::text)
"""
_GROW_FLOOR: Final = """
insert into floor_reading select patient_id, kind, taken_at, id, value from reading r
 where not exists (select from patient p where p.patient_id = r.patient_id)
"""
_BARE: Final = "insert into reading (patient_id, kind, taken_at, received_at, id, rules, source, value) select $1, 102, now() - make_interval(secs => s), now(), gen_random_uuid(), 2, 1, 70 from generate_series(1, 20000) as s"  # noqa: E501


class Exact(msgspec.Struct, frozen=True, kw_only=True):
    """The same readings from 32 clients at once: how many were sent, stored, told to be here already, and refused."""

    sent: int
    distinct: int
    stored: int
    duplicates: int
    refused: int
    rows: int


class Flood(msgspec.Struct, frozen=True, kw_only=True):
    """A patient's p99 in quiet and while a vendor's machines send all they can (NUM-5)."""

    quiet_p99_ms: float
    flood_p99_ms: float
    vendor_readings_s: float


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """From sending a report to its row on an open page, while readings come in at half the peak."""

    looks: int
    p50_ms: float
    p99_ms: float
    readings_s: float


class Flat(msgspec.Struct, frozen=True, kw_only=True):
    """The latest hundred readings before and after the table grew."""

    rows_before: int
    rows_after: int
    before_p50_ms: float
    after_p50_ms: float


async def same(world: World, port: int) -> Exact:
    """Every client sends every one of the same readings, each beginning elsewhere."""
    world.sign()
    now = clock.now()
    bodies: list[tuple[str, str, bytes]] = []
    for one in range(SAME):
        made = str(uuid7())
        at = (now - timedelta(minutes=one)).isoformat()
        body = f'{{"id":"{made}","kind":"step_count","takenAt":"{at}","value":{one + 1},"unit":"{{steps}}"}}'
        bodies.append((made, world.tokens[one % 6], body.encode()))
    seen: list[int] = []

    async def client(lane: int, http: httpx.AsyncClient) -> None:
        for step in range(SAME):
            made, token, body = bodies[(step + lane // 4) % SAME]
            answer = await http.put(f"/v1/readings/{made}", content=body,
                                    headers={"authorization": f"Bearer {token}", "content-type": "application/json"})  # fmt: skip
            seen.append(answer.status_code)

    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, limits=limits) as http:
        await asyncio.gather(*(client(lane, http) for lane in range(CLIENTS)))
    connection = await connect(world.where, postgres.SUPERUSER)
    rows = await connection.fetchval("select count(*) from reading where id = any ($1)", [UUID(made) for made, _, _ in bodies])
    await connection.close()
    stored, again = seen.count(201), seen.count(200)
    return Exact(sent=len(seen), distinct=SAME, stored=stored, duplicates=again, refused=len(seen) - stored - again, rows=rows)


async def grow(world: World) -> tuple[int, int]:
    """Make both tables a hundred times as long, with other people's readings as they would have come; rows before and after."""
    connection = await connect(world.where, postgres.SUPERUSER, command_timeout=None)
    try:
        before = await connection.fetchval("select count(*) from reading")
        await connection.execute(_GROW, before * (GROWN - 1) // 1000 + 1)
        await connection.execute(_GROW_FLOOR)
        await connection.execute("vacuum analyze reading, floor_reading")
        return before, await connection.fetchval("select count(*) from reading")
    finally:
        await connection.close()


async def conflict_us(world: World) -> float:
    """What looking for the same row costs the database, for each of 20,000 readings inserted with and without; nothing stays."""
    connection = await connect(world.where, postgres.SUPERUSER, command_timeout=None)
    took: dict[str, list[float]] = {"": [], " on conflict (patient_id, kind, taken_at, id) do nothing": []}
    try:
        for _ in range(4):
            for end, times in took.items():
                transaction = connection.transaction()
                await transaction.start()
                began = time.perf_counter()
                await connection.execute(_BARE + end, uuid7())
                times.append(time.perf_counter() - began)
                await transaction.rollback()
    finally:
        await connection.close()
    without, having = (min(times) for times in took.values())
    return max(having - without, 0.0) / 20_000 * 1e6


def flood(world: World, ours: Served, rounds: int) -> Flood:
    """Patients at 8 clients, then the same while a vendor's 16 connections send batches without a pause."""
    quiet = [world.measure(*ours, "single_8", 8, 1, floor=False) for _ in range(rounds)]
    vendor = world.vendor_load(ours[1], seconds=world.seconds * rounds + 2)
    background = world.start(vendor)
    try:
        time.sleep(0.5)
        flooded = [world.measure(*ours, "single_8", 8, 1, floor=False) for _ in range(rounds)]
    finally:
        seen = world.finish(background)
    return Flood(quiet_p99_ms=_p99(quiet), flood_p99_ms=_p99(flooded), vendor_readings_s=seen.requests * vendor.batch / seen.seconds)


def _p99(lines: list[Line]) -> float:
    return statistics.median(line.p99_ms for line in lines)


def screen(world: World, port: int, peak: float) -> Screen:
    """A nurse's open stream, reports that always raise a flag, and readings of everybody at half the peak."""
    load = msgspec.structs.replace(world.load(port, "single_32", CLIENTS, 1, floor=False), rate=peak / 2, seconds=LOOKS * 0.25 + 3)
    background = world.start(load)
    try:
        took = asyncio.run(_watched(world, port))
    finally:
        seen = world.finish(background)
        world.count(port, seen.requests + CLIENTS)
    took.sort()
    return Screen(looks=len(took), p50_ms=statistics.median(took) * 1000, p99_ms=took[-1] * 1000, readings_s=seen.requests / seen.seconds)


async def _watched(world: World, port: int) -> list[float]:
    world.sign()
    nurse = {"authorization": f"Bearer {world.nurse_token}"}
    took: list[float] = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http, http.stream("GET", "/events", headers=nurse) as page:
        shown: asyncio.Queue[str] = asyncio.Queue()

        async def read() -> None:
            async for chunk in page.aiter_text():
                shown.put_nowait(chunk)

        reading = asyncio.create_task(read())
        try:
            for one in range(LOOKS):
                # People who have sent nothing alarming so far, from the end of those who take turns.
                place = len(world.patients) // 2 - 1 - one
                row, made = f"row-{world.patients[place]}", uuid7()
                body = f'{{"id":"{made}","kind":"symptom","takenAt":"{clock.now().isoformat()}","code":"feel_worse"}}'
                began = time.perf_counter()
                answer = await http.put(f"/v1/readings/{made}", content=body, headers={
                    "authorization": f"Bearer {world.tokens[place]}", "content-type": "application/json"})  # fmt: skip
                answer.raise_for_status()
                text = ""
                while row not in text:
                    text += await asyncio.wait_for(shown.get(), 20)
                took.append(time.perf_counter() - began)
                await asyncio.sleep(0.1)
        finally:
            reading.cancel()
    return took

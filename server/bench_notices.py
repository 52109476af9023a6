"""`steady bench notices`: how long a red takes from its commit to a mail server, quiet and in a burst (NUM-3). All of it real.

A server, a worker and a mail server of its own on loopback. Taken from the instant that the commit wrote into the outbox to the one
at which the mail server had the whole message, so that the worker's poll, its claim and its plan are all in it.
"""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import time as wall
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from uuid_utils.compat import uuid7

from server import clock
from server.bench_mail import MailSink
from server.bench_world import World
from server.db import Database, Role
from server.people import admin
from server.settings import Settings, environment
from server.sql import Nothing, Query

BURST: Final = 10
"""So many times as many reds a second as in the quiet."""
_SENDERS: Final = 4
_WAIT_S: Final = 60.0
_NEVER_S: Final = 15.0

ALWAYS: Final = Query(Nothing, "delete from team_hours")
EVERY_TEAM: Final = "select team_id, org_id from team"
HANDED: Final = """
select d.message, extract(epoch from o.created_at)::float8 as at
  from outbox o join delivery d on d.patient_id = o.patient_id and d.outbox = o.id
 where o.audience = 'staff' and o.severity = 3 and o.role = 'nurse' and o.topic = 'flag' and d.channel = 'email' and o.place = 1
"""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One load: seconds from the commit of a red to the mail server."""

    name: str
    reds: int
    rate: float
    p50_s: float
    p99_s: float
    worst_s: float
    limit_s: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen; `readings`: ordinary ones that were stored beside the burst. `lost`: reds that never got there."""

    lines: list[Line]
    readings: int
    lost: int


async def _staff(world: World) -> None:
    """On shift day and night, and reached by e-mail."""
    database = Database(world.where)
    async with database.begin_as(Role.OWNER) as tx:
        for row in await tx.fetch(EVERY_TEAM):
            await ALWAYS.run(tx)
            for day in range(7):
                await admin.ADD_HOURS.run(tx, row["org_id"], row["team_id"], day, wall(0), wall(0))
        await admin.add_contact(tx, world.org, "email", "nurse@example.org", staff=world.nurse)
    await database.close()


def _red(client: httpx.Client, token: str) -> None:
    body = {"id": str(uuid7()), "kind": "symptom", "takenAt": clock.now().isoformat(), "code": "blue_lips"}
    client.put(f"/v1/readings/{body['id']}", json=body, headers={"authorization": f"Bearer {token}"}).raise_for_status()


def _reds(client: httpx.Client, tokens: Sequence[str], every_s: float) -> None:
    began = time.monotonic()
    for place, token in enumerate(tokens):
        time.sleep(max(0.0, began + place * every_s - time.monotonic()))
        _red(client, token)


def _ordinary(port: int, tokens: Sequence[str], stopping: threading.Event, sent: list[int]) -> None:
    """Batches of pulses, as fast as they are taken, until told to stop."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        turn = 0
        while not stopping.is_set():
            at = clock.now() - timedelta(hours=2) + timedelta(milliseconds=turn)
            times = [(at - timedelta(seconds=one)).isoformat() for one in range(20)]
            items = [{"id": str(uuid7()), "kind": "heart_rate", "takenAt": one, "value": 72, "unit": "/min"} for one in times]
            headers = {"authorization": f"Bearer {tokens[turn % len(tokens)]}"}
            if client.post("/v1/readings/batch", json={"items": items}, headers=headers).status_code == 200:  # noqa: PLR2004 - taken
                sent.append(len(items))
            turn += 1


def _until_watching(client: httpx.Client) -> None:
    """The worker has started: how long that takes is no part of what is measured."""
    until = time.monotonic() + _WAIT_S
    while not client.get("/readyz").json()["watching"]:
        if time.monotonic() > until:
            raise RuntimeError("the worker did not start")
        time.sleep(0.2)


@contextmanager
def _busy(port: int, tokens: Sequence[str]) -> Generator[list[int]]:
    """Ordinary readings from several senders all the while; how many were stored."""
    stopping, sent = threading.Event(), [0]
    senders = [threading.Thread(target=_ordinary, args=(port, tokens, stopping, sent)) for _ in range(_SENDERS)]
    for one in senders:
        one.start()
    try:
        yield sent
    finally:
        stopping.set()
        for one in senders:
            one.join()


async def _committed(world: World) -> list[tuple[str, float]]:
    """The message of each red and the instant of its commit."""
    database = Database(world.where)
    try:
        async with database.begin_as(Role.WORKER) as tx:
            return [(str(row["message"]), float(row["at"])) for row in await tx.fetch(HANDED)]
    finally:
        await database.close()


def _waited(world: World, sink: MailSink, many: int) -> list[tuple[float, float]]:
    """(commit, seconds until the mail server had it) of each red, once all are there or it is too late."""
    until = time.monotonic() + _WAIT_S
    while True:
        found = [(at, sink.taken[key] - at) for key, at in asyncio.run(_committed(world)) if key in sink.taken]
        if len(found) >= many or time.monotonic() > until:
            return sorted(found)
        time.sleep(0.5)


def _line(name: str, took: Sequence[float], rate: float, limit_s: float) -> Line:
    ones = sorted(took)
    return Line(name=name, reds=len(ones), rate=rate, p50_s=ones[len(ones) // 2], p99_s=ones[min(int(0.99 * len(ones)), len(ones) - 1)],
                worst_s=ones[-1], limit_s=limit_s)  # fmt: skip


def run(settings: Settings, reds: int, rate: float) -> Report:
    """Quiet first, then the burst beside ordinary readings."""
    world = World(settings, 1.0)
    worker = None
    with MailSink() as sink:
        world.settings = msgspec.structs.replace(world.settings, smtp_host="127.0.0.1", smtp_port=sink.port)
        try:
            asyncio.run(world.prepare(3 * reds))
            asyncio.run(_staff(world))
            world.sign()
            _, port = world.serve("server", "serve")
            here = Path(__file__).parent.parent
            worker = subprocess.Popen([sys.executable, "-m", "server", "work"], env=environment(world.settings), cwd=here)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                _until_watching(client)
                _reds(client, world.tokens[:reds], 1 / rate)
                quiet = _waited(world, sink, reds)
                with _busy(port, world.tokens[2 * reds :]) as sent:
                    _reds(client, world.tokens[reds : 2 * reds], 1 / (rate * BURST))
                    every = _waited(world, sink, 2 * reds)
        finally:
            if worker is not None:
                worker.terminate()
                worker.wait(20)
            world.close()
    before = {at for at, _ in quiet}
    lines = [_line("quiet", [took for _, took in quiet], rate, 2.0),
             _line(f"{BURST}x burst", [took for at, took in every if at not in before], rate * BURST, 5.0)]  # fmt: skip
    return Report(lines=lines, readings=sum(sent), lost=2 * reds - len(every))


def told(report: Report) -> str:
    """The table for people."""
    lines = [f"{'':12} {'reds':>6} {'a second':>9} {'p50 s':>7} {'p99 s':>7} {'worst s':>8}   limit"]
    lines += [f"{one.name:12} {one.reds:6} {one.rate:9.1f} {one.p50_s:7.2f} {one.p99_s:7.2f} {one.worst_s:8.2f}   p99 {one.limit_s:.0f} s, "
              f"never over {_NEVER_S:.0f} s" for one in report.lines]  # fmt: skip
    return "\n".join([*lines, f"lost: {report.lost}; {report.readings} ordinary readings were stored beside the burst", ""])


def is_kept(report: Report) -> bool:
    """Whether NUM-3 holds."""
    return not report.lost and all(one.p99_s <= one.limit_s and one.worst_s <= _NEVER_S for one in report.lines)


def main(settings: Settings, reds: int, rate: float, *, json: bool = False) -> int:
    """Measure and print; 1 when NUM-3 does not hold."""
    report = run(settings, reds, rate)
    found: Any = msgspec.json.encode(report).decode() + "\n" if json else told(report)
    sys.stdout.write(found)
    return 0 if is_kept(report) else 1

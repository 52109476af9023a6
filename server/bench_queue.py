"""`steady bench queue`: how long the nurse's page takes with many rows, on a server, database and people of its own."""

import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import httpx
import msgspec
from uuid_utils.compat import uuid7

from server import clock
from server.bench_world import World, memory_mb
from server.settings import Settings

_DAYS: Final = 28
_QUIET: Final = 2
"""So many people a row in her caseload: half of them need nobody."""


class Looks(msgspec.Struct, frozen=True, kw_only=True):
    """One way of looking: milliseconds from the request to the last byte."""

    name: str
    p50_ms: float
    p95_ms: float
    p99_ms: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen. `cold_ms`: the first look of a server that has just started."""

    rows: int
    people: int
    page_kb: float
    cold_ms: float
    lines: list[Looks]
    serve_mb_start: float
    serve_mb: float


def _weight(at: object, kg: float) -> dict[str, Any]:
    return {"id": str(uuid7()), "kind": "body_weight", "takenAt": str(at), "value": kg, "unit": "kg"}


def _flag(client: httpx.Client, world: World, rows: int) -> None:
    """Four weeks of weights for each, with a gain at the end of them, and a symptom: a row in the queue."""
    noon = clock.now().replace(minute=0, second=0, microsecond=0)
    for token in world.tokens[:rows]:
        items = [_weight((noon - timedelta(days=back)).isoformat(), 80 + back % 3 / 10) for back in range(_DAYS - 1, 0, -1)]
        items.append(_weight((clock.now() - timedelta(minutes=2)).isoformat(), 83.4))
        felt = {"id": str(uuid7()), "kind": "symptom", "takenAt": clock.now().isoformat(), "code": "breathless_on_effort_worse"}
        answer = client.post("/v1/readings/batch", json={"items": [*items, felt]}, headers={"authorization": f"Bearer {token}"})
        answer.raise_for_status()


def _looked(name: str, look: Callable[[], float], times: int) -> Looks:
    took = sorted(look() for _ in range(times))
    p95, p99 = took[min(int(0.95 * times), times - 1)], took[min(int(0.99 * times), times - 1)]
    return Looks(name=name, p50_ms=statistics.median(took), p95_ms=p95, p99_ms=p99)


def run(settings: Settings, rows: int, looks: int) -> Report:
    """Make the caseload and look at it."""
    world = World(settings, 1.0)
    try:
        people = rows * _QUIET
        asyncio.run(world.prepare(people))
        world.sign()
        child, port = world.serve("server", "serve")
        start_mb = memory_mb(child.pid, "VmRSS")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            _flag(client, world, rows)
            headers = {"authorization": f"Bearer {world.nurse_token}", "accept": "text/html"}
            size = 0

            def look() -> float:
                nonlocal size
                began = time.perf_counter()
                page = client.get("/", headers=headers)
                took = (time.perf_counter() - began) * 1000
                size = len(page.content)
                if page.text.count('id="row-') != rows:
                    raise RuntimeError(f"the page has not {rows} rows")
                return took

            def changed() -> float:
                body = _weight(clock.now().isoformat(), 83.5)
                place = int(time.monotonic() * 1000) % rows
                mine = {"authorization": f"Bearer {world.tokens[place]}"}
                client.put(f"/v1/readings/{body['id']}", json=body, headers=mine).raise_for_status()
                return look()

            cold = look()
            lines = [_looked("unchanged", look, looks), _looked("one new reading", changed, looks)]
        return Report(rows=rows, people=people, page_kb=size / 1024, cold_ms=cold, lines=lines, serve_mb_start=start_mb,
                      serve_mb=memory_mb(child.pid, "VmRSS"))  # fmt: skip
    finally:
        world.close()


def told(report: Report) -> str:
    """The table for people."""
    lines = [f"{'':16} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8}"]
    lines += [f"{one.name:16} {one.p50_ms:8.1f} {one.p95_ms:8.1f} {one.p99_ms:8.1f}" for one in report.lines]
    lines.append(f"{report.rows} rows of {report.people} people, {report.page_kb:.0f} kB; the very first look {report.cold_ms:.0f} ms")
    lines.append(f"serve: {report.serve_mb_start:.0f} MB after start, {report.serve_mb:.0f} MB now")
    return "\n".join(lines) + "\n"


def main(settings: Settings, rows: int, looks: int, *, json: bool = False) -> int:
    """Measure and print; the exit code."""
    report = run(settings, rows, looks)
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n" if json else told(report))
    return 0

"""`steady bench ingest`: our server with everything on, against a bare floor, in the same run on the same PostgreSQL.

Figures of two machines cannot be compared; the ratios of one run can. Floor and ours take turns in short rounds, so that a
noisy neighbour meets both, and each ratio is the median of those of the rounds. Load goes to loopback only, bounded.
"""

import asyncio
import statistics
import sys
from collections.abc import Sequence
from typing import Final

import msgspec

from server.bench_world import Line, Served, World, memory_mb
from server.settings import Settings

SECONDS: Final = 1.0
ROUNDS: Final = 5
SHAPES: Final = (("single_1", 1, 1), ("single_8", 8, 1), ("single_32", 32, 1), ("single_64", 64, 1), ("batch_100", 8, 100),
                 ("latest_100", 8, 1), ("queue_50", 8, 1))  # fmt: skip
"""Name, clients, readings in a request."""
NO_FLOOR: Final = frozenset({"queue_50"})
JUDGED: Final = "single_32"
"""The shape at which judging is weighed: the same server without rules takes its turn there too."""
NAMES: Final = frozenset(name for name, _, _ in SHAPES)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything measured in one run. `judging`: CPU of a reading with rules to that without, less one."""

    driver: str
    rounds: int
    lines: list[Line]
    ratios: dict[str, float]
    judging: float | None
    serve_mb_start: float
    serve_mb_peak: float
    bytes_per_reading: float
    bytes_table: float
    bytes_key: float


def run(settings: Settings, names: Sequence[str], seconds: float = SECONDS, rounds: int = ROUNDS) -> Report:
    """Shape after shape; in each, floor and ours in turns."""
    world = World(settings, seconds)
    try:
        asyncio.run(world.prepare())
        floor, ours = world.serve("server.bench_floor"), world.serve("server", "serve")
        start_mb = memory_mb(ours[0].pid, "VmRSS")
        world.warm(ours[1], floor=False)
        world.warm(floor[1], floor=True)
        lines: list[Line] = []
        ratios: dict[str, float] = {}
        for name, clients, batch in SHAPES:
            if names and name not in names:
                continue
            pairs: list[tuple[Line, Line]] = []
            for _ in range(rounds):
                bare = [] if name in NO_FLOOR else [world.measure(*floor, name, clients, batch, floor=True)]
                own = world.measure(*ours, name, clients, batch, floor=False)
                pairs.append(((bare or [own])[0], own))
            if name not in NO_FLOOR:
                lines.append(middle([one for one, _ in pairs]))
                ratios[name] = round(statistics.median(own.readings_s / bare.readings_s for bare, own in pairs), 2)
            lines.append(middle([one for _, one in pairs]))
        table, key = asyncio.run(world.sizes())
        peak = memory_mb(ours[0].pid, "VmHWM")
        judging = _judging(world, ours, rounds, lines) if not names or JUDGED in names else None
        return Report(
            driver="wrk" if world.with_wrk else "own", rounds=rounds, lines=lines, ratios=ratios, judging=judging,
            serve_mb_start=start_mb, serve_mb_peak=peak, bytes_per_reading=table + key, bytes_table=table, bytes_key=key,
        )  # fmt: skip
    finally:
        world.close()


def _judging(world: World, ours: Served, rounds: int, lines: list[Line]) -> float:
    """What judging adds to the CPU of a reading, in app and database together: ours against ours without a rule, in turns."""
    bare = world.serve("server.bench_unjudged")
    world.warm(bare[1], floor=False, half=1)
    pairs: list[tuple[Line, Line]] = []
    for _ in range(rounds):
        without = world.measure(*bare, JUDGED, 32, 1, floor=False, who="unjudged", half=1)
        pairs.append((without, world.measure(*ours, JUDGED, 32, 1, floor=False)))
    lines.append(middle([one for one, _ in pairs]))
    return round(statistics.median(
        (own.app_us + own.database_us) / (without.app_us + without.database_us) for without, own in pairs
    ) - 1, 2)  # fmt: skip


def middle(lines: Sequence[Line]) -> Line:
    """The median of each figure over the rounds; what failed is counted together."""
    first = lines[0]
    figures = {
        name: statistics.median(getattr(line, name) for line in lines)
        for name in Line.__struct_fields__ if name not in {"name", "who", "failed"}
    }  # fmt: skip
    return Line(name=first.name, who=first.who, failed=sum(line.failed for line in lines), **figures)


def told(report: Report) -> str:
    """The table for people."""
    rows = [f"{'':11} {'':8} {'readings/s':>10} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'app us':>8} {'db us':>7} {'driver us':>9}  ratio"]
    for line in report.lines:
        ratio = f"{report.ratios[line.name]:.2f}" if line.who == "steady" and line.name in report.ratios else ""
        failed = f"  {line.failed} failed" if line.failed else ""
        rows.append(f"{line.name:11} {line.who:8} {line.readings_s:10.0f} {line.p50_ms:8.2f} {line.p95_ms:8.2f} {line.p99_ms:8.2f} "
                    f"{line.app_us:8.0f} {line.database_us:7.0f} {line.driver_us:9.1f}  {ratio}{failed}")  # fmt: skip
    rows.append(f"medians of {report.rounds} rounds in turns, driver: {report.driver}; us: processor time for each reading")
    if report.judging is not None:
        rows.append(f"judging adds {report.judging:.0%} to the processor time of a reading")
    rows.append(f"serve: {report.serve_mb_start:.0f} MB after start, {report.serve_mb_peak:.0f} MB at most")
    rows.append(f"disk: {report.bytes_per_reading:.0f} bytes a reading ({report.bytes_table:.0f} table, {report.bytes_key:.0f} key)")
    return "\n".join(rows) + "\n"


def main(settings: Settings, names: Sequence[str], *, json: bool = False, seconds: float = SECONDS, rounds: int = ROUNDS) -> int:
    """Measure and print; the exit code."""
    unknown = set(names) - NAMES
    if unknown:
        sys.stderr.write(f"Not a measurement: {', '.join(sorted(unknown))}.\n")
        return 2
    report = run(settings, names, seconds, rounds)
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n" if json else told(report))
    return 0

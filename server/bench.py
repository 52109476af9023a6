"""`steady bench ingest`: our server with everything on, against a bare floor, in the same run on the same PostgreSQL.

Figures of two machines cannot be compared; the ratios of one run can. Floor and ours take turns in short rounds, so that a
noisy neighbour meets both, and each ratio is the median of those of the rounds. Load goes to loopback only, bounded.
"""

import asyncio
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from server import bench_more, bench_pictures
from server.bench_world import Line, Served, World, memory_mb
from server.settings import Settings

SECONDS: Final = 1.0
ROUNDS: Final = 5
SHAPES: Final = (("single_1", 1, 1), ("single_8", 8, 1), ("single_32", 32, 1), ("single_64", 64, 1), ("batch_100", 8, 100),
                 ("latest_100", 8, 1), ("queue_50", 8, 1))  # fmt: skip
"""Name, clients, readings in a request."""
NO_FLOOR: Final = frozenset({"queue_50"})
JUDGED: Final = "single_32"
"""The shape at which judging and dedupe are weighed: the same server without rules takes its turn there too."""
MORE: Final = ("judging", "flat", "dedupe", "flood", "screen", "memory")
NAMES: Final = frozenset(name for name, _, _ in SHAPES) | frozenset(MORE)


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Megabytes: the server after its start and at most in this run, and what 10,000 pictures add to a process."""

    serve_start_mb: float
    serve_peak_mb: float
    picture_bytes: int | None = None
    pictures: int | None = None
    pictures_mb: float | None = None


class Dedupe(msgspec.Struct, frozen=True, kw_only=True):
    """What looking for the same reading costs, of the processor time of one at 32 clients; and that it is exact there."""

    app_us: float
    database_us: float
    share: float
    exact: bench_more.Exact


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything measured in one run; what was not asked for is null. `judging`: CPU of a reading with rules to that without, less one."""

    driver: str
    rounds: int
    lines: list[Line]
    ratios: dict[str, float]
    memory: Memory
    bytes_per_reading: float
    bytes_table: float
    bytes_key: float
    judging: float | None = None
    flat: bench_more.Flat | None = None
    dedupe: Dedupe | None = None
    flood: bench_more.Flood | None = None
    screen: bench_more.Screen | None = None


class _Run:
    """One run: who is asked for what, and what was found so far."""

    def __init__(self, world: World, names: Sequence[str], rounds: int) -> None:
        self.world = world
        self.names = frozenset(names) or NAMES
        self.rounds = rounds
        self.lines: list[Line] = []
        self.ratios: dict[str, float] = {}
        self.floor: Served = world.serve("server.bench_floor")
        self.ours: Served = world.serve("server", "serve")
        self.start_mb = memory_mb(self.ours[0].pid, "VmRSS")

    def flat(self) -> bench_more.Flat | None:
        """The latest hundred in a short table, which is then made a hundred times as long; the rest runs on the long one."""
        self.world.gather(self.ours[1], floor=False)
        self.world.gather(self.floor[1], floor=True)
        if "flat" not in self.names:
            return None
        before = self.latest()
        rows = asyncio.run(bench_more.grow(self.world))
        return bench_more.Flat(rows_before=rows[0], rows_after=rows[1], before_p50_ms=before, after_p50_ms=self.latest())

    def latest(self) -> float:
        """The middle p50 of reading the latest hundred, once plans and pages are warm."""
        one = [self.world.measure(*self.ours, "latest_100", 8, 1, floor=False) for _ in range(self.rounds + 1)]
        return statistics.median(line.p50_ms for line in one[1:])

    def shapes(self) -> None:
        """Each shape, floor and ours in turns."""
        for name, clients, batch in SHAPES:
            if name not in self.names:
                continue
            pairs: list[tuple[Line, Line]] = []
            for _ in range(self.rounds):
                bare = [] if name in NO_FLOOR else [self.world.measure(*self.floor, name, clients, batch, floor=True)]
                own = self.world.measure(*self.ours, name, clients, batch, floor=False)
                pairs.append(((bare or [own])[0], own))
            if name not in NO_FLOOR:
                self.lines.append(middle([one for one, _ in pairs]))
                self.ratios[name] = round(statistics.median(own.readings_s / bare.readings_s for bare, own in pairs), 2)
            self.lines.append(middle([one for _, one in pairs]))

    def usual(self) -> Line:
        """The line of ours that others are held against; measured now if it was not asked for."""
        found = next((line for line in self.lines if line.name == JUDGED and line.who == "steady"), None)
        return found or self.world.measure(*self.ours, JUDGED, 32, 1, floor=False)

    def dedupe(self) -> Dedupe:
        """Exactness from outside; cost from a picture in this process and a table in a transaction that is undone."""
        exact = asyncio.run(bench_more.same(self.world, self.ours[1]))
        app, base = bench_pictures.dedupe_us(), asyncio.run(bench_more.conflict_us(self.world))
        usual = self.usual()
        return Dedupe(app_us=app, database_us=base, share=(app + base) / (usual.app_us + usual.database_us), exact=exact)

    def memory(self) -> Memory:
        """After start and at most; 10,000 pictures in a process of their own."""
        peak = memory_mb(self.ours[0].pid, "VmHWM")
        if "memory" not in self.names:
            return Memory(serve_start_mb=self.start_mb, serve_peak_mb=peak)
        size, held, more = subprocess.run([sys.executable, "-m", "server.bench_pictures"], capture_output=True, check=True, text=True,
                                          cwd=Path(__file__).parent.parent).stdout.split()  # fmt: skip
        return Memory(serve_start_mb=self.start_mb, serve_peak_mb=peak, picture_bytes=int(size), pictures=int(held), pictures_mb=float(more))

    def all(self) -> Report:
        """Everything that was asked for."""
        flat = self.flat()
        self.world.warm(self.ours[1], floor=False)
        self.world.warm(self.floor[1], floor=True)
        asyncio.run(self.world.analyse())
        self.shapes()
        table, key = asyncio.run(self.world.sizes())
        memory = self.memory()
        return Report(
            driver="wrk" if self.world.with_wrk else "own", rounds=self.rounds, lines=self.lines, ratios=self.ratios, flat=flat,
            judging=_judging(self.world, self.ours, self.rounds, self.lines) if "judging" in self.names else None,
            dedupe=self.dedupe() if "dedupe" in self.names else None,
            flood=bench_more.flood(self.world, self.ours, self.rounds) if "flood" in self.names else None,
            screen=bench_more.screen(self.world, self.ours[1], self.usual().readings_s) if "screen" in self.names else None,
            memory=memory, bytes_per_reading=table + key, bytes_table=table, bytes_key=key,
        )  # fmt: skip


def run(settings: Settings, names: Sequence[str], seconds: float = SECONDS, rounds: int = ROUNDS) -> Report:
    """Everything, or what is named, in one run."""
    world = World(settings, seconds)
    try:
        asyncio.run(world.prepare())
        return _Run(world, names, rounds).all()
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
    return "\n".join([*rows, *_more(report)]) + "\n"


def _more(report: Report) -> list[str]:
    """A line for each promise that is no ratio."""
    memory = report.memory
    rows = [f"disk: {report.bytes_per_reading:.0f} bytes a reading ({report.bytes_table:.0f} table, {report.bytes_key:.0f} key)",
            f"serve: {memory.serve_start_mb:.0f} MB after start, {memory.serve_peak_mb:.0f} MB at most in this run"]  # fmt: skip
    if memory.pictures_mb is not None:
        rows.append(f"pictures: {memory.pictures} held of 10,000 people with 60 days of six kinds ({memory.picture_bytes} bytes each) add "
                    f"{memory.pictures_mb:.0f} MB: {memory.serve_start_mb + memory.pictures_mb:.0f} MB in all")  # fmt: skip
    if report.judging is not None:
        rows.append(f"judging adds {report.judging:.0%} to the processor time of a reading")
    if report.flat is not None:
        one = report.flat
        rows.append(f"latest_100: p50 {one.before_p50_ms:.1f} ms in {one.rows_before} rows, {one.after_p50_ms:.1f} ms in {one.rows_after}")
    if report.dedupe is not None:
        two, exact = report.dedupe, report.dedupe.exact
        rows.append(f"dedupe: {two.app_us:.1f} us app, {two.database_us:.1f} us database, {two.share:.1%} of a reading; {exact.distinct} "
                    f"readings sent {exact.sent} times by 32 clients: {exact.stored} stored, {exact.duplicates} told so, {exact.refused} "
                    f"refused, {exact.rows} rows")  # fmt: skip
    if report.flood is not None:
        three = report.flood
        rows.append(f"vendor flood of {three.vendor_readings_s:.0f} readings/s: patients' p99 {three.quiet_p99_ms:.1f} -> "
                    f"{three.flood_p99_ms:.1f} ms")  # fmt: skip
    if report.screen is not None:
        four = report.screen
        rows.append(f"receive to screen beside {four.readings_s:.0f} readings/s: p50 {four.p50_ms:.0f} ms, p99 {four.p99_ms:.0f} ms "
                    f"({four.looks} looks)")  # fmt: skip
    return rows


def main(settings: Settings, names: Sequence[str], *, json: bool = False, seconds: float = SECONDS, rounds: int = ROUNDS) -> int:
    """Measure and print; the exit code."""
    unknown = set(names) - NAMES
    if unknown:
        sys.stderr.write(f"Not a measurement: {', '.join(sorted(unknown))}.\n")
        return 2
    report = run(settings, names, seconds, rounds)
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n" if json else told(report))
    return 0

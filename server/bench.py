"""`steady bench ingest`: our server with everything on, against a bare floor, in the same run on the same PostgreSQL.

Figures of two machines cannot be compared; the ratios of one run can. Load goes to loopback only, bounded.
"""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
import msgspec
from uuid_utils.compat import uuid7

from server import clock, migrate, postgres
from server.auth import keys
from server.auth.actor import of_patient, of_staff
from server.auth.tokens import Tokens
from server.bench_driver import Load, Measured
from server.db import Database, Role, connect
from server.db_where import Where
from server.people import admin
from server.settings import Settings, environment
from server.simulation.people import nhs_number

PEOPLE: Final = 1_200
SECONDS: Final = 4.0
SHAPES: Final = (("single_1", 1, 1), ("single_8", 8, 1), ("single_32", 32, 1), ("single_64", 64, 1), ("batch_100", 8, 100))
"""Name, clients, readings in a request."""
_FLOOR_SCHEMA: Final = """
create table floor_reading (patient_id uuid, kind smallint, taken_at timestamptz, id uuid, value numeric,
    primary key (patient_id, kind, taken_at, id));
grant select, insert on floor_reading to steady_app
"""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    who: str
    readings_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    failed: int
    app_us: float
    database_us: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything measured in one run."""

    lines: list[Line]
    ratios: dict[str, float]
    serve_mb_start: float
    serve_mb_peak: float
    bytes_per_reading: float
    bytes_table: float
    bytes_key: float


def _cpu_s(pids: Sequence[int]) -> float:
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _children(parent: int) -> list[int]:
    found = [parent]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(") ", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(entry.name))
    return found


def _peak_mb(pid: int, field: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return 0.0


class Bench:
    """One run: its own folder, PostgreSQL, servers and driver; all of them end with it."""

    def __init__(self, settings: Settings, seconds: float) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="steady-bench-"))
        self.folder.chmod(0o755)
        self.seconds = seconds
        self.running = postgres.start(self.folder, binaries=settings.postgres_bin)
        self.where: Where = self.running.where()
        # One token reads as fast as it can here; what a caller may use is no part of what is measured.
        self.settings = msgspec.structs.replace(
            settings, data=self.folder, keys=self.folder / "keys", database=self.where, demo=False, rate_limits=False
        )
        self.patients: list[UUID] = []
        self.tokens: list[str] = []
        self.nurse_token = ""
        self._children: list[subprocess.Popen[bytes]] = []

    async def prepare(self) -> None:
        """Schema, people, tokens, and the floor's own table."""
        await migrate.bootstrap(self.where, postgres.SUPERUSER)
        await migrate.migrate(self.where)
        connection = await connect(self.where, "steady_owner")
        await connection.execute(_FLOOR_SCHEMA)
        await connection.close()
        ring = keys.ensure(self.settings.keys)
        tokens = Tokens(ring, issuer=self.settings.issuer, audience=self.settings.issuer)
        database = Database(self.where)
        now = int(clock.now().timestamp())
        numbers = (number for place in range(100_000) if (number := nhs_number(place)) is not None)
        async with database.begin_as(Role.OWNER) as tx:
            org = await admin.add_organisation(tx, "Bench", "trust")
            team = await admin.add_team(tx, org, "Bench")
            staff = admin.NewStaff(name="Bench", role="nurse", email="bench@example.org", password="bench", totp_secret="A" * 32)  # noqa: S106 - nobody's
            nurse = await admin.add_staff(tx, org, staff)
            await admin.join_team(tx, org, team, nurse, from_at=clock.now() - timedelta(days=1))
            for _ in range(PEOPLE):
                person = admin.NewPatient(given_name="Bench", family_name="Person", birth_on=datetime(1950, 1, 1, tzinfo=UTC).date(),
                                          nhs_number=next(numbers), conditions=("heart_failure", "hypertension"))  # fmt: skip
                patient = await admin.add_patient(tx, org, person)
                await admin.add_grant(tx, patient, team, from_at=clock.now() - timedelta(days=1))
                self.patients.append(patient)
        await database.close()
        self.tokens = [tokens.issue(of_patient(one, org, "bench", now), now, lives_s=600) for one in self.patients]
        self.nurse_token = tokens.issue(of_staff(nurse, org, "nurse", str(uuid7()), now, now + 600), now, lives_s=600)

    def serve(self, module: str, *arguments: str) -> tuple[subprocess.Popen[bytes], int]:
        """Start a server on a free port; the process and its port."""
        import socket  # noqa: PLC0415 - here only

        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", 0))
        listening.listen(2048)
        listening.set_inheritable(True)
        port: int = listening.getsockname()[1]
        child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments, "--fd", str(listening.fileno())], env=environment(self.settings),
            pass_fds=[listening.fileno()], cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        listening.close()
        self._children.append(child)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                httpx.get(f"http://127.0.0.1:{port}/livez", timeout=1)
            except httpx.HTTPError:
                time.sleep(0.05)
                continue
            return child, port
        raise RuntimeError(f"{module} did not start")

    def drive(self, port: int, name: str, clients: int, batch: int, *, floor: bool) -> Measured:
        """Load from another process; what it saw."""
        load = Load(
            port=port, clients=clients, batch=batch, seconds=self.seconds, floor=floor, tokens=self.tokens,
            patients=[str(one) for one in self.patients], nurse_token=self.nurse_token, read=name,
        )  # fmt: skip
        done = subprocess.run([sys.executable, "-m", "server.bench_driver"], input=msgspec.json.encode(load), capture_output=True,
                              check=False, cwd=Path(__file__).parent.parent)  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode()[-2000:])
        return msgspec.json.decode(done.stdout, type=Measured)

    def measure(self, child: "subprocess.Popen[bytes]", port: int, name: str, clients: int, batch: int, *, floor: bool) -> Line:
        """One line: rate, latencies and what each reading cost in the app and in the database."""
        app, base = _cpu_s([child.pid]), _cpu_s(_children(self.running.process.pid))
        seen = self.drive(port, name, clients, batch, floor=floor)
        app, base = _cpu_s([child.pid]) - app, _cpu_s(_children(self.running.process.pid)) - base
        items = max(seen.requests * batch, 1)
        return Line(
            name=name, who="floor" if floor else "steady", readings_s=items / seen.seconds, p50_ms=seen.p50_ms, p95_ms=seen.p95_ms,
            p99_ms=seen.p99_ms, failed=seen.failed, app_us=app / items * 1e6, database_us=base / items * 1e6,
        )  # fmt: skip

    async def sizes(self) -> tuple[float, float]:
        """Bytes of table and of key per stored reading."""
        connection = await connect(self.where, postgres.SUPERUSER)
        try:
            row = await connection.fetchrow("""
                select sum(pg_table_size(i.inhrelid))::float8 as whole, sum(pg_indexes_size(i.inhrelid))::float8 as key,
                       (select count(*) from reading)::float8 as n
                  from pg_inherits i where i.inhparent = 'reading'::regclass
                   and exists (select from pg_class c where c.oid = i.inhrelid and pg_relation_size(c.oid) > 0)""")  # fmt: skip
        finally:
            await connection.close()
        assert row is not None  # noqa: S101 - an aggregate always answers
        n = max(row["n"], 1.0)
        return row["whole"] / n, row["key"] / n

    def end(self, child: "subprocess.Popen[bytes]") -> None:
        """Stop one server."""
        child.terminate()
        child.wait(15)

    def close(self) -> None:
        """End everything that was started."""
        for child in self._children:
            if child.poll() is None:
                child.kill()
                child.wait()
        self.running.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def run(settings: Settings, names: Sequence[str], seconds: float = SECONDS) -> Report:
    """Floor and ours, shape after shape, each pair one after the other so that a noisy neighbour hits both."""
    bench = Bench(settings, seconds)
    try:
        asyncio.run(bench.prepare())
        floor, floor_port = bench.serve("server.bench_floor")
        ours, port = bench.serve("server", "serve")
        start_mb = _peak_mb(ours.pid, "VmRSS")
        # Everybody once, so that pictures are cached on one side and plans on both: a cold start is another measurement.
        for server, floor_first in ((floor_port, True), (port, False)):
            bench.drive(server, "warm", 8, 1, floor=floor_first)
        lines: list[Line] = []
        for name, clients, batch in SHAPES:
            if names and name not in names:
                continue
            pairs = [(bench.measure(floor, floor_port, name, clients, batch, floor=True),
                      bench.measure(ours, port, name, clients, batch, floor=False)) for _ in range(3)]  # fmt: skip
            lines += [_middle([one for one, _ in pairs]), _middle([one for _, one in pairs])]
        for name in ("latest_100", "queue_50"):
            if not names or name in names:
                if name == "latest_100":
                    lines.append(bench.measure(floor, floor_port, name, 8, 1, floor=True))
                lines.append(bench.measure(ours, port, name, 8, 1, floor=False))
        table, key = asyncio.run(bench.sizes())
        peak = _peak_mb(ours.pid, "VmHWM")
        bench.end(ours)
        bench.end(floor)
        return Report(lines=lines, ratios=_ratios(lines), serve_mb_start=start_mb, serve_mb_peak=peak, bytes_per_reading=table + key,
                      bytes_table=table, bytes_key=key)  # fmt: skip
    finally:
        bench.close()


def _middle(lines: list[Line]) -> Line:
    wanted = statistics.median(line.readings_s for line in lines)
    return min(lines, key=lambda line: abs(line.readings_s - wanted))


def _ratios(lines: list[Line]) -> dict[str, float]:
    floor = {line.name: line.readings_s for line in lines if line.who == "floor"}
    return {line.name: round(line.readings_s / floor[line.name], 2) for line in lines if line.who == "steady" and floor.get(line.name)}


def told(report: Report) -> str:
    """The table for people."""
    rows = [f"{'':11} {'':7} {'readings/s':>10} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'app us':>8} {'db us':>8}  ratio"]
    for line in report.lines:
        ratio = f"{report.ratios[line.name]:.2f}" if line.who == "steady" and line.name in report.ratios else ""
        failed = f"  {line.failed} failed" if line.failed else ""
        rows.append(f"{line.name:11} {line.who:7} {line.readings_s:10.0f} {line.p50_ms:8.2f} {line.p95_ms:8.2f} {line.p99_ms:8.2f} "
                    f"{line.app_us:8.0f} {line.database_us:8.0f}  {ratio}{failed}")  # fmt: skip
    rows.append(f"serve: {report.serve_mb_start:.0f} MB after start, {report.serve_mb_peak:.0f} MB at most")
    rows.append(f"disk: {report.bytes_per_reading:.0f} bytes a reading ({report.bytes_table:.0f} table, {report.bytes_key:.0f} key)")
    return "\n".join(rows) + "\n"


def main(settings: Settings, names: Sequence[str], *, json: bool = False, seconds: float = SECONDS) -> int:
    """Measure and print; the exit code."""
    unknown: set[Any] = set(names) - {name for name, _, _ in SHAPES} - {"latest_100", "queue_50"}
    if unknown:
        sys.stderr.write(f"Not a measurement: {', '.join(sorted(unknown))}.\n")
        return 2
    report = run(settings, names, seconds)
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n" if json else told(report))
    return 0

"""Where the bench runs: a folder, a PostgreSQL, people, and the servers on them; all of it ends with the bench."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx
import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Scope
from server import bench_wrk, clock, migrate, postgres
from server.auth import keys
from server.auth.actor import of_patient, of_staff, of_vendor
from server.auth.tokens import Tokens
from server.bench_driver import BACK_S, Load, Measured
from server.db import Database, Role, connect
from server.db_where import Where
from server.people import admin
from server.settings import Settings, environment
from server.simulation.people import nhs_number

PEOPLE: Final = 4_000
"""One half for ours and the floor, the other for a second server of ours: two that write for the same person would only
make each other read again what they know."""
WARM: Final = 6
"""Readings of everybody before anything is measured: verdicts have settled, pictures and plans are there."""
READ: Final = 200
"""People of whom the latest hundred readings are read: they sent as many."""
DEVICES: Final = 64
READING: Final = frozenset({"latest_100", "gather"})
FRESH_S: Final = 300
"""Tokens older than this are made anew, so that none expires while it is measured."""
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
    driver_us: float


def cpu_s(pids: Sequence[int]) -> float:
    """Processor time that these processes took so far."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        except OSError:
            continue
        # Its own time and that of children which ended.
        ticks += sum(map(int, fields[11:15]))
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


def memory_mb(pid: int, field: str) -> float:
    """What a process holds (VmRSS) or held at most (VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return 0.0


Served = tuple["subprocess.Popen[bytes]", int]
"""A server and its port."""


class World:
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
        self.nurse_token = self.vendor_token = ""
        self.org = self.nurse = self.vendor = UUID(int=0)
        self._made_at = 0.0
        self._base = int(clock.now().timestamp()) - BACK_S
        self._turns: dict[tuple[int, int], int] = {}
        self._tokens: Tokens
        self.with_wrk = bench_wrk.is_there()
        self._children: list[subprocess.Popen[bytes]] = []

    async def prepare(self, people: int = PEOPLE) -> None:
        """Schema, people, tokens, and the floor's own table."""
        await migrate.bootstrap(self.where, postgres.SUPERUSER)
        await migrate.migrate(self.where)
        connection = await connect(self.where, "steady_owner")
        await connection.execute(_FLOOR_SCHEMA)
        await connection.close()
        ring = keys.ensure(self.settings.keys)
        self._tokens = Tokens(ring, issuer=self.settings.issuer, audience=self.settings.issuer)
        database = Database(self.where)
        numbers = (number for place in range(100_000) if (number := nhs_number(place)) is not None)
        async with database.begin_as(Role.OWNER) as tx:
            org = await admin.add_organisation(tx, "Bench", "trust")
            team = await admin.add_team(tx, org, "Bench")
            staff = admin.NewStaff(name="Bench", role="nurse", email="bench@example.org", password="bench", totp_secret="A" * 32)  # noqa: S106 - nobody's
            nurse = await admin.add_staff(tx, org, staff)
            await admin.join_team(tx, org, team, nurse, from_at=clock.now() - timedelta(days=1))
            for _ in range(people):
                person = admin.NewPatient(given_name="Bench", family_name="Person", birth_on=datetime(1950, 1, 1, tzinfo=UTC).date(),
                                          nhs_number=next(numbers), conditions=("heart_failure", "hypertension"))  # fmt: skip
                patient = await admin.add_patient(tx, org, person)
                await admin.add_grant(tx, patient, team, from_at=clock.now() - timedelta(days=1))
                self.patients.append(patient)
            self.vendor = await admin.add_client(tx, org, "Bench devices", "bench")
            # The last people of those who take turns have devices.
            for place, patient in enumerate(self.patients[PEOPLE // 2 - DEVICES : PEOPLE // 2]):
                device = await admin.add_device(tx, "bench", "Watch", f"bench-{place}")
                await admin.assign_device(tx, device, patient, clock.now() - timedelta(days=30))
        await database.close()
        self.org, self.nurse = org, nurse

    def sign(self) -> None:
        """Tokens for everybody, made anew when they are old."""
        if self.tokens and time.monotonic() - self._made_at < FRESH_S:
            return
        self._made_at = time.monotonic()
        now = int(clock.now().timestamp())
        self.tokens = [self._tokens.issue(of_patient(one, self.org, "bench", now), now, lives_s=600) for one in self.patients]
        vendor = of_vendor(self.vendor, self.org, frozenset({Scope.READINGS_WRITE}), now)
        self.vendor_token = self._tokens.issue(vendor, now, lives_s=600)
        self.nurse_token = self._tokens.issue(of_staff(self.nurse, self.org, "nurse", str(uuid7()), now, now + 600), now, lives_s=600)

    def serve(self, module: str, *arguments: str) -> Served:
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
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                httpx.get(f"http://127.0.0.1:{port}/livez", timeout=1)
            except httpx.HTTPError:
                time.sleep(0.05)
                continue
            return child, port
        raise RuntimeError(f"{module} did not start")

    def load(self, port: int, name: str, clients: int, batch: int, *, floor: bool, most: int = 0, half: int = 0) -> Load:  # noqa: PLR0913 - a load has its sides
        """What is to be sent, in the name of one half of the people."""
        self.sign()
        first = half * len(self.patients) // 2
        mine = slice(first, first + (READ if name in READING else len(self.patients) // 2))
        return Load(
            port=port, clients=clients, batch=batch, seconds=self.seconds, floor=floor, tokens=self.tokens[mine],
            patients=[str(one) for one in self.patients[mine]], nurse_token=self.nurse_token, read=name, most=most, base=self._base,
            turn=self._turns.get((port, batch), 0),
        )  # fmt: skip

    def drive(self, load: Load) -> Measured:
        """Load from another process; what it saw. wrk where it is installed, since it takes little of the machine."""
        if self.with_wrk and not load.most:
            return bench_wrk.drive(load, self.folder)
        return self.finish(self.start(load))

    def start(self, load: Load) -> "subprocess.Popen[bytes]":
        """Our own driver, at work."""
        driver = subprocess.Popen([sys.executable, "-m", "server.bench_driver"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  cwd=Path(__file__).parent.parent)  # fmt: skip
        assert driver.stdin is not None  # noqa: S101 - a pipe was asked for
        driver.stdin.write(msgspec.json.encode(load))
        driver.stdin.close()
        driver.stdin = None
        self._children.append(driver)
        return driver

    def finish(self, driver: "subprocess.Popen[bytes]") -> Measured:
        """What it saw, when it is done."""
        said, _ = driver.communicate()
        self._children.remove(driver)
        if driver.returncode != 0:
            raise RuntimeError("The driver of the bench ended early.")
        return msgspec.json.decode(said, type=Measured)

    def vendor_load(self, port: int, seconds: float) -> Load:
        """A vendor's machines that send batches of twenty without a pause."""
        load = self.load(port, "flood", 16, 20, floor=False)
        serials = [f"bench-{place}" for place in range(DEVICES)]
        return msgspec.structs.replace(load, tokens=[self.vendor_token], patients=load.patients[:1], serials=serials, seconds=seconds)

    def count(self, port: int, sent: int) -> None:
        """So many single readings were sent besides: the next ones are newer."""
        self._turns[port, 1] = self._turns.get((port, 1), 0) + sent

    def warm(self, port: int, *, floor: bool, half: int = 0) -> None:
        """Everybody some readings, so that a cold start is no part of what is measured; and tokens are known."""
        people = len(self.patients) // 2
        load = self.load(port, "warm", 8, WARM, floor=floor, most=people // 8, half=half)
        self.drive(msgspec.structs.replace(load, seconds=300))
        # Readings of days ago are judged with a past that is not kept, so everybody sends one of now as well.
        load = self.load(port, "warm", 8, 1, floor=floor, most=people // 8, half=half)
        sent = self.drive(msgspec.structs.replace(load, seconds=300)).requests
        self._turns[port, 1] = sent + 8

    def gather(self, port: int, *, floor: bool) -> None:
        """Those of whom the latest are read send a hundred readings each."""
        load = self.load(port, "gather", 8, 100, floor=floor, most=READ // 8)
        self.drive(msgspec.structs.replace(load, seconds=300, turn=0))

    def measure(self, child: "subprocess.Popen[bytes]", port: int, name: str, clients: int, batch: int, *, floor: bool,  # noqa: PLR0913
                who: str = "", half: int = 0) -> Line:
        """One line: rate, latencies and what each reading cost in the app and in the database."""
        app, base = cpu_s([child.pid]), cpu_s(_children(self.running.process.pid))
        seen = self.drive(self.load(port, name, clients, batch, floor=floor, half=half))
        # What was on its way when the time was up counts as sent.
        self._turns[port, batch] = self._turns.get((port, batch), 0) + seen.requests + clients
        app, base = cpu_s([child.pid]) - app, cpu_s(_children(self.running.process.pid)) - base
        items = max(seen.requests * batch, 1)
        return Line(
            name=name, who=who or ("floor" if floor else "steady"), readings_s=items / seen.seconds, p50_ms=seen.p50_ms, p95_ms=seen.p95_ms,
            p99_ms=seen.p99_ms, failed=seen.failed, app_us=app / items * 1e6, database_us=base / items * 1e6,
            driver_us=seen.cpu_s / items * 1e6,
        )  # fmt: skip

    async def analyse(self) -> None:
        """Statistics as a database that runs for a while has them: without, plans are those of empty tables."""
        connection = await connect(self.where, postgres.SUPERUSER, command_timeout=None)
        await connection.execute("analyze")
        await connection.close()

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



"""ALP-1, ALP-2, ALP-3, NUM-7: a worker killed, stopped or cut off at the worst moment; the red goes out, and is shown once."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from httpx import AsyncClient
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from server import faults
from server.db import Database
from server.faults import Fault
from server.settings import Settings, environment
from tests.clinic import Clinic
from tests.mailbox import Mailbox
from tests.server.episodes.test_ladder import report, rows
from tests.server.notices.test_relay import reached

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parent.parent.parent


def start(settings: Settings, box: Mailbox, fault: str = "") -> "subprocess.Popen[bytes]":
    found = environment(replace(settings, smtp_host="127.0.0.1", smtp_port=box.port))
    return subprocess.Popen([sys.executable, "-m", "server", "work"], env={**found, "STEADY_FAULT": fault}, cwd=ROOT)


@asynccontextmanager
async def working(settings: Settings, box: Mailbox) -> AsyncGenerator["subprocess.Popen[bytes]"]:
    worker = start(settings, box)
    try:
        yield worker
    finally:
        worker.send_signal(signal.SIGCONT)
        worker.terminate()
        await asyncio.to_thread(worker.wait, 20)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 45) -> float:
    """Wait for something to be true; how long it took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if await condition():
            return time.monotonic() - began
        await asyncio.sleep(0.05)
    pytest.fail(f"not within {seconds} s")


async def is_done(database: Database, clinic: Clinic) -> bool:
    found = await rows(
        database, "select count(*) filter (where done_at is null), count(*) from outbox where patient_id = $1", clinic.patient)
    timers = await rows(database, "select 1 from escalation where patient_id = $1 and step = 'first'", clinic.patient)
    return found[0][0] == 0 and found[0][1] > 0 and not timers


@pytest.mark.parametrize("fault", list(Fault))
async def test_alp_1_killed_at_a_marked_point_the_red_is_sent_and_shown_once(
    client: AsyncClient, clinic: Clinic, database: Database, settings: Settings, fault: Fault
) -> None:
    address, hers = f"{uuid7()}@example.org", f"{uuid7()}@example.org"
    await reached(database, clinic, address)
    channel = {"channel": "email", "place": 1, "address": hers}
    assert (await client.put(f"/v1/me/channels/{uuid7()}", json=channel, headers=clinic.token("patient"))).status_code == 200
    with Mailbox() as box:
        await report(client, clinic)
        killed = start(settings, box, fault)
        assert await asyncio.to_thread(killed.wait, 60) == -signal.SIGKILL
        # What the dead worker held is free when its lease ends; the test does not wait the half minute.
        await rows(database, "update outbox set lease_until = now() where done_at is null and lease_until is not null returning id")
        async with working(settings, box):
            await until(lambda: is_done(database, clinic))
        assert len(box.shown(address)) == 1
        # INV-6: the patient's own word, which is put in the outbox with the mark of what the app shows.
        assert len(box.shown(hers)) == 1
    states = await rows(database, "select state, received_at from delivery where patient_id = $1 and recipient = $2",
                        clinic.patient, clinic.nurse)  # fmt: skip
    assert states == [("accepted", None)]
    steps = await rows(database, "select what from episode_event where patient_id = $1", clinic.patient)
    assert [row[0] for row in steps] == ["opened"]


async def test_alp_2_a_stopped_worker_loses_its_lease_and_its_late_mark_is_ignored(
    client: AsyncClient, clinic: Clinic, database: Database, settings: Settings
) -> None:
    address = f"{uuid7()}@example.org"
    await reached(database, clinic, address)
    with Mailbox(hang_s=2) as box:
        async with working(settings, box) as stopped:
            await report(client, clinic)

            async def taken() -> bool:
                return bool(box.shown(address))

            await until(taken)
            os.kill(stopped.pid, signal.SIGSTOP)
            async with working(settings, box):
                await until(lambda: is_done(database, clinic), 90)
                os.kill(stopped.pid, signal.SIGCONT)
                await asyncio.sleep(3)
        assert len(box.shown(address)) == 1
    marked = await rows(database, "select fence, result from outbox where patient_id = $1 and audience = 'staff'", clinic.patient)
    assert marked == [(2, "accepted")]


async def test_alp_3_without_its_listen_connection_a_red_is_out_within_five_seconds(
    client: AsyncClient, clinic: Clinic, database: Database, settings: Settings
) -> None:
    address = f"{uuid7()}@example.org"
    await reached(database, clinic, address)
    with Mailbox() as box:
        async with working(settings, box):
            sql = "select pid from pg_stat_activity where usename = 'steady_worker' and query ilike 'listen%' and datname = current_database()"

            async def listens() -> bool:
                return bool(await rows(database, sql))

            await until(listens)
            await rows(database, f"select pg_terminate_backend(pid) from ({sql}) as w")
            await report(client, clinic)

            async def shown() -> bool:
                return bool(box.shown(address))

            assert await until(shown) <= 5
            await until(listens)


def test_ops_10_a_fault_is_ignored_where_no_tests_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not faults.arm("no_such_point")
    nothing: dict[str, object] = {}
    monkeypatch.setattr("importlib.util.find_spec", nothing.get)
    assert not faults.arm(Fault.RELAY_AFTER_SEND)
    faults.faultpoint(Fault.RELAY_AFTER_SEND)

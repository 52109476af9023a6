"""Real processes, killed on purpose: nothing acknowledged is lost, nothing is doubled, nothing is left behind."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from uuid_utils.compat import uuid7

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def data() -> Generator[Path]:
    """A folder that an unprivileged account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="steady-fault-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def start(data: Path, *more: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "server", "demo", "--no-browser", "--port", "0", "--people", "5", "--days", "7", "--data", str(data),
               "--ready-file", str(data / "ready.json"), *more]  # fmt: skip
    (data / "ready.json").unlink(missing_ok=True)
    with (data / "said.log").open("w") as said:
        return subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)


def ready(demo: "subprocess.Popen[bytes]", data: Path) -> dict[str, Any]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if (data / "ready.json").exists():
            return json.loads((data / "ready.json").read_text())
        if demo.poll() is not None:
            pytest.fail(f"the demo ended with {demo.returncode}: {(data / 'said.log').read_text()}")
        time.sleep(0.05)
    demo.kill()
    pytest.fail("not ready within 60 s")


def stop(demo: "subprocess.Popen[bytes]") -> int:
    demo.send_signal(signal.SIGINT)
    return demo.wait(30)


def of(data: Path) -> dict[str, int]:
    """The processes that belong to a data folder, by what they are."""
    found: dict[str, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if b"-D" in words and str(data / "postgresql").encode() in words:
            found["postgres"] = int(entry.name)
        elif f"STEADY_DATA={data}\0".encode() in environment + b"\0":
            for name in ("serve", "work"):
                if name.encode() in words:
                    found[name] = int(entry.name)
    return found


def body(place: int) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(minutes=place)
    return {"id": str(uuid7()), "kind": "heart_rate", "takenAt": at.isoformat(), "value": 60 + place % 30, "unit": "/min"}


async def send_until_it_breaks(links: dict[str, Any], victim: int) -> tuple[set[str], set[str]]:
    """Send readings by eight at once and kill the victim in the middle; what was acknowledged, and all that was sent."""
    acknowledged: set[str] = set()
    sent: set[str] = set()
    headers = {"authorization": f"Bearer {links['patient']['access_token']}"}
    stopping = asyncio.Event()

    async def one(client: httpx.AsyncClient, lane: int) -> None:
        for turn in range(400):
            if stopping.is_set():
                return
            items = [body(10_000 * lane + 20 * turn + place) for place in range(10)]
            sent.update(item["id"] for item in items)
            try:
                answer = await client.post("/v1/readings/batch", json={"items": items}, headers=headers)
            except httpx.HTTPError:
                return
            if answer.status_code != 200:
                return
            acknowledged.update(item["id"] for item in answer.json()["items"] if item["status"] == "stored")

    async with httpx.AsyncClient(base_url=links["base_url"], timeout=5) as client:
        lanes = [asyncio.create_task(one(client, lane)) for lane in range(8)]
        await asyncio.sleep(0.6)
        os.kill(victim, signal.SIGKILL)
        await asyncio.sleep(0.5)
        stopping.set()
        await asyncio.gather(*lanes)
    return acknowledged, sent


def stored(links: dict[str, Any]) -> list[str]:
    """The ids of every heart rate that can be read back."""
    found: list[str] = []
    before = ""
    headers = {"authorization": f"Bearer {links['patient']['access_token']}"}
    while True:
        params = {"kind": "heart_rate", "limit": "200", **({"before": before} if before else {})}
        page = httpx.get(f"{links['base_url']}/v1/me/readings", params=params, headers=headers, timeout=10).json()
        found += [item["id"] for item in page["items"]]
        if page["nextBefore"] is None:
            return found
        before = page["nextBefore"]


@pytest.mark.parametrize("victim", ["serve", "postgres"])
def test_inv_1_4_kill_9_loses_no_acknowledged_reading_and_doubles_none(data: Path, victim: str) -> None:
    demo = start(data)
    links = ready(demo, data)
    patient = links["patient"]["id"]
    acknowledged, sent = asyncio.run(send_until_it_breaks(links, of(data)[victim]))
    assert len(acknowledged) > 50
    demo.send_signal(signal.SIGINT)
    demo.wait(40)
    again = start(data)
    try:
        links = ready(again, data)
        assert links["patient"]["id"] == patient
        kept = stored(links)
        assert len(kept) == len(set(kept))
        assert acknowledged <= set(kept)
        assert {one for one in kept if one in sent} == set(kept) & sent
    finally:
        stop(again)
    assert of(data) == {}


def test_ctrl_c_leaves_no_process_and_a_second_start_finds_the_data(data: Path) -> None:
    demo = start(data)
    first = ready(demo, data)
    assert of(data).keys() == {"postgres", "serve", "work"}
    assert stop(demo) == 0
    assert of(data) == {}
    second_demo = start(data)
    second = ready(second_demo, data)
    assert second["nurse"] == first["nurse"]
    clash = start(data)
    assert clash.wait(30) == 2
    assert "runs already" in (data / "said.log").read_text()
    stop(second_demo)
    fresh = start(data, "--fresh")
    try:
        assert ready(fresh, data)["nurse"]["password"] != first["nurse"]["password"]
    finally:
        stop(fresh)


def test_kill_9_of_the_demo_itself_takes_everything_with_it(data: Path) -> None:
    demo = start(data)
    ready(demo, data)
    demo.kill()
    demo.wait()
    until = time.monotonic() + 20
    while of(data) and time.monotonic() < until:
        time.sleep(0.1)
    assert of(data) == {}


def test_a_half_finished_start_is_started_over(data: Path) -> None:
    demo = start(data)
    until = time.monotonic() + 30
    while not (data / "postgresql").exists() and time.monotonic() < until:
        time.sleep(0.01)
    demo.kill()
    demo.wait()
    again = start(data)
    ready(again, data)
    assert stop(again) == 0


def test_a_taken_port_and_an_unusable_folder_are_one_clear_line(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo = subprocess.run([sys.executable, "-m", "server", "demo", "--no-browser", "--port", str(port), "--data", str(data)],
                              cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)  # fmt: skip
        assert demo.returncode == 2
        assert demo.stderr.count("\n") == 1
        assert f"Port {port}" in demo.stderr
        assert "--port" in demo.stderr
    file = data / "file"
    file.write_text("")
    bad = subprocess.run([sys.executable, "-m", "server", "demo", "--no-browser", "--port", "0", "--data", str(file)],
                         cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)  # fmt: skip
    assert bad.returncode == 2
    assert "--data" in bad.stderr
    assert len(bad.stderr.strip().splitlines()) == 1


def test_a_long_path_works(data: Path) -> None:
    deep = data / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    for folder in (deep, deep.parent):
        folder.chmod(0o755)
    demo = start(deep)
    ready(demo, deep)
    assert stop(demo) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_normal_user_works_too() -> None:
    folder = Path(tempfile.mkdtemp(prefix="steady-user-"))
    shutil.chown(folder, "nobody", "nogroup")
    copy = folder / "code"
    try:
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".git", "tests"))
        # Root's own Python may lie where nobody else can read it; the system's runs the same packages.
        packages = str(Path(pytest.__file__).parent.parent)
        nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "env", f"HOME={folder}", f"PYTHONPATH={packages}"]
        wanted = [sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"]
        python = next((one for one in wanted if subprocess.run(
            [*nobody, one, "-c", "import asyncpg, litestar"], capture_output=True, check=False, cwd="/").returncode == 0), None)  # fmt: skip
        if python is None:
            pytest.xfail("no Python here that a normal user can run with these packages")
        with (folder / "said.log").open("w") as said:
            demo = subprocess.Popen(
            [*nobody, python, "-m", "server", "demo",
             "--no-browser", "--port", "0", "--people", "5", "--days", "7", "--data", str(folder / "data"), "--ready-file",
             str(folder / "ready.json")], cwd=copy, stdout=said, stderr=subprocess.STDOUT,
            )  # fmt: skip
        ready(demo, folder)
        assert stop(demo) == 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)

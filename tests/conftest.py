"""A real PostgreSQL and the real application for every test that needs them; nothing of ours is replaced."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from httpx import ASGITransport, AsyncClient
from uuid_utils.compat import uuid7

from server import clock, migrate, postgres
from server.app import build
from server.app_state import Parts
from server.db import Database
from server.db_where import Where
from server.parts import running, unstarted
from server.settings import Settings, read
from tests.clinic import Clinic, make_clinic


@pytest.fixture(scope="session")
def cluster() -> Generator[postgres.Running]:
    """One embedded PostgreSQL per test process; STEADY_TEST_POSTGRES names the programs of another one."""
    data = Path(tempfile.mkdtemp(prefix="steady-test-"))
    data.chmod(0o755)
    programs = os.environ.get("STEADY_TEST_POSTGRES")
    running_server = postgres.start(data, binaries=Path(programs) if programs else None)
    try:
        yield running_server
    finally:
        running_server.stop()
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def where(cluster: postgres.Running) -> Where:
    """A database of its own, made and migrated as in production."""
    found = cluster.where(f"test_{uuid7().hex}")

    async def prepare() -> None:
        await migrate.bootstrap(found, postgres.SUPERUSER)
        await migrate.migrate(found)

    asyncio.run(prepare())
    return found


@pytest.fixture(scope="session")
async def database(where: Where) -> AsyncGenerator[Database]:
    """Pools by role."""
    made = Database(where)
    yield made
    await made.close()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, where: Where) -> Settings:
    """As an operator would set them."""
    folder = tmp_path_factory.mktemp("data")
    return read({"STEADY_DATA": str(folder), "STEADY_DATABASE_HOST": where.host, "STEADY_DATABASE_NAME": where.database})


@pytest.fixture(scope="session")
async def parts(settings: Settings, where: Where) -> AsyncGenerator[Parts]:
    """The finished parts, started."""
    async with running(unstarted(settings, where, base_url="http://test")) as made:
        yield made


@pytest.fixture(scope="session")
def app(parts: Parts) -> Any:
    """The whole application."""
    return build(parts)


@pytest.fixture
async def client(app: Any, parts: Parts) -> AsyncGenerator[AsyncClient]:
    """A client without a sign-in."""
    # While a long test without a loop ran, nobody could follow what was revoked; a server that runs is never that late.
    await parts.extras["auth"].revocations.refresh()
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as made:
        yield made


@pytest.fixture
async def clinic(database: Database, parts: Parts) -> Clinic:
    """A team, its nurse, a patient who shares with them, somebody else's patient, a vendor with a device: new each time."""
    return await make_clinic(database, parts, clock.now())


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """No test leaves its log behind: what a command set up writes to a stream that is closed afterwards."""
    yield
    structlog.reset_defaults()

"""The FHIR routes on a real socket, for clients that nobody here wrote."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import uvicorn

from server import clock
from server.app import build
from server.app_state import Parts
from server.db import Database
from server.db_where import Where
from server.parts import running, unstarted
from server.settings import Settings
from tests.clinic import Clinic, make_clinic
from tests.server.web.conftest import Unsignalled


@pytest.fixture(scope="session")
async def served(settings: Settings, where: Where) -> AsyncGenerator[tuple[str, Parts]]:
    """The address of a running server, and its parts."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with running(unstarted(settings, where, base_url=base)) as parts:
        app: Any = build(parts)
        server = Unsignalled(uvicorn.Config(app, loop="asyncio", ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=3))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        async with asyncio.timeout(20):
            while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
                await asyncio.sleep(0.02)
        yield base, parts
        server.should_exit = True
        await parts.live.stop()
        await task
    listening.close()


@pytest.fixture
async def there(served: tuple[str, Parts], database: Database) -> Clinic:
    """A clinic whose tokens the running server knows."""
    return await make_clinic(database, served[1], clock.now())

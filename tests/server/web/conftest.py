"""A browser and a served application for the page tests."""

import asyncio
import contextlib
import re
import shutil
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from httpx import AsyncClient
from playwright.async_api import Browser, Page, async_playwright
from pyotp.totp import TOTP

from server import assets, clock
from tests.clinic import PASSWORD, Clinic

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
SignIn = Callable[[Page], Awaitable[None]]


@pytest.fixture(scope="session")
def static() -> Path:
    """The built styles and scripts."""
    return assets.build()


class Unsignalled(uvicorn.Server):
    """A server that leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Nothing to capture."""
        yield


@pytest.fixture(scope="session")
async def base(app: Any, parts: Any, static: Path) -> AsyncGenerator[str]:
    """The application on a real socket; its address."""
    assert static.name == "static"
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, loop="asyncio", ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=3)
    server = Unsignalled(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
            await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await parts.live.stop()
    await task
    listening.close()


@pytest.fixture(scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """Debian's chromium."""
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        await made.close()


def code_of(clinic: Clinic) -> str:
    """The one-time code of the nurse's app now."""
    return TOTP(clinic.totp).at(int(clock.now().timestamp()))


async def sign_in(page: Page, clinic: Clinic, base: str) -> None:
    """As a nurse does it, with both factors."""
    await page.goto(f"{base}/")
    await page.fill("#email", clinic.email)
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.fill("#code", code_of(clinic))
    await page.click("main button[type=submit]")
    await page.wait_for_url(f"{base}/")


async def session(client: AsyncClient, clinic: Clinic) -> dict[str, str]:
    """The headers of a signed-in browser without a browser: its cookie."""
    first = await client.post("/sign-in", data={"email": clinic.email, "password": PASSWORD})
    step = re.search(r'name="step" value="([^"]+)"', first.text)
    assert step is not None, first.text
    second = await client.post("/sign-in/code", data={"step": step[1], "code": code_of(clinic)})
    assert second.status_code == 303, second.text
    return {"cookie": second.headers["set-cookie"].split(";", 1)[0], "accept": "text/html"}

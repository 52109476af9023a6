"""A vendor's door for one test, and a stub of a vendor's documented API on loopback."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
import uvicorn

from integrations.manifest import Secrets, Tokens
from server.db import Role
from server.hooks import admin as doors
from server.sealed import Seal
from tests.clinic import Clinic
from tests.server.web.conftest import Unsignalled


class Door(msgspec.Struct, kw_only=True):
    """One door, and its account of the clinic's patient."""

    id: UUID
    url: str
    account: str


async def open_door(
    clinic: Clinic, form: str, secrets: Secrets, *, base: str = "", tokens: Tokens | None = None, account: str = "", days: int = 400,
) -> Door:  # fmt: skip
    """A door of the clinic's vendor; the account (a device of that vendor) is the patient's."""
    seal = Seal(clinic.parts.extras["settings"].keys)
    account = account or f"account-{clinic.patient.hex[-12:]}"
    async with clinic.parts.database.begin_as(Role.OWNER) as tx:
        door, path = await doors.add_door(tx, seal, org=clinic.org, client=clinic.vendor, form=form, secrets=secrets, base=base)
        await doors.add_account(
            tx, seal, door=door, vendor=clinic.vendor_name, account=account, patient=clinic.patient, tokens=tokens or Tokens(access="t0"),
            now=clinic.now, since=clinic.now - timedelta(days=days),
        )  # fmt: skip
    return Door(id=door, url=f"/v1/hooks/{path}", account=account)


class Call(msgspec.Struct, kw_only=True):
    """One request that the stub heard."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


Said = tuple[int, dict[str, str], bytes]


async def _call(scope: Any, receive: Any) -> Call:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {key.decode(): value.decode() for key, value in scope["headers"]}
    is_form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return Call(
        method=scope["method"], path=scope["path"], query=dict(parse_qsl(scope["query_string"].decode())),
        form=dict(parse_qsl(body.decode())) if is_form else {}, headers=headers, body=body,
    )  # fmt: skip


@asynccontextmanager
async def stub(answer: Callable[[Call], Said | Awaitable[Said]]) -> AsyncGenerator[tuple[str, list[Call]]]:
    """A real HTTP server on loopback; its address, and every call that it heard."""
    heard: list[Call] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        call = await _call(scope, receive)
        heard.append(call)
        said = answer(call)
        status, more_headers, content = said if isinstance(said, tuple) else await said
        raw = [(key.encode(), value.encode()) for key, value in {"content-type": "application/json", **more_headers}.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content})

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = Unsignalled(uvicorn.Config(app, loop="asyncio", ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with asyncio.timeout(20):
            while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
                await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", heard
    finally:
        server.should_exit = True
        await task
        listening.close()

"""`steady serve`: the socket first, then the parts, then uvicorn, which is told to end streams before it ends."""

import asyncio
import socket as sockets
import sys
from typing import Any, Final

import uvicorn
from litestar.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server import log
from server.app import build
from server.app_state import Parts
from server.db import BUSY, PostgresError
from server.groups import setup as groups
from server.migrate import is_current
from server.parts import running, unstarted
from server.settings import NOBODY_NAMED, Settings, WrongSetting

HEADERS_S: Final = 10.0
"""A connection that has not sent its headers by then is closed (OPS-2)."""
PER_ADDRESS: Final = 256
GRACE_S: Final = 10


class Protocol(HttpToolsProtocol):
    """uvicorn's, with a deadline for headers and a cap on connections of one address: it has neither."""

    open_by_address: Final[dict[str, int]] = {}

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvicorn's own signature
        """Count the address in; too many of them are hung up on."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        count = self.open_by_address.get(self._address, 0) + 1
        self.open_by_address[self._address] = count
        self._deadline = self.loop.call_later(HEADERS_S, self._too_slow)
        if count > PER_ADDRESS:
            transport.close()

    def on_headers_complete(self) -> None:
        """The headers came in time."""
        self._deadline.cancel()
        super().on_headers_complete()

    def on_message_begin(self) -> None:
        """A further request on the same connection has its own deadline."""
        self._deadline.cancel()
        self._deadline = self.loop.call_later(HEADERS_S, self._too_slow)
        super().on_message_begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the address out."""
        self._deadline.cancel()
        left = self.open_by_address.get(self._address, 1) - 1
        if left > 0:
            self.open_by_address[self._address] = left
        else:
            self.open_by_address.pop(self._address, None)
        super().connection_lost(exc)

    def _too_slow(self) -> None:
        # Only a request whose headers never ended has no cycle of its own in progress.
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete:
            self.transport.close()


class Server(uvicorn.Server):
    """Ends open streams before it waits for connections to end (architecture 4)."""

    def __init__(self, config: uvicorn.Config, parts: Parts) -> None:
        super().__init__(config)
        self._parts = parts

    async def shutdown(self, sockets: list[sockets.socket] | None = None) -> None:
        """Refuse new work, end streams, then let requests in flight finish."""
        self._parts.is_accepting = False
        await self._parts.live.stop()
        await super().shutdown(sockets)


def bound(settings: Settings) -> sockets.socket:
    """The listening socket, bound before anything else so that a taken port is told at once. Raises WrongSetting."""
    listening = sockets.socket(sockets.AF_INET, sockets.SOCK_STREAM)
    listening.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise WrongSetting(
            f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}): "
            "stop what uses it, or choose another with --port."
        ) from error
    listening.listen(2048)
    listening.set_inheritable(True)
    return listening


async def _serve(settings: Settings, listening: sockets.socket) -> int:
    if settings.database is None:
        raise WrongSetting("Say where the database is: STEADY_DATABASE_HOST. (`steady demo` brings its own.)")
    try:
        current = await is_current(settings.database, "steady_app")
    except (PostgresError, OSError, *BUSY) as error:
        raise WrongSetting(f"The database at {settings.database.host} does not answer ({type(error).__name__}).") from error
    if not current:
        raise WrongSetting("The schema is not this release's: run `steady migrate`.")
    port = listening.getsockname()[1]
    parts = unstarted(settings, base_url=settings.public_url.rstrip("/") or f"http://{settings.host}:{port}")
    async with running(parts):
        if settings.accountable_person == NOBODY_NAMED and await groups.has_any(parts.database):
            raise WrongSetting("There are peer groups: say who answers for their safety, STEADY_ACCOUNTABLE_PERSON (PGS-2).")
        app: ASGIApp = build(parts)
        config = uvicorn.Config(
            app, loop="uvloop", http=Protocol, ws="none", lifespan="off", log_config=None, access_log=False,
            server_header=False, date_header=False, timeout_graceful_shutdown=GRACE_S, timeout_keep_alive=30, backlog=2048,
        )  # fmt: skip
        await Server(config, parts).serve(sockets=[listening])
    return 0


def main(settings: Settings, fd: int | None = None) -> int:
    """Serve until told to stop; the exit code."""
    log.configure(settings.log_level)
    try:
        listening = bound(settings) if fd is None else sockets.socket(fileno=fd)
        with asyncio.Runner(loop_factory=_loop) as runner:
            return runner.run(_serve(settings, listening))
    except WrongSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop  # noqa: PLC0415 - needed here only

    return uvloop.new_event_loop()

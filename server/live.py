"""Hints from the database to open pages: something changed about this patient, look again.

One LISTEN connection a process. NOTIFY is only a hint: after a break the listener connects again and tells every stream
to look, and each stream also looks by itself once in a while (ALP-3).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

import structlog

from server import clock, metrics
from server.db import Connection, Database, Role, listen

log = structlog.get_logger("live")

KEEP_ALIVE_S: Final = 15.0
CHECK_S: Final = 5.0


class Live:
    """Fans hints out to the open streams of this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._streams: set[asyncio.Queue[UUID | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._connection: Connection | None = None
        self._stopping = asyncio.Event()
        self.heard_at: float = 0.0

    def start(self) -> None:
        """Begin to listen."""
        self._stopping.clear()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End every stream, then stop listening: an open stream would hold up the shutdown (architecture 4)."""
        self._stopping.set()
        for queue in list(self._streams):
            queue.put_nowait(None)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @property
    def is_listening(self) -> bool:
        """Whether changes are heard of now (INV-15)."""
        return clock.monotonic() - self.heard_at < 3 * CHECK_S

    def told(self, payload: str) -> None:
        """Pass a payload (patient ids with commas) on to every stream."""
        for text in payload.split(","):
            with contextlib.suppress(ValueError):
                patient = UUID(text)
                for queue in self._streams:
                    _offer(queue, patient)

    def everything(self) -> None:
        """Tell every stream to look at everything again."""
        for queue in self._streams:
            _offer(queue, _ALL)

    async def _run(self) -> None:
        while True:
            try:
                self._connection = await self._database.connection(Role.APP)
                await listen(self._connection, "changed", self.told)
                self.everything()
                metrics.LISTENING.set(1)
                while True:
                    await self._connection.fetchval("select 1")
                    self.heard_at = clock.monotonic()
                    await asyncio.sleep(CHECK_S)
            except asyncio.CancelledError:
                if self._connection is not None and not self._connection.is_closed():
                    self._connection.terminate()
                raise
            except Exception as error:  # noqa: BLE001 - whatever broke the listener, it must come back
                metrics.LISTENING.set(0)
                log.warning("live.lost", error=type(error).__name__)
                await asyncio.sleep(1.0)

    async def stream(self, *, first: UUID | None = None) -> AsyncIterator[UUID | None]:
        """Patients that changed, as they change; None is a keep-alive; `EVERYTHING` means look at all again.

        `first` is given before all others, when the stream already hears what changes from now on.
        """
        queue: asyncio.Queue[UUID | None] = asyncio.Queue(maxsize=1_000)
        self._streams.add(queue)
        if first is not None:
            queue.put_nowait(first)
        metrics.STREAMS.inc()
        try:
            while not self._stopping.is_set():
                try:
                    yield await asyncio.wait_for(queue.get(), KEEP_ALIVE_S)
                except TimeoutError:
                    yield None
                if self._stopping.is_set():
                    return
        finally:
            self._streams.discard(queue)
            metrics.STREAMS.dec()


_ALL: Final = UUID(int=0)
EVERYTHING: Final = _ALL


def _offer(queue: "asyncio.Queue[UUID | None]", patient: UUID) -> None:
    if queue.full():
        # Too far behind: forget the single hints, look at everything instead.
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(_ALL)
        return
    queue.put_nowait(patient)

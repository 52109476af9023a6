"""Each caller's share of this process: a bucket of requests that fills again (INV-20, ING-11).

Readings and symptom reports of patients are never limited; sign-in attempts are counted in the database (TOK-9) besides.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from domain.actor import Actor, ActorKind
from domain.errors import Busy, RateLimited, Refusal
from server import clock

MOST: Final = 20_000
"""Callers remembered; beyond that the one not seen for longest starts afresh."""
_FREE: Final = ("/v1/readings/", "/v1/hooks/", "/api/v1/entries", "/static/", "/livez", "/readyz", "/metrics", "/version")


class Share(msgspec.Struct, frozen=True):
    """So many requests at once, and so many more each second."""

    name: str
    burst: int
    per_s: float


PATIENT: Final = Share("patient", 120, 5.0)
STAFF: Final = Share("staff", 300, 20.0)
VENDOR: Final = Share("vendor", 400, 100.0)
ANYBODY: Final = Share("address", 300, 20.0)
SHARES: Final = {
    ActorKind.PATIENT: PATIENT, ActorKind.PROXY: PATIENT, ActorKind.STAFF: STAFF, ActorKind.VENDOR: VENDOR, ActorKind.SHARE: ANYBODY,
}  # fmt: skip


class Buckets:
    """Who has used how much, in this process."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._left: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def take(self, share: Share, who: str, now: float) -> int:
        """Use one of the caller's share; how many are left. Raises RateLimited when none is."""
        key = (share.name, who)
        left, at = self._left.get(key, (float(share.burst), now))
        left = min(float(share.burst), left + (now - at) * share.per_s)
        self._left[key] = (max(left - 1, 0.0) if left >= 1 else left, now)
        self._left.move_to_end(key)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        if left < 1:
            raise RateLimited("", retry_after_s=max(1, round((1 - left) / share.per_s + 0.5)))
        return int(left - 1)

    def __len__(self) -> int:
        return len(self._left)

    def of(self, actor: Actor) -> list[tuple[bytes, bytes]]:
        """Use one of an actor's share; the headers that say what is left."""
        share = SHARES[actor.kind]
        return told(share, self.take(share, str(actor.id), clock.monotonic()))


def told(share: Share, left: int) -> list[tuple[bytes, bytes]]:
    """The RateLimit headers of an answer."""
    window = round(share.burst / share.per_s)
    return [
        (b"ratelimit-policy", f'"{share.name}";q={share.burst};w={window}'.encode()),
        (b"ratelimit", f'"{share.name}";r={left};t={window}'.encode()),
    ]


class Turns:
    """Requests of machines with readings, a few at a time: however many come at once, a patient waits for a few only (NUM-5)."""

    def __init__(self, at_once: int = 2, waiting: int = 64) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self._here = 0

    @asynccontextmanager
    async def take(self) -> AsyncGenerator[None]:
        """Wait for a turn. Raises Busy when too many wait already."""
        if self._here >= self._most:
            raise Busy("Too many machines are sending at once; send this again in a moment.")
        self._here += 1
        try:
            async with self._free:
                yield
        finally:
            self._here -= 1


class Limited:
    """Wraps the application: counts, refuses, and says what is left."""

    def __init__(self, app: ASGIApp, authenticate: Callable[[Scope], Actor | None], buckets: Buckets | None) -> None:
        self._app = app
        self._authenticate = authenticate
        self._buckets = buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or self._buckets is None or scope["path"].startswith(_FREE):
            await self._app(scope, receive, send)
            return
        headers = self._count(scope, self._buckets)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*(message.get("headers") or ()), *headers]
            await send(message)

        await self._app(scope, receive, sent)

    def _count(self, scope: Scope, buckets: Buckets) -> list[tuple[bytes, bytes]]:
        try:
            actor = self._authenticate(scope)
        except Refusal:
            # The handler says why; who knocks with bad tokens is counted by address.
            actor = None
        if actor is not None:
            return buckets.of(actor)
        client = scope["client"]
        return told(ANYBODY, buckets.take(ANYBODY, client[0] if client else "", clock.monotonic()))

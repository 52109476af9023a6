"""The finished parts that handlers are given. `server/app.py` builds them; tests build them without a server."""

from typing import Any, Final, Protocol

from litestar.types import Scope

from domain.actor import Actor, ActorKind
from domain.errors import NotSignedIn
from server.audit.reads import Reads
from server.db import BUSY, Database, Role
from server.http import BODY_LIMIT, LARGE_LIMIT
from server.ingest import Ingest
from server.limits import Buckets
from server.live import Live
from server.readings.service import Devices

WATCHED_S: Final = 30.0
"""A sweep that has not run for so long does not watch."""


class Authenticator(Protocol):
    """Who asks, from memory (server/auth)."""

    def __call__(self, scope: Scope) -> Actor | None:
        """The actor, None when nobody says who; raises when what is said does not hold."""
        ...


class Parts:
    """All that handlers need; nothing is made at import."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self, *, database: Database, ingest: Ingest, reads: Reads, live: Live, authenticate: Authenticator,
        extras: dict[str, Any] | None = None, limits: Buckets | None = None,
    ) -> None:
        self.database = database
        self.ingest = ingest
        self.reads = reads
        self.live = live
        self.devices: Final = Devices(database)
        self.authenticate = authenticate
        self.extras = extras or {}
        self.limits = limits
        self.is_accepting = True

    async def ready(self) -> dict[str, Any]:
        """Whether readings can be accepted, and whether somebody is watching: two different things (INV-15)."""
        accepting = self.is_accepting
        watching = False
        try:
            async with self.database.begin_as(Role.WATCH) as tx:
                beat = await tx.fetchrow("select extract(epoch from now() - at)::float8 from heartbeat where duty = 'sweep'")
                watching = beat is not None and beat[0] < WATCHED_S
        except BUSY:
            accepting = False
        return {"accepting": accepting, "watching": watching and self.live.is_listening}

    def signed_in(self, scope: Scope) -> Actor:
        """The actor of a request, or a refusal."""
        actor = self.authenticate(scope)
        if actor is None:
            raise NotSignedIn
        return actor

    @staticmethod
    def body_limit(actor: Actor) -> int:
        """How many bytes one request of this actor may have (INP-2)."""
        return LARGE_LIMIT if actor.kind is ActorKind.VENDOR else BODY_LIMIT

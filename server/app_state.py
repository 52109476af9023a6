"""The finished parts that handlers are given. `server/app.py` builds them; tests build them without a server."""

from typing import Any, Final, Protocol

from litestar.types import Scope

from domain.actor import Actor, ActorKind
from domain.errors import NotSignedIn
from server.audit.reads import Reads
from server.db import BUSY, Database, Role
from server.http import BODY_LIMIT, LARGE_LIMIT
from server.ingest import Ingest
from server.limits import Buckets, Turns
from server.live import Live
from server.readings.service import Devices

WATCHED_S: Final = 15.0
"""A duty that has not run for so long does not watch; an open page says so within half a minute (ALP-8)."""
LAGGING_S: Final = 60.0
"""Who is due and not looked at for so long is not watched, however alive the duties are (INV-15)."""
WATCH: Final = """
select count(*) filter (where now() - h.at < make_interval(secs => $1)) = 3
       and not exists (select from outbox o where o.done_at is null and o.severity = 3 and o.due_at < now() - make_interval(secs => $1)),
       case when count(*) = 3 then extract(epoch from greatest(
           now() - min(h.at), now() - (select min(at) from due), now() - (select min(due_at) from escalation)))::float8 end
  from heartbeat h where h.duty in ('sweep', 'escalate', 'relay')
"""
"""All duties are alive, and no red waits to be sent; for how many seconds the most behind of them has looked at nothing that is due."""


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
        self.machines: Final = Turns()
        self.is_accepting = True

    async def ready(self) -> dict[str, Any]:
        """Whether readings can be accepted, and whether somebody is watching: two different things (INV-15)."""
        accepting = self.is_accepting
        watching, lag_s = False, None
        try:
            async with self.database.begin_as(Role.WATCH) as tx:
                found = await tx.fetchrow(WATCH, WATCHED_S)
                alive, lag_s = (False, None) if found is None else (bool(found[0]), found[1])
                # Alive and far behind is no watch either.
                watching = alive and lag_s is not None and lag_s <= LAGGING_S
        except BUSY:
            accepting = False
        return {"accepting": accepting, "watching": watching and self.live.is_listening, "lagS": lag_s}

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

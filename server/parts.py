"""Makes the finished parts of one process from its settings, starts them, and stops them in the right order."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from domain.groups import crisis
from server.app_state import Parts
from server.audit.reads import Reads
from server.auth import keys
from server.auth.service import Auth
from server.db import Database
from server.db_where import Where
from server.groups import peers
from server.hooks.service import Found
from server.ingest import Ingest
from server.limits import Buckets
from server.live import Live
from server.sealed import Seal
from server.settings import Settings
from server.web.layout import Pages


def unstarted(settings: Settings, where: Where | None = None, *, base_url: str = "") -> Parts:
    """All parts, none of them running yet."""
    database = Database(where or settings.database or Where(host="/nowhere", port=5432, database="steady"))
    base = base_url or settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    auth = Auth(database, keys.ensure(settings.keys), issuer=settings.issuer, token_url=f"{base}/oauth/token")
    extras: dict[str, Any] = {
        "auth": auth, "base": base, "settings": settings, "pages": Pages(brand=settings.brand), "peers": peers.ensure(settings.keys),
        "crisis": crisis.look, "doors": Found(database, Seal(settings.keys)),
    }  # fmt: skip
    return Parts(
        database=database, ingest=Ingest(database, flushers=settings.flushers), reads=Reads(database), live=Live(database),
        authenticate=auth.authenticate, extras=extras, limits=Buckets() if settings.rate_limits else None,
    )  # fmt: skip


@asynccontextmanager
async def running(parts: Parts) -> AsyncGenerator[Parts]:
    """Start everything; at the end take no more, commit what waits, then close."""
    auth: Auth = parts.extras["auth"]
    await auth.start()
    parts.ingest.start()
    parts.reads.start()
    parts.live.start()
    try:
        yield parts
    finally:
        parts.is_accepting = False
        await parts.live.stop()
        await parts.ingest.stop()
        await parts.reads.stop()
        await auth.stop()
        await parts.database.close()

"""HTTP for the access log: a patient reads who looked, when and why, within a second of it (AUD-5, F63)."""

import base64
import binascii
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response

from domain.actor import Actor, ActorKind, Scope
from domain.errors import Invalid, NotFound
from server import clock
from server.app_state import Parts
from server.audit import store
from server.audit.words import DID, WHAT, WHY
from server.http import AnyRequest, instant, query_of
from server.requests import request_id

MOST: Final = 200
_LAST: Final = UUID(int=2**128 - 1)


class AccessOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One access: who, from where, when, and why they may, in words that a patient reads. `id` names it when it looks odd."""

    id: str
    at: datetime
    who: str
    role: str | None
    organisation: str | None
    did: str
    what: str
    how_many: int
    why: str
    purpose: str
    request_id: UUID


class AccessLogOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The newest first."""

    items: list[AccessOut]
    next_cursor: str | None
    as_of: datetime


_WHO: Final[dict[str, str]] = {
    ActorKind.PATIENT: "You", ActorKind.STAFF: "A member of staff", ActorKind.VENDOR: "A device vendor",
    ActorKind.PROXY: "Somebody who cares for you", ActorKind.SHARE: "Somebody with your one-time code",
}  # fmt: skip
"""Who it was where no name may be known."""


def shown(row: store.AccessRow) -> AccessOut:
    """An access in words."""
    who = row.name or _WHO.get(row.actor_kind, "The service")
    return AccessOut(
        id=cursor_of(row), at=row.at, who=who, role=row.role, organisation=row.organisation, did=DID.get(row.action, "used"),
        what=WHAT.get(row.what, "your record"), how_many=row.n, why=WHY.get(row.basis, row.basis), purpose=row.purpose,
        request_id=row.request_id,
    )  # fmt: skip


def cursor_of(row: store.AccessRow) -> str:
    """Where in the log a row stands."""
    return base64.urlsafe_b64encode(f"{row.at.isoformat()}|{row.writer}|{row.seq}".encode()).decode()


def place_of(cursor: str) -> tuple[datetime, UUID, int]:
    """The place that a cursor names. Raises Invalid for one that we never gave."""
    try:
        at, writer, seq = base64.urlsafe_b64decode(cursor.encode()).decode().split("|")
        if not seq.isascii() or not seq.isdigit() or int(seq) >= 2**31:
            raise Invalid("A cursor that we gave.", "/cursor")
        return instant(at, "/cursor"), UUID(writer), int(seq)
    except (ValueError, binascii.Error) as error:
        raise Invalid("A cursor that we gave.", "/cursor") from error


async def looked(
    parts: Parts, actor: Actor, request: UUID, cursor: str | None, limit: int, *, own: bool = False
) -> AccessLogOut:
    """A page of who looked at the asker's record, the newest first."""
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    actor.must(Scope.READINGS_READ)
    now = clock.now()
    at, writer, seq = place_of(cursor) if cursor is not None else (now.replace(year=2099), _LAST, 2**31 - 1)
    async with parts.database.begin(actor) as tx:
        found = await store.LOG.all(tx, actor.id, at, writer, seq, own, limit + 1)
    await parts.reads.record(actor, actor.id, "access-log", request, n=min(len(found), limit))
    more = len(found) > limit
    return AccessLogOut(
        items=[shown(row) for row in found[:limit]], next_cursor=cursor_of(found[limit - 1]) if more else None, as_of=now
    )


@get("/v1/me/access-log", operation_id="listMyAccessLog", summary="Who looked at my record, and why", tags=["people"])
async def access_log(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[AccessLogOut]:
    """Everybody else's accesses; with `own=true` also the patient's own."""
    query = query_of(request.scope, {"limit": int, "cursor": str, "own": str})
    limit = max(1, min(query.get("limit", 50), MOST))
    if query.get("own", "false") not in ("true", "false"):
        raise Invalid("true or false.", "/own")
    out = await looked(parts, actor, request_id(request.scope), query.get("cursor"), limit, own=query.get("own") == "true")
    return Response(out, headers={"cache-control": "no-store"})


ROUTES: Final = [access_log]

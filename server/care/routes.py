"""HTTP for what a person may rely on now."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response

from domain.actor import Actor
from domain.readings.kinds import BY_NO
from server.app_state import Parts
from server.care import service, words
from server.http import AnyRequest, query_of
from server.requests import request_id
from server.teams.service import Watching

_NO_STORE: Final = {"cache-control": "no-store"}


class TeamOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A team that looks after the asker."""

    name: str
    telephone: str
    out_of_hours: str


class WatchingOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Is anyone watching now: until when if so, else from when (null: nobody knows)."""

    is_watched: bool
    until: datetime | None
    opens_at: datetime | None
    says: str
    teams: list[TeamOut]


class JudgedOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The newest reading that came in the last 45 days, when it was taken, and when it was judged: as it was stored."""

    kind: str
    taken_at: datetime
    judged_at: datetime


class CareNowOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who is watching, what happens next, and what to do meanwhile; every sentence can be shown as it is.

    `next` is null while nothing about the asker is open, and `may_not_be_seen` while whoever should be told may not be told.
    `answerBy` is when a message that waits is promised an answer. What time alone brings on has been looked at up to
    `evaluatedThrough`, `lagS` seconds before `asOf` (null: nobody knows); `isCurrent` is false when that may not be relied on.
    """

    watching: WatchingOut
    concerns: int
    next: str | None
    next_says: str
    next_by: datetime | None
    message_waits: bool
    answer_by: datetime | None
    last_reading: JudgedOut | None
    judged_says: str
    held: int
    held_says: str
    meanwhile: str
    as_of: datetime
    evaluated_through: datetime | None
    lag_s: float | None
    is_current: bool


def watching_out(found: Watching, ready: dict[str, Any], now: datetime) -> WatchingOut:
    """As it is, or that it cannot be said: whoever should be told may not be told just now (ALP-8)."""
    said = words.said(found, now, is_current=ready["watching"])
    return WatchingOut(
        is_watched=said.is_watched, until=found.until, opens_at=found.opens_at, says=said.text,
        teams=[TeamOut(name=team.name, telephone=team.telephone, out_of_hours=team.out_of_hours) for team in found.teams],
    )  # fmt: skip


@get("/v1/watching", operation_id="isAnyoneWatching", summary="Is anyone watching now, and until when", tags=["episodes"])
async def watching(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[WatchingOut]:
    """The teams of a patient, or a member of staff's own: on shift until when, else from when on."""
    query_of(request.scope, {})
    found, now = await service.watching(parts.database, actor)
    return Response(watching_out(found, await parts.ready(), now), headers=_NO_STORE)


@get("/v1/me/care-now", operation_id="getMyCareNow", summary="Who is watching me now, and what happens next", tags=["episodes"])
async def care_now(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[CareNowOut]:
    """Who watches until when, what happens next and by when, when my last reading was judged, what to do meanwhile."""
    query_of(request.scope, {})
    ready = await parts.ready()
    found = await service.care_now(parts.database, parts.reads, actor, request_id(request.scope), ready)
    row, lag = found.reading, None if ready["lagS"] is None else round(ready["lagS"], 1)
    last = None
    if row.kind is not None and row.taken_at is not None and row.judged_at is not None:
        last = JudgedOut(kind=BY_NO[row.kind].name, taken_at=row.taken_at, judged_at=row.judged_at)
    out = CareNowOut(
        watching=watching_out(found.watching, ready, found.as_of), concerns=found.concerns,
        next=None if found.next is None else found.next.what, next_says=found.next_says,
        next_by=None if found.next is None else found.next.by, message_waits=found.reply is not None,
        answer_by=None if found.reply is None else found.reply.by, last_reading=last, judged_says=found.judged_says, held=row.held,
        held_says=found.held_says, meanwhile=found.said.meanwhile, as_of=found.as_of,
        evaluated_through=None if lag is None else found.as_of - timedelta(seconds=lag), lag_s=lag, is_current=ready["watching"],
    )  # fmt: skip
    return Response(out, headers=_NO_STORE)


ROUTES: Final[list[Any]] = [watching, care_now]

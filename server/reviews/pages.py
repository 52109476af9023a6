"""The page of those who answer: what waits, by when, and the answer."""

from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.errors import Conflict, FreshSignInNeeded, Invalid
from domain.sharing.reviews import Kind
from server import clock
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import form_of
from server.consent.routes import asking
from server.episodes.pages import ZONE, shell_of
from server.http import AnyRequest, path_id, query_of
from server.reviews import service, store
from server.reviews.routes import shown
from server.web.layout import Pages, policy
from server.web.refused import refused
from server.web.routes import html


class ReviewLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to answer for."""

    id: str
    title: str
    name: str
    about: str
    did: str
    said: str
    at: datetime
    due_at: datetime
    is_late: bool
    is_mine: bool
    is_right: bool
    answered_at: datetime | None
    answered_by: str
    answer: str


class ReviewsView(msgspec.Struct, frozen=True, kw_only=True):
    """What waits, and what was answered of late."""

    waiting: tuple[ReviewLine, ...]
    answered: tuple[ReviewLine, ...]
    as_of: datetime
    fault: str = ""


def _line(row: store.ReviewRow, actor: Actor, now: datetime) -> ReviewLine:
    one = shown(row)
    return ReviewLine(
        id=str(one.id), title=one.title, name=one.said.get("name", ""), about=one.about or one.said.get("who", ""),
        did=one.said.get("did", ""), said=one.said.get("said", ""), at=one.opened_at.astimezone(ZONE), due_at=one.due_at.astimezone(ZONE),
        is_late=one.answered_at is None and one.due_at < now, is_mine=row.about == actor.id,
        is_right=row.kind == Kind.PROXY,
        answered_at=None if one.answered_at is None else one.answered_at.astimezone(ZONE), answered_by=one.answered_by or "",
        answer=one.answer or "",
    )  # fmt: skip


async def _shown(request: AnyRequest, parts: Parts, actor: Actor, *, fault: str = "", status: int = 200) -> Response[bytes]:
    now = clock.now().astimezone(ZONE)
    lines = [_line(row, actor, now) for row in await service.queue(asking(request, actor, parts))]
    view = ReviewsView(
        waiting=tuple(one for one in lines if one.answered_at is None), answered=tuple(one for one in lines if one.answered_at is not None),
        as_of=now, fault=fault,
    )  # fmt: skip
    shell = await shell_of(request, parts, actor, section="team")
    pages: Pages = parts.extras["pages"]
    return html(pages.page("steady/reviews.html", shell, view, now), policy(shell.nonce), status=status)


@get("/reviews", include_in_schema=False)
async def reviews(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """What must be answered for, the nearest day first."""
    query_of(request.scope, {})
    return await _shown(request, parts, actor)


@post("/reviews/{review_id:str}", include_in_schema=False, status_code=200)
async def answer(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], review_id: FromPath[str]
) -> Response[bytes]:
    """Answer for it."""
    form = await form_of(request)
    try:
        await service.answer(asking(request, actor, parts), path_id(review_id), form.get("answer", "").replace("\r\n", "\n"),
                             ends=form.get("ends") == "yes")  # fmt: skip
    except (Invalid, Conflict, FreshSignInNeeded) as error:
        fault, status = refused(error)
        return await _shown(request, parts, actor, fault=fault, status=status)
    return go("/reviews")


ROUTES: Final[list[Any]] = [reviews, answer]

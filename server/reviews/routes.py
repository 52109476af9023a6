"""HTTP for reviews: "this looks odd", what came of it, and the queue of those who answer."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.sharing.reviews import WORDS, Kind
from server.app_state import Parts
from server.consent.routes import asking
from server.http import AnyRequest, body_of, path_id, query_of
from server.reviews import service, store

NO_STORE: Final = {"cache-control": "no-store"}


class Odd(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which access looks odd (its `id` in the access log), and why if the patient wants to say."""

    access: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    said: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What was found; the patient reads it. `ends`: of a carer's right only, that it is over."""

    answer: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    ends: bool = False


class ReviewOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something that somebody must answer for. `said` holds what is known of it, by name."""

    id: UUID
    kind: str
    title: str
    opened_at: datetime
    due_at: datetime
    about: str | None
    said: dict[str, str]
    answered_at: datetime | None
    answered_by: str | None
    answer: str | None


class ReviewsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What waits comes first."""

    items: list[ReviewOut]


_BODY: Final = msgspec.json.Decoder(dict[str, str])


def shown(row: store.ReviewRow) -> ReviewOut:
    """A stored review as the API shows it."""
    return ReviewOut(
        id=row.review_id, kind=row.kind, title=WORDS[Kind(row.kind)], opened_at=row.opened_at, due_at=row.due_at,
        about=row.about_name, said=_BODY.decode(row.body), answered_at=row.answered_at, answered_by=row.answered_by, answer=row.answer,
    )  # fmt: skip


@post("/v1/me/reviews", status_code=202, operation_id="askAboutAccess", summary="This access looks odd", tags=["people"],
      opt={"body": Odd})  # fmt: skip
async def ask(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[None]:
    """Somebody of the organisation must look and answer within three working days."""
    data = await body_of(request, Odd)
    await service.ask_about(asking(request, actor, parts), data.access, data.said)
    return Response(None, headers=NO_STORE)


@get("/v1/me/reviews", operation_id="listMyReviews", summary="What is looked into about my record", tags=["people"])
async def mine(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[ReviewsOut]:
    """What the patient asked about, emergencies, and what came of each."""
    query_of(request.scope, {})
    found = await service.mine(asking(request, actor, parts))
    return Response(ReviewsOut(items=[shown(row) for row in found]), headers=NO_STORE)


@get("/v1/reviews", operation_id="listReviews", summary="What must be answered for", tags=["people"])
async def queue(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[ReviewsOut]:
    """For leads and administrators: the nearest day first."""
    query_of(request.scope, {})
    found = await service.queue(asking(request, actor, parts))
    return Response(ReviewsOut(items=[shown(row) for row in found]), headers=NO_STORE)


@post("/v1/reviews/{review_id:str}/answer", status_code=200, operation_id="answerReview", summary="Answer for it", tags=["people"],
      opt={"body": Answer})  # fmt: skip
async def answer(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], review_id: FromPath[str]
) -> Response[None]:
    """Never by whoever is asked about."""
    data = await body_of(request, Answer)
    await service.answer(asking(request, actor, parts), path_id(review_id), data.answer, ends=data.ends)
    return Response(None, headers=NO_STORE)


ROUTES: Final[list[Any]] = [ask, mine, queue, answer]

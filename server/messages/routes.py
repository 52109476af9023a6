"""HTTP for messages: a person and the team that looks after them."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.errors import Invalid
from domain.readings.kinds import BY_NAME
from server import clock
from server.app_state import Parts
from server.http import AnyRequest, body_of, path_id, query_of
from server.messages import service
from server.messages.shown import about as about_words
from server.messages.shown import expects

_ZONE: Final = ZoneInfo("Europe/London")


class AboutIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What it is about: a `reading` (id, kind, takenAt), a `flag` (the id of its episode), or a `step` (version and number of a plan's)."""

    what: Literal["reading", "flag", "step"]
    id: UUID | None = None
    kind: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    taken_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    step: Annotated[int, msgspec.Meta(ge=0, le=1_000)] | None = None


class MessageIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A message. `team`: which of those that you share your record with; the first of them where it is left out."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    about: AboutIn | None = None
    team: UUID | None = None


class Closing(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What came of it, in a sentence that its writer reads."""

    closing: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Empty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object."""


class SentOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`says` is shown at once: when an answer comes, or that nobody reads now. `flagged`: what its words were taken for."""

    id: UUID
    status: str
    flagged: list[str]
    answer_by: datetime | None
    says: str


class MessageOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One message with its receipts: seen, acting, closed with a sentence."""

    id: UUID
    at: datetime
    origin: Literal["patient", "team"]
    by: str | None
    text: str
    about: str
    seen_at: datetime | None
    acting_at: datetime | None
    closed_at: datetime | None
    closing: str


class ThreadOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Newest first; `says` is what a message written now may expect."""

    items: list[MessageOut]
    answer_by: datetime | None
    says: str
    as_of: datetime


def about_of(given: AboutIn | None) -> service.About | None:
    """What a message points at, or a refusal that says what is missing."""
    if given is None:
        return None
    if given.what == "reading":
        kind = BY_NAME.get(given.kind or "")
        if given.id is None or kind is None or given.taken_at is None:
            raise Invalid("A reading is named by id, kind and takenAt.", "/about")
        return service.About(what="reading", id=given.id, kind=kind.no, at=given.taken_at)
    if given.what == "flag":
        if given.id is None:
            raise Invalid("A flag is named by the id of its episode.", "/about/id")
        return service.About(what="flag", id=given.id)
    if given.version is None or given.step is None:
        raise Invalid("A step is named by the plan's version and its number.", "/about")
    return service.About(what="step", version=given.version, step=given.step)


def _sent(found: service.Sent, message: UUID) -> Response[SentOut]:
    out = SentOut(
        id=message, status="stored" if found.is_new else "duplicate", flagged=list(found.red_words), answer_by=found.reply.by,
        says=expects(found.reply, clock.now().astimezone(_ZONE)),
    )  # fmt: skip
    return Response(out, status_code=201 if found.is_new else 200, headers={"cache-control": "no-store"})


def _thread(found: service.Thread) -> Response[ThreadOut]:
    items = [
        MessageOut(
            id=row.id, at=row.at, origin="patient" if row.is_from_patient else "team", by=row.by_name, text=row.body,
            about=about_words(row), seen_at=row.seen_at, acting_at=row.acting_at, closed_at=row.closed_at, closing=row.closing,
        )
        for row in found.rows
    ]  # fmt: skip
    out = ThreadOut(items=items, answer_by=found.reply.by, says=expects(found.reply, found.as_of.astimezone(_ZONE)), as_of=found.as_of)
    return Response(out, headers={"cache-control": "no-store"})


@put("/v1/me/messages/{message_id:str}", status_code=201, operation_id="sendMessage", summary="Write to my team", tags=["messages"],
     opt={"body": MessageIn})  # fmt: skip
async def send(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], message_id: FromPath[str]
) -> Response[SentOut]:
    """Stored once however often it is sent. Words that must not wait raise a flag at once, as a symptom would."""
    message = path_id(message_id)
    data = await body_of(request, MessageIn)
    found = await service.send(parts.database, parts.ingest, parts.reads, actor, request.scope["state"]["request_id"], message, data.text,
                               about_of(data.about), data.team)  # fmt: skip
    return _sent(found, message)


@get("/v1/me/messages", operation_id="listMyMessages", summary="My messages and what became of them", tags=["messages"])
async def mine(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[ThreadOut]:
    """Newest first, with who saw them, who acts, and how they ended."""
    query_of(request.scope, {})
    return _thread(await service.mine(parts.database, parts.reads, actor, request.scope["state"]["request_id"]))


@get("/v1/patients/{patient_id:str}/messages", operation_id="listMessages", summary="A person's messages", tags=["messages"])
async def thread(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str]
) -> Response[ThreadOut]:
    """The thread belongs to the team; reading it is the receipt."""
    query_of(request.scope, {})
    return _thread(await service.thread(parts.database, parts.reads, actor, request.scope["state"]["request_id"], path_id(patient_id)))


@put("/v1/patients/{patient_id:str}/messages/{message_id:str}", status_code=201, operation_id="answerMessage",
     summary="Write to a person in the team's name", tags=["messages"], opt={"body": MessageIn})  # fmt: skip
async def answer(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
    message_id: FromPath[str],
) -> Response[SentOut]:  # fmt: skip
    """Stored once however often it is sent."""
    message = path_id(message_id)
    data = await body_of(request, MessageIn)
    found = await service.answer(parts.database, parts.reads, actor, request.scope["state"]["request_id"], path_id(patient_id), message,
                                 data.text, about_of(data.about))  # fmt: skip
    return _sent(found, message)


@post("/v1/patients/{patient_id:str}/messages/{message_id:str}/act", status_code=204, operation_id="actOnMessage",
      summary="Say that something is being done", tags=["messages"], opt={"body": Empty})  # fmt: skip
async def act(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
    message_id: FromPath[str],
) -> None:  # fmt: skip
    """The writer sees that somebody acts; 409 where somebody was faster."""
    await body_of(request, Empty)
    await service.act(parts.database, parts.reads, actor, request.scope["state"]["request_id"], path_id(patient_id), path_id(message_id))


@post("/v1/patients/{patient_id:str}/messages/{message_id:str}/settle", status_code=204, operation_id="settleMessage",
      summary="Close a message with a sentence", tags=["messages"], opt={"body": Closing})  # fmt: skip
async def close(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
    message_id: FromPath[str],
) -> None:  # fmt: skip
    """The sentence is what its writer reads; 409 where it is closed already."""
    data = await body_of(request, Closing)
    await service.close(parts.database, parts.reads, actor, request.scope["state"]["request_id"], path_id(patient_id), path_id(message_id),
                        data.closing)  # fmt: skip


ROUTES: Final = [send, mine, thread, answer, act, close]

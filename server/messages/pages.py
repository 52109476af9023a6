"""Messages as pages: who waits for an answer, and one person's thread with the form to answer."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.errors import Conflict, IdReused, Invalid, NotFound
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import form_of
from server.desk.service import head
from server.episodes.pages import ZONE, shell_of
from server.http import AnyRequest, path_id
from server.messages import service
from server.messages.shown import about
from server.messages.store import MessageRow
from server.web import words
from server.web.layout import Pages, policy
from server.web.refused import refused
from server.web.routes import html


class InboxLine(msgspec.Struct, frozen=True, kw_only=True):
    """One person who waits for an answer."""

    patient: str
    name: str
    n: int
    since: datetime
    waited: str
    newest: str
    is_acting: bool


class InboxView(msgspec.Struct, frozen=True, kw_only=True):
    """Who waits, the longest waiting first."""

    lines: tuple[InboxLine, ...]
    as_of: datetime


class MessageLine(msgspec.Struct, frozen=True, kw_only=True):
    """One message as the team reads it."""

    id: str
    at: datetime
    by: str
    is_from_patient: bool
    body: str
    about: str
    has_red_words: bool
    receipt: str
    is_open: bool
    is_acting: bool


class ThreadView(msgspec.Struct, frozen=True, kw_only=True):
    """One person's messages, newest first. `typed` is what a refused form held; `answer` is the id of the next message."""

    patient: str
    name: str
    lines: tuple[MessageLine, ...]
    answer: str
    answer_by: datetime | None
    typed: str = ""
    fault: str = ""
    as_of: datetime


def _receipt(row: MessageRow, now: datetime) -> str:
    steps = (("seen", row.seen_at, row.seen_by), ("acting since", row.acting_at, row.acting_by), ("closed", row.closed_at, None))
    parts = [
        "" if at is None else f"{what} {words.when(at.astimezone(ZONE), now)}" + (f" by {by}" if by else "") for what, at, by in steps
    ]
    return " · ".join(part for part in parts if part) + (f": {row.closing}" if row.closing else "")


def _line(row: MessageRow, now: datetime) -> MessageLine:
    return MessageLine(
        id=str(row.id), at=row.at.astimezone(ZONE), by=row.by_name or "the team", is_from_patient=row.is_from_patient, body=row.body,
        about=about(row), has_red_words=bool(row.red_words), receipt=_receipt(row, now),
        is_open=row.is_from_patient and row.closed_at is None, is_acting=row.acting_at is not None,
    )  # fmt: skip


@get("/messages", include_in_schema=False)
async def inbox(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Who waits for an answer, the longest waiting first."""
    actor.must_be_staff()
    found = await service.inbox(parts.database, parts.reads, actor, request.scope["state"]["request_id"])
    now = found.as_of.astimezone(ZONE)
    lines = tuple(
        InboxLine(patient=str(row.patient_id), name=f"{row.given_name} {row.family_name}", n=row.n, since=row.since.astimezone(ZONE),
                  waited=words.waited(row.since, now), newest=row.newest, is_acting=row.is_acting)
        for row in found.rows
    )  # fmt: skip
    shell = await shell_of(request, parts, actor, section="messages")
    pages: Pages = parts.extras["pages"]
    return html(pages.page("steady/messages.html", shell, InboxView(lines=lines, as_of=now), now), policy(shell.nonce))


async def _shown(  # noqa: PLR0913 - one page
    request: AnyRequest, parts: Parts, actor: Actor, patient: UUID, *, fault: str = "", typed: str = "", answer: str = "",
    status: int = 200,
) -> Response[bytes]:  # fmt: skip
    found = await service.thread(parts.database, parts.reads, actor, request.scope["state"]["request_id"], patient)
    now = found.as_of.astimezone(ZONE)
    view = ThreadView(
        patient=str(patient), name=await head(parts.database, actor, patient), lines=tuple(_line(row, now) for row in found.rows),
        answer=answer or str(uuid7()), answer_by=None if found.reply.by is None else found.reply.by.astimezone(ZONE), typed=typed,
        fault=fault, as_of=now,
    )  # fmt: skip
    shell = await shell_of(request, parts, actor, section="messages")
    pages: Pages = parts.extras["pages"]
    return html(pages.page("steady/thread.html", shell, view, now), policy(shell.nonce), status=status)


@get("/patients/{patient_id:str}/messages", include_in_schema=False)
async def thread(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str]
) -> Response[bytes]:
    """One person's messages, newest first."""
    actor.must_be_staff()
    return await _shown(request, parts, actor, path_id(patient_id))


@post("/patients/{patient_id:str}/messages/{message_id:str}/{what:str}", include_in_schema=False, status_code=200)
async def press(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
    message_id: FromPath[str], what: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    """Answer, say that you act, or close; what was typed is never lost to a refusal."""
    actor.must_be_staff()
    patient, message = path_id(patient_id), path_id(message_id)
    form = await form_of(request)
    request_id = request.scope["state"]["request_id"]
    text = form.get("text", "").replace("\r\n", "\n")
    try:
        if what == "answer":
            await service.answer(parts.database, parts.reads, actor, request_id, patient, message, text)
        elif what == "act":
            await service.act(parts.database, parts.reads, actor, request_id, patient, message)
        elif what == "close":
            await service.close(parts.database, parts.reads, actor, request_id, patient, message, form.get("closing", ""))
        else:
            raise NotFound
    except (Conflict, Invalid) as error:
        fault, status = refused(error)
        # Sent again it is the same message, unless that id is another's.
        answer = str(message) if what == "answer" and not isinstance(error, IdReused) else ""
        return await _shown(request, parts, actor, patient, fault=fault, typed=text, answer=answer, status=status)
    return go(f"/patients/{patient}/messages")


ROUTES: Final[list[Any]] = [inbox, thread, press]

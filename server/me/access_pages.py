"""Who looked: everybody else's accesses in plain words, and "this looks odd" (F63, AUD-5)."""

from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Response

from domain.actor import Actor
from domain.errors import Invalid
from server.app_state import Parts
from server.audit import routes as audit
from server.auth.pages import go
from server.auth.routes import form_of
from server.consent.routes import asking
from server.http import AnyRequest, query_of
from server.me.pages import page
from server.me.shell import Person, must_be_patient, person_of, shell_of
from server.requests import request_id
from server.reviews import service
from server.reviews.routes import ReviewOut
from server.reviews.routes import shown as shown_review
from server.web.refused import refused

HERE: Final = "/me/access"
_PAGE: Final = 50
_SAME: Final = 300
"""Accesses of one person, in one way and for one reason, within so many seconds are one line."""


class AccessLine(msgspec.Struct, frozen=True, kw_only=True):
    """Who looked at what and why; `times` when the same was done again within minutes."""

    id: str
    who: str
    role: str
    organisation: str
    did: str
    why: str
    at: datetime
    times: int = 1


class AskedLine(msgspec.Struct, frozen=True, kw_only=True):
    """What is or was looked into."""

    title: str
    about: str
    at: datetime
    due_at: datetime
    answered_at: datetime | None
    answered_by: str
    answer: str


class AccessView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first."""

    lines: tuple[AccessLine, ...]
    asked: tuple[AskedLine, ...]
    next: str
    as_of: datetime
    fault: str = ""


def _lines(items: list[audit.AccessOut], person: Person) -> tuple[AccessLine, ...]:
    found: list[AccessLine] = []
    for one in items:
        line = AccessLine(
            id=one.id, who=one.who, role=one.role or "", organisation=one.organisation or "", did=f"{one.did} {one.what}",
            why=one.why, at=one.at.astimezone(person.zone),
        )  # fmt: skip
        last = found[-1] if found else None
        same = last is not None and (last.who, last.did, last.why) == (line.who, line.did, line.why)
        if last is not None and same and (last.at - line.at).total_seconds() < _SAME:
            found[-1] = msgspec.structs.replace(last, times=last.times + 1)
        else:
            found.append(line)
    return tuple(found)


def _asked(one: ReviewOut, person: Person) -> AskedLine:
    who, did = one.said.get("who", ""), one.said.get("did", "")
    return AskedLine(
        title=one.title, about=f"{who} {did}".strip() or (one.about or ""), at=one.opened_at.astimezone(person.zone),
        due_at=one.due_at.astimezone(person.zone),
        answered_at=None if one.answered_at is None else one.answered_at.astimezone(person.zone), answered_by=one.answered_by or "",
        answer=one.answer or "",
    )  # fmt: skip


async def _shown(  # noqa: PLR0913 - one page
    request: AnyRequest, parts: Parts, actor: Actor, *, cursor: str | None = None, fault: str = "", said: str = "", status: int = 200
) -> Response[bytes]:
    person = await person_of(parts, actor)
    found = await audit.looked(parts, actor, request_id(request.scope), cursor, _PAGE)
    asked = await service.mine(asking(request, actor, parts))
    view = AccessView(
        lines=_lines(found.items, person), asked=tuple(_asked(shown_review(row), person) for row in asked),
        next=found.next_cursor or "", as_of=found.as_of.astimezone(person.zone), fault=fault,
    )  # fmt: skip
    shell = shell_of(request, parts, person, section="access", said=said)
    return page(parts, "steady/me_access.html", shell, view, view.as_of, status=status)


@get("/me/access", include_in_schema=False)
async def access(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Who looked, when and why."""
    must_be_patient(actor)
    query = query_of(request.scope, {"cursor": str, "asked": str})
    said = "Somebody will look into it and answer within three working days." if "asked" in query else ""
    return await _shown(request, parts, actor, cursor=query.get("cursor"), said=said)


@post("/me/access/odd", include_in_schema=False, status_code=200)
async def odd(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """This looks odd: somebody must look and answer."""
    must_be_patient(actor)
    form = await form_of(request)
    try:
        await service.ask_about(asking(request, actor, parts), form.get("access", ""), form.get("said", "").replace("\r\n", "\n"))
    except Invalid as error:
        fault, status = refused(error)
        return await _shown(request, parts, actor, fault=fault, status=status)
    return go(f"{HERE}?asked=yes")


ROUTES: Final[list[Any]] = [access, odd]

"""HTTP and pages for codes shown once: the patient makes and ends them, whoever was shown one opens it without an account."""

import io
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import segno
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from markupsafe import Markup

from domain.actor import Actor
from domain.errors import Invalid, NotFound
from domain.people.facts import KEYS
from domain.sharing import consent
from server import clock
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import form_of
from server.consent.routes import Classes, asking
from server.desk.store import FactRow
from server.http import AnyRequest, body_of, path_id, query_of
from server.me.pages import line, page
from server.me.sharing_pages import choices_of, parts_of
from server.me.shell import must_be_patient, person_of, shell_of
from server.requests import request_id
from server.shares import service, store
from server.shares.views import CodeLine, CodesView, ShareFormView, SnapshotView
from server.web import words
from server.web.refused import refused

NO_STORE: Final = {"cache-control": "no-store"}
HERE: Final = "/me/codes"
_NOT_OPEN: Final = "This code does not open anything with that birth date: it may be over, taken back, or tried too often."


class Code(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Who it is for, which parts, for how many hours (24 at most)."""

    label: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    data_classes: Classes
    hours: Annotated[int, msgspec.Meta(ge=1, le=24)] = 24


class CodeOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The code in digits and as a link: told this once."""

    id: UUID
    code: str
    link: str
    expires_at: datetime


class ShareOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One code that was made, and who opened it."""

    id: UUID
    label: str
    data_classes: list[str]
    made_at: datetime
    expires_at: datetime
    is_over: bool
    openings: int
    last_opened_at: datetime | None
    last_opened_by: str | None


class SharesOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The newest first."""

    items: list[ShareOut]


def _link(parts: Parts, code: str) -> str:
    return f"{parts.extras['base']}/share?code={code}"


def _square(link: str) -> Markup:
    """The link as a square to scan: SVG of our own page, no styles in it."""
    made = io.BytesIO()
    segno.make(link, error="m", micro=False).save(made, kind="svg", xmldecl=False, svgns=True, scale=4, border=4, title="The code as a square")
    return Markup(made.getvalue().decode())  # noqa: S704 - drawn from digits


def _shown_code(code: str) -> str:
    return " ".join(code[place : place + 4] for place in range(0, service.CODE_DIGITS, 4))


def _typed_code(typed: str) -> str:
    code = typed.replace(" ", "").replace("-", "")
    return code if len(code) == service.CODE_DIGITS and code.isascii() and code.isdigit() else ""


@post("/v1/me/shares", status_code=201, operation_id="makeShare", summary="Make a code to show once", tags=["consent"],
      opt={"body": Code})  # fmt: skip
async def make(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[CodeOut]:
    """For A&E or a holiday: whoever is shown it sees these parts, for a day at most."""
    data = await body_of(request, Code)
    made = await service.make(asking(request, actor, parts), data.label, consent.classes(data.data_classes), data.hours)
    out = CodeOut(id=made.share, code=_shown_code(made.code), link=_link(parts, made.code), expires_at=made.expires_at)
    return Response(out, headers=NO_STORE)


@get("/v1/me/shares", operation_id="listShares", summary="My codes, and who opened them", tags=["consent"])
async def shares(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[SharesOut]:
    """Those of now and before."""
    query_of(request.scope, {})
    found = await service.mine(asking(request, actor, parts))
    items = [
        ShareOut(
            id=row.share_id, label=row.label, data_classes=[one.name.lower() for one in consent.known(row.data_classes)],
            made_at=row.made_at, expires_at=row.expires_at, is_over=row.is_over, openings=row.openings,
            last_opened_at=row.last_opened_at, last_opened_by=row.last_opened_by,
        )
        for row in found
    ]  # fmt: skip
    return Response(SharesOut(items=items), headers=NO_STORE)


@delete("/v1/me/shares/{share_id:str}", status_code=200, operation_id="endShare", summary="Take a code back", tags=["consent"])
async def end(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], share_id: FromPath[str]
) -> Response[None]:
    """It opens nothing from now on."""
    query_of(request.scope, {})
    await service.end(asking(request, actor, parts), path_id(share_id))
    return Response(None, headers=NO_STORE)


def _line(row: store.ShareRow, zone: ZoneInfo) -> CodeLine:
    return CodeLine(
        id=str(row.share_id), label=row.label, what=consent.words(consent.known(row.data_classes)) if row.data_classes else "nothing",
        made_at=row.made_at.astimezone(zone), expires_at=row.expires_at.astimezone(zone), is_over=row.is_over, openings=row.openings,
        last_at=None if row.last_opened_at is None else row.last_opened_at.astimezone(zone), last_by=row.last_opened_by or "",
    )  # fmt: skip


async def _codes(
    request: AnyRequest, parts: Parts, actor: Actor, *, made: service.Made | None = None, fault: str = "", status: int = 200
) -> Response[bytes]:
    person = await person_of(parts, actor)
    rows = await service.mine(asking(request, actor, parts))
    view = CodesView(lines=tuple(_line(row, person.zone) for row in rows), parts=choices_of(()), fault=fault)
    if made is not None:
        link = _link(parts, made.code)
        view = msgspec.structs.replace(view, code=_shown_code(made.code), link=link, square=_square(link),
                                       until=made.expires_at.astimezone(person.zone))  # fmt: skip
    shell = shell_of(request, parts, person, section="codes")
    return page(parts, "steady/me_codes.html", shell, view, clock.now().astimezone(person.zone), status=status)


@get("/me/codes", include_in_schema=False)
async def codes(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """The codes, and the form for a new one."""
    must_be_patient(actor)
    query_of(request.scope, {})
    return await _codes(request, parts, actor)


@post("/me/codes", include_in_schema=False, status_code=200)
async def new(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Make a code and show it this once."""
    must_be_patient(actor)
    form = await form_of(request)
    hours = form.get("hours", "24")
    try:
        wanted = int(hours) if hours.isascii() and hours.isdigit() and len(hours) < 3 else 0  # noqa: PLR2004 - the service says what is right
        made = await service.make(asking(request, actor, parts), form.get("label", ""), parts_of(form), wanted)
    except Invalid as error:
        fault, status = refused(error)
        return await _codes(request, parts, actor, fault=fault, status=status)
    return await _codes(request, parts, actor, made=made)


@post("/me/codes/{share_id:str}/end", include_in_schema=False, status_code=200)
async def ended(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], share_id: FromPath[str]
) -> Response[bytes]:
    """Take a code back."""
    must_be_patient(actor)
    await service.end(asking(request, actor, parts), path_id(share_id))
    return go(HERE)


def _form(request: AnyRequest, parts: Parts, view: ShareFormView, *, status: int = 200) -> Response[bytes]:
    return page(parts, "steady/share.html", shell_of(request, parts, None), view, status=status)


@get("/share", opt={"public": True}, include_in_schema=False)
async def share_form(request: AnyRequest, parts: NamedDependency[Parts]) -> Response[bytes]:
    """The form; a square that was scanned brings the code along."""
    query = query_of(request.scope, {"code": str})
    return _form(request, parts, ShareFormView(code=_typed_code(query.get("code", ""))))


@post("/share", opt={"public": True}, include_in_schema=False, status_code=200)
async def share(request: AnyRequest, parts: NamedDependency[Parts]) -> Response[bytes]:
    """What the code opens, this once; nothing stays behind in the browser."""
    form = await form_of(request)
    code, born, who = form.get("code", "")[:40], form.get("birth-on", "")[:40], form.get("who", "")[:200]
    view = ShareFormView(code=code, birth_on=born, who=who)
    try:
        found = await service.opened(parts, request_id(request.scope), _typed_code(code), _born(born), who)
    except NotFound:
        return _form(request, parts, msgspec.structs.replace(view, fault=_NOT_OPEN), status=404)
    except Invalid as error:
        fault, status = refused(error)
        return _form(request, parts, msgspec.structs.replace(view, fault=fault), status=status)
    zone = ZoneInfo(found.person.zone)
    now = clock.now().astimezone(zone)
    shown = SnapshotView(
        name=f"{found.person.given_name} {found.person.family_name}", born=words.date(found.birth_on),
        conditions=words.conditions(list(found.conditions)), known=tuple(_known(one) for one in found.facts),
        latest=tuple(line(row, zone) for row in found.latest), expires_at=found.expires_at.astimezone(zone), as_of=now,
    )  # fmt: skip
    return page(parts, "steady/snapshot.html", shell_of(request, parts, None), shown, now)


def _known(row: FactRow) -> str:
    key = KEYS.get(row.key)
    said = row.key if key is None else key.label
    return said if row.value == "yes" else f"{said}: {row.value} {key.unit if key else ''}".strip()


def _born(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise Invalid("The day the patient was born.", "/birthOn") from error


ROUTES: Final[list[Any]] = [make, shares, end, codes, new, ended, share_form, share]

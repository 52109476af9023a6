"""HTTP and pages for proxies: invited by the patient or recorded by a lead; and what they see of those for whom they act."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.errors import Conflict, Invalid, NotFound, StaleVersion
from domain.sharing import consent
from domain.sharing.proxies import Right
from server import clock
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import CODE_DIGITS, auth_of, form_of
from server.auth.service import PairingCode
from server.consent.routes import Classes, Instant, asking
from server.episodes.routes import Nothing
from server.http import AnyRequest, body_of, path_id, query_of
from server.me import store as own
from server.me.pages import line, page
from server.me.sharing_pages import choices_of, parts_of, until_of, version_of
from server.me.shell import must_be_patient, person_of, proxy_shell, shell_of
from server.me.views import LatestLine
from server.proxies import service, store
from server.proxies.service import Carer, Scoped
from server.requests import request_id
from server.web.refused import refused
from server.web.views import Choice

NO_STORE: Final = {"cache-control": "no-store"}
HERE: Final = "/me/carers"
_LATEST_OF: Final = timedelta(days=365)
_RIGHTS: Final = {
    Right.CONSENT: "because you let them", Right.PARENT: "as your parent", Right.ATTORNEY: "by a power of attorney",
    Right.DEPUTY: "appointed by a court",
}  # fmt: skip


class ProxyIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Who is to act: by name, or who acts for somebody already by their `proxyId`; which parts, until when, which text was agreed to."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    relationship: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    proxy_id: UUID | None = None
    data_classes: Classes
    may_write: bool = False
    to_at: Instant | None = None
    text_version: Annotated[int, msgspec.Meta(ge=1, le=9999)]


class RightIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A right by law, whose paper the asker saw: over whom, who, which, which parts, until when."""

    nhs_number: Annotated[str, msgspec.Meta(min_length=10, max_length=14)]
    birth_on: date
    right: Right
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    relationship: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    proxy_id: UUID | None = None
    data_classes: Classes
    may_write: bool = False
    to_at: Instant | None = None


class ProxyCodeOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The carer's id, and the code with which they sign in, once, within ten minutes."""

    id: UUID
    code: str
    expires_at: datetime


class ProxyOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who acts, by what right, what they see now, and when that is looked at again."""

    id: UUID
    name: str
    right: str
    relationship: str
    data_classes: list[str]
    may_write: bool
    to_at: datetime | None
    review_at: datetime
    ended_at: datetime | None


class ProxiesOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Those in force first."""

    items: list[ProxyOut]


class CaredOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody for whom the asker acts."""

    id: UUID
    name: str
    data_classes: list[str]
    may_write: bool


class CaredForOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """By name."""

    items: list[CaredOut]


def _names(numbers: list[int]) -> list[str]:
    return [one.name.lower() for one in consent.known(numbers)]


def _spaced(code: str) -> str:
    return " ".join(code[place : place + 4] for place in range(0, CODE_DIGITS, 4))


def _coded(proxy: UUID, made: PairingCode) -> Response[ProxyCodeOut]:
    return Response(ProxyCodeOut(id=proxy, code=_spaced(made.code), expires_at=made.expires_at), headers=NO_STORE)


def _said(name: str, summary: str, *, status: int = 200, body: type[msgspec.Struct] | None = None) -> dict[str, Any]:
    return {"operation_id": name, "summary": summary, "tags": ["proxies"], "status_code": status, "opt": {"body": body} if body else {}}


@post("/v1/me/proxies", **_said("inviteProxy", "Let somebody act for me", status=201, body=ProxyIn))
async def invite(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[ProxyCodeOut]:
    """They sign in as themselves with the code; each access says that it was them."""
    data = await body_of(request, ProxyIn)
    carer = Carer(name=data.name, relationship=data.relationship, proxy_id=data.proxy_id)
    scoped = Scoped(data_classes=consent.classes(data.data_classes), may_write=data.may_write, to_at=data.to_at)
    text = consent.agreed("proxy", data.text_version)
    return _coded(*await service.invite(asking(request, actor, parts), auth_of(parts), carer, scoped, text))


@get("/v1/me/proxies", **_said("listProxies", "Who acts for me"))
async def proxies(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[ProxiesOut]:
    """Those of now and before."""
    query_of(request.scope, {})
    items = [
        ProxyOut(
            id=row.proxy_id, name=row.name, right=row.basis, relationship=row.relationship, data_classes=_names(row.data_classes),
            may_write=row.may_write, to_at=row.to_at, review_at=row.review_at, ended_at=row.ended_at,
        )
        for row in await service.mine(asking(request, actor, parts))
    ]  # fmt: skip
    return Response(ProxiesOut(items=items), headers=NO_STORE)


@post("/v1/me/proxies/{proxy_id:str}/code", **_said("makeProxyCode", "Another code for them", status=201, body=Nothing))
async def code(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], proxy_id: FromPath[str]
) -> Response[ProxyCodeOut]:
    """For their next phone or browser."""
    wanted = path_id(proxy_id)
    await body_of(request, Nothing)
    return _coded(wanted, await service.code_for(asking(request, actor, parts), auth_of(parts), wanted))


@delete("/v1/me/proxies/{proxy_id:str}", **_said("endProxy", "They no longer act for me"))
async def end(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], proxy_id: FromPath[str]
) -> Response[None]:
    """They see nothing from now on."""
    query_of(request.scope, {})
    await service.end(asking(request, actor, parts), path_id(proxy_id))
    return Response(None, headers=NO_STORE)


@get("/v1/cared-for", **_said("listCaredFor", "For whom I act"))
async def cared_for(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[CaredForOut]:
    """Those whose record is open to the carer now."""
    query_of(request.scope, {})
    items = [
        CaredOut(id=row.patient_id, name=f"{row.given_name} {row.family_name}", data_classes=_names(row.data_classes), may_write=row.may_write)
        for row in await service.cared_for(asking(request, actor, parts))
    ]
    return Response(CaredForOut(items=items), headers=NO_STORE)


@post("/v1/proxies", **_said("recordProxy", "Record a parent, attorney or deputy", status=201, body=RightIn))
async def by_law(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[ProxyCodeOut]:
    """By a lead who saw the paper or the person; the patient is told, and the right is looked at again."""
    data = await body_of(request, RightIn)
    carer = Carer(name=data.name, relationship=data.relationship, proxy_id=data.proxy_id)
    scoped = Scoped(data_classes=consent.classes(data.data_classes), may_write=data.may_write, to_at=data.to_at)
    ask = asking(request, actor, parts)
    return _coded(*await service.by_law(ask, auth_of(parts), data.nhs_number, data.birth_on, data.right, carer, scoped))


class CarerLine(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who acts for the patient."""

    id: str
    name: str
    relationship: str
    right: str
    what: str
    may_write: bool
    to_at: datetime | None
    review_at: datetime
    is_open: bool
    may_stop: bool


class CarersView(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts for me, and the form to invite somebody. `code` is told this once."""

    lines: tuple[CarerLine, ...]
    parts: tuple[Choice, ...]
    text_title: str
    text_body: str
    text_version: int
    code: str = ""
    link: str = ""
    until: datetime | None = None
    fault: str = ""


class ForView(msgspec.Struct, frozen=True, kw_only=True):
    """What a carer sees of one person."""

    name: str
    what: str
    may_write: bool
    latest: tuple[LatestLine, ...]
    as_of: datetime


def _carer(row: store.RightRow, zone: ZoneInfo) -> CarerLine:
    is_open = bool(row.data_classes) and row.ended_at is None
    return CarerLine(
        id=str(row.proxy_id), name=row.name, relationship=row.relationship, right=_RIGHTS[Right(row.basis)],
        what=consent.words(consent.known(row.data_classes)) if row.data_classes else "", may_write=row.may_write,
        to_at=None if row.to_at is None else row.to_at.astimezone(zone), review_at=row.review_at.astimezone(zone), is_open=is_open,
        may_stop=is_open and row.basis == Right.CONSENT,
    )  # fmt: skip


async def _shown(
    request: AnyRequest, parts: Parts, actor: Actor, *, made: PairingCode | None = None, fault: str = "", status: int = 200
) -> Response[bytes]:
    person = await person_of(parts, actor)
    rows = await service.mine(asking(request, actor, parts))
    text = consent.current("proxy")
    view = CarersView(
        lines=tuple(_carer(row, person.zone) for row in rows), parts=choices_of(()), text_title=text.title, text_body=text.body,
        text_version=text.version, fault=fault, code="" if made is None else _spaced(made.code),
        link="" if made is None else f"{parts.extras['base']}/me/sign-in?code={made.code}",
        until=None if made is None else made.expires_at.astimezone(person.zone),
    )  # fmt: skip
    shell = shell_of(request, parts, person, section="carers")
    return page(parts, "steady/me_carers.html", shell, view, clock.now().astimezone(person.zone), status=status)


@get("/me/carers", include_in_schema=False)
async def carers(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Who acts for me."""
    must_be_patient(actor)
    query_of(request.scope, {})
    return await _shown(request, parts, actor)


@post("/me/carers", include_in_schema=False, status_code=200)
async def invited(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Invite somebody and show their code this once."""
    must_be_patient(actor)
    form = await form_of(request)
    person = await person_of(parts, actor)
    try:
        carer = Carer(name=form.get("name", ""), relationship=form.get("relationship", ""))
        scoped = Scoped(data_classes=parts_of(form), may_write="may-write" in form, to_at=until_of(form, person))
        text = consent.agreed("proxy", version_of(form))
        _, made = await service.invite(asking(request, actor, parts), auth_of(parts), carer, scoped, text)
    except (Invalid, StaleVersion, Conflict) as error:
        fault, status = refused(error)
        return await _shown(request, parts, actor, fault=fault, status=status)
    return await _shown(request, parts, actor, made=made)


@post("/me/carers/{proxy_id:str}/{what:str}", include_in_schema=False, status_code=200)
async def press(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], proxy_id: FromPath[str], what: FromPath[str]
) -> Response[bytes]:
    """Another code, or stop."""
    must_be_patient(actor)
    ask, wanted = asking(request, actor, parts), path_id(proxy_id)
    if what == "code":
        return await _shown(request, parts, actor, made=await service.code_for(ask, auth_of(parts), wanted))
    if what == "stop":
        await service.end(ask, wanted)
        return go(HERE)
    raise NotFound


@get("/me/for/{patient_id:str}", include_in_schema=False)
async def acting(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str]
) -> Response[bytes]:
    """What a carer sees of one person for whom they act."""
    query_of(request.scope, {})
    wanted = path_id(patient_id)
    rows = await service.cared_for(asking(request, actor, parts), wanted)
    if not rows:
        raise NotFound
    row, now = rows[0], clock.now()
    async with parts.database.begin(actor, one=wanted) as tx:
        latest = await own.LATEST.all(tx, wanted, own.SHOWN, now - _LATEST_OF, now + timedelta(days=1))
    await parts.reads.record(actor, wanted, "readings", request_id(request.scope), n=len(latest))
    zone = ZoneInfo(row.zone)
    view = ForView(
        name=f"{row.given_name} {row.family_name}", what=consent.words(consent.known(row.data_classes)), may_write=row.may_write,
        latest=tuple(line(one, zone) for one in latest), as_of=now.astimezone(zone),
    )  # fmt: skip
    return page(parts, "steady/me_for.html", await proxy_shell(request, parts, actor), view, view.as_of)


ROUTES: Final[list[Any]] = [invite, proxies, code, end, cared_for, by_law, carers, invited, press, acting]

"""A person's own pages: in with a one-time code, out again, and where everything begins."""

from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Response

from domain.actor import Actor, ActorKind
from domain.episodes.promise import WORDS, honest
from domain.errors import NotSignedIn
from domain.readings.kinds import BY_NO, SYMPTOM_LABEL
from domain.sharing import consent
from server import clock
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import auth_of, digits_of, form_of
from server.auth.sessions import OWN, OWN_PATH, cookie_of, drop_cookie, set_cookie
from server.care.words import said as watch_said
from server.consent.routes import asking
from server.episodes import service as episodes
from server.http import AnyRequest, header, query_of
from server.me import store
from server.me.shell import Person, must_be_patient, person_of, proxy_shell, shell_of
from server.me.views import CaredLine, CarerView, ConcernLine, EnterView, HomeView, LatestLine, TeamLine
from server.proxies import service as proxies
from server.requests import request_id
from server.web import words
from server.web.drawing import number
from server.web.layout import Pages, policy
from server.web.routes import html
from server.web.views import Rank

_WRONG: Final = "This code is not right, was used already, or is older than ten minutes. Ask your team for a new one."
_LATEST_OF: Final = timedelta(days=365)
_FOREIGN: Final = frozenset({b"cross-site", b"same-site"})


def page(parts: Parts, template: str, shell: Any, view: msgspec.Struct, now: Any = None, *, status: int = 200) -> Response[bytes]:  # noqa: ANN401
    """One page as the browser gets it."""
    pages: Pages = parts.extras["pages"]
    return html(pages.page(template, shell, view, now or clock.now()), policy(shell.nonce), status=status)


@get("/me/sign-in", opt={"public": True}, include_in_schema=False)
async def enter(request: AnyRequest, parts: NamedDependency[Parts]) -> Response[bytes]:
    """The form. A link or a square to scan may bring the code along; only the button uses it up."""
    query = query_of(request.scope, {"code": str})
    return page(parts, "steady/me_sign_in.html", shell_of(request, parts, None), EnterView(code=digits_of(query.get("code", "")) or ""))


@post("/me/sign-in", opt={"public": True}, include_in_schema=False, status_code=200)
async def opened(request: AnyRequest, parts: NamedDependency[Parts]) -> Response[bytes]:
    """A session begins. Never from a form of another site: nobody is to be signed in as somebody else without knowing."""
    if header(request.scope, b"sec-fetch-site") in _FOREIGN:
        raise NotSignedIn
    form = await form_of(request)
    code = digits_of(form.get("code", ""))
    cookie = None if code is None else await auth_of(parts).open(code)
    if cookie is None:
        return page(parts, "steady/me_sign_in.html", shell_of(request, parts, None), EnterView(fault=_WRONG), status=401)
    return go(OWN_PATH, {"set-cookie": set_cookie(OWN, cookie)})


@post("/me/sign-out", include_in_schema=False, status_code=200)
async def sign_out(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """End the session everywhere."""
    cookie = cookie_of(OWN, request.scope["headers"])
    if cookie is None:
        raise NotSignedIn
    await auth_of(parts).sign_out(actor, OWN, cookie)
    return go(f"{OWN_PATH}/sign-in", {"set-cookie": drop_cookie(OWN)})


@get("/me", include_in_schema=False)
async def home(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Who watches now, what was noticed and told, what was measured last."""
    query_of(request.scope, {})
    if actor.kind is ActorKind.PROXY:
        return await _carer_home(request, actor, parts)
    must_be_patient(actor)
    person = await person_of(parts, actor)
    found = await episodes.mine(parts.database, parts.reads, actor, request_id(request.scope))
    ready = await parts.ready()
    latest = await _latest(request, parts, actor)
    here, watching, is_current = person.zone, found.watching, ready["watching"]
    said = watch_said(watching, found.as_of.astimezone(here), is_current=is_current)
    view = HomeView(
        given_name=person.given_name, watching=said.who, meanwhile=said.meanwhile,
        teams=tuple(TeamLine(name=one.name, telephone=one.telephone, out_of_hours=one.out_of_hours) for one in watching.teams),
        concerns=tuple(_concern(one, person, is_current=is_current) for one in found.items), told=tuple(found.said),
        latest=tuple(line(row, person.zone) for row in latest), as_of=found.as_of.astimezone(here),
    )  # fmt: skip
    return page(parts, "steady/me_home.html", shell_of(request, parts, person, section="home"), view, view.as_of)


async def _carer_home(request: AnyRequest, actor: Actor, parts: Parts) -> Response[bytes]:
    """For whom a carer acts."""
    rows = await proxies.cared_for(asking(request, actor, parts))
    lines = tuple(
        CaredLine(id=str(row.patient_id), name=f"{row.given_name} {row.family_name}", what=consent.words(consent.known(row.data_classes)))
        for row in rows
    )
    shell = await proxy_shell(request, parts, actor)
    return page(parts, "steady/me_carer.html", shell, CarerView(carer=str(actor.id), lines=lines))


def _concern(one: episodes.Mine, person: Person, *, is_current: bool) -> ConcernLine:
    promised = honest(one.promise, is_current=is_current)
    return ConcernLine(
        rank=Rank.of(one.row.severity, emergency=one.row.emergency), is_open=one.row.closed_at is None,
        at=one.row.raised_at.astimezone(person.zone), seen=tuple(one.seen), said=tuple(one.said), plan=tuple(one.plan),
        next=WORDS[promised.what], next_by=None if promised.by is None else promised.by.astimezone(person.zone),
    )  # fmt: skip


async def _latest(request: AnyRequest, parts: Parts, actor: Actor) -> list[store.LatestRow]:
    now = clock.now()
    async with parts.database.begin(actor, one=actor.id) as tx:
        found = await store.LATEST.all(tx, actor.id, store.SHOWN, now - _LATEST_OF, now + timedelta(days=1))
    await parts.reads.record(actor, actor.id, "readings", request_id(request.scope), n=len(found))
    return found


def line(row: store.LatestRow, zone: ZoneInfo) -> LatestLine:
    """The newest of one kind, as people read it."""
    kind = BY_NO[row.kind]
    if kind.no == store.SYMPTOM:
        value = SYMPTOM_LABEL.get(int(row.value), "something else")
    else:
        value = f"{row.comparator or ''}{number(row.value, min(kind.places, 1))}"
        value += "" if row.value2 is None else f"/{number(row.value2, min(kind.places, 1))}"
        value = f"{value} {words.unit(kind.unit)}".strip()
    return LatestLine(label=kind.label, value=value, at=row.taken_at.astimezone(zone))


ROUTES: Final[list[Any]] = [enter, opened, sign_out, home]

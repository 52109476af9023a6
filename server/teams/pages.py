"""The page of a service: is anyone watching now exactly as patients see it, hours, closures, rota, and what holds outside hours."""

from datetime import datetime, time
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.episodes.calendar import Hours
from domain.episodes.escalation import Role
from domain.episodes.holidays import bank_holidays
from domain.errors import Conflict, FreshSignInNeeded, Invalid, NotFound
from domain.text import admit
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import form_of
from server.care.words import said
from server.episodes.pages import NOT_CURRENT, shell_of
from server.http import AnyRequest, path_id, query_of
from server.rules import service as rules
from server.teams import manage
from server.teams.service import of as watching_of
from server.teams.views import DayView, SpanView, TeamView
from server.web import words
from server.web.layout import Pages, policy
from server.web.refused import refused
from server.web.routes import html
from server.web.views import Choice

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DUTIES: Final = {"nurse": "nurse on duty", "deputy": "deputy", "lead": "lead on call"}
_HOLIDAYS: Final = 3


def _clock(at: time, *, ends: bool = False) -> str:
    return "24:00" if ends and at == time(0) else f"{at:%H:%M}"


def _day(no: int, hours: list[Hours]) -> DayView:
    here = sorted((one for one in hours if one.weekday == no), key=lambda one: one.opens)
    said = ", ".join(f"{_clock(one.opens)} to {_clock(one.closes, ends=True)}" for one in here) or "not staffed"
    first = here[0] if here else None
    return DayView(
        no=no, name=_DAYS[no], said=said, opens="" if first is None else _clock(first.opens),
        closes="" if first is None else _clock(first.closes), is_more=len(here) > 1,
    )  # fmt: skip


def _shift(found: manage.Whole, now: datetime) -> str:
    watch = found.watch
    if watch.is_on and watch.until is not None:
        return f"On shift until {words.when(watch.until.astimezone(now.tzinfo), now)}"
    if watch.opens_at is None:
        return "Out of hours, and no shift is planned in the next month"
    return f"Out of hours; the next shift begins {words.when(watch.opens_at.astimezone(now.tzinfo), now)}"


def _on_duty(found: manage.Whole) -> tuple[str, ...]:
    if found.now_on:
        return tuple(f"{one.name}, {_DUTIES.get(one.role, one.role)}" for one in found.now_on)
    return tuple(f"{one.name}, {one.job}" for one in found.members if one.job in {"nurse", "lead"})


def team_view(found: manage.Whole, teams: tuple[Choice, ...], *, is_current: bool, fault: str) -> TeamView:
    """All that the page shows."""
    zone = ZoneInfo(found.team.calendar.zone)
    now = found.as_of.astimezone(zone)
    act = f"/team/{found.team.id}"
    coming = sorted(one for year in (now.year, now.year + 1) for one in bank_holidays(found.team.calendar.region, year) if one >= now.date())
    return TeamView(
        id=str(found.team.id), name=found.team.name, teams=teams, is_on=found.watch.is_on, shift=_shift(found, now),
        patients_see=said(watching_of([found.team], found.as_of), now, is_current=is_current).text,
        lag="" if is_current else NOT_CURRENT, on_duty=_on_duty(found),
        by_job=not found.now_on, telephone=found.team.telephone, out_of_hours=found.team.out_of_hours,
        days=tuple(_day(no, list(found.team.calendar.hours)) for no in range(7)), holidays=tuple(map(words.date, coming[:_HOLIDAYS])),
        closures=tuple(
            SpanView(act=f"{act}/closures/{one.closure_id}/drop", said=one.reason or "closed", from_at=one.from_at.astimezone(zone),
                     to_at=one.to_at.astimezone(zone), is_now=one.from_at <= found.as_of < one.to_at)
            for one in found.closures),
        duties=tuple(
            SpanView(act=f"{act}/rota/{one.rota_id}/drop", said=f"{one.name}, {_DUTIES.get(one.role, one.role)}",
                     from_at=one.from_at.astimezone(zone), to_at=one.to_at.astimezone(zone), is_now=one.from_at <= found.as_of < one.to_at)
            for one in found.duties),
        members=tuple(Choice(value=str(one.staff_id), label=f"{one.name}, {one.job}") for one in found.members),
        may_change=found.may_change, fault=fault, as_of=now,
    )  # fmt: skip


async def _page(request: AnyRequest, parts: Parts, actor: Actor, team: UUID | None, *, fault: str = "", status: int = 200) -> Response[bytes]:
    async with parts.database.begin(actor) as tx:
        known = await rules.teams(tx, actor)
    here = next((row for row in known if team in {None, row.team_id}), None)
    if here is None:
        raise NotFound
    found = await manage.whole(parts.database, actor, here.team_id)
    ready = await parts.ready()
    choices = tuple(Choice(value=str(row.team_id), label=row.name, chosen=row.team_id == here.team_id) for row in known)
    view = team_view(found, choices, is_current=ready["watching"], fault=fault)
    shell = await shell_of(request, parts, actor, section="team")
    pages: Pages = parts.extras["pages"]
    return html(pages.page("steady/team.html", shell, view, view.as_of), policy(shell.nonce), status=status)


@get("/team", include_in_schema=False)
async def team(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Is anyone watching now, and who (F49)."""
    actor.must_be_staff()
    query: dict[str, Any] = query_of(request.scope, {"team": UUID})
    return await _page(request, parts, actor, query.get("team"))


def _time(text: str, pointer: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise Invalid("Type times as 08:00.", pointer) from error


def _hours(form: dict[str, str], before: manage.Whole) -> list[Hours]:
    """The hours of the form; a day with two shifts keeps its second one."""
    found: list[Hours] = []
    for no, name in enumerate(_DAYS):
        opens, closes = form.get(f"opens.{no}", "").strip(), form.get(f"closes.{no}", "").strip()
        more = sorted((one for one in before.team.calendar.hours if one.weekday == no), key=lambda one: one.opens)[1:]
        if not opens and not closes:
            continue
        if not opens or not closes:
            raise Invalid(f"{name}: say from when to when, or leave both empty.", f"/hours/{no}")
        found += [Hours(no, _time(opens, f"/hours/{no}/opens"), _time(closes, f"/hours/{no}/closes")), *more]
    return found


def _at(form: dict[str, str], name: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.fromisoformat(form.get(name, "")).replace(tzinfo=zone)
    except ValueError as error:
        raise Invalid("Choose the day and the time.", f"/{name}") from error


async def _change(parts: Parts, actor: Actor, request_id: UUID, team: UUID, what: str, form: dict[str, str]) -> None:
    before = await manage.whole(parts.database, actor, team)
    zone = ZoneInfo(before.team.calendar.zone)
    here = (parts.database, parts.reads, actor, request_id, team)
    if what == "hours":
        await manage.set_hours(*here, _hours(form, before), admit(form.get("telephone", ""), pointer="/telephone", most=40),
                               admit(form.get("out_of_hours", ""), pointer="/outOfHours", most=300))  # fmt: skip
    elif what == "closures":
        reason = admit(form.get("reason", "").strip(), pointer="/reason", most=200)
        await manage.close(*here, _at(form, "from", zone), _at(form, "to", zone), reason)
    elif what == "rota":
        role = form.get("role", "")
        if role not in _DUTIES:
            raise Invalid("Choose which duty.", "/role")
        await manage.put_on_duty(*here, path_id(form.get("staff", "")), Role(role), _at(form, "from", zone), _at(form, "to", zone))
    else:
        raise NotFound


async def _do(request: AnyRequest, parts: Parts, actor: Actor, team: UUID, what: str, one: UUID | None) -> Response[bytes]:
    actor.must_be_staff()
    form = await form_of(request)
    request_id: UUID = request.scope["state"]["request_id"]
    try:
        if one is None:
            await _change(parts, actor, request_id, team, what, form)
        elif what == "closures":
            await manage.reopen(parts.database, parts.reads, actor, request_id, team, one)
        elif what == "rota":
            await manage.take_off_duty(parts.database, parts.reads, actor, request_id, team, one)
        else:
            raise NotFound
    except (Invalid, Conflict, FreshSignInNeeded) as error:
        fault, status = refused(error)
        return await _page(request, parts, actor, team, fault=fault, status=status)
    return go(f"/team?team={team}")


@post("/team/{team_id:str}/{what:str}", include_in_schema=False, status_code=200)
async def change(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], team_id: FromPath[str],
                 what: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """Other hours, a closure, or a duty; then the page again."""
    return await _do(request, parts, actor, path_id(team_id), what, None)


@post("/team/{team_id:str}/{what:str}/{one_id:str}/drop", include_in_schema=False, status_code=200)
async def drop(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], team_id: FromPath[str],
               what: FromPath[str], one_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """Take a closure or a duty back."""
    return await _do(request, parts, actor, path_id(team_id), what, path_id(one_id))


ROUTES: Final[list[Any]] = [team, change, drop]

"""HTTP for a service's hours, closures and rota."""

from datetime import datetime, time
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.episodes.calendar import Hours
from domain.episodes.escalation import Role
from domain.text import admit
from server.app_state import Parts
from server.forms.wire import in_our_time
from server.http import AnyRequest, body_of, path_id, query_of
from server.requests import request_id
from server.teams import manage

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Clock = Annotated[time, msgspec.Meta(tz=False)]


class HoursIO(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Staffed on a weekday (0 is Monday) by the wall clock; closing at 00:00 is the end of that day."""

    weekday: Annotated[int, msgspec.Meta(ge=0, le=6)]
    opens: Clock
    closes: Clock


class HoursIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """All staffed hours, the number to ring, and what people do outside them."""

    hours: Annotated[list[HoursIO], msgspec.Meta(max_length=28)]
    telephone: Annotated[str, msgspec.Meta(max_length=40)]
    out_of_hours: Annotated[str, msgspec.Meta(max_length=300)]


class ClosureIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Closed from when to when, and why."""

    from_at: Instant
    to_at: Instant
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class DutyIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Who has which duty from when to when."""

    staff: UUID
    role: Role
    from_at: Instant
    to_at: Instant


class ClosureOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One closure."""

    id: UUID
    from_at: datetime
    to_at: datetime
    reason: str


class DutyOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One duty."""

    id: UUID
    staff: UUID
    name: str
    role: str
    from_at: datetime
    to_at: datetime


class ServiceMemberOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One member of the service."""

    staff: UUID
    name: str
    job: str


class ServiceOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One service: is it staffed now, until or from when, its hours, closures, rota and members."""

    id: UUID
    name: str
    is_on: bool
    until: datetime | None
    opens_at: datetime | None
    zone: str
    region: str
    telephone: str
    out_of_hours: str
    hours: list[HoursIO]
    closures: list[ClosureOut]
    rota: list[DutyOut]
    members: list[ServiceMemberOut]
    may_change: bool


def _answer(found: manage.Whole, status: int = 200) -> Response[ServiceOut]:
    team = found.team
    out = ServiceOut(
        id=team.id, name=team.name, is_on=found.watch.is_on, until=found.watch.until, opens_at=found.watch.opens_at,
        zone=team.calendar.zone, region=team.calendar.region, telephone=team.telephone, out_of_hours=team.out_of_hours,
        hours=[HoursIO(weekday=one.weekday, opens=one.opens, closes=one.closes) for one in team.calendar.hours],
        closures=[ClosureOut(id=one.closure_id, from_at=one.from_at, to_at=one.to_at, reason=one.reason) for one in found.closures],
        rota=[DutyOut(id=one.rota_id, staff=one.staff_id, name=one.name, role=one.role, from_at=one.from_at, to_at=one.to_at)
              for one in found.duties],
        members=[ServiceMemberOut(staff=one.staff_id, name=one.name, job=one.job) for one in found.members], may_change=found.may_change,
    )  # fmt: skip
    return Response(out, status_code=status, headers={"cache-control": "no-store"})


@get("/v1/teams/{team_id:str}", operation_id="getTeam", summary="A service's hours, closures and rota", tags=["teams"])
async def team(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
               team_id: FromPath[str]) -> Response[ServiceOut]:  # fmt: skip
    """Any service of the asker's organisation."""
    query_of(request.scope, {})
    return _answer(await manage.whole(parts.database, actor, path_id(team_id)))


@put("/v1/teams/{team_id:str}/hours", operation_id="setTeamHours", summary="When a service is staffed", tags=["teams"],
     opt={"body": HoursIn})  # fmt: skip
async def hours(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                team_id: FromPath[str]) -> Response[ServiceOut]:  # fmt: skip
    """From now on; clocks that run and promises to patients follow it. By the service's lead or an administrator."""
    data = await body_of(request, HoursIn)
    found = await manage.set_hours(
        parts.database, parts.reads, actor, request_id(request.scope), path_id(team_id),
        [Hours(one.weekday, one.opens, one.closes) for one in data.hours], admit(data.telephone, pointer="/telephone", most=40),
        admit(data.out_of_hours, pointer="/outOfHours", most=300),
    )  # fmt: skip
    return _answer(found)


@post("/v1/teams/{team_id:str}/closures", status_code=201, operation_id="closeTeam", summary="A service is closed for a while",
      tags=["teams"], opt={"body": ClosureIn})  # fmt: skip
async def close(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                team_id: FromPath[str]) -> Response[ServiceOut]:  # fmt: skip
    """Bank holidays of its region are known already."""
    data = await body_of(request, ClosureIn)
    return _answer(await manage.close(
        parts.database, parts.reads, actor, request_id(request.scope), path_id(team_id), in_our_time(data.from_at, "/fromAt"),
        in_our_time(data.to_at, "/toAt"), admit(data.reason, pointer="/reason", most=200)), 201)  # fmt: skip


@delete("/v1/teams/{team_id:str}/closures/{closure_id:str}", status_code=200, operation_id="reopenTeam", summary="Open after all",
        tags=["teams"])  # fmt: skip
async def reopen(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], team_id: FromPath[str],
                 closure_id: FromPath[str]) -> Response[ServiceOut]:  # fmt: skip
    """Take a closure back."""
    query_of(request.scope, {})
    return _answer(await manage.reopen(parts.database, parts.reads, actor, request_id(request.scope), path_id(team_id), path_id(closure_id)))


@post("/v1/teams/{team_id:str}/rota", status_code=201, operation_id="putOnDuty", summary="Put somebody on duty", tags=["teams"],
      opt={"body": DutyIn})  # fmt: skip
async def duty(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
               team_id: FromPath[str]) -> Response[ServiceOut]:  # fmt: skip
    """Where the rota names nobody, members answer by their job."""
    data = await body_of(request, DutyIn)
    return _answer(await manage.put_on_duty(
        parts.database, parts.reads, actor, request_id(request.scope), path_id(team_id), data.staff, data.role,
        in_our_time(data.from_at, "/fromAt"), in_our_time(data.to_at, "/toAt")), 201)  # fmt: skip


@delete("/v1/teams/{team_id:str}/rota/{duty_id:str}", status_code=200, operation_id="takeOffDuty", summary="Take somebody off duty",
        tags=["teams"])  # fmt: skip
async def off_duty(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], team_id: FromPath[str],
                   duty_id: FromPath[str]) -> Response[ServiceOut]:  # fmt: skip
    """They do not have this duty after all."""
    query_of(request.scope, {})
    return _answer(await manage.take_off_duty(parts.database, parts.reads, actor, request_id(request.scope), path_id(team_id),
                                              path_id(duty_id)))  # fmt: skip


ROUTES: Final[list[Any]] = [team, hours, close, reopen, duty, off_duty]

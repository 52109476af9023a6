"""What a lead can do about her service: hours, the words and the number outside them, closures, who is on duty."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, Scope
from domain.episodes import calendar
from domain.episodes.calendar import Hours
from domain.episodes.escalation import Role
from domain.episodes.notify import Team
from domain.errors import Conflict, Invalid, NotFound
from server import clock
from server.audit.chain import NOBODY
from server.audit.reads import Reads
from server.db import Database, Tx
from server.sql import Nothing, Query
from server.teams import store

AHEAD: Final = timedelta(days=366)
"""So far ahead closures and duties are planned."""


class OfRow(msgspec.Struct):
    """Whether the asker may change a service."""

    may: bool


class ClosureRow(msgspec.Struct):
    """When a service is closed besides weekends and bank holidays."""

    closure_id: UUID
    from_at: datetime
    to_at: datetime
    reason: str


class DutyRow(msgspec.Struct):
    """Who has which duty from when to when."""

    rota_id: UUID
    staff_id: UUID
    name: str
    role: str
    from_at: datetime
    to_at: datetime


class MemberRow(msgspec.Struct):
    """A member of a service, by job."""

    staff_id: UUID
    name: str
    job: str


class IdRow(msgspec.Struct):
    """What was changed."""

    id: UUID


ONE: Final = Query(
    store.TeamRow,
    """
    select t.team_id as patient_id, 0 as data_class, t.team_id, t.name, t.zone, t.region, t.telephone, t.out_of_hours,
           coalesce((select jsonb_agg(jsonb_build_object('weekday', h.weekday, 'opens', h.opens, 'closes', h.closes)
                                      order by h.weekday, h.opens)
                       from team_hours h where h.team_id = t.team_id), '[]')::text as hours,
           coalesce((select jsonb_agg(jsonb_build_object('start', c.from_at, 'end', c.to_at))
                       from closure c
                      where c.team_id = t.team_id and c.to_at > $1::timestamptz - interval '2 days'
                        and c.from_at < $1::timestamptz + interval '32 days'), '[]')::text as closures
      from team t
     where t.team_id = $2 and t.org_id = app_org()
    """,
)
MAY: Final = Query(OfRow, "select may_manage_team($1) as may")
CLOSURES: Final = Query(
    ClosureRow, "select closure_id, from_at, to_at, reason from closure where team_id = $1 and to_at > $2 order by from_at limit 100"
)
DUTIES: Final = Query(
    DutyRow,
    """
    select r.rota_id, r.staff_id, s.name, r.role, r.from_at, r.to_at
      from rota r join staff s on s.staff_id = r.staff_id
     where r.team_id = $1 and r.to_at > $2
     order by r.from_at, s.name
     limit 200
    """,
)
MEMBERS: Final = Query(
    MemberRow,
    """
    select s.staff_id, s.name, s.role as job
      from team_member m join staff s on s.staff_id = m.staff_id
     where m.team_id = $1 and m.from_at <= now() and (m.to_at is null or m.to_at > now())
     order by s.name
    """,
)
CHANGE: Final = Query(IdRow, "update team set telephone = $2, out_of_hours = $3 where team_id = $1 returning team_id as id")
DROP_HOURS: Final = Query(Nothing, "delete from team_hours where team_id = $1")
ADD_HOURS: Final = Query(
    Nothing, "insert into team_hours (org_id, team_id, weekday, opens, closes) values ($1, $2, $3, $4, $5)"
)
ADD_CLOSURE: Final = Query(
    Nothing, "insert into closure (org_id, closure_id, team_id, from_at, to_at, reason) values ($1, $2, $3, $4, $5, $6)"
)
DROP_CLOSURE: Final = Query(IdRow, "delete from closure where team_id = $1 and closure_id = $2 returning closure_id as id")
ADD_DUTY: Final = Query(
    Nothing, "insert into rota (org_id, rota_id, team_id, staff_id, role, from_at, to_at) values ($1, $2, $3, $4, $5, $6, $7)"
)
DROP_DUTY: Final = Query(IdRow, "delete from rota where team_id = $1 and rota_id = $2 returning rota_id as id")


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """One service as its lead plans it. `now_on`: who has which duty just now, as a notice would find them."""

    team: Team
    watch: calendar.Watch
    closures: list[ClosureRow]
    duties: list[DutyRow]
    members: list[MemberRow]
    may_change: bool
    as_of: datetime

    @property
    def now_on(self) -> list[DutyRow]:
        """Duties that the rota names for this instant."""
        return [one for one in self.duties if one.from_at <= self.as_of < one.to_at]


async def _whole(tx: Tx, team: UUID, now: datetime) -> Whole:
    row = await ONE.one(tx, now, team)
    may = await MAY.one(tx, team)
    if row is None:
        raise NotFound
    found = store.team_of(row)
    return Whole(
        team=found, watch=calendar.watch([found.calendar], now), closures=await CLOSURES.all(tx, team, now),
        duties=await DUTIES.all(tx, team, now), members=await MEMBERS.all(tx, team), may_change=may is not None and may.may, as_of=now,
    )  # fmt: skip


async def whole(database: Database, actor: Actor, team: UUID) -> Whole:
    """One service of the asker's organisation."""
    actor.must_be_staff()
    async with database.begin(actor) as tx:
        return await _whole(tx, team, clock.now())


async def _must_manage(tx: Tx, actor: Actor, team: UUID) -> None:
    actor.must(Scope.PEOPLE_MANAGE)
    may = await MAY.one(tx, team)
    if may is None or not may.may:
        raise NotFound


async def set_hours(  # noqa: PLR0913 - one service's hours
    database: Database, reads: Reads, actor: Actor, request_id: UUID, team: UUID, hours: Sequence[Hours], telephone: str, out_of_hours: str,
) -> Whole:  # fmt: skip
    """When it is staffed from now on, and what people are told and ring outside these hours. Raises Invalid with a pointer."""
    actor.must_be_staff()
    actor.must_be_fresh(clock.now())
    calendar.must_fit(hours)
    if not out_of_hours.strip():
        raise Invalid("Say what people do outside these hours: nobody is left without words.", "/outOfHours")
    async with database.begin(actor) as tx:
        await _must_manage(tx, actor, team)
        await CHANGE.one(tx, team, telephone.strip(), out_of_hours.strip())
        await DROP_HOURS.run(tx, team)
        for one in hours:
            await ADD_HOURS.run(tx, actor.org_id, team, one.weekday, one.opens, one.closes)
        found = await _whole(tx, team, clock.now())
        await reads.record(actor, NOBODY, "team-hours", request_id, action="U")
    return found


def _must_be_span(from_at: datetime, to_at: datetime, now: datetime) -> None:
    if to_at <= from_at:
        raise Invalid("It ends before it begins.", "/toAt")
    if to_at <= now or from_at > now + AHEAD:
        raise Invalid("It ends after now and begins within a year.", "/fromAt")


async def close(  # noqa: PLR0913 - one closure
    database: Database, reads: Reads, actor: Actor, request_id: UUID, team: UUID, from_at: datetime, to_at: datetime, reason: str,
) -> Whole:  # fmt: skip
    """The service is closed for a while; the out-of-hours route holds then. Bank holidays are known already."""
    actor.must_be_staff()
    now = clock.now()
    _must_be_span(from_at, to_at, now)
    async with database.begin(actor) as tx:
        await _must_manage(tx, actor, team)
        await ADD_CLOSURE.run(tx, actor.org_id, uuid7(), team, from_at, to_at, reason)
        found = await _whole(tx, team, now)
        await reads.record(actor, NOBODY, "team-closure", request_id, action="C")
    return found


async def reopen(database: Database, reads: Reads, actor: Actor, request_id: UUID, team: UUID, closure: UUID) -> Whole:
    """It is open after all."""
    actor.must_be_staff()
    async with database.begin(actor) as tx:
        await _must_manage(tx, actor, team)
        if await DROP_CLOSURE.one(tx, team, closure) is None:
            raise NotFound
        found = await _whole(tx, team, clock.now())
        await reads.record(actor, NOBODY, "team-closure", request_id, action="D")
    return found


async def put_on_duty(  # noqa: PLR0913 - one duty
    database: Database, reads: Reads, actor: Actor, request_id: UUID, team: UUID, staff: UUID, role: Role, from_at: datetime,
    to_at: datetime,
) -> Whole:  # fmt: skip
    """Somebody of the service has a duty for a while: nurse, deputy or lead."""
    actor.must_be_staff()
    now = clock.now()
    if role not in DUTIES_OF:
        raise Invalid("One of nurse, deputy, lead.", "/role")
    _must_be_span(from_at, to_at, now)
    async with database.begin(actor) as tx:
        await _must_manage(tx, actor, team)
        before = await _whole(tx, team, now)
        if staff not in {one.staff_id for one in before.members}:
            raise Invalid("Only members of the service are on its rota.", "/staff")
        if any(one.staff_id == staff and one.from_at < to_at and from_at < one.to_at for one in before.duties):
            raise Conflict("They have a duty in that time already.", "/fromAt")
        await ADD_DUTY.run(tx, actor.org_id, uuid7(), team, staff, role.value, from_at, to_at)
        found = await _whole(tx, team, now)
        await reads.record(actor, NOBODY, "team-rota", request_id, action="C")
    return found


DUTIES_OF: Final = (Role.NURSE, Role.DEPUTY, Role.LEAD)


async def take_off_duty(database: Database, reads: Reads, actor: Actor, request_id: UUID, team: UUID, duty: UUID) -> Whole:
    """They do not have this duty after all."""
    actor.must_be_staff()
    async with database.begin(actor) as tx:
        await _must_manage(tx, actor, team)
        if await DROP_DUTY.one(tx, team, duty) is None:
            raise NotFound
        found = await _whole(tx, team, clock.now())
        await reads.record(actor, NOBODY, "team-rota", request_id, action="D")
    return found

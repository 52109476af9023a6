"""What the lead of an organisation does for its groups: founds them, says who looks after them, and plans the duty."""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from domain.actor import Actor, Scope
from domain.errors import Conflict, Invalid, NotFound
from domain.text import admit
from server import clock
from server.app_state import Parts
from server.audit.chain import NOBODY
from server.db import Database, Role
from server.groups import cases, cases_store
from server.groups.peers import Peers, fresh
from server.sql import Nothing, Query

AHEAD: Final = timedelta(days=366)
LONGEST: Final = timedelta(days=14)


class NewGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group to be founded; one that is not open is found with its invitation only."""

    name: str
    purpose: str
    about: str
    topic: str
    closes_on: date
    is_open: bool = True
    invitation: str = ""
    capacity: int = 200
    ages: str = "adult"


class StaffRow(msgspec.Struct):
    """A member of staff, by job."""

    staff_id: UUID
    name: str
    role: str


ANY: Final = Query(cases_store.IdRow, "select group_id as id from peer_group where state <> 'closed' limit 1")
STAFF: Final = Query(StaffRow, "select staff_id, name, role from staff where org_id = app_org() order by name, staff_id limit 500")
ADD_GROUP: Final = Query(
    Nothing,
    """
    insert into peer_group (group_id, org_id, name, purpose, about, topic, is_open, invite, capacity, ages, closes_on)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    """,
)
ADD_MODERATOR: Final = Query(
    cases_store.IdRow,
    """
    insert into group_moderator (org_id, group_id, staff_id, role, name)
    select s.org_id, $1, s.staff_id, $3, s.name from staff s
     where s.staff_id = $2 and s.org_id = app_org() and ($3::text <> 'nurse' or s.role in ('nurse', 'lead'))
    on conflict do nothing
    returning staff_id as id
    """,
)
DROP_MODERATOR: Final = Query(
    cases_store.IdRow, "delete from group_moderator where group_id = $1 and staff_id = $2 returning staff_id as id"
)
ADD_DUTY: Final = Query(
    cases_store.IdRow,
    """
    insert into group_duty (org_id, duty_id, staff_id, role, from_at, to_at)
    select app_org(), $1, s.staff_id, $3, $4, $5 from staff s
     where s.staff_id = $2 and s.org_id = app_org() and ($3::text <> 'clinician' or s.role in ('nurse', 'lead'))
    returning duty_id as id
    """,
)
DROP_DUTY: Final = Query(cases_store.IdRow, "delete from group_duty where duty_id = $1 and org_id = app_org() returning duty_id as id")


async def has_any(database: Database) -> bool:
    """Whether there is a group that is not closed: then somebody has to answer for it (PGS-2)."""
    async with database.begin_as(Role.WORKER) as tx:
        return await ANY.one(tx) is not None


def _must(actor: Actor) -> None:
    actor.must_be_staff()
    actor.must(Scope.PEOPLE_MANAGE)


async def found(parts: Parts, actor: Actor, request_id: UUID, new: NewGroup) -> UUID:
    """Found a group; it takes posts once somebody is on duty, and holds them all until then (PGS-3)."""
    _must(actor)
    name, purpose = admit(new.name.strip(), pointer="/name", most=80), admit(new.purpose.strip(), pointer="/purpose", most=500)
    topic = admit(new.topic.strip(), pointer="/topic", most=80)
    least = 3
    for text, pointer in ((name, "/name"), (purpose, "/purpose"), (topic, "/topic")):
        if len(text) < least:
            raise Invalid(f"At least {least} characters.", pointer)
    if new.about not in {"condition", "place"} or new.ages not in {"adult", "young"}:
        raise Invalid("About a condition or a place; for adults or for young people.", "/about")
    if not clock.now().date() < new.closes_on <= clock.now().date() + 3 * AHEAD:
        raise Invalid("It closes after today and within three years.", "/closesOn")
    if new.is_open == bool(new.invitation):
        raise Invalid("A group that is not open has an invitation, an open one has none.", "/invitation")
    group = fresh()
    async with cases.desk(parts, actor) as tx:
        await ADD_GROUP.run(tx, group, actor.org_id, name, purpose, new.about, topic, new.is_open,
                            Peers.invite(new.invitation) if new.invitation else None, new.capacity, new.ages, new.closes_on)  # fmt: skip
        await parts.reads.record(actor, NOBODY, "group-setup", request_id, action="C")
    return group


async def appoint(parts: Parts, actor: Actor, request_id: UUID, group: UUID, staff: UUID, role: str) -> None:
    """Somebody of the organisation looks after a group, as a nurse or a volunteer."""
    _must(actor)
    if role not in {"nurse", "volunteer"}:
        raise Invalid("As nurse or volunteer.", "/role")
    async with cases.desk(parts, actor) as tx:
        if await ADD_MODERATOR.one(tx, group, staff, role) is None:
            raise NotFound
        await parts.reads.record(actor, NOBODY, "group-setup", request_id, action="U")


async def release(parts: Parts, actor: Actor, request_id: UUID, group: UUID, staff: UUID) -> None:
    """They look after it no more."""
    _must(actor)
    async with cases.desk(parts, actor) as tx:
        if await DROP_MODERATOR.one(tx, group, staff) is None:
            raise NotFound
        await parts.reads.record(actor, NOBODY, "group-setup", request_id, action="U")


async def put_on_duty(  # noqa: PLR0913 - one duty
    parts: Parts, actor: Actor, request_id: UUID, staff: UUID, role: str, from_at: datetime, to_at: datetime
) -> UUID:
    """Somebody watches over all groups of the organisation for a while: a clinician may open a name alone in a crisis."""
    _must(actor)
    now = clock.now()
    if role not in {"clinician", "moderator"}:
        raise Invalid("As clinician or moderator.", "/role")
    if not from_at < to_at <= from_at + LONGEST or to_at <= now or from_at > now + AHEAD:
        raise Invalid("It ends after now, begins within a year and lasts fourteen days at most.", "/toAt")
    duty = fresh()
    async with cases.desk(parts, actor) as tx:
        before = await cases_store.DUTIES.all(tx, now)
        if any(one.staff_id == staff and one.from_at < to_at and from_at < one.to_at for one in before):
            raise Conflict("They have a duty in that time already.", "/fromAt")
        if await ADD_DUTY.one(tx, duty, staff, role, from_at, to_at) is None:
            raise NotFound
        await parts.reads.record(actor, NOBODY, "group-duty", request_id, action="C")
    return duty


async def staff(parts: Parts, actor: Actor) -> list[StaffRow]:
    """Everybody of the organisation who can look after groups."""
    async with cases.desk(parts, actor) as tx:
        return await STAFF.all(tx)


async def duties(parts: Parts, actor: Actor) -> tuple[list[cases_store.DutyRow], datetime]:
    """Who watches from now on, and the instant at which that was so."""
    now = clock.now()
    async with cases.desk(parts, actor) as tx:
        return await cases_store.DUTIES.all(tx, now), now


async def take_off_duty(parts: Parts, actor: Actor, request_id: UUID, duty: UUID) -> None:
    """They do not watch after all; where nobody does, posts wait."""
    _must(actor)
    async with cases.desk(parts, actor) as tx:
        if await DROP_DUTY.one(tx, duty) is None:
            raise NotFound
        await parts.reads.record(actor, NOBODY, "group-duty", request_id, action="D")

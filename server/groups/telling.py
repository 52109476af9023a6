"""Tells whoever is on duty of a post that waits, and goes on telling until somebody takes it (PGS-3, ALP-4).

What is sent says that there is something, never what, whose or where (INV-18). Send first, mark after, the same key each time (INV-6).
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec
import structlog
from uuid_utils.compat import uuid7

from domain.episodes.notify import LOG, Reach
from domain.groups import ladder
from domain.groups.ladder import Climb, Whom
from domain.groups.moderation import CRISIS
from server.db import Database, Role, Tx
from server.groups.peers import fresh
from server.notices.notifier import Message, Notifier
from server.sql import Nothing, Query

logger = structlog.get_logger("groups")

LEASE_S: Final = 30
AT_ONCE: Final = 50
SENDING: Final = 8
"""Cases told of at the same time."""
RETRY: Final = timedelta(seconds=5)
"""No channel took it: tried again so soon, and the ladder's next step comes in its time all the same."""


class CaseRow(msgspec.Struct):
    """A case whose next step is due."""

    group_id: UUID
    case_id: UUID
    org_id: UUID
    level: int
    since: datetime
    state: str
    told: int
    at: datetime


class PersonRow(msgspec.Struct):
    """Somebody who may be told: by which right, and how."""

    staff_id: UUID
    name: str
    whom: str
    contacts: str


# Taken and not decided in time: it comes back to everybody and the ladder begins anew.
BACK: Final = Query(
    Nothing,
    """
    update moderation_case set state = 'open', taken_by = null, since = notify_at, told = 0, version = version + 1
     where state = 'taken' and notify_at <= coalesce($1::timestamptz, now())
    """,
)
CLAIM: Final = Query(
    CaseRow,
    """
    with mine as (
        update moderation_case c set lease_owner = $1, lease_until = now() + make_interval(secs => $2::integer)
         where (c.group_id, c.case_id) in (
                   select w.group_id, w.case_id from moderation_case w
                    where w.notify_at <= coalesce($4::timestamptz, now()) and w.state in ('open', 'appealed')
                      and (w.lease_until is null or w.lease_until < now())
                    order by w.level desc, w.notify_at
                    limit $3 for update skip locked)
        returning c.group_id, c.case_id, c.level, c.since, c.state, c.told)
    select m.group_id, m.case_id, g.org_id, m.level::integer as level, m.since, m.state, m.told,
           coalesce($4::timestamptz, now()) as at
      from mine m join peer_group g on g.group_id = m.group_id
     order by m.level desc, m.since
    """,
)
PEOPLE: Final = Query(
    PersonRow,
    """
    select s.staff_id, s.name, w.whom,
           coalesce((select jsonb_agg(jsonb_build_object('channel', c.channel, 'address', c.address) order by c.place)
                       from contact c where c.staff_id = s.staff_id), '[]')::text as contacts
      from (select d.staff_id, 'duty' as whom from group_duty d where d.org_id = $2 and d.from_at <= $3 and d.to_at > $3
            union
            select m.staff_id, 'moderators' from group_moderator m where m.group_id = $1
            union
            select l.staff_id, 'leads' from staff l where l.org_id = $2 and l.role in ('lead', 'admin')) as w
      join staff s on s.staff_id = w.staff_id
      join principal p on p.principal_id = s.staff_id and p.ended_at is null
     order by s.staff_id, w.whom
    """,
)
EVENT: Final = Query(
    Nothing,
    """
    insert into case_event (group_id, event_id, case_id, at, what, by_staff, by_name, reason)
    values ($1, $2, $3, $4, $5, null, 'Steady', $6)
    """,
)
MARK: Final = Query(
    Nothing,
    """
    update moderation_case set told = $4, notify_at = $5, lease_owner = null, lease_until = null
     where group_id = $1 and case_id = $2 and lease_owner = $3 and state in ('open', 'appealed')
    """,
)
_REACHES: Final = msgspec.json.Decoder(list[Reach])


class _Telling(msgspec.Struct, frozen=True, kw_only=True):
    """One step of one case: who is told, each with all of their channels, the first to try in front."""

    case: CaseRow
    climb: Climb
    people: dict[UUID, tuple[str, list[Reach]]]


class Teller:
    """Takes the due steps, for one worker process."""

    def __init__(self, database: Database, channels: Mapping[str, Notifier], *, url: str, brand: str) -> None:
        self._database = database
        self._channels = channels
        self._url = url
        self._brand = brand
        self._id = uuid7()

    async def run(self, at: datetime | None = None) -> int:
        """One round; how many steps were taken. `at` replaces the database's clock, for tests only."""
        async with self._database.begin_as(Role.WORKER) as tx:
            await BACK.run(tx, at)
            cases = await CLAIM.all(tx, self._id, LEASE_S, AT_ONCE, at)
            planned = [await self._planned(tx, case) for case in cases]
        room = asyncio.Semaphore(SENDING)
        await asyncio.gather(*(self._tell(room, one) for one in planned))
        return len(planned)

    async def _tell(self, room: asyncio.Semaphore, one: _Telling) -> None:
        async with room:
            told = [(name, await self._reach(one, person, reaches)) for person, (name, reaches) in one.people.items()]
        await self._mark(one, told)

    @staticmethod
    async def _planned(tx: Tx, case: CaseRow) -> _Telling:
        found = await PEOPLE.all(tx, case.group_id, case.org_id, case.at)
        climb = ladder.climb(case.level, case.since, case.told, case.at, {Whom(row.whom) for row in found})
        people: dict[UUID, tuple[str, list[Reach]]] = {}
        for row in found:
            if row.whom in climb.whom:
                reaches = _REACHES.decode(row.contacts) or [LOG]
                first = (climb.place - 1) % len(reaches)
                people[row.staff_id] = (row.name, [*reaches[first:], *reaches[:first]])
        return _Telling(case=case, climb=climb, people=people)

    async def _reach(self, one: _Telling, person: UUID, reaches: Sequence[Reach]) -> str:
        """By which of their channels it was taken; empty when by none."""
        word = "1 urgent in a peer group" if one.case.level == CRISIS else "something to look at in a peer group"
        code = ""
        for reach in reaches:
            channel = self._channels.get(reach.channel)
            if channel is None:
                continue
            key = uuid5(NAMESPACE_OID, f"{one.case.case_id}:{one.case.since.isoformat()}:{one.climb.told}:{person}:{reach.channel}")
            said = await channel.send(Message(
                id=key, address=reach.address, subject=f"{self._brand}: {word}", body=f"{word[0].upper()}{word[1:]}.",
                link=f"{self._url}/moderation", urgent=one.case.level == CRISIS,
            ))  # fmt: skip
            if said.state == "accepted":
                return reach.channel
            code = said.code
        logger.warning("notice.failed", topic="peer-group", code=code)
        return ""

    async def _mark(self, one: _Telling, told: Sequence[tuple[str, str]]) -> None:
        case, reached = one.case, [f"{name} by {channel}" for name, channel in told if channel]
        if not reached:
            # Nobody hears of it here, so whoever runs the service must; the watch counts it too.
            logger.error("notice.nobody", topic="peer-group", reason="no channel took it" if told else "nobody to tell")
        async with self._database.begin_as(Role.WORKER) as tx:
            if reached:
                await EVENT.run(tx, case.group_id, fresh(), case.case_id, case.at, "told", ", ".join(reached))
                await MARK.run(tx, case.group_id, case.case_id, self._id, one.climb.told, one.climb.next_at)
            else:
                again = case.at + RETRY
                await MARK.run(tx, case.group_id, case.case_id, self._id, case.told, again)

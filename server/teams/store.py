"""The SQL of teams: staffed hours and closures of those who look after a patient, and who is on duty."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.episodes.calendar import Calendar, Hours, Span
from domain.episodes.holidays import Region
from domain.episodes.notify import Member, Reach, Team
from server.db import Tx
from server.sql import Query


class TeamRow(msgspec.Struct):
    """A team that a patient shares a class of data with; its hours and closures as JSON."""

    patient_id: UUID
    data_class: int
    team_id: UUID
    name: str
    zone: str
    region: str
    telephone: str
    out_of_hours: str
    hours: str
    closures: str


class WatchingRow(TeamRow):
    """The same, or one member of it whom the patient chose in person: then nobody else of the team may look."""

    chosen: UUID | None = None


class MemberRow(msgspec.Struct):
    """A member of a team, their duty now if the rota names one, and how they are reached."""

    team_id: UUID
    staff_id: UUID
    name: str
    job: str
    duty: str | None
    contacts: str


class ReachRow(msgspec.Struct):
    """How a team is reached outside its hours."""

    team_id: UUID
    contacts: str


TEAMS: Final = Query(
    WatchingRow,
    """
    select distinct w.patient_id, w.data_class::integer as data_class, t.team_id, t.name, t.zone, t.region, t.telephone, t.out_of_hours,
           coalesce((select jsonb_agg(jsonb_build_object('weekday', h.weekday, 'opens', h.opens, 'closes', h.closes))
                       from team_hours h where h.team_id = t.team_id), '[]')::text as hours,
           coalesce((select jsonb_agg(jsonb_build_object('start', c.from_at, 'end', c.to_at))
                       from closure c
                      where c.team_id = t.team_id and c.to_at > $3::timestamptz - interval '2 days'
                        and c.from_at < $3::timestamptz + interval '32 days'), '[]')::text as closures,
           g.chosen
      from unnest($1::uuid[], $2::smallint[]) as w (patient_id, data_class)
      cross join lateral (
           select a.team_id, a.grantee_id as chosen from access_grant a
            where a.patient_id = w.patient_id and w.data_class = any (a.data_classes)
              and a.basis = 'grant' and a.from_at <= $3 and (a.to_at is null or a.to_at > $3)) as s
      cross join lateral (
           select s.team_id, null::uuid as chosen where s.team_id is not null
           union all
           select m.team_id, m.staff_id from team_member m
            where $4::boolean and m.staff_id = s.chosen and m.from_at <= $3 and (m.to_at is null or m.to_at > $3)) as g
      join team t on t.team_id = g.team_id
     order by w.patient_id, data_class, t.team_id, g.chosen
    """,
)
MINE: Final = Query(
    TeamRow,
    """
    select m.staff_id as patient_id, 0 as data_class, t.team_id, t.name, t.zone, t.region,
           t.telephone, t.out_of_hours,
           coalesce((select jsonb_agg(jsonb_build_object('weekday', h.weekday, 'opens', h.opens, 'closes', h.closes))
                       from team_hours h where h.team_id = t.team_id), '[]')::text as hours,
           coalesce((select jsonb_agg(jsonb_build_object('start', c.from_at, 'end', c.to_at))
                       from closure c
                      where c.team_id = t.team_id and c.to_at > $1::timestamptz - interval '2 days'
                        and c.from_at < $1::timestamptz + interval '32 days'), '[]')::text as closures
      from team_member m join team t on t.team_id = m.team_id
     where m.staff_id = app_principal() and m.from_at <= $1 and (m.to_at is null or m.to_at > $1)
     order by t.team_id
    """,
)
MEMBERS: Final = Query(
    MemberRow,
    """
    select m.team_id, s.staff_id, s.name, s.role as job,
           (select r.role from rota r
             where r.team_id = m.team_id and r.staff_id = m.staff_id and r.from_at <= $2 and r.to_at > $2
             order by r.from_at desc limit 1) as duty,
           coalesce((select jsonb_agg(jsonb_build_object('channel', c.channel, 'address', c.address) order by c.place)
                       from contact c where c.staff_id = s.staff_id), '[]')::text as contacts
      from team_member m
      join staff s on s.staff_id = m.staff_id
      join principal p on p.principal_id = s.staff_id and p.ended_at is null
     where m.team_id = any ($1::uuid[]) and m.from_at <= $2 and (m.to_at is null or m.to_at > $2)
     order by m.team_id, s.staff_id
    """,
)
ROUTES: Final = Query(
    ReachRow,
    """
    select c.team_id, jsonb_agg(jsonb_build_object('channel', c.channel, 'address', c.address) order by c.place)::text as contacts
      from contact c
     where c.team_id = any ($1::uuid[])
     group by c.team_id
    """,
)
_HOURS: Final = msgspec.json.Decoder(list[Hours])
_SPANS: Final = msgspec.json.Decoder(list[Span])
_REACHES: Final = msgspec.json.Decoder(list[Reach])


def team_of(row: TeamRow, members: Sequence[MemberRow] = (), route: ReachRow | None = None) -> Team:
    """A stored team as the domain knows it."""
    chosen = row.chosen if isinstance(row, WatchingRow) else None
    return Team(
        id=row.team_id, chosen=chosen is not None, name=row.name, telephone=row.telephone, out_of_hours=row.out_of_hours,
        calendar=Calendar(
            zone=row.zone, region=Region(row.region), hours=tuple(_HOURS.decode(row.hours)),
            closures=tuple(_SPANS.decode(row.closures)),
        ),
        members=tuple(
            Member(id=one.staff_id, job=one.job, duty=one.duty, reaches=tuple(_REACHES.decode(one.contacts)))
            for one in members if chosen in (None, one.staff_id)
        ),
        out_of_hours_reaches=() if route is None else tuple(_REACHES.decode(route.contacts)),
    )  # fmt: skip


async def _looking_after(tx: Tx, wanted: Sequence[tuple[UUID, int]], now: datetime, *, chosen: bool) -> list[WatchingRow]:
    return await TEAMS.all(tx, [patient for patient, _ in wanted], [data_class for _, data_class in wanted], now, chosen)


async def teams(
    tx: Tx, wanted: Sequence[tuple[UUID, int]], now: datetime, *, chosen: bool = False
) -> dict[tuple[UUID, int], list[Team]]:
    """The teams that look after each (patient, data class), with hours only; `chosen`: and of those whom a patient chose in person."""
    rows = await _looking_after(tx, wanted, now, chosen=chosen)
    found: dict[tuple[UUID, int], list[Team]] = {}
    for row in rows:
        found.setdefault((row.patient_id, row.data_class), []).append(team_of(row))
    return found


async def duty(tx: Tx, wanted: Sequence[tuple[UUID, int]], now: datetime) -> dict[tuple[UUID, int], list[Team]]:
    """The same with their members, who is on duty, and the route outside hours; and whom the patient chose in person, by their teams."""
    rows = await _looking_after(tx, wanted, now, chosen=True)
    ids = list({row.team_id for row in rows})
    members = await MEMBERS.all(tx, ids, now)
    routes = {row.team_id: row for row in await ROUTES.all(tx, ids)}
    found: dict[tuple[UUID, int], list[Team]] = {}
    for row in rows:
        mine = [one for one in members if one.team_id == row.team_id]
        found.setdefault((row.patient_id, row.data_class), []).append(team_of(row, mine, routes.get(row.team_id)))
    return found

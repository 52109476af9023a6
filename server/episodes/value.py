"""What each rule is worth in a team, from the outcomes that nurses named; and the budget that puts noisy rules into the shadow."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.episodes.value import MOST_MINUTES, Caseload, RuleValue, over_budget
from server.db import Database, Role, Tx
from server.sql import Nothing, Query

DAYS: Final = 28
BY: Final = "budget"


class CountRow(msgspec.Struct):
    """How many people a team looks after, with a condition or (empty) in all."""

    condition: str
    people: int


class TeamRow(msgspec.Struct):
    """A team."""

    team_id: UUID


class ModeRow(msgspec.Struct):
    """A rule that went into the shadow just now."""

    mode_id: UUID


# Each concern counts once for each rule that raised it; what nobody labelled counts as raised only.
VALUE: Final = Query(
    RuleValue,
    """
    with concern as (
        select f.rule, e.patient_id, e.id, e.closed_how, e.result, e.dismiss_reason, e.acknowledged_at, e.closed_at,
               max(f.severity) >= 2 and e.severity >= 2 as is_task
          from access_grant g
          join episode e on e.patient_id = g.patient_id and e.data_class = any (g.data_classes)
          join flag f on f.patient_id = e.patient_id and f.episode = e.id
         where g.team_id = $1 and g.from_at <= $3 and (g.to_at is null or g.to_at > $3)
           and e.opened_at >= $2 and e.opened_at < $3
         group by f.rule, e.patient_id, e.id)
    select rule, (count(*) filter (where is_task))::integer as flags, (count(*) filter (where not is_task))::integer as notes,
           count(distinct patient_id)::integer as people,
           (count(*) filter (where is_task and (result in ('advice_given', 'medicine_changed', 'visit', 'admitted')
               or (result = 'no_action_needed' and dismiss_reason in ('known', 'acted')))))::integer as confirmed,
           (count(*) filter (where is_task and ((result = 'false_alarm' and dismiss_reason is distinct from 'duplicate')
               or (result = 'no_action_needed' and dismiss_reason in ('measurement_error', 'expected')))))::integer as false,
           (count(*) filter (where is_task and result = 'advice_given'))::integer as advice,
           (count(*) filter (where is_task and result = 'medicine_changed'))::integer as medicine,
           (count(*) filter (where is_task and result = 'visit'))::integer as visits,
           (count(*) filter (where is_task and result = 'admitted'))::integer as admitted,
           (count(*) filter (where is_task and closed_how = 'resolved' and result is null))::integer as self_resolved,
           coalesce(sum(least(extract(epoch from closed_at - acknowledged_at) / 60, $4::integer))
               filter (where is_task and result is not null and acknowledged_at is not null), 0)::integer as minutes
      from concern
     group by rule
     order by rule
    """,
)
CASELOAD: Final = Query(
    CountRow,
    """
    with mine as (
        select distinct g.patient_id from access_grant g
         where g.team_id = $1 and g.from_at <= $2 and (g.to_at is null or g.to_at > $2))
    select '' as condition, count(*)::integer as people from mine
    union all
    select c.code, count(*)::integer from mine join patient_condition c on c.patient_id = mine.patient_id group by c.code
    """,
)
TEAMS: Final = Query(TeamRow, "select team_id from team order by team_id")
ADD_SHADOW: Final = Query(
    ModeRow,
    """
    insert into rule_mode (mode_id, rule, team_id, mode, from_at, by, reason)
    select $1, $2, $3, 'shadow', $4, $5, $6
     where not exists (select from rule_mode m
                        where m.rule = $2 and m.team_id = $3 and m.from_at <= $4 and (m.to_at is null or m.to_at > $4))
    returning mode_id
    """,
)
# Every picture of the team's people is read afresh, so that the next reading is judged with the rule in its new place.
MOVE_PICTURES: Final = Query(
    Nothing,
    """
    with mine as (
        select i.patient_id from picture i
         where i.patient_id in (select g.patient_id from access_grant g where g.team_id = $1)
         order by i.patient_id for update)
    update picture i set version = i.version + 1 from mine where mine.patient_id = i.patient_id
    """,
)


async def rule_values(tx: Tx, team: UUID, now: datetime, days: int = DAYS) -> list[RuleValue]:
    """Each rule's measured value in a team (F40): concerns raised, true, false, acted on, and minutes from take to close."""
    return await VALUE.all(tx, team, now - timedelta(days=days), now, MOST_MINUTES)


async def caseload(tx: Tx, team: UUID, now: datetime, days: int = DAYS) -> Caseload:
    """Whom a team looks after now, as far as the asker may see, over so many days."""
    counts = {row.condition: row.people for row in await CASELOAD.all(tx, team, now)}
    return Caseload(people=counts.pop("", 0), by_condition=counts, days=days)


async def keep_budget(database: Database, now: datetime) -> int:
    """Put every rule that is over its budget into the shadow, team by team, with the reason; how many (AL-9).

    A row that somebody has ended or set otherwise stands: the lead has the last word.
    """
    moved = 0
    async with database.begin_as(Role.WORKER) as tx:
        teams = await TEAMS.all(tx)
    for team in teams:
        async with database.begin_as(Role.WORKER) as tx:
            found = over_budget(await rule_values(tx, team.team_id, now), await caseload(tx, team.team_id, now))
            for rule, reason in found:
                moved += await ADD_SHADOW.one(tx, uuid7(), rule, team.team_id, now, BY, reason) is not None
            if moved:
                await MOVE_PICTURES.run(tx, team.team_id)
    return moved

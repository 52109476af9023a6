"""What each rule is worth (F40, AL-9): flags, how often a nurse acted, the load, with intervals; few are said to be few."""

from datetime import datetime, timedelta
from math import sqrt
from typing import Final
from uuid import UUID

import msgspec

from domain.detection.engine import RULES
from domain.detection.rule import Rule
from server.db import Tx
from server.sql import Query

DAYS: Final = 90
MONTH: Final = 30.44
BUDGET: Final = 1.0
"""Amber and red flags for one patient in one month, all rules together (AL-9)."""
FEW: Final = 10
"""Fewer closed concerns than this say nothing about a rule."""
_Z: Final = 1.96


class ValueRow(msgspec.Struct):
    """What came of one rule's flags."""

    rule: str
    flags: int
    tasks: int
    people: int
    closed: int
    confirmed: int
    false_alarms: int
    advice: int
    medicine: int
    visits: int
    admitted: int
    handled_min: float | None


class CaseloadRow(msgspec.Struct):
    """How many people share with a service."""

    people: int


VALUE: Final = Query(
    ValueRow,
    """
    select f.rule, count(*)::integer as flags, (count(*) filter (where f.severity > 1))::integer as tasks,
           count(distinct f.patient_id)::integer as people,
           (count(distinct e.id) filter (where e.result is not null))::integer as closed,
           (count(distinct e.id) filter (where e.result in ('advice_given', 'medicine_changed', 'visit', 'admitted')))::integer as confirmed,
           (count(distinct e.id) filter (where e.result = 'false_alarm'))::integer as false_alarms,
           (count(distinct e.id) filter (where e.result = 'advice_given'))::integer as advice,
           (count(distinct e.id) filter (where e.result = 'medicine_changed'))::integer as medicine,
           (count(distinct e.id) filter (where e.result = 'visit'))::integer as visits,
           (count(distinct e.id) filter (where e.result = 'admitted'))::integer as admitted,
           percentile_cont(0.5) within group (order by extract(epoch from e.closed_at - e.acknowledged_at)::float8 / 60) as handled_min
      from flag f
      left join episode e on e.patient_id = f.patient_id and e.id = f.episode
     where f.anchor_at between $2 and $3 and f.state <> 'withdrawn'
       and f.patient_id in (select g.patient_id from access_grant g where g.team_id = $1)
     group by f.rule
    """,
)
CASELOAD: Final = Query(
    CaseloadRow,
    """
    select count(*)::integer as people from patient p
     where p.patient_id in (select g.patient_id from access_grant g
                             where g.team_id = $1 and g.from_at <= now() and (g.to_at is null or g.to_at > now()))
    """,
)


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A share with its interval; `few`: too few to say."""

    n: int
    of: int
    low: float
    high: float

    @property
    def few(self) -> bool:
        """Whether too few were closed for the share to mean anything."""
        return self.of < FEW

    @property
    def said(self) -> str:
        """In words."""
        if not self.of:
            return "none closed yet"
        if self.few:
            return f"{self.n} of {self.of}: too few to say"
        return f"{self.n} of {self.of}, {100 * self.n / self.of:.0f} % (likely {100 * self.low:.0f} to {100 * self.high:.0f} %)"


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule raised for one service, and what came of it."""

    rule: Rule
    row: ValueRow
    confirmed: Share
    per_month: float
    """Amber and red flags for one patient in one month."""


class Values(msgspec.Struct, frozen=True, kw_only=True):
    """Every rule's value for one service, and the whole load against the budget."""

    people: int
    days: int
    rules: list[Value]
    per_month: float

    @property
    def is_over(self) -> bool:
        """Whether more is raised than the budget allows (AL-9)."""
        return self.per_month > BUDGET


def share(n: int, of: int) -> Share:
    """Wilson's interval, 95 %: honest for small numbers, never below 0 or above 1."""
    if of == 0:
        return Share(n=0, of=0, low=0.0, high=1.0)
    part, z2 = n / of, _Z * _Z
    middle = (part + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * sqrt(part * (1 - part) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Share(n=n, of=of, low=max(0.0, middle - half), high=min(1.0, middle + half))


_NONE: Final = ValueRow("", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, None)


async def values(tx: Tx, team: UUID, now: datetime, days: int = DAYS) -> Values:
    """What each rule did for a service in the last days, of people whom the asker may see."""
    rows = {row.rule: row for row in await VALUE.all(tx, team, now - timedelta(days=days), now)}
    caseload = await CASELOAD.one(tx, team)
    people = 0 if caseload is None else caseload.people
    months = max(people * days / MONTH, 1e-9)
    found = [
        Value(rule=rule, row=row, confirmed=share(row.confirmed, row.closed), per_month=row.tasks / months)
        for rule in RULES
        for row in (rows.get(rule.id, _NONE),)
    ]
    return Values(people=people, days=days, rules=found, per_month=sum(one.row.tasks for one in found) / months)

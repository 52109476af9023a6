"""Is anyone watching now, until when, and who: one answer for pages, the API and the patient (F49)."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from domain.actor import Actor, ActorKind
from domain.episodes import calendar
from domain.episodes.notify import Team
from domain.readings.kinds import DataClass
from server.db import Tx
from server.teams import store


class Watching(msgspec.Struct, frozen=True, kw_only=True):
    """Whether somebody is on shift for the asker: until when if so, else from when (None: nobody knows), and which teams."""

    is_on: bool
    until: datetime | None
    opens_at: datetime | None
    teams: list[Team]


def of(teams: Sequence[Team], now: datetime) -> Watching:
    """The shift of some teams together."""
    shift = calendar.watch([team.calendar for team in teams], now)
    return Watching(is_on=shift.is_on, until=shift.until, opens_at=shift.opens_at, teams=list(teams))


async def watching(tx: Tx, actor: Actor, now: datetime) -> Watching:
    """Who watches: a patient's teams for the patient, her own teams for a member of staff."""
    if actor.kind is ActorKind.STAFF:
        return of([store.team_of(row) for row in await store.MINE.all(tx, now)], now)
    found = await store.teams(tx, [(actor.id, int(one)) for one in DataClass], now)
    return of(list({team.id: team for teams in found.values() for team in teams}.values()), now)

"""Who is told now, who waits and why: grouping, the push budget and the rota as pure decisions (AL-8, ALP-6, ALP-10)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from domain.detection.judgement import Severity
from domain.episodes import calendar
from domain.episodes.calendar import Calendar
from domain.episodes.episode import State
from domain.episodes.escalation import Role

QUIET: Final = timedelta(minutes=30)
"""AL-8: at most one push to a member of staff about one patient in so long, except reds."""
_ANSWERED: Final = frozenset({"flag"})
"""Topics that nobody needs any more once somebody has the concern."""


class Reach(msgspec.Struct, frozen=True):
    """One way to reach somebody. `is_words`: with what there is to say itself, not only that there is something."""

    channel: str
    address: str = ""
    is_words: bool = False


LOG: Final = Reach("log")


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a team: their job, their duty now if the rota names one, and how to reach them."""

    id: UUID
    job: str
    duty: str | None = None
    reaches: tuple[Reach, ...] = ()


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """A team that looks after somebody. `chosen`: only the members here, whom the patient chose in person; the others see nothing."""

    id: UUID
    name: str
    telephone: str = ""
    out_of_hours: str = ""
    calendar: Calendar
    members: tuple[Member, ...] = ()
    out_of_hours_reaches: tuple[Reach, ...] = ()
    chosen: bool = False


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One notice to staff that is due, and how its episode stands now."""

    role: Role
    topic: str
    place: int
    severity: Severity
    state: State
    owner: UUID | None = None
    snoozed_until: datetime | None = None


class Send(msgspec.Struct, frozen=True):
    """Tell this person (or a team, outside hours) by this channel."""

    recipient: UUID
    reach: Reach


class Hold(msgspec.Struct, frozen=True):
    """Not now: again at `until`, for this reason."""

    until: datetime
    reason: str


class Drop(msgspec.Struct, frozen=True):
    """Not at all, for this reason."""

    reason: str


def decide(asked: Asked, teams: Sequence[Team], told: dict[UUID, datetime], now: datetime) -> tuple[Send, ...] | Hold | Drop:
    """What becomes of a notice. `told`: when each recipient was last pushed about this patient."""
    reason = _not_needed(asked, now) or ("" if teams else "nobody shares")
    if reason:
        return Drop(reason)
    if asked.role is Role.OUT_OF_HOURS:
        return _out_of_hours(teams) or Drop("nobody on duty")
    is_red = asked.severity is Severity.RED
    shift = calendar.watch([team.calendar for team in teams], now)
    if not shift.is_on and not _reached_any_time(asked):
        if is_red:
            # The ladder tells the out-of-hours route at once, and the shift when it begins.
            return Drop("out of hours")
        return Drop("never staffed") if shift.opens_at is None else Hold(shift.opens_at, "out of hours")
    people = _people(asked, teams, now)
    if not people:
        return Drop("nobody on duty")
    free = [one for one in people if is_red or one.id not in told or now - told[one.id] >= QUIET]
    if not free:
        return Hold(min(told[one.id] for one in people) + QUIET, "told about this patient just now")
    return tuple(_send(one, asked.place) for one in free)


def _not_needed(asked: Asked, now: datetime) -> str:
    """Why nobody needs this any more; empty when somebody does."""
    if asked.topic not in _ANSWERED:
        return ""
    if asked.state is State.CLOSED:
        return "closed"
    if asked.state is not State.OPEN:
        return "taken"
    return "put off" if asked.snoozed_until is not None and asked.snoozed_until > now else ""


def _reached_any_time(asked: Asked) -> bool:
    return asked.role is Role.LEAD or (asked.role is Role.OWNER and asked.severity is Severity.RED)


def _send(member: Member, place: int) -> Send:
    """By the channel asked for, round and round through those that they have; who has none is told in the log."""
    reaches = member.reaches or (LOG,)
    return Send(member.id, reaches[(place - 1) % len(reaches)])


def _out_of_hours(teams: Sequence[Team]) -> tuple[Send, ...]:
    # Whoever stands in for a whole team may not see what was shared with one of it.
    return tuple(Send(team.id, reach) for team in teams if not team.chosen for reach in team.out_of_hours_reaches or (LOG,))


def _people(asked: Asked, teams: Sequence[Team], now: datetime) -> list[Member]:
    """Whom a role means now, each once, from the teams that are on shift (a lead and an owner from any)."""
    if asked.role is Role.OWNER:
        everybody = (one for team in teams for one in team.members)
        return list({one.id: one for one in everybody if one.id == asked.owner}.values())
    is_lead = asked.role is Role.LEAD
    here = [team for team in teams if is_lead or calendar.watch([team.calendar], now).is_on]
    return list({one.id: one for team in here for one in _of_team(asked.role, team)}.values())


_JOBS: Final = {Role.NURSE: ("nurse",), Role.DEPUTY: ("lead", "nurse"), Role.LEAD: ("lead", "nurse")}


def _of_team(role: Role, team: Team) -> list[Member]:
    """The rota's people for a role; where it names none, members by their job; else whoever is on duty, else everybody."""
    named = [one for one in team.members if one.duty == role.value]
    if named:
        return named
    for job in _JOBS[role]:
        found = [one for one in team.members if one.job == job]
        if found:
            return found
    return [one for one in team.members if one.duty is not None] or list(team.members)


def subject(urgent: int, soon: int) -> str:
    """What a push says: how many, never who or what (INV-18)."""
    parts = [f"{urgent} urgent" if urgent else "", f"{soon} soon" if soon else ""]
    return ", ".join(part for part in parts if part) or "something to look at"

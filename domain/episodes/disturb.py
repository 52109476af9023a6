"""When a person may be disturbed (F104): by which of their channels, in quiet hours, so many times a day. A red always may."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from domain.detection.judgement import Severity
from domain.episodes.notify import QUIET, Drop, Hold, Reach

_DAY: Final = timedelta(days=1)
WRITING: Final = timedelta(minutes=15)
"""Whoever wrote a text so short a while ago is awake, and waits for what is said to it."""
NUDGE: Final = "There is something for you from your care team"
"""All that a locked screen may show (INV-18); what it is stands in the app."""


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """From when to when nobody is to disturb, by the clock of a zone, and how many messages a day at most (0: none but a red).

    Hours that begin when they end are none at all.
    """

    from_at: time = time(21)
    to_at: time = time(8)
    zone: str = "Europe/London"
    most: int = 6


def quiet_until(quiet: Quiet, now: datetime) -> datetime | None:
    """When the quiet hours end that `now` lies in; None outside them. Across a change of clocks they follow the wall."""
    zone = ZoneInfo(quiet.zone)
    local = now.astimezone(zone)
    over_night = quiet.from_at > quiet.to_at
    at = local.time()
    is_in = (at >= quiet.from_at or at < quiet.to_at) if over_night else quiet.from_at <= at < quiet.to_at
    if not is_in:
        return None
    day = local.date() + _DAY if over_night and at >= quiet.from_at else local.date()
    return datetime.combine(day, quiet.to_at, tzinfo=zone).astimezone(UTC)


def disturb(  # noqa: PLR0913 - one person, as they are now
    severity: Severity, reaches: Sequence[Reach], place: int, quiet: Quiet, told: Sequence[datetime], now: datetime, *,
    wrote_at: datetime | None = None,
) -> Reach | Hold | Drop:  # fmt: skip
    """By which channel a patient hears that there is something, or why not yet, or not at all. `told`: when she heard so before."""
    if not reaches:
        return Drop("no channel")
    reach = reaches[(place - 1) % len(reaches)]
    if severity is Severity.RED or (wrote_at is not None and now - wrote_at <= WRITING):
        return reach
    until = quiet_until(quiet, now)
    if until is not None:
        return Hold(until, "quiet hours")
    zone = ZoneInfo(quiet.zone)
    today = [one for one in told if one.astimezone(zone).date() == now.astimezone(zone).date()]
    if len(today) >= quiet.most:
        if not quiet.most:
            return Drop("wants none")
        return Hold(_tomorrow(quiet, now), "enough for today")
    # What is in full words is each thing itself; that there is something need not be said again at once.
    if today and not reach.is_words and now - max(today) < QUIET:
        return Hold(max(today) + QUIET, "told just now")
    return reach


def _tomorrow(quiet: Quiet, now: datetime) -> datetime:
    zone = ZoneInfo(quiet.zone)
    begins = datetime.combine(now.astimezone(zone).date() + _DAY, time(0), tzinfo=zone).astimezone(UTC)
    return quiet_until(quiet, begins) or begins

"""When a service is staffed: wall-clock hours, bank holidays and closures as spans of instants, across clock changes."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from domain.episodes.holidays import Region, bank_holidays
from domain.errors import Invalid

AHEAD: Final = timedelta(days=31)
"""How far ahead an opening is looked for: a service closed for longer is not staffed."""
_MIDNIGHT: Final = time(0)
_DAY: Final = timedelta(days=1)


class Hours(msgspec.Struct, frozen=True):
    """Staffed on a weekday (0 is Monday), by the wall clock; `closes` of 00:00 is the end of that day."""

    weekday: int
    opens: time
    closes: time


class Span(msgspec.Struct, frozen=True):
    """From an instant to an instant, the last one not included."""

    start: datetime
    end: datetime


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """One team's staffed hours in its zone, the bank holidays it keeps, and when else it is closed."""

    zone: str
    region: Region = Region.ENGLAND
    hours: tuple[Hours, ...] = ()
    closures: tuple[Span, ...] = ()


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """Whether somebody is on shift: until when if so, else from when (None: nobody knows)."""

    is_on: bool
    until: datetime | None = None
    opens_at: datetime | None = None


def must_fit(hours: Sequence[Hours]) -> None:
    """Refuse hours that end before they begin, or of which two overlap on one day. Raises Invalid with a pointer."""
    ends: dict[int, list[tuple[time, time]]] = {}
    for place, one in enumerate(hours):
        closes = time.max if one.closes == _MIDNIGHT else one.closes
        if closes <= one.opens:
            raise Invalid("It closes after it opens; 00:00 is the end of the day.", f"/hours/{place}/closes")
        if any(one.opens < other and begins < closes for begins, other in ends.get(one.weekday, ())):
            raise Invalid("Two shifts of one day overlap.", f"/hours/{place}/opens")
        ends.setdefault(one.weekday, []).append((one.opens, closes))


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def watch(calendars: Sequence[Calendar], now: datetime) -> Watch:
    """Is anyone watching now, and until when; else from when on. Several teams watch together."""
    for span in _staffed(calendars, now):
        if span.start <= now:
            return Watch(is_on=True, until=span.end)
        return Watch(is_on=False, opens_at=span.start)
    return Watch(is_on=False)


def after(calendars: Sequence[Calendar], start: datetime, working: timedelta) -> datetime | None:
    """The instant when so much staffed time has passed since `start`; None when the service does not open so often."""
    left = working
    for span in _staffed(calendars, start):
        begins = max(span.start, start)
        if span.end - begins >= left:
            return begins + left
        left -= span.end - begins
    return None


def next_working_day(calendars: Sequence[Calendar], start: datetime) -> datetime | None:
    """One working day on: the same wall-clock time on the next staffed day, or that day's opening when it is later.

    What comes in while the service is closed counts from its opening.
    """
    if not calendars:
        return None
    zone = _zone(calendars[0].zone)
    begins: datetime | None = None
    for span in _staffed(calendars, start):
        if begins is None:
            begins = max(span.start, start)
            tomorrow = _a_day_on(begins, zone)
            if tomorrow <= span.end:
                return tomorrow
            continue
        local, first = begins.astimezone(zone), span.start.astimezone(zone)
        if first.date() > local.date():
            wanted = min(_instants(first.date(), local.time(), zone))
            return max(span.start, wanted) if wanted < span.end else span.end
    return None


def _a_day_on(at: datetime, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    return min(_instants(local.date() + _DAY, local.time(), zone))


def _staffed(calendars: Sequence[Calendar], now: datetime) -> Iterator[Span]:
    """Staffed spans of all calendars together that end after `now`, in order, each as long as it goes."""
    found = sorted((span for one in calendars for span in _spans(one, now)), key=lambda span: span.start)
    joined: Span | None = None
    for span in found:
        if joined is not None and span.start <= joined.end:
            joined = Span(joined.start, max(joined.end, span.end))
            continue
        if joined is not None and joined.end > now:
            yield joined
        joined = span
    if joined is not None and joined.end > now:
        yield joined


def _spans(calendar: Calendar, now: datetime) -> list[Span]:
    zone = _zone(calendar.zone)
    today = now.astimezone(zone).date()
    found: list[Span] = []
    for place in range(-1, AHEAD.days + 1):
        day = today + place * _DAY
        if day in bank_holidays(calendar.region, day.year):
            continue
        for hours in calendar.hours:
            if hours.weekday == day.weekday():
                found += _without(_open(day, hours, zone), calendar.closures)
    return found


def _open(day: date, hours: Hours, zone: ZoneInfo) -> Span:
    ends = day + _DAY if hours.closes == _MIDNIGHT else day
    # A wall-clock time that comes twice, or never, is read so that the service is staffed the longer.
    return Span(min(_instants(day, hours.opens, zone)), max(_instants(ends, hours.closes, zone)))


def _instants(day: date, at: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants that a wall-clock time can mean: two when the clocks change over it, else the same twice."""
    local = datetime.combine(day, at, tzinfo=zone)
    return local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _without(span: Span, closures: Sequence[Span]) -> list[Span]:
    left = [span]
    for closed in closures:
        left = [
            part
            for one in left
            for part in (Span(one.start, min(one.end, closed.start)), Span(max(one.start, closed.end), one.end))
            if part.start < part.end
        ]
    return left

"""What is expected when: the windows of each day, how long they take, planned absence, and what was met (F6, MD-1, MD-7)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from domain.days import day, instant
from domain.errors import Invalid
from domain.forms.catalogue import FORMS
from domain.forms.form import Fault, seconds
from domain.forms.response import derived
from domain.readings.kinds import BY_NAME

CEILING_S: Final = 180
"""Seconds a day that a plan may ask for, if it says nothing else."""
MOST_S: Final = 1_800
_WEEK: Final = 7
_LONGEST: Final = timedelta(days=92)
_OFTEN: Final = 24


class Expect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """One reading or form that is expected, and when.

    `days`: weekdays (0 is Monday); without any, every `every_days` days from the plan's start. `times`: wall clock of the
    patient, each from `tolerance_min` before to as long after; without any, at some time of the day. `steady_every_days`:
    so seldom is enough while the person is steady (0: the same). `seconds`: for a reading; a form knows its own.
    """

    key: str
    kind: str = ""
    form: str = ""
    every_days: int = 1
    days: tuple[int, ...] = ()
    times: tuple[time, ...] = ()
    tolerance_min: int = 120
    steady_every_days: int = 0
    seconds: int = 30

    @property
    def label(self) -> str:
        """What is asked for, in words."""
        form = FORMS.find(self.form)
        return form.title if form is not None else BY_NAME[self.kind].label

    def is_on(self, on: date, start: date, *, steady: bool = False) -> bool:
        """Whether it is expected on a civil day of a plan that began on `start`."""
        if self.days and not (steady and self.steady_every_days):
            return on.weekday() in self.days
        every = self.steady_every_days if steady and self.steady_every_days else self.every_days
        return (on - start).days % every == 0

    @property
    def interval_days(self) -> Decimal:
        """How many days lie between two of them, on average, where it is asked most often."""
        return Decimal(_WEEK) / len(set(self.days)) if self.days else Decimal(self.every_days)


    @property
    def patience_days(self) -> Decimal:
        """How many days lie between two of them where it is asked least often."""
        return max(self.interval_days, Decimal(self.steady_every_days))


class State(StrEnum):
    """What became of a window."""

    OPEN = "open"
    MET = "met"
    MISSED = "missed"
    PAUSED = "paused"


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One time at which one thing is expected."""

    id: UUID
    key: str
    on: date
    opens_at: datetime
    due_at: datetime
    closes_at: datetime


class Heard(msgspec.Struct, frozen=True, array_like=True):
    """A reading of a kind, or a response to a form, that may meet a window."""

    what: str
    at: datetime
    id: UUID


class PauseReason(StrEnum):
    """Why nothing is expected for a while (F31)."""

    HOLIDAY = "holiday"
    ILLNESS = "illness"
    ADMISSION = "admission"
    OTHER = "other"


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Planned absence, from an instant to another: reminders and silence rest, the safety rules never do (MD-7)."""

    reason: PauseReason
    from_at: datetime
    to_at: datetime


def windows(patient: UUID, expected: Sequence[Expect], zone: str, start: date, span: tuple[date, date]) -> list[Window]:
    """The windows of the days from one to another (both inside), in order of their end. The same days give the same ids.

    What is asked less often of somebody steady counts as expected that often of everybody: nobody is silent for being steady.
    """
    found: list[Window] = []
    first, last = max(span[0], start), span[1]
    for place in range((last - first).days + 1):
        on = first + timedelta(days=place)
        for one in expected:
            if one.is_on(on, start, steady=True):
                found.extend(_of_day(patient, one, on, zone))
    return sorted(found, key=lambda window: (window.closes_at, window.id))


def _of_day(patient: UUID, one: Expect, on: date, zone: str) -> Iterable[Window]:
    opens, ends = instant(on, time(0), zone), instant(on + timedelta(days=1), time(0), zone)
    if not one.times:
        yield Window(id=_id(patient, one, on, ""), key=one.key, on=on, opens_at=opens, due_at=ends, closes_at=ends)
    for at in one.times:
        due = instant(on, at, zone)
        margin = timedelta(minutes=one.tolerance_min)
        yield Window(
            id=_id(patient, one, on, at.isoformat("minutes")), key=one.key, on=on, opens_at=max(due - margin, opens), due_at=due,
            closes_at=min(due + margin, ends),
        )  # fmt: skip


def _id(patient: UUID, one: Expect, on: date, at: str) -> UUID:
    return derived(patient, f"{one.key}|{on}|{at}")


def met_by(one: Expect, window: Window, heard: Mapping[str, Sequence[Heard]]) -> Heard | None:
    """The first thing heard that meets a window, or None."""
    return next((each for each in heard.get(one.form or one.kind, ()) if window.opens_at <= each.at < window.closes_at), None)


def is_paused(window: Window, pauses: Sequence[Pause]) -> bool:
    """Whether planned absence covers any of a window: half a day away is not held against anybody."""
    return any(pause.from_at < window.closes_at and window.opens_at < pause.to_at for pause in pauses)


def admit_pause(pause: Pause, now: datetime) -> None:
    """Refuse an absence that ends before it begins, lies in the past or never ends."""
    if pause.to_at <= pause.from_at:
        raise Invalid("It ends before it begins.", "/toAt")
    if pause.to_at <= now:
        raise Invalid("It is over already.", "/toAt")
    if pause.to_at - pause.from_at > _LONGEST:
        raise Invalid(f"At most {_LONGEST.days} days; make another one if it goes on.", "/toAt")


def item_seconds(one: Expect) -> int:
    """How long one of them takes, at its longest."""
    form = FORMS.find(one.form)
    return one.seconds if form is None else seconds(form, {"steady": "no"})


def a_day(one: Expect) -> Decimal:
    """How many seconds a day it asks for, on average."""
    return Decimal(item_seconds(one)) * max(len(one.times), 1) / one.interval_days


def burden_s(expected: Sequence[Expect]) -> int:
    """How many seconds a day a plan asks for."""
    return int(sum(map(a_day, expected), Decimal(0)).quantize(Decimal(1), ROUND_HALF_UP))


def faults(expected: Sequence[Expect], ceiling_s: int) -> list[Fault]:
    """All that is wrong with what is expected; empty when it may be asked of somebody."""
    found: list[Fault] = []
    for place, one in enumerate(expected):
        reason = _wrong(one)
        if reason:
            found.append(Fault(f"/expected/{place}", reason))
        if one.key in {other.key for other in expected[:place]}:
            found.append(Fault(f"/expected/{place}/key", "Each thing expected has a key of its own."))
    if not 0 < ceiling_s <= MOST_S:
        found.append(Fault("/ceilingS", f"From 1 to {MOST_S} seconds a day."))
    return found or _too_much(expected, ceiling_s)


def _wrong(one: Expect) -> str:
    if bool(one.kind) == bool(one.form):
        return "Either a kind of reading or a form."
    if one.kind and one.kind not in BY_NAME:
        return "There is no such kind of reading."
    if one.form and FORMS.find(one.form) is None:
        return "There is no such form."
    if not 1 <= one.every_days <= _LONGEST.days or not 0 <= one.steady_every_days <= _LONGEST.days:
        return f"From every day to every {_LONGEST.days} days."
    if not set(one.days) <= set(range(_WEEK)) or len(set(one.times)) != len(one.times) or len(one.times) > _OFTEN:
        return "Weekdays are 0 (Monday) to 6, and each time stands once."
    if any(at.tzinfo is not None or at.second or at.microsecond for at in one.times):
        return "Times are hours and minutes of the patient's own clock."
    if not 0 < one.tolerance_min <= _OFTEN * 60 or not 0 <= one.seconds <= MOST_S:
        return "The tolerance is from 1 minute to a day, and it takes half an hour at most."
    return ""


def _too_much(expected: Sequence[Expect], ceiling_s: int) -> list[Fault]:
    """A plan over its ceiling is refused, and told what to leave out (F6)."""
    total = burden_s(expected)
    if total <= ceiling_s:
        return []
    dearest = sorted(enumerate(expected), key=lambda pair: a_day(pair[1]), reverse=True)
    over = total - ceiling_s
    # The cheapest single thing that is enough, else the dearest of all.
    place, one = next((pair for pair in reversed(dearest) if a_day(pair[1]) >= over), dearest[0])
    share = int(a_day(one).quantize(Decimal(1), ROUND_HALF_UP))
    return [Fault(
        f"/expected/{place}",
        f"This asks for {total} seconds a day, {over} more than the ceiling of {ceiling_s}. Leave out '{one.key}' ({share} seconds"
        " a day), or ask for it less often.",
    )]  # fmt: skip


def next_end(found: Sequence[Window], now: datetime) -> datetime | None:
    """When the next window ends."""
    return min((window.closes_at for window in found if window.closes_at > now), default=None)


def spread(patient: UUID, over: timedelta) -> timedelta:
    """A moment of a span that is this person's own, so that a million midnights are not one."""
    return timedelta(seconds=patient.int % max(int(over.total_seconds()), 1))


def today(at: datetime, zone: str) -> tuple[date, date]:
    """The civil day of an instant, as a span of one day."""
    on = day(at, zone)
    return on, on

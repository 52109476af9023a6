"""AL-6 and ALP-5 as one ladder of timers: who is told next about a concern that nobody has dealt with, and when.

A timer is a row (step, due_at). The sweep asks `climb` what a due timer does at `now`; after a pause only the highest
step that is due is taken, so that catching up is one notice, not four.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from domain.detection.judgement import Severity
from domain.episodes import calendar
from domain.episodes.calendar import Calendar
from domain.episodes.episode import Episode, State
from domain.episodes.timer import Step, Timer


class Role(StrEnum):
    """Who is to be told; the rota says which people that are at the moment of sending."""

    NURSE = "nurse"
    DEPUTY = "deputy"
    LEAD = "lead"
    OUT_OF_HOURS = "out_of_hours"
    OWNER = "owner"


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell: to which role, by which of their channels (1 is the first), about what."""

    role: Role
    topic: str
    place: int = 1


class Climb(msgspec.Struct, frozen=True, kw_only=True):
    """What a due timer does: what is told, what the history says, whether the patient is told, and what comes next.

    `reopens`: the episode goes back to the queue without an owner.
    """

    step: Step
    tellings: tuple[Telling, ...] = ()
    tells_patient: bool = False
    reopens: bool = False
    next: Timer | None = None


RED: Final = (
    (Step.NO_RECEIPT, timedelta(minutes=2)),
    (Step.SECOND_CHANNEL, timedelta(minutes=15)),
    (Step.DEPUTY, timedelta(minutes=30)),
    (Step.LEAD, timedelta(minutes=60)),
)
"""AL-6 (and ALP-4 for a receipt that does not come), from when it was raised or the shift began."""
AGAIN: Final = timedelta(minutes=60)
"""The lead is told again so often: a red never ends in silence (F50)."""
AMBER: Final = timedelta(hours=4)
"""AL-6: so much staffed time before the lead is told."""
ACT_WITHIN: Final = {Severity.RED: timedelta(minutes=30), Severity.AMBER: timedelta(hours=24)}
"""ALP-5: what was taken without anything noted comes back; an amber not before a working day is over."""
CLOSE_WITHIN: Final = {Severity.RED: timedelta(hours=4), Severity.AMBER: timedelta(days=7)}
"""As long as each may be put off (AL-7): then its owner is reminded that it is still open."""

_TELLING: Final = {
    Step.NO_RECEIPT: Telling(role=Role.NURSE, topic="flag", place=2),
    Step.SECOND_CHANNEL: Telling(role=Role.NURSE, topic="flag", place=2),
    Step.DEPUTY: Telling(role=Role.DEPUTY, topic="flag"),
    Step.LEAD: Telling(role=Role.LEAD, topic="flag"),
    Step.OUT_OF_HOURS: Telling(role=Role.OUT_OF_HOURS, topic="flag"),
}


def begin(episode: Episode, now: datetime) -> Timer | None:
    """The clock of a concern that was just raised, to be looked at once; information has none."""
    if episode.severity is Severity.INFO:
        return None
    return _timer(episode, Step.FIRST, now, now)


def acknowledged(episode: Episode, now: datetime) -> Timer | None:
    """Somebody has it, on a lease: a red must be acted on within half an hour, an amber within a working day (ALP-5)."""
    span = ACT_WITHIN.get(episode.severity)
    return None if span is None else _timer(episode, Step.NOT_ACTED, now, now + span)


def started(episode: Episode, now: datetime) -> Timer | None:
    """Somebody acts: it is asked after when it stays open."""
    span = CLOSE_WITHIN.get(episode.severity)
    return None if span is None else _timer(episode, Step.NOT_CLOSED, now, now + span)


def put_off(episode: Episode, until: datetime, now: datetime) -> Timer:
    """Snoozed: it comes back when that ends (AL-7)."""
    return _timer(episode, Step.BACK, now, until)


def climb(timer: Timer, state: State, calendars: Sequence[Calendar], now: datetime, *, received: bool) -> Climb | None:
    """What a timer that is due does; None when it is not due yet. `received`: somebody who was told has seen it."""
    if timer.due_at > now or state is State.CLOSED:
        return None
    match timer.step:
        case Step.NOT_ACTED:
            return _not_acted(timer, calendars, now)
        case Step.NOT_CLOSED:
            return Climb(
                step=Step.NOT_CLOSED, tellings=(Telling(role=Role.OWNER, topic="not_closed"),),
                next=msgspec.structs.replace(timer, due_at=now + CLOSE_WITHIN[timer.severity]),
            )  # fmt: skip
        case Step.BACK:
            again = msgspec.structs.replace(timer, since=now, step=Step.FIRST, due_at=now)
            is_info = timer.severity is Severity.INFO
            tellings = () if is_info else (Telling(role=Role.NURSE, topic="flag"),)
            return Climb(step=Step.BACK, tellings=tellings, next=None if is_info else again)
        case _ if timer.severity is Severity.RED:
            return _red(timer, calendars, now, received=received)
        case _:
            return _amber(timer, calendars, now)


def _timer(episode: Episode, step: Step, since: datetime, due_at: datetime) -> Timer:
    return Timer(
        episode=episode.id, severity=episode.severity, emergency=episode.emergency, since=since, step=step, due_at=due_at
    )


def _not_acted(timer: Timer, calendars: Sequence[Calendar], now: datetime) -> Climb:
    """The lease is over: back to everybody. An amber that was taken on a Friday has its Monday."""
    if timer.severity is not Severity.RED:
        ends = calendar.next_working_day(calendars, timer.since)
        if ends is not None and now < ends:
            return Climb(step=Step.NOT_ACTED, next=_at(timer, Step.NOT_ACTED, ends))
    return Climb(
        step=Step.NOT_ACTED, reopens=True, next=msgspec.structs.replace(timer, since=now, step=Step.FIRST, due_at=now),
        tellings=(Telling(role=Role.OWNER, topic="not_acted"), Telling(role=Role.NURSE, topic="flag")),
    )  # fmt: skip


def _red(timer: Timer, calendars: Sequence[Calendar], now: datetime, *, received: bool) -> Climb:
    shift = calendar.watch(calendars, now)
    if not shift.is_on:
        return _closed(timer, shift.opens_at, now)
    if timer.step in {Step.OUT_OF_HOURS, Step.NOBODY_OUT_OF_HOURS}:
        # The shift begins: the people who are now on it are told, and their clock starts.
        first = msgspec.structs.replace(timer, since=now, step=Step.FIRST)
        return Climb(step=Step.FIRST, tellings=(Telling(role=Role.NURSE, topic="flag"),), next=_rung(first, shift.until, now))
    if timer.step is Step.LEAD_AGAIN:
        return Climb(step=timer.step, tellings=(_TELLING[Step.LEAD],), next=_rung(timer, shift.until, now))
    due = [step for step, span in RED if timer.since + span <= now and _PLACE[step] >= _PLACE.get(timer.step, 0)]
    if not due:
        # Raised just now: the first notice went out with the flag itself.
        return Climb(step=Step.FIRST, next=_rung(timer, shift.until, now))
    step = due[-1]
    tellings = () if step is Step.NO_RECEIPT and received else (_TELLING[step],)
    return Climb(step=step, tellings=tellings, tells_patient=step is Step.LEAD, next=_rung(timer, shift.until, now))


_PLACE: Final = {step: place for place, (step, _) in enumerate(RED)}


def _rung(timer: Timer, shift_ends: datetime | None, now: datetime) -> Timer:
    """The next rung, but no later than the end of the shift: then the out-of-hours route has it."""
    step, due = next(
        ((step, timer.since + span) for step, span in RED if timer.since + span > now and _PLACE[step] >= _PLACE.get(timer.step, 0)),
        (Step.LEAD_AGAIN, now + AGAIN),
    )
    return _at(timer, step, due if shift_ends is None else min(due, shift_ends))


def _closed(timer: Timer, opens_at: datetime | None, now: datetime) -> Climb:
    """Outside staffed hours: the out-of-hours route at once, the lead when it does not answer, the shift when it begins."""
    again = now + AGAIN
    if timer.step in {Step.OUT_OF_HOURS, Step.NOBODY_OUT_OF_HOURS}:
        lead = (Telling(role=Role.LEAD, topic="flag"),) if timer.step is Step.OUT_OF_HOURS else ()
        return Climb(
            step=Step.NOBODY_OUT_OF_HOURS, tellings=(*lead, _TELLING[Step.OUT_OF_HOURS]),
            tells_patient=timer.step is Step.OUT_OF_HOURS, next=_at(timer, Step.NOBODY_OUT_OF_HOURS, opens_at or again),
        )  # fmt: skip
    return Climb(
        step=Step.OUT_OF_HOURS, tellings=(_TELLING[Step.OUT_OF_HOURS],), tells_patient=True,
        next=_at(timer, Step.OUT_OF_HOURS, again if opens_at is None else min(again, opens_at)),
    )  # fmt: skip


def _at(timer: Timer, step: Step, due_at: datetime) -> Timer:
    return msgspec.structs.replace(timer, step=step, due_at=due_at)


def _amber(timer: Timer, calendars: Sequence[Calendar], now: datetime) -> Climb:
    lead_at = calendar.after(calendars, timer.since, AMBER)
    breach_at = calendar.next_working_day(calendars, timer.since)
    if lead_at is None or breach_at is None:
        # Nobody is ever on shift: the lead is told by the plain clock, so that it does not end in silence.
        lead_at, breach_at = timer.since + AMBER, timer.since + timedelta(days=1)
    if now >= breach_at:
        again = calendar.next_working_day(calendars, now) or now + timedelta(days=1)
        return Climb(
            step=Step.BREACH, tellings=(Telling(role=Role.LEAD, topic="breach"),), next=_at(timer, Step.BREACH, again)
        )
    if now >= lead_at and timer.step is not Step.BREACH:
        return Climb(
            step=Step.LEAD, tellings=(Telling(role=Role.LEAD, topic="flag"),), next=_at(timer, Step.BREACH, breach_at)
        )
    step, due = (Step.BREACH, breach_at) if now >= lead_at else (Step.LEAD, lead_at)
    return Climb(step=Step.FIRST, next=_at(timer, step, due))

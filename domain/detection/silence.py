"""Missing data as a signal: adherence, reminders, silence, a changed pattern (MD-1 to MD-7), and who never began (F35).

What is said here is a function of (what was expected, what was heard, flags, planned absence, now). Nothing is ever filled
in for what is missing (MD-4), and what is missing takes no flag back but one of silence.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from uuid import UUID

import msgspec

from domain.days import day, instant, local
from domain.detection.judgement import Judgement, Severity, Verdict
from domain.detection.picture import FlagMark, View
from domain.detection.rule import Rule
from domain.episodes.episode import FlagState, Notice
from domain.forms.response import derived
from domain.plans.schedule import Expect, Heard, Pause, State, Window, is_paused, met_by, next_end, spread, windows
from domain.readings.reading import Reading

GROUP: Final = "SILENCE"
ADHERENCE_DAYS: Final = 14
BEFORE_DAYS: Final = 28
KEPT_DAYS: Final = ADHERENCE_DAYS + BEFORE_DAYS + 1
RECENT_DAYS: Final = 15
"""So far back a late arrival still meets a window."""
_RISK_SPAN: Final = timedelta(days=14)
_JUST_AFTER: Final = timedelta(days=3)
_AGAIN_DAYS: Final = 14
"""Silence that goes on is asked about again after so many days, whatever was decided the first time."""
_MISSED_RISK: Final = 3
_MISSED_ANY: Final = 7
_DROP: Final = 40
_ENOUGH: Final = 5
_NUDGES: Final = 7
"""After so many missed days a nurse sees it; reminders stop."""
_WAKES: Final = time(8)
_RESTS: Final = time(21)
_SPREAD: Final = timedelta(hours=4)
_NUDGE_SPREAD: Final = timedelta(hours=1)
_AT_LEAST: Final = timedelta(hours=24)


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the plan while it was in force, and what it expected."""

    expected: tuple[Expect, ...]
    from_at: datetime
    until: datetime | None = None
    high_risk: bool = False


class Known(msgspec.Struct, frozen=True, array_like=True):
    """One flag of the person that is not of silence: when it was raised, and whether they are in hospital for it."""

    severity: Severity
    at: datetime
    admitted: bool


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What is on record of a window: told from what was worked out now, so that only changes are written."""

    id: UUID
    key: str
    on: date
    opens_at: datetime
    closes_at: datetime
    state: State


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """All that is looked at for one person."""

    patient: UUID
    version: int
    zone: str
    periods: tuple[Period, ...]
    pauses: tuple[Pause, ...] = ()
    heard: tuple[Heard, ...] = ()
    kept: tuple[Kept, ...] = ()
    flags: tuple[Known, ...] = ()
    marks: tuple[FlagMark, ...] = ()
    last_at: datetime | None = None


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """One window with what became of it, to be written."""

    window: Window
    state: State
    met_by: UUID | None = None
    met_at: datetime | None = None


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What a look comes to. `judged`: the anchors that were looked at; what no judgement supports there is explained."""

    version: int
    rows: tuple[Expected, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    judged: frozenset[UUID] = frozenset()
    marks: tuple[FlagMark, ...] = ()
    notices: tuple[Notice, ...] = ()
    next_at: datetime | None
    is_silent: bool = False


class Day(msgspec.Struct, frozen=True):
    """One civil day on which something was expected."""

    on: date
    expected: int
    met: int
    first: UUID
    ends_at: datetime


def look(watch: Watch, now: datetime) -> Looked:
    """What must be written, said and looked at again for one person."""
    today = day(now, watch.zone)
    states = _states(watch, now, today)
    current = watch.periods[-1] if watch.periods and watch.periods[-1].until is None else None
    next_at = _next(watch, now, today)
    rows = _changed(watch, states)
    if current is None or any(pause.from_at <= now < pause.to_at for pause in watch.pauses):
        # Nothing is expected, or absence was planned: what was flagged before stands, nothing new is said (MD-7).
        return Looked(version=watch.version, rows=rows, next_at=next_at, is_silent=standing(watch.marks))
    days = list(past(states, today))
    run = _run(days, states, _resumed(watch, now))
    said = _silent(watch, current, days, run, now) if run else None
    looked_for = {MD_3.id, F_35.id}
    changed = None
    if len(run) < _MISSED_RISK:
        # Somebody who is silent is told of as silent, not as sending less.
        changed = _pattern(watch, days, today, now)
        looked_for.add(MD_6.id)
    judgements = tuple(one for one in (said, changed) if one is not None)
    # While silence goes on, the flags of its earlier fortnights stay as they are.
    looked_for -= {one.rule for one in judgements}
    nudge = _nudge(watch, current, states, run, now)
    return Looked(
        version=watch.version, rows=rows, judgements=judgements,
        judged=frozenset(mark.anchor for mark in watch.marks if mark.rule in looked_for), marks=watch.marks,
        notices=() if nudge is None else (nudge,), next_at=next_at, is_silent=bool(judgements) or standing(watch.marks),
    )  # fmt: skip


def _states(watch: Watch, now: datetime, today: date) -> list[Expected]:
    """Every window up to today with its state: the recent ones worked out afresh, older ones as they are on record."""
    recent = today - timedelta(days=RECENT_DAYS if watch.kept else KEPT_DAYS)
    found = [
        Expected(
            window=Window(id=one.id, key=one.key, on=one.on, opens_at=one.opens_at, due_at=one.closes_at, closes_at=one.closes_at),
            state=one.state,
        )
        for one in watch.kept if one.on < recent
    ]  # fmt: skip
    heard: dict[str, list[Heard]] = {}
    for each in sorted(watch.heard, key=lambda one: (one.at, one.id)):
        heard.setdefault(each.what, []).append(each)
    for period in watch.periods:
        start = day(period.from_at, watch.zone)
        by_key = {one.key: one for one in period.expected}
        for window in windows(watch.patient, period.expected, watch.zone, start, (recent, today)):
            # A plan that came into force during a window expects the next one.
            if window.opens_at < period.from_at or (period.until is not None and window.closes_at > period.until):
                continue
            if window.opens_at <= now:
                found.append(_became(watch, window, met_by(by_key[window.key], window, heard), now))
    return sorted(found, key=lambda one: (one.window.closes_at, one.window.id))


def _became(watch: Watch, window: Window, met: Heard | None, now: datetime) -> Expected:
    if met is not None:
        return Expected(window=window, state=State.MET, met_by=met.id, met_at=met.at)
    if is_paused(window, watch.pauses):
        return Expected(window=window, state=State.PAUSED)
    return Expected(window=window, state=State.MISSED if window.closes_at <= now else State.OPEN)


def _changed(watch: Watch, states: Sequence[Expected]) -> tuple[Expected, ...]:
    kept = {one.id: one.state for one in watch.kept}
    return tuple(one for one in states if one.state is not State.OPEN and kept.get(one.window.id) != one.state)


def past(states: Sequence[Expected], today: date) -> Sequence[Day]:
    """The days before today on which something was expected, oldest first; planned absence is not among them."""
    found: dict[date, list[Expected]] = {}
    for one in states:
        if one.window.on < today and one.state in {State.MET, State.MISSED}:
            found.setdefault(one.window.on, []).append(one)
    return [
        Day(
            on=on, expected=len(ones), met=sum(one.state is State.MET for one in ones), first=ones[0].window.id,
            ends_at=max(one.window.closes_at for one in ones),
        )
        for on, ones in sorted(found.items())
    ]  # fmt: skip


def adherence(days: Sequence[Day], first: date, last: date) -> tuple[int, int]:
    """MD-1: how many were met of how many expected, from one date to another (both inside)."""
    found = [one for one in days if first <= one.on <= last]
    return sum(one.met for one in found), sum(one.expected for one in found)


def percent(met: int, expected: int) -> int:
    """A share as people read it; of nothing expected it is nothing."""
    return 0 if not expected else int((Decimal(100 * met) / expected).quantize(Decimal(1), ROUND_HALF_UP))


def _resumed(watch: Watch, now: datetime) -> datetime | None:
    """When the last planned absence ended."""
    return max((pause.to_at for pause in watch.pauses if pause.to_at <= now), default=None)


def _run(days: Sequence[Day], states: Sequence[Expected], resumed: datetime | None) -> list[Day]:
    """The expected days since anything expected was last heard, oldest first; absence starts the count again."""
    last_met = max((one.window.on for one in states if one.state is State.MET), default=None)
    return [
        one for one in days
        if (last_met is None or one.on > last_met) and (resumed is None or one.ends_at > resumed)
    ]  # fmt: skip


def _silent(watch: Watch, current: Period, days: Sequence[Day], run: Sequence[Day], now: datetime) -> Judgement | None:
    """MD-3, and F35 for somebody who never began."""
    missed = len(run)
    started = any(one.met for one in days) or watch.last_at is not None
    red = _after_red(watch, run)
    risky = missed >= _MISSED_RISK and (current.high_risk or _at_risk(watch, run[_MISSED_RISK - 1].ends_at))
    if red is not None:
        return _said(watch, MD_3, Severity.RED, run, now, f"Nothing heard since the urgent flag of {_date(watch, red)}: ring today")
    if not started:
        if missed < _MISSED_RISK:
            return None
        severity = Severity.AMBER if missed >= _MISSED_ANY or current.high_risk else Severity.INFO
        began = _date(watch, current.from_at)
        return _said(watch, F_35, severity, run, now, f"Has not begun: nothing in {missed} expected days since {began}; ring to help")
    if not risky and missed < _MISSED_ANY:
        return None
    since = "" if watch.last_at is None else f" since {_date(watch, watch.last_at)}"
    why = ", and at risk" if risky else ""
    severity = Severity.AMBER if risky else Severity.INFO
    return _said(watch, MD_3, severity, run, now, f"Silent: nothing expected has come{since}, {missed} expected days missed{why}")


def _after_red(watch: Watch, run: Sequence[Day]) -> datetime | None:
    """The red flag just before the silence, if there is one: somebody rings within the day."""
    reds = [one for one in watch.flags if one.severity is Severity.RED and not one.admitted]
    return max((one.at for one in reds if run[0].ends_at - _JUST_AFTER <= one.at <= run[0].ends_at), default=None)


def _at_risk(watch: Watch, reached: datetime) -> bool:
    """Amber or red in the 14 days before the third missed day: looked at from there, so that waiting does not lower it."""
    return any(one.severity >= Severity.AMBER and reached - _RISK_SPAN <= one.at <= reached for one in watch.flags)


def _said(watch: Watch, rule: Rule, severity: Severity, run: Sequence[Day], now: datetime, sentence: str) -> Judgement:
    """A flag of silence stands at the first missed window of its fortnight: one a fortnight, however often it is looked at."""
    block = (run[-1].on - run[0].on).days // _AGAIN_DAYS
    first = next(one for one in run if (one.on - run[0].on).days >= block * _AGAIN_DAYS)
    shown = "you began" if watch.last_at is None else _date(watch, watch.last_at)
    return Judgement(
        rule=rule.id, version=rule.version, group=GROUP, anchor=first.first, anchor_at=_midnight(watch, now), verdict=Verdict.FIRED,
        severity=severity, numbers={"missed_days": str(len(run)), "day": shown}, window_from=run[0].ends_at,
        window_to=run[-1].ends_at, advice="ADV-MISS", sentence=sentence,
    )  # fmt: skip


def _pattern(watch: Watch, days: Sequence[Day], today: date, now: datetime) -> Judgement | None:
    """MD-6: the last 14 days are 40 points or more below the 28 before them."""
    turn = today - timedelta(days=ADHERENCE_DAYS)
    if any(day(pause.to_at, watch.zone) > turn and pause.from_at <= now for pause in watch.pauses):
        return None
    met, expected = adherence(days, turn, today - timedelta(days=1))
    met_before, expected_before = adherence(days, turn - timedelta(days=BEFORE_DAYS), turn - timedelta(days=1))
    if expected < _ENOUGH or expected_before < _ENOUGH or 100 * (met_before * expected - met * expected_before) < (
        _DROP * expected * expected_before
    ):
        return None
    was, now_is = percent(met_before, expected_before), percent(met, expected)
    return Judgement(
        rule=MD_6.id, version=MD_6.version, group=GROUP,
        anchor=derived(watch.patient, f"{MD_6.id}|{today.toordinal() // ADHERENCE_DAYS}"), anchor_at=_midnight(watch, now),
        verdict=Verdict.FIRED, severity=Severity.INFO, numbers={"before_percent": str(was), "percent": str(now_is)},
        window_from=_midnight(watch, now) - timedelta(days=ADHERENCE_DAYS), window_to=_midnight(watch, now),
        sentence=f"Sends less than before: {now_is} % of what was expected in 14 days, {was} % in the 28 days before",
    )  # fmt: skip


def _nudge(watch: Watch, current: Period, states: Sequence[Expected], run: Sequence[Day], now: datetime) -> Notice | None:
    """MD-2: one reminder a day at most, never in quiet hours, once a day or one and a half intervals were missed."""
    here = local(now, watch.zone)
    if not _WAKES <= here.time() < _RESTS or len(run) > _NUDGES or here < _wakes(watch, here.date()) + spread(watch.patient, _NUDGE_SPREAD):
        return None
    for one in current.expected:
        mine = [each for each in states if each.window.key == one.key]
        last = next((each for each in reversed(mine) if each.state in {State.MET, State.MISSED}), None)
        if last is None or last.state is not State.MISSED:
            continue
        late = timedelta(days=int(one.patience_days)) / 2 if one.patience_days > 1 else timedelta(0)
        if now - last.window.closes_at >= late:
            return Notice(
                audience="patient", topic="nudge", advice="ADV-MISS", severity=Severity.INFO,
                dedupe=f"nudge:{watch.patient}:{here.date()}",
            )  # fmt: skip
    return None


def _next(watch: Watch, now: datetime, today: date) -> datetime | None:
    """When to look again: after the next window ends, when reminders may go out, when absence ends; at least once a day."""
    if not watch.periods:
        return None
    ends = [
        next_end(windows(watch.patient, one.expected, watch.zone, day(one.from_at, watch.zone), (today, today + timedelta(days=1))), now)
        for one in watch.periods if one.until is None
    ]  # fmt: skip
    own = spread(watch.patient, _SPREAD)
    nudges = [_wakes(watch, on) + spread(watch.patient, _NUDGE_SPREAD) for on in (today, today + timedelta(days=1))]
    times = [
        *(end + own for end in ends if end is not None), *(at for at in nudges if at > now),
        *(pause.to_at for pause in watch.pauses if pause.to_at > now), now + _AT_LEAST,
    ]  # fmt: skip
    return min(times)


def _wakes(watch: Watch, on: date) -> datetime:
    return instant(on, _WAKES, watch.zone)


def _midnight(watch: Watch, now: datetime) -> datetime:
    return instant(day(now, watch.zone), time(0), watch.zone)


def _date(watch: Watch, at: datetime) -> str:
    on = day(at, watch.zone)
    return f"{on.day} {on:%B}"


def standing(marks: Sequence[FlagMark]) -> bool:
    """Whether a flag of silence stands."""
    return any(mark.rule in IDS and mark.state in {FlagState.ACTIVE, FlagState.FOUND_LATE} for mark in marks)


def at_no_reading(_rule: Rule, _view: View, _anchor: Reading) -> Judgement | None:
    """These rules are about what did not come, so no reading is their anchor."""
    return None


def _rule(name: str, title: str) -> Rule:
    return Rule(id=name, version=1, group=GROUP, title=title, anchors=frozenset(), looks={}, trend=0, judge=at_no_reading)


MD_3: Final = _rule("MD-3", "Silence")
MD_6: Final = _rule("MD-6", "Sends less than before")
F_35: Final = _rule("F35", "Has not begun")
RULES: Final = (MD_3, MD_6, F_35)
IDS: Final = frozenset(rule.id for rule in RULES)

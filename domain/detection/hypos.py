"""Diabetes: lows that needed help (DM-3) and lows that come again and again (DM-4)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from domain.detection.glucose import GLUCOSE, LOW, SAMPLED, SENSOR, SPOT, VERY_LOW, is_below, shown
from domain.detection.judgement import Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Limit, Look, Rule, same
from domain.detection.symptoms import CODE, SYMPTOM
from domain.readings.reading import Reading
from domain.readings.sensor_days import EPOCH, read

_HELPED: Final = CODE["hypo_helped"]
_UNCONSCIOUS: Final = CODE["hypo_unconscious"]


def severe(rule: Rule, _view: View, anchor: Reading) -> Judgement | None:
    """DM-3: somebody else had to help, or the person passed out or had a fit, whatever the glucose was."""
    code = int(anchor.value)
    if code == _UNCONSCIOUS:
        return rule.fired(anchor, Severity.RED, "Passed out or had a fit with a low sugar", advice="ADV-999", emergency=True)
    if code == _HELPED:
        return rule.fired(anchor, Severity.RED, "Needed another person's help with a low sugar", advice="ADV-TODAY")
    return None


class Low(NamedTuple):
    """One low value: at or above 3.0 (54 mg/dL) it is level 1, below it level 2."""

    at: datetime
    is_very_low: bool
    id: UUID | None = None


class Event(NamedTuple):
    """A hypo, from its first low value to its last."""

    start: datetime
    end: datetime
    is_very_low: bool
    ids: tuple[UUID, ...]


APART: Final = timedelta(minutes=60)
RUN: Final = timedelta(minutes=15)
"""A sensor's low counts when it lasts so long; lows further apart than this are two (DM-11)."""
WEEK: Final = 7


def runs(lows: Iterable[Low]) -> list[Event]:
    """A sensor's hypos: lows that go on for 15 minutes or more; level 2 when those below 3.0 do."""
    return [*_stretches(lows, is_very_low=False)]


def _stretches(lows: Iterable[Low], *, is_very_low: bool) -> Iterable[Event]:
    held: list[Low] = []
    for low in (*lows, None):
        if held and (low is None or low.at - held[-1].at > RUN):
            if held[-1].at - held[0].at >= RUN:
                worst = is_very_low or any(_stretches([one for one in held if one.is_very_low], is_very_low=True))
                yield Event(held[0].at, held[-1].at, worst, ())
            held = []
        if low is not None:
            held.append(low)


def events(spot: Iterable[Low], sensor: Iterable[Low]) -> list[Event]:
    """DM-4: every hypo once: what follows within 60 minutes of the last low value belongs to the one before."""
    singles = [Event(one.at, one.at, one.is_very_low, (one.id,) if one.id else ()) for one in spot]
    found: list[Event] = []
    for one in sorted([*singles, *runs(sensor)], key=lambda event: (event.start, event.end)):
        if found and one.start - found[-1].end < APART:
            last = found[-1]
            found[-1] = Event(last.start, max(last.end, one.end), last.is_very_low or one.is_very_low, last.ids + one.ids)
        else:
            found.append(one)
    return found


def recurrent(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """DM-4: two level-2 hypos, or three of any level, on this date and the seven before."""
    if not is_below(anchor, LOW):
        return None
    if anchor.kind in SAMPLED and not _completes(view, anchor):
        # A sensor says it once, when the low has lasted long enough to count, not with each sample of it.
        return rule.quiet(anchor)
    today = view.day(anchor.taken_at)
    start, _ = view.bounds(today - timedelta(days=WEEK))
    at = anchor.taken_at
    spot = [Low(one.taken_at, is_below(one, VERY_LOW), one.id) for kind in SPOT for one in view.between(kind, start, at)
            if is_below(one, LOW)]  # fmt: skip
    sensor = [low for low in _sensor_lows(view, today) if start <= low.at <= at]
    found = events(sorted(spot), sensor)
    very_low = sum(one.is_very_low for one in found)
    limits = {name: rule.limit(name, view.profile, at) for name in ("very_low_events", "events")}
    if very_low < limits["very_low_events"] and len(found) < limits["events"]:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.AMBER,
        f"{len(found)} low sugars in the last 7 days, {very_low} of them very low; now {shown(anchor)}", advice="ADV-SEEN",
        evidence=tuple(dict.fromkeys((*(one for event in found for one in event.ids), anchor.id))),
        numbers={"events": str(len(found)), "very_low_events": str(very_low)},
        limits={name: same(value) for name, value in limits.items()}, window=(start, at),
    )  # fmt: skip


def _sensor_lows(view: View, today: date) -> list[Low]:
    """The sensor's lows of the dates that count, from the days as they were folded."""
    found: list[Low] = []
    for one in view.daily(SENSOR, today - timedelta(days=WEEK), today):
        found += [Low(EPOCH + timedelta(minutes=mark // 2), bool(mark % 2)) for mark in read(one.each).lows]
    return found


def _completes(view: View, anchor: Reading) -> bool:
    """Whether a low that goes on has lasted 15 minutes with this sample and had not with the one before."""
    at = anchor.taken_at
    lows = [one.taken_at for one in view.between(anchor.kind, at - _THREE_RUNS, at) if is_below(one, LOW)]
    run: list[datetime] = []
    for low in lows:
        run = [*run, low] if run and low - run[-1] <= RUN else [low]
    return len(run) > 1 and run[-1] - run[0] >= RUN > run[-2] - run[0]


_THREE_RUNS: Final = 3 * RUN + timedelta(minutes=1)
"""A run that began before this has lasted 15 minutes without its last sample."""
_BACK: Final = timedelta(days=WEEK + 1, hours=2)
"""The seven dates before and the day itself, which may have 25 hours."""
RULES: Final = (
    Rule(
        id="DM-3", version=1, group="DM-HYPO", title="Low sugar that needed help", anchors=frozenset({SYMPTOM}),
        looks={SYMPTOM: Look()}, least=None, in_pregnancy=True, floor=True, trend=SENSOR, judge=severe,
    ),
    Rule(
        id="DM-4", version=1, group="DM-HYPO", title="Lows that come again", anchors=GLUCOSE,
        looks={**dict.fromkeys(SPOT, Look(back=_BACK)), SENSOR: Look(days=WEEK)}, in_pregnancy=True,
        limits={"very_low_events": Limit(Decimal(2), "lower"), "events": Limit(Decimal(3), "lower")}, trend=SENSOR,
        judge=recurrent,
    ),
)  # fmt: skip

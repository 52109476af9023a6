"""PF-1 and PF-2: what a list of alerts is worth against a list of events."""

import math
import random
from collections.abc import Callable, Sequence
from statistics import median
from typing import Final

import msgspec

YEAR: Final = 365.25
MONTH: Final = YEAR / 12
DRAWS: Final = 400
"""How often patients are drawn again for an interval."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Days: an alert is true when an event starts within `ahead`; alerts closer than `merge` are one; `after` explains."""

    ahead: float = 30
    merge: float = 14
    after: float = 14


WINDOWS: Final = {
    "heart_failure": Window(), "copd": Window(ahead=14, merge=7), "asthma": Window(ahead=14, merge=7),
}  # fmt: skip
ELSE: Final = Window(ahead=14, merge=7)


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """One patient as scored: how long watched, when something fired, when something happened; all in days."""

    days: float
    fires: Sequence[float]
    events: Sequence[float]
    symptomatic: Sequence[int] = ()
    measured: Sequence[int] = ()


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """One patient's counts."""

    days: float
    events: int
    found: int
    alerts: int
    true: int
    unexplained: int
    leads: tuple[float, ...]
    quiet_bad_days: int = 0
    bad_days: int = 0
    quiet_days: int = 0
    plain_days: int = 0


class Interval(msgspec.Struct, frozen=True):
    """A figure with its 95 % interval by patient; None where it cannot be said."""

    value: float | None
    low: float | None
    high: float | None


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """What a detector is worth on one cohort. `skill_all` holds it against a random alarm as frequent as all its alerts."""

    detector: str
    patients: int
    patient_years: float
    events: int
    alerts: int
    sensitivity: Interval
    unexplained_per_patient_year: Interval
    ppv: Interval
    lead_days_median: Interval
    chance: Interval
    skill: Interval
    skill_all: Interval
    alerts_per_patient_month: Interval
    specificity_per_symptomatic_day: Interval
    specificity_per_patient_day: Interval
    leads: tuple[float, ...] = ()


def episodes(fires: Sequence[float], merge: float) -> list[float]:
    """When each alert episode starts: a fire closer than `merge` days to the one before belongs to it."""
    found: list[float] = []
    last = -math.inf
    for at in sorted(fires):
        if at - last >= merge:
            found.append(at)
        last = at
    return found


def tally(one: Watched, window: Window) -> Tally:
    """PF-1 for one patient."""
    starts = episodes(one.fires, window.merge)
    leads: list[float] = []
    for event in one.events:
        before = [event - at for at in starts if 0 <= event - at <= window.ahead]
        if before:
            leads.append(max(before))
    true = sum(any(0 <= event - at <= window.ahead for event in one.events) for at in starts)
    explained = sum(
        not any(0 <= event - at <= window.ahead for event in one.events)
        and any(0 < at - event <= window.after for event in one.events)
        for at in starts
    )
    fired = {math.floor(at) for at in one.fires}

    def clear(day: int) -> bool:
        return not any(event - window.ahead - 1 < day < event + window.after for event in one.events)

    bad = [day for day in one.symptomatic if clear(day)]
    plain = [day for day in one.measured if clear(day)]
    return Tally(
        days=one.days, events=len(one.events), found=len(leads), alerts=len(starts), true=true,
        unexplained=len(starts) - true - explained, leads=tuple(leads), bad_days=len(bad),
        quiet_bad_days=sum(day not in fired for day in bad), plain_days=len(plain), quiet_days=sum(day not in fired for day in plain),
    )  # fmt: skip


def chance_level(per_year: float, ahead: float) -> float:
    """PF-2: how many events a random alarm of that rate would find. 4.3 a year and 30 days: 29.8 %."""
    return 1 - math.exp(-per_year * ahead / YEAR)


def skill_of(sensitivity: float, chance: float) -> float | None:
    """PF-2: how far above chance; None where chance is all there is."""
    return None if chance >= 1 else (sensitivity - chance) / (1 - chance)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _sum(tallies: Sequence[Tally], name: str) -> float:
    return sum(getattr(one, name) for one in tallies)


def _skill(tallies: Sequence[Tally], ahead: float, counted: str) -> float | None:
    sensitivity, years = _share(_sum(tallies, "found"), _sum(tallies, "events")), _sum(tallies, "days") / YEAR
    if sensitivity is None or not years:
        return None
    return skill_of(sensitivity, chance_level(_sum(tallies, counted) / years, ahead))


def _figures(window: Window) -> dict[str, Callable[[Sequence[Tally]], float | None]]:
    return {
        "sensitivity": lambda found: _share(_sum(found, "found"), _sum(found, "events")),
        "unexplained_per_patient_year": lambda found: _share(_sum(found, "unexplained"), _sum(found, "days") / YEAR),
        "ppv": lambda found: _share(_sum(found, "true"), _sum(found, "alerts")),
        "lead_days_median": lambda found: median(leads) if (leads := [lead for one in found for lead in one.leads]) else None,
        "chance": lambda found: chance_level(_sum(found, "unexplained") / (_sum(found, "days") / YEAR), window.ahead),
        "skill": lambda found: _skill(found, window.ahead, "unexplained"),
        "skill_all": lambda found: _skill(found, window.ahead, "alerts"),
        "alerts_per_patient_month": lambda found: _share(_sum(found, "alerts"), _sum(found, "days") / MONTH),
        "specificity_per_symptomatic_day": lambda found: _share(_sum(found, "quiet_bad_days"), _sum(found, "bad_days")),
        "specificity_per_patient_day": lambda found: _share(_sum(found, "quiet_days"), _sum(found, "plain_days")),
    }


def score(detector: str, tallies: Sequence[Tally], window: Window, *, draws: int = DRAWS) -> Score:
    """All figures with their intervals: patients are drawn again, never days, since a person's days hang together."""
    figures = _figures(window)
    chance = random.Random("bootstrap")  # noqa: S311 - intervals must be repeatable
    drawn: dict[str, list[float]] = {name: [] for name in figures}
    for _ in range(draws if tallies else 0):
        again = chance.choices(tallies, k=len(tallies))
        for name, figure in figures.items():
            value = figure(again)
            if value is not None:
                drawn[name].append(value)
    intervals = {name: _interval(figure(tallies) if tallies else None, drawn[name]) for name, figure in figures.items()}
    return Score(
        detector=detector, patients=len(tallies), patient_years=_sum(tallies, "days") / YEAR, events=int(_sum(tallies, "events")),
        alerts=int(_sum(tallies, "alerts")), leads=tuple(sorted(lead for one in tallies for lead in one.leads)), **intervals,
    )  # fmt: skip


def _interval(value: float | None, drawn: list[float]) -> Interval:
    if value is None or not drawn:
        return Interval(value, None, None)
    drawn.sort()
    last = len(drawn) - 1
    return Interval(value, drawn[round(0.025 * last)], drawn[round(0.975 * last)])

"""A history as days: what published detectors look at, one value a day (BL-1), of readings that were believed."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from domain.readings import quality
from domain.readings.kinds import BY_NAME, SYMPTOMS
from domain.readings.reading import Reading
from server.simulation.cohort import History

Series = list[float | None]
"""One value a day, None where there is none."""

_MORNING: Final = range(3, 12)
_KINDS: Final = {
    BY_NAME[kind].no: name
    for kind, name in {
        "body_weight": "weight", "heart_rate": "pulse", "oxygen_saturation": "oxygen", "respiratory_rate": "breaths",
        "blood_pressure": "systolic", "peak_flow": "peak", "day_symptom_score": "score", "reliever_puffs": "puffs",
    }.items()
}  # fmt: skip
_SYMPTOM: Final = BY_NAME["symptom"].no
_AS_USUAL: Final = "feel_as_usual"
_KEPT: Final = 12


class Daily(msgspec.Struct, kw_only=True):
    """One patient by day; `says` holds what was reported as worse, None where nothing was answered."""

    days: int
    best_peak_flow: float | None
    weight: Series
    pulse: Series
    systolic: Series
    oxygen: Series
    breaths: Series
    peak: Series
    score: Series
    puffs: Series
    says: list[frozenset[str] | None]


def believed(history: History) -> list[Reading]:
    """The readings that the quality rules let in, as each was on arrival."""
    found: list[Reading] = []
    weights: list[Reading] = []
    kind = BY_NAME["body_weight"].no
    for draft in history.drafts:
        checked = quality.check(draft, recent={kind: weights}, now=draft.taken_at + timedelta(seconds=30))
        if isinstance(checked, Reading):
            found.append(checked)
            if checked.kind == kind:
                weights = [*weights[-_KEPT:], checked]
    return found


def start_of(history: History) -> datetime:
    """Day 0 of a history."""
    return datetime.combine(history.starts_on, datetime.min.time(), tzinfo=UTC)


def daily(history: History, readings: Iterable[Reading]) -> Daily:
    """The days of a history."""
    zone = ZoneInfo(history.profile.zone)
    by: dict[str, dict[int, list[tuple[bool, float]]]] = {name: {} for name in _KINDS.values()}
    says: list[frozenset[str] | None] = [None] * history.days
    for one in readings:
        at = one.taken_at.astimezone(zone)
        day = (at.date() - history.starts_on).days
        if not 0 <= day < history.days:
            continue
        if one.kind == _SYMPTOM:
            code = SYMPTOMS[int(one.value)][0]
            says[day] = (says[day] or frozenset()) | (frozenset() if code == _AS_USUAL else frozenset({code}))
        elif one.kind in _KINDS and (one.context is None or one.context.quality is None):
            by[_KINDS[one.kind]].setdefault(day, []).append((at.hour in _MORNING, float(one.value)))
    best = history.profile.number("best_peak_flow", start_of(history))
    return Daily(
        days=history.days, best_peak_flow=None if best is None else float(best), says=says,
        **{name: [_value(name, found.get(day)) for day in range(history.days)] for name, found in by.items()},
    )  # fmt: skip


def _value(name: str, found: Sequence[tuple[bool, float]] | None) -> float | None:
    if not found:
        return None
    morning = [value for is_morning, value in found if is_morning]
    if name == "weight":
        return morning[0] if morning else found[0][1]
    if name == "peak":
        return max(morning) if morning else None
    if name in {"score", "puffs"}:
        return found[-1][1]
    return median(value for _, value in found)


class Baseline(msgspec.Struct, frozen=True):
    """BL-2: centre and spread of dates t-35 to t-8."""

    middle: float
    spread: float
    mean: float
    deviation: float
    count: int


def baseline(series: Series, day: int, *, floor: float, least: int = 10) -> Baseline | None:
    """A person's own normal before a day; None while learning."""
    found = [value for value in series[max(day - 35, 0) : max(day - 7, 0)] if value is not None]
    if len(found) < least:
        return None
    middle = median(found)
    spread = 1.4826 * median(abs(value - middle) for value in found)
    mean = math.fsum(found) / len(found)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in found) / (len(found) - 1))
    return Baseline(middle, max(spread, floor), mean, max(deviation, floor), len(found))


def days_between(start: date, end: datetime) -> float:
    """Days from a date to an instant."""
    return (end - datetime.combine(start, datetime.min.time(), tzinfo=UTC)).total_seconds() / 86_400

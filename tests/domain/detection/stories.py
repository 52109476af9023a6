"""Days of readings for tests of rules: one value a date, and what comes out on the last of them."""

from datetime import datetime, timedelta
from typing import Any

from domain.detection.judgement import Judgement, Severity, Verdict
from domain.detection.rule import Rule
from domain.people.patient import Profile
from domain.readings.reading import Reading
from tests.builders import ADULT, NOW, at, judged, reading

Outcome = tuple[Severity | None, bool] | str | None


def outcome(found: Judgement | None) -> Outcome:
    """(severity, emergency) of what fired, else the verdict."""
    if found is None:
        return None
    return (found.severity, found.emergency) if found.verdict is Verdict.FIRED else found.verdict.value


def morning(back: int = 0, hour: str = "07:00") -> datetime:
    """That time of a day before NOW's, in UTC."""
    return at(hour) - timedelta(days=back)


def days(kind: str, *values: Any, ends: int = 0, hour: str = "07:00", **more: Any) -> list[Reading]:
    """One reading a date, the last of them `ends` dates ago; None: nothing was measured."""
    return [reading(kind, value, morning(len(values) - 1 - place + ends, hour), **more)
            for place, value in enumerate(values) if value is not None]  # fmt: skip


def usual(kind: str, value: Any, dates: int = 20, ends: int = 8, spread: Any = 0, **more: Any) -> list[Reading]:
    """A normal: the same value, or by turns a little more and less, on dates that the baseline window holds."""
    return days(kind, *(value if not spread else value + spread * (1, -1)[place % 2] for place in range(dates)), ends=ends, **more)


def on_last(rule: Rule, *ones: Reading, profile: Profile = ADULT, now: datetime = NOW) -> Judgement | None:
    """A rule at the reading of the newest day, as the engine judges it."""
    kinds = rule.anchors
    mine = [one for one in ones if one.kind in kinds]
    newest = max(one.taken_at.date() for one in mine)
    for one in sorted((one for one in mine if one.taken_at.date() == newest), key=lambda one: (one.taken_at, one.id)):
        found = judged(rule, one, *(other for other in ones if other is not one), profile=profile, now=now)
        if found is not None:
            return found
    return None

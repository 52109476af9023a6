"""Runs the rules that apply; the only place that knows the list of rules.

What is flagged is a function of (readings in force, profile, now) alone: each rule is judged at each anchor reading,
looking back and, where it has its own repeat, forward. So order, retries and batch split cannot matter (INV-7).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from domain.detection import asthma, diabetes, emergency, heart_failure, hypertension, news2, oximetry
from domain.detection.judgement import Judgement, Severity, Verdict
from domain.detection.picture import View, has_since
from domain.detection.rule import Rule
from domain.readings.reading import Reading

RULE_SET: Final = 1
"""Version of the whole set; each stored reading carries the one that judged it (INV-4)."""

RULES: Final[tuple[Rule, ...]] = (
    *emergency.RULES,
    *heart_failure.RULES,
    *oximetry.RULES,
    *news2.RULES,
    *hypertension.RULES,
    *diabetes.RULES,
    *asthma.RULES,
)
BY_ID: Final = {rule.id: rule for rule in RULES}
FLOOR: Final = frozenset(rule.id for rule in RULES if rule.floor)
TREND: Final = {rule.group: rule.trend for rule in RULES if rule.trend}
"""Group -> the kind whose trend tells most."""

UNCHECKED: Final = "ING-12"

_AT: Final[dict[int, tuple[Rule, ...]]] = {
    kind: tuple(rule for rule in RULES if kind in rule.anchors) for kind in {kind for rule in RULES for kind in rule.anchors}
}


def _reaches() -> dict[int, tuple[tuple[int, timedelta, timedelta], ...]]:
    """Changed kind -> (kind of anchors, how far before, how far after) that it can affect."""
    found: dict[int, dict[int, tuple[timedelta, timedelta]]] = {}
    for rule in RULES:
        for seen in rule.looks_at:
            for kind in rule.anchors:
                before, after = found.setdefault(seen, {}).get(kind, (timedelta(0), timedelta(0)))
                # One day more: the anchor may stand late on its day, what it looks at early on the first.
                back = timedelta(days=rule.diary[seen] + 1) if seen in rule.diary else rule.after
                found[seen][kind] = (max(before, rule.before), max(after, rule.after, back))
    return {seen: tuple((kind, *spans) for kind, spans in sorted(kinds.items())) for seen, kinds in found.items()}


_REACH: Final = _reaches()


def _at(reading: Reading) -> datetime:
    return reading.taken_at


def anchors(readings: Mapping[int, Sequence[Reading]], changed: Sequence[Reading]) -> list[Reading]:
    """The readings at which rules must be judged again because of what changed, oldest first."""
    found: dict[UUID, Reading] = {}
    times: dict[int, list[datetime]] = {}
    for one in changed:
        times.setdefault(one.kind, []).append(one.taken_at)
    for seen, instants in times.items():
        instants.sort()
        for kind, before, after in _REACH.get(seen, ()):
            if has_since(readings, kind, instants[0] - before):
                series = readings[kind]
                for start, end in _stretches(instants, before, after):
                    place, last = bisect_left(series, start, key=_at), bisect_right(series, end, key=_at)
                    for one in series[place:last]:
                        found[one.id] = one
    return sorted(found.values(), key=lambda one: (one.taken_at, one.id))


def _stretches(instants: Sequence[datetime], before: timedelta, after: timedelta) -> list[tuple[datetime, datetime]]:
    """The stretches of time around instants, each once however many of them overlap."""
    start, end = instants[0] - before, instants[0] + after
    found: list[tuple[datetime, datetime]] = []
    for instant in instants[1:]:
        if instant - before > end:
            found.append((start, end))
            start = instant - before
        end = instant + after
    found.append((start, end))
    return found


def judge(view: View, ones: Sequence[Reading]) -> list[Judgement]:
    """Every rule at each of these anchors, in their order."""
    found: list[Judgement] = []
    for anchor in ones:
        for rule in _AT.get(anchor.kind, ()):
            try:
                judgement = rule.judge(rule, view, anchor)
            except Exception:  # noqa: BLE001 - a rule that breaks must never lose the reading (ING-12)
                found.extend(_broken(rule, anchor))
                continue
            if judgement is not None:
                found.append(judgement)
    return found


def _broken(rule: Rule, anchor: Reading) -> tuple[Judgement, Judgement]:
    """A rule that raised: not evaluable, and somebody is told that this person was not checked."""
    told = Judgement(
        rule=UNCHECKED, version=RULE_SET, group="OPS", anchor=anchor.id, anchor_at=anchor.taken_at, verdict=Verdict.FIRED,
        severity=Severity.AMBER, evidence=(anchor.id,), numbers={"rule": rule.id},
        sentence=f"Rule {rule.id} could not be checked: look at this person's readings yourself",
    )  # fmt: skip
    return rule.not_evaluable(anchor, "could not be checked"), told

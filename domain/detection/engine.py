"""Runs the rules that apply; the only place that knows the list of rules.

What is flagged is a function of (readings in force, profile, now) alone: each rule is judged at each anchor reading, or once
a day at the reading of the day, looking back and, where it has its own repeat, forward. So order, retries and batch split
cannot matter (INV-7). What must be judged again when a reading changes follows from what each rule says it looks at.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

import msgspec

from domain.detection import (
    asthma,
    bowel,
    confirm,
    copd,
    diabetes,
    early,
    egfr,
    emergency,
    epilepsy,
    falls,
    heart_failure,
    heart_failure_signs,
    high_glucose,
    hypertension,
    hypos,
    kidney,
    mood,
    neurology,
    news2,
    oximetry,
    pregnancy,
    sensor,
    sick_days,
    silence,
)
from domain.detection.judgement import Confidence, Judgement, Severity, Verdict
from domain.detection.picture import View
from domain.detection.rule import NO_TIME, Clearing, Rule
from domain.readings.kinds import DataClass
from domain.readings.reading import Reading

RULE_SET: Final = 2
"""Version of the whole set; each stored reading carries the one that judged it (INV-4)."""

RULES: Final[tuple[Rule, ...]] = (
    *emergency.RULES,
    *heart_failure.RULES,
    *heart_failure_signs.RULES,
    *copd.RULES,
    *oximetry.RULES,
    *news2.RULES,
    *hypertension.RULES,
    *diabetes.RULES,
    *asthma.RULES,
    *early.RULES,
    *hypos.RULES,
    *high_glucose.RULES,
    *sick_days.RULES,
    *sensor.RULES,
    *kidney.RULES,
    *egfr.RULES,
    *epilepsy.RULES,
    *mood.RULES,
    *bowel.RULES,
    *neurology.RULES,
    *falls.RULES,
    *pregnancy.RULES,
    *silence.RULES,
)
BY_ID: Final = {rule.id: rule for rule in RULES}
FLOOR: Final = frozenset(rule.id for rule in RULES if rule.floor)
RESTING: Final = frozenset({"HF-C1", "HF-W3", "HF-W5", "AS-2", "CO-2"})
"""Rules that a service starts with in shadow (decision 022): their ambers are recorded and shown to nobody until two people sign.

A red of theirs is shown all the same. The rows of `rule_mode` in migration 0006 say so in the database.
"""
TREND: Final = {rule.group: rule.trend for rule in RULES if rule.trend}
"""Group -> the kind whose trend tells most."""

UNCHECKED: Final = "ING-12"


class _Table(msgspec.Struct, frozen=True):
    """The rules for people with the same conditions.

    `at`: kind -> rules judged at each of its readings. `reach`: changed kind -> (kind of anchors, how far before it, how far
    after). `days`: changed kind -> (day rule, how far beyond the end of its date it sees, on how many dates after it can matter).
    `waits`: kind of anchors -> how long one of its rules waits for a repeat. `waiting`: the day rules that wait for one.
    """

    at: Mapping[int, tuple[Rule, ...]]
    reach: Mapping[int, tuple[tuple[int, timedelta, timedelta], ...]]
    days: Mapping[int, tuple[tuple[Rule, timedelta, int], ...]]
    waits: Mapping[int, timedelta]
    waiting: tuple[Rule, ...]


def _table(rules: Iterable[Rule]) -> _Table:
    at: dict[int, list[Rule]] = {}
    reach: dict[int, dict[int, tuple[timedelta, timedelta]]] = {}
    days: dict[int, dict[str, tuple[Rule, timedelta, int]]] = {}
    waits: dict[int, timedelta] = {}
    waiting: list[Rule] = []
    for rule in rules:
        if rule.daily:
            for kind, look in rule.seen.items():
                days.setdefault(kind, {})[rule.id] = (rule, look.ahead, _dates(look.days, look.back))
            waiting += [rule] if rule.waits else []
            continue
        for kind in rule.anchors:
            at.setdefault(kind, []).append(rule)
            if rule.waits:
                waits[kind] = max(waits.get(kind, NO_TIME), rule.waits)
        for seen, look in rule.seen.items():
            back = look.back if look.days is None else timedelta(days=look.days + 1)
            for kind in rule.anchors:
                before, after = reach.setdefault(seen, {}).get(kind, (NO_TIME, NO_TIME))
                reach[seen][kind] = (max(before, look.ahead), max(after, back))
    return _Table(
        {kind: tuple(ones) for kind, ones in at.items()},
        {seen: tuple((kind, *spans) for kind, spans in sorted(kinds.items())) for seen, kinds in reach.items()},
        {kind: tuple(ones.values()) for kind, ones in days.items()},
        waits,
        tuple(waiting),
    )


def _dates(days: int | None, back: timedelta) -> int:
    """How many dates away from a changed reading a day rule can still see it."""
    return max(days or 0, -(-back // timedelta(days=1)))


@lru_cache(maxsize=512)
def _for(conditions: frozenset[str], told: frozenset[str]) -> _Table:
    return _table(applied(conditions, told))


def applied(conditions: frozenset[str], told: frozenset[str] = frozenset()) -> tuple[Rule, ...]:
    """The rules that look at somebody with these conditions, of whom something was told under these keys."""
    return tuple(
        rule for rule in RULES
        if (not rule.conditions or rule.conditions & conditions) and (not rule.told or rule.told in told)
    )  # fmt: skip


def _of(view: View) -> _Table:
    return _for(view.profile.conditions, frozenset(one.key for one in view.profile.facts))


class Affected(msgspec.Struct):
    """What must be judged: anchors of moment rules, and day rules with the reading of the day at which each stands.

    `looked`: the stretches of each kind that were looked at for moments; `dates`: those for each day rule. Which readings stand
    in them is only worked out when there is a flag to ask about.
    """

    view: View
    moments: list[Reading] = []
    days: list[tuple[Reading, list[Rule]]] = []
    looked: list[tuple[int, datetime, datetime]] = []
    dates: dict[str, list[date]] = {}
    unsure: set[tuple[str, UUID]] = set()
    _ids: dict[tuple[int, date], set[UUID]] = {}
    _moment_ids: set[UUID] | None = None
    _hidden: dict[int, set[UUID]] | None = None

    def covers(self, rule: str, anchor: UUID) -> bool:
        """Whether this rule was judged at this reading, so that a flag there which it does not support is over."""
        known = BY_ID.get(rule)
        if known is None or (self.unsure and (rule, anchor) in self.unsure):
            return False
        if known.daily:
            return any(anchor in self._of_date(kind, on) for on in self.dates.get(rule, ()) for kind in known.anchors)
        if self._moment_ids is None:
            self._moment_ids = {one.id for one in self.moments}
        if anchor in self._moment_ids:
            return True
        # Of two copies another reading stands: what was flagged at this one is over (DQ-6).
        copies = self._copies()
        return bool(copies) and any(anchor in copies.get(kind, ()) for kind in known.anchors)

    def _copies(self) -> dict[int, set[UUID]]:
        """By kind the copies in what was looked at."""
        if self._hidden is None:
            self._hidden = {}
            for kind, start, end in self.looked:
                if found := self.view.hidden(kind, start, end):
                    self._hidden.setdefault(kind, set()).update(found)
        return self._hidden

    def _of_date(self, kind: int, on: date) -> set[UUID]:
        """The readings of a kind at which a rule of the day may have stood on a date."""
        found = self._ids.get((kind, on))
        if found is None:
            start, end = self.view.bounds(on)
            found = self.view.hidden(kind, start, end) | {one.id for one in self.view.judged(kind, start, end) if one.taken_at < end}
            self._ids[kind, on] = found
        return found

    @property
    def anchors(self) -> list[Reading]:
        """Every reading that is judged."""
        return [*self.moments, *(one for one, _ in self.days)]


def _order(reading: Reading) -> tuple[datetime, UUID]:
    return (reading.taken_at, reading.id)


def affected(view: View, changed: Sequence[Reading]) -> Affected:
    """What must be judged again because of what changed, oldest first."""
    table = _of(view)
    times: dict[int, list[datetime]] = {}
    for one in changed:
        times.setdefault(one.kind, []).append(one.taken_at)
    answer = Affected(view)
    answer.moments = _moments(view, table, times, answer.looked)
    ruled: dict[date, dict[str, Rule]] = {}
    for seen, instants in times.items():
        rules = table.days.get(seen, ())
        if not rules:
            continue
        dates = {view.day(instant) for instant in instants}
        # Most readings are of the newest day: then nothing after it can change.
        is_newest = len(dates) == 1 and not view.has_any_since(view.bounds(max(dates))[1])
        firsts: dict[timedelta, dict[int, int]] = {}
        for rule, ahead, after in rules:
            if ahead not in firsts:
                firsts[ahead] = _firsts(view, instants, ahead)
            for on in _days(view, rule, firsts[ahead], 0 if is_newest else after) if not is_newest or ahead else dates:
                ruled.setdefault(on, {})[rule.id] = rule
    for on in sorted(ruled):
        _of_day(view, on, ruled[on].values(), answer)
    return answer


def _moments(
    view: View, table: _Table, times: Mapping[int, list[datetime]], looked: list[tuple[int, datetime, datetime]]
) -> list[Reading]:
    found: dict[UUID, Reading] = {}
    for seen, instants in times.items():
        instants.sort()
        for kind, before, after in table.reach.get(seen, ()):
            if not view.has_since(kind, instants[0] - before):
                continue
            for start, end in _stretches(instants, before, after):
                looked.append((kind, start, end))
                for one in view.judged(kind, start, end):
                    found[one.id] = one
    return sorted(found.values(), key=_order)


def _firsts(view: View, instants: Sequence[datetime], ahead: timedelta) -> dict[int, int]:
    """Each changed date with the first date that, looking so far beyond its end, still sees a change on it; as ordinals."""
    found: dict[int, int] = {}
    for instant in reversed(instants):
        found[view.day(instant).toordinal()] = view.day(instant - ahead).toordinal()
    return found


def _days(view: View, rule: Rule, firsts: Mapping[int, int], after: int) -> set[date]:
    """The changed dates and those around them on which the rule can see a change, if anything was measured."""
    ranked = sorted(firsts)
    first, last = date.fromordinal(firsts[ranked[0]]), date.fromordinal(ranked[-1] + after)
    held = {one.no for kind in rule.anchors for one in view.daily(kind, first, last)}
    seen = (
        no for no in held
        if ((place := bisect_right(ranked, no)) and no - after <= ranked[place - 1])
        or (place < len(ranked) and firsts[ranked[place]] <= no)
    )  # fmt: skip
    return {date.fromordinal(no) for no in (*ranked, *seen)}


def _of_day(view: View, on: date, rules: Iterable[Rule], answer: Affected) -> None:
    """The day rules of a date, each with the first reading among those that give the day's values."""
    stands: dict[frozenset[int], list[Rule]] = {}
    for rule in rules:
        stands.setdefault(rule.anchors, []).append(rule)
        answer.dates.setdefault(rule.id, []).append(on)
    for kinds, ones in stands.items():
        anchor = view.stands(kinds, on)
        if anchor is not None:
            answer.days.append((anchor, ones))


def since(view: View, at: datetime) -> Affected:
    """What may be waiting since an instant for a repeat that did not come."""
    table = _of(view)
    found = [one for kind, waits in table.waits.items() for one in view.judged(kind, at - waits - _SPARE, _END)]
    answer = Affected(view, sorted(found, key=_order))
    ruled: dict[date, list[Rule]] = {}
    for rule in table.waiting:
        for on in {one.on for kind in rule.anchors for one in view.daily(kind, view.day(at - rule.waits - _SPARE), _LAST)}:
            ruled.setdefault(on, []).append(rule)
    for on in sorted(ruled):
        _of_day(view, on, ruled[on], answer)
    return answer


_SPARE: Final = timedelta(hours=1)
_END: Final = datetime.fromisoformat("9999-01-01T00:00:00+00:00")
_LAST: Final = date(9999, 1, 1)


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


def judge(view: View, what: Affected) -> list[Judgement]:
    """Every rule where it must be judged, in order of the anchors."""
    found: list[Judgement] = []
    table = _of(view)
    for anchor in what.moments:
        _apply(view, anchor, table.at.get(anchor.kind, ()), what, found)
    for anchor, rules in what.days:
        _apply(view, anchor, rules, what, found)
    return found


def _apply(view: View, anchor: Reading, rules: Iterable[Rule], what: Affected, found: list[Judgement]) -> None:
    reasons: dict[tuple[int | None, bool], str | None] = {}
    for rule in rules:
        try:
            scope = (rule.least, rule.in_pregnancy)
            if scope not in reasons:
                reasons[scope] = rule.why_not(view.profile, anchor)
            reason = reasons[scope]
            judgement = rule.judge(rule, view, anchor) if reason is None else rule.not_evaluable(anchor, reason)
            if judgement is not None and rule.asks is not None:
                judgement = confirm.step(rule, rule.asks, view, anchor, judgement)
        except Exception:  # noqa: BLE001 - a rule that breaks must never lose the reading (ING-12)
            # What it said before stands: that it broke now is no reason to think it over (INV-8).
            what.unsure.add((rule.id, anchor.id))
            found.extend(_broken(rule, anchor))
            continue
        if judgement is not None:
            found.append(_typed(judgement, anchor))


def judge_one(view: View, rule: Rule, anchor: Reading) -> Judgement | None:
    """One rule at one reading: what a stored judgement is held against when it is worked out again (ALP-12)."""
    found: list[Judgement] = []
    _apply(view, anchor, [rule], Affected(view), found)
    return found[0] if found else None


_SAID: Final = frozenset({DataClass.SYMPTOMS, DataClass.MOOD})
"""What people say of themselves is typed by its nature (DQ-11 excepts it)."""


def _typed(judgement: Judgement, anchor: Reading) -> Judgement:
    """DQ-11: a red that rests on a number somebody typed, and has not confirmed, goes out at once, as unconfirmed."""
    if judgement.severity is not Severity.RED or not anchor.manual or anchor.kind // 100 in _SAID or "confirmed" in anchor.marks:
        return judgement
    return msgspec.structs.replace(judgement, confidence=Confidence.UNCONFIRMED)


def _broken(rule: Rule, anchor: Reading) -> tuple[Judgement, Judgement]:
    """A rule that raised: not evaluable, and somebody is told that this person was not checked."""
    told = Judgement(
        rule=UNCHECKED, version=RULE_SET, group="OPS", anchor=anchor.id, anchor_at=anchor.taken_at, verdict=Verdict.FIRED,
        severity=Severity.AMBER, evidence=(anchor.id,), numbers={"rule": rule.id},
        sentence=f"Rule {rule.id} could not be checked: look at this person's readings yourself",
    )  # fmt: skip
    return rule.not_evaluable(anchor, "could not be checked"), told


def cleared(view: View, rule: str, fired_at: datetime) -> Clearing | None:
    """Whether what a rule last raised at an instant is over (AL-4); None: it never clears by itself, a person closes it."""
    known = BY_ID.get(rule)
    if known is None or known.clears is None:
        return None
    try:
        return known.clears(known, view, fired_at)
    except Exception:  # noqa: BLE001 - a rule that breaks clears nothing (INV-8)
        return known.unknown("could not be checked")


def forget() -> None:
    """Work out afresh which rules are for whom; for a list of rules that was changed (a dry run, a test)."""
    _for.cache_clear()

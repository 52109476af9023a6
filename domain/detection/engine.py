"""Runs the rules that apply; the only place that knows the list of rules.

What is flagged is a function of (readings in force, profile, now) alone: each rule is judged at each anchor reading, or once
a day at the reading of the day, looking back and, where it has its own repeat, forward. So order, retries and batch split
cannot matter (INV-7). What must be judged again when a reading changes follows from what each rule says it looks at.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
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
from domain.detection.rule import ADULT, NO_TIME, Clearing, Rule
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


class _Reach(NamedTuple):
    """How far before a change readings of a kind must be judged, how far after it, and of which rules each span is."""

    before: timedelta
    after: timedelta
    spans: tuple[tuple[timedelta, timedelta, int], ...]


def _reach(spans: Mapping[tuple[timedelta, timedelta], int]) -> _Reach:
    return _Reach(max(span[0] for span in spans), max(span[1] for span in spans), tuple((*span, which) for span, which in spans.items()))


class _Table(msgspec.Struct, frozen=True):
    """The rules for people with the same conditions.

    `at`: kind -> rules judged at its readings; sets of them are bits by place. `reach`: changed kind -> kind of anchors. `days`:
    changed kind -> (day rule, how far beyond the end of its date it sees, on how many dates after it can matter).
    `waits`: kind of anchors -> how long one of its rules waits for a repeat; `late`: which of them wait. `waiting`: the day rules
    that wait for one.
    """

    at: Mapping[int, tuple[Rule, ...]]
    reach: Mapping[int, Mapping[int, _Reach]]
    days: Mapping[int, tuple[tuple[Rule, timedelta, int], ...]]
    waits: Mapping[int, timedelta]
    late: Mapping[int, int]
    waiting: tuple[Rule, ...]
    _chosen: dict[tuple[int, int], tuple[Rule, ...]] = {}

    def chosen(self, kind: int, which: int) -> tuple[Rule, ...]:
        """Of the rules judged at readings of a kind those with these bits."""
        found = self._chosen.get((kind, which))
        if found is None:
            found = tuple(rule for place, rule in enumerate(self.at[kind]) if which >> place & 1)
            self._chosen[kind, which] = found
        return found


def _table(rules: Iterable[Rule]) -> _Table:
    at: dict[int, list[Rule]] = {}
    reach: dict[int, dict[int, dict[tuple[timedelta, timedelta], int]]] = {}
    days: dict[int, dict[str, tuple[Rule, timedelta, int]]] = {}
    waits: dict[int, timedelta] = {}
    late: dict[int, int] = {}
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
                late[kind] = late.get(kind, 0) | 1 << len(at[kind]) - 1
            for seen, look in rule.seen.items():
                span = (look.ahead, look.back if look.days is None else timedelta(days=look.days + 1))
                spans = reach.setdefault(seen, {}).setdefault(kind, {})
                spans[span] = spans.get(span, 0) | 1 << len(at[kind]) - 1
    return _Table(
        {kind: tuple(ones) for kind, ones in at.items()},
        {seen: {kind: _reach(spans) for kind, spans in kinds.items()} for seen, kinds in reach.items()},
        {kind: tuple(ones.values()) for kind, ones in days.items()},
        waits,
        late,
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
    return _for(view.profile.conditions, view.told)


class Affected(msgspec.Struct):
    """What must be judged: at each reading the rules of the moment, and the day rules at the reading where each stands.

    `looked`: the stretches of each kind that were looked at for moments; `dates`: those for each day rule. Which readings stand
    in them is only worked out when there is a flag to ask about.
    """

    view: View
    moments: list[tuple[Reading, tuple[Rule, ...]]] = []
    days: list[tuple[Reading, list[Rule]]] = []
    looked: list[tuple[int, datetime, datetime]] = []
    dates: dict[str, list[date]] = {}
    unsure: set[tuple[str, UUID]] = set()
    _ids: dict[tuple[int, date], set[int]] = {}
    _ruled: dict[str, set[int]] | None = None
    _hidden: dict[int, set[int]] | None = None

    def covers(self, rule: str, anchor: UUID) -> bool:
        """Whether this rule was judged at this reading, so that a flag there which it does not support is over."""
        if not self.may_cover(rule):
            return False
        dates, ruled = self.dates.get(rule), self._judged_at().get(rule)
        known = BY_ID.get(rule)
        if known is None or (self.unsure and (rule, anchor) in self.unsure):
            return False
        if known.daily:
            return any(anchor.int in self._of_date(kind, on) for on in dates or () for kind in known.anchors)
        if ruled is not None and anchor.int in ruled:
            return True
        # Of two copies another reading stands: what was flagged at this one is over (DQ-6).
        return bool(self._hidden) and any(anchor.int in self._hidden.get(kind, ()) for kind in known.anchors)

    def may_cover(self, rule: str) -> bool:
        """Whether this rule was judged anywhere; cheaper than asking of each reading."""
        return rule in self.dates or rule in self._judged_at() or bool(self._hidden)

    def _judged_at(self) -> dict[str, set[int]]:
        """The readings at which each rule of the moment was judged; and, by kind, the copies in what was looked at."""
        if self._ruled is not None:
            return self._ruled
        self._hidden = {}
        for kind, start, end in self.looked:
            if found := self.view.hidden(kind, start, end):
                self._hidden.setdefault(kind, set()).update(one.int for one in found)
        self._ruled = {}
        for one, rules in self.moments:
            for rule in rules:
                self._ruled.setdefault(rule.id, set()).add(one.id.int)
        return self._ruled

    def _of_date(self, kind: int, on: date) -> set[int]:
        """The readings of a kind at which a rule of the day may have stood on a date."""
        found = self._ids.get((kind, on))
        if found is None:
            start, end = self.view.bounds(on)
            found = {one.int for one in self.view.hidden(kind, start, end)}
            found.update(one.id.int for one in self.view.judged(kind, start, end) if one.taken_at < end)
            self._ids[kind, on] = found
        return found

    @property
    def anchors(self) -> list[Reading]:
        """Every reading that is judged."""
        return [*(one for one, _ in self.moments), *(one for one, _ in self.days)]


def _order(reading: Reading) -> tuple[datetime, UUID]:
    return (reading.taken_at, reading.id)


def affected(view: View, changed: Sequence[Reading]) -> Affected:
    """What must be judged again because of what changed, oldest first."""
    table = _of(view)
    times: dict[int, list[datetime]] = {}
    for one in changed:
        times.setdefault(one.kind, []).append(one.taken_at)
    answer = Affected(view)
    _moments(view, table, times, answer)
    ruled: dict[date, dict[str, Rule]] = {}
    for seen, instants in times.items():
        if rules := table.days.get(seen):
            _dated(view, rules, instants, ruled)
    for on in sorted(ruled):
        _of_day(view, on, ruled[on].values(), answer)
    return answer


def _dated(
    view: View, rules: Sequence[tuple[Rule, timedelta, int]], instants: Sequence[datetime], ruled: dict[date, dict[str, Rule]]
) -> None:
    """Adds the dates on which each of these day rules is judged because a reading of one kind changed at these instants."""
    dates = {view.day(instant) for instant in instants}
    # Most readings are of the newest day: then nothing after it can change.
    is_newest = len(dates) == 1 and not view.has_any_since(view.bounds(max(dates))[1])
    known: dict[tuple[frozenset[int], timedelta, int], set[date]] = {}
    for rule, ahead, after in rules:
        if is_newest and not ahead:
            held = dates
        else:
            key = (rule.anchors, ahead, 0 if is_newest else after)
            held = known.get(key)
            if held is None:
                held = known[key] = _days(view, rule, _firsts(view, instants, ahead), key[2])
        for on in held:
            ruled.setdefault(on, {})[rule.id] = rule


def _moments(view: View, table: _Table, times: Mapping[int, list[datetime]], answer: Affected) -> None:
    """At each reading near a change the rules that see so far from it."""
    found: dict[int, tuple[Reading, int]] = {}
    for seen, instants in times.items():
        reach = table.reach.get(seen)
        if reach is None:
            continue
        instants.sort()
        for kind in view.kinds:
            near = reach.get(kind)
            if near is None or not view.has_since(kind, instants[0] - near.before):
                continue
            for start, end in _stretches(instants, near.before, near.after):
                answer.looked.append((kind, start, end))
                for one in view.judged(kind, start, end):
                    which = _which(near.spans, instants, one.taken_at)
                    held = found.get(one.id.int)
                    found[one.id.int] = (one, which if held is None else held[1] | which)
    answer.moments = [(one, table.chosen(one.kind, which)) for one, which in sorted(found.values(), key=lambda held: _order(held[0]))]


def _which(spans: Sequence[tuple[timedelta, timedelta, int]], instants: Sequence[datetime], at: datetime) -> int:
    """The rules that, judged at this instant, see one of the instants at which something changed; as bits."""
    which = 0
    for ahead, back, rules in spans:
        place = bisect_left(instants, at - back)
        if place < len(instants) and instants[place] <= at + ahead:
            which |= rules
    return which


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
    answer = Affected(view)
    answer.moments = [(one, table.chosen(one.kind, table.late[one.kind])) for one in sorted(found, key=_order)]
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
    for anchor, rules in (*what.moments, *what.days):
        _apply(view, anchor, rules, what, found)
    return found


def _apply(view: View, anchor: Reading, rules: Iterable[Rule], what: Affected, found: list[Judgement]) -> None:
    # Of nearly everybody nearly always nothing has to be asked: grown up, and never told to be pregnant.
    is_plain = anchor.taken_at.year - view.profile.birth_on.year > ADULT and "pregnant" not in view.told
    for rule in rules:
        try:
            reason = None if is_plain else rule.why_not(view.profile, anchor)
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

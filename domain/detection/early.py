"""Early signs: several signals that each say little, weighed together against the person's own normal (HF-E1, CO-E1, AS-E1).

Amber at most and never part of the safety floor: what must be said at once, other rules say. Which signals moved, and by how
much, stands in the sentence. How well it finds what truly happens stands in deploy/docs/evaluation.md; the weights were found
on tuning seeds 1 to 3 of `steady simulate`.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from domain.detection import concern, scores
from domain.detection.diary import Day
from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import SYMPTOM, View
from domain.detection.rule import Clearing, Limit, Look, Rule, same
from domain.detection.scores import Rise, Signal, Us, Worth
from domain.readings.baseline import Baseline
from domain.readings.kinds import BY_NAME, SYMPTOM_LABEL
from domain.readings.reading import Reading

WEIGHT: Final = BY_NAME["body_weight"].no
PULSE: Final = BY_NAME["heart_rate"].no
OXYGEN: Final = BY_NAME["oxygen_saturation"].no
BREATHS: Final = BY_NAME["respiratory_rate"].no
PEAK: Final = BY_NAME["peak_flow"].no
FELT: Final = BY_NAME["day_symptom_score"].no
PUFFS: Final = BY_NAME["reliever_puffs"].no
_FORTNIGHT: Final = 14
_CALM: Final = 3
_NOTHING: Final = frozenset({90, 91})


class Read(msgspec.Struct, frozen=True):
    """One kind as it lies on a date: u of the dates up to it, its day if it was measured, and the normal it is held against."""

    us: Us
    today: Day | None = None
    normal: Baseline | None = None


_UNKNOWN: Final = Read([None] * scores.DATES)


class Found(msgspec.Struct, frozen=True):
    """The score of a date, the readings it rests on, and what moved in words when somebody asks. None: too little is known to say."""

    score: Decimal | None
    words: Callable[[], tuple[str, ...]] = tuple
    days: tuple[Day, ...] = ()


Score = Callable[[View, date], Found]


def _read(view: View, kind: int, on: date, signal: Signal | None) -> Read:
    normal = view.baseline(kind, on)
    if normal is None:
        return _UNKNOWN

    def make() -> Read:
        held = view.daily(kind, on - timedelta(days=scores.DATES - 1), on)
        today = held[-1] if held and held[-1].no == on.toordinal() else None
        return Read(scores.us(held, normal, signal or scores.peak(normal), on.toordinal()), today, normal)

    return view.past(kind, on, ("read", signal, normal), make)


def _rising(view: View, kind: int, on: date, read: Read) -> Rise:
    return view.past(kind, on, ("rising", read.normal), lambda: scores.rising(read.us))


def _felt(view: View, on: date, worth: Worth) -> tuple[Us, str]:
    """What the symptoms of a fortnight count by day, and which were told how often, in words."""
    first = on - timedelta(days=_FORTNIGHT - 1)
    counts: Us = [None] * _FORTNIGHT
    days = view.daily(SYMPTOM, first, on)
    if not days:
        return counts, ""
    told: Counter[int] = Counter()
    for one in days:
        counts[one.no - first.toordinal()] = worth(one.each)
        told.update(code for code in set(one.each) - _NOTHING if worth((code,)))
    return counts, ", ".join(f"{SYMPTOM_LABEL[code].lower()} ({times} day{'s' if times > 1 else ''})" for code, times in told.most_common(3))


def _words(name: str, read: Read, unit: str, places: int = 0) -> tuple[str, ...]:
    """How far one kind lies from the person's normal today, if it was measured."""
    if read.today is None or read.normal is None:
        return ()
    by = scores.moved(read.today.value, read.normal, places)
    if not by:
        return (f"{name} as usual",)
    return (f"{name} {same(abs(by))}{unit} {'above' if by > 0 else 'below'} the usual {same(scores.middle(read.normal, places))}",)


def heart(view: View, on: date) -> Found:
    """HF-E1: weight and pulse rising, and complaints."""
    weight, pulse = _read(view, WEIGHT, on, scores.WEIGHT), _read(view, PULSE, on, scores.PULSE)
    felt, told = _felt(view, on, scores.felt_heart)
    if weight.normal is None and pulse.normal is None and not told:
        return Found(None)
    score = scores.heart(_rising(view, WEIGHT, on, weight), _rising(view, PULSE, on, pulse), felt)

    def words() -> tuple[str, ...]:
        return (*_words("weight", weight, " kg", 1), *_words("pulse", pulse, ""), *((f"reports {told}",) if told else ()))

    return Found(scores.shown(score), words, _days(weight, pulse))


def chest(view: View, on: date) -> Found:
    """CO-E1: complaints that last, with oxygen, pulse and breathing; nothing without a complaint today or yesterday."""
    felt, told = _felt(view, on, scores.felt_chest)
    if not any(felt[-2:]):
        return Found(Decimal(0) if told or any(count is not None for count in felt) else None)
    reads = [_read(view, kind, on, signal) for kind, signal in _CHEST]
    oxygen, pulse, breaths = ([*one.us[-_FORTNIGHT:]] for one in reads)

    def words() -> tuple[str, ...]:
        body = (*_words("oxygen", reads[0], " points"), *_words("pulse", reads[1], ""), *_words("breathing", reads[2], " a minute"))
        return (f"reports {told}", *body)

    return Found(scores.shown(scores.chest(oxygen, pulse, breaths, felt)), words, _days(*reads))


_CHEST: Final = ((OXYGEN, scores.OXYGEN), (PULSE, scores.CHEST_PULSE), (BREATHS, scores.BREATHS))


def airways(view: View, on: date) -> Found:
    """AS-E1: peak flow going down, complaints and reliever going up."""
    peak, felt, puffs = (_read(view, kind, on, signal) for kind, signal in ((PEAK, None), (FELT, scores.FELT), (PUFFS, scores.PUFFS)))
    if peak.normal is None and felt.normal is None:
        return Found(None)

    def words() -> tuple[str, ...]:
        return (*_words("peak flow", peak, " L/min"), *_words("symptom score", felt, ""), *_words("blue inhaler", puffs, " puffs"))

    rises = [view.past(kind, on, ("rising", one.normal), lambda one=one: scores.rising(one.us, scores.TEN_DAYS))
             for kind, one in ((PEAK, peak), (FELT, felt), (PUFFS, puffs))]  # fmt: skip
    return Found(scores.shown(scores.airways(*rises)), words, _days(peak, felt, puffs))


def _days(*reads: Read) -> tuple[Day, ...]:
    return tuple(one.today for one in reads if one.today is not None)


def _judge(score: Score, advice: str) -> Callable[[Rule, View, Reading], Judgement | None]:
    def judge(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
        """Several signs together, each against the person's own normal."""
        found = score(view, view.day(anchor.taken_at))
        if found.score is None:
            return rule.not_evaluable(anchor, "learning: fewer than 10 days in the weeks before")
        limit = rule.limit("score", view.profile, anchor.taken_at)
        if found.score <= limit:
            return rule.quiet(anchor)
        return rule.fired(
            anchor, Severity.AMBER, f"Several signs together: {'; '.join(found.words())}", advice=advice,
            confidence=Confidence.UNCONFIRMED if any(one.unconfirmed for one in found.days) else Confidence.NORMAL,
            evidence=tuple(dict.fromkeys((*(one.id for one in found.days), anchor.id))),
            numbers={"score": same(found.score)}, limits={"score": same(limit)},
            window=(anchor.taken_at - timedelta(days=scores.DATES), anchor.taken_at),
        )  # fmt: skip

    return judge


def _clears(score: Score, kind: int) -> Callable[[Rule, View, datetime], Clearing]:
    def clears(rule: Rule, view: View, fired_at: datetime) -> Clearing:
        """AL-4: less than half the limit on three observed days."""
        days = view.daily(kind, view.day(fired_at) + timedelta(days=1), view.day(view.now))[-_CALM:]
        half = rule.limit("score", view.profile, view.now) / 2
        values = [score(view, one.on).score for one in days]
        if any(value is not None and value >= half for value in values):
            return rule.goes_on("the signs together are not back at usual", tuple(one.id for one in days))
        if len(days) < _CALM or None in values:
            return rule.unknown("needs three measured days since then")
        return rule.over("the signs together were back at usual on three days", tuple(one.id for one in days))

    return clears


_NORMAL: Final = Look(days=concern.BACK)
HF_E1: Final = Rule(
    id="HF-E1", version=1, group="HF-W", title="Early signs of heart failure getting worse", anchors=frozenset({WEIGHT, PULSE, SYMPTOM}),
    daily=True, looks={WEIGHT: _NORMAL, PULSE: _NORMAL, SYMPTOM: _NORMAL}, conditions=frozenset({"heart_failure"}),
    limits={"score": Limit(Decimal("2.5"), "lower")}, cap=Severity.AMBER, trend=WEIGHT, judge=_judge(heart, "ADV-HF"),
    clears=_clears(heart, WEIGHT),
)  # fmt: skip
CO_E1: Final = Rule(
    id="CO-E1", version=1, group="CO", title="Early signs of an exacerbation", anchors=frozenset({SYMPTOM}), daily=True,
    looks=dict.fromkeys((SYMPTOM, OXYGEN, PULSE, BREATHS), _NORMAL), conditions=frozenset({"copd"}),
    limits={"score": Limit(Decimal("2.8"), "lower")}, cap=Severity.AMBER, trend=OXYGEN, judge=_judge(chest, "ADV-COPD"),
    clears=_clears(chest, SYMPTOM),
)  # fmt: skip
AS_E1: Final = Rule(
    id="AS-E1", version=1, group="AS", title="Early signs of asthma getting worse", anchors=frozenset({PEAK, FELT}), daily=True,
    looks=dict.fromkeys((PEAK, FELT, PUFFS, SYMPTOM), _NORMAL), conditions=frozenset({"asthma"}),
    limits={"score": Limit(Decimal("3.5"), "lower")}, cap=Severity.AMBER, trend=PEAK, judge=_judge(airways, "ADV-ASTHMA"),
    clears=_clears(airways, PEAK),
)  # fmt: skip
RULES: Final = (HF_E1, CO_E1, AS_E1)

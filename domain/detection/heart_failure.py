"""Heart failure: rapid weight gain and what the person feels."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from domain.days import local
from domain.detection.emergency import SYMPTOM
from domain.detection.judgement import Confidence, Judgement, Severity, Verdict
from domain.detection.picture import View
from domain.detection.rule import Limit, Rule, out_of_scope, same
from domain.readings.kinds import BY_NAME, SYMPTOM_LABEL
from domain.readings.reading import Reading

WEIGHT: Final = BY_NAME["body_weight"].no
CONDITION: Final = "heart_failure"
_MORNING: Final = range(3, 12)
_BACK: Final = timedelta(days=4, hours=2)
_SAME_DAY: Final = timedelta(hours=26)
_STEP: Final = Decimal("3.0")
_AGREES: Final = Decimal("1.0")
_STEP_SPAN: Final = timedelta(days=3)
_CONFIRM_SPAN: Final = timedelta(hours=24)


def daily(view: View, readings: Sequence[Reading]) -> dict[date, Reading]:
    """BL-1: per civil date the first morning weight (03:00 to 12:00 local), else the first of that day."""
    found: dict[date, Reading] = {}
    is_morning: dict[date, bool] = {}
    for one in readings:
        at = local(one.taken_at, view.profile.zone)
        on = at.date()
        morning = at.hour in _MORNING or (at.hour == _MORNING.stop and not (at.minute or at.second or at.microsecond))
        if on not in found or (morning and not is_morning[on]):
            found[on] = one
            is_morning[on] = morning
    return found


def is_step(view: View, one: Reading) -> bool:
    """DQ-4: more than 3.0 kg from the weight before (at most 3 days older), and no later one within 1.0 kg confirms it."""
    before = view.before(one, _STEP_SPAN)
    if not before or abs(one.value - before[-1].value) <= _STEP:
        return False
    return all(abs(later.value - one.value) > _AGREES for later in view.after(one, _CONFIRM_SPAN))


def rapid_gain(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HF-W1: today is more than the limit above the lowest daily weight of the three dates before."""
    if CONDITION not in view.profile.conditions:
        return None
    at = anchor.taken_at
    days = daily(view, view.between(WEIGHT, at - _BACK, at + _SAME_DAY))
    today = local(at, view.profile.zone).date()
    if days[today] is not anchor:
        return None
    scope = out_of_scope(view.profile, anchor)
    if scope is not None:
        return rule.not_evaluable(anchor, scope)
    before = [days[on] for back in (1, 2, 3) if (on := today - timedelta(days=back)) in days]
    if not before:
        return rule.not_evaluable(anchor, "no weight in the three days before")
    lowest = min(before, key=lambda one: one.value)
    limit = rule.limit("gain_kg", view.profile, at)
    gain = anchor.value - lowest.value
    if gain <= limit:
        return rule.quiet(anchor)
    span = (today - local(lowest.taken_at, view.profile.zone).date()).days
    unsure = is_step(view, anchor) or is_step(view, lowest) or anchor.unconfirmed or lowest.unconfirmed
    shown = same(gain)
    return rule.fired(
        anchor, Severity.AMBER,
        f"Weight up {shown} kg in {span} day{'s' if span > 1 else ''}: {same(lowest.value)} to {same(anchor.value)} kg"
        f" (limit {same(limit)})" + (", please re-weigh" if unsure else ""),
        advice="ADV-HF",
        confidence=Confidence.UNCONFIRMED if unsure else Confidence.NORMAL,
        evidence=(lowest.id, anchor.id),
        numbers={"gain_kg": shown, "days": str(span), "from_kg": same(lowest.value), "to_kg": same(anchor.value)},
        limits={"gain_kg": same(limit)},
        window=(lowest.taken_at, at),
    )  # fmt: skip


_RED: Final = frozenset({20, 21, 22})
_FROTH: Final = 25
_EFFORT: Final = 23
_SWELLING: Final = 24
_WEIGHTS_BACK: Final = timedelta(days=3)


def symptoms(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HF-S1: what is worse than usual. Anybody may report it, so it is not asked whether heart failure is on record."""
    code = int(anchor.value)
    said = f"Reports: {SYMPTOM_LABEL[code][0].lower()}{SYMPTOM_LABEL[code][1:]}" if code in SYMPTOM_LABEL else ""
    if code == _FROTH:
        return rule.fired(anchor, Severity.RED, said, advice="ADV-999", emergency=True)
    if code in _RED:
        return rule.fired(anchor, Severity.RED, said, advice="ADV-TODAY")
    if code == _EFFORT:
        return rule.fired(anchor, Severity.AMBER, said, advice="ADV-HF")
    return _swelling(rule, view, anchor, said) if code == _SWELLING else None


def _swelling(rule: Rule, view: View, anchor: Reading, said: str) -> Judgement | None:
    """Swelling counts with a weight rule that fires on the same date or one of the three before."""
    at = anchor.taken_at
    fired: Judgement | None = None
    evaluable = False
    for weight in view.between(WEIGHT, at - _WEIGHTS_BACK, at + _SAME_DAY):
        found = rapid_gain(W1, view, weight)
        if found is None or local(weight.taken_at, view.profile.zone).date() > local(at, view.profile.zone).date():
            continue
        evaluable = evaluable or found.verdict is not Verdict.NOT_EVALUABLE
        if found.verdict is Verdict.FIRED:
            fired = found
    if fired is None:
        if evaluable:
            return rule.quiet(anchor)
        return rule.not_evaluable(anchor, "no weight to hold the swelling against")
    return rule.fired(
        anchor, Severity.AMBER, f"{said}, and weight up {fired.numbers['gain_kg']} kg", advice="ADV-HF",
        confidence=fired.confidence, evidence=(*fired.evidence, anchor.id), numbers=fired.numbers, limits=fired.limits,
        window=(fired.window_from or at, at),
    )  # fmt: skip


W1: Final = Rule(
    id="HF-W1", version=1, group="HF-W", anchors=frozenset({WEIGHT}), looks_at=frozenset({WEIGHT}),
    before=_SAME_DAY, after=_BACK + _STEP_SPAN, limits={"gain_kg": Limit(Decimal("2.00"), "lower")}, floor=True,
    trend=WEIGHT, judge=rapid_gain,
)  # fmt: skip
S1: Final = Rule(
    id="HF-S1", version=1, group="HF-S", anchors=frozenset({SYMPTOM}), looks_at=frozenset({SYMPTOM, WEIGHT}),
    before=_SAME_DAY, after=_WEIGHTS_BACK + _BACK + _STEP_SPAN, trend=WEIGHT, judge=symptoms,
)  # fmt: skip
RULES: Final = (W1, S1)

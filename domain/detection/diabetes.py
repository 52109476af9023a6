"""Diabetes: low glucose and ketones. Glucose is compared in the unit it was reported in (C-3)."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from domain.detection.glucose import GLUCOSE, SAMPLED, bound, is_below, reported, shown
from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Clearing, Glucose, Limit, Look, Rule, same
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

KETONES: Final = BY_NAME["ketones_blood"].no
NEXT: Final = timedelta(minutes=20)
_RUN: Final = timedelta(minutes=15)


def level_1(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """DM-1: below 3.9 (70 mg/dL) is information and advice; a sensor says it once per low, not every five minutes."""
    low, very_low, taught = (rule.glucose(name, view.profile, anchor.taken_at) for name in ("low", "very_low", "taught"))
    if not is_below(anchor, taught) or is_below(anchor, very_low):
        return rule.quiet(anchor)
    if not is_below(anchor, low):
        # People are taught that 4 is the floor: advice without an event.
        return rule.quiet(anchor, advice=None if _goes_on(view, anchor, taught) else "ADV-HYPO")
    if _goes_on(view, anchor, low):
        return rule.quiet(anchor)
    value, unit = reported(anchor)
    return rule.fired(
        anchor, Severity.INFO, f"Glucose {shown(anchor)}", advice="ADV-HYPO",
        confidence=Confidence.UNCONFIRMED if anchor.unconfirmed else Confidence.NORMAL,
        numbers={"glucose": same(value), "unit": unit}, limits={"low": f"{same(bound(unit, low))} {unit}"},
    )  # fmt: skip


def _goes_on(view: View, anchor: Reading, limit: Glucose) -> bool:
    """Whether a sensor's sample only continues a low that began before."""
    if anchor.kind not in SAMPLED:
        return False
    before = view.before(anchor, _RUN)
    return bool(before) and is_below(before[-1], limit)


def level_2(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """DM-2: below 3.0 (54 mg/dL) is amber, and red when the next one within 20 minutes is no higher, or none comes."""
    limit = rule.glucose("very_low", view.profile, anchor.taken_at)
    if not is_below(anchor, limit):
        return rule.quiet(anchor)
    value, unit = reported(anchor)
    said = f"Glucose {shown(anchor)}"
    numbers = {"glucose": same(value), "unit": unit}
    limits = {"very_low": f"{same(bound(unit, limit))} {unit}"}
    following = next((one for kind in (anchor.kind, *sorted(GLUCOSE - {anchor.kind}))
                      for one in _after(view, anchor, kind)), None)  # fmt: skip
    due = anchor.taken_at + NEXT
    if following is not None:
        other, its_unit = reported(following)
        is_rising = (other > value if its_unit == unit else following.value > anchor.value) or (
            anchor.comparator == "<" and following.comparator is None
        )
        minutes = int((following.taken_at - anchor.taken_at).total_seconds() // 60)
        turn = "rising" if is_rising else "not rising"
        return rule.fired(
            anchor, Severity.AMBER if is_rising else Severity.RED,
            f"{said}, then {shown(following)} {minutes} minutes later: {turn}", advice="ADV-HYPO",
            evidence=(anchor.id, following.id), numbers=numbers, limits=limits,
            window=(anchor.taken_at, following.taken_at),
        )  # fmt: skip
    if view.now >= due:
        return rule.fired(anchor, Severity.RED, f"{said}, and no reading in the 20 minutes after", advice="ADV-HYPO",
                          numbers=numbers, limits=limits, window=(anchor.taken_at, due))  # fmt: skip
    return rule.fired(anchor, Severity.AMBER, f"{said}, waiting for the next reading", advice="ADV-HYPO",
                      numbers=numbers, limits=limits, due_at=due)  # fmt: skip


def _after(view: View, anchor: Reading, kind: int) -> list[Reading]:
    at = anchor.taken_at
    return [one for one in view.between(kind, at, at + NEXT) if one.taken_at > at]


_APART: Final = timedelta(hours=2)
_DAY: Final = timedelta(hours=24)


_STEP: Final = Decimal("0.1")


def ketones(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """DM-7: blood ketones, whatever the glucose is."""
    profile = view.profile
    raised, high, danger = (rule.limit(name, profile, anchor.taken_at) for name in ("raised", "high", "danger"))
    # A meter's HI is above its bound (DQ-3): by a step of the meter at least.
    value = anchor.value + _STEP if anchor.comparator == ">" else anchor.value
    numbers = {"ketones": f"{anchor.comparator or ''}{same(anchor.value)}"}
    limits = {"raised": same(raised), "high": same(high), "danger": same(danger)}
    said = f"Ketones {anchor.comparator or ''}{same(anchor.value)} mmol/L"
    if anchor.comparator == "<" or value < raised:
        return rule.quiet(anchor)
    if value >= danger:
        return rule.fired(anchor, Severity.RED, f"{said}: ketoacidosis?", advice="ADV-999", emergency=True, numbers=numbers, limits=limits)
    if value >= high:
        return rule.fired(anchor, Severity.RED, f"{said}: contact today", advice="ADV-KET-RED", numbers=numbers, limits=limits)
    for earlier in reversed(view.before(anchor, _DAY)):
        if not raised <= earlier.value < high:
            break
        if anchor.taken_at - earlier.taken_at >= _APART and earlier.value < value:
            return rule.fired(
                anchor, Severity.AMBER, f"{said}, rising from {same(earlier.value)}", advice="ADV-KET",
                evidence=(earlier.id, anchor.id), numbers=numbers, limits=limits,
                window=(earlier.taken_at, anchor.taken_at),
            )  # fmt: skip
    return rule.fired(anchor, Severity.INFO, f"{said}: test again in 2 hours", advice="ADV-KET", numbers=numbers,
                      limits=limits)  # fmt: skip


def ketones_gone(rule: Rule, view: View, fired_at: datetime) -> Clearing:
    """AL-4: ketones are below 0.6 once."""
    since = [one for one in view.between(KETONES, fired_at, view.now) if one.taken_at > fired_at]
    if not since:
        return rule.unknown("no ketones since")
    last = since[-1]
    raised = rule.limit("raised", view.profile, last.taken_at)
    text = f"ketones {last.comparator or ''}{same(last.value)} mmol/L"
    if last.comparator == "<" or last.value < raised:
        return rule.over(text, (last.id,))
    return rule.goes_on(text, (last.id,))



_LOW: Final = Limit(Decimal("3.9"), "higher", mg=Decimal(70))
_VERY_LOW: Final = Limit(Decimal("3.0"), "higher", mg=Decimal(54))
RULES: Final = (
    Rule(
        id="DM-1", version=1, group="DM-HYPO", title="Low glucose", anchors=GLUCOSE,
        looks=dict.fromkeys(GLUCOSE, Look(back=_RUN)), least=None, in_pregnancy=True,
        limits={"low": _LOW, "very_low": _VERY_LOW, "taught": Limit(Decimal("4.0"), "higher", mg=Decimal(72))},
        trend=BY_NAME["glucose_cgm"].no, judge=level_1,
    ),
    Rule(
        id="DM-2", version=1, group="DM-HYPO", title="Very low glucose", anchors=GLUCOSE,
        looks=dict.fromkeys(GLUCOSE, Look(ahead=NEXT)), least=None, in_pregnancy=True,
        limits={"very_low": _VERY_LOW}, floor=True, trend=BY_NAME["glucose_cgm"].no, judge=level_2,
    ),
    Rule(
        id="DM-7", version=1, group="DM-KET", title="Ketones", anchors=frozenset({KETONES}),
        looks={KETONES: Look(back=_DAY)}, least=None, in_pregnancy=True,
        limits={"raised": Limit(Decimal("0.6"), "lower"), "high": Limit(Decimal("1.6"), "lower"),
                "danger": Limit(Decimal("3.0"), "lower")},
        floor=True, trend=KETONES, judge=ketones, clears=ketones_gone,
    ),
)  # fmt: skip

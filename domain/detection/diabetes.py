"""Diabetes: low glucose and ketones. Glucose is compared in the unit it was reported in (C-3)."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Glucose, Limit, Look, Rule, same
from domain.readings.kinds import BY_NAME, BY_NO
from domain.readings.reading import Reading

GLUCOSE: Final = frozenset(BY_NAME[name].no for name in ("glucose_cgm", "glucose_capillary", "glucose"))
KETONES: Final = BY_NAME["ketones_blood"].no
SAMPLED: Final = frozenset(no for no in GLUCOSE if BY_NO[no].sampled)
NEXT: Final = timedelta(minutes=20)
_RUN: Final = timedelta(minutes=15)


def _reported(one: Reading) -> tuple[Decimal, str]:
    if one.unit == "mg/dL" and one.original:
        return one.original[0].quantize(Decimal(1), ROUND_HALF_UP), "mg/dL"
    return one.value, "mmol/L"


def _in(unit: str, limit: Glucose) -> Decimal:
    return limit.mmol if unit == "mmol/L" else limit.mg


def _below(one: Reading, limit: Glucose) -> bool:
    """Whether it is below a limit in the unit it was reported in; a device's LO is below whatever its bound is (DQ-3)."""
    value, unit = _reported(one)
    if one.comparator == ">":
        return False
    bound = _in(unit, limit)
    return value <= bound if one.comparator == "<" else value < bound


def _text(one: Reading) -> str:
    value, unit = _reported(one)
    return f"{one.comparator or ''}{same(value)} {unit}"


def level_1(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """DM-1: below 3.9 (70 mg/dL) is information and advice; a sensor says it once per low, not every five minutes."""
    low, very_low, taught = (rule.glucose(name, view.profile, anchor.taken_at) for name in ("low", "very_low", "taught"))
    if not _below(anchor, taught) or _below(anchor, very_low):
        return rule.quiet(anchor)
    if not _below(anchor, low):
        # People are taught that 4 is the floor: advice without an event.
        return rule.quiet(anchor, advice=None if _goes_on(view, anchor, taught) else "ADV-HYPO")
    if _goes_on(view, anchor, low):
        return rule.quiet(anchor)
    value, unit = _reported(anchor)
    return rule.fired(
        anchor, Severity.INFO, f"Glucose {_text(anchor)}", advice="ADV-HYPO",
        confidence=Confidence.UNCONFIRMED if anchor.unconfirmed else Confidence.NORMAL,
        numbers={"glucose": same(value), "unit": unit}, limits={"low": f"{same(_in(unit, low))} {unit}"},
    )  # fmt: skip


def _goes_on(view: View, anchor: Reading, limit: Glucose) -> bool:
    """Whether a sensor's sample only continues a low that began before."""
    if anchor.kind not in SAMPLED:
        return False
    before = view.before(anchor, _RUN)
    return bool(before) and _below(before[-1], limit)


def level_2(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """DM-2: below 3.0 (54 mg/dL) is amber, and red when the next one within 20 minutes is no higher, or none comes."""
    limit = rule.glucose("very_low", view.profile, anchor.taken_at)
    if not _below(anchor, limit):
        return rule.quiet(anchor)
    value, unit = _reported(anchor)
    shown = f"Glucose {_text(anchor)}"
    numbers = {"glucose": same(value), "unit": unit}
    limits = {"very_low": f"{same(_in(unit, limit))} {unit}"}
    following = next((one for kind in (anchor.kind, *sorted(GLUCOSE - {anchor.kind}))
                      for one in _after(view, anchor, kind)), None)  # fmt: skip
    due = anchor.taken_at + NEXT
    if following is not None:
        other, its_unit = _reported(following)
        is_rising = (other > value if its_unit == unit else following.value > anchor.value) or (
            anchor.comparator == "<" and following.comparator is None
        )
        minutes = int((following.taken_at - anchor.taken_at).total_seconds() // 60)
        said = "rising" if is_rising else "not rising"
        return rule.fired(
            anchor, Severity.AMBER if is_rising else Severity.RED,
            f"{shown}, then {_text(following)} {minutes} minutes later: {said}", advice="ADV-HYPO",
            evidence=(anchor.id, following.id), numbers=numbers, limits=limits,
            window=(anchor.taken_at, following.taken_at),
        )  # fmt: skip
    if view.now >= due:
        return rule.fired(anchor, Severity.RED, f"{shown}, and no reading in the 20 minutes after", advice="ADV-HYPO",
                          numbers=numbers, limits=limits, window=(anchor.taken_at, due))  # fmt: skip
    return rule.fired(anchor, Severity.AMBER, f"{shown}, waiting for the next reading", advice="ADV-HYPO",
                      numbers=numbers, limits=limits, due_at=due)  # fmt: skip


def _after(view: View, anchor: Reading, kind: int) -> list[Reading]:
    at = anchor.taken_at
    return [one for one in view.between(kind, at, at + NEXT) if one.taken_at > at]


_APART: Final = timedelta(hours=2)
_DAY: Final = timedelta(hours=24)


def ketones(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """DM-7: blood ketones, whatever the glucose is."""
    profile = view.profile
    raised, high, danger = (rule.limit(name, profile, anchor.taken_at) for name in ("raised", "high", "danger"))
    value = anchor.value
    numbers = {"ketones": f"{anchor.comparator or ''}{same(value)}"}
    limits = {"raised": same(raised), "high": same(high), "danger": same(danger)}
    shown = f"Ketones {anchor.comparator or ''}{same(value)} mmol/L"
    if anchor.comparator == "<" or value < raised:
        return rule.quiet(anchor)
    if value >= danger:
        return rule.fired(anchor, Severity.RED, shown, advice="ADV-999", emergency=True, numbers=numbers, limits=limits)
    if value >= high:
        return rule.fired(anchor, Severity.RED, shown, advice="ADV-KET", numbers=numbers, limits=limits)
    for earlier in reversed(view.before(anchor, _DAY)):
        if not raised <= earlier.value < high:
            break
        if anchor.taken_at - earlier.taken_at >= _APART and earlier.value < value:
            return rule.fired(
                anchor, Severity.AMBER, f"{shown}, rising from {same(earlier.value)}", advice="ADV-KET",
                evidence=(earlier.id, anchor.id), numbers=numbers, limits=limits,
                window=(earlier.taken_at, anchor.taken_at),
            )  # fmt: skip
    return rule.fired(anchor, Severity.INFO, f"{shown}: test again in 2 hours", advice="ADV-KET", numbers=numbers,
                      limits=limits)  # fmt: skip


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
        floor=True, trend=KETONES, judge=ketones,
    ),
)  # fmt: skip

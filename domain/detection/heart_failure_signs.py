"""Heart failure: what the person feels, the composite of all signs, pulse and pressure."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from domain.detection import clearing, concern
from domain.detection import heart_failure as weights
from domain.detection.diary import Day
from domain.detection.emergency import SYMPTOM
from domain.detection.heart_failure import CONDITION, NEAR, WEIGHT
from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Clearing, Limit, Look, Rule, same
from domain.readings.kinds import BY_NAME, SYMPTOM_LABEL
from domain.readings.reading import Reading

PULSE: Final = BY_NAME["heart_rate"].no
NYHA: Final = BY_NAME["nyha_class"].no
MISSED: Final = BY_NAME["missed_diuretic_doses"].no
_SAME_DAY: Final = timedelta(hours=25)
_DAY: Final = timedelta(hours=24)
_HALF_YEAR: Final = timedelta(days=183)
_RED: Final = frozenset({20, 21, 22})
_FROTH: Final = 25
_EFFORT: Final = 23
_BREATHLESS: Final = frozenset({1, 20, 23, 27, 31})
_NIGHT: Final = frozenset({21, 22})
_SWELLING: Final = frozenset({24, 26})
_TIRED: Final = 41
_LUNGS: Final = frozenset({"copd", "asthma"})
_MORE_BREATHLESS: Final = 27


def said(code: int) -> str:
    """How a reported symptom reads in a sentence."""
    label = SYMPTOM_LABEL[code]
    return f"Reports: {label[0].lower()}{label[1:]}"


def symptoms(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HF-S1: what is worse than usual. Anybody may report it, so it is not asked whether heart failure is on record."""
    if anchor.kind == NYHA:
        return _class(rule, view, anchor)
    code = int(anchor.value)
    if code == _FROTH:
        return rule.fired(anchor, Severity.RED, said(code), advice="ADV-999", emergency=True)
    if code in _RED:
        return rule.fired(anchor, Severity.RED, said(code), advice="ADV-TODAY")
    if code == _EFFORT:
        return rule.fired(anchor, Severity.AMBER, said(code), advice="ADV-HF")
    if code == _MORE_BREATHLESS:
        # Of people with lung disease alone CO-4 and AS-2 speak.
        is_lung = view.profile.conditions & _LUNGS and not view.profile.conditions & CONDITION
        return None if is_lung else rule.fired(anchor, Severity.AMBER, said(code), advice="ADV-HF")
    return _swelling(rule, view, anchor, code) if code in _SWELLING else None


def _class(rule: Rule, view: View, anchor: Reading) -> Judgement:
    """At least one NYHA class more than when stable, or than the answer before."""
    usual = view.profile.number("nyha", anchor.taken_at)
    earlier = view.before(anchor, _HALF_YEAR)
    if usual is None:
        if not earlier:
            return rule.not_evaluable(anchor, "no NYHA class to hold it against")
        usual = earlier[-1].value
    if anchor.value <= usual:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.AMBER, f"NYHA class {same(anchor.value)}, was {same(usual)}", advice="ADV-HF",
        numbers={"nyha": same(anchor.value), "usual": same(usual)},
    )  # fmt: skip


def _swelling(rule: Rule, view: View, anchor: Reading, code: int) -> Judgement | None:
    """Swelling counts with a weight rule that fires on the same date or one of the three before."""
    on = view.day(anchor.taken_at)
    held = view.daily(WEIGHT, on - timedelta(days=NEAR), on)
    if not held:
        return rule.not_evaluable(anchor, "no weight to hold the swelling against")
    points, rules = weights.signs(view, held[-1].on, anchor.taken_at, is_alone=False)
    if not points:
        before = view.dates_before(WEIGHT, held[-1].on, 7)
        return rule.quiet(anchor) if before else rule.not_evaluable(anchor, "no earlier weight to hold the swelling against")
    return rule.fired(
        anchor, Severity.AMBER, f"{said(code)}, and weight is up ({', '.join(rules)})", advice="ADV-HF",
        confidence=weights.sure(view, on, (held[-1],)), evidence=(held[-1].id, anchor.id),
        numbers={"rules": " ".join(rules), "to_kg": same(held[-1].value)}, window=(held[-1].at, anchor.taken_at),
    )  # fmt: skip


_FELT: Final = (
    ("more breathless", _BREATHLESS, 2), ("nights", _NIGHT, 2), ("swelling", _SWELLING, 1), ("more tired", frozenset({_TIRED}), 1),
)  # fmt: skip
"""HF-C1: what is felt, the symptoms that say so, and its points."""


def composite(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HF-C1: points of weight, breathlessness, nights, swelling, tiredness, pulse and missed water tablets of three dates."""
    on = view.day(anchor.taken_at)
    near = on - timedelta(days=NEAR - 1)
    at = anchor.taken_at
    codes = view.codes(SYMPTOM, near, on)
    found: list[tuple[str, int]] = []
    found += [(text, worth) for text, wanted, worth in _FELT if codes & wanted]
    faster = _faster(view, on, rule.limit("pulse", view.profile, at))
    if faster is not None:
        found.append((f"pulse up {faster}", 1))
    missed = sum((one.value for one in view.daily(MISSED, on - timedelta(days=6), on)), Decimal(0))
    if missed >= rule.limit("missed", view.profile, at):
        found.append((f"{same(missed)} water tablets missed", 1))
    points, rules = weights.signs(view, on, at, is_alone=not found)
    if points:
        found.insert(0, (f"weight ({', '.join(rules)})", points))
    return _scored(rule, view, anchor, near, found)


def _scored(rule: Rule, view: View, anchor: Reading, near: date, found: list[tuple[str, int]]) -> Judgement:
    total = sum(worth for _, worth in found)
    if not total:
        return rule.quiet(anchor)
    amber, red = (rule.limit(name, view.profile, anchor.taken_at) for name in ("amber", "red"))
    severity = Severity.RED if total >= red else Severity.AMBER if total >= amber else Severity.INFO
    on = view.day(anchor.taken_at)
    held = [day for kind in (WEIGHT, SYMPTOM, PULSE) for day in view.daily(kind, near, on)]
    scales = list(view.daily(WEIGHT, near, on))
    confidence = weights.sure(view, on, scales[-1:]) if scales and found[0][0].startswith("weight") else Confidence.NORMAL
    return rule.fired(
        anchor, severity, f"Heart failure signs, {total} points: " + ", ".join(text for text, _ in found),
        advice="ADV-TODAY" if severity is Severity.RED else "ADV-HF", confidence=confidence,
        evidence=tuple(day.id for day in sorted(held, key=lambda day: (day.second, day.id))),
        numbers={"points": str(total)} | {text: str(worth) for text, worth in found},
        limits={"amber": same(amber), "red": same(red)}, window=(view.bounds(near)[0], anchor.taken_at),
    )  # fmt: skip


def _faster(view: View, on: date, limit: Decimal) -> str | None:
    days = view.daily(PULSE, on - timedelta(days=NEAR - 1), on)
    normal = view.baseline(PULSE, on) if days else None
    if normal is None:
        return None
    ranked = sorted(one.value for one in days)
    half = len(ranked) // 2
    middle = ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2
    up = middle - normal.median
    return same(up) if up >= limit else None


def pulse(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HF-H1: too fast or too slow at rest on two readings in a row within a day."""
    if not _rests(anchor):
        return None
    fast, slow, very_fast, very_slow = rule.limits_at(_PULSES, view.profile, anchor.taken_at)
    if slow <= anchor.value <= fast:
        return rule.quiet(anchor)

    def level(one: Reading) -> tuple[int, int]:
        """Too fast (1) or too slow (-1), and how bad."""
        if one.value > fast:
            return 1, 2 if one.value > very_fast else 1
        return (-1, 2 if one.value <= very_slow else 1) if one.value < slow else (0, 0)

    side, bad = level(anchor)
    limits = {"fast": same(fast), "slow": same(slow), "very_fast": same(very_fast), "very_slow": same(very_slow)}
    numbers = {"pulse": same(anchor.value)}
    resting = [one for one in view.before(anchor, _DAY) if _rests(one)]
    earlier = resting[-1] if resting else None
    if earlier is None or level(earlier)[0] != side:
        if bad > 1 and not any(_rests(one) for one in view.after(anchor, REPEAT)):
            return _alone(rule, view, anchor, limits)
        return rule.fired(anchor, Severity.INFO, f"Pulse {same(anchor.value)}, once", advice="ADV-RETAKE", numbers=numbers,
                          limits=limits, confidence=Confidence.UNCONFIRMED)  # fmt: skip
    severity = Severity.RED if min(bad, level(earlier)[1]) > 1 else Severity.AMBER
    return rule.fired(
        anchor, severity, f"Pulse {same(earlier.value)}, then {same(anchor.value)} at rest", advice="ADV-TODAY",
        evidence=(earlier.id, anchor.id), numbers=numbers, limits=limits, window=(earlier.taken_at, anchor.taken_at),
    )  # fmt: skip


REPEAT: Final = timedelta(minutes=30)
_PULSES: Final = ("fast", "slow", "very_fast", "very_slow")


def _rests(one: Reading) -> bool:
    return one.context is None or one.context.activity != "active"


def _alone(rule: Rule, view: View, anchor: Reading, limits: dict[str, str]) -> Judgement:
    """A pulse so far out that nothing follows: what was not taken again is no usual pulse."""
    due = anchor.taken_at + REPEAT
    is_late = view.now >= due
    return rule.fired(
        anchor, Severity.AMBER if is_late else Severity.INFO,
        f"Pulse {same(anchor.value)}, " + ("not taken again within 30 minutes" if is_late else "asked to take it again"),
        advice="ADV-RETAKE", numbers={"pulse": same(anchor.value)}, limits=limits, confidence=Confidence.UNCONFIRMED,
        due_at=None if is_late else due,
    )  # fmt: skip


def steady_pulse(rule: Rule, view: View, fired_at: datetime) -> Clearing:
    """Between 50 and 100 on two observed days."""

    def is_calm(one: Day) -> bool | None:
        return 50 <= one.value <= 100  # noqa: PLR2004 - the same band as a normal's

    return clearing.calm(rule, clearing.since(view, PULSE, fired_at), is_calm, ("a pulse", "pulse 50 to 100"))


def felt_better(rule: Rule, view: View, fired_at: datetime) -> Clearing:
    """Symptoms back to usual on two days."""
    return clearing.as_usual(rule, view, fired_at, weights.SYMPTOMS)


RULES: Final = (
    Rule(
        id="HF-S1", version=3, group="HF-S", title="Heart failure symptoms", anchors=frozenset({SYMPTOM, NYHA}),
        looks={SYMPTOM: Look(days=concern.BACK + NEAR), NYHA: Look(back=_HALF_YEAR),
               WEIGHT: Look(days=concern.BACK + NEAR, ahead=_SAME_DAY)},
        least=None, in_pregnancy=True, trend=WEIGHT, judge=symptoms, clears=felt_better,
    ),
    Rule(
        id="HF-C1", version=2, group="HF-W", title="Heart failure signs together", anchors=frozenset({WEIGHT, SYMPTOM, PULSE}),
        daily=True, conditions=CONDITION, trend=WEIGHT, judge=composite, clears=felt_better,
        looks={WEIGHT: Look(days=concern.BACK + NEAR, ahead=weights.REWEIGH),
               SYMPTOM: Look(days=concern.BACK + NEAR, ahead=weights.NEXT_DATE),
               PULSE: Look(days=concern.BACK + NEAR), MISSED: Look(days=6)},
        limits={"amber": Limit(Decimal(2), "lower"), "red": Limit(Decimal(4), "lower"), "pulse": Limit(Decimal(10), "lower"),
                "missed": Limit(Decimal(2), "lower")},
    ),
    Rule(
        id="HF-H1", version=1, group="HF-H", title="Pulse too fast or too slow", anchors=frozenset({PULSE}),
        looks={PULSE: Look(back=_DAY, ahead=REPEAT)}, conditions=CONDITION, trend=PULSE, judge=pulse, clears=steady_pulse,
        limits={"fast": Limit(Decimal(110), "lower"), "slow": Limit(Decimal(45), "higher"),
                "very_fast": Limit(Decimal(130), "lower"), "very_slow": Limit(Decimal(40), "higher")},
    ),
)  # fmt: skip

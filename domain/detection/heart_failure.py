"""Heart failure: what the weight of the day says (one concern, HF-W), and what the person feels (HF-S)."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from domain.detection.diary import AGREED, Day
from domain.detection.emergency import SYMPTOM
from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Limit, Look, Rule, same
from domain.readings.kinds import BY_NAME, SYMPTOM_LABEL
from domain.readings.reading import Reading

WEIGHT: Final = BY_NAME["body_weight"].no
CONDITION: Final = "heart_failure"
_STEP: Final = Decimal("3.0")
_AGREES: Final = Decimal("1.0")
_NEAR: Final = 3
_SAME_DAY: Final = timedelta(hours=25)


class Gain(msgspec.Struct, frozen=True):
    """Weight today and the lowest of the dates before that it is held against."""

    today: Day
    lowest: Day

    @property
    def kg(self) -> Decimal:
        """How much more it is."""
        return self.today.value - self.lowest.value

    @property
    def dates(self) -> int:
        """In how many days."""
        return self.today.no - self.lowest.no


def gain(view: View, on: date, dates: int) -> Gain | str:
    """Today's weight against the lowest of so many dates before, or what is missing."""
    today = view.on(WEIGHT, on)
    if today is None:
        return "no weight today"
    before = view.dates_before(WEIGHT, on, dates)
    if not before:
        return f"no weight in the {_WORDS[dates]} days before"
    return Gain(today, min(before, key=lambda one: (one.value, one.no)))


_WORDS: Final = {1: "one", 3: "three", 7: "seven"}


def is_step(view: View, one: Day, on: date) -> bool:
    """DQ-4: more than 3.0 kg from the day before it (at most 3 dates earlier), and no other weight near it agrees within 1.0 kg."""
    before = view.dates_before(WEIGHT, one.on, _NEAR)
    if not before or abs(one.value - before[-1].value) <= _STEP or one.flags & AGREED:
        return False
    near = view.daily(WEIGHT, one.on - timedelta(days=_NEAR), min(on, one.on + timedelta(days=_NEAR)))
    return all(other.no == one.no or abs(other.value - one.value) > _AGREES for other in near)


def sure(view: View, on: date, days: Sequence[Day]) -> Confidence:
    """Unconfirmed when any of these days is, or is a step that nothing confirms."""
    unsure = any(one.unconfirmed or is_step(view, one, on) for one in days)
    return Confidence.UNCONFIRMED if unsure else Confidence.NORMAL


def _told(rule: Rule, view: View, anchor: Reading, found: Gain, severity: Severity, advice: str) -> Judgement:
    limit = same(rule.limit("gain_kg", view.profile, anchor.taken_at))
    confidence = sure(view, view.day(anchor.taken_at), (found.lowest, found.today))
    shown, days = same(found.kg), found.dates
    return rule.fired(
        anchor, severity,
        f"Weight up {shown} kg in {days} day{'s' if days > 1 else ''}: {same(found.lowest.value)} to"
        f" {same(found.today.value)} kg (limit {limit})" + (", please re-weigh" if confidence is not Confidence.NORMAL else ""),
        advice=advice, confidence=confidence, evidence=(found.lowest.id, found.today.id),
        numbers={"gain_kg": shown, "days": str(days), "from_kg": same(found.lowest.value), "to_kg": same(found.today.value)},
        limits={"gain_kg": limit}, window=(found.lowest.at, anchor.taken_at),
    )  # fmt: skip


def rapid_gain(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HF-W1: today is more than the limit above the lowest daily weight of the three dates before."""
    found = gain(view, view.day(anchor.taken_at), 3)
    if isinstance(found, str):
        return rule.not_evaluable(anchor, found)
    if found.kg <= rule.limit("gain_kg", view.profile, anchor.taken_at):
        return rule.quiet(anchor)
    return _told(rule, view, anchor, found, Severity.AMBER, "ADV-HF")


_RED: Final = frozenset({20, 21, 22})
_FROTH: Final = 25
_EFFORT: Final = 23
_SWELLING: Final = 24


def said(code: int) -> str:
    """How a reported symptom reads in a sentence."""
    label = SYMPTOM_LABEL[code]
    return f"Reports: {label[0].lower()}{label[1:]}"


def symptoms(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HF-S1: what is worse than usual. Anybody may report it, so it is not asked whether heart failure is on record."""
    code = int(anchor.value)
    if code == _FROTH:
        return rule.fired(anchor, Severity.RED, said(code), advice="ADV-999", emergency=True)
    if code in _RED:
        return rule.fired(anchor, Severity.RED, said(code), advice="ADV-TODAY")
    if code == _EFFORT:
        return rule.fired(anchor, Severity.AMBER, said(code), advice="ADV-HF")
    return _swelling(rule, view, anchor, code) if code == _SWELLING else None


def _swelling(rule: Rule, view: View, anchor: Reading, code: int) -> Judgement | None:
    """Swelling counts with a weight rule that fires on the same date or one of the three before."""
    on = view.day(anchor.taken_at)
    limit = W1.limit("gain_kg", view.profile, anchor.taken_at)
    found = [one for back in range(4) if isinstance(one := gain(view, on - timedelta(days=back), 3), Gain)]
    fired = next((one for one in found if one.kg > limit), None)
    if fired is None:
        return rule.quiet(anchor) if found else rule.not_evaluable(anchor, "no weight to hold the swelling against")
    shown = same(fired.kg)
    return rule.fired(
        anchor, Severity.AMBER, f"{said(code)}, and weight up {shown} kg", advice="ADV-HF",
        confidence=sure(view, on, (fired.lowest, fired.today)), evidence=(fired.lowest.id, fired.today.id, anchor.id),
        numbers={"gain_kg": shown, "days": str(fired.dates)}, limits={"gain_kg": same(limit)},
        window=(fired.lowest.at, anchor.taken_at),
    )  # fmt: skip


W1: Final = Rule(
    id="HF-W1", version=2, group="HF-W", title="Weight up in three days", anchors=frozenset({WEIGHT}), daily=True,
    looks={WEIGHT: Look(days=2 * _NEAR)}, conditions=frozenset({CONDITION}),
    limits={"gain_kg": Limit(Decimal("2.00"), "lower")}, floor=True, cap=Severity.AMBER, trend=WEIGHT, judge=rapid_gain,
)  # fmt: skip
S1: Final = Rule(
    id="HF-S1", version=2, group="HF-S", title="Heart failure symptoms", anchors=frozenset({SYMPTOM}),
    looks={SYMPTOM: Look(), WEIGHT: Look(days=3 * _NEAR, ahead=_SAME_DAY)}, least=None, in_pregnancy=True, trend=WEIGHT,
    judge=symptoms,
)  # fmt: skip
RULES: Final = (W1, S1)

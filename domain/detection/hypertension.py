"""High blood pressure: the very high reading."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from domain.detection.emergency import SYMPTOM
from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Limit, Look, Rule, same
from domain.readings.kinds import BY_NAME, SYMPTOM_LABEL
from domain.readings.reading import Reading

PRESSURE: Final = BY_NAME["blood_pressure"].no
REPEAT: Final = timedelta(minutes=30)
_APART: Final = timedelta(seconds=60)
_WITH: Final = timedelta(minutes=60)
"""How near a symptom must be to count as 'with' a reading; our own choice, to be approved."""
_DANGER: Final = frozenset({1, 3, 4, 5, 8, 9, 20, 30, 31, 32, 33, 34, 35, 36})


def _shown(one: Reading) -> str:
    return f"{same(one.value)}/{same(one.value2 or Decimal(0))}"


def very_high(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HT-4: 180 or 120 and more is taken again after 5 minutes; twice is red, with a danger sign it is an emergency."""
    systolic, diastolic = (rule.limit(name, view.profile, anchor.taken_at) for name in ("systolic", "diastolic"))
    if not _is_high(anchor, systolic, diastolic):
        return rule.quiet(anchor)
    at = anchor.taken_at
    limits = {"systolic": same(systolic), "diastolic": same(diastolic)}
    numbers = {"systolic": same(anchor.value), "diastolic": same(anchor.value2 or Decimal(0))}
    shown = f"Blood pressure {_shown(anchor)}"
    signs = [one for one in view.between(SYMPTOM, at - _WITH, at + _WITH) if int(one.value) in _DANGER]
    if signs:
        label = SYMPTOM_LABEL[int(signs[0].value)]
        return rule.fired(
            anchor, Severity.RED, f"{shown} with {label[0].lower()}{label[1:]}", advice="ADV-999", emergency=True,
            evidence=(anchor.id, signs[0].id), numbers=numbers, limits=limits,
            window=(min(at, signs[0].taken_at), max(at, signs[0].taken_at)),
        )  # fmt: skip
    # DQ-5: less than a minute apart is not a second reading.
    repeats = [one for one in view.after(anchor, REPEAT) if one.taken_at - at >= _APART]
    earlier = [one for one in view.before(anchor, REPEAT) if at - one.taken_at >= _APART]
    for other in (*earlier, *repeats):
        if _is_high(other, systolic, diastolic):
            first, second = (other, anchor) if other.taken_at < at else (anchor, other)
            return rule.fired(
                anchor, Severity.RED, f"Blood pressure {_shown(first)}, then {_shown(second)}", advice="ADV-TODAY",
                evidence=(first.id, second.id), numbers=numbers, limits=limits,
                window=(first.taken_at, second.taken_at),
            )  # fmt: skip
    if repeats:
        return rule.fired(
            anchor, Severity.INFO, f"{shown}, then {_shown(repeats[-1])}: not confirmed", advice="ADV-BP",
            evidence=(anchor.id, repeats[-1].id), numbers=numbers, limits=limits, window=(at, repeats[-1].taken_at),
        )  # fmt: skip
    due = at + REPEAT
    if view.now >= due:
        return rule.fired(
            anchor, Severity.AMBER, f"{shown}, not taken again within 30 minutes", advice="ADV-RETAKE",
            confidence=Confidence.UNCONFIRMED, numbers=numbers, limits=limits, window=(at, due),
        )  # fmt: skip
    return rule.fired(
        anchor, Severity.INFO, f"{shown}, asked to sit 5 minutes and take it again", advice="ADV-RETAKE",
        confidence=Confidence.UNCONFIRMED, numbers=numbers, limits=limits, due_at=due,
    )  # fmt: skip


def _is_high(one: Reading, systolic: Decimal, diastolic: Decimal) -> bool:
    return one.value >= systolic or (one.value2 is not None and one.value2 >= diastolic)


RULES: Final = (
    Rule(
        id="HT-4", version=1, group="HT", title="Very high blood pressure", anchors=frozenset({PRESSURE}),
        looks={PRESSURE: Look(back=REPEAT, ahead=REPEAT), SYMPTOM: Look(back=_WITH, ahead=_WITH)}, in_pregnancy=True,
        limits={"systolic": Limit(Decimal(180), "lower"), "diastolic": Limit(Decimal(120), "lower")}, floor=True,
        trend=PRESSURE, judge=very_high,
    ),
)  # fmt: skip

"""Neurology: multiple sclerosis (NE-1) and Parkinson's (NE-2)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from domain.detection.judgement import Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Limit, Look, Rule, same
from domain.detection.symptoms import CODE, SYMPTOM, codes, reported, said
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

TEMPERATURE: Final = BY_NAME["body_temperature"].no
LATE_DOSES: Final = BY_NAME["late_parkinson_doses"].no
_NEW: Final = CODE["neurological_24_hours"]
_RED: Final = codes("swallowing_problem", "breathlessness", "breathless_at_rest")
_INFECTION: Final = codes("fever", "urinary_symptoms")
MS: Final = "multiple_sclerosis"
PARKINSONS: Final = "parkinsons_disease"
_NEAR: Final = timedelta(hours=48)
_SOON: Final = timedelta(hours=24)


def relapse(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """NE-1: in MS a new or worse symptom for 24 hours is amber, with signs of infection those come first; swallowing is red."""
    code, at = int(anchor.value), anchor.taken_at
    if code in _RED:
        return rule.fired(anchor, Severity.RED, f"Reports: {said(code)}", advice="ADV-TODAY")
    if code != _NEW:
        return None
    fever = rule.limit("fever", view.profile, at)
    signs = [*reported(view, _INFECTION, at - _NEAR, at + _SOON),
             *(one for one in view.between(TEMPERATURE, at - _NEAR, at + _SOON) if one.value >= fever)]  # fmt: skip
    if not signs:
        return rule.fired(anchor, Severity.AMBER, f"Reports: {said(code)}", advice="ADV-TODAY", limits={"fever": same(fever)})
    sign = signs[0]
    seen = said(int(sign.value)) if sign.kind == SYMPTOM else f"temperature {same(sign.value)}"
    return rule.fired(
        anchor, Severity.AMBER, f"Reports: {said(code)}, with {seen}: look for infection first", advice="ADV-TODAY",
        evidence=(anchor.id, *(one.id for one in signs)), limits={"fever": same(fever)},
        window=(min(at, *(one.taken_at for one in signs)), max(at, *(one.taken_at for one in signs))),
    )  # fmt: skip


_LOST: Final = CODE["parkinson_dose_lost"]
_SICK: Final = codes("vomiting", "cannot_keep_fluids", "sick_24_hours")
_WEEK: Final = 7


def doses(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """NE-2: one dose that could not be taken or kept down is red, it is time-critical; doses late on 3 days of 7 is information."""
    if anchor.kind == SYMPTOM:
        code = int(anchor.value)
        if code != _LOST and not (code in _SICK and view.profile.conditions & {PARKINSONS}):
            return None
        return rule.fired(anchor, Severity.RED, f"Parkinson's medicine may not be taken up: {said(code)}", advice="ADV-TODAY")
    return _late(rule, view, anchor)


def _late(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    on = view.day(anchor.taken_at)
    most, days = (rule.limit(name, view.profile, anchor.taken_at) for name in ("late_doses", "days"))
    start, _ = view.bounds(on - timedelta(days=_WEEK - 1))
    late: dict[date, Decimal] = {}
    for one in view.between(LATE_DOSES, start, anchor.taken_at):
        its = view.day(one.taken_at)
        late[its] = max(one.value, late.get(its, one.value))
    dates = [its for its, value in late.items() if value >= most]
    if len(dates) < days:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.INFO, f"Parkinson's doses over 30 minutes late on {len(dates)} of 7 days", advice=None,
        numbers={"days": str(len(dates))}, limits={"late_doses": same(most), "days": same(days)}, window=(start, anchor.taken_at),
    )  # fmt: skip


RULES: Final = (
    Rule(
        id="NE-1", version=1, group="NE", title="New neurological symptom", anchors=frozenset({SYMPTOM}),
        looks={SYMPTOM: Look(back=_NEAR, ahead=_SOON), TEMPERATURE: Look(back=_NEAR, ahead=_SOON)},
        conditions=frozenset({MS}), in_pregnancy=True, limits={"fever": Limit(Decimal("38.0"), "lower")}, trend=0, judge=relapse,
    ),
    Rule(
        id="NE-2", version=1, group="NE-PD", title="Parkinson's medicine", anchors=frozenset({SYMPTOM, LATE_DOSES}),
        looks={SYMPTOM: Look(), LATE_DOSES: Look(back=timedelta(days=8))}, in_pregnancy=True,
        limits={"late_doses": Limit(Decimal(2), "lower"), "days": Limit(Decimal(3), "lower")}, trend=0, judge=doses,
    ),
)  # fmt: skip

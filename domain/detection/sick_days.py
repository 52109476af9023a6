"""Days of illness: what is dangerous with an SGLT2 inhibitor (DM-8), with insulin (DM-9) and for the kidneys (CK-5)."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from domain.detection.diabetes import ketones_gone
from domain.detection.glucose import GLUCOSE, SENSOR
from domain.detection.high_glucose import KETONES, TYPE_1
from domain.detection.judgement import Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Limit, Look, Rule, out_of_scope, same
from domain.detection.symptoms import CODE, SYMPTOM, USUAL, codes, reported, said
from domain.people.facts import MEDICINES
from domain.people.patient import Profile
from domain.readings.reading import Reading

_UNWELL: Final = codes("vomiting", "not_eating", "fever", "ill_today", "cannot_keep_fluids", "sick_24_hours")
_PAUSED: Final = ("acei", "arb", "diuretic", "metformin", "mra", "nsaid", "sglt2i")
"""What sick-day guidance pauses; insulin never is."""


def on_insulin(profile: Profile, at: datetime) -> bool:
    """Whether somebody takes insulin; with type 1 diabetes that needs no entry."""
    return (TYPE_1 in profile.conditions or profile.has("medicine", at, "insulin")
            or profile.has("medicine", at, "insulin_pump"))  # fmt: skip


def paused(profile: Profile, at: datetime) -> str:
    """The medicines that sick-day guidance pauses and this person takes, as they are read."""
    return ", ".join(MEDICINES[code] for code in _PAUSED if profile.has("medicine", at, code))


def sglt2(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """DM-8: on an SGLT2 inhibitor, unwell or with ketones from 0.6 on; glucose is not looked at, it may be normal."""
    profile, at = view.profile, anchor.taken_at
    if not profile.has("medicine", at, "sglt2i"):
        return None
    tablet = {"medicines": MEDICINES["sglt2i"]}
    if anchor.kind == SYMPTOM:
        code = int(anchor.value)
        if code not in _UNWELL:
            return None
        return rule.fired(
            anchor, Severity.AMBER, f"On an SGLT2 inhibitor and unwell: {said(code)}. Pause the tablet and test ketones",
            advice="ADV-SICK", numbers=tablet,
        )  # fmt: skip
    raised, high = rule.limit("raised", profile, at), rule.limit("high", profile, at)
    if anchor.comparator == "<" or anchor.value < raised:
        return rule.quiet(anchor)
    is_red = anchor.value >= high
    return rule.fired(
        anchor, Severity.RED if is_red else Severity.AMBER,
        f"On an SGLT2 inhibitor with ketones {anchor.comparator or ''}{same(anchor.value)} mmol/L, whatever the glucose is",
        advice="ADV-KET-RED" if is_red else "ADV-SICK", numbers={**tablet, "ketones": same(anchor.value)},
        limits={"raised": same(raised), "high": same(high)},
    )  # fmt: skip


_ILL: Final = CODE["ill_today"]
_NO_FLUIDS: Final = CODE["cannot_keep_fluids"]
OPEN: Final = timedelta(hours=24)
"""A day of illness lasts till somebody says 'as usual', or so long; who is still ill says so again."""
GAP: Final = timedelta(hours=6)


def sick_day(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """DM-9: an ill person on insulin tests glucose every 2 hours; 6 hours without is amber, 4 hours without fluids red."""
    code = int(anchor.value)
    if code == _NO_FLUIDS:
        is_red = on_insulin(view.profile, anchor.taken_at)
        return rule.fired(
            anchor, Severity.RED if is_red else Severity.AMBER,
            "Vomiting, and no fluids kept down for 4 hours" + (", on insulin" if is_red else ""), advice="ADV-TODAY",
        )  # fmt: skip
    if code != _ILL or not on_insulin(view.profile, anchor.taken_at):
        return None
    scope = out_of_scope(view.profile, anchor, in_pregnancy=True)
    if scope is not None:
        return rule.not_evaluable(anchor, scope)
    at = anchor.taken_at
    well = reported(view, frozenset({USUAL}), at, at + OPEN)
    end = well[0].taken_at if well else at + OPEN
    last = at
    for tested in sorted({one.taken_at for kind in GLUCOSE for one in view.between(kind, at, min(end, view.now))}):
        if tested - last > GAP:
            break
        last = tested
    due = last + GAP
    if due <= min(end, view.now):
        return rule.fired(
            anchor, Severity.AMBER, "Ill and on insulin: no glucose reading for 6 hours", advice="ADV-KET-NOW",
            numbers={"hours": "6"}, window=(last, due),
        )  # fmt: skip
    return rule.fired(
        anchor, Severity.INFO, "Ill today and on insulin: glucose every 2 hours, ketones every 2 to 4, never stop insulin",
        advice="ADV-KET-NOW", due_at=due if due < end else None,
    )  # fmt: skip


_SICK: Final = codes("vomiting", "diarrhoea", "cannot_keep_fluids")
_SICK_A_DAY: Final = CODE["sick_24_hours"]
_LINKED: Final = timedelta(hours=36)
"""Reports this close, with no 'as usual' between, are one illness."""
_DAY: Final = timedelta(hours=24)
_BACK: Final = timedelta(hours=72)
_DIABETES: Final = frozenset({"diabetes", "diabetes_type_1", "diabetes_type_2"})
_WITH: Final = _DIABETES | {"kidney", "chronic_kidney_disease", "heart_failure"}


def dehydrating(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """CK-5: vomiting or diarrhoea for 24 hours with a medicine that then harms the kidneys."""
    code = int(anchor.value)
    if code != _SICK_A_DAY and code not in _SICK:
        return None
    profile, at = view.profile, anchor.taken_at
    start = at - _DAY if code == _SICK_A_DAY else _began(view, anchor)
    if at - start < _DAY:
        return rule.quiet(anchor)
    if not profile.told("medicine"):
        return rule.not_evaluable(anchor, "missing: medicines")
    medicines = paused(profile, at)
    if not medicines:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.AMBER, f"Vomiting or diarrhoea for 24 hours or more while taking: {medicines}. Check kidney blood tests",
        advice="ADV-SICK", numbers={"medicines": medicines}, window=(start, at),
    )  # fmt: skip


def _began(view: View, anchor: Reading) -> datetime:
    """When the illness of a report began, as far as it was reported."""
    began = anchor.taken_at
    for one in reversed(reported(view, _SICK | {_SICK_A_DAY, USUAL}, began - _BACK, began)):
        if int(one.value) == USUAL or began - one.taken_at > _LINKED:
            break
        began = one.taken_at
    return began


ILLNESS: Final = frozenset({_ILL, _SICK_A_DAY, _NO_FLUIDS})
"""An illness that the rules here answer for those whom it puts in danger, and F44 for everybody else."""


def answers(code: int, profile: Profile, at: datetime) -> bool:
    """Whether a rule of this file answers somebody who reports an illness."""
    if profile.has("medicine", at, "sglt2i"):
        return True
    if code == _SICK_A_DAY:
        return bool(profile.conditions & _WITH)
    return bool(profile.conditions & _DIABETES) and (code == _NO_FLUIDS or on_insulin(profile, at))


RULES: Final = (
    Rule(
        id="DM-8", version=1, group="DM-KET", title="SGLT2 inhibitor and unwell", told="medicine",
        anchors=frozenset({SYMPTOM, KETONES}), looks={SYMPTOM: Look(), KETONES: Look()}, in_pregnancy=True,
        limits={"raised": Limit(Decimal("0.6"), "lower"), "high": Limit(Decimal("1.6"), "lower")}, trend=KETONES, judge=sglt2,
        clears=ketones_gone,
    ),
    Rule(
        id="DM-9", version=1, group="DM-SICK", title="Ill and on insulin", anchors=frozenset({SYMPTOM}),
        looks={SYMPTOM: Look(ahead=OPEN), **dict.fromkeys(GLUCOSE, Look(ahead=OPEN))}, conditions=_DIABETES, least=None, in_pregnancy=True,
        trend=SENSOR, judge=sick_day,
    ),
    Rule(
        id="CK-5", version=1, group="CK", title="Dehydrating illness", anchors=frozenset({SYMPTOM}),
        looks={SYMPTOM: Look(back=_BACK)}, conditions=_WITH, in_pregnancy=True, trend=0, judge=dehydrating,
    ),
)  # fmt: skip

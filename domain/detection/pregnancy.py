"""Pregnancy and the 6 weeks after a birth: blood pressure (PG-1), glucose (PG-2) and ketones (PG-3)."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from domain.detection.diabetes import ketones_gone
from domain.detection.glucose import SENSOR, SPOT, is_at_least, limit_text, numbers, shown
from domain.detection.high_glucose import KETONES
from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Glucose, Limit, Look, Rule, is_after_birth, same
from domain.detection.symptoms import SYMPTOM, codes, reported, said
from domain.people.patient import Profile
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

PRESSURE: Final = BY_NAME["blood_pressure"].no
REPEAT: Final = timedelta(minutes=30)
_CONFIRMS: Final = timedelta(hours=4)
_APART: Final = timedelta(seconds=60)
_WITH: Final = timedelta(hours=24)
_SIGNS: Final = codes("severe_headache", "sight_change", "pain_under_ribs", "sudden_swelling")


def expecting(profile: Profile, at: datetime) -> bool:
    """Whether somebody is pregnant or gave birth at most 6 weeks before."""
    return profile.has("pregnant", at) or is_after_birth(profile, at)


def pressure(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """PG-1: from 140/90 on, twice, the maternity unit sees her that day; from 160/110 on at once; with a sign it is an emergency."""
    profile, at = view.profile, anchor.taken_at
    if anchor.kind == SYMPTOM:
        return _sign(rule, view, anchor)
    if not expecting(profile, at):
        return None
    limits = {name: rule.limit(name, profile, at) for name in ("systolic", "diastolic", "severe_systolic", "severe_diastolic")}
    if not _is_high(anchor, limits):
        return rule.quiet(anchor)
    told = {name: same(value) for name, value in limits.items()}
    held = {"systolic": same(anchor.value), "diastolic": same(anchor.value2 or Decimal(0))}
    said_as = f"Blood pressure {_shown(anchor)} in pregnancy" if profile.has("pregnant", at) else f"Blood pressure {_shown(anchor)} after birth"
    signs = reported(view, _SIGNS, at - _WITH, at + _WITH)
    if signs:
        return rule.fired(
            anchor, Severity.RED, f"{said_as} with {said(int(signs[0].value))}", advice="ADV-999", emergency=True,
            evidence=(anchor.id, *(one.id for one in signs)), numbers=held, limits=told,
            window=(min(at, signs[0].taken_at), max(at, signs[-1].taken_at)),
        )  # fmt: skip
    if anchor.value >= limits["severe_systolic"] or (anchor.value2 or Decimal(0)) >= limits["severe_diastolic"]:
        return rule.fired(anchor, Severity.RED, f"{said_as}: maternity unit now", advice="ADV-MATERNITY-NOW", numbers=held, limits=told)
    return _confirmed(rule, view, anchor, said_as, limits, held, told)


def _confirmed(  # noqa: PLR0913 - what both arms say
    rule: Rule, view: View, anchor: Reading, said_as: str, limits: dict[str, Decimal], held: dict[str, str], told: dict[str, str],
) -> Judgement:  # fmt: skip
    at = anchor.taken_at
    near = [one for one in view.between(PRESSURE, at - _CONFIRMS, at + _CONFIRMS) if abs(one.taken_at - at) >= _APART]
    other = next((one for one in near if _is_high(one, limits)), None)
    if other is not None:
        return rule.fired(
            anchor, Severity.RED, f"{said_as}, and {_shown(other)}: maternity unit today", advice="ADV-MATERNITY",
            evidence=(anchor.id, other.id), numbers=held, limits=told,
            window=(min(at, other.taken_at), max(at, other.taken_at)),
        )  # fmt: skip
    later = [one for one in near if one.taken_at > at]
    if later:
        return rule.fired(
            anchor, Severity.INFO, f"{said_as}, then {_shown(later[-1])}: not confirmed", advice="ADV-RETAKE",
            evidence=(anchor.id, later[-1].id), numbers=held, limits=told, window=(at, later[-1].taken_at),
        )  # fmt: skip
    due = at + REPEAT
    if view.now < due:
        return rule.fired(
            anchor, Severity.INFO, f"{said_as}: asked to take it again", advice="ADV-RETAKE", confidence=Confidence.UNCONFIRMED,
            numbers=held, limits=told, due_at=due,
        )  # fmt: skip
    return rule.fired(
        anchor, Severity.RED, f"{said_as}, not taken again within 30 minutes: maternity unit today", advice="ADV-MATERNITY",
        confidence=Confidence.UNCONFIRMED, numbers=held, limits=told, window=(at, due),
    )  # fmt: skip


def _sign(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """A sign of pre-eclampsia without a high reading near it: the pressure is not known, so it is seen the same day."""
    code, at = int(anchor.value), anchor.taken_at
    if code not in _SIGNS:
        return None
    if not expecting(view.profile, at):
        return None
    return rule.fired(
        anchor, Severity.AMBER, f"Reports: {said(code)}, in pregnancy or after a birth: blood pressure now", advice="ADV-MATERNITY",
        confidence=Confidence.PARTIAL,
    )  # fmt: skip


def _is_high(one: Reading, limits: dict[str, Decimal]) -> bool:
    return one.value >= limits["systolic"] or (one.value2 or Decimal(0)) >= limits["diastolic"]


def _shown(one: Reading) -> str:
    return f"{same(one.value)}/{same(one.value2 or Decimal(0))}"


_TARGET: Final = {"fasting": "fasting", "after_1h": "after_1h", "after_2h": "after_2h"}
_SAID: Final = {"fasting": "fasting", "after_1h": "1 hour after a meal", "after_2h": "2 hours after a meal"}
_WEEK: Final = 7


def above_target(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """PG-2: fasting from 5.3, 1 hour after a meal from 7.8, 2 hours from 6.4: information; three in a week amber."""
    at = anchor.taken_at
    if not view.profile.has("pregnant", at):
        return None
    limits = {name: rule.glucose(name, view.profile, at) for name in _TARGET}
    when = _when(anchor, limits)
    if when is None:
        return rule.not_evaluable(anchor, "missing: fasting, or 1 or 2 hours after a meal")
    if not is_at_least(anchor, limits[when]):
        return rule.quiet(anchor)
    start, _ = view.bounds(view.day(at) - timedelta(days=_WEEK))
    above: list[Reading] = []
    for one in sorted((one for kind in SPOT for one in view.between(kind, start, at)), key=lambda one: (one.taken_at, one.id)):
        its = _when(one, limits)
        if its is not None and is_at_least(one, limits[its]) and (one.taken_at, one.id) <= (at, anchor.id):
            above.append(one)
    most = rule.limit("times", view.profile, at)
    text = f"Glucose {shown(anchor)} {_SAID[when]}, target below {limit_text(anchor, limits[when])}"
    held = {name: limit_text(anchor, limits[name]) for name in limits} | {"times": same(most)}
    is_often = len(above) >= most
    return rule.fired(
        anchor, Severity.AMBER if is_often else Severity.INFO,
        f"{text}; {len(above)} above target in 7 days" if is_often else text, advice="ADV-SEEN",
        evidence=tuple(one.id for one in above), numbers={**numbers(anchor), "times": str(len(above))}, limits=held,
        window=(above[0].taken_at, at), confidence=Confidence.UNCONFIRMED if anchor.unconfirmed else Confidence.NORMAL,
    )  # fmt: skip


def _when(one: Reading, limits: dict[str, Glucose]) -> str | None:
    """Which target a reading is held against; without its hour only what is above every target can be said."""
    meal = one.context.meal if one.context is not None else None
    if meal in _TARGET:
        return meal
    return "after_1h" if is_at_least(one, limits["after_1h"]) else None


def ketones(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """PG-3: in pregnancy ketones from 0.6 on are red the same day."""
    at = anchor.taken_at
    if not view.profile.has("pregnant", at):
        return None
    limit = rule.limit("raised", view.profile, at)
    if anchor.comparator == "<" or anchor.value < limit:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.RED, f"Ketones {anchor.comparator or ''}{same(anchor.value)} mmol/L in pregnancy", advice="ADV-KET-RED",
        numbers={"ketones": same(anchor.value)}, limits={"raised": same(limit)},
    )  # fmt: skip


RULES: Final = (
    Rule(
        id="PG-1", version=1, group="PG-BP", title="Blood pressure in pregnancy", told="pregnant", anchors=frozenset({PRESSURE, SYMPTOM}),
        looks={PRESSURE: Look(back=_CONFIRMS, ahead=_CONFIRMS), SYMPTOM: Look(back=_WITH, ahead=_WITH)}, least=None,
        in_pregnancy=True,
        limits={"systolic": Limit(Decimal(140), "lower"), "diastolic": Limit(Decimal(90), "lower"),
                "severe_systolic": Limit(Decimal(160), "lower"), "severe_diastolic": Limit(Decimal(110), "lower")},
        floor=True, trend=PRESSURE, judge=pressure,
    ),
    Rule(
        id="PG-2", version=1, group="PG-GLUCOSE", title="Glucose in pregnancy", told="pregnant", anchors=SPOT,
        looks=dict.fromkeys(SPOT, Look(back=timedelta(days=_WEEK + 1, hours=2))), least=None, in_pregnancy=True,
        limits={"fasting": Limit(Decimal("5.3"), "lower", mg=Decimal(95)), "after_1h": Limit(Decimal("7.8"), "lower", mg=Decimal(140)),
                "after_2h": Limit(Decimal("6.4"), "lower", mg=Decimal(115)), "times": Limit(Decimal(3), "lower")},
        trend=SENSOR, judge=above_target,
    ),
    Rule(
        id="PG-3", version=1, group="DM-KET", title="Ketones in pregnancy", told="pregnant",
        anchors=frozenset({KETONES}), looks={KETONES: Look()},
        least=None, in_pregnancy=True, limits={"raised": Limit(Decimal("0.6"), "lower")}, floor=True, trend=KETONES, judge=ketones,
        clears=ketones_gone,
    ),
)  # fmt: skip

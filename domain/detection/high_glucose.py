"""Diabetes: high glucose, when to test for ketones (DM-5), and glucose that stays high or is dangerously so (DM-6)."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Final

from domain.detection.glucose import GLUCOSE, SAMPLED, SENSOR, SPOT, is_above, is_at_least, limit_text, numbers, shown
from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Glucose, Limit, Look, Rule, out_of_scope
from domain.people.patient import Profile
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

KETONES: Final = BY_NAME["ketones_blood"].no
RETEST: Final = timedelta(hours=2)
SESSION: Final = timedelta(minutes=15)
"""Ketones so shortly before the glucose were tested with it."""
RUN: Final = timedelta(minutes=15)
TYPE_1: Final = "diabetes_type_1"
TYPE_UNKNOWN: Final = "diabetes"


def tests_ketones(profile: Profile, at: datetime) -> bool | None:
    """Whether this person tests ketones when glucose is high; None: the type of the diabetes is not on record."""
    if TYPE_1 in profile.conditions or profile.has("medicine", at, "insulin_pump") or profile.has("pregnant", at):
        return True
    return None if TYPE_UNKNOWN in profile.conditions else False


def test_ketones(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """DM-5: above 14.0 (250 mg/dL) somebody with type 1, a pump or in pregnancy tests ketones, and glucose again in 2 hours."""
    limit = rule.glucose("high", view.profile, anchor.taken_at)
    if not is_above(anchor, limit):
        return rule.quiet(anchor)
    who = tests_ketones(view.profile, anchor.taken_at)
    if not who:
        return None if who is False else rule.not_evaluable(anchor, "missing: type of diabetes")
    return _retest(rule, view, anchor, limit)


def _retest(rule: Rule, view: View, anchor: Reading, limit: Glucose) -> Judgement:
    at, due = anchor.taken_at, anchor.taken_at + RETEST
    said = f"Glucose {shown(anchor)}"
    held = {"high": limit_text(anchor, limit)}
    tested = view.between(KETONES, at - SESSION, due)
    if tested:
        return rule.fired(
            anchor, Severity.INFO, f"{said}, ketones were tested", advice="ADV-KET-NOW", evidence=(anchor.id, tested[0].id),
            numbers=numbers(anchor), limits=held, window=(min(at, tested[0].taken_at), max(at, tested[0].taken_at)),
            confidence=_confidence(anchor),
        )  # fmt: skip
    if view.now < due:
        return rule.fired(
            anchor, Severity.INFO, f"{said}: asked to test ketones now, and glucose again in 2 hours", advice="ADV-KET-NOW",
            numbers=numbers(anchor), limits=held, due_at=due, confidence=_confidence(anchor),
        )  # fmt: skip
    later = sorted((one for kind in GLUCOSE for one in view.between(kind, at, due) if one.taken_at > at),
                   key=lambda one: (one.taken_at, one.id))  # fmt: skip
    if later and not is_above(later[-1], limit):
        return rule.fired(
            anchor, Severity.INFO, f"{said}, back to {shown(later[-1])} within 2 hours", advice="ADV-KET-NOW",
            evidence=(anchor.id, later[-1].id), numbers=numbers(anchor), limits=held, window=(at, later[-1].taken_at),
            confidence=_confidence(anchor),
        )  # fmt: skip
    still = f", still {shown(later[-1])}" if later else ""
    return rule.fired(
        anchor, Severity.AMBER, f"{said}{still}, and no ketone test within 2 hours", advice="ADV-KET-NOW",
        evidence=(anchor.id, *(one.id for one in later[-1:])), numbers=numbers(anchor), limits=held, window=(at, due),
        confidence=_confidence(anchor),
    )  # fmt: skip


_TWO_HOURS_HIGH: Final = RETEST + timedelta(minutes=20)


def sensor_ketones(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """DM-5: a sensor says it when a high begins, and amber when it has lasted 2 hours without a ketone test."""
    at, limit = anchor.taken_at, rule.glucose("high", view.profile, anchor.taken_at)
    if not is_above(anchor, limit):
        return rule.quiet(anchor)
    who = tests_ketones(view.profile, at)
    if not who:
        return None if who is False else rule.not_evaluable(anchor, "missing: type of diabetes")
    before = [one for one in view.between(anchor.kind, at - _TWO_HOURS_HIGH, at) if (one.taken_at, one.id) <= (at, anchor.id)]
    run = list(takewhile(lambda one: is_above(one, limit), reversed(before)))
    first, said = run[-1], f"Glucose {shown(anchor)}"
    held = {"high": limit_text(anchor, limit)}
    if len(run) == 1:
        return rule.fired(anchor, Severity.INFO, f"{said}: asked to test ketones now", advice="ADV-KET-NOW", numbers=numbers(anchor),
                          limits=held)  # fmt: skip
    # Said once, with the sample that fills the 2 hours; a test at the beginning or since then is enough.
    is_full = at - first.taken_at >= RETEST > run[1].taken_at - first.taken_at
    if not is_full or view.between(KETONES, first.taken_at - SESSION, at):
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.AMBER, f"{said}, high for 2 hours, and no ketone test", advice="ADV-KET-NOW", evidence=(first.id, anchor.id),
        numbers=numbers(anchor), limits=held, window=(first.taken_at, at),
    )  # fmt: skip


def _confidence(one: Reading) -> Confidence:
    return Confidence.UNCONFIRMED if one.unconfirmed else Confidence.NORMAL


LONG: Final = timedelta(hours=6)
_BACK: Final = {kind: timedelta(hours=6, minutes=30) if kind in SAMPLED else timedelta(hours=12) for kind in GLUCOSE}
"""Between finger pricks there are hours; two that are further apart say nothing of the time between."""


def stays_high(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """DM-6: at or above 30.0 or a device's HI is red (FLOOR, everybody); above 13.9 for 6 hours is amber."""
    high = rule.glucose("high", view.profile, anchor.taken_at)
    if not is_above(anchor, high):
        return rule.quiet(anchor)
    danger = rule.glucose("danger", view.profile, anchor.taken_at)
    if is_at_least(anchor, danger):
        if anchor.kind in SAMPLED and any(is_at_least(one, danger) for one in view.before(anchor, RUN)[-1:]):
            return rule.quiet(anchor)
        return rule.fired(
            anchor, Severity.RED, f"Glucose {shown(anchor)}: dangerously high", advice="ADV-KET-RED", numbers=numbers(anchor),
            limits={"danger": limit_text(anchor, danger)}, confidence=_confidence(anchor),
        )  # fmt: skip
    scope = out_of_scope(view.profile, anchor, in_pregnancy=True)
    return _lasting(rule, view, anchor, high) if scope is None else rule.not_evaluable(anchor, scope)


def _lasting(rule: Rule, view: View, anchor: Reading, high: Glucose) -> Judgement:
    at = anchor.taken_at
    before = sorted((one for kind, back in _BACK.items() for one in view.between(kind, at - back, at)
                     if (one.taken_at, one.id) < (at, anchor.id)), key=lambda one: (one.taken_at, one.id))  # fmt: skip
    run = [anchor, *takewhile(lambda one: is_above(one, high), reversed(before))]
    first = next((one for one in run if at - one.taken_at >= LONG), None)
    if first is None or (anchor.kind in SAMPLED and run[1].taken_at - run[-1].taken_at >= LONG):
        # A sensor says it once, when the six hours are full.
        return rule.quiet(anchor)
    hours = int((at - first.taken_at).total_seconds() // 3600)
    return rule.fired(
        anchor, Severity.AMBER, f"Glucose above {limit_text(anchor, high)} for {hours} hours, now {shown(anchor)}",
        advice="ADV-KET-NOW", evidence=(first.id, anchor.id), numbers={**numbers(anchor), "readings": str(run.index(first) + 1)},
        limits={"high": limit_text(anchor, high)}, window=(first.taken_at, at), confidence=_confidence(anchor),
    )  # fmt: skip


RULES: Final = (
    Rule(
        id="DM-5", version=1, group="DM-HIGH", title="High glucose: test ketones", anchors=SPOT,
        looks={**dict.fromkeys(GLUCOSE, Look(ahead=RETEST)), KETONES: Look(back=SESSION, ahead=RETEST)}, least=None,
        in_pregnancy=True, limits={"high": Limit(Decimal("14.0"), "lower", mg=Decimal(250))}, trend=SENSOR, judge=test_ketones,
    ),
    Rule(
        id="DM-5-SENSOR", version=1, group="DM-HIGH", title="High sensor glucose: test ketones", anchors=SAMPLED,
        looks={**dict.fromkeys(SAMPLED, Look(back=_TWO_HOURS_HIGH)), KETONES: Look(back=_TWO_HOURS_HIGH + SESSION)}, least=None,
        in_pregnancy=True, limits={"high": Limit(Decimal("14.0"), "lower", mg=Decimal(250))}, trend=SENSOR, judge=sensor_ketones,
    ),
    Rule(
        id="DM-6", version=1, group="DM-HIGH", title="Glucose stays high", anchors=GLUCOSE,
        looks={kind: Look(back=back) for kind, back in _BACK.items()}, least=None, in_pregnancy=True,
        limits={"high": Limit(Decimal("13.9"), "lower", mg=Decimal(250), free=True),
                "danger": Limit(Decimal("30.0"), "lower", mg=Decimal(540))},
        floor=True, trend=SENSOR, judge=stays_high,
    ),
)  # fmt: skip

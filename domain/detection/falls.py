"""Falls (FF-1) and frailty (FF-2)."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Limit, Look, Rule, same
from domain.readings.kinds import BY_NAME, CODE_NO, FALLS
from domain.readings.reading import Reading

FALL: Final = BY_NAME["fall"].no
FRAILTY: Final = BY_NAME["clinical_frailty"].no
_CODE: Final = CODE_NO[FALL]
_HEAD: Final = _CODE["head_injury"]
_RED: Final = frozenset({_CODE["blackout"], _CODE["long_lie"]})
_HURT: Final = frozenset({_HEAD, _CODE["injury"]})
_BLACKOUT: Final = _CODE["blackout"]
_ONE_FALL: Final = timedelta(minutes=60)
"""What is said of a fall within the hour is said of the same one."""
_YEAR: Final = timedelta(days=365)
_ONCE: Final = timedelta(days=90)


def fall(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """FF-1: a fall with a blackout, a long lie or a hurt head on a blood thinner is red; hurt, or the second in a year, amber."""
    code, at = int(anchor.value), anchor.taken_at
    label = FALLS[code][1]
    if code in _RED:
        return rule.fired(anchor, Severity.RED, label, advice="ADV-TODAY")
    if code == _HEAD:
        if view.profile.has("medicine", at, "anticoagulant"):
            return rule.fired(anchor, Severity.RED, f"{label}, and takes a blood thinner", advice="ADV-TODAY")
        unknown = "" if view.profile.told("medicine") else "; medicines not on record: ask for a blood thinner"
        return rule.fired(
            anchor, Severity.AMBER, f"{label}{unknown}", advice="ADV-TODAY",
            confidence=Confidence.PARTIAL if unknown else Confidence.NORMAL,
        )  # fmt: skip
    if code in _HURT:
        return rule.fired(anchor, Severity.AMBER, label, advice="ADV-TODAY")
    return _again(rule, view, anchor)


def _again(rule: Rule, view: View, anchor: Reading) -> Judgement:
    """Two falls in 12 months, said once in 90 days."""
    at = anchor.taken_at
    least = rule.limit("falls", view.profile, at)
    falls: list[Reading] = []
    for one in view.between(FALL, at - _YEAR - _ONCE, at):
        is_one = int(one.value) != _BLACKOUT and (one.taken_at, one.id) <= (at, anchor.id)
        if is_one and (not falls or one.taken_at - falls[-1].taken_at > _ONE_FALL):
            falls.append(one)
    said = None
    for place, one in enumerate(falls):
        in_a_year = [other for other in falls[: place + 1] if one.taken_at - other.taken_at <= _YEAR]
        if len(in_a_year) >= least and (said is None or one.taken_at - said >= _ONCE):
            said = one.taken_at
    last = falls[-1]
    in_a_year = [one for one in falls if at - one.taken_at <= _YEAR]
    if said != last.taken_at:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.AMBER, f"{len(in_a_year)} falls in 12 months", advice="ADV-SEEN",
        evidence=tuple(one.id for one in in_a_year), numbers={"falls": str(len(in_a_year))}, limits={"falls": same(least)},
        window=(in_a_year[0].taken_at, at),
    )  # fmt: skip


_TWO_YEARS: Final = timedelta(days=731)


def frailty(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """FF-2: the clinical frailty scale up by 1 is information, by 2 amber, against the lowest of two years."""
    at = anchor.taken_at
    before = view.before(anchor, _TWO_YEARS)
    if not before:
        return rule.not_evaluable(anchor, "missing: an earlier frailty score")
    base = min(before, key=lambda one: (one.value, one.taken_at))
    rise = anchor.value - base.value
    info, amber = rule.limit("rise_info", view.profile, at), rule.limit("rise_amber", view.profile, at)
    if rise < info:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.AMBER if rise >= amber else Severity.INFO,
        f"Clinical frailty {same(base.value)} to {same(anchor.value)}", advice="ADV-SEEN", evidence=(base.id, anchor.id),
        numbers={"rise": same(rise)}, limits={"rise_info": same(info), "rise_amber": same(amber)}, window=(base.taken_at, at),
    )  # fmt: skip


WEIGHT: Final = BY_NAME["body_weight"].no
_DATES: Final = 42
_HALF_YEAR: Final = timedelta(days=183)


def weight_loss(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """FF-2: unplanned loss of 5 % within 6 months is information, of 10 % amber; from the weights of 6 weeks and one on record."""
    at, on = anchor.taken_at, view.day(anchor.taken_at)
    if view.profile.has("planned_weight_loss", at):
        return None
    told = [(Decimal(one.value), one.from_at) for one in view.profile.told("usual_weight") if one.from_at <= at <= one.from_at + _HALF_YEAR]
    held = max((one for one in view.dates_before(WEIGHT, on, _DATES) if one.sound), key=lambda one: one.value, default=None)
    known = told + ([(held.value, held.at)] if held is not None else [])
    if not known:
        return rule.not_evaluable(anchor, "missing: a weight of up to 6 months before")
    highest, since = max(known)
    info, amber = rule.limit("percent_info", view.profile, at), rule.limit("percent_amber", view.profile, at)
    lost = 100 * (highest - anchor.value)
    if lost < info * highest:
        return rule.quiet(anchor) if told else rule.not_evaluable(anchor, "missing: a weight of 3 to 6 months before")
    percent = same((lost / highest).quantize(Decimal("0.1"), ROUND_HALF_UP))
    return rule.fired(
        anchor, Severity.AMBER if lost >= amber * highest else Severity.INFO,
        f"Weight down {percent} % in {(at - since).days} days: {same(highest)} to {same(anchor.value)} kg", advice="ADV-SEEN",
        confidence=Confidence.UNCONFIRMED if anchor.unconfirmed else Confidence.NORMAL,
        numbers={"percent": percent, "from_kg": same(highest), "to_kg": same(anchor.value)},
        limits={"percent_info": same(info), "percent_amber": same(amber)}, window=(since, at),
    )  # fmt: skip


RULES: Final = (
    Rule(
        id="FF-1", version=1, group="FF", title="Fall", anchors=frozenset({FALL}), looks={FALL: Look(back=_YEAR + _ONCE)},
        in_pregnancy=True, limits={"falls": Limit(Decimal(2), "lower")}, trend=0, judge=fall,
    ),
    Rule(
        id="FF-2", version=1, group="FF-2", title="Frailty", anchors=frozenset({FRAILTY}), looks={FRAILTY: Look(back=_TWO_YEARS)},
        limits={"rise_info": Limit(Decimal(1), "lower"), "rise_amber": Limit(Decimal(2), "lower")}, trend=0, judge=frailty,
    ),
    Rule(
        id="FF-2-WEIGHT", version=1, group="FF-2", title="Unplanned weight loss", told="usual_weight", anchors=frozenset({WEIGHT}),
        looks={WEIGHT: Look(days=_DATES)}, daily=True,
        limits={"percent_info": Limit(Decimal(5), "lower"), "percent_amber": Limit(Decimal(10), "lower")}, trend=WEIGHT,
        judge=weight_loss,
    ),
)  # fmt: skip

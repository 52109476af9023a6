"""Asthma: zones of the personal best, own normal of peak flow and symptoms, control and reliever."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from domain.detection import clearing, concern
from domain.detection.diary import MORNING, Day, is_sound
from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import SYMPTOM, View
from domain.detection.rule import Asked, Clearing, Limit, Look, Rule, same
from domain.detection.statistics import mean
from domain.readings.baseline import Baseline
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

PEAK_FLOW: Final = BY_NAME["peak_flow"].no
SCORE: Final = BY_NAME["day_symptom_score"].no
ACT: Final = BY_NAME["act_total"].no
ACQ: Final = BY_NAME["acq_score"].no
PUFFS: Final = BY_NAME["reliever_puffs"].no
CONDITION: Final = frozenset({"asthma"})
_SESSION: Final = timedelta(minutes=15)
_HUNDRED: Final = Decimal(100)
_YEAR: Final = timedelta(days=366)
_WEEK: Final = 6
_STABLE: Final = 14
_TWO: Final = 2
_LEAST_SCORE: Final = Decimal("0.5")
_NORMAL: Final = {PEAK_FLOW: Look(days=concern.BACK), SYMPTOM: Look(days=concern.BACK)}


def zones(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """AS-1: the best of the blows of a session as a share of the personal best, compared exactly."""
    for other in (*view.before(anchor, _SESSION), *view.after(anchor, _SESSION)):
        if is_sound(anchor) and not is_sound(other):
            continue
        if other.value > anchor.value or (other.value == anchor.value and other.taken_at < anchor.taken_at):
            return None
    best = view.profile.number("best_peak_flow", anchor.taken_at)
    if best is None:
        return rule.not_evaluable(anchor, "no personal best on record")
    scaled = anchor.value * _HUNDRED
    if scaled >= best * 80:
        return rule.quiet(anchor)
    share = (scaled / best).quantize(Decimal("0.1"))
    shown = f"Peak flow {same(anchor.value)} L/min, {share} % of best {same(best)}"
    severity, emergency = _zone(scaled, best)
    zone = "red" if scaled < best * 50 else "amber"
    return rule.fired(
        anchor, severity, shown, advice="ADV-999" if emergency else "ADV-ZONE", emergency=emergency,
        confidence=Confidence.UNCONFIRMED if anchor.unconfirmed else Confidence.NORMAL,
        numbers={"peak_flow": same(anchor.value), "share": str(share), "zone": zone},
        limits={"best": same(best), "info": "80 %", "amber": "60 %", "red": "50 %", "emergency": "33 %"},
    )  # fmt: skip


REPEAT: Final = timedelta(minutes=30)


def asks(_rule: Rule, view: View, anchor: Reading) -> Asked | None:
    """F36: a low peak flow blown only once is blown again; the better one of a session speaks anyway (AS-1)."""
    best = view.profile.number("best_peak_flow", anchor.taken_at) or Decimal(0)
    near = (*view.before(anchor, REPEAT), *view.after(anchor, REPEAT))
    if any(one.value * _HUNDRED < best * 60 for one in near):
        return None
    later = [one for one in view.after(anchor, REPEAT) if is_sound(one)]
    return Asked(until=anchor.taken_at + REPEAT, advice="ADV-REBLOW", answer=later[-1] if later else None)


def _zone(scaled: Decimal, best: Decimal) -> tuple[Severity, bool]:
    # Exactly 50 is amber, exactly 33 is red without emergency.
    if scaled >= best * 60:
        return Severity.INFO, False
    if scaled >= best * 50:
        return Severity.AMBER, False
    return Severity.RED, scaled < best * 33


def _arms(view: View, on: date, limits: tuple[Decimal, Decimal], normal: tuple[Baseline | None, Baseline | None]) -> list[str]:
    """AS-2: which arms a date meets."""
    found: list[str] = []
    flow, score = (view.on(kind, on) for kind in (PEAK_FLOW, SCORE))
    if flow is not None and flow.flags & MORNING and normal[0] is not None:
        usual = normal[0].mean
        if flow.value * 100 <= usual * limits[0]:
            found.append(f"morning peak flow {same(flow.value)} (usually {usual:.0f})")
    if score is not None and normal[1] is not None:
        usual = normal[1].mean
        if score.value * 100 >= max(usual, _LEAST_SCORE) * limits[1]:
            found.append(f"symptom score {same(score.value)} (usually {usual:.1f})")
    return found


def early(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """AS-2 (Kupczyk 2013): on two days running a low morning peak flow or more symptoms than usual, either on either day."""
    on = view.day(anchor.taken_at)
    normal = view.baseline(PEAK_FLOW, on), view.baseline(SCORE, on)
    if normal == (None, None):
        return rule.not_evaluable(anchor, "learning: fewer than 10 stable days of peak flow or symptom scores")
    limit = tuple(rule.limit(name, view.profile, anchor.taken_at) for name in ("flow_percent", "score_percent"))
    today, before = (_arms(view, day, (limit[0], limit[1]), normal) for day in (on, on - timedelta(days=1)))
    if not today or not before:
        return rule.quiet(anchor)
    held = [one for kind in (PEAK_FLOW, SCORE) for one in view.daily(kind, on - timedelta(days=1), on)]
    return rule.fired(
        anchor, Severity.AMBER, f"Two days running: {before[0]}, then {today[0]}", advice="ADV-ASTHMA",
        evidence=tuple(one.id for one in sorted(held, key=lambda one: (one.second, one.id))),
        numbers={"arms_today": str(len(today)), "arms_yesterday": str(len(before))},
        limits={"flow_percent": same(limit[0]), "score_percent": same(limit[1])},
        window=(view.bounds(on - timedelta(days=1))[0], anchor.taken_at),
    )  # fmt: skip


def both(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """AS-3 (Honkoop 2013): in the same 7 days a peak flow under 70 % of best and symptoms above the usual by one SD."""
    on = view.day(anchor.taken_at)
    best = view.profile.number("best_peak_flow", anchor.taken_at)
    normal = view.baseline(SCORE, on)
    if best is None or normal is None:
        return rule.not_evaluable(anchor, "no personal best on record" if best is None else "learning: too few symptom scores")
    first = on - timedelta(days=_WEEK)
    share = rule.limit("flow_percent", view.profile, anchor.taken_at)
    low = [one for one in view.daily(PEAK_FLOW, first, on) if min(one.each) * 100 < best * share]
    worse = [one for one in view.daily(SCORE, first, on) if one.value > normal.mean + normal.sd]
    if not low or not worse:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.AMBER,
        f"Peak flow down to {min(min(one.each) for one in low)} (best {same(best)}) and symptom score up to"
        f" {same(max(one.value for one in worse))} within a week",
        advice="ADV-ASTHMA", evidence=(*(one.id for one in low), *(one.id for one in worse)),
        numbers={"usual_score": str(normal.mean), "sd": str(normal.sd)}, limits={"best": same(best), "flow_percent": same(share)},
        window=(view.bounds(first)[0], anchor.taken_at),
    )  # fmt: skip


def control_chart(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """AS-4 (Gibson 1995): below own mean by 3 SD is information, on two of three days it is amber."""
    on = view.day(anchor.taken_at)
    normal = view.baseline(PEAK_FLOW, on, least=_STABLE)
    if normal is None:
        return rule.not_evaluable(anchor, f"learning: fewer than {_STABLE} stable days of peak flow")
    sds = rule.limit("sds", view.profile, anchor.taken_at)
    bound = normal.mean - sds * normal.sd
    days = view.daily(PEAK_FLOW, on - timedelta(days=_TWO), on)
    low = [one for one in days if one.value < bound]
    if not low or low[-1].no != on.toordinal():
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.AMBER if len(low) >= _TWO else Severity.INFO,
        f"Peak flow {same(low[-1].value)}, below this person's normal of {normal.mean:.0f} (from {bound:.0f})"
        + (f", {len(low)} days of 3" if len(low) >= _TWO else ""),
        advice="ADV-ASTHMA", evidence=tuple(one.id for one in low), limits={"sds": same(sds)},
        numbers={"mean": str(normal.mean), "sd": str(normal.sd), "bound": str(bound)}, window=(low[0].at, anchor.taken_at),
        confidence=Confidence.UNCONFIRMED if low[-1].unconfirmed else Confidence.NORMAL,
    )  # fmt: skip


def swing(days: Sequence[Day]) -> Decimal:
    """AS-5: the mean over days of the difference between best and worst, in per cent of their middle."""
    return mean([Decimal(200 * (max(one.each) - min(one.each))) / (max(one.each) + min(one.each)) for one in days])


def variability(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """AS-5: peak flow that swings by 20 % and more through the day, over at least seven days."""
    on = view.day(anchor.taken_at)
    days = [one for one in view.daily(PEAK_FLOW, on - timedelta(days=_STABLE - 1), on) if len(one.each) >= _TWO]
    if len(days) <= _WEEK:
        return rule.not_evaluable(anchor, f"{len(days)} of 7 days with two measurements in the last 14")
    found = swing(days)
    limit = rule.limit("percent", view.profile, anchor.taken_at)
    if found < limit:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.INFO, f"Peak flow swings by {found:.1f} % through the day (limit {same(limit)} %)", advice="ADV-ASTHMA",
        evidence=tuple(one.id for one in days), numbers={"percent": str(found), "measured": str(len(days))},
        limits={"percent": same(limit)}, window=(days[0].at, anchor.taken_at),
    )  # fmt: skip


def control(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """AS-6: ACT low or fallen; ACQ high or risen."""
    earlier = view.before(anchor, _YEAR)
    is_act = anchor.kind == ACT
    names = ("act_poor", "act_partly", "act_fall") if is_act else ("acq_poor", "acq_partly", "acq_rise")
    poor, partly, change = (rule.limit(name, view.profile, anchor.taken_at) for name in names)
    value = anchor.value
    worse = (earlier[-1].value - value) * (1 if is_act else -1) if earlier else Decimal(0)
    is_poor = value <= poor if is_act else value >= poor
    is_partly = value <= partly if is_act else value > partly
    if not is_poor and not is_partly and worse < change:
        return rule.quiet(anchor)
    was = f", was {same(earlier[-1].value)}" if earlier else ""
    return rule.fired(
        anchor, Severity.AMBER if is_poor else Severity.INFO, f"{'ACT' if is_act else 'ACQ'} {same(value)}{was}",
        advice="ADV-ASTHMA", numbers={"score": same(value), "worse": same(worse)},
        limits=dict(zip(names, (same(poor), same(partly), same(change)), strict=True)),
        evidence=(*(one.id for one in earlier[-1:]), anchor.id),
    )  # fmt: skip


_AGAIN: Final = 65
_NO_RELIEF: Final = 66


def reliever(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """AS-7: needed again within four hours is red, ten puffs without relief an emergency, on many days information."""
    if anchor.kind == SYMPTOM:
        code = int(anchor.value)
        if code == _NO_RELIEF:
            return rule.fired(anchor, Severity.RED, "Ten puffs of the blue inhaler did not help", advice="ADV-999", emergency=True)
        return rule.fired(anchor, Severity.RED, "Blue inhaler needed again within 4 hours", advice="ADV-TODAY") if code == _AGAIN else None
    if not view.profile.conditions & CONDITION:
        return None
    on = view.day(anchor.taken_at)
    days = [one for one in view.daily(PUFFS, on - timedelta(days=_WEEK), on) if one.value > 0]
    most = rule.limit("days_a_week", view.profile, anchor.taken_at)
    if len(days) <= most:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.INFO, f"Blue inhaler on {len(days)} of the last 7 days", advice="ADV-ASTHMA",
        evidence=tuple(one.id for one in days), numbers={"used_days": str(len(days))}, limits={"days_a_week": same(most)},
        window=(days[0].at, anchor.taken_at),
    )  # fmt: skip


def good_flow(rule: Rule, view: View, fired_at: datetime) -> Clearing:
    """AL-4: at least 80 % of the personal best on two days."""

    def is_calm(one: Day) -> bool | None:
        best = view.profile.number("best_peak_flow", one.at)
        return None if best is None else one.value * 100 >= best * 80

    return clearing.calm(rule, clearing.since(view, PEAK_FLOW, fired_at), is_calm, ("a peak flow", "80 % of best"))


RULES: Final = (
    Rule(
        id="AS-1", version=3, group="AS", title="Peak flow zones", anchors=frozenset({PEAK_FLOW}), asks=asks,
        looks={PEAK_FLOW: Look(back=REPEAT, ahead=REPEAT)}, least=None, in_pregnancy=True, floor=True, trend=PEAK_FLOW,
        judge=zones, clears=good_flow,
    ),
    Rule(
        id="AS-2", version=1, group="AS", title="Two days below normal", anchors=frozenset({PEAK_FLOW, SCORE}), daily=True,
        looks={**_NORMAL, SCORE: Look(days=concern.BACK)}, conditions=CONDITION, cap=Severity.AMBER, least=None, in_pregnancy=True,
        trend=PEAK_FLOW, judge=early, clears=good_flow,
        limits={"flow_percent": Limit(Decimal(80), "higher"), "score_percent": Limit(Decimal(120), "lower")},
    ),
    Rule(
        id="AS-3", version=1, group="AS", title="Peak flow and symptoms together", anchors=frozenset({PEAK_FLOW, SCORE}), daily=True,
        looks={PEAK_FLOW: Look(days=_WEEK), SCORE: Look(days=concern.BACK), SYMPTOM: Look(days=concern.BACK)},
        conditions=CONDITION, cap=Severity.AMBER, trend=PEAK_FLOW, judge=both, clears=good_flow,
        limits={"flow_percent": Limit(Decimal(70), "higher")},
    ),
    Rule(
        id="AS-4", version=1, group="AS", title="Peak flow below own normal", anchors=frozenset({PEAK_FLOW}), daily=True, looks=_NORMAL,
        conditions=CONDITION, cap=Severity.AMBER, trend=PEAK_FLOW, judge=control_chart, clears=good_flow,
        limits={"sds": Limit(Decimal(3), "lower")},
    ),
    Rule(
        id="AS-5", version=1, group="AS-C", title="Peak flow swings", anchors=frozenset({PEAK_FLOW}), daily=True,
        looks={PEAK_FLOW: Look(days=_STABLE)}, conditions=CONDITION, cap=Severity.INFO, trend=PEAK_FLOW, judge=variability,
        limits={"percent": Limit(Decimal(20), "lower")},
    ),
    Rule(
        id="AS-6", version=1, group="AS-C", title="Asthma control", anchors=frozenset({ACT, ACQ}),
        looks={ACT: Look(back=_YEAR), ACQ: Look(back=_YEAR)}, conditions=CONDITION, cap=Severity.AMBER, trend=ACT, judge=control,
        limits={"act_poor": Limit(Decimal(15), "higher"), "act_partly": Limit(Decimal(19), "higher"),
                "act_fall": Limit(Decimal(3), "lower"), "acq_poor": Limit(Decimal("1.5"), "lower"),
                "acq_partly": Limit(Decimal("0.75"), "lower"), "acq_rise": Limit(Decimal("0.5"), "lower")},
    ),
    Rule(
        id="AS-7", version=1, group="AS-R", title="Reliever", anchors=frozenset({SYMPTOM, PUFFS}),
        looks={SYMPTOM: Look(), PUFFS: Look(days=_WEEK)}, least=None, in_pregnancy=True, trend=PUFFS, judge=reliever,
        limits={"days_a_week": Limit(Decimal(2), "lower")},
    ),
)  # fmt: skip

"""COPD: own oxygen target, scores against own normal, exacerbations by symptoms."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from domain.detection import concern
from domain.detection.breathing import (
    BREATHING,
    BREATHLESS,
    COLOUR,
    MINOR,
    NORMAL,
    PULSE,
    SPO2,
    SPUTUM,
    SYMPTOM,
    WORSE,
    back_to_usual,
    near_normal,
)
from domain.detection.diary import Day
from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Asked, Limit, Look, Rule, same
from domain.readings.baseline import Baseline
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

CONDITION: Final = frozenset({"copd"})
CAT: Final = BY_NAME["cat_total"].no
MMRC: Final = BY_NAME["mmrc"].no
PUFFS: Final = BY_NAME["reliever_puffs"].no
VAS: Final = BY_NAME["dyspnoea_vas"].no
CRP: Final = BY_NAME["crp"].no
STABLE: Final = 14
_PLACES: Final = Decimal("0.000001")
_PAIR: Final = (timedelta(minutes=5), timedelta(minutes=30))
_DEEP: Final = 4
_YEAR: Final = timedelta(days=366)
_YESTERDAY: Final = timedelta(days=1)
_TOO_FAST: Final = 25
_TWICE: Final = 2


def _target(rule: Rule, view: View, anchor: Reading) -> Decimal:
    own = view.profile.number("target_spo2_low", anchor.taken_at)
    if own is not None:
        return own
    return Decimal(88) if view.profile.has("hypercapnia", anchor.taken_at) else rule.limit("low", view.profile, anchor.taken_at)


def _pair(view: View, anchor: Reading) -> list[Reading]:
    """Readings 5 to 30 minutes from this one, before it first."""
    near, far = _PAIR
    return [one for one in (*view.before(anchor, far), *view.after(anchor, far)) if abs(one.taken_at - anchor.taken_at) >= near]


def target_band(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """CO-1: below the own target twice is amber, four points below it twice is red; too much oxygen is amber."""
    at, value = anchor.taken_at, anchor.value
    low = _target(rule, view, anchor)
    much = rule.limit("too_much", view.profile, at)
    on_oxygen = anchor.context is not None and anchor.context.oxygen == "oxygen"
    limits = {"low": same(low), "too_much": same(much)}
    numbers = {"spo2": same(value)}
    shown = f"Oxygen level {same(value)} %"
    if on_oxygen and view.profile.has("hypercapnia", at) and value >= much:
        flow = view.profile.fact("oxygen_flow", at)
        return rule.fired(anchor, Severity.AMBER, f"{shown} on oxygen: above the target of 88 to 92 %", advice="ADV-O2HIGH",
                          numbers=numbers | ({"flow": f"{flow} L/min"} if flow else {}), limits=limits)  # fmt: skip
    if value >= low:
        return rule.quiet(anchor)
    others = _pair(view, anchor)
    under = [one for one in others if one.value < low]
    if under:
        other = min(under, key=lambda one: (one.value, one.taken_at, one.id))
        first, second = sorted((other, anchor), key=lambda one: (one.taken_at, one.id))
        is_deep = max(value, other.value) <= low - _DEEP
        return rule.fired(
            anchor, Severity.RED if is_deep else Severity.AMBER,
            f"Oxygen level {same(first.value)} % and {same(second.value)} %, target from {same(low)} %",
            advice="ADV-TODAY" if is_deep else "ADV-COPD", evidence=(first.id, second.id), numbers=numbers, limits=limits,
            window=(first.taken_at, second.taken_at),
        )  # fmt: skip
    due = at + _PAIR[1]
    if others or value > low - _DEEP:
        return rule.fired(anchor, Severity.INFO, f"{shown}, once below the target from {same(low)} %", advice="ADV-RETAKE",
                          numbers=numbers, limits=limits, confidence=Confidence.UNCONFIRMED)  # fmt: skip
    is_late = view.now >= due
    return rule.fired(
        anchor, Severity.AMBER if is_late else Severity.INFO,
        f"{shown}, " + ("not taken again within 30 minutes" if is_late else "asked to take it again"), advice="ADV-RETAKE",
        confidence=Confidence.UNCONFIRMED, numbers=numbers, limits=limits, due_at=None if is_late else due,
    )  # fmt: skip


def oximetry_score(pulse: Decimal, spo2: Decimal, usual_pulse: Baseline, usual_spo2: Baseline) -> Decimal:
    """CO-2 (Hurst 2010): how far pulse lies above and oxygen below normal, in standard deviations, on average."""
    faster = (pulse - usual_pulse.mean) / max(usual_pulse.sd, Decimal("2.5"))
    lower = (usual_spo2.mean - spo2) / max(usual_spo2.sd, Decimal("0.5"))
    return ((faster + lower) / 2).quantize(_PLACES, ROUND_HALF_UP)


def score(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """CO-2: the score of the day; with any respiratory symptom worse than usual it is amber sooner."""
    on = view.day(anchor.taken_at)
    pulse, spo2 = view.on(PULSE, on), view.on(SPO2, on)
    if pulse is None or spo2 is None:
        return rule.not_evaluable(anchor, "no pulse today" if pulse is None else "no oxygen level today")
    usual_pulse, usual_spo2 = (view.baseline(kind, on, least=STABLE) for kind in (PULSE, SPO2))
    if usual_pulse is None or usual_spo2 is None:
        return rule.not_evaluable(anchor, f"learning: fewer than {STABLE} stable days of pulse and oxygen level")
    found = oximetry_score(pulse.value, spo2.value, usual_pulse, usual_spo2)
    with_symptoms, alone = (rule.limit(name, view.profile, anchor.taken_at) for name in ("with_symptoms", "alone"))
    is_worse = bool(view.codes(SYMPTOM, on, on) & WORSE)
    if found < (with_symptoms if is_worse else alone):
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.AMBER if is_worse else Severity.INFO,
        f"Pulse {same(pulse.value)} and oxygen level {same(spo2.value)} %: {found:.2f} from this person's normal"
        f" (pulse {usual_pulse.mean:.0f}, oxygen {usual_spo2.mean:.0f} %)" + (", with symptoms" if is_worse else ""),
        advice="ADV-COPD", evidence=(pulse.id, spo2.id), numbers={"score": str(found)},
        limits={"with_symptoms": same(with_symptoms), "alone": same(alone)},
        confidence=Confidence.UNCONFIRMED if pulse.unconfirmed or spo2.unconfirmed else Confidence.NORMAL,
    )  # fmt: skip


def faster_breathing(value: Decimal, mean: Decimal, steps: Sequence[tuple[Decimal, Decimal]]) -> int:
    """CO-3: how many of the steps (breaths more, per cent more) a day's breathing rate reaches."""
    more = value - mean
    share = 100 * more / mean
    return sum(more >= breaths or share >= cent for breaths, cent in steps)


def breathing(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """CO-3: breathing faster than normal; by itself never red below 25 a minute."""
    on = view.day(anchor.taken_at)
    today = view.on(BREATHING, on)
    if today is None:
        return rule.not_evaluable(anchor, "no breathing rate today")
    start, end = view.bounds(on)
    fast = [one for one in view.between(BREATHING, start, end) if one.value >= _TOO_FAST]
    at = anchor.taken_at
    names = ("breaths", "percent", "many_breaths", "many_percent")
    limit = {name: rule.limit(name, view.profile, at) for name in names}
    limits = {name: same(value) for name, value in limit.items()}
    if len(fast) >= _TWICE:
        return rule.fired(anchor, Severity.RED, f"Breathing rate {same(fast[-2].value)}, then {same(fast[-1].value)}",
                          advice="ADV-TODAY", evidence=(fast[-2].id, fast[-1].id), numbers={"rate": same(fast[-1].value)},
                          limits=limits, window=(fast[-2].taken_at, fast[-1].taken_at))  # fmt: skip
    normal = view.baseline(BREATHING, on, least=STABLE)
    if normal is None:
        return rule.not_evaluable(anchor, f"learning: fewer than {STABLE} stable days of breathing rate")
    first, second, third, fourth = (limit[name] for name in names)
    level = faster_breathing(today.value, normal.mean, ((first, second), (third, fourth)))
    if not level:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.AMBER if level > 1 else Severity.INFO,
        f"Breathing rate {same(today.value)}, usually {normal.mean:.1f}", advice="ADV-COPD", evidence=(today.id,),
        numbers={"rate": same(today.value), "usual": f"{normal.mean}"}, limits=limits,
        confidence=Confidence.UNCONFIRMED if today.unconfirmed else Confidence.NORMAL,
    )  # fmt: skip


RECOUNT: Final = timedelta(minutes=60)


def recount(_rule: Rule, view: View, anchor: Reading) -> Asked | None:
    """F36: a breathing rate that was counted once that day is counted again; the day's median then speaks for itself."""
    start, end = view.bounds(view.day(anchor.taken_at))
    counted = [one for one in view.between(BREATHING, start, end) if one.taken_at < end]
    return None if len(counted) > 1 else Asked(until=anchor.taken_at + RECOUNT, advice="ADV-RETAKE")


class Kinds(msgspec.Struct, frozen=True):
    """CO-4: which majors and minors a day has (Anthonisen)."""

    majors: tuple[str, ...]
    minors: tuple[str, ...]

    @property
    def type(self) -> int:
        """1, 2 or 3; 0 is no exacerbation."""
        if len(self.majors) > 1:
            return 1 if len(self.majors) > _TWICE else 2
        return 3 if self.majors and self.minors else 0


def of_day(view: View, on: date) -> Kinds:
    """What somebody reported and measured on a date."""
    codes = view.codes(SYMPTOM, on, on)
    majors = [text for text, wanted in (("more breathless", BREATHLESS), ("more sputum", {SPUTUM}), ("sputum colour changed", {COLOUR}))
              if not codes.isdisjoint(wanted)]  # fmt: skip
    minors = [text for code, text in MINOR.items() if code in codes]
    if majors:
        for kind, text in ((BREATHING, "breathing faster"), (PULSE, "pulse faster")):
            today = view.on(kind, on)
            normal = view.baseline(kind, on) if today is not None else None
            if today is not None and normal is not None and today.value >= Decimal("1.2") * normal.median:
                minors.append(text)
    return Kinds(tuple(majors), tuple(minors))


_ROMAN: Final = {1: "I", 2: "II", 3: "III"}


def exacerbation(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """CO-4: symptoms of an exacerbation; on two days running, or all three majors at once, somebody must act."""
    on = view.day(anchor.taken_at)
    today = of_day(view, on)
    told = view.on(SYMPTOM, on)
    if told is None or not today.majors:
        return rule.quiet(anchor) if told is not None else rule.not_evaluable(anchor, "no answer on symptoms today")
    what = ", ".join((*today.majors, *today.minors))
    if not today.type:
        return rule.fired(anchor, Severity.INFO, f"Reports: {what}", advice="ADV-COPD", evidence=(told.id,))
    before = of_day(view, on - _YESTERDAY)
    is_second = before.type > 0
    is_red = _is_severe(view, on)
    severity = Severity.RED if is_red else Severity.AMBER if is_second or today.type == 1 else Severity.INFO
    yesterday = view.on(SYMPTOM, on - _YESTERDAY)
    return rule.fired(
        anchor, severity, f"Exacerbation type {_ROMAN[today.type]}, day {2 if is_second else 1}: {what}",
        advice="ADV-TODAY" if is_red else "ADV-COPD",
        evidence=(*((yesterday.id,) if is_second and yesterday is not None else ()), told.id),
        numbers={"type": _ROMAN[today.type], "majors": str(len(today.majors)), "minors": str(len(today.minors))},
        window=(view.bounds(on - _YESTERDAY if is_second else on)[0], anchor.taken_at),
    )  # fmt: skip


def _is_severe(view: View, on: date) -> bool:
    """With a day's oxygen four below the target on two readings, or a breathing rate of 25 and more."""
    start, end = view.bounds(on)
    if any(one.value >= _TOO_FAST for one in view.between(BREATHING, start, end)):
        return True
    held = view.between(SPO2, start, end)
    return any(
        (found := target_band(TARGET, view, one)) is not None and found.severity is Severity.RED for one in held
    )  # fmt: skip


def questionnaire(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """CO-5: CAT or mMRC risen since the last score."""
    earlier = view.before(anchor, _YEAR)
    if not earlier:
        return rule.not_evaluable(anchor, "no earlier score")
    name = "CAT" if anchor.kind == CAT else "mMRC"
    little, much = (rule.limit(f"{name.lower()}_{size}", view.profile, anchor.taken_at) for size in ("rise", "big_rise"))
    rise = anchor.value - earlier[-1].value
    if rise < little:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.AMBER if rise >= much else Severity.INFO,
        f"{name} {same(anchor.value)}, was {same(earlier[-1].value)}", advice="ADV-COPD",
        evidence=(earlier[-1].id, anchor.id), numbers={"score": same(anchor.value), "rise": same(rise)},
        limits={"rise": same(little), "big_rise": same(much)}, window=(earlier[-1].taken_at, anchor.taken_at),
    )  # fmt: skip


def reliever(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """CO-6: twice the usual number of puffs, and at least four more, on two days running."""
    on = view.day(anchor.taken_at)
    today, yesterday = view.on(PUFFS, on), view.on(PUFFS, on - _YESTERDAY)
    before = view.dates_before(PUFFS, on - _YESTERDAY, STABLE)
    if today is None or yesterday is None or len(before) < 5:  # noqa: PLR2004 - fewer days are no habit
        missing = "no puffs told yesterday" if yesterday is None else "fewer than 5 of the 14 days before told"
        return rule.not_evaluable(anchor, missing)
    ranked = sorted(one.value for one in before)
    half = len(ranked) // 2
    usual = ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2
    more = rule.limit("more", view.profile, anchor.taken_at)
    if any(one.value < 2 * usual or one.value - usual < more for one in (yesterday, today)):
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.AMBER, f"Blue inhaler: {same(yesterday.value)} and {same(today.value)} puffs, usually {same(usual)}",
        advice="ADV-COPD", evidence=(yesterday.id, today.id), numbers={"puffs": same(today.value), "usual": same(usual)},
        limits={"more": same(more)}, window=(yesterday.at, anchor.taken_at),
    )  # fmt: skip


def reviewed(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """CO-7 (Rome, GOLD): how severe it is, for staff who review; it calls nobody."""
    on = view.day(anchor.taken_at)
    seen: dict[str, Day] = {name: one for name, kind in _REVIEWED.items() if (one := view.on(kind, on)) is not None}
    signs = [name for name, one in seen.items() if _counts(view, on, name, one)]
    numbers = {name: same(one.value) for name, one in seen.items()} | {"signs": str(len(signs))}
    least = int(rule.limit("signs", view.profile, anchor.taken_at))
    if len(signs) >= least:
        said = f"Moderate at least: {len(signs)} of 5 signs ({', '.join(signs)}); severe needs a blood gas"
    elif len(signs) + len(_REVIEWED) - len(seen) < least:
        said = f"Mild: {len(signs)} of 5 signs"
    else:
        return rule.not_evaluable(anchor, "missing: " + ", ".join(name for name in _REVIEWED if name not in seen))
    return rule.quiet(anchor, sentence=said, numbers=numbers)


_REVIEWED: Final = {"breathlessness": VAS, "breathing rate": BREATHING, "pulse": PULSE, "oxygen level": SPO2, "CRP": CRP}
_FROM: Final = {"breathlessness": 5, "breathing rate": 24, "pulse": 95, "CRP": 10}


def _counts(view: View, on: date, name: str, one: Day) -> bool:
    if name != "oxygen level":
        return one.value >= _FROM[name]
    usual = view.baseline(SPO2, on)
    return one.value < 92 or (usual is not None and usual.median - one.value > 3)  # noqa: PLR2004 - CO-7


TARGET: Final = Rule(
    id="CO-1", version=1, group="CO-O2", title="Oxygen below own target", anchors=frozenset({SPO2}), conditions=CONDITION,
    looks={SPO2: Look(back=_PAIR[1], ahead=_PAIR[1], days=concern.BACK)}, trend=SPO2, judge=target_band, clears=near_normal,
    limits={"low": Limit(Decimal(92), "higher", within=(Decimal(80), Decimal(98))),
            "too_much": Limit(Decimal(97), "lower", within=(Decimal(93), Decimal(100)))},
)  # fmt: skip
RULES: Final = (
    TARGET,
    Rule(
        id="CO-2", version=1, group="CO", title="Pulse and oxygen against own normal", anchors=frozenset({PULSE, SPO2, SYMPTOM}),
        daily=True, looks={PULSE: NORMAL, SPO2: NORMAL, SYMPTOM: NORMAL}, conditions=CONDITION, trend=SPO2, judge=score,
        clears=near_normal, limits={"with_symptoms": Limit(Decimal("1.0"), "lower"), "alone": Limit(Decimal("2.0"), "lower")},
    ),
    Rule(
        id="CO-3", version=2, group="CO", title="Breathing faster than normal", anchors=frozenset({BREATHING}), daily=True,
        looks={BREATHING: Look(days=concern.BACK, ahead=RECOUNT), SYMPTOM: NORMAL}, asks=recount, conditions=CONDITION, trend=BREATHING,
        judge=breathing, clears=back_to_usual,
        limits={"breaths": Limit(Decimal("2.3"), "lower"), "percent": Limit(Decimal(15), "lower"),
                "many_breaths": Limit(Decimal("4.4"), "lower"), "many_percent": Limit(Decimal(30), "lower")},
    ),
    Rule(
        id="CO-4", version=1, group="CO", title="Signs of an exacerbation", anchors=frozenset({SYMPTOM}), daily=True,
        looks={SYMPTOM: Look(days=concern.BACK + 1), BREATHING: Look(days=concern.BACK + 1), PULSE: Look(days=concern.BACK + 1),
               SPO2: Look(days=1)},
        conditions=CONDITION, in_pregnancy=True, trend=SPO2, judge=exacerbation, clears=back_to_usual,
    ),
    Rule(
        id="CO-5", version=1, group="CO-Q", title="CAT or mMRC risen", anchors=frozenset({CAT, MMRC}),
        looks={CAT: Look(back=_YEAR), MMRC: Look(back=_YEAR)}, conditions=CONDITION, cap=Severity.AMBER, trend=CAT,
        judge=questionnaire, limits={"cat_rise": Limit(Decimal(2), "lower"), "cat_big_rise": Limit(Decimal(5), "lower"),
                                     "mmrc_rise": Limit(Decimal(1), "lower"), "mmrc_big_rise": Limit(Decimal(2), "lower")},
    ),
    Rule(
        id="CO-6", version=1, group="CO", title="More blue inhaler", anchors=frozenset({PUFFS}), daily=True,
        looks={PUFFS: Look(days=STABLE + 1)}, conditions=CONDITION, cap=Severity.AMBER, trend=PUFFS, judge=reliever,
        clears=back_to_usual, limits={"more": Limit(Decimal(4), "lower")},
    ),
    Rule(
        id="CO-7", version=1, group="CO", title="Severity when reviewed", anchors=frozenset({VAS, CRP}), daily=True,
        looks={VAS: Look(), CRP: Look(), BREATHING: Look(), PULSE: Look(), SPO2: NORMAL, SYMPTOM: NORMAL}, conditions=CONDITION,
        cap=Severity.INFO, trend=SPO2, judge=reviewed, limits={"signs": Limit(Decimal(3), "lower")},
    ),
)  # fmt: skip

"""High blood pressure: the very high reading, the low one, and the home average."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from domain.detection.diary import Day
from domain.detection.emergency import SYMPTOM
from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Clearing, Function, Limit, Look, Rule, age_at, same
from domain.detection.statistics import sd
from domain.readings.kinds import BY_NAME, SYMPTOM_LABEL
from domain.readings.reading import Reading

PRESSURE: Final = BY_NAME["blood_pressure"].no
FALL: Final = BY_NAME["fall"].no
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


def settled(rule: Rule, view: View, fired_at: datetime) -> Clearing:
    """AL-4: two readings in a row below 170/110 since it fired."""
    held = [one for one in view.between(PRESSURE, fired_at, view.now) if one.taken_at > fired_at][-2:]
    evidence = tuple(one.id for one in held)
    if any(_is_high(one, _CALM[0], _CALM[1]) for one in held):
        return rule.goes_on("not yet: two readings below 170/110", evidence)
    if len(held) < len(_CALM):
        return rule.unknown("needs two readings since then")
    return rule.over("two readings below 170/110", evidence)


_CALM: Final = (Decimal(170), Decimal(110))


def low(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HT-5, HF-B1: systolic under 90 twice; with fainting, a fall or dizziness it is red; a fall on standing up is amber."""
    at, profile = anchor.taken_at, view.profile
    limit = rule.limit("low", profile, at)
    numbers, limits = {"systolic": same(anchor.value)}, {"low": same(limit)}
    signs = [one for one in view.between(SYMPTOM, at - _HALF_DAY, at + _WITH) if int(one.value) in _FAINT[rule.id]]
    signs += view.between(FALL, at - _HALF_DAY, at + _WITH)
    standing = _postural(rule, view, anchor) if "fall_systolic" in rule.limits else None
    if anchor.value >= limit:
        return standing or _borderline(rule, view, anchor, signs)
    others = [one for one in (*view.before(anchor, REPEAT), *view.after(anchor, REPEAT))
              if one.value < limit and abs(one.taken_at - at) >= _APART]  # fmt: skip
    if others:
        first, second = sorted((others[-1], anchor), key=lambda one: (one.taken_at, one.id))
        said = f", {_label(signs[0])}" if signs else ""
        return rule.fired(
            anchor, Severity.RED if signs else Severity.AMBER,
            f"Blood pressure {_shown(first)}, then {_shown(second)}: low{said}", advice="ADV-TODAY",
            evidence=(first.id, second.id, *(one.id for one in signs[:1])), numbers=numbers, limits=limits,
            window=(first.taken_at, second.taken_at),
        )  # fmt: skip
    later = [one for one in view.after(anchor, REPEAT) if one.taken_at - at >= _APART]
    due = at + REPEAT
    is_over = view.now >= due and not later
    return rule.fired(
        anchor, Severity.AMBER if is_over else Severity.INFO,
        f"Blood pressure {_shown(anchor)}: low, " + ("not taken again" if is_over else "not confirmed" if later else "taken once"),
        advice="ADV-RETAKE", confidence=Confidence.UNCONFIRMED, numbers=numbers, limits=limits,
        due_at=None if is_over or later else due,
    )  # fmt: skip


_HALF_DAY: Final = timedelta(hours=12)
_FAINT: Final = {"HT-5": frozenset({7}), "HF-B1": frozenset({7, 40})}
"""Fainted; of heart failure dizziness too. A fall counts for both."""


def _label(one: Reading) -> str:
    return (SYMPTOM_LABEL[int(one.value)] if one.kind == SYMPTOM else "a fall or blackout").lower()


def _borderline(rule: Rule, view: View, anchor: Reading, signs: list[Reading]) -> Judgement:
    """HF-B1: 90 to 99 with symptoms."""
    if "borderline" not in rule.limits or not signs:
        return rule.quiet(anchor)
    limit = rule.limit("borderline", view.profile, anchor.taken_at)
    if anchor.value >= limit:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.AMBER, f"Blood pressure {_shown(anchor)}, and {_label(signs[0])}",
        advice="ADV-TODAY", evidence=(anchor.id, signs[0].id), numbers={"systolic": same(anchor.value)},
        limits={"borderline": same(limit)},
    )  # fmt: skip


_UPRIGHT: Final = timedelta(minutes=3)


def _postural(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    if anchor.context is None or anchor.context.posture != "standing":
        return None
    seated = [one for one in view.before(anchor, _UPRIGHT) if one.context is None or one.context.posture != "standing"]
    if not seated:
        return None
    first = seated[-1]
    systolic, diastolic = (rule.limit(name, view.profile, anchor.taken_at) for name in ("fall_systolic", "fall_diastolic"))
    if first.value - anchor.value < systolic and (first.value2 or 0) - (anchor.value2 or 0) < diastolic:
        return None
    return rule.fired(
        anchor, Severity.AMBER, f"Blood pressure {_shown(first)} sitting, {_shown(anchor)} standing", advice="ADV-TODAY",
        evidence=(first.id, anchor.id), numbers={"fall_systolic": same(first.value - anchor.value)},
        limits={"fall_systolic": same(systolic), "fall_diastolic": same(diastolic)}, window=(first.taken_at, anchor.taken_at),
    )  # fmt: skip


class Average(msgspec.Struct, frozen=True):
    """HT-1: the home average over a week, its first date dropped; means rounded half up to 1 mmHg."""

    on: date
    readings: int
    dates: int
    systolic: int
    diastolic: int
    used: tuple[Day, ...]

    def is_valid(self, dates: Decimal, readings: Decimal) -> bool:
        """Whether enough is left to say anything."""
        return self.dates >= dates and self.readings >= readings


def average(view: View, on: date) -> Average:
    """HT-1 up to a date."""
    days = [one for one in view.daily(PRESSURE, on - timedelta(days=_WEEK - 1), on) if one.sound][1:]
    pairs = [one.each[place : place + 2] for one in days for place in range(0, len(one.each), 2)]
    n = len(pairs)
    systolic, diastolic = (_half_up(sum(pair[part] for pair in pairs), n) for part in (0, 1))
    return Average(on, n, len(days), systolic, diastolic, tuple(days))


def _half_up(total: int, n: int) -> int:
    return int((Decimal(total) / n).quantize(Decimal(1), ROUND_HALF_UP)) if n else 0


_WEEK: Final = 7
_MONTH: Final = 30


def _needs(rule: Rule, view: View, at: datetime) -> tuple[Decimal, Decimal]:
    return rule.limit("dates", view.profile, at), rule.limit("readings", view.profile, at)


def home_average(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HT-1: the week's home average against 135/85 and 150/95."""
    at = anchor.taken_at
    found = average(view, view.day(at))
    dates, readings = _needs(rule, view, at)
    if not found.is_valid(dates, readings):
        return rule.not_evaluable(
            anchor, f"{found.readings} of {same(readings)} readings and {found.dates} of {same(dates)} days after the first day"
        )
    names = ("systolic", "diastolic", "systolic_2", "diastolic_2")
    limit = {name: rule.limit(name, view.profile, at) for name in names}
    stage = 0
    if found.systolic >= limit["systolic"] or found.diastolic >= limit["diastolic"]:
        stage = 2 if found.systolic >= limit["systolic_2"] or found.diastolic >= limit["diastolic_2"] else 1
    shown = f"Home average {found.systolic}/{found.diastolic} ({found.readings} readings, {found.dates} days)"
    numbers = {"systolic": str(found.systolic), "diastolic": str(found.diastolic), "stage": str(stage)}
    if not stage:
        return rule.quiet(anchor, sentence=shown, numbers=numbers)
    return rule.fired(
        anchor, Severity.AMBER if stage > 1 else Severity.INFO, f"{shown}: stage {stage}", advice="ADV-BP",
        evidence=tuple(one.id for one in found.used), numbers=numbers, limits={name: same(value) for name, value in limit.items()},
        window=(found.used[0].at, at),
    )  # fmt: skip


_TABLETS: Final = ("antihypertensive", "acei", "arb", "diuretic", "mra")
_OLD: Final = 80


def _target(rule: Rule, view: View, anchor: Reading) -> tuple[Decimal, Decimal]:
    """The plan's target; else by age."""
    profile, at = view.profile, anchor.taken_at
    old = age_at(profile, anchor) >= _OLD
    usual = rule.limit("systolic_80" if old else "systolic", profile, at), rule.limit("diastolic", profile, at)
    own = profile.number("bp_target_systolic", at), profile.number("bp_target_diastolic", at)
    return own[0] or usual[0], own[1] or usual[1]


def against_target(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HT-2: on treatment, the latest valid home average of 30 days against the target, and the one before it."""
    at = anchor.taken_at
    if not any(view.profile.has("medicine", at, one) for one in _TABLETS):
        return rule.not_evaluable(anchor, "no blood pressure tablet on record")
    on = view.day(at)
    needs = _needs(rule, view, at)
    held = [one.on for one in reversed(view.daily(PRESSURE, on - timedelta(days=_MONTH), on))]
    valid = (found for day in held if (found := average(view, day)).is_valid(*needs))
    latest = next(valid, None)
    if latest is None:
        return rule.not_evaluable(anchor, "no valid home average in 30 days")
    systolic, diastolic = _target(rule, view, anchor)

    def is_above(one: Average, more: tuple[Decimal, Decimal]) -> bool:
        return one.systolic >= systolic + more[0] or one.diastolic >= diastolic + more[1]

    if not is_above(latest, _NONE):
        return rule.quiet(anchor)
    earlier = next((one for one in valid if (latest.on - one.on).days >= _WEEK), None)
    far = rule.limit("far_systolic", view.profile, at), rule.limit("far_diastolic", view.profile, at)
    is_second = earlier is not None and is_above(earlier, _NONE)
    severity = Severity.AMBER if is_above(latest, far) or is_second else Severity.INFO
    return rule.fired(
        anchor, severity, f"Home average {latest.systolic}/{latest.diastolic}, target below {same(systolic)}/{same(diastolic)}"
        + (f"; {earlier.systolic}/{earlier.diastolic} before" if earlier is not None else ""),
        advice="ADV-BP", evidence=tuple(one.id for one in latest.used),
        numbers={"systolic": str(latest.systolic), "diastolic": str(latest.diastolic)},
        limits={"target_systolic": same(systolic), "target_diastolic": same(diastolic), "far_systolic": same(far[0]),
                "far_diastolic": same(far[1])},
        window=(latest.used[0].at, at),
    )  # fmt: skip


_NONE: Final = (Decimal(0), Decimal(0))
_TEN: Final = 10


def three_of_ten(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HT-3: three of the last ten systolic readings at home, all within 30 days."""
    on = view.day(anchor.taken_at)
    days = [one for one in view.daily(PRESSURE, on - timedelta(days=_MONTH - 1), on) if one.sound]
    last = [systolic for one in days for systolic in one.each[::2]][-_TEN:]
    if len(last) < _TEN:
        return rule.not_evaluable(anchor, f"{len(last)} of {_TEN} readings in 30 days")
    limit, least = (rule.limit(name, view.profile, anchor.taken_at) for name in ("systolic", "of_ten"))
    high = sum(one >= limit for one in last)
    if high < least:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.INFO, f"{high} of the last {_TEN} systolic readings at {same(limit)} or more: likely above target",
        advice="ADV-BP", evidence=tuple(one.id for one in days[-_TEN:]), numbers={"high": str(high)},
        limits={"systolic": same(limit), "of_ten": same(least)}, window=(days[0].at, anchor.taken_at),
    )  # fmt: skip


_SESSION: Final = timedelta(minutes=30)


def irregular(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HT-6: the cuff called the pulse irregular on two of the last three readings of a session."""
    session = [*view.before(anchor, _SESSION), anchor][-3:]
    marked = [one for one in session if one.context is not None and one.context.quality == "irregular_pulse"]
    if len(marked) < _TWO or marked[-1] is not anchor:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.INFO, f"Cuff says irregular pulse on {len(marked)} of {len(session)} readings: check the pulse, consider an ECG",
        advice="ADV-RETAKE", evidence=tuple(one.id for one in marked), numbers={"marked": str(len(marked))},
        window=(session[0].taken_at, anchor.taken_at),
    )  # fmt: skip


_TWO: Final = 2
_FORTNIGHT: Final = 14


def variability(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HT-7: daily systolic means that vary by more than 15 mmHg (SD) over at least seven days."""
    on = view.day(anchor.taken_at)
    days = [one for one in view.daily(PRESSURE, on - timedelta(days=_FORTNIGHT - 1), on) if one.sound]
    if len(days) < _WEEK:
        return rule.not_evaluable(anchor, f"{len(days)} of {_WEEK} days of blood pressure in the last 14")
    found = sd([one.value for one in days])
    limit = rule.limit("sd", view.profile, anchor.taken_at)
    if found <= limit:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.INFO, f"Systolic pressure varies from day to day (SD {found:.1f}, limit {same(limit)})", advice="ADV-BP",
        evidence=tuple(one.id for one in days), numbers={"sd": str(found)}, limits={"sd": same(limit)},
        window=(days[0].at, anchor.taken_at),
    )  # fmt: skip


def not_low(rule: Rule, view: View, fired_at: datetime) -> Clearing:
    """Two readings in a row at 100 and above since it fired."""
    held = [one for one in view.between(PRESSURE, fired_at, view.now) if one.taken_at > fired_at][-2:]
    evidence = tuple(one.id for one in held)
    if any(one.value < 100 for one in held):  # noqa: PLR2004 - the band of HF-B1
        return rule.goes_on("not yet: two readings of 100 or more", evidence)
    return rule.over("two readings of 100 or more", evidence) if len(held) == _TWO else rule.unknown("needs two readings since then")


_HYPERTENSION: Final = frozenset({"hypertension"})
_AVERAGE: Final = {"dates": Limit(Decimal(3), "lower"), "readings": Limit(Decimal(12), "lower")}


def _home(no: str, title: str, judge: Function, limits: dict[str, Limit], days: int, cap: Severity = Severity.INFO) -> Rule:
    return Rule(
        id=no, version=1, group="HT-AVG", title=title, anchors=frozenset({PRESSURE}), daily=True, looks={PRESSURE: Look(days=days)},
        conditions=_HYPERTENSION, cap=cap, trend=PRESSURE, judge=judge, limits=limits,
    )  # fmt: skip


RULES: Final = (
    _home("HT-1", "Home average", home_average, _AVERAGE | {
        "systolic": Limit(Decimal(135), "lower"), "diastolic": Limit(Decimal(85), "lower"),
        "systolic_2": Limit(Decimal(150), "lower"), "diastolic_2": Limit(Decimal(95), "lower")}, _WEEK, Severity.AMBER),
    _home("HT-2", "Home average against target", against_target, _AVERAGE | {
        "systolic": Limit(Decimal(135), "lower"), "systolic_80": Limit(Decimal(145), "lower"), "diastolic": Limit(Decimal(85), "lower"),
        "far_systolic": Limit(Decimal(15), "lower"), "far_diastolic": Limit(Decimal(10), "lower")}, _MONTH + _WEEK, Severity.AMBER),
    _home("HT-3", "Three of ten", three_of_ten, {
        "systolic": Limit(Decimal(135), "lower"), "of_ten": Limit(Decimal(3), "lower")}, _MONTH),
    _home("HT-7", "Pressure varies", variability, {"sd": Limit(Decimal(15), "lower")}, _FORTNIGHT),
    Rule(
        id="HT-5", version=1, group="HT-LOW", title="Low blood pressure", anchors=frozenset({PRESSURE}), conditions=_HYPERTENSION,
        looks={PRESSURE: Look(back=REPEAT, ahead=REPEAT), SYMPTOM: Look(back=_HALF_DAY, ahead=_WITH),
               FALL: Look(back=_HALF_DAY, ahead=_WITH)}, trend=PRESSURE, judge=low,
        clears=not_low, limits={"low": Limit(Decimal(90), "higher"), "fall_systolic": Limit(Decimal(20), "lower"),
                                "fall_diastolic": Limit(Decimal(10), "lower")},
    ),
    Rule(
        id="HF-B1", version=1, group="HF-B", title="Low blood pressure in heart failure", anchors=frozenset({PRESSURE}),
        conditions=frozenset({"heart_failure"}), trend=PRESSURE, judge=low, clears=not_low,
        looks={PRESSURE: Look(back=REPEAT, ahead=REPEAT), SYMPTOM: Look(back=_HALF_DAY, ahead=_WITH),
               FALL: Look(back=_HALF_DAY, ahead=_WITH)},
        limits={"low": Limit(Decimal(90), "higher"), "borderline": Limit(Decimal(100), "higher")},
    ),
    Rule(
        id="HT-6", version=1, group="HT-PULSE", title="Irregular pulse", anchors=frozenset({PRESSURE}), cap=Severity.INFO,
        looks={PRESSURE: Look(back=_SESSION)}, trend=PRESSURE, judge=irregular,
    ),
    Rule(
        id="HT-4", version=2, clears=settled, group="HT", title="Very high blood pressure", anchors=frozenset({PRESSURE}),
        looks={PRESSURE: Look(back=REPEAT, ahead=REPEAT), SYMPTOM: Look(back=_WITH, ahead=_WITH)}, in_pregnancy=True,
        limits={"systolic": Limit(Decimal(180), "lower"), "diastolic": Limit(Decimal(120), "lower")}, floor=True,
        trend=PRESSURE, judge=very_high,
    ),
)  # fmt: skip

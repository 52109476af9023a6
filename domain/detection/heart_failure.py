"""Heart failure: what the weight of the day says. One concern (HF-W), whichever of its rules fire."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Final

import msgspec

from domain.detection import clearing, concern
from domain.detection.diary import AGREED, Day, is_sound
from domain.detection.emergency import SYMPTOM
from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Asked, Clearing, Limit, Look, Rule, same
from domain.detection.statistics import Point, ewma, macd, robust_u
from domain.people.patient import Profile
from domain.readings.baseline import LEAST, WINDOW, Baseline
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

WEIGHT: Final = BY_NAME["body_weight"].no
PRESSURE: Final = BY_NAME["blood_pressure"].no
CONDITION: Final = frozenset({"heart_failure"})
SYMPTOMS: Final = frozenset({20, 21, 22, 23, 24, 25, 26, 27, 41})
"""What counts as a symptom of heart failure that is worse than usual."""
NEAR: Final = 3
_WEEK: Final = 7
_STEP: Final = Decimal("3.0")
_AGREES: Final = Decimal("1.0")
_OTHER_PERSON: Final = Decimal("0.15")
_WEIGHT_OF_TODAY: Final = Decimal("0.25")
_FLOOR_KG: Final = Decimal("0.35")


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
    return view.past(WEIGHT, on, ("gain", dates), lambda: _gain(view, on, dates))


def _gain(view: View, on: date, dates: int) -> Gain | str:
    today = view.on(WEIGHT, on)
    if today is None:
        return "no weight today"
    before = view.dates_before(WEIGHT, on, dates)
    if not before:
        return f"no weight in the {dates} days before" if dates > 1 else "no weight yesterday"
    return Gain(today, min(before, key=lambda one: (one.value, one.no)))


def is_step(view: View, one: Day, on: date) -> bool:
    """DQ-4: more than 3.0 kg from the day before it (at most 3 dates earlier), and no other weight near it agrees within 1.0 kg."""
    before = view.dates_before(WEIGHT, one.on, NEAR)
    if not before or abs(one.value - before[-1].value) <= _STEP or one.flags & AGREED:
        return False
    near = view.daily(WEIGHT, one.on - timedelta(days=NEAR), min(on, one.on + timedelta(days=NEAR)))
    return all(other.no == one.no or abs(other.value - one.value) > _AGREES for other in near)


def is_somebody_else(view: View, one: Day, on: date) -> bool:
    """DQ-9: more than 15 % off the person's normal."""
    usual = view.baseline(WEIGHT, on)
    return usual is not None and abs(one.value / usual.median - 1) > _OTHER_PERSON


def sure(view: View, on: date, days: Sequence[Day]) -> Confidence:
    """Unconfirmed when any of these days is, or is a step that nothing confirms, or may be somebody else's weight."""
    unsure = any(one.unconfirmed or is_step(view, one, on) for one in days) or is_somebody_else(view, days[-1], on)
    return Confidence.UNCONFIRMED if unsure else Confidence.NORMAL


REWEIGH: Final = timedelta(hours=28)
"""The longest that a lone heavy morning waits for another weight: until the next morning's has come, or not."""


def asks(rule: Rule, view: View, anchor: Reading) -> Asked | None:
    """F36: a gain that one morning alone shows is weighed again before a nurse is called."""
    found = gain(view, view.day(anchor.taken_at), NEAR if rule.id == "HF-W1" else _WEEK)
    gain_kg, hours = (rule.limit(name, view.profile, anchor.taken_at) for name in ("gain_kg", "wait_hours"))
    return None if isinstance(found, str) else repeat(view, found, gain_kg, hours)


def repeat(view: View, found: Gain, gain_kg: Decimal, hours: Decimal) -> Asked | None:
    """The weight on which a gain waits; None: another morning shows it too, or a symptom came with it.

    It says the same from half the limit on, under which AL-4 calls a gain over. A weight in doubt answers nothing, nor one further
    off: nobody knows whose it is.
    """
    today, lowest = found.today, found.lowest
    half = gain_kg / 2
    between = view.daily(WEIGHT, lowest.on + timedelta(days=1), today.on - timedelta(days=1))
    told = view.codes(SYMPTOM, today.on - timedelta(days=NEAR - 1), today.on + timedelta(days=1))
    if not hours or told & SYMPTOMS or any(one.value - lowest.value > half for one in between):
        return None
    until = today.at + timedelta(minutes=int(hours * 60))
    came = [
        one for one in view.between(WEIGHT, today.at, until)
        if one.id != today.id and is_sound(one) and lowest.value - half <= one.value <= today.value + _STEP
    ]  # fmt: skip
    highest = max(came, key=attrgetter("value", "taken_at", "id"), default=None)
    is_same = highest is not None and highest.value - lowest.value > half
    if today.flags & AGREED and not is_same:
        # Another weight of that day said so before.
        return None
    return Asked(until=until, advice="ADV-REWEIGH", answer=highest, is_same=is_same)


def _stands(view: View, found: Gain, gain_kg: Decimal, hours: Decimal, *, is_alone: bool) -> bool:
    """Whether a gain counts: over its limit and not refuted by a repeat; with another sign beside it no repeat is awaited."""
    if found.kg <= gain_kg:
        return False
    asked = repeat(view, found, gain_kg, hours)
    if asked is None or asked.answer is not None:
        return asked is None or asked.is_same
    return not is_alone or view.now >= asked.until


def _told(  # noqa: PLR0913 - one sentence for the rules of a gain
    rule: Rule, view: View, anchor: Reading, days: tuple[Day, Day], severity: Severity, shown: tuple[str, str],
    numbers: dict[str, str] | None = None, limits: dict[str, str] | None = None, advice: str = "ADV-HF-WEIGHT",
) -> Judgement:  # fmt: skip
    """`shown`: what is said before the weights, and after them."""
    first, today = days
    confidence = sure(view, view.day(anchor.taken_at), days)
    unsure = "" if confidence is Confidence.NORMAL else ", please re-weigh"
    dates = today.no - first.no
    return rule.fired(
        anchor, severity, f"{shown[0]}: {same(first.value)} to {same(today.value)} kg{shown[1]}{unsure}", advice=advice,
        confidence=confidence, evidence=(first.id, today.id), window=(first.at, anchor.taken_at),
        numbers={"gain_kg": same(today.value - first.value), "days": str(dates), "span": f"{dates} day{'' if dates == 1 else 's'}",
                 "from_kg": same(first.value), "to_kg": same(today.value), **(numbers or {})},
        limits=limits or {},
    )  # fmt: skip


def _gained(rule: Rule, view: View, anchor: Reading, dates: int, severity: Severity, advice: str) -> Judgement:
    found = gain(view, view.day(anchor.taken_at), dates)
    if isinstance(found, str):
        return rule.not_evaluable(anchor, found)
    limit = rule.limit("gain_kg", view.profile, anchor.taken_at)
    if found.kg <= limit:
        return rule.quiet(anchor)
    span = f"Weight up {same(found.kg)} kg in {found.dates} day{'s' if found.dates > 1 else ''}"
    return _told(rule, view, anchor, (found.lowest, found.today), severity, (span, f" (limit {same(limit)})"),
                 limits={"gain_kg": same(limit)}, advice=advice)  # fmt: skip


def rapid_gain(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HF-W1: today is more than the limit above the lowest daily weight of the three dates before."""
    return _gained(rule, view, anchor, NEAR, Severity.AMBER, "ADV-HF-WEIGHT")


def jump(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HF-W2: more than 3 lb since yesterday is information only: weigh again tomorrow."""
    return _gained(rule, view, anchor, 1, Severity.INFO, "ADV-WEIGH")


def weekly_gain(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HF-W3: today is more than 5 lb above the lowest daily weight of the seven dates before."""
    return _gained(rule, view, anchor, _WEEK, Severity.AMBER, "ADV-HF-WEIGHT")


def observed(view: View, on: date, dates: int = WINDOW) -> list[Day]:
    """The sound days so far, and today whatever it is."""
    today = on.toordinal()

    def make() -> list[Day]:
        return [one for one in view.daily(WEIGHT, on - timedelta(days=dates), on) if one.no == today or one.sound]

    return view.past(WEIGHT, on, ("observed", dates), make)


def crossings(values: Sequence[Decimal], over: Decimal, again: Decimal) -> list[int]:
    """HF-W4: places at which the difference of two averages has stood above a limit on two observed days, once until it fell back."""
    found: list[int] = []
    is_armed, days = True, 0
    over, again = over.scaleb(6), again.scaleb(6)
    for place, difference in enumerate(macd(values)):
        days = days + 1 if difference > over else 0
        if days >= NEAR - 1 and is_armed and place + 1 >= LEAST:
            found.append(place)
            is_armed = False
        is_armed = is_armed or difference < again
    return found


def _crossed(view: View, on: date, over: Decimal, again: Decimal) -> list[int]:
    return view.past(WEIGHT, on, ("crossings", over, again), lambda: crossings([one.value for one in observed(view, on)], over, again))


def trend(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HF-W4: the average of 3 days stands above that of 20 on two observed days."""
    on = view.day(anchor.taken_at)
    days = observed(view, on)
    if len(days) < LEAST:
        return rule.not_evaluable(anchor, f"{len(days)} of {LEAST} weights in 5 weeks")
    over, again = (rule.limit(name, view.profile, anchor.taken_at) for name in ("over_kg", "again_kg"))
    if len(days) - 1 not in _crossed(view, on, over, again):
        return rule.quiet(anchor)
    shown = str(Decimal(macd([one.value for one in days])[-1]).scaleb(-6))
    return _told(rule, view, anchor, (days[-4], days[-1]), Severity.AMBER, ("Weight is rising steadily", ""),
                 {"trend_kg": shown}, {"over_kg": same(over)})  # fmt: skip


def chart(view: View, on: date, normal: Baseline, wide: Decimal) -> Point:
    """HF-W5: the robust chart of the last 8 dates, from nothing 8 dates ago; its newest point."""

    def make() -> Point:
        return ewma([robust_u(one.value, normal, _FLOOR_KG) for one in observed(view, on, _WEEK)], _WEIGHT_OF_TODAY, wide)

    return view.past(WEIGHT, on, ("chart", normal.median, normal.spread, wide), make)


def _symptoms(view: View, on: date) -> frozenset[int]:
    return view.codes(SYMPTOM, on - timedelta(days=NEAR - 1), on) & SYMPTOMS


def personal(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HF-W5: above the person's own normal as its chart sees it; with a symptom, or far above, it is amber."""
    on = view.day(anchor.taken_at)
    normal = view.baseline(WEIGHT, on)
    today = view.on(WEIGHT, on)
    if normal is None or today is None:
        return rule.not_evaluable(anchor, "learning: fewer than 10 days of weight in the weeks before")
    wide, very_wide = (rule.limit(name, view.profile, anchor.taken_at) for name in ("wide", "very_wide"))
    point = chart(view, on, normal, wide)
    if not point.is_over:
        return rule.quiet(anchor)
    is_far = chart(view, on, normal, very_wide).is_over
    symptoms = _symptoms(view, on)
    severity = Severity.AMBER if is_far or symptoms else Severity.INFO
    above = round(today.value - normal.median, 2)
    confidence = sure(view, on, (today,))
    return rule.fired(
        anchor, severity, f"Weight {same(today.value)} kg is {above} kg above this person's normal of {same(normal.median)}"
        + (", with symptoms" if symptoms else "") + ("" if confidence is Confidence.NORMAL else ", please re-weigh"),
        advice="ADV-HF", confidence=confidence, evidence=(today.id,),
        numbers={"z": str(point.value), "z_limit": str(point.limit), "normal_kg": same(normal.median), "days": str(normal.n)},
        limits={"wide": same(wide), "very_wide": same(very_wide)},
    )  # fmt: skip


def month(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HF-W6: well above the normal of the month on two observed days in a row."""
    on = view.day(anchor.taken_at)
    normal = view.baseline(WEIGHT, on)
    days = observed(view, on, _WEEK)
    if normal is None:
        return rule.not_evaluable(anchor, "learning: fewer than 10 days of weight in the weeks before")
    if len(days) < clearing.CALM_DAYS:
        return rule.not_evaluable(anchor, "no other weight in the 7 days before")
    limit = rule.limit("gain_kg", view.profile, anchor.taken_at)
    if any(one.value - normal.median < limit for one in days[-2:]):
        return rule.quiet(anchor)
    above = round(days[-1].value - normal.median, 2)
    return _told(rule, view, anchor, (days[-2], days[-1]), Severity.AMBER,
                 (f"Weight {above} kg above this person's normal of {same(normal.median)} on two days", f" (limit {same(limit)})"),
                 {"above_kg": str(above), "normal_kg": same(normal.median)}, {"gain_kg": same(limit)}, "ADV-HF")  # fmt: skip


_DIZZY: Final = frozenset({7, 40})
"""Fainted, dizziness."""


def dry(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """HF-W7: well below normal, and dizzy or with a low pressure: the water tablet may be too much."""
    on = view.day(anchor.taken_at)
    normal = view.baseline(WEIGHT, on)
    days = view.daily(WEIGHT, on - timedelta(days=_WEEK), on)
    if normal is None or not days:
        return rule.not_evaluable(anchor, "learning: too few weights" if days else "no weight in 7 days")
    loss, low = (rule.limit(name, view.profile, anchor.taken_at) for name in ("loss_kg", "systolic"))
    below = round(normal.median - days[-1].value, 2)
    if below < loss:
        return rule.quiet(anchor)
    near = on - timedelta(days=NEAR - 1)
    is_dizzy = bool(view.codes(SYMPTOM, near, on) & _DIZZY)
    pressures = [one for one in view.daily(PRESSURE, near, on) if min(one.each[::2]) < low]
    if not is_dizzy and not pressures:
        return rule.quiet(anchor)
    why = f"systolic {min(pressures[-1].each[::2])}" if pressures else "dizzy"
    return rule.fired(
        anchor, Severity.AMBER, f"Weight {below} kg below this person's normal of {same(normal.median)}, and {why}: perhaps too dry",
        advice="ADV-DRY", confidence=sure(view, on, (days[-1],)), evidence=(days[-1].id, *(one.id for one in pressures)),
        numbers={"below_kg": str(below), "normal_kg": same(normal.median)},
        limits={"loss_kg": same(loss), "systolic": same(low)}, window=(days[-1].at, anchor.taken_at),
    )  # fmt: skip


def settled(rule: Rule, view: View, fired_at: datetime) -> Clearing:
    """AL-4: less than 1.0 kg above the three dates before on two observed days."""

    def is_calm(one: Day) -> bool | None:
        found = gain(view, one.on, NEAR)
        return None if isinstance(found, str) else found.kg < _AGREES

    return clearing.calm(rule, clearing.since(view, WEIGHT, fired_at), is_calm, ("a weight", "gain under 1.0 kg"))


def back_to_normal(rule: Rule, view: View, fired_at: datetime) -> Clearing:
    """AL-4: the chart below half its limit on three observed days."""
    days = clearing.since(view, WEIGHT, fired_at)

    def is_calm(one: Day) -> bool | None:
        normal = view.baseline(WEIGHT, one.on)
        if normal is None:
            return None
        point = chart(view, one.on, normal, Decimal(3))
        return point.value < point.limit / 2

    return clearing.calm(rule, days, is_calm, ("a weight", "back at the person's normal"), 3)


def not_dry(rule: Rule, view: View, fired_at: datetime) -> Clearing:
    """Within 1.0 kg below the person's normal on two observed days."""

    def is_calm(one: Day) -> bool | None:
        normal = view.baseline(WEIGHT, one.on)
        return None if normal is None else one.value > normal.median - 1

    return clearing.calm(rule, clearing.since(view, WEIGHT, fired_at), is_calm, ("a weight", "within 1.0 kg of normal"))


_NORMAL: Final = {WEIGHT: Look(days=concern.BACK), SYMPTOM: Look(days=concern.BACK)}
"""What a normal of weight is worked out from."""


def _rule(no: str, title: str, judge: object, looks: dict[int, Look], **more: object) -> Rule:
    return msgspec.structs.replace(_W, id=no, title=title, judge=judge, looks=looks, **more)


NEXT_DATE: Final = timedelta(hours=25)
"""To the end of the next date, which may have 25 hours."""
_AWAITED: Final = {WEIGHT: Look(days=concern.BACK, ahead=REWEIGH), SYMPTOM: Look(days=concern.BACK, ahead=NEXT_DATE)}
_WAIT: Final = Limit(Decimal(28), "lower", within=(Decimal(0), Decimal(28)))
_W: Final = Rule(
    id="HF-W1", version=3, group="HF-W", title="Weight up in three days", anchors=frozenset({WEIGHT}), daily=True,
    looks=_AWAITED, conditions=CONDITION, cap=Severity.AMBER, trend=WEIGHT, judge=rapid_gain, clears=settled, floor=True,
    limits={"gain_kg": Limit(Decimal("2.00"), "lower"), "wait_hours": _WAIT}, asks=asks,
)  # fmt: skip
RULES: Final = (
    _W,
    _rule("HF-W2", "Weight up since yesterday", jump, _NORMAL, version=1, floor=False, cap=Severity.INFO, asks=None,
          limits={"gain_kg": Limit(Decimal("1.36"), "lower")}),
    _rule("HF-W3", "Weight up in a week", weekly_gain, _AWAITED, version=2, floor=False,
          limits={"gain_kg": Limit(Decimal("2.27"), "lower"), "wait_hours": _WAIT}),
    _rule("HF-W4", "Weight rising steadily", trend, _NORMAL, version=1, floor=False, asks=None,
          limits={"over_kg": Limit(Decimal("1.00"), "lower"), "again_kg": Limit(Decimal("0.50"), "lower")}),
    _rule("HF-W5", "Weight above own normal", personal, _NORMAL, version=1, floor=False, asks=None, clears=back_to_normal,
          limits={"wide": Limit(Decimal("3.0"), "lower"), "very_wide": Limit(Decimal("5.0"), "lower")}),
    _rule("HF-W6", "Weight up over the month", month, _NORMAL, version=1, floor=False, asks=None,
          limits={"gain_kg": Limit(Decimal("2.0"), "lower")}),
    _rule("HF-W7", "Too dry", dry, {**_NORMAL, PRESSURE: Look(days=NEAR)}, version=1, floor=False, asks=None,
          anchors=frozenset({WEIGHT, SYMPTOM, PRESSURE}), clears=not_dry,
          limits={"loss_kg": Limit(Decimal("2.0"), "lower"), "systolic": Limit(Decimal(100), "higher")}),
)  # fmt: skip
BY_ID: Final = {rule.id: rule for rule in RULES}


def _limits(profile: Profile, at: datetime) -> dict[tuple[str, str], Decimal]:
    return {(rule.id, name): rule.limit(name, profile, at) for rule in RULES[:6] for name in rule.limits}


_USUAL: Final = {(rule.id, name): limit.value for rule in RULES[:6] for name, limit in rule.limits.items()}
"""Where nobody set another limit."""


def signs(view: View, on: date, at: datetime, *, is_alone: bool = True) -> tuple[int, list[str]]:
    """HF-C1: the points that the weights of the last three dates make, and which rules they come from."""
    held = [one.on for one in reversed(view.daily(WEIGHT, on - timedelta(days=NEAR - 1), on))]
    if not held:
        return 0, []
    limit = _limits(view.profile, at) if view.profile.limits else _USUAL
    found: list[str] = []
    for no, span in (("HF-W1", NEAR), ("HF-W3", _WEEK), ("HF-W2", 1)):
        gains = [one for day in held if isinstance(one := gain(view, day, span), Gain)]
        hours = limit.get((no, "wait_hours"), Decimal(0))
        if any(_stands(view, one, limit[no, "gain_kg"], hours, is_alone=is_alone) for one in gains):
            found.append(no)
    days = observed(view, on)
    if len(days) >= LEAST:
        newest = {place for place, one in enumerate(days) if one.no >= held[-1].toordinal()}
        if not newest.isdisjoint(_crossed(view, on, limit["HF-W4", "over_kg"], limit["HF-W4", "again_kg"])):
            found.append("HF-W4")
    found += _against_normal(view, on, held, limit)
    strong = {"HF-W1", "HF-W3", "HF-W4", "HF-W6"} & set(found)
    return (2 if strong else 1 if found else 0), sorted(found)


def _against_normal(view: View, on: date, held: Sequence[date], limit: dict[tuple[str, str], Decimal]) -> list[str]:
    normal = view.baseline(WEIGHT, on)
    if normal is None:
        return []
    found: list[str] = []
    if any(chart(view, one, normal, limit["HF-W5", "wide"]).is_over for one in held):
        found.append("HF-W5")
    above = [one.value - normal.median >= limit["HF-W6", "gain_kg"] for one in observed(view, on, _WEEK)]
    if any(one and before for one, before in zip(above[-NEAR:], [False, *above[:-1]][-NEAR:], strict=True)):
        found.append("HF-W6")
    return found

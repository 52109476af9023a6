"""Epilepsy: how long (EP-1), how many in a day (EP-2), more than usual (EP-3), danger (EP-4), and missed medicine (EP-5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from domain.detection.judgement import Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Limit, Look, Rule, is_after_birth, same
from domain.detection.statistics import poisson_tail
from domain.detection.symptoms import CODE, SYMPTOM, codes, reported, said
from domain.people.patient import Profile
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

SHAKING: Final = BY_NAME["seizure_duration"].no
OTHER: Final = BY_NAME["other_seizure_duration"].no
SEIZURES: Final = frozenset({SHAKING, OTHER})
MISSED: Final = BY_NAME["missed_seizure_doses"].no
CONDITION: Final = "epilepsy"
_STARTED: Final = CODE["seizure_started"]
_STOPPED: Final = CODE["seizure_stopped"]
_TOLD_LATER: Final = timedelta(minutes=30)


def seizures(view: View, start: datetime, end: datetime) -> list[Reading]:
    """All seizures from one instant to another, in order."""
    return sorted((one for kind in SEIZURES for one in view.between(kind, start, end)), key=lambda one: (one.taken_at, one.id))


def _lasted(seconds: Decimal) -> str:
    minutes, rest = divmod(int(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def duration(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """EP-1: a convulsive seizure of 5 minutes or more, told afterwards or still running in the timer, is an emergency."""
    most = rule.limit("seconds", view.profile, anchor.taken_at)
    if anchor.kind == SYMPTOM:
        return _timed(rule, view, anchor, most) if int(anchor.value) == _STARTED else None
    numbers, limits = {"seconds": same(anchor.value)}, {"seconds": same(most)}
    if anchor.kind == SHAKING and anchor.value >= most:
        return rule.fired(
            anchor, Severity.RED, f"Seizure with shaking for {_lasted(anchor.value)} (5 minutes or more)", advice="ADV-SEIZURE",
            emergency=True, numbers=numbers, limits=limits,
        )  # fmt: skip
    shaking = "with" if anchor.kind == SHAKING else "without"
    return rule.fired(anchor, Severity.INFO, f"Seizure {shaking} shaking, {_lasted(anchor.value)}", advice=None, numbers=numbers,
                      limits=limits)  # fmt: skip


def _timed(rule: Rule, view: View, anchor: Reading, most: Decimal) -> Judgement:
    """The live timer: at 5:00 it fires by itself, unless the seizure stopped or was told to have been shorter."""
    at = anchor.taken_at
    due = at + timedelta(seconds=int(most))
    limits = {"seconds": same(most)}
    told = [one for one in seizures(view, at, at + _TOLD_LATER) if one.kind == OTHER or one.value < most]
    stops = [one for one in reported(view, frozenset({_STOPPED}), at, due) if one.taken_at < due]
    ended = min((*told, *stops), key=lambda one: (one.taken_at, one.id), default=None)
    if ended is not None:
        return rule.quiet(anchor)
    if view.now < due:
        return rule.fired(anchor, Severity.INFO, "A seizure is being timed", advice="ADV-SEIZURE", limits=limits, due_at=due)
    return rule.fired(
        anchor, Severity.RED, "A seizure was started in the timer and had not stopped after 5 minutes", advice="ADV-SEIZURE",
        emergency=True, limits=limits, window=(at, due),
    )  # fmt: skip


_AGAIN: Final = CODE["seizure_before_recovery"]
_NOT_BACK: Final = CODE["seizure_not_recovered"]
_UNRECOVERED: Final = codes("seizure_not_recovered", "fainted_not_recovered", "cannot_be_woken")
_NEAR: Final = timedelta(hours=1)


def cluster(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """EP-2: three seizures in 24 hours, or a second before recovery, is red; not recovered is an emergency."""
    at = anchor.taken_at
    if anchor.kind == SYMPTOM:
        code = int(anchor.value)
        if code not in {_AGAIN, _NOT_BACK}:
            return None
        is_not_back = code == _NOT_BACK or bool(reported(view, _UNRECOVERED, at - _NEAR, at + _NEAR))
        return rule.fired(
            anchor, Severity.RED, f"Reports: {said(code)}", advice="ADV-SEIZURE", emergency=is_not_back,
        )  # fmt: skip
    most = rule.limit("seizures", view.profile, at)
    hours = rule.limit("hours", view.profile, at)
    span = timedelta(hours=int(hours))
    close = [one for one in seizures(view, at - span, at) if (one.taken_at, one.id) <= (at, anchor.id)]
    if len(close) < most:
        return rule.quiet(anchor)
    unrecovered = reported(view, _UNRECOVERED, at - _NEAR, at + _NEAR)
    return rule.fired(
        anchor, Severity.RED, f"{len(close)} seizures in {same(hours)} hours" + (", not recovered" if unrecovered else ""),
        advice="ADV-999" if unrecovered else "ADV-TODAY", emergency=bool(unrecovered),
        evidence=(*(one.id for one in close), *(one.id for one in unrecovered)), numbers={"seizures": str(len(close))},
        limits={"seizures": same(most), "hours": same(hours)}, window=(close[0].taken_at, at),
    )  # fmt: skip


WEEK: Final = 7
_WEEKS: Final = 12
_LEAST_WEEKS: Final = 8
_FREE: Final = 183
_YEAR: Final = timedelta(days=366)


def more_than_usual(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """EP-3: more seizures in the last 7 days than chance makes of the usual rate, or one after six months without."""
    at, on = anchor.taken_at, view.day(anchor.taken_at)
    before = [one for one in seizures(view, at - _YEAR, at) if (one.taken_at, one.id) < (at, anchor.id)]
    ages = [(on - view.day(one.taken_at)).days for one in before]
    diary = max([*ages, *((on - view.day(one.from_at)).days for one in view.profile.told("seizure_diary") if one.holds(at))],
                default=0)  # fmt: skip
    free = min(ages, default=diary)
    if free >= _FREE:
        return _more(rule, anchor, before[-1:], f"A seizure after {free} days without", {"days_free": str(free)})
    weeks = min((diary - WEEK) // WEEK, _WEEKS)
    if weeks < _LEAST_WEEKS:
        return rule.not_evaluable(anchor, f"missing: 8 weeks of seizure diary before this week, there are {max(weeks, 0)}")
    recent = [one for one, back in zip(before, ages, strict=True) if back < WEEK]
    usual = Decimal(sum(WEEK <= back < WEEK + WEEK * weeks for back in ages)) / weeks
    n, chance = len(recent) + 1, poisson_tail(len(recent) + 1, usual)
    limit, least = (rule.limit(name, view.profile, at) for name in ("chance", "seizures"))
    if n < least or chance >= limit:
        return rule.quiet(anchor)
    shown = same(usual.quantize(Decimal("0.01")))
    return _more(
        rule, anchor, recent, f"{n} seizures in the last 7 days; usual is {shown} a week",
        {"seizures": str(n), "usual_a_week": shown, "chance": same(chance)},
        {"chance": same(limit), "seizures": same(least)},
    )  # fmt: skip


def _more(
    rule: Rule, anchor: Reading, others: Sequence[Reading], said_as: str, numbers: dict[str, str],
    limits: dict[str, str] | None = None,
) -> Judgement:  # fmt: skip
    return rule.fired(
        anchor, Severity.AMBER, said_as, advice="ADV-SEEN", evidence=(*(one.id for one in others), anchor.id), numbers=numbers,
        limits=limits, window=(others[0].taken_at if others else anchor.taken_at, anchor.taken_at),
    )  # fmt: skip


_DANGER: Final = codes("seizure_head_injury", "seizure_in_water", "seizure_breathing_problem", "first_seizure")
_HURT: Final = CODE["seizure_injury"]
_DIABETES: Final = frozenset({"diabetes", "diabetes_type_1", "diabetes_type_2"})


def danger(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """EP-4: a seizure with a hurt head, in water, with trouble breathing, in pregnancy, with diabetes, or the first ever."""
    if anchor.kind == SYMPTOM:
        code = int(anchor.value)
        if code == _HURT:
            return rule.fired(anchor, Severity.AMBER, f"Reports: {said(code)}", advice="ADV-TODAY")
        if code not in _DANGER:
            return None
        return rule.fired(anchor, Severity.RED, f"Reports: {said(code)}", advice="ADV-SEIZURE", emergency=True)
    why = _why(view.profile, anchor.taken_at)
    if why is None:
        return rule.quiet(anchor)
    return rule.fired(anchor, Severity.RED, f"A seizure {why}", advice="ADV-SEIZURE", emergency=True)


def _why(profile: Profile, at: datetime) -> str | None:
    if profile.has("pregnant", at):
        return "in pregnancy"
    if is_after_birth(profile, at):
        return "in the 6 weeks after a birth"
    if profile.conditions & _DIABETES:
        return "with diabetes"
    return None if CONDITION in profile.conditions else "and no epilepsy on record: it may be the first"


_TWO_DAYS: Final = timedelta(hours=48)
_SEVEN_DAYS: Final = timedelta(days=7)


def missed(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """EP-5: two doses of seizure medicine missed within 48 hours is amber; with a seizure in the same 7 days red."""
    at = anchor.taken_at
    limit = rule.limit("doses", view.profile, at)
    if anchor.kind in SEIZURES:
        earlier = view.between(MISSED, at - _SEVEN_DAYS, at)
        stretches = [_within(earlier, one) for one in reversed(earlier)]
        ones, had = next((held for held in stretches if _doses(held) >= limit), list[Reading]()), [anchor]
    else:
        ones = _within(view.between(MISSED, at - _TWO_DAYS, at), anchor)
        had = seizures(view, at - _SEVEN_DAYS, at)
    doses = _doses(ones)
    if doses < limit or not ones[-1].value:
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.RED if had else Severity.AMBER,
        f"{same(doses)} doses of seizure medicine missed in 48 hours" + (", and a seizure within 7 days" if had else ""),
        advice="ADV-TODAY" if had else "ADV-SEEN", evidence=(*(one.id for one in ones), *(one.id for one in had)),
        numbers={"doses": same(doses), "seizures": str(len(had))}, limits={"doses": same(limit)},
        window=(min(one.taken_at for one in (*ones, *had)), at),
    )  # fmt: skip


def _within(ones: Sequence[Reading], last: Reading) -> list[Reading]:
    """Those of the 48 hours that end with one of them."""
    return [one for one in ones if last.taken_at - _TWO_DAYS <= one.taken_at and (one.taken_at, one.id) <= (last.taken_at, last.id)]


def _doses(ones: Sequence[Reading]) -> Decimal:
    return sum((one.value for one in ones), Decimal(0))


_ANY: Final = SEIZURES | {SYMPTOM}
_THREE_DAYS: Final = timedelta(hours=72)
RULES: Final = (
    Rule(
        id="EP-1", version=1, group="EP", title="Long seizure", anchors=_ANY,
        looks={SYMPTOM: Look(ahead=timedelta(minutes=5)), **dict.fromkeys(SEIZURES, Look(ahead=_TOLD_LATER))}, least=None,
        in_pregnancy=True, limits={"seconds": Limit(Decimal(300), "lower")}, floor=True, trend=SHAKING, judge=duration,
    ),
    Rule(
        id="EP-2", version=1, group="EP", title="Seizures in a cluster", anchors=_ANY,
        looks={SYMPTOM: Look(back=_NEAR, ahead=_NEAR), **dict.fromkeys(SEIZURES, Look(back=_THREE_DAYS))}, least=None,
        in_pregnancy=True,
        limits={"seizures": Limit(Decimal(3), "lower"), "hours": Limit(Decimal(24), "higher")},
        trend=SHAKING, judge=cluster,
    ),
    Rule(
        id="EP-3", version=1, group="EP", title="More seizures than usual", anchors=SEIZURES,
        looks=dict.fromkeys(SEIZURES, Look(back=_YEAR)), conditions=frozenset({CONDITION}), least=None, in_pregnancy=True,
        limits={"chance": Limit(Decimal("0.01"), "higher"), "seizures": Limit(Decimal(2), "lower")}, trend=SHAKING,
        judge=more_than_usual,
    ),
    Rule(
        id="EP-4", version=1, group="EP", title="Seizure in danger", anchors=_ANY, looks={SYMPTOM: Look(), **dict.fromkeys(SEIZURES, Look())},
        least=None, in_pregnancy=True, trend=SHAKING, judge=danger,
    ),
    Rule(
        id="EP-5", version=1, group="EP", title="Seizure medicine missed", anchors=SEIZURES | {MISSED},
        looks=dict.fromkeys((*SEIZURES, MISSED), Look(back=_SEVEN_DAYS)), least=None,
        in_pregnancy=True, limits={"doses": Limit(Decimal(2), "lower")}, trend=SHAKING, judge=missed,
    ),
)  # fmt: skip

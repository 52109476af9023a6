"""Kidneys: a sudden loss of function (CK-1), potassium (CK-2), slow loss (CK-3), and what tablets do to them (CK-4)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Final

import msgspec

from domain.days import day
from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import ADULT, Limit, Look, Rule, age_at, out_of_scope, same
from domain.people.facts import MEDICINES
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

CREATININE: Final = BY_NAME["creatinine"].no
POTASSIUM: Final = BY_NAME["potassium"].no
YEAR: Final = timedelta(days=366)
_TWO_DAYS: Final = timedelta(hours=48)
_SAME_SAMPLE: Final = timedelta(minutes=60)
_RECENT: Final = 7
_OLDEST: Final = 365
_STAGE_2: Final = 2
_STAGE_3: Final = 3
_HUNDREDTH: Final = Decimal("0.01")


def _confidence(one: Reading) -> Confidence:
    return Confidence.UNCONFIRMED if one.unconfirmed else Confidence.NORMAL


def samples_before(newest: Reading, results: Sequence[Reading]) -> list[Reading]:
    """Results of blood taken before the newest, each sample once: told twice, it has the same value within an hour."""
    found: list[Reading] = []
    for one in results:
        is_newest = one.taken_at >= newest.taken_at or _is_same_sample(one, newest)
        if not is_newest and not any(_is_same_sample(one, other) for other in found[-3:]):
            found.append(one)
    return found


def _is_same_sample(one: Reading, other: Reading) -> bool:
    apart = abs(other.taken_at - one.taken_at)
    return apart <= _SAME_SAMPLE and (one.value == other.value or not apart)


class Aki(msgspec.Struct, frozen=True):
    """CK-1: the warning stage (0 is none), the result that it was held against, and the rise within 48 hours."""

    stage: int
    against: Decimal
    rise_48h: Decimal | None
    used: tuple[Reading, ...]


def aki_stage(newest: Reading, earlier: Sequence[Reading], zone: str, limits: Mapping[str, Decimal]) -> Aki | None:
    """CK-1: the NHS England algorithm over the results of the 365 days before; None when there is none."""
    today = day(newest.taken_at, zone)
    aged = [((today - day(one.taken_at, zone)).days, one) for one in samples_before(newest, earlier)]
    recent = [one for back, one in aged if back <= _RECENT]
    older = [one for back, one in aged if _RECENT < back <= _OLDEST]
    references = [min(one.value for one in recent)] if recent else []
    if older:
        references.append(median(one.value for one in older))
    if not references:
        return None
    against, value = min(references), newest.value
    close = [one.value for _, one in aged if newest.taken_at - one.taken_at <= _TWO_DAYS]
    rise = value - min(close) if close else None
    # Compared as products, so that 1.5 times is exactly that.
    is_raised = value >= limits["stage_1"] * against
    if value >= limits["stage_3"] * against or (is_raised and value > limits["very_high"]):
        stage = _STAGE_3
    elif value >= limits["stage_2"] * against:
        stage = _STAGE_2
    else:
        stage = int(is_raised or (rise is not None and rise > limits["rise_48h"]))
    return Aki(stage, against, rise, (*older, *recent))


_AKI_LIMITS: Final = {
    "stage_1": Limit(Decimal("1.5"), "lower"), "stage_2": Limit(Decimal("2.0"), "lower"), "stage_3": Limit(Decimal("3.0"), "lower"),
    "rise_48h": Limit(Decimal(26), "lower"), "very_high": Limit(Decimal(354), "lower"), "usual_high": Limit(Decimal(104), "lower"),
}  # fmt: skip


def aki(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """CK-1: how far creatinine stands above what it was. Without an earlier result only 'high' can be said."""
    profile, at = view.profile, anchor.taken_at
    if profile.has("dialysis", at):
        return rule.not_evaluable(anchor, "out of scope: on dialysis")
    limits = {name: rule.limit(name, profile, at) for name in _AKI_LIMITS}
    found = aki_stage(anchor, view.between(CREATININE, at - YEAR, at), profile.zone, limits)
    if found is None:
        return _first(rule, anchor, limits)
    if found.stage:
        return _staged(rule, anchor, found, limits)
    if age_at(profile, anchor) < ADULT:
        return rule.not_evaluable(anchor, "missing: upper reference for a child's age")
    scope = out_of_scope(profile, anchor)
    # In pregnancy creatinine falls: a rise is told, no rise proves nothing.
    return rule.quiet(anchor) if scope is None else rule.not_evaluable(anchor, scope)


def _first(rule: Rule, anchor: Reading, limits: Mapping[str, Decimal]) -> Judgement:
    value = anchor.value
    if value <= limits["usual_high"]:
        return rule.not_evaluable(anchor, "missing: a creatinine result in the 365 days before")
    return rule.fired(
        anchor, Severity.AMBER if value > limits["very_high"] else Severity.INFO,
        f"Creatinine {same(value)} is high, and there is none in the year before to compare", advice="ADV-KIDNEY",
        confidence=_confidence(anchor) if anchor.unconfirmed else Confidence.PARTIAL, numbers={"creatinine": same(value)},
        limits={name: same(limits[name]) for name in ("usual_high", "very_high")},
    )  # fmt: skip


def _staged(rule: Rule, anchor: Reading, found: Aki, limits: Mapping[str, Decimal]) -> Judgement:
    times = (anchor.value / found.against).quantize(_HUNDREDTH, ROUND_HALF_UP)
    by_rise = anchor.value < limits["stage_1"] * found.against
    why = f"up {same(found.rise_48h or Decimal(0))} in 48 hours" if by_rise else f"{same(times)} times the {same(found.against)} before"
    numbers = {"creatinine": same(anchor.value), "against": same(found.against), "ratio": same(times), "stage": str(found.stage)}
    if found.rise_48h is not None:
        numbers["rise_48h"] = same(found.rise_48h)
    said = ": hospital today" if found.stage == _STAGE_3 else ""
    return rule.fired(
        anchor, Severity.AMBER if found.stage == 1 else Severity.RED,
        f"Creatinine {same(anchor.value)}, {why}: acute kidney injury stage {found.stage}{said}", advice="ADV-KIDNEY",
        confidence=_confidence(anchor), evidence=(*(one.id for one in found.used), anchor.id), numbers=numbers,
        limits={name: same(value) for name, value in limits.items() if name != "usual_high"},
        window=(found.used[0].taken_at, anchor.taken_at),
    )  # fmt: skip


_HALF_DAY: Final = timedelta(hours=12)
_LEVELS: Final = {1: (Severity.AMBER, False), 2: (Severity.RED, False), 3: (Severity.RED, True)}
_K_LIMITS: Final = {
    "raised": Limit(Decimal("5.5"), "lower", free=True), "high": Limit(Decimal("6.0"), "lower", free=True),
    "danger": Limit(Decimal("6.5"), "lower"), "low": Limit(Decimal("3.0"), "higher", free=True),
    "very_low": Limit(Decimal("2.5"), "higher", free=True), "rise_12h": Limit(Decimal("0.5"), "lower", free=True),
}  # fmt: skip
_TODO: Final = {1: "repeat within 3 days", 2: "repeat within 24 hours", 3: "hospital now"}


def level(value: Decimal, rise_12h: Decimal | None, limits: Mapping[str, Decimal]) -> int:
    """CK-2: 0 nothing, 1 amber, 2 red, 3 emergency. A fast rise is one level up; it says nothing against a low value."""
    if value < limits["very_low"]:
        return 2
    if value < limits["low"]:
        return 1
    found = sum(value >= limits[name] for name in ("raised", "high", "danger"))
    return min(found + (rise_12h is not None and rise_12h > limits["rise_12h"]), 3)


def potassium(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """CK-2: potassium. From 6.5 on it is an emergency for everybody (FLOOR)."""
    profile, at, value = view.profile, anchor.taken_at, anchor.value
    limits = {name: rule.limit(name, profile, at) for name in _K_LIMITS}
    before = samples_before(anchor, view.between(POTASSIUM, at - _HALF_DAY, at))
    rise = value - min(one.value for one in before) if before else None
    found = level(value, rise, limits)
    scope = out_of_scope(profile, anchor)
    if scope is not None and value < limits["danger"]:
        return rule.not_evaluable(anchor, scope)
    is_spoilt = anchor.context is not None and anchor.context.sample == "haemolysed"
    if not found:
        # A spoilt sample reads too high, so that a usual value may hide a low one.
        return rule.not_evaluable(anchor, "haemolysed sample: repeat it") if is_spoilt else rule.quiet(anchor)
    severity, emergency = _LEVELS[found]
    rising = f", up {same(rise)} in 12 hours" if rise is not None and rise > limits["rise_12h"] and value >= limits["low"] else ""
    numbers = {"potassium": same(value)} | ({} if rise is None else {"rise_12h": same(rise)})
    todo = _TODO[found] if value >= limits["low"] else "low: repeat, and look at water tablets"
    spoilt = ", haemolysed sample: repeat it at once" if is_spoilt else ""
    return rule.fired(
        anchor, severity, f"Potassium {anchor.comparator or ''}{same(value)} mmol/L{rising}: {todo}{spoilt}",
        advice="ADV-999" if emergency else "ADV-KIDNEY", emergency=emergency,
        confidence=Confidence.UNCONFIRMED if is_spoilt else _confidence(anchor),
        evidence=(*(one.id for one in before), anchor.id), numbers=numbers,
        limits={name: same(one) for name, one in limits.items()}, window=(before[0].taken_at if before else at, at),
    )  # fmt: skip


_CHANGED: Final = ("acei", "arb", "mra")
_AFTER: Final = timedelta(days=90)
EGFR: Final = BY_NAME["egfr"].no


def started(view: View, at: datetime) -> tuple[str, datetime] | None:
    """The last start or dose rise of a tablet that acts on the kidney, within 90 days before."""
    known = [one for one in view.profile.told("medicine_changed") if one.value in _CHANGED and at - _AFTER <= one.from_at <= at]
    return (known[-1].value, known[-1].from_at) if known else None


def after_start(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """CK-4: within 90 days of a start or dose rise, creatinine up 30 % or eGFR down 25 % is amber; less is expected."""
    at = anchor.taken_at
    change = started(view, at)
    if change is None:
        return None
    medicine, since = change
    before = [one for one in view.between(anchor.kind, since - YEAR, since) if _is_comparable(one, anchor)]
    name = "Creatinine" if anchor.kind == CREATININE else "eGFR"
    if not before:
        return rule.not_evaluable(anchor, f"missing: {name} from before the {MEDICINES[medicine]} was changed")
    base = before[-1]
    limit = rule.limit("creatinine_rise" if anchor.kind == CREATININE else "egfr_fall", view.profile, at)
    moved = anchor.value - base.value if anchor.kind == CREATININE else base.value - anchor.value
    if moved <= 0:
        return rule.quiet(anchor)
    percent = (100 * moved / base.value).quantize(Decimal("0.1"), ROUND_HALF_UP)
    is_much = 100 * moved >= limit * base.value
    turn = "up" if anchor.kind == CREATININE else "down"
    return rule.fired(
        anchor, Severity.AMBER if is_much else Severity.INFO,
        f"{name} {turn} {same(percent)} % ({same(base.value)} to {same(anchor.value)}) after {MEDICINES[medicine]} was started or "
        f"raised{'' if is_much else ': expected'}",
        advice="ADV-KIDNEY" if is_much else None, confidence=_confidence(anchor), evidence=(base.id, anchor.id),
        numbers={"percent": same(percent), "from": same(base.value), "to": same(anchor.value), "medicine": medicine},
        limits={"percent": same(limit)}, window=(base.taken_at, at),
    )  # fmt: skip


def _is_comparable(one: Reading, other: Reading) -> bool:
    """Never across formulas (CK-3)."""
    return _equation(one) == _equation(other)


def _equation(one: Reading) -> str | None:
    return one.context.equation if one.context is not None else None


RULES: Final = (
    Rule(
        id="CK-1", version=1, group="CK", title="Acute kidney injury", anchors=frozenset({CREATININE}),
        looks={CREATININE: Look(back=YEAR)}, least=None, in_pregnancy=True, limits=_AKI_LIMITS, trend=CREATININE, judge=aki,
    ),
    Rule(
        id="CK-2", version=1, group="CK-K", title="Potassium", anchors=frozenset({POTASSIUM}),
        looks={POTASSIUM: Look(back=_HALF_DAY)}, least=None, in_pregnancy=True, limits=_K_LIMITS, floor=True, trend=POTASSIUM,
        judge=potassium,
    ),
    Rule(
        id="CK-4", version=1, group="CK", title="Kidney after a new tablet", told="medicine_changed", anchors=frozenset({CREATININE, EGFR}),
        looks={CREATININE: Look(back=YEAR + _AFTER), EGFR: Look(back=YEAR + _AFTER)},
        limits={"creatinine_rise": Limit(Decimal(30), "lower"), "egfr_fall": Limit(Decimal(25), "lower")}, trend=CREATININE,
        judge=after_start,
    ),
)  # fmt: skip

"""NEWS2: the adult physiology score (RCP 2017), for observations within an hour of each other."""

from bisect import bisect_right
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Limit, Look, Rule, same
from domain.readings.kinds import ACVPU, BY_NAME
from domain.readings.reading import Reading

BREATHING: Final = BY_NAME["respiratory_rate"].no
SPO2: Final = BY_NAME["oxygen_saturation"].no
OXYGEN: Final = BY_NAME["oxygen_flow"].no
PRESSURE: Final = BY_NAME["blood_pressure"].no
PULSE: Final = BY_NAME["heart_rate"].no
ALERT: Final = BY_NAME["consciousness"].no
TEMPERATURE: Final = BY_NAME["body_temperature"].no
KINDS: Final = (BREATHING, SPO2, OXYGEN, PRESSURE, PULSE, ALERT, TEMPERATURE)
WITHIN: Final = timedelta(minutes=60)
_NAMES: Final = {
    BREATHING: "breathing rate", SPO2: "oxygen level", OXYGEN: "air or oxygen", PRESSURE: "blood pressure", PULSE: "pulse",
    ALERT: "alertness", TEMPERATURE: "temperature",
}  # fmt: skip
_MOST_MISSING: Final = 3
_ADULT: Final = 16
_SINGLE: Final = 3


class Observations(msgspec.Struct, frozen=True, kw_only=True):
    """One set; None: not measured. `oxygen` is True on oxygen, False on air; `alertness` is a letter word of ACVPU."""

    breathing: Decimal | None = None
    spo2: Decimal | None = None
    oxygen: bool | None = None
    systolic: Decimal | None = None
    pulse: Decimal | None = None
    alertness: str | None = None
    temperature: Decimal | None = None


def _band(value: Decimal, *steps: tuple[str, int]) -> int:
    """The points of the first step whose upper end the value does not pass."""
    return next((points for end, points in steps[:-1] if value <= Decimal(end)), steps[-1][1])


def _breathing(value: Decimal) -> int:
    return _band(value, ("8", 3), ("11", 1), ("20", 0), ("24", 2), ("1000", 3))


def _spo2(value: Decimal, *, oxygen: bool | None, scale_2: bool) -> int:
    if not scale_2:
        return _band(value, ("91", 3), ("93", 2), ("95", 1), ("100", 0))
    low = _band(value, ("83", 3), ("85", 2), ("87", 1), ("100", 0))
    # Above the target it counts on oxygen only; unknown whether on oxygen is no proof that it counts.
    return _band(value, ("92", low), ("94", 1), ("96", 2), ("100", 3)) if oxygen else low


def _systolic(value: Decimal) -> int:
    return _band(value, ("90", 3), ("100", 2), ("110", 1), ("219", 0), ("1000", 3))


def _pulse(value: Decimal) -> int:
    return _band(value, ("40", 3), ("50", 1), ("90", 0), ("110", 1), ("130", 2), ("1000", 3))


def _temperature(value: Decimal) -> int:
    return _band(value, ("35.0", 3), ("36.0", 1), ("38.0", 0), ("39.0", 1), ("1000", 2))


def points(seen: Observations, *, scale_2: bool) -> dict[int, int]:
    """NW-1, NW-3: points by kind number, for what was measured."""
    found: dict[int, int] = {}
    if seen.breathing is not None:
        found[BREATHING] = _breathing(seen.breathing)
    if seen.spo2 is not None:
        found[SPO2] = _spo2(seen.spo2, oxygen=seen.oxygen, scale_2=scale_2)
    if seen.oxygen is not None:
        found[OXYGEN] = 2 if seen.oxygen else 0
    if seen.systolic is not None:
        found[PRESSURE] = _systolic(seen.systolic)
    if seen.pulse is not None:
        found[PULSE] = _pulse(seen.pulse)
    if seen.alertness is not None:
        found[ALERT] = 0 if seen.alertness == "alert" else 3
    if seen.temperature is not None:
        found[TEMPERATURE] = _temperature(seen.temperature)
    return found


def response(found: dict[int, int]) -> tuple[Severity, bool] | None:
    """NW-2: (severity, emergency) of a set of points; None: nothing to do."""
    total = sum(found.values())
    if total >= 7:  # noqa: PLR2004 - NW-2
        return Severity.RED, True
    if total >= 5:  # noqa: PLR2004 - NW-2
        return Severity.RED, False
    if _SINGLE in found.values():
        return Severity.AMBER, False
    return (Severity.INFO, False) if total else None


def _latest(view: View, kind: int, anchor: Reading) -> Reading | None:
    at = anchor.taken_at
    series = view.readings[kind]
    last = series[-1]
    if (last.taken_at, last.id) > (at, anchor.id):
        place = bisect_right(series, (at, anchor.id), key=lambda one: (one.taken_at, one.id))
        if not place:
            return None
        last = series[place - 1]
    return last if last.taken_at >= at - WITHIN else None


def _near(view: View, anchor: Reading) -> list[int]:
    """The parameters measured at all from an hour before on; most people's every day that is the anchor's alone."""
    since = anchor.taken_at - WITHIN
    has_since = view.has_since
    return [kind for kind in KINDS if has_since(kind, since)]


def _set(view: View, anchor: Reading) -> dict[int, Reading]:
    """The latest reading of each parameter in the hour up to the anchor."""
    found: dict[int, Reading] = {}
    for kind in _near(view, anchor):
        one = anchor if kind == anchor.kind else _latest(view, kind, anchor)
        if one is not None:
            found[kind] = one
    if OXYGEN not in found and SPO2 in found:
        context = found[SPO2].context
        if context is not None and context.oxygen is not None:
            found[OXYGEN] = found[SPO2]
    return found


def _observed(ones: dict[int, Reading]) -> Observations:
    def value(kind: int) -> Decimal | None:
        one = ones.get(kind)
        return None if one is None else one.value

    oxygen: bool | None = None
    if OXYGEN in ones:
        one = ones[OXYGEN]
        oxygen = one.value > 0 if one.kind == OXYGEN else one.context is not None and one.context.oxygen == "oxygen"
    alertness = value(ALERT)
    return Observations(
        breathing=value(BREATHING), spo2=value(SPO2), oxygen=oxygen, systolic=value(PRESSURE), pulse=value(PULSE),
        alertness=None if alertness is None else ACVPU[int(alertness)], temperature=value(TEMPERATURE),
    )  # fmt: skip


_REASONS: Final[dict[int, str]] = {}


def _missing(ones: dict[int, Reading]) -> str:
    mask = sum(1 << place for place, kind in enumerate(KINDS) if kind in ones)
    reason = _REASONS.get(mask)
    if reason is None:
        reason = _REASONS[mask] = "missing: " + ", ".join(_NAMES[kind] for kind in KINDS if kind not in ones)
    return reason


def _is_overtaken(view: View, anchor: Reading, ones: dict[int, Reading]) -> bool:
    """Whether a later reading stands for a set that lacks nothing of this one: one set gives one flag."""
    end = anchor.taken_at + WITHIN
    for kind in KINDS:
        for later in view.between(kind, anchor.taken_at, end):
            if (later.taken_at, later.id) > (anchor.taken_at, anchor.id) and ones.keys() <= _set(view, later).keys():
                return True
    return False


def score(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """NW-1 to NW-4: the score of the hour up to the anchor; with up to three missing only as a lower bound."""
    ones = _set(view, anchor)
    if len(KINDS) - len(ones) > _MOST_MISSING:
        return rule.not_evaluable(anchor, _missing(ones))
    profile = view.profile
    scale_2 = profile.has("hypercapnia", anchor.taken_at)
    found = points(_observed(ones), scale_2=scale_2)
    answer = response(found)
    if answer is None:
        return rule.quiet(anchor) if len(ones) == len(KINDS) else rule.not_evaluable(anchor, _missing(ones))
    if _is_overtaken(view, anchor, ones):
        return None
    severity, emergency = answer
    total = sum(found.values())
    partial = len(ones) < len(KINDS)
    counted = sorted((kind for kind in found if found[kind]), key=lambda kind: (-found[kind], kind))
    why = ", ".join(f"{_NAMES[kind]} {_shown(kind, ones[kind])}" for kind in counted)
    readings = sorted({one.id: one for one in ones.values()}.values(), key=lambda one: (one.taken_at, one.id))
    return rule.fired(
        anchor, severity, f"NEWS2 {'at least ' if partial else ''}{total}: {why}" + (f" ({_missing(ones)})" if partial else ""),
        advice="ADV-999" if emergency else "ADV-TODAY" if severity > Severity.INFO else "ADV-RETAKE", emergency=emergency,
        confidence=Confidence.PARTIAL if partial else Confidence.NORMAL,
        evidence=tuple(one.id for one in readings),
        numbers={"total": str(total), **{_NAMES[kind]: str(value) for kind, value in found.items()}},
        limits={"scale": "2" if scale_2 else "1"},
        window=(readings[0].taken_at, readings[-1].taken_at),
    )  # fmt: skip


def _shown(kind: int, one: Reading) -> str:
    if kind == ALERT:
        return ACVPU[int(one.value)]
    if kind == OXYGEN:
        return "on oxygen"
    unit = {SPO2: " %", TEMPERATURE: " °C"}.get(kind, "")
    return f"{same(one.value)}{unit}"


_BEFORE: Final = 30
_ENOUGH: Final = 5
_RISE: Final = 2


def of_day(view: View, on: date, *, scale_2: bool) -> dict[int, int] | None:
    """NW-5: the points of a date's values, or None unless all seven were measured that day."""
    held = {kind: one for kind in KINDS if (one := view.on(kind, on)) is not None}
    oxygen = held.get(OXYGEN)
    spo2 = held.get(SPO2)
    on_oxygen = oxygen.value > 0 if oxygen is not None else spo2.value2 == 1 if spo2 is not None and spo2.value2 is not None else None
    if on_oxygen is None or len(held.keys() | {OXYGEN}) < len(KINDS):
        return None

    def whole(kind: int) -> Decimal:
        return held[kind].value.quantize(Decimal(1), ROUND_HALF_UP)

    temperature = held[TEMPERATURE].value.quantize(Decimal("0.1"), ROUND_HALF_UP)
    seen = Observations(
        breathing=whole(BREATHING), spo2=whole(SPO2), oxygen=on_oxygen, systolic=whole(PRESSURE), pulse=whole(PULSE),
        alertness=ACVPU[int(held[ALERT].value)], temperature=temperature,
    )  # fmt: skip
    return points(seen, scale_2=scale_2)


def rising(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """NW-5: two points and more above the middle of the last five complete days is one level up, red at most."""
    on = view.day(anchor.taken_at)
    scale_2 = view.profile.has("hypercapnia", anchor.taken_at)
    today = of_day(view, on, scale_2=scale_2)
    if today is None:
        return rule.not_evaluable(anchor, "not all seven observations today")
    dates = [one.on for one in view.dates_before(ALERT, on, _BEFORE)]
    scores = [sum(found.values()) for day in dates if (found := of_day(view, day, scale_2=scale_2)) is not None][-_ENOUGH:]
    if len(scores) < _ENOUGH:
        return rule.not_evaluable(anchor, f"{len(scores)} of {_ENOUGH} complete scores in the last 30 days")
    total, usual = sum(today.values()), sorted(scores)[_ENOUGH // 2]
    answer = response(today)
    if answer is None or total - usual < rule.limit("rise", view.profile, anchor.taken_at):
        return rule.quiet(anchor)
    held = [one for kind in KINDS if (one := view.on(kind, on)) is not None]
    return rule.fired(
        anchor, Severity(min(answer[0] + 1, Severity.RED)), f"NEWS2 {total}, usually {usual}", advice="ADV-TODAY",
        evidence=tuple(one.id for one in sorted(held, key=lambda one: (one.second, one.id))),
        numbers={"total": str(total), "usual": str(usual)}, limits={"rise": str(_RISE)},
    )  # fmt: skip


RULES: Final = (
    Rule(
        id="NW-5", version=1, group="NW", title="NEWS2 rising", anchors=frozenset({ALERT}), daily=True,
        looks=dict.fromkeys(KINDS, Look(days=_BEFORE)), least=_ADULT, trend=SPO2, judge=rising,
        limits={"rise": Limit(Decimal(_RISE), "lower")},
    ),
    Rule(
        id="NW-1", version=1, group="NW", title="NEWS2", anchors=frozenset(KINDS),
        looks=dict.fromkeys(KINDS, Look(back=2 * WITHIN, ahead=WITHIN)), least=_ADULT, trend=SPO2, judge=score,
    ),
)  # fmt: skip

"""Home oximetry: the absolute bands, and the fall from what is usual."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from domain.detection.breathing import near_normal
from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Limit, Look, Rule, same
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

SPO2: Final = BY_NAME["oxygen_saturation"].no
_PAIR: Final = timedelta(minutes=60)
REPEAT: Final = timedelta(minutes=15)
_USUAL: Final = 95
_WITHIN: Final = (Decimal(50), Decimal(100))


def bands(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """OX-1: 93-94 twice within an hour is amber; 92 or less again, or not taken again in 15 minutes, is an emergency."""
    profile = view.profile
    ok, low = rule.limit("ok", profile, anchor.taken_at), rule.limit("low", profile, anchor.taken_at)
    value = anchor.value
    usual = profile.number("usual_spo2", anchor.taken_at)
    if profile.has("hypercapnia", anchor.taken_at) or (usual is not None and usual < _USUAL):
        return rule.not_evaluable(anchor, "out of scope: usual oxygen level is below 95 %")
    if value >= ok:
        return rule.quiet(anchor)
    limits = {"ok": same(ok), "low": same(low)}
    if value > low:
        return _lowish(rule, view, anchor, ok, limits)
    return _low(rule, view, anchor, ok, low, limits)


def _lowish(rule: Rule, view: View, anchor: Reading, ok: Decimal, limits: dict[str, str]) -> Judgement:
    before = [one for one in view.before(anchor, _PAIR) if one.value < ok]
    numbers = {"spo2": same(anchor.value)}
    if not before:
        return rule.fired(anchor, Severity.INFO, f"Oxygen level {same(anchor.value)} %, once", advice="ADV-RETAKE",
                          numbers=numbers, limits=limits)  # fmt: skip
    first = before[-1]
    return rule.fired(
        anchor, Severity.AMBER, f"Oxygen level {same(first.value)} % and {same(anchor.value)} % within an hour",
        advice="ADV-TODAY", evidence=(first.id, anchor.id), numbers=numbers, limits=limits,
        window=(first.taken_at, anchor.taken_at),
    )  # fmt: skip


def _low(
    rule: Rule, view: View, anchor: Reading, ok: Decimal, low: Decimal, limits: dict[str, str]
) -> Judgement:
    repeats = view.after(anchor, REPEAT)
    numbers = {"spo2": same(anchor.value)}
    shown = f"Oxygen level {same(anchor.value)} %"
    again = [one for one in (*view.before(anchor, REPEAT), *repeats) if one.value <= low]
    if again:
        other = again[-1]
        return rule.fired(
            anchor, Severity.RED, f"{shown}, and {same(other.value)} % when taken again", advice="ADV-999",
            emergency=True, evidence=(anchor.id, other.id), numbers=numbers, limits=limits,
            window=(min(anchor.taken_at, other.taken_at), max(anchor.taken_at, other.taken_at)),
        )  # fmt: skip
    due = anchor.taken_at + REPEAT
    if repeats:
        better = repeats[-1]
        severity = Severity.AMBER if better.value < ok else Severity.INFO
        return rule.fired(
            anchor, severity, f"{shown}, then {same(better.value)} % when taken again",
            advice="ADV-TODAY" if severity is Severity.AMBER else "ADV-RETAKE", evidence=(anchor.id, better.id),
            numbers=numbers, limits=limits, window=(anchor.taken_at, better.taken_at),
        )  # fmt: skip
    if view.now >= due:
        return rule.fired(
            anchor, Severity.RED, f"{shown}, not taken again within 15 minutes", advice="ADV-999", emergency=True,
            numbers=numbers, limits=limits, window=(anchor.taken_at, due),
        )  # fmt: skip
    return rule.fired(
        anchor, Severity.INFO, f"{shown}, asked to take it again now", advice="ADV-RETAKE",
        confidence=Confidence.UNCONFIRMED, numbers=numbers, limits=limits, due_at=due,
    )  # fmt: skip


_USED: Final = 14
_ENOUGH: Final = 5
_YESTERDAY: Final = timedelta(days=1)


def fall(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """OX-2: three points below what is usual on two days running, or more than four since yesterday, at any level."""
    on = view.day(anchor.taken_at)
    today, yesterday = view.on(SPO2, on), view.on(SPO2, on - _YESTERDAY)
    if today is None or yesterday is None:
        return rule.not_evaluable(anchor, "no oxygen level yesterday")
    below, drop = (rule.limit(name, view.profile, anchor.taken_at) for name in ("below", "drop"))
    limits = {"below": same(below), "drop": same(drop)}
    confidence = Confidence.UNCONFIRMED if today.unconfirmed or yesterday.unconfirmed else Confidence.NORMAL
    if yesterday.value - today.value > drop:
        start, end = view.bounds(on)
        low = [one for one in view.between(SPO2, start, end) if yesterday.value - one.value > drop]
        is_confirmed = len(low) > 1
        return rule.fired(
            anchor, Severity.AMBER if is_confirmed else Severity.INFO,
            f"Oxygen level {same(today.value)} %, {same(yesterday.value)} % yesterday" + ("" if is_confirmed else ", once"),
            advice="ADV-TODAY" if is_confirmed else "ADV-RETAKE", confidence=confidence, limits=limits,
            evidence=(yesterday.id, *(one.id for one in low)), numbers={"fall": same(yesterday.value - today.value)},
            window=(yesterday.at, anchor.taken_at),
        )  # fmt: skip
    before = sorted(one.value for one in view.dates_before(SPO2, on - _YESTERDAY, _USED) if one.sound)
    if len(before) < _ENOUGH:
        return rule.not_evaluable(anchor, f"{len(before)} of {_ENOUGH} days of oxygen level in the two weeks before")
    half = len(before) // 2
    usual = before[half] if len(before) % 2 else (before[half - 1] + before[half]) / 2
    if any(usual - one.value < below for one in (yesterday, today)):
        return rule.quiet(anchor)
    return rule.fired(
        anchor, Severity.AMBER, f"Oxygen level {same(yesterday.value)} % and {same(today.value)} % on two days, usually {same(usual)} %",
        advice="ADV-TODAY", confidence=confidence, evidence=(yesterday.id, today.id), limits=limits,
        numbers={"usual": same(usual), "fall": same(usual - today.value)}, window=(yesterday.at, anchor.taken_at),
    )  # fmt: skip


RULES: Final = (
    Rule(
        id="OX-2", version=1, group="OX", title="Oxygen below what is usual", anchors=frozenset({SPO2}), daily=True,
        looks={SPO2: Look(days=_USED + 1)}, cap=Severity.AMBER, trend=SPO2, judge=fall, clears=near_normal,
        limits={"below": Limit(Decimal(3), "lower"), "drop": Limit(Decimal(4), "lower")},
    ),
    Rule(
        id="OX-1", version=2, clears=near_normal, group="OX", title="Low oxygen level", anchors=frozenset({SPO2}),
        looks={SPO2: Look(back=_PAIR, ahead=REPEAT)},
        limits={"ok": Limit(Decimal(95), "higher", within=_WITHIN), "low": Limit(Decimal(92), "higher", within=_WITHIN)}, floor=True,
        trend=SPO2, judge=bands,
    ),
)  # fmt: skip

"""Mood: PHQ-9 (MH-1), its ninth item at any total (MH-2), and GAD-7 (MH-3)."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from domain.detection.judgement import Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Limit, Look, Rule, same
from domain.readings.kinds import BY_NAME, CODE_NO
from domain.readings.reading import Reading

TOTAL: Final = BY_NAME["phq9_total"].no
ITEM_9: Final = BY_NAME["phq9_item9"].no
LEFT_OPEN: Final = BY_NAME["phq9_item9_unanswered"].no
ANXIETY: Final = BY_NAME["gad7_total"].no
_ASKED_TWICE: Final = CODE_NO[LEFT_OPEN]["asked_twice"]
_EIGHT_WEEKS: Final = timedelta(weeks=8)
_BANDS: Final = ((20, "severe"), (15, "moderately severe"), (10, "moderate"), (5, "mild"), (0, "none or minimal"))
_ANXIETY_BANDS: Final = ((15, "severe"), (10, "moderate"), (5, "mild"), (0, "none or minimal"))


def band(total: Decimal) -> str:
    """What a PHQ-9 total is called."""
    return next(name for least, name in _BANDS if total >= least)


def depression(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """MH-1: from 10 on amber, from 20 on red; a rise of 5 within 8 weeks is amber at any total."""
    at, total = anchor.taken_at, anchor.value
    amber, red, rise = (rule.limit(name, view.profile, at) for name in ("moderate", "severe", "rise"))
    before = view.before(anchor, _EIGHT_WEEKS)
    lowest = min(before, key=lambda one: (one.value, one.taken_at), default=None)
    is_up = lowest is not None and total - lowest.value >= rise
    if total < amber and not is_up:
        return rule.quiet(anchor)
    up = f", up {same(total - lowest.value)} in {(at - lowest.taken_at).days} days" if is_up and lowest is not None else ""
    return rule.fired(
        anchor, Severity.RED if total >= red else Severity.AMBER, f"PHQ-9 {same(total)}: {band(total)}{up}", advice="ADV-MOOD",
        evidence=(*((lowest.id,) if is_up and lowest is not None else ()), anchor.id),
        numbers={"total": same(total), "band": band(total)},
        limits={"moderate": same(amber), "severe": same(red), "rise": same(rise)},
        window=(lowest.taken_at if is_up and lowest is not None else at, at),
    )  # fmt: skip


_WITH: Final = timedelta(minutes=10)
ASK_AGAIN: Final = timedelta(hours=1)
_LATER: Final = timedelta(hours=24)
_DAYS_OF: Final = {1: "on several days", 2: "on more than half the days", 3: "nearly every day"}
_NOW: Final = 2


def item_9(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """MH-2: thoughts of being better off dead or of self-harm, at any total; left open it is never 0."""
    if anchor.kind != ITEM_9:
        return _not_answered(rule, view, anchor)
    if not anchor.value:
        return rule.quiet(anchor)
    answer = int(anchor.value)
    todo = "call now" if answer >= _NOW else "speak to the person today"
    return rule.fired(
        anchor, Severity.RED, f"Thoughts of being better off dead or of self-harm, {_DAYS_OF[answer]} (PHQ-9 item 9 is {answer}): {todo}",
        advice="ADV-MOOD", numbers={"item_9": str(answer)},
    )  # fmt: skip


def _not_answered(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """A total without its ninth item, or the item left open: asked once more, then somebody gets in touch."""
    at = anchor.taken_at
    if view.between(ITEM_9, at - _WITH, at + _LATER):
        return rule.quiet(anchor)
    if anchor.kind == TOTAL and view.between(LEFT_OPEN, at - _WITH, at + _LATER):
        # That reading speaks for it.
        return None
    due = at + ASK_AGAIN
    if view.now < due and not (anchor.kind == LEFT_OPEN and int(anchor.value) == _ASKED_TWICE):
        return rule.fired(anchor, Severity.INFO, "PHQ-9 item 9 (self-harm) was not answered: asked once more", advice="ADV-MOOD",
                          due_at=due)  # fmt: skip
    return rule.fired(anchor, Severity.AMBER, "PHQ-9 item 9 (self-harm) was not answered: get in touch", advice="ADV-MOOD")


def anxiety(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """MH-3: GAD-7 from 10 on is amber, from 15 on with priority."""
    total = anchor.value
    amber, severe = (rule.limit(name, view.profile, anchor.taken_at) for name in ("moderate", "severe"))
    if total < amber:
        return rule.quiet(anchor)
    name = next(name for least, name in _ANXIETY_BANDS if total >= least)
    first = ", priority" if total >= severe else ""
    return rule.fired(
        anchor, Severity.AMBER, f"GAD-7 {same(total)}: {name}{first}", advice="ADV-MOOD",
        numbers={"total": same(total), "band": name}, limits={"moderate": same(amber), "severe": same(severe)},
    )  # fmt: skip


PHQ_LEAST: Final = 12
RULES: Final = (
    Rule(
        id="MH-1", version=1, group="MH", title="PHQ-9", anchors=frozenset({TOTAL}), looks={TOTAL: Look(back=_EIGHT_WEEKS)},
        least=PHQ_LEAST, in_pregnancy=True,
        limits={"moderate": Limit(Decimal(10), "lower"), "severe": Limit(Decimal(20), "lower"), "rise": Limit(Decimal(5), "lower")},
        trend=TOTAL, judge=depression,
    ),
    Rule(
        id="MH-2", version=1, group="MH", title="PHQ-9 item 9", anchors=frozenset({TOTAL, ITEM_9, LEFT_OPEN}),
        looks={TOTAL: Look(), ITEM_9: Look(back=_WITH, ahead=_LATER), LEFT_OPEN: Look(back=_WITH, ahead=_LATER)}, least=None,
        in_pregnancy=True, floor=True, trend=TOTAL, judge=item_9,
    ),
    Rule(
        id="MH-3", version=1, group="MH-GAD", title="GAD-7", anchors=frozenset({ANXIETY}), looks={ANXIETY: Look()}, in_pregnancy=True,
        limits={"moderate": Limit(Decimal(10), "lower"), "severe": Limit(Decimal(15), "lower")}, trend=ANXIETY, judge=anxiety,
    ),
)  # fmt: skip

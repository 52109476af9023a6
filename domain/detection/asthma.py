"""Asthma: zones of the personal best."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Look, Rule, same
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

PEAK_FLOW: Final = BY_NAME["peak_flow"].no
_SESSION: Final = timedelta(minutes=15)
_HUNDRED: Final = Decimal(100)


def zones(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """AS-1: the best of the blows of a session as a share of the personal best, compared exactly."""
    for other in (*view.before(anchor, _SESSION), *view.after(anchor, _SESSION)):
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
    return rule.fired(
        anchor, severity, shown, advice="ADV-999" if emergency else "ADV-ASTHMA", emergency=emergency,
        confidence=Confidence.UNCONFIRMED if anchor.unconfirmed else Confidence.NORMAL,
        numbers={"peak_flow": same(anchor.value), "share": str(share)},
        limits={"best": same(best), "info": "80 %", "amber": "60 %", "red": "50 %", "emergency": "33 %"},
    )  # fmt: skip


def _zone(scaled: Decimal, best: Decimal) -> tuple[Severity, bool]:
    # Exactly 50 is amber, exactly 33 is red without emergency.
    if scaled >= best * 60:
        return Severity.INFO, False
    if scaled >= best * 50:
        return Severity.AMBER, False
    return Severity.RED, scaled < best * 33


RULES: Final = (
    Rule(
        id="AS-1", version=1, group="AS", title="Peak flow zones", anchors=frozenset({PEAK_FLOW}),
        looks={PEAK_FLOW: Look(back=_SESSION, ahead=_SESSION)}, least=None, in_pregnancy=True, floor=True, trend=PEAK_FLOW, judge=zones,
    ),
)  # fmt: skip

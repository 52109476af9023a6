"""CK-3: kidney function that is lost faster than it should be, always by one and the same formula."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.kidney import CREATININE, EGFR, YEAR
from domain.detection.picture import View
from domain.detection.rule import Limit, Look, Rule, age_at, same
from domain.detection.statistics import egfr
from domain.readings.reading import Reading

_APART: Final = timedelta(days=90)
_G: Final = ((90, "G1"), (60, "G2"), (45, "G3a"), (30, "G3b"), (15, "G4"), (0, "G5"))


def category(value: Decimal) -> str:
    """The G category of an eGFR."""
    return next(name for least, name in _G if value >= least)


class Value(NamedTuple):
    """One eGFR by one formula, and the result it came from."""

    egfr: Decimal
    reading: Reading


def falls_fast(newest: Value, earlier: Sequence[Value], limits: Mapping[str, Decimal]) -> Value | None:
    """CK-3: the highest earlier value, if from it the fall is 25 % with a worse category, or 15 mL/min/1.73 m2."""
    highest = max(earlier, key=lambda one: (one.egfr, one.reading.taken_at))
    fall = highest.egfr - newest.egfr
    is_quarter = 100 * fall >= limits["percent"] * highest.egfr and category(highest.egfr) != category(newest.egfr)
    return highest if is_quarter or fall >= limits["points"] else None


def progression(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """CK-3: eGFR against that of 90 days to 12 months before; from creatinine by the 2009 formula where none is reported."""
    at = anchor.taken_at
    values = _reported(view, anchor) if anchor.kind == EGFR else _worked_out(view, anchor)
    if values is None:
        return None
    if isinstance(values, str):
        return rule.not_evaluable(anchor, values)
    if not values[:-1]:
        return rule.not_evaluable(anchor, "missing: an eGFR by the same formula, 90 days to 12 months before")
    newest = values[-1]
    limits = {name: rule.limit(name, view.profile, at) for name in ("percent", "points")}
    since = falls_fast(newest, values[:-1], limits)
    if since is None:
        return rule.quiet(anchor)
    days = (at - since.reading.taken_at).days
    fall = since.egfr - newest.egfr
    return rule.fired(
        anchor, Severity.AMBER,
        f"eGFR {_shown(since.egfr)} to {_shown(newest.egfr)} in {days} days: down {_shown(fall)}, {category(since.egfr)} to "
        f"{category(newest.egfr)}",
        advice="ADV-SEEN", confidence=Confidence.UNCONFIRMED if anchor.unconfirmed else Confidence.NORMAL,
        evidence=(since.reading.id, anchor.id),
        numbers={"from": _shown(since.egfr), "to": _shown(newest.egfr), "fall": _shown(fall), "days": str(days)},
        limits={name: same(value) for name, value in limits.items()}, window=(since.reading.taken_at, at),
    )  # fmt: skip


def _shown(value: Decimal) -> str:
    return same(value.quantize(Decimal("0.1"), ROUND_HALF_UP))


def _reported(view: View, anchor: Reading) -> list[Value] | str:
    """What the laboratory reported by the formula of the newest; a formula that is not named cannot be compared."""
    equation = anchor.context.equation if anchor.context is not None else None
    if equation is None:
        return "missing: the formula of this eGFR"
    at = anchor.taken_at
    earlier = [Value(one.value, one) for one in view.between(EGFR, at - _TWELVE_MONTHS, at - _APART)
               if one.context is not None and one.context.equation == equation]  # fmt: skip
    return [*earlier, Value(anchor.value, anchor)]


def _worked_out(view: View, anchor: Reading) -> list[Value] | str | None:
    """From creatinine by the 2009 formula; None where the laboratory reported an eGFR with it."""
    profile, at = view.profile, anchor.taken_at
    if any(one.context is not None and one.context.equation for one in view.between(EGFR, at - _DAY, at + _DAY)):
        return None
    sex = profile.fact("sex", at)
    if sex is None:
        return "missing: an eGFR with its formula, or sex to work it out"
    ones = [*view.between(CREATININE, at - _TWELVE_MONTHS, at - _APART), anchor]
    return [Value(egfr(one.value, age_at(profile, one), is_female=sex == "female", equation="ckd_epi_2009"), one) for one in ones]


_DAY: Final = timedelta(hours=24)
_TWELVE_MONTHS: Final = timedelta(days=365)
RULES: Final = (
    Rule(
        id="CK-3", version=1, group="CK", title="Kidney function falls faster", anchors=frozenset({EGFR, CREATININE}),
        looks={EGFR: Look(back=YEAR, ahead=_DAY), CREATININE: Look(back=YEAR)},
        limits={"percent": Limit(Decimal(25), "lower"), "points": Limit(Decimal(15), "lower")}, trend=EGFR, judge=progression,
    ),
)  # fmt: skip

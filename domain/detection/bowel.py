"""Inflammatory bowel disease: the daily diary (IB-1), acute severe colitis (IB-2) and calprotectin (IB-3)."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from domain.detection.judgement import Confidence, Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Limit, Look, Rule, same
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

FREQUENCY: Final = BY_NAME["stool_frequency_score"].no
BLEEDING: Final = BY_NAME["rectal_bleeding_score"].no
LIQUID: Final = BY_NAME["liquid_stools"].no
PAIN: Final = BY_NAME["abdominal_pain_score"].no
BLOODY: Final = BY_NAME["bloody_stools"].no
TEMPERATURE: Final = BY_NAME["body_temperature"].no
PULSE: Final = BY_NAME["heart_rate"].no
HAEMOGLOBIN: Final = BY_NAME["haemoglobin"].no
CRP: Final = BY_NAME["crp"].no
CALPROTECTIN: Final = BY_NAME["calprotectin"].no
_UC: Final = frozenset({FREQUENCY, BLEEDING})
_UC_DATES: Final = 3
_CROHN_DATES: Final = 7
_LEAST_UC: Final = 2
_LEAST_CROHN: Final = 4
_ENTRY: Final = timedelta(minutes=10)
"""Answers of one entry may be so far apart."""


def daily(view: View, kind: int, anchor: Reading, dates: int) -> list[Decimal]:
    """The worst value of each of so many dates up to an entry, where there is any."""
    start = _first(view, anchor, dates)
    worst: dict[date, Decimal] = {}
    for one in view.between(kind, start, anchor.taken_at + _ENTRY):
        its = view.day(one.taken_at)
        worst[its] = max(one.value, worst.get(its, one.value))
    return list(worst.values())


def _first(view: View, anchor: Reading, dates: int) -> datetime:
    return view.bounds(view.day(anchor.taken_at) - timedelta(days=dates - 1))[0]


def _mean(values: list[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)


def activity(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """IB-1: colitis by bleeding and stool frequency over 3 days; Crohn's by loose stools or pain over 7."""
    return _colitis(rule, view, anchor) if anchor.kind in _UC else _crohns(rule, view, anchor)


def _colitis(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    bleeding, frequency = (daily(view, kind, anchor, _UC_DATES) for kind in (BLEEDING, FREQUENCY))
    if anchor.kind == FREQUENCY and daily(view, BLEEDING, anchor, 1):
        # The bleeding of that date speaks for both.
        return None
    if len(bleeding) < _LEAST_UC or len(frequency) < _LEAST_UC:
        short = "bleeding" if len(bleeding) < _LEAST_UC else "stool frequency"
        return rule.not_evaluable(anchor, f"missing: {short} on two of the last 3 days")
    rb, sf = (_mean(ones).quantize(Decimal(1), ROUND_HALF_UP) for ones in (bleeding, frequency))
    limits = {name: rule.limit(name, view.profile, anchor.taken_at) for name in ("bleeding", "frequency")}
    if rb < limits["bleeding"] or sf < limits["frequency"]:
        return rule.quiet(anchor)
    is_whole = len(bleeding) == len(frequency) == _UC_DATES
    return rule.fired(
        anchor, Severity.AMBER, f"Colitis diary of 3 days: bleeding {same(rb)} of 3, stool frequency {same(sf)} of 3",
        advice="ADV-SEEN", confidence=Confidence.NORMAL if is_whole else Confidence.PARTIAL,
        numbers={"bleeding": same(rb), "frequency": same(sf), "days": str(min(len(bleeding), len(frequency)))},
        limits={name: same(value) for name, value in limits.items()},
        window=(_first(view, anchor, _UC_DATES), anchor.taken_at),
    )  # fmt: skip


def _crohns(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    if anchor.kind == PAIN and daily(view, LIQUID, anchor, 1):
        return None
    held = {"liquid": daily(view, LIQUID, anchor, _CROHN_DATES), "pain": daily(view, PAIN, anchor, _CROHN_DATES)}
    known = {name: _mean(ones) for name, ones in held.items() if len(ones) >= _LEAST_CROHN}
    limits = {name: rule.limit(name, view.profile, anchor.taken_at) for name in held}
    over = [name for name, value in known.items() if value > limits[name]]
    if not over:
        missing = [name for name in held if name not in known]
        if missing:
            words = " and ".join({"liquid": "loose stools", "pain": "pain"}[name] for name in missing)
            return rule.not_evaluable(anchor, f"missing: {words} on four of the last 7 days")
        return rule.quiet(anchor)
    shown = {name: same(value.quantize(Decimal("0.1"), ROUND_HALF_UP)) for name, value in known.items()}
    said = {"liquid": "loose stools {} a day", "pain": "pain {} of 3"}
    return rule.fired(
        anchor, Severity.AMBER, "Crohn's diary of 7 days: " + ", ".join(said[name].format(shown[name]) for name in over),
        advice="ADV-SEEN", confidence=Confidence.NORMAL if len(known) == len(held) else Confidence.PARTIAL, numbers=shown,
        limits={name: same(value) for name, value in limits.items()},
        window=(_first(view, anchor, _CROHN_DATES), anchor.taken_at),
    )  # fmt: skip


_DAY: Final = timedelta(hours=24)
_WEEK: Final = timedelta(days=7)
_SIGNS: Final = (
    # limit, kind, how far back, how it is said
    ("temperature", TEMPERATURE, _DAY, "temperature {}"), ("pulse", PULSE, _DAY, "pulse {}"),
    ("haemoglobin", HAEMOGLOBIN, _WEEK, "haemoglobin {}"), ("crp", CRP, _WEEK, "CRP {}"),
)  # fmt: skip
_MUST_KNOW: Final = ("temperature", "pulse")


def acute_severe(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """IB-2: six bloody stools a day with fever, a fast pulse, anaemia or a high CRP; blood results only if known."""
    at = anchor.taken_at
    stools = rule.limit("stools", view.profile, at)
    if anchor.value < stools:
        return rule.quiet(anchor)
    limits = {name: rule.limit(name, view.profile, at) for name, *_ in _SIGNS}
    signs: list[tuple[str, Reading]] = []
    unknown: list[str] = []
    for name, kind, back, said in _SIGNS:
        ones = view.between(kind, at - back, at + _DAY)
        worst = min(ones, key=lambda one: one.value, default=None) if name == "haemoglobin" else max(
            ones, key=lambda one: one.value, default=None)  # fmt: skip
        if worst is None:
            if name in _MUST_KNOW:
                unknown.append(name)
        elif worst.value < limits[name] if name == "haemoglobin" else worst.value > limits[name]:
            signs.append((said.format(same(worst.value)), worst))
    if not signs and not unknown:
        return rule.quiet(anchor)
    shown = f"{same(anchor.value)} bloody stools in a day"
    told = {"stools": same(stools), **{name: same(value) for name, value in limits.items()}}
    if signs:
        return rule.fired(
            anchor, Severity.RED, f"{shown} with {' and '.join(said for said, _ in signs)}: acute severe colitis?", advice="ADV-TODAY",
            evidence=(anchor.id, *(one.id for _, one in signs)), numbers={"stools": same(anchor.value)}, limits=told,
            window=(min(at, *(one.taken_at for _, one in signs)), max(at, *(one.taken_at for _, one in signs))),
        )  # fmt: skip
    return rule.fired(
        anchor, Severity.AMBER, f"{shown}; not known: {' and '.join(unknown)}, ask for it now", advice="ADV-TODAY",
        confidence=Confidence.PARTIAL, numbers={"stools": same(anchor.value)}, limits=told,
    )  # fmt: skip


_YEAR: Final = timedelta(days=366)


def calprotectin(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """IB-3: from 250 on it is repeated in 2 to 8 weeks; a second one running, by the same assay, is amber; from 100 on repeat."""
    at, value = anchor.taken_at, anchor.value
    raised, high = rule.limit("raised", view.profile, at), rule.limit("high", view.profile, at)
    shown = f"Calprotectin {anchor.comparator or ''}{same(value)} ug/g"
    numbers, limits = {"calprotectin": same(value)}, {"raised": same(raised), "high": same(high)}
    if anchor.comparator == "<" or value < raised:
        return rule.quiet(anchor)
    if value < high:
        return rule.fired(anchor, Severity.INFO, f"{shown}: repeat it", advice="ADV-SEEN", numbers=numbers, limits=limits)
    before = [one for one in view.before(anchor, _YEAR) if _assay(one) == _assay(anchor)]
    if before and before[-1].value >= high and before[-1].comparator != "<":
        return rule.fired(
            anchor, Severity.AMBER, f"{shown}, after {same(before[-1].value)} before it: a relapse is likely", advice="ADV-SEEN",
            evidence=(before[-1].id, anchor.id), numbers={**numbers, "before": same(before[-1].value)}, limits=limits,
            window=(before[-1].taken_at, at),
        )  # fmt: skip
    return rule.fired(anchor, Severity.INFO, f"{shown}: repeat it in 2 to 8 weeks", advice="ADV-SEEN", numbers=numbers,
                      limits=limits)  # fmt: skip


def _assay(one: Reading) -> str | None:
    return one.context.assay if one.context is not None else None


_DIARY: Final = {**dict.fromkeys(_UC, timedelta(days=4)), **dict.fromkeys((LIQUID, PAIN), timedelta(days=8))}
RULES: Final = (
    Rule(
        id="IB-1", version=1, group="IB", title="Bowel diary", anchors=frozenset(_DIARY),
        looks={kind: Look(back=back, ahead=_ENTRY) for kind, back in _DIARY.items()}, in_pregnancy=True,
        limits={
            "bleeding": Limit(Decimal(1), "lower"), "frequency": Limit(Decimal(2), "lower"), "liquid": Limit(Decimal(3), "lower"),
            "pain": Limit(Decimal(1), "lower"),
        },
        trend=BLEEDING, judge=activity,
    ),
    Rule(
        id="IB-2", version=1, group="IB", title="Acute severe colitis", anchors=frozenset({BLOODY}),
        looks={BLOODY: Look(), **{kind: Look(back=back, ahead=_DAY) for _, kind, back, _ in _SIGNS}}, in_pregnancy=True,
        limits={
            "stools": Limit(Decimal(6), "lower"), "temperature": Limit(Decimal("37.8"), "lower"), "pulse": Limit(Decimal(90), "lower"),
            "haemoglobin": Limit(Decimal(105), "higher"), "crp": Limit(Decimal(30), "lower"),
        },
        trend=BLOODY, judge=acute_severe,
    ),
    Rule(
        id="IB-3", version=1, group="IB-LAB", title="Calprotectin", anchors=frozenset({CALPROTECTIN}),
        looks={CALPROTECTIN: Look(back=_YEAR)}, in_pregnancy=True,
        limits={"raised": Limit(Decimal(100), "lower"), "high": Limit(Decimal(250), "lower")}, trend=CALPROTECTIN, judge=calprotectin,
    ),
)  # fmt: skip

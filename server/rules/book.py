"""Every rule in force as a page that a nurse or a clinician can read: for whom, what it looks at, its limits, its source."""

import sys
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import msgspec

from domain.detection import catalogue, silence
from domain.detection.emergency import TABLE_2
from domain.detection.engine import RULE_SET, RULES
from domain.detection.rule import Look, Rule, same
from domain.detection.symptoms import said
from domain.readings.kinds import BY_NO
from server.web import words as say

FAMILIES: Final[tuple[tuple[str, str], ...]] = (
    ("E", "Emergency symptoms"), ("F44", "What people report"), ("F76", "An advance wish"),
    ("NW", "NEWS2"), ("OX", "Oxygen level at home"), ("CO", "COPD"),
    ("AS", "Asthma"), ("HF", "Heart failure"), ("HT", "Blood pressure"), ("DM", "Diabetes"), ("CK", "Kidneys"), ("EP", "Epilepsy"),
    ("MH", "Mood"), ("IB", "Inflammatory bowel disease"), ("NE", "Neurology"), ("FF", "Falls and frailty"), ("PG", "Pregnancy"),
    ("MD", "Silence"),
)  # fmt: skip
_HEADS: Final = frozenset(head for head, _ in FAMILIES)
SOURCES: Final[dict[str, str]] = {
    "E": "NHS advice on when to call 999", "F44": "our own: what people say is always seen",
    "F76": "our own: what people ask for when well is done",
    "NW": "RCP NEWS2, 2017",
    "OX": "NHS England COVID Oximetry @home; Piotrowski 2018", "CO": "NICE NG115; Hurst 2010; Yanez 2012; Anthonisen 1987",
    "AS": "BTS/SIGN; NICE NG245; Kupczyk 2013; Honkoop 2013; Gibson 1995", "HF": "ESC; Chaudhry 2007; Gyllensten 2013 and 2016",
    "HT": "NICE NG136; Sharman 2016", "HT-4": "NICE NG136", "DM": "ADA; NHS sick-day leaflets; JBDS", "DM-8": "MHRA 2016 and 2020",
    "DM-10": "Battelino 2019; ADA", "DM-11": "Battelino 2019", "CK-1": "NHS England AKI algorithm; NICE QS76", "CK-2": "UKKA 2023",
    "CK-3": "NICE NG203", "CK-4": "NICE NG203", "CK-5": "sick-day guidance", "EP": "NICE NG217", "EP-3": "our own", "EP-5": "our own",
    "MH": "PHQ-9 and GAD-7 as published; NICE NG225", "IB-1": "PRO2", "IB-2": "Truelove and Witts", "IB-3": "Heida 2017",
    "NE-1": "NICE NG220", "NE-2": "Parkinson's: time-critical medicines", "FF-1": "NICE NG249", "FF-2": "Clinical Frailty Scale",
    "FF-2-WEIGHT": "MUST",
    "PG-1": "NICE NG133; BUMP", "PG-2": "NICE NG3; Battelino 2019", "PG-2-SENSOR": "NICE NG3; Battelino 2019", "PG-3": "our own",
    "MD": "our own",
}  # fmt: skip
"""Rule or family -> where its numbers come from; the clinical reference says which were read and which are to be approved."""


def source(rule: Rule) -> str:
    """Where a rule's numbers come from."""
    return SOURCES.get(rule.id) or SOURCES.get(family(rule), "")


def family(rule: Rule) -> str:
    """The first part of its id; raises for one that belongs to no family, for a page would leave it out without a word."""
    head = rule.id.partition("-")[0]
    found = "MD" if rule.id in silence.IDS else head.rstrip("0123456789") if head.startswith("E") and head[1:].isdigit() else head
    if found not in _HEADS:
        raise LookupError(rule.id)
    return found


def _span(span: timedelta) -> str:
    for unit, name in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour")):
        many, left = divmod(span, unit)
        if many and not left:
            return f"{many} {name}{'s' if many > 1 else ''}"
    return f"{span // timedelta(minutes=1)} minutes"


def _look(kind: int, look: Look) -> str:
    parts: list[str] = []
    if look.days is not None:
        parts.append(f"daily values of {look.days} days before")
    if look.back:
        parts.append(f"{_span(look.back)} back")
    if look.ahead:
        parts.append(f"{_span(look.ahead)} ahead")
    return BY_NO[kind].label + (f" ({', '.join(parts)})" if parts else "")


def for_whom(rule: Rule) -> str:
    """Whom a rule looks at, in words."""
    who = " or ".join(one.replace("_", " ") for one in sorted(rule.conditions)) or "everybody"
    age = "any age" if rule.least is None else f"from {rule.least} years on"
    return f"{who}, {age}, {'also in pregnancy' if rule.in_pregnancy else 'not in pregnancy'}"


def looks(rule: Rule) -> str:
    """What a rule looks at and how far, in words."""
    found = {**dict.fromkeys(sorted(rule.anchors), Look()), **rule.looks}
    return "; ".join(_look(kind, found[kind]) for kind in sorted(found)) or "what the plan expected and did not come"


def _entry(rule: Rule) -> list[str]:
    words = catalogue.words(rule)
    line = (rule.judge.__doc__ or words.about).strip().splitlines()[0]
    about = words.about if rule.id in silence.IDS else line.partition(": ")[2] or line
    if rule.id in TABLE_2:
        about = f"An emergency by itself: {', '.join(said(code) for code in sorted(TABLE_2[rule.id]))}."
    about = about[0].upper() + about[1:]
    seen = looks(rule)
    lines = [
        f"### {rule.id} {words.title if words.title != rule.id else rule.title}",
        "",
        about if about.endswith(".") else f"{about}.",
        "",
        f"- Version {rule.version}{', **FLOOR**: can be made tighter, never slacker' if rule.floor else ''}.",
        f"- For {for_whom(rule)}.",
        f"- Looks at {seen}.",
    ]
    if rule.limits:
        lines.append("- Limits: " + "; ".join(_limit(rule, name) for name in rule.limits) + ".")
    lines += [f"- Source: {source(rule)}.", ""]
    return lines


def _limit(rule: Rule, name: str) -> str:
    one = catalogue.GOVERNED[f"{rule.id}.{name}"]
    low, high = one.limit.range
    both = f" ({same(one.limit.mg)} mg/dL)" if one.limit.mg is not None else ""
    unit = catalogue.unit(one)
    free = ", a plan may relax it" if one.limit.free else ""
    name = say.inside(catalogue.label(one))
    return (f"{name} {same(one.limit.value)}{f' {unit}' if unit else ''}{both}, may be {same(low)} to {same(high)}, "
            f"safer when {one.limit.safer}{free}")  # fmt: skip


def markdown(rules: Iterable[Rule] = RULES) -> str:
    """The whole rule set as a page."""
    held = list(rules)
    of_family: dict[str, list[Rule]] = {head: [] for head, _ in FAMILIES}
    for one in held:
        of_family[family(one)].append(one)
    lines = [
        f"# The rules in force, set {RULE_SET}",
        "",
        f"{len(held)} rules. Made from the rules themselves by `steady rules`; a test keeps this page equal to them.",
        "",
        "A rule says one of three things: it fired, it did not fire, or it cannot be said and what is missing. A missing value never",
        "counts as normal. A service or a person may have limits of their own, dated and signed; those marked FLOOR only get tighter.",
        "",
    ]
    for head, title in FAMILIES:
        if of_family[head]:
            lines += [f"## {title}", ""]
            for one in of_family[head]:
                lines += _entry(one)
    return "\n".join(lines)


def as_json(rules: Iterable[Rule] = RULES) -> list[dict[str, object]]:
    """The same for a machine."""
    return [
        {
            "id": one.id, "version": one.version, "group": one.group, "title": one.title or catalogue.words(one).title, "floor": one.floor,
            "says": (one.judge.__doc__ or "").strip(), "for": for_whom(one),
            "looks": {BY_NO[kind].name: _look(kind, look) for kind, look in sorted(one.looks.items())},
            "limits": {name: {"value": same(limit.value), "mg": None if limit.mg is None else same(limit.mg), "safer": limit.safer,
                              "from": same(limit.range[0]), "to": same(limit.range[1])}
                       for name, limit in one.limits.items()},
            "source": source(one),
        }
        for one in rules
    ]  # fmt: skip


def main(*, json: bool) -> int:
    """The command: print it."""
    text = msgspec.json.format(msgspec.json.encode(as_json())).decode() if json else markdown()
    sys.stdout.write(f"{text}\n" if json else text)
    return 0

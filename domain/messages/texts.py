"""What a person says by text message (F15): readings, symptoms and questions of hers, or what is asked back. Nothing is guessed.

Units: a bare number is taken only where HELP names its unit (`BARE`); where people use several and it could be another, it is asked for.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from domain.readings.kinds import BY_NAME, FALLS, SYMPTOMS, Kind, Range
from domain.readings.units import accepts, known_unit


class Ask(StrEnum):
    """What is not a reading."""

    HELP = "help"
    STOP = "stop"
    START = "start"
    PLAN = "plan"
    TODAY = "today"
    WHO = "who"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One thing measured or felt, in the words of the API: a kind with its value, parts or code."""

    kind: str
    value: Decimal | None = None
    parts: Mapping[str, Decimal] | None = None
    code: str | None = None
    unit: str | None = None


class Unclear(msgspec.Struct, frozen=True):
    """A reading that is not clear, and what to send instead."""

    says: str


class Free(msgspec.Struct, frozen=True):
    """No reading and no question that is known here: words for a person to read."""

    words: str


Part = Told | Ask | Unclear | Free

HELP: Final = (
    "Send a reading as a word and a number: BP 142 88, WEIGHT 82.4 (in kg), PEAK 320, GLUCOSE 5.4 (in mmol/L), SPO2 93, PULSE 72, TEMP 37.2. "
    "Send WORSE if you feel worse, OK if you feel as usual, PLAN for your plan, TODAY for what is asked, WHO for who is watching. "
    "Other words go to your team. STOP ends messages from us. In an emergency ring 999."
)
_WORDS: Final[dict[str, str]] = {
    "bp": "blood_pressure", "blood pressure": "blood_pressure", "pulse": "heart_rate", "hr": "heart_rate", "heart rate": "heart_rate",
    "spo2": "oxygen_saturation", "sats": "oxygen_saturation", "sat": "oxygen_saturation", "o2": "oxygen_saturation",
    "oxygen": "oxygen_saturation", "temp": "body_temperature", "temperature": "body_temperature", "weight": "body_weight",
    "wt": "body_weight", "height": "body_height", "breaths": "respiratory_rate", "glucose": "glucose_capillary", "sugar": "glucose_capillary",
    "bm": "glucose_capillary", "sensor glucose": "glucose_cgm", "blood glucose": "glucose", "ketones": "ketones_blood",
    "peak": "peak_flow", "pef": "peak_flow", "pf": "peak_flow",
    "puffs": "reliever_puffs", "fev1": "spirometry", "steps": "step_count", "sleep": "sleep_duration", "pain": "pain_0_10",
    "cat": "cat_total", "act": "act_total", "phq9": "phq9_total", "gad7": "gad7_total", "news2": "news2_total",
}  # fmt: skip
"""What people write -> the kind; the kind's own name and label are known besides."""
BARE: Final[dict[str, Range]] = {
    "blood_pressure": Range(Decimal(40), Decimal(300)), "body_weight": Range(Decimal(35), Decimal(150)),
    "body_temperature": Range(Decimal(30), Decimal(43)), "glucose_capillary": Range(Decimal("0.6"), Decimal("33.3")),
    "glucose": Range(Decimal("0.6"), Decimal("33.3")), "glucose_cgm": Range(Decimal("2.2"), Decimal("27.8")),
    "peak_flow": Range(Decimal(30), Decimal(900)), "oxygen_saturation": Range(Decimal(50), Decimal(100)),
    "body_height": Range(Decimal(100), Decimal(250)), "spirometry": Range(Decimal("0.2"), Decimal(10)),
}  # fmt: skip
"""Kinds that people measure in several units, and the values that a bare number may have in the one that HELP names."""
_ASKS: Final[dict[str, Ask]] = {
    "help": Ask.HELP, "info": Ask.HELP, "?": Ask.HELP, "stop": Ask.STOP, "stopall": Ask.STOP, "unsubscribe": Ask.STOP, "end": Ask.STOP,
    "start": Ask.START, "unstop": Ask.START, "yes": Ask.START, "plan": Ask.PLAN, "my plan": Ask.PLAN, "today": Ask.TODAY,
    "who": Ask.WHO, "watching": Ask.WHO,
}  # fmt: skip
_FEELS: Final[dict[str, str]] = {
    "worse": "feel_worse", "feel worse": "feel_worse", "i feel worse": "feel_worse", "feeling worse": "feel_worse",
    "ok": "feel_as_usual", "okay": "feel_as_usual", "fine": "feel_as_usual", "as usual": "feel_as_usual", "same": "feel_as_usual",
}  # fmt: skip
_MOST: Final = 10


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[_/()&,.!]+", " ", text.casefold()).split())


def _names() -> dict[str, str]:
    """Every kind by its own name and its label."""
    found = {_plain(said): kind.name for kind in BY_NAME.values() if kind.name not in {"symptom", "fall"} for said in (kind.name, kind.label)}
    return found | _WORDS


_KINDS: Final = _names()
_SAID: Final = {
    _plain(said): ("symptom", code) for code, label in SYMPTOMS.values() for said in (code, label)
} | {_plain(said): ("fall", code) for code, label in FALLS.values() for said in (code, label)}
_NAME: Final = re.compile(
    r"\W*(?P<name>" + "|".join(r"[\W_]+".join(map(re.escape, name.split())) for name in sorted(_KINDS, key=len, reverse=True))
    + r")(?![^\W\d_])[\s):=.\-]*(?:is\b)?[\s:=]*")  # fmt: skip
_VALUES: Final = re.compile(r"\d{1,6}(?:[.,]\d{1,4})?(?!\d)", re.ASCII)
_BETWEEN: Final = re.compile(r"\s*(?:/|over\b|on\b|and\b|-)?\s*(?=\d)")


def parse(text: str) -> list[Part]:
    """What a text says: each line, or what a comma or semicolon ends, by itself; at most ten things."""
    pieces = [one.strip() for one in re.split(r"[\n;]+|,(?=\s)", text) if one.strip()]
    if not pieces:
        return [Ask.HELP]
    found = [_one(one) for one in pieces]
    # Words beside no reading at all are one message, as they were written.
    if all(isinstance(one, Free) for one in found) or len(found) > _MOST:
        return [Free(text.strip())]
    return found


def _one(text: str) -> Part:
    said = _plain(text) or text.strip()
    # The words of the networks come first: whoever wants no more texts is obeyed.
    if said in _ASKS:
        return _ASKS[said]
    if said in _FEELS:
        return Told(kind="symptom", code=_FEELS[said])
    named = said.removeprefix("symptom ")
    if named in _SAID:
        kind, code = _SAID[named]
        return Told(kind=kind, code=code)
    found = _NAME.match(text.casefold().replace("\u00b0", ""))
    if found is None:
        return Free(text.strip())
    kind = BY_NAME[_KINDS[_plain(found["name"])]]
    rest = found.string[found.end():].strip().rstrip(".!")
    return _coded(kind, rest) if kind.codes else _measured(kind, rest, text)


def _coded(kind: Kind, rest: str) -> Part:
    code = _plain(rest).replace(" ", "_")
    return Told(kind=kind.name, code=code) if code in kind.codes.values() else Unclear(_example(kind))


def _numbers(rest: str) -> tuple[list[str], str]:
    """The numbers that a text begins with, and what stands behind them."""
    numbers: list[str] = []
    while found := _VALUES.match(rest):
        numbers.append(found.group())
        rest = rest[found.end():]
        between = _BETWEEN.match(rest)
        if between is not None:
            rest = rest[between.end():]
    return numbers, rest.strip()


def _measured(kind: Kind, rest: str, text: str) -> Part:
    numbers, unit = _numbers(rest)
    code = _unit(kind, unit)
    if unit and code is None and len(unit) > _UNIT_LONG:
        # Words that go on about it are for a person to read.
        return Free(text.strip())
    least = max(len([one for one in kind.parts if not one.optional]), 1)
    if (unit and code is None) or not least <= len(numbers) <= max(len(kind.parts), 1):
        return Unclear(_example(kind))
    if any("," in one for one in numbers):
        return Unclear(f"Write numbers with a dot, as in {_example(kind)}")
    values = [Decimal(one) for one in numbers]
    if code is None and not _is_clear(kind, values):
        return Unclear(_which(kind, numbers))
    if kind.parts:
        parts = {part.name: one for part, one in zip(kind.parts, values, strict=False)}
        return Told(kind=kind.name, unit=code or kind.unit, parts=parts)
    return Told(kind=kind.name, unit=code or kind.unit, value=values[0])


_UNIT_LONG: Final = 20


def _is_clear(kind: Kind, values: Sequence[Decimal]) -> bool:
    """Whether bare numbers can only be meant in the kind's own unit."""
    bare = BARE.get(kind.name)
    return len(accepts(kind)) == 1 or (bare is not None and all(bare.low <= one <= bare.high for one in values))


def _unit(kind: Kind, written: str) -> str | None:
    """The unit as it was written, whatever its capitals and spaces."""
    bare = written.replace(" ", "")
    if not bare:
        return None
    for one in (*accepts(kind), *_SPELLINGS):
        if bare == one.casefold().replace(" ", ""):
            return known_unit(kind, _SPELLINGS.get(one, one))
    return None


_SPELLINGS: Final[dict[str, str]] = {
    "mmhg": "mm[Hg]", "kg": "kg", "kgs": "kg", "kilos": "kg", "lb": "[lb_av]", "lbs": "[lb_av]", "pounds": "[lb_av]", "st": "[stone_av]",
    "stone": "[stone_av]", "stones": "[stone_av]", "c": "Cel", "degc": "Cel", "f": "[degF]", "degf": "[degF]", "mmol": "mmol/L", "mg": "mg/dL",
    "percent": "%", "bpm": "/min", "l": "L/min", "litres": "L/min", "in": "[in_i]", "inches": "[in_i]", "ft": "[ft_i]", "feet": "[ft_i]",
    "puffs": "{puff}", "steps": "{steps}", "hours": "h", "hrs": "h", "min": "min", "mins": "min", "minutes": "min", "seconds": "s", "secs": "s",
    "points": "{score}", "doses": "{doses}", "stools": "{stools}",
}  # fmt: skip
"""What people write behind a number -> UCUM; what a kind is not measured in is refused all the same."""
_SHOWN: Final[dict[str, str]] = {
    "blood_pressure": "BP 142 88", "body_weight": "WEIGHT 82.4 KG", "peak_flow": "PEAK 320", "glucose_capillary": "GLUCOSE 5.4 MMOL/L",
    "glucose": "BLOOD GLUCOSE 5.4 MMOL/L", "glucose_cgm": "SENSOR GLUCOSE 5.4 MMOL/L", "oxygen_saturation": "SPO2 93",
    "body_temperature": "TEMP 37.2 C", "spirometry": "FEV1 2.31",
}  # fmt: skip


def _example(kind: Kind) -> str:
    if kind.codes:
        codes = sorted(code.replace("_", " ") for code in kind.codes.values())
        return f"{kind.name.replace('_', ' ').upper()} and one of: {', '.join(codes[:6])}"
    shown = _SHOWN.get(kind.name)
    if shown is not None:
        return shown
    several = f" {kind.unit}" if len(accepts(kind)) > 1 else ""
    return f"{kind.name.replace('_', ' ').upper()} and a number{several}"


def _which(kind: Kind, numbers: list[str]) -> str:
    units = [_UNIT_WORDS.get(one, one) for one in accepts(kind)[:3]]
    return f"{kind.label} {' '.join(numbers)}: in which unit? Send it again with {' or '.join(units)} behind it"


_UNIT_WORDS: Final[dict[str, str]] = {"[lb_av]": "LB", "[stone_av]": "STONE", "kg": "KG", "g": "G", "Cel": "C", "[degF]": "F", "mm[Hg]": "MMHG",
                                      "[in_i]": "IN", "[ft_i]": "FT", "{fraction}": "as a fraction", "cm": "CM", "m": "M"}  # fmt: skip

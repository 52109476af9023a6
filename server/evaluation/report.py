"""What an evaluation found, as a table, JSON and a page."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import msgspec

from server.evaluation.scoring import Interval, Score

NAMES: Final = {"heart_failure": "Heart failure", "copd": "COPD", "asthma": "Asthma"}


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """PF-5: what our engine has to reach on one condition."""

    detector: str
    condition: str
    words: str
    sensitivity: float
    unexplained: float | None = None
    specificity: str | None = None
    specific: float = 0.0
    skill: float = 0.35

    def reached(self, score: Score) -> bool:
        """Whether the figures (not their intervals) reach it."""
        got = score.sensitivity.value is not None and score.sensitivity.value >= self.sensitivity
        got = got and score.skill.value is not None and score.skill.value > self.skill
        if self.unexplained is not None:
            rate = score.unexplained_per_patient_year.value
            got = got and rate is not None and rate <= self.unexplained
        if self.specificity is not None:
            share: Interval = getattr(score, self.specificity)
            got = got and share.value is not None and share.value >= self.specific
        return got


TARGETS: Final = (
    Target(detector="engine (weight only)", condition="heart_failure", sensitivity=0.5, unexplained=1.5,
           words="heart failure, weight only: 50 % of events at 1.5 unexplained a year"),
    Target(detector="engine", condition="heart_failure", sensitivity=0.65, unexplained=1.5,
           words="heart failure, with symptoms and pulse: 65 % at 1.5"),
    Target(detector="engine", condition="copd", sensitivity=0.75, specificity="specificity_per_symptomatic_day", specific=0.8,
           words="COPD: 75 % at a specificity of 80 % per symptomatic day"),
    Target(detector="engine", condition="asthma", sensitivity=0.7, specificity="specificity_per_patient_day", specific=0.95,
           words="asthma: 70 % at a specificity of 95 % per patient-day"),
)  # fmt: skip


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """AL-9 on a mixed panel: what a nurse was given, and what of it nothing explains."""

    patients: int
    days: int
    seed: int
    noise: int
    setting: str
    cards_per_patient_month: float
    false_per_condition_month: dict[str, float]
    by_rule: dict[str, int]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One condition at one level of noise."""

    condition: str
    noise: int | None
    scores: list[Score]


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine took: processor seconds, all of it, on one core."""

    readings: int
    seconds: float
    microseconds_per_reading: float
    seconds_per_540000: float


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A whole evaluation."""

    command: str
    rule_set: int
    rules: list[str]
    seeds: list[int]
    seeds_for: str
    people: int
    days: int
    parts: list[Part]
    panel: list[Panel]
    speed: Speed
    peak_memory_mb: int


def json_of(found: Found) -> bytes:
    """For scripts: per detector every figure with its interval; `detectors` holds those of noise level 2, or of the only level."""
    body: dict[str, Any] = msgspec.to_builtins(found)
    for part in body["parts"]:
        part["detectors"] = {score.pop("detector"): score for score in part.pop("scores")}
    middle = [part for part in body["parts"] if part["noise"] in {2, None}] or body["parts"]
    body["detectors"] = {part["condition"]: part["detectors"] for part in middle}
    body["targets"] = [{"target": words, "noise": noise, "reached": got} for words, noise, got in reached(found)]
    return msgspec.json.format(msgspec.json.encode(body)) + b"\n"


def _is(target: Target, score: Score) -> bool:
    """Whether a target speaks of this row, as delivered or with all rules shown."""
    other = "engine (all rules shown)" if target.detector == "engine" else "engine (weight only, all rules shown)"
    return score.detector in {target.detector, other}


def reached(found: Found) -> list[tuple[str, int | None, bool]]:
    """Every target at every level of noise, and whether it was reached."""
    return [
        (target.words + (", all rules shown" if "all rules" in score.detector else ""), part.noise, target.reached(score))
        for part in found.parts
        for target in TARGETS
        if target.condition == part.condition
        for score in part.scores
        if _is(target, score)
    ]


def _number(value: float | None, places: int, percent: bool) -> str:  # noqa: FBT001 - how one figure is written
    if value is None:
        return "-"
    exact = Decimal(repr(value * 100 if percent else value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{exact}{' %' if percent else ''}"


def _cell(one: Interval, places: int = 0, *, percent: bool = True, bare: bool = False) -> str:
    if one.value is None:
        return "-"
    middle = _number(one.value, places, percent)
    if bare or one.low is None:
        return middle
    low, high = (_number(end, places, percent).removesuffix(" %") for end in (one.low, one.high))
    return f"{middle} ({low} to {high})"


HEAD: Final = (
    "detector", "events found", "unexplained a year", "PPV", "lead, days", "chance", "skill", "alerts a month", "quiet on a bad day",
    "quiet on a day",
)  # fmt: skip


def row(score: Score, *, bare: bool = False) -> tuple[str, ...]:
    """One detector as a row of the table."""
    return (
        score.detector, _cell(score.sensitivity, bare=bare), _cell(score.unexplained_per_patient_year, 2, percent=False, bare=bare),
        _cell(score.ppv, bare=bare), _cell(score.lead_days_median, 1, percent=False, bare=bare), _cell(score.chance, bare=True),
        _cell(score.skill, 2, percent=False, bare=bare), _cell(score.alerts_per_patient_month, 2, percent=False, bare=True),
        _cell(score.specificity_per_symptomatic_day, 1, bare=True), _cell(score.specificity_per_patient_day, 1, bare=True),
    )  # fmt: skip


def _title(part: Part) -> str:
    first = part.scores[0]
    level = "" if part.noise is None else f", noise {part.noise}"
    name = NAMES.get(part.condition, part.condition)
    return f"{name}{level}: {first.patients} people, {first.patient_years:.0f} years, {first.events} events"


def text(found: Found) -> str:
    """The tables for a terminal."""
    lines: list[str] = []
    for part in found.parts:
        rows = [HEAD, *(row(score) for score in part.scores)]
        wide = [max(len(each[place]) for each in rows) for place in range(len(HEAD))]
        lines += [_title(part), *("  ".join(cell.ljust(width) for cell, width in zip(each, wide, strict=True)).rstrip() for each in rows), ""]
    lines += [f"{'reached    ' if got else 'not reached'}  noise {noise}: {words}" for words, noise, got in reached(found)]
    lines += [_panel_words(panel) for panel in found.panel]
    lines += [_speed_words(found), _seed_words(found)]
    return "\n".join(lines) + "\n"


def _panel_words(panel: Panel) -> str:
    worst = ", ".join(f"{name.replace('_', ' ')} {rate:.2f}" for name, rate in sorted(panel.false_per_condition_month.items()))
    return (
        f"Mixed panel, {panel.patients} people x {panel.days} days, noise {panel.noise}, seed {panel.seed}, {panel.setting}: "
        f"{panel.cards_per_patient_month:.2f} amber and red a patient-month (aim 1.00); false a month of each condition (aim 0.15): {worst}."
    )


def _speed_words(found: Found) -> str:
    speed = found.speed
    return (
        f"Engine: {speed.readings:,} readings in {speed.seconds:.1f} s of one core, {speed.microseconds_per_reading:.0f} us each; "
        f"1,000 people x 90 days x 6 a day take {speed.seconds_per_540000:.0f} s. Most memory {found.peak_memory_mb} MB."
    )


def _seed_words(found: Found) -> str:
    return f"Seeds {', '.join(map(str, found.seeds)) or 'of the file'}: {found.seeds_for}. Rule set {found.rule_set}."


def page(found: Found) -> str:
    """The page of the docs, from this very run."""
    lines = [
        "# How early, how often, how wrong", "",
        "Made by the command below; every figure comes from that run. People are simulated, so this says how detectors compare,",
        "not how well anybody would be looked after. What an alert, a true one and chance are: `server/evaluation/scoring.py`",
        "(PF-1, PF-2).", "",
        "```", found.command, "```", "", f"{_seed_words(found)} {_speed_words(found)}", "",
        "| aim | " + " | ".join(f"noise {level}" for level in sorted({part.noise or 0 for part in found.parts})) + " |",
        "| --- |" + " --- |" * len({part.noise for part in found.parts}),
    ]  # fmt: skip
    known: dict[str, dict[int, bool]] = {}
    for words, noise, got in reached(found):
        known.setdefault(words, {})[noise or 0] = got
    for words, levels in known.items():
        lines.append(f"| {words} | " + " | ".join("reached" if levels[level] else "**not reached**" for level in sorted(levels)) + " |")
    for part in found.parts:
        lines += ["", f"## {_title(part)}", "", "| " + " | ".join(HEAD) + " |", "|" + " --- |" * len(HEAD)]
        lines += ["| " + " | ".join(row(score)) + " |" for score in part.scores]
    if found.panel:
        lines += ["", "## What a nurse is given", "", *(f"- {_panel_words(panel)}" for panel in found.panel)]
        lines += ["", "| rule | flags |", "| --- | --- |"]
        lines += [f"| {rule} | {count} |" for rule, count in sorted(found.panel[0].by_rule.items(), key=_most)]
    return "\n".join([*lines, ""])


def _most(one: Sequence[Any]) -> tuple[int, str]:
    return (-int(one[1]), str(one[0]))

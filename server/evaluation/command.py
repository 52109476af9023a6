"""`steady evaluate`: every detector and our engine on the same people, simulated or somebody else's."""

import resource
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from domain.detection import engine
from server.evaluation import drawing, report
from server.evaluation.report import Found, Panel, Part, Speed
from server.evaluation.scoring import ELSE, MONTH, WINDOWS, Score, score, tally
from server.evaluation.work import ALL_SHOWN, ENGINE, Person, run, scored, tasks
from server.progress import Progress
from server.simulation import files
from server.simulation.cohort import TUNING, Cohort

_CONDITION: Final = {"hf": "heart_failure", "copd": "copd", "asthma": "asthma"}
_ALL: Final[tuple[Cohort, ...]] = ("hf", "copd", "asthma")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command."""

    cohort: str
    people: int
    days: int
    seeds: tuple[int, ...]
    noise: tuple[int, ...]
    panel: int
    panel_days: int
    jobs: int
    json: str | None
    svg: Path | None
    page: Path | None
    cohort_file: Path | None
    events_file: Path | None
    command: str


def main(asked: Asked) -> int:
    """Score, print the table and write what was asked for; the exit code."""
    try:
        found = _of_files(asked) if asked.cohort_file is not None else _of_cohorts(asked)
    except files.CannotRead as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        _write(asked, found)
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}.\n")
        return 2
    return 0


def _write(asked: Asked, found: Found) -> None:
    body = report.json_of(found)
    if asked.json == "-":
        sys.stdout.buffer.write(body)
    else:
        sys.stdout.write(report.text(found))
    if asked.json not in {None, "-"}:
        Path(asked.json or "").write_bytes(body)
    if asked.svg is not None:
        asked.svg.write_text(drawing.picture([part for part in found.parts if part.noise in {2, None}] or found.parts))
    if asked.page is not None:
        asked.page.write_text(report.page(found))


def _of_cohorts(asked: Asked) -> Found:
    cohorts: Sequence[Cohort] = [one for one in _ALL if asked.cohort in {"all", one}]
    wanted = [
        task for cohort in cohorts for noise in asked.noise for seed in asked.seeds
        for task in tasks(cohort, asked.people, asked.days, seed, noise)
    ]  # fmt: skip
    if asked.cohort in {"all", "mixed"}:
        wanted += list(tasks("mixed", asked.panel, asked.panel_days, asked.seeds[0], 2))
    progress = Progress("Scoring", sum(task.last - task.first for task in wanted), "people")
    by: dict[tuple[str, int], list[tuple[int, int, list[Person]]]] = {}
    cost = Cost()
    for task, people in run(wanted, asked.jobs):
        cost.add(people)
        by.setdefault((task.cohort, task.noise), []).append((task.seed, task.first, people))
        progress.step(len(people), f"({task.cohort}, noise {task.noise})")
    progress.end()
    found = {key: [one for _, _, people in sorted(chunks, key=_place) for one in people] for key, chunks in by.items()}
    parts = [
        part(_CONDITION[cohort], noise, found[(cohort, noise)]) for cohort in cohorts for noise in asked.noise if (cohort, noise) in found
    ]
    panel = [_panel(asked, found[("mixed", 2)], name) for name in (ENGINE, ALL_SHOWN)] if ("mixed", 2) in found else []
    tuned = [seed for seed in asked.seeds if seed in TUNING]
    said = f"WARNING: {tuned} were used for tuning, these figures flatter" if tuned else "none of them was used for tuning (1 to 99 are)"
    return _found(asked, parts, panel, cost, said)


def _place(chunk: tuple[int, int, list[Person]]) -> tuple[int, int]:
    return chunk[:2]


def _of_files(asked: Asked) -> Found:
    """Somebody else's people and events."""
    assert asked.cohort_file is not None  # noqa: S101 - asked before
    condition = _CONDITION.get(asked.cohort)
    everybody = files.load(asked.cohort_file, asked.events_file, () if condition is None else (condition,))
    progress = Progress("Scoring", len(everybody), "people")
    cost, people = Cost(), list[Person]()
    for place, one in enumerate(everybody):
        history = files.history_of(one)
        known = tuple(name for name in _CONDITION.values() if name in history.profile.conditions)
        people.append(scored(history, known or ("heart_failure",)))
        cost.add(people[-1:])
        everybody[place] = files.Someone(one.about)
        progress.step()
    progress.end()
    parts = [
        part(name, None, [one for one in people if name in one.watched])
        for name in _CONDITION.values()
        if any(name in one.watched for one in people)
    ]
    return _found(asked, parts, [], cost, f"people and events of {asked.cohort_file.name}")


class Cost:
    """What the engine took in all."""

    def __init__(self) -> None:
        self.readings = 0
        self.seconds = 0.0

    def add(self, people: Iterable[Person]) -> None:
        """Some people more."""
        for one in people:
            self.readings += one.readings
            self.seconds += one.engine_s


def part(condition: str, noise: int | None, people: Sequence[Person]) -> Part:
    """Every detector on one condition."""
    window = WINDOWS[condition]
    names = list(dict.fromkeys(name for one in people for name in one.watched[condition]))
    scores: list[Score] = [score(name, [tally(one.watched[condition][name], window) for one in people], window) for name in names]
    return Part(condition=condition, noise=noise, scores=scores)


def _panel(asked: Asked, people: Sequence[Person], detector: str) -> Panel:
    """AL-9: all cards of everybody, and per condition the alert episodes that nothing explains."""
    rates: dict[str, float] = {}
    for condition in sorted({name for one in people for name in one.watched}):
        window = WINDOWS.get(condition, ELSE)
        tallies = [tally(one.watched[condition][detector], window) for one in people if condition in one.watched]
        rates[condition] = sum(one.unexplained for one in tallies) / (sum(one.days for one in tallies) / MONTH)
    by_rule: dict[str, int] = {}
    for one in people:
        for rule, count in one.by_rule.items():
            by_rule[rule] = by_rule.get(rule, 0) + count
    months = sum(one.days for one in people) / MONTH
    return Panel(
        patients=len(people), days=asked.panel_days, seed=asked.seeds[0], noise=2, by_rule=by_rule, false_per_condition_month=rates,
        setting="all rules shown" if detector == ALL_SHOWN else f"as delivered: {', '.join(sorted(engine.RESTING))} in shadow",
        cards_per_patient_month=sum(one.cards if detector == ENGINE else one.cards_all_shown for one in people) / months,
    )  # fmt: skip


def _found(asked: Asked, parts: list[Part], panel: list[Panel], cost: Cost, seeds_for: str) -> Found:
    each = cost.seconds / max(cost.readings, 1)
    memory = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024
    return Found(
        command=asked.command, rule_set=engine.RULE_SET, rules=[rule.id for rule in engine.RULES],
        seeds=[] if asked.cohort_file is not None else list(asked.seeds), seeds_for=seeds_for, people=asked.people, days=asked.days,
        parts=parts, panel=panel, peak_memory_mb=memory,
        speed=Speed(readings=cost.readings, seconds=round(cost.seconds, 2), microseconds_per_reading=round(each * 1e6, 1),
                    seconds_per_540000=round(each * 540_000, 1)),
    )  # fmt: skip


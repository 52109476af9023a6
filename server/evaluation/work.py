"""One person scored by every detector: the unit of work that may run on another core."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Final

import msgspec

from domain.detection.engine import RESTING
from domain.detection.judgement import Severity
from server import clock
from server.evaluation.daily import daily, days_between
from server.evaluation.published import PUBLISHED
from server.evaluation.replay import Replayed, replay
from server.evaluation.scoring import Watched
from server.simulation.cohort import EVENT_OF, Cohort, History, person

ENGINE: Final = "engine"
WEIGHT_ONLY: Final = "engine (weight only)"
ALL_SHOWN: Final = "engine (all rules shown)"
WEIGHT_ALL_SHOWN: Final = "engine (weight only, all rules shown)"
_CHUNK: Final = 10
_AT: Final = 0.3
"""A daily detector is taken to fire at seven in the morning."""
_OF_GROUP: Final = {
    "HF": "heart_failure", "CO": "copd", "OX": "copd", "AS": "asthma", "DM": "diabetes", "CK": "chronic_kidney_disease",
    "HT": "hypertension",
}  # fmt: skip
"""First letters of a rule's id -> the condition that its false flags count against."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Some people of one cohort."""

    cohort: Cohort
    seed: int
    noise: int
    days: int
    first: int
    last: int
    conditions: tuple[str, ...]


class Person(msgspec.Struct, kw_only=True):
    """What is left of one person when all detectors have looked: condition -> detector -> when it fired, against what happened."""

    days: int
    conditions: list[str]
    watched: dict[str, dict[str, Watched]] = {}
    cards: int = 0
    cards_all_shown: int = 0
    by_rule: dict[str, int] = {}
    readings: int = 0
    engine_s: float = 0.0


def tasks(cohort: Cohort, people: int, days: int, seed: int, noise: int) -> Iterator[Task]:
    """A cohort in pieces; condition `()` means a panel, where only the engine is asked."""
    of = {"hf": ("heart_failure",), "copd": ("copd",), "asthma": ("asthma",)}.get(cohort, ())
    for first in range(0, people, _CHUNK):
        yield Task(cohort=cohort, seed=seed, noise=noise, days=days, first=first, last=min(first + _CHUNK, people), conditions=of)


def done(task: Task) -> list[Person]:
    """The people of a task, scored."""
    return [
        scored(person(task.cohort, place, task.days, task.seed, task.noise), task.conditions) for place in range(task.first, task.last)
    ]


def run(wanted: list[Task], jobs: int) -> Iterator[tuple[Task, list[Person]]]:
    """Tasks as they are done, on so many processes; with one, in this very process."""
    if jobs == 1:
        for task in wanted:
            yield task, done(task)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {pool.submit(done, task): task for task in wanted}
        for future in as_completed(waiting):
            yield waiting.pop(future), future.result()


def scored(history: History, conditions: tuple[str, ...]) -> Person:
    """One person, by the engine and, for the named conditions, by every detector that was published."""
    began = clock.cpu()
    replayed = replay(history)
    took = clock.cpu() - began
    found = Person(
        days=history.days, conditions=sorted(history.profile.conditions), cards=as_delivered(replayed).cards, readings=replayed.sent,
        cards_all_shown=replayed.cards, engine_s=took,
    )  # fmt: skip
    for one in replayed.raised:
        found.by_rule[one.rule] = found.by_rule.get(one.rule, 0) + 1
    for condition in conditions or found.conditions:
        found.watched[condition] = _against(history, replayed, condition, everything=bool(conditions))
    return found


def as_delivered(replayed: Replayed) -> Replayed:
    """What nurses are shown when a service has changed nothing: some ambers are recorded only, reds never (AL-9)."""
    return Replayed(raised=[one for one in replayed.raised if one.rule not in RESTING or one.severity is Severity.RED])


def _fires(history: History, replayed: Replayed, condition: str, *, everything: bool) -> list[float]:
    """When the engine flagged; in a panel only what speaks of the condition."""
    return [
        days_between(history.starts_on, one.at)
        for one in replayed.raised
        if everything or condition.startswith(_OF_GROUP.get(one.rule.partition("-")[0], "any"))
    ]


def _against(history: History, replayed: Replayed, condition: str, *, everything: bool) -> dict[str, Watched]:
    events = [days_between(history.starts_on, one.at) for one in history.events if one.what in EVENT_OF.get(condition, ())]
    days = daily(history, replayed.believed)
    symptomatic = [day for day, says in enumerate(days.says) if says]
    measured = sorted({day for series in (days.weight, days.oxygen, days.peak) for day, value in enumerate(series) if value is not None})

    def watched(fires: list[float]) -> Watched:
        return Watched(days=history.days, fires=fires, events=events, symptomatic=symptomatic, measured=measured)

    found = {
        ENGINE: watched(_fires(history, as_delivered(replayed), condition, everything=everything)),
        ALL_SHOWN: watched(_fires(history, replayed, condition, everything=everything)),
    }
    if not everything:
        return found
    if condition == "heart_failure":
        weights = replay(history, frozenset({"body_weight"}))
        found[WEIGHT_ONLY] = watched(_fires(history, as_delivered(weights), condition, everything=True))
        found[WEIGHT_ALL_SHOWN] = watched(_fires(history, weights, condition, everything=True))
    for detector in PUBLISHED:
        if detector.condition == condition:
            found[detector.name] = watched([day + _AT for day in detector.find(days)])
    return found


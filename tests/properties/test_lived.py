"""BL-7, INV-7: lives of months, sent as they were lived and late, end with the flags that one look at everything finds.

A symptom that comes late opens a concern in the past, so days leave the normal of dates up to five weeks later: what was flagged there is
judged again, and nothing is lost.
"""

import random
from datetime import datetime, timedelta

import pytest
from uuid_utils.compat import uuid7

from domain import intake
from domain.detection import engine
from domain.detection.picture import Picture, View
from domain.episodes.episode import FlagState
from domain.readings.reading import Draft
from server.evaluation.replay import start_of
from server.simulation.cohort import Cohort, History, person

Standing = dict[tuple[str, object], int]
DAYS = 110
SEED = 9


def arrivals(history: History, chance: random.Random) -> list[tuple[datetime, Draft]]:
    """Every draft with when it came: half of the symptoms and one in twenty of the others hours late, still within the picture."""
    found: list[tuple[datetime, Draft]] = []
    for draft in history.drafts:
        late = chance.random() < (0.5 if draft.kind == "symptom" else 0.05)
        found.append((draft.taken_at + (timedelta(hours=chance.uniform(1, 47)) if late else timedelta(seconds=20)), draft))
    return sorted(found, key=lambda one: (one[0], one[1].id))


def lived(history: History) -> tuple[Standing, datetime]:
    """The flags that stand after a life, reading by reading, trimmed and judged again when due as the product does."""
    where = Picture(version=1, since=start_of(history) - timedelta(days=1), profile=history.profile)
    standing: Standing = {}

    def keep(taken: intake.Taken) -> None:
        for flag in taken.effects.flags:
            standing[flag.rule, flag.anchor] = int(flag.severity) * (flag.state not in {FlagState.EXPLAINED, FlagState.WITHDRAWN})

    now = start_of(history)
    for at, draft in arrivals(history, random.Random(SEED)):
        now = at
        while where.due_at is not None and where.due_at < now:
            due = where.due_at
            keep(intake.again(where, due, due, uuid7))
        keep(intake.take(where, history.patient, [draft], now, uuid7))
        intake.trim(where, now)
    return {key: severity for key, severity in standing.items() if severity}, now


def looked(history: History, now: datetime) -> Standing:
    """The flags of one look at everything."""
    where = Picture(version=1, since=start_of(history) - timedelta(days=1), profile=history.profile)
    intake.take(where, history.patient, history.drafts, now, uuid7)
    view = View(where.readings, where.profile, now)
    everything = [one for kind in list(where.readings) for one in where.readings[kind]]
    return {
        (one.rule, one.anchor): int(one.severity)
        for one in engine.judge(view, engine.affected(view, everything)) if one.severity is not None
    }  # fmt: skip


@pytest.mark.parametrize("cohort", ["hf", "copd", "asthma"])
def test_bl_7_a_life_sent_late_ends_with_the_flags_that_one_look_finds(cohort: Cohort) -> None:
    fired = 0
    for place in range(2):
        history = person(cohort, place, DAYS, SEED, 2)
        flags, now = lived(history)
        assert flags == looked(history, now)
        fired += len(flags)
    assert fired > 20

"""F36, INV-8: the confirm ladder asks first and never silences what goes on, whatever comes between, in any order, however late we are."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain import intake
from domain.detection.judgement import Severity
from domain.detection.picture import Picture
from domain.episodes import lifecycle
from domain.episodes.episode import DismissReason, Episode, FlagState, Result, State
from domain.readings.reading import Context, Draft
from tests.builders import ADULT, draft, known, new_id, picture
from tests.domain.detection.stories import days, usual

SEEDS = 400
PATIENT = new_id()
# The wait of two of them holds the night in which the clocks change.
MORNINGS = tuple(datetime(*on, tzinfo=UTC) for on in ((2026, 6, 15, 6, 30), (2026, 3, 28, 22, 50), (2026, 10, 24, 7, 10)))
WAIT = timedelta(hours=28)
GAINS = {"HF-W1", "HF-W3"}
Sent = tuple[datetime, Draft]


def came(chance: random.Random, one: Draft, hours: float = 60) -> Sent:
    """When a draft arrives: at once or hours late."""
    return one.taken_at + timedelta(seconds=5) + timedelta(hours=chance.uniform(0, hours) if chance.random() < 0.3 else 0), one


def gained(chance: random.Random, morning: datetime) -> tuple[list[Sent], Draft]:
    """Mornings at 80 kg, and one 2.1 to 4 kg above the lowest of them."""
    before = [draft("body_weight", chance.choice((80, 80.2, 80.4)), morning - timedelta(days=back)) for back in (3, 2, 1)]
    held = chance.sample(before, chance.randint(1, 3))
    heavy = draft("body_weight", min(float(one.value or 0) for one in held) + chance.uniform(2.1, 4), morning)
    return [came(chance, one, 20) for one in held] + [came(chance, heavy, 20)], heavy


def between(chance: random.Random, morning: datetime) -> list[Sent]:
    """What comes till the next morning and says nothing against it: other people, doubtful numbers, complaints, what was taken back."""
    found: list[Sent] = []
    for place in range(chance.randint(0, 5)):
        at = morning + timedelta(minutes=chance.randint(2, 28 * 60 - 2), seconds=place)
        match chance.randint(0, 5):
            case 0:
                found.append(came(chance, draft("body_weight", chance.uniform(55, 78.9), at)))
            case 1:
                found.append(came(chance, draft("body_weight", chance.uniform(82, 95), at)))
            case 2:
                found.append(came(chance, draft("body_weight", 80.1, at, context=Context(quality="motion"))))
            case 3:
                code = chance.choice(("ankle_swelling_worse", "dizziness", "feel_as_usual", "orthopnoea"))
                found.append(came(chance, draft("symptom", code, at)))
            case 4:
                found.append(came(chance, draft("heart_rate", chance.choice((70, 90)), at)))
            case _:
                calm = draft("body_weight", 80.2, at)
                gone = Draft(id=uuid7(), kind="", taken_at=at, retracts=True, corrects=calm.id, reason="not mine")
                found += [came(chance, calm), (at + timedelta(minutes=chance.randint(0, 600)), gone)]
    return found


def handled(chance: random.Random, where: Picture, now: datetime) -> None:
    """A nurse may take, put off or close what is only asked about so far."""
    left: list[Episode] = []
    for one in where.episodes:
        change = None
        if one.severity is Severity.INFO and chance.random() < 0.2:
            match chance.randint(0, 2):
                case 0:
                    change = lifecycle.acknowledge(one, PATIENT, now)
                case 1:
                    change = lifecycle.snooze(one, now + timedelta(days=3), "wait", PATIENT, now)
                case _:
                    change = lifecycle.close(one, Result.NO_ACTION_NEEDED, DismissReason.EXPECTED, PATIENT, now)
        left.append(one if change is None else change.episode)
    where.episodes = [one for one in left if one.state is not State.CLOSED]


def lived(chance: random.Random, sent: list[Sent], until: datetime, is_down: bool) -> tuple[Picture, datetime | None]:
    """The picture once all came, and when a nurse was first called; `is_down`: nothing is judged by time alone before the end."""
    where = picture(ADULT, sent[0][0])
    called: list[datetime] = []

    def keep(taken: intake.Taken, now: datetime) -> None:
        called.extend(now for one in taken.effects.notices if one.audience == "staff" and one.topic == "flag")
        handled(chance, where, now)

    for now, one in [*sorted(sent, key=lambda pair: (pair[0], pair[1].id)), (until, None)]:
        while not is_down and where.due_at is not None and where.due_at <= now:
            due = where.due_at
            keep(intake.again(where, due, due, uuid7), due)
        if one is not None:
            keep(intake.take(where, PATIENT, [one], now, uuid7), now)
    if where.due_at is not None and where.due_at <= until:
        keep(intake.again(where, where.due_at, until, uuid7), until)
    return where, min(called, default=None)


@pytest.mark.parametrize("part", range(4))
def test_f36_a_gain_that_nothing_refuted_is_always_called(part: int) -> None:
    for seed in range(part * SEEDS // 4, (part + 1) * SEEDS // 4):
        chance = random.Random(seed)
        morning, is_down = chance.choice(MORNINGS), chance.random() < 0.3
        weights, heavy = gained(chance, morning)
        sent = weights + between(chance, morning)
        heard = max(at for at, _ in sent)
        until = max(heard, morning + WAIT) + timedelta(hours=chance.uniform(0, 100 if is_down else 1))
        where, called = lived(chance, sent, until, is_down)
        marks = {one.state for one in where.flags if (one.rule, one.anchor, one.severity) == ("HF-W1", heavy.id, Severity.AMBER)}
        assert marks == {FlagState.ACTIVE}, f"seed {seed}"
        assert called is not None, f"seed {seed}"
        assert is_down or called <= max(heard, morning + WAIT), f"seed {seed}"


def test_f36_a_repeat_clears_what_goes_on_for_a_morning_at_most() -> None:
    for seed in range(SEEDS // 4):
        chance = random.Random(seed)
        weights, _ = gained(chance, MORNINGS[0])
        calm = draft("body_weight", chance.uniform(79.5, 80.5), MORNINGS[0] + timedelta(minutes=chance.randint(3, 600)))
        again = draft("body_weight", chance.uniform(82.7, 84), MORNINGS[0] + timedelta(days=1))
        sent = [*weights, came(chance, calm, 20), came(chance, again, 20)]
        where, called = lived(chance, sent, MORNINGS[0] + timedelta(days=4), is_down=False)
        assert called is not None, f"seed {seed}"
        assert {one.rule for one in where.flags if (one.anchor, one.severity) == (again.id, Severity.AMBER)} & GAINS, f"seed {seed}"


def test_f36_a_red_of_several_signs_waits_for_no_repeat() -> None:
    heavy = days("body_weight", 80.2, 80.2, 80, 82.5)
    now = heavy[-1].taken_at + timedelta(minutes=5)
    history = [*heavy, *usual("heart_rate", 70)]
    sent = [draft("body_weight" if one.kind == heavy[0].kind else "heart_rate", one.value, one.taken_at) for one in history]
    sent += [draft("heart_rate", 84, now - timedelta(minutes=1)), draft("missed_diuretic_doses", 2, now - timedelta(minutes=2))]
    where = picture(replace(known(), limits={}), now)
    intake.take(where, PATIENT, sent, now, uuid7)
    (mark,) = [one for one in where.flags if one.rule == "HF-C1" and one.severity is Severity.RED]
    assert mark.state == FlagState.ACTIVE
    assert [one.severity for one in where.episodes if one.group == "HF-W"] == [Severity.RED]

"""INV-7: order, retries and batch split never change what is flagged, at one `now`.

Most stories are hours near every limit, three of ten are weeks of a life with own normals, symptoms, late and corrected
readings over a change of the clocks; all rules judge all of them.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain import intake
from domain.episodes.episode import FlagState
from domain.people.patient import Profile
from domain.readings.reading import Draft
from tests.builders import ADULT, NOW, draft, fact, picture

SEEDS = 1_000
PATIENT = UUID(int=7)
Standing = set[tuple[str, UUID, int, bool, str]]


def story(chance: random.Random) -> list[Draft]:
    """Some hours and days of mixed readings near every limit, with corrections and retractions."""
    made: list[Draft] = []
    for place in range(chance.randint(4, 22)):
        minutes = chance.choice((0, 3, 7, 14, 16, 25, 45, 70, 200, 1440, 1500, 2900, 4300)) + chance.randint(0, 9)
        # Seconds apart: the same content twice under two ids is one reading, known by whichever id came first.
        when = NOW - timedelta(minutes=minutes, seconds=place)
        match chance.randint(0, 8):
            case 0:
                made.append(draft("body_weight", chance.choice((80, 80.4, 82.1, 82.5, 84.2)), when))
            case 1:
                made.append(draft("oxygen_saturation", chance.randint(89, 97), when))
            case 2:
                made.append(draft("blood_pressure", chance.choice(((178, 94), (181, 96), (150, 121), (130, 80), (88, 60))), when))
            case 3:
                made.append(draft("glucose_cgm", chance.choice((2.6, 2.8, 3.2, 3.8, 4.2, 6)), when))
            case 4:
                made.append(draft("peak_flow", chance.choice((140, 200, 240, 300, 400)), when))
            case 5:
                made.append(draft("ketones_blood", chance.choice((0.4, 0.8, 1.2, 1.7, 3.1)), when))
            case 6:
                code = chance.choice(("ankle_swelling_worse", "chest_pain", "breathless_at_rest", "feel_worse"))
                made.append(draft("symptom", code, when))
            case 7:
                made.append(draft("heart_rate", chance.choice((38, 70, 112, 133)), when))
            case _:
                made.append(draft("respiratory_rate", chance.choice((7, 16, 22, 26)), when))
    plain = [one for one in made if one.kind != "glucose_cgm"]
    if plain and chance.random() < 0.5:
        old = chance.choice(plain)
        made.append(replace(old, id=uuid7(), corrects=old.id, taken_at=old.taken_at + timedelta(milliseconds=1), reason="wrong"))
    if plain and chance.random() < 0.4:
        made.append(Draft(id=uuid7(), kind="", taken_at=NOW, retracts=True, corrects=chance.choice(plain).id, reason="not mine"))
    return made


EVERYBODY = replace(
    ADULT, conditions=frozenset({"heart_failure", "copd", "asthma", "hypertension", "diabetes_type_1", "epilepsy", "ckd"}),
    facts=(*ADULT.facts, fact("medicine", "acei"), fact("admission", since=NOW - timedelta(days=52), until=NOW - timedelta(days=49))),
)  # fmt: skip
# Two weeks after the clocks went forward and back: the weeks before hold the 23 and the 25 hours.
CLOCKS = (NOW, datetime(2026, 4, 9, 9, 0, tzinfo=UTC), datetime(2026, 11, 5, 0, 30, tzinfo=UTC))
SYMPTOMS = ("breathless_worse", "sputum_more", "sputum_colour_change", "ankle_swelling_worse", "feel_as_usual", "dizziness", "fever")


def life(chance: random.Random, now: datetime) -> list[Draft]:
    """Weeks of daily readings, something that goes wrong, and things sent late or twice."""
    made: list[Draft] = []
    weight, rise = 80.0, chance.choice((0.0, 0.1, 0.4, 0.8))
    weeks = chance.randint(12, 44)
    for back in reversed(range(weeks)):
        weight += rise if back < 8 else 0.0
        for kind, value in (
            ("body_weight", round(weight + chance.uniform(-0.4, 0.4), 1)), ("heart_rate", 72 + chance.randint(-6, 6) + 12 * (back < 3)),
            ("oxygen_saturation", chance.choice((95, 96, 96, 97)) - 4 * (back < 2)),
            ("peak_flow", 400 + chance.randint(-15, 15) - 100 * (back < 2)),
        ):
            if chance.random() < 0.8:
                at = now - timedelta(days=back, minutes=chance.choice((0, 15, 60, 400)), seconds=len(made))
                made.append(draft(kind, value, at))
        if chance.random() < 0.25:
            made.append(draft("symptom", chance.choice(SYMPTOMS), now - timedelta(days=back, minutes=30, seconds=len(made))))
        if chance.random() < 0.3:
            made.append(draft("blood_pressure", (chance.randint(85, 160), 75), now - timedelta(days=back, minutes=9, seconds=len(made))))
    for old in chance.sample(made, chance.randint(0, 4)):
        if chance.random() < 0.5:
            made.append(replace(old, id=uuid7(), corrects=old.id, taken_at=old.taken_at + timedelta(milliseconds=1), reason="wrong"))
        else:
            made.append(Draft(id=uuid7(), kind="", taken_at=now, retracts=True, corrects=old.id, reason="not mine"))
    return made


def flagged(drafts: Sequence[Draft], sizes: Sequence[int], profile: Profile = EVERYBODY, now: datetime = NOW) -> Standing:
    """What stands after drafts came in parts of these sizes."""
    where = picture(profile, now)
    place = 0
    for size in sizes:
        intake.take(where, PATIENT, drafts[place : place + size], now, uuid7)
        place += size
    gone = {FlagState.EXPLAINED, FlagState.WITHDRAWN}
    return {(one.rule, one.anchor, int(one.severity), one.emergency, one.state) for one in where.flags if one.state not in gone}


@pytest.mark.parametrize("part", range(10))
def test_inv_7_order_retries_and_batch_split_do_not_matter(part: int) -> None:
    for seed in range(part * SEEDS // 10, (part + 1) * SEEDS // 10):
        chance = random.Random(seed)
        is_life = seed % 10 < 3
        now = CLOCKS[seed % len(CLOCKS)] if is_life else NOW
        drafts = life(chance, now) if is_life else story(chance)
        wanted = flagged(drafts, [len(drafts)], now=now)
        shuffled = drafts + chance.sample(drafts, len(drafts) // 3)
        chance.shuffle(shuffled)
        sizes: list[int] = []
        while sum(sizes) < len(shuffled):
            sizes.append(chance.randint(1, 5) if not is_life else chance.randint(10, 60))
        assert flagged(shuffled, sizes, now=now) == wanted, f"seed {seed}"


def test_inv_7_the_lives_make_rules_of_every_family_speak() -> None:
    spoke: set[str] = set()
    for seed in range(0, 200, 10):
        chance = random.Random(seed)
        drafts = life(chance, NOW)
        spoke |= {rule for rule, _, _, _, _ in flagged(drafts, [len(drafts)])}
    assert spoke >= {"HF-W1", "HF-W3", "HF-W5", "HF-C1", "HF-S1", "CO-1", "CO-2", "CO-4", "AS-1", "AS-2", "AS-4", "OX-2", "HT-5"}

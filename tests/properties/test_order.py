"""INV-7: order, retries and batch split never change what is flagged, at one `now`."""

import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain import intake
from domain.episodes.episode import FlagState
from domain.people.patient import Profile
from domain.readings.reading import Draft
from tests.builders import ADULT, NOW, draft, picture

SEEDS = 1_000
PATIENT = UUID(int=7)


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


def flagged(drafts: Sequence[Draft], sizes: Sequence[int], profile: Profile = ADULT) -> set[tuple[str, UUID, int, bool, str]]:
    """What stands after drafts came in parts of these sizes."""
    where = picture(profile)
    place = 0
    for size in sizes:
        intake.take(where, PATIENT, drafts[place : place + size], NOW, uuid7)
        place += size
    gone = {FlagState.EXPLAINED, FlagState.WITHDRAWN}
    return {(one.rule, one.anchor, int(one.severity), one.emergency, one.state) for one in where.flags if one.state not in gone}


@pytest.mark.parametrize("part", range(10))
def test_inv_7_order_retries_and_batch_split_do_not_matter(part: int) -> None:
    for seed in range(part * SEEDS // 10, (part + 1) * SEEDS // 10):
        chance = random.Random(seed)
        drafts = story(chance)
        wanted = flagged(drafts, [len(drafts)])
        shuffled = drafts + chance.sample(drafts, len(drafts) // 3)
        chance.shuffle(shuffled)
        sizes: list[int] = []
        while sum(sizes) < len(shuffled):
            sizes.append(chance.randint(1, 5))
        assert flagged(shuffled, sizes) == wanted, f"seed {seed}"

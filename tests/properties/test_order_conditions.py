"""INV-7 for the rules of diabetes, kidneys, epilepsy, mood, bowel, neurology, falls and pregnancy."""

import random
from datetime import timedelta

import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain.people.patient import Profile
from domain.readings.kinds import SYMPTOMS
from domain.readings.reading import Context, Draft
from tests.builders import NOW, draft, fact, known
from tests.properties.test_order import flagged

SEEDS = 500
PEOPLE: tuple[Profile, ...] = (
    known(fact("medicine", "sglt2i"), fact("medicine", "acei"), conditions="diabetes_type_1 chronic_kidney_disease ulcerative_colitis"),
    known(fact("pregnant"), fact("medicine", "insulin"), conditions="diabetes_type_2 epilepsy multiple_sclerosis"),
    known(fact("pregnant", until=NOW - timedelta(weeks=3)), fact("sex", "female"), fact("seizure_diary"), conditions="epilepsy crohns_disease"),
    known(fact("medicine", "anticoagulant"), fact("medicine_changed", "acei", NOW - timedelta(days=40), NOW - timedelta(days=39)),
          fact("sex", "male"), conditions="parkinsons_disease heart_failure"),
)  # fmt: skip
CODES = [code for no, (code, _) in SYMPTOMS.items() if no >= 31]
VALUES: tuple[tuple[str, tuple[object, ...]], ...] = (
    ("glucose_cgm", (2.6, 2.9, 3.6, 4.2, 8, 14.2, 15)), ("glucose_capillary", (2.8, 3.5, 6.5, 8, 14.5, 31)),
    ("ketones_blood", (0.4, 0.7, 1.2, 1.7, 3.1)), ("creatinine", (80, 104, 126, 200, 400)), ("potassium", (2.4, 4.6, 5.2, 5.8, 6.6)),
    ("egfr", (28, 44, 60)), ("seizure_duration", (40, 299, 310)), ("other_seizure_duration", (20,)), ("missed_seizure_doses", (0, 1, 2)),
    ("phq9_total", (3, 9, 12, 21)), ("phq9_item9", (0, 1, 2)), ("phq9_item9_unanswered", ("asked_once", "asked_twice")),
    ("gad7_total", (8, 16)), ("rectal_bleeding_score", (0, 1, 3)), ("stool_frequency_score", (1, 2, 3)), ("liquid_stools", (2, 5)),
    ("abdominal_pain_score", (0, 2)), ("bloody_stools", (5, 7)), ("body_temperature", ("36.8", "38.2")), ("heart_rate", (70, 96)),
    ("crp", (12, 60)), ("haemoglobin", (98, 130)), ("calprotectin", (90, 180, 300)), ("late_parkinson_doses", (0, 2)),
    ("fall", ("fall", "injury", "head_injury", "blackout")), ("clinical_frailty", (3, 4, 6)),
    ("blood_pressure", ((138, 88), (142, 86), (165, 95))),
)  # fmt: skip
MINUTES = (0, 3, 7, 14, 16, 25, 45, 70, 130, 200, 380, 700)
DAYS = (0, 0, 0, 1, 1, 2, 3, 6, 7, 8, 14, 30, 60, 91, 120, 200, 360)


def story(chance: random.Random) -> list[Draft]:
    """A year with readings of the kinds that these rules look at, most of them near today, with corrections and retractions."""
    made: list[Draft] = []
    chosen = chance.sample(VALUES, chance.randint(2, 6))
    for place in range(chance.randint(4, 24)):
        when = NOW - timedelta(days=chance.choice(DAYS), minutes=chance.choice(MINUTES) + chance.randint(0, 9), seconds=place)
        if chance.random() < 0.25:
            made.append(draft("symptom", chance.choice(CODES), when))
            continue
        kind, values = chance.choice(chosen)
        context = None
        if kind == "egfr":
            context = Context(equation=chance.choice(("ckd_epi_2009", "ckd_epi_2021")))
        elif kind == "glucose_capillary":
            context = Context(meal=chance.choice(("fasting", "after_1h", "after_2h")))
        elif kind == "potassium" and chance.random() < 0.3:
            context = Context(sample="haemolysed")
        made.append(draft(kind, chance.choice(values), when, context=context))
    plain = [one for one in made if one.kind != "glucose_cgm"]
    if plain and chance.random() < 0.5:
        old = chance.choice(plain)
        made.append(replace(old, id=uuid7(), corrects=old.id, taken_at=old.taken_at + timedelta(milliseconds=1), reason="wrong"))
    if plain and chance.random() < 0.4:
        made.append(Draft(id=uuid7(), kind="", taken_at=NOW, retracts=True, corrects=chance.choice(plain).id, reason="not mine"))
    return made


@pytest.mark.parametrize("part", range(5))
def test_inv_7_conditions_in_any_order_and_split_flag_the_same(part: int) -> None:
    seen: set[str] = set()
    for seed in range(part * SEEDS // 5, (part + 1) * SEEDS // 5):
        chance = random.Random(seed)
        profile = chance.choice(PEOPLE)
        drafts = story(chance)
        wanted = flagged(drafts, [len(drafts)], profile)
        seen |= {rule for rule, *_ in wanted}
        shuffled = drafts + chance.sample(drafts, len(drafts) // 3)
        chance.shuffle(shuffled)
        sizes: list[int] = []
        while sum(sizes) < len(shuffled):
            sizes.append(chance.randint(1, 5))
        assert flagged(shuffled, sizes, profile) == wanted, f"seed {seed}"
    # A story in which nothing happens proves nothing.
    assert {"DM-5", "CK-1", "CK-2", "EP-1", "MH-2", "IB-2", "FF-1", "PG-1"} <= seen

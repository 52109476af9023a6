"""Blood pressure: HT-1 to HT-7 and HF-B1 with their worked examples and boundaries; NW-5."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.detection import engine
from domain.detection.judgement import Confidence, Severity
from domain.people.patient import Profile
from domain.readings.reading import Context, Reading
from tests.builders import ADULT, NOW, at, fact, judged, known, reading, view
from tests.domain.detection.stories import morning, on_last, outcome

INFO, AMBER, RED = ((severity, False) for severity in (Severity.INFO, Severity.AMBER, Severity.RED))
BY = engine.BY_ID
HIGH = replace(ADULT, conditions=frozenset({"hypertension"}), birth_on=date(1960, 1, 1))
TREATED = known(fact("medicine", "acei"), base=HIGH)
LATER = NOW + timedelta(hours=12)


def bp(systolic: int, diastolic: int = 80, when: str = "07:00", **more: Any) -> Reading:
    return reading("blood_pressure", (systolic, diastolic), at(when), **more)


def week(*pairs: tuple[int, int], dates: int = 4, ends: int = 0) -> list[Reading]:
    """Two readings morning and evening on each date, by turns of these pairs; the first date is to be dropped."""
    found: list[Reading] = []
    for back in reversed(range(dates)):
        for place, (hour, minute) in enumerate((("06", "00"), ("06", "02"), ("18", "00"), ("18", "02"))):
            found.append(reading("blood_pressure", pairs[place % len(pairs)], morning(back + ends, f"{hour}:{minute}")))
    return found


def ht(rule: str, ones: list[Reading], profile: Profile = HIGH) -> object:
    return outcome(on_last(BY[rule], *ones, profile=profile, now=LATER))


@pytest.mark.parametrize(
    ("pairs", "shown", "expected"),
    [
        pytest.param(((134, 84), (135, 85)), "135/85", INFO, id="134.5/84.5 rounds half up to stage 1"),
        pytest.param(((134, 84), (134, 84), (134, 84), (135, 84)), "134/84", "not_fired", id="134.25/84 is normal"),
        pytest.param(((149, 96),), "149/96", AMBER, id="149/96 is stage 2"),
        pytest.param(((149, 94),), "149/94", INFO, id="149/94 is stage 1"),
        pytest.param(((150, 80),), "150/80", AMBER, id="150 is stage 2"),
        pytest.param(((120, 85),), "120/85", INFO, id="85 is stage 1"),
    ],
)
def test_ht_1_worked_examples(pairs: tuple[tuple[int, int], ...], shown: str, expected: object) -> None:
    found = on_last(BY["HT-1"], *week(*pairs), profile=HIGH, now=LATER)
    assert outcome(found) == expected
    assert found is not None
    assert shown in found.sentence


def test_ht_1_drops_the_first_day_and_shows_progress() -> None:
    first = [*week((180, 100), dates=1, ends=3), *week((120, 70), dates=3)]
    assert ht("HT-1", first) == "not_fired"
    found = on_last(BY["HT-1"], *week((150, 90), dates=3), profile=HIGH, now=LATER)
    assert found is not None
    assert found.reason == "8 of 12 readings and 2 of 3 days after the first day"
    assert ht("HT-1", week((150, 90), dates=1)) == "not_evaluable"


@pytest.mark.parametrize(
    ("pair", "profile", "expected"),
    [
        ((134, 84), TREATED, "not_fired"), ((135, 84), TREATED, INFO), ((149, 94), TREATED, INFO), ((150, 84), TREATED, AMBER),
        ((130, 95), TREATED, AMBER), ((144, 84), replace(TREATED, birth_on=date(1940, 1, 1)), "not_fired"),
        ((145, 84), replace(TREATED, birth_on=date(1940, 1, 1)), INFO),
        ((131, 80), known(fact("bp_target_systolic", "130"), fact("bp_target_diastolic", "80"), base=TREATED), INFO),
        ((150, 90), HIGH, "not_evaluable"),
    ],
)  # fmt: skip
def test_ht_2_against_target(pair: tuple[int, int], profile: Profile, expected: object) -> None:
    assert ht("HT-2", week(pair), profile) == expected


def test_ht_2_two_averages_running_are_amber() -> None:
    assert ht("HT-2", [*week((137, 80), ends=8), *week((136, 80))], TREATED) == AMBER
    assert ht("HT-2", [*week((130, 80), ends=8), *week((136, 80))], TREATED) == INFO
    assert ht("HT-2", [*week((150, 90), ends=5), bp(150, 90)], TREATED) == AMBER
    assert ht("HT-2", [bp(150, 90)], TREATED) == "not_evaluable"


@pytest.mark.parametrize(
    ("values", "expected"),
    [((135,) * 3 + (134,) * 7, INFO), ((134,) * 10, "not_fired"), ((135,) * 2 + (134,) * 8, "not_fired"), ((135,) * 9, "not_evaluable"),
     ((160,) + (134,) * 7 + (135,) * 3, INFO), ((160,) * 3 + (134,) * 10, "not_fired")],
)  # fmt: skip
def test_ht_3_three_of_ten(values: tuple[int, ...], expected: object) -> None:
    ones = [reading("blood_pressure", (value, 80), morning(len(values) - place - 1)) for place, value in enumerate(values)]
    assert ht("HT-3", ones) == expected


def test_ht_3_all_within_30_days() -> None:
    old = [reading("blood_pressure", (150, 80), morning(30)), *(reading("blood_pressure", (150, 80), morning(back)) for back in range(9))]
    assert ht("HT-3", old) == "not_evaluable"


@pytest.mark.parametrize(
    ("values", "sign", "late", "expected"),
    [
        ((90,), None, False, "not_fired"), ((89,), None, False, INFO), ((89,), None, True, AMBER), ((89, 89), None, False, AMBER),
        ((89, 95), None, True, INFO), ((89, 89), "blackout", False, RED), ((89, 89), "fall", False, RED), ((89, 89), "dizziness", False, AMBER),
    ],
)  # fmt: skip
def test_ht_5_low(values: tuple[int, ...], sign: str | None, late: bool, expected: object) -> None:
    ones = [bp(value, 55, f"08:{40 + 5 * place}") for place, value in enumerate(values)]
    said = [reading("fall" if sign in {"fall", "blackout"} else "symptom", sign, at("08:00"))] if sign else []
    assert outcome(judged(BY["HT-5"], ones[0], *ones[1:], *said, profile=HIGH, now=LATER if late else NOW)) == expected


@pytest.mark.parametrize(
    ("values", "sign", "expected"),
    [((89, 89), "dizziness", RED), ((89, 89), None, AMBER), ((95,), "dizziness", AMBER), ((99,), "dizziness", AMBER),
     ((100,), "dizziness", "not_fired"),
     ((95,), None, "not_fired")],
)  # fmt: skip
def test_hf_b1_low_in_heart_failure(values: tuple[int, ...], sign: str | None, expected: object) -> None:
    ones = [bp(value, 55, f"08:{40 + 5 * place}") for place, value in enumerate(values)]
    said = [reading("fall" if sign in {"fall", "blackout"} else "symptom", sign, at("08:00"))] if sign else []
    assert outcome(judged(BY["HF-B1"], ones[0], *ones[1:], *said)) == expected


@pytest.mark.parametrize(
    ("standing", "expected"), [((120, 80), AMBER), ((121, 80), "not_fired"), ((130, 70), AMBER), ((130, 71), "not_fired")]
)
def test_ht_5_on_standing_up(standing: tuple[int, int], expected: object) -> None:
    up = bp(*standing, "08:03", context=Context(posture="standing"))
    assert outcome(judged(BY["HT-5"], up, bp(140, 80, "08:00"), profile=HIGH)) == expected
    assert outcome(judged(BY["HT-5"], up, bp(140, 80, "07:59"), profile=HIGH)) == "not_fired"


def test_ht_6_irregular_pulse() -> None:
    marked = [bp(130, 80, f"08:0{place}", context=Context(quality="irregular_pulse")) for place in range(2)]
    plain = bp(130, 80, "08:02")
    assert outcome(judged(BY["HT-6"], marked[1], marked[0])) == INFO
    assert outcome(judged(BY["HT-6"], marked[0])) == "not_fired"
    assert outcome(judged(BY["HT-6"], plain, *marked)) == "not_fired"


@pytest.mark.parametrize(("low", "expected"), [(101, INFO), (102, "not_fired")])
def test_ht_7_variability(low: int, expected: object) -> None:
    ones = [reading("blood_pressure", ((130, low)[back % 2], 70), morning(back)) for back in range(8)]
    assert ht("HT-7", ones) == expected
    assert ht("HT-7", ones[:6]) == "not_evaluable"


def test_ht_4_dq_10_a_doubted_reading_is_still_taken_again() -> None:
    doubted = bp(185, 100, "08:50", context=Context(quality="motion"))
    found = judged(BY["HT-4"], doubted)
    assert found is not None
    assert (outcome(found), found.due_at, found.confidence) == (INFO, at("09:20"), Confidence.UNCONFIRMED)


def test_al_4_pressure_is_over_after_two_readings() -> None:
    def cleared(rule: str, *ones: Reading) -> bool | None:
        found = engine.cleared(view(*ones, profile=HIGH), rule, at("06:00"))
        assert found is not None
        return found.holds

    assert [cleared("HT-4", bp(first, 100, "07:00"), bp(second, 100, "07:10")) for first, second in ((169, 169), (169, 170))] == [True, False]
    assert (cleared("HT-4", bp(140)), cleared("HT-4", bp(140, 80, "05:00"), bp(140, 80, "06:00"))) == (None, None)
    assert [cleared("HT-5", bp(100, 60, "07:00"), bp(last, 60, "07:10")) for last in (100, 99)] == [True, False]
    assert cleared("HT-5") is None


USUAL: dict[str, Any] = {"respiratory_rate": 16, "oxygen_saturation": 96, "blood_pressure": (120, 70), "heart_rate": 70, "oxygen_flow": 0,
                         "body_temperature": "37.0", "consciousness": "alert"}  # fmt: skip


def observations(back: int, **changed: Any) -> list[Reading]:
    values = (USUAL | changed).items()
    return [reading(kind, value, morning(back, f"07:0{place}")) for place, (kind, value) in enumerate(values) if value is not None]


@pytest.mark.parametrize(
    ("before", "today", "expected"),
    [
        pytest.param({}, {"heart_rate": 111}, AMBER, id="from 0 to 2, info becomes amber"),
        pytest.param({}, {"heart_rate": 91}, "not_fired", id="a rise of 1"),
        pytest.param({"heart_rate": 91}, {"oxygen_saturation": 91}, RED, id="a single 3 is amber, now red"),
        pytest.param({}, {"oxygen_saturation": 91, "heart_rate": 131, "respiratory_rate": 25}, RED, id="red at most"),
        pytest.param({}, {"body_temperature": None}, "not_evaluable", id="not complete today"),
    ],
)
def test_nw_5_trend(before: dict[str, Any], today: dict[str, Any], expected: object) -> None:
    ones = [one for back in range(1, 6) for one in observations(back, **before)]
    assert outcome(on_last(BY["NW-5"], *ones, *observations(0, **today))) == expected


def test_nw_5_needs_five_complete_days_of_the_last_30() -> None:
    ones = [one for back in (1, 2, 3, 4, 31) for one in observations(back)]
    assert outcome(on_last(BY["NW-5"], *ones, *observations(0, heart_rate=131))) == "not_evaluable"
    partial = [one for back in range(1, 6) for one in observations(back, heart_rate=None if back == 3 else 70)]
    assert outcome(on_last(BY["NW-5"], *partial, *observations(0, heart_rate=131))) == "not_evaluable"


def test_nw_5_oxygen_may_be_said_with_the_oxygen_level() -> None:
    def said(back: int, oxygen: Any) -> list[Reading]:
        level = reading("oxygen_saturation", 96, morning(back, "07:20"), context=Context(oxygen=oxygen))
        return [*observations(back, oxygen_flow=None, oxygen_saturation=None), level]

    ones = [one for back in range(1, 6) for one in said(back, "air")]
    assert outcome(on_last(BY["NW-5"], *ones, *said(0, "oxygen"))) == AMBER
    assert outcome(on_last(BY["NW-5"], *ones, *observations(0, oxygen_flow=None))) == "not_evaluable"

"""COPD and oximetry against the usual: CO-1 to CO-7 and OX-2 with their worked examples and boundaries."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from domain.detection import copd, engine
from domain.detection.judgement import Severity
from domain.people.patient import Profile
from domain.readings.baseline import Baseline
from domain.readings.reading import Context, Reading
from tests.builders import ADULT, NOW, at, fact, judged, known, reading, symptom, view
from tests.domain.detection.stories import days, morning, on_last, outcome, usual

INFO, AMBER, RED = ((severity, False) for severity in (Severity.INFO, Severity.AMBER, Severity.RED))
BY = engine.BY_ID
COPD = replace(ADULT, conditions=frozenset({"copd"}))
TARGET_88 = known(fact("hypercapnia"), base=COPD)
LATER = NOW + timedelta(hours=12)


def spo2(value: int, when: str = "08:00", **more: Any) -> Reading:
    return reading("oxygen_saturation", value, at(when), **more)


@pytest.mark.parametrize(
    ("values", "profile", "expected"),
    [
        pytest.param((88,), TARGET_88, "not_fired", id="L=88: 88"),
        pytest.param((87, 87), TARGET_88, AMBER, id="L=88: 87,87"),
        pytest.param((84, 84), TARGET_88, RED, id="L=88: 84,84"),
        pytest.param((91, 92), COPD, INFO, id="L=92: 91,92 calls nobody"),
        pytest.param((91, 91), COPD, AMBER, id="L=92: 91,91"),
        pytest.param((88, 88), COPD, RED, id="L=92: 88,88"),
        pytest.param((89, 88), COPD, AMBER, id="only one of them deep"),
        pytest.param((89, 89), known(fact("target_spo2_low", "90"), base=COPD), AMBER, id="own target"),
    ],
)
def test_co_1_worked_examples(values: tuple[int, ...], profile: Profile, expected: object) -> None:
    ones = [spo2(value, f"08:{10 * place:02}") for place, value in enumerate(values)]
    assert outcome(judged(BY["CO-1"], ones[0], *ones[1:], profile=profile)) == expected


@pytest.mark.parametrize(("minutes", "expected"), [(4, INFO), (5, AMBER), (30, AMBER), (31, INFO)])
def test_co_1_the_two_readings_lie_5_to_30_minutes_apart(minutes: int, expected: object) -> None:
    first = spo2(91)
    second = reading("oxygen_saturation", 91, at("08:00") + timedelta(minutes=minutes))
    assert outcome(judged(BY["CO-1"], second, first, profile=COPD)) == expected


def test_co_1_a_deep_one_that_is_not_taken_again() -> None:
    waiting = judged(BY["CO-1"], spo2(88, "08:40"), profile=COPD)
    assert waiting is not None
    assert (outcome(waiting), waiting.due_at) == (INFO, at("09:10"))
    assert outcome(judged(BY["CO-1"], spo2(88, "08:40"), profile=COPD, now=LATER)) == AMBER
    assert outcome(judged(BY["CO-1"], spo2(88, "08:00"), spo2(93, "08:10"), profile=COPD, now=LATER)) == INFO


@pytest.mark.parametrize(
    ("value", "oxygen", "profile", "expected"),
    [(97, "oxygen", TARGET_88, AMBER), (96, "oxygen", TARGET_88, "not_fired"), (97, "air", TARGET_88, "not_fired"),
     (97, "oxygen", COPD, "not_fired")],
)
def test_co_1_too_much_oxygen(value: int, oxygen: Any, profile: Profile, expected: object) -> None:
    assert outcome(judged(BY["CO-1"], spo2(value, context=Context(oxygen=oxygen)), profile=profile)) == expected


def test_co_1_says_the_flow_that_was_prescribed() -> None:
    profile = known(fact("hypercapnia"), fact("oxygen_flow", "2"), base=COPD)
    found = judged(BY["CO-1"], spo2(98, context=Context(oxygen="oxygen")), profile=profile)
    assert found is not None
    assert found.numbers["flow"] == "2 L/min"


def normal(mean: str, sd: str) -> Baseline:
    return Baseline(20, Decimal(mean), Decimal(sd), Decimal(mean), Decimal(sd))


PULSE, SPO2 = normal("80", "5"), normal("93", "1")


@pytest.mark.parametrize(("pulse", "level", "expected"), [(86, 92, "1.1"), (85, 92, "1"), (84, 92, "0.9"), (90, 93, "1")])
def test_co_2_worked_examples(pulse: int, level: int, expected: str) -> None:
    assert copd.oximetry_score(reading("heart_rate", pulse).value, spo2(level).value, PULSE, SPO2) == Decimal(expected)


def test_co_3_without_a_breathing_rate_today_nothing_is_said() -> None:
    found = BY["CO-3"].judge(BY["CO-3"], view(profile=COPD), reading("respiratory_rate", 16))
    assert found is not None
    assert found.reason == "no breathing rate today"


def test_co_2_spread_has_a_floor() -> None:
    flat = normal("80", "0"), normal("93", "0")
    assert copd.oximetry_score(reading("heart_rate", 85).value, spo2(92).value, *flat) == 2


# Turned up and down by as much, the standard deviation is a little over that.
STEADY = [*usual("heart_rate", 80, spread=5), *usual("oxygen_saturation", 93, spread=1)]


@pytest.mark.parametrize(
    ("pulse", "level", "code", "expected"),
    [(87, 92, "cough_worse", AMBER), (84, 92, "cough_worse", "not_fired"), (87, 92, None, "not_fired"), (91, 91, None, INFO),
     (87, 92, "more_tired", "not_fired"), (None, 92, None, "not_evaluable"), (87, None, None, "not_evaluable")],
)  # fmt: skip
def test_co_2_with_and_without_symptoms(pulse: int | None, level: int | None, code: str | None, expected: object) -> None:
    today = [*days("heart_rate", pulse), *days("oxygen_saturation", level), *([symptom(code)] if code else [])]
    assert outcome(on_last(BY["CO-2"], *STEADY, *today, profile=COPD)) == expected


def test_co_2_co_3_need_14_stable_days() -> None:
    few = [*usual("heart_rate", 80, 13), *usual("oxygen_saturation", 93, 13), *usual("respiratory_rate", 16, 13)]
    today = [*days("heart_rate", 95), *days("oxygen_saturation", 89), *days("respiratory_rate", 24)]
    assert [outcome(on_last(BY[rule], *few, *today, profile=COPD)) for rule in ("CO-2", "CO-3")] == ["not_evaluable"] * 2


@pytest.mark.parametrize(
    ("usually", "value", "level"),
    [(16, 18.2, 0), (16, 18.3, 1), (16, 20.3, 1), (16, 20.4, 2), (12, 15.6, 2), (12, 13.8, 1), (12, 13.7, 0), (20, 22.3, 1)],
)
def test_co_3_worked_examples(usually: float, value: float, level: int) -> None:
    steps = ((Decimal("2.3"), Decimal(15)), (Decimal("4.4"), Decimal(30)))
    assert copd.faster_breathing(Decimal(str(value)), Decimal(str(usually)), steps) == level


@pytest.mark.parametrize(
    ("values", "expected"),
    [((18,), "not_fired"), ((19,), INFO), ((20,), INFO), ((21,), AMBER), ((25,), AMBER), ((25, 25), RED), ((24, 25), AMBER)],
)
def test_co_3_a_day(values: tuple[int, ...], expected: object) -> None:
    today = [reading("respiratory_rate", value, morning(hour=f"07:{10 * place:02}")) for place, value in enumerate(values)]
    assert outcome(on_last(BY["CO-3"], *usual("respiratory_rate", 16), *today, profile=COPD)) == expected


def told(codes: str, back: int = 0) -> list[Reading]:
    return [symptom(code, morning(back)) for code in codes.split()]


@pytest.mark.parametrize(
    ("yesterday", "today", "expected"),
    [
        pytest.param("", "breathless_worse sputum_more", INFO, id="day 1 only"),
        pytest.param("breathless_worse sputum_more", "breathless_worse sputum_more", AMBER, id="again on day 2"),
        pytest.param("cough_worse wheeze_worse", "cough_worse wheeze_worse", "not_fired", id="no major"),
        pytest.param("breathless_worse cold_symptoms", "breathless_worse cold_symptoms", AMBER, id="type III on two days"),
        pytest.param("", "breathless_worse sputum_more sputum_colour_change", AMBER, id="type I at once"),
        pytest.param("", "breathless_worse", INFO, id="one major alone is seen"),
        pytest.param("breathless_worse", "breathless_worse fever", INFO, id="yesterday was no exacerbation"),
        pytest.param("breathless_worse fever", "feel_as_usual", "not_fired", id="over"),
    ],
)
def test_co_4_worked_examples(yesterday: str, today: str, expected: object) -> None:
    assert outcome(on_last(BY["CO-4"], *told(yesterday, 1), *told(today), profile=COPD)) == expected


def test_co_4_faster_breathing_or_pulse_is_a_minor() -> None:
    base = [*usual("heart_rate", 70), *usual("respiratory_rate", 15)]
    for today, expected in ((days("heart_rate", 84), "III"), (days("heart_rate", 83), None), (days("respiratory_rate", 18), "III")):
        found = on_last(BY["CO-4"], *base, *today, *told("breathless_worse"), profile=COPD)
        assert found is not None
        assert found.numbers.get("type") == expected


def test_co_4_with_very_low_oxygen_or_fast_breathing_is_red() -> None:
    said = told("breathless_worse sputum_more")
    assert outcome(on_last(BY["CO-4"], *said, spo2(88, "06:00"), spo2(88, "06:10"), profile=COPD)) == RED
    assert outcome(on_last(BY["CO-4"], *said, spo2(88, "06:00"), spo2(93, "06:10"), profile=COPD)) == INFO
    assert outcome(on_last(BY["CO-4"], *said, reading("respiratory_rate", 25, at("06:00")), profile=COPD)) == RED
    assert outcome(on_last(BY["CO-4"], *said, reading("respiratory_rate", 24, at("06:00")), profile=COPD)) == INFO


def test_co_4_without_an_answer_today_nothing_is_said() -> None:
    found = BY["CO-4"].judge(BY["CO-4"], view(profile=COPD), symptom("fever"))
    assert found is not None
    assert found.reason == "no answer on symptoms today"


@pytest.mark.parametrize(
    ("kind", "earlier", "now", "expected"),
    [("cat_total", 10, 11, "not_fired"), ("cat_total", 10, 12, INFO), ("cat_total", 10, 14, INFO), ("cat_total", 10, 15, AMBER),
     ("mmrc", 1, 1, "not_fired"), ("mmrc", 1, 2, INFO), ("mmrc", 1, 3, AMBER), ("mmrc", None, 3, "not_evaluable")],
)  # fmt: skip
def test_co_5_scores(kind: str, earlier: int | None, now: int, expected: object) -> None:
    before = days(kind, earlier, ends=30)
    assert outcome(judged(BY["CO-5"], reading(kind, now), *before, profile=COPD)) == expected


@pytest.mark.parametrize(
    ("puffs", "expected"),
    [((4, 4, 4, 4, 4, 8, 8), AMBER), ((4, 4, 4, 4, 4, 8, 7), "not_fired"), ((5, 5, 5, 5, 5, 9, 9), "not_fired"), ((0, 0, 0, 0, 0, 4, 4), AMBER),
     ((0, 0, 0, 0, 0, 3, 4), "not_fired"), ((4, 4, 4, 4, 8, 8), "not_evaluable"), ((4, 4, 4, 4, 4, None, 8), "not_evaluable"),
     ((2, 4, 4, 4, 4, 6, 8, 8), AMBER)],
)  # fmt: skip
def test_co_6_reliever(puffs: tuple[int | None, ...], expected: object) -> None:
    assert outcome(on_last(BY["CO-6"], *days("reliever_puffs", *puffs), profile=COPD)) == expected


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"dyspnoea_vas": 5, "respiratory_rate": 24, "heart_rate": 95}, "Moderate at least: 3 of 5"),
        ({"dyspnoea_vas": 4, "respiratory_rate": 24, "heart_rate": 95, "oxygen_saturation": 92, "crp": 9}, "Mild: 2 of 5"),
        ({"dyspnoea_vas": 4, "respiratory_rate": 24, "heart_rate": 95, "oxygen_saturation": 91}, "Moderate at least: 3 of 5"),
        ({"dyspnoea_vas": 4, "crp": 10, "heart_rate": 94}, ""),
    ],
)
def test_co_7_is_for_staff_and_calls_nobody(values: dict[str, int], said: str) -> None:
    ones = [reading(kind, value, morning(hour=f"07:0{place}")) for place, (kind, value) in enumerate(values.items())]
    found = on_last(BY["CO-7"], *ones, profile=COPD)
    assert found is not None
    assert found.severity is None
    assert found.sentence.startswith(said)
    assert found.sentence or found.reason == "missing: breathing rate, oxygen level"


def test_co_7_a_fall_of_more_than_three_counts() -> None:
    for today, signs in ((93, "1"), (92, "1"), (91, "1")):
        found = on_last(BY["CO-7"], *usual("oxygen_saturation", 97), spo2(today), reading("dyspnoea_vas", 0), reading("respiratory_rate", 12),
                        reading("heart_rate", 60), reading("crp", 1), profile=COPD)  # fmt: skip
        assert found is not None
        assert found.numbers["signs"] == signs
    same = on_last(BY["CO-7"], *usual("oxygen_saturation", 97), spo2(94), reading("dyspnoea_vas", 0), reading("respiratory_rate", 12),
                   reading("heart_rate", 60), reading("crp", 1), profile=COPD)  # fmt: skip
    assert same is not None
    assert same.numbers["signs"] == "0"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param((96, 96, 96, 96, 96, 93, 93), AMBER, id="96: 93,93 on two days"),
        pytest.param((93, 93, 93, 93, 93, 90, 91), "not_fired", id="93: 90 then 91"),
        pytest.param((93, 93, 93, 93, 93, 90, 90), AMBER, id="93: 90 then 90"),
        pytest.param((97, 92), INFO, id="97 yesterday, 92 today: ask for a repeat"),
        pytest.param((97, 93), "not_evaluable", id="a fall of 4 is not more than 4"),
        pytest.param((96, 96, 96, 96, 93, 93), "not_evaluable", id="four days are no habit"),
        pytest.param((96, 96, 96, 97, 97, 98, 93, 93), AMBER, id="an even number of days"),
        pytest.param((96, 96, 96, 96, 96, None, 93), "not_evaluable", id="nothing yesterday"),
    ],
)
def test_ox_2_worked_examples(values: tuple[int | None, ...], expected: object) -> None:
    assert outcome(on_last(BY["OX-2"], *days("oxygen_saturation", *values))) == expected


def test_ox_2_a_sudden_fall_seen_twice_is_amber() -> None:
    assert outcome(on_last(BY["OX-2"], *days("oxygen_saturation", 97, ends=1), spo2(92, "07:00"), spo2(92, "07:10"))) == AMBER


def cleared(rule: str, back: int, *ones: Reading, profile: Profile = COPD) -> bool | None:
    found = engine.cleared(view(*ones, profile=profile), rule, NOW - timedelta(days=back))
    assert found is not None
    return found.holds


def test_al_4_oxygen_is_over_within_one_point_of_normal_on_two_days() -> None:
    base = usual("oxygen_saturation", 96)
    assert [cleared("OX-2", 2, *base, *days("oxygen_saturation", *last)) for last in ((95, 95), (95, 94), (95,))] == [True, False, None]
    assert [cleared("CO-1", 2, *days("oxygen_saturation", *last)) for last in ((92, 92), (91, 92))] == [True, False]
    assert cleared("CO-4", 2, symptom("feel_as_usual", morning(1)), symptom("feel_as_usual")) is True

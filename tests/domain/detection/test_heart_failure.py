"""Heart failure: every HF rule with its worked examples and both sides of each boundary."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from domain.detection import engine
from domain.detection.heart_failure import crossings
from domain.detection.judgement import Confidence, Severity
from domain.readings.reading import Context, Reading
from tests.builders import ADULT, NOW, fact, judged, known, own, reading, symptom, view
from tests.domain.detection.stories import days, morning, on_last, outcome, usual

INFO, AMBER, RED = ((severity, False) for severity in (Severity.INFO, Severity.AMBER, Severity.RED))
BY = engine.BY_ID
NORMAL = usual("body_weight", 80)
ARMS = (Decimal(1), Decimal("0.5"))


def weights(*values: Any, **more: Any) -> list[Reading]:
    return days("body_weight", *values, **more)


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        pytest.param("HF-W2", (80, 81.36), "not_fired", id="1.36 kg is not more than 1.36 kg"),
        pytest.param("HF-W2", (80, 81.37), INFO, id="W2 information only"),
        pytest.param("HF-W2", (80, None, 82), "not_evaluable", id="no weight yesterday"),
        pytest.param("HF-W3", (80, None, None, None, None, None, None, 82.27), "not_fired", id="2.27 kg is not more"),
        pytest.param("HF-W3", (80, None, None, None, None, None, None, 82.28), AMBER, id="2.28 kg in seven days"),
        pytest.param("HF-W3", (80, None, None, None, None, None, None, None, 83), "not_evaluable", id="eight days are too many"),
        pytest.param("HF-W3", (80.0, 81.0, 81.5, None, 82.5), AMBER, id="W3 fires where W1 does not: 2.5 over 7 dates"),
    ],
)  # fmt: skip
def test_hf_w2_w3_gains(rule: str, values: tuple[float | None, ...], expected: object) -> None:
    assert outcome(on_last(BY[rule], *weights(*values))) == expected


def test_hf_w1_w2_no_weight_on_the_date_is_not_evaluable() -> None:
    found = BY["HF-W1"].judge(BY["HF-W1"], view(*weights(80, ends=3)), symptom("dizziness"))
    assert found is not None
    assert found.reason == "no weight today"


def test_hf_w_sentences_say_what_happened_in_words_and_numbers() -> None:
    found = on_last(BY["HF-W1"], *weights(80, 80.4, 82.5))
    assert found is not None
    assert found.sentence == "Weight up 2.5 kg in 2 days: 80 to 82.5 kg (limit 2)"
    assert (found.numbers["gain_kg"], found.numbers["days"], found.limits) == ("2.5", "2", {"gain_kg": "2"})
    assert len(found.evidence) == 2


@pytest.mark.parametrize(
    ("rises", "expected"),
    [(5, "not_fired"), (6, AMBER), (7, "not_fired")],
)
def test_hf_w4_fires_on_the_sixth_rising_day_and_once(rises: int, expected: object) -> None:
    values = [80.0] * 20 + [round(80 + 0.4 * day, 1) for day in range(1, rises + 1)]
    assert outcome(on_last(BY["HF-W4"], *weights(*values))) == expected


def test_hf_w4_a_spike_does_not_fire_and_it_arms_again_below_half() -> None:
    assert outcome(on_last(BY["HF-W4"], *weights(*[80.0] * 20, 82.5, 80.0))) == "not_fired"
    assert outcome(on_last(BY["HF-W4"], *weights(*[80.0] * 9))) == "not_evaluable"
    assert crossings([Decimal(80)] * 8 + [Decimal(84)] * 2, *ARMS) == [9]
    assert crossings([Decimal(80)] * 7 + [Decimal(84)] * 2, *ARMS) == []
    twice = crossings([Decimal(value) for value in [80] * 20 + [84] * 3 + [80] * 12 + [84] * 3], *ARMS)
    assert len(twice) == 2


@pytest.mark.parametrize(
    ("after", "codes", "expected"),
    [
        pytest.param((80.6, 80.9), (), INFO, id="BL-3 fires on day 2"),
        pytest.param((80.6,), (), "not_fired", id="and not on day 1"),
        pytest.param((80.6, 80.9), ("ankle_swelling_worse",), AMBER, id="with any symptom"),
        pytest.param((80.6, 80.9), ("fever",), INFO, id="fever is none of the heart"),
        pytest.param((82.0, 82.0, 82.0), (), AMBER, id="far above"),
        pytest.param((80.0, 80.1), (), "not_fired", id="as usual"),
    ],
)
def test_hf_w5_own_normal(after: tuple[float, ...], codes: tuple[str, ...], expected: object) -> None:
    example = days("body_weight", *["80.1", "79.8", "80.0", "80.3", "79.9", "80.2", "80.0", "79.7", "80.1", "80.4", "79.9", "80.0"], ends=10)
    said = [symptom(code, morning(1)) for code in codes]
    assert outcome(on_last(BY["HF-W5"], *example, *weights(*after), *said)) == expected


def test_hf_w5_w6_w7_learn_first() -> None:
    few = usual("body_weight", 80, 9)
    for rule in ("HF-W5", "HF-W6", "HF-W7"):
        assert outcome(on_last(BY[rule], *few, *weights(84, 84))) == "not_evaluable"


@pytest.mark.parametrize(
    ("after", "expected"),
    [((82.0, 82.0), AMBER), ((82.0, 81.99), "not_fired"), ((81.99, 82.0), "not_fired"), ((82.0, None, 82.0), AMBER),
     ((82.0,), "not_evaluable")],
)
def test_hf_w6_two_kilograms_above_the_month(after: tuple[float | None, ...], expected: object) -> None:
    assert outcome(on_last(BY["HF-W6"], *NORMAL, *weights(*after))) == expected


def bp(systolic: int, diastolic: int = 60, back: int = 0, hour: str = "07:30", **more: Any) -> Reading:
    return reading("blood_pressure", (systolic, diastolic), morning(back, hour), **more)


@pytest.mark.parametrize(
    ("today", "others", "expected"),
    [
        (78.0, [symptom("dizziness", morning(1))], AMBER), (78.01, [symptom("dizziness", morning(1))], "not_fired"),
        (78.0, [], "not_fired"), (78.0, [bp(99)], AMBER), (78.0, [bp(100)], "not_fired"),
        (78.0, [symptom("dizziness", morning(3))], "not_fired"),
    ],
)  # fmt: skip
def test_hf_w7_too_dry(today: float, others: list[Reading], expected: object) -> None:
    assert outcome(on_last(BY["HF-W7"], *NORMAL, *weights(today), *others)) == expected


def test_hf_w7_a_symptom_on_a_day_without_a_weight_looks_a_week_back() -> None:
    assert outcome(on_last(BY["HF-W7"], *NORMAL, *weights(77.5, ends=6), symptom("dizziness"))) == AMBER
    assert outcome(on_last(BY["HF-W7"], *NORMAL, symptom("dizziness"))) == "not_evaluable"


def test_dq_9_somebody_elses_weight_is_unconfirmed() -> None:
    found = on_last(BY["HF-W1"], *NORMAL, *weights(89.5, 92.5))
    assert found is not None
    assert (found.confidence, found.severity) == (Confidence.UNCONFIRMED, Severity.AMBER)
    mine = on_last(BY["HF-W1"], *NORMAL, *weights(89, 92))
    assert mine is not None
    assert mine.confidence is Confidence.NORMAL


def test_dq_4_the_day_after_a_step_both_are_believed() -> None:
    found = on_last(BY["HF-W3"], *weights(80, 84, 84.4))
    assert found is not None
    assert found.confidence is Confidence.NORMAL
    doubted = on_last(BY["HF-W5"], *NORMAL, *weights(80, 83.5))
    assert doubted is not None
    assert (doubted.confidence, doubted.sentence.endswith("please re-weigh")) == (Confidence.UNCONFIRMED, True)


@pytest.mark.parametrize(
    ("usual_class", "earlier", "now", "expected"),
    [("2", None, 3, AMBER), ("2", None, 2, "not_fired"), (None, 2, 3, AMBER), (None, 3, 3, "not_fired"), (None, None, 3, "not_evaluable")],
)
def test_hf_s1_one_nyha_class_more(usual_class: str | None, earlier: int | None, now: int, expected: object) -> None:
    profile = known(fact("nyha", usual_class)) if usual_class else ADULT
    before = [reading("nyha_class", earlier, morning(9))] if earlier else []
    assert outcome(on_last(BY["HF-S1"], *before, reading("nyha_class", now), profile=profile)) == expected


def test_hf_s1_more_breathless_is_left_to_the_lung_rules_for_people_with_lung_disease_alone() -> None:
    said = symptom("breathless_worse")
    assert outcome(on_last(BY["HF-S1"], said)) == AMBER
    assert outcome(on_last(BY["HF-S1"], said, profile=replace(ADULT, conditions=frozenset({"copd"})))) is None
    assert outcome(on_last(BY["HF-S1"], said, profile=replace(ADULT, conditions=frozenset({"copd", "heart_failure"})))) == AMBER


def test_hf_s1_any_weight_rule_counts_with_swelling() -> None:
    slow = [*NORMAL, *weights(82.0, 82.0)]
    assert outcome(on_last(BY["HF-S1"], *slow, symptom("belly_swelling_worse"))) == AMBER
    assert outcome(on_last(BY["HF-S1"], *weights(80, ends=2), symptom("ankle_swelling_worse"))) == "not_evaluable"


C1 = BY["HF-C1"]


def missed(*backs: int) -> list[Reading]:
    return [reading("missed_diuretic_doses", 1, morning(back)) for back in backs]


@pytest.mark.parametrize(
    ("ones", "expected"),
    [
        pytest.param([*weights(80, 80.2)], "not_fired", id="nothing"),
        pytest.param([*weights(80, 81.5)], INFO, id="W2 alone is one point"),
        pytest.param([symptom("ankle_swelling_worse")], INFO, id="swelling is one point"),
        pytest.param([symptom("ankle_swelling_worse"), symptom("more_tired")], AMBER, id="two points"),
        pytest.param([symptom("breathless_worse"), symptom("more_tired")], AMBER, id="three points"),
        pytest.param([symptom("breathless_worse"), symptom("waking_gasping")], RED, id="four points"),
        pytest.param([*weights(80, 82.5), symptom("breathless_worse", morning(1))], RED, id="weight and breath"),
        pytest.param([symptom("breathless_worse", morning(2)), symptom("dizziness")], AMBER, id="of the last three dates"),
        pytest.param([symptom("breathless_worse", morning(3)), symptom("dizziness")], "not_fired", id="and no older"),
        pytest.param([symptom("dizziness"), *missed(0, 6)], INFO, id="missed 2 in 7 days"),
        pytest.param([symptom("dizziness"), *missed(0, 7)], "not_fired", id="not in 8"),
        pytest.param([*usual("heart_rate", 70), *days("heart_rate", 80, 80, 80)], INFO, id="pulse up 10"),
        pytest.param([*usual("heart_rate", 70), *days("heart_rate", 79, 79, 85)], "not_fired", id="pulse up 9"),
        pytest.param([*usual("heart_rate", 70), *days("heart_rate", 79, 81)], INFO, id="the middle of two"),
        pytest.param([*NORMAL, *weights(82.0, 82.0)], AMBER, id="W6 is two points"),
        pytest.param(weights(*[80.0] * 20, *(round(80 + 0.4 * day, 1) for day in range(1, 7))), AMBER, id="W4 is two points"),
    ],
)  # fmt: skip
def test_hf_c1_points(ones: list[Reading], expected: object) -> None:
    assert outcome(on_last(C1, *ones)) == expected


def test_hf_c1_a_doubted_weight_caps_it_at_amber() -> None:
    found = on_last(C1, *weights(80, 84), symptom("breathless_at_rest"), symptom("waking_gasping"))
    assert found is not None
    assert (found.severity, found.confidence) == (Severity.AMBER, Confidence.UNCONFIRMED)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((110, 110), "not_fired"), ((111, 111), AMBER), ((100, 111), INFO), ((131, 131), RED), ((130, 131), AMBER),
        ((45, 45), "not_fired"), ((44, 44), AMBER), ((40, 40), RED), ((41, 40), AMBER), ((111, 44), INFO), ((None, 130), INFO),
        ((None, 140), AMBER),
    ],
)  # fmt: skip
def test_hf_h1_pulse(values: tuple[int | None, int], expected: object) -> None:
    ones = [reading("heart_rate", value, morning(hour=hour)) for value, hour in zip(values, ("07:00", "08:00"), strict=True) if value]
    assert outcome(judged(BY["HF-H1"], ones[-1], *ones[:-1])) == expected


def test_c_7_hf_h1_holds_a_pulse_against_the_persons_own_limit() -> None:
    mine = replace(ADULT, limits=own(HF_H1__fast="100"))
    fast = reading("heart_rate", 105)
    assert outcome(judged(BY["HF-H1"], fast)) == "not_fired"
    assert outcome(judged(BY["HF-H1"], fast, profile=mine)) == INFO


@pytest.mark.parametrize(
    ("value", "later", "minutes", "expected"),
    [(131, None, 29, 1), (131, None, 30, 2), (130, None, 60, 1), (40, None, 30, 2), (41, None, 60, 1), (131, 90, 60, 1), (131, 140, 60, 1)],
)
def test_hf_h1_a_pulse_far_out_that_is_not_taken_again_is_no_usual_pulse(
    value: int, later: int | None, minutes: int, expected: int
) -> None:
    first = reading("heart_rate", value, NOW)
    others = [reading("heart_rate", later, NOW + timedelta(minutes=10))] if later else []
    found = judged(BY["HF-H1"], first, *others, now=NOW + timedelta(minutes=minutes))
    assert found is not None
    assert found.severity == expected


@pytest.mark.parametrize(
    ("code", "points"),
    [("too_breathless_to_speak", "2"), ("breathlessness", "2"), ("breathless_worse", "2"), ("blue_lips", None)],
)
def test_hf_c1_every_word_for_breathlessness_counts(code: str, points: str | None) -> None:
    found = judged(BY["HF-C1"], symptom(code, morning()))
    assert found is not None
    assert found.numbers.get("points") == points


def test_hf_h1_a_run_is_no_resting_pulse() -> None:
    run = reading("heart_rate", 150, morning(), context=Context(activity="active"))
    assert outcome(on_last(BY["HF-H1"], run)) is None


W1 = BY["HF-W1"]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        pytest.param((82.6, 82.5, 82.6, 82.6, 82.6, 82.7), True, id="settled for two observed days"),
        pytest.param((82.6, 84.5), False, id="still gaining"),
        pytest.param((), None, id="nothing measured is not better (MD-4)"),
        pytest.param((None, None, None, None, 80), None, id="one day that cannot be said"),
    ],
)
def test_al_4_w_rules_are_over_below_one_kilogram_on_two_observed_days(since: tuple[float, ...], expected: bool | None) -> None:
    fired = weights(80, 82.5, ends=len(since))
    found = engine.cleared(view(*fired, *weights(*since)), "HF-W1", fired[-1].taken_at)
    assert found is not None
    assert found.holds is expected


def cleared(rule: str, fired_back: int, *ones: Reading) -> bool | None:
    found = engine.cleared(view(*ones), rule, NOW - timedelta(days=fired_back))
    assert found is not None
    return found.holds


def test_al_4_other_heart_failure_rules() -> None:
    assert cleared("HF-W5", 4, *NORMAL, *weights(82, 80, 80, 80)) is False
    assert cleared("HF-W5", 9, *usual("body_weight", 80, ends=18), *weights(82, 82, *[80] * 9)) is True
    assert cleared("HF-W5", 3, *weights(82, 80, 80, 80)) is None
    assert cleared("HF-W7", 3, *NORMAL, *weights(77, 79.5, 79.5)) is True
    assert cleared("HF-W7", 3, *weights(77, 79.5, 79.5)) is None
    usually = [symptom("feel_as_usual", morning(back)) for back in (1, 0)]
    assert cleared("HF-S1", 2, *usually) is True
    assert cleared("HF-S1", 2, usually[0]) is None
    assert cleared("HF-S1", 2, *usually, symptom("ankle_swelling_worse")) is False
    assert cleared("HF-C1", 2, symptom("dizziness", morning(1)), symptom("dizziness")) is None
    assert [cleared("HF-H1", 2, *days("heart_rate", *pulses)) for pulses in ((100, 50), (101, 60), (60,))] == [True, False, None]


def test_c_7_own_limits_of_the_signs() -> None:
    tight = replace(ADULT, limits=own(HF_C1__red="3"))
    assert outcome(on_last(C1, symptom("breathless_worse"), symptom("more_tired"), profile=tight)) == RED

"""HF-E1, CO-E1 and AS-E1: what fires, what does not, what is missing, what is over; and that they never say more than amber."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.detection import engine
from domain.detection.early import AS_E1, CO_E1, HF_E1, RULES
from domain.detection.judgement import Judgement, Severity, Verdict
from domain.detection.rule import Rule
from domain.people.facts import Fact
from domain.people.patient import Profile
from domain.readings.reading import Reading
from tests.builders import NOW, reading, view

PERSON = Profile(
    birth_on=date(1950, 3, 1), conditions=frozenset({"heart_failure", "copd", "asthma"}),
    facts=(Fact("best_peak_flow", "450", NOW - timedelta(days=900)),),
)  # fmt: skip
MORNING = NOW.replace(hour=7, minute=0)


def days(kind: str, values: Sequence[Any], last: int = 0) -> list[Reading]:
    """One reading a morning, the last of them so many days ago; None where nothing was measured."""
    first = len(values) - 1 + last
    return [
        reading(kind, value, MORNING - timedelta(days=first - place))
        for place, value in enumerate(values) if value is not None
    ]  # fmt: skip


def usual(middle: float, step: float, count: int = 36) -> list[float]:
    return [middle + step * ((place * 7) % 5 - 2) for place in range(count)]


def judge(rule: Rule, anchor: Reading, *others: Reading) -> Judgement:
    found = rule.judge(rule, view(anchor, *others, profile=PERSON), anchor)
    assert found is not None
    return found


WEIGHTS = usual(80, 0.1)
PULSES = usual(70, 1)


def hearts(weights: Sequence[Any], pulses: Sequence[Any], *more: Reading) -> Judgement:
    held = [*days("body_weight", [*WEIGHTS, *weights]), *days("heart_rate", [*PULSES, *pulses]), *more]
    anchor = max((one for one in held if one.kind != 501), key=lambda one: (one.taken_at, one.kind))
    return judge(HF_E1, anchor, *(one for one in held if one is not anchor))


def test_hf_e1_a_weight_that_climbs_fires_and_says_by_how_much() -> None:
    found = hearts([80.4, 80.8, 81.2, 81.6, 82.0, 82.2], [70] * 6)
    assert (found.verdict, found.severity, found.advice) == (Verdict.FIRED, Severity.AMBER, "ADV-HF")
    assert found.sentence == "Several signs together: weight 2.2 kg above the usual 80; pulse as usual"
    assert found.limits == {"score": "2.5"}


def test_hf_e1_one_heavy_morning_alone_does_not() -> None:
    assert hearts([80, 80, 80, 80, 80, 82.5], [70] * 6).verdict is Verdict.NOT_FIRED


def test_hf_e1_little_of_each_is_enough_together_and_not_alone() -> None:
    said = reading("symptom", "breathless_on_effort_worse", MORNING - timedelta(days=1))
    weights, pulses = [80.3, 80.5, 80.7, 80.9], [72, 74, 76, 77]
    assert hearts(weights, [70] * 4).verdict is Verdict.NOT_FIRED
    assert hearts([80] * 4, [70] * 4, said).verdict is Verdict.NOT_FIRED
    found = hearts(weights, pulses, said)
    assert found.verdict is Verdict.FIRED
    assert "reports more breathless on effort than usual (1 day)" in found.sentence


def test_hf_e1_below_usual_is_said_as_such_and_usual_days_are_quiet() -> None:
    said = [reading("symptom", "waking_gasping", MORNING - timedelta(days=back)) for back in (0, 1)]
    found = hearts([79.8], [70], *said)
    assert found.verdict is Verdict.FIRED
    assert "weight 0.2 kg below the usual 80" in found.sentence
    assert "(2 days)" in found.sentence
    assert hearts([80.1], [71]).verdict is Verdict.NOT_FIRED


def test_hf_e1_learning_says_what_is_missing_but_a_complaint_counts_all_the_same() -> None:
    few = days("body_weight", [80, 80.1, 83])
    assert judge(HF_E1, few[-1], *few[:-1]).verdict is Verdict.NOT_EVALUABLE
    said = [reading("symptom", "breathless_at_rest", MORNING - timedelta(days=back)) for back in (0, 1, 2)]
    assert judge(HF_E1, few[-1], *few[:-1], *said).verdict is Verdict.FIRED


def test_hf_e1_values_that_nobody_confirmed_stay_unconfirmed() -> None:
    held = days("body_weight", [*WEIGHTS, 80.4, 80.8, 81.2, 81.6, 82.0, 82.2])
    last = replace(held[-1], marks=("soft_range",))
    found = judge(HF_E1, last, *held[:-1])
    assert (found.verdict, found.confidence) == (Verdict.FIRED, "unconfirmed")


def chests(codes: Sequence[Sequence[str]], oxygen: float = 93, pulse: float = 76) -> Judgement:
    """Symptoms of the last days, oldest first, with oxygen and pulse of those days."""
    body = [
        *days("oxygen_saturation", [*([93, 94, 92, 93] * 9), *([oxygen] * len(codes))]),
        *days("heart_rate", [*([76, 78, 74, 76] * 9), *([pulse] * len(codes))]),
        *days("respiratory_rate", [*([16, 17, 15, 16] * 9), *([16] * len(codes))]),
    ]
    said = [
        reading("symptom", code, MORNING - timedelta(days=len(codes) - 1 - place, seconds=-number))
        for place, told in enumerate(codes) for number, code in enumerate(told)
    ]  # fmt: skip
    return judge(CO_E1, said[-1], *said[:-1], *body)


USUAL, BAD = ("feel_as_usual",), ("breathlessness", "sputum_more")


def test_co_e1_one_bad_day_is_not_yet_an_exacerbation_and_two_with_a_body_that_agrees_are() -> None:
    assert chests([USUAL, BAD]).verdict is Verdict.NOT_FIRED
    found = chests([BAD, BAD], 90, 88)
    assert (found.verdict, found.severity, found.advice) == (Verdict.FIRED, Severity.AMBER, "ADV-COPD")
    assert "breathlessness (2 days)" in found.sentence
    assert "oxygen 3 points below the usual 93" in found.sentence


def test_co_e1_nothing_today_or_yesterday_is_quiet_whatever_was_before() -> None:
    assert chests([BAD, BAD, BAD, USUAL, USUAL], 88, 95).verdict is Verdict.NOT_FIRED
    assert chests([USUAL]).verdict is Verdict.NOT_FIRED


def test_co_e1_without_an_answer_nothing_can_be_said() -> None:
    held = days("oxygen_saturation", [93, 92])
    assert judge(CO_E1, held[-1], *held[:-1]).verdict is Verdict.NOT_EVALUABLE


def lungs(peaks: Sequence[Any], felt: Sequence[Any], puffs: Sequence[Any]) -> Judgement:
    held = [
        *days("peak_flow", [*([420, 430, 425, 415] * 9), *peaks]), *days("day_symptom_score", [*([1, 0, 1, 1] * 9), *felt]),
        *days("reliever_puffs", [*([1, 0, 1, 0] * 9), *puffs]),
    ]  # fmt: skip
    anchor = max((one for one in held if one.kind == 301), key=lambda one: one.taken_at)
    return judge(AS_E1, anchor, *(one for one in held if one is not anchor))


def test_as_e1_falling_peak_flow_with_complaints_fires_long_before_the_zone_does() -> None:
    found = lungs([405, 390, 375], [2, 3, 4], [2, 3, 4])
    assert (found.verdict, found.severity, found.advice) == (Verdict.FIRED, Severity.AMBER, "ADV-ASTHMA")
    assert "L/min below the usual" in found.sentence
    assert "blue inhaler" in found.sentence


def test_as_e1_usual_days_are_quiet_and_learning_is_said() -> None:
    assert lungs([425, 420], [1, 1], [1, 0]).verdict is Verdict.NOT_FIRED
    few = days("peak_flow", [420, 300])
    assert judge(AS_E1, few[-1], *few[:-1]).verdict is Verdict.NOT_EVALUABLE


@pytest.mark.parametrize(
    ("since", "holds"),
    [
        pytest.param([80, 80.1, 79.9], True, id="three usual days end it"),
        pytest.param([80, 80.1], None, id="two are too few"),
        pytest.param([82.4, 82.5, 82.6], False, id="still up is not over"),
    ],
)
def test_hf_e1_is_over_after_three_measured_days_under_half_the_limit(since: Sequence[float], holds: bool | None) -> None:
    held = days("body_weight", [*WEIGHTS, 81.5, 82.0, 82.2, *since])
    fired_at = MORNING - timedelta(days=len(since))
    assert HF_E1.clears is not None
    assert HF_E1.clears(HF_E1, view(*held, profile=PERSON), fired_at).holds is holds


def test_days_of_which_nothing_can_be_said_leave_it_open() -> None:
    held = days("body_weight", [82.0, 80, 80, 80])
    assert HF_E1.clears is not None
    assert HF_E1.clears(HF_E1, view(*held, profile=PERSON), MORNING - timedelta(days=3)).holds is None


def test_early_rules_are_in_the_engine_and_never_more_than_amber_nor_floor() -> None:
    assert {rule.id for rule in RULES} == {"HF-E1", "CO-E1", "AS-E1"}
    assert all(engine.BY_ID[rule.id] is rule and rule.cap is Severity.AMBER and not rule.floor for rule in RULES)

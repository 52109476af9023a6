"""Asthma: AS-2 to AS-7 with their worked examples and boundaries (AS-1 stands with the other zones)."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.detection import engine
from domain.detection.judgement import Severity
from domain.readings.reading import Reading
from tests.builders import ADULT, NOW, judged, reading, symptom, view
from tests.domain.detection.stories import days, morning, on_last, outcome, usual

INFO, AMBER, RED = ((severity, False) for severity in (Severity.INFO, Severity.AMBER, Severity.RED))
BY = engine.BY_ID
ASTHMA = replace(ADULT, conditions=frozenset({"asthma"}))
FLOWS, SCORES = usual("peak_flow", 400), usual("day_symptom_score", 2)


def judge(rule: str, *ones: Reading, **more: Any) -> object:
    return outcome(on_last(BY[rule], *ones, profile=ASTHMA, **more))


@pytest.mark.parametrize(
    ("flows", "scores", "expected"),
    [
        pytest.param((320, 320), (), AMBER, id="80 % on two mornings"),
        pytest.param((320, 321), (), "not_fired", id="over 80 %"),
        pytest.param((320, 400), (2, 3), AMBER, id="the two days meet different arms"),
        pytest.param((), (3, 3), AMBER, id="symptoms alone"),
        pytest.param((), (2, 3), "not_fired", id="one day of symptoms"),
        pytest.param((320,), (), "not_fired", id="one day only"),
    ],
)
def test_as_2_early_composite(flows: tuple[int, ...], scores: tuple[int, ...], expected: object) -> None:
    assert judge("AS-2", *FLOWS, *SCORES, *days("peak_flow", *flows), *days("day_symptom_score", *scores)) == expected


def test_as_2_morning_counts_and_no_symptoms_have_a_floor() -> None:
    evening = days("peak_flow", 300, 300, hour="18:00")
    assert judge("AS-2", *FLOWS, *evening) == "not_fired"
    none = usual("day_symptom_score", 0)
    assert judge("AS-2", *none, *days("day_symptom_score", 1, 1)) == AMBER
    assert judge("AS-2", *none, *days("day_symptom_score", 0, 1)) == "not_fired"
    assert judge("AS-2", *usual("peak_flow", 400, 9), *days("peak_flow", 200, 200)) == "not_evaluable"


@pytest.mark.parametrize(
    ("flows", "scores", "expected"),
    [
        pytest.param((314,), (4,), AMBER, id="under 70 % of 450 and above mean and SD"),
        pytest.param((315,), (4,), "not_fired", id="exactly 70 %"),
        pytest.param((314,), (3,), "not_fired", id="symptoms not above mean and SD"),
        pytest.param((314, None, None, None, None, None, None), (4,), AMBER, id="within the same 7 days"),
        pytest.param((314, None, None, None, None, None, None, None), (4,), "not_fired", id="8 days apart"),
    ],
)
def test_as_3_peak_flow_and_symptoms(flows: tuple[int | None, ...], scores: tuple[int, ...], expected: object) -> None:
    base = usual("day_symptom_score", 2, spread=1)
    assert judge("AS-3", *base, *days("peak_flow", *flows), *days("day_symptom_score", *scores)) == expected


def test_as_3_needs_a_best_and_a_habit() -> None:
    now = [*days("peak_flow", 200), *days("day_symptom_score", 5)]
    assert judge("AS-3", *now) == "not_evaluable"
    nobody = replace(ASTHMA, facts=())
    found = on_last(BY["AS-3"], *SCORES, *now, profile=nobody)
    assert found is not None
    assert found.reason == "no personal best on record"


@pytest.mark.parametrize(
    ("after", "expected"),
    [((369,), INFO), ((370,), "not_fired"), ((369, 369), AMBER), ((369, 400, 369), AMBER), ((369, 400, 400, 369), INFO),
     ((369, 400), "not_fired")],
)
def test_as_4_control_chart(after: tuple[int, ...], expected: object) -> None:
    # Ten up and ten down: the SD is 10.26, three of them 30.8 below 400.
    base = usual("peak_flow", 400, spread=10)
    assert judge("AS-4", *base, *days("peak_flow", *after)) == expected
    assert judge("AS-4", *usual("peak_flow", 400, 13, spread=10), *days("peak_flow", *after)) == "not_evaluable"


@pytest.mark.parametrize(("evening", "dates", "expected"), [(320, 7, INFO), (328, 7, "not_fired"), (320, 6, "not_evaluable")])
def test_as_5_swing(evening: int, dates: int, expected: object) -> None:
    ones = [*days("peak_flow", *[400] * dates), *days("peak_flow", *[evening] * dates, hour="18:00")]
    found = on_last(BY["AS-5"], *ones, profile=ASTHMA, now=NOW + timedelta(hours=12))
    assert outcome(found) == expected
    if expected == INFO:
        assert found is not None
        assert found.numbers["percent"] == "22.222222"


@pytest.mark.parametrize(
    ("kind", "earlier", "now", "expected"),
    [
        ("act_total", None, 20, "not_fired"), ("act_total", None, 19, INFO), ("act_total", None, 16, INFO), ("act_total", None, 15, AMBER),
        ("act_total", 24, 21, INFO), ("act_total", 23, 21, "not_fired"), ("acq_score", None, "0.75", "not_fired"),
        ("acq_score", None, "0.76", INFO), ("acq_score", None, "1.49", INFO), ("acq_score", None, "1.5", AMBER),
        ("acq_score", "0.2", "0.7", INFO), ("acq_score", "0.3", "0.7", "not_fired"),
    ],
)  # fmt: skip
def test_as_6_control(kind: str, earlier: Any, now: Any, expected: object) -> None:
    assert outcome(judged(BY["AS-6"], reading(kind, now), *days(kind, earlier, ends=30), profile=ASTHMA)) == expected


def test_as_7_reliever() -> None:
    assert outcome(judged(BY["AS-7"], symptom("reliever_needed_again"))) == RED
    assert outcome(judged(BY["AS-7"], symptom("reliever_no_relief"))) == (Severity.RED, True)
    assert judged(BY["AS-7"], symptom("fever")) is None
    assert judge("AS-7", *days("reliever_puffs", 2, 0, 2, 0, 2)) == INFO
    assert judge("AS-7", *days("reliever_puffs", 2, 2)) == "not_fired"
    assert judge("AS-7", *days("reliever_puffs", 2, None, None, None, None, None, None, 2, 2)) == "not_fired"
    assert judged(BY["AS-7"], reading("reliever_puffs", 2)) is None


def test_al_4_peak_flow_is_over_at_80_percent_of_best_on_two_days() -> None:
    def cleared(*flows: int, profile: Any = ASTHMA) -> bool | None:
        found = engine.cleared(view(*days("peak_flow", *flows), profile=profile), "AS-1", morning(2))
        assert found is not None
        return found.holds

    assert (cleared(360, 360), cleared(360, 359), cleared(360)) == (True, False, None)
    assert cleared(360, 360, profile=replace(ASTHMA, facts=())) is None


def test_dq_11_a_typed_red_goes_out_at_once_as_unconfirmed() -> None:
    def judged_by_engine(one: Reading, rule: str = "AS-1") -> str:
        seen = view(one, profile=ASTHMA)
        (found,) = (found for found in engine.judge(seen, engine.affected(seen, [one])) if found.rule == rule)
        return f"{found.severity} {found.confidence}"

    typed = reading("peak_flow", 200, manual=True)
    assert judged_by_engine(typed) == "3 unconfirmed"
    assert judged_by_engine(replace(typed, marks=("confirmed",))) == "3 normal"
    # What people say of themselves is not a measurement to be doubted.
    assert judged_by_engine(reading("seizure_duration", 400, manual=True), "EP-1") == "3 normal"
    assert judged_by_engine(reading("phq9_item9", 2, manual=True), "MH-2") == "3 normal"
    assert judged_by_engine(reading("peak_flow", 200)) == "3 normal"

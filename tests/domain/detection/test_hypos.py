"""DM-3 and DM-4: lows that needed help, and lows that come again."""

from datetime import date, timedelta

import pytest

from domain.detection.hypos import Low, events, runs
from domain.people.patient import Profile
from domain.readings.reading import Reading
from tests.builders import NOW, at, judged, known, own, reading, symptom
from tests.domain.detection.outcomes import AMBER, BY, EMERGENCY, QUIET, RED, UNKNOWN, outcome, said

LATER = NOW + timedelta(hours=12)
T1 = known(conditions="diabetes_type_1")
CHILD = Profile(birth_on=date(2015, 1, 1), conditions=frozenset({"diabetes_type_1"}))


def finger(value: object, when: str, **more: object) -> Reading:
    return reading("glucose_capillary", value, at(when), **more)


def sensor(value: object, when: str, minutes: int = 0) -> Reading:
    return reading("glucose_cgm", value, at(when) + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("code", "expected"), [("hypo_helped", RED), ("hypo_unconscious", EMERGENCY), ("feel_worse", None), ("dizziness", None)]
)
def test_dm_3_severe_at_any_glucose_and_age(code: str, expected: object) -> None:
    assert outcome(judged(BY["DM-3"], symptom(code), profile=T1)) == expected
    assert outcome(judged(BY["DM-3"], symptom(code), finger(12, "08:59"), profile=CHILD)) == expected


@pytest.mark.parametrize(
    ("earlier", "now", "expected"),
    [
        pytest.param([("2.9", "-3d 08:00")], "2.8", AMBER, id="two of level 2"),
        pytest.param([("3.0", "-3d 08:00")], "2.8", QUIET, id="3.0 is level 1"),
        pytest.param([("3.5", "-3d 08:00")], "3.8", QUIET, id="two of level 1"),
        pytest.param([("3.5", "-3d 08:00"), ("3.8", "-1d 08:00")], "3.8", AMBER, id="three of any level"),
        pytest.param([("3.5", "-3d 08:00"), ("3.9", "-1d 08:00")], "3.8", QUIET, id="3.9 is no hypo"),
        pytest.param([("2.9", "-7d 00:30")], "2.8", AMBER, id="the seventh date before still counts"),
        pytest.param([("2.9", "-8d 08:00")], "2.8", QUIET, id="the eighth does not"),
        pytest.param([("2.9", "08:01")], "2.8", QUIET, id="59 minutes apart is one hypo"),
        pytest.param([("2.9", "08:00")], "2.8", AMBER, id="60 minutes apart are two"),
        pytest.param([], "4.2", None, id="no low, no question"),
    ],
)
def test_dm_4_recurrent(earlier: list[tuple[str, str]], now: str, expected: object) -> None:
    others = [finger(*one) for one in earlier]
    assert outcome(judged(BY["DM-4"], finger(now, "09:00"), *others, profile=T1)) == expected


def test_dm_4_says_how_many_and_can_be_relaxed_by_a_plan() -> None:
    ones = [finger("2.9", "-3d 08:00"), finger("3.5", "-2d 08:00")]
    assert said(judged(BY["DM-4"], finger("2.8", "09:00"), *ones, profile=T1)) == (
        "3 low sugars in the last 7 days, 2 of them very low; now 2.8 mmol/L"
    )
    relaxed = Profile(birth_on=date(1980, 1, 1), limits=own(DM_4__events="5", DM_4__very_low_events="3"))
    assert outcome(judged(BY["DM-4"], finger("2.8", "09:00"), *ones, profile=relaxed)) == QUIET
    assert outcome(judged(BY["DM-4"], finger("2.8", "09:00"), *ones, profile=CHILD)) == UNKNOWN


def test_dm_4_compares_in_the_unit_of_the_meter() -> None:
    ones = [finger(53, "-3d 08:00", unit="mg/dL")]
    assert outcome(judged(BY["DM-4"], finger(53, "09:00", unit="mg/dL"), *ones, profile=T1)) == AMBER
    assert outcome(judged(BY["DM-4"], finger(54, "09:00", unit="mg/dL"), *ones, profile=T1)) == QUIET


def test_dm_4_a_sensors_low_counts_from_15_minutes_on_and_is_said_once() -> None:
    before = [finger("2.9", "-3d 08:00")]
    low = [sensor("2.8", "08:00", minutes) for minutes in (0, 5, 10, 15, 20)]
    found = [outcome(judged(BY["DM-4"], one, *before, *(other for other in low[:place]), profile=T1)) for place, one in enumerate(low)]
    assert found == [QUIET, QUIET, QUIET, AMBER, QUIET]


def test_dm_11_a_run_needs_15_minutes_and_level_2_its_own() -> None:
    def low(minutes: int, is_very_low: bool = False) -> Low:  # noqa: FBT002
        return Low(NOW + timedelta(minutes=minutes), is_very_low)

    assert runs([]) == []
    assert runs([low(0), low(5), low(10)]) == []
    assert [one.is_very_low for one in runs([low(0), low(5), low(10), low(15)])] == [False]
    assert [one.is_very_low for one in runs([low(0), low(5, True), low(10, True), low(15)])] == [False]
    assert [one.is_very_low for one in runs([low(0, True), low(15, True)])] == [True]
    # More than 15 minutes without a low between two lows: the first one ended.
    assert runs([low(0), low(10), low(26), low(30)]) == []
    assert len(events([], [low(0), low(15), low(74), low(90)])) == 1
    assert len(events([], [low(0), low(15), low(75), low(90)])) == 2

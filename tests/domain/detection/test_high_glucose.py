"""DM-5 and DM-6: high glucose, ketone tests, and glucose that stays high."""

from datetime import date, timedelta

import pytest

from domain.detection.judgement import Confidence
from domain.people.patient import Profile
from domain.readings.reading import Reading
from tests.builders import NOW, at, fact, judged, known, own, reading
from tests.domain.detection.outcomes import AMBER, BY, INFO, QUIET, RED, UNKNOWN, outcome, said

LATER = NOW + timedelta(hours=12)
T1 = known(conditions="diabetes_type_1")
CHILD = Profile(birth_on=date(2015, 1, 1), conditions=frozenset({"diabetes_type_1"}))


def finger(value: object, when: str, unit: str = "mmol/L", **more: object) -> Reading:
    return reading("glucose_capillary", value, at(when), unit=unit, **more)


def sensor(value: object, when: str, minutes: int = 0, **more: object) -> Reading:
    return reading("glucose_cgm", value, at(when) + timedelta(minutes=minutes), **more)


def ketones(value: object, when: str) -> Reading:
    return reading("ketones_blood", value, at(when))


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [("14.0", "mmol/L", QUIET), ("14.1", "mmol/L", INFO), ("250", "mg/dL", QUIET), ("251", "mg/dL", INFO)],
)
def test_dm_5_above_14_asks_for_ketones(value: str, unit: str, expected: object) -> None:
    found = judged(BY["DM-5"], finger(value, "08:00", unit), profile=T1)
    assert outcome(found) == expected
    if expected is INFO:
        assert found is not None
        assert found.due_at == at("10:00")


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (T1, INFO),
        (known(fact("medicine", "insulin_pump"), conditions="diabetes_type_2"), INFO),
        (known(fact("pregnant"), conditions="diabetes_type_2"), INFO),
        (CHILD, INFO),
        (known(conditions="diabetes_type_2"), None),
        (known(conditions="copd"), None),
        (known(conditions="diabetes"), UNKNOWN),
    ],
)
def test_dm_5_is_for_type_1_a_pump_or_pregnancy(profile: Profile, expected: object) -> None:
    found = judged(BY["DM-5"], finger(16, "08:30"), profile=profile)
    assert outcome(found) == expected
    if expected == UNKNOWN:
        assert said(found) == "missing: type of diabetes"


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param([], AMBER, id="no ketones and nothing else known: still high"),
        pytest.param([finger("14.1", "09:59")], AMBER, id="still above"),
        pytest.param([finger("14.0", "10:00")], INFO, id="no longer above"),
        pytest.param([finger("9.0", "10:01")], AMBER, id="too late to be known at two hours"),
        pytest.param([ketones("0.3", "10:00")], INFO, id="tested at two hours"),
        pytest.param([ketones("0.3", "10:01")], AMBER, id="tested after two hours"),
        pytest.param([ketones("0.3", "07:45")], INFO, id="tested with it"),
        pytest.param([ketones("0.3", "07:44")], AMBER, id="tested before it"),
    ],
)
def test_dm_5_no_ketones_in_two_hours_is_amber_while_still_high(others: list[Reading], expected: object) -> None:
    assert outcome(judged(BY["DM-5"], finger("15", "08:00"), *others, profile=T1, now=LATER)) == expected


def test_dm_5_a_sensor_says_it_at_the_beginning_of_a_high_and_after_two_hours() -> None:
    ones = [sensor(15, "01:00", minutes) for minutes in range(0, 200, 5)]

    def found(*others: Reading, profile: Profile = T1) -> list[tuple[int, object]]:
        seen = [outcome(judged(BY["DM-5-SENSOR"], one, *ones[:place], *others, profile=profile)) for place, one in enumerate(ones)]
        return [(place, one) for place, one in enumerate(seen) if one != QUIET]

    assert found() == [(0, INFO), (24, AMBER)]
    assert found(ketones("0.2", "00:45")) == [(0, INFO)]
    assert found(ketones("0.2", "03:00")) == [(0, INFO)]
    assert found(ketones("0.2", "00:44")) == [(0, INFO), (24, AMBER)]
    assert found(ketones("0.2", "03:01")) == [(0, INFO), (24, AMBER)]
    assert said(judged(BY["DM-5-SENSOR"], ones[24], *ones[:24], profile=T1)) == "Glucose 15 mmol/L, high for 2 hours, and no ketone test"
    assert outcome(judged(BY["DM-5-SENSOR"], ones[0], profile=known(conditions="diabetes_type_2"))) is None
    assert outcome(judged(BY["DM-5-SENSOR"], ones[0], profile=known(conditions="diabetes"))) == UNKNOWN
    assert outcome(judged(BY["DM-5-SENSOR"], sensor(14, "08:00"), profile=T1)) == QUIET


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        pytest.param([("14", "03:00"), ("14", "09:00")], AMBER, id="six hours"),
        pytest.param([("14", "03:01"), ("14", "09:00")], QUIET, id="a minute short"),
        pytest.param([("13.9", "03:00"), ("14", "09:00")], QUIET, id="13.9 is not above"),
        pytest.param([("14", "02:00"), ("13.9", "06:00"), ("15", "09:00")], QUIET, id="one that is not high"),
        pytest.param([("14", "02:00"), ("18", "06:00"), ("15", "09:00")], AMBER, id="all of them high"),
        pytest.param([("9", "01:00"), ("14", "02:00"), ("15", "09:00")], AMBER, id="what came before does not matter"),
        pytest.param([("14", "-1d 21:00"), ("15", "09:00")], AMBER, id="twelve hours apart"),
        pytest.param([("14", "-1d 20:59"), ("15", "09:00")], QUIET, id="further apart says nothing of the time between"),
        pytest.param([("14", "09:00")], QUIET, id="a single one"),
    ],
)
def test_dm_6_above_13_9_for_six_hours(readings: list[tuple[str, str]], expected: object) -> None:
    *others, anchor = (finger(*one) for one in readings)
    assert outcome(judged(BY["DM-6"], anchor, *others, profile=T1)) == expected


def test_dm_6_a_sensor_says_it_once_when_the_hours_are_full() -> None:
    ones = [sensor(15, "01:00", minutes) for minutes in range(0, 400, 5)]
    found = [outcome(judged(BY["DM-6"], one, *ones[:place], profile=T1, now=LATER)) for place, one in enumerate(ones)]
    assert [place for place, one in enumerate(found) if one == AMBER] == [72]
    last = ones[72]
    assert said(judged(BY["DM-6"], last, *ones[:72], profile=T1)) == "Glucose above 13.9 mmol/L for 6 hours, now 15 mmol/L"


@pytest.mark.parametrize(
    ("value", "unit", "more", "expected"),
    [
        ("29.9", "mmol/L", {}, QUIET), ("30.0", "mmol/L", {}, RED), ("539", "mg/dL", {}, QUIET), ("540", "mg/dL", {}, RED),
        ("33.3", "mmol/L", {"comparator": ">"}, RED), ("20", "mmol/L", {"comparator": "<"}, QUIET),
    ],
)  # fmt: skip
def test_dm_6_30_or_hi_is_red_for_everybody(value: str, unit: str, more: dict[str, object], expected: object) -> None:
    for profile in (T1, known(fact("pregnant"))):
        assert outcome(judged(BY["DM-6"], finger(value, "08:00", unit, **more), profile=profile)) == expected
    young = outcome(judged(BY["DM-6"], finger(value, "08:00", unit, **more), profile=CHILD))
    assert young == (RED if expected is RED else QUIET if more else UNKNOWN)


def test_dm_6_hi_of_a_sensor_is_said_once_and_a_doubtful_value_stays_red() -> None:
    first, second = (sensor("22.2", when, comparator=">") for when in ("08:00", "08:05"))
    assert outcome(judged(BY["DM-6"], first, profile=T1)) == RED
    assert outcome(judged(BY["DM-6"], second, first, profile=T1)) == QUIET
    found = judged(BY["DM-6"], finger(40, "08:00"), profile=T1)
    assert found is not None
    assert (outcome(found), found.confidence) == (RED, Confidence.UNCONFIRMED)


def test_dm_6_a_plan_may_relax_what_stays_high_and_not_what_is_dangerous() -> None:
    slack = Profile(birth_on=date(1980, 1, 1), limits=own(DM_6__high="16", DM_6__danger="40"))
    assert outcome(judged(BY["DM-6"], finger("15", "09:00"), finger("15", "03:00"), profile=slack)) == QUIET
    assert outcome(judged(BY["DM-6"], finger("30", "09:00"), profile=slack)) == RED


def test_dm_5_a_plan_may_set_another_limit() -> None:
    own_limit = Profile(birth_on=date(1980, 1, 1), conditions=frozenset({"diabetes_type_1"}), limits=own(DM_5__high="18"))
    assert outcome(judged(BY["DM-5"], finger("17", "08:00"), profile=own_limit)) == QUIET

"""DM-8, DM-9 and CK-5: days of illness with an SGLT2 inhibitor, with insulin, and with tablets that harm dry kidneys."""

from datetime import date, timedelta

import pytest

from domain.people.patient import Profile
from domain.readings.reading import Reading
from tests.builders import NOW, at, fact, judged, known, reading, symptom
from tests.domain.detection.outcomes import AMBER, BY, INFO, QUIET, RED, UNKNOWN, outcome

LATER = NOW + timedelta(hours=26)
SGLT2 = known(fact("medicine", "sglt2i"), conditions="diabetes_type_2")
INSULIN = known(fact("medicine", "insulin"), conditions="diabetes_type_2")
T1 = known(conditions="diabetes_type_1")
CHILD = Profile(birth_on=date(2015, 1, 1), conditions=frozenset({"diabetes_type_1"}))


def told(code: str, when: str) -> Reading:
    return symptom(code, at(when))


def glucose(when: str, value: object = 8, kind: str = "glucose_capillary") -> Reading:
    return reading(kind, value, at(when))


@pytest.mark.parametrize(
    ("code", "expected"), [("vomiting", AMBER), ("not_eating", AMBER), ("fever", AMBER), ("ill_today", AMBER), ("dizziness", None)]
)
def test_dm_8_unwell_on_an_sglt2_inhibitor_whatever_the_glucose(code: str, expected: object) -> None:
    assert outcome(judged(BY["DM-8"], told(code, "08:00"), glucose("08:00", 6), profile=SGLT2)) == expected
    assert judged(BY["DM-8"], told(code, "08:00"), profile=INSULIN) is None


@pytest.mark.parametrize(("value", "expected"), [("0.5", QUIET), ("0.6", AMBER), ("1.5", AMBER), ("1.6", RED), ("3.0", RED)])
def test_dm_8_ketones_on_an_sglt2_inhibitor(value: str, expected: object) -> None:
    found = judged(BY["DM-8"], reading("ketones_blood", value), glucose("09:00", 6), profile=SGLT2)
    assert outcome(found) == expected
    assert found is not None
    assert (found.advice == "ADV-SICK") is (expected is AMBER)
    assert judged(BY["DM-8"], reading("ketones_blood", value), profile=T1) is None


def test_dm_8_a_meters_low_and_a_tablet_that_was_stopped() -> None:
    assert outcome(judged(BY["DM-8"], reading("ketones_blood", "0.6", comparator="<"), profile=SGLT2)) == QUIET
    stopped = known(fact("medicine", "sglt2i", until=at("-1d 00:00")))
    assert judged(BY["DM-8"], told("vomiting", "08:00"), profile=stopped) is None
    child = known(fact("medicine", "sglt2i"), base=CHILD)
    assert outcome(judged(BY["DM-8"], told("vomiting", "08:00"), profile=child)) == UNKNOWN


@pytest.mark.parametrize("profile", [T1, INSULIN, known(fact("medicine", "insulin_pump"), conditions="diabetes_type_2")])
def test_dm_9_a_sick_day_of_somebody_on_insulin(profile: Profile) -> None:
    found = judged(BY["DM-9"], told("ill_today", "08:00"), profile=profile)
    assert found is not None
    assert (outcome(found), found.due_at) == (INFO, at("14:00"))


@pytest.mark.parametrize(
    ("others", "now", "expected"),
    [
        pytest.param([], "13:59", INFO, id="not yet six hours"),
        pytest.param([], "14:00", AMBER, id="six hours without glucose"),
        pytest.param([glucose("10:00")], "15:59", INFO, id="five hours and 59 minutes since the last"),
        pytest.param([glucose("10:00")], "16:00", AMBER, id="six since the last"),
        pytest.param([glucose("14:00")], "19:00", INFO, id="exactly at six hours"),
        pytest.param([glucose("14:01")], "19:00", AMBER, id="a gap of more than six hours stays one"),
        pytest.param([glucose("10:00", kind="glucose_cgm")], "15:59", INFO, id="a sensor counts"),
        pytest.param([told("feel_as_usual", "13:00")], "19:00", INFO, id="well again before the six hours"),
        pytest.param([told("feel_as_usual", "14:30")], "19:00", AMBER, id="well again after them"),
    ],
)
def test_dm_9_no_glucose_for_six_hours_is_amber(others: list[Reading], now: str, expected: object) -> None:
    assert outcome(judged(BY["DM-9"], told("ill_today", "08:00"), *others, profile=T1, now=at(now))) == expected


def test_dm_9_a_day_of_illness_ends_after_24_hours() -> None:
    often = [glucose("08:00")] + [reading("glucose_capillary", 8, at("08:00") + timedelta(hours=5 * step)) for step in range(1, 5)]
    found = judged(BY["DM-9"], told("ill_today", "08:00"), *often, profile=T1, now=LATER + timedelta(days=1))
    assert found is not None
    assert (outcome(found), found.due_at) == (INFO, None)


@pytest.mark.parametrize(
    ("profile", "expected"), [(T1, RED), (INSULIN, RED), (CHILD, RED), (known(conditions="diabetes_type_2"), AMBER), (SGLT2, AMBER)]
)
def test_dm_9_no_fluids_for_four_hours_is_red_on_insulin(profile: Profile, expected: object) -> None:
    assert outcome(judged(BY["DM-9"], told("cannot_keep_fluids", "08:00"), profile=profile)) == expected


def test_dm_9_who_and_what_it_is_not_for() -> None:
    assert judged(BY["DM-9"], told("ill_today", "08:00"), profile=known(conditions="copd")) is None
    assert judged(BY["DM-9"], told("vomiting", "08:00"), profile=T1) is None
    assert outcome(judged(BY["DM-9"], told("ill_today", "08:00"), profile=CHILD)) == UNKNOWN


TABLETS = known(fact("medicine", "acei"), fact("medicine", "metformin"), conditions="heart_failure")


@pytest.mark.parametrize(
    ("others", "code", "expected"),
    [
        pytest.param([], "sick_24_hours", AMBER, id="said to have lasted 24 hours"),
        pytest.param([], "vomiting", QUIET, id="a first report"),
        pytest.param([("vomiting", "-1d 08:00")], "diarrhoea", AMBER, id="24 hours apart"),
        pytest.param([("vomiting", "-1d 08:01")], "diarrhoea", QUIET, id="a minute short"),
        pytest.param([("vomiting", "-2d 20:00"), ("diarrhoea", "-1d 20:00")], "vomiting", AMBER, id="linked reports"),
        pytest.param([("vomiting", "-2d 19:59")], "vomiting", QUIET, id="more than 36 hours between: another illness"),
        pytest.param([("vomiting", "-1d 08:00"), ("feel_as_usual", "-1d 20:00")], "vomiting", QUIET, id="well between"),
        pytest.param([], "fever", None, id="not an illness that dries out"),
    ],
)
def test_ck_5_vomiting_for_24_hours_with_tablets(others: list[tuple[str, str]], code: str, expected: object) -> None:
    found = judged(BY["CK-5"], told(code, "08:00"), *(told(*one) for one in others), profile=TABLETS)
    assert outcome(found) == expected
    if expected is AMBER:
        assert found is not None
        assert found.numbers["medicines"] == "ACE inhibitor, Metformin"


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (known(fact("medicine", "diuretic"), conditions="chronic_kidney_disease"), AMBER),
        (known(fact("medicine", "nsaid"), conditions="diabetes_type_1"), AMBER),
        (known(fact("medicine", "diuretic"), conditions="copd"), None),
        (known(fact("medicine", "insulin"), conditions="diabetes_type_1"), QUIET),
        (known(conditions="heart_failure"), UNKNOWN),
    ],
)
def test_ck_5_is_for_tablets_with_a_condition_and_says_when_none_are_on_record(profile: Profile, expected: object) -> None:
    assert outcome(judged(BY["CK-5"], told("sick_24_hours", "08:00"), profile=profile)) == expected


@pytest.mark.parametrize(
    ("code", "profile", "expected"),
    [
        ("ill_today", known(conditions="copd"), AMBER), ("ill_today", T1, None), ("ill_today", SGLT2, None),
        ("cannot_keep_fluids", known(conditions="copd"), AMBER), ("cannot_keep_fluids", T1, None),
        ("sudden_swelling", known(conditions="copd"), AMBER), ("sudden_swelling", known(fact("pregnant")), None),
        ("swallowing_problem", known(conditions="copd"), AMBER), ("swallowing_problem", known(conditions="multiple_sclerosis"), None),
        ("sick_24_hours", known(conditions="copd"), AMBER), ("sick_24_hours", TABLETS, None), ("vomiting", known(conditions="copd"), None),
    ],
)  # fmt: skip
def test_f44_what_no_rule_answers_for_this_person_is_seen(code: str, profile: Profile, expected: object) -> None:
    assert outcome(judged(BY["F44"], told(code, "08:00"), profile=profile)) == expected

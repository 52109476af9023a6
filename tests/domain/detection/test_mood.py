"""MH-1 to MH-3: PHQ-9, its ninth item at any total, and GAD-7."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.detection.mood import band
from domain.people.patient import Profile
from domain.readings.kinds import BY_NO, DataClass
from domain.readings.reading import Reading
from tests.builders import NOW, at, fact, judged, known, reading
from tests.domain.detection.outcomes import AMBER, BY, INFO, QUIET, RED, UNKNOWN, outcome, said

LATER = NOW + timedelta(hours=30)


def total(value: object, when: str = "08:00") -> Reading:
    return reading("phq9_total", value, at(when))


def item_9(value: object, when: str = "08:00") -> Reading:
    return reading("phq9_item9", value, at(when))


@pytest.mark.parametrize(
    ("value", "name"),
    [(0, "none or minimal"), (4, "none or minimal"), (5, "mild"), (9, "mild"), (10, "moderate"), (14, "moderate"),
     (15, "moderately severe"), (19, "moderately severe"), (20, "severe"), (27, "severe")],
)  # fmt: skip
def test_mh_1_bands(value: int, name: str) -> None:
    assert band(Decimal(value)) == name
    expected = RED if value >= 20 else AMBER if value >= 10 else QUIET
    assert outcome(judged(BY["MH-1"], total(value))) == expected


@pytest.mark.parametrize(
    ("before", "days", "value", "expected"),
    [(2, 56, 7, AMBER), (2, 57, 7, QUIET), (2, 20, 6, QUIET), (2, 20, 7, AMBER)],
)
def test_mh_1_a_rise_of_5_in_8_weeks(before: int, days: int, value: int, expected: object) -> None:
    earlier = reading("phq9_total", before, at("08:00") - timedelta(days=days))
    found = judged(BY["MH-1"], total(value), earlier)
    assert outcome(found) == expected
    if days == 20 and expected is AMBER:
        assert said(found) == "PHQ-9 7: mild, up 5 in 20 days"


def test_mh_1_pd_1_from_12_years_on_and_in_pregnancy() -> None:
    assert outcome(judged(BY["MH-1"], total(12), profile=Profile(birth_on=date(2014, 6, 16)))) == UNKNOWN
    assert outcome(judged(BY["MH-1"], total(12), profile=Profile(birth_on=date(2014, 6, 15)))) == AMBER
    assert outcome(judged(BY["MH-1"], total(12), profile=known(fact("pregnant")))) == AMBER


@pytest.mark.parametrize(("value", "expected"), [(0, QUIET), (1, RED), (2, RED), (3, RED)])
def test_mh_2_item_9_at_any_total_and_age(value: int, expected: object) -> None:
    for profile in (known(), known(fact("pregnant")), Profile(birth_on=date(2016, 1, 1))):
        found = judged(BY["MH-2"], item_9(value), total(value), profile=profile)
        assert outcome(found) == expected
        if expected is RED:
            assert found is not None
            assert found.advice == "ADV-MOOD"
            assert said(found).endswith("call now" if value > 1 else "speak to the person today")


def test_mh_2_nine_ones_is_mild_and_red() -> None:
    assert outcome(judged(BY["MH-1"], total(9), item_9(1))) == QUIET
    assert outcome(judged(BY["MH-2"], item_9(1), total(9))) == RED


@pytest.mark.parametrize(
    ("anchor", "others", "now", "expected"),
    [
        pytest.param(total(3), [item_9(0)], LATER, QUIET, id="answered with it"),
        pytest.param(total(3), [item_9(0, "07:50")], LATER, QUIET, id="answered ten minutes before"),
        pytest.param(total(3), [item_9(0, "07:49")], LATER, AMBER, id="an older answer is another form"),
        pytest.param(total(3), [], at("08:59"), INFO, id="asked once more"),
        pytest.param(total(3), [], at("09:00"), AMBER, id="not answered within the hour"),
        pytest.param(total(3), [item_9(0, "20:00")], LATER, QUIET, id="answered later that day"),
        pytest.param(total(3), [reading("phq9_item9_unanswered", "asked_twice", at("08:00"))], LATER, None, id="left open speaks"),
        pytest.param(reading("phq9_item9_unanswered", "asked_twice", at("08:00")), [total(3)], at("08:01"), AMBER, id="asked twice"),
        pytest.param(reading("phq9_item9_unanswered", "asked_once", at("08:00")), [], at("08:01"), INFO, id="asked once"),
        pytest.param(reading("phq9_item9_unanswered", "asked_once", at("08:00")), [], at("09:00"), AMBER, id="asked once, an hour ago"),
    ],
)
def test_mh_2_item_9_left_open_is_never_0(anchor: Reading, others: list[Reading], now: object, expected: object) -> None:
    found = judged(BY["MH-2"], anchor, *others, now=now)  # pyright: ignore[reportArgumentType]
    assert outcome(found) == expected


@pytest.mark.parametrize(("value", "expected"), [(9, QUIET), (10, AMBER), (14, AMBER), (15, AMBER)])
def test_mh_3_gad_7(value: int, expected: object) -> None:
    found = judged(BY["MH-3"], reading("gad7_total", value))
    assert outcome(found) == expected
    assert said(found).endswith("priority") is (value >= 15)
    assert outcome(judged(BY["MH-3"], reading("gad7_total", value), profile=Profile(birth_on=date(2010, 1, 1)))) == UNKNOWN


def test_mood_keeps_its_own_class() -> None:
    for rule in ("MH-1", "MH-2", "MH-3"):
        assert {BY_NO[kind].data_class for kind in BY[rule].anchors} == {DataClass.MOOD}

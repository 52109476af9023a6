"""IB-1 to IB-3: the bowel diary, acute severe colitis and calprotectin."""

from datetime import date, timedelta

import pytest

from domain.detection.judgement import Confidence
from domain.people.patient import Profile
from domain.readings.reading import Context, Reading
from tests.builders import NOW, at, judged, known, reading
from tests.domain.detection.outcomes import AMBER, BY, INFO, QUIET, RED, UNKNOWN, outcome, said

UC = known(conditions="ulcerative_colitis")
CROHN = known(conditions="crohns_disease")


def diary(kind: str, values: str, when: str = "08:00") -> list[Reading]:
    """Values of dates that end today, '-' for none."""
    days = values.split()
    return [reading(kind, value, at(when) - timedelta(days=len(days) - 1 - place)) for place, value in enumerate(days) if value != "-"]


@pytest.mark.parametrize(
    ("bleeding", "frequency", "expected"),
    [
        pytest.param("1 1 1", "2 2 2", AMBER, id="bleeding 1 and frequency 2"),
        pytest.param("0 0 0", "1 1 1", QUIET, id="remission"),
        pytest.param("0 0 0", "3 3 3", QUIET, id="frequency alone"),
        pytest.param("3 3 3", "1 1 1", QUIET, id="bleeding alone"),
        pytest.param("0 0 1", "2 2 2", QUIET, id="a third rounds to 0"),
        pytest.param("0 1 1", "2 2 2", AMBER, id="two thirds round to 1"),
        pytest.param("1 1 1", "1 1 2", QUIET, id="4/3 rounds to 1"),
        pytest.param("1 1 1", "1 2 2", AMBER, id="5/3 rounds to 2"),
        pytest.param("- 0 1", "- 2 2", AMBER, id="a half rounds up"),
        pytest.param("- - 1", "2 2 2", UNKNOWN, id="bleeding of one day is not three"),
        pytest.param("1 1 1", "- - 2", UNKNOWN, id="frequency of one day is not three"),
        pytest.param("3 0 0 1", "2 2 2 2", QUIET, id="the fourth day does not count"),
    ],
)
def test_ib_1_colitis(bleeding: str, frequency: str, expected: object) -> None:
    ones = diary("rectal_bleeding_score", bleeding)
    found = judged(BY["IB-1"], ones[-1], *ones[:-1], *diary("stool_frequency_score", frequency), profile=UC)
    assert outcome(found) == expected
    if bleeding == "- 0 1":
        assert found is not None
        assert found.confidence is Confidence.PARTIAL


def test_ib_1_one_entry_speaks_once_and_a_lone_one_says_what_is_missing() -> None:
    bleeding, frequency = diary("rectal_bleeding_score", "1 1 1"), diary("stool_frequency_score", "2 2 2", "08:05")
    assert judged(BY["IB-1"], frequency[-1], *frequency[:-1], *bleeding, profile=UC) is None
    assert outcome(judged(BY["IB-1"], bleeding[-1], *bleeding[:-1], *frequency, profile=UC)) == AMBER
    assert said(judged(BY["IB-1"], frequency[-1], *frequency[:-1], profile=UC)) == "missing: bleeding on two of the last 3 days"
    twice = [*diary("rectal_bleeding_score", "0 0 2"), *diary("rectal_bleeding_score", "- - 1", "07:00")]
    # The worst of a day counts: 2, 0 and 0 are a mean of 1 after rounding.
    assert outcome(judged(BY["IB-1"], twice[2], *twice[:2], twice[3], *frequency, profile=UC)) == AMBER


@pytest.mark.parametrize(
    ("liquid", "pain", "expected"),
    [
        pytest.param("3 3 3 3 3 3 3", "1 1 1 1 1 1 1", QUIET, id="3 a day and pain 1 are not more"),
        pytest.param("3 3 3 3 3 3 4", "1 1 1 1 1 1 1", AMBER, id="more than 3 a day"),
        pytest.param("0 0 0 0 0 0 0", "1 1 1 1 1 1 2", AMBER, id="pain more than 1"),
        pytest.param("- - - 4 4 4 4", "- - - 0 0 0 0", AMBER, id="four of seven days"),
        pytest.param("- - - - 4 4 4", "- - - - 0 0 0", UNKNOWN, id="three of seven days"),
        pytest.param("- - - - 4 4 4", "- - - 2 2 2 2", AMBER, id="pain alone is known"),
    ],
)
def test_ib_1_crohns(liquid: str, pain: str, expected: object) -> None:
    ones = diary("liquid_stools", liquid)
    found = judged(BY["IB-1"], ones[-1], *ones[:-1], *diary("abdominal_pain_score", pain), profile=CROHN)
    assert outcome(found) == expected
    if expected == UNKNOWN:
        assert said(found) == "missing: loose stools and pain on four of the last 7 days"


def test_ib_1_pain_without_stools_speaks_for_itself() -> None:
    pain = diary("abdominal_pain_score", "2 2 2 2")
    assert said(judged(BY["IB-1"], pain[-1], *pain[:-1], profile=CROHN)) == "Crohn's diary of 7 days: pain 2 of 3"
    assert judged(BY["IB-1"], pain[-1], *pain[:-1], *diary("liquid_stools", "1"), profile=CROHN) is None


@pytest.mark.parametrize(
    ("stools", "others", "expected"),
    [
        pytest.param(6, [("body_temperature", "37.9", "08:00")], RED, id="fever"),
        pytest.param(6, [("body_temperature", "37.8", "08:00"), ("heart_rate", 90, "08:00")], QUIET, id="37.8 and 90 are not above"),
        pytest.param(6, [("heart_rate", 91, "08:00")], RED, id="fast pulse"),
        pytest.param(5, [("heart_rate", 120, "08:00")], QUIET, id="five stools"),
        pytest.param(6, [("haemoglobin", 104, "-7d 08:00")], RED, id="anaemia within a week"),
        pytest.param(6, [("haemoglobin", 105, "-2d 08:00")], AMBER, id="haemoglobin 105 alone leaves temperature and pulse open"),
        pytest.param(6, [("crp", 31, "-2d 08:00")], RED, id="CRP 31"),
        pytest.param(6, [("crp", 90, "-8d 08:00")], AMBER, id="an old CRP says nothing"),
        pytest.param(6, [("body_temperature", "36.5", "08:00")], AMBER, id="pulse is not known"),
        pytest.param(8, [], AMBER, id="nothing known is never normal"),
    ],
)
def test_ib_2_acute_severe(stools: int, others: list[tuple[str, object, str]], expected: object) -> None:
    ones = [reading(kind, value, at(when)) for kind, value, when in others]
    found = judged(BY["IB-2"], reading("bloody_stools", stools, at("08:00")), *ones, profile=UC)
    assert outcome(found) == expected
    if not others:
        assert said(found) == "8 bloody stools in a day; not known: temperature and pulse, ask for it now"


def calprotectin(value: object, days: int = 0, assay: str | None = "a", **more: object) -> Reading:
    context = None if assay is None else Context(assay=assay)
    return reading("calprotectin", value, NOW - timedelta(days=days), context=context, **more)


@pytest.mark.parametrize(
    ("before", "value", "expected"),
    [
        ([], 99, QUIET), ([], 100, INFO), ([], 249, INFO), ([], 250, INFO), ([(250, 40)], 250, AMBER), ([(249, 40)], 250, INFO),
        ([(300, 80), (90, 40)], 300, INFO), ([(300, 40, "b")], 300, INFO), ([(300, 40, None)], 300, INFO),
    ],
)  # fmt: skip
def test_ib_3_two_in_a_row_by_the_same_assay(before: list[tuple[int, int]], value: int, expected: object) -> None:
    assert outcome(judged(BY["IB-3"], calprotectin(value), *(calprotectin(*one) for one in before), profile=UC)) == expected


def test_ib_3_beyond_the_range_of_the_assay() -> None:
    assert outcome(judged(BY["IB-3"], calprotectin(1800, comparator=">"), calprotectin(1800, 30, comparator=">"))) == AMBER
    assert outcome(judged(BY["IB-3"], calprotectin(100, comparator="<"))) == QUIET
    child = Profile(birth_on=date(2015, 1, 1))
    assert outcome(judged(BY["IB-3"], calprotectin(300), profile=child)) == UNKNOWN

"""EP-1 to EP-5: how long, how many, more than usual, danger, and missed medicine."""

from datetime import date, timedelta

import pytest

from domain.people.patient import Profile
from domain.readings.reading import Reading
from tests.builders import NOW, at, fact, judged, known, reading, symptom
from tests.domain.detection.outcomes import AMBER, BY, EMERGENCY, INFO, QUIET, RED, UNKNOWN, outcome, said

LATER = NOW + timedelta(hours=12)
EPILEPSY = known(conditions="epilepsy")
CHILD = Profile(birth_on=date(2015, 1, 1), conditions=frozenset({"epilepsy"}))


def seizure(seconds: object, when: str = "08:00", kind: str = "seizure_duration") -> Reading:
    return reading(kind, seconds, at(when))


def days_ago(days: int, seconds: int = 60) -> Reading:
    return reading("seizure_duration", seconds, NOW - timedelta(days=days))


@pytest.mark.parametrize(
    ("seconds", "kind", "expected"),
    [
        (299, "seizure_duration", INFO), (300, "seizure_duration", EMERGENCY), (20, "seizure_duration", INFO),
        (400, "other_seizure_duration", INFO),
    ],
)  # fmt: skip
def test_ep_1_five_minutes(seconds: int, kind: str, expected: object) -> None:
    for profile in (EPILEPSY, CHILD, known(fact("pregnant"))):
        assert outcome(judged(BY["EP-1"], seizure(seconds, kind=kind), profile=profile)) == expected


def test_ep_1_is_said_in_minutes() -> None:
    assert said(judged(BY["EP-1"], seizure(312))) == "Seizure with shaking for 5 min 12 s (5 minutes or more)"
    assert said(judged(BY["EP-1"], seizure(120))) == "Seizure with shaking, 2 min"
    assert said(judged(BY["EP-1"], seizure(40, kind="other_seizure_duration"))) == "Seizure without shaking, 40 s"


@pytest.mark.parametrize(
    ("others", "seconds", "expected"),
    [
        pytest.param([], 299, INFO, id="still running at 4:59"),
        pytest.param([], 300, EMERGENCY, id="still running at 5:00"),
        pytest.param([("seizure_stopped", 299)], 600, QUIET, id="stopped at 4:59"),
        pytest.param([("seizure_stopped", 300)], 600, EMERGENCY, id="stopped at 5:00"),
        pytest.param([(280, 290)], 600, QUIET, id="told to have lasted 280 seconds"),
        pytest.param([(320, 330)], 600, EMERGENCY, id="told to have lasted 320 seconds"),
        pytest.param([("dizziness", 10)], 600, EMERGENCY, id="something else is no stop"),
    ],
)
def test_ep_1_the_live_timer(others: list[tuple[object, int]], seconds: int, expected: object) -> None:
    def other(one: tuple[object, int]) -> Reading:
        when = at("08:00") + timedelta(seconds=one[1])
        return symptom(one[0], when) if isinstance(one[0], str) else reading("seizure_duration", one[0], when)

    now = at("08:00") + timedelta(seconds=seconds)
    found = judged(BY["EP-1"], symptom("seizure_started", at("08:00")), *(other(one) for one in others), now=now)
    assert outcome(found) == expected
    if expected is INFO:
        assert found is not None
        assert found.due_at == at("08:05")
    assert judged(BY["EP-1"], symptom("seizure_stopped", at("08:00")), now=now) is None


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param([], QUIET, id="one"),
        pytest.param(["06:00"], QUIET, id="two"),
        pytest.param(["06:00", "07:00"], RED, id="three"),
        pytest.param(["-1d 08:00", "07:00"], RED, id="three in exactly 24 hours"),
        pytest.param(["-1d 07:59", "07:00"], QUIET, id="three in 24 hours and a minute"),
    ],
)
def test_ep_2_three_in_24_hours(others: list[str], expected: object) -> None:
    ones = [seizure(60, when, "other_seizure_duration") for when in others]
    assert outcome(judged(BY["EP-2"], seizure(60), *ones, profile=EPILEPSY)) == expected


def test_ep_2_not_recovered_is_an_emergency() -> None:
    ones = [seizure(60, "06:00"), seizure(60, "07:00")]
    not_back = symptom("seizure_not_recovered", at("08:30"))
    found = judged(BY["EP-2"], seizure(60), *ones, not_back, profile=EPILEPSY)
    assert (outcome(found), said(found)) == (EMERGENCY, "3 seizures in 24 hours, not recovered")
    assert outcome(judged(BY["EP-2"], not_back)) == EMERGENCY
    again = symptom("seizure_before_recovery", at("08:00"))
    assert outcome(judged(BY["EP-2"], again)) == RED
    assert outcome(judged(BY["EP-2"], again, symptom("fainted_not_recovered", at("08:00")))) == EMERGENCY
    assert judged(BY["EP-2"], symptom("feel_worse")) is None


@pytest.mark.parametrize(
    ("usual", "n", "expected"),
    [
        pytest.param(6, 3, QUIET, id="0.5 a week: 3 is p .0144"),
        pytest.param(6, 4, AMBER, id="0.5 a week: 4 is p .00175"),
        pytest.param(12, 4, QUIET, id="1 a week: 4 is p .019"),
        pytest.param(12, 5, AMBER, id="1 a week: 5 is p .0037"),
        pytest.param(3, 3, AMBER, id="0.25 a week: 3"),
        pytest.param(3, 1, QUIET, id="one is never more than usual"),
    ],
)
def test_ep_3_more_than_usual(usual: int, n: int, expected: object) -> None:
    before = [days_ago(7 + 80 - place * 6) for place in range(usual)]
    recent = [days_ago(place + 1) for place in range(n - 1)]
    diary = known(fact("seizure_diary", since=NOW - timedelta(days=200)), conditions="epilepsy")
    assert outcome(judged(BY["EP-3"], days_ago(0), *before, *recent, profile=diary)) == expected


@pytest.mark.parametrize(("weeks", "days", "expected"), [(9, 0, QUIET), (8, 6, UNKNOWN)])
def test_ep_3_needs_eight_weeks_of_diary_before_this_week(weeks: int, days: int, expected: object) -> None:
    diary = known(fact("seizure_diary", since=NOW - timedelta(weeks=weeks, days=days)), conditions="epilepsy")
    found = judged(BY["EP-3"], days_ago(0), days_ago(20), days_ago(30), profile=diary)
    assert outcome(found) == expected
    if expected == UNKNOWN:
        assert said(found) == "missing: 8 weeks of seizure diary before this week, there are 7"


def test_ep_3_one_after_six_months_without_is_amber() -> None:
    assert outcome(judged(BY["EP-3"], days_ago(0), days_ago(183), profile=EPILEPSY)) == AMBER
    assert outcome(judged(BY["EP-3"], days_ago(0), days_ago(182), profile=EPILEPSY)) == QUIET
    assert outcome(judged(BY["EP-3"], days_ago(0), profile=EPILEPSY)) == UNKNOWN
    diary = known(fact("seizure_diary", since=NOW - timedelta(days=183)), conditions="epilepsy")
    assert said(judged(BY["EP-3"], days_ago(0), profile=diary)) == "A seizure after 183 days without"
    ended = known(fact("seizure_diary", since=NOW - timedelta(days=400), until=NOW - timedelta(days=300)), conditions="epilepsy")
    assert outcome(judged(BY["EP-3"], days_ago(0), profile=ended)) == UNKNOWN
    assert judged(BY["EP-3"], days_ago(0), profile=known(conditions="copd")) is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [("seizure_head_injury", EMERGENCY), ("seizure_in_water", EMERGENCY), ("seizure_breathing_problem", EMERGENCY),
     ("first_seizure", EMERGENCY), ("seizure_injury", AMBER), ("feel_worse", None)],
)  # fmt: skip
def test_ep_4_danger(code: str, expected: object) -> None:
    assert outcome(judged(BY["EP-4"], symptom(code), profile=EPILEPSY)) == expected


@pytest.mark.parametrize(
    ("profile", "expected", "why"),
    [
        (EPILEPSY, QUIET, ""),
        (known(fact("pregnant"), conditions="epilepsy"), EMERGENCY, "A seizure in pregnancy"),
        (known(fact("pregnant", until=NOW - timedelta(weeks=5)), conditions="epilepsy"), EMERGENCY, "A seizure in the 6 weeks after a birth"),
        (known(fact("pregnant", until=NOW - timedelta(weeks=7)), conditions="epilepsy"), QUIET, ""),
        (known(conditions="epilepsy diabetes_type_2"), EMERGENCY, "A seizure with diabetes"),
        (known(conditions="copd"), EMERGENCY, "A seizure and no epilepsy on record: it may be the first"),
    ],
)
def test_ep_4_who_is_in_danger_with_any_seizure(profile: Profile, expected: object, why: str) -> None:
    found = judged(BY["EP-4"], seizure(30), profile=profile)
    assert outcome(found) == expected
    assert said(found) == why


def missed(doses: int, when: str) -> Reading:
    return reading("missed_seizure_doses", doses, at(when))


@pytest.mark.parametrize(
    ("others", "doses", "expected"),
    [
        pytest.param([], 1, QUIET, id="one dose"),
        pytest.param([], 2, AMBER, id="two at once"),
        pytest.param([missed(1, "-2d 08:00")], 1, AMBER, id="two in 48 hours"),
        pytest.param([missed(1, "-2d 07:59")], 1, QUIET, id="two in more than 48 hours"),
        pytest.param([missed(2, "-1d 08:00")], 0, QUIET, id="none missed since is not said again"),
        pytest.param([days_ago(6)], 2, RED, id="with a seizure in the 7 days before"),
        pytest.param([days_ago(8)], 2, AMBER, id="with one longer ago"),
    ],
)
def test_ep_5_missed_doses(others: list[Reading], doses: int, expected: object) -> None:
    assert outcome(judged(BY["EP-5"], missed(doses, "08:00"), *others, profile=EPILEPSY)) == expected


def test_ep_5_a_seizure_in_the_7_days_after_missed_doses_is_red() -> None:
    assert outcome(judged(BY["EP-5"], seizure(60), missed(2, "-6d 08:00"), profile=EPILEPSY)) == RED
    assert outcome(judged(BY["EP-5"], seizure(60), missed(1, "-6d 20:00"), missed(1, "-5d 08:00"), missed(1, "-1d 08:00"))) == RED
    assert outcome(judged(BY["EP-5"], seizure(60), missed(2, "-8d 08:00"), profile=EPILEPSY)) == QUIET
    assert outcome(judged(BY["EP-5"], seizure(60), profile=EPILEPSY)) == QUIET

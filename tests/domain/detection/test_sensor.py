"""DM-10, DM-11 and PG-2: two weeks of sensor glucose, and lows that last."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from domain.detection.diary import fold
from domain.detection.glucose import LOW, SENSOR
from domain.detection.judgement import Judgement
from domain.detection.sensor import low_since
from domain.people.patient import Profile
from domain.readings.reading import Reading
from tests.builders import NOW, at, fact, known, reading, view
from tests.domain.detection.outcomes import AMBER, BY, INFO, QUIET, RED, UNKNOWN, outcome, said

T1 = known(conditions="diabetes_type_1")
PREGNANT = known(fact("pregnant"), conditions="diabetes_type_1")
TODAY = NOW.replace(hour=0) - timedelta(hours=1)
"""Midnight in London."""


def samples(last: datetime, values: Sequence[tuple[int, object]], unit: str = "mmol/L") -> list[Reading]:
    """So many samples of each value, five minutes apart, the last of them five minutes before an instant."""
    flat = [value for n, value in values for _ in range(n)]
    return [reading("glucose_cgm", value, last - timedelta(minutes=5 * (len(flat) - place)), unit=unit, history=True)
            for place, value in enumerate(flat)]  # fmt: skip


def two_weeks(rule: str, ones: Sequence[Reading], profile: Profile = T1) -> Judgement | None:
    """Judged at the first sample of today, the days before being in the diary."""
    anchor = reading("glucose_cgm", 6, TODAY)
    diary = {SENSOR: fold(SENSOR, ones, profile.zone)}
    return BY[rule].judge(BY[rule], view(anchor, profile=profile, diary=diary), anchor)


DAY = 288
WEEKS = 14 * DAY


@pytest.mark.parametrize(("n", "expected"), [(2822, UNKNOWN), (2823, QUIET)])
def test_dm_10_seventy_per_cent_active(n: int, expected: object) -> None:
    found = two_weeks("DM-10", samples(TODAY, [(n, 6)]))
    assert outcome(found) == expected
    if expected == UNKNOWN:
        assert said(found) == "missing: sensor active 69.9 % of 14 days, 70 % are needed"


def test_dm_10_without_a_sample_before_today() -> None:
    assert said(two_weeks("DM-10", [])) == "missing: sensor active 0 % of 14 days, 70 % are needed"


@pytest.mark.parametrize(
    ("values", "profile", "expected", "text"),
    [
        pytest.param([(3991, 6), (41, "2.9")], T1, AMBER, "1 % below 3.0 mmol/L", id="41 of 4032 are 1.02 % below 3.0"),
        pytest.param([(3992, 6), (40, "2.9")], T1, QUIET, "", id="40 are 0.99 %"),
        pytest.param([(3870, 6), (162, "3.8")], T1, AMBER, "4 % below 3.9", id="162 are 4.02 % below 3.9"),
        pytest.param([(3871, 6), (161, "3.8")], T1, QUIET, "", id="161 are 3.99 %"),
        pytest.param([(3991, 6), (41, "3.8")], known(fact("older_glucose_targets")), AMBER, "1 % below 3.9", id="older: 1 %"),
        pytest.param([(3992, 6), (40, "3.8")], known(fact("older_glucose_targets")), QUIET, "", id="older: 0.99 %"),
        pytest.param([(3830, 6), (202, "14")], T1, INFO, "5 % above 13.9", id="202 are 5.01 % above 13.9"),
        pytest.param([(3831, 6), (201, "14")], T1, QUIET, "", id="201 are 4.99 %"),
        pytest.param([(3830, 6), (202, "14")], known(fact("older_glucose_targets")), QUIET, "", id="older: up to 10 %"),
        pytest.param([(3628, 8), (404, "14")], known(fact("older_glucose_targets")), INFO, "10 % above 13.9", id="older: 10.02 %"),
        pytest.param([(2016, "4.2"), (2016, "9.9")], T1, INFO, "variation 40.4 %", id="variation above 36"),
        pytest.param([(2016, "4.7"), (2016, "9.9")], T1, QUIET, "", id="variation of 35.6"),
    ],
)
def test_dm_10_targets(values: list[tuple[int, object]], profile: Profile, expected: object, text: str) -> None:
    found = two_weeks("DM-10", samples(TODAY, values), profile)
    assert outcome(found) == expected
    if text:
        assert text in said(found)


@pytest.mark.parametrize(
    ("before", "high", "expected"),
    [(0, 404, AMBER), (0, 403, INFO), (0, 202, INFO), (0, 201, QUIET), (404, 0, QUIET)],
)
def test_dm_10_time_in_range_falls_against_the_14_days_before(before: int, high: int, expected: object) -> None:
    # 404 of 4032 are 10.02 points, 202 are 5.01; 11 mmol/L is above range and not above 13.9.
    ones = samples(TODAY, [(before, 11), (WEEKS - before, 8), (high, 11), (WEEKS - high, 8)])
    found = two_weeks("DM-10", ones)
    assert outcome(found) == expected
    if expected is AMBER:
        assert said(found) == "Sensor, last 14 days: time in range down 10 points"
    # 9 of 14 days are too few to hold anything against.
    assert outcome(two_weeks("DM-10", ones[5 * DAY :])) == QUIET


def test_dm_10_is_said_once_a_day_and_keeps_what_it_counted() -> None:
    ones = samples(TODAY, [(3800, 6), (232, "2.9")])
    found = two_weeks("DM-10", ones)
    assert found is not None
    assert (found.numbers["below_54"], found.numbers["in_range"], found.numbers["samples"]) == ("5.8", "94.2", "4032")
    assert (found.numbers["gmi_percent"], found.numbers["active"]) == ("5.8", "100")
    second = reading("glucose_cgm", 6, TODAY + timedelta(minutes=5))
    seen = view(reading("glucose_cgm", 6, TODAY), second, profile=T1)
    assert BY["DM-10"].judge(BY["DM-10"], seen, second) is None
    only_lo = [reading("glucose_cgm", "2.2", one.taken_at, comparator="<", history=True) for one in ones]
    found = two_weeks("DM-10", only_lo)
    assert found is not None
    assert (outcome(found), "gmi_percent" in found.numbers) == (AMBER, False)


@pytest.mark.parametrize(
    ("values", "expected", "text"),
    [
        pytest.param([(3870, 6), (162, "3.4")], AMBER, "4 % below 3.5", id="4 % below 3.5"),
        pytest.param([(3871, 6), (161, "3.4")], QUIET, "", id="3.99 %"),
        pytest.param([(3991, 6), (41, "2.9")], AMBER, "1 % below 3.0", id="1 % below 3.0"),
        pytest.param([(3024, 6), (1008, 8)], INFO, "25 % above 7.8", id="25 % above 7.8"),
        pytest.param([(3025, 6), (1007, 8)], QUIET, "", id="24.98 %"),
        pytest.param([(2822, 6), (1210, 8)], INFO, "70 % in 3.5 to 7.8, 30 % above 7.8", id="no more than 70 % in range"),
        pytest.param([(2823, 6), (1209, 8)], INFO, "Sensor, last 14 days: 30 % above 7.8", id="more than 70 % in range"),
    ],
)
def test_pg_2_sensor_targets_in_pregnancy(values: list[tuple[int, object]], expected: object, text: str) -> None:
    found = two_weeks("PG-2-SENSOR", samples(TODAY, values), PREGNANT)
    assert outcome(found) == expected
    if text:
        assert text in said(found)
    assert two_weeks("PG-2-SENSOR", samples(TODAY, values), T1) is None


def run(minutes: Sequence[int], values: Sequence[object]) -> list[Reading]:
    return [reading("glucose_cgm", value, at("04:00") + timedelta(minutes=minute)) for minute, value in zip(minutes, values, strict=True)]


def every_five(n: int, value: object) -> list[Reading]:
    return run(range(0, 5 * n, 5), [value] * n)


def lasting(ones: list[Reading], profile: Profile = T1) -> list[object]:
    seen = view(*ones, profile=profile)
    return [outcome(BY["DM-11"].judge(BY["DM-11"], seen, one)) for one in ones]


def test_dm_11_more_than_120_minutes_below_3_9_is_amber_once() -> None:
    found = lasting(every_five(40, "3.5"))
    assert [place for place, one in enumerate(found) if one == AMBER] == [25]
    assert set(found) == {QUIET, AMBER}
    assert lasting(every_five(25, "3.9")) == [QUIET] * 25


def test_dm_11_below_3_0_for_so_long_is_red() -> None:
    found = lasting(every_five(40, "2.9"))
    assert [place for place, one in enumerate(found) if one == RED] == [25]
    # Level 1 first, then level 2 for as long: amber, then red.
    mixed = lasting(run(range(0, 300, 5), ["3.5"] * 10 + ["2.8"] * 50)[:46])
    assert [(place, one) for place, one in enumerate(mixed) if one != QUIET] == [(25, AMBER), (35, RED)]


def test_dm_11_what_ends_a_low() -> None:
    short_rise = ["3.5"] * 12 + ["4.0"] * 3 + ["3.5"] * 15
    assert AMBER in lasting(run(range(0, 150, 5), short_rise))
    rise = ["3.5"] * 12 + ["4.0"] * 4 + ["3.5"] * 20
    assert AMBER not in lasting(run(range(0, 180, 5), rise))
    gap = [*range(0, 60, 5), *range(90, 180, 5)]
    assert AMBER not in lasting(run(gap, ["3.5"] * len(gap)))
    small_gap = [*range(0, 60, 5), *range(85, 180, 5)]
    assert AMBER in lasting(run(small_gap, ["3.5"] * len(small_gap)))


def test_dm_11_since_when() -> None:
    ones = every_five(3, "3.5")
    assert low_since(ones, LOW) == ones[0].taken_at
    assert low_since([], LOW) is None
    assert low_since(run([0, 5], ["3.5", "4.5"]), LOW) is None
    assert low_since(run([0, 5, 10], ["4.5", "4.6", "3.5"]), LOW) == at("04:10")


def test_dm_11_and_dm_10_are_for_adults() -> None:
    child = Profile(birth_on=date(2015, 1, 1))
    assert [BY[rule].why_not(child, reading("glucose_cgm", 6)) for rule in ("DM-10", "DM-11")] == ["out of scope: under 18"] * 2

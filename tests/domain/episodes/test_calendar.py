"""Staffed hours: time zones, bank holidays, closures and the two days a year when the clocks change (AL-6)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from domain.episodes.calendar import Calendar, Hours, Span, after, must_fit, next_working_day, watch
from domain.episodes.holidays import Region, bank_holidays
from domain.errors import Invalid

WEEK = tuple(Hours(day, time(8), time(18)) for day in range(5))
LONDON = Calendar(zone="Europe/London", hours=WEEK)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("region", "year", "days"),
    [
        (Region.ENGLAND, 2025, "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26"),
        (Region.WALES, 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28"),
        (Region.ENGLAND, 2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28"),
        (Region.ENGLAND, 2028, "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26"),
        (Region.SCOTLAND, 2026, "01-01 01-02 04-03 05-04 05-25 06-15 08-03 11-30 12-25 12-28"),
        (Region.SCOTLAND, 2023, "01-02 01-03 04-07 05-01 05-29 08-07 11-30 12-25 12-26"),
        (Region.NORTHERN_IRELAND, 2026, "01-01 03-17 04-03 04-06 05-04 05-25 07-13 08-31 12-25 12-28"),
        (Region.NONE, 2026, ""),
    ],
)
def test_al_6_bank_holidays_are_those_of_the_region(region: Region, year: int, days: str) -> None:
    assert bank_holidays(region, year) == {date.fromisoformat(f"{year}-{day}") for day in days.split()}


def test_somebody_watches_until_the_end_of_the_shift() -> None:
    shift = watch([LONDON], utc("2026-11-25T10:00"))
    assert (shift.is_on, shift.until) == (True, utc("2026-11-25T18:00"))
    assert watch([LONDON], utc("2026-11-25T18:00")).opens_at == utc("2026-11-26T08:00")
    assert watch([LONDON], utc("2026-11-25T07:59")).is_on is False
    assert watch([LONDON], utc("2026-11-25T08:00")).is_on is True


def test_a_bank_holiday_a_weekend_and_a_closure_are_not_staffed() -> None:
    # Thursday 24 December 2026 in the evening: Christmas, the weekend and the day in lieu of Boxing Day follow.
    assert watch([LONDON], utc("2026-12-24T19:00")).opens_at == utc("2026-12-29T08:00")
    training = Calendar(zone="Europe/London", hours=WEEK, closures=(Span(utc("2026-11-25T12:00"), utc("2026-11-25T14:00")),))
    assert watch([training], utc("2026-11-25T10:00")).until == utc("2026-11-25T12:00")
    assert watch([training], utc("2026-11-25T13:00")).opens_at == utc("2026-11-25T14:00")
    whole = Calendar(zone="Europe/London", hours=WEEK, closures=(Span(utc("2026-11-25T00:00"), utc("2026-11-26T00:00")),))
    assert watch([whole], utc("2026-11-25T13:00")).opens_at == utc("2026-11-26T08:00")


def test_a_night_service_goes_on_over_midnight_and_two_teams_watch_together() -> None:
    night = Calendar(
        zone="Europe/London", region=Region.NONE,
        hours=tuple(hours for day in range(7) for hours in (Hours(day, time(0), time(8)), Hours(day, time(20), time(0)))),
    )  # fmt: skip
    assert watch([night], utc("2026-11-25T23:00")).until == utc("2026-11-26T08:00")
    assert watch([night, LONDON], utc("2026-11-25T23:00")).until == utc("2026-11-26T18:00")


def test_nobody_who_never_opens_watches() -> None:
    for calendars in ([], [Calendar(zone="Europe/London")]):
        shift = watch(calendars, utc("2026-11-25T10:00"))
        assert (shift.is_on, shift.until, shift.opens_at) == (False, None, None)
        assert after(calendars, utc("2026-11-25T10:00"), timedelta(hours=4)) is None
        assert next_working_day(calendars, utc("2026-11-25T10:00")) is None


@pytest.mark.parametrize(
    ("start", "due"),
    [
        pytest.param("2026-11-25T10:00", "2026-11-25T14:00", id="within a day"),
        pytest.param("2026-11-25T16:00", "2026-11-26T10:00", id="over a night"),
        pytest.param("2026-11-27T17:30", "2026-11-30T11:30", id="over a weekend"),
        pytest.param("2026-11-28T12:00", "2026-11-30T12:00", id="from a Saturday"),
        pytest.param("2026-11-25T14:00", "2026-11-25T18:00", id="to the very end of a day"),
        pytest.param("2026-03-27T17:00", "2026-03-30T10:00", id="clocks go forward: Friday in winter, Monday in summer"),
        pytest.param("2026-10-23T16:00", "2026-10-26T11:00", id="clocks go back: Friday in summer, Monday in winter"),
        pytest.param("2026-12-24T16:00", "2026-12-29T10:00", id="over Christmas"),
    ],
)
def test_al_6_four_working_hours(start: str, due: str) -> None:
    assert after([LONDON], utc(start), timedelta(hours=4)) == utc(due)


def test_working_time_in_the_night_when_the_clocks_change() -> None:
    always = Calendar(zone="Europe/London", region=Region.NONE, hours=tuple(Hours(day, time(0), time(0)) for day in range(7)))
    assert after([always], utc("2026-03-28T23:00"), timedelta(hours=4)) == utc("2026-03-29T03:00")
    assert after([always], utc("2026-10-24T23:00"), timedelta(hours=4)) == utc("2026-10-25T03:00")
    # A service that never closes answers by the same time of the next day.
    assert next_working_day([always], utc("2026-11-25T10:00")) == utc("2026-11-26T10:00")
    assert next_working_day([always], utc("2026-10-24T23:30")) == utc("2026-10-26T00:30")
    # A wall-clock time that is skipped or comes twice: staffed the longer way.
    early = Calendar(zone="Europe/London", region=Region.NONE, hours=(Hours(6, time(1, 30), time(1, 45)),))
    assert watch([early], utc("2026-10-25T00:20")).opens_at == utc("2026-10-25T00:30")
    assert watch([early], utc("2026-10-25T00:31")).until == utc("2026-10-25T01:45")
    assert watch([early], utc("2026-03-29T00:20")).opens_at == utc("2026-03-29T00:30")
    assert watch([early], utc("2026-03-29T00:31")).until == utc("2026-03-29T01:45")


@pytest.mark.parametrize(
    ("start", "due"),
    [
        pytest.param("2026-11-25T10:00", "2026-11-26T10:00", id="the same time tomorrow"),
        pytest.param("2026-11-25T20:00", "2026-11-27T08:00", id="in the night counts from the opening"),
        pytest.param("2026-11-27T10:00", "2026-11-30T10:00", id="Friday to Monday"),
        pytest.param("2026-11-28T10:00", "2026-12-01T08:00", id="Saturday counts from Monday"),
        pytest.param("2026-03-27T10:00", "2026-03-30T09:00", id="the same wall clock in summer time"),
    ],
)
def test_al_6_one_working_day(start: str, due: str) -> None:
    assert next_working_day([LONDON], utc(start)) == utc(due)


def test_one_working_day_on_a_shorter_day_is_its_end_or_its_opening() -> None:
    week = Calendar(zone="Europe/London", hours=(Hours(2, time(8), time(18)), Hours(3, time(10), time(12))))
    assert next_working_day([week], utc("2026-11-25T17:00")) == utc("2026-11-26T12:00")
    assert next_working_day([week], utc("2026-11-25T08:30")) == utc("2026-11-26T10:00")
    lunch = Calendar(zone="Europe/London", hours=(*WEEK[:2], Hours(2, time(8), time(12)), Hours(2, time(13), time(18)), *WEEK[3:]))
    assert next_working_day([lunch], utc("2026-11-25T10:00")) == utc("2026-11-26T10:00")


@pytest.mark.parametrize(
    ("hours", "pointer"),
    [
        ([Hours(0, time(8), time(12)), Hours(0, time(12), time(0)), Hours(1, time(8), time(9))], None),
        ([Hours(0, time(8), time(8))], "/hours/0/closes"),
        ([Hours(0, time(8), time(12)), Hours(0, time(11), time(0))], "/hours/1/opens"),
    ],
)  # fmt: skip
def test_f49_hours_that_contradict_each_other_are_refused(hours: list[Hours], pointer: str | None) -> None:
    if pointer is None:
        must_fit(hours)
        return
    with pytest.raises(Invalid) as refused:
        must_fit(hours)
    assert refused.value.pointer == pointer

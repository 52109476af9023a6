"""What is expected when, how long it takes, and planned absence."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain.errors import Invalid
from domain.plans.schedule import (
    Expect,
    Heard,
    Pause,
    PauseReason,
    a_day,
    admit_pause,
    burden_s,
    faults,
    is_paused,
    met_by,
    next_end,
    spread,
    today,
    windows,
)
from tests.builders import NOW

WHO = UUID(int=3)
ZONE = "Europe/London"
WEIGHT = Expect(key="weight", kind="body_weight")
TWICE = Expect(key="glucose", kind="glucose_capillary", times=(time(8), time(18)), tolerance_min=90)
START = date(2026, 3, 1)


def made(*expected: Expect, first: date, last: date | None = None) -> list[tuple[str, str, str]]:
    found = windows(WHO, expected, ZONE, START, (first, last or first))
    return [(one.key, f"{one.opens_at:%d %H:%M}", f"{one.closes_at:%d %H:%M}") for one in found]


def test_md_1_a_daily_window_is_the_person_s_own_day_of_23_or_25_hours() -> None:
    assert made(WEIGHT, first=date(2026, 3, 29)) == [("weight", "29 00:00", "29 23:00")]
    assert made(WEIGHT, first=date(2026, 10, 25)) == [("weight", "24 23:00", "26 00:00")]


def test_md_1_times_have_a_tolerance_and_stay_in_their_day() -> None:
    assert made(TWICE, first=date(2026, 3, 2)) == [("glucose", "02 06:30", "02 09:30"), ("glucose", "02 16:30", "02 19:30")]
    late = Expect(key="late", kind="heart_rate", times=(time(23, 30),), tolerance_min=60)
    assert made(late, first=date(2026, 3, 2)) == [("late", "02 22:30", "03 00:00")]


def test_md_1_weekdays_and_intervals_from_the_plan_s_start() -> None:
    mondays = Expect(key="m", kind="heart_rate", days=(0,))
    third = Expect(key="t", kind="heart_rate", every_days=3)
    span = {"first": date(2026, 2, 20), "last": date(2026, 3, 10)}
    assert [one for _, one, _ in made(mondays, **span)] == ["02 00:00", "09 00:00"]
    assert [one for _, one, _ in made(third, **span)] == ["01 00:00", "04 00:00", "07 00:00", "10 00:00"]


def test_inv_7_the_same_days_give_the_same_windows() -> None:
    one, other = (windows(WHO, (WEIGHT, TWICE), ZONE, START, (START, date(2026, 3, 9))) for _ in range(2))
    assert one == other
    assert len({window.id for window in one}) == len(one) == 27


def test_f6_a_steady_person_is_asked_less_often() -> None:
    diary = Expect(key="d", form="heart_failure_daily", steady_every_days=3)
    days = [START + timedelta(days=n) for n in range(6)]
    assert [diary.is_on(on, START) for on in days] == [True] * 6
    assert [diary.is_on(on, START, steady=True) for on in days] == [True, False, False, True, False, False]
    weekly = Expect(key="w", kind="heart_rate", days=(6,), steady_every_days=2)
    assert [weekly.is_on(on, START, steady=True) for on in days] == [True, False, True, False, True, False]
    assert weekly.is_on(START, START)
    expected = windows(WHO, (diary,), ZONE, START, (START, days[-1]))
    assert [one.on for one in expected] == [days[0], days[3]], "nobody is silent for being steady"
    assert (diary.interval_days, diary.patience_days, WEIGHT.patience_days) == (1, 3, 1)


def test_md_1_what_meets_a_window() -> None:
    (window,) = windows(WHO, (WEIGHT,), ZONE, START, (date(2026, 6, 15), date(2026, 6, 15)))
    at = window.opens_at
    early, first, second = (Heard("body_weight", when, uuid7()) for when in (at - timedelta(seconds=1), at, at + timedelta(hours=1)))
    heard = {"body_weight": [early, first, second], "heart_rate": [first]}
    assert met_by(WEIGHT, window, heard) is first
    assert met_by(WEIGHT, window, {"body_weight": [early, Heard("body_weight", window.closes_at, uuid7())]}) is None
    diary = Expect(key="d", form="copd_daily")
    assert met_by(diary, window, {"copd_daily": [second]}) is second
    assert met_by(diary, window, heard) is None


def test_md_7_absence_covers_a_window_that_it_touches() -> None:
    (window,) = windows(WHO, (WEIGHT,), ZONE, START, (date(2026, 6, 15), date(2026, 6, 15)))
    def away(start: datetime, end: datetime) -> bool:
        return is_paused(window, [Pause(reason=PauseReason.HOLIDAY, from_at=start, to_at=end)])

    assert away(window.opens_at + timedelta(hours=20), window.closes_at + timedelta(days=3))
    assert away(window.opens_at - timedelta(days=3), window.opens_at + timedelta(minutes=1))
    assert not away(window.closes_at, window.closes_at + timedelta(days=3))
    assert not away(window.opens_at - timedelta(days=3), window.opens_at)


@pytest.mark.parametrize(
    ("start", "end", "pointer"),
    [
        pytest.param(1, 1, "/toAt", id="no time at all"), pytest.param(-3, -1, "/toAt", id="over already"),
        pytest.param(0, 93, "/toAt", id="longer than three months"),
    ],
)  # fmt: skip
def test_f31_an_absence_has_an_end_ahead(start: int, end: int, pointer: str) -> None:
    pause = Pause(reason=PauseReason.OTHER, from_at=NOW + timedelta(days=start), to_at=NOW + timedelta(days=end))
    with pytest.raises(Invalid) as refused:
        admit_pause(pause, NOW)
    assert refused.value.pointer == pointer
    admit_pause(Pause(reason=PauseReason.OTHER, from_at=NOW - timedelta(days=2), to_at=NOW + timedelta(days=60)), NOW)


def test_f6_burden_counts_times_forms_and_how_often() -> None:
    assert a_day(WEIGHT) == 30
    assert a_day(TWICE) == 60
    assert burden_s((WEIGHT, TWICE)) == 90
    assert burden_s((Expect(key="w", kind="heart_rate", days=(0, 3), seconds=70),)) == 20
    assert burden_s((Expect(key="f", form="nyha", every_days=30),)) == 1
    assert burden_s((Expect(key="f", form="nyha", every_days=31),)) == 0


def test_f6_a_plan_over_its_ceiling_is_refused_and_says_what_to_drop() -> None:
    expected = (WEIGHT, TWICE, Expect(key="pressure", kind="blood_pressure", seconds=100))
    assert faults(expected, 190) == []
    (over,) = faults(expected, 160)
    assert over.pointer == "/expected/0"
    assert "190 seconds a day, 30 more than the ceiling of 160" in over.detail
    assert "Leave out 'weight' (30 seconds a day)" in over.detail
    assert faults(expected, 129)[0].pointer == "/expected/2"
    assert faults((WEIGHT, WEIGHT.__class__(key="b", kind="heart_rate", seconds=20)), 10)[0].pointer == "/expected/0"


WRONG = {
    "neither": Expect(key="x"), "both": Expect(key="x", kind="body_weight", form="nyha"), "no such kind": Expect(key="x", kind="luck"),
    "no such form": Expect(key="x", form="luck"), "never": Expect(key="x", form="nyha", every_days=0),
    "an eighth weekday": Expect(key="x", form="nyha", days=(7,)), "a time twice": Expect(key="x", form="nyha", times=(time(8), time(8))),
    "seconds": Expect(key="x", form="nyha", times=(time(8, 0, 5),)),
    "another clock": Expect(key="x", form="nyha", times=(time(8, tzinfo=UTC),)),
    "no tolerance": Expect(key="x", form="nyha", tolerance_min=0), "an hour long": Expect(key="x", kind="body_weight", seconds=3600),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_f6_what_cannot_be_expected_is_refused_with_its_place(name: str) -> None:
    assert [one.pointer for one in faults((WEIGHT, WRONG[name]), 500)] == ["/expected/1"]


def test_f6_keys_and_ceiling() -> None:
    assert [one.pointer for one in faults((WEIGHT, WEIGHT), 0)] == ["/expected/1/key", "/ceilingS"]


def test_f35_a_person_s_own_moment_of_a_span() -> None:
    assert spread(UUID(int=70), timedelta(minutes=1)) == timedelta(seconds=10)
    assert spread(UUID(int=70), timedelta(0)) == timedelta(0)
    assert next_end([], NOW) is None
    assert today(datetime(2026, 6, 14, 23, 30, tzinfo=UTC), ZONE)[0] == date(2026, 6, 15)
    assert WEIGHT.label == "Weight"
    assert Expect(key="f", form="nyha").label == "What your heart lets you do"

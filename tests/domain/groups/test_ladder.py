"""PGS-2, PGS-3, F50: a post that waits is told to more people until somebody takes it; nobody is skipped to, and it never goes silent."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.groups import ladder
from domain.groups.ladder import Climb, Whom

SINCE = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
ALL = frozenset(Whom)


def _at(minutes: float) -> datetime:
    return SINCE + timedelta(minutes=minutes)


@pytest.mark.parametrize("level, hours", [(3, 0), (2, 0), (1, 24)])
def test_pgs_2_a_crisis_and_harm_are_told_at_once_and_the_rest_in_a_day(level: int, hours: int) -> None:
    assert ladder.first_at(level, SINCE) == SINCE + timedelta(hours=hours)


@pytest.mark.parametrize(
    "minutes, told, whom, place, next_minutes",
    [
        (0, 0, (Whom.DUTY,), 1, 2),
        (2, 1, (Whom.DUTY,), 2, 5),
        (5, 2, (Whom.DUTY, Whom.MODERATORS), 1, 10),
        (10, 3, (Whom.DUTY, Whom.MODERATORS, Whom.LEADS), 1, 15),
    ],
)
def test_pgs_3_a_crisis_goes_to_more_people_within_ten_minutes(
    minutes: int, told: int, whom: tuple[Whom, ...], place: int, next_minutes: int
) -> None:
    done = ladder.climb(3, SINCE, told, _at(minutes), ALL)
    assert done == Climb(whom=whom, place=place, told=told + 1, next_at=_at(next_minutes))


def test_f50_the_last_step_is_taken_again_by_another_channel_and_never_ends() -> None:
    told, now = 4, _at(15)
    places: list[int] = []
    for _ in range(10):
        done = ladder.climb(3, SINCE, told, now, ALL)
        assert done.whom == (Whom.DUTY, Whom.MODERATORS, Whom.LEADS)
        assert done.next_at == now + timedelta(minutes=5)
        places.append(done.place)
        told, now = done.told, done.next_at
    assert places == list(range(2, 12))


def test_pgs_3_after_a_pause_there_is_one_notice_of_the_highest_step_and_not_four() -> None:
    done = ladder.climb(3, SINCE, 0, _at(60), ALL)
    assert done == Climb(whom=(Whom.DUTY, Whom.MODERATORS, Whom.LEADS), place=1, told=4, next_at=_at(65))


def test_pgs_3_where_nobody_is_on_duty_the_moderators_are_told_at_once() -> None:
    done = ladder.climb(3, SINCE, 0, SINCE, {Whom.MODERATORS})
    assert done == Climb(whom=(Whom.DUTY, Whom.MODERATORS), place=1, told=3, next_at=_at(10))


def test_pgs_3_where_there_are_only_leads_they_are_told_at_once() -> None:
    done = ladder.climb(3, SINCE, 0, SINCE, {Whom.LEADS})
    assert done == Climb(whom=(Whom.DUTY, Whom.MODERATORS, Whom.LEADS), place=1, told=4, next_at=_at(5))


@pytest.mark.parametrize("level", [1, 2, 3])
def test_f50_where_there_is_nobody_at_all_the_last_step_is_still_taken_again(level: int) -> None:
    done = ladder.climb(level, SINCE, 0, SINCE, ())
    assert done.whom == ladder.STEPS[level][-1].whom
    assert done.next_at == SINCE + ladder.AGAIN[level]


def test_pgs_2_a_step_that_is_asked_for_early_tells_whom_the_first_step_means() -> None:
    done = ladder.climb(1, SINCE, 0, SINCE, ALL)
    assert done == Climb(whom=(Whom.DUTY, Whom.MODERATORS), place=1, told=1, next_at=SINCE + timedelta(hours=72))


@pytest.mark.parametrize(
    "level, hours, told, whom, next_hours",
    [
        (2, 0, 0, (Whom.DUTY,), 12),
        (2, 12, 1, (Whom.MODERATORS,), 24),
        (2, 24, 2, (Whom.MODERATORS, Whom.LEADS), 48),
        (1, 24, 0, (Whom.DUTY, Whom.MODERATORS), 72),
        (1, 72, 1, (Whom.MODERATORS, Whom.LEADS), 96),
    ],
)
def test_pgs_2_the_rest_climbs_by_its_own_clock(level: int, hours: int, told: int, whom: tuple[Whom, ...], next_hours: int) -> None:
    done = ladder.climb(level, SINCE, told, SINCE + timedelta(hours=hours), ALL)
    assert done == Climb(whom=whom, place=1, told=told + 1, next_at=SINCE + timedelta(hours=next_hours))


def test_f50_what_was_told_is_never_forgotten() -> None:
    assert ladder.climb(3, SINCE, 7, _at(2), ALL).told == 8


def test_alp_5_what_was_taken_must_be_decided_the_sooner_the_worse_it_is() -> None:
    within = [ladder.ACT_WITHIN[level] for level in (3, 2, 1)]
    assert within == [timedelta(minutes=30), timedelta(hours=12), timedelta(hours=48)]

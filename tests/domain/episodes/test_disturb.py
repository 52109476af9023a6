"""F104: quiet hours in the person's own zone, a cap for each day, and a red that is exempt from both."""

from datetime import UTC, datetime, time, timedelta

import pytest

from domain.detection.judgement import Severity
from domain.episodes.disturb import Quiet, disturb, quiet_until
from domain.episodes.notify import Drop, Hold, Reach

MAIL, TEXT = Reach("email", "a@example.org"), Reach("sms", "+447700900001", is_words=True)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
NIGHT = datetime(2026, 11, 25, 23, tzinfo=UTC)
MORNING = datetime(2026, 11, 26, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        pytest.param(Quiet(), "2026-11-25T23:00", "2026-11-26T08:00", id="in the evening"),
        pytest.param(Quiet(), "2026-11-26T02:00", "2026-11-26T08:00", id="after midnight"),
        pytest.param(Quiet(), "2026-11-26T08:00", None, id="at their very end"),
        pytest.param(Quiet(), "2026-11-25T21:00", "2026-11-26T08:00", id="at their very beginning"),
        pytest.param(Quiet(zone="Asia/Kolkata"), "2026-11-25T16:00", "2026-11-26T02:30", id="evening in Kolkata, afternoon in London"),
        pytest.param(Quiet(from_at=time(13), to_at=time(15)), "2026-11-25T14:00", "2026-11-25T15:00", id="an afternoon's rest"),
        pytest.param(Quiet(from_at=time(13), to_at=time(15)), "2026-11-25T15:00", None, id="after the rest"),
        pytest.param(Quiet(from_at=time(0), to_at=time(0)), "2026-11-25T23:00", None, id="no quiet hours"),
        pytest.param(Quiet(), "2026-03-28T22:00", "2026-03-29T07:00", id="the clocks go forward in the night"),
        pytest.param(Quiet(), "2026-10-24T21:00", "2026-10-25T08:00", id="the clocks go back in the night"),
    ],
)
def test_f104_quiet_hours_are_by_the_clock_where_the_person_lives(quiet: Quiet, now: str, until: str | None) -> None:
    found = quiet_until(quiet, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == (None if until is None else datetime.fromisoformat(until).replace(tzinfo=UTC))


def test_f104_amber_waits_for_the_morning_and_red_does_not() -> None:
    assert disturb(Severity.AMBER, [MAIL], 1, Quiet(), [], NIGHT) == Hold(MORNING, "quiet hours")
    assert disturb(Severity.RED, [MAIL], 1, Quiet(), [NIGHT] * 50, NIGHT) == MAIL
    assert disturb(Severity.RED, [MAIL], 1, Quiet(most=0), [], NIGHT) == MAIL
    # Who wrote just now is awake.
    assert disturb(Severity.AMBER, [TEXT], 1, Quiet(), [], NIGHT, wrote_at=NIGHT - timedelta(minutes=2)) == TEXT
    assert disturb(Severity.AMBER, [TEXT], 1, Quiet(), [], NIGHT, wrote_at=NIGHT - timedelta(hours=2)) == Hold(MORNING, "quiet hours")


def test_f104_so_many_a_day_and_not_twice_at_once() -> None:
    earlier = [NOON - timedelta(hours=hours) for hours in (1, 2, 3)]
    assert disturb(Severity.AMBER, [MAIL], 1, Quiet(most=3), earlier, NOON) == Hold(MORNING, "enough for today")
    assert disturb(Severity.AMBER, [MAIL], 1, Quiet(most=4), earlier, NOON) == MAIL
    # Yesterday's do not count, and without quiet hours the new day begins at midnight.
    assert disturb(Severity.AMBER, [MAIL], 1, Quiet(most=1), [NOON - timedelta(days=1)], NOON) == MAIL
    never = Quiet(from_at=time(0), to_at=time(0), most=1)
    assert disturb(Severity.AMBER, [MAIL], 1, never, earlier, NOON) == Hold(datetime(2026, 11, 26, tzinfo=UTC), "enough for today")
    assert disturb(Severity.INFO, [MAIL], 1, Quiet(most=0), [], NOON) == Drop("wants none")
    just_now = [NOON - timedelta(minutes=10)]
    assert disturb(Severity.AMBER, [MAIL], 1, Quiet(), just_now, NOON) == Hold(NOON + timedelta(minutes=20), "told just now")
    assert disturb(Severity.AMBER, [TEXT], 1, Quiet(), just_now, NOON) == TEXT


def test_f104_the_next_channel_when_one_fails_and_none_where_there_is_none() -> None:
    assert [disturb(Severity.AMBER, [MAIL, TEXT], place, Quiet(), [], NOON) for place in (1, 2, 3)] == [MAIL, TEXT, MAIL]
    assert disturb(Severity.RED, [], 1, Quiet(), [], NOON) == Drop("no channel")

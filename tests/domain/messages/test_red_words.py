"""Words that must not wait, and promises by staffed hours."""

from datetime import UTC, datetime, time, timedelta

import pytest

from domain.episodes.calendar import Calendar, Hours
from domain.episodes.holidays import Region
from domain.messages.red_words import found
from domain.messages.reply import Reply, promise
from domain.readings.kinds import CODE_NO


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("I have CHEST PAIN since breakfast", ("chest_pain",)),
        ("I can\u2019t breathe lying down", ("breathlessness",)),
        ("cant  breathe", ("breathlessness",)),
        ("I want to die, my chest hurts", ("self_harm_plan", "chest_pain")),
        ("thinking of suicide", ("self_harm_plan",)),
        ("no chest pain today", ("chest_pain",)),
        ("Mum's speech is slurred", ("stroke_sign",)),
        ("I fainted, then felt better", ("feel_worse",)),
        ("Thank you, the new tablets are fine", ()),
        ("A bit of fitness, and benefits from it", ()),
        ("", ()),
    ],
)
def test_f68_red_words_are_symptoms(text: str, codes: tuple[str, ...]) -> None:
    assert found(text) == codes


def test_f68_every_red_word_stands_for_a_symptom_that_there_is() -> None:
    said = "kill myself slurred chest pain cant breathe seizure confused fainted"
    assert len(found(said)) == 7
    assert set(found(said)) <= CODE_NO[501].keys()


WEEKDAYS = Calendar(
    zone="Europe/London", region=Region.NONE, hours=tuple(Hours(weekday=day, opens=time(9), closes=time(17)) for day in range(5))
)
TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def test_f68_an_answer_is_promised_by_staffed_hours() -> None:
    day = timedelta(days=1)
    assert promise([WEEKDAYS], TUESDAY) == Reply(is_read_now=True, by=TUESDAY + day, opens_at=None)
    friday_night = datetime(2026, 11, 27, 22, 0, tzinfo=UTC)
    monday = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
    assert promise([WEEKDAYS], friday_night) == Reply(is_read_now=False, by=monday + timedelta(hours=8), opens_at=monday)
    assert promise([], TUESDAY) == Reply(is_read_now=False, by=None, opens_at=None)

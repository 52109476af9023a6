"""What somebody must answer for is answered within three working days (ACC-7), and what is worth a question (ACC-9)."""

from datetime import UTC, datetime

import pytest

from domain.sharing import reviews
from domain.sharing.emergencies import REASON_WORDS, Reason
from domain.sharing.snooping import is_namesake, is_unusual


@pytest.mark.parametrize(
    ("at", "by"),
    [
        pytest.param("2026-11-23T09:00+00:00", "2026-11-26T23:59:59+00:00", id="Monday to Thursday"),
        pytest.param("2026-11-27T09:00+00:00", "2026-12-02T23:59:59+00:00", id="over a weekend"),
        pytest.param("2026-12-24T09:00+00:00", "2026-12-31T23:59:59+00:00", id="over Christmas and the day kept for it"),
    ],
)
def test_acc_7_three_working_days(at: str, by: str) -> None:
    assert reviews.due(datetime.fromisoformat(at), "Europe/London").astimezone(UTC) == datetime.fromisoformat(by)


def test_acc_7_every_reason_and_every_kind_has_words() -> None:
    assert set(REASON_WORDS) == set(Reason)
    assert set(reviews.WORDS) == set(reviews.Kind)


@pytest.mark.parametrize(
    ("today", "before", "unusual"),
    [
        pytest.param(40, [10, 12] * 5, True, id="far above eleven a day"),
        pytest.param(16, [10, 12] * 5, True, id="five above, one deviation is one"),
        pytest.param(15, [12, 14] * 5, False, id="two above, one deviation is one"),
        pytest.param(14, [1] * 10, False, id="fourteen people are never many"),
        pytest.param(40, [10] * 9, False, id="nine days say nothing of what is usual"),
        pytest.param(20, [30, 20] * 5, False, id="below the usual"),
        pytest.param(60, [2, 60] * 5, False, id="busy days are usual for this one"),
    ],
)
def test_acc_9_more_than_three_deviations_above_ones_own_days(today: int, before: list[int], unusual: bool) -> None:
    assert is_unusual(today, before) is unusual


def test_acc_9_a_namesake_is_told_by_the_family_name() -> None:
    assert is_namesake("Sr Ana Silva", "silva")
    assert not is_namesake("Sr Ana Silva", "Silvas")
    assert not is_namesake("", "Silva")

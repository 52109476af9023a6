"""An emergency access is answered for within three working days (ACC-7)."""

from datetime import UTC, datetime

import pytest

from domain.sharing.emergencies import REASON_WORDS, Reason, review_by


@pytest.mark.parametrize(
    ("at", "by"),
    [
        pytest.param("2026-11-23T09:00+00:00", "2026-11-26T23:59:59+00:00", id="Monday to Thursday"),
        pytest.param("2026-11-27T09:00+00:00", "2026-12-02T23:59:59+00:00", id="over a weekend"),
        pytest.param("2026-12-24T09:00+00:00", "2026-12-31T23:59:59+00:00", id="over Christmas and the day kept for it"),
    ],
)
def test_acc_7_three_working_days(at: str, by: str) -> None:
    assert review_by(datetime.fromisoformat(at), "Europe/London").astimezone(UTC) == datetime.fromisoformat(by)


def test_acc_7_every_reason_has_words() -> None:
    assert set(REASON_WORDS) == set(Reason)

"""What a permission may become, and what it is called."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.errors import Invalid, StaleVersion
from domain.readings.kinds import DataClass
from domain.sharing import consent
from domain.sharing.consent import Terms
from domain.sharing.texts import TEXTS, current

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
TERMS = Terms(team_id=UUID(int=1), data_classes=(DataClass.RECORD, DataClass.MOOD), may_write=True, from_at=NOW,
              to_at=NOW + timedelta(days=100))  # fmt: skip
DIGESTS = {
    ("sharing", 1): "b803bc7dac8cfb3979f6f9322f57c768dfbcf1b39361918a5fbebab55e2b4d1a",
    ("proxy", 1): "4a0c0cccbf55f14a80e3fc158d4bc1f1153fbc3fd88cf7b189cab28616571da0",
}


def test_f60_a_text_that_was_shown_is_never_changed() -> None:
    assert {(one.key, one.version): one.digest for one in TEXTS} == DIGESTS


def test_f57_classes_are_known_and_each_once() -> None:
    assert consent.classes(["mood", "record", "mood"]) == (DataClass.RECORD, DataClass.MOOD)
    assert consent.known([6, 0, 99]) == (DataClass.RECORD, DataClass.MOOD)
    for names, pointer in ((["record", "secrets"], "/dataClasses/1"), ([], "/dataClasses")):
        with pytest.raises(Invalid) as refused:
            consent.classes(names)
        assert refused.value.pointer == pointer


def test_f60_only_the_text_in_force_can_be_agreed_to() -> None:
    assert consent.agreed("sharing", 1) is current("sharing")
    with pytest.raises(StaleVersion):
        consent.agreed("sharing", 2)


def test_f58_an_end_is_a_year_away_unless_said_and_five_at_most() -> None:
    assert consent.until(None, NOW) == NOW + timedelta(days=365)
    assert consent.until(NOW + timedelta(days=1), NOW) == NOW + timedelta(days=1)
    for wrong in (NOW, NOW + timedelta(days=1831)):
        with pytest.raises(Invalid):
            consent.until(wrong, NOW)


def test_f59_narrowing_only_takes_away() -> None:
    less = consent.narrowed(TERMS, data_classes=[DataClass.RECORD], may_write=False, to_at=TERMS.to_at)
    assert (less.data_classes, less.may_write, less.to_at) == ((DataClass.RECORD,), False, TERMS.to_at)
    assert consent.narrowed(TERMS, data_classes=TERMS.data_classes, may_write=True, to_at=NOW + timedelta(days=1)).may_write
    more = [
        ([DataClass.RECORD, DataClass.VITALS], True, TERMS.to_at, "/dataClasses"),
        ([DataClass.RECORD], True, TERMS.to_at + timedelta(seconds=1), "/toAt"),
        (list(TERMS.data_classes), True, TERMS.to_at, "/dataClasses"),
    ]
    for classes, may_write, to_at, pointer in more:
        with pytest.raises(Invalid) as refused:
            consent.narrowed(TERMS, data_classes=classes, may_write=may_write, to_at=to_at)
        assert refused.value.pointer == pointer
    with pytest.raises(Invalid) as refused:
        consent.narrowed(less, data_classes=less.data_classes, may_write=True, to_at=less.to_at)
    assert refused.value.pointer == "/mayWrite"


@pytest.mark.parametrize(
    ("days", "place"),
    [
        pytest.param(31, None, id="not yet"),
        pytest.param(30, 0, id="a month before"),
        pytest.param(8, 0, id="still the first"),
        pytest.param(7, 1, id="a week before"),
        pytest.param(0, None, id="over"),
    ],
)
def test_f58_reminders_come_a_month_and_a_week_before_the_end(days: int, place: int | None) -> None:
    assert consent.reminder(NOW + timedelta(days=days), NOW) == place


def test_parts_of_a_record_are_said_in_words() -> None:
    assert consent.words(list(DataClass)) == "everything in your record"
    assert consent.words([DataClass.GLUCOSE]) == "glucose"
    assert consent.words([DataClass.MOOD, DataClass.GLUCOSE, DataClass.ACTIVITY]) == "glucose, mood, and activity"
    assert set(consent.CLASS_WORDS) == set(DataClass)


def test_f58_what_ends_is_said_with_the_day_where_the_person_lives_and_what_to_do() -> None:
    late = datetime(2027, 3, 28, 23, 30, tzinfo=UTC)
    before = consent.ending("Heart nurses", [DataClass.MOOD], late, "Europe/London")
    assert "On 29 March 2027" in before  # half past midnight there: summer time has begun
    assert "mood with Heart nurses" in before
    assert "renew" in before
    after = consent.ended("Heart nurses", [DataClass.MOOD, DataClass.GLUCOSE])
    assert "no longer share glucose, and mood with Heart nurses" in after
    assert "999" in after

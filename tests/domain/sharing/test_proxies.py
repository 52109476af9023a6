"""Age steps at 11 and 16 in the child's own zone, and when somebody must look again (F62)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.errors import Invalid
from domain.readings.kinds import DataClass
from domain.sharing.proxies import Right, birthday, review_on, spans

LONDON = "Europe/London"
ALL = tuple(DataClass)
NOT_MOOD = tuple(one for one in ALL if one is not DataClass.MOOD)
FAR = datetime(2060, 1, 1, tzinfo=UTC)


def test_f62_a_birthday_begins_at_midnight_where_the_child_lives() -> None:
    assert birthday(date(2015, 7, 4), 11, LONDON) == datetime(2026, 7, 3, 23, tzinfo=UTC)
    assert birthday(date(2015, 7, 4), 11, "Pacific/Auckland") == datetime(2026, 7, 3, 12, tzinfo=UTC)
    assert birthday(date(2012, 2, 29), 11, LONDON) == datetime(2023, 3, 1, tzinfo=UTC)
    assert birthday(date(2012, 2, 29), 16, LONDON) == datetime(2028, 2, 29, tzinfo=UTC)
    assert birthday(date(2089, 2, 28), 11, LONDON) == datetime(2100, 2, 28, tzinfo=UTC)
    assert birthday(date(2084, 2, 29), 16, LONDON) == datetime(2100, 3, 1, tzinfo=UTC)
    assert birthday(date(1984, 2, 29), 16, LONDON) == datetime(2000, 2, 29, tzinfo=UTC)


def test_f62_a_parent_sees_less_from_11_and_nothing_from_16() -> None:
    born, now = date(2020, 5, 1), datetime(2026, 11, 25, tzinfo=UTC)
    eleven, sixteen = birthday(born, 11, LONDON), birthday(born, 16, LONDON)
    first, second = spans(Right.PARENT, ALL, born, LONDON, now, FAR)
    assert (first.data_classes, first.from_at, first.to_at) == (ALL, now, eleven)
    assert (second.data_classes, second.from_at, second.to_at) == (NOT_MOOD, eleven, sixteen)
    (only,) = spans(Right.PARENT, ALL, born, LONDON, now, now + timedelta(days=365))
    assert only.to_at == now + timedelta(days=365)
    (late,) = spans(Right.PARENT, ALL, born, LONDON, eleven, FAR)
    assert (late.data_classes, late.from_at) == (NOT_MOOD, eleven)
    (mood,) = spans(Right.PARENT, [DataClass.MOOD], born, LONDON, now, FAR)
    assert mood.to_at == eleven
    with pytest.raises(Invalid):
        spans(Right.PARENT, [DataClass.MOOD], born, LONDON, eleven, FAR)
    with pytest.raises(Invalid):
        spans(Right.PARENT, ALL, born, LONDON, sixteen, FAR)


def test_f62_a_carer_by_consent_has_no_age_steps() -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    (span,) = spans(Right.CONSENT, [DataClass.MOOD, DataClass.RECORD], date(2020, 5, 1), LONDON, now, FAR)
    assert (span.data_classes, span.from_at, span.to_at) == ((DataClass.RECORD, DataClass.MOOD), now, FAR)


def test_f62_a_right_is_looked_at_again_at_the_next_step_or_after_a_year() -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    born = date(2016, 1, 1)
    assert review_on(Right.PARENT, born, LONDON, now) == birthday(born, 11, LONDON)
    assert review_on(Right.ATTORNEY, born, LONDON, now) == now + timedelta(days=365)
    assert review_on(Right.PARENT, date(2023, 1, 1), LONDON, now) == now + timedelta(days=365)

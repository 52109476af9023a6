"""The small parts: text, days, numbers, who may do what."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from domain import days, text
from domain.actor import Actor, ActorKind, Scope
from domain.detection.rule import age_at, out_of_scope, same
from domain.errors import Busy, FreshSignInNeeded, Invalid, NotFound, OutOfScope
from domain.people import nhs_number
from tests.builders import ADULT, NOW, new_id, reading


def test_inp_3_free_text() -> None:
    assert text.admit("cafe\u0301\nok", pointer="/reason") == "caf\u00e9\nok"
    for wrong in ("a" * 2001, "a\x00b", "a\u202eb", "a\ud800b"):
        with pytest.raises(Invalid):
            text.admit(wrong, pointer="/reason")


def test_c_1_a_day_is_the_patients() -> None:
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert days.day(late, "Europe/London") == date(2026, 7, 2)
    assert days.local(late, "Europe/London").hour == 0
    assert [days.years(date(2000, 2, 29), on) for on in (date(2018, 2, 28), date(2018, 3, 1))] == [17, 18]


@pytest.mark.parametrize("number", ["9991234005", "999-123-4005", "12", "١٢٣٤٥٦٧٨٩٠"])
def test_nhs_number_check_digit(number: str) -> None:
    assert nhs_number.admit("999 123 4004", pointer="/n") == "9991234004"
    with pytest.raises(Invalid):
        nhs_number.admit(number, pointer="/n")


def test_a_scope_is_asked_for() -> None:
    actor = Actor(id=new_id(), kind=ActorKind.PATIENT, scopes=frozenset({Scope.READINGS_READ}))
    actor.must(Scope.READINGS_READ)
    with pytest.raises(OutOfScope):
        actor.must(Scope.EPISODES_ACT)
    assert (NotFound().detail, Busy("later", 3).retry_after_s) == ("There is nothing here for you", 3)


def test_tok_8_staff_sign_in_again_before_they_change_how_people_are_watched() -> None:
    now = NOW
    nurse = Actor(id=new_id(), kind=ActorKind.STAFF, scopes=frozenset(), auth_at=int(now.timestamp()) - 300)
    nurse.must_be_fresh(now)
    with pytest.raises(FreshSignInNeeded):
        nurse.must_be_fresh(now + timedelta(seconds=1))
    Actor(id=new_id(), kind=ActorKind.PATIENT, scopes=frozenset(), auth_at=0).must_be_fresh(now)
    nurse.must_be_staff()
    with pytest.raises(NotFound):
        Actor(id=new_id(), kind=ActorKind.PATIENT, scopes=frozenset()).must_be_staff()


def test_c_6_scope_by_age() -> None:
    one = reading("heart_rate", 70)
    assert out_of_scope(ADULT, one) is None
    assert age_at(ADULT, one) == 76
    young = type(ADULT)(birth_on=NOW.date().replace(year=NOW.year - 18))
    assert out_of_scope(young, one) is None
    assert (same(Decimal("2.00")), same(Decimal("80.20")), same(Decimal(120))) == ("2", "80.2", "120")


def test_c_1_a_civil_day_starts_at_the_patient_s_midnight() -> None:
    spring = datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert days.midnight(spring, "Europe/London") == datetime(2026, 3, 29, tzinfo=UTC)
    assert days.midnight(spring + timedelta(days=1), "Europe/London") == datetime(2026, 3, 29, 23, tzinfo=UTC)
    assert days.instant(date(2026, 3, 29), time(1, 30), "Europe/London") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)

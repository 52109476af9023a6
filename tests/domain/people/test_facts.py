"""What is known about a person: told once, dated, and refused when it cannot be."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.errors import Invalid
from domain.people import facts
from domain.people.patient import Profile
from tests.builders import NOW, fact

AGO = NOW - timedelta(days=10)


def test_the_fact_that_began_last_holds_and_an_ended_one_does_not() -> None:
    person = Profile(birth_on=date(1950, 1, 1), facts=(
        fact("best_peak_flow", "450"), fact("best_peak_flow", "470", AGO), fact("pregnant", since=AGO, until=NOW),
        fact("medicine", "diuretic", AGO), fact("medicine", "insulin"),
    ))  # fmt: skip
    assert person.number("best_peak_flow", NOW) == Decimal(470)
    assert person.number("best_peak_flow", AGO - timedelta(seconds=1)) == Decimal(450)
    assert person.number("usual_spo2", NOW) is None
    assert [person.has("pregnant", at) for at in (AGO, NOW - timedelta(seconds=1), NOW)] == [True, True, False]
    assert (person.has("medicine", NOW, "diuretic"), person.has("medicine", NOW, "sglt2i")) == (True, False)
    assert [one.value for one in person.told("medicine")] == ["insulin", "diuretic"]


@pytest.mark.parametrize(
    ("key", "value", "pointer"),
    [
        ("shoe_size", "43", "/key"), ("best_peak_flow", "29", "/value"), ("best_peak_flow", "901", "/value"),
        ("best_peak_flow", "NaN", "/value"), ("best_peak_flow", "much", "/value"), ("pregnant", "no", "/value"),
        ("medicine", "aspirin", "/value"),
    ],
)  # fmt: skip
def test_a_fact_that_cannot_be_is_refused(key: str, value: str, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        facts.admit(key, value, NOW, None)
    assert refused.value.pointer == pointer


def test_a_fact_ends_after_it_began() -> None:
    with pytest.raises(Invalid):
        facts.admit("pregnant", "yes", NOW, NOW)
    assert facts.admit("medicine", "diuretic", AGO, NOW).to_at == NOW

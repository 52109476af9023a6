"""F79, INV-19: a card shows how each day was against the week itself, and no value."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.groups import card
from domain.groups.card import Level

LAST = date(2026, 5, 10)
NONE, LOW, MIDDLE, HIGH = Level.NONE, Level.LOW, Level.MIDDLE, Level.HIGH


def values(*days: str) -> dict[date, list[Decimal]]:
    """What was measured on days that end with the last: several values with spaces between, or nothing."""
    first = LAST - timedelta(days=len(days) - 1)
    return {first + timedelta(days=place): [Decimal(one) for one in day.split()] for place, day in enumerate(days)}


@pytest.mark.parametrize(
    ("days", "levels", "way"),
    [
        pytest.param("70 71 72 73 74 75 76", (LOW, LOW, MIDDLE, MIDDLE, MIDDLE, HIGH, HIGH), "went up", id="up"),
        pytest.param("76 75 74 73 72 71 70", (HIGH, HIGH, MIDDLE, MIDDLE, MIDDLE, LOW, LOW), "went down", id="down"),
        pytest.param("70 70 70 70 70 70 70", (MIDDLE,) * 7, "stayed about the same", id="the same"),
        pytest.param("70 76 73 73 73 76 70", (LOW, HIGH, MIDDLE, MIDDLE, MIDDLE, HIGH, LOW), "stayed about the same", id="to and fro"),
    ],
)
def test_f79_each_day_is_set_against_the_middle_of_its_week(days: str, levels: tuple[Level, ...], way: str) -> None:
    found = card.week("weight", "My weight", values(*days.split()), LAST)
    assert found.days == levels
    assert (found.kind, found.label) == ("weight", "My weight")
    assert found.says == f"My weight {way} over the week, measured on 7 of 7 days."


def test_f79_a_day_of_several_values_counts_once_with_their_mean() -> None:
    several = card.week("pulse", "My pulse", values("60 80", "71", "72 72 72", "73", "74", "70 80", "76"), LAST)
    once = card.week("pulse", "My pulse", values("70", "71", "72", "73", "74", "75", "76"), LAST)
    assert several == once


def test_f79_a_day_without_a_value_is_shown_as_such() -> None:
    found = card.week("weight", "My weight", values("70", "", "71", "", "75", "", "76"), LAST)
    assert found.days == (LOW, NONE, LOW, NONE, MIDDLE, NONE, MIDDLE)
    assert found.says == "My weight went up over the week, measured on 4 of 7 days."


def test_f79_only_the_week_itself_counts() -> None:
    within = values("70", "71", "72", "73", "74", "75", "76")
    around = {LAST - timedelta(days=7): [Decimal(500)], **within, LAST + timedelta(days=1): [Decimal(1)]}
    assert card.week("weight", "My weight", around, LAST) == card.week("weight", "My weight", within, LAST)


@pytest.mark.parametrize("days", [(), ("70", "71", "72"), ("70", "", "71", "", "72", "", ""), ("70", "71", "72", *[""] * 7)])
def test_f79_fewer_than_four_days_make_no_card(days: tuple[str, ...]) -> None:
    with pytest.raises(card.TooFew):
        card.week("weight", "My weight", values(*days), LAST)


def test_inv_19_weeks_that_differ_by_size_alone_make_the_same_card() -> None:
    light, heavy = ("50", "51", "52", "53", "54", "55", "56"), ("150", "152", "154", "156", "158", "160", "162")
    assert card.week("weight", "My weight", values(*light), LAST) == card.week("weight", "My weight", values(*heavy), LAST)


def test_f79_a_card_goes_by_itself_after_two_weeks() -> None:
    assert timedelta(days=14) == card.LASTS

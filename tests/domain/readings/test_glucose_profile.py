"""A usual day of a sensor, by worked examples."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from domain.readings.glucose_profile import Bands, NoProfile, Profile, bands, profile, share
from domain.readings.sensor_days import Summary

FULL = Summary(
    days=14, n=4032, expected=4032, active=Decimal(100),
    beyond=(Decimal(1), Decimal(3), Decimal(6), Decimal(40), Decimal(16), Decimal(4)), in_range=Decimal(78),
    in_narrow_range=Decimal(57), mean=Decimal(154), cv=Decimal(33),
)  # fmt: skip


def two_weeks(**changes: Any) -> Summary:
    return msgspec.structs.replace(FULL, **changes)


def day(*values: str) -> list[tuple[int, Decimal]]:
    """The same values in each half hour."""
    return [(slot * 30 + 5, Decimal(value)) for slot in range(48) for value in values]


@pytest.mark.parametrize(
    ("part", "value"),
    [
        pytest.param("0.5", "6.0", id="the median of eleven is the sixth"),
        pytest.param("0.25", "3.5", id="a quarter lies between the third and the fourth"),
        pytest.param("0.05", "1.5", id="one in twenty lies between the first and the second"),
        pytest.param("0.95", "10.5", id="nineteen in twenty lies between the tenth and the last"),
        pytest.param("1", "11.0", id="all lie below the last"),
    ],
)
def test_a_share_lies_on_the_line_between_two_values(part: str, value: str) -> None:
    assert share([Decimal(place) for place in range(1, 12)], Decimal(part)) == Decimal(value)


def test_dm_10_a_usual_day_has_five_lines_for_each_half_hour() -> None:
    found = profile(day(*map(str, range(1, 12))), FULL)
    assert isinstance(found, Profile)
    assert len(found.slots) == 48
    assert found.slots[0] == found.slots[47] == tuple(map(Decimal, ("1.5", "3.5", "6", "8.5", "10.5")))


def test_md_5_under_70_per_cent_it_says_so_instead_of_drawing() -> None:
    samples = day(*["6.0"] * 10)
    assert isinstance(profile(samples, two_weeks(active=Decimal(70))), Profile)
    found = profile(samples, two_weeks(active=Decimal("69.99")))
    assert found == NoProfile("The sensor covered 69 % of 14 days; a usual day needs 70 %.")
    assert profile([], None) == NoProfile("No sensor samples in this time.")


def test_md_5_a_half_hour_that_is_always_missing_is_named() -> None:
    samples = [one for one in day(*["6.0"] * 10) if one[0] // 30 != 7]
    assert profile(samples, FULL) == NoProfile("Too few samples around 03:30: a usual day needs every half hour.")


def test_dm_10_time_in_ranges_adds_up() -> None:
    found = bands(FULL)
    assert found == Bands(very_low=Decimal(1), low=Decimal(5), in_range=Decimal(78), high=Decimal(12), very_high=Decimal(4))
    assert sum(msgspec.structs.astuple(found)) == 100

"""The diary of home blood pressure, by the worked examples of HT-1."""

from datetime import date, timedelta
from decimal import Decimal

from domain.readings.pressure_diary import Mean, Pressure, mean, week

LAST = date(2026, 11, 24)


def reading(back: int, systolic: str, diastolic: str = "80", *, is_morning: bool = True) -> Pressure:
    return Pressure(LAST - timedelta(days=back), is_morning, Decimal(systolic), Decimal(diastolic))


def test_ht_1_means_are_rounded_half_up() -> None:
    assert mean([reading(0, "134", "84"), reading(0, "135", "84")]) == Mean(135, 84, 2)
    assert mean([reading(0, "134.4", "84.4")]) == Mean(134, 84, 1)
    assert mean([]) is None


def test_ht_1_the_first_day_of_the_week_is_left_out() -> None:
    days = [reading(6, "190", "110"), reading(7, "200", "120")]
    days += [reading(back, "140" if is_morning else "150", "80", is_morning=is_morning)
             for back in (5, 4, 3) for is_morning in (True, True, False, False)]  # fmt: skip
    found = week(days, LAST)
    assert found.missing == ""
    assert (found.dates, found.mean) == (3, Mean(145, 80, 12))
    assert (found.morning, found.evening) == (Mean(140, 80, 6), Mean(150, 80, 6))


def test_ht_1_too_little_says_what_is_missing() -> None:
    found = week([reading(2, "150"), reading(1, "140"), reading(0, "142", is_morning=False)], LAST)
    assert found.mean == Mean(141, 80, 2)
    assert found.missing == "2 of 3 days after the first and 2 of 12 readings"
    assert week([], LAST).mean is None
    few_dates = [reading(3, "150"), *[reading(1, "140")] * 12]
    assert week(few_dates, LAST).missing == "1 of 3 days after the first"
    few_readings = [reading(back, "140") for back in (4, 3, 2, 1)]
    assert week(few_readings, LAST).missing == "3 of 12 readings"

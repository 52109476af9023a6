"""The scan over days and what it is made of, with numbers worked out by hand."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from domain.detection import scores
from domain.detection.diary import Day
from domain.readings.baseline import Baseline

NORMAL = Baseline(12, Decimal(80), Decimal("0.3"), Decimal(80), Decimal("0.3"))
TODAY = date(2026, 6, 15).toordinal()


def day(back: int, value: str) -> Day:
    return Day(TODAY - back, int(datetime(2026, 6, 15, 7, tzinfo=UTC).timestamp()) - back * 86_400, uuid7(), Decimal(value))


def off(value: float, signal: scores.Signal) -> float:
    return scores.apart(value, float(NORMAL.median), scores.spread(NORMAL, signal), signal.sign)


def test_a_value_is_held_against_the_own_spread_with_what_lies_in_the_device_added() -> None:
    # The spread is the floor 0.35 and 0.4 together: sqrt(0.1225 + 0.16) = 0.531507.
    assert off(81.0, scores.WEIGHT) == pytest.approx(1.0 / math.hypot(0.35, 0.4), abs=1e-6)
    assert off(90.0, scores.WEIGHT) == 4.0
    assert off(70.0, scores.WEIGHT) == -2.0
    assert off(79.0, scores.OXYGEN) == pytest.approx(1.25)
    assert scores.peak(Baseline(12, Decimal(400), Decimal(5), Decimal(400), Decimal(5))).floor == 10.0


def test_dates_without_a_value_stay_empty_and_older_ones_are_left_out() -> None:
    found = scores.us([day(30, "85"), day(2, "80"), day(0, "80.7")], NORMAL, scores.OXYGEN, TODAY, 4)
    assert found == [None, 0.0, None, -0.875]


def test_the_scan_takes_the_stretch_that_the_days_support_best() -> None:
    # Over the last two days: (2 x 0.5 + 2 x 1) / sqrt(1.25 + 0.3 x 1.5^2) = 3 / 1.387444.
    assert scores.rising([2.0, 2.0], (2,)) == pytest.approx(2.162250, abs=1e-6)
    # Over three: (1 x 1/3 + 2 x 2/3 + 2) / sqrt(14/9 + 0.3 x 4) = 3.666667 / 1.659986.
    assert scores.rising([1.0, 2.0, 2.0], (2, 3)) == pytest.approx(max(2.162250, 3.666667 / math.sqrt(14 / 9 + 1.2)), abs=1e-5)
    # A gap takes its part of the shape away: (2 x 1/3 + 2) / sqrt(10/9 + 0.3 x (4/3)^2).
    assert scores.rising([2.0, None, 2.0], (3,)) == pytest.approx(2.666667 / math.sqrt(10 / 9 + 0.3 * 16 / 9), abs=1e-5)


def test_nothing_today_or_a_single_day_is_no_rise() -> None:
    assert scores.rising([2.0, 2.0, None]) is None
    assert scores.rising([None] * 20 + [4.0]) is None
    assert scores.rising([4.0, 4.0, 0.49]) == 0.0
    assert scores.above(scores.rising([4.0, 4.0, 0.5]), 1.0) > 1.0
    assert scores.above(None, 1.0) == 0.0
    assert scores.above(0.5, 1.0) == 0.0
    assert scores.above(1.5, 1.0) == 0.5


def test_what_was_said_fades() -> None:
    assert scores.fading([2.0, None, 1.0], 0.7) == 1.98
    assert scores.fading([], 0.7) == 0.0


def test_symptoms_count_by_day() -> None:
    assert scores.felt_heart([23, 24, 24, 91]) == pytest.approx(3.2)
    # Breathless twice is one major; of four minors three count.
    assert scores.felt_chest([31, 27, 43, 42, 45, 46, 47]) == 3.5
    assert scores.felt_chest([91]) == 0.0


def test_signals_together() -> None:
    assert scores.heart(2.0, 1.5, [None, 2.0]) == 3.4
    assert scores.heart(None, None, [9.0, 9.0]) == 5.0
    # Complaints 2 x 0.8 + 2 = 3.6; the body (1 + 1 + 0.6 - 1) on one day of two, times 0.3.
    assert scores.chest([None, 1.0], [1.0, 1.0], [None, 1.0], [2.0, 2.0]) == 4.08
    assert scores.chest([1.0], [0.0], [None], [1.0]) == 1.0
    rise = scores.rising([2.0, 4.0], scores.TEN_DAYS)
    assert scores.airways(rise, None, rise) == pytest.approx(1.5 * (5 / math.sqrt(1.25 + 0.3 * 2.25) - 1), abs=1e-5)


def test_what_people_read_is_rounded_half_up() -> None:
    assert scores.shown(2.5) == Decimal("2.5")
    assert scores.moved(Decimal("81.25"), NORMAL, 1) == Decimal("1.3")
    assert scores.middle(NORMAL, 1) == Decimal("80.0")

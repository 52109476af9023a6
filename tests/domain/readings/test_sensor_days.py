"""DM-10's arithmetic: a day of samples as counts and sums, exact."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby

import pytest

from domain.readings.reading import Reading
from domain.readings.sensor_days import SensorDay, Summary, fold, per_hour, read, summary
from tests.builders import reading

START = datetime(2026, 6, 1, tzinfo=UTC)


def sample(minute: int, value: object, unit: str = "mmol/L", **more: object) -> Reading:
    return reading("glucose_cgm", value, START + timedelta(minutes=minute), unit=unit, **more)


def day(*ones: Reading) -> SensorDay:
    return read(fold(ones))


def filled(n: int, every: int = 5, value: object = 6) -> list[SensorDay]:
    """So many samples from the start on, by day of UTC."""
    ones = [sample(place * every, value) for place in range(n)]
    return [day(*group) for _, group in groupby(ones, key=lambda one: one.taken_at.toordinal())]


def made(days: list[SensorDay], length: int) -> Summary:
    found = summary(days, length)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "unit", "beyond"),
    [
        ("2.9", "mmol/L", (1, 1, 1, 0, 0, 0)), ("3.0", "mmol/L", (0, 1, 1, 0, 0, 0)), ("3.5", "mmol/L", (0, 0, 1, 0, 0, 0)),
        ("3.9", "mmol/L", (0, 0, 0, 0, 0, 0)), ("7.8", "mmol/L", (0, 0, 0, 0, 0, 0)), ("7.9", "mmol/L", (0, 0, 0, 1, 0, 0)),
        ("10.0", "mmol/L", (0, 0, 0, 1, 0, 0)), ("10.1", "mmol/L", (0, 0, 0, 1, 1, 0)), ("13.9", "mmol/L", (0, 0, 0, 1, 1, 0)),
        ("14.0", "mmol/L", (0, 0, 0, 1, 1, 1)), ("53", "mg/dL", (1, 1, 1, 0, 0, 0)), ("54", "mg/dL", (0, 1, 1, 0, 0, 0)),
        ("63", "mg/dL", (0, 0, 1, 0, 0, 0)), ("70", "mg/dL", (0, 0, 0, 0, 0, 0)), ("180", "mg/dL", (0, 0, 0, 1, 0, 0)),
        ("181", "mg/dL", (0, 0, 0, 1, 1, 0)), ("251", "mg/dL", (0, 0, 0, 1, 1, 1)),
    ],
)  # fmt: skip
def test_c_3_each_band_has_its_edge_in_the_unit_of_the_sample(value: str, unit: str, beyond: tuple[int, ...]) -> None:
    assert day(sample(0, value, unit)).beyond == beyond


def test_dq_3_lo_and_hi_count_as_beyond_and_never_in_a_mean() -> None:
    one = day(sample(0, "2.2", comparator="<"), sample(5, "22.2", comparator=">"), sample(10, "6.0"))
    assert (one.n, one.valued, one.beyond) == (3, 1, (1, 1, 1, 1, 1, 1))
    assert one.total == Decimal("6.0") * Decimal("18.0156")
    alone = made([day(sample(0, "22.2", comparator=">"))], 1)
    assert (alone.mean, alone.cv, alone.gmi_percent, alone.gmi_mmol) == (None, None, None, None)


def test_dm_10_lows_are_kept_by_minute() -> None:
    one = day(sample(5, "3.8"), sample(10, "2.9"), sample(15, "3.9"))
    minutes = int((START - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) // 60
    assert one.lows == ((minutes + 5) * 2, (minutes + 10) * 2 + 1)


@pytest.mark.parametrize(("n", "active"), [(2822, False), (2823, True)])
def test_dm_10_seventy_per_cent_of_fourteen_days(n: int, active: bool) -> None:
    found = made(filled(n), 14)
    assert (found.expected, found.active >= 70) == (4032, active)
    assert str(round(found.active, 2)) == ("69.99" if n == 2822 else "70.01")


@pytest.mark.parametrize(("every", "each"), [(15, 4), (5, 12), (1, 60)])
def test_dm_10_how_often_a_sensor_samples_is_seen_from_its_usual_hour(every: int, each: int) -> None:
    days = filled(2 * 1440 // every, every)
    assert per_hour(days) == each
    assert made(days, 2).active == 100


def test_dm_10_the_same_time_told_twice_is_not_more_of_it() -> None:
    twice = sorted((*(sample(place * 5, 6) for place in range(288)), *(sample(place, 7) for place in range(60))),
                   key=lambda one: one.taken_at)  # fmt: skip
    assert made([day(*twice)], 1).active == 100
    assert per_hour([]) == 4
    assert summary([], 1) is None
    # A day of 25 hours expects as many.
    found = summary(filled(288), 1, 25)
    assert found is not None
    assert found.expected == 300


def test_dm_10_gmi_in_both_units() -> None:
    found = made([day(sample(0, "153", "mg/dL"), sample(5, "155", "mg/dL"))], 1)
    assert (found.mean, found.gmi_percent) == (154, Decimal("7.0"))
    pair = made([day(sample(0, "8.5"), sample(5, "8.6"))], 1)
    assert pair.gmi_mmol == 53
    assert pair.mean is not None
    assert round(pair.mean, 2) == Decimal("154.03")


def test_dm_10_cv_is_the_sample_spread_over_the_mean() -> None:
    found = made([day(sample(0, "100", "mg/dL"), sample(5, "200", "mg/dL"))], 1)
    assert found.cv is not None
    assert round(found.cv, 3) == Decimal("47.140")
    steady = made([day(sample(0, "5.1"), sample(5, "5.1"), sample(10, "5.1"))], 1)
    assert steady.cv == 0


def test_dm_10_time_in_range_counts_both_edges() -> None:
    ones = [sample(place, value) for place, value in enumerate(("3.8", "3.9", "10.0", "10.1"))]
    found = made([day(*ones)], 1)
    assert found.in_range == 50
    assert found.in_narrow_range == 50
    assert [int(share) for share in found.beyond] == [0, 0, 25, 50, 25, 0]

"""A device's clock: when it is off, when its times are put right, and what it said (DQ-7, F12)."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain import intake
from domain.readings import clocks
from domain.readings.reading import Duplicate, Rejected, Stored, TimeSource
from tests.builders import NOW, draft, picture
from tests.domain.test_intake import PATIENT

MARCH = datetime(2026, 3, 29, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("samples", "shift"),
    [
        pytest.param([3600] * 4, None, id="four syncs are too few"),
        pytest.param([3600, 3610, 3590, 3600, 3605], 3600, id="five syncs an hour slow"),
        pytest.param([-86400] * 5, -86400, id="24 h fast"),
        pytest.param([-86401] * 5, None, id="more than 24 h"),
        pytest.param([120] * 5, 120, id="2 min"),
        pytest.param([119] * 5, None, id="less than 2 min"),
        pytest.param([0, 0, 0, 3600, 3600], None, id="the median decides"),
    ],
)
def test_dq_7_a_constant_offset_is_the_median_of_five_live_syncs_and_more(samples: list[int], shift: int | None) -> None:
    assert clocks.offset_s(samples) == shift


@pytest.mark.parametrize(("sample", "off"), [(119, False), (120, True), (-120, True), (0, False)])
def test_dq_7_less_than_two_minutes_is_the_network(sample: int, off: bool) -> None:
    assert clocks.is_off(sample) is off


@pytest.mark.parametrize(
    ("sample", "at", "zone", "shift"),
    [
        pytest.param(-3600, MARCH, "Europe/London", -3600, id="an hour fast on the day of the change"),
        pytest.param(3555, MARCH + timedelta(days=6), "Europe/London", 3600, id="an hour slow six days later"),
        pytest.param(3600, MARCH + timedelta(days=9), "Europe/London", None, id="nine days later"),
        pytest.param(3721, MARCH, "Europe/London", None, id="not an hour"),
        pytest.param(3720, MARCH, "Europe/London", 3600, id="an hour and two minutes"),
        pytest.param(3600, MARCH, "Africa/Lagos", None, id="where clocks do not change"),
    ],
)
def test_dq_7_exactly_an_hour_near_a_clock_change_is_that_change(sample: int, at: datetime, zone: str, shift: int | None) -> None:
    assert clocks.change_s(sample, at, zone) == shift


def test_f12_what_the_device_said_stays_and_sending_it_again_is_known_by_it() -> None:
    sent = draft("heart_rate", 70, NOW - timedelta(hours=2))
    right = clocks.put_right(sent, 3600)
    assert (right.taken_at, right.device_time) == (NOW - timedelta(hours=1), sent.taken_at)
    assert right.time_source is TimeSource.DEVICE_CLOCK_CORRECTED
    for first, second in ((sent, right), (right, sent), (right, clocks.put_right(sent, 3660))):
        where = picture()
        outcomes = intake.take(where, PATIENT, [first, second], NOW, uuid7).outcomes
        assert isinstance(outcomes[0], Stored)
        assert isinstance(outcomes[1], Duplicate)
    moved = replace(sent, taken_at=NOW - timedelta(hours=3))
    where = picture()
    outcomes = intake.take(where, PATIENT, [right, moved], NOW, uuid7).outcomes
    assert isinstance(outcomes[1], Rejected)

"""What is known of a device's clock, and when its times are put right (DQ-7, F12). Pure.

A sample is what our clock said minus what the device's clock said at one live sync, in whole seconds.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median_low
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from domain.readings.reading import Draft, TimeSource

ENOUGH: Final = 5
"""Live syncs before a constant offset is believed."""
KEPT: Final = 9
LEAST_S: Final = 120
MOST_S: Final = 24 * 3600
_HOUR_S: Final = 3600
_CHANGE: Final = timedelta(days=7)
"""How near a clock change must be for exactly an hour to be that change; our own choice."""


def is_off(sample_s: int) -> bool:
    """Whether one sync shows more than a slow network: two minutes and more."""
    return abs(sample_s) >= LEAST_S


def offset_s(samples: Sequence[int]) -> int | None:
    """The constant offset to add to the device's times; None where it is not constant, too small or too few syncs are known."""
    if len(samples) < ENOUGH:
        return None
    middle = median_low(samples)
    return middle if LEAST_S <= abs(middle) <= MOST_S else None


def change_s(sample_s: int, at: datetime, zone: str) -> int | None:
    """Exactly an hour, one way or the other, near a clock change of the person's zone: the device did not follow it."""
    if abs(abs(sample_s) - _HOUR_S) > LEAST_S:
        return None
    tz = ZoneInfo(zone)
    offsets = {(at + step * _CHANGE).astimezone(tz).utcoffset() for step in (-1, 0, 1)}
    return (_HOUR_S if sample_s > 0 else -_HOUR_S) if len(offsets) > 1 else None


def put_right(draft: Draft, seconds: int) -> Draft:
    """The draft at the instant that our clock would have said; what the device said stays beside it."""
    return replace(
        draft, taken_at=draft.taken_at + timedelta(seconds=seconds), device_time=draft.taken_at,
        time_source=TimeSource.DEVICE_CLOCK_CORRECTED,
    )  # fmt: skip

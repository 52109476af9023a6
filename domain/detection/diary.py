"""The diary: one value a civil day and kind (BL-1), from which the personal normal is worked out weeks later."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Final
from uuid import UUID

import msgspec

from domain.days import local
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

UNCONFIRMED: Final = 1
"""The value was kept but a repeat was asked for."""
MORNING: Final = 2
"""Taken between 03:00 and 12:00 of the patient's clock."""


class Day(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The value of one civil day of one kind: `no` is the date's ordinal, `id` and `second` (Unix time) say which reading it is.

    For a median they name the lower of the middle readings. `flags`: UNCONFIRMED, MORNING.
    """

    no: int
    second: int
    id: UUID
    value: Decimal
    value2: Decimal | None = None
    flags: int = 0

    @property
    def on(self) -> date:
        """The patient's civil date."""
        return date.fromordinal(self.no)

    @property
    def at(self) -> datetime:
        """The instant of the reading, in whole seconds."""
        return datetime.fromtimestamp(self.second, UTC)

    @property
    def unconfirmed(self) -> bool:
        """Kept and shown, but a repeat is asked for."""
        return bool(self.flags & UNCONFIRMED)


_MORNING: Final = range(3, 12)
_Timed = tuple[datetime, Reading]


def is_morning(at: datetime) -> bool:
    """Whether a local time is from 03:00 to 12:00, both inside."""
    return at.hour in _MORNING or (at.hour == _MORNING.stop and not (at.minute or at.second or at.microsecond))


def _day(at: datetime, one: Reading, value: Decimal | None = None, value2: Decimal | None = None) -> Day:
    flags = (UNCONFIRMED if one.unconfirmed else 0) | (MORNING if is_morning(at) else 0)
    return Day(at.toordinal(), int(one.taken_at.timestamp()), one.id, one.value if value is None else value,
               one.value2 if value2 is None else value2, flags)  # fmt: skip


def _first_morning(ones: Sequence[_Timed]) -> Day:
    return _day(*next(((at, one) for at, one in ones if is_morning(at)), ones[0]))


def _best_morning(ones: Sequence[_Timed]) -> Day:
    return _day(*max([(at, one) for at, one in ones if is_morning(at)] or ones, key=lambda timed: timed[1].value))


def _resting_median(ones: Sequence[_Timed]) -> Day:
    resting = [(at, one) for at, one in ones if one.context is None or one.context.activity != "active"] or ones
    return _median(resting)


def _median(ones: Sequence[_Timed]) -> Day:
    ranked = sorted(ones, key=lambda timed: timed[1].value)
    at, one = ranked[(len(ranked) - 1) // 2]
    seconds = sorted(one.value2 for _, one in ones if one.value2 is not None)
    return _day(at, one, _middle([one.value for _, one in ranked]), _middle(seconds) if seconds else None)


def _middle(ranked: Sequence[Decimal]) -> Decimal:
    half = len(ranked) // 2
    return ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2


def _last(ones: Sequence[_Timed]) -> Day:
    return _day(*ones[-1])


_DAILY: Final[dict[int, Callable[[Sequence[_Timed]], Day]]] = {
    BY_NAME["body_weight"].no: _first_morning,
    BY_NAME["peak_flow"].no: _best_morning,
    BY_NAME["heart_rate"].no: _resting_median,
    BY_NAME["oxygen_saturation"].no: _resting_median,
    BY_NAME["respiratory_rate"].no: _resting_median,
    BY_NAME["blood_pressure"].no: _median,
    BY_NAME["body_temperature"].no: _median,
}
"""Kind -> its daily value (BL-1); of any other kind it is the last of the day."""


def fold(kind: int, readings: Iterable[Reading], zone: str) -> list[Day]:
    """The daily values of readings of one kind that stand in order."""
    daily = _DAILY.get(kind, _last)
    timed = ((local(one.taken_at, zone), one) for one in readings)
    return [daily(list(ones)) for _, ones in groupby(timed, key=lambda timed: timed[0].toordinal())]

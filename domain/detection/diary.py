"""The diary: one value a civil day and kind (BL-1), from which the personal normal is worked out weeks later.

A day's value is a pure function of the readings in force of that day, whatever came first: old days are kept as their value
alone, and nothing may change by that. What depends on the days around it (a step, DQ-4) is worked out when judging.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from operator import attrgetter
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.days import begins
from domain.readings import sensor_days
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

UNCONFIRMED: Final = 1
"""Kept, but a repeat was asked for and none of that day is better."""
MORNING: Final = 2
"""Taken between 03:00 and 12:00 of the patient's clock."""
AGREED: Final = 4
"""Another weight of that day lies within 1.0 kg (DQ-4)."""
SIGNAL: Final = 8
"""The device doubted its own signal and nothing better was measured that day: never part of a normal (DQ-10)."""


class Day(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The value of one civil day of one kind: `no` is the date's ordinal.

    `id` and `second` (Unix time) name the reading that gives the value, of a median, mean or sum the first that counts: the
    reading at which rules of the day stand. `each`: whole numbers of the day where a rule needs them (systolic, diastolic and
    so on of each blood pressure that counts; the best of each set of blows; symptom codes). `device`: whose value it is.
    """

    no: int
    second: int
    id: UUID
    value: Decimal
    value2: Decimal | None = None
    flags: int = 0
    each: tuple[int, ...] = ()
    device: int = 0

    @property
    def on(self) -> date:
        """The patient's civil date."""
        return date.fromordinal(self.no)

    @property
    def at(self) -> datetime:
        """The instant of the reading, in whole seconds."""
        return datetime.fromtimestamp(self.second, UTC)

    @property
    def sound(self) -> bool:
        """Whether it may be part of a personal normal."""
        return not self.flags & (UNCONFIRMED | SIGNAL)

    @property
    def unconfirmed(self) -> bool:
        """Kept and shown, but a repeat is asked for."""
        return bool(self.flags & (UNCONFIRMED | SIGNAL))


_MORNING: Final = range(3, 12)
_SET: Final = timedelta(minutes=15)
_SESSION: Final = timedelta(minutes=30)
_TWICE: Final = timedelta(seconds=60)
_AGREES: Final = Decimal("1.0")
_PAIR: Final = 20
_ENOUGH: Final = 3
_PLACES: Final = Decimal("0.000001")
_Timed = tuple[datetime, Reading]


def is_morning(at: datetime) -> bool:
    """Whether a local time is from 03:00 to 12:00, both inside."""
    return at.hour in _MORNING or (at.hour == _MORNING.stop and not (at.minute or at.second or at.microsecond))


def _doubted(one: Reading) -> bool:
    return one.context is not None and one.context.quality is not None


def _flags(at: datetime, one: Reading) -> int:
    return (UNCONFIRMED if one.unconfirmed else 0) | (MORNING if is_morning(at) else 0) | (SIGNAL if _doubted(one) else 0)


def is_sound(one: Reading) -> bool:
    """Whether neither the number (DQ-1) nor the signal (DQ-10) is in doubt."""
    return not one.unconfirmed and not _doubted(one)


def _valid(ones: Sequence[_Timed]) -> Sequence[_Timed]:
    """Those that nobody doubts, or all when every one is doubted."""
    if len(ones) == 1:
        return ones
    return [(at, one) for at, one in ones if is_sound(one)] or ones


def _of(timed: _Timed, value: Decimal | None = None, value2: Decimal | None = None, *, flags: int = 0,
        each: tuple[int, ...] = ()) -> Day:  # fmt: skip
    at, one = timed
    return Day(at.toordinal(), int(one.taken_at.timestamp()), one.id, one.value if value is None else value,
               one.value2 if value2 is None else value2, _flags(at, one) | flags, each, one.device)  # fmt: skip


def _first_morning(ones: Sequence[_Timed]) -> Day:
    valid = _valid(ones)
    chosen = next(((at, one) for at, one in valid if is_morning(at)), valid[0])
    agreed = any(one is not chosen[1] and abs(one.value - chosen[1].value) <= _AGREES for _, one in ones)
    return _of(chosen, flags=AGREED if agreed else 0)


def _best_morning(ones: Sequence[_Timed]) -> Day:
    sets = [max(blows, key=lambda timed: timed[1].value) for blows in _apart(_valid(ones), _SET)]
    chosen = max([timed for timed in sets if is_morning(timed[0])] or sets, key=lambda timed: timed[1].value)
    return _of(chosen, each=tuple(int(one.value) for _, one in sets))


def _apart(ones: Sequence[_Timed], gap: timedelta) -> list[list[_Timed]]:
    """Groups of readings of which each follows the one before within a gap."""
    found: list[list[_Timed]] = []
    for timed in ones:
        if found and timed[1].taken_at - found[-1][-1][1].taken_at <= gap:
            found[-1].append(timed)
        else:
            found.append([timed])
    return found


def _oxygen(ones: Sequence[_Timed]) -> Day:
    """The median at rest; `value2` is 1 on oxygen and 0 on air, as it was said last (NW-5)."""
    said = next((one.context.oxygen for _, one in reversed(ones) if one.context is not None and one.context.oxygen), None)
    found = _resting_median(ones)
    return found if said is None else msgspec.structs.replace(found, value2=Decimal(int(said == "oxygen")))


def _resting_median(ones: Sequence[_Timed]) -> Day:
    if len(ones) == 1:
        return _of(ones[0])
    resting = [(at, one) for at, one in ones if one.context is None or one.context.activity != "active"] or ones
    return _median(resting)


def _median(ones: Sequence[_Timed]) -> Day:
    valid = _valid(ones)
    if len(valid) == 1:
        return _of(valid[0])
    ranked = sorted(one.value for _, one in valid)
    half = len(ranked) // 2
    return _of(valid[0], ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2)


def counted(ones: Sequence[Reading]) -> list[Reading]:
    """DQ-5: the blood pressures that count: not within 60 s of the one before, of a pair more than 20 apart the last two."""
    found: list[Reading] = []
    session: list[Reading] = []
    last: Reading | None = None
    for one in ones:
        if last is not None and one.taken_at - last.taken_at < _TWICE:
            continue
        if last is not None and one.taken_at - last.taken_at > _SESSION:
            found += _last_two(session)
            session = []
        session.append(one)
        last = one
    return found + _last_two(session)


def _last_two(session: list[Reading]) -> list[Reading]:
    if len(session) >= _ENOUGH and abs(session[0].value - session[1].value) > _PAIR:
        return session[1:]
    return session


def _pressures(ones: Sequence[_Timed]) -> Day:
    seated = [(at, one) for at, one in ones if one.context is None or one.context.posture != "standing"] or ones
    clock = {one.id: at for at, one in seated}
    valid = _valid(seated)
    count = counted([one for _, one in valid])
    first = count[0]
    systolic = _mean([one.value for one in count])
    diastolic = _mean([one.value2 or Decimal(0) for one in count])
    each = tuple(int(value or 0) for one in count for value in (one.value, one.value2))
    return _of((clock[first.id], first), systolic, diastolic, each=each)


def _mean(values: Sequence[Decimal]) -> Decimal:
    return (sum(values, Decimal(0)) / len(values)).quantize(_PLACES, ROUND_HALF_UP)


def _sum(ones: Sequence[_Timed]) -> Day:
    return _of(ones[0], sum((one.value for _, one in ones), Decimal(0)))


def _codes(ones: Sequence[_Timed]) -> Day:
    return _of(ones[0], each=tuple(sorted({int(one.value) for _, one in ones})))


def _samples(ones: Sequence[_Timed]) -> Day:
    return _of(ones[0], each=sensor_days.fold([one for _, one in ones]))


def _last(ones: Sequence[_Timed]) -> Day:
    return _of(ones[-1])


_DAILY: Final[dict[int, Callable[[Sequence[_Timed]], Day]]] = {
    BY_NAME["body_weight"].no: _first_morning,
    BY_NAME["peak_flow"].no: _best_morning,
    BY_NAME["heart_rate"].no: _resting_median,
    BY_NAME["oxygen_saturation"].no: _oxygen,
    BY_NAME["respiratory_rate"].no: _resting_median,
    BY_NAME["body_temperature"].no: _median,
    BY_NAME["blood_pressure"].no: _pressures,
    BY_NAME["reliever_puffs"].no: _sum,
    BY_NAME["missed_diuretic_doses"].no: _sum,
    BY_NAME["symptom"].no: _codes,
    BY_NAME["glucose_cgm"].no: _samples,
}
"""Kind -> its daily value (BL-1); of any other kind it is the last of the day."""


class Folded(NamedTuple):
    """Readings of a kind and their daily values."""

    readings: tuple[Reading, ...]
    days: list[Day]


def fold_again(kind: int, readings: Sequence[Reading], zone: str, before: Folded | None) -> Folded:
    """`fold`; what was folded before spares the dates up to its last one when their readings are the same."""
    if before is not None and before.days:
        start = begins(before.days[-1].on, zone)
        place = bisect_left(before.readings, start, key=_at)
        is_same = before.readings[:place] == tuple(readings[:place])
        if is_same and (place == len(readings) or readings[place].taken_at >= start):
            return Folded(tuple(readings), [*before.days[:-1], *fold(kind, readings[place:], zone)])
    return Folded(tuple(readings), fold(kind, readings, zone))


_at = attrgetter("taken_at")


def fold(kind: int, readings: Iterable[Reading], zone: str) -> list[Day]:
    """The daily values of readings of one kind that stand in order."""
    daily = _DAILY.get(kind, _last)
    clock = ZoneInfo(zone)
    found: list[Day] = []
    ones: list[_Timed] = []
    no = 0
    for one in readings:
        at = one.taken_at.astimezone(clock)
        if (on := at.toordinal()) != no:
            if ones:
                found.append(daily(ones))
            ones, no = [], on
        ones.append((at, one))
    if ones:
        found.append(daily(ones))
    return found

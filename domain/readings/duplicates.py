"""The same measurement more than once: how a rule sees a person's readings of one kind (DQ-1, DQ-5, DQ-6). Pure.

Everything here is worked out from the set of readings in force whenever somebody judges, so it cannot depend on the order of
arrival (INV-7). Nothing is deleted: what is not seen by a rule stays in the record with its own provenance.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from operator import attrgetter
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.readings.kinds import BY_NAME, BY_NO
from domain.readings.reading import Reading, Source, TimeSource

COPY: Final = timedelta(seconds=60)
"""The same value from another source so near is a copy (DQ-6); two pressures nearer than this are not two (DQ-5)."""
AGREE: Final = timedelta(minutes=10)
"""Two unlikely values that agree within this confirm each other (DQ-1)."""
RUN: Final = timedelta(hours=36)
"""How far apart three equal triples may lie to be one run (DQ-5); our own choice."""
STEP: Final = timedelta(minutes=15)
STEPS: Final = 8
"""A shifted copy of a sensor is so many quarter hours off at most, either way (DQ-6); our own choice."""
STRETCH: Final = timedelta(hours=2)
_SHARE: Final = 95
_LEAST: Final = 12
_DIFFERENT: Final = 3

PRESSURE: Final = BY_NAME["blood_pressure"].no
PULSE: Final = BY_NAME["heart_rate"].no
_SAMPLED: Final = frozenset(kind.no for kind in BY_NO.values() if kind.sampled)
_NEVER: Final = frozenset(kind.no for kind in BY_NO.values() if kind.codes)

AGREES: Final[dict[int, Decimal]] = {
    BY_NAME[name].no: Decimal(within)
    for name, within in (
        ("blood_pressure", "10"), ("heart_rate", "10"), ("oxygen_saturation", "2"), ("respiratory_rate", "4"),
        ("body_temperature", "0.5"), ("oxygen_flow", "1"), ("glucose_capillary", "1.5"), ("glucose", "1.5"), ("ketones_blood", "0.5"),
        ("peak_flow", "40"), ("creatinine", "50"), ("potassium", "0.3"),
    )
}  # fmt: skip
"""By how much two unlikely values may differ to agree, in the canonical unit; our own choice, to be approved."""


class Seen(msgspec.Struct, frozen=True):
    """Readings of one kind as rules see them. `copies`: a reading that is not seen -> the one that stands for it.

    `soon`: pressures less than a minute after another, which are judged for themselves but count for no other (DQ-5).
    `other`: readings that stand in `counted` in another form than they are stored.
    """

    counted: Sequence[Reading]
    copies: dict[UUID, UUID] = {}
    soon: frozenset[UUID] = frozenset()
    other: dict[UUID, Reading] = {}


def near(kind: int) -> timedelta:
    """How far a reading of a kind may lie that changes how another one is seen."""
    if kind in _SAMPLED:
        return STRETCH + STEP * STEPS
    return RUN if kind == PRESSURE else AGREE


_at = attrgetter("taken_at")


def between(series: Sequence[Reading], start: datetime, end: datetime) -> Sequence[Reading]:
    """Readings with start <= taken_at <= end."""
    return series[bisect_left(series, start, key=_at) : bisect_right(series, end, key=_at)]


def is_same(one: Reading, other: Reading) -> bool:
    """The same value, whoever sent it."""
    return (
        one.value == other.value and one.value2 == other.value2 and one.value3 == other.value3 and one.comparator == other.comparator
    )


_KNOWN: Final = frozenset({TimeSource.OFFSET_IN_PAYLOAD, TimeSource.EPOCH_UTC})
_RANK: Final = {source: place for place, source in enumerate(
    (Source.VENDOR, Source.APP, Source.PROXY, Source.STAFF, Source.FILE, Source.REPLAY, Source.SIMULATED))}  # fmt: skip


def _worth(one: Reading) -> tuple[bool, bool, bool, int, int, datetime, UUID]:
    """Which of two copies stands: the device's own, not typed by hand, its time known, the more direct door; then any fixed order."""
    return (one.device == 0, one.manual, one.time_source not in _KNOWN, _RANK[Source(one.source)] if one.source else len(_RANK),
            one.device, one.taken_at, one.id)  # fmt: skip


def _is_other(one: Reading, other: Reading) -> bool:
    return (one.source, one.device) != (other.source, other.device)


def seen(kind: int, series: Sequence[Reading], *, apart: frozenset[UUID] = frozenset(), pulses: Sequence[Reading] = ()) -> Seen:
    """How rules see readings of one kind that stand in order. `apart`: those a person said are no copies; `pulses`: heart rates."""
    if kind in _NEVER or len(series) < 2 or not _is_crowded(kind, series):  # noqa: PLR2004 - one alone has no neighbour
        return Seen(series)
    copies = _copies(series, apart)
    if kind in _SAMPLED:
        copies |= _shifted([one for one in series if one.id not in copies], apart)
    left = [one for one in series if one.id not in copies] if copies else series
    soon: set[UUID] = set()
    other: dict[UUID, Reading] = {}
    if kind == PRESSURE:
        soon = _too_soon(left)
        left = [one for one in left if one.id not in soon]
        other = {one.id: replace(one, marks=(*one.marks, "repeated")) for one in _repeated(left, pulses)}
    if kind in AGREES:
        other |= {one.id: _confirmed(one) for one in _agreeing(left, AGREES[kind]) if one.id not in other}
    if other:
        left = [other.get(one.id, one) for one in left]
    return Seen(left, copies, frozenset(soon), other)


def _is_crowded(kind: int, series: Sequence[Reading]) -> bool:
    """Whether any two lie near enough to matter: for nearly everybody nearly always not, and then nothing is worked out."""
    if kind in _SAMPLED:
        return any(one.device != series[0].device or one.source != series[0].source for one in series)
    within = RUN if kind == PRESSURE else AGREE if kind in AGREES else COPY
    return any(later.taken_at - one.taken_at <= within for one, later in pairwise(series))


def _copies(series: Sequence[Reading], apart: frozenset[UUID]) -> dict[UUID, UUID]:
    """DQ-6: each reading that a better one of the same value stands for, at most a minute away and from another source."""
    found: dict[UUID, UUID] = {}
    for place, one in enumerate(series):
        for later in series[place + 1 :]:
            if later.taken_at - one.taken_at > COPY:
                break
            if _is_other(one, later) and is_same(one, later):
                better, worse = sorted((one, later), key=_worth)
                if worse.id not in apart:
                    found.setdefault(worse.id, better.id)
    return {copy: _standing(kept, found) for copy, kept in found.items()}


def _standing(kept: UUID, copies: Mapping[UUID, UUID]) -> UUID:
    """Who stands in the end: a copy may itself be the copy of a better one."""
    while kept in copies:
        kept = copies[kept]
    return kept


def _shifted(series: Sequence[Reading], apart: frozenset[UUID]) -> dict[UUID, UUID]:
    """DQ-6: samples of a stream that repeats another one some quarter hours off, 95 % equal over two hours and more."""
    streams: dict[tuple[int, int], list[Reading]] = {}
    for one in series:
        streams.setdefault((one.source, one.device), []).append(one)
    ranked = sorted(streams.values(), key=lambda ones: _worth(ones[0])[:5])
    found: dict[UUID, UUID] = {}
    for place, worse in enumerate(ranked):
        for better in ranked[:place]:
            for step in range(-STEPS, STEPS + 1):
                if step:
                    found |= {one: of for one, of in _repeats(worse, better, step * STEP).items() if one not in apart}
    return found


def _repeats(worse: Sequence[Reading], better: Sequence[Reading], shift: timedelta) -> dict[UUID, UUID]:
    pairs = [(one, _twin(better, one, one.taken_at - shift)) for one in worse]
    found: dict[UUID, UUID] = {}
    for first, (one, _) in enumerate(pairs):
        end = next((place for place in range(first, len(pairs)) if pairs[place][0].taken_at - one.taken_at >= STRETCH), None)
        if end is None:
            continue
        stretch = pairs[first : end + 1]
        matched = [(copy, twin) for copy, twin in stretch if twin is not None]
        is_copy = len(stretch) >= _LEAST and len(matched) * 100 >= len(stretch) * _SHARE
        if is_copy and len({copy.value for copy, _ in matched}) >= _DIFFERENT:
            found |= {copy.id: twin.id for copy, twin in matched}
    return found


def _twin(better: Sequence[Reading], one: Reading, at: datetime) -> Reading | None:
    return next((other for other in between(better, at - COPY, at + COPY) if is_same(one, other)), None)


def _too_soon(series: Sequence[Reading]) -> set[UUID]:
    """DQ-5: pressures less than 60 s after one that counts."""
    found: set[UUID] = set()
    last: datetime | None = None
    for one in series:
        if last is not None and one.taken_at - last < COPY:
            found.add(one.id)
        else:
            last = one.taken_at
    return found


def _repeated(series: Sequence[Reading], pulses: Sequence[Reading]) -> list[Reading]:
    """DQ-5: the third and later of a run of equal pressures and pulses; copied by a machine or made up."""
    triples = [(one.value, one.value2, _pulse(one, pulses)) for one in series]
    return [
        one
        for place, one in enumerate(series)
        if place >= 2  # noqa: PLR2004 - two before it
        and triples[place][2] is not None
        and triples[place] == triples[place - 1] == triples[place - 2]
        and one.taken_at - series[place - 2].taken_at <= RUN
    ]


def _pulse(one: Reading, pulses: Sequence[Reading]) -> Decimal | None:
    found = between(pulses, one.taken_at - COPY, one.taken_at + COPY)
    return found[0].value if found else None


def _agreeing(series: Sequence[Reading], within: Decimal) -> list[Reading]:
    """DQ-1: unlikely values that another unlikely one within ten minutes agrees with."""
    unlikely = [one for one in series if "soft_range" in one.marks]
    return [
        one
        for one in unlikely
        if any(
            other.id != one.id and abs(other.taken_at - one.taken_at) <= AGREE and _agree(one, other, within) for other in unlikely
        )
    ]


def _agree(one: Reading, other: Reading, within: Decimal) -> bool:
    return abs(one.value - other.value) <= within and abs((one.value2 or 0) - (other.value2 or 0)) <= within


def _confirmed(one: Reading) -> Reading:
    return replace(one, marks=(*(mark for mark in one.marks if mark != "soft_range"), "confirmed"))


def wants_third(kind: int, counted: Sequence[Reading], one: Reading) -> bool:
    """DQ-5: whether a pressure differs from the one before it, within half an hour, by more than 20: a third is asked for."""
    if kind != PRESSURE:
        return False
    before = between(counted, one.taken_at - _PAIR, one.taken_at)
    earlier = [other for other in before if (other.taken_at, other.id) < (one.taken_at, one.id)]
    return bool(earlier) and abs(earlier[-1].value - one.value) > _DIFFERS and len(earlier) == 1


_PAIR: Final = timedelta(minutes=30)
_DIFFERS: Final = Decimal(20)


def last_two(pressures: Sequence[Reading]) -> Sequence[Reading]:
    """DQ-5: of pressures of one sitting, what counts: all, or the last two when the first pair differs by more than 20 systolic."""
    if len(pressures) > 2 and abs(pressures[0].value - pressures[1].value) > _DIFFERS:  # noqa: PLR2004 - a pair and a third
        return pressures[-2:]
    return pressures


_MANY: Final = 8


def touched(readings: Mapping[int, Sequence[Reading]], changed: Sequence[Reading]) -> list[Reading]:
    """The neighbours of changed readings that may be seen otherwise now, so that what they say is judged again."""
    found: dict[int, Reading] = {}
    mine = {one.id.int for one in changed}
    others: dict[int, Sequence[Reading]] = {}
    for one in changed:
        if one.kind in _NEVER:
            continue
        for kind in (one.kind, PRESSURE) if one.kind == PULSE else (one.kind,):
            series = others.get(kind)
            if series is None:
                series = readings.get(kind, ())
                if len(changed) > _MANY:
                    # What is judged anyway is no neighbour: of a history that comes in whole nothing is looked at again.
                    series = [other for other in series if other.id.int not in mine]
                others[kind] = series
            for other in between(series, one.taken_at - near(kind), one.taken_at + near(kind)):
                if other.id.int not in mine and _matters(one, other, kind):
                    found[other.id.int] = other
    return list(found.values())


def _matters(one: Reading, other: Reading, kind: int) -> bool:
    if abs(one.taken_at - other.taken_at) <= (2 * COPY if kind == PRESSURE else COPY):
        return True
    if kind == PRESSURE and other.taken_at > one.taken_at:
        # What is too soon and what repeats is told by those before, so it is the later ones that may be seen otherwise.
        return True
    if kind in _SAMPLED:
        return _is_other(one, other) or is_same(one, other)
    return "soft_range" in other.marks and abs(one.taken_at - other.taken_at) <= AGREE

"""Which days are no part of a person's normal (BL-2, BL-7).

Worked out from readings and dated facts alone, never from when somebody closed an episode: a concern opens on a day on which
an absolute sign of its group shows and ends when the clearing condition of AL-4 has held on two observed days.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Final

import msgspec

from domain.days import day
from domain.detection.diary import Day
from domain.people.patient import Profile
from domain.readings.baseline import WINDOW
from domain.readings.kinds import BY_NAME, BY_NO

BACK: Final = WINDOW + 8
"""So many dates before a date are looked at: the window, and what tells whether a concern was open when it began."""
AFTER_ADMISSION: Final = 14
AFTER_SYMPTOM: Final = 7
_CALM: Final = 2
_WEEK: Final = 7
_THREE: Final = 3

WEIGHT: Final = BY_NAME["body_weight"].no
PULSE: Final = BY_NAME["heart_rate"].no
SPO2: Final = BY_NAME["oxygen_saturation"].no
BREATHING: Final = BY_NAME["respiratory_rate"].no
PEAK_FLOW: Final = BY_NAME["peak_flow"].no
PRESSURE: Final = BY_NAME["blood_pressure"].no


class Sign(msgspec.Struct, frozen=True):
    """What opens a concern about a kind and what ends it. Both look at the days so far, the last of them today's."""

    opens: Callable[[Sequence[Day], int, Profile], bool]
    is_calm: Callable[[Sequence[Day], int, Profile], bool]


_no = attrgetter("no")


def gain(days: Sequence[Day], place: int, dates: int) -> Decimal | None:
    """How much a day's value lies above the lowest of so many dates before it; None: nothing was measured on them."""
    today = days[place]
    start = bisect_left(days, today.no - dates, 0, place, key=_no)
    return today.value - min(one.value for one in days[start:place]) if start < place else None


_RAPID: Final = Decimal("2.00")
_WEEKLY: Final = Decimal("2.27")
_SETTLED: Final = Decimal("1.0")


def _heavier(days: Sequence[Day], place: int, _profile: Profile) -> bool:
    rapid, weekly = gain(days, place, _THREE), gain(days, place, _WEEK)
    return (rapid is not None and rapid > _RAPID) or (weekly is not None and weekly > _WEEKLY)


def _not_heavier(days: Sequence[Day], place: int, _profile: Profile) -> bool:
    rapid = gain(days, place, _THREE)
    return rapid is not None and rapid < _SETTLED


def low_target(profile: Profile, one: Day) -> Decimal:
    """The lower end of somebody's oxygen target: their own, else 88 with confirmed hypercapnia, else 92 (CO-1)."""
    own = profile.number("target_spo2_low", one.at)
    return own if own is not None else Decimal(88 if profile.has("hypercapnia", one.at) else 92)


def _best(profile: Profile, one: Day) -> Decimal | None:
    return profile.number("best_peak_flow", one.at)


def _low_flow(days: Sequence[Day], place: int, profile: Profile) -> bool:
    best = _best(profile, days[place])
    return best is not None and days[place].value * 100 < best * 60


def _good_flow(days: Sequence[Day], place: int, profile: Profile) -> bool:
    best = _best(profile, days[place])
    return best is None or days[place].value * 100 >= best * 80


def _between(low: int, high: int) -> Callable[[Sequence[Day], int, Profile], bool]:
    return lambda days, place, _profile: low <= days[place].value <= high


def _outside(low: int, high: int) -> Callable[[Sequence[Day], int, Profile], bool]:
    return lambda days, place, _profile: not low <= days[place].value <= high


SIGNS: Final[dict[int, Sign]] = {
    WEIGHT: Sign(_heavier, _not_heavier),
    SPO2: Sign(
        lambda days, place, profile: days[place].value < low_target(profile, days[place]),
        lambda days, place, profile: days[place].value > low_target(profile, days[place]),
    ),
    PEAK_FLOW: Sign(_low_flow, _good_flow),
    PULSE: Sign(_outside(45, 110), _between(50, 100)),
    BREATHING: Sign(_outside(0, 24), _between(0, 20)),
}
"""Kind -> the absolute signs of its group on daily values, with the limits of the guideline rules."""

_BREATH: Final = frozenset({1, 2, 20, 21, 23, 27, 31, 43, 44})
_HEART: Final = frozenset({20, 21, 22, 25})
SYMPTOMS: Final[dict[int, frozenset[int]]] = {
    WEIGHT: _HEART, SPO2: _BREATH, PULSE: _BREATH | _HEART, BREATHING: _BREATH, PEAK_FLOW: _BREATH,
}  # fmt: skip
"""Kind -> symptom codes after which a day is not a stable one for a week."""

_MEDICINES: Final[dict[int, frozenset[str]]] = {
    WEIGHT: frozenset({"diuretic", "sglt2i", "mra"}), PRESSURE: frozenset({"acei", "arb", "mra", "diuretic", "antihypertensive"}),
}  # fmt: skip
ONE_DEVICE: Final = frozenset({WEIGHT, PEAK_FLOW})
"""Kinds whose devices differ so much that another one begins another normal."""


def left_out(
    kind: int, days: Sequence[Day], symptoms: Sequence[Day], profile: Profile, on: date, *, upto: int | None = None
) -> frozenset[int]:
    """The ordinals of dates that are no part of the normal of a kind on a date. `days` reach BACK dates back.

    `upto`: how many of them may be part of it; the later ones only say which device is used now. None: all of them.
    """
    found: set[int] = set()
    found.update(_concerned(kind, days[:upto], profile))
    codes = SYMPTOMS.get(kind, frozenset())
    for one in symptoms:
        if not codes.isdisjoint(one.each):
            found.update(range(one.no, one.no + AFTER_SYMPTOM + 1))
    if profile.facts:
        found.update(_by_facts(kind, days, profile, on))
    if kind in ONE_DEVICE:
        device = next((one.device for one in reversed(days) if one.device), 0)
        found.update(one.no for one in days if device and one.device and one.device != device)
    return frozenset(found)


def _concerned(kind: int, days: Sequence[Day], profile: Profile) -> set[int]:
    sign = SIGNS.get(kind)
    if sign is None:
        return set()
    found: set[int] = set()
    is_open, calm = False, 0
    for place, one in enumerate(days):
        if sign.opens(days, place, profile):
            is_open, calm = True, 0
        elif is_open:
            calm = calm + 1 if sign.is_calm(days, place, profile) else 0
        if is_open:
            found.add(one.no)
            is_open = calm < _CALM
    return found


def _by_facts(kind: int, days: Sequence[Day], profile: Profile, on: date) -> set[int]:
    zone = profile.zone
    name = BY_NO[kind].name
    starts: list[date] = []
    found: set[int] = set()
    for one in profile.facts:
        began = day(one.from_at, zone)
        if began > on:
            continue
        if one.key == "admission":
            ended = on if one.to_at is None else day(one.to_at, zone) + timedelta(days=AFTER_ADMISSION)
            found.update(held.no for held in days if began <= held.on <= ended)
        elif (one.key == "rebaseline" and one.value in {name, "all"}) or (
            one.key == "medicine_changed" and one.value in _MEDICINES.get(kind, ())
        ):
            starts.append(began)
    if starts:
        found.update(one.no for one in days if one.on < max(starts))
    return found

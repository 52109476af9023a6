"""How much of a patient's past a picture holds, worked out from what the rules look at (rules are data)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec

from domain.detection.engine import RULES
from domain.detection.rule import NO_TIME, Rule
from domain.readings.duplicates import near as neighbours
from domain.readings.kinds import BY_NO

LATE: Final = timedelta(days=2)
"""A reading that comes so late is judged from the picture alone; a later one has the past read from the database."""
SENSOR_LATE: Final = timedelta(hours=2)
SHORT: Final = timedelta(days=14)
"""Kinds that are looked at further back than this are read by themselves, so that the rest of old months stays untouched."""
SAMPLED: Final = frozenset(kind.no for kind in BY_NO.values() if kind.sampled)


class Spans(msgspec.Struct, frozen=True, kw_only=True):
    """What one list of rules needs, by kind number."""

    needs: dict[int, dict[int, timedelta]]
    """Kind of a reading -> kind -> how long before that reading every reading of that kind must be there to judge it."""
    full: dict[int, timedelta]
    """How long readings of a kind are kept whole."""
    diary: dict[int, int]
    """Of how many civil days before that there is a daily value."""
    ahead: dict[int, timedelta]
    """How long after a reading of a kind lies what it can still change or be changed by."""
    told: frozenset[int]
    """Kinds whose readings are judged with daily values."""

    def kept(self, kind: int) -> timedelta:
        """How long a reading of a kind is kept whole."""
        return self.full.get(kind, LATE)

    def back(self, kind: int) -> timedelta:
        """How far before a reading that is to be judged this kind must be known, whole or as a daily value."""
        whole = self.full.get(kind, LATE) - late(kind)
        return max(whole, timedelta(days=self.diary[kind])) if kind in self.diary else whole

    @property
    def long(self) -> tuple[int, ...]:
        """Kinds that are looked at further back than SHORT."""
        return tuple(sorted(kind for kind in self.full.keys() | self.diary.keys() if self.back(kind) > SHORT))


def late(kind: int) -> timedelta:
    """How late a reading of a kind may come and still be judged from the picture alone."""
    return SENSOR_LATE if kind in SAMPLED else LATE


def of(rules: Sequence[Rule]) -> Spans:
    """What these rules need."""
    needs: dict[int, dict[int, timedelta]] = {}
    full: dict[int, timedelta] = dict.fromkeys(SAMPLED, SENSOR_LATE)
    diary: dict[int, int] = {}
    ahead: dict[int, timedelta] = {}
    told: set[int] = set()
    for rule in rules:
        looks, waits = rule.seen, rule.waits
        # A rule of the day stands anywhere on its day and sees the whole of it.
        day = timedelta(days=1) if rule.daily else NO_TIME
        if rule.daily or any(look.days is not None for look in looks.values()):
            told |= looks.keys()
        for kind, look in looks.items():
            full[kind] = max(full.get(kind, NO_TIME), look.back + waits + day + late(kind) + neighbours(kind))
            if look.days is not None:
                # The anchor may stand `ahead` of the reading that changed, and both as late as is allowed.
                diary[kind] = max(diary.get(kind, 0), look.days + (waits + LATE).days + 2)
            reach = look.back if look.days is None else max(look.back, timedelta(days=look.days + 2))
            ahead[kind] = max(ahead.get(kind, NO_TIME), reach + waits + day + neighbours(kind))
            near = needs.setdefault(kind, {})
            for other, seen in looks.items():
                near[other] = max(near.get(other, NO_TIME), look.ahead + seen.back + day + neighbours(kind) + neighbours(other))
    return Spans(needs=needs, full=full, diary=diary, ahead=ahead, told=frozenset(told))


SPANS: Final = of(RULES)

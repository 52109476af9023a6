"""How much of a patient's past a picture holds, worked out from what the rules look at (rules are data)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec

from domain.detection.engine import RULES
from domain.detection.rule import NO_TIME, Rule
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
        whole = rule.before + rule.after
        kinds = rule.looks_at | rule.anchors
        for kind in kinds:
            full[kind] = max(full.get(kind, NO_TIME), whole + late(kind))
        for kind, days in rule.diary.items():
            # The anchor may stand `before` the reading that changed, and both as late as is allowed.
            diary[kind] = max(diary.get(kind, 0), days + (rule.before + LATE).days + 2)
            told |= rule.looks_at
        reach = max([whole, *(timedelta(days=days + 2) + rule.before for days in rule.diary.values())])
        for kind in rule.looks_at:
            ahead[kind] = max(ahead.get(kind, NO_TIME), reach)
            near = needs.setdefault(kind, {})
            for other in kinds:
                near[other] = max(near.get(other, NO_TIME), whole)
    return Spans(needs=needs, full=full, diary=diary, ahead=ahead, told=frozenset(told))


SPANS: Final = of(RULES)

"""What the rules need to know of a person."""

from datetime import date, datetime
from decimal import Decimal

import msgspec

from domain.people.facts import Fact
from domain.plans.limits import Dated


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about one patient and changes a judgement. `facts` are dated.

    `limits`: what service and person set, dated (C-7), by rule and name.
    """

    zone: str = "Europe/London"
    birth_on: date
    conditions: frozenset[str] = frozenset()
    facts: tuple[Fact, ...] = ()
    limits: dict[str, tuple[Dated, ...]] = {}

    def fact(self, key: str, at: datetime) -> str | None:
        """What was so at an instant: of several the one that began last, of these the greatest word; None: nothing is known."""
        found: Fact | None = None
        for one in self.facts:
            if one.key == key and one.holds(at) and (found is None or (one.from_at, one.value) > (found.from_at, found.value)):
                found = one
        return None if found is None else found.value

    def number(self, key: str, at: datetime) -> Decimal | None:
        """The number known at an instant."""
        found = self.fact(key, at)
        return None if found is None else Decimal(found)

    def has(self, key: str, at: datetime, value: str = "yes") -> bool:
        """Whether this was so at an instant: `has("pregnant", at)`, `has("medicine", at, "diuretic")`."""
        return any(one.key == key and one.value == value and one.holds(at) for one in self.facts)

    def told(self, key: str) -> tuple[Fact, ...]:
        """All that was ever told under a key, oldest first."""
        return tuple(sorted((one for one in self.facts if one.key == key), key=lambda one: (one.from_at, one.value)))

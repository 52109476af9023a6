"""What a rule is worth, measured by what nurses found (F40), and which rules cost more than they are worth (AL-9)."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from domain.detection import engine
from domain.episodes.clearing import ALWAYS_CALLED

LEAST: Final = 10
"""So many labelled concerns before a rule is judged by its share of true ones: fewer are chance."""
OVERALL: Final = Decimal("1.0")
"""Amber and red concerns a patient-month, all rules together."""
FALSE: Final = Decimal("0.15")
"""False amber and red concerns a patient-month, per condition."""
MONTH_DAYS: Final = Decimal("30.4375")
MOST_MINUTES: Final = 60
"""A concern that lay open for longer than this was not worked on all the time."""


class RuleValue(msgspec.Struct, frozen=True, kw_only=True):
    """One rule in one team over some weeks, in amber and red concerns: raised, found true, found false, acted on, minutes.

    `self_resolved`: over before anybody looked, so neither true nor false.
    """

    rule: str
    flags: int
    confirmed: int
    false: int
    actions: int
    self_resolved: int
    minutes: int

    @property
    def labelled(self) -> int:
        """How many somebody has judged."""
        return self.confirmed + self.false

    @property
    def ppv(self) -> Decimal | None:
        """The share of true ones among those judged, to two places; None while there are none."""
        if not self.labelled:
            return None
        return (Decimal(self.confirmed) / self.labelled).quantize(Decimal("0.01"), ROUND_HALF_UP)


class Caseload(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a team looks after, and over how many days is counted."""

    people: int
    by_condition: Mapping[str, int]
    days: int

    def months(self, condition: str | None = None) -> Decimal:
        """Patient-months, of all people or of those with a condition."""
        people = self.people if condition is None else self.by_condition.get(condition, 0)
        return Decimal(people * self.days) / MONTH_DAYS


def over_budget(values: Sequence[RuleValue], caseload: Caseload) -> list[tuple[str, str]]:
    """The rules that go into the shadow until the rest is within budget, each with the reason.

    Never one of the safety floor, nor what somebody says herself (F44).
    """
    left = {one.rule: one for one in values}
    found: list[tuple[str, str]] = []

    def drop(rule: str, reason: str) -> None:
        found.append((rule, reason))
        del left[rule]

    for condition in sorted(caseload.by_condition):
        while (worst := _most_false(left, caseload, condition)) is not None:
            rate = _rate(left[worst].false, caseload.months(condition))
            drop(worst, f"{rate} false alarms a patient-month in {condition.replace('_', ' ')}, more than {FALSE} with the others")
    while (worst := _least_worth(left, caseload)) is not None:
        total = _rate(sum(one.flags for one in left.values()), caseload.months())
        drop(worst, f"{total} concerns a patient-month over all rules, more than {OVERALL}; this one is true in {left[worst].ppv}")
    return found


def _rate(count: int, months: Decimal) -> Decimal:
    return (count / months).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _may_rest(one: RuleValue) -> bool:
    known = engine.BY_ID.get(one.rule)
    return known is not None and not known.floor and known.group not in ALWAYS_CALLED and one.labelled >= LEAST


def _most_false(left: Mapping[str, RuleValue], caseload: Caseload, condition: str) -> str | None:
    here = [one for one in left.values() if one.rule in engine.BY_ID and condition in engine.BY_ID[one.rule].conditions]
    months = caseload.months(condition)
    if not months or sum(one.false for one in here) / months <= FALSE:
        return None
    noisy = [one for one in here if _may_rest(one) and one.false]
    return max(noisy, key=lambda one: (one.false, one.rule)).rule if noisy else None


def _least_worth(left: Mapping[str, RuleValue], caseload: Caseload) -> str | None:
    months = caseload.months()
    if not months or sum(one.flags for one in left.values()) / months <= OVERALL:
        return None
    noisy = [one for one in left.values() if _may_rest(one)]
    return min(noisy, key=lambda one: (one.ppv or Decimal(0), -one.flags, one.rule)).rule if noisy else None

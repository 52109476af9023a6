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
_Z: Final = Decimal("1.96")
_PLACES: Final = Decimal("0.0001")


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A share with its 95 % interval; `few`: too few to say."""

    n: int
    of: int
    low: Decimal
    high: Decimal

    @property
    def few(self) -> bool:
        """Whether too few were judged for the share to mean anything."""
        return self.of < LEAST

    @property
    def said(self) -> str:
        """In words."""
        if not self.of:
            return "none judged yet"
        if self.few:
            return f"{self.n} of {self.of}: too few to say"
        low, most_likely, high = (_percent(one) for one in (self.low, Decimal(self.n) / self.of, self.high))
        return f"{self.n} of {self.of}, {most_likely} % (likely {low} to {high} %)"


def _percent(part: Decimal) -> Decimal:
    return (part * 100).quantize(Decimal(1), ROUND_HALF_UP)


def share(n: int, of: int) -> Share:
    """Wilson's interval, to four places: honest for small numbers, never below 0 or above 1."""
    if of == 0:
        return Share(n=0, of=0, low=Decimal(0), high=Decimal(1))
    part, z2 = Decimal(n) / of, _Z * _Z
    middle = (part + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * (part * (1 - part) / of + z2 / (4 * of * of)).sqrt() / (1 + z2 / of)
    low, high = ((min(max(one, Decimal(0)), Decimal(1))).quantize(_PLACES, ROUND_HALF_UP) for one in (middle - half, middle + half))
    return Share(n=n, of=of, low=low, high=high)


class RuleValue(msgspec.Struct, frozen=True):
    """One rule in one team over some time, in amber and red concerns: raised, found true or false, what was done, minutes.

    `minutes`: from taken to closed. `notes`: concerns that were only information. `self_resolved`: over before anybody
    looked, so neither true nor false.
    """

    rule: str
    flags: int = 0
    notes: int = 0
    people: int = 0
    confirmed: int = 0
    false: int = 0
    advice: int = 0
    medicine: int = 0
    visits: int = 0
    admitted: int = 0
    self_resolved: int = 0
    minutes: int = 0

    @property
    def actions(self) -> int:
        """How often something was done about it."""
        return self.advice + self.medicine + self.visits + self.admitted

    @property
    def labelled(self) -> int:
        """How many somebody has judged."""
        return self.confirmed + self.false

    @property
    def true(self) -> Share:
        """The share of true ones among those judged, with its interval."""
        return share(self.confirmed, self.labelled)

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

    def rate(self, count: int, condition: str | None = None) -> Decimal | None:
        """So many concerns as concerns a patient-month, to two places; None where nobody is looked after."""
        months = self.months(condition)
        return None if not months else (count / months).quantize(Decimal("0.01"), ROUND_HALF_UP)


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
            rate = caseload.rate(left[worst].false, condition)
            drop(worst, f"{rate} false alarms a patient-month in {condition.replace('_', ' ')}, more than {FALSE} with the others")
    while (worst := _least_worth(left, caseload)) is not None:
        total = caseload.rate(sum(one.flags for one in left.values()))
        drop(worst, f"{total} concerns a patient-month over all rules, more than {OVERALL}; this one is true in {left[worst].ppv}")
    return found


def may_rest(rule: str) -> bool:
    """Whether a rule may be recorded only: never the safety floor, nor what somebody says herself (F44)."""
    known = engine.BY_ID.get(rule)
    return known is not None and not known.floor and known.group not in ALWAYS_CALLED


def _is_known(one: RuleValue) -> bool:
    """Whether it may rest, and enough is known of it."""
    return may_rest(one.rule) and one.labelled >= LEAST


def _most_false(left: Mapping[str, RuleValue], caseload: Caseload, condition: str) -> str | None:
    here = [one for one in left.values() if one.rule in engine.BY_ID and condition in engine.BY_ID[one.rule].conditions]
    months = caseload.months(condition)
    if not months or sum(one.false for one in here) / months <= FALSE:
        return None
    noisy = [one for one in here if _is_known(one) and one.false]
    return max(noisy, key=lambda one: (one.false, one.rule)).rule if noisy else None


def _least_worth(left: Mapping[str, RuleValue], caseload: Caseload) -> str | None:
    months = caseload.months()
    if not months or sum(one.flags for one in left.values()) / months <= OVERALL:
        return None
    noisy = [one for one in left.values() if _is_known(one)]
    return min(noisy, key=lambda one: (one.ppv or Decimal(0), -one.flags, one.rule)).rule if noisy else None

"""When a concern is over (AL-4). Asked of the view, from what was measured since; what is missing never clears (MD-4)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.detection.diary import Day
from domain.detection.picture import SYMPTOM, View
from domain.detection.rule import Clearing, Rule

CALM_DAYS: Final = 2
AS_USUAL: Final = 91


def since(view: View, kind: int, fired_at: datetime) -> Sequence[Day]:
    """The days measured after the date on which it last fired, up to now."""
    return view.daily(kind, view.day(fired_at) + timedelta(days=1), view.day(view.now))


def calm(
    rule: Rule, days: Sequence[Day], is_calm: Callable[[Day], bool | None], said: tuple[str, str], needed: int = CALM_DAYS
) -> Clearing:
    """Whether the last observed days are all calm; a day of which that cannot be said leaves it open.

    `said`: what is measured, and what is true of it when it is over.
    """
    what, over = said
    last = days[-needed:]
    answers = [is_calm(one) for one in last]
    evidence = tuple(one.id for one in last)
    if False in answers:
        return rule.goes_on(f"not yet: {over} on {needed} observed days", evidence)
    if len(last) < needed or None in answers:
        return rule.unknown(f"needs {needed} days with {what} since then")
    return rule.over(f"{over} on {needed} observed days", evidence)


def as_usual(rule: Rule, view: View, fired_at: datetime, codes: frozenset[int]) -> Clearing:
    """Symptoms back to usual on two days: said to be as usual, and none of these reported."""

    def is_calm(one: Day) -> bool | None:
        if not codes.isdisjoint(one.each):
            return False
        return True if AS_USUAL in one.each else None

    return calm(rule, since(view, SYMPTOM, fired_at), is_calm, ("an answer on symptoms", "symptoms as usual"))

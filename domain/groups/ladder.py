"""Who is told next about a post that waits, until somebody takes it: a crisis in minutes, the rest by its clock (PGS-2, PGS-3)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

ACT_WITHIN: Final = {3: timedelta(minutes=30), 2: timedelta(hours=12), 1: timedelta(hours=48)}
"""Taken and not decided by then, it comes back to everybody, as a red does (ALP-5)."""


class Whom(StrEnum):
    """Whom a step means; who they are is looked up when it is sent."""

    DUTY = "duty"
    MODERATORS = "moderators"
    LEADS = "leads"


class Step(msgspec.Struct, frozen=True):
    """So long after nobody had it, these are told, by this one of their channels (1 is the first)."""

    after: timedelta
    whom: tuple[Whom, ...]
    place: int = 1


STEPS: Final = {
    3: (
        Step(timedelta(0), (Whom.DUTY,)),
        Step(timedelta(minutes=2), (Whom.DUTY,), 2),
        Step(timedelta(minutes=5), (Whom.DUTY, Whom.MODERATORS)),
        Step(timedelta(minutes=10), (Whom.DUTY, Whom.MODERATORS, Whom.LEADS)),
    ),
    2: (
        Step(timedelta(0), (Whom.DUTY,)),
        Step(timedelta(hours=12), (Whom.MODERATORS,)),
        Step(timedelta(hours=24), (Whom.MODERATORS, Whom.LEADS)),
    ),
    1: (
        Step(timedelta(hours=24), (Whom.DUTY, Whom.MODERATORS)),
        Step(timedelta(hours=72), (Whom.MODERATORS, Whom.LEADS)),
    ),
}
"""By level; the last step of each is when its clock (PGS-2) has run out or nearly so."""
AGAIN: Final = {3: timedelta(minutes=5), 2: timedelta(hours=24), 1: timedelta(hours=24)}
"""The last step is taken again so often: it never ends in silence (F50)."""


class Climb(msgspec.Struct, frozen=True, kw_only=True):
    """What is done now: the people of `whom`, each by channel `place`; `told` steps are then done, the next one at `next_at`."""

    whom: tuple[Whom, ...]
    place: int
    told: int
    next_at: datetime


def first_at(level: int, since: datetime) -> datetime:
    """When somebody is told first."""
    return since + STEPS[level][0].after


def climb(level: int, since: datetime, told: int, now: datetime, there: Collection[Whom]) -> Climb:
    """The highest step that is due: after a pause one notice, not four. `there`: whom there is anybody of, so none is skipped to."""
    steps = STEPS[level]
    last = len(steps) - 1
    here = max((place for place, step in enumerate(steps) if since + step.after <= now), default=0)
    while here < last and not set(steps[here].whom) & set(there):
        here += 1
    next_at = now + AGAIN[level] if here == last else max(since + steps[here + 1].after, now)
    # The last step again goes by another channel each time.
    place = steps[here].place if told <= here else told - here + 1
    return Climb(whom=steps[here].whom, place=place, told=max(told, here) + 1, next_at=next_at)

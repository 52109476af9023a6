"""Who acts for somebody: by consent, as a parent, or by law; with steps at a child's 11th and 16th birthday (F62)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from domain.days import begins
from domain.errors import Invalid
from domain.readings.kinds import DataClass

REVIEW: Final = timedelta(days=365)
AGE_OF_PRIVACY: Final = 11
"""From this birthday on a child's sensitive parts are not a parent's unless somebody has looked and said so."""
AGE_OF_OWN_CHOICE: Final = 16
"""From this birthday on a young person decides alone: what a parent has by being a parent ends."""
SENSITIVE: Final = frozenset({DataClass.MOOD})


class Right(StrEnum):
    """By what right somebody acts for another."""

    CONSENT = "consent"
    PARENT = "parent"
    ATTORNEY = "attorney"
    DEPUTY = "deputy"


BY_LAW: Final = frozenset({Right.PARENT, Right.ATTORNEY, Right.DEPUTY})
"""Not the patient's own choice: a lead records it, having seen the paper or the person."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """What a proxy may see in a stretch of time."""

    data_classes: tuple[DataClass, ...]
    from_at: datetime
    to_at: datetime


def birthday(birth_on: date, age: int, zone: str) -> datetime:
    """The instant at which somebody reaches an age, in their own zone; born on 29 February: on 1 March of other years."""
    year = birth_on.year + age
    leap_day = (birth_on.month, birth_on.day) == (2, 29)
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return begins(date(year, 3, 1) if leap_day and not is_leap else birth_on.replace(year=year), zone)


def spans(
    right: Right, data_classes: Sequence[DataClass], birth_on: date, zone: str, now: datetime, to_at: datetime
) -> tuple[Span, ...]:
    """What the proxy may see from when to when: the age steps are in the dates, so that no clock must strike for them (F62)."""
    wanted = tuple(sorted(data_classes))
    if right is not Right.PARENT:
        return (Span(data_classes=wanted, from_at=now, to_at=to_at),)
    eleven, sixteen = (birthday(birth_on, age, zone) for age in (AGE_OF_PRIVACY, AGE_OF_OWN_CHOICE))
    if now >= sixteen:
        raise Invalid("From 16 on a young person decides alone.", "/right")
    found: list[Span] = []
    if now < eleven:
        found.append(Span(data_classes=wanted, from_at=now, to_at=min(eleven, to_at)))
    less = tuple(one for one in wanted if one not in SENSITIVE)
    start = max(now, eleven)
    if less and start < to_at:
        found.append(Span(data_classes=less, from_at=start, to_at=min(sixteen, to_at)))
    if not found:
        raise Invalid("From 11 on these parts are the child's own.", "/dataClasses")
    return tuple(found)


def review_on(right: Right, birth_on: date, zone: str, now: datetime) -> datetime:
    """When somebody must look again whether this is still right: at the next age step, else after a year (capacity changes)."""
    steps = [birthday(birth_on, age, zone) for age in (AGE_OF_PRIVACY, AGE_OF_OWN_CHOICE)]
    ahead = [one for one in steps if one > now] if right is Right.PARENT else []
    return min([now + REVIEW, *ahead])

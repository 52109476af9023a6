"""A patient's decision: who sees which parts of the record, until when, and what became of it (F57-F61)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from domain.days import local
from domain.errors import Invalid, StaleVersion
from domain.readings.kinds import DataClass
from domain.sharing.texts import Text, current

USUAL: Final = timedelta(days=365)
"""A permission without an end is asked about again after so long (F58)."""
MOST: Final = timedelta(days=5 * 366)
REMINDERS: Final = (timedelta(days=30), timedelta(days=7))
LOOKS_BACK: Final = timedelta(days=14)
"""A permission that ended by itself is spoken of as long as this, should nobody have been there to say so."""
CLASS_WORDS: Final = {
    DataClass.RECORD: "your name, conditions, medicines and plan",
    DataClass.VITALS: "weight, blood pressure and pulse",
    DataClass.GLUCOSE: "glucose",
    DataClass.BREATHING: "breathing and oxygen",
    DataClass.LABORATORY: "blood and urine tests",
    DataClass.SYMPTOMS: "what you say you feel",
    DataClass.MOOD: "mood",
    DataClass.ACTIVITY: "activity",
}
"""Each part of a record, as its owner reads it."""


class What(StrEnum):
    """What was decided."""

    GRANTED = "granted"
    RENEWED = "renewed"
    NARROWED = "narrowed"
    WITHDRAWN = "withdrawn"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """One permission as it stands: for a team or a person, which classes, whether they may add, from when to when."""

    team_id: UUID | None = None
    person_id: UUID | None = None
    data_classes: tuple[DataClass, ...]
    may_write: bool = False
    from_at: datetime
    to_at: datetime


class Decision(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a receipt says: the decision with the words that were agreed to, and the decision before it by its hash."""

    patient_id: UUID
    seq: int
    grant_id: UUID
    what: What
    at: datetime
    by: UUID
    witnessed: bool
    basis: str
    grantee_id: UUID
    grantee: str
    data_classes: list[str]
    may_write: bool
    purpose: str
    from_at: datetime
    to_at: datetime | None
    text: str
    text_version: int
    text_sha256: str
    before_sha256: str


def classes(names: Sequence[str], pointer: str = "/dataClasses") -> tuple[DataClass, ...]:
    """Data classes by their names, each once and in order. Raises Invalid for one that is not known."""
    known = {one.name.lower(): one for one in DataClass}
    for place, name in enumerate(names):
        if name not in known:
            raise Invalid(f"One of {', '.join(known)}.", f"{pointer}/{place}")
    if not names:
        raise Invalid("At least one part of the record.", pointer)
    return tuple(sorted({known[name] for name in names}))


def known(numbers: Sequence[int]) -> tuple[DataClass, ...]:
    """Stored data classes that this release knows, in order."""
    return tuple(one for one in DataClass if one in numbers)


def agreed(key: str, version: int) -> Text:
    """The text that was agreed to, which must be the one in force. Raises StaleVersion: show the newer one."""
    text = current(key)
    if version != text.version:
        raise StaleVersion(f"The text is version {text.version} now: show it, and ask again.")
    return text


def until(asked: datetime | None, now: datetime, pointer: str = "/toAt") -> datetime:
    """When a permission ends: a year from now unless said otherwise, and never later than five years. Raises Invalid."""
    end = now + USUAL if asked is None else asked
    if end <= now:
        raise Invalid("An end that is still to come.", pointer)
    if end > now + MOST:
        raise Invalid("Five years at most: people change their minds.", pointer)
    return end


def narrowed(terms: Terms, *, data_classes: Sequence[DataClass], may_write: bool, to_at: datetime) -> Terms:
    """The same permission with less in it. Raises Invalid where it would give more, which takes a new consent."""
    if not set(data_classes) <= set(terms.data_classes):
        raise Invalid("This only takes away: to give more, consent anew.", "/dataClasses")
    if may_write and not terms.may_write:
        raise Invalid("This only takes away: to let them add, consent anew.", "/mayWrite")
    if to_at > terms.to_at:
        raise Invalid("This only takes away: to go on for longer, renew.", "/toAt")
    after = msgspec.structs.replace(terms, data_classes=tuple(sorted(data_classes)), may_write=may_write, to_at=to_at)
    if after == terms:
        raise Invalid("That is what it is already.", "/dataClasses")
    return after


def reminder(to_at: datetime, now: datetime) -> int | None:
    """Which reminder is due, counted from the first; None before the first. The last one stands until the end."""
    due = [place for place, before in enumerate(REMINDERS) if to_at - before <= now]
    return due[-1] if due and now < to_at else None


def ending(name: str, data_classes: Sequence[DataClass], to_at: datetime, zone: str) -> str:
    """What is said before a permission ends."""
    end = local(to_at, zone)
    return (
        f"On {end.day} {end:%B %Y} you stop sharing {words(data_classes)} with {name}, as you agreed. From then on they do not see it and do "
        "not watch it. To go on sharing, renew it under Who sees my record."
    )


def ended(name: str, data_classes: Sequence[DataClass]) -> str:
    """What is said when a permission has ended by itself."""
    return (
        f"You no longer share {words(data_classes)} with {name}: the time that you agreed to is over. They do not see it and do not watch "
        "it any more. To share it again, choose them under Who sees my record. If you feel unwell ring 111, or 999 in an emergency."
    )


def words(data_classes: Sequence[DataClass]) -> str:
    """Parts of a record as one phrase."""
    if set(data_classes) >= set(DataClass):
        return "everything in your record"
    said = [CLASS_WORDS[one] for one in sorted(data_classes)]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])}, and {said[-1]}"

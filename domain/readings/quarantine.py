"""What is held, what it might have meant, and what a person can decide about it (DQ-12). Pure.

A held reading is never judged. Releasing or correcting one makes a draft that goes through the door like any other; every
decision can be taken back, and each keeps who, when and why.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.errors import Conflict, Invalid
from domain.readings import quality
from domain.readings.kinds import BY_NAME, Kind
from domain.readings.reading import Draft, Quarantined, Rejected
from domain.readings.units import accepts, known_unit, to_canonical


class Step(StrEnum):
    """What can be done with a held reading."""

    RELEASE = "release"
    CORRECT = "correct"
    DISCARD = "discard"
    HOLD = "hold"
    CONFIRM = "confirm"


class State(StrEnum):
    """What became of it so far."""

    HELD = "held"
    RELEASED = "released"
    CORRECTED = "corrected"
    DISCARDED = "discarded"


NEEDS_A_TIME: Final = frozenset({"time_ahead", "clock_unset"})
"""What was held for its time alone: nobody can believe such an instant, so it is corrected, never released as it is."""


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    """The same number in a unit in which it would be plausible: what the sender may have meant."""

    unit: str
    value: Decimal | None = None
    parts: dict[str, Decimal] | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a correction says instead of what was sent; what is None stays as it was."""

    value: Decimal | None = None
    parts: dict[str, Decimal] | None = None
    unit: str | None = None
    taken_at: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is said."""
        return self.value is None and self.parts is None and self.unit is None and self.taken_at is None


def meanings(draft: Draft) -> list[Meaning]:
    """The other units in which what was sent lies within the usual range, the likeliest first as the table lists them."""
    kind = BY_NAME.get(draft.kind)
    if kind is None or kind.codes or draft.unit is None:
        return []
    sent = known_unit(kind, draft.unit)
    return [
        Meaning(unit=unit, value=draft.value, parts=draft.parts)
        for unit in accepts(kind)
        if unit != sent and _is_usual(kind, unit, draft)
    ]


def _is_usual(kind: Kind, unit: str, draft: Draft) -> bool:
    if kind.parts:
        given: Mapping[str, Decimal] = draft.parts or {}
        return bool(given) and all(
            (limits := part.soft or part.hard).low <= to_canonical(kind, unit, given[part.name]) <= limits.high
            for part in kind.parts if part.name in given
        )  # fmt: skip
    limits = kind.soft or kind.hard
    if draft.value is None or limits is None:
        return False
    return limits.low <= to_canonical(kind, unit, draft.value) <= limits.high


def believed(draft: Draft, code: str, new_id: UUID) -> Draft:
    """The draft as it was sent, to be believed because a person says so. Raises Conflict where only its time is in doubt."""
    if code in NEEDS_A_TIME:
        raise Conflict("Its time cannot be right: correct it with when it was taken.")
    return replace(draft, id=new_id, settled="released", history=draft.history or code == "time_too_old")


def corrected(draft: Draft, change: Change, new_id: UUID, now: datetime) -> Draft:
    """The draft with what a person says instead. Raises Invalid when that would be held or refused as well."""
    if change.is_empty:
        raise Invalid("Say what it should have been: a value, a unit or a time.", "/value")
    made = replace(
        draft, id=new_id, settled="corrected", comparator=draft.comparator if change.value is None else None,
        value=draft.value if change.value is None else change.value, parts=change.parts or draft.parts,
        unit=change.unit or draft.unit, taken_at=change.taken_at or draft.taken_at,
        # A day long ago that a person names is history, whoever sent it.
        history=True,
    )  # fmt: skip
    found = quality.check(made, recent={}, now=now)
    match found:
        case Quarantined(detail=detail, pointer=pointer) | Rejected(detail=detail, pointer=pointer):
            raise Invalid(detail, pointer)
        case _:
            return made


def undone(held: Draft, reading: UUID, taken_at: datetime, new_id: UUID, reason: str) -> Draft:
    """The retraction that takes back a release or correction; the reading's values stay in the history."""
    return Draft(
        id=new_id, kind=held.kind, taken_at=taken_at, retracts=True, corrects=reading, source=held.source, reason=reason
    )


_NEXT: Final[dict[tuple[State, Step], State]] = {
    (State.HELD, Step.RELEASE): State.RELEASED,
    (State.HELD, Step.CORRECT): State.CORRECTED,
    (State.HELD, Step.DISCARD): State.DISCARDED,
    (State.HELD, Step.CONFIRM): State.HELD,
    (State.RELEASED, Step.HOLD): State.HELD,
    (State.CORRECTED, Step.HOLD): State.HELD,
    (State.DISCARDED, Step.HOLD): State.HELD,
}


def after(state: State, step: Step) -> State:
    """The state that a step leads to. Raises Conflict for a step that does not fit."""
    found = _NEXT.get((state, step))
    if found is None:
        said = "It is held already." if step is Step.HOLD else f"It is {state.value} already: hold it again first."
        raise Conflict(said)
    return found

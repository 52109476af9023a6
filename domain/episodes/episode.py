"""One open concern about one patient, its flags, and what staff can do with it."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from domain.detection.judgement import Judgement, Severity
from domain.episodes.timer import Timer


class State(StrEnum):
    """AL-1. Snooze and escalation are columns, not states."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    CLOSED = "closed"


TAKEN: Final = frozenset({State.ACKNOWLEDGED, State.IN_PROGRESS})
"""Somebody has it. An open concern may have an owner too: it was handed to them, and they have not taken it yet."""


class Closed(StrEnum):
    """How an episode ended (AL-1). A red never expires."""

    RESOLVED = "resolved"
    DISMISSED = "dismissed"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class Result(StrEnum):
    """What came of it: the outcome a nurse names on closing (glossary)."""

    ADVICE_GIVEN = "advice_given"
    MEDICINE_CHANGED = "medicine_changed"
    VISIT = "visit"
    ADMITTED = "admitted"
    NO_ACTION_NEEDED = "no_action_needed"
    FALSE_ALARM = "false_alarm"


class DismissReason(StrEnum):
    """AL-11, asked for when the outcome is no action needed or false alarm."""

    MEASUREMENT_ERROR = "measurement_error"
    EXPECTED = "expected"
    KNOWN = "known"
    ACTED = "acted"
    DUPLICATE = "duplicate"


class FlagState(StrEnum):
    """A flag is active, no longer supported by the readings, withdrawn by a correction, was found late (DQ-8), or shadow (AL-9).

    Shadow: its rule is recorded, but nobody is called and nothing is shown.
    """

    ACTIVE = "active"
    EXPLAINED = "explained"
    WITHDRAWN = "withdrawn"
    FOUND_LATE = "found_late"
    SHADOW = "shadow"


class Episode(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """AL-2: at most one that is not closed per (patient, group)."""

    id: UUID
    group: str
    severity: Severity
    emergency: bool = False
    floor_emergency: bool = False
    state: State = State.OPEN
    version: int = 1
    opened_at: datetime
    raised_at: datetime
    owner: UUID | None = None
    acknowledged_at: datetime | None = None
    snoozed_until: datetime | None = None
    snooze_reason: str | None = None
    expires_at: datetime | None = None
    cleared_at: datetime | None = None
    closed_at: datetime | None = None
    closed_how: Closed | None = None
    result: Result | None = None
    dismiss_reason: DismissReason | None = None


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """A judgement that somebody should see. One per (rule, anchor reading); its latest judgement tells its severity."""

    id: UUID
    rule: str
    anchor: UUID
    anchor_at: datetime
    severity: Severity
    emergency: bool
    state: FlagState
    episode: UUID | None
    judgement: UUID


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of an episode's history; never changed."""

    episode: UUID
    what: str
    at: datetime
    by: UUID | None = None
    body: dict[str, str] = {}


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing to tell one audience. `dedupe` is the key at the receiver (INV-6).

    `role`: which staff, found on the rota when it is sent; `place`: by which of their channels, 1 being the first;
    `recipient`: this one person instead. `words`: what a patient reads.
    """

    audience: str
    topic: str
    role: str = "nurse"
    place: int = 1
    recipient: UUID | None = None
    episode: UUID | None = None
    advice: str | None = None
    words: str = ""
    severity: Severity | None = None
    emergency: bool = False
    dedupe: str


class Effects(msgspec.Struct, kw_only=True):
    """All that must be written with the readings, in the same commit."""

    judgements: list[tuple[UUID, Judgement]] = []
    flags: list[Flag] = []
    episodes: list[Episode] = []
    events: list[Event] = []
    notices: list[Notice] = []
    timers: list[Timer] = []


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from something that staff did to one episode; `timer` is its clock from now on, None when it has none."""

    episode: Episode
    events: tuple[Event, ...] = ()
    notices: tuple[Notice, ...] = ()
    timer: Timer | None = None

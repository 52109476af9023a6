"""The clock of one open episode: which step of the ladder is due, and when. A row, never a timer in memory (ALP-4)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from domain.detection.judgement import Severity


class Step(StrEnum):
    """What a timer does when it is due."""

    FIRST = "first"
    NO_RECEIPT = "no_receipt"
    SECOND_CHANNEL = "second_channel"
    DEPUTY = "deputy"
    LEAD = "lead"
    LEAD_AGAIN = "lead_again"
    OUT_OF_HOURS = "out_of_hours"
    NOBODY_OUT_OF_HOURS = "nobody_out_of_hours"
    BREACH = "breach"
    NOT_ACTED = "not_acted"
    NOT_CLOSED = "not_closed"
    BACK = "back"


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """One open episode's clock: `since` is when it began to run."""

    episode: UUID
    severity: Severity
    emergency: bool = False
    since: datetime
    step: Step
    due_at: datetime

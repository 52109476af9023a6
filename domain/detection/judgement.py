"""The result of applying one rule once."""

from datetime import datetime
from enum import IntEnum, StrEnum
from uuid import UUID

import msgspec


class Verdict(StrEnum):
    """A missing input is never 'normal': it is not evaluable, with what is missing (C-5)."""

    FIRED = "fired"
    NOT_FIRED = "not_fired"
    NOT_EVALUABLE = "not_evaluable"


class Severity(IntEnum):
    """C-4. On screen: Watch, Soon, Urgent."""

    INFO = 1
    AMBER = 2
    RED = 3


class Confidence(StrEnum):
    """How far the inputs can be trusted (C-5)."""

    NORMAL = "normal"
    PARTIAL = "partial"
    UNCONFIRMED = "unconfirmed"


class Judgement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rule applied at one anchor reading, with all that is needed to show and to replay it (C-5, AL-10).

    `sentence` is what the nurse reads: plain words and numbers. `numbers` and `limits` are what was computed and what it
    was held against, as text of exact decimals. `due_at`: when it must be judged again if nothing arrives till then.
    """

    rule: str
    version: int
    group: str
    anchor: UUID
    anchor_at: datetime
    verdict: Verdict
    severity: Severity | None = None
    emergency: bool = False
    confidence: Confidence = Confidence.NORMAL
    evidence: tuple[UUID, ...] = ()
    numbers: dict[str, str] = {}
    limits: dict[str, str] = {}
    window_from: datetime | None = None
    window_to: datetime | None = None
    advice: str | None = None
    sentence: str = ""
    reason: str = ""
    due_at: datetime | None = None

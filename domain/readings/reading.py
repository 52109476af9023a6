"""Draft (as sent) and Reading (believed), and what became of each item sent."""

from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec


class Source(IntEnum):
    """The door a reading came through. Numbers are stored: never reuse one."""

    APP = 1
    STAFF = 2
    VENDOR = 3
    FILE = 4
    REPLAY = 5
    SIMULATED = 6
    PROXY = 7


class TimeSource(IntEnum):
    """How the instant of a reading is known (integrations 0, rule 4). Numbers are stored."""

    OFFSET_IN_PAYLOAD = 0
    PATIENT_ZONE = 1
    EPOCH_UTC = 2
    EPOCH_LOCAL = 3
    DEVICE_CLOCK_UNSET = 4
    SERVER_RECEIVED = 5
    DEVICE_CLOCK_CORRECTED = 6
    REPLAYED = 7


class Status(IntEnum):
    """Whether a stored reading is in force. Only corrections change it; values never change (INV-3)."""

    FINAL = 0
    SUPERSEDED = 1
    ENTERED_IN_ERROR = 2


class Context(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a measurement was made (F14): it changes the judgement.

    Of a laboratory: a spoilt `sample`, the `assay` (results of two are never compared) and the `equation` of an eGFR.
    """

    posture: Literal["sitting", "standing", "lying"] | None = None
    oxygen: Literal["air", "oxygen"] | None = None
    meal: Literal["before", "after", "after_1h", "after_2h", "fasting", "bedtime"] | None = None
    arm: Literal["left", "right"] | None = None
    activity: Literal["rest", "active"] | None = None
    quality: Literal["cuff_error", "motion", "low_perfusion", "irregular_pulse"] | None = None
    sample: Literal["haemolysed"] | None = None
    assay: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] | None = None
    equation: Literal["ckd_epi_2009", "ckd_epi_2021"] | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """One reading as sent, through whichever door, before anybody believes it.

    Exactly one of `value`, `parts` (named parts of a panel such as blood pressure) and `code` (coded kinds) is given,
    unless `retracts` is true: then `corrects` names a reading to be marked entered in error and nothing is measured.
    `link`: nothing is measured either; a person says that the reading which `corrects` names is no copy, or that it is one (F13).
    `settled`: a person decided about it when it was held (DQ-12), so no rule doubts it again.
    """

    id: UUID
    kind: str
    taken_at: datetime
    value: Decimal | None = None
    parts: dict[str, Decimal] | None = None
    code: str | None = None
    unit: str | None = None
    comparator: Literal["<", ">"] | None = None
    context: Context | None = None
    device: int = 0
    manual: bool = False
    source: Source = Source.APP
    time_source: TimeSource = TimeSource.OFFSET_IN_PAYLOAD
    offset_min: int = 0
    device_time: datetime | None = None
    corrects: UUID | None = None
    retracts: bool = False
    reason: str | None = None
    history: bool = False
    settled: Literal["released", "corrected"] | None = None
    link: Literal["apart", "together"] | None = None


_ASKED: Final = frozenset({"soft_range", "suspect_unit", "clock_ahead", "repeated"})


class Reading(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One believed reading. Values are canonical, at the kind's precision; the original stays beside them for ever.

    `original` and `unit` are None when the reading was sent in the canonical unit at canonical precision.
    `marks` are quality codes that depend on this draft and `received_at` alone (so that they never depend on order);
    what depends on neighbours (DQ-1 agreement, DQ-4, DQ-5, DQ-6 links) is worked out afresh from the set when judging.
    """

    id: UUID
    kind: int
    taken_at: datetime
    received_at: datetime
    value: Decimal
    value2: Decimal | None = None
    value3: Decimal | None = None
    original: tuple[Decimal, ...] | None = None
    unit: str | None = None
    comparator: Literal["<", ">"] | None = None
    context: Context | None = None
    device: int = 0
    manual: bool = False
    source: int = Source.APP
    time_source: int = TimeSource.OFFSET_IN_PAYLOAD
    offset_min: int = 0
    device_time: datetime | None = None
    corrects: UUID | None = None
    marks: tuple[str, ...] = ()
    status: int = Status.FINAL

    @property
    def unconfirmed(self) -> bool:
        """Kept and shown, but a repeat is asked for (soft range, suspect unit)."""
        return bool(self.marks) and not _ASKED.isdisjoint(self.marks)


class Quarantined(msgspec.Struct, frozen=True):
    """Kept and asked about, never judged; staff can release, correct or discard it (DQ-12)."""

    id: UUID
    code: str
    pointer: str
    detail: str


class Rejected(msgspec.Struct, frozen=True):
    """Not kept: the sender must change it. `detail` never echoes the value."""

    id: UUID
    code: str
    pointer: str
    detail: str


class Duplicate(msgspec.Struct, frozen=True):
    """Already here; `first_id` is the id it is stored under."""

    id: UUID
    first_id: UUID


class Stored(msgspec.Struct, frozen=True):
    """Kept, judged and committed. None: a retraction kept for a reading that has not arrived yet."""

    reading: Reading | None


Outcome = Stored | Duplicate | Quarantined | Rejected

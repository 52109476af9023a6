"""What an adapter is: a card that says what it can do, and pure functions from bytes to drafts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from domain.readings.reading import Draft


class Tier(StrEnum):
    """How far an adapter has been proved (integrations/tiers.py)."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One body as received. `zone` is the patient's, for times that carry none; `patient` only makes derived ids distinct."""

    body: bytes
    received_at: datetime
    zone: str = "Europe/London"
    patient: str = ""
    headers: Mapping[str, str] = {}
    name: str = ""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One row or entry that is no reading, and why. Never the value: it may be health data. `pointer`: where, as the format says it."""

    row: int
    code: str
    detail: str
    pointer: str = ""


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """Drafts in the order of the file, and the rows that gave none."""

    drafts: Sequence[Draft]
    faults: Sequence[Fault] = ()


class Unreadable(Exception):
    """The body is not of this format at all; the text says what was expected."""


class Adapter(Protocol):
    """The functions of an adapter, all pure."""

    def recognises(self, body: bytes) -> bool:
        """Whether the beginning of a body looks like this format."""
        ...

    def parse(self, delivery: Delivery) -> Parsed:
        """Drafts out of a body. Raises Unreadable."""
        ...


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The card of one adapter. Impossible combinations cannot be built."""

    name: str
    title: str
    tier: Tier
    adapter: Adapter
    is_file: bool = False
    is_webhook: bool = False
    is_signed: bool = False
    version: int = 1
    """Raised when the same body is read otherwise than before: kept files can then be read again."""

    def __post_init__(self) -> None:
        """Refuse what cannot be: an adapter without a door, or signatures without a webhook."""
        if not (self.is_file or self.is_webhook):
            raise ValueError(f"{self.name}: neither file nor webhook")
        if self.is_signed and not self.is_webhook:
            raise ValueError(f"{self.name}: only a webhook is signed")

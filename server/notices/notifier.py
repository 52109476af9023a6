"""The port that every channel out of here has. It says what the provider answered: accepted, refused (for good) or failed (try again)."""

from typing import Final, Protocol
from uuid import UUID

import msgspec
import structlog

logger = structlog.get_logger("notice")

ACCEPTED: Final = "accepted"
REFUSED: Final = "refused"
FAILED: Final = "failed"
GONE: Final = "gone"
"""The code of an address that is no longer there: nothing is sent to it again."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one address. `id` is the key by which its receiver knows it again (INV-6); `link` where it is read."""

    id: UUID
    address: str
    subject: str
    body: str
    link: str = ""
    urgent: bool = False

    @property
    def text(self) -> str:
        """All of it as plain text."""
        return f"{self.body}\n\n{self.link}\n" if self.link else f"{self.body}\n"


class Said(msgspec.Struct, frozen=True):
    """What the provider answered, with its own code."""

    state: str
    code: str = ""


class Notifier(Protocol):
    """One way out."""

    async def send(self, message: Message) -> Said:
        """Hand it over; never raises for what the provider does."""
        ...


class LogNotifier:
    """The log is where it goes: what a demo and a team without a provider have."""

    async def send(self, message: Message) -> Said:
        """Say that there was one; its words stay in the delivery's row."""
        logger.info("notice.logged", code=str(message.id))
        return Said(ACCEPTED, "log")


_TIMEOUT, _TOO_MANY, _FIRST_FAULT = 408, 429, 500


def answered(status: int) -> Said:
    """What an HTTP status says: 2xx is taken, a fault of theirs or too many may work later, all else is for good."""
    said = str(status)
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own classes
        return Said(ACCEPTED, said)
    return Said(FAILED if status >= _FIRST_FAULT or status in {_TIMEOUT, _TOO_MANY} else REFUSED, said)

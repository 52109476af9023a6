"""What a page says of a refusal, there where the button was pressed."""

from typing import Final

from domain.errors import Conflict, FreshSignInNeeded, Refusal, StaleVersion
from server.errors import status_of

CHANGED: Final = "Somebody changed this since you looked. This is how it is now."
STALE: Final = "Your sign-in is older than five minutes. Sign in again (link below), then press once more: nothing was lost."


def refused(error: Refusal) -> tuple[str, int]:
    """The sentence and the status. A page names no version, so an old one is a conflict with what is there."""
    if isinstance(error, StaleVersion):
        return CHANGED, status_of(Conflict())
    return STALE if isinstance(error, FreshSignInNeeded) else error.detail, status_of(error)

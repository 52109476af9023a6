"""Every refusal the domain can make, each with a stable code. `server/errors.py` gives each its status."""

from collections.abc import Sequence
from typing import ClassVar


class Refusal(Exception):
    """Something asked for is refused; the code is stable, the detail is for the engineer and names no person."""

    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "This cannot be done"

    def __init__(self, detail: str = "", pointer: str | None = None, *, also: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.pointer = pointer
        self.also = tuple(also)
        """Further faults of the same request, each with its pointer and detail."""


class NotFound(Refusal):
    """Absent, or not allowed: both look the same (ACC-3)."""

    code = "not-found"
    title = "There is nothing here for you"


class NotSignedIn(Refusal):
    """Nobody asks, or the token does not hold."""

    code = "not-signed-in"
    title = "Sign in first"


class NotProved(NotSignedIn):
    """A delivery does not prove where it comes from (a signature is missing, wrong or too old)."""

    code = "not-proved"
    title = "Nobody can know that this is from you"


class OutOfScope(Refusal):
    """The token is good, but not for this action."""

    code = "out-of-scope"
    title = "This sign-in may not do that"


class FreshSignInNeeded(Refusal):
    """The action needs a second factor, or a sign-in of the last five minutes (TOK-8)."""

    code = "fresh-sign-in-needed"
    title = "Sign in again with your second factor"


class Invalid(Refusal):
    """Well formed, but breaks a rule."""

    code = "invalid"
    title = "This cannot be accepted"


class KeyReused(Invalid):
    """The key was sent with another request before (ING-2)."""

    code = "key-reused"
    title = "This key belongs to another request"


class Malformed(Refusal):
    """Not of the shape that this address takes."""

    code = "malformed"
    title = "This could not be read"


class Conflict(Refusal):
    """The state does not allow it now."""

    code = "conflict"
    title = "That does not fit with what is there"


class StillRunning(Conflict):
    """The same request with the same key is being carried out; ask again in a moment (ING-2)."""

    code = "still-running"
    title = "This is being done just now"
    retry_after_s = 1


class IdReused(Conflict):
    """The id belongs to something else that was sent before."""

    code = "id-reused"
    title = "This id is taken"


class StaleVersion(Refusal):
    """Somebody changed it meanwhile; look again (If-Match)."""

    code = "stale-version"
    title = "This has changed since you looked"


class VersionNeeded(Refusal):
    """The change needs an If-Match header."""

    code = "version-needed"
    title = "Say which version you are changing"


class TooMuch(Refusal):
    """More bytes, items or depth than the address takes (INP-2)."""

    code = "too-much"
    title = "That is more than fits in one request"


class UnsupportedMedia(Refusal):
    """Not application/json, or compressed."""

    code = "unsupported-media"
    title = "Send application/json, not compressed"


class Busy(Refusal):
    """No room right now; the same request may go through after a pause."""

    code = "busy"
    title = "Too busy just now"

    def __init__(self, detail: str = "", retry_after_s: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class RateLimited(Busy):
    """This caller has used its share."""

    code = "rate-limited"
    title = "Too many requests from you"

"""Who asks."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from domain.errors import FreshSignInNeeded, NotFound, OutOfScope

FRESH_S: Final = 300
"""TOK-8: what changes how people are watched needs a sign-in of the last five minutes."""


class Scope(StrEnum):
    """What a token may be used for; *which patient* is decided by grants (EffectiveAccess), never by a scope."""

    READINGS_WRITE = "readings:write"
    READINGS_READ = "readings:read"
    EPISODES_READ = "episodes:read"
    EPISODES_ACT = "episodes:act"
    PEOPLE_MANAGE = "people:manage"
    DEVICES_MANAGE = "devices:manage"
    QUARANTINE_ACT = "quarantine:act"
    LIMITS_PROPOSE = "limits:propose"
    LIMITS_SIGN = "limits:sign"


class ActorKind(StrEnum):
    """The kinds of principal a token can name."""

    PATIENT = "patient"
    STAFF = "staff"
    VENDOR = "vendor"
    PROXY = "proxy"
    SHARE = "share"
    """Whoever was shown a one-time code: no token ever names one, only the page that opens it."""


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """One verified principal. `id` is the patient, the staff member, the vendor client, the proxy or the share."""

    id: UUID
    kind: ActorKind
    scopes: frozenset[Scope]
    org_id: UUID | None = None
    client_id: str = ""
    jti: str = ""
    acr: str = ""
    auth_at: int = 0
    expires_at: int = 0

    def must(self, scope: Scope) -> None:
        """Refuse unless this sign-in carries the scope."""
        if scope not in self.scopes:
            raise OutOfScope(f"This needs the scope {scope}.")

    def must_be_staff(self) -> None:
        """For anybody else there is nothing (ACC-3)."""
        if self.kind is not ActorKind.STAFF:
            raise NotFound

    def must_be_fresh(self, now: datetime) -> None:
        """Refuse staff who did not show both factors in the last five minutes (TOK-8)."""
        if self.kind is ActorKind.STAFF and now.timestamp() - self.auth_at > FRESH_S:
            raise FreshSignInNeeded("This needs a sign-in of the last five minutes.")

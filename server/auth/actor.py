"""What each kind of sign-in may be used for; *which patient* is decided by grants, never here."""

from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from server.auth.tokens import SECOND_FACTOR

PATIENT: Final = frozenset({Scope.READINGS_WRITE, Scope.READINGS_READ, Scope.EPISODES_READ, Scope.LIMITS_SIGN})
NURSE: Final = frozenset(
    {
        Scope.READINGS_WRITE,
        Scope.READINGS_READ,
        Scope.EPISODES_READ,
        Scope.EPISODES_ACT,
        Scope.QUARANTINE_ACT,
        Scope.LIMITS_SIGN,
    }
)
STAFF: Final = {
    "nurse": NURSE,
    "lead": NURSE | {Scope.PEOPLE_MANAGE, Scope.DEVICES_MANAGE, Scope.LIMITS_PROPOSE},
    "coordinator": frozenset({Scope.READINGS_READ, Scope.EPISODES_READ}),
    # Runs the service; sees no patient.
    "admin": frozenset({Scope.PEOPLE_MANAGE, Scope.DEVICES_MANAGE, Scope.LIMITS_PROPOSE}),
}
PROXY: Final = frozenset({Scope.READINGS_WRITE, Scope.READINGS_READ})
VENDOR: Final = frozenset({Scope.READINGS_WRITE})
_SMART: Final = {"c": Scope.READINGS_WRITE, "r": Scope.READINGS_READ, "s": Scope.READINGS_READ}
VENDOR_SCOPES: Final = {
    **{f"system/Observation.{some}": frozenset(_SMART[one] for one in some) for some in ("c", "cr", "crs", "cs", "r", "rs", "s")},
    "readings:write": frozenset({Scope.READINGS_WRITE}),
}
"""What a vendor may ask for by name (SMART's, version 2, and our own), and what it gives: to read back is what its devices sent."""
VENDOR_USUAL: Final = "system/Observation.c"


def of_phone(kind: str, principal: UUID, org: UUID, client: str, auth_at: int) -> Actor:
    """Make a patient, or a proxy, on the phone that was paired as `client`."""
    is_proxy = kind == ActorKind.PROXY
    return Actor(
        id=principal,
        kind=ActorKind.PROXY if is_proxy else ActorKind.PATIENT,
        scopes=PROXY if is_proxy else PATIENT,
        org_id=org,
        client_id=client,
        jti=str(uuid7()),
        auth_at=auth_at,
    )


def of_patient(patient: UUID, org: UUID, client: str, auth_at: int) -> Actor:
    """Make a patient on the phone that was paired as `client`."""
    return of_phone(ActorKind.PATIENT, patient, org, client, auth_at)


def of_page(kind: ActorKind, principal: UUID, org: UUID, session: str, auth_at: int, expires_at: int) -> Actor:
    """Make a patient, or a proxy, in a browser that was opened with a one-time code."""
    on_phone = of_phone(kind, principal, org, "pages", auth_at)
    return msgspec.structs.replace(on_phone, jti=session, expires_at=expires_at)


def of_staff(staff: UUID, org: UUID, role: str, session: str, auth_at: int, expires_at: int) -> Actor:
    """Make a member of staff after both factors."""
    return Actor(
        id=staff,
        kind=ActorKind.STAFF,
        scopes=STAFF[role],
        org_id=org,
        client_id="pages",
        jti=session,
        acr=SECOND_FACTOR,
        auth_at=auth_at,
        expires_at=expires_at,
    )


def of_vendor(client: UUID, org: UUID, scopes: frozenset[Scope], now: int) -> Actor:
    """Make a vendor's machine that proved its key."""
    return Actor(
        id=client,
        kind=ActorKind.VENDOR,
        scopes=scopes,
        org_id=org,
        client_id=str(client),
        jti=str(uuid7()),
        auth_at=now,
    )

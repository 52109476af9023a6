"""The audit chain: each row's hash covers the row and the hash before it (AUD-2). The only place that says what is covered."""

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.actor import Actor, ActorKind

NOBODY: Final = UUID(int=0)
"""Stands for the organisation of an actor that has none."""
PURPOSE: Final = "direct-care"
OUTCOME: Final = "done"


class Entry(msgspec.Struct, array_like=True, gc=False):
    """What the hash of an audit row covers: all of it but the hash itself."""

    writer: UUID
    at: datetime
    org: UUID
    seq: int
    actor: UUID
    kind: str
    client: str
    jti: str
    action: str
    patient: UUID
    what: str
    n: int
    basis: str
    request: UUID
    purpose: str = PURPOSE
    outcome: str = OUTCOME


_BASES: Final = {
    ActorKind.PATIENT: "grant", ActorKind.STAFF: "grant", ActorKind.VENDOR: "device", ActorKind.PROXY: "proxy",
    ActorKind.SHARE: "share",
}  # fmt: skip


def basis_of(actor: Actor, patient: UUID) -> str:
    """By what right: `self`, or what a caller of that kind has when it has anything (an emergency is told apart by its row)."""
    return "self" if actor.id == patient else _BASES[actor.kind]


_CANONICAL: Final = msgspec.json.Encoder()


def link(previous: bytes, entry: Entry) -> bytes:
    """SHA-256 over the link before and the row's canonical JSON."""
    return hashlib.sha256(previous + _CANONICAL.encode(entry)).digest()

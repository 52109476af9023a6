"""The addresses of further pages: what was asked and how far it was read, sealed, so that an address names nobody."""

import base64
import hashlib
import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from server.auth.service import Auth
from server.fhir.outcome import refused

_NONCE: Final = 12


class Search(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One search of one patient's readings, and where to read on: before (`at`, `id`)."""

    actor: UUID
    patient: UUID
    kinds: list[int]
    start: datetime
    end: datetime
    changed_from: datetime
    changed_to: datetime
    statuses: list[int]
    is_correction: bool | None = None
    device: int | None = None
    ids: list[UUID] | None = None
    count: int = 50
    include: list[str] = []
    at: datetime
    id: UUID
    is_oldest_first: bool = False


_DECODER: Final = msgspec.json.Decoder(Search)


def _key(auth: Auth) -> AESGCM:
    raw = auth.ring.current.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return AESGCM(hashlib.sha256(b"fhir pages:" + raw).digest())


def sealed(auth: Auth, search: Search) -> str:
    """The search as a text that only this service can read."""
    nonce = secrets.token_bytes(_NONCE)
    return base64.urlsafe_b64encode(nonce + _key(auth).encrypt(nonce, msgspec.json.encode(search), None)).rstrip(b"=").decode()


def opened(auth: Auth, text: str, actor: UUID) -> Search:
    """The search that an address holds; refused when it was not made for this actor, or our keys have changed since."""
    gone = refused(410, "expired", "This page is no longer known: search again.")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        found = _DECODER.decode(_key(auth).decrypt(raw[:_NONCE], raw[_NONCE:], None))
    except (ValueError, InvalidTag, msgspec.DecodeError) as error:
        raise gone from error
    if found.actor != actor:
        raise gone
    return found

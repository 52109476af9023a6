"""Receipts: each decision as signed JSON that anybody can verify with our public key (F60)."""

import base64
import binascii
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.sharing.consent import Decision
from server.auth.keys import lasting, thumbprint

KEY: Final = "consent.pem"
_CANONICAL: Final = msgspec.json.Encoder()


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a patient keeps: the decision as it was signed (base64 of its bytes), the signature, and which key made it."""

    decision: Decision
    signed: str
    signature: str
    key: str


class Signed(msgspec.Struct, frozen=True):
    """A decision's bytes, their SHA-256 and our signature."""

    body: bytes
    hash: bytes
    signature: bytes


@lru_cache(maxsize=4)
def key(folder: Path) -> Ed25519PrivateKey:
    """The key that signs receipts."""
    return lasting(folder, KEY)


def sign(folder: Path, decision: Decision) -> Signed:
    """Sign a decision."""
    body = _CANONICAL.encode(decision)
    return Signed(body, hashlib.sha256(body).digest(), key(folder).sign(body))


def receipt(folder: Path, body: bytes, signature: bytes) -> bytes:
    """The file that the patient downloads."""
    made = Receipt(
        decision=msgspec.json.decode(body, type=Decision), signed=base64.b64encode(body).decode(),
        signature=base64.b64encode(signature).decode(), key=thumbprint(key(folder).public_key()),
    )  # fmt: skip
    return msgspec.json.format(_CANONICAL.encode(made))


def genuine(public: Ed25519PublicKey, body: bytes, signature: bytes) -> bool:
    """Whether we signed these bytes."""
    try:
        public.verify(signature, body)
    except InvalidSignature:
        return False
    return True


def verified(public: Ed25519PublicKey, file: bytes) -> Decision | None:
    """The decision of a receipt that is ours and unchanged in every word; None for anything else."""
    try:
        found = msgspec.json.decode(file, type=Receipt)
        body = base64.b64decode(found.signed, validate=True)
        signature = base64.b64decode(found.signature, validate=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, binascii.Error, RecursionError):
        return None
    if not genuine(public, body, signature) or _CANONICAL.encode(found.decision) != body:
        return None
    return found.decision

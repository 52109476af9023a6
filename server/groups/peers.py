"""The bridge between a person and her handles: two keys that are in a file and not in the database (PGS-1).

A tag is a keyed hash of person and group: it finds a person's own membership and can be made only here, from a request of hers.
A seal keeps who a handle is; it opens under `steady_seal` alone, behind an opening that two people, or a crisis, made.
"""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import Conflict
from server.auth.keys import write_secret

FILE: Final = "peers.key"
_NONCE: Final = 12
_LENGTH: Final = 32


class CannotOpen(Conflict):
    """The seal does not open under this key: it was moved, changed, or made with another."""


def fresh() -> UUID:
    """An id that tells nothing: no time, no order (PGS-1)."""
    return UUID(bytes=secrets.token_bytes(16), version=4)


class Peers:
    """Makes tags and seals. Made once a process."""

    def __init__(self, key: bytes) -> None:
        self._tag = hmac.digest(key, b"tag", "sha256")
        self._seal = hmac.digest(key, b"seal", "sha256")
        self._once = hmac.digest(key, b"once", "sha256")

    def tag(self, person: UUID, group: UUID) -> UUID:
        """By what this person is known in this group; another in every group."""
        return self._id(self._tag, group.bytes + person.bytes)

    def once(self, handle: UUID, key: str) -> UUID:
        """The id of whatever this handle sends under an Idempotency-Key: the same again, and nothing to read from it."""
        return self._id(self._once, handle.bytes + key.encode())

    @staticmethod
    def invite(code: str) -> UUID:
        """What the database keeps of an invitation."""
        return UUID(bytes=hashlib.sha256(b"invite:" + code.encode()).digest()[:16])

    def seal(self, person: UUID, group: UUID, handle: UUID) -> bytes:
        """Who a handle is, for the day somebody must know."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self._seal).encrypt(nonce, person.bytes, group.bytes + handle.bytes)

    def open(self, sealed: bytes, group: UUID, handle: UUID) -> UUID:
        """Whose handle it is. A seal moved to another handle does not open."""
        try:
            return UUID(bytes=AESGCM(self._seal).decrypt(sealed[:_NONCE], sealed[_NONCE:], group.bytes + handle.bytes))
        except InvalidTag as error:
            raise CannotOpen("The seal does not open.") from error

    @staticmethod
    def _id(key: bytes, what: bytes) -> UUID:
        return UUID(bytes=hmac.digest(key, what, "sha256")[:16])


def ensure(folder: Path) -> Peers:
    """The bridge of this installation; its key is made the first time. Losing the file unlinks everybody for ever."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / FILE
    if not file.exists():
        # Whoever is first keeps it: the others read what lies there.
        fresh_key = folder / f".{FILE}.{secrets.token_hex(8)}"
        write_secret(fresh_key, secrets.token_bytes(_LENGTH))
        try:
            file.hardlink_to(fresh_key)
        except FileExistsError:
            pass
        finally:
            fresh_key.unlink()
    return Peers(file.read_bytes())

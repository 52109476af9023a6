"""Secrets that must be told again to somebody else (a vendor's, a system's), sealed with a key file of ours (ROW-11)."""

import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.auth import keys

KEY: Final = "seal.key"
_NONCE: Final = 12
_LENGTH: Final = 32


class CannotOpen(Exception):
    """Sealed with another key, or for another row."""


class Seal:
    """Seals and opens for one row: what is moved to another row does not open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key: AESGCM | None = None

    def _aes(self) -> AESGCM:
        if self._key is None:
            self._key = AESGCM(keys.lasting_octets(self._folder, KEY, _LENGTH))
        return self._key

    def seal(self, secret: bytes, row: str) -> bytes:
        """The sealed bytes; `row` is the table, its key and the column."""
        nonce = os.urandom(_NONCE)
        return nonce + self._aes().encrypt(nonce, secret, row.encode())

    def open(self, sealed: bytes, row: str) -> bytes:
        """The secret. Raises CannotOpen."""
        try:
            return self._aes().decrypt(sealed[:_NONCE], sealed[_NONCE:], row.encode())
        except InvalidTag as error:
            raise CannotOpen("A secret cannot be opened: the key file is another one, or the row was moved.") from error

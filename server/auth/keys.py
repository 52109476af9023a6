"""Our signing keys: files in one folder, a previous, a current and a next one, changed without a restart (TOK-3)."""

import base64
import fcntl
import hashlib
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

LIST: Final = "keys.json"
ALGORITHM: Final = "EdDSA"


class CannotUseKeys(Exception):
    """The key folder cannot be used; the text is one line that says what to do."""


class Names(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which key is which. All three verify; `current` signs."""

    current: str
    next: str
    previous: str | None = None


class SigningKey(msgspec.Struct, frozen=True):
    """One Ed25519 key and its id (RFC 7638 thumbprint)."""

    kid: str
    private: Ed25519PrivateKey

    @property
    def public(self) -> Ed25519PublicKey:
        """What others verify with."""
        return self.private.public_key()


class KeyRing:
    """The keys of one folder as this process knows them; `reload` looks again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamp: tuple[int, int] = (0, 0)
        self.current: SigningKey
        self.verifying: dict[str, Ed25519PublicKey] = {}
        self.reload()

    def reload(self) -> bool:
        """Read the folder again if it changed; True if it did. One that cannot be read keeps the keys known so far."""
        try:
            found = (self._folder / LIST).stat()
            stamp = (found.st_mtime_ns, found.st_ino)
            if stamp == self._stamp:
                return False
            names = _names(self._folder)
            kids = [kid for kid in (names.previous, names.current, names.next) if kid is not None]
            keys = {kid: _load(self._folder, kid) for kid in kids}
        except (OSError, ValueError, msgspec.DecodeError) as error:
            if self.verifying:
                return False
            raise CannotUseKeys(f"The keys in {self._folder} cannot be read; run `steady keys` first.") from error
        self._stamp = stamp
        self.current = keys[names.current]
        self.verifying = {kid: key.public for kid, key in keys.items()}
        return True

    def published(self) -> dict[str, list[dict[str, str]]]:
        """Give the public keys as a JSON Web Key Set."""
        keys = [
            {"kty": "OKP", "crv": "Ed25519", "x": _text(_raw(key)), "kid": kid, "alg": ALGORITHM, "use": "sig"}
            for kid, key in self.verifying.items()
        ]
        return {"keys": keys}


def ensure(folder: Path) -> KeyRing:
    """Give the keys of a folder, made first if there are none; may run in many processes at once."""
    with _held(folder):
        if not (folder / LIST).exists():
            _write_names(folder, Names(current=_make(folder).kid, next=_make(folder).kid))
    return KeyRing(folder)


def lasting(folder: Path, name: str) -> Ed25519PrivateKey:
    """Give the key of a file, made when there is none: one that never changes, so that what it signed stays provable."""
    found = _kept(folder, name, Ed25519PrivateKey.generate)
    if not isinstance(found, Ed25519PrivateKey):
        raise CannotUseKeys(f"{folder / name} is not one of our keys.")
    return found


def lasting_p256(folder: Path, name: str) -> EllipticCurvePrivateKey:
    """The same for a P-256 key: by it browsers' push services know us, so every browser must allow us again when it is lost."""
    found = _kept(folder, name, lambda: generate_private_key(SECP256R1()))
    if not isinstance(found, EllipticCurvePrivateKey):
        raise CannotUseKeys(f"{folder / name} is not one of our keys.")
    return found


def _kept(folder: Path, name: str, make: Callable[[], Ed25519PrivateKey | EllipticCurvePrivateKey]) -> object:
    path = folder / name
    with _held(folder):
        if not path.exists():
            write_secret(path, make().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return load_pem_private_key(path.read_bytes(), password=None)


def lasting_octets(folder: Path, name: str, length: int) -> bytes:
    """Give the octets of a file, made at random when there is none: one that never changes, so that what it sealed can be opened."""
    path = folder / name
    with _held(folder):
        if not path.exists():
            write_secret(path, os.urandom(length))
    return path.read_bytes()


def rotate(folder: Path) -> Names:
    """Sign with the next key from now on; the current one still verifies, and a new next one is made."""
    with _held(folder):
        old = _names(folder)
        new = Names(previous=old.current, current=old.next, next=_make(folder).kid)
        _write_names(folder, new)
        if old.previous is not None:
            _file(folder, old.previous).unlink(missing_ok=True)
    return new


@contextmanager
def _held(folder: Path) -> Generator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotUseKeys(
            f"The key folder {folder} cannot be written ({error.strerror}); set STEADY_KEYS."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def thumbprint(key: Ed25519PublicKey) -> str:
    """Give a key's id (RFC 7638)."""
    return _text(hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{_text(_raw(key))}"}}'.encode()).digest())


def _file(folder: Path, kid: str) -> Path:
    return folder / f"{kid}.pem"


def _names(folder: Path) -> Names:
    return msgspec.json.decode((folder / LIST).read_bytes(), type=Names)


def _write_names(folder: Path, names: Names) -> None:
    write_secret(folder / LIST, msgspec.json.encode(names))


def write_secret(path: Path, content: bytes) -> None:
    """Write a file only its owner can read, whole or not there at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)


def _make(folder: Path) -> SigningKey:
    private = Ed25519PrivateKey.generate()
    key = SigningKey(thumbprint(private.public_key()), private)
    write_secret(_file(folder, key.kid), private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


def _load(folder: Path, kid: str) -> SigningKey:
    private = load_pem_private_key(_file(folder, kid).read_bytes(), password=None)
    if not isinstance(private, Ed25519PrivateKey) or thumbprint(private.public_key()) != kid:
        raise ValueError(kid)
    return SigningKey(kid, private)

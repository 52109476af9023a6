"""Web push: a payload that only the browser can read (RFC 8291, in the coding of RFC 8188), and who sends it (RFC 8292). Pure."""

import base64
from typing import Annotated, Final

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import ECDH, SECP256R1, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD: Final = 4096
PADDED: Final = 768
"""Every payload is as long as this, so that its length says nothing."""
LIVES_S: Final = 12 * 3600
"""A VAPID token may live for a day at most (RFC 8292 2)."""


class Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The browser's public key (uncompressed P-256 point) and its secret, base64url without padding."""

    p256dh: Annotated[str, msgspec.Meta(min_length=87, max_length=88, pattern="^[A-Za-z0-9_-]+=?$")]
    auth: Annotated[str, msgspec.Meta(min_length=22, max_length=24, pattern="^[A-Za-z0-9_-]+={0,2}$")]


class Subscription(msgspec.Struct, frozen=True):
    """Where a browser is reached: what `PushSubscription.toJSON()` gives."""

    endpoint: Annotated[str, msgspec.Meta(min_length=10, max_length=1000)]
    keys: Keys


def unbase64(text: str) -> bytes:
    """Base64url with or without padding; ValueError for anything else."""
    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def base64url(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def point(key: EllipticCurvePublicKey) -> bytes:
    """A public key as the 65 bytes that web push speaks of."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def admits(keys: Keys) -> bool:
    """Whether these are keys at all: a point on the curve, and 16 bytes."""
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), unbase64(keys.p256dh))
        return len(unbase64(keys.auth)) == 16  # noqa: PLR2004 - RFC 8291 3.2
    except ValueError:
        return False


def encrypt(payload: bytes, keys: Keys, private: EllipticCurvePrivateKey, salt: bytes, *, padded: int = PADDED) -> bytes:
    """The body of a push message. `private` and `salt` (16 bytes) are made anew for each."""
    theirs, ours = unbase64(keys.p256dh), point(private.public_key())
    shared = private.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), theirs))
    mixed = HKDF(SHA256(), 32, unbase64(keys.auth), b"WebPush: info\x00" + theirs + ours).derive(shared)
    key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(mixed)
    nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(mixed)
    text = payload + b"\x02" + b"\x00" * max(padded - len(payload), 0)
    return salt + RECORD.to_bytes(4, "big") + bytes([len(ours)]) + ours + AESGCM(key).encrypt(nonce, text, None)


def authorization(origin: str, contact: str, private: EllipticCurvePrivateKey, now: int) -> str:
    """The Authorization header that names the sender to one push service."""
    token = jwt.encode({"aud": origin, "exp": now + LIVES_S, "sub": contact}, private, algorithm="ES256")
    return f"vapid t={token}, k={base64url(point(private.public_key()))}"

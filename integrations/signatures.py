"""How vendors sign what they send: each scheme on the raw bytes, in constant time, old deliveries refused (integrations 7)."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from integrations.manifest import Delivery, Secrets, Unproved

SKEW_S: Final = 300
"""How far the sender's clock may be off, either way; a repeat within it is found by its id."""
_SECONDS: Final = re.compile(r"\d{1,11}", re.ASCII)
_SIGNATURES: Final = 20


def standard_webhooks(delivery: Delivery, secrets: Secrets) -> str:
    """Standard Webhooks 1.0: `v1` with a shared secret (`whsec_`), `v1a` with the sender's public key (`whpk_`)."""
    sent_id, stamp, given = (_header(delivery, f"webhook-{name}") for name in ("id", "timestamp", "signature"))
    if not re.fullmatch(r"[!-~]{1,255}", sent_id) or "." in sent_id:
        raise Unproved("id_wrong", "webhook-id: 1 to 255 visible characters, no dot.")
    _in_time(delivery, stamp)
    signed = f"{sent_id}.{stamp}.".encode() + delivery.body
    for one in given.split(" ")[:_SIGNATURES]:
        version, _, text = one.partition(",")
        if version == "v1" and _is_signed(signed, text, secrets.signing):
            return "standard-webhooks v1"
        if version == "v1a" and _is_signed_by_key(signed, text, secrets.signing):
            return "standard-webhooks v1a"
    raise _wrong()


def standard_headers(sent_id: str, at_s: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """The headers of a body of ours, signed with every secret in force so that the receiver may still use the one before."""
    signed = f"{sent_id}.{at_s}.".encode() + body
    made = [base64.b64encode(hmac.digest(_octets(secret), signed, "sha256")).decode() for secret in secrets]
    return {"webhook-id": sent_id, "webhook-timestamp": str(at_s), "webhook-signature": " ".join(f"v1,{one}" for one in made)}


def fitbit(delivery: Delivery, secrets: Secrets) -> str:
    """X-Fitbit-Signature: base64 of HMAC-SHA1 over the body, keyed with the client secret and `&`. It carries no time."""
    given = _header(delivery, "x-fitbit-signature")
    for secret in secrets.signing:
        made = base64.b64encode(hmac.digest(f"{secret}&".encode(), delivery.body, "sha1")).decode()
        if hmac.compare_digest(made.encode(), given.encode()):
            return "fitbit hmac-sha1"
    raise _wrong()


def oura(delivery: Delivery, secrets: Secrets) -> str:
    """x-oura-signature: upper-case hex of HMAC-SHA256 over the timestamp and the body."""
    stamp, given = _header(delivery, "x-oura-timestamp"), _header(delivery, "x-oura-signature")
    _in_time(delivery, stamp)
    for secret in secrets.signing:
        made = hmac.digest(secret.encode(), stamp.encode() + delivery.body, "sha256").hex().upper()
        if hmac.compare_digest(made.encode(), given.upper().encode()):
            return "oura hmac-sha256"
    raise _wrong()


_TERRA: Final = re.compile(r"t=(\d{1,11})((?:,v1=[0-9a-f]{64}){1,4})", re.ASCII)


def terra(delivery: Delivery, secrets: Secrets) -> str:
    """terra-signature: `t=<seconds>,v1=<hex>`, the HMAC-SHA256 over `t.body`."""
    found = _TERRA.fullmatch(_header(delivery, "terra-signature").replace(" ", ""))
    if found is None:
        raise Unproved("signature_wrong", "terra-signature: t=<seconds>,v1=<64 hexadecimal digits>.")
    _in_time(delivery, found[1])
    for secret in secrets.signing:
        made = hmac.digest(secret.encode(), f"{found[1]}.".encode() + delivery.body, "sha256").hex()
        if any(hmac.compare_digest(made, one) for one in found[2][4:].split(",v1=")):
            return "terra hmac-sha256"
    raise _wrong()


def authorization(delivery: Delivery, secrets: Secrets) -> str:
    """A fixed secret in the Authorization header."""
    given = hashlib.sha256(_header(delivery, "authorization").encode()).digest()
    if any(hmac.compare_digest(given, hashlib.sha256(secret.encode()).digest()) for secret in secrets.signing):
        return "authorization secret"
    raise _wrong()


def path_alone(_delivery: Delivery, _secrets: Secrets) -> str:
    """Nothing but the secret address: whoever calls it is believed that there is something to fetch, or is a vendor that never signs."""
    return "secret address"


def _header(delivery: Delivery, name: str) -> str:
    given = delivery.headers.get(name, "")
    if not given or len(given) > 4_000:  # noqa: PLR2004 - twenty signatures fit
        raise Unproved("signature_missing", f"The header {name} is missing.")
    return given


def _in_time(delivery: Delivery, stamp: str) -> None:
    if not _SECONDS.fullmatch(stamp):
        raise Unproved("timestamp_wrong", "The time of a signature is in whole seconds since 1970.")
    if abs(delivery.received_at.timestamp() - int(stamp)) > SKEW_S:
        raise Unproved("timestamp_skewed", f"Signed more than {SKEW_S} seconds from now: send it again with a new signature.")


def _wrong() -> Unproved:
    return Unproved("signature_wrong", "No signature is right for these bytes with a secret in force.")


def _octets(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


def _is_signed(signed: bytes, text: str, secrets: Iterable[str]) -> bool:
    found = [hmac.digest(_octets(one), signed, "sha256") for one in secrets if not one.startswith("whpk_")]
    given = _decoded(text)
    return any([hmac.compare_digest(given, one) for one in found])  # noqa: C419 - every one of them is compared


def _is_signed_by_key(signed: bytes, text: str, secrets: Iterable[str]) -> bool:
    for secret in secrets:
        if secret.startswith("whpk_"):
            try:
                Ed25519PublicKey.from_public_bytes(base64.b64decode(secret[5:])).verify(_decoded(text), signed)
            except InvalidSignature:
                continue
            return True
    return False


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""

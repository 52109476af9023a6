"""The one verify function for every token (TOK-1, TOK-2), and the access tokens that we issue ourselves."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from uuid import UUID

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from server.auth.keys import ALGORITHM, KeyRing

LONGEST: Final = 8 * 1024
LEEWAY_S: Final = 30
ACCESS_LIFE_S: Final = 300
ACCESS_MOST_S: Final = 600
ASSERTION_MOST_S: Final = 300
SECOND_FACTOR: Final = "mfa"
_KID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_FAR: Final = 253_402_300_799
"""The last second of the year 9999: no instant of a token lies beyond."""

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey


class Refused(Exception):
    """The token does not hold; the reason is for tests and counters, never for the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Key(msgspec.Struct, frozen=True):
    """A public key and the only algorithm and `jku` it may be used with."""

    algorithm: str
    public: PublicKey
    jku: str | None = None


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What one sort of token must look like."""

    kind: str
    issuer: str
    audience: str
    required: tuple[str, ...]
    lives_at_most_s: int
    may_name_jku: bool = False


class Head(msgspec.Struct, frozen=True):
    """A header that holds so far; `claims` are unproved until `verify` returns."""

    kid: str
    algorithm: str
    jku: str | None
    claims: dict[str, Any]


def look(token: str, kind: str, *, may_name_jku: bool = False) -> Head:
    """Take a token apart before any key is tried; everything unusual about its form is refused here."""
    if len(token) > LONGEST:
        raise Refused("long")
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        raise Refused("parts")
    header, claims, _ = (_segment(part) for part in parts)
    head, body = _object(header), _object(claims)
    allowed = {"alg", "kid", "typ", "jku"} if may_name_jku else {"alg", "kid", "typ"}
    if not head.keys() <= allowed:
        raise Refused("header")
    if any(not isinstance(value, str) for value in head.values()):
        raise Refused("header")
    if cast("str", head.get("typ", "")).lower() != kind.lower():
        raise Refused("typ")
    kid = cast("str", head.get("kid", ""))
    if not _KID.fullmatch(kid):
        raise Refused("kid")
    return Head(kid, cast("str", head.get("alg", "")), cast("str | None", head.get("jku")), body)


def verify(token: str, key_of: Callable[[Head], Key | None], expected: Expected, now: int) -> dict[str, Any]:
    """Give the claims of a token that holds in every respect; raises Refused otherwise. Nothing else believes one."""
    head = look(token, expected.kind, may_name_jku=expected.may_name_jku)
    key = key_of(head)
    if key is None:
        raise Refused("key")
    if head.algorithm != key.algorithm:
        raise Refused("alg")
    if head.jku is not None and head.jku != key.jku:
        raise Refused("jku")
    try:
        claims = jwt.decode(
            token,
            key.public,
            algorithms=[key.algorithm],
            issuer=expected.issuer,
            audience=expected.audience,
            options={
                "require": list(expected.required),
                "strict_aud": True,
                "verify_signature": True,
                "verify_aud": True,
                "verify_iss": True,
                "verify_sub": True,
                "verify_jti": True,
                # Time comes in as an argument; `_in_time` looks, and takes whole numbers only.
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise Refused("signature or claims") from error
    _in_time(claims, expected.lives_at_most_s, now)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= 255:  # noqa: PLR2004 - as the table keeps it
        raise Refused("jti")
    return claims


def _in_time(claims: Mapping[str, Any], most_s: int, now: int) -> None:
    instants: dict[str, int] = {}
    for name in ("exp", "iat", "nbf"):
        if name not in claims:
            continue
        value = claims[name]
        # PyJWT takes "1e3", true and 10^20 for an instant.
        if type(value) is not int or not 0 < value <= _FAR:
            raise Refused(name)
        instants[name] = value
    expires = instants.get("exp")
    if expires is None or expires + LEEWAY_S <= now:
        raise Refused("exp")
    begins = instants.get("iat", now)
    if begins > now + LEEWAY_S or instants.get("nbf", now) > now + LEEWAY_S:
        raise Refused("iat")
    # Without `iat` the life is counted from now; clocks may differ by the leeway.
    if "iat" in instants and not 0 < expires - begins <= most_s:
        raise Refused("life")
    if "iat" not in instants and expires - now > most_s + LEEWAY_S:
        raise Refused("life")


def _segment(text: str) -> bytes:
    if not _SEGMENT.fullmatch(text):
        raise Refused("base64")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise Refused("base64") from error
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise Refused("base64")
    return raw


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused("claim twice")
    return found


def _no_constant(_text: str) -> None:
    raise Refused("json")


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found: object = json.loads(raw.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused("json") from error
    if not isinstance(found, dict):
        raise Refused("json")
    return cast("dict[str, Any]", found)


ACCESS_CLAIMS: Final = ("iss", "sub", "aud", "exp", "iat", "jti", "client_id")


class Verified(msgspec.Struct, frozen=True):
    """Who a token names and when it was issued."""

    actor: Actor
    issued_at: int


class Tokens:
    """Issues and verifies our own access tokens; what was verified is kept, keyed by the whole token."""

    def __init__(self, ring: KeyRing, *, issuer: str, audience: str, keep: int = 10_000) -> None:
        self._ring = ring
        self._keep = keep
        self._seen: dict[bytes, Verified] = {}
        self._expected: Final = Expected(
            kind="at+jwt", issuer=issuer, audience=audience, required=ACCESS_CLAIMS, lives_at_most_s=ACCESS_MOST_S
        )

        self._ticket: Final = msgspec.structs.replace(self._expected, kind="ticket+jwt", audience=f"{audience}/sign-in")

    def issue(self, actor: Actor, now: int, *, lives_s: int = ACCESS_LIFE_S) -> str:
        """Make a new access token in the name of an actor, signed by the current key."""
        claims: dict[str, object] = {
            "iss": self._expected.issuer,
            "aud": self._expected.audience,
            "sub": str(actor.id),
            "iat": now,
            "exp": now + lives_s,
            "jti": actor.jti or str(uuid7()),
            "client_id": actor.client_id or str(actor.id),
            "kind": actor.kind.value,
            "scope": " ".join(sorted(actor.scopes)),
        }
        if actor.org_id is not None:
            claims["org"] = str(actor.org_id)
        if actor.acr:
            claims["acr"] = actor.acr
        if actor.auth_at:
            claims["auth_time"] = actor.auth_at
        key = self._ring.current
        return jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.kid, "typ": "at+jwt"})

    def ticket(self, staff: UUID, now: int) -> str:
        """Make a ticket that says: the password was right, the one-time code is still to come."""
        claims = {
            "iss": self._ticket.issuer, "aud": self._ticket.audience, "sub": str(staff), "iat": now,
            "exp": now + ACCESS_LIFE_S, "jti": str(uuid7()), "client_id": "pages",
        }  # fmt: skip
        key = self._ring.current
        return jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.kid, "typ": self._ticket.kind})

    def of_ticket(self, ticket: str, now: int) -> UUID:
        """Say whose ticket this is. Raises Refused."""
        return UUID(verify(ticket, self._key_of, self._ticket, now)["sub"])

    def verified(self, token: bytes, now: int) -> Verified:
        """Say who a token names. Raises Refused. Whether it was revoked since is the caller's to ask (TOK-5)."""
        seen = self._seen.pop(token, None)
        if seen is None:
            seen = self._verify(token, now)
            if len(self._seen) >= self._keep:
                del self._seen[next(iter(self._seen))]
        elif seen.actor.expires_at + LEEWAY_S <= now:
            raise Refused("exp")
        # Put back at the end: the first is the one unused for longest.
        self._seen[token] = seen
        return seen

    def forget(self) -> None:
        """Verify everything again: the keys have changed."""
        self._seen.clear()

    def _verify(self, token: bytes, now: int) -> Verified:
        if len(token) > LONGEST or not token.isascii():
            raise Refused("long")
        claims = verify(token.decode("ascii"), self._key_of, self._expected, now)
        try:
            return Verified(_actor(claims), claims["iat"])
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise Refused("claims") from error

    def _key_of(self, head: Head) -> Key | None:
        public = self._ring.verifying.get(head.kid)
        return None if public is None else Key(ALGORITHM, public)


def _actor(claims: Mapping[str, Any]) -> Actor:
    client = claims["client_id"]
    acr = claims.get("acr", "")
    auth_at = claims.get("auth_time", 0)
    if not isinstance(client, str) or not isinstance(acr, str) or type(auth_at) is not int:
        raise Refused("claims")
    return Actor(
        id=UUID(claims["sub"]),
        kind=ActorKind(claims["kind"]),
        scopes=frozenset(Scope(one) for one in claims["scope"].split()),
        org_id=UUID(claims["org"]) if "org" in claims else None,
        client_id=client,
        jti=claims["jti"],
        acr=acr,
        auth_at=auth_at,
        expires_at=claims["exp"],
    )

"""Client assertions (private_key_jwt): a vendor proves its registered key, each proof counts once (TOK-6)."""

from typing import Any, Final, cast
from uuid import UUID

import jwt
import msgspec

from server.auth import store
from server.auth.tokens import ASSERTION_MOST_S, Expected, Head, Key, PublicKey, Refused, look, verify
from server.db import Tx

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLAIMS: Final = ("iss", "sub", "aud", "exp", "jti")
_SORT: Final = {"RS384": "RSA", "RS512": "RSA", "ES384": "EC", "ES256": "EC", "EdDSA": "OKP"}
_CURVE: Final = {"ES384": "P-384", "ES256": "P-256", "EdDSA": "Ed25519"}
_LEAST_BITS: Final = 2048


class WrongKey(Exception):
    """The public key cannot be registered; the text says why."""


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """The client whose assertion holds; `jti` is still to be used up."""

    client: UUID
    org: UUID
    jti: str
    expires_at: int


def public_key(jwk: dict[str, Any], algorithm: str) -> PublicKey:
    """Read a registered key; raises WrongKey unless it is public and fits the algorithm it is registered with."""
    if algorithm not in _SORT:
        raise WrongKey(f"The algorithm must be one of {', '.join(_SORT)}.")
    if "d" in jwk:
        raise WrongKey("This is a private key: register the public one.")
    if jwk.get("kty") != _SORT[algorithm] or jwk.get("crv") != _CURVE.get(algorithm):
        raise WrongKey("The key does not fit the algorithm.")
    if jwk.get("alg", algorithm) != algorithm:
        raise WrongKey("The key names another algorithm.")
    try:
        found: Any = jwt.PyJWK(jwk, algorithm=algorithm).key
    except jwt.PyJWTError as error:
        raise WrongKey("The key cannot be read.") from error
    if algorithm.startswith("RS") and found.key_size < _LEAST_BITS:
        raise WrongKey("An RSA key needs at least 2048 bits.")
    return cast("PublicKey", found)


async def prove(tx: Tx, assertion: str, token_url: str, now: int) -> Proved:
    """Say which client signed an assertion. Raises Refused for whatever is wrong with it."""
    head = look(assertion, "JWT", may_name_jku=True)
    client = _client_of(head)
    row = await store.CLIENT_KEY.one(tx, client, head.kid)
    if row is None:
        raise Refused("key")
    key = Key(row.algorithm, public_key(msgspec.json.decode(row.jwk), row.algorithm), row.jku)
    expected = Expected(
        kind="JWT", issuer=str(client), audience=token_url, required=CLAIMS, lives_at_most_s=ASSERTION_MOST_S,
        may_name_jku=True,
    )  # fmt: skip
    claims = verify(assertion, lambda _: key, expected, now)
    if claims["sub"] != claims["iss"]:
        raise Refused("sub")
    return Proved(client=client, org=row.org_id, jti=claims["jti"], expires_at=claims["exp"])


def _client_of(head: Head) -> UUID:
    issuer = head.claims.get("iss")
    if not isinstance(issuer, str):
        raise Refused("iss")
    try:
        client = UUID(issuer)
    except ValueError as error:
        raise Refused("iss") from error
    # UUID() takes braces and capitals; the issuer must be the registered text.
    if str(client) != issuer:
        raise Refused("iss")
    return client

"""`steady keys`: our signing keys (made, shown, rotated) and a vendor's key pair with its client."""

import sys
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm
from uuid_utils.compat import uuid7

from server.auth import keys
from server.settings import Settings

ALGORITHM: Final = "ES384"


class VendorKey(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor's key pair: the private part stays in the file, the public part is registered."""

    kid: str
    file: Path
    jwk: dict[str, str]


def main(settings: Settings, action: str = "show") -> int:
    """Run `steady keys [show|make|rotate]`; the exit code."""
    try:
        if action == "rotate":
            keys.rotate(settings.keys)
        ring = keys.ensure(settings.keys) if action == "make" else keys.KeyRing(settings.keys)
    except keys.CannotUseKeys as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for kid in ring.verifying:
        use = "signs and verifies" if kid == ring.current.kid else "verifies"
        sys.stdout.write(f"{kid}  {use}\n")
    return 0


def make_vendor_key(file: Path) -> VendorKey:
    """Make a P-384 key pair for a vendor's machine; the private key goes into the file, readable by its owner only."""
    private = generate_private_key(SECP384R1())
    file.parent.mkdir(parents=True, exist_ok=True)
    keys.write_secret(file, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return VendorKey(kid=str(uuid7()), file=file, jwk=_public(private.public_key()))


def _public(key: EllipticCurvePublicKey) -> dict[str, str]:
    found = ECAlgorithm.to_jwk(key, as_dict=True)
    return {name: str(found[name]) for name in ("kty", "crv", "x", "y")}

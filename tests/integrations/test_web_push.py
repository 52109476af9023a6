"""RFC 8291, 8188, 8292: what a browser decrypts, and who says that it is from us."""

import os

import jwt
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from integrations import web_push
from integrations.web_push import Keys, base64url, point, unbase64


class Browser:
    """A browser as RFC 8291 3 describes it: its keys, and how it reads what was sent to it."""

    def __init__(self, private: EllipticCurvePrivateKey | None = None, auth: bytes | None = None) -> None:
        self.private = private or generate_private_key(SECP256R1())
        self.auth = auth or os.urandom(16)

    @property
    def keys(self) -> Keys:
        return Keys(p256dh=base64url(point(self.private.public_key())), auth=base64url(self.auth))

    def read(self, body: bytes) -> bytes:
        salt, length = body[:16], body[20]
        theirs, text = body[21 : 21 + length], body[21 + length :]
        assert int.from_bytes(body[16:20], "big") >= len(text)
        shared = self.private.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), theirs))
        ours = point(self.private.public_key())
        mixed = HKDF(SHA256(), 32, self.auth, b"WebPush: info\x00" + ours + theirs).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(mixed)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(mixed)
        plain = AESGCM(key).decrypt(nonce, text, None).rstrip(b"\x00")
        assert plain[-1:] == b"\x02", "the last record ends with 2"
        return plain[:-1]


def private(text: str) -> EllipticCurvePrivateKey:
    return derive_private_key(int.from_bytes(unbase64(text), "big"), SECP256R1())


def test_rfc_8291_its_own_example_byte_by_byte() -> None:
    keys = Keys(p256dh="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
                auth="BTBZMqHH6r4Tts7J_aSIgg")  # fmt: skip
    made = web_push.encrypt(
        b"When I grow up, I want to be a watermelon", keys, private("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        unbase64("DGv6ra1nlYgDCS1FRnbzlw"), padded=0,
    )  # fmt: skip
    assert base64url(made) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN")
    browser = Browser(private("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), unbase64("BTBZMqHH6r4Tts7J_aSIgg"))
    assert browser.read(made) == b"When I grow up, I want to be a watermelon"


def test_rfc_8291_only_that_browser_reads_it_and_its_length_says_nothing() -> None:
    browser = Browser()
    bodies = [web_push.encrypt(text, browser.keys, generate_private_key(SECP256R1()), os.urandom(16)) for text in (b"a", b"b" * 500)]
    assert [browser.read(body) for body in bodies] == [b"a", b"b" * 500]
    assert len(bodies[0]) == len(bodies[1])
    with pytest.raises(InvalidTag):
        Browser().read(bodies[0])


def test_rfc_8292_a_push_service_can_tell_who_sends() -> None:
    key = generate_private_key(SECP256R1())
    said = web_push.authorization("https://push.example.net", "mailto:ops@example.org", key, 1_795_000_000)
    scheme, _, rest = said.partition(" ")
    token, named = (part.split("=", 1)[1] for part in rest.split(", "))
    public = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), unbase64(named))
    claims = jwt.decode(token, public, algorithms=["ES256"], audience="https://push.example.net", options={"verify_exp": False})
    assert (scheme, claims["sub"], claims["exp"] - 1_795_000_000) == ("vapid", "mailto:ops@example.org", 12 * 3600)


def test_keys_that_are_none_are_refused() -> None:
    good = Browser().keys
    assert web_push.admits(good)
    assert not web_push.admits(Keys(p256dh="A" * 87, auth=good.auth))
    assert not web_push.admits(Keys(p256dh=good.p256dh, auth="A" * 24))

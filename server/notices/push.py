"""Web push to the browsers that a person allowed (RFC 8030, 8291, 8292)."""

import os
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key

from integrations import web_push
from server import clock
from server.notices.notifier import GONE, REFUSED, Message, Said
from server.notices.outward import Outward

HOSTS: Final = ("fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com", ".push.apple.com", ".notify.windows.com")
"""The push services of the browsers; STEADY_PUSH_HOSTS names others."""
TTL_S: Final = 24 * 3600
_GONE: Final = frozenset({"404", "410"})
_SUBSCRIPTION: Final = msgspec.json.Decoder(web_push.Subscription)


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser's service worker shows; two with one `tag` are shown once (INV-6)."""

    title: str
    body: str
    url: str
    tag: str


class WebPush:
    """Hands an encrypted message to the push service of a browser."""

    def __init__(self, out: Outward, key: EllipticCurvePrivateKey, contact: str) -> None:
        self._out = out
        self._key = key
        self._contact = contact

    async def send(self, message: Message) -> Said:
        """Accepted means that the push service took it; the browser says nothing."""
        try:
            to = _SUBSCRIPTION.decode(message.address)
        except msgspec.DecodeError:
            return Said(REFUSED, "no subscription")
        payload = msgspec.json.encode(Payload(title=message.subject, body=message.body, url=message.link, tag=str(message.id)))
        body = web_push.encrypt(payload, to.keys, generate_private_key(SECP256R1()), os.urandom(16))
        scheme, _, rest = to.endpoint.partition("://")
        said, _ = await self._out.said(
            to.endpoint, content=body,
            headers={
                "authorization": web_push.authorization(f"{scheme}://{rest.partition('/')[0]}", self._contact, self._key, _now()),
                "content-encoding": "aes128gcm", "content-type": "application/octet-stream", "ttl": str(TTL_S),
                "urgency": "high" if message.urgent else "normal",
                # What waits at the push service is replaced by the same message sent again.
                "topic": web_push.base64url(message.id.bytes),
            },
        )  # fmt: skip
        return Said(REFUSED, GONE) if said.code in _GONE else said


def _now() -> int:
    return int(clock.now().timestamp())

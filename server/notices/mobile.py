"""Push to phones with an app: Android by FCM (HTTP v1), iPhones by APNs (HTTP/2, which the extra `apns` brings)."""

from typing import Any, Final
from urllib.parse import quote

import jwt
import msgspec

from server import clock
from server.notices.notifier import ACCEPTED, FAILED, GONE, REFUSED, Message, Said
from server.notices.outward import Outward

FCM_URL: Final = "https://fcm.googleapis.com"
APNS_URL: Final = "https://api.push.apple.com"
HOSTS: Final = ("fcm.googleapis.com", "oauth2.googleapis.com", "api.push.apple.com", "api.sandbox.push.apple.com")
_SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
_TTL_S: Final = 24 * 3600
_EARLY_S: Final = 300
_APNS_TOKEN_S: Final = 40 * 60
"""Apple wants a token of between 20 and 60 minutes of age."""


class Account(msgspec.Struct, frozen=True):
    """A service account as its file has it."""

    project_id: str
    client_email: str
    private_key: str
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: int


class Fcm:
    """Hands a message to Firebase Cloud Messaging."""

    def __init__(self, out: Outward, account: Account, *, url: str = FCM_URL) -> None:
        self._out = out
        self._account = account
        self._url = url
        self._token = ("", 0.0)

    async def _authorization(self) -> str | Said:
        if self._token[1] > clock.monotonic():
            return self._token[0]
        now = int(clock.now().timestamp())
        claims = {"iss": self._account.client_email, "scope": _SCOPE, "aud": self._account.token_uri, "iat": now, "exp": now + 3600}
        grant = quote("urn:ietf:params:oauth:grant-type:jwt-bearer", safe="")
        said, body = await self._out.said(
            self._account.token_uri, headers={"content-type": "application/x-www-form-urlencoded"},
            content=f"grant_type={grant}&assertion={jwt.encode(claims, self._account.private_key, algorithm='RS256')}".encode(),
        )  # fmt: skip
        if said.state != ACCEPTED:
            return Said(FAILED, f"token {said.code}")
        try:
            found = msgspec.json.decode(body, type=_Token)
        except msgspec.DecodeError:
            return Said(FAILED, "token")
        self._token = (f"Bearer {found.access_token}", clock.monotonic() + found.expires_in - _EARLY_S)
        return self._token[0]

    async def send(self, message: Message) -> Said:
        """Shown once by its tag, however often it is sent."""
        authorization = await self._authorization()
        if isinstance(authorization, Said):
            return authorization
        content = msgspec.json.encode({"message": {
            "token": message.address, "notification": {"title": message.subject, "body": message.body}, "data": {"url": message.link},
            "android": {"priority": "HIGH" if message.urgent else "NORMAL", "ttl": f"{_TTL_S}s", "collapse_key": str(message.id),
                        "notification": {"tag": str(message.id)}},
        }})  # fmt: skip
        said, _ = await self._out.said(
            f"{self._url}/v1/projects/{quote(self._account.project_id, safe='')}/messages:send", content=content,
            headers={"authorization": authorization, "content-type": "application/json"},
        )  # fmt: skip
        if said.code == "401":
            self._token = ("", 0.0)
            return Said(FAILED, "401")
        return Said(REFUSED, GONE) if said.code == "404" else said


class Apple(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends: the team, the id of its key, the key itself (PEM), and the app's own name."""

    team: str
    key_id: str
    key: str
    topic: str
    url: str = APNS_URL


class Apns:
    """Hands a message to the Apple Push Notification service."""

    def __init__(self, out: Outward, apple: Apple) -> None:
        self._out = out
        self._apple = apple
        self._token = ("", 0.0)

    def _authorization(self) -> str:
        if self._token[1] <= clock.monotonic():
            claims = {"iss": self._apple.team, "iat": int(clock.now().timestamp())}
            made = jwt.encode(claims, self._apple.key, algorithm="ES256", headers={"kid": self._apple.key_id})
            self._token = (f"bearer {made}", clock.monotonic() + _APNS_TOKEN_S)
        return self._token[0]

    async def send(self, message: Message) -> Said:
        """Shown once by its collapse id, however often it is sent."""
        alert: dict[str, Any] = {"title": message.subject, "body": message.body}
        content = msgspec.json.encode({"aps": {"alert": alert, "sound": "default"}, "url": message.link})
        said, body = await self._out.said(
            f"{self._apple.url}/3/device/{quote(message.address, safe='')}", content=content,
            headers={
                "authorization": self._authorization(), "apns-topic": self._apple.topic, "apns-push-type": "alert",
                "apns-id": str(message.id), "apns-collapse-id": str(message.id), "apns-priority": "10" if message.urgent else "5",
                "apns-expiration": str(int(clock.now().timestamp()) + _TTL_S),
            },
        )  # fmt: skip
        return Said(REFUSED, GONE) if said.code == "410" or b"BadDeviceToken" in body else said

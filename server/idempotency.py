"""`Idempotency-Key` (ING-2): the same request again gets the same answer, and what it does is done once.

An ASGI layer inside the session gate. A request without the header passes untouched. With it, one transaction is opened for
the whole request: what the handler writes through `Database.begin` joins it, and the answer is stored in it before it commits.
"""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from datetime import timedelta
from typing import Any, Final, cast

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from domain.actor import Actor
from domain.errors import Invalid, KeyReused, Malformed, NotFound, StillRunning, TooMuch
from server.app_state import Parts
from server.db import Tx, joined
from server.http import LARGE_LIMIT, header
from server.sql import Nothing, Query

WAIT_S: Final = 5.0
"""How long a request waits for the same one that is running in this process before it is told to come back."""
UNTRACED: Final = ("/v1/groups", "/me/groups")
_MUTATES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEPT_HEADERS: Final = frozenset({b"content-type", b"etag", b"location", b"content-security-policy", b"cache-control"})
_NOT_KEPT: Final = frozenset({401, 429})
_VISIBLE: Final = frozenset(range(0x21, 0x7F))
_MOST: Final = 255
_NONCE: Final = 12
_OURS: Final = 500


class KeptRow(msgspec.Struct):
    """A stored answer."""

    request_hash: bytes
    status: int
    headers: bytes
    body: bytes
    is_shared: bool


class GotRow(msgspec.Struct):
    """Whether nobody else holds the key."""

    got: bool


LOCK: Final = Query(GotRow, "select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as got")
FIND: Final = Query(
    KeptRow,
    """
    select request_hash, status, headers, body,
           not exists (select from unnest(patients) as w (patient_id)
                        where not exists (select from effective_access e
                                           where e.principal = app_principal() and e.patient_id = w.patient_id)) as is_shared
      from idempotency
     where principal = $1 and client = $2 and route = $3 and key_hash = $4
    """,
)
KEEP: Final = Query(
    Nothing,
    """
    insert into idempotency (principal, client, route, key_hash, request_hash, status, headers, body, patients)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    """,
)

KEPT: Final = timedelta(hours=72)
"""How long an answer is kept: phones are off-line for days (at least 48 h)."""
FORGET: Final = Query(Nothing, "delete from idempotency where at < $1")


class _Asked(msgspec.Struct, frozen=True):
    """One request with its key: who asks for what, and the digests that stand for key and content."""

    actor: Actor
    route: str
    key: bytes
    request_hash: bytes

    @property
    def key_hash(self) -> bytes:
        return hashlib.sha256(b"key:" + self.key).digest()

    @property
    def lock(self) -> str:
        return f"{self.actor.id}|{self.actor.client_id}|{self.route}|{self.key_hash.hex()}"

    def seal(self, body: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self._secret()).encrypt(nonce, body, self.request_hash)

    def open(self, sealed: bytes) -> bytes:
        return AESGCM(self._secret()).decrypt(sealed[:_NONCE], sealed[_NONCE:], self.request_hash)

    def _secret(self) -> bytes:
        return hashlib.sha256(b"body:" + self.key).digest()


class _Answer:
    """What the application answered, held back until it is stored."""

    def __init__(self) -> None:
        self.start: dict[str, Any] = {}
        self.chunks: list[bytes] = []

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = cast("dict[str, Any]", message)
        elif message["type"] == "http.response.body":
            self.chunks.append(message.get("body", b""))

    @property
    def status(self) -> int:
        return int(self.start.get("status", _OURS))

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    def headers(self) -> bytes:
        kept = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.start["headers"]
                if name.lower() in _KEPT_HEADERS]  # fmt: skip
        return msgspec.json.encode(kept)

    async def give(self, send: Send) -> None:
        await send(cast("Message", self.start))
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


class Idempotent:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts
        self._running: OrderedDict[str, asyncio.Lock] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        # Peer groups keep their own keys: a stored answer would say who was in which group when (PGS-1).
        if scope["type"] != "http" or scope["method"] not in _MUTATES or scope["path"].startswith(UNTRACED):
            await self._app(scope, receive, send)
            return
        key = header(scope, b"idempotency-key")
        actor = None if key is None else self._parts.authenticate(scope)
        if key is None or actor is None:
            await self._app(scope, receive, send)
            return
        if not 1 <= len(key) <= _MOST or not _VISIBLE.issuperset(key):
            raise Invalid("From 1 to 255 visible ASCII characters.", "/Idempotency-Key")
        body = await _whole(receive)
        asked = _Asked(actor, f"{scope['method']} {scope['path']}", key, _digest(scope, body))
        lock = self._running.setdefault(asked.lock, asyncio.Lock())
        try:
            async with asyncio.timeout(WAIT_S):
                await lock.acquire()
        except TimeoutError:
            raise StillRunning from None
        try:
            await self._once(asked, scope, _given(body, receive), send)
        finally:
            lock.release()
            if not lock.locked():
                self._running.pop(asked.lock, None)

    async def _once(self, asked: _Asked, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer()
        try:
            async with self._parts.database.begin(asked.actor) as tx:
                held = await LOCK.one(tx, asked.lock)
                if held is None or not held.got:
                    raise StillRunning
                actor = asked.actor
                kept = await FIND.one(tx, actor.id, actor.client_id, asked.route, asked.key_hash)
                if kept is not None:
                    answer = _replay(asked, kept)
                else:
                    await self._run(asked, tx, scope, receive, answer)
        except _Undone:
            pass
        await answer.give(send)

    async def _run(self, asked: _Asked, tx: Tx, scope: Scope, receive: Receive, answer: _Answer) -> None:
        """Let the handler act inside the transaction; its answer is kept only when it began to (and is not our fault)."""
        with joined(tx) as joining:
            await self._app(scope, receive, answer.send)
        if answer.status >= _OURS:
            raise _Undone
        if answer.status in _NOT_KEPT or not (joining.was_used or answer.status < 400):  # noqa: PLR2004 - a refusal's first status
            return
        actor = asked.actor
        await KEEP.run(tx, actor.id, actor.client_id, asked.route, asked.key_hash, asked.request_hash, answer.status,
                       answer.headers(), asked.seal(answer.body), sorted(joining.patients))  # fmt: skip


class _Undone(Exception):
    """The handler failed on our side: what it wrote is rolled back and its answer not kept."""


def _digest(scope: Scope, body: bytes) -> bytes:
    """What the request is: its address, what decides how it is read, and its body."""
    parts = [scope["query_string"], header(scope, b"content-type") or b"", header(scope, b"if-match") or b"", body]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


def _replay(asked: _Asked, kept: KeptRow) -> _Answer:
    if not secrets.compare_digest(kept.request_hash, asked.request_hash):
        raise KeyReused
    if not kept.is_shared:
        # What was said then is not said again after a withdrawal (INV-10).
        raise NotFound
    answer = _Answer()
    headers = msgspec.json.decode(kept.headers, type=list[tuple[str, str]])
    body = asked.open(kept.body)
    answer.start = {
        "type": "http.response.start", "status": kept.status,
        "headers": [*((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers),
                    (b"content-length", str(len(body)).encode())],
    }  # fmt: skip
    answer.chunks = [body]
    return answer


async def _whole(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(10 + LARGE_LIMIT / 32_768):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Malformed("The body ended early.")
                part = cast("dict[str, Any]", message).get("body", b"")
                size += len(part)
                if size > LARGE_LIMIT:
                    raise TooMuch(f"At most {LARGE_LIMIT} bytes.")
                chunks.append(part)
                if not cast("dict[str, Any]", message).get("more_body"):
                    return b"".join(chunks)
    except TimeoutError:
        raise Malformed("The body came too slowly.") from None


def _given(body: bytes, receive: Receive) -> Receive:
    """The body once more, for the handler."""
    is_given = False

    async def once() -> Message:
        nonlocal is_given
        if is_given:
            return cast("Message", await receive())
        is_given = True
        return cast("Message", {"type": "http.request", "body": body, "more_body": False})

    return cast("Receive", once)

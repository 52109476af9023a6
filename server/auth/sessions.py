"""Browser sessions of staff: known in memory, idle after 15 min, over after 12 h (TOK-8)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor
from server import clock
from server.auth import store
from server.auth.actor import of_staff
from server.db import Database, Role, Tx

COOKIE: Final = "__Host-session"
CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "x-csrf-token"
IDLE: Final = timedelta(minutes=15)
ABSOLUTE: Final = timedelta(hours=12)
_LOOK_AGAIN: Final = timedelta(minutes=1)
"""How often a busy session's row is moved on, and so how much idle time may be lost."""
_KEEP: Final = 10_000
_FIND: Final = f"{COOKIE}=".encode()


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One signed-in browser as this process knows it."""

    actor: Actor
    auth_at: datetime
    seen_at: datetime
    expires_at: datetime

    def is_alive(self, now: datetime) -> bool:
        """Whether it is neither idle nor over."""
        return now < self.expires_at and now < self.seen_at + IDLE


def cookie_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Find the session cookie's value; two of them are none."""
    found: bytes | None = None
    for name, value in headers:
        if name != b"cookie" or _FIND not in value:
            continue
        for part in value.split(b";"):
            if part.strip().startswith(_FIND):
                if found is not None:
                    return None
                found = part.strip()[len(_FIND) :]
    return found


def set_cookie(value: str) -> str:
    """Make the header that gives a browser its session."""
    life = int(ABSOLUTE.total_seconds())
    return f"{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={life}"


def drop_cookie() -> str:
    """Make the header that takes it away."""
    return f"{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"


def csrf_of(cookie: bytes) -> str:
    """Make the token that every form of this session carries; nobody without the cookie can."""
    return base64.urlsafe_b64encode(hmac.digest(cookie, b"csrf", "sha256")).rstrip(b"=").decode()


def _hash(cookie: bytes) -> bytes:
    return hashlib.sha256(cookie).digest()


class Sessions:
    """The sessions of this process; the database decides when one is not known or not seen of late."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[bytes, Session] = {}

    def known(self, cookie: bytes, now: datetime) -> Session | None:
        """Give the session of a cookie from memory."""
        found = self._known.get(_hash(cookie))
        return found if found is not None and found.is_alive(now) else None

    async def look(self, cookie: bytes) -> None:
        """Ask the database for a session that is not known, or note that a known one is still in use."""
        now = clock.now()
        key = _hash(cookie)
        found = self._known.get(key)
        if found is not None and found.is_alive(now) and now - found.seen_at < _LOOK_AGAIN:
            return
        async with self._database.begin_as(Role.AUTH) as tx:
            row = await store.SEE_SESSION.one(tx, key, now, now - IDLE)
        self._known.pop(key, None)
        if row is not None:
            self._remember(key, _session(row))

    async def add(self, tx: Tx, row: store.CredentialRow) -> str:
        """Begin a session; the cookie's value."""
        value = secrets.token_urlsafe(32)
        now = clock.now()
        session = uuid7()
        await store.ADD_SESSION.run(tx, _hash(value.encode()), session, row.staff_id, now, now + ABSOLUTE)
        return value

    async def end(self, tx: Tx, cookie: bytes) -> None:
        """End a session here and in the database; other processes hear of it as a revoked token."""
        self._known.pop(_hash(cookie), None)
        await store.END_SESSION.run(tx, _hash(cookie), clock.now())

    def _remember(self, key: bytes, session: Session) -> None:
        if len(self._known) >= _KEEP:
            del self._known[next(iter(self._known))]
        self._known[key] = session


def _session(row: store.SessionRow) -> Session:
    auth_at = int(row.auth_at.timestamp())
    actor = of_staff(row.staff_id, row.org_id, row.role, str(row.session_id), auth_at, int(row.expires_at.timestamp()))
    return Session(actor=actor, auth_at=row.auth_at, seen_at=row.seen_at, expires_at=row.expires_at)

"""Browser sessions: known in memory, ended when idle and in the end (TOK-8); staff and patients have cookies of their own."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind
from server import clock
from server.auth import store
from server.auth.actor import of_page, of_staff
from server.db import Database, Role, Tx

CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "x-csrf-token"
_LOOK_AGAIN: Final = timedelta(minutes=1)
"""How often a busy session's row is moved on, and so how much idle time may be lost."""
_KEEP: Final = 10_000


class Door(msgspec.Struct, frozen=True):
    """One kind of browser session: its cookie, and after how long it is over, unused or at all."""

    cookie: str
    idle: timedelta
    absolute: timedelta


STAFF: Final = Door("__Host-session", timedelta(minutes=15), timedelta(hours=12))
OWN: Final = Door("__Host-me", timedelta(minutes=15), timedelta(hours=4))
"""A patient's or a carer's own pages, all under /me: no cookie of theirs counts anywhere else, and none of staff counts there."""
OWN_PATH: Final = "/me"


def door_of(path: str) -> Door:
    """Whose sessions count at an address."""
    return OWN if path == OWN_PATH or path.startswith(f"{OWN_PATH}/") else STAFF


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One signed-in browser as this process knows it."""

    actor: Actor
    auth_at: datetime
    seen_at: datetime
    expires_at: datetime

    def is_alive(self, door: Door, now: datetime) -> bool:
        """Whether it is neither idle nor over."""
        return now < self.expires_at and now < self.seen_at + door.idle


def cookie_of(door: Door, headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Find the value of a door's cookie; two of them are none."""
    wanted = f"{door.cookie}=".encode()
    found: bytes | None = None
    for name, value in headers:
        if name != b"cookie" or wanted not in value:
            continue
        for part in value.split(b";"):
            if part.strip().startswith(wanted):
                if found is not None:
                    return None
                found = part.strip()[len(wanted) :]
    return found


def set_cookie(door: Door, value: str) -> str:
    """Make the header that gives a browser its session."""
    life = int(door.absolute.total_seconds())
    return f"{door.cookie}={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={life}"


def drop_cookie(door: Door) -> str:
    """Make the header that takes it away."""
    return f"{door.cookie}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"


def csrf_of(cookie: bytes) -> str:
    """Make the token that every form of this session carries; nobody without the cookie can."""
    return base64.urlsafe_b64encode(hmac.digest(cookie, b"csrf", "sha256")).rstrip(b"=").decode()


def _hash(door: Door, cookie: bytes) -> bytes:
    # With the name, so that a value is worth nothing under another door's.
    return hashlib.sha256(f"{door.cookie}=".encode() + cookie).digest()


class Sessions:
    """The sessions of this process; the database decides when one is not known or not seen of late."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[bytes, Session] = {}

    def known(self, door: Door, cookie: bytes, now: datetime) -> Session | None:
        """Give the session of a cookie from memory."""
        found = self._known.get(_hash(door, cookie))
        return found if found is not None and found.is_alive(door, now) else None

    async def look(self, door: Door, cookie: bytes) -> None:
        """Ask the database for a session that is not known, or note that a known one is still in use."""
        now = clock.now()
        key = _hash(door, cookie)
        found = self._known.get(key)
        if found is not None and found.is_alive(door, now) and now - found.seen_at < _LOOK_AGAIN:
            return
        async with self._database.begin_as(Role.AUTH) as tx:
            row = await store.SEE_SESSION.one(tx, key, now, now - door.idle)
        self._known.pop(key, None)
        if row is not None:
            self._remember(key, _session(row))

    async def add(self, tx: Tx, door: Door, principal: UUID) -> str:
        """Begin a session; the cookie's value."""
        value = secrets.token_urlsafe(32)
        now = clock.now()
        await store.ADD_SESSION.run(tx, _hash(door, value.encode()), uuid7(), principal, now, now + door.absolute)
        return value

    async def end(self, tx: Tx, door: Door, cookie: bytes) -> None:
        """End a session here and in the database; other processes hear of it as a revoked token."""
        key = _hash(door, cookie)
        self._known.pop(key, None)
        await store.END_SESSION.run(tx, key, clock.now())

    def _remember(self, key: bytes, session: Session) -> None:
        if len(self._known) >= _KEEP:
            del self._known[next(iter(self._known))]
        self._known[key] = session


def _session(row: store.SessionRow) -> Session:
    auth_at, ends_at, session = int(row.auth_at.timestamp()), int(row.expires_at.timestamp()), str(row.session_id)
    if row.role is not None:
        actor = of_staff(row.principal_id, row.org_id, row.role, session, auth_at, ends_at)
    else:
        actor = of_page(ActorKind(row.kind), row.principal_id, row.org_id, session, auth_at, ends_at)
    return Session(actor=actor, auth_at=row.auth_at, seen_at=row.seen_at, expires_at=row.expires_at)

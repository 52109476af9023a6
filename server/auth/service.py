"""What a person, a phone or a vendor can do to sign in; each function is one transaction."""

import asyncio
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
import structlog
from litestar.types import Scope as Request
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from domain.errors import NotFound, NotSignedIn
from server import clock
from server.auth import assertions, revocation, store
from server.auth.actor import VENDOR_SCOPES, VENDOR_USUAL, of_phone, of_vendor
from server.auth.keys import KeyRing
from server.auth.middleware import authenticate
from server.auth.passwords import Passwords, step_of
from server.auth.sessions import OWN, STAFF, Door, Sessions
from server.auth.tokens import ACCESS_LIFE_S, LEEWAY_S, Refused, Tokens
from server.db import Database, Role, Tx

log = structlog.get_logger("auth")

REFRESH_LIFE: Final = timedelta(days=30)
RETRY: Final = timedelta(seconds=10)
PAIRING_LIFE: Final = timedelta(minutes=10)
TRIES: Final = 5
"""Of one-time codes, per account and hour (TOK-9)."""
LEAST_S: Final = 0.08
"""A refusal never comes sooner, whatever the reason, so that time says nothing (TOK-10)."""
_KEYS_S: Final = 5.0


class OAuthError(Exception):
    """A refusal of the token endpoint, in OAuth's own words (integrations 6.1)."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.status = status


class Granted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the token endpoint and the pairing of a phone answer."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - OAuth's word, no secret
    expires_in: int = ACCESS_LIFE_S
    scope: str
    refresh_token: str | None = None
    client_id: str | None = None
    patient: UUID | None = None


class PairingCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a nurse reads out to a patient."""

    code: str
    expires_at: datetime


@asynccontextmanager
async def level() -> AsyncGenerator[None]:
    """Hold every refusal back until the same time has passed (TOK-10)."""
    began = clock.monotonic()
    try:
        yield
    except BaseException:
        await _until(began + LEAST_S)
        raise


class Auth:
    """Sign-in of one process: keys, tokens, sessions and what was revoked."""

    def __init__(self, database: Database, ring: KeyRing, *, issuer: str, token_url: str) -> None:
        self.database = database
        self.ring = ring
        self.token_url = token_url
        self.tokens = Tokens(ring, issuer=issuer, audience=issuer)
        self.sessions = Sessions(database)
        self.passwords = Passwords()
        self.revocations = revocation.Revocations(database)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Know what is revoked, then keep following it and the keys."""
        await self.revocations.refresh()
        self.revocations.start()
        self._task = asyncio.create_task(self._follow_keys())

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.revocations.stop()

    def authenticate(self, scope: Request) -> Actor | None:
        """Who asks, from memory: None when nobody says who. Raises NotSignedIn when what they say does not hold."""
        return authenticate(self.tokens, self.sessions, self.revocations, scope)

    def take_keys(self) -> None:
        """Use the key files as they are now (TOK-3)."""
        if self.ring.reload():
            self.tokens.forget()

    async def _follow_keys(self) -> None:
        while True:
            await asyncio.sleep(_KEYS_S)
            self.take_keys()

    async def client_credentials(self, assertion: str, scope: str | None) -> Granted:
        """Give a vendor's machine a token for a proof that was not used before. Raises OAuthError."""
        now = clock.now()
        async with level(), self.database.begin_as(Role.AUTH) as tx:
            try:
                proved = await assertions.prove(tx, assertion, self.token_url, int(now.timestamp()))
            except Refused as error:
                raise OAuthError("invalid_client", 401) from error
            ends = datetime.fromtimestamp(proved.expires_at + LEEWAY_S, UTC)
            if await store.USE_ASSERTION.one(tx, proved.client, proved.jti, ends) is None:
                raise OAuthError("invalid_client", 401)
            await store.DROP_ASSERTIONS.run(tx, now - timedelta(minutes=10))
            asked = [VENDOR_USUAL] if scope is None else scope.split()
            if not asked or not VENDOR_SCOPES.keys() >= set(asked):
                raise OAuthError("invalid_scope")
            actor = of_vendor(proved.client, proved.org, _named(asked), int(now.timestamp()))
        token = self.tokens.issue(actor, int(now.timestamp()))
        return Granted(access_token=token, scope=" ".join(asked))

    async def refresh(self, token: str, client: str) -> Granted:
        """Give a phone its next tokens; a token spent before ends the whole family (TOK-4). Raises OAuthError."""
        async with level():
            async with self.database.begin_as(Role.AUTH) as tx:
                found = await self._refresh(tx, token, client)
            if found is None:
                raise OAuthError("invalid_grant")
            return found

    async def _refresh(self, tx: Tx, token: str, client: str) -> Granted | None:
        """Turn the token over in one transaction. None: refused, and what must follow from it is written."""
        now = clock.now()
        digest = _digest(token)
        row = await store.LOCK_REFRESH.one(tx, digest)
        if row is None or row.is_over or row.expires_at <= now:
            return None
        if not hmac.compare_digest(row.client_id.encode(), client.encode()):
            await self._end_family(tx, row, now, "refresh-wrong-sender")
            return None
        if row.spent_at is not None:
            if row.successor is None or row.is_successor_spent or now - row.spent_at > RETRY:
                await self._end_family(tx, row, now, "refresh-reused")
                return None
            # The same use again: its answer was lost on the way (mobile networks), so it gets the same one.
            following = _unpad(token, row.successor)
        else:
            following = secrets.token_urlsafe(32)
            await store.ADD_REFRESH.run(tx, _digest(following), row.family, now)
            await store.SPEND_REFRESH.run(tx, digest, now, _pad(token, following), _digest(following))
        actor = of_phone(row.kind, row.principal_id, row.org_id, row.client_id, int(row.auth_at.timestamp()))
        return self._granted(actor, following, now)

    async def _end_family(self, tx: Tx, row: store.FamilyRow, now: datetime, what: str) -> None:
        await store.END_FAMILY.run(tx, row.family, now)
        await store.REVOKE_PRINCIPAL.run(tx, row.principal_id, now)
        await store.TELL_REVOKED.run(tx)
        await store.ADD_EVENT.run(tx, uuid7(), now, what, row.principal_id)
        log.warning("refresh.refused", reason=what, actor=str(row.principal_id))

    def _granted(self, actor: Actor, refresh: str, now: datetime) -> Granted:
        return Granted(
            access_token=self.tokens.issue(actor, int(now.timestamp())), scope=" ".join(sorted(actor.scopes)),
            refresh_token=refresh, client_id=actor.client_id, patient=actor.id if actor.kind is ActorKind.PATIENT else None,
        )  # fmt: skip

    async def make_pairing_code(self, actor: Actor, patient: UUID) -> PairingCode:
        """Make a one-time code for the phone of a patient whom this member of staff may see."""
        if actor.kind is not ActorKind.STAFF:
            raise NotFound
        actor.must(Scope.EPISODES_ACT)
        async with self.database.begin(actor) as tx:
            # Whoever only looks (an emergency) could otherwise sign in as the patient.
            if await store.MAY_ACT.one(tx, patient) is None:
                raise NotFound
        return await self.add_pairing_code(patient, actor.id)

    async def add_pairing_code(self, patient: UUID, made_by: UUID) -> PairingCode:
        """Make a one-time code; codes made for this patient before are over."""
        now = clock.now()
        async with self.database.begin_as(Role.AUTH) as tx:
            await store.DROP_PAIRINGS.run(tx, patient, now)
            while True:
                reference, secret = f"{secrets.randbelow(10**6):06}", f"{secrets.randbelow(10**6):06}"
                added = await store.ADD_PAIRING.one(
                    tx, reference, _digest(reference + secret), patient, made_by, now + PAIRING_LIFE, now
                )
                if added is not None:
                    return PairingCode(code=reference + secret, expires_at=now + PAIRING_LIFE)

    async def pair(self, code: str) -> Granted:
        """Give a phone its first tokens for a one-time code (TOK-9). Raises NotSignedIn."""
        async with level():
            now = clock.now()
            async with self.database.begin_as(Role.AUTH) as tx:
                granted = await self._pair(tx, code, now)
            if granted is None:
                raise NotSignedIn("This code is not valid, or no longer.")
            return granted

    async def open(self, code: str) -> str | None:
        """Begin a patient's, or a carer's, own browser session for the same code; the cookie's value, or None (TOK-9, TOK-10)."""
        began = clock.monotonic()
        now = clock.now()
        async with self.database.begin_as(Role.AUTH) as tx:
            row = await self._spend(tx, code, now)
            cookie = None if row is None else await self.sessions.add(tx, OWN, row.principal_id)
        if cookie is None:
            await _until(began + LEAST_S)
        return cookie

    async def _spend(self, tx: Tx, code: str, now: datetime) -> store.PairingRow | None:
        """Use a one-time code up; None for whatever does not fit."""
        row = await store.TRY_PAIRING.one(tx, code[:6], now)
        if row is None:
            return None
        account = _digest(f"pairing:{row.principal_id}")
        if await store.COUNT_TRY.one(tx, account, now, TRIES) is None:
            return None
        if not hmac.compare_digest(row.secret_hash, _digest(code)):
            return None
        if await store.USE_PAIRING.one(tx, code[:6], now) is None:
            return None
        await store.FORGET_TRIES.run(tx, account)
        return row

    async def _pair(self, tx: Tx, code: str, now: datetime) -> Granted | None:
        row = await self._spend(tx, code, now)
        if row is None:
            return None
        client, refresh = f"phone-{uuid7()}", secrets.token_urlsafe(32)
        family = uuid7()
        await store.ADD_FAMILY.run(tx, family, row.principal_id, client, now, now + REFRESH_LIFE)
        await store.ADD_REFRESH.run(tx, _digest(refresh), family, now)
        actor = of_phone(row.kind, row.principal_id, row.org_id, client, int(now.timestamp()))
        return self._granted(actor, refresh, now)

    async def password(self, email: str, password: str) -> str | None:
        """Take the first factor; a ticket for the second, or None: unknown, wrong and locked are alike (TOK-10)."""
        began = clock.monotonic()
        account = _digest(f"sign-in:{email.strip().lower()}")
        now = clock.now()
        async with self.database.begin_as(Role.AUTH) as tx:
            is_open = await store.COUNT_TRY.one(tx, account, now, TRIES) is not None
            row = await store.CREDENTIAL.one(tx, email.strip().lower())
        stored = row.password_hash if row is not None and is_open else None
        if not await self.passwords.is_right(stored, password) or row is None:
            await _until(began + LEAST_S)
            return None
        async with self.database.begin_as(Role.AUTH) as tx:
            await store.FORGET_TRIES.run(tx, account)
        return self.tokens.ticket(row.staff_id, int(now.timestamp()))

    async def code(self, ticket: str, code: str) -> str | None:
        """Take the second factor and begin a session; the cookie's value, or None for whatever does not fit (TOK-8)."""
        began = clock.monotonic()
        now = clock.now()
        cookie: str | None = None
        try:
            staff = self.tokens.of_ticket(ticket, int(now.timestamp()))
        except Refused:
            staff = None
        if staff is not None:
            async with self.database.begin_as(Role.AUTH) as tx:
                cookie = await self._second(tx, staff, code, now)
        if cookie is None:
            await _until(began + LEAST_S)
        return cookie

    async def _second(self, tx: Tx, staff: UUID, code: str, now: datetime) -> str | None:
        account = _digest(f"code:{staff}")
        if await store.COUNT_TRY.one(tx, account, now, TRIES) is None:
            return None
        row = await store.CREDENTIAL_OF.one(tx, staff)
        if row is None:
            return None
        step = step_of(row.totp_secret, code, int(now.timestamp()))
        if step is None or await store.SPEND_STEP.one(tx, staff, step) is None:
            return None
        await store.FORGET_TRIES.run(tx, account)
        return await self.sessions.add(tx, STAFF, row.staff_id)

    async def sign_out(self, actor: Actor, door: Door, cookie: bytes) -> None:
        """End the session everywhere."""
        async with self.database.begin_as(Role.AUTH) as tx:
            await self.sessions.end(tx, door, cookie)
            await revocation.revoke_token(tx, actor.jti, max(1, actor.expires_at - int(clock.now().timestamp())))
        await self.revocations.refresh()

    async def revoke(self, principal: UUID) -> None:
        """End all that a principal holds; here at once, elsewhere within seconds."""
        async with self.database.begin_as(Role.AUTH) as tx:
            await revocation.revoke_principal(tx, principal)
            await store.ADD_EVENT.run(tx, uuid7(), clock.now(), "access-revoked", principal)
        await self.revocations.refresh()


async def _until(instant: float) -> None:
    await asyncio.sleep(max(0.0, instant - clock.monotonic()))


def _named(asked: Sequence[str]) -> frozenset[Scope]:
    return frozenset[Scope]().union(*(VENDOR_SCOPES[name] for name in asked))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _pad(token: str, following: str) -> bytes:
    """Hide the next token so that only who holds this one can read it: a one-time pad made from it."""
    text = following.encode()
    pad = hmac.digest(token.encode(), b"successor", "sha512")
    return bytes(one ^ other for one, other in zip(text, pad, strict=False))


def _unpad(token: str, hidden: bytes) -> str:
    pad = hmac.digest(token.encode(), b"successor", "sha512")
    return bytes(one ^ other for one, other in zip(hidden, pad, strict=False)).decode()

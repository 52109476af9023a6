"""What can be done with a code shown once: make it, open it, take it back (F65). Whoever opens it has no account and no session."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from domain.errors import Invalid, NotFound
from domain.readings.kinds import DataClass
from domain.text import admit
from server import clock
from server.app_state import Parts
from server.auth.service import level
from server.consent import store as consents
from server.consent.service import Asking
from server.db import Role
from server.desk.store import FACTS, FactRow
from server.facts.store import CONDITIONS
from server.me import store as own
from server.shares import store

LONGEST: Final = timedelta(hours=24)
CODE_DIGITS: Final = 16
_REFERENCE: Final = 8
_TOPMOST: Final = 10**8
_LATEST_OF: Final = timedelta(days=365)


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """The code, told this once, and until when it opens anything."""

    share: UUID
    code: str
    expires_at: datetime


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What a code opens: as much as its maker chose, as it is now."""

    person: own.PersonRow
    birth_on: date
    label: str
    conditions: Sequence[str]
    facts: Sequence[FactRow]
    latest: Sequence[own.LatestRow]
    expires_at: datetime


def _digest(code: str) -> bytes:
    return hashlib.sha256(f"share:{code}".encode()).digest()


async def make(ask: Asking, label: str, data_classes: Sequence[DataClass], hours: int) -> Made:
    """Make a code for a part of the asker's own record; for a day at most."""
    patient = ask.must_be_patient()
    said = admit(label, pointer="/label", most=100).strip()
    if not said:
        raise Invalid("Say who it is for, such as A&E in Torbay.", "/label")
    if not 1 <= hours <= LONGEST // timedelta(hours=1):
        raise Invalid("From 1 to 24 hours.", "/hours")
    now = clock.now()
    ends, share = now + timedelta(hours=hours), uuid7()
    async with ask.database.begin(ask.actor) as tx:
        while True:
            code = f"{secrets.randbelow(_TOPMOST):08}{secrets.randbelow(_TOPMOST):08}"
            if await store.ADD.one(tx, code[:_REFERENCE], share, patient, _digest(code), said, now, ends) is not None:
                break
        may_write = False
        classes = [int(one) for one in data_classes]
        await consents.ADD_GRANT.one(tx, patient, uuid7(), "share", None, share, classes, may_write, now, ends, patient)
        await ask.reads.record(ask.actor, patient, "share", ask.request_id, action="C")
    return Made(share=share, code=code, expires_at=ends)


async def mine(ask: Asking) -> list[store.ShareRow]:
    """The asker's codes, with how often each was opened and by whom, newest first."""
    patient = ask.must_be_patient()
    async with ask.database.begin(ask.actor) as tx:
        found = await store.MINE.all(tx, patient)
    await ask.reads.record(ask.actor, patient, "share", ask.request_id, n=len(found))
    return found


async def end(ask: Asking, share: UUID) -> None:
    """Take a code back; it opens nothing from now on."""
    patient = ask.must_be_patient()
    now = clock.now()
    async with ask.database.begin(ask.actor) as tx:
        if await store.END.one(tx, patient, share, now) is None:
            raise NotFound
        await store.END_GRANT.run(tx, patient, share, now)
        await ask.reads.record(ask.actor, patient, "share", ask.request_id, action="D")


async def opened(parts: Parts, request: UUID, code: str, birth_on: date, who: str) -> Snapshot:
    """Open a code. Raises NotFound for whatever does not fit, and after five wrong tries for good: all look the same (TOK-10)."""
    said = admit(who, pointer="/who", most=200).strip()
    if not said:
        raise Invalid("Say who you are: the patient reads it.", "/who")
    async with level():
        tried = await _tried(parts, code, birth_on, said)
        # Whoever opens it is nobody but the code: what the patient's grant to it says is what there is.
        actor = Actor(id=tried.share_id, kind=ActorKind.SHARE, scopes=frozenset({Scope.READINGS_READ}), client_id="share")
        now = clock.now()
        async with parts.database.begin(actor, one=tried.patient_id) as tx:
            person = await own.PERSON.one(tx, tried.patient_id)
            if person is None:
                raise NotFound
            found = Snapshot(
                person=person, birth_on=tried.birth_on, label=said,
                conditions=[one.code for one in await CONDITIONS.all(tx, tried.patient_id)],
                facts=[one for one in await FACTS.all(tx, tried.patient_id) if one.to_at is None or one.to_at > now],
                latest=await own.LATEST.all(tx, tried.patient_id, own.SHOWN, now - _LATEST_OF, now + timedelta(days=1)),
                expires_at=tried.expires_at,
            )  # fmt: skip
        await parts.reads.record(actor, tried.patient_id, "share-opened", request, n=len(found.latest))
    return found


async def _tried(parts: Parts, code: str, birth_on: date, who: str) -> store.TriedRow:
    now = clock.now()
    async with parts.database.begin_as(Role.AUTH) as tx:
        row = await store.TRY.one(tx, code[:_REFERENCE], now)
        is_right = row is not None and hmac.compare_digest(row.secret_hash, _digest(code)) and row.birth_on == birth_on
        if row is not None and is_right:
            await store.RIGHT.run(tx, row.share_id)
            await store.OPENED.run(tx, row.patient_id, row.share_id, now, who)
    if row is None or not is_right:
        raise NotFound
    return row

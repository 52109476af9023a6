"""What somebody can do about how they are reached; each function is one transaction."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from domain.episodes.disturb import Quiet
from domain.errors import Conflict, Invalid, NotFound
from integrations import web_push
from integrations.govuk_notify import number_of
from server import clock
from server.audit.reads import Reads
from server.db import Database, Tx
from server.notices.outward import Outward
from server.outgoing import NotCalled
from server.reach import store

MOST: Final = 9
PATIENTS: Final = frozenset({"email", "sms", "push", "fcm", "apns"})
STAFFS: Final = frozenset({"email", "sms", "push"})
"""What somebody may choose for themselves; everything else is set up by whoever runs the service."""
CONSENT: Final = "Reply START to send your readings and hear from your care team by text. Reply STOP to hear no more."


class New(msgspec.Struct, frozen=True, kw_only=True):
    """A channel to add; the address as it is written, of a browser its subscription."""

    id: UUID
    channel: str
    place: int
    address: str = ""
    subscription: web_push.Subscription | None = None
    is_words: bool = False


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody is reached, and when not."""

    rows: Sequence[store.ChannelRow]
    quiet: Quiet | None
    as_of: datetime


def _must_have(actor: Actor) -> bool:
    """Whether a patient asks; NotFound for whoever has no channels of their own."""
    if actor.kind not in {ActorKind.PATIENT, ActorKind.STAFF}:
        raise NotFound
    return actor.kind is ActorKind.PATIENT


async def mine(database: Database, actor: Actor) -> Mine:
    """The asker's own channels, and their quiet hours (None: staff who chose none)."""
    is_patient = _must_have(actor)
    async with database.begin(actor) as tx:
        return await _mine(tx, actor.id, is_patient=is_patient)


async def _mine(tx: Tx, who: UUID, *, is_patient: bool) -> Mine:
    rows = await (store.OF_PATIENT if is_patient else store.OF_STAFF).all(tx, who)
    chosen = await store.QUIET.one(tx, who)
    quiet = None if chosen is None else Quiet(from_at=chosen.from_at, to_at=chosen.to_at, zone=chosen.zone, most=chosen.most)
    if quiet is None and is_patient:
        here = await store.ZONE.one(tx, who)
        quiet = None if here is None else Quiet(zone=here.zone)
    return Mine(rows=rows, quiet=quiet, as_of=clock.now())


def _address(new: New, out: Outward) -> str:
    """The address as it is kept. Raises Invalid for one that cannot be, or that nobody may make us call (INP-6)."""
    if new.channel == "push":
        if new.subscription is None or not web_push.admits(new.subscription.keys):
            raise Invalid("The browser's subscription, as PushSubscription.toJSON() gives it.", "/subscription")
        try:
            out.named(new.subscription.endpoint)
        except NotCalled as error:
            raise Invalid("That is no push service of a browser.", "/subscription/endpoint") from error
        return msgspec.json.encode(new.subscription).decode()
    if new.channel == "sms":
        number = number_of(new.address)
        if number is None or not number.startswith("+447"):
            raise Invalid("A British mobile number, as 07700 900001.", "/address")
        return number
    local, at, host = new.address.strip().rpartition("@")
    is_mail = new.channel != "email" or (at and local and "." in host and not set(new.address.strip()) & set(' \n\r,;<>"'))
    if not new.address.strip() or not is_mail:
        raise Invalid("An e-mail address." if new.channel == "email" else "The token of the app on this phone.", "/address")
    return new.address.strip()


async def add(database: Database, reads: Reads, out: Outward, actor: Actor, request_id: UUID, new: New) -> Mine:
    """Add a channel of one's own; sending it again changes nothing. A number is asked whether it is willing first."""
    is_patient = _must_have(actor)
    if new.channel not in (PATIENTS if is_patient else STAFFS):
        raise Invalid(f"One of {', '.join(sorted(PATIENTS if is_patient else STAFFS))}.", "/channel")
    address = _address(new, out)
    async with database.begin(actor) as tx:
        await _add(tx, actor.id, new, address, is_patient=is_patient)
        if is_patient:
            await reads.record(actor, actor.id, "channels", request_id, action="U")
        return await _mine(tx, actor.id, is_patient=is_patient)


async def _add(tx: Tx, who: UUID, new: New, address: str, *, is_patient: bool) -> None:
    before = await (store.OF_PATIENT if is_patient else store.OF_STAFF).all(tx, who)
    same = next((one for one in before if one.id == new.id), None)
    if same is not None:
        if (same.channel, same.address) != (new.channel, address):
            raise Conflict("Another channel has this id.")
        return
    if len(before) >= MOST:
        raise Conflict(f"At most {MOST} channels: take one away first.")
    if is_patient:
        state = "waiting" if new.channel == "sms" else "on"
        is_new = await store.ADD_PATIENTS.one(tx, who, new.id, new.place, new.channel, address, new.is_words, state)
        if is_new is not None and state == "waiting":
            now = clock.now()
            await store.ASK.run(tx, uuid7(), who, CONSENT, address, f"number:{who}:{address}:{now:%Y-%m-%d}", now)
    else:
        is_new = await store.ADD_STAFFS.one(tx, who, new.id, new.place, new.channel, address)
    if is_new is None:
        raise Conflict("This address, or this place, is taken by another of your channels.")


async def number(database: Database, reads: Reads, out: Outward, actor: Actor, request_id: UUID, patient: UUID, new: New) -> None:  # noqa: PLR0913 - one number
    """Staff note down the number of somebody without an app; it counts once it answers START."""
    actor.must_be_staff()
    actor.must(Scope.READINGS_WRITE)
    address = _address(new, out)
    async with database.begin(actor, one=patient) as tx:
        if await store.ZONE.one(tx, patient) is None:
            raise NotFound
        await _add(tx, patient, new, address, is_patient=True)
        await reads.record(actor, patient, "channels", request_id, action="U")


async def of_patient(database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID) -> Mine:
    """How a person is reached, for whoever looks after them."""
    actor.must_be_staff()
    actor.must(Scope.READINGS_READ)
    async with database.begin(actor, one=patient) as tx:
        if await store.ZONE.one(tx, patient) is None:
            raise NotFound
        found = await _mine(tx, patient, is_patient=True)
    await reads.record(actor, patient, "channels", request_id, n=len(found.rows))
    return found


async def end(database: Database, reads: Reads, actor: Actor, request_id: UUID, channel: UUID) -> Mine:
    """Take a channel away; nothing is sent by it from now on."""
    is_patient = _must_have(actor)
    async with database.begin(actor) as tx:
        if await (store.END_PATIENTS if is_patient else store.END_STAFFS).one(tx, actor.id, channel) is None:
            raise NotFound
        if is_patient:
            await reads.record(actor, actor.id, "channels", request_id, action="U")
        return await _mine(tx, actor.id, is_patient=is_patient)


async def rest(database: Database, actor: Actor, from_at: time, to_at: time, zone: str, most: int) -> Mine:
    """When nobody is to disturb the asker, and how often a day at most. What is urgent comes through all the same."""
    is_patient = _must_have(actor)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid("A time zone, as Europe/London.", "/zone") from error
    async with database.begin(actor) as tx:
        await store.SET_QUIET.run(tx, actor.id, from_at, to_at, zone, most)
        return await _mine(tx, actor.id, is_patient=is_patient)

"""What a vendor's machine can do at its door: be found, prove itself, deliver once, announce what is to be fetched."""

import hashlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Scope
from domain.errors import Conflict, Malformed, NotFound
from integrations.manifest import Answer, Delivery, Hook, Manifest, Secrets, Unreadable
from integrations.registry import manifests
from server import clock
from server.auth.actor import of_vendor
from server.db import Database, Role
from server.hooks import store
from server.hooks.taking import Doors, take
from server.http import each_once
from server.receipts import store as receipts
from server.sealed import Seal

_KEPT_S: Final = 5.0
_MOST: Final = 10_000


def sealed_as(door: UUID) -> str:
    """What a door's secrets are sealed for."""
    return f"vendor_door|{door}|secrets"


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """One vendor's machine: in whose name it writes, how it proves itself."""

    id: UUID
    client: UUID
    org: UUID
    manifest: Manifest
    secrets: Secrets
    base: str

    @property
    def hosts(self) -> frozenset[str]:
        """Where its API may be called: the house that an operator registered, and where tokens are renewed."""
        api = self.manifest.api
        urls = () if api is None else (self.base, api.token_path)
        return frozenset(host for host in (urlsplit(url).hostname for url in urls) if host)


def door_of(row: store.DoorRow, seal: Seal) -> Door:
    """A door as it is worked with."""
    manifest = manifests()[row.form]
    base = row.base_url or (manifest.api.base if manifest.api is not None else "")
    secrets = msgspec.json.decode(seal.open(row.secrets, sealed_as(row.door_id)), type=Secrets)
    return Door(id=row.door_id, client=row.client_id, org=row.org_id, manifest=manifest, secrets=secrets, base=base)


class Found:
    """Doors by their secret path, remembered for five seconds; also that there is none."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal
        self._known: dict[bytes, tuple[float, Door | None]] = {}

    async def by_path(self, secret: str) -> Door | None:
        """The door that a path opens."""
        key = hashlib.sha256(secret.encode()).digest()
        now = clock.monotonic()
        held = self._known.get(key)
        if held is not None and held[0] > now:
            return held[1]
        async with self._database.begin_as(Role.AUTH) as tx:
            row = await store.DOOR.one(tx, key)
        door = None if row is None or row.form not in manifests() else door_of(row, self._seal)
        if len(self._known) > _MOST:
            self._known.clear()
        self._known[key] = (now + _KEPT_S, door)
        return door

    async def refused(self, door: Door, code: str) -> None:
        """Count what did not prove itself; its bytes are not kept."""
        async with self._database.begin_as(Role.AUTH) as tx:
            await store.REFUSED.run(tx, door.id, code)


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a delivery, and where its sender can look up what became of it."""

    answer: Answer
    receipt: UUID | None = None


async def deliver(doors: Doors, door: Door, request_id: UUID, delivery: Delivery) -> Delivered:
    """Prove, keep, store once. Raises Unproved, Conflict, Malformed, Busy."""
    hook = door.manifest.hook
    if hook is None:
        raise NotFound
    proof = hook.scheme(delivery, door.secrets)
    actor = of_vendor(door.client, door.org, frozenset({Scope.READINGS_WRITE}), int(delivery.received_at.timestamp()))
    content = hashlib.sha256(delivery.body).digest()
    named = hook.id_of(delivery)
    key = hashlib.sha256(named.encode()).digest() if named else content
    async with doors.database.begin(actor) as tx:
        seen = await store.SEEN.one(tx, door.id, key)
        if seen is not None and seen.content != content:
            raise Conflict("This id came before with another body: nothing is taken of either twice.")
        if seen is not None and seen.is_settled and hook.notices is None:
            return Delivered(answer=Answer(hook.status, _known(seen.receipt_id)), receipt=seen.receipt_id)
        await receipts.keep(
            tx, actor.id, request_id, door.manifest.name, door.manifest.version, delivery.received_at, delivery.body, proof
        )  # fmt: skip
        await store.RECEIVED.run(tx, door.id, key, content, request_id)
    try:
        if hook.notices is not None:
            return await _announced(doors, door, request_id, delivery, hook)
        _each_once(delivery.body)
        parsed = door.manifest.adapter.parse(delivery)
    except Unreadable as error:
        raise Malformed(str(error)) from error
    taken = await take(doors, actor, request_id, door.manifest.name, parsed)
    async with doors.database.begin(actor) as tx:
        await receipts.tell(tx, actor.id, request_id, taken.items, taken.patients)
        if taken.is_settled:
            await store.SETTLED.run(tx, door.id, key)
    body = msgspec.json.encode({"receipt": str(request_id), "items": taken.items})
    return Delivered(answer=Answer(hook.status, b"" if hook.status == 204 else body), receipt=request_id)  # noqa: PLR2004 - no content


async def _announced(doors: Doors, door: Door, request_id: UUID, delivery: Delivery, hook: Hook) -> Delivered:
    """Nothing but what to fetch: noted, answered at once."""
    assert hook.notices is not None  # noqa: S101 - looked at above
    notices = hook.notices(delivery)
    actor = of_vendor(door.client, door.org, frozenset({Scope.READINGS_WRITE}), int(delivery.received_at.timestamp()))
    async with doors.database.begin(actor) as tx:
        for one in notices[:1000]:
            await store.ASK.run(tx, uuid7(), door.id, one.account[:128], one.what[:64], one.object_id[:128], one.start, one.end)
        told = [receipts.Item(place=place, status="announced") for place, _ in enumerate(notices)]
        await receipts.tell(tx, actor.id, request_id, told, ())
    body = msgspec.json.encode({"receipt": str(request_id), "toFetch": len(notices)})
    return Delivered(answer=Answer(hook.status, b"" if hook.status == 204 else body), receipt=request_id)  # noqa: PLR2004 - no content


def _known(receipt: UUID) -> bytes:
    return msgspec.json.encode({"receipt": str(receipt), "status": "duplicate"})


def _each_once(body: bytes) -> None:
    try:
        each_once(body)
    except (ValueError, RecursionError) as error:
        raise Malformed("The body is not JSON.") from error


def handshake(door: Door, method: str, query: Mapping[str, str], delivery: Delivery) -> Answer | None:
    """The answer to a vendor that asks whether we are there; None where it delivers."""
    hook = door.manifest.hook
    return None if hook is None or hook.handshake is None else hook.handshake(method, query, delivery, door.secrets)

"""What a person or a machine can do with readings; each function is one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.actor import Actor, ActorKind, Scope
from domain.errors import NotFound
from domain.readings.clocks import LEAST_S
from domain.readings.kinds import Kind
from domain.readings.reading import Draft, Outcome, Quarantined, Rejected, Source
from domain.text import admit
from server import clock, metrics
from server.db import Database
from server.ingest import Ingest, Part, Request
from server.readings import store
from server.readings.clocks import Clocks
from server.readings.wire import Bad, Given, ItemOut, ReadingIn, Retraction, asked, draft_of, out, status_of

_OWNERS_KEPT_S: Final = 5.0
_SOON: Final = timedelta(seconds=LEAST_S)
SOURCES: Final = {
    ActorKind.PATIENT: Source.APP, ActorKind.STAFF: Source.STAFF, ActorKind.VENDOR: Source.VENDOR, ActorKind.PROXY: Source.PROXY,
}  # fmt: skip


class Devices:
    """Whose each device is, remembered for five seconds (the database decides again at every commit)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._owners: dict[tuple[UUID, str, str], tuple[float, list[store.Owner]]] = {}
        self._vendors: dict[UUID, str | None] = {}
        self.clocks: Final = Clocks(database)

    async def owners(self, actor: Actor, vendor: str, serial: str) -> list[store.Owner]:
        """Everybody whose this device was, as far as the actor may know."""
        key = (actor.id, vendor, serial)
        held = self._owners.get(key)
        now = clock.monotonic()
        if held is not None and held[0] > now:
            return held[1]
        async with self._database.begin(actor) as tx:
            found = await store.owners(tx, vendor, serial)
        if len(self._owners) > 50_000:  # noqa: PLR2004 - bounded whatever is asked (INV-20)
            self._owners.clear()
        self._owners[key] = (now + _OWNERS_KEPT_S, found)
        return found

    async def vendor(self, actor: Actor) -> str:
        """The vendor that a client posts for."""
        if actor.id not in self._vendors:
            async with self._database.begin(actor) as tx:
                self._vendors[actor.id] = await store.vendor_of(tx, actor.id)
        name = self._vendors[actor.id]
        if name is None:
            raise NotFound
        return name


class Settled(msgspec.Struct):
    """What became of one item: for whom, as which draft. Both None where it never got so far."""

    outcome: Outcome | Bad
    draft: Draft | None = None
    patient: UUID | None = None


async def take(
    ingest: Ingest, devices: Devices, actor: Actor, request_id: UUID, items: Sequence[ReadingIn | Bad], patient: UUID | None,
) -> list[ItemOut]:  # fmt: skip
    """Store, judge and commit items; one answer each, in order. `patient` is named by the path for staff and proxies."""
    settled = await settle(ingest, devices, actor, request_id, items, patient)
    found = [out(one.outcome, item.id) for one, item in zip(settled, items, strict=True)]
    for place, one in enumerate(settled):
        if isinstance(one.outcome, Quarantined) and one.draft is not None:
            found[place] = asked(found[place], one.draft)
    return found


async def settle(  # noqa: C901, PLR0912, PLR0913, PLR0915 - the door of every reading
    ingest: Ingest, devices: Devices, actor: Actor, request_id: UUID, items: Sequence[ReadingIn | Given | Bad], patient: UUID | None,
    *, whole: bool = False,
) -> list[Settled]:  # fmt: skip
    """The same for any door: each item with what became of it, in order. `whole`: where one is rejected none is stored."""
    actor.must(Scope.READINGS_WRITE)
    source = SOURCES[actor.kind]
    settled: list[Settled] = []
    parts: dict[UUID, list[tuple[int, Draft]]] = {}
    soon = clock.now() + _SOON
    synced: dict[tuple[UUID, int], datetime | msgspec.UnsetType] = {}  # whose clock says something of itself
    for place, item in enumerate(items):
        if isinstance(item, Bad):
            settled.append(Settled(item))
            continue
        draft = replace(item.draft, source=source) if isinstance(item, Given) else draft_of(item, source)
        if isinstance(draft, Bad):
            settled.append(Settled(draft))
            continue
        if item.device_serial is not msgspec.UNSET or actor.kind is ActorKind.VENDOR:
            whose = await of_device(devices, actor, item, draft)
            if isinstance(whose, Rejected):
                settled.append(Settled(whose))
                continue
            owner, draft = whose
        elif isinstance(item, Given) and item.patient is not msgspec.UNSET:
            owner = item.patient
        else:
            owner = patient or actor.id
        if (patient is not None and owner != patient) or (actor.kind is ActorKind.PATIENT and owner != actor.id):
            settled.append(Settled(_not_yours(draft.id)))
            continue
        settled.append(Settled(_not_yours(draft.id), draft, owner))
        parts.setdefault(owner, []).append((place, draft))
        if item.sent_at is not msgspec.UNSET or draft.taken_at > soon:
            synced.setdefault((owner, draft.device), item.sent_at)
    for key, sent_at in synced.items():
        parts[key[0]] = await _timed(devices, actor, key, parts[key[0]], None if sent_at is msgspec.UNSET else sent_at)
    if parts:
        request = Request(actor=actor, what="readings", request_id=request_id, whole=whole)
        answers = await ingest.submit(
            request, [Part(owner, [draft for _, draft in drafts]) for owner, drafts in parts.items()]
        )
        for drafts, answer in zip(parts.values(), answers, strict=True):
            for (place, draft), outcome in zip(drafts, answer, strict=True):
                settled[place].outcome, settled[place].draft = outcome, draft
    for one in settled:
        metrics.reading(status_of(one.outcome))
    return settled


async def _timed(
    devices: Devices, actor: Actor, key: tuple[UUID, int], drafts: list[tuple[int, Draft]], sent_at: datetime | None,
) -> list[tuple[int, Draft]]:  # fmt: skip
    """One owner's drafts, those of one device put right where its clock is known to be off (DQ-7)."""
    owner, device = key
    mine = [(place, draft) for place, draft in drafts if draft.device == device]
    right = await devices.clocks.admit(actor, owner, [draft for _, draft in mine], sent_at)
    timed = dict(zip((place for place, _ in mine), right, strict=True))
    return [(place, timed.get(place, draft)) for place, draft in drafts]


async def retract(
    ingest: Ingest, actor: Actor, request_id: UUID, patient: UUID, reading: UUID, given: Retraction
) -> ItemOut:
    """Mark a reading entered in error, with author and reason; its values stay (ING-9). Sending it again is harmless."""
    actor.must(Scope.READINGS_WRITE)
    draft = Draft(
        id=given.id, kind="", taken_at=clock.now(), retracts=True, corrects=reading, source=SOURCES[actor.kind],
        reason=admit(given.reason, pointer="/reason"),
    )  # fmt: skip
    request = Request(actor=actor, what="reading-retracted", request_id=request_id)
    ((outcome,),) = await ingest.submit(request, [Part(patient, [draft])])
    return out(outcome, reading)


async def of_device(devices: Devices, actor: Actor, item: ReadingIn | Given, draft: Draft) -> tuple[UUID, Draft] | Rejected:
    """The patient whose the device was at that instant, and the draft with the device's number (ING-6)."""
    if item.device_serial is msgspec.UNSET:
        return Rejected(draft.id, "device_missing", "/deviceSerial", "A vendor names the device of each reading.")
    if actor.kind is ActorKind.VENDOR:
        vendor = await devices.vendor(actor)
    else:
        vendor = item.device_vendor if item.device_vendor is not msgspec.UNSET else ""
    for owner in await devices.owners(actor, vendor, item.device_serial):
        if owner.from_at <= draft.taken_at and (owner.to_at is None or draft.taken_at < owner.to_at):
            if item.patient is not msgspec.UNSET and item.patient != owner.patient_id:
                return _not_yours(draft.id)
            return owner.patient_id, replace(draft, device=owner.device_no)
    if actor.kind is ActorKind.VENDOR:
        return _not_yours(draft.id)
    # A patient's own phone may name a device nobody registered: the reading counts, the device is unknown.
    return actor.id, draft


def _not_yours(sent: UUID) -> Rejected:
    return Rejected(sent, "not_yours", "/deviceSerial", "There is no such person or device for you at that time.")


class Page(msgspec.Struct, frozen=True):
    """Readings and sensor hours, newest first, and the instant they were read."""

    readings: list[store.ReadingRow]
    hours: Sequence[store.HourRow]
    as_of: datetime


_STEPS: Final = (timedelta(days=45),)


async def latest(  # noqa: PLR0913 - a query has its filters
    database: Database, actor: Actor, patient: UUID, *,
    kind: int | None, start: datetime | None, end: datetime | None, limit: int,
) -> Page:
    """The newest readings of a patient that the actor may see, found near now first so that old months are not touched."""
    actor.must(Scope.READINGS_READ)
    now = clock.now()
    until = end or now + timedelta(days=2)
    starts = [start] if start is not None else [*(until - step for step in _STEPS), _EVER]
    rows: list[store.ReadingRow] = []
    hours: Sequence[store.HourRow] = ()
    async with database.begin(actor, one=patient) as tx:
        for since in starts:
            if kind is None:
                rows = await store.between(tx, patient, since, until, limit)
                hours = await store.hours(tx, patient, since, until, 24 * 7)
            elif kind in _SAMPLED:
                hours = await store.hours(tx, patient, since, until, min(limit, 24 * 15))
            else:
                rows = await store.of_kind(tx, patient, kind, since, until, limit)
            if len(rows) >= limit or hours:
                break
    return Page(rows, hours, now)


async def plain(  # noqa: PLR0913 - a query has its filters
    database: Database, actor: Actor, patient: UUID, *, kind: Kind, start: datetime | None, end: datetime | None, limit: int,
) -> tuple[store.PlainRow, datetime] | None:
    """The newest readings of one kind as JSON and when they were read; None where a page needs to be made the general way.

    That is where a kind has parts, codes or samples, and where one of them has more than a value.
    """
    if kind.parts or kind.codes or kind.sampled:
        return None
    actor.must(Scope.READINGS_READ)
    now = clock.now()
    until = end or now + timedelta(days=2)
    head = f'{{"kind":"{kind.name}","unit":"{kind.unit}","id":"'
    first = start or _EVER
    row = await store.PLAIN.call(database, actor, patient, kind.no, first, start or until - _STEPS[0], until, limit, head, ',"status":"final"}')
    return (row, now) if row is not None and (row.items is not None or not row.n) else None


_EVER: Final = datetime.fromisoformat("1990-01-01T00:00:00+00:00")
_SAMPLED: Final = frozenset({201})

"""Observations in: read, found out whose, stored and judged like every reading, answered one by one."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from domain.errors import NotFound, Refusal
from domain.people import nhs_number
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Draft, Duplicate, Quarantined, Rejected, Stored
from integrations.derived import reading_id
from integrations.fhir import MANIFEST
from integrations.fhir.adapter import named, observation
from integrations.fhir.codes import NHS_NUMBER
from integrations.fhir.observation import Found, Who, Wrong, read
from integrations.fhir.shapes import Named
from integrations.fhir.shapes import Observation as ObservationIn
from server import clock
from server.app_state import Parts
from server.db import Tx
from server.fhir import store
from server.fhir.ids import joined, parted
from server.fhir.out import OURS
from server.fhir.outcome import Issue, error, of_wrong, placed, warning
from server.fhir.reading import SAMPLED
from server.fhir.resources import Observation
from server.ingest import Part, Request
from server.readings import named as names_of
from server.readings.service import SOURCES, Settled, of_device, settle
from server.readings.wire import Bad, Given
from server.receipts import store as receipts

ZONE: Final = "Europe/London"
"""Where a day without a time is; only the day of such a reading is believed."""
_PATIENT: Final = re.compile(r"Patient/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
_EXPRESSIONS: Final = {
    "/value": "Observation.value.value", "/unit": "Observation.value.code", "/takenAt": "Observation.effective",
    "/deviceSerial": "Observation.device", "/kind": "Observation.code", "/code": "Observation.value", "/id": "Observation.identifier",
    "": "Observation",
}  # fmt: skip
_ISSUES: Final = {"not_yours": "not-found", "device_missing": "required", "id_reused": "duplicate", "kind_unknown": "code-invalid",
                  "nothing_named": "not-found"}  # fmt: skip


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One Observation to be created; `where`: its place in a bundle. `others`: what a bundle says of people and devices."""

    raw: bytes
    where: str = ""
    if_none_exist: tuple[str | None, str] | None = None
    others: Mapping[str, Who] = {}


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it."""

    status: int
    word: str
    issues: tuple[Issue, ...] = ()
    patient: UUID | None = None
    reading: UUID | None = None
    at: datetime | None = None
    held: UUID | None = None

    @property
    def id(self) -> str:
        """The logical id, empty where nothing is stored."""
        return "" if self.patient is None or self.reading is None else joined(self.patient, self.reading, self.at)


class _Ready(msgspec.Struct, kw_only=True):
    place: int
    item: Item
    found: Found
    given: Given
    owner: UUID


async def create(
    parts: Parts, actor: Actor, request_id: UUID, body: bytes, items: Sequence[Item], *, whole: bool = False,
) -> list[Made]:  # fmt: skip
    """Store, judge and commit Observations; one answer each, in order. `whole`: all of them, or nothing is stored."""
    actor.must(Scope.READINGS_WRITE)
    made: list[Made | None] = [None] * len(items)
    ready: list[_Ready] = []
    for place, item in enumerate(items):
        found = await _ready(parts, actor, place, item)
        if isinstance(found, Made):
            made[place] = found
        else:
            ready.append(found)
    async with parts.database.begin(actor) as tx:
        await receipts.keep(tx, actor.id, request_id, MANIFEST.name, MANIFEST.version, clock.now(), body)
        ready = await _of_theirs(tx, ready, made)
        spoilt = whole and len(ready) < len(items)
        if not spoilt:
            ready = await _named(tx, actor, ready, made)
            spoilt = whole and any(one is not None and one.status >= 400 for one in made)  # noqa: PLR2004 - a status
    if spoilt:
        _left_out(made)
    elif ready:
        await _settled(parts, actor, request_id, ready, made, whole=whole)
    found_all = [one for one in made if one is not None]
    async with parts.database.begin(actor) as tx:
        told = [_told(place, one) for place, one in enumerate(found_all)]
        await receipts.tell(tx, actor.id, request_id, told, {one.patient for one in found_all if one.patient is not None})
    return found_all


async def retract(parts: Parts, actor: Actor, request_id: UUID, one: Observation) -> None:
    """Mark an Observation entered in error; its values stay. Doing it again is harmless."""
    actor.must(Scope.READINGS_WRITE)
    found = parted(one.id)
    # The kind says which class of data is written: who may write vital signs may take one back.
    kind = next(coding.code for coding in one.code.coding if coding.system == OURS)
    draft = Draft(
        id=uuid7(), kind=kind, taken_at=clock.now(), retracts=True, corrects=found.one, source=SOURCES[actor.kind],
        reason="Entered in error, says the sender",
    )  # fmt: skip
    await parts.ingest.submit(Request(actor=actor, what="reading-retracted", request_id=request_id), [Part(found.patient, [draft])])


def _told(place: int, made: Made) -> receipts.Item:
    one = made.reading or made.held
    if not made.issues:
        return receipts.Item(place=place, status=made.word, id=one)
    first = made.issues[0]
    return receipts.Item(
        place=place, status=made.word, id=one, code=None if first.details is None else first.details.text,
        pointer=next(iter(first.expression), None), detail=first.diagnostics,
    )  # fmt: skip


def _left_out(made: list[Made | None]) -> None:
    """Nothing of a transaction was stored: what was good says so."""
    why = error("processing", "Not stored: another entry of this transaction was refused.", words="transaction_refused")
    for place, one in enumerate(made):
        if one is None or one.status < 400:  # noqa: PLR2004 - a status
            made[place] = Made(status=424, word="rejected", issues=(why,))


async def _ready(parts: Parts, actor: Actor, place: int, item: Item) -> _Ready | Made:
    """Whose Observation it is, and as which draft; or why it is refused."""
    try:
        one = observation(item.raw)
        found = read(one, zone=ZONE, patient="", sender=str(actor.id))
        patient = await _subject(parts, actor, _linked(one, found.subject, item))
        serial = await _serial(parts, actor, _linked(one, found.device, item))
    except Wrong as wrong:
        return Made(status=400 if wrong.code == "not_json" else 422, word="rejected", issues=(of_wrong(wrong, item.where),))
    draft = replace(found.draft, history=False)
    given = Given(draft=draft, device_serial=serial, patient=patient)
    if actor.kind is ActorKind.VENDOR:
        whose = await of_device(parts.devices, actor, given, draft)
        if isinstance(whose, Rejected):
            return _refused(whose, item)
        owner = whose[0]
    elif patient is not msgspec.UNSET:
        owner = patient
    elif actor.kind is ActorKind.PATIENT:
        owner = actor.id
    else:
        issue = error("required", "Whose it is: Patient/<id>.", placed("Observation.subject", item.where), "subject_missing")
        return Made(status=422, word="rejected", issues=(issue,))
    if actor.kind is ActorKind.PATIENT and owner != actor.id:
        return _not_yours(draft.id, item)
    return _Ready(place=place, item=item, found=found, given=given, owner=owner)


def _linked(one: ObservationIn, who: Who | None, item: Item) -> Who | None:
    """What a reference into the resource itself, or into its bundle, stands for."""
    if who is None or not who.reference:
        return who
    if who.reference in item.others:
        return item.others[who.reference]
    if not who.reference.startswith("#"):
        return who
    for raw in one.contained:
        thing = named(bytes(raw))
        if thing is not None and thing.id == who.reference[1:]:
            return of_named(thing)
    raise Wrong("reference_broken", "not-found", "Observation.contained", "A reference to what is not contained.")


def of_named(thing: Named) -> Who:
    """A contained or bundled Patient or Device, as a reference would name it."""
    first = next((one for one in thing.identifier if one.value), None)
    if thing.serial_number:
        return Who(value=thing.serial_number)
    return Who() if first is None else Who(system=first.system, value=first.value)


async def _subject(parts: Parts, actor: Actor, who: Who | None) -> UUID | msgspec.UnsetType:
    if who is None:
        return msgspec.UNSET
    if who.reference:
        tail = who.reference.removeprefix(f"{parts.extras['base']}/fhir/R4/")
        found = _PATIENT.fullmatch(tail)
        if found is None:
            raise Wrong("subject_unknown", "not-found", "Observation.subject", "Patient/<id>, as this server names the person.")
        return UUID(found[1])
    if who.system != NHS_NUMBER or actor.kind is ActorKind.VENDOR:
        raise Wrong("subject_unknown", "not-found", "Observation.subject",
                    "Name the person as Patient/<id>; a device names its own person, so subject may be left out.")
    try:
        number = nhs_number.admit(who.value, pointer="")
    except Refusal as refusal:
        raise Wrong("nhs_number_invalid", "value", "Observation.subject.identifier.value", refusal.detail) from refusal
    async with parts.database.begin(actor) as tx:
        row = await store.BY_NUMBER.one(tx, number)
    if row is None:
        raise Wrong("subject_unknown", "not-found", "Observation.subject", "There is no such person for you.")
    return row.patient_id


async def _serial(parts: Parts, actor: Actor, who: Who | None) -> str | msgspec.UnsetType:
    """The serial number of a vendor's device; other senders' devices are not told apart here."""
    if who is None or actor.kind is not ActorKind.VENDOR:
        return msgspec.UNSET
    if who.value:
        return who.value
    _, slash, number = who.reference.rpartition("Device/")
    if slash and number.isascii() and number.isdigit() and len(number) < 10:  # noqa: PLR2004 - an integer of ours
        async with parts.database.begin(actor) as tx:
            row = await store.SERIAL.one(tx, int(number), await parts.devices.vendor(actor))
        if row is not None:
            return row.serial
    raise Wrong("device_unknown", "not-found", "Observation.device", "The device by its serial number (identifier.value), or Device/<id>.")


async def _of_theirs(tx: Tx, ready: Sequence[_Ready], made: list[Made | None]) -> list[_Ready]:
    """Leave out what the sender may not write for that person: one such item sinks no other (ING-4)."""
    theirs = await names_of.writable(tx, list({one.owner for one in ready}))
    left: list[_Ready] = []
    for one in ready:
        if (one.owner, BY_NAME[one.given.draft.kind].data_class) in theirs:
            left.append(one)
        else:
            made[one.place] = _not_yours(one.given.id, one.item)
    return left


def _not_yours(sent: UUID, item: Item) -> Made:
    return _refused(Rejected(sent, "not_yours", "/subject", "There is no such person for you."), item)


async def _named(tx: Tx, actor: Actor, ready: Sequence[_Ready], made: list[Made | None]) -> list[_Ready]:
    """Give each named Observation the id that its name stands for; leave out what is there already or was taken back."""
    left: list[_Ready] = []
    names: list[names_of.Name] = []
    first: dict[tuple[UUID, str, str], bytes] = {}
    for one in ready:
        if one.item.if_none_exist is not None:
            hits = await store.KNOWN.all(tx, one.owner, actor.id, *one.item.if_none_exist)
            if hits:
                made[one.place] = _there_already(one, hits)
                continue
        left.append(one)
        if one.found.key is None:
            continue
        system, value = one.found.key
        key, content = (one.owner, system, value), names_of.content(one.given.draft, one.given.device_serial)
        if first.setdefault(key, content) != content:
            issue = error("duplicate", "Named twice in one request, with two contents.", placed("Observation.identifier", one.item.where),
                          "named_twice")
            made[one.place] = Made(status=422, word="rejected", issues=(issue,))
            left.remove(one)
        elif all((each.patient, each.system, each.value) != key for each in names):
            names.append(names_of.Name(one.place, one.owner, system, value, content, uuid7(), one.given.draft.retracts))
    if not names:
        return left
    rows = await names_of.send(tx, actor.id, names)
    known = {(name.patient, name.system, name.value): rows[name.place] for name in names}
    return [one for one in left if one.found.key is None or _takes(one, known[one.owner, *one.found.key], made)]


def _takes(one: _Ready, row: names_of.SentRow, made: list[Made | None]) -> bool:
    """Make the draft what its name stands for now; whether there is something to do."""
    draft = one.given.draft
    if draft.retracts:
        one.given = replace(one.given, draft=replace(draft, id=uuid7(), corrects=row.reading))
        return True
    if row.gone:
        issue = error("conflict", "This identifier was marked entered in error.", placed("Observation.identifier", one.item.where), "gone")
        made[one.place] = Made(status=409, word="rejected", issues=(issue,))
        return False
    reason = None if row.previous is None else "Sent again with other content"
    one.given = replace(one.given, draft=replace(draft, id=row.reading, corrects=row.previous, reason=reason))
    return True


def _there_already(one: _Ready, hits: Sequence[store.NameRow]) -> Made:
    if len(hits) > 1:
        issue = error("multiple-matches", "If-None-Exist names more than one.", one.item.where, "several")
        return Made(status=412, word="rejected", issues=(issue,))
    return Made(status=200, word="duplicate", patient=one.owner, reading=hits[0].reading)


async def _settled(
    parts: Parts, actor: Actor, request_id: UUID, ready: Sequence[_Ready], made: list[Made | None], *, whole: bool,
) -> None:  # fmt: skip
    for one in ready:
        if one.found.key is None:
            # Without a name of its sender a reading is what it says: its id is made of that.
            draft = one.given.draft
            kept = reading_id(one.owner, draft.id)
            changed = replace(draft, corrects=reading_id(one.owner, draft.corrects)) if draft.corrects else replace(draft, id=kept)
            one.given = replace(one.given, draft=changed)
    try:
        settled = await settle(
            parts.ingest, parts.devices, actor, request_id, [replace(one.given, patient=one.owner) for one in ready], None, whole=whole,
        )  # fmt: skip
    except NotFound:
        # Withdrawn since it was asked above.
        for one in ready:
            made[one.place] = _not_yours(one.given.id, one.item)
        return
    for one, found in zip(ready, settled, strict=True):
        made[one.place] = _made(one, found)


def _made(one: _Ready, settled: Settled) -> Made:
    outcome = settled.outcome
    match outcome:
        case Stored(reading=reading):
            doubt: tuple[Issue, ...] = ()
            if reading is not None and reading.unconfirmed:
                doubt = (warning("business-rule", "Kept, and a repeat is asked for.", "", reading.marks[0]),)
            kept = one.given.draft.corrects if one.given.draft.retracts else reading.id if reading is not None else None
            moment = reading.taken_at if reading is not None and reading.kind in SAMPLED else None
            return Made(status=201, word="stored", issues=doubt, patient=one.owner, reading=kept, at=moment)
        case Duplicate(first_id=first):
            return Made(status=200, word="duplicate", patient=one.owner, reading=first, at=_moment(settled.draft))
        case Quarantined(code=code, pointer=pointer, detail=detail):
            issue = warning("business-rule", f"Kept and asked about, not judged. {detail}", _expression(pointer, one.item.where), code)
            return Made(status=202, word="quarantined", issues=(issue,), patient=one.owner, held=outcome.id)
        case Rejected() | Bad():
            return _refused(outcome, one.item)


def _moment(draft: Draft | None) -> datetime | None:
    """When a sensor's sample was taken, to the millisecond as it is kept."""
    if draft is None or draft.kind not in BY_NAME or not BY_NAME[draft.kind].sampled:
        return None
    at = draft.taken_at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _refused(outcome: Rejected | Bad, item: Item) -> Made:
    expression = "Observation.subject" if outcome.pointer == "/subject" else _expression(outcome.pointer, "")
    issue = error(_ISSUES.get(outcome.code, "value"), outcome.detail, placed(expression, item.where), outcome.code)
    return Made(status={"id_reused": 409, "left_out": 424}.get(outcome.code, 422), word="rejected", issues=(issue,))


def _expression(pointer: str, where: str) -> str:
    if pointer.startswith("/parts"):
        return placed("Observation.component", where)
    return placed(_EXPRESSIONS.get(pointer, "Observation"), where)

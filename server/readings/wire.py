"""The readings API as bytes: what comes in, strictly, and what goes out."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeVar
from uuid import UUID

import msgspec

from domain.errors import Malformed
from domain.readings.quarantine import meanings
from domain.readings.reading import Context, Draft, Duplicate, Outcome, Quarantined, Rejected, Source, Stored
from domain.text import admit
from integrations.json_keys import members
from integrations.json_numbers import decimal
from server.http import each_once

MOST: Final = 1_000
T = TypeVar("T")

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ReadingIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One reading as a phone or a vendor sends it. Measured values are JSON numbers; nothing is converted from text."""

    id: UUID
    kind: Text
    taken_at: Annotated[datetime, msgspec.Meta(tz=True)]
    value: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    parts: dict[Text, msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    code: Text | msgspec.UnsetType = msgspec.UNSET
    unit: Text | msgspec.UnsetType = msgspec.UNSET
    comparator: Literal["<", ">"] | msgspec.UnsetType = msgspec.UNSET
    context: Context | msgspec.UnsetType = msgspec.UNSET
    device_serial: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | msgspec.UnsetType = msgspec.UNSET
    device_vendor: Text | msgspec.UnsetType = msgspec.UNSET
    manual: bool | msgspec.UnsetType = msgspec.UNSET
    sent_at: Annotated[datetime, msgspec.Meta(tz=True)] | msgspec.UnsetType = msgspec.UNSET
    corrects: UUID | msgspec.UnsetType = msgspec.UNSET
    reason: Annotated[str, msgspec.Meta(max_length=2000)] | msgspec.UnsetType = msgspec.UNSET
    patient: UUID | msgspec.UnsetType = msgspec.UNSET


class BatchIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Up to 1,000 readings."""

    items: Annotated[list[ReadingIn], msgspec.Meta(max_length=MOST)]


class _LooseBatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    items: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MOST)]


class _HasId(msgspec.Struct, frozen=True):
    id: UUID


class Retraction(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Mark a reading entered in error; its values stay in the history. `id` is of this retraction, made by the sender."""

    id: UUID
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class ItemOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What became of one item sent. One that is held is asked about: `POST /v1/me/quarantine/{id}/answer`."""

    id: UUID | None
    status: Literal["stored", "duplicate", "quarantined", "rejected"]
    unconfirmed: bool = False
    first_id: UUID | None = None
    code: str | None = None
    pointer: str | None = None
    detail: str | None = None
    question: str | None = None
    meant: list[str] | None = None


class BatchOut(msgspec.Struct, frozen=True, kw_only=True):
    """One answer per item, in the order sent."""

    items: list[ItemOut]


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A reading that another format named, ready as a draft; the device and the person as that format named them."""

    draft: Draft
    device_serial: str | msgspec.UnsetType = msgspec.UNSET
    device_vendor: str | msgspec.UnsetType = msgspec.UNSET
    patient: UUID | msgspec.UnsetType = msgspec.UNSET
    sent_at: datetime | msgspec.UnsetType = msgspec.UNSET

    @property
    def id(self) -> UUID:
        """The draft's own."""
        return self.draft.id


_ONE: Final = msgspec.json.Decoder(ReadingIn)
_RETRACTION: Final = msgspec.json.Decoder(Retraction)
_BATCH: Final = msgspec.json.Decoder(BatchIn)
_LOOSE: Final = msgspec.json.Decoder(_LooseBatch)
_ID: Final = msgspec.json.Decoder(_HasId)
_ENCODER: Final = msgspec.json.Encoder()
_UNSET: Final = msgspec.UNSET
_FIRST: Final = datetime.fromisoformat("1900-01-01T00:00:00+00:00")
_LAST: Final = datetime.fromisoformat("2100-01-01T00:00:00+00:00")

encode = _ENCODER.encode


class Bad(msgspec.Struct, frozen=True):
    """An item that is no draft: refused alone, with where and why."""

    id: UUID | None
    code: str
    pointer: str
    detail: str


def _shaped(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Decode; what is no JSON at all is told as such, even where a wrong shape stands before it."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        msgspec.json.decode(body)
        raise


def decode_one(body: bytes) -> ReadingIn:
    """A single reading, each key once."""
    item = _shaped(_ONE, body)
    if members(body) != given(item):
        # Rare: a key twice, or a null that says nothing (`"context": {"arm": null}`), which is as good as left out.
        each_once(body)
    return item


def decode_retraction(body: bytes) -> Retraction:
    """A retraction, each key once."""
    given_up = _shaped(_RETRACTION, body)
    if members(body) != len(Retraction.__struct_fields__):
        raise Malformed("A key stands twice in one object.")
    return given_up


def decode_batch(body: bytes) -> list[ReadingIn | Bad]:
    """A batch, decoded whole; only when that fails, item by item, so that one bad item sinks no good one (ING-4)."""
    try:
        items = _BATCH.decode(body).items
    except msgspec.ValidationError:
        return _one_by_one(body)
    if members(body) != 1 + sum(map(given, items)):
        return _one_by_one(body)
    return list(items)


def _one_by_one(body: bytes) -> list[ReadingIn | Bad]:
    raws = _shaped(_LOOSE, body).items
    if members(body) != 1 + sum(members(bytes(raw)) for raw in raws):
        raise Malformed("A key stands twice in one object.")
    return [_read(bytes(raw)) for raw in raws]


def _read(raw: bytes) -> ReadingIn | Bad:
    try:
        return decode_one(raw)
    except Malformed as error:
        return Bad(_id_of(raw), "key_twice", "", error.detail)
    except (msgspec.ValidationError, RecursionError) as error:
        from server.errors import problem_of  # noqa: PLC0415 - the refusals' table, needed on the rare path only

        problem, _ = problem_of(error)
        fault = problem.errors[0] if problem.errors else None
        return Bad(_id_of(raw), "invalid", fault.pointer if fault else "", fault.detail if fault else problem.detail)


def _id_of(raw: bytes) -> UUID | None:
    try:
        return _ID.decode(raw).id
    except (msgspec.DecodeError, RecursionError):
        return None


def given(item: ReadingIn) -> int:
    """How many members the JSON of this item must have had."""
    count = 3
    for name in _OPTIONAL:
        if getattr(item, name) is not _UNSET:
            count += 1
    if item.parts is not _UNSET and item.parts:
        count += len(item.parts)
    if item.context is not _UNSET:
        count += sum(getattr(item.context, name) is not None for name in Context.__struct_fields__)
    return count


_OPTIONAL: Final = tuple(name for name in ReadingIn.__struct_fields__ if name not in ("id", "kind", "taken_at"))


def draft_of(item: ReadingIn, source: Source) -> Draft | Bad:
    """The item as a draft of the domain, or why it is none."""
    value: Decimal | None = None
    if item.value is not _UNSET:
        value = decimal(bytes(item.value))
        if value is None:
            return Bad(item.id, "not_a_number", "/value", "A JSON number of at most 18 digits.")
    parts: dict[str, Decimal] | None = None
    if item.parts is not _UNSET:
        parts = {}
        for name, raw in item.parts.items():
            part = decimal(bytes(raw))
            if part is None:
                return Bad(item.id, "not_a_number", f"/parts/{name}", "A JSON number of at most 18 digits.")
            parts[name] = part
    at = item.taken_at
    offset = at.utcoffset()
    try:
        if not _FIRST <= at <= _LAST:
            return Bad(item.id, "time_out_of_range", "/takenAt", "Between 1900 and 2100.")
    except OverflowError:
        return Bad(item.id, "time_out_of_range", "/takenAt", "Between 1900 and 2100.")
    return Draft(
        id=item.id, kind=item.kind, taken_at=at, value=value, parts=parts,
        code=None if item.code is _UNSET else item.code,
        unit=None if item.unit is _UNSET else item.unit,
        comparator=None if item.comparator is _UNSET else item.comparator,
        context=None if item.context is _UNSET else item.context,
        manual=item.manual is True,
        source=source,
        offset_min=0 if not offset else int(offset.total_seconds() // 60),
        corrects=None if item.corrects is _UNSET else item.corrects,
        reason=None if item.reason is _UNSET else admit(item.reason, pointer="/reason"),
    )


def asked(item: ItemOut, draft: Draft) -> ItemOut:
    """A held item with the question that its sender can answer at once (F3); the value itself is never echoed."""
    units = [one.unit for one in meanings(draft)]
    question = f"Did you mean {' or '.join(units)}?" if units else "Is this right as sent?"
    return msgspec.structs.replace(item, question=question, meant=units or None)


def status_of(outcome: Outcome | Bad) -> Literal["stored", "duplicate", "quarantined", "rejected"]:
    """The word for what became of an item."""
    match outcome:
        case Stored():
            return "stored"
        case Duplicate():
            return "duplicate"
        case Quarantined():
            return "quarantined"
        case Rejected() | Bad():
            return "rejected"


def out(outcome: Outcome | Bad, sent: UUID | None) -> ItemOut:
    """What became of one item, as the sender sees it; the id is the one that was sent."""
    match outcome:
        case Stored(reading=reading):
            return ItemOut(id=sent, status="stored", unconfirmed=reading is not None and reading.unconfirmed)
        case Duplicate(first_id=first):
            return ItemOut(id=sent, status="duplicate", first_id=first)
        case Quarantined(code=code, pointer=pointer, detail=detail):
            return ItemOut(id=sent, status="quarantined", code=code, pointer=pointer, detail=detail)
        case Rejected(code=code, pointer=pointer, detail=detail) | Bad(code=code, pointer=pointer, detail=detail):
            return ItemOut(id=sent, status="rejected", code=code, pointer=pointer, detail=detail)

"""What can be done with forms: see one with what is known already, answer it, read answers back."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.actor import Actor, ActorKind, Scope
from domain.days import midnight
from domain.errors import Conflict, IdReused, Invalid, NotFound
from domain.forms.catalogue import FORMS
from domain.forms.form import Form
from domain.forms.response import Filled, Response, Slot, admit, admit_facts, fill
from domain.readings.kinds import BY_NAME
from domain.text import admit as admit_text
from server import clock, metrics
from server.audit.reads import Reads
from server.db import ConflictError, Database, Tx
from server.forms import store, wire
from server.ingest import Ingest, Part, Request
from server.readings.service import SOURCES
from server.readings.wire import out

STEADY_DAYS: Final = timedelta(days=14)
"""Nothing amber or red for so long, and nothing open, is steady (F6)."""
KNOWN_DAYS: Final = timedelta(days=7)
"""Nobody is steady before we have heard from them for so long."""
_SLOTS: Final = msgspec.json.Decoder(dict[str, Slot])
_TOLD: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_SCORES: Final = msgspec.json.Decoder(dict[str, Decimal])
_PLAIN: Final = msgspec.json.Encoder(decimal_format="number", order="deterministic")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a person before a form is asked."""

    facts: dict[str, str]
    answers: dict[str, wire.KnownOut]


def form_of(key: str, version: int | None = None) -> Form:
    """A form, or a refusal that says which part of its name is unknown."""
    found = FORMS.find(key, version)
    if found is None:
        known = FORMS.find(key) is not None
        raise Invalid("There is no such version of this form." if known else "There is no such form.",
                      "/version" if known else "/form")
    return found


async def known(database: Database, reads: Reads, actor: Actor, patient: UUID, form: Form, request_id: UUID) -> Known:
    """What is known of a person that a form would ask for, and whether they are steady (F6)."""
    actor.must(Scope.READINGS_READ)
    now = clock.now()
    kinds = {BY_NAME[item.kind].no: item for item in form.items if item.tell_once and item.kind}
    async with database.begin(actor) as tx:
        person = await store.STEADY.one(tx, patient, now - STEADY_DAYS, now - KNOWN_DAYS)
        if person is None:
            raise NotFound
        today = midnight(now, person.zone)
        measured = await store.KNOWN.all(tx, patient, list(kinds), today, now + timedelta(minutes=5)) if kinds else []
        before = await store.NEWEST.all(tx, patient, form.key, 1)
    await reads.record(actor, patient, "form", request_id)
    answers = {
        kinds[row.kind].key: wire.KnownOut(
            answer=msgspec.Raw(str(row.value).encode()), told_at=row.taken_at, source="reading"
        )
        for row in measured
    }
    for row in before:
        told = _TOLD.decode(row.answers)
        for item in form.items:
            if item.tell_once and not item.kind and item.key in told:
                answers[item.key] = wire.KnownOut(answer=told[item.key], told_at=row.taken_at, source="response")
    facts = {fact.key: "yes" if person.is_steady else "no" for fact in form.facts}
    return Known(facts=facts, answers=answers)


async def is_steady(tx: Tx, patient: UUID, now: datetime) -> bool:
    """Whether nothing has stood out lately, of somebody we have known for a week."""
    found = await store.STEADY.one(tx, patient, now - STEADY_DAYS, now - KNOWN_DAYS)
    return found is not None and found.is_steady


async def respond(
    ingest: Ingest, database: Database, actor: Actor, request_id: UUID, item: wire.ResponseIn, patient: UUID | None,
) -> wire.ResponseOut:  # fmt: skip
    """Store a response and, in the same commit, judge the readings that it becomes. Sending it again changes nothing."""
    actor.must(Scope.READINGS_WRITE)
    if actor.kind is ActorKind.VENDOR:
        raise NotFound
    form = form_of(item.form, item.version)
    response = _admitted(form, item, actor)
    whose = patient or actor.id
    content = _content(item, response)
    async with database.begin(actor) as tx:
        there = await store.ONE.one(tx, whose, item.id)
        original = None if item.corrects is None else await store.ONE.one(tx, whose, item.corrects)
        later = await store.CORRECTING.one(tx, whose, item.id)
    if there is not None:
        return _again(there, content)
    filled = fill(form, response, _slots_of(form, original))
    # A correction of it came first: it is kept as history, and what it says is out of force from the start.
    drafts = () if later is not None else filled.drafts
    row = _row(form, response, filled, content, actor, whose) | {"is_superseded": later is not None}
    request = Request(actor=actor, what="response", request_id=request_id)
    try:
        (outcomes,) = await ingest.submit(request, [Part(whose, drafts, row)])
    except ConflictError as error:
        return await _raced(database, actor, whose, item, content, error)
    items = [out(outcome, draft.id) for outcome, draft in zip(outcomes, drafts, strict=True)]
    for one in items:
        metrics.READINGS.labels(one.status).inc()
    return wire.ResponseOut(
        id=item.id, status="stored", form=form.key, version=form.version, scores=filled.scores, missing=filled.missing,
        ask_again=filled.ask_again, readings=items,
    )  # fmt: skip


def _slots_of(form: Form, original: store.ResponseRow | None) -> Mapping[str, Slot]:
    if original is None:
        return {}
    if original.form != form.key:
        raise Invalid("A correction answers the same form.", "/corrects")
    if original.is_superseded:
        raise Conflict("It was corrected already; correct the newest response.", "/corrects")
    return _SLOTS.decode(original.slots)


async def _raced(
    database: Database, actor: Actor, whose: UUID, item: wire.ResponseIn, content: bytes, error: ConflictError,
) -> wire.ResponseOut:  # fmt: skip
    """The same response was being stored by another request at the same moment, or somebody corrected the original first."""
    async with database.begin(actor) as tx:
        there = await store.ONE.one(tx, whose, item.id)
    if there is None:
        raise Conflict("It was corrected already; correct the newest response.", "/corrects") from error
    return _again(there, content)


def _again(there: store.ResponseRow, content: bytes) -> wire.ResponseOut:
    if there.content != content:
        raise IdReused("This id was used for another response; make a new id.", "/id")
    return wire.ResponseOut(
        id=there.id, status="duplicate", form=there.form, version=there.version, scores=_SCORES.decode(there.scores)
    )


def _admitted(form: Form, item: wire.ResponseIn, actor: Actor) -> Response:
    answers, faults = admit(form, wire.answers_of(item))
    faults += admit_facts(form, item.facts)
    unknown = [place for place, key in enumerate(item.left_open) if form.item(key) is None]
    if unknown:
        raise Invalid("This form has no such question.", f"/leftOpen/{unknown[0]}")
    if faults:
        raise Invalid(faults[0].detail, faults[0].pointer, also=[(one.pointer, one.detail) for one in faults[1:]])
    at = wire.in_our_time(item.taken_at, "/takenAt")
    offset = at.utcoffset()
    return Response(
        id=item.id, form=form.key, version=form.version, taken_at=at, answers=answers, facts=item.facts,
        left_open=frozenset(item.left_open), source=SOURCES[actor.kind],
        offset_min=0 if not offset else int(offset.total_seconds() // 60), corrects=item.corrects,
        reason=None if item.reason is None else admit_text(item.reason, pointer="/reason"),
    )  # fmt: skip


def _content(item: wire.ResponseIn, response: Response) -> bytes:
    said: list[Any] = [
        response.form, response.version, response.taken_at.timestamp(), response.answers, response.facts,
        sorted(response.left_open), item.corrects,
    ]  # fmt: skip
    return hashlib.sha256(_PLAIN.encode(said)).digest()


def _row(
    form: Form, response: Response, filled: Filled, content: bytes, actor: Actor, patient: UUID
) -> dict[str, Any]:
    at: datetime = min(response.taken_at, clock.now())
    return {
        "patient": patient, "id": response.id, "form": form.key, "version": form.version, "data_class": int(form.data_class),
        "taken_at": at, "told_at": response.taken_at, "source": int(response.source), "answers": response.answers,
        "facts": response.facts, "left_open": sorted(response.left_open), "scores": filled.scores, "slots": filled.slots,
        "content": content.hex(), "corrects": response.corrects, "reason": response.reason, "author": actor.id,
    }  # fmt: skip


async def answered(  # noqa: PLR0913 - a query has its filters
    database: Database, reads: Reads, actor: Actor, patient: UUID, request_id: UUID, *, form: str | None, limit: int
) -> list[store.ResponseRow]:
    """The newest responses of a patient that the asker may see."""
    actor.must(Scope.READINGS_READ)
    async with database.begin(actor) as tx:
        found = await store.NEWEST.all(tx, patient, form, limit)
    await reads.record(actor, patient, "responses", request_id, n=len(found))
    return found

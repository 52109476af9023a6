"""HTTP for held readings: what is held and why, and what people decide."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor, ActorKind
from domain.errors import Invalid, NotFound
from domain.readings.kinds import BY_NO
from domain.readings.quarantine import Change, Meaning, State, Step
from integrations.json_numbers import decimal
from server.app_state import Parts
from server.http import AnyRequest, body_of, path_id, query_of, version_of
from server.quarantine import service

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_STATES: Final = ", ".join(State)
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Why = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class MeaningOut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the sender may have meant: the same number in another unit."""

    unit: str
    value: Decimal | None = None
    parts: dict[str, Decimal] | None = None


class DecisionOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One step, with who, when and why."""

    at: datetime
    what: str
    by: UUID
    by_name: str | None
    reason: str


class HeldOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A reading that was kept and is asked about. `version` is its ETag; `reading` is what became of it."""

    id: UUID
    patient: UUID
    kind: str
    code: str
    pointer: str
    detail: str
    taken_at: datetime
    received_at: datetime
    value: Decimal | None
    parts: dict[str, Decimal] | None
    unit: str | None
    comparator: str | None
    meant: list[MeaningOut]
    state: str
    version: int
    reading: UUID | None
    history: list[DecisionOut]


class HeldListOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Held ones first, newest first."""

    items: list[HeldOut]
    next_cursor: str | None


class Because(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Why it is decided so."""

    reason: Why


class Corrected(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What it should have been: what is left out stays as it was sent."""

    reason: Why
    value: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    parts: Annotated[dict[Text, msgspec.Raw], msgspec.Meta(max_length=3)] | None = None
    unit: Text | None = None
    taken_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A patient's answer about a reading of their own: what it meant, that it is right as sent, or that it was a mistake."""

    answer: Literal["meant", "right", "mistake"]
    value: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    parts: Annotated[dict[Text, msgspec.Raw], msgspec.Meta(max_length=3)] | None = None
    unit: Text | None = None
    taken_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


def shown(held: service.Held) -> HeldOut:
    """A held reading as the API shows it."""
    row, draft = held.row, held.draft
    return HeldOut(
        id=row.id, patient=row.patient_id, kind=BY_NO[row.kind].name, code=row.code, pointer=row.pointer, detail=row.detail,
        taken_at=draft.taken_at, received_at=row.received_at, value=draft.value, parts=draft.parts, unit=draft.unit,
        comparator=draft.comparator, meant=[meaning(one) for one in held.meant], state=row.state, version=row.version,
        reading=row.reading,
        history=[DecisionOut(at=one.at, what=one.what, by=one.by, by_name=one.by_name, reason=one.reason) for one in held.events],
    )  # fmt: skip


def meaning(one: Meaning) -> MeaningOut:
    """A meaning as the API shows it."""
    return MeaningOut(unit=one.unit, value=one.value, parts=one.parts)


def _one(held: service.Held) -> Response[bytes]:
    return Response(_ENCODER.encode(shown(held)), media_type="application/json",
                    headers={"etag": f'"{held.row.version}"', "cache-control": "no-store"})  # fmt: skip


def change_of(data: Corrected | Answer) -> Change:
    """What a body says instead. Raises Invalid for a number that is none (ING-10)."""
    value = None if data.value is msgspec.UNSET else _number(data.value, "/value")
    parts = None if data.parts is None else {name: _number(raw, f"/parts/{name}") for name, raw in data.parts.items()}
    return Change(value=value, parts=parts, unit=data.unit, taken_at=data.taken_at)


def _number(raw: msgspec.Raw, pointer: str) -> Decimal:
    found = decimal(bytes(raw))
    if found is None:
        raise Invalid("A JSON number of at most 18 digits.", pointer)
    return found


async def _list(request: AnyRequest, actor: Actor, parts: Parts, patient: UUID | None) -> Response[bytes]:
    query: dict[str, Any] = query_of(request.scope, {"state": str, "limit": int})
    limit = query.get("limit", service.MOST)
    if not 1 <= limit <= service.MOST:
        raise Invalid(f"From 1 to {service.MOST}.", "/limit")
    try:
        state = State(query["state"]) if "state" in query else None
    except ValueError as error:
        raise Invalid(f"One of {_STATES}.", "/state") from error
    found = await service.listed(parts.database, parts.reads, actor, request.scope["state"]["request_id"],
                                 patient=patient, state=state, limit=limit)  # fmt: skip
    out = HeldListOut(items=[shown(one) for one in found], next_cursor=None)
    return Response(_ENCODER.encode(out), media_type="application/json", headers={"cache-control": "no-store"})


_LISTED: Final[dict[str, Any]] = {"tags": ["quarantine"], "opt": {"answer": HeldListOut, "query": {"state": str, "limit": int}}}


@get("/v1/quarantine", operation_id="listHeldReadings", summary="Readings that are held and asked about", **_LISTED)
async def held(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Of everybody who shares with the asker's teams; kept, never judged until somebody decides (DQ-12)."""
    if actor.kind is not ActorKind.STAFF:
        raise NotFound
    return await _list(request, actor, parts, None)


@get("/v1/me/quarantine", operation_id="listMyHeldReadings", summary="My readings that are held and asked about", **_LISTED)
async def mine(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """The patient's own, with what each might have meant."""
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    return await _list(request, actor, parts, actor.id)


@get("/v1/patients/{patient_id:str}/quarantine/{held_id:str}", operation_id="getHeldReading", summary="One held reading",
     tags=["quarantine"], opt={"answer": HeldOut})  # fmt: skip
async def get_one(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                  patient_id: FromPath[str], held_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """With its history."""
    return _one(await service.one(parts.database, parts.reads, actor, request.scope["state"]["request_id"], path_id(patient_id),
                                  path_id(held_id)))


async def _decide(  # noqa: PLR0913 - one decision
    request: AnyRequest, actor: Actor, parts: Parts, patient_id: str, held_id: str, step: Step, version: int, reason: str,
    change: Change | None = None,
) -> Response[bytes]:  # fmt: skip
    if actor.kind is not ActorKind.STAFF:
        raise NotFound
    return _one(await service.decide(
        parts.database, parts.ingest, actor, request.scope["state"]["request_id"], path_id(patient_id), path_id(held_id), version,
        step, reason, change,
    ))  # fmt: skip


def _acts(body: type[msgspec.Struct]) -> dict[str, Any]:
    return {"status_code": 200, "tags": ["quarantine"], "opt": {"body": body, "if_match": True, "answer": HeldOut}}


@post("/v1/patients/{patient_id:str}/quarantine/{held_id:str}/release", operation_id="releaseHeldReading",
      summary="Believe a held reading as it was sent", **_acts(Because))  # fmt: skip
async def release(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                  patient_id: FromPath[str], held_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """It is stored and judged at its own time, in the same commit."""
    version = version_of(request)
    data = await body_of(request, Because)
    return await _decide(request, actor, parts, patient_id, held_id, Step.RELEASE, version, data.reason)


@post("/v1/patients/{patient_id:str}/quarantine/{held_id:str}/correct", operation_id="correctHeldReading",
      summary="Say what a held reading should have been", **_acts(Corrected))  # fmt: skip
async def correct(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                  patient_id: FromPath[str], held_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """What was sent is kept for ever; the corrected reading is stored and judged."""
    version = version_of(request)
    data = await body_of(request, Corrected)
    return await _decide(request, actor, parts, patient_id, held_id, Step.CORRECT, version, data.reason, change_of(data))


@post("/v1/patients/{patient_id:str}/quarantine/{held_id:str}/discard", operation_id="discardHeldReading",
      summary="Set a held reading aside for good", **_acts(Because))  # fmt: skip
async def discard(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                  patient_id: FromPath[str], held_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """Nothing is deleted, and it can be held again."""
    version = version_of(request)
    data = await body_of(request, Because)
    return await _decide(request, actor, parts, patient_id, held_id, Step.DISCARD, version, data.reason)


@post("/v1/patients/{patient_id:str}/quarantine/{held_id:str}/hold", operation_id="holdReadingAgain",
      summary="Take a decision back", **_acts(Because))  # fmt: skip
async def hold(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
               patient_id: FromPath[str], held_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """A reading that was made of it is marked entered in error, and what it raised is judged again."""
    version = version_of(request)
    data = await body_of(request, Because)
    return await _decide(request, actor, parts, patient_id, held_id, Step.HOLD, version, data.reason)


_SAYS: Final = {"meant": Step.CORRECT, "right": Step.CONFIRM, "mistake": Step.DISCARD}
_SAID: Final = {"meant": "The person says what it meant", "right": "The person says it is right", "mistake": "The person says it was a mistake"}


@post("/v1/me/quarantine/{held_id:str}/answer", status_code=200, operation_id="answerAboutHeldReading",
      summary="Say what my held reading meant", tags=["quarantine"], opt={"body": Answer, "answer": HeldOut})  # fmt: skip
async def answer(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                 held_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """`meant` with value, unit or time stores and judges it; `right` is noted for the team, who decide; `mistake` sets it aside."""
    data = await body_of(request, Answer)
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    change = change_of(data)
    if data.answer != "meant" and not change.is_empty:
        raise Invalid("Only with the answer `meant`.", "/answer")
    return _one(await service.decide(
        parts.database, parts.ingest, actor, request.scope["state"]["request_id"], actor.id, path_id(held_id), None,
        _SAYS[data.answer], _SAID[data.answer], change,
    ))  # fmt: skip


ROUTES: Final[list[Any]] = [held, mine, get_one, release, correct, discard, hold, answer]

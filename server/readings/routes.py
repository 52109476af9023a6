"""HTTP for readings: decode, call one service function, answer."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import asgi, delete, get, post, put
from litestar.di import NamedDependency
from litestar.exceptions import MethodNotAllowedException
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ASGIApp, Receive, Scope, Send

from domain.actor import Actor, ActorKind
from domain.actor import Scope as Allowed
from domain.errors import Invalid, NotFound
from domain.intake import sample_id
from domain.readings.kinds import BY_NAME, BY_NO
from domain.readings.reading import Status
from domain.readings.units import to_canonical
from server.app_state import Parts
from server.http import AnyRequest, method_of, path_id, query_of, read_body
from server.problems import MEDIA, PAGES, Fault, Problem
from server.readings import service, wire
from server.readings.store import HourRow, PlainRow, ReadingRow, restored
from server.requests import problem_bytes, request_id

_STATUS: Final = {"stored": 201, "duplicate": 200, "quarantined": 202, "rejected": 422}
_MOST: Final = 200


class ReadingOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One stored reading: canonical value and unit, and what was sent when that differs."""

    id: UUID
    kind: str
    taken_at: datetime
    received_at: datetime | None = None
    value: Decimal | None = None
    parts: dict[str, Decimal] | None = None
    code: str | None = None
    unit: str
    sent_value: Decimal | None = None
    sent_unit: str | None = None
    comparator: str | None = None
    status: str = "final"
    corrects: UUID | None = None
    marks: list[str] | None = None


class ReadingsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Newest first. `asOf`: the instant this was read; all that was acknowledged before it is in it."""

    items: list[ReadingOut]
    as_of: datetime
    next_before: datetime | None


ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class Answer(msgspec.Struct, frozen=True):
    """What a write is answered with."""

    status: int
    body: bytes
    media: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()


async def _send(send: Send, answer: Answer) -> None:
    await send({
        "type": "http.response.start", "status": answer.status,
        "headers": [(b"content-type", answer.media), (b"content-length", str(len(answer.body)).encode()),
                    (b"cache-control", b"no-store"), *answer.headers],
    })  # fmt: skip
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


def _count(parts: Parts, actor: Actor) -> tuple[tuple[bytes, bytes], ...]:
    """A machine has its share, and is told what is left; readings of patients are never limited."""
    if actor.kind is ActorKind.VENDOR and parts.limits is not None:
        return tuple(parts.limits.of(actor))
    return ()


async def _put(parts: Parts, scope: Scope, receive: Receive, sent_id: UUID, patient: UUID | None) -> Answer:
    actor = parts.signed_in(scope)
    share = _count(parts, actor)
    body = await read_body(scope, receive)
    if actor.kind is not ActorKind.VENDOR:
        return await _one(parts, scope, actor, body, sent_id, patient, share)
    async with parts.machines.take():
        return await _one(parts, scope, actor, body, sent_id, patient, share)


async def _one(parts: Parts, scope: Scope, actor: Actor, body: bytes, sent_id: UUID, patient: UUID | None,  # noqa: PLR0913 - what a request is
               share: tuple[tuple[bytes, bytes], ...]) -> Answer:  # fmt: skip
    item = wire.decode_one(body)
    if item.id != sent_id:
        raise Invalid("The id in the body is not the one in the address.", "/id")
    (found,) = await service.take(parts.ingest, parts.devices, actor, request_id(scope), [item], patient)
    if found.status == "rejected":
        return _rejected(scope, found)
    return Answer(_STATUS[found.status], wire.encode(found), headers=share)


async def _retract(parts: Parts, scope: Scope, receive: Receive, sent_id: UUID, patient: UUID | None) -> Answer:
    actor = parts.signed_in(scope)
    given = wire.decode_retraction(await read_body(scope, receive))
    found = await service.retract(parts.ingest, actor, request_id(scope), patient or actor.id, sent_id, given)
    return Answer(200, wire.encode(found))


async def _post(parts: Parts, scope: Scope, receive: Receive, patient: UUID | None) -> Answer:
    actor = parts.signed_in(scope)
    share = _count(parts, actor)
    body = await read_body(scope, receive, parts.body_limit(actor))
    if actor.kind is not ActorKind.VENDOR:
        return await _many(parts, scope, actor, body, patient, share)
    async with parts.machines.take():
        return await _many(parts, scope, actor, body, patient, share)


async def _many(parts: Parts, scope: Scope, actor: Actor, body: bytes, patient: UUID | None,
                share: tuple[tuple[bytes, bytes], ...]) -> Answer:  # fmt: skip
    items = wire.decode_batch(body)
    found = await service.take(parts.ingest, parts.devices, actor, request_id(scope), items, patient)
    return Answer(200, wire.encode(wire.BatchOut(items=found)), headers=share)


def _rejected(scope: Scope, found: wire.ItemOut) -> Answer:
    if found.code == "not_yours":
        raise NotFound
    code, status = ("id-reused", 409) if found.code == "id_reused" else ("reading-rejected", 422)
    fault = Fault(pointer=found.pointer or "", code=found.code or code, detail=found.detail or "")
    problem = Problem(type=f"/problems/{code}", title=PAGES[code].title, status=status, detail=fault.detail, errors=(fault,))
    return Answer(status, problem_bytes(problem, scope), MEDIA.encode())


@asgi("/v1/readings", is_mount=True, opt={"actor": True}, copy_scope=False)
async def door(scope: Scope, receive: Receive, send: Send) -> None:
    """PUT and DELETE /v1/readings/{id}, POST /v1/readings/batch: the hot path, so nothing of the framework stands in it.

    A mount, because Litestar 2.25 answers an ASGI route with path parameters with a KeyError.
    """
    parts: Parts = scope["litestar_app"].state.parts
    await _serve(parts, scope, receive, send, scope["path"].strip("/"))


async def _serve(parts: Parts, scope: Scope, receive: Receive, send: Send, tail: str) -> None:
    method = method_of(scope)
    if tail == "batch":
        scope["path_template"] = "/v1/readings/batch"
        if method != "POST":
            raise MethodNotAllowedException(headers={"Allow": "POST"})
        await _send(send, await _post(parts, scope, receive, None))
        return
    scope["path_template"] = "/v1/readings/{reading_id}"
    sent_id = path_id(tail)
    if method == "PUT":
        await _send(send, await _put(parts, scope, receive, sent_id, None))
    elif method == "DELETE":
        await _send(send, await _retract(parts, scope, receive, sent_id, None))
    else:
        raise MethodNotAllowedException(headers={"Allow": "PUT, DELETE"})


class FastLane:
    """Stands before the framework: what is for the door goes straight to it, since routing costs as much as the door."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is raised is answered by the edge, as everywhere."""
        if scope["type"] == "http" and scope["path"].startswith(_DOOR):
            await _serve(self._parts, scope, receive, send, scope["path"][len(_DOOR):])
        else:
            await self._app(scope, receive, send)


_DOOR: Final = "/v1/readings/"


def _shown(answer: Answer) -> Response[bytes]:
    return Response(answer.body, status_code=answer.status, media_type=answer.media.decode(),
                    headers={"cache-control": "no-store"})  # fmt: skip


@put("/v1/patients/{patient_id:str}/readings/{reading_id:str}", operation_id="putReadingForPatient",
     summary="Send one reading of a patient", tags=["readings"], opt={"body": wire.ReadingIn, "answer": wire.ItemOut})  # fmt: skip
async def put_for(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],  # noqa: ARG001
                  patient_id: FromPath[str], reading_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """Staff write where the patient's grant lets them."""
    return _shown(await _put(parts, request.scope, request.receive, path_id(reading_id), path_id(patient_id)))


@delete("/v1/patients/{patient_id:str}/readings/{reading_id:str}", operation_id="retractReadingForPatient", status_code=200,
        summary="Mark a reading of a patient entered in error", tags=["readings"],
        opt={"body": wire.Retraction, "answer": wire.ItemOut})  # fmt: skip
async def retract_for(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],  # noqa: ARG001
                      patient_id: FromPath[str], reading_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """Its values stay in the history, with author and reason."""
    return _shown(await _retract(parts, request.scope, request.receive, path_id(reading_id), path_id(patient_id)))


@post("/v1/patients/{patient_id:str}/readings/batch", operation_id="postReadingsForPatient", status_code=200,
      summary="Send up to 1,000 readings of a patient", tags=["readings"], opt={"body": wire.BatchIn, "answer": wire.BatchOut})  # fmt: skip
async def post_for(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],  # noqa: ARG001
                   patient_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """One answer per item, in order."""
    return _shown(await _post(parts, request.scope, request.receive, path_id(patient_id)))


_QUERY: Final = {"kind": str, "from": datetime, "before": datetime, "limit": int}


async def _read(request: AnyRequest, actor: Actor, parts: Parts, patient: UUID) -> Response[bytes]:
    query: dict[str, Any] = query_of(request.scope, _QUERY)
    limit = query.get("limit", 100)
    if not 1 <= limit <= _MOST:
        raise Invalid(f"From 1 to {_MOST}.", "/limit")
    kind = None
    if "kind" in query:
        kind = BY_NAME.get(query["kind"])
        if kind is None:
            raise Invalid("Not a kind of reading; see the API description.", "/kind")
    actor.must(Allowed.READINGS_READ)
    # The access is written while the database reads; the answer leaves when both are done.
    logged = parts.reads.record(actor, patient, "readings", request_id(request.scope))
    plain = None
    if kind is not None:
        plain = await service.plain(parts.database, actor, patient, kind=kind, start=query.get("from"), end=query.get("before"), limit=limit)
    if plain is not None:
        await logged
        return _page(*plain, limit)
    page = await service.latest(
        parts.database, actor, patient, kind=None if kind is None else kind.no, start=query.get("from"), end=query.get("before"), limit=limit,
    )
    await logged
    items = [*map(shown, page.readings), *(one for hour in page.hours for one in samples(patient, hour))]
    items.sort(key=lambda one: one.taken_at, reverse=True)
    items = items[:limit]
    out = ReadingsOut(items=items, as_of=page.as_of, next_before=items[-1].taken_at if len(items) == limit else None)
    return Response(ENCODER.encode(out), media_type="application/json", headers={"cache-control": "no-store"})


def _page(row: PlainRow, as_of: datetime, limit: int) -> Response[bytes]:
    """A page whose items the database has written already."""
    rest = msgspec.json.encode({"asOf": as_of, "nextBefore": row.last_at if row.n == limit else None})
    body = b'{"items":[' + (row.items or "").encode() + b"]," + rest[1:]
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})


@get("/v1/me/readings", operation_id="listMyReadings", summary="Read my readings, newest first", tags=["readings"],
     opt={"query": _QUERY, "answer": ReadingsOut})
async def my_readings(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """The patient's own readings."""
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    return await _read(request, actor, parts, actor.id)


@get("/v1/patients/{patient_id:str}/readings", operation_id="listReadings", summary="Read a patient's readings, newest first",
     tags=["readings"], opt={"query": _QUERY, "answer": ReadingsOut})
async def readings(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                   patient_id: FromPath[str]) -> Response[bytes]:
    """What the patient shares with the asker's team; nothing else is there."""
    return await _read(request, actor, parts, path_id(patient_id))


def shown(row: ReadingRow) -> ReadingOut:
    """A stored row as the API shows it."""
    kind = BY_NO[row.kind]
    values = [value for value in (row.value, row.value2, row.value3) if value is not None]
    named = {part.name: value for part, value in zip(kind.parts, values, strict=False)} if kind.parts else None
    code = kind.codes[int(row.value)] if kind.codes and int(row.value) in kind.codes else None
    single = named is None and code is None
    return ReadingOut(
        id=row.id, kind=kind.name, taken_at=row.taken_at, received_at=row.received_at,
        value=row.value if single else None, parts=named, code=code, unit=kind.unit,
        sent_value=row.original[0] if row.original and single else None, sent_unit=row.unit, comparator=row.comparator,
        status=Status(row.status).name.lower(), corrects=row.corrects, marks=row.marks,
    )


def samples(patient: UUID, hour: HourRow) -> list[ReadingOut]:
    """The samples of one sensor hour; each has the id that it was answered with."""
    kind = BY_NO[hour.kind]
    return [
        ReadingOut(
            id=sample_id(patient, restored(hour, place)), kind=kind.name, taken_at=hour.hour + timedelta(milliseconds=ms),
            value=to_canonical(kind, hour.unit[place] or kind.unit, hour.value[place]), unit=kind.unit,
            sent_value=hour.value[place], sent_unit=hour.unit[place], comparator=hour.comparator[place],
            status=Status(hour.status[place]).name.lower(),
        )
        for place, ms in enumerate(hour.ms)
    ]


ROUTES: Final[list[Any]] = [door, put_for, retract_for, post_for, my_readings, readings]

"""HTTP for readings: decode, call one service function, answer."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import asgi, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import Receive, Scope, Send

from domain.actor import Actor, ActorKind
from domain.errors import Invalid, NotFound
from domain.readings.kinds import BY_NAME, BY_NO
from domain.readings.reading import Source, Status
from domain.readings.units import to_canonical
from server.app_state import Parts
from server.http import AnyRequest, body_of, path_id, query_of, read_body
from server.readings import service, wire
from server.readings.store import HourRow, ReadingRow

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


async def _answer(send: Send, status: int, body: bytes) -> None:
    await send({
        "type": "http.response.start", "status": status,
        "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()),
                    (b"cache-control", b"no-store")],
    })
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _not_method(send: Send, allow: bytes) -> None:
    await send({"type": "http.response.start", "status": 405,
                "headers": [(b"allow", allow), (b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _patient_of(scope: Scope) -> UUID | None:
    text = scope["path_params"].get("patient_id")
    return None if text is None else path_id(text)


@asgi(["/v1/readings/{reading_id:str}", "/v1/patients/{patient_id:str}/readings/{reading_id:str}"],
      opt={"actor": True, "methods": ("PUT", "DELETE"), "operation": "putReading"}, copy_scope=False)
async def put_reading(scope: Scope, receive: Receive, send: Send) -> None:
    """Store one reading once: PUT is idempotent by itself. DELETE marks it entered in error."""
    parts: Parts = scope["litestar_app"].state.parts
    if scope["method"] not in ("PUT", "DELETE"):
        await _not_method(send, b"PUT, DELETE")
        return
    actor = parts.signed_in(scope)
    sent_id = path_id(scope["path_params"]["reading_id"])
    patient = _patient_of(scope)
    body = await read_body(scope, receive)
    item = wire.decode_one(body) if scope["method"] == "PUT" else _retraction(body, sent_id)
    if scope["method"] == "PUT" and item.id != sent_id:
        raise Invalid("The id in the body is not the one in the address.", "/id")
    request_id = scope["state"]["request_id"]
    (found,) = await service.take(parts.ingest, parts.devices, actor, request_id, [item], patient)
    if found.status == "rejected":
        await _rejected(scope, send, found)
        return
    status = 200 if scope["method"] == "DELETE" else _STATUS[found.status]
    await _answer(send, status, wire.encode(found))


def _retraction(body: bytes, sent_id: UUID) -> wire.ReadingIn:
    raise NotFound


async def _rejected(scope: Scope, send: Send, found: wire.ItemOut) -> None:
    from server.edge import problem_bytes  # noqa: PLC0415 - the rare answer
    from server.problems import MEDIA, PAGES, Fault, Problem  # noqa: PLC0415

    if found.code == "not_yours":
        raise NotFound
    code, status = ("id-reused", 409) if found.code == "id_reused" else ("reading-rejected", 422)
    fault = Fault(pointer=found.pointer or "", code=found.code or code, detail=found.detail or "")
    problem = Problem(type=f"/problems/{code}", title=PAGES[code].title, status=status, detail=fault.detail, errors=(fault,))
    body = problem_bytes(problem, scope)
    await send({"type": "http.response.start", "status": status,
                "headers": [(b"content-type", MEDIA.encode()), (b"content-length", str(len(body)).encode()),
                            (b"cache-control", b"no-store")]})
    await send({"type": "http.response.body", "body": body, "more_body": False})


@asgi(["/v1/readings/batch", "/v1/patients/{patient_id:str}/readings/batch"],
      opt={"actor": True, "methods": ("POST",), "operation": "postReadings"}, copy_scope=False)
async def post_readings(scope: Scope, receive: Receive, send: Send) -> None:
    """Store up to 1,000 readings once; sending them again is harmless. One answer per item, in order."""
    parts: Parts = scope["litestar_app"].state.parts
    if scope["method"] != "POST":
        await _not_method(send, b"POST")
        return
    actor = parts.signed_in(scope)
    items = wire.decode_batch(await read_body(scope, receive, parts.body_limit(actor)))
    found = await service.take(parts.ingest, parts.devices, actor, scope["state"]["request_id"], items, _patient_of(scope))
    await _answer(send, 200, wire.encode(wire.BatchOut(items=found)))


_QUERY: Final = {"kind": str, "from": datetime, "before": datetime, "limit": int}


async def _read(request: AnyRequest, actor: Actor, parts: Parts, patient: UUID) -> Response[bytes]:
    query: dict[str, Any] = query_of(request.scope, _QUERY)
    limit = query.get("limit", 100)
    if not 1 <= limit <= _MOST:
        raise Invalid(f"From 1 to {_MOST}.", "/limit")
    kind = None
    if "kind" in query:
        found = BY_NAME.get(query["kind"])
        if found is None:
            raise Invalid("Not a kind of reading; see the API description.", "/kind")
        kind = found.no
    page = await service.latest(
        parts.database, parts.reads, actor, patient, request.scope["state"]["request_id"],
        kind=kind, start=query.get("from"), end=query.get("before"), limit=limit,
    )
    items = [*map(shown, page.readings), *(one for hour in page.hours for one in samples(hour))]
    items.sort(key=lambda one: one.taken_at, reverse=True)
    items = items[:limit]
    out = ReadingsOut(items=items, as_of=page.as_of, next_before=items[-1].taken_at if len(items) == limit else None)
    return Response(ENCODER.encode(out), media_type="application/json", headers={"cache-control": "no-store"})


@get("/v1/me/readings", operation_id="listMyReadings", summary="Read my readings, newest first", tags=["readings"])
async def my_readings(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """The patient's own readings."""
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    return await _read(request, actor, parts, actor.id)


@get("/v1/patients/{patient_id:str}/readings", operation_id="listReadings", summary="Read a patient's readings, newest first",
     tags=["readings"])
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


def samples(hour: HourRow) -> list[ReadingOut]:
    """The samples of one sensor hour."""
    from datetime import timedelta  # noqa: PLC0415

    kind = BY_NO[hour.kind]
    return [
        ReadingOut(
            id=UUID(int=0), kind=kind.name, taken_at=hour.hour + timedelta(milliseconds=ms),
            value=to_canonical(kind, hour.unit[place] or kind.unit, hour.value[place]), unit=kind.unit,
            sent_value=hour.value[place], sent_unit=hour.unit[place], comparator=hour.comparator[place],
            status=Status(hour.status[place]).name.lower(),
        )
        for place, ms in enumerate(hour.ms)
    ]

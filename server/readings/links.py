"""Where readings came from: copies by two routes, taken apart by a person (F13, DQ-6), and clocks that are off (F12)."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from domain.errors import Conflict, NotFound
from domain.readings.kinds import BY_NO
from domain.readings.reading import Draft, Rejected, Source
from domain.text import admit
from server.app_state import Parts
from server.http import AnyRequest, body_of, path_id, query_of
from server.ingest import Part, Request
from server.readings import clocks
from server.sql import Query

_MOST: Final = 200


class LinkRow(msgspec.Struct):
    """One copy, what stands for it, and where each came from."""

    copy: UUID
    kept: UUID | None
    kind: int
    copy_at: datetime
    is_apart: bool
    reason: str
    copy_source: int | None
    copy_device: str | None
    kept_source: int | None
    kept_device: str | None


class RouteOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """By which door a reading came, and from which device."""

    id: UUID
    source: str | None
    device: str | None


class LinkOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One measurement that came twice: rules see `kept` alone, unless a person said that they are two."""

    kind: str
    taken_at: datetime
    copy: RouteOut
    kept: RouteOut | None
    is_apart: bool
    reason: str


class LinksOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Newest first."""

    items: list[LinkOut]
    next_cursor: str | None


class Said(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Why."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


LINKS: Final = Query(
    LinkRow,
    """
    select l.copy, l.kept, l.kind, l.copy_at, l.is_apart, l.reason, c.source as copy_source,
           cd.vendor || ' ' || cd.model as copy_device, k.source as kept_source, kd.vendor || ' ' || kd.model as kept_device
      from reading_link l
      left join reading c on c.patient_id = l.patient_id and c.kind = l.kind and c.taken_at = l.copy_at and c.id = l.copy
      left join device cd on cd.device_no = c.device
      left join reading k on k.patient_id = l.patient_id and k.kind = l.kind and k.id = l.kept
           and k.taken_at between l.copy_at - interval '3 minutes' and l.copy_at + interval '3 minutes'
      left join device kd on kd.device_no = k.device
     where l.patient_id = $1 and ($2::uuid is null or l.copy = $2)
     order by l.copy_at desc, l.copy
     limit $3
    """,
)


def _route(reading: UUID, source: int | None, device: str | None) -> RouteOut:
    return RouteOut(id=reading, source=None if source is None else Source(source).name.lower(), device=device)


def shown(row: LinkRow) -> LinkOut:
    """A link as the API shows it."""
    kept = None if row.kept is None else _route(row.kept, row.kept_source, row.kept_device)
    return LinkOut(kind=BY_NO[row.kind].name, taken_at=row.copy_at, copy=_route(row.copy, row.copy_source, row.copy_device), kept=kept,
                   is_apart=row.is_apart, reason=row.reason)  # fmt: skip


class ClockOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A clock that was seen off: `shiftS` is what is added to its times now, `lastS` what the last sync showed."""

    device: str | None
    shift_s: int | None
    last_s: int
    syncs: int
    at: datetime


class ClocksOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Newest first. A clock that was never seen off is not here."""

    items: list[ClockOut]
    next_cursor: str | None


@get("/v1/patients/{patient_id:str}/clocks", operation_id="listDeviceClocks", summary="Clocks that were seen off", tags=["readings"])
async def device_clocks(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                    patient_id: FromPath[str]) -> Response[ClocksOut]:  # fmt: skip
    """How far each is off, and whether its times are put right (DQ-7)."""
    query_of(request.scope, {})
    actor.must(Scope.READINGS_READ)
    patient = path_id(patient_id)
    async with parts.database.begin(actor) as tx:
        rows = await clocks.OF_PERSON.all(tx, patient)
    await parts.reads.record(actor, patient, "clocks", request.scope["state"]["request_id"])
    items = [ClockOut(device=row.device, shift_s=row.shift_s, last_s=row.last_s, syncs=row.syncs, at=row.at) for row in rows]
    return Response(ClocksOut(items=items, next_cursor=None), headers={"cache-control": "no-store"})


@get("/v1/patients/{patient_id:str}/reading-links", operation_id="listReadingLinks", summary="Measurements that came by two routes",
     tags=["readings"])  # fmt: skip
async def links(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                patient_id: FromPath[str]) -> Response[LinksOut]:  # fmt: skip
    """Both are kept with where they came from; the device's own stands for the other (DQ-6)."""
    query_of(request.scope, {})
    actor.must(Scope.READINGS_READ)
    patient = path_id(patient_id)
    async with parts.database.begin(actor) as tx:
        rows = await LINKS.all(tx, patient, None, _MOST)
    await parts.reads.record(actor, patient, "reading-links", request.scope["state"]["request_id"])
    return Response(LinksOut(items=[shown(row) for row in rows], next_cursor=None), headers={"cache-control": "no-store"})


async def _say(request: AnyRequest, actor: Actor, parts: Parts, ids: tuple[str, str], said: Literal["apart", "together"]) -> Response[LinkOut]:
    data = await body_of(request, Said)
    if actor.kind is ActorKind.VENDOR:
        raise NotFound
    actor.must(Scope.READINGS_WRITE)
    patient, copy = path_id(ids[0]), path_id(ids[1])
    async with parts.database.begin(actor) as tx:
        row = await LINKS.one(tx, patient, copy, 1)
    if row is None:
        raise NotFound
    draft = Draft(id=uuid7(), kind=BY_NO[row.kind].name, taken_at=row.copy_at, corrects=copy, link=said,
                  reason=admit(data.reason, pointer="/reason", most=500))  # fmt: skip
    asked = Request(actor=actor, what=f"reading-{said}", request_id=request.scope["state"]["request_id"])
    ((outcome,),) = await parts.ingest.submit(asked, [Part(patient, [draft])])
    if isinstance(outcome, Rejected):
        raise Conflict(outcome.detail)
    async with parts.database.begin(actor) as tx:
        after = await LINKS.one(tx, patient, copy, 1)
    if after is None:
        raise NotFound
    return Response(shown(after), headers={"cache-control": "no-store"})


def _acts(name: str, summary: str) -> dict[str, Any]:
    return {"operation_id": name, "summary": summary, "status_code": 200, "tags": ["readings"], "opt": {"body": Said}}


@post("/v1/patients/{patient_id:str}/readings/{reading_id:str}/apart", **_acts("setReadingApart", "Say that a copy is a reading of its own"))
async def apart(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                patient_id: FromPath[str], reading_id: FromPath[str]) -> Response[LinkOut]:  # fmt: skip
    """Rules see both from now on, and what that changes is judged in the same commit."""
    return await _say(request, actor, parts, (patient_id, reading_id), "apart")


@post("/v1/patients/{patient_id:str}/readings/{reading_id:str}/together", **_acts("setReadingTogether", "Say that it is a copy after all"))
async def together(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                   patient_id: FromPath[str], reading_id: FromPath[str]) -> Response[LinkOut]:  # fmt: skip
    """Takes `apart` back."""
    return await _say(request, actor, parts, (patient_id, reading_id), "together")


ROUTES: Final[list[Any]] = [links, device_clocks, apart, together]

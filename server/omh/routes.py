"""HTTP for Open mHealth: data points in, the same judged path, one answer each."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.response import Response
from msgspec.structs import replace

from domain.actor import Actor, ActorKind
from domain.errors import Invalid, Malformed
from domain.readings.reading import Quarantined
from integrations.open_mhealth import MANIFEST
from integrations.open_mhealth.adapter import Wrong, read
from integrations.open_mhealth.shapes import POINT, SCHEMAS, Point
from server import clock
from server.app_state import Parts
from server.http import AnyRequest, each_once, query_of, read_body
from server.readings.service import settle
from server.readings.wire import Bad, BatchOut, Given, asked, out
from server.receipts import store as receipts
from server.requests import request_id

MOST: Final = 1_000
_ZONE: Final = "Europe/London"
_QUERY: Final = {"schema": str, "device": str}


@post("/v1/omh", operation_id="postDataPoints", status_code=200, summary="Send Open mHealth or IEEE 1752.1 data points", tags=["readings"],
      opt={"query": _QUERY, "body": Point, "answer": BatchOut})
async def data_points(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """A data point, an array of up to 1,000, or a body whose `schema` the query names. `device`: the serial number, for vendors."""
    query = query_of(request.scope, _QUERY)
    schema, device = query.get("schema", ""), query.get("device")
    if schema and schema not in SCHEMAS:
        raise Invalid(f"One of {', '.join(SCHEMAS)}.", "/schema")
    body = await read_body(request.scope, request.receive, parts.body_limit(actor))
    raws = _raws(body)
    received = request_id(request.scope)
    items = [_item(raw, actor, schema, device) for raw in raws]
    async with parts.database.begin(actor) as tx:
        await receipts.keep(tx, actor.id, received, MANIFEST.name, MANIFEST.version, clock.now(), body)
    settled = await settle(parts.ingest, parts.devices, actor, received, items, None)
    found = [out(one.outcome, item.id) for one, item in zip(settled, items, strict=True)]
    for place, one in enumerate(settled):
        if isinstance(one.outcome, Quarantined) and one.draft is not None:
            found[place] = asked(found[place], one.draft)
    told = [
        receipts.Item(place=place, status=one.status, id=one.id, code=one.code, pointer=one.pointer, detail=one.detail)
        for place, one in enumerate(found)
    ]
    async with parts.database.begin(actor) as tx:
        await receipts.tell(tx, actor.id, received, told, {one.patient for one in settled if one.patient is not None})
    return Response(
        msgspec.json.encode(BatchOut(items=found)), media_type="application/json",
        headers={"cache-control": "no-store", "receipt": f"/v1/receipts/{received}"},
    )  # fmt: skip


def _raws(body: bytes) -> list[bytes]:
    try:
        each_once(body)
        is_one = not body.lstrip().startswith(b"[")
        raws = [body] if is_one else [bytes(raw) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise Malformed("The body is not JSON.") from error
    if len(raws) > MOST:
        raise Invalid(f"At most {MOST} data points.", "")
    return raws


def _item(raw: bytes, actor: Actor, schema: str, device: str | None) -> Given | Bad:
    try:
        draft = read(raw, zone=_ZONE, patient=str(actor.id), schema=schema, sender=str(actor.id))
        whose = _user(raw)
    except Wrong as wrong:
        return Bad(None, wrong.code, wrong.pointer, wrong.detail)
    return Given(
        draft=replace(draft, history=False), patient=whose,
        device_serial=msgspec.UNSET if device is None or actor.kind is not ActorKind.VENDOR else device,
    )  # fmt: skip


def _user(raw: bytes) -> UUID | msgspec.UnsetType:
    """Whose data point it says that it is: our own id of the person."""
    if b'"header"' not in raw:
        return msgspec.UNSET
    said = POINT.decode(raw).header.user_id
    if said is msgspec.UNSET:
        return said
    try:
        return UUID(said)
    except ValueError as error:
        raise Wrong("user_unknown", "/header/user_id", "The id of the person as this server gives it; or leave it out.") from error


ROUTES: Final[list[Any]] = [data_points]

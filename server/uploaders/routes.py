"""HTTP for uploaders: keys that a person makes, and the part of Nightscout's API v1 that uploaders call."""

import hashlib
import secrets
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind
from domain.errors import Malformed, NotFound, NotSignedIn
from domain.text import admit
from integrations.manifest import Delivery, Unreadable
from integrations.nightscout import MANIFEST
from server import clock
from server.app_state import Parts
from server.auth.actor import of_patient
from server.db import Role
from server.http import AnyRequest, body_of, each_once, path_id, read_body
from server.limits import ANYBODY
from server.readings.service import settle
from server.readings.wire import Given, out
from server.receipts import store as receipts
from server.requests import request_id
from server.uploaders import store

NO_STORE: Final = {"cache-control": "no-store"}
_LONGEST: Final = 200


class New(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the person calls it."""

    label: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class KeyOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One uploader. `secret` and `address` are told once, when it is made: they go into the uploader's settings."""

    id: UUID
    label: str
    made_at: datetime
    used_at: datetime | None = None
    ended_at: datetime | None = None
    secret: str | None = None
    address: str | None = None


class KeysOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Newest first."""

    items: list[KeyOut]
    next_cursor: str | None = None


def _shown(row: store.KeyRow) -> KeyOut:
    return KeyOut(id=row.key_id, label=row.label, made_at=row.made_at, used_at=row.used_at, ended_at=row.ended_at)


def _patient(actor: Actor) -> UUID:
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    return actor.id


@post("/v1/me/uploaders", operation_id="addUploader", status_code=201, summary="Let an uploader send for me", tags=["readings"],
      opt={"body": New})  # fmt: skip
async def add(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[KeyOut]:
    """A secret for xDrip, Loop, AAPS or another uploader that speaks Nightscout's API v1; it is told once and can be ended at any time."""
    patient = _patient(actor)
    label = admit((await body_of(request, New)).label, pointer="/label", most=100)
    key, secret = uuid7(), secrets.token_hex(20)
    async with parts.database.begin(actor) as tx:
        await store.ADD.run(tx, patient, key, _hash(_sent_as(secret)), label)
    made = KeyOut(id=key, label=label, made_at=clock.now(), secret=secret, address=f"{parts.extras['base']}/api/v1/")
    return Response(made, status_code=201, headers=NO_STORE)


@get("/v1/me/uploaders", operation_id="listUploaders", summary="Which uploaders send for me", tags=["readings"])
async def listed(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[KeysOut]:  # noqa: ARG001
    """When each was made, last heard of and ended."""
    async with parts.database.begin(actor) as tx:
        rows = await store.LIST.all(tx, _patient(actor))
    return Response(KeysOut(items=[_shown(row) for row in rows]), headers=NO_STORE)


@delete("/v1/me/uploaders/{key_id:str}", operation_id="endUploader", status_code=200, summary="End an uploader", tags=["readings"])
async def end(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],  # noqa: ARG001
              key_id: FromPath[str]) -> Response[KeyOut]:  # fmt: skip
    """What it sent stays; it sends no more."""
    async with parts.database.begin(actor) as tx:
        row = await store.END.one(tx, _patient(actor), path_id(key_id))
    if row is None:
        raise NotFound
    return Response(_shown(row), headers=NO_STORE)


def _sent_as(secret: str) -> str:
    """How an uploader shows its secret: the SHA-1 of it, in hexadecimal. That is Nightscout's own way."""
    return hashlib.sha1(secret.encode(), usedforsecurity=False).hexdigest()


def _hash(shown: str) -> bytes:
    return hashlib.sha256(shown.encode()).digest()


async def _who(request: AnyRequest, parts: Parts) -> tuple[Actor, store.WhoRow]:
    """Whose uploader calls: `api-secret` (hashed, or as it is over TLS), or `token`. Raises NotSignedIn."""
    shown = request.headers.get("api-secret") or request.query_params.get("secret") or request.query_params.get("token") or ""
    known: tuple[bytes, ...] = (_hash(shown.lower()), _hash(_sent_as(shown))) if 0 < len(shown) <= _LONGEST else ()
    async with parts.database.begin_as(Role.AUTH) as tx:
        for one in known:
            row = await store.WHO.one(tx, one)
            if row is not None:
                await store.USED.run(tx, row.patient_id, row.key_id)
                return of_patient(row.patient_id, row.org_id, f"uploader-{row.key_id}", int(clock.now().timestamp())), row
    if parts.limits is not None:
        client = request.scope["client"]
        parts.limits.take(ANYBODY, client[0] if client else "", clock.monotonic())
    raise NotSignedIn


@post(["/api/v1/entries", "/api/v1/entries.json"], status_code=200, opt={"public": True}, include_in_schema=False)
async def entries(request: AnyRequest, parts: NamedDependency[Parts]) -> Response[bytes]:
    """Entries as uploaders send them; the answer is what was taken, as they wait for it."""
    actor, row = await _who(request, parts)
    body = await read_body(request.scope, request.receive)
    request_key = request_id(request.scope)
    async with parts.database.begin(actor) as tx:
        await receipts.keep(tx, actor.id, request_key, MANIFEST.name, MANIFEST.version, clock.now(), body, "api-secret")
    try:
        each_once(body)
        # One entry alone is sent as well as a list of them.
        listed_body = body if body.lstrip()[:1] == b"[" else b"[" + body + b"]"
        parsed = MANIFEST.adapter.parse(Delivery(body=listed_body, received_at=clock.now(), zone=row.zone, patient=str(row.patient_id)))
    except (ValueError, RecursionError, Unreadable) as error:
        raise Malformed("Nightscout entries are a JSON array.") from error
    settled = await settle(parts.ingest, parts.devices, actor, request_key, [Given(draft=one) for one in parsed.drafts], None)
    answers = [out(one.outcome, draft.id) for one, draft in zip(settled, parsed.drafts, strict=True)]
    told = [
        receipts.Item(place=place, status=one.status, id=one.id, code=one.code, pointer=one.pointer, detail=one.detail)
        for place, one in enumerate(answers)
    ]
    told += [receipts.Item(place=len(told) + place, status="rejected", code=one.code, pointer=f"/{one.row - 1}", detail=one.detail)
             for place, one in enumerate(parsed.faults)]  # fmt: skip
    async with parts.database.begin(actor) as tx:
        await receipts.tell(tx, actor.id, request_key, told, {row.patient_id})
    taken = [{"_id": str(one.id), "status": one.status} for one in answers if one.status != "rejected"]
    return Response(msgspec.json.encode(taken), media_type="application/json", headers={**NO_STORE, "receipt": f"/v1/receipts/{request_key}"})


@post(["/api/v1/treatments", "/api/v1/treatments.json", "/api/v1/devicestatus", "/api/v1/devicestatus.json"], status_code=200,
      opt={"public": True}, include_in_schema=False)  # fmt: skip
async def others(request: AnyRequest, parts: NamedDependency[Parts]) -> Response[bytes]:
    """What uploaders send besides and no rule reads: answered, so that they go on, and not kept."""
    await _who(request, parts)
    await read_body(request.scope, request.receive)
    return Response(b"[]", media_type="application/json", headers=NO_STORE)


@get(["/api/v1/status", "/api/v1/status.json", "/api/v1/verifyauth", "/api/v1/experiments/test"], opt={"public": True}, include_in_schema=False)
async def status(request: AnyRequest, parts: NamedDependency[Parts]) -> Response[bytes]:
    """Whether we are there and the secret is right, in the words that uploaders look for."""
    await _who(request, parts)
    now = clock.now()
    said = {
        "status": "ok", "name": "steady", "version": "15.0.2", "apiEnabled": True, "careportalEnabled": False,
        "serverTime": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"), "serverTimeEpoch": int(now.timestamp() * 1000),
        "message": {"message": "OK", "canRead": False, "canWrite": True}, "settings": {"units": "mmol"},
    }  # fmt: skip
    return Response(msgspec.json.encode(said), media_type="application/json", headers=NO_STORE)


ROUTES: Final[list[Any]] = [add, listed, end, entries, others, status]

"""HTTP for vendors' machines: one address of each door, the vendor's own answers."""

from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import get, head, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.errors import Malformed, NotFound, NotProved, Refusal
from integrations.manifest import Answer, Delivery, Unproved
from integrations.standard_webhooks.adapter import Event
from server import clock
from server.app_state import Parts
from server.hooks import service
from server.hooks.taking import Doors
from server.http import LARGE_LIMIT, AnyRequest, read_body
from server.limits import ANYBODY, VENDOR
from server.requests import request_id

_MEDIAS: Final = frozenset({b"application/json", b"application/x-www-form-urlencoded", b"text/plain", b"application/octet-stream"})
_LONGEST: Final = 128


@post("/v1/hooks/{secret:str}", operation_id="deliver", status_code=200, summary="Where a vendor's machine delivers", tags=["vendors"],
      opt={"public": True, "body": Event})  # fmt: skip
async def hook(request: AnyRequest, parts: NamedDependency[Parts], secret: FromPath[str]) -> Response[bytes]:
    """Signed as the vendor signs; the raw bytes are kept, a repeat is stored once, and the answer is the one that the vendor expects."""
    door = await _door(request, parts, secret)
    delivery = await _delivery(request)
    said = service.handshake(door, "POST", {}, delivery)
    if said is not None:
        return _answered(said)
    found: service.Found = parts.extras["doors"]
    try:
        async with parts.machines.take():
            made = await service.deliver(Doors(parts.database, parts.ingest, parts.devices), door, request_id(request.scope), delivery)
    except Unproved as error:
        await found.refused(door, error.code)
        raise NotProved(f"{error.code}: {error}") from error
    except Refusal as error:
        await found.refused(door, error.code)
        raise
    answer = _answered(made.answer)
    if made.receipt is not None:
        answer.headers["receipt"] = f"/v1/receipts/{made.receipt}"
    return answer


@get("/v1/hooks/{secret:str}", operation_id="shakeHands", summary="Whether this address is there, as a vendor asks it", tags=["vendors"],
     opt={"public": True})  # fmt: skip
async def there(request: AnyRequest, parts: NamedDependency[Parts], secret: FromPath[str]) -> Response[bytes]:
    """The vendor's own handshake: a challenge comes back, a right word is answered as it expects, a wrong one is refused."""
    return await _greeted(request, parts, secret)


@head("/v1/hooks/{secret:str}", include_in_schema=False, opt={"public": True})
async def there_at_all(request: AnyRequest, parts: NamedDependency[Parts], secret: FromPath[str]) -> Response[None]:
    """The same without a body."""
    said = await _greeted(request, parts, secret)
    return Response(None, status_code=said.status_code)


async def _greeted(request: AnyRequest, parts: Parts, secret: str) -> Response[bytes]:
    door = await _door(request, parts, secret)
    delivery = Delivery(body=b"", received_at=clock.now(), headers=_headers(request))
    said = service.handshake(door, "GET", _query(request), delivery)
    if said is None:
        raise NotFound
    return _answered(said)


async def _door(request: AnyRequest, parts: Parts, secret: str) -> service.Door:
    found: service.Found = parts.extras["doors"]
    door = await found.by_path(secret) if len(secret) <= _LONGEST else None
    _count(request, parts, None if door is None else str(door.id))
    if door is None:
        raise NotFound
    return door


def _count(request: AnyRequest, parts: Parts, door: str | None) -> None:
    """A door has a vendor's share; whoever tries addresses has what anybody has."""
    if parts.limits is None:
        return
    client = request.scope["client"]
    share, who = (VENDOR, door) if door is not None else (ANYBODY, client[0] if client else "")
    parts.limits.take(share, who, clock.monotonic())


def _headers(request: AnyRequest) -> dict[str, str]:
    return {key.lower(): value for key, value in request.headers.items()}


async def _delivery(request: AnyRequest) -> Delivery:
    body = await read_body(request.scope, request.receive, LARGE_LIMIT, medias=_MEDIAS) if request.headers.get("content-length") != "0" else b""
    return Delivery(body=body, received_at=clock.now(), headers=_headers(request))


def _query(request: AnyRequest) -> dict[str, str]:
    try:
        return dict(parse_qsl(request.scope["query_string"].decode("ascii"), keep_blank_values=True, max_num_fields=20))
    except ValueError as error:
        raise Malformed("The query is not percent-encoded, or too long.") from error


def _answered(answer: Answer) -> Response[bytes]:
    return Response(answer.body, status_code=answer.status, media_type=answer.media, headers={"cache-control": "no-store"})


ROUTES: Final[list[Any]] = [hook, there, there_at_all]

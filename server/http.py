"""Reading requests strictly: bodies, path ids, queries. Litestar's own conversion is lax (architecture 5)."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar, cast
from urllib.parse import parse_qsl
from uuid import UUID

import anyio
import msgspec
from litestar import Request
from litestar.types import Receive, Scope

from domain.errors import Invalid, Malformed, NotFound, TooMuch, UnsupportedMedia, VersionNeeded

BODY_LIMIT: Final = 1024 * 1024
LARGE_LIMIT: Final = 5 * 1024 * 1024
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ETAG: Final = re.compile(r'(?:W/)?"(\d{1,9})"')

T = TypeVar("T")
AnyRequest = Request[Any, Any, Any]


def method_of(scope: Scope) -> str:
    """The method of a request; a WebSocket has none."""
    return str(cast("dict[str, Any]", scope).get("method", ""))


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of a name (lower case), or None."""
    for key, value in scope["headers"]:
        if key == name:
            return value
    return None


def _admit(scope: Scope, limit: int, medias: frozenset[bytes]) -> None:
    """Refuse a body by what its headers say of it."""
    content_type = encoding = length = None
    for name, value in scope["headers"]:
        if name == b"content-type":
            content_type = content_type or value
        elif name == b"content-length":
            length = length or value
        elif name == b"content-encoding":
            encoding = encoding or value
    if content_type != b"application/json" and (
        content_type is None or content_type.split(b";", 1)[0].strip().lower() not in medias
    ):
        raise UnsupportedMedia
    if encoding not in (None, b"", b"identity"):
        raise UnsupportedMedia
    if length is not None and length.isdigit() and int(length) > limit:
        raise TooMuch(f"At most {limit} bytes.")


_JSON: Final = frozenset({b"application/json"})


async def read_body(scope: Scope, receive: Receive, limit: int = BODY_LIMIT, *, medias: frozenset[bytes] = _JSON) -> bytes:
    """The whole JSON body; refused when it is of another type, compressed, too long or too slow (INP-2, OPS-2)."""
    _admit(scope, limit, medias)
    message = await receive()
    body = cast("bytes", message.get("body", b""))
    if not message.get("more_body"):
        if len(body) > limit:
            raise TooMuch(f"At most {limit} bytes.")
        return body
    chunks = [body]
    size = len(body)
    with anyio.move_on_after(10 + limit / 32_768) as slow:
        while message.get("more_body"):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Malformed("The body ended early.")
            part = cast("bytes", message.get("body", b""))
            size += len(part)
            if size > limit:
                raise TooMuch(f"At most {limit} bytes.")
            chunks.append(part)
    if slow.cancelled_caught:
        raise Malformed("The body came too slowly.")
    return b"".join(chunks)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("A key stands twice in one object.")
    return found


def _no_constant(_text: str) -> Any:  # noqa: ANN401 - json's own signature
    raise Malformed("JSON knows no NaN and no Infinity.")


def each_once(body: bytes) -> None:
    """Refuse a JSON text in which any object has a key twice; the slow and certain way."""
    json.loads(body, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=str, parse_float=str)


def decode(body: bytes, shape: type[T]) -> T:
    """A JSON body as the struct it must be: no key twice, nothing converted, nothing unknown."""
    text = body.decode()
    if "\\u0000" in text or "\x00" in text:
        raise Invalid("No NUL characters.")
    try:
        json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=str)
    except ValueError as error:
        raise Malformed("The body is not JSON.") from error
    return msgspec.json.decode(body, type=shape)


async def body_of(request: AnyRequest, shape: type[T], limit: int = BODY_LIMIT) -> T:
    """Read and decode a request's JSON body."""
    return decode(await read_body(request.scope, request.receive, limit), shape)


def path_id(text: str) -> UUID:
    """The UUID of a path, in its canonical text only: anything else is an address that does not exist."""
    if not _UUID.fullmatch(text):
        raise NotFound
    return UUID(text)


def query_of(scope: Scope, allowed: Mapping[str, type[int] | type[str] | type[datetime] | type[UUID]]) -> dict[str, Any]:
    """The query, each name at most once and each value of its type; refused otherwise, never guessed."""
    found: dict[str, Any] = {}
    try:
        pairs = parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True, strict_parsing=False, errors="strict",
                          max_num_fields=20)
    except ValueError as error:
        raise Invalid("The query is not percent-encoded UTF-8, or too long.") from error
    for name, text in pairs:
        if name not in allowed:
            raise Invalid("This address does not know that query parameter.", "")
        if name in found:
            raise Invalid("Once only.", f"/{name}")
        found[name] = _typed(name, text, allowed[name])
    return found


_WHOLE: Final = re.compile(r"\d{1,9}", re.ASCII)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _typed(name: str, text: str, wanted: type) -> int | str | datetime | UUID:
    pointer = f"/{name}"
    if wanted is int:
        if not _WHOLE.fullmatch(text):
            raise Invalid("A whole number from 0 to 999999999.", pointer)
        return int(text)
    if wanted is datetime:
        if not _INSTANT.fullmatch(text):
            raise Invalid("An RFC 3339 instant with offset.", pointer)
        return instant(text, pointer)
    if wanted is UUID:
        if not _UUID.fullmatch(text):
            raise Invalid("A UUID.", pointer)
        return UUID(text)
    if "\x00" in text or len(text) > 200:  # noqa: PLR2004 - no query text is longer
        raise Invalid("At most 200 characters, no NUL.", pointer)
    return text


_FIRST: Final = datetime.fromisoformat("1900-01-01T00:00:00+00:00")
_LAST: Final = datetime.fromisoformat("2100-01-01T00:00:00+00:00")


def instant(text: str, pointer: str) -> datetime:
    """An aware instant between 1900 and 2100 (ING-7)."""
    try:
        found = datetime.fromisoformat(text)
        if not _FIRST <= found <= _LAST:
            raise Invalid("Between 1900 and 2100.", pointer)
    except (ValueError, OverflowError) as error:
        raise Invalid("An RFC 3339 instant with offset.", pointer) from error
    return found


def version_of(request: AnyRequest) -> int:
    """The version that If-Match names (428 when it is missing)."""
    text = request.headers.get("if-match")
    if text is None:
        raise VersionNeeded
    found = _ETAG.fullmatch(text.strip())
    if found is None:
        raise Invalid('If-Match is an ETag of ours, such as "3".', "/If-Match")
    return int(found[1])

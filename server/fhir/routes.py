"""HTTP for FHIR R4: one mount, so that every answer on these routes is a resource, an OperationOutcome where it is a refusal."""

import re
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any, Final, cast
from urllib.parse import parse_qsl

import msgspec
from litestar import asgi
from litestar.types import Receive, Scope, Send

from domain.actor import Actor
from domain.errors import UnsupportedMedia
from integrations.fhir.observation import Wrong
from server import clock
from server.app_state import Parts
from server.fhir import observations, reading
from server.fhir.outcome import MEDIA, Issue, encoded, of_wrong, refused
from server.fhir.resources import encode
from server.http import LARGE_LIMIT, header, method_of, read_body
from server.requests import request_id

MEDIAS: Final = frozenset({b"application/fhir+json", b"application/json"})
_ACCEPTED: Final = frozenset({"application/fhir+json", "application/json", "application/*", "*/*", "text/json"})
_FORMATS: Final = frozenset({"json", "application/json", "application/fhir+json", "text/json"})
_RETURNS: Final = re.compile(r"return=(minimal|representation|OperationOutcome)")


class Answer(msgspec.Struct, kw_only=True):
    """What a request is answered with."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = {}


class Asked(msgspec.Struct, kw_only=True):
    """One request on these routes."""

    parts: Parts
    scope: Any
    receive: Any
    actor: Actor
    path: list[str]
    query: dict[str, list[str]]
    base: str

    @property
    def prefers(self) -> str:
        """What a write is answered with: representation unless said otherwise."""
        found = _RETURNS.search((header(self.scope, b"prefer") or b"").decode("latin-1"))
        return found[1] if found else "representation"

    @property
    def is_strict(self) -> bool:
        """Whether an unknown search parameter is refused."""
        return b"handling=strict" in (header(self.scope, b"prefer") or b"")

    async def body(self) -> bytes:
        """The body as received. Raises UnsupportedMedia where it says that it is not UTF-8."""
        media = (header(self.scope, b"content-type") or b"").decode("latin-1").lower()
        charset = re.search(r"charset\s*=\s*\"?([\w-]+)", media)
        if charset is not None and charset[1] not in {"utf-8", "utf8"}:
            raise UnsupportedMedia("UTF-8 only.")
        return await read_body(self.scope, self.receive, LARGE_LIMIT, medias=MEDIAS)


@asgi("/fhir/R4", is_mount=True, opt={"actor": True}, copy_scope=False)
async def door(scope: Scope, receive: Receive, send: Send) -> None:
    """Every interaction; what is raised is answered by the edge, in FHIR's form."""
    parts: Parts = scope["litestar_app"].state.parts
    answer = await _answered(parts, scope, receive)
    headers = {"content-type": MEDIA, "cache-control": "no-store", **answer.headers}
    is_head = method_of(scope) == "HEAD"
    await send({
        "type": "http.response.start", "status": answer.status,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()] + [(b"content-length", str(len(answer.body)).encode())],
    })  # fmt: skip
    await send({"type": "http.response.body", "body": b"" if is_head else answer.body, "more_body": False})


async def _answered(parts: Parts, scope: Scope, receive: Receive) -> Answer:
    query = _query(scope)
    _acceptable(scope, query)
    path = [one for one in scope["path"].strip("/").split("/") if one]
    method = method_of(scope).replace("HEAD", "GET")
    base = f"{parts.extras['base']}/fhir/R4"
    scope["path_template"] = f"/fhir/R4/{path[0] if path and path[0] in _TYPES else ''}"
    actor = parts.signed_in(scope)
    asked = Asked(parts=parts, scope=scope, receive=receive, actor=actor, path=path, query=query, base=base)
    match method, path:
        case "POST", ["Observation"]:
            return await _create(asked)
        case "GET", ["Observation", one]:
            return await _read(asked, one)
        case _, [kind, *_] if kind in _TYPES:
            raise refused(405, "not-supported", "Not an interaction of this type; see GET metadata.")
        case _:
            raise refused(404, "not-found", "There is no such resource here; see GET metadata.")


_TYPES: Final = frozenset({"Observation"})


def _query(scope: Scope) -> dict[str, list[str]]:
    try:
        text = scope["query_string"].decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as error:
        raise refused(400, "invalid", "The query is not percent-encoded UTF-8, or too long.") from error
    if any("\x00" in value or "\x00" in name for name, value in pairs):
        raise refused(400, "invalid", "No NUL characters.")
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _acceptable(scope: Scope, query: Mapping[str, list[str]]) -> None:
    form = query.get("_format")
    if form is not None:
        if form[-1].replace(" ", "+") not in _FORMATS:
            raise refused(406, "not-supported", "JSON only.")
        return
    accept = (header(scope, b"accept") or b"*/*").decode("latin-1")
    wanted = {one.partition(";")[0].strip().lower() for one in accept.split(",")}
    if not wanted & _ACCEPTED:
        raise refused(406, "not-supported", "JSON only: application/fhir+json.")


async def _create(asked: Asked) -> Answer:
    body = await asked.body()
    item = observations.Item(raw=body, if_none_exist=if_none_exist((header(asked.scope, b"if-none-exist") or b"").decode("latin-1")))
    (made,) = await observations.create(asked.parts, asked.actor, request_id(asked.scope), body, [item])
    headers = {"receipt": f"/v1/receipts/{request_id(asked.scope)}"}
    if not made.id:
        return Answer(status=made.status, body=encoded(made.issues), headers=headers)
    found = await reading.one(asked.parts, asked.actor, made.id, None)
    version = "1" if found is None else found.meta.version_id
    headers |= {"location": f"{asked.base}/Observation/{made.id}/_history/{version}", "etag": f'W/"{version}"'}
    if asked.prefers == "minimal" or found is None:
        return Answer(status=made.status, headers=headers)
    if asked.prefers == "OperationOutcome":
        done = (*made.issues, Issue(severity="information", code="informational", diagnostics="Kept." if made.status == 201 else "Known."))  # noqa: PLR2004
        return Answer(status=made.status, body=encoded(done), headers=headers)
    return Answer(status=made.status, body=encode(found), headers=headers)


def if_none_exist(text: str) -> tuple[str | None, str] | None:
    """The identifier that a conditional create names; system None: any. Raises where it is another query."""
    if not text:
        return None
    pairs = parse_qsl(text.removeprefix("?").replace("+", "%2B"), keep_blank_values=True)
    if len(pairs) != 1 or pairs[0][0] != "identifier" or not pairs[0][1]:
        raise refused(412, "not-supported", "If-None-Exist names one identifier: identifier=system|value.")
    system, bar, value = pairs[0][1].rpartition("|")
    if not value or "\x00" in value:
        raise refused(412, "value", "If-None-Exist: identifier=system|value.")
    return (system if bar else None), value


async def _read(asked: Asked, one: str) -> Answer:
    found = await reading.one(asked.parts, asked.actor, one, request_id(asked.scope))
    if found is None:
        raise refused(404, "not-found", "There is no such Observation for you.")
    etag = f'W/"{found.meta.version_id}"'
    headers = {"etag": etag, "last-modified": format_datetime(clock.now(), usegmt=True)}
    if (header(asked.scope, b"if-none-match") or b"").decode("latin-1").strip() == etag:
        return Answer(status=304, headers={"etag": etag})
    return Answer(body=encode(found), headers=headers)


def wrong_body(error: Wrong) -> Exception:
    """A body that cannot be read as what it should be."""
    issue = of_wrong(error)
    return refused(400 if error.code == "not_json" else 422, issue.code, issue.diagnostics, error.expression, error.code)


def typed(values: object) -> dict[str, Any]:
    """A JSON object, loosely."""
    return cast("dict[str, Any]", values) if isinstance(values, dict) else {}


ROUTES: Final[list[Any]] = [door]

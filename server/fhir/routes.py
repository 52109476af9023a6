"""HTTP for FHIR R4: one mount, so that every answer on these routes is a resource, an OperationOutcome where it is a refusal."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from litestar import asgi
from litestar.types import Receive, Scope, Send

from domain.actor import Actor
from domain.errors import UnsupportedMedia
from integrations.fhir.adapter import observation
from integrations.fhir.observation import Who, Wrong, read
from server.app_state import Parts
from server.auth.routes import auth_of, smart_configuration
from server.fhir import bundles, capability, observations, reading, record, things
from server.fhir.outcome import MEDIA, Issue, Refused, encoded, error, of_wrong, refused
from server.fhir.resources import encode
from server.fhir.search import search
from server.http import LARGE_LIMIT, header, method_of, read_body
from server.requests import request_id

VERSION: Final = "0.1.0"
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
    if method == "GET" and path == ["metadata"]:
        return Answer(body=encode(capability.statement(base, VERSION, capability.SHOWN, capability.PARAMETERS)), headers=_PUBLIC)
    if method == "GET" and path == [".well-known", "smart-configuration"]:
        return Answer(body=msgspec.json.encode(smart_configuration(auth_of(parts))), headers={**_PUBLIC, "content-type": "application/json"})
    actor = parts.signed_in(scope)
    asked = Asked(parts=parts, scope=scope, receive=receive, actor=actor, path=path, query=query, base=base)
    if method == "GET" and path:
        found = await got(asked, path, query)
        return _shown(asked, found)
    return await _written(asked, method, path)


async def _written(asked: Asked, method: str, path: list[str]) -> Answer:
    match method, path:
        case "POST", ["Observation"]:
            return await _create(asked)
        case "POST", ["Observation", "_search"]:
            return Answer(body=encode(await search(asked.parts, asked.actor, request_id(asked.scope), await _form(asked), asked.base,
                                                   is_strict=asked.is_strict)))  # fmt: skip
        case "POST", ["Observation", "$validate"]:
            return await _validate(asked)
        case "PUT", ["Observation", one]:
            return await _update(asked, one)
        case "POST", []:
            return await _bundle(asked)
        case _, [kind, *_] if kind in _TYPES:
            raise refused(405, "not-supported", "Not an interaction of this type; see GET metadata.", words="not-allowed")
        case _, []:
            raise refused(405, "not-supported", "POST a batch or a transaction; see GET metadata.", words="not-allowed")
        case _:
            raise refused(404, "not-found", "There is no such resource here; see GET metadata.")


_TYPES: Final = frozenset(capability.SHOWN)
_PUBLIC: Final = {"cache-control": "public, max-age=300"}


async def got(asked: Asked, path: list[str], query: Mapping[str, list[str]]) -> Any:  # noqa: ANN401, C901 - one case a resource
    """What a GET is answered with: a resource, or a searchset. Raises Refused where there is none for this actor."""
    found: Any = None
    request = request_id(asked.scope)
    match path:
        case ["Observation"]:
            return await search(asked.parts, asked.actor, request, query, asked.base, is_strict=asked.is_strict)
        case ["Observation", one]:
            found = await reading.one(asked.parts, asked.actor, one, request)
        case ["Observation", one, "_history", version]:
            found = await reading.one(asked.parts, asked.actor, one, request)
            found = found if found is not None and found.meta.version_id == version else None
        case ["Patient"]:
            return await things.patients(asked.parts, asked.actor, query, asked.base, request)
        case ["Patient", one] if is_uuid(one):
            found = await things.patient(asked.parts, asked.actor, UUID(one), request)
        case ["Device"]:
            return await things.devices(asked.parts, asked.actor, query, asked.base, request)
        case ["Device", one] if one.isascii() and one.isdigit() and len(one) < 10:  # noqa: PLR2004 - an integer of ours
            found = await things.one_device(asked.parts, asked.actor, int(one))
        case ["Patient", one, "$everything"] if is_uuid(one):
            found = await record.everything(asked.parts, asked.actor, UUID(one), query, asked.base, request)
        case [kind] if kind in record.READERS:
            return await record.search(asked.parts, asked.actor, kind, query, asked.base, request)
        case [kind, one] if kind in record.READERS:
            found = await record.one(asked.parts, asked.actor, kind, one, request)
        case _:
            pass
    if found is None:
        raise refused(404, "not-found", "There is nothing here for you; see GET metadata.")
    return found


def is_uuid(text: str) -> bool:
    """An id of ours in its canonical text."""
    return _UUID.fullmatch(text) is not None


_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def _shown(asked: Asked, found: Any) -> Answer:  # noqa: ANN401 - one of the resources
    meta = getattr(found, "meta", None)
    if meta is None or not meta.version_id:
        return Answer(body=encode(found))
    etag = f'W/"{meta.version_id}"'
    headers = {"etag": etag}
    if meta.last_updated:
        headers["last-modified"] = format_datetime(datetime.fromisoformat(meta.last_updated), usegmt=True)
    if (header(asked.scope, b"if-none-match") or b"").decode("latin-1").strip() == etag:
        return Answer(status=304, headers=headers)
    return Answer(body=encode(found), headers=headers)


async def _form(asked: Asked) -> dict[str, list[str]]:
    media = (header(asked.scope, b"content-type") or b"").split(b";")[0].strip().lower()
    if media != b"application/x-www-form-urlencoded":
        raise UnsupportedMedia("_search takes a form.")
    body = await read_body(asked.scope, asked.receive, 64 * 1024, medias=frozenset({media}))
    return {**asked.query, **parsed(body)}


async def _validate(asked: Asked) -> Answer:
    """Read it as a create would, and store nothing."""
    body = await asked.body()
    try:
        read(observation(body), zone=observations.ZONE, patient="")
    except Wrong as wrong:
        return Answer(body=encoded([of_wrong(wrong)]))
    return Answer(body=encoded([Issue(severity="information", code="informational", diagnostics="This would be read.")]))


async def _update(asked: Asked, one: str) -> Answer:
    """A reading never changes; it can be said to be in error."""
    body = await asked.body()
    found = await reading.one(asked.parts, asked.actor, one, request_id(asked.scope))
    if found is None:
        raise refused(404, "not-found", "There is no such Observation for you.")
    named = (header(asked.scope, b"if-match") or b"").decode("latin-1").strip()
    if named and named != f'W/"{found.meta.version_id}"':
        raise Refused(412, error("conflict", "It has changed since you read it.", words="stale-version"), headers={
            "etag": f'W/"{found.meta.version_id}"'})  # fmt: skip
    try:
        given = observation(body)
    except Wrong as wrong:
        raise wrong_body(wrong) from wrong
    if given.id != one:
        raise refused(400, "value", "The id in the body is not the one in the address.", "Observation.id", "id_differs")
    if given.status != "entered-in-error":
        raise refused(422, "not-supported", "A reading never changes: send the right one as a new Observation with the same identifier and "
                      "status corrected, or this one with status entered-in-error.", "Observation.status", "never_changes")  # fmt: skip
    await observations.retract(asked.parts, asked.actor, request_id(asked.scope), found)
    again = await reading.one(asked.parts, asked.actor, one, None)
    return _shown(asked, found if again is None else again)


async def _bundle(asked: Asked) -> Answer:
    async def get(url: str) -> Any:  # noqa: ANN401 - one of the resources
        path, _, text = url.removeprefix(f"{asked.base}/").partition("?")
        return await got(asked, [one for one in path.split("/") if one], parsed(text.encode()))

    async def known(who: Who, kind: str) -> str | None:
        return await things.known(asked.parts, asked.actor, who, kind)

    body = await asked.body()
    request = request_id(asked.scope)
    made = await bundles.take(bundles.Asked(
        parts=asked.parts, actor=asked.actor, request_id=request, base=asked.base, get=get, known=known, if_none_exist=if_none_exist,
    ), body)  # fmt: skip
    return Answer(body=encode(made), headers={"receipt": f"/v1/receipts/{request}"})


def _query(scope: Scope) -> dict[str, list[str]]:
    return parsed(scope["query_string"])


def parsed(text: bytes) -> dict[str, list[str]]:
    """A query or a form: each name with its values."""
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
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


def wrong_body(wrong: Wrong) -> Refused:
    """A body that cannot be read as what it should be."""
    return Refused(400 if wrong.code == "not_json" else 422, of_wrong(wrong))


ROUTES: Final[list[Any]] = [door]

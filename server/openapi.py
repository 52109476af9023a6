"""The API's own description: what Litestar gives, and what must be added (ux-reference 1.2), made once."""

import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import msgspec
from litestar import Litestar, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import License, Server
from litestar.response import Response

from domain.readings.kinds import BY_NAME
from server.http import AnyRequest
from server.problems import Problem
from server.readings import wire
from server.settings import Settings

_WRITES: Final = frozenset({"post", "put", "patch", "delete"})
_EXAMPLE: Final = {
    "id": "0190a8f0-5b6e-7c3a-9d2e-6f1f2b3c4d5e", "kind": "body_weight", "takenAt": "2026-11-20T07:05:00+00:00", "value": 80.2,
    "unit": "kg",
}  # fmt: skip
EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "weight": _EXAMPLE,
    "blood pressure": {
        "id": "0190a8f0-5b6e-7c3a-9d2e-6f1f2b3c4d5f", "kind": "blood_pressure", "takenAt": "2026-11-20T07:06:00+00:00",
        "parts": {"systolic": 128, "diastolic": 79}, "unit": "mm[Hg]",
    },
    "symptom": {
        "id": "0190a8f0-5b6e-7c3a-9d2e-6f1f2b3c4d60", "kind": "symptom", "takenAt": "2026-11-20T07:07:00+00:00",
        "code": "breathless_on_effort_worse",
    },
}  # fmt: skip
"""Examples of the documentation; a test sends each."""


def config(version: str) -> OpenAPIConfig:
    """What Litestar is told."""
    return OpenAPIConfig(
        title="Steady", version=version, path="/litestar-schema", render_plugins=[],
        description="Readings in, deterioration noticed, a nurse acts. Not a medical device.",
        license=License(name="Apache-2.0", identifier="Apache-2.0"), servers=[Server(url="/")],
    )  # fmt: skip


def described(app: Litestar) -> dict[str, Any]:
    """The whole document, with our additions."""
    found = app.openapi_schema.to_schema()
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    _add_shapes(schemas)
    found["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    }
    found["security"] = [{"token": []}]
    # The door of every reading first: it is what most people come here for.
    found["paths"] = {**_reading_paths(), **found["paths"]}
    for path in found["paths"].values():
        for method, operation in path.items():
            _finish(method, operation)
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in handler.http_methods:
                operation = found["paths"].get(_IN_PATH.sub(r"{\1}", route.path), {}).get(method.lower())
                if operation is not None:
                    _told_by(handler.opt, operation, schemas)
    return found


_IN_PATH: Final = re.compile(r"\{(\w+):\w+\}")
_TYPES: Final[dict[type, dict[str, Any]]] = {
    str: {"type": "string", "maxLength": 200}, int: {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    datetime: {"type": "string", "format": "date-time"}, UUID: {"type": "string", "format": "uuid"},
}  # fmt: skip


def _told_by(  # noqa: C901 - one thing that a handler may say after another
    opt: dict[str, Any], operation: dict[str, Any], schemas: dict[str, Any],
) -> None:
    """What a handler says of itself in its options: the body and answer that it reads and writes as bytes, If-Match, its query."""
    parameters: list[dict[str, Any]] = operation.setdefault("parameters", [])
    for name, kind in opt.get("query", {}).items():
        parameters.append({"name": name, "in": "query", "required": False, "schema": _TYPES[kind]})
    if opt.get("if_match"):
        parameters.append({"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string", "pattern": _ETAG},
                           "description": "The ETag that was read."})  # fmt: skip
        for status in ("412", "428"):
            operation["responses"][status] = operation["responses"]["404"]
    if "body" in opt:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _shape(opt["body"], schemas)}}}
    for answer in operation["responses"].values():
        # A handler that answers in bytes is described as text: what it says is said here or not at all.
        for media in answer.get("content", {}).values():
            if media.get("schema") == {"type": "string"}:
                media["schema"] = {}
    if "answer" in opt:
        answer = operation["responses"].setdefault("200", {"description": "As it is now"})
        answer["content"] = {"application/json": {"schema": _shape(opt["answer"], schemas)}}
    if opt.get("public"):
        operation["security"] = []


_ETAG: Final = '^"[0-9]{1,9}"$'


def _shape(wanted: type, schemas: dict[str, Any]) -> dict[str, Any]:
    (shape,), made = msgspec.json.schema_components([wanted], ref_template="#/components/schemas/{name}")
    for name, one in made.items():
        if name not in schemas:
            schemas[name] = _numbers(one)
            for field in ("value", "parts"):
                # Numbers are read exactly, from their digits: the decoder is told nothing of them.
                _number_in(one.get("properties", {}), field)
    return shape


def _numbers(shape: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Decimals are written as JSON numbers here, exactly as they are."""
    if isinstance(shape, dict):
        found = cast("dict[str, Any]", shape)
        if found.get("format") == "decimal":
            return {"type": "number"}
        return {name: _numbers(one) for name, one in found.items()}
    return [_numbers(one) for one in cast("list[Any]", shape)] if isinstance(shape, list) else shape


def _number_in(properties: dict[str, Any], field: str) -> None:
    if field in properties and properties[field] == {}:
        properties[field] = {"type": "number"}
    elif field in properties and "anyOf" in properties[field]:
        for arm in properties[field]["anyOf"]:
            if arm.get("type") == "object" and arm.get("additionalProperties") in ({}, None):
                arm["additionalProperties"] = {"type": "number"}


def _add_shapes(schemas: dict[str, Any]) -> None:
    shapes = [wire.BatchIn, wire.ReadingIn, wire.ItemOut, wire.BatchOut, wire.Retraction, Problem]
    _, made = msgspec.json.schema_components(shapes, ref_template="#/components/schemas/{name}")
    schemas.update(made)
    reading = schemas["ReadingIn"]["properties"]
    number = {"type": "number"}
    reading["value"] = {**number, "description": "A JSON number of at most 18 digits, in `unit`."}
    reading["parts"] = {"type": "object", "additionalProperties": number, "description": "Named parts of a panel."}
    reading["kind"] = {"type": "string", "enum": list(BY_NAME), "description": "What was measured."}


def _operation(name: str, summary: str, body: str, answers: dict[str, str], *, path_ids: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "operationId": name, "summary": summary, "tags": ["readings"],
        "parameters": [
            {"name": one, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}} for one in path_ids
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{body}"}}}},
        "responses": {
            status: {"description": words, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/" + (
                "BatchOut" if body == "BatchIn" else "ItemOut")}}}}
            for status, words in answers.items()
        },
    }  # fmt: skip


def _reading_paths() -> dict[str, Any]:
    """The two raw handlers, which Litestar cannot describe."""
    kept = {"201": "Stored", "200": "Stored before; nothing changed", "202": "Kept and asked about (quarantine)"}
    put = _operation("putReading", "Send one reading", "ReadingIn", kept, path_ids=("reading_id",))
    put["requestBody"]["content"]["application/json"]["examples"] = {name: {"value": one} for name, one in EXAMPLES.items()}
    batch = _operation("postReadings", "Send up to 1,000 readings", "BatchIn", {"200": "One answer per item, in order"})
    batch["requestBody"]["content"]["application/json"]["examples"] = {
        "two kinds": {"value": {"items": list(EXAMPLES.values())}}
    }
    gone = _operation("retractReading", "Mark a reading entered in error", "Retraction",
                      {"200": "Its values stay in the history"}, path_ids=("reading_id",))  # fmt: skip
    return {"/v1/readings/{reading_id}": {"put": put, "delete": gone}, "/v1/readings/batch": {"post": batch}}


_KEY: Final = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "The same key with the same request gets the same answer, and what it does is done once; kept 72 hours.",
}  # fmt: skip


def _finish(method: str, operation: dict[str, Any]) -> None:
    """Every refusal is a problem document; Litestar documents a shape of its own."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and parameter["name"].endswith("_id"):
            parameter["schema"] = {"type": "string", "format": "uuid"}
    if method in _WRITES:
        operation.setdefault("parameters", []).append(dict(_KEY))
    answers = operation.setdefault("responses", {})
    for status in [one for one in answers if one.startswith(("4", "5"))]:
        del answers[status]
    codes = ["401", "403", "404", "405", "429", "503"] + (["400", "409", "413", "415", "422"] if method in _WRITES else ["422"])
    shape = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in sorted(codes):
        answers[status] = {"description": "Refused: see the problem document", "content": shape}


@get("/openapi.json", opt={"public": True}, include_in_schema=False)
async def document(request: AnyRequest) -> Response[bytes]:
    """The description of this API."""
    from server.app import litestar

    state = request.app.state
    made: bytes | None = state.get("openapi")
    if made is None:
        made = state.openapi = msgspec.json.encode(described(litestar(state.parts, schema=True)))
    return Response(made, media_type="application/json", headers={"cache-control": "public, max-age=300"})


def main(settings: Settings, file: Path | None = None) -> int:
    """Write the document to a file, or to standard output."""
    from server.app import litestar
    from server.parts import unstarted

    made = msgspec.json.format(msgspec.json.encode(described(litestar(unstarted(settings), schema=True))), indent=2)
    if file is None:
        sys.stdout.write(made.decode() + "\n")
    else:
        file.write_bytes(made)
    return 0

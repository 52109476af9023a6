"""HTTP for forms and responses: decode, call one service function, answer."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor, ActorKind, Scope
from domain.errors import Invalid, NotFound
from domain.forms.catalogue import FORMS
from domain.forms.form import Form, seconds
from server.app_state import Parts
from server.forms import service, wire
from server.http import AnyRequest, body_of, path_id, query_of
from server.requests import request_id

_STATUS: Final = {"stored": 201, "duplicate": 200}
_MOST: Final = 100
_NOTHING: Final = service.Known(facts={}, answers={})


def _answer(found: msgspec.Struct, status: int = 200) -> Response[bytes]:
    return Response(
        wire.ENCODER.encode(found), status_code=status, media_type="application/json", headers={"cache-control": "no-store"}
    )


@get("/v1/forms", operation_id="listForms", summary="Which forms there are", tags=["forms"])
async def forms(request: AnyRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    """Every form in its newest version, and about how long it takes."""
    query_of(request.scope, {})
    actor.must(Scope.READINGS_WRITE)
    return _answer(wire.FormsOut(items=[
        wire.FormRowOut(
            key=one.key, version=one.version, title=one.title, conditions=one.conditions, seconds=seconds(one, {"steady": "no"}),
            licence=one.licence,
        )
        for one in FORMS.newest()
    ]))  # fmt: skip


async def _shown(request: AnyRequest, actor: Actor, parts: Parts, key: str, patient: UUID | None) -> Response[bytes]:
    query: dict[str, Any] = query_of(request.scope, {"version": int, "language": str})
    form = FORMS.find(key, query.get("version"))
    if form is None:
        raise NotFound
    known = _NOTHING
    if patient is not None:
        known = await service.known(parts.database, parts.reads, actor, patient, form, request_id(request.scope))
    return _answer(_form(form, query.get("language", "en"), known))


def _form(form: Form, language: str, known: service.Known) -> wire.FormOut:
    if language not in form.languages:
        language = "en"
    return wire.FormOut(
        key=form.key, version=form.version, title=form.words("title", form.title, language), language=language,
        languages=form.languages, seconds=seconds(form, known.facts), licence=form.licence, facts=known.facts,
        items=tuple(wire.question(form, item, language, known.answers.get(item.key)) for item in form.items),
    )  # fmt: skip


@get("/v1/forms/{key:str}", operation_id="getForm", summary="A form's questions", tags=["forms"])
async def form(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], key: FromPath[str]
) -> Response[bytes]:
    """One form; for a patient with what is known already, to be confirmed and not asked again."""
    actor.must(Scope.READINGS_WRITE)
    return await _shown(request, actor, parts, key, actor.id if actor.kind is ActorKind.PATIENT else None)


@get("/v1/patients/{patient_id:str}/forms/{key:str}", operation_id="getFormForPatient", summary="A form's questions for a patient",
     tags=["forms"])  # fmt: skip
async def form_for(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str], key: FromPath[str]
) -> Response[bytes]:
    """One form with what is known of a patient already."""
    return await _shown(request, actor, parts, key, path_id(patient_id))


async def _put(request: AnyRequest, actor: Actor, parts: Parts, sent: str, patient: UUID | None) -> Response[bytes]:
    query_of(request.scope, {})
    sent_id = path_id(sent)
    data = await body_of(request, wire.ResponseIn)
    if data.id != sent_id:
        raise Invalid("The id in the body is not the one in the address.", "/id")
    found = await service.respond(parts.ingest, parts.database, actor, request_id(request.scope), data, patient)
    return _answer(found, _STATUS[found.status])


@put("/v1/responses/{response_id:str}", operation_id="putResponse", status_code=201, summary="Answer a form", tags=["forms"],
     opt={"body": wire.ResponseIn})  # fmt: skip
async def put_response(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], response_id: FromPath[str]
) -> Response[bytes]:
    """Store it once, with the readings that it becomes; sending it again is harmless."""
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    return await _put(request, actor, parts, response_id, None)


@put("/v1/patients/{patient_id:str}/responses/{response_id:str}", operation_id="putResponseForPatient", status_code=201,
     summary="Answer a form for a patient", tags=["forms"], opt={"body": wire.ResponseIn})  # fmt: skip
async def put_response_for(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
    response_id: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    """By staff or a proxy who may write for the patient."""
    return await _put(request, actor, parts, response_id, path_id(patient_id))


async def _list(request: AnyRequest, actor: Actor, parts: Parts, patient: UUID) -> Response[bytes]:
    query: dict[str, Any] = query_of(request.scope, {"form": str, "limit": int})
    limit = query.get("limit", 50)
    if not 1 <= limit <= _MOST:
        raise Invalid(f"From 1 to {_MOST}.", "/limit")
    rows = await service.answered(
        parts.database, parts.reads, actor, patient, request_id(request.scope), form=query.get("form"), limit=limit
    )
    return _answer(wire.AnsweredListOut(items=[
        wire.AnsweredOut(
            id=row.id, form=row.form, version=row.version, taken_at=row.taken_at, received_at=row.received_at,
            answers=msgspec.Raw(row.answers.encode()), left_open=row.left_open, scores=msgspec.Raw(row.scores.encode()),
            corrects=row.corrects,
        )
        for row in rows
    ]))  # fmt: skip


@get("/v1/me/responses", operation_id="listMyResponses", summary="What I answered, newest first", tags=["forms"])
async def my_responses(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """The patient's own responses."""
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    return await _list(request, actor, parts, actor.id)


@get("/v1/patients/{patient_id:str}/responses", operation_id="listResponses", summary="What a patient answered, newest first",
     tags=["forms"])  # fmt: skip
async def responses(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str]
) -> Response[bytes]:
    """What the patient shares with the asker's team; nothing else is there."""
    return await _list(request, actor, parts, path_id(patient_id))


ROUTES: Final[list[Any]] = [forms, form, form_for, put_response, put_response_for, my_responses, responses]

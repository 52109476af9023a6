"""HTTP for plans: decode, call one service function, answer."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor, ActorKind, Scope
from domain.errors import Invalid, NotFound
from domain.plans.pathways import merge, pathway
from domain.plans.plan import Plan, faults
from domain.plans.schedule import burden_s
from server.app_state import Parts
from server.forms.wire import in_our_time
from server.http import AnyRequest, body_of, path_id, query_of, version_of
from server.plans import service, wire
from server.requests import request_id


def _answer(found: msgspec.Struct, revision: int | None = None) -> Response[bytes]:
    etag = {} if revision is None else {"etag": f'"{revision}"'}
    return Response(
        wire.ENCODER.encode(found), media_type="application/json", headers={"cache-control": "no-store", **etag}
    )


def _me(actor: Actor) -> UUID:
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    return actor.id


async def _whole(request: AnyRequest, actor: Actor, parts: Parts, patient: UUID) -> Response[bytes]:
    query_of(request.scope, {})
    found = await service.whole(parts.database, parts.reads, actor, patient, request_id(request.scope))
    return _answer(wire.whole(found), found.draft.row.revision if found.draft else 0)


@get("/v1/me/plan", operation_id="getMyPlan", summary="My plan", tags=["plans"])
async def my_plan(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """The plan in force, a draft if there is one, my limits, and how much of what is expected came."""
    return await _whole(request, actor, parts, _me(actor))


@get("/v1/patients/{patient_id:str}/plan", operation_id="getPlan", summary="A patient's plan", tags=["plans"])
async def plan(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
               patient_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """What the patient shares with the asker's team; nothing else is there. The ETag is the draft's revision."""
    return await _whole(request, actor, parts, path_id(patient_id))


@get("/v1/patients/{patient_id:str}/plan/versions", operation_id="listPlanVersions", summary="Every version of a plan", tags=["plans"])
async def plan_versions(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                        patient_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """Newest first."""
    query_of(request.scope, {})
    rows = await service.versions(parts.database, parts.reads, actor, path_id(patient_id), request_id(request.scope))
    return _answer(wire.VersionsOut(items=[
        wire.VersionRowOut(version=row.version, state=row.state, drafted_at=row.drafted_at, from_at=row.from_at,
                           until_at=row.until_at, review_on=row.review_on)
        for row in rows
    ]))  # fmt: skip


@get("/v1/patients/{patient_id:str}/plan/changes", operation_id="comparePlanVersions", summary="What changed between two versions",
     tags=["plans"])  # fmt: skip
async def plan_changes(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                       patient_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """Each place that differs, with what it was and what it is."""
    query: dict[str, Any] = query_of(request.scope, {"from": int, "to": int})
    if query.keys() != {"from", "to"}:
        raise Invalid("Name both versions.", "/from" if "from" not in query else "/to")
    found = await service.changes(
        parts.database, parts.reads, actor, path_id(patient_id), request_id(request.scope), query["from"], query["to"]
    )
    return _answer(wire.ChangesOut(items=list(found)))


async def _draft(request: AnyRequest, actor: Actor, parts: Parts, patient: UUID) -> Response[bytes]:
    query_of(request.scope, {})
    revision = version_of(request)
    data = await body_of(request, Plan)
    found = await service.draft(parts.database, parts.reads, actor, patient, request_id(request.scope), data, revision)
    out = wire.version(found)
    assert out is not None  # noqa: S101 - a version is shown as one
    return _answer(out, found.row.revision)


@put("/v1/me/plan/draft", operation_id="proposeMyPlan", summary="Propose a change of my plan", tags=["plans"],
     opt={"body": Plan, "if_match": True})  # fmt: skip
async def my_draft(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """A proposal is a draft: nothing is in force until both have signed it. If-Match "0" when there is no draft."""
    return await _draft(request, actor, parts, _me(actor))


@put("/v1/patients/{patient_id:str}/plan/draft", operation_id="draftPlan", summary="Draft a patient's plan", tags=["plans"],
     opt={"body": Plan, "if_match": True})  # fmt: skip
async def draft(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                patient_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """Refused, with every place, when it contradicts itself, relaxes the safety floor or asks for more than its ceiling."""
    return await _draft(request, actor, parts, path_id(patient_id))


async def _sign(request: AnyRequest, actor: Actor, parts: Parts, patient: UUID) -> Response[bytes]:
    query_of(request.scope, {})
    revision = version_of(request)
    await body_of(request, wire.Nothing)
    found = await service.sign(parts.database, parts.reads, actor, patient, request_id(request.scope), revision)
    out = wire.version(found)
    assert out is not None  # noqa: S101 - a version is shown as one
    return _answer(out, found.row.revision)


@post("/v1/me/plan/draft/sign", status_code=200, operation_id="signMyPlan", summary="Sign my plan", tags=["plans"],
      opt={"body": wire.Nothing, "if_match": True})  # fmt: skip
async def my_signature(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """With the clinician's signature of the same revision it is in force."""
    return await _sign(request, actor, parts, _me(actor))


@post("/v1/patients/{patient_id:str}/plan/draft/sign", status_code=200, operation_id="signPlan", summary="Sign a patient's plan",
      tags=["plans"], opt={"body": wire.Nothing, "if_match": True})  # fmt: skip
async def signature(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                    patient_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """As a clinician; nobody can sign as the patient but the patient."""
    return await _sign(request, actor, parts, path_id(patient_id))


async def _pause(request: AnyRequest, actor: Actor, parts: Parts, patient: UUID) -> Response[bytes]:
    query_of(request.scope, {})
    data = await body_of(request, wire.PauseIn)
    start, end = in_our_time(data.from_at, "/fromAt"), in_our_time(data.to_at, "/toAt")
    await service.pause(parts.database, parts.reads, actor, patient, request_id(request.scope), data.id, data.reason, start, end)
    return _answer(wire.PauseOut(id=data.id, reason=data.reason.value, from_at=start, to_at=end))


@post("/v1/me/plan/pauses", status_code=200, operation_id="pauseMe", summary="I am away", tags=["plans"], opt={"body": wire.PauseIn})
async def my_pause(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Reminders rest and nobody takes silence amiss; what I send is judged as always."""
    return await _pause(request, actor, parts, _me(actor))


@post("/v1/patients/{patient_id:str}/plan/pauses", status_code=200, operation_id="pausePatient", summary="A patient is away",
      tags=["plans"], opt={"body": wire.PauseIn})  # fmt: skip
async def pause(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                patient_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """Holiday, illness or a stay in hospital; it ends by itself."""
    return await _pause(request, actor, parts, path_id(patient_id))


@delete("/v1/me/plan/pauses/{pause_id:str}", status_code=204, operation_id="resumeMe", summary="I am back", tags=["plans"])
async def my_return(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], pause_id: FromPath[str]) -> None:
    """End an absence now."""
    query_of(request.scope, {})
    await service.resume(parts.database, parts.reads, actor, _me(actor), request_id(request.scope), path_id(pause_id))


@delete("/v1/patients/{patient_id:str}/plan/pauses/{pause_id:str}", status_code=204, operation_id="resumePatient",
        summary="A patient is back", tags=["plans"])  # fmt: skip
async def back(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
               pause_id: FromPath[str]) -> None:  # fmt: skip
    """End an absence now."""
    query_of(request.scope, {})
    await service.resume(parts.database, parts.reads, actor, path_id(patient_id), request_id(request.scope), path_id(pause_id))


@get("/v1/me/today", operation_id="getMyToday", summary="What is asked of me today", tags=["plans"])
async def my_today(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """What is asked, what came already, and about how long the rest takes."""
    query_of(request.scope, {})
    found = await service.today(parts.database, parts.reads, actor, _me(actor), request_id(request.scope))
    return _answer(wire.today(found))


@get("/v1/pathways", operation_id="mergePathways", summary="Conditions' templates as one plan", tags=["plans"])
async def pathways(request: AnyRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    """`of`: conditions, with commas between. What cannot be joined is left as a clash for a named clinician."""
    actor.must(Scope.READINGS_READ)
    query: dict[str, Any] = query_of(request.scope, {"of": str})
    named = [one for one in query.get("of", "").split(",") if one]
    found = merge([pathway(one) for one in dict.fromkeys(named)])
    wrong = [{"pointer": one.pointer, "detail": one.detail} for one in faults(found)]
    return _answer(wire.PathwayOut(plan=found, seconds_a_day=burden_s(found.expected), faults=wrong))


ROUTES: Final[list[Any]] = [
    my_plan, plan, plan_versions, plan_changes, my_draft, draft, my_signature, signature, my_pause, pause, my_return, back,
    my_today, pathways,
]  # fmt: skip

"""HTTP for people: a patient's profile."""

from datetime import date
from typing import Final
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from server.app_state import Parts
from server.http import AnyRequest, path_id, query_of
from server.people import service

_NO_STORE: Final = {"cache-control": "no-store"}


class PatientOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A patient as the team that looks after them sees them. `version` is the ETag."""

    id: UUID
    given_name: str
    family_name: str
    birth_on: date
    zone: str
    language: str
    prefers: str
    nhs_number: str | None
    coordinator: str | None
    conditions: list[str]
    version: int


@get("/v1/patients/{patient_id:str}", operation_id="getPatient", summary="Read a patient's profile", tags=["people"])
async def patient(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str]
) -> Response[PatientOut]:
    """Give the profile of somebody who shares with the asker's team; nobody else is there."""
    query_of(request.scope, {})
    wanted = path_id(patient_id)
    found = await service.patient(parts.database, parts.reads, actor, wanted, request.scope["state"]["request_id"])
    fields = msgspec.structs.asdict(found)
    out = PatientOut(id=fields.pop("patient_id"), **fields)
    return Response(out, headers={**_NO_STORE, "etag": f'"{found.version}"'})


ROUTES: Final = [patient]

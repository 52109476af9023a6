"""HTTP for people: a patient's profile, and what a patient shares."""

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.errors import Invalid
from domain.readings.kinds import DataClass
from server.app_state import Parts
from server.http import AnyRequest, body_of, path_id, query_of
from server.people import service
from server.people.store import GrantRow

CLASSES: Final = {one.name.lower(): one for one in DataClass}
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


class GrantOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One permission: who may see what, from when to when."""

    id: UUID
    team_id: UUID
    team: str | None
    data_classes: list[str]
    purpose: str
    may_write: bool
    from_at: datetime
    to_at: datetime | None


class GrantsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Those in force first."""

    items: list[GrantOut]
    next_cursor: str | None


class Share(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """With which team, and what: names of data classes."""

    team_id: UUID
    data_classes: Annotated[list[str], msgspec.Meta(min_length=1, max_length=10)]
    may_write: bool = False


def shown(row: GrantRow) -> GrantOut:
    """Show a stored grant as the API does."""
    return GrantOut(
        id=row.grant_id, team_id=row.team_id, team=row.team,
        data_classes=[DataClass(one).name.lower() for one in row.data_classes], purpose=row.purpose,
        may_write=row.may_write, from_at=row.from_at, to_at=row.to_at,
    )  # fmt: skip


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


@get("/v1/me/grants", operation_id="listMyGrants", summary="What I share, and with whom", tags=["people"])
async def grants(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]
) -> Response[GrantsOut]:
    """Give the patient's own grants."""
    query_of(request.scope, {})
    found = await service.grants(parts.database, parts.reads, actor, request.scope["state"]["request_id"])
    return Response(GrantsOut(items=[shown(row) for row in found], next_cursor=None), headers=_NO_STORE)


@post("/v1/me/grants", status_code=201, operation_id="shareWithTeam", summary="Share with a team", tags=["people"],
      opt={"body": Share})  # fmt: skip
async def share(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]
) -> Response[GrantOut]:
    """Share from now on, until it is ended."""
    data = await body_of(request, Share)
    unknown = [place for place, name in enumerate(data.data_classes) if name not in CLASSES]
    if unknown:
        raise Invalid(f"One of {', '.join(CLASSES)}.", f"/dataClasses/{unknown[0]}")
    classes = sorted({int(CLASSES[name]) for name in data.data_classes})
    row = await service.share(
        parts.database, parts.reads, actor, request.scope["state"]["request_id"], grant=uuid7(), team=data.team_id,
        classes=classes, may_write=data.may_write,
    )  # fmt: skip
    return Response(shown(row), headers=_NO_STORE)


@delete("/v1/me/grants/{grant_id:str}", status_code=204, operation_id="stopSharing", summary="Stop sharing",
        tags=["people"])  # fmt: skip
async def withdraw(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], grant_id: FromPath[str]
) -> None:
    """End one grant; it bites before the answer leaves. The record itself stays (ACC-6)."""
    query_of(request.scope, {})
    wanted = path_id(grant_id)
    await service.withdraw(parts.database, parts.reads, actor, request.scope["state"]["request_id"], wanted)


ROUTES: Final = [patient, grants, share, withdraw]

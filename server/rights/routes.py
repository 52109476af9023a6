"""HTTP and the page of a person's rights over data."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Response, Stream

from domain.actor import Actor
from domain.errors import Invalid, RateLimited
from server import clock
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import form_of
from server.consent.routes import asking
from server.http import AnyRequest, body_of, query_of
from server.me.pages import page
from server.me.shell import must_be_patient, person_of, shell_of
from server.rights import export, service
from server.web.refused import refused

_FILE: Final = {"cache-control": "no-store", "content-disposition": 'attachment; filename="my-record.zip"'}
_OFTEN: Final = "You have made several copies within the hour. Try again later."
_ASKED: Final = "A lead decides within three working days. The answer stands under Who looked."


class Erasure(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What should be erased, in one's own words."""

    said: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class DataView(msgspec.Struct, frozen=True, kw_only=True):
    """What a person can do with what is held about them."""

    typed: str = ""
    fault: str = ""
    as_of: datetime


@get("/v1/me/export", operation_id="exportMyRecord", summary="Everything about me, as one file", tags=["people"])
async def exported(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Stream:
    """A zip of record.json (each row of each table), fhir-bundle.json and record.html (to print, with charts)."""
    query_of(request.scope, {})
    file = await export.made(asking(request, actor, parts), parts)
    return Stream(export.sent(file), media_type="application/zip", headers=_FILE)


@post("/v1/me/erasure", status_code=202, operation_id="askForErasure", summary="Ask for something to be erased", tags=["people"],
      opt={"body": Erasure})  # fmt: skip
async def erasure(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[None]:
    """Somebody decides by data class; the health record under direct care is kept as long as the law asks."""
    data = await body_of(request, Erasure)
    await service.ask_to_erase(asking(request, actor, parts), data.said)
    return Response(None, headers={"cache-control": "no-store"})


async def _shown(  # noqa: PLR0913 - one page
    request: AnyRequest, parts: Parts, actor: Actor, *, typed: str = "", fault: str = "", said: str = "", status: int = 200
) -> Response[bytes]:
    person = await person_of(parts, actor)
    view = DataView(typed=typed, fault=fault, as_of=clock.now().astimezone(person.zone))
    return page(parts, "steady/me_data.html", shell_of(request, parts, person, section="data", said=said), view, view.as_of, status=status)


@get("/me/data", include_in_schema=False)
async def data(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """A copy of everything, and what can be asked."""
    must_be_patient(actor)
    query = query_of(request.scope, {"asked": str})
    return await _shown(request, parts, actor, said=_ASKED if "asked" in query else "")


@post("/me/data/export", include_in_schema=False, status_code=200)
async def copied(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Stream | Response[bytes]:
    """The file, by a button: a link that is opened ahead makes none."""
    must_be_patient(actor)
    try:
        file = await export.made(asking(request, actor, parts), parts)
    except RateLimited:
        return await _shown(request, parts, actor, fault=_OFTEN, status=429)
    return Stream(export.sent(file), media_type="application/zip", headers=_FILE)


@post("/me/data/erasure", include_in_schema=False, status_code=200)
async def asked(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Ask for something to be erased."""
    must_be_patient(actor)
    typed = (await form_of(request)).get("said", "").replace("\r\n", "\n")
    try:
        await service.ask_to_erase(asking(request, actor, parts), typed)
    except Invalid as error:
        fault, status = refused(error)
        return await _shown(request, parts, actor, typed=typed, fault=fault, status=status)
    return go("/me/data?asked=yes")


ROUTES: Final[list[Any]] = [exported, erasure, data, copied, asked]

"""HTTP and the page for emergency access."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Response

from domain.actor import Actor, Scope
from domain.errors import FreshSignInNeeded, Invalid, NotFound
from domain.sharing.emergencies import Reason
from server import clock
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import form_of
from server.consent.routes import asking
from server.emergencies import service
from server.episodes.pages import ZONE, shell_of
from server.http import AnyRequest, body_of, query_of
from server.web.layout import Pages, policy
from server.web.refused import refused
from server.web.routes import html
from server.web.views import Choice

_REASONS: Final = (
    Choice(value=Reason.UNCONSCIOUS, label="They are unconscious or cannot be asked"),
    Choice(value=Reason.LIFE_AT_RISK, label="Their life is at risk"),
    Choice(value=Reason.CANNOT_CONSENT, label="They are not able to decide now"),
    Choice(value=Reason.SAFEGUARDING, label="Somebody must be kept safe"),
)
_NOBODY: Final = "Nobody has that number and birth date, or there were too many tries. Check both; after five tries wait an hour."


class Emergency(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whose record, by number and birth date, and why it must be looked at now."""

    nhs_number: Annotated[str, msgspec.Meta(min_length=10, max_length=14)]
    birth_on: date
    reason: Annotated[str, msgspec.Meta(max_length=40)]
    said: Annotated[str, msgspec.Meta(max_length=1000)]


class EmergencyOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose record is open to the asker, only to look, and until when."""

    patient: UUID
    until: datetime


class EmergencyView(msgspec.Struct, frozen=True, kw_only=True):
    """The form, with what was typed where it was refused."""

    reasons: tuple[Choice, ...]
    number: str = ""
    birth_on: str = ""
    said: str = ""
    fault: str = ""
    is_old: bool = False


@post("/v1/emergency-accesses", status_code=201, operation_id="openInEmergency", summary="Look in an emergency", tags=["people"],
      opt={"body": Emergency})  # fmt: skip
async def emergency(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[EmergencyOut]:
    """Open a record for an hour, only to look; the patient is told at once and somebody else answers for it."""
    data = await body_of(request, Emergency)
    found = await service.begin(asking(request, actor, parts), data.nhs_number, data.birth_on, data.reason, data.said)
    return Response(EmergencyOut(patient=found.patient, until=found.until), headers={"cache-control": "no-store"})


async def _shown(request: AnyRequest, parts: Parts, actor: Actor, view: EmergencyView, *, status: int = 200) -> Response[bytes]:
    shell = await shell_of(request, parts, actor, section="queue")
    pages: Pages = parts.extras["pages"]
    text = pages.page("steady/emergency.html", shell, view, clock.now().astimezone(ZONE))
    return html(text, policy(shell.nonce), status=status)


def _must_act(actor: Actor) -> None:
    actor.must_be_staff()
    actor.must(Scope.EPISODES_ACT)


@get("/emergency", include_in_schema=False)
async def form(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Whose record, and why."""
    _must_act(actor)
    query_of(request.scope, {})
    return await _shown(request, parts, actor, EmergencyView(reasons=_REASONS))


def _born(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise Invalid("The day they were born.", "/birthOn") from error


@post("/emergency", include_in_schema=False, status_code=200)
async def opened(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Open it and go there."""
    _must_act(actor)
    typed = await form_of(request)
    number, born, said = typed.get("number", "")[:40], typed.get("birth-on", "")[:40], typed.get("said", "").replace("\r\n", "\n")[:1000]
    view = EmergencyView(reasons=_REASONS, number=number, birth_on=born, said=said)
    try:
        found = await service.begin(asking(request, actor, parts), number, _born(born), typed.get("reason", ""), said)
    except NotFound:
        return await _shown(request, parts, actor, msgspec.structs.replace(view, fault=_NOBODY), status=404)
    except (Invalid, FreshSignInNeeded) as error:
        fault, status = refused(error)
        old = isinstance(error, FreshSignInNeeded)
        return await _shown(request, parts, actor, msgspec.structs.replace(view, fault=fault, is_old=old), status=status)
    return go(f"/patients/{found.patient}")


ROUTES: Final[list[Any]] = [emergency, form, opened]

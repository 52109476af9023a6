"""The composition root: the only file that knows every slice. `build(parts)` needs no running server, so tests use it too."""

from typing import Any, Final

from litestar import Litestar, get
from litestar.di import NamedDependency, Provide
from litestar.response import Response
from litestar.types import ASGIApp

from domain.actor import Actor
from server import metrics
from server.app_state import Parts
from server.audit import routes as audit
from server.auth import pages as sign_in_pages
from server.auth import routes as sign_in
from server.auth.middleware import Gate
from server.auth.service import Auth
from server.care import routes as care
from server.consent import routes as consent
from server.desk import pages as desk
from server.edge import Edge, problem_response
from server.emergencies import routes as emergencies
from server.episodes import pages as queue
from server.episodes import routes as episodes
from server.facts import routes as facts
from server.fhir import routes as fhir
from server.forms import routes as forms
from server.groups import desk_pages as moderation_pages
from server.groups import desk_routes as moderation
from server.groups import pages as group_pages
from server.groups import routes as groups
from server.hooks import routes as hooks
from server.http import AnyRequest
from server.idempotency import Idempotent
from server.limits import Limited
from server.me import access_pages, sharing_pages
from server.me import pages as own_pages
from server.messages import pages as message_pages
from server.messages import routes as messages
from server.omh import routes as omh
from server.openapi import config, document
from server.people import routes as people
from server.plans import routes as plans
from server.proxies import routes as proxies
from server.quarantine import pages as held_pages
from server.quarantine import routes as held
from server.reach import routes as reach
from server.readings import links
from server.readings import routes as readings
from server.receipts import routes as receipts
from server.reviews import pages as review_pages
from server.reviews import routes as reviews
from server.rights import routes as rights
from server.rules import flag_page, proposals_page, reports
from server.rules import pages as rule_pages
from server.rules import routes as rules
from server.shares import routes as shares
from server.systems import routes as systems
from server.teams import pages as team_pages
from server.teams import routes as teams
from server.texts import routes as texts
from server.uploaders import routes as uploaders
from server.web import routes as web

VERSION: Final = "0.1.0"


@get("/livez", opt={"public": True}, include_in_schema=False, sync_to_thread=False)
def livez() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", opt={"public": True}, include_in_schema=False)
async def readyz(parts: NamedDependency[Parts]) -> Response[dict[str, Any]]:
    """Whether readings can be accepted, and whether somebody is watching: two different things (INV-15)."""
    found = await parts.ready()
    return Response(found, status_code=200 if found["accepting"] else 503)


@get("/version", opt={"public": True}, include_in_schema=False, sync_to_thread=False)
def version() -> dict[str, str]:
    """Which release this is."""
    return {"version": VERSION}


@get("/metrics", opt={"public": True}, include_in_schema=False, media_type="text/plain", sync_to_thread=False)
def counts() -> bytes:
    """Counts with bounded labels, for Prometheus."""
    return metrics.text()


def _actor(request: AnyRequest, parts: NamedDependency[Parts]) -> Actor:
    return parts.signed_in(request.scope)


HANDLERS: Final[list[Any]] = [
    livez,
    readyz,
    version,
    counts,
    document,
    *sign_in.ROUTES,
    *people.ROUTES,
    *facts.ROUTES,
    *teams.ROUTES,
    *audit.ROUTES,
    *consent.ROUTES,
    *reviews.ROUTES,
    *emergencies.ROUTES,
    *shares.ROUTES,
    *proxies.ROUTES,
    *rights.ROUTES,
    *readings.ROUTES,
    *links.ROUTES,
    *care.ROUTES,
    *episodes.ROUTES,
    *messages.ROUTES,
    *rules.ROUTES,
    *forms.ROUTES,
    *held.ROUTES,
    *groups.ROUTES,
    *moderation.ROUTES,
    *plans.ROUTES,
    *fhir.ROUTES,
    *omh.ROUTES,
    *receipts.ROUTES,
    *hooks.ROUTES,
    *uploaders.ROUTES,
    *systems.ROUTES,
    *reach.ROUTES,
    *texts.ROUTES,
    *reports.ROUTES,
    *sign_in_pages.ROUTES,
    *queue.ROUTES,
    *desk.ROUTES,
    *flag_page.ROUTES,
    *rule_pages.ROUTES,
    *proposals_page.ROUTES,
    *team_pages.ROUTES,
    *message_pages.ROUTES,
    *own_pages.ROUTES,
    *moderation_pages.ROUTES,
    *sharing_pages.ROUTES,
    *access_pages.ROUTES,
    *review_pages.ROUTES,
    *group_pages.ROUTES,
    *held_pages.ROUTES,
    *web.ROUTES,
]


def refused(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Every refusal and fault, as a problem document or as a page for people."""
    return problem_response(error, request.scope)


def litestar(parts: Parts, *, schema: bool = False) -> Litestar:
    """The application without its outer layers; with `schema` only to describe it, since Litestar would serve its own pages."""

    def the_parts() -> Parts:
        return parts

    app = Litestar(
        HANDLERS,
        dependencies={
            "parts": Provide(the_parts, sync_to_thread=False),
            "actor": Provide(_actor, sync_to_thread=False),
        },
        openapi_config=config(VERSION) if schema else None,
        # Litestar's own logging would set the root logger to INFO (architecture 7).
        logging_config=None,
        exception_handlers={Exception: refused},
    )
    app.state.parts = parts
    return app


def build(parts: Parts) -> ASGIApp:
    """The whole application: edge, session gate, each caller's share, repeated requests, handlers."""
    auth: Auth = parts.extras["auth"]
    return Edge(Gate(Limited(Idempotent(readings.FastLane(litestar(parts), parts), parts), parts.authenticate, parts.limits), auth.sessions))

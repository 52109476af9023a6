"""What stands round every page of a person's own: brand, whose it is, the CSRF token, the menu."""

from zoneinfo import ZoneInfo

import msgspec

from domain.actor import Actor, ActorKind, Scope
from domain.errors import NotFound
from server.app_state import Parts
from server.auth.sessions import OWN, cookie_of, csrf_of
from server.http import AnyRequest
from server.me import store
from server.people import service as people
from server.web.layout import Pages
from server.web.views import Shell, Viewer

CARER: str = "carer"
"""The role of whoever acts for others, as the menu of their pages knows it."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whose page it is."""

    name: str
    given_name: str
    zone: ZoneInfo


def must_be_patient(actor: Actor) -> None:
    """For anybody else there is nothing (ACC-3); and nothing is shown while revocations cannot be checked (TOK-5)."""
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    actor.must(Scope.READINGS_READ)


async def person_of(parts: Parts, actor: Actor) -> Person:
    """The patient who asks."""
    async with parts.database.begin(actor, one=actor.id) as tx:
        found = await store.PERSON.one(tx, actor.id)
    if found is None:
        raise NotFound
    return Person(name=f"{found.given_name} {found.family_name}", given_name=found.given_name, zone=ZoneInfo(found.zone))


async def proxy_shell(request: AnyRequest, parts: Parts, actor: Actor) -> Shell:
    """The shell of a carer's page."""
    found = await people.me(parts.database, actor)
    name = "" if found is None else found.name
    shell = shell_of(request, parts, Person(name=name, given_name=name, zone=ZoneInfo("Europe/London")), section="home")
    return msgspec.structs.replace(shell, viewer=Viewer(name=name, role=CARER))


def shell_of(request: AnyRequest, parts: Parts, person: Person | None, *, section: str = "", said: str = "") -> Shell:
    """The shell of a page; nobody's before sign-in."""
    pages: Pages = parts.extras["pages"]
    cookie = cookie_of(OWN, request.scope["headers"])
    return Shell(
        brand=pages.brand, nonce=pages.nonce(), csrf="" if person is None or cookie is None else csrf_of(cookie),
        viewer=None if person is None else Viewer(name=person.name, role=""), section=section, said=said,
        demo=parts.extras["settings"].demo,
    )  # fmt: skip

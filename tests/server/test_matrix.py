"""ACC-2, ACC-3: every route of the built application x twelve kinds of caller, as `matrix.txt` says; forbidden and absent are one answer.

A new route has no line there and fails: run it, look at each of the twelve answers, and write them down. Bodies are empty objects, so 422
means that the shape was refused before anything was looked for; what a right body does is tested where each route is.
"""

import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient
from litestar.handlers import ASGIRouteHandler
from litestar.routes import ASGIRoute
from uuid_utils.compat import uuid7

from domain.actor import Actor
from server import clock
from server.app import build, litestar
from server.app_state import Parts
from server.auth.actor import of_page, of_staff
from server.auth.service import Auth
from server.db import Database, Role
from server.people import admin
from tests.clinic import Clinic, colleague, make_clinic
from tests.server.proxies.test_proxies import invite

CALLERS = ("self", "other", "proxy", "granted", "ungranted", "elsewhere", "vendor", "vendor2", "moderator", "admin", "anonymous", "expired")
TABLE = Path(__file__).with_name("matrix.txt")
RAW = {
    "/v1/readings": (("PUT", "/v1/readings/{reading_id:str}"), ("DELETE", "/v1/readings/{reading_id:str}"), ("POST", "/v1/readings/batch")),
    "/fhir/R4": (
        ("GET", "/fhir/R4/metadata"), ("GET", "/fhir/R4/Patient/{patient_id:str}"), ("GET", "/fhir/R4/Patient/{patient_id:str}/$everything"),
        ("GET", "/fhir/R4/Observation?patient={patient_id:str}"), ("GET", "/fhir/R4/Consent?patient={patient_id:str}"),
        ("GET", "/fhir/R4/AuditEvent?patient={patient_id:str}"), ("GET", "/fhir/R4/CarePlan?patient={patient_id:str}"), ("POST", "/fhir/R4"),
    ),
}  # fmt: skip
"""What stands behind a door that is one route to the framework."""
STREAMS = {"/events"}
"""Answers that never end: tests/server/web asks them."""
NAMES = {
    "what": "nothing", "sheet": "clinic", "key": "phq9", "rule": "HF-W1", "code": "not-found", "kind": "cases", "seq": "1", "name": "/none.css",
}  # fmt: skip
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_OURS = re.compile(r'nonce-?=?\\?"?[\w-]+|value=\\?"[\w=-]{43,}\\?"|"asOf":"[^"]*"|[\w-]{80,}')


def routes(parts: Parts) -> list[tuple[str, str]]:
    """Every method and path of the built application."""
    found: list[tuple[str, str]] = []
    for route in litestar(parts).routes:
        if isinstance(route, ASGIRoute):
            found += RAW[route.path]
            continue
        handlers: list[Any] = [one for one in getattr(route, "route_handlers", []) if not isinstance(one, ASGIRouteHandler)]
        found += [(method, route.path) for one in handlers for method in one.http_methods if method != "OPTIONS"]
    return sorted(one for one in found if one[1] not in STREAMS)


def filled(path: str, patient: UUID) -> str:
    """The path with this patient, and with ids of nothing."""

    def one(match: re.Match[str]) -> str:
        name = match[1]
        return str(patient) if name == "patient_id" else NAMES.get(name) or str(uuid7())

    return re.sub(r"\{(\w+)(?::\w+)?\}", one, path).replace("//", "/")


class Callers:
    """Twelve kinds of caller, and how each asks: by a token, or on pages with a cookie's session."""

    def __init__(self, auth: Auth, actors: dict[str, Actor]) -> None:
        self._auth = auth
        self._actors = actors

    def headers(self, who: str) -> dict[str, str]:
        """The header of a request."""
        if who == "anonymous":
            return {}
        at = int(datetime.now(UTC).timestamp())
        token = self._auth.tokens.issue(self._actors["granted" if who == "expired" else who], at - 7200 if who == "expired" else at)
        return {"authorization": f"Bearer {token}"}


@pytest.fixture
async def callers(client: AsyncClient, clinic: Clinic, database: Database, parts: Parts) -> Callers:
    """A clinic, another one, a carer, a nurse of a team with which nothing is shared, somebody of no team."""
    other = await make_clinic(database, parts, clock.now())
    carer = UUID((await invite(client, clinic, "record", "vitals", mayWrite=True))["id"])
    async with database.begin_as(Role.OWNER) as tx:
        team = await admin.add_team(tx, clinic.org, "Another team")
    apart = await colleague(database, clinic, "nurse", team)
    at = int(clinic.now.timestamp())

    def nurse(staff: UUID) -> Actor:
        return of_staff(staff, clinic.org, "nurse", str(uuid7()), at, at + 3600)

    proxy = of_page(type(clinic.actor("patient").kind)("proxy"), carer, clinic.org, str(uuid7()), at, at + 3600)
    return Callers(parts.extras["auth"], {
        "self": clinic.actor("patient"), "other": clinic.actor("stranger"), "proxy": proxy, "granted": clinic.actor("nurse"),
        "ungranted": nurse(apart), "elsewhere": other.actor("nurse"), "vendor": clinic.actor("vendor"), "vendor2": other.actor("vendor"),
        "moderator": nurse(uuid7()), "admin": clinic.actor("admin"),
    })  # fmt: skip


@pytest.fixture
async def unlimited(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[AsyncClient]:
    """The application without each caller's share: a table is more than anybody may ask in a minute."""
    monkeypatch.setattr(parts, "limits", None)
    async with AsyncClient(transport=ASGITransport(app=cast("Any", build(parts))), base_url="http://test") as made:
        yield made


async def ask(client: AsyncClient, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    """The status, and the body without what differs from request to request."""
    body: dict[str, Any] = {} if method in {"GET", "DELETE"} else {"json": {}}
    answer = await client.request(method, path, headers=headers, **body)
    return answer.status_code, _OURS.sub("", _ID.sub("", answer.text))


async def test_acc_2_every_route_answers_every_caller_as_the_table_says(
    unlimited: AsyncClient, callers: Callers, clinic: Clinic, parts: Parts
) -> None:
    wanted = {line.split(" | ")[0]: line.split(" | ")[1].split() for line in TABLE.read_text().splitlines()[1:]}
    wrong: list[str] = []
    for method, path in routes(parts):
        found = [str((await ask(unlimited, method, filled(path, clinic.patient), callers.headers(who)))[0]) for who in CALLERS]
        name = f"{method} {path}"
        if wanted.get(name) != found:
            wrong.append(f"{name} | {' '.join(found)}")
    assert wrong == []
    assert wanted.keys() == {f"{method} {path}" for method, path in routes(parts)}


async def test_acc_3_forbidden_and_absent_are_byte_equal(unlimited: AsyncClient, callers: Callers, clinic: Clinic, parts: Parts) -> None:
    wrong: list[str] = []
    for method, path in routes(parts):
        if "{patient_id" not in path:
            continue
        for who in ("other", "ungranted", "elsewhere", "vendor2", "moderator", "admin"):
            there = await ask(unlimited, method, filled(path, clinic.patient), callers.headers(who))
            absent = await ask(unlimited, method, filled(path, uuid7()), callers.headers(who))
            if there != absent:
                wrong.append(f"{who}: {method} {path}: {there} {absent}")
    assert wrong == []


def test_acc_1_nobody_without_a_sign_in_gets_anything_that_is_not_public() -> None:
    for line in TABLE.read_text().splitlines()[1:]:
        name, _, statuses = line.partition(" | ")
        *_, anonymous, expired = statuses.split()
        path = name.split(" ")[1]
        if path == "/me" or (path.startswith(("/v1/me", "/v1/patients", "/patients", "/me/", "/v1/reviews")) and path != "/me/sign-in"):
            assert (anonymous, expired) == ("401", "401"), line

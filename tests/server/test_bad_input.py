"""The INP table on every route that changes something: a problem document, never a 5xx, nothing lost, nothing half-stored."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from uuid_utils.compat import uuid7

from server.db import Database
from tests.clinic import Clinic

READING = '{"id": "%s", "kind": "body_weight", "takenAt": "2026-11-20T07:00:00Z", "value": 80.1, "unit": "kg"%s}'
ROUTES = {
    "put a reading": ("PUT", "/v1/readings/{id}", "patient"),
    "post a batch": ("POST", "/v1/readings/batch", "patient"),
    "retract a reading": ("DELETE", "/v1/readings/{id}", "patient"),
    "put for a patient": ("PUT", "/v1/patients/{patient}/readings/{id}", "nurse"),
    "post for a patient": ("POST", "/v1/patients/{patient}/readings/batch", "nurse"),
    "retract for a patient": ("DELETE", "/v1/patients/{patient}/readings/{id}", "nurse"),
    "answer a form": ("PUT", "/v1/responses/{id}", "patient"),
    "answer a form for a patient": ("PUT", "/v1/patients/{patient}/responses/{id}", "nurse"),
    "propose a plan": ("PUT", "/v1/me/plan/draft", "patient"),
    "draft a plan": ("PUT", "/v1/patients/{patient}/plan/draft", "nurse"),
    "sign my plan": ("POST", "/v1/me/plan/draft/sign", "patient"),
    "sign a plan": ("POST", "/v1/patients/{patient}/plan/draft/sign", "nurse"),
    "be away": ("POST", "/v1/me/plan/pauses", "patient"),
    "plan an absence": ("POST", "/v1/patients/{patient}/plan/pauses", "nurse"),
    "take": ("POST", "/v1/patients/{patient}/episodes/{id}/acknowledge", "nurse"),
    "snooze": ("POST", "/v1/patients/{patient}/episodes/{id}/snooze", "nurse"),
    "close": ("POST", "/v1/patients/{patient}/episodes/{id}/close", "nurse"),
    "propose limits": ("POST", "/v1/proposals", "lead"),
    "sign limits": ("POST", "/v1/proposals/{id}/sign", "nurse"),
    "take limits back": ("POST", "/v1/proposals/{id}/end", "nurse"),
    "propose a person's limits": ("POST", "/v1/patients/{patient}/limits", "nurse"),
    "try limits": ("POST", "/v1/rules/tries", "lead"),
    "agree to limits": ("POST", "/v1/patients/{patient}/limits/{id}/sign", "patient"),
    "refuse limits": ("POST", "/v1/patients/{patient}/limits/{id}/end", "patient"),
    "pair": ("POST", "/v1/pairing", None),
    "pairing code": ("POST", "/v1/pairing-codes", "nurse"),
    "release": ("POST", "/v1/patients/{patient}/quarantine/{id}/release", "nurse"),
    "correct": ("POST", "/v1/patients/{patient}/quarantine/{id}/correct", "nurse"),
    "discard": ("POST", "/v1/patients/{patient}/quarantine/{id}/discard", "nurse"),
    "hold": ("POST", "/v1/patients/{patient}/quarantine/{id}/hold", "nurse"),
    "apart": ("POST", "/v1/patients/{patient}/readings/{id}/apart", "nurse"),
    "together": ("POST", "/v1/patients/{patient}/readings/{id}/together", "nurse"),
    "answer": ("POST", "/v1/me/quarantine/{id}/answer", "patient"),
    "share": ("POST", "/v1/me/consents", "patient"),
}
JSON = {"content-type": "application/json"}
BODIES: dict[str, tuple[bytes, dict[str, str], set[int]]] = {
    "invalid UTF-8": (b'{"id": "\xff\xfe"}', JSON, {400}),
    "nested 2,000 deep": (b'{"x": ' + b"[" * 2000 + b"]" * 2000 + b"}", JSON, {400, 422}),
    "NUL in text": (b'{"reason": "a\\u0000b", "code": "a\\u0000b"}', JSON, {400, 422}),
    "a key twice": (b'{"id": "x", "id": "y"}', JSON, {400, 422}),
    "not JSON": (b"{", JSON, {400}),
    "empty": (b"", JSON, {400}),
    "NaN": (b'{"value": NaN}', JSON, {400}),
    "an array": (b"[]", JSON, {422}),
    "an unknown field": (b'{"surprise": 1}', JSON, {422}),
    "a number where text must be": (b'{"id": 7}', JSON, {422}),
    "no content type": (b"{}", {}, {415}),
    "text": (b"{}", {"content-type": "text/plain"}, {415}),
    "compressed": (b"\x1f\x8b", {**JSON, "content-encoding": "gzip"}, {415}),
    "too long": (b'{"x": "' + b"a" * (5 * 1024 * 1024 + 10) + b'"}', JSON, {413}),
}


async def ask(client: AsyncClient, clinic: Clinic, route: str, body: bytes, headers: dict[str, str]) -> Response:
    method, path, who = ROUTES[route]
    url = path.format(id=uuid7(), patient=clinic.patient)
    sent = {**headers, **({} if who is None else clinic.token(who)), "if-match": '"1"'}
    return await client.request(method, url, content=body, headers=sent)


def is_problem(answer: Response, allowed: set[int]) -> None:
    assert answer.status_code in allowed, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == answer.status_code
    assert found["type"].startswith("/problems/")
    assert found["requestId"]
    assert {"title", "detail", "instance"} <= found.keys()


async def stored(database: Database, clinic: Clinic) -> int:
    async with database.begin(clinic.actor("patient")) as tx:
        row = await tx.fetchrow("select (select count(*) from reading) + (select count(*) from quarantine) as n")
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", BODIES)
async def test_inp_1_2_a_bad_body_is_a_problem_and_stores_nothing(
    client: AsyncClient, clinic: Clinic, database: Database, route: str, name: str
) -> None:
    body, headers, allowed = BODIES[name]
    is_problem(await ask(client, clinic, route, body, headers), allowed)
    assert await stored(database, clinic) == 0


VALUES = {
    "Infinity as text": ('"Infinity"', 422), "a number as text": ('"80"', 422), "1e999999999": ("1e999999999", 422),
    "19 digits": ("1234567890123456789", 422), "true": ("true", 422), "null": ("null", 422), "an object": ("{}", 422),
    "leading zero": ("080", 400),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
async def test_ing_10_a_value_is_a_bounded_number(client: AsyncClient, clinic: Clinic, database: Database, name: str) -> None:
    text, status = VALUES[name]
    reading = uuid7()
    body = (READING % (reading, "")).replace("80.1", text)
    answer = await client.put(f"/v1/readings/{reading}", content=body, headers={**JSON, **clinic.token("patient")})
    is_problem(answer, {status})
    assert await stored(database, clinic) == 0


@pytest.mark.parametrize(
    "time",
    ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-14:00", "2026-11-20T07:00:00", "1", "2026-13-01T00:00:00Z", "1850-01-01T00:00:00Z"],
)
async def test_ing_7_a_time_has_an_offset_and_lies_in_our_age(client: AsyncClient, clinic: Clinic, time: str) -> None:
    reading = uuid7()
    body = (READING % (reading, "")).replace("2026-11-20T07:00:00Z", time)
    answer = await client.put(f"/v1/readings/{reading}", content=body, headers={**JSON, **clinic.token("patient")})
    is_problem(answer, {422})


async def test_a_key_twice_in_a_reading_is_ambiguous_and_sinks_no_neighbour(client: AsyncClient, clinic: Clinic) -> None:
    one, two = uuid7(), uuid7()
    body = f'{{"items": [{READING % (one, ", " + chr(34) + "value" + chr(34) + ": 95")}, {READING % (two, "")}]}}'
    answer = await client.post("/v1/readings/batch", content=body, headers={**JSON, **clinic.token("patient")})
    assert [item["status"] for item in answer.json()["items"]] == ["rejected", "stored"]
    alone = await client.put(f"/v1/readings/{one}", content=READING % (one, ', "value": 95'), headers={**JSON, **clinic.token("patient")})
    is_problem(alone, {400})


@pytest.mark.parametrize(
    "query", ["limit=-1", "limit=100000000000000000000", "limit=1&limit=2", "from=1", "before=2026-11-20", "nobody=1", "kind=nothing",
              "limit=%FF", "limit=0", "limit=201", "kind=a%00b"],
)  # fmt: skip
async def test_inp_a_query_is_typed_once_and_known(client: AsyncClient, clinic: Clinic, query: str) -> None:
    is_problem(await client.get(f"/v1/me/readings?{query}", headers=clinic.token("patient")), {422})


@pytest.mark.parametrize(
    "path", ["/v1/readings/1_000", "/v1/readings/%D9%A3", "/v1/readings/{00000000-0000-0000-0000-000000000000}",
             "/v1/readings/00000000000000000000000000000000", "/v1/readings/", "/v1/nothing"],
)  # fmt: skip
async def test_inp_a_path_id_is_canonical_text(client: AsyncClient, clinic: Clinic, path: str) -> None:
    is_problem(await client.put(path, content=b"{}", headers={**JSON, **clinic.token("patient")}), {404})


async def test_inp_2_headers_addresses_and_methods_are_bounded(client: AsyncClient, clinic: Clinic) -> None:
    mine = clinic.token("patient")
    is_problem(await client.get("/v1/me/readings", headers={**mine, "x-long": "a" * 33_000}), {413})
    is_problem(await client.get("/v1/me/readings", headers=[*mine.items(), *((f"x-{n}", "1") for n in range(101))]), {413})
    is_problem(await client.get("/v1/me/readings?kind=" + "a" * 4_096, headers=mine), {413})
    is_problem(await client.get("/v1/me/readings", headers=[*mine.items(), ("host", "test"), ("host", "other")]), {400})
    wrong = await client.patch(f"/v1/readings/{uuid7()}", headers=mine)
    is_problem(wrong, {405})
    assert wrong.headers["allow"] == "PUT, DELETE"


async def test_inp_2_a_batch_has_at_most_a_thousand(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    items: list[dict[str, Any]] = [
        {"id": str(uuid7()), "kind": "heart_rate", "takenAt": f"2026-11-{1 + n // 60 % 20:02}T{n % 24:02}:{n % 60:02}:{n % 59:02}Z",
         "value": 60 + n % 30, "unit": "/min"} for n in range(1001)
    ]  # fmt: skip
    is_problem(await client.post("/v1/readings/batch", json={"items": items}, headers=clinic.token("patient")), {413, 422})
    assert await stored(database, clinic) == 0


async def test_acc_3_absent_and_forbidden_look_the_same(client: AsyncClient, clinic: Clinic) -> None:
    nurse = clinic.token("nurse")
    answers = [await client.get(f"/v1/patients/{who}", headers=nurse) for who in (clinic.stranger, UUID(int=5))]
    shown = [{**one.json(), "requestId": "", "instance": ""} for one in answers]
    assert shown[0] == shown[1]
    for one in answers:
        is_problem(one, {404})

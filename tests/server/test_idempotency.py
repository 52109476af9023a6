"""`Idempotency-Key` (ING-2): one execution, one answer, whatever the network does."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from uuid_utils.compat import uuid7

from server.db import Database, connect
from server.db_where import Where
from server.idempotency import KEPT
from server.ingest import Ingest
from server.worker import Worker, relay_of
from tests.clinic import Clinic


async def episode(client: AsyncClient, clinic: Clinic) -> str:
    body = {"id": str(uuid7()), "kind": "symptom", "takenAt": datetime.now(UTC).isoformat(), "code": "blue_lips"}
    assert (await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("patient"))).status_code == 201
    found = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]
    return f"/v1/patients/{clinic.patient}/episodes/{found[0]['episode']['id']}"


async def take(client: AsyncClient, clinic: Clinic, where: str, key: str, *, version: int = 1, body: Any = None) -> Response:
    headers = {**clinic.token("nurse"), "idempotency-key": key, "if-match": f'"{version}"'}
    return await client.post(f"{where}/acknowledge", json={} if body is None else body, headers=headers)


async def events(database: Database, clinic: Clinic, what: str) -> int:
    async with database.begin(clinic.actor("nurse")) as tx:
        row = await tx.fetchrow("select count(*) from episode_event where patient_id = $1 and what = $2", clinic.patient, what)
    assert row is not None
    return int(row[0])


async def test_ing_02_a_hundred_at_once_are_one_execution_and_one_answer(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    where, key = await episode(client, clinic), str(uuid7())
    grant = {"teamId": str(clinic.team), "dataClasses": ["record"], "textVersion": 1}
    mine = {**clinic.token("patient"), "idempotency-key": key}
    answers = await asyncio.gather(*(client.post("/v1/me/consents", json=grant, headers=mine) for _ in range(100)))
    assert {one.status_code for one in answers} == {201}
    assert len({one.content for one in answers}) == 1
    grants = (await client.get("/v1/me/consents", headers=clinic.token("patient"))).json()["items"]
    assert len(grants) == 2
    taken = await asyncio.gather(*(take(client, clinic, where, key) for _ in range(100)))
    assert {one.status_code for one in taken} == {200}
    assert len({(one.content, one.headers["etag"]) for one in taken}) == 1
    assert await events(database, clinic, "acknowledged") == 1


async def test_ing_02_the_same_key_with_another_body_or_version_is_refused(client: AsyncClient, clinic: Clinic) -> None:
    where, key = await episode(client, clinic), str(uuid7())
    first = await take(client, clinic, where, key)
    again = await take(client, clinic, where, key)
    assert (first.status_code, again.content, again.headers["content-type"]) == (200, first.content, first.headers["content-type"])
    for other in (await take(client, clinic, where, key, version=2), await take(client, clinic, where, key, body={"x": 1})):
        assert other.status_code == 422
        assert other.json()["type"] == "/problems/key-reused"


async def test_ing_02_a_refusal_of_the_action_is_its_answer_and_one_before_it_began_is_not(client: AsyncClient, clinic: Clinic) -> None:
    where, stale, early = await episode(client, clinic), str(uuid7()), str(uuid7())
    assert (await take(client, clinic, where, stale, version=7)).status_code == 412
    assert (await take(client, clinic, where, early, body={"x": 1})).status_code == 422
    assert (await take(client, clinic, where, early)).status_code == 200
    assert (await take(client, clinic, where, stale, version=7)).status_code == 412


async def test_ing_02_a_key_belongs_to_one_caller_and_one_address(client: AsyncClient, clinic: Clinic) -> None:
    key = str(uuid7())
    share = {"teamId": str(clinic.team), "dataClasses": ["record"], "textVersion": 1}
    for who in ("patient", "stranger"):
        answer = await client.post("/v1/me/consents", json=share, headers={**clinic.token(who), "idempotency-key": key})
        assert answer.status_code == 201
    where = await episode(client, clinic)
    assert (await take(client, clinic, where, key)).status_code == 200
    anonymous = await client.post("/v1/me/consents", json=share, headers={"idempotency-key": key})
    assert anonymous.status_code == 401


async def test_ing_02_one_that_runs_elsewhere_is_told_to_come_back(client: AsyncClient, clinic: Clinic, where: Where) -> None:
    place, key = await episode(client, clinic), str(uuid7())
    done = await take(client, clinic, place, str(uuid7()))
    assert done.status_code == 200
    connection = await connect(where, "steady_app")
    try:
        digest = hashlib.sha256(b"key:" + key.encode()).hexdigest()
        name = f"{clinic.nurse}|pages|POST {place}/acknowledge|{digest}"
        await connection.execute("begin")
        await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", name)
        running = await take(client, clinic, place, key, version=2)
        assert (running.status_code, running.headers["retry-after"]) == (409, "1")
        assert running.json()["type"] == "/problems/still-running"
        assert running.json()["retry"] is True
        await connection.execute("rollback")
    finally:
        await connection.close()
    assert (await take(client, clinic, place, key, version=2)).status_code == 200


async def test_ing_02_on_readings_the_key_is_honoured_and_what_is_stored_is_stored_once(client: AsyncClient, clinic: Clinic) -> None:
    key, made = str(uuid7()), str(uuid7())
    body = {"id": made, "kind": "heart_rate", "takenAt": datetime.now(UTC).isoformat(), "value": 70, "unit": "/min"}
    headers = {**clinic.token("patient"), "idempotency-key": key}
    first = await client.put(f"/v1/readings/{made}", json=body, headers=headers)
    again = await client.put(f"/v1/readings/{made}", json=body, headers=headers)
    assert (first.status_code, again.status_code, first.content) == (201, 201, again.content)
    without = await client.put(f"/v1/readings/{made}", json=body, headers=clinic.token("patient"))
    assert (without.status_code, without.json()["status"]) == (200, "duplicate")


@pytest.mark.parametrize("key", ["", "a b", "é", "a" * 256, "tab\t"])
async def test_ing_02_a_key_is_up_to_255_visible_characters(client: AsyncClient, clinic: Clinic, key: str) -> None:
    share = {"teamId": str(clinic.team), "dataClasses": ["record"], "textVersion": 1}
    headers = [(name.encode(), value.encode()) for name, value in clinic.token("patient").items()]
    headers.append((b"idempotency-key", key.encode()))
    answer = await client.post("/v1/me/consents", json=share, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/Idempotency-Key"
    assert len((await client.get("/v1/me/consents", headers=clinic.token("patient"))).json()["items"]) == 1


async def test_ing_02_nothing_stored_shows_the_answer_and_it_is_forgotten_after_its_time(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    key = f"canary-{uuid7()}"
    share = {"teamId": str(clinic.team), "dataClasses": ["record"], "textVersion": 1}
    answer = await client.post("/v1/me/consents", json=share, headers={**clinic.token("patient"), "idempotency-key": key})
    assert answer.status_code == 201
    async with database.begin(clinic.actor("patient")) as tx:
        row = await tx.fetchrow("select body, headers::text || key_hash::text from idempotency where principal = $1", clinic.patient)
        assert row is not None
        assert answer.json()["id"].encode() not in row[0]
        assert key not in row[1]
    async with database.begin(clinic.actor("stranger")) as tx:
        assert await tx.fetch("select 1 from idempotency where principal = $1", clinic.patient) == []
    worker = Worker(database, Ingest(database), relay_of(database, clinic.parts.extras["settings"]))
    await worker.retention(datetime.now(UTC))
    async with database.begin(clinic.actor("patient")) as tx:
        assert len(await tx.fetch("select 1 from idempotency")) == 1
    await worker.retention(datetime.now(UTC) + KEPT + timedelta(minutes=1))
    async with database.begin(clinic.actor("patient")) as tx:
        assert await tx.fetch("select 1 from idempotency") == []
    assert timedelta(hours=48) <= KEPT


async def test_ing_02_our_own_fault_is_undone_and_not_kept(client: AsyncClient, clinic: Clinic, where: Where) -> None:
    place, key = await episode(client, clinic), str(uuid7())
    connection = await connect(where, "steady_owner")
    try:
        await connection.execute("alter table episode_event add constraint planted check (what <> 'acknowledged') not valid")
        try:
            broken = await take(client, clinic, place, key)
        finally:
            await connection.execute("alter table episode_event drop constraint planted")
    finally:
        await connection.close()
    assert broken.status_code == 500
    healed = await take(client, clinic, place, key)
    assert (healed.status_code, healed.json()["state"]) == (200, "acknowledged")

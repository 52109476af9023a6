"""ROW controls: a query for another person's record returns nothing because the database says so."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from server.db import Database, PostgresError, Role, connect
from server.db_where import Where
from server.people import admin
from tests.clinic import Clinic

TABLES = ("patient", "patient_condition", "identifier", "reading", "picture", "episode", "flag", "judgement", "episode_event", "access_grant")


async def seed(client: AsyncClient, clinic: Clinic) -> None:
    for who in ("patient", "stranger"):
        body = {"id": str(uuid7()), "kind": "symptom", "takenAt": datetime.now(UTC).isoformat(), "code": "blue_lips"}
        assert (await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token(who))).status_code == 201


async def seen(database: Database, clinic: Clinic, who: str) -> dict[str, set[UUID]]:
    found: dict[str, set[UUID]] = {}
    async with database.begin(clinic.actor(who)) as tx:
        for table in TABLES:
            found[table] = {row[0] for row in await tx.fetch(f"select distinct patient_id from {table}")}
    return found


async def test_row_2_each_sees_their_own_and_what_is_shared(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await seed(client, clinic)
    assert all(people == {clinic.stranger} for table, people in (await seen(database, clinic, "stranger")).items() if table != "access_grant")
    assert all(people == {clinic.patient} for people in (await seen(database, clinic, "nurse")).values())
    vendor = await seen(database, clinic, "vendor")
    assert all(people == set[UUID]() for people in vendor.values())


async def test_row_3_4_without_somebody_who_asks_there_is_nothing(where: Where, client: AsyncClient, clinic: Clinic) -> None:
    await seed(client, clinic)
    connection = await connect(where, "steady_app")
    try:
        for table in TABLES:
            assert await connection.fetch(f"select 1 from {table} limit 1") == []
        # A setting that was used reads as '' afterwards, not as null (ROW-4).
        await connection.execute(f"begin; set local app.principal = '{clinic.patient}'; commit")
        for table in TABLES:
            assert await connection.fetch(f"select 1 from {table} limit 1") == []
        part = await connection.fetchval("select tableoid::regclass::text from pg_class where relname = 'reading' limit 1")
        assert part
        name = f"reading_{datetime.now(UTC):%Y%m}"
        with pytest.raises(PostgresError):
            await connection.fetch(f"select 1 from {name}")
    finally:
        await connection.close()


async def test_inv_10_a_withdrawn_grant_bites_at_once(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await seed(client, clinic)
    nurse, mine = clinic.token("nurse"), clinic.token("patient")
    assert len((await client.get("/v1/episodes", headers=nurse)).json()["items"]) == 1
    grants = (await client.get("/v1/me/consents", headers=mine)).json()["items"]
    assert (await client.delete(f"/v1/me/consents/{grants[0]['id']}", headers=mine)).status_code == 200
    assert (await client.get("/v1/episodes", headers=nurse)).json()["items"] == []
    assert (await client.get(f"/v1/patients/{clinic.patient}", headers=nurse)).status_code == 404
    assert all(people == set[UUID]() for people in (await seen(database, clinic, "nurse")).values())
    body = {"id": str(uuid7()), "kind": "heart_rate", "takenAt": datetime.now(UTC).isoformat(), "value": 70, "unit": "/min"}
    answer = await client.put(f"/v1/patients/{clinic.patient}/readings/{body['id']}", json=body, headers=nurse)
    assert answer.status_code == 404
    # The patient's own safety net goes on (ACC-6).
    assert (await client.put(f"/v1/readings/{body['id']}", json=body, headers=mine)).status_code == 201


async def test_f57_a_grant_is_by_data_class(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    mine, nurse = clinic.token("patient"), clinic.token("nurse")
    grants = (await client.get("/v1/me/consents", headers=mine)).json()["items"]
    await client.delete(f"/v1/me/consents/{grants[0]['id']}", headers=mine)
    share = {"teamId": str(clinic.team), "dataClasses": ["record", "vitals"], "textVersion": 1}
    assert (await client.post("/v1/me/consents", json=share, headers=mine)).status_code == 201
    now = datetime.now(UTC)
    for kind, value, unit in (("heart_rate", 70, "/min"), ("glucose_capillary", 2.5, "mmol/L")):
        body = {"id": str(uuid7()), "kind": kind, "takenAt": now.isoformat(), "value": value, "unit": unit}
        await client.put(f"/v1/readings/{body['id']}", json=body, headers=mine)
    read = (await client.get(f"/v1/patients/{clinic.patient}/readings", headers=nurse)).json()["items"]
    assert [one["kind"] for one in read] == ["heart_rate"]
    assert (await client.get("/v1/episodes", headers=nurse)).json()["items"] == []
    async with database.begin(clinic.actor("patient")) as tx:
        assert len(await tx.fetch("select 1 from episode")) == 1


async def test_row_6_a_grant_that_ends_and_a_team_that_is_left(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await seed(client, clinic)
    async with database.begin_as(Role.OWNER) as tx:
        await admin.leave_team(tx, clinic.team, clinic.nurse)
    assert (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"] == []


async def test_aud_3_the_audit_cannot_be_changed_even_by_its_owner(client: AsyncClient, clinic: Clinic, where: Where) -> None:
    await seed(client, clinic)
    connection = await connect(where, "steady_owner")
    try:
        for sql in ("update audit set what = 'nothing'", "delete from audit", "truncate audit"):
            with pytest.raises(PostgresError):
                await connection.execute(sql)
    finally:
        await connection.close()


async def test_aud_1_each_access_leaves_one_row(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await seed(client, clinic)
    nurse = clinic.token("nurse")
    await client.get("/v1/episodes", headers=nurse)
    await client.get(f"/v1/patients/{clinic.patient}", headers=nurse)
    await client.get(f"/v1/patients/{clinic.patient}/readings", headers=nurse)
    async with database.begin(clinic.actor("patient")) as tx:
        rows = await tx.fetch("select what, action, basis from audit where actor = $1 order by at, seq", clinic.nurse)
    assert [(row[0], row[1], row[2]) for row in rows] == [("queue", "R", "grant"), ("patient", "R", "grant"), ("readings", "R", "grant")]


async def test_inv_14_context_does_not_outlive_its_transaction(database: Database, clinic: Clinic) -> None:
    for _ in range(10):
        async with database.begin(clinic.actor("patient")) as tx:
            assert len(await tx.fetch("select 1 from patient")) == 1
        async with database.begin(clinic.actor("vendor")) as tx:
            assert await tx.fetch("select 1 from patient") == []
    assert clinic.now > datetime.now(UTC) - timedelta(minutes=5)

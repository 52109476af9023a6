"""Silence is found by the sweep over next_due: once, after downtime too, and taken back when the person is heard."""

from datetime import UTC, datetime, timedelta
from typing import Any

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from server.app_state import Parts
from server.db import Database, Role
from server.plans import jobs
from server.sql import Nothing, Query
from tests.clinic import Clinic
from tests.server.plans.test_plans import in_force

BACK_DATE = Query(Nothing, "update plan set from_at = $2 where patient_id = $1 and state = 'in_force'")
DUE_NOW = Query(Nothing, "update next_due set at = now() - interval '1 minute' where patient_id = $1")


async def weigh(client: AsyncClient, clinic: Clinic, at: datetime) -> None:
    body = {"id": str(uuid7()), "kind": "body_weight", "takenAt": at.isoformat(), "value": 80.4, "unit": "kg"}
    answer = await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("patient"))
    assert answer.status_code == 201, answer.text


async def planned(client: AsyncClient, clinic: Clinic, database: Database, days: int, **more: Any) -> None:
    """A plan of daily weights that has been in force for so many days."""
    await in_force(client, clinic, "heart_failure", **more)
    async with database.begin_as(Role.OWNER) as tx:
        await BACK_DATE.run(tx, clinic.patient, datetime.now(UTC) - timedelta(days=days))


async def sweep(parts: Parts, database: Database, clinic: Clinic, now: datetime | None = None) -> None:
    async with database.begin_as(Role.OWNER) as tx:
        await DUE_NOW.run(tx, clinic.patient)
    await jobs.silences(database, parts.ingest, now or datetime.now(UTC))


async def rows(database: Database, clinic: Clinic, sql: str) -> list[tuple[Any, ...]]:
    async with database.begin(clinic.actor("patient")) as tx:
        return [tuple(row[place] for place in range(len(row))) for row in await tx.fetch(sql)]


FLAGS = "select rule, severity, state from flag where rule in ('MD-3', 'MD-6', 'F35') order by rule"


async def test_md_3_silence_of_somebody_at_risk_is_in_the_queue_once(
    client: AsyncClient, clinic: Clinic, database: Database, parts: Parts
) -> None:
    await planned(client, clinic, database, 20, highRisk=True)
    now = datetime.now(UTC)
    for back in range(5, 15):
        await weigh(client, clinic, now - timedelta(days=back))
    for _ in range(3):
        await sweep(parts, database, clinic)
    assert await rows(database, clinic, FLAGS) == [("MD-3", 2, "active")]
    (card,) = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]
    assert card["episode"]["group"] == "SILENCE"
    assert "4 expected days missed, and at risk" in card["reasons"][0]["sentence"]
    kept = dict(await rows(database, clinic, "select state, count(*)::int from expected where key = 'weight' group by state"))
    assert kept == {"met": 10, "missed": 9}


async def test_md_3_the_flag_is_taken_back_once_the_person_is_heard(
    client: AsyncClient, clinic: Clinic, database: Database, parts: Parts
) -> None:
    await planned(client, clinic, database, 20, highRisk=True)
    now = datetime.now(UTC)
    for back in range(5, 15):
        await weigh(client, clinic, now - timedelta(days=back))
    await sweep(parts, database, clinic)
    await weigh(client, clinic, now - timedelta(minutes=1))
    # Nobody set a time for it: somebody silent who is heard is looked at at once.
    await jobs.silences(database, parts.ingest, datetime.now(UTC))
    assert ("MD-3", 2, "explained") in await rows(database, clinic, FLAGS)


async def test_md_3_a_concern_that_a_nurse_closed_does_not_come_back_the_next_day(
    client: AsyncClient, clinic: Clinic, database: Database, parts: Parts
) -> None:
    await planned(client, clinic, database, 10, highRisk=True)
    await sweep(parts, database, clinic)
    nurse = clinic.token("nurse")
    (card,) = (await client.get("/v1/episodes", headers=nurse)).json()["items"]
    url = f"/v1/patients/{clinic.patient}/episodes/{card['episode']['id']}/close"
    closed = await client.post(
        url, json={"result": "advice_given"}, headers={**nurse, "if-match": f'"{card["episode"]["version"]}"'}
    )
    assert closed.status_code == 200, closed.text
    await sweep(parts, database, clinic, datetime.now(UTC) + timedelta(days=1))
    assert (await client.get("/v1/episodes", headers=nurse)).json()["items"] == []
    # Silence that goes on is asked about again after a fortnight.
    await sweep(parts, database, clinic, datetime.now(UTC) + timedelta(days=15))
    assert len((await client.get("/v1/episodes", headers=nurse)).json()["items"]) == 1


async def test_f35_somebody_who_never_began_is_seen(client: AsyncClient, clinic: Clinic, database: Database, parts: Parts) -> None:
    await planned(client, clinic, database, 5)
    await sweep(parts, database, clinic)
    assert await rows(database, clinic, FLAGS) == [("F35", 1, "active")]


async def test_md_2_a_reminder_is_in_the_outbox_once_a_day(client: AsyncClient, clinic: Clinic, database: Database, parts: Parts) -> None:
    await planned(client, clinic, database, 3)
    noon = (datetime.now(UTC) + timedelta(days=1)).replace(hour=12, minute=30)
    for minutes in (0, 10, 20):
        await sweep(parts, database, clinic, noon + timedelta(minutes=minutes))
    async with database.begin_as(Role.WORKER) as tx:
        found = await tx.fetch("select topic, advice from outbox where patient_id = $1 and topic = 'nudge'", clinic.patient)
    assert [(row[0], row[1]) for row in found] == [("nudge", "ADV-MISS")]


async def test_md_7_planned_absence_suspends_silence(client: AsyncClient, clinic: Clinic, database: Database, parts: Parts) -> None:
    await planned(client, clinic, database, 10, highRisk=True)
    now = datetime.now(UTC)
    away = {"id": str(uuid7()), "reason": "admission", "fromAt": (now - timedelta(days=9)).isoformat(),
            "toAt": (now + timedelta(days=3)).isoformat()}  # fmt: skip
    assert (await client.post("/v1/me/plan/pauses", json=away, headers=clinic.token("patient"))).status_code == 200
    await sweep(parts, database, clinic)
    assert await rows(database, clinic, FLAGS) == []
    assert ("paused",) in await rows(database, clinic, "select distinct state from expected")


async def test_inv_7_a_look_at_a_picture_that_moved_on_writes_nothing(
    client: AsyncClient, clinic: Clinic, database: Database, parts: Parts
) -> None:
    await planned(client, clinic, database, 10, highRisk=True)
    now = datetime.now(UTC)
    looked = await jobs.look(database, clinic.patient, now)
    assert looked is not None
    assert looked.judgements
    await weigh(client, clinic, now)
    await parts.ingest.unheard(clinic.patient, looked, at=now)
    assert await rows(database, clinic, FLAGS) == []
    assert await rows(database, clinic, "select 1 from expected") == []


async def test_md_3_who_has_no_plan_in_force_is_not_looked_at_for_ever(clinic: Clinic, database: Database) -> None:
    assert await jobs.look(database, uuid7(), datetime.now(UTC)) is None
    looked = await jobs.look(database, clinic.patient, datetime.now(UTC))
    assert looked is not None
    assert looked.rows == ()
    assert (looked.next_at or datetime.now(UTC)) > datetime.now(UTC) + timedelta(days=6)


async def test_md_3_one_plan_that_cannot_be_read_does_not_keep_others_waiting(
    client: AsyncClient, clinic: Clinic, database: Database, parts: Parts
) -> None:
    await planned(client, clinic, database, 5)
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("update plan set body = jsonb_set(body, '{expected,0,kind}', '\"luck\"') where patient_id = $1", clinic.patient)
        await tx.execute("update plan set body = jsonb_set(body, '{expected,0,everyDays}', '0') where patient_id = $1", clinic.patient)
    await sweep(parts, database, clinic)
    async with database.begin_as(Role.WORKER) as tx:
        row = await tx.fetchrow("select at > now() + interval '50 minutes' from next_due where patient_id = $1", clinic.patient)
    assert row is not None
    assert row[0] is True

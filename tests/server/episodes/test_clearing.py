"""AL-4, AL-5 through the whole door: readings end a concern, a nurse's closing rests the rule, and a restart forgets nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from server.db import Database
from tests.clinic import Clinic
from tests.server.episodes.test_ladder import act, close_all, report, rows


async def ketones(client: AsyncClient, clinic: Clinic, value: float, minutes: float) -> str:
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    body: dict[str, Any] = {"id": str(uuid7()), "kind": "ketones_blood", "takenAt": at.isoformat(), "unit": "mmol/L", "value": value}
    answer = await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("patient"))
    assert answer.status_code == 201, answer.text
    return str(body["id"])


async def episodes(database: Database, clinic: Clinic, group: str = "DM-KET") -> list[tuple[Any, ...]]:
    sql = 'select severity, state, closed_how from episode where patient_id = $1 and "group" = $2'
    return await rows(database, sql, clinic.patient, group)


async def test_al_4_dm_7_ketones_below_0_6_once_end_a_red_and_the_nurse_is_told(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await ketones(client, clinic, 2.1, 50)
    assert await episodes(database, clinic) == [(3, "open", None)]
    await ketones(client, clinic, 0.6, 40)
    assert await episodes(database, clinic) == [(3, "open", None)]
    last = await ketones(client, clinic, 0.5, 10)
    assert await episodes(database, clinic) == [(3, "closed", "resolved")]
    ((readings,),) = await rows(
        database, "select body ->> 'readings' from episode_event where patient_id = $1 and what = 'resolved'", clinic.patient)
    assert last in readings.split()
    assert await rows(database, "select 1 from escalation where patient_id = $1", clinic.patient) == []
    told = await rows(database, "select audience, role from outbox where patient_id = $1 and topic = 'resolved'", clinic.patient)
    assert told == [("staff", "nurse")]
    # INV-5: a red is always called again, however short ago it was resolved.
    await ketones(client, clinic, 2.2, 5)
    assert sorted(row[1] for row in await episodes(database, clinic)) == ["closed", "open"]


async def test_al_4_what_a_nurse_has_taken_stays_hers_to_close(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await ketones(client, clinic, 2.1, 50)
    assert (await act(client, clinic, "acknowledge", 1)).status_code == 200
    await ketones(client, clinic, 0.4, 10)
    assert await episodes(database, clinic) == [(3, "acknowledged", None)]
    told = await rows(database, "select role, recipient from outbox where patient_id = $1 and topic = 'cleared'", clinic.patient)
    assert told == [("owner", clinic.nurse)]
    assert (await act(client, clinic, "close", 2, {"result": "advice_given"})).status_code == 200


async def pressure(client: AsyncClient, clinic: Clinic, systolic: int, diastolic: int, minutes: float) -> str:
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    body: dict[str, Any] = {"id": str(uuid7()), "kind": "blood_pressure", "takenAt": at.isoformat(), "unit": "mm[Hg]",
                            "parts": {"systolic": systolic, "diastolic": diastolic}}  # fmt: skip
    answer = await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("patient"))
    assert answer.status_code == 201, answer.text
    return str(body["id"])


async def test_al_4_ht_4_two_readings_below_170_over_110_end_a_red_and_the_nurse_is_told(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await pressure(client, clinic, 184, 112, 50)
    await pressure(client, clinic, 182, 111, 44)
    assert [row[:2] for row in await episodes(database, clinic, "HT")] == [(3, "open")]
    first = await pressure(client, clinic, 168, 108, 20)
    assert [row[:2] for row in await episodes(database, clinic, "HT")] == [(3, "open")]
    second = await pressure(client, clinic, 160, 100, 10)
    assert await episodes(database, clinic, "HT") == [(3, "closed", "resolved")]
    ((readings,),) = await rows(
        database, "select body ->> 'readings' from episode_event where patient_id = $1 and what = 'resolved'", clinic.patient)
    assert {first, second} <= set(readings.split())


async def test_al_5_after_a_nurse_resolved_it_the_same_rule_rests_and_the_flag_is_kept(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await report(client, clinic, "breathless_on_effort_worse")
    await close_all(client, clinic, {"result": "advice_given"})
    await report(client, clinic, "breathless_on_effort_worse")
    assert (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"] == []
    kept = await rows(database, "select state, episode is null from flag where patient_id = $1 and rule = 'HF-S1' order by raised_at",
                      clinic.patient)  # fmt: skip
    assert kept == [("active", False), ("active", True)]
    # What she says herself is heard each time, and a worse rule is called.
    await report(client, clinic, "breathless_at_rest")
    cards = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]
    assert [card["episode"]["severity"] for card in cards] == ["red"]

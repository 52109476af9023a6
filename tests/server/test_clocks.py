"""Clocks of devices at the door: seen off, put right, shown; a right clock costs nothing (F12, DQ-7)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from server.db import Database
from tests.clinic import Clinic


async def sync(client: AsyncClient, clinic: Clinic, off: timedelta, back: timedelta, *, said: bool = True) -> dict[str, Any]:
    """One reading from a phone whose clock is off by so much; `back`: taken so long before it was sent."""
    there = datetime.now(UTC) + off
    body: dict[str, Any] = {"id": str(uuid7()), "kind": "heart_rate", "value": 70, "unit": "/min", "takenAt": (there - back).isoformat()}
    if said:
        body["sentAt"] = there.isoformat()
    answer = await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("patient"))
    assert answer.status_code in {201, 202}, answer.text
    return body


async def times(database: Database, clinic: Clinic) -> dict[str, tuple[datetime, datetime | None, int]]:
    async with database.begin(clinic.actor("patient")) as tx:
        rows = await tx.fetch("select id, taken_at, device_time, time_source from reading where patient_id = $1", clinic.patient)
    return {str(row[0]): (row[1], row[2], row[3]) for row in rows}


async def test_dq_7_after_five_syncs_a_constant_offset_is_put_right(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    off = timedelta(hours=-3)
    sent = [await sync(client, clinic, off, timedelta(minutes=20 + place)) for place in range(6)]
    found = await times(database, clinic)
    assert [found[one["id"]][2] for one in sent] == [0, 0, 0, 0, 6, 6]
    for one in sent[4:]:
        taken, device_time, _ = found[one["id"]]
        assert device_time is not None
        assert device_time == datetime.fromisoformat(one["takenAt"])
        assert abs(taken - device_time + off) < timedelta(seconds=5)
    again = await client.put(f"/v1/readings/{sent[5]['id']}", json=sent[5], headers=clinic.token("patient"))
    assert again.json()["status"] == "duplicate"
    shown = (await client.get(f"/v1/patients/{clinic.patient}/clocks", headers=clinic.token("nurse"))).json()["items"]
    assert len(shown) == 1
    assert abs(shown[0]["shiftS"] - 3 * 3600) < 5
    assert (await client.get(f"/v1/patients/{clinic.patient}/clocks", headers=clinic.token("stranger"))).json()["items"] == []


async def test_f12_a_right_clock_and_a_late_reading_leave_no_trace(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    for _ in range(6):
        await sync(client, clinic, timedelta(0), timedelta(hours=5))
    await sync(client, clinic, timedelta(hours=-7), timedelta(0), said=False)
    async with database.begin(clinic.actor("patient")) as tx:
        assert await tx.fetch("select 1 from device_clock where patient_id = $1", clinic.patient) == []


async def test_dq_7_a_clock_that_runs_ahead_is_seen_without_being_told(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    sent = [await sync(client, clinic, timedelta(hours=2), timedelta(0), said=False) for _ in range(5)]
    found = await times(database, clinic)
    assert [found[one["id"]][2] for one in sent] == [5, 5, 5, 5, 6]

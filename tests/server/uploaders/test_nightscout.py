"""An uploader that speaks Nightscout's API v1, pointed at us, just works: the calls that xDrip, Loop and AAPS make."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from httpx import AsyncClient

from server.db import Database
from tests.clinic import Clinic

NOW = datetime.now(UTC).replace(microsecond=0)


def entry(value: int, minutes: int = 0, **more: Any) -> dict[str, Any]:
    at = NOW - timedelta(minutes=minutes)
    return {"type": "sgv", "sgv": value, "date": int(at.timestamp() * 1000), "dateString": at.isoformat(), "device": "xDrip",
            "direction": "Flat", **more}  # fmt: skip


async def made(client: AsyncClient, clinic: Clinic) -> dict[str, Any]:
    answer = await client.post("/v1/me/uploaders", json={"label": "my phone"}, headers=clinic.token("patient"))
    assert answer.status_code == 201, answer.text
    return answer.json()


def shown(key: dict[str, Any]) -> dict[str, str]:
    return {"api-secret": hashlib.sha1(key["secret"].encode(), usedforsecurity=False).hexdigest()}


async def samples(database: Database, clinic: Clinic) -> list[int]:
    async with database.begin(clinic.actor("patient")) as tx:
        rows = await tx.fetch("select value from sensor_hour where patient_id = $1 order by hour", clinic.patient)
    return [int(one) for row in rows for one in row[0]]


async def test_an_uploader_sends_once_and_looks_up_nothing_else(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    key = await made(client, clinic)
    assert key["address"] == "http://test/api/v1/"
    assert (await client.get("/api/v1/status.json", headers=shown(key))).json()["status"] == "ok"
    assert (await client.get("/api/v1/experiments/test", headers=shown(key))).status_code == 200
    body = [entry(110, 5), entry(5), entry(112)]
    first = await client.post("/api/v1/entries", json=body, headers=shown(key))
    assert (first.status_code, [one["status"] for one in first.json()]) == (200, ["stored", "stored"])
    again = await client.post("/api/v1/entries.json", json=body, headers=shown(key))
    assert [one["status"] for one in again.json()] == ["duplicate", "duplicate"]
    assert await samples(database, clinic) == [110, 112]
    one = await client.post("/api/v1/entries", json=entry(114, 10), params={"token": key["secret"]})
    assert [each["status"] for each in one.json()] == ["stored"]
    assert (await client.post("/api/v1/treatments", json=[{"eventType": "Note"}], headers=shown(key))).json() == []
    receipt = (await client.get(first.headers["receipt"], headers=clinic.token("patient"))).json()
    assert [(one["status"], one.get("code")) for one in receipt["items"]] == [("stored", None), ("stored", None), ("rejected", "sensor_error")]


async def test_a_key_that_was_ended_or_never_was_opens_nothing(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    key = await made(client, clinic)
    listed = (await client.get("/v1/me/uploaders", headers=clinic.token("patient"))).json()["items"]
    assert [(one["label"], one["secret"]) for one in listed] == [("my phone", None)]
    assert (await client.delete(f"/v1/me/uploaders/{key['id']}", headers=clinic.token("stranger"))).status_code == 404
    assert (await client.delete(f"/v1/me/uploaders/{key['id']}", headers=clinic.token("patient"))).status_code == 200
    assert (await client.post("/v1/me/uploaders", json={"label": "x"}, headers=clinic.token("nurse"))).status_code == 404
    for headers in (shown(key), {"api-secret": "0" * 40}, {}):
        assert (await client.post("/api/v1/entries", json=[entry(110)], headers=headers)).status_code == 401
    assert await samples(database, clinic) == []


async def test_what_is_no_list_of_entries_is_refused(client: AsyncClient, clinic: Clinic) -> None:
    key = await made(client, clinic)
    for body in ("x", '[{"sgv":1,"sgv":2}]', "[" * 3000):
        answer = await client.post("/api/v1/entries", content=body, headers={**shown(key), "content-type": "application/json"})
        assert answer.status_code == 400

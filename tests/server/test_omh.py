"""Open mHealth over HTTP: the same judged path, one answer each, a receipt."""

from datetime import UTC, datetime
from typing import Any

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from tests.clinic import Clinic

NOW = datetime.now(UTC).replace(microsecond=0)


def point(value: Any, **header: Any) -> dict[str, Any]:
    schema = {"namespace": "omh", "name": "heart-rate", "version": "2.0"}
    return {
        "header": {"id": str(uuid7()), "creation_date_time": NOW.isoformat(), "schema_id": schema, **header},
        "body": {"heart_rate": {"value": value, "unit": "beats/min"}, "effective_time_frame": {"date_time": NOW.isoformat()}},
    }  # fmt: skip


async def test_data_points_are_stored_once_and_answered_one_by_one(client: AsyncClient, clinic: Clinic) -> None:
    mine = clinic.token("patient")
    points = [point(71), point("71"), point(9000), point(72, user_id=str(clinic.stranger))]
    answer = await client.post("/v1/omh", json=points, headers=mine)
    assert answer.status_code == 200, answer.text
    assert [(one["status"], one.get("code")) for one in answer.json()["items"]] == [
        ("stored", None), ("rejected", "not_a_number"), ("quarantined", "impossible"), ("rejected", "not_yours"),
    ]  # fmt: skip
    again = await client.post("/v1/omh", json=points[0], headers=mine)
    assert again.json()["items"][0]["status"] == "duplicate"
    receipt = (await client.get(answer.headers["receipt"], headers=mine)).json()
    assert (receipt["format"], [one["status"] for one in receipt["items"]]) == (
        "open_mhealth", ["stored", "rejected", "quarantined", "rejected"])  # fmt: skip


async def test_a_vendor_names_the_device_and_a_body_its_schema(client: AsyncClient, clinic: Clinic) -> None:
    vendor = clinic.token("vendor")
    body = point(71)["body"]
    query = f"schema=omh:heart-rate:2.0&device={clinic.serial}"
    assert (await client.post(f"/v1/omh?{query}", json=body, headers=vendor)).json()["items"][0]["status"] == "stored"
    assert (await client.post("/v1/omh?schema=omh:heart-rate:2.0", json=body, headers=vendor)).json()["items"][0]["code"] == "device_missing"
    assert (await client.post("/v1/omh?schema=omh:mood:1.0", json=body, headers=vendor)).status_code == 422
    twice = b'[{"header":{},"header":{}}]'
    answer = await client.post("/v1/omh", content=twice, headers={**vendor, "content-type": "application/json"})
    assert answer.status_code == 400

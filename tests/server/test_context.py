"""How a measurement was made changes its judgement, from the phone to the flag (F14)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from tests.clinic import Clinic


async def score(client: AsyncClient, clinic: Clinic, context: dict[str, str] | None) -> str:
    """A whole set of NEWS2 observations but for oxygen, which only the context of the oximeter tells; what the flag says."""
    at = datetime.now(UTC) - timedelta(minutes=2)
    base: dict[str, Any] = {"takenAt": at.isoformat()}
    items: list[dict[str, Any]] = [
        {**base, "id": str(uuid7()), "kind": "respiratory_rate", "value": 22, "unit": "/min"},
        {**base, "id": str(uuid7()), "kind": "heart_rate", "value": 70, "unit": "/min"},
        {**base, "id": str(uuid7()), "kind": "body_temperature", "value": 37.0, "unit": "Cel"},
        {**base, "id": str(uuid7()), "kind": "blood_pressure", "parts": {"systolic": 120, "diastolic": 70}, "unit": "mm[Hg]"},
        {**base, "id": str(uuid7()), "kind": "consciousness", "code": "alert"},
        {**base, "id": str(uuid7()), "kind": "oxygen_saturation", "value": 96, "unit": "%", **({"context": context} if context else {})},
    ]
    answer = await client.post("/v1/readings/batch", json={"items": items}, headers=clinic.token("patient"))
    assert {one["status"] for one in answer.json()["items"]} == {"stored"}
    cards = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]
    return next(reason["sentence"] for card in cards for reason in card["reasons"] if reason["rule"].startswith("NW"))


@pytest.mark.parametrize(
    ("context", "said"), [({"oxygen": "air"}, "NEWS2 2"), ({"oxygen": "oxygen"}, "NEWS2 4"), (None, "NEWS2 at least 2")]
)
async def test_f14_oxygen_counts_in_news2_and_what_is_not_said_is_missing(
    client: AsyncClient, clinic: Clinic, context: dict[str, str] | None, said: str
) -> None:
    assert said.lower() in (await score(client, clinic, context)).lower()


async def test_f14_a_panel_and_its_context_are_one_reading_with_parts(client: AsyncClient, clinic: Clinic) -> None:
    at = datetime.now(UTC).isoformat()
    bodies: list[dict[str, Any]] = [
        {"id": str(uuid7()), "kind": "blood_pressure", "takenAt": at, "parts": {"systolic": 128, "diastolic": 79, "mean": 95},
         "unit": "mm[Hg]", "context": {"posture": "standing", "arm": "left"}},
        {"id": str(uuid7()), "kind": "spirometry", "takenAt": at, "parts": {"fev1": 2.1, "fvc": 3.4}, "unit": "L"},
    ]  # fmt: skip
    for body in bodies:
        assert (await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("patient"))).status_code == 201
    read = (await client.get("/v1/me/readings", headers=clinic.token("patient"))).json()["items"]
    assert {one["kind"]: one["parts"] for one in read} == {body["kind"]: body["parts"] for body in bodies}

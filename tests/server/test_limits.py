"""Each caller has a share; a patient's readings and symptom reports have none (INV-20)."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient
from uuid_utils.compat import uuid7

from domain.errors import Busy, RateLimited
from server import clock
from server.app import build
from server.app_state import Parts
from server.limits import PATIENT, STAFF, VENDOR, Buckets, Share, Turns
from tests.clinic import Clinic

SMALL = Share("small", 3, 2.0)


def test_inv_20_a_share_is_used_up_and_fills_again() -> None:
    buckets = Buckets()
    assert [buckets.take(SMALL, "a", 100.0) for _ in range(3)] == [2, 1, 0]
    with pytest.raises(RateLimited) as refused:
        buckets.take(SMALL, "a", 100.0)
    assert refused.value.retry_after_s == 1
    assert buckets.take(SMALL, "b", 100.0) == 2
    assert buckets.take(SMALL, "a", 100.5) == 0
    assert buckets.take(SMALL, "a", 1000.0) == 2


def test_inv_20_only_so_many_callers_are_remembered() -> None:
    buckets = Buckets(most=2)
    for who in "abc":
        buckets.take(SMALL, who, 1.0)
    assert len(buckets) == 2


def use_up(parts: Parts, share: Share, who: UUID) -> None:
    """Use the whole share a minute ahead, so that a slow machine does not fill it again while it asks."""
    assert parts.limits is not None
    ahead = clock.monotonic() + 60
    while parts.limits.take(share, str(who), ahead):
        pass


async def test_inv_20_a_caller_over_its_share_is_told_when_to_come_back_and_others_are_not_touched(
    client: AsyncClient, clinic: Clinic, parts: Parts
) -> None:
    use_up(parts, STAFF, clinic.nurse)
    answer = await client.get("/v1/me", headers=clinic.token("nurse"))
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["type"] == "/problems/rate-limited"
    assert answer.json()["retry"] is True
    other = await client.get("/v1/me", headers=clinic.token("patient"))
    assert other.status_code == 200
    assert other.headers["ratelimit"].startswith(f'"patient";r={PATIENT.burst - 1}')
    assert other.headers["ratelimit-policy"] == '"patient";q=120;w=24'


async def test_inv_20_a_patients_symptom_report_is_never_limited(parts: Parts, client: AsyncClient, clinic: Clinic) -> None:
    mine = clinic.token("patient")
    use_up(parts, PATIENT, clinic.patient)
    assert (await client.get("/v1/me", headers=mine)).status_code == 429
    body = {"id": str(uuid7()), "kind": "symptom", "takenAt": datetime.now(UTC).isoformat(), "code": "feel_worse"}
    told = await client.put(f"/v1/readings/{body['id']}", json=body, headers=mine)
    assert told.status_code == 201
    assert "ratelimit" not in told.headers
    assert parts.limits is not None


async def test_ing_11_a_machine_has_its_share_and_is_told_what_is_left(client: AsyncClient, clinic: Clinic, parts: Parts) -> None:
    body: dict[str, list[str]] = {"items": []}
    answer = await client.post("/v1/readings/batch", json=body, headers=clinic.token("vendor"))
    assert answer.headers["ratelimit"] == f'"vendor";r={VENDOR.burst - 1};t=4'
    use_up(parts, VENDOR, clinic.actor("vendor").id)
    answer = await client.post("/v1/readings/batch", json=body, headers=clinic.token("vendor"))
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/rate-limited")


async def test_inv_20_the_limits_can_be_switched_off_for_a_measurement(parts: Parts, clinic: Clinic) -> None:
    kept, parts.limits = parts.limits, None
    try:
        async with AsyncClient(transport=ASGITransport(app=cast("Any", build(parts))), base_url="http://test") as client:
            assert "ratelimit" not in (await client.get("/v1/me", headers=clinic.token("nurse"))).headers
    finally:
        parts.limits = kept


async def test_num_5_machines_take_turns_and_too_many_are_told_to_come_back() -> None:
    turns, inside, most = Turns(at_once=2, waiting=3), 0, 0

    async def send() -> bool:
        nonlocal inside, most
        try:
            async with turns.take():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1
        except Busy:
            return False
        return True

    assert (await asyncio.gather(*(send() for _ in range(9)))).count(True) == 5
    assert most == 2
    assert await send()

"""The newest readings of one kind: the short way shows what the general way shows, to whom it shows it (ING-8, ROW-2, INV-11)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from server.db import Database
from tests.clinic import Clinic


async def send(client: AsyncClient, clinic: Clinic, many: int, *, apart: timedelta = timedelta(hours=1), **more: Any) -> None:
    now = datetime.now(UTC)
    items = [{"id": str(uuid7()), "kind": "heart_rate", "takenAt": (now - apart * n).isoformat(), "value": 60 + n, "unit": "/min",
              **(more if n == 1 else {})} for n in range(many)]  # fmt: skip
    answer = await client.post("/v1/readings/batch", json={"items": items}, headers=clinic.token("patient"))
    assert {one["status"] for one in answer.json()["items"]} == {"stored"}


async def page(client: AsyncClient, clinic: Clinic, query: str, who: str = "nurse") -> dict[str, Any]:
    answer = await client.get(f"/v1/patients/{clinic.patient}/readings?{query}", headers=clinic.token(who))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(one: dict[str, Any]) -> dict[str, Any]:
    """An item whose instants are instants: two ways of writing one may differ."""
    return {name: datetime.fromisoformat(value) if name.endswith("At") else value for name, value in one.items()}


@pytest.mark.parametrize("more", [{}, {"comparator": "<"}, {"value": 199}], ids=["plain", "one beyond", "one marked"])
@pytest.mark.parametrize("limit", [2, 5, 100])
async def test_one_kind_reads_as_all_kinds_do(client: AsyncClient, clinic: Clinic, limit: int, more: dict[str, Any]) -> None:
    await send(client, clinic, 5, **more)
    general, short = await page(client, clinic, f"limit={limit}"), await page(client, clinic, f"kind=heart_rate&limit={limit}")
    assert [told(one) for one in short["items"]] == [told(one) for one in general["items"]]
    assert (short["nextBefore"] is None) == (general["nextBefore"] is None) == (limit > 5)


async def test_what_is_older_than_the_last_weeks_is_found_when_these_hold_too_few(client: AsyncClient, clinic: Clinic) -> None:
    await send(client, clinic, 4, apart=timedelta(days=30))
    short = await page(client, clinic, "kind=heart_rate")
    assert [one["value"] for one in short["items"]] == [60, 61, 62, 63]
    since = (datetime.now(UTC) - timedelta(days=40)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [one["value"] for one in (await page(client, clinic, f"kind=heart_rate&from={since}"))["items"]] == [60, 61]


async def test_row_2_who_has_no_grant_sees_nothing_and_inv_11_each_look_is_one_row(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await send(client, clinic, 3)
    assert len((await page(client, clinic, "kind=heart_rate"))["items"]) == 3
    assert (await page(client, clinic, "kind=heart_rate", "stranger"))["items"] == []
    async with database.begin(clinic.actor("patient")) as tx:
        rows = await tx.fetch("select actor from audit where patient_id = $1 and what = 'readings' and action = 'R'", clinic.patient)
    assert len(rows) == 2


async def test_row_2_a_transaction_about_one_person_sees_nobody_else(clinic: Clinic, database: Database) -> None:
    nurse = clinic.actor("nurse")
    async with database.begin(nurse) as tx:
        everybody = {row[0] for row in await tx.fetch("select patient_id from patient")}
    async with database.begin(nurse, one=clinic.patient) as tx:
        assert [row[0] for row in await tx.fetch("select patient_id from patient")] == [clinic.patient]
    async with database.begin(nurse, one=clinic.stranger) as tx:
        assert await tx.fetch("select patient_id from patient") == []
    # It goes no further than its transaction.
    async with database.begin(nurse) as tx:
        assert {row[0] for row in await tx.fetch("select patient_id from patient")} == everybody

"""F25: limits set in the database decide about readings at the readings' own time, through the one door."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from server.db import Database, PostgresError, Role
from server.people import admin
from tests.clinic import Clinic

SERVICE = """
insert into service_limit (org_id, team_id, name, from_at, limit_id, value, mg, data_classes, review_at, proposal_id, set_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $4::timestamptz + interval '90 days', $9, $4)"""
PROPOSAL = """
insert into proposal (org_id, proposal_id, team_id, kind, body, reason, proposed_by, proposed_at, from_at, review_at, first_by, first_at)
values ($1, $2, $3, 'limits', '[]', 'Taken over', $4, $5, $5, $5::timestamptz + interval '90 days', $4, $5)"""


async def service_limit(  # one row of the past, as set-up brings it in
    database: Database, clinic: Clinic, name: str, value: str, since: datetime, classes: tuple[int, ...] = (1,), mg: str | None = None
) -> None:
    proposal = uuid7()
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute(PROPOSAL, clinic.org, proposal, clinic.team, clinic.nurse, since)
        await tx.execute(SERVICE, clinic.org, clinic.team, name, since, uuid7(), Decimal(value), None if mg is None else Decimal(mg),
                         list(classes), proposal)  # fmt: skip


def weights(*pairs: tuple[datetime, float]) -> dict[str, Any]:
    return {"items": [{"id": str(uuid7()), "kind": "body_weight", "takenAt": at.isoformat(), "value": kg, "unit": "kg"} for at, kg in pairs]}


async def flags(database: Database, clinic: Clinic, patient: UUID | None = None) -> list[tuple[str, int, datetime]]:
    async with database.begin_as(Role.WORKER) as tx:
        rows = await tx.fetch("select rule, severity, anchor_at from flag where patient_id = $1 order by anchor_at",
                              patient or clinic.patient)  # fmt: skip
    # What these tests are about: other rules see a gain as well.
    return [(row[0], row[1], row[2]) for row in rows if row[0] in {"HF-W1", "DM-2"}]


@pytest.mark.parametrize("layer", ["service", "person"])
async def test_f25_a_late_reading_is_judged_by_the_limits_of_its_own_time(
    client: AsyncClient, clinic: Clinic, database: Database, layer: str
) -> None:
    now = datetime.now(UTC)
    since = now - timedelta(days=14)
    if layer == "service":
        await service_limit(database, clinic, "HF-W1.gain_kg", "1.5", since)
    else:
        async with database.begin_as(Role.OWNER) as tx:
            await admin.set_limit(tx, clinic.patient, "HF-W1.gain_kg", Decimal("1.5"), set_by=clinic.nurse, reason="x", from_at=since)
    # 1.6 kg up: three weeks ago under 2.00 kg, and two days ago under 1.5 kg; both arrive now.
    old, new = now - timedelta(days=21), now - timedelta(days=2)
    sent = weights((old - timedelta(days=1), 80.0), (old, 81.6), (new - timedelta(days=1), 80.0), (new, 81.6))
    answer = await client.post("/v1/readings/batch", json=sent, headers=clinic.token("patient"))
    assert {one["status"] for one in answer.json()["items"]} == {"stored"}
    assert [(rule, at) for rule, _, at in await flags(database, clinic)] == [("HF-W1", new)]


async def test_c_7_a_services_limit_holds_for_those_who_share_that_data_with_it_while_they_do(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    now = datetime.now(UTC)
    await service_limit(database, clinic, "HF-W1.gain_kg", "1.5", now - timedelta(days=14))
    await service_limit(database, clinic, "DM-2.very_low", "3.4", now - timedelta(days=14), (2,), "61")
    for who in ("patient", "stranger"):
        sent = weights((now - timedelta(days=1), 80.0), (now, 81.6))
        await client.post("/v1/readings/batch", json=sent, headers=clinic.token(who))
    assert [rule for rule, _, _ in await flags(database, clinic)] == ["HF-W1"]
    assert await flags(database, clinic, clinic.stranger) == []
    low = {"id": str(uuid7()), "kind": "glucose_capillary", "takenAt": now.isoformat(), "value": 59, "unit": "mg/dL"}
    await client.put(f"/v1/readings/{low['id']}", json=low, headers=clinic.token("patient"))
    assert "DM-2" in {rule for rule, _, _ in await flags(database, clinic)}


async def test_f46_the_database_takes_no_limit_without_two_signatures(clinic: Clinic, database: Database) -> None:
    now = datetime.now(UTC)
    proposal = uuid7()
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute(PROPOSAL, clinic.org, proposal, clinic.team, clinic.nurse, now)
    with pytest.raises(PostgresError):
        async with database.begin(clinic.actor("nurse")) as tx:
            await tx.execute(SERVICE, clinic.org, clinic.team, "HF-W1.gain_kg", now, uuid7(), Decimal("1.5"), None, [1], proposal)
    with pytest.raises(PostgresError):
        async with database.begin_as(Role.OWNER) as tx:
            await tx.execute("update proposal set second_by = first_by, second_at = first_at where proposal_id = $1", proposal)

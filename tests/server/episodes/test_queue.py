"""The queue remembers what it drew, and never shows by that what has changed or what the asker may not see any more."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from domain.readings.kinds import BY_NAME, DataClass
from server.auth.actor import of_staff
from server.db import Database, Role
from server.episodes import service
from server.people import admin
from tests.clinic import Clinic, colleague
from tests.server.episodes.test_ladder import report, rows
from tests.server.web.test_pages import gain

WEIGHT = BY_NAME["body_weight"].no


async def looked(clinic: Clinic, most: int | None = None) -> service.Queue:
    return await service.queue(clinic.parts.database, clinic.parts.reads, clinic.actor("nurse"), uuid7(), most=most)


async def test_inv_15_a_picture_that_was_kept_moves_with_the_next_reading(client: AsyncClient, clinic: Clinic) -> None:
    await gain(client, clinic)
    (before,) = (await looked(clinic)).cards
    (again,) = (await looked(clinic)).cards
    assert (before.kind, before.version, before.series) == (WEIGHT, again.version, again.series)
    body = {"id": str(uuid7()), "kind": "body_weight", "takenAt": datetime.now(UTC).isoformat(), "value": 82.9, "unit": "kg"}
    assert (await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("patient"))).status_code == 201
    (after,) = (await looked(clinic)).cards
    assert after.version != before.version
    assert after.series[-1].value == Decimal("82.9")


async def test_acc_5_what_was_kept_is_not_shown_to_whom_it_is_no_longer_shared_with(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await gain(client, clinic)
    await report(client, clinic, "feel_worse")
    (card,) = (await looked(clinic)).cards
    assert len(card.series) == 13
    await rows(database, "update access_grant set to_at = now() where patient_id = $1 returning 1", clinic.patient)
    assert (await looked(clinic)).cards == []
    async with database.begin_as(Role.OWNER) as tx:
        only_said = [DataClass.RECORD, DataClass.SYMPTOMS]
        await admin.add_grant(tx, clinic.patient, clinic.team, classes=only_said, from_at=datetime.now(UTC) - timedelta(seconds=1))
    (card,) = (await looked(clinic)).cards
    assert [concern.row.data_class for concern in card.concerns] == [DataClass.SYMPTOMS]
    assert (card.kind, card.series, card.version) == (WEIGHT, [], None)
    assert {reason.judgement.sentence for reason in card.reasons} == {"Reports: I feel worse"}


async def test_f38_the_api_lists_every_flag_that_stands_and_the_page_each_rule_once(client: AsyncClient, clinic: Clinic) -> None:
    for _ in range(5):
        await report(client, clinic, "feel_worse")
    (card,) = (await looked(clinic)).cards
    assert ([one.row.rule for one in card.reasons], card.more) == (["F44"], 0)
    (item,) = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]
    assert [(one["rule"], one["state"], one["sentence"]) for one in item["reasons"]] == [("F44", "active", "Reports: I feel worse")] * 5
    assert len({one["evidence"][0] for one in item["reasons"]}) == 5


async def test_acc_2_what_one_nurse_was_shown_is_not_kept_for_another(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await gain(client, clinic)
    await report(client, clinic, "feel_worse")
    await looked(clinic)
    (before,) = (await looked(clinic)).cards
    assert before.series
    async with database.begin_as(Role.OWNER) as tx:
        elsewhere = await admin.add_team(tx, clinic.org, "Elsewhere")
    other = await colleague(database, clinic, "nurse", elsewhere)
    at = int(clinic.now.timestamp())
    she = of_staff(other, clinic.org, "nurse", str(uuid7()), at, at + 3600)
    queue = partial(service.queue, clinic.parts.database, clinic.parts.reads, she, uuid7())
    assert (await queue()).cards == [], "another team sees nobody"
    only_said = [DataClass.RECORD, DataClass.SYMPTOMS]
    async with database.begin_as(Role.OWNER) as tx:
        await admin.add_grant(tx, clinic.patient, elsewhere, classes=only_said, from_at=datetime.now(UTC) - timedelta(seconds=1))
    (hers,) = (await queue()).cards
    assert (hers.series, hers.version) == ([], None)
    assert {reason.judgement.sentence for reason in hers.reasons} == {"Reports: I feel worse"}
    (again,) = (await looked(clinic)).cards
    assert (again.series, again.reasons) == (before.series, before.reasons)


async def test_inv_11_only_who_is_listed_is_written_down_as_seen(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await gain(client, clinic)
    assert (await client.get("/v1/episodes?limit=1", headers=clinic.token("nurse"))).json()["items"][0]["patient"] == str(clinic.patient)
    seen = "select what, count(*) from audit where patient_id = $1 and actor = $2 group by 1"
    assert await rows(database, seen, clinic.patient, clinic.nurse) == [("queue", 1)]
    assert (await looked(clinic, 0)).cards == []
    assert await rows(database, seen, clinic.patient, clinic.nurse) == [("queue", 1)]

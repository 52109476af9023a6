"""F58, ACC-6: a permission never ends without a word, and whoever is chosen in person is told."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from httpx import AsyncClient

from server.consent.jobs import remind
from server.db import Database, Role
from server.people import admin
from tests.clinic import Clinic
from tests.server.consent.test_consents import ask, mine, share
from tests.server.episodes.test_ladder import report, rows, worker


async def said(database: Database, clinic: Clinic) -> list[tuple[str, str]]:
    found = await rows(
        database, "select topic, words from outbox where patient_id = $1 and topic like 'consent-en%' order by created_at, id", clinic.patient
    )
    return [(one[0], one[1]) for one in found]


async def end_at(database: Database, grant: str, end: datetime) -> None:
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("update access_grant set to_at = $2 where grant_id = $1", UUID(grant), end)


async def test_f58_the_end_is_said_a_month_and_a_week_before_and_when_it_has_come(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    (whole,) = await mine(client, clinic)
    end = datetime.fromisoformat(whole["toAt"])
    for before, told in ((31, 0), (30, 1), (29, 1), (7, 2), (1, 2), (0, 3), (-1, 3)):
        await remind(database, end - timedelta(days=before))
        assert len(await said(database, clinic)) == told, before
    found = await said(database, clinic)
    assert [topic for topic, _ in found] == ["consent-ending", "consent-ending", "consent-ended"]
    assert f"On {end.day} {end:%B %Y} you stop sharing everything in your record with Test team" in found[0][1]
    assert "You no longer share everything in your record with Test team" in found[2][1]


async def test_f58_what_is_about_to_end_is_where_the_person_reads(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    (whole,) = await mine(client, clinic)
    await end_at(database, whole["id"], clinic.now + timedelta(days=5))
    await remind(database, clinic.now)
    while await worker(database, clinic).relay():
        pass
    (notice,) = (await ask(client, clinic, "GET", "/v1/me/notices"))["items"]
    assert (notice["topic"], "renew it" in notice["said"]) == ("consent-ending", True)


async def test_f58_what_a_decision_ended_or_moved_is_not_said_again(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    (whole,) = await mine(client, clinic)
    now = datetime.fromisoformat(whole["toAt"]) - timedelta(days=10)
    await remind(database, now)
    assert len(await said(database, clinic)) == 1
    later = (now + timedelta(days=300)).isoformat()
    await ask(client, clinic, "POST", f"/v1/me/consents/{whole['id']}/renew", {"textVersion": 1, "toAt": later})
    await remind(database, now + timedelta(days=11))
    less = await ask(client, clinic, "PATCH", f"/v1/me/consents/{whole['id']}", {"dataClasses": ["record", "vitals"]})
    await remind(database, clinic.now + timedelta(days=1))
    await ask(client, clinic, "DELETE", f"/v1/me/consents/{less['id']}")
    await remind(database, clinic.now + timedelta(days=1))
    assert len(await said(database, clinic)) == 1


async def test_f58_nothing_ends_while_the_same_is_shared_for_longer(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    (whole,) = await mine(client, clinic)
    await ask(client, clinic, "POST", "/v1/me/consents", share(clinic, "vitals"))
    await end_at(database, whole["id"], clinic.now + timedelta(days=5))
    await remind(database, clinic.now)
    # The new one is smaller: glucose and the rest do end.
    assert len(await said(database, clinic)) == 1
    async with database.begin_as(Role.OWNER) as tx:
        await admin.add_grant(tx, clinic.patient, clinic.team)
    await end_at(database, whole["id"], clinic.now + timedelta(days=4))
    await remind(database, clinic.now)
    assert len(await said(database, clinic)) == 1


async def test_acc_6_a_nurse_chosen_in_person_is_told_and_the_patient_is_promised_nothing(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    (whole,) = await mine(client, clinic)
    body: dict[str, Any] = {"personId": str(clinic.colleague), "dataClasses": whole["dataClasses"], "textVersion": 1}
    await ask(client, clinic, "POST", "/v1/me/consents", body)
    ended = await ask(client, clinic, "DELETE", f"/v1/me/consents/{whole['id']}")
    assert "No team is among them" in ended["said"]
    await report(client, clinic, "breathless_at_rest")
    while await worker(database, clinic).relay():
        pass
    told = await rows(database, "select distinct recipient from delivery where patient_id = $1 and audience = 'staff'", clinic.patient)
    assert told == [(clinic.colleague,)]
    found = await ask(client, clinic, "GET", "/v1/me/episodes")
    assert {one["next"] for one in found["items"]} == {"nobody_watches"}
    assert "shared with no team" not in str(found["items"])
    assert "team can see" not in str(found["items"]).lower()
    seen = await ask(client, clinic, "GET", "/v1/episodes", who="colleague")
    assert [one["patient"] for one in seen["items"]] == [str(clinic.patient)]

"""Handing a concern on, its lease, and taking back what was pressed by mistake: on a real database (ux 4.2, ALP-5, AL-6)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from httpx import AsyncClient

from server.db import Database, Role
from server.episodes import jobs
from server.people import admin
from tests.clinic import Clinic, colleague
from tests.server.episodes.test_ladder import act, report, rows, timer, worker
from tests.server.web.conftest import session
from tests.server.web.test_pages import press, reading


async def standing(client: AsyncClient, clinic: Clinic) -> dict[str, Any]:
    return (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"][0]["episode"]


async def history(database: Database, clinic: Clinic) -> list[str]:
    return [row[0] for row in await rows(
        database, "select what from episode_event where patient_id = $1 order by seq", clinic.patient)]  # fmt: skip


async def test_al_6_what_is_handed_to_a_colleague_is_told_to_her_and_climbs_until_somebody_takes_it(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    other = await colleague(database, clinic, "nurse")
    await report(client, clinic)
    offered = (await client.get(f"/v1/patients/{clinic.patient}/colleagues", headers=clinic.token("nurse"))).json()["items"]
    assert str(other) in {one["id"] for one in offered}
    assert (await act(client, clinic, "acknowledge", 1)).status_code == 200
    given = await act(client, clinic, "hand-over", 2, {"to": str(other), "note": "Ring her at two, she is at the clinic until then."})
    assert given.status_code == 200, given.text
    assert (given.json()["state"], given.json()["owner"], given.json()["ownerName"]) == ("open", str(other), "A nurse")
    ((step, _),) = await timer(database, clinic)
    assert step == "first"
    await worker(database, clinic).relay()
    sent = await rows(
        database, "select d.recipient from delivery d where d.patient_id = $1 and d.role = 'owner' and d.state = 'accepted'", clinic.patient
    )
    assert sent == [(other,)]
    # Nobody takes it: it climbs as an untaken red does.
    await jobs.escalate(database)
    await jobs.escalate(database, datetime.now(UTC) + timedelta(minutes=61))
    assert "escalated" in await history(database, clinic)


async def test_acc_1_a_concern_goes_to_nobody_who_may_not_see_the_person(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    async with database.begin_as(Role.OWNER) as tx:
        elsewhere = await admin.add_team(tx, clinic.org, "Elsewhere")
    outsider = await colleague(database, clinic, "nurse", elsewhere)
    await report(client, clinic)
    for to in (str(outsider), str(UUID(int=7)), str(clinic.patient)):
        refused = await act(client, clinic, "hand-over", 1, {"to": to, "note": "yours"})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/to"), refused.text
    offered = (await client.get(f"/v1/patients/{clinic.patient}/colleagues", headers=clinic.token("nurse"))).json()["items"]
    assert str(outsider) not in {one["id"] for one in offered}
    absent = await client.get(f"/v1/patients/{clinic.stranger}/colleagues", headers=clinic.token("nurse"))
    assert absent.status_code == 404
    assert (await standing(client, clinic))["version"] == 1


async def test_ux_4_2_a_slip_is_taken_back_within_seconds_and_never_another_s(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await report(client, clinic, "feel_worse")
    assert (await act(client, clinic, "acknowledge", 1)).status_code == 200
    assert (await act(client, clinic, "start", 2, {"note": "ringing"})).status_code == 200
    episode = (await standing(client, clinic))["id"]
    assert (await act(client, clinic, "close", 3, {"result": "visit"})).status_code == 200
    path = f"/v1/patients/{clinic.patient}/episodes/{episode}/undo"
    back = await client.post(path, json={}, headers={**clinic.token("nurse"), "if-match": '"4"'})
    assert back.status_code == 200, back.text
    assert (back.json()["state"], back.json()["result"], back.json()["closedAt"]) == ("acknowledged", None, None)
    ((step, due),) = await timer(database, clinic)
    assert (step, due > datetime.now(UTC) + timedelta(hours=23)) == ("not_acted", True)
    # Once only: what was taken back is not taken back again.
    again = await client.post(path, json={}, headers={**clinic.token("nurse"), "if-match": '"5"'})
    assert again.status_code == 409
    assert await history(database, clinic) == ["opened", "acknowledged", "started", "closed", "undone"]


async def test_ux_4_2_after_that_it_is_too_late(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await report(client, clinic, "feel_worse")
    assert (await act(client, clinic, "acknowledge", 1)).status_code == 200
    await rows(database, "update episode_event set at = at - interval '16 seconds' where patient_id = $1", clinic.patient)
    refused = await act(client, clinic, "undo", 2)
    assert refused.status_code == 409
    assert (await standing(client, clinic))["state"] == "acknowledged"


async def test_alp_5_an_amber_that_was_taken_and_forgotten_comes_back(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await report(client, clinic, "feel_worse")
    assert (await act(client, clinic, "acknowledge", 1)).status_code == 200
    # The whole lease, and a weekend: whatever day this runs on, a working day is over then.
    for days in range(1, 6):
        await jobs.escalate(database, datetime.now(UTC) + timedelta(days=days, minutes=1))
    assert "not_acted" in await history(database, clinic)
    now = await standing(client, clinic)
    assert (now["state"], now["owner"]) == ("open", None)


async def test_al_1_a_watch_that_was_taken_does_not_end_by_itself(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    low = reading("oxygen_saturation", datetime.now(UTC), 93, "%")
    assert (await client.put(f"/v1/readings/{low['id']}", json=low, headers=clinic.token("patient"))).status_code == 201
    assert (await act(client, clinic, "acknowledge", 1)).status_code == 200
    found = await rows(database, "select severity, state, expires_at from episode where patient_id = $1", clinic.patient)
    assert found == [(1, "acknowledged", None)]


async def test_ux_4_2_plain_forms_hand_over_and_take_back(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    other = await colleague(database, clinic, "nurse")
    await report(client, clinic)
    mine = await session(client, clinic)
    page = await client.get(f"/patients/{clinic.patient}", headers=mine)
    assert "Take it back" not in page.text
    await press(client, page, "acknowledge", mine)
    page = await client.get(f"/patients/{clinic.patient}", headers=mine)
    assert "Take it back" in page.text
    await press(client, page, "undo", mine)
    page = await client.get(f"/patients/{clinic.patient}", headers=mine)
    assert "nobody has taken it yet" in page.text
    assert "Taken back at once: taken" in page.text
    await press(client, page, "hand-over", mine, to=str(other), note="<b>Hers</b> since spring.")
    page = await client.get(f"/patients/{clinic.patient}", headers=mine)
    assert "handed to A nurse" in page.text
    assert "Handed over to A nurse: &lt;b&gt;Hers&lt;/b&gt; since spring." in page.text
    queue = await client.get("/", headers=mine)
    assert "handed to A nurse" in queue.text

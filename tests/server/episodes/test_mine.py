"""AL-12, F49, ALP-4: the patient reads what was seen, what to do, what happens next and by when; reading is the receipt."""

from datetime import UTC, datetime, timedelta
from typing import Any

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from server.db import Database, Role
from server.episodes import pages
from server.people import admin
from tests.clinic import Clinic
from tests.server.episodes.test_ladder import act, alive, report, rows, worker


async def mine(client: AsyncClient, clinic: Clinic) -> dict[str, Any]:
    answer = await client.get("/v1/me/episodes", headers=clinic.token("patient"))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_al_12_the_patient_sees_the_same_concern_at_once(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await report(client, clinic, "feel_worse")
    await alive(database, clinic)
    found = await mine(client, clinic)
    (item,) = found["items"]
    assert (item["severity"], item["next"], item["seen"]) == ("amber", "nurse_will_look", ["Reports: I feel worse"])
    assert item["advice"][0].startswith("We need to talk to you today")
    assert found["watching"]["teams"][0]["name"] == "Test team"
    seen = await rows(database, "select received_at is not null from delivery where patient_id = $1 and audience = 'patient'", clinic.patient)
    assert seen == [(True,)]
    assert (await act(client, clinic, "acknowledge", 1)).status_code == 200
    (item,) = (await mine(client, clinic))["items"]
    assert item["next"] == "nurse_has_it"


async def test_al_12_no_nurse_is_promised_while_none_is_on_shift(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    now = datetime.now(UTC)
    async with database.begin_as(Role.OWNER) as tx:
        await admin.add_closure(tx, clinic.org, clinic.team, now - timedelta(days=1), now + timedelta(hours=12), "training")
    await report(client, clinic, "breathless_at_rest")
    found = await mine(client, clinic)
    assert found["items"][0]["next"] == "ring_111"
    assert (found["watching"]["isWatched"], found["watching"]["opensAt"][:13]) == (
        False, (now + timedelta(hours=12)).isoformat()[:13])
    assert "nurse will" not in str(found["items"])


async def listed(client: AsyncClient, clinic: Clinic) -> dict[str, Any]:
    return (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()


async def test_inv_15_alp_8_when_the_duties_stop_the_patient_and_readyz_say_so(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await alive(database, clinic)
    here = worker(database, clinic)
    ready = (await client.get("/readyz")).json()
    assert (ready["accepting"], ready["watching"]) == (True, True)
    queue = await listed(client, clinic)
    assert (queue["isCurrent"], queue["evaluatedThrough"] <= queue["asOf"]) == (True, True)
    found = await mine(client, clinic)
    assert found["watching"]["says"] == "A nurse is watching now. If you feel worse, ring your team, or 111, or 999 in an emergency."
    await rows(database, "update heartbeat set at = now() - interval '16 seconds' where duty = 'escalate' returning duty")
    ready = (await client.get("/readyz")).json()
    assert (ready["accepting"], ready["watching"], ready["lagS"] >= 16) == (True, False, True)
    queue = await listed(client, clinic)
    behind = datetime.fromisoformat(queue["asOf"]) - datetime.fromisoformat(queue["evaluatedThrough"])
    assert (queue["isCurrent"], queue["lagS"] >= 16, behind) == (False, True, timedelta(seconds=queue["lagS"]))
    await rows(database, "delete from heartbeat where duty = 'escalate' returning duty")
    queue = await listed(client, clinic)
    assert (queue["isCurrent"], queue["evaluatedThrough"], queue["lagS"]) == (False, None, None)
    watching = (await mine(client, clinic))["watching"]
    assert (watching["isWatched"], watching["says"][:32]) == (False, "Your nurse may not see this yet.")
    # A page that is open hears of it with its next keep-alive, once, and again when all is back.
    lag, message = await pages.lag_message(clinic.parts, "", 1)
    assert b"The watch is not running" in message
    assert (await pages.lag_message(clinic.parts, lag, 2))[1] == b": still here\n\n"
    await here.escalate()
    assert (await pages.lag_message(clinic.parts, lag, 3))[0] == ""


async def test_acc_3_nobody_else_reads_it_that_way(client: AsyncClient, clinic: Clinic) -> None:
    assert (await client.get("/v1/me/episodes", headers=clinic.token("nurse"))).status_code == 404
    await report(client, clinic)
    answer = await client.get("/v1/me/episodes", headers=clinic.token("stranger"))
    assert answer.json()["items"] == []


async def test_f44_a_nurse_who_is_told_on_the_phone_raises_the_same_flag(client: AsyncClient, clinic: Clinic) -> None:
    body = {"id": str(uuid7()), "kind": "symptom", "takenAt": datetime.now(UTC).isoformat(), "code": "feel_worse"}
    answer = await client.put(f"/v1/patients/{clinic.patient}/readings/{body['id']}", json=body, headers=clinic.token("nurse"))
    assert answer.status_code == 201, answer.text
    cards = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]
    assert [card["reasons"][0]["rule"] for card in cards] == ["F44"]
    assert [one["severity"] for one in (await mine(client, clinic))["items"]] == ["amber"]


async def test_f49_is_anyone_watching_now_is_one_answer_for_all(client: AsyncClient, clinic: Clinic) -> None:
    for who in ("nurse", "patient"):
        found = (await client.get("/v1/watching", headers=clinic.token(who))).json()
        assert ([one["name"] for one in found["teams"]], found["opensAt"], found["until"] is None) == (["Test team"], None, False)
    assert (await client.get("/v1/watching", headers=clinic.token("vendor"))).status_code == 404
    # Who shares with nobody is told that nobody watches.
    found = (await client.get("/v1/watching", headers=clinic.token("stranger"))).json()
    assert (found["isWatched"], found["teams"]) == (False, [])
    assert found["says"].startswith("You share with no team, so nobody is watching.")

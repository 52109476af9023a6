"""F38, F39, F40: why a flag was raised, what was tried, what each rule is worth, over HTTP."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from server.db import Database, Role
from server.rules import jobs
from tests.clinic import Clinic
from tests.server.plans.test_plans import in_force
from tests.server.rules.test_in_force import service_limit, weights


async def gained(client: AsyncClient, clinic: Clinic, database: Database, kg: float = 82.6) -> UUID:
    now = datetime.now(UTC)
    sent = weights((now - timedelta(days=2), 80.0), (now - timedelta(days=1), 81.2), (now, kg))
    await client.post("/v1/readings/batch", json=sent, headers=clinic.token("patient"))
    async with database.begin_as(Role.WORKER) as tx:
        row = await tx.fetchrow("select id from flag where patient_id = $1 and rule = 'HF-W1'", clinic.patient)
    assert row is not None
    return row[0]


async def test_f38_a_flag_says_what_was_read_which_limit_stood_and_who_set_it(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await service_limit(database, clinic, "HF-W1.gain_kg", "1.5", datetime.now(UTC) - timedelta(days=9))
    flag = await gained(client, clinic, database, 81.6)
    url = f"/v1/patients/{clinic.patient}/flags/{flag}"
    found = (await client.get(url, headers=clinic.token("nurse"))).json()
    assert "1.6 kg" in found["sentence"]
    assert [float(one["value"]) for one in found["readings"]] == [80.0, 81.6]
    limit, wait = found["limits"]
    assert (wait["key"], wait["value"], wait["layer"]) == ("HF-W1.wait_hours", "28", "built in")
    assert (limit["key"], limit["value"], limit["layer"], limit["setBy"], limit["reason"]) == (
        "HF-W1.gain_kg", "1.5", "set by the service", "Sr Test", "Taken over",
    )  # fmt: skip
    assert found["floor"] is True
    assert (found["versions"], found["replaysSame"], found["nextStep"]) == ([], True, "first")
    assert [one["what"] for one in found["steps"]] == ["opened"]
    again = (await client.get(f"{url}/replay", headers=clinic.token("patient"))).json()
    assert (again["same"], again["reason"]) == (True, "The same to the byte.")
    assert again["stored"] == again["again"]


async def test_alp_12_a_flag_that_was_corrected_later_still_replays_as_it_was_known(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    flag = await gained(client, clinic, database)
    async with database.begin(clinic.actor("patient")) as tx:
        row = await tx.fetchrow("select id from reading where patient_id = $1 order by taken_at limit 1", clinic.patient)
    assert row is not None
    why = {"id": str(uuid7()), "reason": "Not mine"}
    gone = await client.request("DELETE", f"/v1/readings/{row[0]}", json=why, headers=clinic.token("patient"))
    assert gone.status_code == 200, gone.text
    before = (await client.get(f"/v1/patients/{clinic.patient}/flags/{flag}", headers=clinic.token("nurse"))).json()
    assert (before["state"], "2.6 kg" in before["sentence"]) == ("explained", True)
    again = (await client.get(f"/v1/patients/{clinic.patient}/flags/{flag}/replay", headers=clinic.token("nurse"))).json()
    assert again["same"] is True


@pytest.mark.parametrize(
    ("who", "status"), [("patient", 200), ("nurse", 200), ("lead", 200), ("stranger", 404), ("admin", 403), ("vendor", 403)]
)
async def test_acc_2_a_flag_is_explained_to_those_who_may_see_it(
    client: AsyncClient, clinic: Clinic, database: Database, who: str, status: int
) -> None:
    flag = await gained(client, clinic, database)
    for url in (f"/v1/patients/{clinic.patient}/flags/{flag}", f"/v1/patients/{clinic.patient}/flags/{flag}/replay"):
        assert (await client.get(url, headers=clinic.token(who))).status_code == status
    assert (await client.get(f"/v1/patients/{clinic.patient}/flags/{uuid7()}", headers=clinic.token("nurse"))).status_code == 404


async def test_f39_a_trial_is_asked_for_and_looked_at(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await gained(client, clinic, database)
    sent = {"teamId": str(clinic.team), "changes": [{"key": "HF-W1.gain_kg", "value": 1.5}], "days": 30}
    asked = await client.post("/v1/rules/tries", json=sent, headers=clinic.token("lead"))
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    here = asked.headers["location"]
    await jobs.run(database, UUID(asked.json()["id"]))
    done = (await client.get(here, headers=clinic.token("nurse"))).json()
    assert (done["state"], done["outcome"]["people"], done["input"]["limits"][0]["key"]) == ("done", 1, "HF-W1.gain_kg")
    assert (await client.get(f"{here}/people", headers=clinic.token("lead"))).json()["items"] == []
    floor = await client.post("/v1/rules/tries", json={**sent, "changes": [{"key": "HF-W1.gain_kg", "value": 3}]}, headers=clinic.token("lead"))
    assert (floor.status_code, floor.json()["errors"][0]["pointer"]) == (422, "/changes/0/value")
    for who, status in (("nurse", 403), ("admin", 403), ("patient", 404), ("vendor", 404)):
        assert (await client.post("/v1/rules/tries", json=sent, headers=clinic.token(who))).status_code == status
    for who in ("patient", "stranger", "vendor"):
        assert (await client.get(here, headers=clinic.token(who))).status_code == 404


async def test_f40_a_rules_value_is_counted_and_few_are_said_to_be_few(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await gained(client, clinic, database)
    card = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"][0]
    url = f"/v1/patients/{clinic.patient}/episodes/{card['episode']['id']}/close"
    version = {"if-match": f'"{card["episode"]["version"]}"'}
    closed = await client.post(url, json={"result": "medicine_changed"}, headers={**clinic.token("nurse"), **version})
    assert closed.status_code == 200, closed.text
    found = (await client.get("/v1/rules", headers=clinic.token("lead"))).json()
    assert (found["team"], found["people"], found["budget"], found["versions"]) == ("Test team", 1, "1.0", [])
    by_id = {one["id"]: one for one in found["items"]}
    for days, worth in zip((28, 90), by_id["HF-W1"]["worth"], strict=True):
        assert (worth["days"], worth["flags"], worth["notes"], worth["people"]) == (days, 1, 0, 1)
        assert (worth["confirmed"]["n"], worth["confirmed"]["of"], worth["confirmed"]["few"]) == (1, 1, True)
        assert worth["actions"] == {"advice_given": 0, "medicine_changed": 1, "visit": 0, "admitted": 0}
    rule = by_id["HF-W1"]
    assert (rule["floor"], rule["mayRest"], rule["mode"]) == (True, False, "active")
    assert (rule["limits"][0]["inForce"], rule["limits"][0]["setBy"]) == ("2.00", [])
    assert [one["flags"] for one in by_id["E1"]["worth"]] == [0, 0]
    for who, status in (("nurse", 200), ("admin", 200), ("patient", 404), ("vendor", 404)):
        assert (await client.get(f"/v1/rules?team={clinic.team}", headers=clinic.token(who))).status_code == status
    assert (await client.get(f"/v1/rules?team={uuid7()}", headers=clinic.token("nurse"))).status_code == 404


async def test_f43_what_the_agreed_plan_says_stands_beside_the_flag_and_is_told_to_the_person(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await in_force(client, clinic, "heart_failure")
    flag = await gained(client, clinic, database)
    found = (await client.get(f"/v1/patients/{clinic.patient}/flags/{flag}", headers=clinic.token("nurse"))).json()
    steps = {one["words"] for one in found["plan"]}
    assert steps
    assert {one["zone"] for one in found["plan"]} <= {"amber", "red"}
    mine = (await client.get("/v1/me/episodes", headers=clinic.token("patient"))).json()["items"]
    assert any(steps <= set(one["plan"]) for one in mine)

"""What is known about a person over HTTP: told once, dated, with source and who confirmed it; the next reading is judged with it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from uuid_utils.compat import uuid7

from server.auth.actor import of_staff
from server.auth.service import Auth
from server.db import Database, Role
from tests.clinic import Clinic
from tests.server.rules.test_in_force import flags, weights


def fact(key: str, value: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "value": value, "fromAt": (datetime.now(UTC) - timedelta(days=1)).isoformat(), "source": "said on the phone", **more}


async def tell(client: AsyncClient, clinic: Clinic, who: str, body: dict[str, Any]) -> Response:
    return await client.post(f"/v1/patients/{clinic.patient}/facts", json=body, headers=clinic.token(who))


async def test_f66_a_fact_is_told_once_with_its_source_and_who_confirmed_it(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    made = await tell(client, clinic, "nurse", fact("usual_spo2", "91"))
    assert made.status_code == 201, made.text
    one = next(one for one in made.json()["facts"] if one["key"] == "usual_spo2")
    assert (one["value"], one["unit"], one["label"], one["confirmedBy"], one["source"]) == (
        "91", "%", "Usual oxygen level", "Sr Test", "said on the phone")  # fmt: skip
    later = await tell(client, clinic, "colleague", fact("usual_spo2", "93", fromAt=(datetime.now(UTC) - timedelta(hours=1)).isoformat()))
    now, before = (one for one in later.json()["facts"] if one["key"] == "usual_spo2")
    assert (now["value"], now["toAt"], before["value"], before["endedBy"]) == ("93", None, "91", "colleague Test")
    assert before["toAt"] == now["fromAt"]
    ended = await client.post(f"/v1/patients/{clinic.patient}/facts/{now['id']}/end", json={"at": datetime.now(UTC).isoformat()},
                              headers=clinic.token("nurse"))  # fmt: skip
    assert ended.status_code == 200, ended.text
    again = await client.post(f"/v1/patients/{clinic.patient}/facts/{now['id']}/end", json={"at": datetime.now(UTC).isoformat()},
                              headers=clinic.token("nurse"))  # fmt: skip
    assert again.status_code == 409
    seen = await client.get(f"/v1/patients/{clinic.patient}/facts", headers=clinic.token("patient"))
    assert len([one for one in seen.json()["facts"] if one["key"] == "usual_spo2"]) == 2
    async with database.begin_as(Role.AUDITOR) as tx:
        kept = await tx.fetch("select what from audit where patient_id = $1 and what like 'fact%' order by at, seq", clinic.patient)
    assert [row[0] for row in kept] == ["fact-tell", "fact-tell", "fact-end", "facts"]


async def test_pg_0_a_fact_that_was_told_is_known_to_the_next_reading(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    now = datetime.now(UTC)
    await client.post("/v1/readings/batch", json=weights((now - timedelta(days=1), 80.0)), headers=clinic.token("patient"))
    assert (await tell(client, clinic, "patient", fact("pregnant", "yes"))).status_code == 201
    await client.post("/v1/readings/batch", json=weights((datetime.now(UTC), 82.6)), headers=clinic.token("patient"))
    assert [rule for rule, _, _ in await flags(database, clinic)] == []


async def test_f66_a_diagnosis_is_the_clinicians_and_its_rules_watch_from_the_next_reading_on(client: AsyncClient, clinic: Clinic) -> None:
    url = f"/v1/patients/{clinic.patient}/conditions"
    made = await client.put(f"{url}/copd", json={"onsetOn": "2019-05-01"}, headers=clinic.token("nurse"))
    assert (made.status_code, {"code": "copd", "onsetOn": "2019-05-01"} in made.json()["conditions"]) == (201, True)
    assert (await client.put(f"{url}/copd", json={}, headers=clinic.token("nurse"))).status_code == 409
    wrong = await client.put(f"{url}/hiccups", json={}, headers=clinic.token("nurse"))
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/code")
    for who, status in (("patient", 404), ("vendor", 404), ("admin", 403)):
        assert (await client.put(f"{url}/epilepsy", json={}, headers=clinic.token(who))).status_code == status
    gone = await client.delete(f"{url}/copd", headers=clinic.token("nurse"))
    assert (gone.status_code, "copd" in {one["code"] for one in gone.json()["conditions"]}) == (200, False)
    assert (await client.delete(f"{url}/copd", headers=clinic.token("nurse"))).status_code == 404


async def test_tok_8_taking_a_condition_back_needs_a_sign_in_of_the_last_five_minutes(client: AsyncClient, clinic: Clinic, parts: Any) -> None:
    auth: Auth = parts.extras["auth"]
    now = int(datetime.now(UTC).timestamp())
    stale = of_staff(clinic.nurse, clinic.org, "nurse", str(uuid7()), now - 301, now + 3600)
    headers = {"authorization": f"Bearer {auth.tokens.issue(stale, now)}"}
    assert (await client.delete(f"/v1/patients/{clinic.patient}/conditions/asthma", headers=headers)).status_code == 403


async def test_f66_what_cannot_be_told_is_refused_with_its_place(client: AsyncClient, clinic: Clinic) -> None:
    ahead = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for body, status, pointer in (
        (fact("shoe_size", "43"), 422, "/key"), (fact("usual_spo2", "12"), 422, "/value"), (fact("pregnant", "no"), 422, "/value"),
        (fact("usual_spo2", "91", fromAt=ahead), 422, "/fromAt"), (fact("medicine", "aspirin"), 422, "/value"),
    ):  # fmt: skip
        refused = await tell(client, clinic, "nurse", body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (status, pointer), body
    assert (await tell(client, clinic, "nurse", {**fact("usual_spo2", "91"), "source": ""})).status_code == 422
    assert (await tell(client, clinic, "patient", fact("high_risk", "yes"))).status_code == 403
    url = f"/v1/patients/{clinic.patient}/facts/{uuid7()}/end"
    assert (await client.post(url, json={"at": ahead}, headers=clinic.token("nurse"))).status_code == 422
    assert (await client.post(url, json={"at": datetime.now(UTC).isoformat()}, headers=clinic.token("nurse"))).status_code == 404


@pytest.mark.parametrize(
    ("who", "read", "write"),
    [("nurse", 200, 201), ("lead", 200, 201), ("patient", 200, 201), ("stranger", 404, 404), ("vendor", 403, 404), ("admin", 403, 403)],
)
async def test_acc_2_facts_are_read_and_told_by_the_person_and_their_team(
    client: AsyncClient, clinic: Clinic, who: str, read: int, write: int
) -> None:
    assert (await client.get(f"/v1/patients/{clinic.patient}/facts", headers=clinic.token(who))).status_code == read
    assert (await tell(client, clinic, who, fact("medicine", "diuretic"))).status_code == write
    assert (await client.get("/v1/facts", headers=clinic.token(who))).status_code == 200

"""Plans over HTTP: drafted by one, signed by both, in force; and what is asked today."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from uuid_utils.compat import uuid7

from server.db import Database, PostgresError
from tests.clinic import Clinic

REVIEW = (datetime.now(UTC) + timedelta(days=180)).date().isoformat()


async def template(client: AsyncClient, clinic: Clinic, *of: str, **more: Any) -> dict[str, Any]:
    found = (await client.get(f"/v1/pathways?of={','.join(of)}", headers=clinic.token("nurse"))).json()
    return {**found["plan"], "reviewOn": REVIEW, "whatMatters": "Walking the dog", **more}


async def put(client: AsyncClient, clinic: Clinic, who: str, plan: dict[str, Any], revision: int) -> Response:
    path = "/v1/me/plan/draft" if who == "patient" else f"/v1/patients/{clinic.patient}/plan/draft"
    return await client.put(path, json=plan, headers={**clinic.token(who), "if-match": f'"{revision}"'})


async def sign(client: AsyncClient, clinic: Clinic, who: str, revision: int) -> Response:
    path = "/v1/me/plan/draft/sign" if who == "patient" else f"/v1/patients/{clinic.patient}/plan/draft/sign"
    return await client.post(path, json={}, headers={**clinic.token(who), "if-match": f'"{revision}"'})


async def in_force(client: AsyncClient, clinic: Clinic, *of: str, **more: Any) -> dict[str, Any]:
    """A plan that both have signed."""
    now = (await client.get("/v1/me/plan", headers=clinic.token("patient"))).headers["etag"]
    drafted = await put(client, clinic, "nurse", await template(client, clinic, *of, **more), int(now.strip('"')))
    assert drafted.status_code == 200, drafted.text
    revision = drafted.json()["revision"]
    assert (await sign(client, clinic, "patient", revision)).json()["state"] == "draft"
    signed = await sign(client, clinic, "nurse", revision)
    assert signed.status_code == 200, signed.text
    return signed.json()


async def test_f29_a_plan_is_in_force_when_both_have_signed_it(client: AsyncClient, clinic: Clinic) -> None:
    found = await in_force(client, clinic, "heart_failure", "hypertension")
    assert found["state"] == "in_force"
    assert [one["role"] for one in found["signatures"]] == ["patient", "clinician"]
    assert [one["name"] for one in found["signatures"]] == ["Agnes Test", "Sr Test"]
    mine = (await client.get("/v1/me/plan", headers=clinic.token("patient"))).json()
    assert mine["inForce"]["plan"]["whatMatters"] == "Walking the dog"
    assert mine["draft"] is None
    assert {one["key"] for one in mine["adherence"]} == {"weight", "diary", "pressure"}


async def test_f29_a_change_of_the_draft_takes_its_signatures_back(client: AsyncClient, clinic: Clinic) -> None:
    plan = await template(client, clinic, "heart_failure")
    await put(client, clinic, "nurse", plan, 0)
    await sign(client, clinic, "patient", 1)
    changed = await put(client, clinic, "nurse", {**plan, "whatMatters": "Something else"}, 1)
    assert (changed.json()["revision"], changed.json()["signatures"]) == (2, [])
    assert (await sign(client, clinic, "nurse", 1)).status_code == 412, "she has not seen the newest words"
    assert (await sign(client, clinic, "nurse", 2)).json()["state"] == "draft"


async def test_f29_versions_and_what_changed(client: AsyncClient, clinic: Clinic) -> None:
    await in_force(client, clinic, "heart_failure")
    await in_force(client, clinic, "heart_failure", whatMatters="The garden")
    nurse, base = clinic.token("nurse"), f"/v1/patients/{clinic.patient}/plan"
    listed = (await client.get(f"{base}/versions", headers=nurse)).json()["items"]
    assert [(one["version"], one["state"]) for one in listed] == [(2, "in_force"), (1, "superseded")]
    changes = (await client.get(f"{base}/changes?from=1&to=2", headers=nurse)).json()["items"]
    assert changes == [{"pointer": "/whatMatters", "before": "Walking the dog", "after": "The garden"}]
    assert (await client.get(f"{base}/changes?from=1&to=7", headers=nurse)).status_code == 404
    assert (await client.get(f"{base}/changes?from=1", headers=nurse)).status_code == 422


async def test_f61_nobody_signs_for_somebody_else(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await put(client, clinic, "nurse", await template(client, clinic, "heart_failure"), 0)
    insert = "insert into plan_signature (patient_id, version, revision, role, by, at) values ($1, 1, 1, $2, $3, now())"
    for who, role, by in (("nurse", "patient", clinic.patient), ("nurse", "patient", clinic.nurse), ("patient", "clinician", clinic.patient)):
        with pytest.raises(PostgresError):
            async with database.begin(clinic.actor(who)) as tx:
                await tx.execute(insert, clinic.patient, role, by)
    for who in ("stranger", "vendor"):
        for path in (f"/v1/patients/{clinic.patient}/plan/draft/sign", f"/v1/patients/{clinic.patient}/plan/draft"):
            method = "POST" if path.endswith("sign") else "PUT"
            answer = await client.request(method, path, json={}, headers={**clinic.token(who), "if-match": '"1"'})
            assert answer.status_code in {403, 404}, answer.text


async def test_stale_edits_are_refused(client: AsyncClient, clinic: Clinic) -> None:
    plan = await template(client, clinic, "asthma")
    assert (await put(client, clinic, "nurse", plan, 0)).status_code == 200
    assert (await put(client, clinic, "patient", plan, 0)).status_code == 412
    url = f"/v1/patients/{clinic.patient}/plan/draft"
    assert (await client.put(url, json=plan, headers=clinic.token("nurse"))).status_code == 428
    answers = await asyncio.gather(*(put(client, clinic, "nurse", plan, 1) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412]


async def test_f28_a_clash_is_decided_by_a_named_clinician(client: AsyncClient, clinic: Clinic) -> None:
    plan = await template(client, clinic, "heart_failure", "diabetes_type_2")
    assert [one["about"] for one in plan["clashes"]] == ["fluids"]
    await put(client, clinic, "nurse", plan, 0)
    refused = await sign(client, clinic, "nurse", 1)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/clashes/0/chosen")
    chosen = {**plan, "clashes": [{**plan["clashes"][0], "chosen": 0, "why": "The heart comes first", "by": str(clinic.patient)}]}
    assert (await put(client, clinic, "patient", chosen, 1)).status_code == 422
    decided = await put(client, clinic, "nurse", chosen, 1)
    assert decided.json()["plan"]["clashes"][0]["by"] == str(clinic.nurse), "whoever decides is the one who asks, whatever was sent"
    again = await put(client, clinic, "patient", {**chosen, "aboutMe": "I live alone"}, 2)
    assert again.json()["plan"]["clashes"][0]["by"] == str(clinic.nurse)


async def test_f29_a_patient_proposes_and_does_not_set_the_risk(client: AsyncClient, clinic: Clinic) -> None:
    plan = await template(client, clinic, "heart_failure", highRisk=True)
    mine = await put(client, clinic, "patient", plan, 0)
    assert mine.status_code == 200
    assert "highRisk" not in mine.json()["plan"]
    hers = await put(client, clinic, "nurse", plan, 1)
    assert hers.json()["plan"]["highRisk"] is True


BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "contradictory limits": ({"targets": [{"kind": "heart_rate", "low": 90, "high": 60}]}, ["/targets/0/low"]),
    "amber beyond red": ({"bands": [{"kind": "heart_rate", "amberHigh": 120, "redHigh": 110}]}, ["/bands/0/amberHigh"]),
    "a relaxed floor": ({"bands": [{"kind": "blood_pressure", "part": "systolic", "redHigh": 200}]}, ["/bands/0/redHigh"]),
    "over the ceiling": ({"ceilingS": 60}, ["/expected/1"]),
    "two faults": (
        {"targets": [{"kind": "luck", "low": 1}], "limits": ["HF-W1.luck"]}, ["/targets/0/kind", "/limits/0"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
async def test_inp_6_a_plan_that_contradicts_itself_is_refused(client: AsyncClient, clinic: Clinic, name: str) -> None:
    more, pointers = BAD[name]
    answer = await put(client, clinic, "nurse", await template(client, clinic, "heart_failure", **more), 0)
    assert answer.status_code == 422, answer.text
    assert [one["pointer"] for one in answer.json()["errors"]] == pointers
    assert (await client.get("/v1/me/plan", headers=clinic.token("patient"))).json()["draft"] is None


async def test_f85_today_says_what_is_asked_and_what_came(client: AsyncClient, clinic: Clinic) -> None:
    mine = clinic.token("patient")
    empty = (await client.get("/v1/me/today", headers=mine)).json()
    assert (empty["items"], empty["secondsLeft"], empty["pausedUntil"]) == ([], 0, None)
    await in_force(client, clinic, "heart_failure")
    weight = {"id": str(uuid7()), "kind": "body_weight", "takenAt": datetime.now(UTC).isoformat(), "value": 80.4, "unit": "kg"}
    await client.put(f"/v1/readings/{weight['id']}", json=weight, headers=mine)
    found = (await client.get("/v1/me/today", headers=mine)).json()
    by_key = {one["key"]: one for one in found["items"]}
    assert set(by_key) == {"weight", "diary", "pressure"}
    assert by_key["weight"]["metBy"] == weight["id"]
    assert found["steady"] is False
    assert found["secondsLeft"] == by_key["diary"]["seconds"] + by_key["pressure"]["seconds"]
    assert (await client.get("/v1/me/today", headers=clinic.token("nurse"))).status_code == 404


async def test_f31_absence_is_planned_and_ends(client: AsyncClient, clinic: Clinic) -> None:
    await in_force(client, clinic, "heart_failure")
    now = datetime.now(UTC)
    mine = clinic.token("patient")
    away = {"id": str(uuid7()), "reason": "holiday", "fromAt": now.isoformat(), "toAt": (now + timedelta(days=7)).isoformat()}
    for _ in range(2):
        assert (await client.post("/v1/me/plan/pauses", json=away, headers=mine)).status_code == 200
    found = (await client.get("/v1/me/today", headers=mine)).json()
    assert found["items"] == []
    assert found["pausedUntil"] is not None
    assert len((await client.get("/v1/me/plan", headers=mine)).json()["pauses"]) == 1
    # What is sent is judged as always: absence hides no safety rule.
    told = {"id": str(uuid7()), "kind": "symptom", "takenAt": now.isoformat(), "code": "blue_lips"}
    await client.put(f"/v1/readings/{told['id']}", json=told, headers=mine)
    queue = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]
    assert [one["episode"]["severity"] for one in queue] == ["red"]
    url = f"/v1/patients/{clinic.patient}/plan/pauses/{away['id']}"
    assert (await client.delete(url, headers=clinic.token("nurse"))).status_code == 204
    assert (await client.delete(url, headers=clinic.token("nurse"))).status_code == 404
    assert len((await client.get("/v1/me/today", headers=mine)).json()["items"]) == 3
    back = {**away, "id": str(uuid7()), "toAt": away["fromAt"]}
    assert (await client.post("/v1/me/plan/pauses", json=back, headers=mine)).status_code == 422


async def test_acc_3_a_plan_is_seen_by_those_it_is_shared_with(client: AsyncClient, clinic: Clinic) -> None:
    await in_force(client, clinic, "heart_failure")
    for url in ("plan", "plan/versions"):
        there = await client.get(f"/v1/patients/{clinic.stranger}/{url}", headers=clinic.token("nurse"))
        assert there.status_code == 404 or there.json()["items"] == []
    grants = (await client.get("/v1/me/consents", headers=clinic.token("patient"))).json()["items"]
    await client.delete(f"/v1/me/consents/{grants[0]['id']}", headers=clinic.token("patient"))
    assert (await client.get(f"/v1/patients/{clinic.patient}/plan", headers=clinic.token("nurse"))).status_code == 404
    assert (await client.get("/v1/me/plan", headers=clinic.token("patient"))).json()["inForce"] is not None


async def test_f27_pathways_are_named(client: AsyncClient, clinic: Clinic) -> None:
    nurse = clinic.token("nurse")
    both = (await client.get("/v1/pathways?of=copd,heart_failure", headers=nurse)).json()
    assert both["plan"]["pathways"] == {"copd": 1, "heart_failure": 1}
    assert both["faults"] == []
    assert (await client.get("/v1/pathways?of=lycanthropy", headers=nurse)).status_code == 422
    assert UUID(int=0) != clinic.patient

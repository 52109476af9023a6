"""F63, ACC-9: "this looks odd" is looked into and answered; who snoops is asked about; nobody answers for herself."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from server.db import Database, Role
from server.people import admin
from server.reviews.jobs import snooping
from tests.clinic import Clinic, nhs_number, person


async def looked(client: AsyncClient, clinic: Clinic) -> dict[str, Any]:
    answer = await client.get(f"/v1/patients/{clinic.patient}", headers=clinic.token("nurse"))
    assert answer.status_code == 200, answer.text
    items = (await client.get("/v1/me/access-log", headers=clinic.token("patient"))).json()["items"]
    return items[0]


async def waiting(client: AsyncClient, clinic: Clinic, who: str = "lead") -> list[dict[str, Any]]:
    answer = await client.get("/v1/reviews", headers=clinic.token(who))
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["items"] if one["answeredAt"] is None]


async def test_f63_what_looks_odd_is_asked_and_answered(client: AsyncClient, clinic: Clinic) -> None:
    access = await looked(client, clinic)
    assert (access["who"], access["what"]) == ("Sr Test", "your name, birth date and conditions")
    body = {"access": access["id"], "said": "She is my neighbour."}
    for _ in range(2):
        assert (await client.post("/v1/me/reviews", json=body, headers=clinic.token("patient"))).status_code == 202
    (one,) = await waiting(client, clinic)
    assert (one["kind"], one["about"], one["said"]["said"], one["said"]["name"]) == ("odd", "Sr Test", "She is my neighbour.", "Agnes Test")
    assert datetime.fromisoformat(one["dueAt"]) - datetime.now(UTC) < timedelta(days=12)
    answer = {"answer": "She covers for Sr Jones this week."}
    url = f"/v1/reviews/{one['id']}/answer"
    assert (await client.post(url, json=answer, headers=clinic.token("lead"))).status_code == 200
    assert (await client.post(url, json=answer, headers=clinic.token("admin"))).status_code == 409
    (mine,) = (await client.get("/v1/me/reviews", headers=clinic.token("patient"))).json()["items"]
    assert (mine["answer"], mine["answeredBy"]) == (answer["answer"], "lead Test")
    assert await waiting(client, clinic) == []
    log = (await client.get("/v1/me/access-log", headers=clinic.token("patient"))).json()["items"]
    assert "They answer questions about who looked." in {row["why"] for row in log}


async def test_acc_3_nobody_else_asks_sees_or_answers(client: AsyncClient, clinic: Clinic) -> None:
    access = await looked(client, clinic)
    body = {"access": access["id"]}
    # Another patient names my access; a nurse, a vendor and the patient herself reach for the queue.
    assert (await client.post("/v1/me/reviews", json=body, headers=clinic.token("stranger"))).status_code == 404
    assert (await client.post("/v1/me/reviews", json={"access": "bm9uc2Vuc2U="}, headers=clinic.token("patient"))).status_code == 422
    assert (await client.post("/v1/me/reviews", json=body, headers=clinic.token("patient"))).status_code == 202
    (one,) = await waiting(client, clinic)
    for who in ("nurse", "patient", "vendor"):
        assert (await client.get("/v1/reviews", headers=clinic.token(who))).status_code == 404
        absent = await client.post(f"/v1/reviews/{uuid7()}/answer", json={"answer": "x"}, headers=clinic.token(who))
        there = await client.post(f"/v1/reviews/{one['id']}/answer", json={"answer": "x"}, headers=clinic.token(who))
        assert (there.status_code, absent.status_code) == (404, 404)
    assert (await client.get("/v1/me/reviews", headers=clinic.token("stranger"))).json()["items"] == []


async def test_acc_9_nobody_answers_for_herself(client: AsyncClient, clinic: Clinic) -> None:
    await client.get(f"/v1/patients/{clinic.patient}", headers=clinic.token("lead"))
    (access,) = (await client.get("/v1/me/access-log?limit=1", headers=clinic.token("patient"))).json()["items"]
    assert (await client.post("/v1/me/reviews", json={"access": access["id"]}, headers=clinic.token("patient"))).status_code == 202
    (one,) = await waiting(client, clinic)
    own = await client.post(f"/v1/reviews/{one['id']}/answer", json={"answer": "All fine."}, headers=clinic.token("lead"))
    assert own.status_code == 409
    assert "about you" in own.json()["detail"]
    other = await client.post(f"/v1/reviews/{one['id']}/answer", json={"answer": "I asked her."}, headers=clinic.token("admin"))
    assert other.status_code == 200


async def test_acc_9_somebody_of_the_same_name_is_asked_about(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    # Agnes Test, and a nurse called Sr Test.
    await looked(client, clinic)
    assert await snooping(database, datetime.now(UTC)) >= 1
    await snooping(database, datetime.now(UTC))
    (one,) = await waiting(client, clinic)
    assert (one["kind"], one["about"], one["said"]["name"]) == ("snooping", "Sr Test", "Agnes Test")
    # A suspicion is not told to the patient before somebody has looked.
    assert (await client.get("/v1/me/reviews", headers=clinic.token("patient"))).json()["items"] == []


async def test_acc_9_a_snooper_is_found_by_her_own_days(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    now = datetime.now(UTC)
    async with database.begin_as(Role.OWNER) as tx:
        many: list[UUID] = []
        for n in range(16):
            new = admin.NewPatient(given_name=f"N{n}", family_name="Other", birth_on=person("x").birth_on, nhs_number=nhs_number())
            many.append(await admin.add_patient(tx, clinic.org, new))
            await admin.add_grant(tx, many[-1], clinic.team, may_write=False, from_at=now - timedelta(days=2))
    async with database.begin_as(Role.WORKER) as tx:
        for back in range(1, 13):
            for n in range(2):
                await tx.execute(
                    "insert into audit (org_id, day, writer, seq, at, actor, actor_kind, client, jti, action, patient_id, what, n, basis, "
                    "purpose, outcome, request_id, hash) values ($1, $2, $3, $4, $5, $6, 'staff', '', '', 'R', $7, 'record', 1, 'grant', "
                    "'direct-care', 'done', $8, '')",
                    clinic.org, (now - timedelta(days=back)).date(), uuid7(), n + 1, now - timedelta(days=back), clinic.colleague,
                    many[n], uuid7(),
                )  # fmt: skip
    assert (await client.get(f"/v1/patients/{many[0]}", headers=clinic.token("colleague"))).status_code == 200
    await snooping(database, now)
    assert await waiting(client, clinic) == []
    for patient in many:
        assert (await client.get(f"/v1/patients/{patient}", headers=clinic.token("colleague"))).status_code == 200
    await snooping(database, now)
    found = await waiting(client, clinic)
    assert [(one["kind"], one["said"]["did"]) for one in found] == [("snooping", f"opened 16 people's records on {now.date()}")]

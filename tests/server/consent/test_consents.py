"""A patient decides who sees what, in one step, and keeps a receipt that verifies (F57-F61)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from server.consent import receipts
from server.consent.command import verify_chains, verify_file
from server.db import Database, PostgresError, Role, connect
from server.db_where import Where
from server.settings import Settings
from tests.clinic import Clinic

EVERY = ["record", "vitals", "glucose", "breathing", "laboratory", "symptoms", "mood", "activity"]


async def ask(client: AsyncClient, clinic: Clinic, method: str, path: str, body: Any = None, who: str = "patient") -> Any:
    answer = await client.request(method, path, json=body, headers=clinic.token(who))
    assert answer.status_code < 300, answer.text
    return answer.json()


async def mine(client: AsyncClient, clinic: Clinic) -> list[dict[str, Any]]:
    return (await ask(client, clinic, "GET", "/v1/me/consents"))["items"]


def share(clinic: Clinic, *classes: str, **more: Any) -> dict[str, Any]:
    return {"teamId": str(clinic.team), "dataClasses": list(classes), "textVersion": 1, **more}


async def test_f58_a_consent_ends_after_a_year_unless_said_otherwise(client: AsyncClient, clinic: Clinic) -> None:
    made = await ask(client, clinic, "POST", "/v1/me/consents", share(clinic, "vitals"))
    life = datetime.fromisoformat(made["toAt"]) - datetime.fromisoformat(made["fromAt"])
    assert life == timedelta(days=365)
    assert made["said"] == "weight, blood pressure and pulse"
    path = f"/v1/me/consents/{made['id']}/renew"
    later = (datetime.now(UTC) + timedelta(days=700)).isoformat()
    renewed = await ask(client, clinic, "POST", path, {"textVersion": 1, "toAt": later})
    assert (renewed["id"], datetime.fromisoformat(renewed["toAt"])) == (made["id"], datetime.fromisoformat(later))
    for bad in ((datetime.now(UTC) + timedelta(days=3650)).isoformat(), datetime.now(UTC).isoformat(), made["toAt"]):
        answer = await client.post(path, json={"textVersion": 1, "toAt": bad}, headers=clinic.token("patient"))
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/toAt")


async def test_f60_a_newer_text_must_be_shown_before_it_is_agreed_to(client: AsyncClient, clinic: Clinic) -> None:
    texts = (await ask(client, clinic, "GET", "/v1/consent-texts"))["items"]
    assert {one["key"]: one["version"] for one in texts} == {"sharing": 1, "proxy": 1}
    answer = await client.post("/v1/me/consents", json=share(clinic, "mood", textVersion=7), headers=clinic.token("patient"))
    assert answer.status_code == 412


async def test_f57_a_person_sees_what_is_shared_with_them_and_their_team_does_not(client: AsyncClient, clinic: Clinic) -> None:
    for one in await mine(client, clinic):
        await ask(client, clinic, "DELETE", f"/v1/me/consents/{one['id']}")
    choices = await ask(client, clinic, "GET", "/v1/me/consent-choices")
    assert {"id": str(clinic.team), "name": "Test team", "job": None} in choices["teams"]
    (chosen,) = [one["id"] for one in choices["people"] if one["id"] == str(clinic.colleague)]
    assert (await client.get("/v1/me/consent-choices", headers=clinic.token("nurse"))).status_code == 404
    body = {"personId": chosen, "dataClasses": ["vitals"], "textVersion": 1}
    made = await ask(client, clinic, "POST", "/v1/me/consents", body)
    assert (made["personId"], made["name"]) == (str(clinic.colleague), "colleague Test")
    page = f"/v1/patients/{clinic.patient}"
    assert (await client.get(page, headers=clinic.token("colleague"))).status_code == 200
    assert (await client.get(page, headers=clinic.token("nurse"))).status_code == 404
    # Conditions and numbers are of the record, which was not shared.
    seen = (await client.get(page, headers=clinic.token("colleague"))).json()
    assert (seen["conditions"], seen["nhsNumber"]) == ([], None)


async def test_f59_narrowing_takes_away_and_never_gives(client: AsyncClient, clinic: Clinic) -> None:
    (whole,) = await mine(client, clinic)
    path = f"/v1/me/consents/{whole['id']}"
    less = await ask(client, clinic, "PATCH", path, {"dataClasses": ["record", "vitals"], "mayWrite": False})
    assert (less["dataClasses"], less["mayWrite"], less["toAt"]) == (["record", "vitals"], False, whole["toAt"])
    for more in ({"dataClasses": ["record", "mood"]}, {"dataClasses": ["record"], "mayWrite": True}, {"dataClasses": ["record", "vitals"]}):
        answer = await client.patch(f"/v1/me/consents/{less['id']}", json=more, headers=clinic.token("patient"))
        assert answer.status_code == 422
    assert (await client.patch(path, json={"dataClasses": ["record"]}, headers=clinic.token("patient"))).status_code == 404
    before, after = sorted(await mine(client, clinic), key=lambda one: one["fromAt"])
    assert (before["toAt"], after["id"]) == (after["fromAt"], less["id"])


async def test_acc_6_the_last_withdrawal_says_plainly_that_nobody_else_watches(client: AsyncClient, clinic: Clinic) -> None:
    body = {"personId": str(clinic.colleague), "dataClasses": ["mood"], "textVersion": 1}
    second = await ask(client, clinic, "POST", "/v1/me/consents", body)
    first = next(one for one in await mine(client, clinic) if one["id"] != second["id"])
    ended = await ask(client, clinic, "DELETE", f"/v1/me/consents/{first['id']}")
    assert ended["stillSharedWith"] == ["colleague Test"]
    ended = await ask(client, clinic, "DELETE", f"/v1/me/consents/{second['id']}")
    assert ended["stillSharedWith"] == []
    assert "nobody else is watching" in ended["said"]
    again = await client.delete(f"/v1/me/consents/{second['id']}", headers=clinic.token("patient"))
    assert again.status_code == 404


async def test_f60_every_decision_leaves_a_receipt_that_verifies(client: AsyncClient, clinic: Clinic, settings: Settings) -> None:
    made = await ask(client, clinic, "POST", "/v1/me/consents", share(clinic, "glucose"))
    await ask(client, clinic, "POST", f"/v1/me/consents/{made['id']}/renew",
              {"textVersion": 1, "toAt": (datetime.now(UTC) + timedelta(days=400)).isoformat()})
    await ask(client, clinic, "DELETE", f"/v1/me/consents/{made['id']}")
    events = (await ask(client, clinic, "GET", f"/v1/me/consent-events?consent={made['id']}"))["items"]
    assert [one["what"] for one in events] == ["withdrawn", "renewed", "granted"]
    answer = await client.get(f"/v1/me/consent-events/{events[0]['seq']}/receipt", headers=clinic.token("patient"))
    assert answer.headers["content-disposition"].startswith("attachment")
    found = (await client.post("/v1/consent-receipts/verify", content=answer.content, headers={"content-type": "application/json"})).json()
    assert (found["isGenuine"], found["decision"]["what"], found["decision"]["grantee"]) == (True, "withdrawn", "Test team")
    public = receipts.key(settings.keys).public_key()
    assert receipts.verified(public, answer.content) is not None
    changed = json.loads(answer.content)
    changed["decision"]["what"] = "granted"
    for forged in (json.dumps(changed), "{}", "[", '{"a": "\\u0000"}', json.dumps({**changed, "signed": "!"})):
        said = await client.post("/v1/consent-receipts/verify", content=forged, headers={"content-type": "application/json"})
        assert (said.status_code, said.json()) == (200, {"isGenuine": False, "decision": None})


async def test_f60_nobody_changes_or_forges_the_history(
    client: AsyncClient, clinic: Clinic, database: Database, where: Where, settings: Settings
) -> None:
    await ask(client, clinic, "POST", "/v1/me/consents", share(clinic, "glucose"))
    await ask(client, clinic, "POST", "/v1/me/consents", share(clinic, "mood"))
    for sql in ("update consent_event set what = 'withdrawn'", "delete from consent_event"):
        for role in (Role.WORKER, Role.AUTH, Role.AUDITOR):
            with pytest.raises(PostgresError):
                async with database.begin_as(role) as tx:
                    await tx.execute(sql)
        with pytest.raises(PostgresError):
            async with database.begin(clinic.actor("patient")) as tx:
                await tx.execute(sql)
    assert await verify_chains(database, settings) == (await _events(where), [])
    # As only somebody with the owner's password could.
    owner = await connect(where, "steady_owner")
    try:
        kept = await owner.fetchval("select body from consent_event where patient_id = $1 and seq = 2", clinic.patient)
        set_body = "update consent_event set body = $2 where patient_id = $1 and seq = 2"
        await owner.execute(set_body, clinic.patient, kept.replace(b"mood", b"look"))
        _, wrong = await verify_chains(database, settings)
        assert wrong == [f"patient {clinic.patient}: decision 2 is not what was signed"]
        await owner.execute(set_body, clinic.patient, kept)
        await owner.execute("delete from consent_event where patient_id = $1 and seq = 1", clinic.patient)
        _, wrong = await verify_chains(database, settings)
        assert wrong == [f"patient {clinic.patient}: decision 1 is missing"]
        await owner.execute("delete from consent_event where patient_id = $1", clinic.patient)
    finally:
        await owner.close()


async def _events(where: Where) -> int:
    owner = await connect(where, "steady_owner")
    try:
        return int(await owner.fetchval("select count(*) from consent_event"))
    finally:
        await owner.close()


async def test_f60_decisions_at_the_same_time_are_one_chain(client: AsyncClient, clinic: Clinic) -> None:
    async def give(body: dict[str, Any]) -> None:
        while (answer := await client.post("/v1/me/consents", json=body, headers=clinic.token("patient"))).status_code == 503:
            assert answer.json()["retry"], "a slow machine may have no room for four at once, and says to come again"
        assert answer.status_code == 201

    await asyncio.gather(*(give(share(clinic, one)) for one in EVERY[:4]))
    events = (await ask(client, clinic, "GET", "/v1/me/consent-events"))["items"]
    assert [one["seq"] for one in events] == [4, 3, 2, 1]


async def number_of(database: Database, patient: UUID) -> str:
    async with database.begin_as(Role.WORKER) as tx:
        row = await tx.fetchrow("select value from identifier where patient_id = $1", patient)
    assert row is not None
    return str(row[0])


async def test_f61_what_staff_heard_is_marked_told_and_undone_in_one_step(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    body = {
        "nhsNumber": await number_of(database, clinic.stranger), "birthOn": "1950-03-01", "teamId": str(clinic.team),
        "dataClasses": ["record", "vitals"], "textVersion": 1,
    }  # fmt: skip
    assert (await client.get(f"/v1/patients/{clinic.stranger}", headers=clinic.token("nurse"))).status_code == 404
    made = await ask(client, clinic, "POST", "/v1/witnessed-consents", body, "nurse")
    assert (await client.get(f"/v1/patients/{clinic.stranger}", headers=clinic.token("nurse"))).status_code == 200
    seen = (await ask(client, clinic, "GET", "/v1/me/consents", who="stranger"))["items"]
    assert [(one["id"], one["isWitnessed"]) for one in seen] == [(made["id"], True)]
    async with database.begin_as(Role.WORKER) as tx:
        told = await tx.fetchrow("select words, audience from outbox where patient_id = $1 and topic = 'consent-witnessed'", clinic.stranger)
    assert told is not None
    assert (told[1], "Test team" in told[0], "stop it" in told[0]) == ("patient", True, True)
    log = (await ask(client, clinic, "GET", "/v1/me/access-log", who="stranger"))["items"]
    assert "noted what you said in clinic" in log[-1]["what"]
    await ask(client, clinic, "DELETE", f"/v1/me/consents/{made['id']}", who="stranger")
    assert (await client.get(f"/v1/patients/{clinic.stranger}", headers=clinic.token("nurse"))).status_code == 404


async def test_f61_only_for_ones_own_team_and_with_number_and_birth_date(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    number = await number_of(database, clinic.stranger)
    body = {"nhsNumber": number, "birthOn": "1950-03-01", "teamId": str(clinic.team), "dataClasses": ["vitals"], "textVersion": 1}
    wrong = [
        ({**body, "teamId": str(uuid7())}, "nurse"), (body, "patient"), (body, "vendor"), ({**body, "birthOn": "1950-03-02"}, "nurse"),
        ({**body, "nhsNumber": "9990000018"}, "nurse"),
    ]  # fmt: skip
    answers = [await client.post("/v1/witnessed-consents", json=one, headers=clinic.token(who)) for one, who in wrong]
    assert {one.status_code for one in answers} == {404}
    assert len({(one.json()["title"], one.json()["detail"]) for one in answers}) == 1
    # Guessing is stopped, and looks like any other miss.
    for _ in range(4):
        await client.post("/v1/witnessed-consents", json={**body, "birthOn": "1950-03-02"}, headers=clinic.token("nurse"))
    assert (await client.post("/v1/witnessed-consents", json=body, headers=clinic.token("nurse"))).status_code == 404


async def test_acc_3_another_persons_consent_is_not_there(client: AsyncClient, clinic: Clinic) -> None:
    (theirs,) = await mine(client, clinic)
    other = clinic.token("stranger")
    path = f"/v1/me/consents/{theirs['id']}"
    absent = f"/v1/me/consents/{uuid7()}"
    for method, tail, body in (("DELETE", "", None), ("PATCH", "", {"dataClasses": ["record"]}), ("POST", "/renew", {"textVersion": 1})):
        found = await client.request(method, path + tail, json=body, headers=other)
        nothing = await client.request(method, absent + tail, json=body, headers=other)
        assert found.status_code == nothing.status_code == 404
        assert [found.json()[key] for key in ("type", "title", "detail")] == [nothing.json()[key] for key in ("type", "title", "detail")]
    assert (await client.get(f"/v1/me/consent-events?consent={theirs['id']}", headers=other)).json()["items"] == []
    assert [one["toAt"] for one in await mine(client, clinic)] == [theirs["toAt"]]
    for team in (uuid7(),):
        answer = await client.post("/v1/me/consents", json={**share(clinic, "mood"), "teamId": str(team)}, headers=other)
        assert answer.status_code == 404


async def test_a_receipt_is_verified_from_the_command_line(
    client: AsyncClient, clinic: Clinic, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await ask(client, clinic, "POST", "/v1/me/consents", share(clinic, "glucose"))
    assert made["dataClasses"] == ["glucose"]
    file = tmp_path / "receipt.json"
    file.write_bytes((await client.get("/v1/me/consent-events/1/receipt", headers=clinic.token("patient"))).content)
    assert verify_file(settings, file) == 0
    assert "genuine" in capsys.readouterr().out
    file.write_bytes(file.read_bytes().replace(b'"glucose"', b'"mood"'))
    assert verify_file(settings, file) == 1

"""INV-10, ACC-5, ACC-7: a withdrawal is felt on every path that there is; an emergency looks and does nothing else."""

from typing import Any
from uuid import uuid4 as any_id

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from domain.detection.judgement import Severity
from server.db import Database, Role
from tests.clinic import Clinic
from tests.server.consent.test_consents import ask, mine
from tests.server.episodes.test_ladder import report, rows, worker


async def stop_all(client: AsyncClient, clinic: Clinic) -> None:
    for one in await mine(client, clinic):
        await ask(client, clinic, "DELETE", f"/v1/me/consents/{one['id']}")


PERSON = ("/v1/patients/{}", "/fhir/R4/Patient/{}", "/fhir/R4/Patient/{}/$everything")
LISTS = ("/v1/patients/{}/readings", "/v1/patients/{}/plan", "/v1/patients/{}/limits", "/v1/patients/{}/facts", "/v1/patients/{}/clocks",
         "/v1/patients/{}/reading-links", "/v1/episodes", "/v1/patients/{}/messages", "/v1/quarantine", "/fhir/R4/Observation?patient={}",
         "/fhir/R4/Patient?_id={}")  # fmt: skip


async def test_inv_10_after_a_withdrawal_every_read_finds_what_it_finds_of_nobody(client: AsyncClient, clinic: Clinic) -> None:
    await report(client, clinic, "breathless_at_rest")
    nurse = clinic.token("nurse")
    before = {path: await client.get(path.format(clinic.patient), headers=nurse) for path in (*PERSON, *LISTS)}
    assert [path for path, answer in before.items() if answer.status_code != 200] == []
    await stop_all(client, clinic)
    for path in (*PERSON, *LISTS):
        here, nobody = [await client.get(path.format(one), headers=nurse) for one in (clinic.patient, any_id())]
        assert here.status_code == nobody.status_code, path
        assert (str(clinic.patient) in here.text.replace(path.format(clinic.patient), ""), "Agnes" in here.text) == (False, False), path
        assert path in LISTS or here.status_code == 404, path


async def test_inv_10_a_kept_answer_is_not_said_again_after_a_withdrawal(client: AsyncClient, clinic: Clinic) -> None:
    await report(client, clinic, "breathless_at_rest")
    episode = (await ask(client, clinic, "GET", "/v1/episodes", who="nurse"))["items"][0]["episode"]["id"]
    asked: list[tuple[str, dict[str, Any], dict[str, str]]] = [
        (f"/v1/patients/{clinic.patient}/episodes/{episode}/acknowledge", {}, {"if-match": '"1"'}),
        ("/v1/pairing-codes", {"patient": str(clinic.patient)}, {}),
    ]
    asked = [(path, body, {**more, **clinic.token("nurse"), "idempotency-key": str(uuid7())}) for path, body, more in asked]
    first = [await client.post(path, json=body, headers=headers) for path, body, headers in asked]
    again = [await client.post(path, json=body, headers=headers) for path, body, headers in asked]
    assert [one.status_code for one in first] == [200, 201]
    assert [one.content for one in again] == [one.content for one in first]
    await stop_all(client, clinic)
    after = [await client.post(path, json=body, headers=headers) for path, body, headers in asked]
    assert [one.status_code for one in after] == [404, 404]


async def test_inv_10_a_notice_that_waits_is_not_sent_to_those_who_may_no_longer_know(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await report(client, clinic, "breathless_at_rest")
    await stop_all(client, clinic)
    while await worker(database, clinic).relay():
        pass
    told = await rows(database, "select distinct audience from delivery where patient_id = $1", clinic.patient)
    assert told == [("patient",)]


@pytest.fixture
async def emergency(clinic: Clinic, database: Database) -> None:
    """The nurse looks at the stranger's record for an hour."""
    async with database.begin_as(Role.WORKER) as tx:
        await tx.execute(
            "insert into access_grant (patient_id, grant_id, basis, grantee_id, data_classes, from_at, to_at, granted_by) "
            "values ($1, $2, 'emergency', $3, '{0,1,2,3,4,5,6,7}', now(), now() + interval '59 minutes', $3)",
            clinic.stranger, uuid7(), clinic.nurse,
        )  # fmt: skip


@pytest.mark.usefixtures("emergency")
async def test_acc_7_an_emergency_looks_is_told_as_one_and_does_nothing_else(client: AsyncClient, clinic: Clinic) -> None:
    await report(client, clinic, "breathless_at_rest", who="stranger")
    nurse, path = clinic.token("nurse"), f"/v1/patients/{clinic.stranger}"
    assert (await client.get(path, headers=nurse)).status_code == 200
    cards = (await ask(client, clinic, "GET", "/v1/episodes", who="nurse"))["items"]
    (episode,) = [one["episode"]["id"] for one in cards if one["patient"] == str(clinic.stranger)][:1]
    reading = {"id": str(uuid7()), "kind": "heart_rate", "takenAt": clinic.now.isoformat(), "value": 70, "unit": "/min"}
    doings: list[tuple[str, str, Any]] = [
        ("POST", f"{path}/episodes/{episode}/acknowledge", {}), ("POST", f"{path}/episodes/{episode}/start", {}),
        ("POST", f"{path}/episodes/{episode}/close", {"result": "advice_given"}), ("PUT", f"{path}/readings/{reading['id']}", reading),
        ("POST", "/v1/pairing-codes", {"patient": str(clinic.stranger)}),
    ]  # fmt: skip
    for method, url, body in doings:
        answer = await client.request(method, url, json=body, headers={**nurse, "if-match": '"1"'})
        assert answer.status_code == 404, (url, answer.text)
    log = (await ask(client, clinic, "GET", "/v1/me/access-log", who="stranger"))["items"]
    assert {one["why"] for one in log} == {"They said that it was an emergency."}
    assert Severity.RED.name.lower() in {one["severity"] for card in cards for one in card["reasons"]}

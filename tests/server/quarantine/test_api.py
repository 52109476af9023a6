"""Held readings: visible, asked about, decided, and every decision taken back (DQ-12)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from uuid_utils.compat import uuid7

from server.db import Database
from tests.clinic import Clinic


async def send(client: AsyncClient, clinic: Clinic, kind: str, value: Any, unit: str, at: datetime | None = None) -> Response:
    when = at or datetime.now(UTC) - timedelta(minutes=1)
    body = {"id": str(uuid7()), "kind": kind, "takenAt": when.isoformat(), "unit": unit, "value": value}
    return await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("patient"))


async def act(client: AsyncClient, clinic: Clinic, held: str, what: str, version: int = 1, who: str = "nurse", **body: Any) -> Response:
    headers = {**clinic.token(who), "if-match": f'"{version}"'}
    url = f"/v1/patients/{clinic.patient}/quarantine/{held}/{what}"
    return await client.post(url, json={"reason": "rang her", **body}, headers=headers)


async def readings(client: AsyncClient, clinic: Clinic) -> list[dict[str, Any]]:
    found = (await client.get("/v1/me/readings", headers=clinic.token("patient"))).json()["items"]
    return [one for one in found if one["status"] == "final"]


async def flags(client: AsyncClient, clinic: Clinic) -> list[str]:
    cards = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]
    return sorted(reason["rule"] for card in cards for reason in card["reasons"] if reason["state"] == "active")


async def test_dq_12_a_held_reading_is_asked_about_and_seen_by_the_team_and_the_person_alone(client: AsyncClient, clinic: Clinic) -> None:
    answer = await send(client, clinic, "glucose_capillary", 2.6, "mg/dL")
    assert answer.status_code == 202
    asked = answer.json()
    assert asked["meant"] == ["mmol/L"]
    assert asked["question"] == "Did you mean mmol/L?"
    listed = (await client.get("/v1/quarantine", headers=clinic.token("nurse"))).json()["items"]
    assert [(one["id"], one["kind"], one["value"], one["unit"], one["state"], one["version"]) for one in listed] == [
        (asked["id"], "glucose_capillary", 2.6, "mg/dL", "held", 1)
    ]
    assert listed[0]["meant"] == [{"unit": "mmol/L", "value": 2.6}]
    mine = (await client.get("/v1/me/quarantine", headers=clinic.token("patient"))).json()["items"]
    assert mine == listed
    assert (await client.get("/v1/me/quarantine", headers=clinic.token("stranger"))).json()["items"] == []
    for who in ("patient", "vendor", "stranger"):
        assert (await client.get("/v1/quarantine", headers=clinic.token(who))).status_code in {403, 404}
    one = await client.get(f"/v1/patients/{clinic.patient}/quarantine/{asked['id']}", headers=clinic.token("nurse"))
    assert (one.headers["etag"], one.json()) == ('"1"', listed[0])
    gone = await client.get(f"/v1/patients/{clinic.stranger}/quarantine/{asked['id']}", headers=clinic.token("nurse"))
    assert gone.status_code == 404
    assert await flags(client, clinic) == []


async def test_dq_12_a_correction_is_judged_at_its_own_time_in_the_same_commit_and_keeps_what_was_sent(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    held = (await send(client, clinic, "glucose_capillary", 2.6, "mg/dL")).json()["id"]
    decided = await act(client, clinic, held, "correct", unit="mmol/L")
    assert decided.status_code == 200, decided.text
    assert (decided.json()["state"], decided.headers["etag"]) == ("corrected", '"2"')
    assert (decided.json()["value"], decided.json()["unit"]) == (2.6, "mg/dL")
    (reading,) = await readings(client, clinic)
    assert (reading["id"], reading["value"], reading["marks"]) == (decided.json()["reading"], 2.6, ["corrected"])
    assert await flags(client, clinic) == ["DM-2"]
    (said,) = decided.json()["history"]
    assert (said["what"], said["by"], said["byName"], said["reason"]) == ("correct", str(clinic.nurse), "Sr Test", "rang her")
    async with database.begin(clinic.actor("patient")) as tx:
        rows = await tx.fetch("select what, action from audit where patient_id = $1 and actor = $2", clinic.patient, clinic.nurse)
    assert ("quarantine-correct", "C") in {(row[0], row[1]) for row in rows}


async def test_dq_12_a_release_believes_it_as_sent_and_sending_it_again_finds_it(client: AsyncClient, clinic: Clinic) -> None:
    at = datetime.now(UTC) - timedelta(hours=2)
    answer = await send(client, clinic, "heart_rate", 310, "/min", at)
    held = answer.json()["id"]
    released = await act(client, clinic, held, "release")
    assert released.json()["reading"] == held
    (reading,) = await readings(client, clinic)
    assert (reading["value"], reading["marks"]) == (310, ["released"])
    body = {"id": held, "kind": "heart_rate", "takenAt": at.isoformat(), "value": 310, "unit": "/min"}
    again = await client.put(f"/v1/readings/{held}", json=body, headers=clinic.token("patient"))
    assert (again.status_code, again.json()["status"]) == (200, "duplicate")


async def test_dq_12_every_decision_can_be_taken_back_and_judged_again(client: AsyncClient, clinic: Clinic) -> None:
    held = (await send(client, clinic, "glucose_capillary", 2.6, "mg/dL")).json()["id"]
    assert (await act(client, clinic, held, "correct", unit="mmol/L")).status_code == 200
    assert await flags(client, clinic) == ["DM-2"]
    back = await act(client, clinic, held, "hold", version=2)
    assert (back.json()["state"], back.json()["reading"]) == ("held", None)
    assert await readings(client, clinic) == []
    assert await flags(client, clinic) == []
    aside = await act(client, clinic, held, "discard", version=3)
    assert aside.json()["state"] == "discarded"
    assert (await act(client, clinic, held, "release", version=4)).status_code == 409
    assert (await act(client, clinic, held, "hold", version=4)).json()["state"] == "held"
    again = await act(client, clinic, held, "correct", version=5, value=5.6, unit="mmol/L")
    assert again.json()["state"] == "corrected"
    assert [one["value"] for one in await readings(client, clinic)] == [5.6]
    assert [one["what"] for one in again.json()["history"]] == ["correct", "hold", "discard", "hold", "correct"]


async def test_dq_12_two_at_once_are_one_decision(client: AsyncClient, clinic: Clinic) -> None:
    held = (await send(client, clinic, "heart_rate", 310, "/min")).json()["id"]
    answers = await asyncio.gather(*(act(client, clinic, held, what) for what in ("release", "discard", "release", "discard")))
    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412]
    no_version = await client.post(
        f"/v1/patients/{clinic.patient}/quarantine/{held}/hold", json={"reason": "x"}, headers=clinic.token("nurse")
    )
    assert no_version.status_code == 428


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/value"), ({"value": 5000, "unit": "mmol/L"}, "/value"), ({"unit": "furlong"}, "/unit"), ({"value": 3, "unit": "mg/dL"}, "/unit"),
        ({"takenAt": "2099-01-01T00:00:00Z", "unit": "mmol/L"}, "/takenAt"),
    ],
    ids=["nothing said", "impossible", "no such unit", "suspect again", "a day in the future"],
)  # fmt: skip
async def test_dq_12_a_correction_that_would_be_held_itself_is_refused_and_changes_nothing(
    client: AsyncClient, clinic: Clinic, body: dict[str, Any], pointer: str
) -> None:
    held = (await send(client, clinic, "glucose_capillary", 2.6, "mg/dL")).json()["id"]
    refused = await act(client, clinic, held, "correct", **body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert (await act(client, clinic, held, "discard")).status_code == 200
    assert await readings(client, clinic) == []


async def test_dq_7_what_was_held_for_its_time_is_corrected_with_the_time(client: AsyncClient, clinic: Clinic) -> None:
    ahead = (await send(client, clinic, "heart_rate", 70, "/min", datetime.now(UTC) + timedelta(days=3))).json()
    assert ahead["code"] == "time_ahead"
    assert (await act(client, clinic, ahead["id"], "release")).status_code == 409
    then = datetime.now(UTC) - timedelta(hours=1)
    assert (await act(client, clinic, ahead["id"], "correct", takenAt=then.isoformat())).status_code == 200
    assert [one["takenAt"] for one in await readings(client, clinic)] == [then.isoformat().replace("+00:00", "Z")]
    old = (await send(client, clinic, "heart_rate", 71, "/min", datetime.now(UTC) - timedelta(days=500))).json()
    assert (await act(client, clinic, old["id"], "release")).status_code == 200


async def test_f3_the_person_can_say_what_it_meant(client: AsyncClient, clinic: Clinic) -> None:
    mine = clinic.token("patient")
    held = (await send(client, clinic, "glucose_capillary", 2.6, "mg/dL")).json()["id"]
    right = await client.post(f"/v1/me/quarantine/{held}/answer", json={"answer": "right"}, headers=mine)
    assert (right.json()["state"], right.json()["history"][0]["what"]) == ("held", "confirm")
    meant = await client.post(f"/v1/me/quarantine/{held}/answer", json={"answer": "meant", "unit": "mmol/L"}, headers=mine)
    assert meant.json()["state"] == "corrected"
    assert await flags(client, clinic) == ["DM-2"]
    other = (await send(client, clinic, "heart_rate", 310, "/min")).json()["id"]
    gone = await client.post(f"/v1/me/quarantine/{other}/answer", json={"answer": "mistake"}, headers=mine)
    assert gone.json()["state"] == "discarded"
    for body, who, status in (
        ({"answer": "mistake", "value": 3}, "patient", 422), ({"answer": "meant", "value": "3"}, "patient", 422),
        ({"answer": "mistake"}, "stranger", 404), ({"answer": "mistake"}, "nurse", 404),
    ):  # fmt: skip
        answer = await client.post(f"/v1/me/quarantine/{other}/answer", json=body, headers=clinic.token(who))
        assert answer.status_code == status
    assert (await act(client, clinic, other, "hold", version=2, who="patient")).status_code == 404


async def test_acc_2_a_team_that_may_only_look_decides_nothing(client: AsyncClient, clinic: Clinic) -> None:
    held = (await send(client, clinic, "heart_rate", 310, "/min")).json()["id"]
    mine = clinic.token("patient")
    grants = (await client.get("/v1/me/consents", headers=mine)).json()["items"]
    await client.delete(f"/v1/me/consents/{grants[0]['id']}", headers=mine)
    assert (await client.get("/v1/quarantine", headers=clinic.token("nurse"))).json()["items"] == []
    share = {"teamId": str(clinic.team), "dataClasses": ["record", "vitals"], "textVersion": 1}
    await client.post("/v1/me/consents", json=share, headers=mine)
    assert len((await client.get("/v1/quarantine", headers=clinic.token("nurse"))).json()["items"]) == 1
    assert (await act(client, clinic, held, "release")).status_code == 404
    assert (await act(client, clinic, str(UUID(int=3)), "release")).status_code == 404


async def test_dq_12_a_sensor_sample_can_be_corrected_and_taken_back(client: AsyncClient, clinic: Clinic) -> None:
    held = (await send(client, clinic, "glucose_cgm", 99, "mmol/L", datetime.now(UTC) - timedelta(hours=30))).json()
    assert held["question"] == "Did you mean mg/dL?"
    assert (await act(client, clinic, held["id"], "correct", unit="mg/dL")).status_code == 200
    assert [one["sentValue"] for one in await readings(client, clinic)] == [99]
    assert (await act(client, clinic, held["id"], "hold", version=2)).status_code == 200
    assert await readings(client, clinic) == []


@pytest.mark.parametrize("query", ["state=gone", "limit=0", "limit=201", "who=me"])
async def test_inp_the_list_takes_known_filters_only(client: AsyncClient, clinic: Clinic, query: str) -> None:
    assert (await client.get(f"/v1/quarantine?{query}", headers=clinic.token("nurse"))).status_code == 422

"""Forms over HTTP: a response and all that it becomes are one commit, once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from uuid_utils.compat import uuid7

from server.db import Database
from tests.clinic import Clinic


def body(form: str, answers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": str(uuid7()), "form": form, "version": 1, "takenAt": datetime.now(UTC).isoformat(), "answers": answers, **more}


async def put(client: AsyncClient, clinic: Clinic, sent: dict[str, Any], who: str = "patient", *, at: UUID | None = None) -> Response:
    path = f"/v1/responses/{sent['id']}" if at is None else f"/v1/patients/{at}/responses/{sent['id']}"
    return await client.put(path, json=sent, headers=clinic.token(who))


async def rows(database: Database, clinic: Clinic, sql: str) -> list[tuple[Any, ...]]:
    async with database.begin(clinic.actor("patient")) as tx:
        return [tuple(row[place] for place in range(len(row))) for row in await tx.fetch(sql)]


READINGS = "select kind, value::text, status from reading order by kind, value, status"


async def test_f4_a_response_and_its_readings_are_one_commit(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    sent = body("heart_failure_daily", {"feel": "worse", "weight": 80.2, "at_rest": "yes", "ankles": "no"})
    answer = await put(client, clinic, sent)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert [one["status"] for one in found["readings"]] == ["stored", "stored"]
    assert "gasping" in found["askAgain"]
    assert await rows(database, clinic, READINGS) == [(106, "80.2", 0), (501, "20", 0)]
    assert await rows(database, clinic, "select rule, severity from flag where rule = 'HF-S1'") == [("HF-S1", 3)]
    assert await rows(database, clinic, "select what, n from audit where what = 'response'") == [("response", 2)]


async def test_inv_1_a_retry_doubles_nothing(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    sent = body("heart_failure_daily", {"feel": "worse", "at_rest": "yes"})
    answers = [await put(client, clinic, sent) for _ in range(3)]
    assert [one.status_code for one in answers] == [201, 200, 200]
    assert [one.json()["status"] for one in answers] == ["stored", "duplicate", "duplicate"]
    assert len(await rows(database, clinic, READINGS)) == 1
    assert len(await rows(database, clinic, "select 1 from response")) == 1


async def test_inv_1_the_same_response_at_the_same_moment_is_stored_once(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    sent = body("asthma_daily", {"cough": "lot", "wheeze": "lot", "limits": "none", "night": "well", "puffs": 4})
    answers = await asyncio.gather(*(put(client, clinic, sent) for _ in range(6)))
    assert {one.status_code for one in answers} <= {200, 201}
    assert max(one.status_code for one in answers) == 201
    assert [row[:2] for row in await rows(database, clinic, READINGS)] == [(303, "4"), (522, "4"), (523, "0")]


async def test_architecture_8_an_id_names_one_response(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    sent = body("nyha", {"class": "2"})
    await put(client, clinic, sent)
    other = await put(client, clinic, {**sent, "answers": {"class": "3"}})
    assert (other.status_code, other.json()["type"]) == (409, "/problems/id-reused")
    assert await rows(database, clinic, READINGS) == [(521, "2", 0)]


async def test_f11_a_corrected_response_corrects_its_readings(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    first = body("heart_failure_daily", {"feel": "worse", "weight": 80.2, "at_rest": "yes", "gasping": "no"})
    assert (await put(client, clinic, first)).status_code == 201
    second = {**first, "id": str(uuid7()), "answers": {"feel": "same", "weight": 81, "at_rest": "no", "gasping": "no"},
              "corrects": first["id"], "reason": "wrong button"}  # fmt: skip
    assert (await put(client, clinic, second)).status_code == 201
    assert await rows(database, clinic, READINGS) == [(106, "80.2", 1), (106, "81", 0), (501, "20", 2), (501, "91", 0)]
    assert await rows(database, clinic, "select state from flag where rule = 'HF-S1'") == [("withdrawn",)]
    listed = (await client.get("/v1/me/responses", headers=clinic.token("patient"))).json()["items"]
    assert [one["id"] for one in listed] == [second["id"]]
    third = {**second, "id": str(uuid7())}
    assert (await put(client, clinic, third)).status_code == 409


async def test_f11_a_correction_that_comes_before_its_original(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    first = body("heart_failure_daily", {"feel": "worse", "weight": 80.2, "at_rest": "yes"})
    second = {**first, "id": str(uuid7()), "answers": {"feel": "better", "weight": 81}, "corrects": first["id"]}
    assert (await put(client, clinic, second)).status_code == 201
    assert (await put(client, clinic, first)).status_code == 201
    assert await rows(database, clinic, READINGS) == [(106, "81", 0)]
    assert await rows(database, clinic, "select is_superseded from response order by is_superseded") == [(False,), (True,)]


async def test_mh_2_item_9_left_open_is_kept_as_that(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    mood = {f"item{place}": "several_days" for place in range(1, 9)}
    first = body("phq9", mood)
    answer = (await put(client, clinic, first)).json()
    assert answer["askAgain"] == ["item9"]
    assert answer["missing"] == {"total": ["item9"]}
    assert answer["scores"] == {"total": 9}
    again = {**body("phq9", mood), "leftOpen": ["item9"], "corrects": first["id"]}
    assert (await put(client, clinic, again)).json().get("askAgain") is None
    assert await rows(database, clinic, "select kind, value::text from reading where status = 0 order by kind") == [(601, "9"), (604, "1")]


async def test_f57_a_response_is_seen_by_its_class(client: AsyncClient, clinic: Clinic) -> None:
    mine, nurse = clinic.token("patient"), clinic.token("nurse")
    await put(client, clinic, body("phq9", {f"item{place}": "not_at_all" for place in range(1, 10)}))
    await put(client, clinic, body("nyha", {"class": "2"}))
    url = f"/v1/patients/{clinic.patient}/responses"
    assert len((await client.get(url, headers=nurse)).json()["items"]) == 2
    grants = (await client.get("/v1/me/consents", headers=mine)).json()["items"]
    await client.delete(f"/v1/me/consents/{grants[0]['id']}", headers=mine)
    share = {"teamId": str(clinic.team), "dataClasses": ["record", "vitals", "symptoms"], "textVersion": 1}
    await client.post("/v1/me/consents", json=share, headers=mine)
    assert [one["form"] for one in (await client.get(url, headers=nurse)).json()["items"]] == ["nyha"]
    # Shared to be read, not to be written.
    answer = await put(client, clinic, body("nyha", {"class": "3"}), "nurse", at=clinic.patient)
    assert answer.status_code == 404


@pytest.mark.parametrize("who", ["vendor", "stranger"])
async def test_acc_3_nobody_else_answers_for_a_patient(client: AsyncClient, clinic: Clinic, database: Database, who: str) -> None:
    # Answers that become no reading are asked for their right as well.
    sent = body("seizure", {"shaking": "no"})
    assert (await put(client, clinic, sent, who, at=clinic.patient)).status_code == 404
    assert await rows(database, clinic, "select 1 from response") == []


async def test_f4_a_nurse_answers_for_a_patient_who_lets_her(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    answer = await put(client, clinic, body("seizure", {"shaking": "no"}), "nurse", at=clinic.patient)
    assert answer.status_code == 201, answer.text
    assert answer.json().get("readings") is None
    assert await rows(database, clinic, "select form, author from response") == [("seizure", clinic.nurse)]


BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no such form": ({"form": "horoscope"}, ["/form"]),
    "no such version": ({"version": 99}, ["/version"]),
    "no such question": ({"answers": {"class": "2", "mood": "good"}}, ["/answers/mood"]),
    "each fault is told": ({"answers": {"class": "9", "mood": 4}}, ["/answers/class", "/answers/mood"]),
    "an answer of another shape": ({"answers": {"class": {"a": 1}}}, ["/answers/class"]),
    "null for an answer": ({"answers": {"class": None}}, ["/answers/class"]),
    "an unknown question left open": ({"leftOpen": ["mood"]}, ["/leftOpen/0"]),
    "an unknown fact": ({"facts": {"rich": "yes"}}, ["/facts/rich"]),
    "the year 2200": ({"takenAt": "2200-01-01T00:00:00Z"}, ["/takenAt"]),
    "another id than the address": ({"id": "0190a8f0-5b6e-7c3a-9d2e-6f1f2b3c4d5e"}, ["/id"]),
}


@pytest.mark.parametrize("name", BAD)
async def test_inp_2_bad_answers_are_refused_with_their_place(client: AsyncClient, clinic: Clinic, database: Database, name: str) -> None:
    more, pointers = BAD[name]
    sent = body("nyha", {"class": "2"})
    answer = await client.put(f"/v1/responses/{sent['id']}", json={**sent, **more}, headers=clinic.token("patient"))
    assert answer.status_code == 422, answer.text
    assert [one["pointer"] for one in answer.json()["errors"]] == pointers
    assert await rows(database, clinic, "select 1 from response") == []


async def test_f8_an_answer_made_offline_long_ago_and_one_with_a_clock_ahead(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    now = datetime.now(UTC)
    ahead = body("nyha", {"class": "2"}, takenAt=(now + timedelta(hours=3)).isoformat())
    old = body("nyha", {"class": "3"}, takenAt=(now - timedelta(days=40)).isoformat())
    for sent in (ahead, old):
        assert (await put(client, clinic, sent)).status_code == 201
    assert len(await rows(database, clinic, "select 1 from response where taken_at <= now()")) == 2
    assert len(await rows(database, clinic, "select 1 from response where told_at > now()")) == 1


async def test_f66_what_is_known_is_shown_and_not_asked_again(client: AsyncClient, clinic: Clinic) -> None:
    mine = clinic.token("patient")
    weight = {"id": str(uuid7()), "kind": "body_weight", "takenAt": datetime.now(UTC).isoformat(), "value": 80.4, "unit": "kg"}
    await client.put(f"/v1/readings/{weight['id']}", json=weight, headers=mine)
    heart = (await client.get("/v1/forms/heart_failure_daily", headers=mine)).json()
    known = {one["key"]: one["known"] for one in heart["items"] if "known" in one}
    assert known["weight"]["answer"] == 80.4
    assert known["weight"]["source"] == "reading"
    assert heart["facts"] == {"steady": "no"}, "somebody who only just began is not steady yet"
    await put(client, clinic, body("seizure", {"shaking": "no", "has_rescue": "yes"}))
    seizure = (await client.get("/v1/forms/seizure?language=cy", headers=mine)).json()
    assert {one["key"]: one["known"]["answer"] for one in seizure["items"] if "known" in one} == {"has_rescue": "yes"}
    assert (seizure["language"], seizure["languages"]) == ("en", ["en"])


async def test_f5_forms_are_listed_and_described(client: AsyncClient, clinic: Clinic) -> None:
    listed = (await client.get("/v1/forms", headers=clinic.token("nurse"))).json()["items"]
    assert {"heart_failure_daily", "phq9", "cat"} <= {one["key"] for one in listed}
    cat = (await client.get("/v1/forms/cat?version=1", headers=clinic.token("nurse"))).json()
    assert cat["licence"]
    assert all(one["text"] == "" for one in cat["items"])
    asthma = (await client.get(f"/v1/patients/{clinic.patient}/forms/asthma_daily", headers=clinic.token("nurse"))).json()
    again = next(one for one in asthma["items"] if one["key"] == "again")
    assert again["when"] == [[{"item": "puffs", "op": "at_least", "value": 2}]]
    for path in ("/v1/forms/horoscope", "/v1/forms/cat?version=9", f"/v1/patients/{clinic.stranger}/forms/cat"):
        assert (await client.get(path, headers=clinic.token("nurse"))).status_code == 404
    assert (await client.get("/v1/me/responses", headers=clinic.token("nurse"))).status_code == 404
    assert (await client.get("/v1/me/responses?limit=0", headers=clinic.token("patient"))).status_code == 422

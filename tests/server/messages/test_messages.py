"""Messages between a person and the team: kept once, seen, answered, flagged by their words, and nobody else's."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from httpx import AsyncClient, Response
from uuid_utils.compat import uuid7

from server.db import Database, Role
from server.db_where import Where
from tests.clinic import Clinic
from tests.server.test_sql import rows
from tests.server.web.conftest import session
from tests.server.web.test_pages import reading

HOSTILE = "<script>alert(1)</script> is it fine?"


async def write(client: AsyncClient, clinic: Clinic, text: str, **more: Any) -> tuple[str, Response]:
    key = str(uuid7())
    return key, await client.put(f"/v1/me/messages/{key}", json={"text": text, **more}, headers=clinic.token("patient"))


async def mine(client: AsyncClient, clinic: Clinic) -> list[dict[str, Any]]:
    answer = await client.get("/v1/me/messages", headers=clinic.token("patient"))
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_f67_sent_twice_it_is_kept_once(client: AsyncClient, clinic: Clinic) -> None:
    key, first = await write(client, clinic, "May I take both tablets together?")
    assert (first.status_code, first.json()["status"], first.json()["flagged"]) == (201, "stored", [])
    again = await client.put(f"/v1/me/messages/{key}", json={"text": "May I take both tablets together?"}, headers=clinic.token("patient"))
    assert (again.status_code, again.json()["status"]) == (200, "duplicate")
    other = await client.put(f"/v1/me/messages/{key}", json={"text": "Something else"}, headers=clinic.token("patient"))
    assert other.status_code == 409
    assert [one["text"] for one in await mine(client, clinic)] == ["May I take both tablets together?"]
    for wrong in ({"text": ""}, {"text": " "}, {"text": "x" * 2001}, {"text": "a\u202eb"}, {"text": "x", "severity": "red"}):
        assert (await write(client, clinic, **wrong))[1].status_code in (400, 422), wrong


async def test_f68_who_writes_is_told_when_an_answer_comes_and_what_to_do_before(client: AsyncClient, clinic: Clinic) -> None:
    _, answer = await write(client, clinic, "When is my next visit?")
    assert "You will have an answer by" in answer.json()["says"]
    assert "999 in an emergency" in answer.json()["says"]
    assert datetime.now(UTC) < datetime.fromisoformat(answer.json()["answerBy"]) < datetime.now(UTC) + timedelta(hours=9)


async def test_f68_red_words_open_a_flag_through_the_judged_path(client: AsyncClient, clinic: Clinic) -> None:
    key, answer = await write(client, clinic, "I can't breathe when I lie down")
    assert answer.json()["flagged"] == ["breathlessness"]
    cards = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]
    reasons = [reason["sentence"] for card in cards for reason in card["reasons"]]
    assert any("reathless" in one for one in reasons), reasons
    again = await client.put(f"/v1/me/messages/{key}", json={"text": "I can't breathe when I lie down"}, headers=clinic.token("patient"))
    assert again.status_code == 200
    held = (await client.get("/v1/patients/" + str(clinic.patient) + "/readings?kind=symptom", headers=clinic.token("nurse"))).json()
    assert len(held["items"]) == 1


async def test_f52_seen_acting_and_closed_with_a_sentence(client: AsyncClient, clinic: Clinic) -> None:
    key, _ = await write(client, clinic, "The cuff does not switch on")
    assert (await mine(client, clinic))[0]["seenAt"] is None
    nurse = clinic.token("nurse")
    path = f"/v1/patients/{clinic.patient}/messages"
    listed = await client.get(path, headers=nurse)
    assert [one["text"] for one in listed.json()["items"]] == ["The cuff does not switch on"]
    assert (await client.post(f"{path}/{key}/act", json={}, headers=nurse)).status_code == 204
    faster = await client.post(f"{path}/{key}/act", json={}, headers=clinic.token("colleague"))
    assert (faster.status_code, faster.json()["detail"]) == (409, "Somebody is acting on it already.")
    assert (await client.post(f"{path}/{key}/settle", json={"closing": "A new cuff is in the post."}, headers=nurse)).status_code == 204
    late = await client.post(f"{path}/{key}/settle", json={"closing": "Again"}, headers=clinic.token("colleague"))
    assert (late.status_code, late.json()["detail"]) == (409, "Somebody closed it since you looked.")
    found = (await mine(client, clinic))[0]
    assert None not in (found["seenAt"], found["actingAt"], found["closedAt"])
    assert found["closing"] == "A new cuff is in the post."


async def test_f67_pressed_twice_at_once_it_is_one_message(client: AsyncClient, clinic: Clinic) -> None:
    key, words = str(uuid7()), {"text": "Take one more today."}
    for path, who in ((f"/v1/patients/{clinic.patient}/messages/{key}", "nurse"), (f"/v1/me/messages/{uuid7()}", "patient")):
        both = await asyncio.gather(*(client.put(path, json=words, headers=clinic.token(who)) for _ in range(4)))
        assert sorted(one.json()["status"] for one in both) == ["duplicate", "duplicate", "duplicate", "stored"]
    assert [one["text"] for one in await mine(client, clinic)] == [words["text"]] * 2
    headers = await session(client, clinic)
    page = (await client.get(f"/patients/{clinic.patient}/messages", headers=headers)).text
    assert (await client.get("/messages", headers=headers)).headers["content-type"] == "text/html; charset=utf-8"
    found = re.search(r'action="([^"]+)/answer"', page)
    assert found is not None
    csrf = re.search(r'name="csrf" value="([^"]*)"', page)
    assert csrf is not None
    long = await client.post(f"{found[1]}/answer", data={"csrf": csrf[1], "text": "x" * 2001}, headers=headers)
    assert (long.status_code, found[1] in long.text) == (422, True), "sent again it is the same message"


async def test_f67_anybody_in_the_team_answers_and_the_person_is_told(client: AsyncClient, clinic: Clinic, where: Where) -> None:
    await write(client, clinic, "Hello")
    answer = str(uuid7())
    path = f"/v1/patients/{clinic.patient}/messages/{answer}"
    assert (await client.put(path, json={"text": "Hello Agnes"}, headers=clinic.token("colleague"))).status_code == 201
    assert [(one["origin"], one["text"]) for one in await mine(client, clinic)] == [("team", "Hello Agnes"), ("patient", "Hello")]
    mine_only = f"patient_id = '{clinic.patient}' and topic = 'message' order by 1"
    told = await rows(where, f"select audience, words from outbox where {mine_only}")
    assert told == [("patient", "You have a message from your team."), ("staff", "A message waits for an answer.")]


async def test_f69_what_a_message_is_about_is_shown_by_each_readers_own_right(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    weight = reading("body_weight", datetime.now(UTC) - timedelta(hours=1), 80.5, "kg")
    assert (await client.put(f"/v1/readings/{weight['id']}", json=weight, headers=clinic.token("patient"))).status_code == 201
    about = {"what": "reading", "id": weight["id"], "kind": "body_weight", "takenAt": weight["takenAt"]}
    assert (await write(client, clinic, "Is this fine?", about=about))[1].status_code == 201
    assert (await write(client, clinic, "And this?", about={"what": "reading"}))[1].status_code == 422
    assert (await mine(client, clinic))[0]["about"] == "Weight 80.5 kg"
    path, nurse = f"/v1/patients/{clinic.patient}/messages", clinic.token("nurse")
    assert (await client.get(path, headers=nurse)).json()["items"][0]["about"] == "Weight 80.5 kg"
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("update access_grant set data_classes = '{0}' where patient_id = $1", clinic.patient)
    assert (await client.get(path, headers=nurse)).json()["items"][0]["about"] == "something that you may not see"


async def test_inv_10_nobody_else_reads_or_writes_and_a_withdrawal_is_felt_at_once(client: AsyncClient, clinic: Clinic) -> None:
    key, _ = await write(client, clinic, "Between us")
    path = f"/v1/patients/{clinic.patient}/messages"
    for who in ("admin", "vendor", "stranger"):
        token = clinic.token(who)
        assert (await client.get(path, headers=token)).status_code in (403, 404), who
        assert (await client.put(f"{path}/{uuid7()}", json={"text": "Hi"}, headers=token)).status_code in (403, 404), who
        assert (await client.post(f"{path}/{key}/settle", json={"closing": "x"}, headers=token)).status_code in (403, 404), who
    stranger = await client.put(f"/v1/me/messages/{uuid7()}", json={"text": "Hello?"}, headers=clinic.token("stranger"))
    assert stranger.status_code == 409
    assert "Ring 111" in stranger.json()["detail"]
    grants = (await client.get("/v1/me/consents", headers=clinic.token("patient"))).json()["items"]
    for grant in grants:
        assert (await client.delete(f"/v1/me/consents/{grant['id']}", headers=clinic.token("patient"))).status_code == 200
    assert (await client.get(path, headers=clinic.token("nurse"))).status_code == 404
    assert [one["text"] for one in await mine(client, clinic)] == ["Between us"]


async def test_ux_8_answered_and_closed_by_plain_forms_and_hostile_words_are_text(client: AsyncClient, clinic: Clinic) -> None:
    await write(client, clinic, HOSTILE)
    headers = await session(client, clinic)
    inbox = (await client.get("/messages", headers=headers)).text
    assert "<script>alert" not in inbox
    assert f"/patients/{clinic.patient}/messages" in inbox
    page = (await client.get(f"/patients/{clinic.patient}/messages", headers=headers)).text
    assert "<script>alert" not in page
    assert HOSTILE in unescape(page)
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf is not None
    form = {"csrf": csrf[1]}
    send, close = (re.search(rf'action="([^"]+/{what})"', page) for what in ("answer", "close"))
    assert send is not None
    assert close is not None
    empty = await client.post(send[1], data={**form, "text": "  "}, headers=headers)
    assert (empty.status_code, "Write something." in empty.text) == (422, True)
    assert (await client.post(send[1], data={**form, "text": "It is fine.\r\nRing me."}, headers=headers)).status_code == 303
    assert (await client.post(close[1], data={**form, "closing": "Answered"}, headers=headers)).status_code == 303
    stale = await client.post(close[1], data={**form, "closing": "Answered"}, headers=headers)
    assert (stale.status_code, "Somebody closed it since you looked." in stale.text) == (409, True)
    assert "Nobody waits for an answer." in (await client.get("/messages", headers=headers)).text
    story = unescape((await client.get(f"/patients/{clinic.patient}?show=messages", headers=headers)).text)
    assert f"Wrote: “{HOSTILE}”" in story

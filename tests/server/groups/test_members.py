"""F71-F73, F78, PGS-3, PGS-4: a member joins, asks, is answered, is held and helped where it is called for, and goes."""

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from server.app_state import Parts
from server.db import Database, Role
from server.groups.peers import Peers
from tests.clinic import Clinic
from tests.server.groups.test_anonymity import come_in, make_group, on_duty


async def two(client: AsyncClient, clinic: Clinic, database: Database) -> UUID:
    """A group with two members, and somebody on duty."""
    group = await make_group(database, clinic)
    await on_duty(database, clinic)
    for who, name in (("patient", "Heron"), ("stranger", "Otter")):
        assert (await come_in(client, clinic.token(who), group, name)).status_code == 200
    return group


async def ask(client: AsyncClient, clinic: Clinic, group: UUID, body: str, **other: Any) -> Any:
    """A new thread, or a post in one."""
    path = f"threads/{other.pop('thread')}/posts" if "thread" in other else "threads"
    if path == "threads":
        other.setdefault("title", "About this and that")
    who = clinic.token(other.pop("who", "patient"))
    key = other.pop("key", None)
    headers = {**who, **({"idempotency-key": key} if key else {})}
    return await client.post(f"/v1/groups/{group}/{path}", json={"body": body, **other}, headers=headers)


async def cases(database: Database, clinic: Clinic, parts: Parts, group: UUID, who: UUID) -> list[tuple[str, int]]:
    """What was opened about somebody's posts, as that person's own row policies show it."""
    peers: Peers = parts.extras["peers"]
    async with database.begin_peer(org=clinic.org, tags=[peers.tag(who, group)]) as tx:
        return [(row[0], row[1]) for row in await tx.fetch("select kind, level from moderation_case order by level desc, kind")]


async def read(client: AsyncClient, clinic: Clinic, group: UUID, thread: str, who: str = "stranger") -> Any:
    return await client.get(f"/v1/groups/{group}/threads/{thread}", headers=clinic.token(who))


async def test_f78_a_question_is_answered_and_the_answer_accepted_by_who_asked(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    group = await two(client, clinic, database)
    asked = (await ask(client, clinic, group, "How do you sleep with the mask on?", title="Sleeping", isQuestion=True)).json()
    assert asked["state"] == "shown"
    answered = (await ask(client, clinic, group, "On my side, with a soft pillow", thread=asked["thread"], who="stranger")).json()
    accept = f"/v1/groups/{group}/threads/{asked['thread']}/accept"
    assert (await client.post(accept, json={"post": answered["id"]}, headers=clinic.token("stranger"))).status_code == 404
    assert (await client.post(accept, json={"post": answered["id"]}, headers=clinic.token("patient"))).status_code == 200
    found = (await read(client, clinic, group, asked["thread"], "patient")).json()
    assert [(one["by"], one["isAccepted"], one["isMine"]) for one in found["items"]] == [("Heron", False, True), ("Otter", True, False)]
    (listed,) = (await client.get(f"/v1/groups/{group}/threads", headers=clinic.token("stranger"))).json()["items"]
    assert (listed["title"], listed["answers"], listed["hasAccepted"]) == ("Sleeping", 1, True)
    news = (await client.get("/v1/me/groups", headers=clinic.token("patient"))).json()["items"]
    assert [one["new"] for one in news if one["group"] == str(group)] == [1]


async def test_ing_2_the_same_key_writes_once(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group = await two(client, clinic, database)
    first, second = [await ask(client, clinic, group, "Hello to you all", key="once") for _ in range(2)]
    assert first.json()["id"] == second.json()["id"]
    other = await ask(client, clinic, group, "Hello to you all", key="once", who="stranger")
    assert other.json()["id"] != first.json()["id"]
    assert len((await client.get(f"/v1/groups/{group}/threads", headers=clinic.token("patient"))).json()["items"]) == 2


async def test_f72_who_leaves_takes_every_word_along(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group = await two(client, clinic, database)
    asked = (await ask(client, clinic, group, "My garden is full of beans")).json()
    await ask(client, clinic, group, "Lucky you with the garden", thread=asked["thread"], who="stranger")
    assert (await client.post(f"/v1/groups/{group}/leave", json={}, headers=clinic.token("patient"))).status_code == 200
    assert (await read(client, clinic, group, asked["thread"], "patient")).status_code == 404
    found = (await read(client, clinic, group, asked["thread"])).json()
    assert [(one["state"], one["body"]) for one in found["items"]] == [("withdrawn", ""), ("shown", "Lucky you with the garden")]
    search = await client.get(f"/v1/groups/{group}/search?q=beans", headers=clinic.token("stranger"))
    assert search.json()["items"] == []
    assert (await come_in(client, clinic.token("patient"), group, "Kestrel")).json()["handle"] == "Kestrel"


async def test_pgs_4_a_block_works_both_ways_and_at_once(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group = await two(client, clinic, database)
    mine = (await ask(client, clinic, group, "Hello from the heron")).json()
    yours = (await ask(client, clinic, group, "Hello from the otter", who="stranger")).json()
    path = f"/v1/groups/{group}/posts/{yours['id']}/block"
    assert (await client.post(path, json={}, headers=clinic.token("patient"))).status_code == 200
    for who, own, other in (("patient", mine, yours), ("stranger", yours, mine)):
        listed = (await client.get(f"/v1/groups/{group}/threads", headers=clinic.token(who))).json()["items"]
        assert [one["id"] for one in listed] == [own["id"]]
        assert (await read(client, clinic, group, other["thread"], who)).status_code == 404
        assert (await client.get(f"/v1/groups/{group}/search?q=hello", headers=clinic.token(who))).json()["items"][0]["post"] == own["id"]
    assert (await client.post(f"/v1/groups/{group}/unblock", json={}, headers=clinic.token("patient"))).status_code == 200
    assert (await read(client, clinic, group, yours["thread"], "patient")).status_code == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("Ring me on 07700 900123 any time", "contact"),
        ("See https://cures.example.com for more", "link"),
        ("Just double your furosemide for a few days", "medicine"),
        ("You could stop taking your water tablets", "medicine"),
    ],
)
async def test_pgs_4_5_contact_details_and_medicine_advice_wait_for_a_look(
    client: AsyncClient, clinic: Clinic, database: Database, parts: Parts, body: str, kind: str
) -> None:
    group = await two(client, clinic, database)
    answer = await ask(client, clinic, group, body)
    assert (answer.status_code, answer.json()["state"], answer.json()["help"]) == (202, "held", None)
    assert answer.json()["told"]
    assert (kind, 1) in await cases(database, clinic, parts, group, clinic.patient)
    assert (await read(client, clinic, group, answer.json()["thread"])).status_code == 404
    assert (await client.get(f"/v1/groups/{group}/threads", headers=clinic.token("stranger"))).json()["items"] == []


async def test_pgs_3_words_of_crisis_are_held_helped_and_made_a_red_case(
    client: AsyncClient, clinic: Clinic, database: Database, parts: Parts
) -> None:
    group = await two(client, clinic, database)
    answer = await ask(client, clinic, group, "I can't go on like this any more")
    found = answer.json()
    assert (answer.status_code, found["state"], found["toldTeam"]) == (202, "held", False)
    assert [one["number"] for one in found["help"]["lines"]][:3] == ["999", "111", "116 123"]
    assert await cases(database, clinic, parts, group, clinic.patient) == [("crisis", 3)]
    # Nobody set up that her team is told, so nobody of it is (F76).
    assert (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"] == []


async def test_f76_her_own_team_is_told_only_because_she_wished_so_when_well(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    group = await two(client, clinic, database)
    wish = {"tellsTeam": True, "words": "Ring my sister"}
    assert (await client.put("/v1/me/crisis-wish", json=wish, headers=clinic.token("patient"))).status_code == 200
    found = (await ask(client, clinic, group, "I want to die")).json()
    assert found["toldTeam"] is True
    (card,) = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]
    assert (card["patient"], card["episode"]["severity"], card["reasons"][0]["rule"]) == (str(clinic.patient), "red", "F76")
    # Of the group, the name there and the words nothing is said.
    assert not [one for one in (str(group), "Heron", "want to die", found["id"]) if one in str(card)]


async def test_pgs_3_with_nobody_on_duty_every_post_waits(client: AsyncClient, clinic: Clinic, database: Database, parts: Parts) -> None:
    group = await make_group(database, clinic)
    await come_in(client, clinic.token("patient"), group, "Heron")
    found = (await ask(client, clinic, group, "Good morning to you all")).json()
    assert found["state"] == "held"
    assert "Nobody is looking after the group just now" in found["told"][0]
    assert await cases(database, clinic, parts, group, clinic.patient) == [("unwatched", 2)]


async def test_pgs_3_a_detector_that_is_down_lets_nothing_through(
    client: AsyncClient, clinic: Clinic, database: Database, parts: Parts
) -> None:
    group = await two(client, clinic, database)

    def broken(text: str) -> None:
        raise RuntimeError(len(text))

    working = parts.extras["crisis"]
    parts.extras["crisis"] = broken
    try:
        found = (await ask(client, clinic, group, "Good morning to you all")).json()
    finally:
        parts.extras["crisis"] = working
    assert found["state"] == "held"
    assert found["help"] is not None
    assert await cases(database, clinic, parts, group, clinic.patient) == [("unchecked", 3)]


async def test_pgs_4_somebody_new_writes_five_posts_a_day_but_a_cry_for_help_is_always_taken(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    group = await two(client, clinic, database)
    for _ in range(5):
        assert (await ask(client, clinic, group, "One more thought about salt")).status_code == 201
    assert (await ask(client, clinic, group, "And one more")).status_code == 429
    assert (await ask(client, clinic, group, "I want to end it all tonight")).status_code == 202


async def test_pgs_2_a_report_opens_one_case_and_many_reports_hide_nothing(
    client: AsyncClient, clinic: Clinic, database: Database, parts: Parts
) -> None:
    group = await two(client, clinic, database)
    asked = (await ask(client, clinic, group, "Buy my beans")).json()
    path = f"/v1/groups/{group}/posts/{asked['id']}/report"
    for _ in range(3):
        assert (await client.post(path, json={"kind": "selling"}, headers=clinic.token("stranger"))).status_code == 202
    assert (await client.post(path, json={"kind": "worried"}, headers=clinic.token("stranger"))).status_code == 202
    assert (await client.post(path, json={"kind": "selling"}, headers=clinic.token("patient"))).status_code == 404
    assert await cases(database, clinic, parts, group, clinic.patient) == [("report-worried", 3), ("report-selling", 1)]
    assert (await read(client, clinic, group, asked["thread"])).json()["items"][0]["state"] == "shown"


@pytest.mark.parametrize(
    "handle", ["Boris", "B0ris", "\u0412\u043eris", "T\u0435st", "Nurse Joy", "\u202eHeron", "Heron\u200b", "07700900123", "x", "Her*n"]
)
async def test_inp_3_a_name_that_deceives_or_tells_is_refused(
    client: AsyncClient, clinic: Clinic, database: Database, handle: str
) -> None:
    group = await make_group(database, clinic)
    answer = await come_in(client, clinic.token("stranger"), group, handle)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/handle")


async def test_inp_3_two_names_that_look_alike_are_one(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group = await make_group(database, clinic)
    assert (await come_in(client, clinic.token("patient"), group, "Heron")).status_code == 200
    for twin in ("heron", "HERON", "Her0n", "H e r o n"):
        assert (await come_in(client, clinic.token("stranger"), group, twin)).status_code == 409, twin


async def test_f71_a_closed_group_is_found_only_with_its_invitation(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group = await make_group(database, clinic, is_open=False)
    mine = clinic.token("patient")
    assert str(group) not in (await client.get("/v1/groups", headers=mine)).text
    assert (await come_in(client, mine, group, "Heron")).status_code == 404
    assert (await come_in(client, mine, group, "Heron", invite="let me in")).status_code == 404
    assert (await come_in(client, mine, group, "Heron", invite="come in")).status_code == 200
    assert str(group) in (await client.get("/v1/groups", headers=mine)).text
    assert str(group) not in (await client.get("/v1/groups", headers=clinic.token("stranger"))).text


async def test_pgs_7_and_f71_ages_capacity_and_the_closing_day_are_kept(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    young = await make_group(database, clinic, ages="young")
    assert (await come_in(client, clinic.token("patient"), young, "Heron")).status_code == 422
    ended = await make_group(database, clinic, closes_on=clinic.now.date() - timedelta(days=1))
    assert (await come_in(client, clinic.token("patient"), ended, "Heron")).status_code == 409
    small = await make_group(database, clinic, capacity=2)
    for who, name in (("patient", "Heron"), ("stranger", "Otter")):
        assert (await come_in(client, clinic.token(who), small, name)).status_code == 200
        assert (await come_in(client, clinic.token(who), small, name)).status_code == 200
    async with database.begin_as(Role.OWNER) as tx:
        row = await tx.fetchrow("select members from peer_group where group_id = $1", small)
    assert row is not None
    assert row[0] == 2
    found = (await client.get(f"/v1/groups/{small}", headers=clinic.token("patient"))).json()
    assert found["people"] == "fewer than 5"


async def test_pgs_3_a_cry_for_help_is_taken_however_it_is_written(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group = await two(client, clinic, database)
    words = "I want to kill myself"
    for body in ({"body": words, "title": ""}, {"body": f"{words} " + "because of it all " * 500, "title": "x"},
                 {"body": f"\u202e{words}\u0007", "title": "Hello there"}, {"body": words, "title": "T" * 500},
                 {"body": words, "title": "Hello there", "image": base64.b64encode(b"not a picture").decode()},
                 {"body": words, "title": "Hello there", "card": "no such kind"}):  # fmt: skip
        answer = await client.post(f"/v1/groups/{group}/threads", json=body, headers=clinic.token("patient"))
        assert (answer.status_code, answer.json()["help"] is not None) == (202, True), (body, answer.text)
    # Also where what she answers is gone meanwhile.
    lost = await client.post(f"/v1/groups/{group}/threads/{group}/posts", json={"body": words}, headers=clinic.token("patient"))
    assert (lost.status_code, lost.json()["help"] is not None) == (202, True)
    plain = {"body": "because of it all " * 500, "title": "Hello there"}
    assert (await client.post(f"/v1/groups/{group}/threads", json=plain, headers=clinic.token("patient"))).status_code == 422

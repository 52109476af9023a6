"""A member's pages, as the browser of a patient uses them: no script is needed for any of it."""

import re
from typing import Any
from uuid import UUID

from httpx import AsyncClient

from server.db import Database, Role
from server.people import admin
from tests.clinic import Clinic, person
from tests.server.groups.test_anonymity import come_in, make_group, on_duty
from tests.server.groups.test_desk import moderators, one, press
from tests.server.groups.test_members import ask
from tests.server.me.conftest import own_session


def field(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found is not None, name
    return found[1]


class Browser:
    """One person's browser: remembers the token of the page before."""

    def __init__(self, client: AsyncClient, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers

    async def get(self, path: str) -> str:
        answer = await self._client.get(path, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def send(self, page: str, path: str, status: int = 303, **form: str) -> Any:
        answer = await self._client.post(path, data={"csrf": field(page, "csrf"), **form}, headers=self._headers)
        assert answer.status_code == status, answer.text
        return answer


async def inside(client: AsyncClient, clinic: Clinic, database: Database) -> tuple[Browser, UUID]:
    group = await make_group(database, clinic)
    await on_duty(database, clinic)
    browser = Browser(client, await own_session(client, clinic))
    page = await browser.get(f"/me/groups/{group}")
    assert "To talk about living with it" in page
    refused = await browser.send(page, f"/me/groups/{group}/join", 422, handle="Agnes", agrees="yes")
    assert "That is your own name" in refused.text
    await browser.send(page, f"/me/groups/{group}/join", handle="Heron", agrees="yes")
    await come_in(client, clinic.token("stranger"), group, "Otter")
    return browser, group


async def test_f71_a_member_comes_in_asks_is_answered_and_leaves(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    browser, group = await inside(client, clinic, database)
    page = await browser.get(f"/me/groups/{group}")
    assert "you are Heron" in page
    form: dict[str, Any] = {"title": "Sleeping", "body": "How do you sleep with <the> mask?", "question": "yes", "key": field(page, "key")}
    sent = await browser.send(page, f"/me/groups/{group}/ask", **form)
    again = await browser.send(page, f"/me/groups/{group}/ask", **form)
    assert sent.headers["location"] == again.headers["location"]
    thread = sent.headers["location"]
    answered = (await ask(client, clinic, group, "On my side", thread=thread.rsplit("/", 1)[1], who="stranger")).json()
    page = await browser.get(thread)
    assert "&lt;the&gt; mask" in page
    assert "Otter" in page
    await browser.send(page, f"/me/groups/{group}/posts/{answered['id']}/accept", thread=thread.rsplit("/", 1)[1])
    assert '<strong class="desk-tag">helped</strong>' in await browser.get(thread)
    assert "Sleeping" in await browser.get(f"/me/groups/{group}/search?q=mask")
    assert "Heron there" in await browser.get("/me/groups")
    await browser.send(page, f"/me/groups/{group}/posts/{answered['id']}/report", kind="unkind", words="Not nice", thread="x" * 36, status=404)
    await browser.send(page, f"/me/groups/{group}/leave")
    assert "You are in no group yet" in await browser.get("/me/groups")


async def test_pgs_3_words_of_crisis_put_help_on_the_screen_at_once(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    browser, group = await inside(client, clinic, database)
    page = await browser.get("/me/groups")
    await browser.send(page, "/me/groups/wish", tells_team="yes", words="Ring my sister Jo")
    page = await browser.get(f"/me/groups/{group}")
    answer = await browser.send(page, f"/me/groups/{group}/ask", 200, title="", body="I can't go on, I want to die")
    for words in ("Help is here now", 'href="tel:999"', "116 123", "sms:85258", "Ring my sister Jo", "your own team is told"):
        assert words in answer.text, words
    assert answer.text.index("Help is here now") < answer.text.index("What is talked about")
    # Who looks for a way is shown help before anything else; and each page says where help is.
    assert "Help is here now" in await browser.get(f"/me/groups/{group}/search?q=how+to+kill+myself")
    assert "Samaritans on" in page


async def test_pgs_4_what_is_refused_says_why_and_what_was_typed_stays(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    browser, group = await inside(client, clinic, database)
    page = await browser.get(f"/me/groups/{group}")
    answer = await browser.send(page, f"/me/groups/{group}/ask", 422, title="x", body="A long story about my garden")
    assert "A title of 3 to 120 characters." in answer.text
    assert "A long story about my garden" in answer.text
    held = await browser.send(page, f"/me/groups/{group}/ask", 200, title="My number", body="Ring me on 07700 900123")
    assert "It looks as if it holds a telephone number" in held.text


async def test_pgs_6_a_hidden_post_is_told_and_appealed_on_the_page(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    browser, group = await inside(client, clinic, database)
    await moderators(database, clinic, group, nurse=[clinic.nurse])
    await ask(client, clinic, group, "See https://shop.example.com")
    assert (await press(client, clinic, await one(client, clinic), "decide", decision="hide", reason="No shops here")).status_code == 200
    page = await browser.get(f"/me/groups/{group}")
    assert "A post of yours was hidden" in page
    assert "No shops here" in page
    post = re.search(r"/posts/([0-9a-f-]{36})/appeal", page)
    assert post is not None
    await browser.send(page, f"/me/groups/{group}/posts/{post[1]}/appeal", words="It is the library's")
    assert "You asked for a second look" in await browser.get(f"/me/groups/{group}")
    assert (await one(client, clinic))["appeal"] == "It is the library's"


async def test_pgs_1_pages_are_for_members_and_never_indexed(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    browser, group = await inside(client, clinic, database)
    thread = (await ask(client, clinic, group, "Good morning to you all")).json()["thread"]
    other = await client.get(f"/me/groups/{group}/threads/{thread}", headers=await own_session(client, clinic, "stranger"))
    assert (other.status_code, other.headers["x-robots-tag"]) == (200, "noindex, nofollow")
    outside = await make_group(database, clinic)
    theirs = await client.get(f"/me/groups/{outside}/threads/{thread}", headers=await own_session(client, clinic, "stranger"))
    assert theirs.status_code == 404
    assert (await client.get("/me/groups", headers=clinic.token("nurse"))).status_code == 404
    async with database.begin(clinic.actor("patient")) as tx:
        assert await tx.fetch("select 1 from audit where patient_id = $1", clinic.patient) == []
    assert "Agnes" not in (await browser.get(f"/me/groups/{group}/threads/{thread}")).replace("Agnes Test</span>", "")


async def test_f80_few_people_are_not_counted(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    async def counted() -> dict[str, str]:
        items = (await client.get("/v1/me/people-like-me", headers=clinic.token("patient"))).json()["items"]
        return {item["condition"]: item["people"] for item in items}

    assert set((await counted()).values()) == {"fewer than 10"}
    async with database.begin_as(Role.OWNER) as tx:
        for _ in range(12):
            await admin.add_patient(tx, clinic.org, person("More"))
    assert (await counted())["asthma"] == "about 10"
    assert (await client.get("/v1/me/people-like-me", headers=clinic.token("nurse"))).status_code == 404

"""The page of those who look after groups, as a browser uses it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from httpx import AsyncClient

from server.db import Database
from tests.clinic import Clinic
from tests.server.groups.test_anonymity import come_in, make_group
from tests.server.groups.test_desk import CRISIS, moderators, one
from tests.server.groups.test_members import ask, read, two


async def test_pgs_2_a_case_is_taken_decided_and_undone_on_the_page(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group = await two(client, clinic, database)
    asked = (await ask(client, clinic, group, "See https://shop.example.com for <b>more</b>")).json()
    case = await one(client, clinic)
    nurse = clinic.token("nurse")
    page = await client.get("/moderation", headers=nurse)
    assert page.status_code == 200
    assert "A link" in page.text
    assert "&lt;b&gt;more&lt;/b&gt;" in page.text
    assert "Sr Test, clinician until" in page.text
    form = {"version": str(case["version"]), "reason": "It is our own leaflet"}
    assert (await client.post(f"/moderation/cases/{case['id']}/take", data=form, headers=nurse)).status_code == 303
    # Pressed on a page that is old by now: nothing happens twice, and it says so.
    late = await client.post(f"/moderation/cases/{case['id']}/show", data=form, headers=nurse)
    assert (late.status_code, "Somebody changed this since you looked" in late.text) == (409, True)
    form["version"] = str(case["version"] + 1)
    assert (await client.post(f"/moderation/cases/{case['id']}/show", data={**form, "reason": "x"}, headers=nurse)).status_code == 422
    assert (await client.post(f"/moderation/cases/{case['id']}/show", data=form, headers=nurse)).status_code == 303
    assert (await read(client, clinic, group, asked["thread"])).json()["items"][0]["state"] == "shown"
    page = await client.get("/moderation", headers=nurse)
    assert "Shown by Sr Test" in page.text
    again = {**form, "version": str(case["version"] + 2), "reason": "On second thoughts, no"}
    assert (await client.post(f"/moderation/cases/{case['id']}/hide", data=again, headers=nurse)).status_code == 303
    assert (await read(client, clinic, group, asked["thread"])).json()["items"][0]["state"] == "hidden"


async def test_pgs_3_the_name_is_read_on_a_page_of_its_own(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group = await two(client, clinic, database)
    await ask(client, clinic, group, CRISIS)
    case = await one(client, clinic)
    nurse = clinic.token("nurse")
    page = await client.get("/moderation", headers=nurse)
    assert "Words of crisis" in page.text
    assert "the writer was shown where help is" in page.text
    assert "Agnes" not in page.text
    form = {"reason": "She may be about to harm herself"}
    assert (await client.post(f"/moderation/cases/{case['id']}/identity", data=form, headers=nurse)).status_code == 303
    page = await client.get("/moderation", headers=nurse)
    opening = UUID(page.text.split("/moderation/openings/")[1][:36])
    found = await client.get(f"/moderation/openings/{opening}", headers=nurse)
    assert "Heron is Agnes Test" in found.text


async def test_pgs_3_the_page_says_when_nobody_is_on_duty(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group = await make_group(database, clinic)
    await moderators(database, clinic, group, nurse=[clinic.nurse])
    await come_in(client, clinic.token("patient"), group, "Heron")
    await ask(client, clinic, group, "Good morning to you all")
    nurse = clinic.token("nurse")
    page = await client.get("/moderation", headers=nurse)
    assert "Nobody is on duty for the groups" in page.text
    assert "Written while nobody was on duty" in page.text
    pause = {"reason": "Until Monday, nobody is here"}
    assert (await client.post(f"/moderation/groups/{group}/pause", data=pause, headers=nurse)).status_code == 303
    assert "paused" in (await client.get("/moderation", headers=nurse)).text
    # A nurse plans no duty.
    until = (datetime.now(UTC) + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    duty = {"staff": str(clinic.nurse), "role": "clinician", "from": "2026-01-01T10:00", "to": until}
    assert (await client.post("/moderation/duty", data=duty, headers=nurse)).status_code == 403

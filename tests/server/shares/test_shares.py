"""F65: a code opens a part of a record for a day, without an account; each opening is seen, five wrong tries end it, so does its maker."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from playwright.async_api import Browser, expect
from uuid_utils.compat import uuid7

from server.db import Database, Role
from tests.clinic import Clinic
from tests.server.me.test_pages import base, browser, clean, measured, open_own, static

__all__ = ["base", "browser", "static"]


async def make(client: AsyncClient, clinic: Clinic, *classes: str, who: str = "patient", **more: Any) -> dict[str, Any]:
    body = {"label": "A&E in Torbay", "dataClasses": list(classes or ("record", "vitals")), **more}
    answer = await client.post("/v1/me/shares", json=body, headers=clinic.token(who))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def opened(client: AsyncClient, code: str, born: str = "1950-03-01", who: str = "Dr Jones, A&E") -> Response:
    return await client.post("/share", data={"code": code, "birth-on": born, "who": who})


async def test_f65_a_code_shows_what_was_chosen_and_counts_who_opened_it(client: AsyncClient, clinic: Clinic) -> None:
    await measured(client, clinic, "heart_rate", value=71, unit="/min")
    await measured(client, clinic, "glucose_capillary", value=6.5, unit="mmol/L")
    made = await make(client, clinic)
    assert re.fullmatch(r"(\d{4} ){3}\d{4}", made["code"])
    assert timedelta(hours=23) < datetime.fromisoformat(made["expiresAt"]) - datetime.now(UTC) <= timedelta(hours=24)
    page = await opened(client, made["code"])
    assert page.status_code == 200
    assert "71 a minute" in page.text
    assert "heart failure" in page.text
    assert "6.5" not in page.text  # glucose was not chosen
    assert "set-cookie" not in page.headers
    assert page.headers["cache-control"] == "no-store"
    assert (await opened(client, made["code"], who="Ward 3")).status_code == 200
    (one,) = (await client.get("/v1/me/shares", headers=clinic.token("patient"))).json()["items"]
    assert (one["openings"], one["lastOpenedBy"], one["isOver"]) == (2, "Ward 3", False)
    log = (await client.get("/v1/me/access-log", headers=clinic.token("patient"))).json()["items"]
    assert (log[0]["who"], log[0]["why"]) == ("A&E in Torbay", "They were shown your one-time code.")


async def test_f65_it_is_taken_back_at_once_and_every_refusal_looks_the_same(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    made, other, late = [await make(client, clinic) for _ in range(3)]
    headers = clinic.token("patient")
    assert (await client.delete(f"/v1/me/shares/{made['id']}", headers=clinic.token("stranger"))).status_code == 404
    assert (await client.delete(f"/v1/me/shares/{uuid7()}", headers=headers)).status_code == 404
    assert (await client.delete(f"/v1/me/shares/{made['id']}", headers=headers)).status_code == 200
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("update share set expires_at = now() - interval '1 second' where share_id = $1", late["id"])
    ended, absent = await opened(client, made["code"]), await opened(client, "0000 0000 0000 0000")
    wrong, over = await opened(client, other["code"], "1950-03-02"), await opened(client, late["code"])
    said = {re.sub(r'value="[^"]*"|nonce-?=?"?[\w-]+', "", one.text) for one in (ended, absent, wrong, over)}
    assert ({one.status_code for one in (ended, absent, wrong, over)}, len(said)) == ({404}, 1)
    assert (await opened(client, other["code"])).status_code == 200


async def test_tok_9_five_wrong_tries_end_a_code_for_good(client: AsyncClient, clinic: Clinic) -> None:
    made = await make(client, clinic)
    for day in range(2, 7):
        assert (await opened(client, made["code"], f"1950-03-0{day}")).status_code == 404
    assert (await opened(client, made["code"])).status_code == 404
    (one,) = (await client.get("/v1/me/shares", headers=clinic.token("patient"))).json()["items"]
    assert (one["isOver"], one["openings"]) == (True, 0)


async def test_f65_a_share_is_for_a_day_at_most_and_only_by_the_patient(client: AsyncClient, clinic: Clinic) -> None:
    wrong: list[dict[str, Any]] = [{"hours": 25}, {"hours": 0}, {"label": " "}, {"dataClasses": []}, {"dataClasses": ["everything"]}]
    for more in wrong:
        body = {"label": "x", "dataClasses": ["record"], **more}
        assert (await client.post("/v1/me/shares", json=body, headers=clinic.token("patient"))).status_code == 422
    for who in ("nurse", "vendor"):
        body = {"label": "x", "dataClasses": ["record"]}
        assert (await client.post("/v1/me/shares", json=body, headers=clinic.token(who))).status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
async def test_f65_shown_scanned_and_opened_on_another_device(
    browser: Browser, client: AsyncClient, clinic: Clinic, base: str, width: int
) -> None:
    await measured(client, clinic, "heart_rate", value=71, unit="/min")
    mine = await browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    page = await mine.new_page()
    await open_own(page, clinic, base)
    await page.get_by_role("link", name="Show a code").click()
    await page.get_by_label("Who is it for?").fill("A&E in Torbay")
    await page.get_by_label("Weight, blood pressure and pulse").check()
    await page.get_by_label("Name, conditions, medicines and plan").check()
    await page.get_by_role("button", name="Make a code").click()
    await expect(page.locator(".me-square svg")).to_be_visible()
    await clean(page, width)
    code = await page.locator(".me-code").inner_text()
    theirs = await browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    other = await theirs.new_page()
    await other.goto(f"{base}/share?code={code.replace(' ', '')}")
    await clean(other, width)
    await other.get_by_label("The patient was born on").fill("1950-03-01")
    await other.get_by_label("Who you are, and where").fill("Dr Jones")
    await other.get_by_role("button", name="Open").click()
    await expect(other.locator("#maincontent")).to_contain_text("71 a minute")
    await clean(other, width)
    await page.get_by_role("link", name="Show a code").click()
    await expect(page.locator(".desk-timeline")).to_contain_text("Opened 1 time")
    await page.get_by_role("button", name="Take it back").click()
    await expect(page.locator(".desk-timeline")).to_contain_text("over")
    await mine.close()
    await theirs.close()

"""The page of held readings: by plain forms, in a browser without scripts, and for everybody's eyes."""

import re
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from httpx import AsyncClient, Response
from playwright.async_api import Browser

from tests.clinic import Clinic
from tests.server.quarantine.test_api import flags, readings, send
from tests.server.web.conftest import session, sign_in


def form(page: Response, held: str, **more: str) -> dict[str, str]:
    found = re.search(r'name="csrf" value="([^"]*)"', page.text)
    block = page.text[page.text.index(f'id="held-{held}"') :]
    version = re.search(r'name="version" value="(\d+)"', block)
    assert found is not None
    assert version is not None
    return {"csrf": found[1], "version": version[1], "reason": "rang her", **more}


async def test_dq_12_the_page_says_what_why_and_what_it_might_have_meant(client: AsyncClient, clinic: Clinic) -> None:
    held = (await send(client, clinic, "glucose_capillary", 2.6, "mg/dL")).json()["id"]
    mine = await session(client, clinic)
    assert "1 held reading<" in (await client.get("/", headers=mine)).text
    page = await client.get("/held", headers=mine)
    for words in ("Agnes Test", "Glucose (finger) 2.6 mg/dL", "This looks like another unit", "It was 2.6 mmol/L", "Right as sent",
                  "Set aside"):
        assert words in page.text
    url = f"/held/{clinic.patient}/{held}"
    done = await client.post(f"{url}/correct", data=form(page, held, unit="mmol/L"), headers=mine)
    assert (done.status_code, done.headers["location"]) == (303, "/held")
    assert await flags(client, clinic) == ["DM-2"]
    after = await client.get("/held", headers=mine)
    assert "Corrected: rang her (Sr Test, " in after.text
    assert "Nothing is held just now." in after.text
    back = await client.post(f"{url}/hold", data=form(after, held), headers=mine)
    assert back.status_code == 303
    assert await flags(client, clinic) == []


async def test_dq_12_what_cannot_be_done_is_said_on_the_page(client: AsyncClient, clinic: Clinic) -> None:
    held = (await send(client, clinic, "blood_pressure_x", 1, "kg")).json()
    assert held["status"] == 422
    pressure = (await send(client, clinic, "heart_rate", 310, "/min")).json()["id"]
    mine = await session(client, clinic)
    page = await client.get("/held", headers=mine)
    url = f"/held/{clinic.patient}/{pressure}"
    for what, more, words, status in (
        ("release", {"reason": " "}, "Say why", 422), ("correct", {"value": "abc"}, "Type a number", 422),
        ("correct", {"value": "1e99999"}, "Type a number", 422), ("correct", {"taken_at": "noon"}, "Type the day", 422),
        ("correct", {"value": "400"}, "Outside what is possible", 422), ("release", {"version": "9"}, "Somebody changed this", 409),
        ("release", {"version": "x"}, "The page is too old", 422), ("hold", {}, "held already", 409),
    ):  # fmt: skip
        refused = await client.post(f"{url}/{what}", data=form(page, pressure, **more), headers=mine)
        assert (refused.status_code, words in refused.text) == (status, True), (what, more)
    assert (await client.post(f"{url}/burn", data=form(page, pressure), headers=mine)).status_code == 404
    right = await client.post(f"{url}/correct", data=form(page, pressure, value="70", taken_at="2026-11-01T07:30"), headers=mine)
    assert right.status_code == 303
    assert [one["value"] for one in await readings(client, clinic)] == [70]


async def test_dq_12_two_numbers_are_typed_as_people_write_them(client: AsyncClient, clinic: Clinic) -> None:
    body = {"id": "01a20bd4-0000-7000-8000-00000000000%d", "kind": "blood_pressure", "unit": "mm[Hg]", "takenAt": "2026-11-20T07:00:00Z"}
    made = body["id"] % 1
    sent = {**body, "id": made, "parts": {"systolic": 17, "diastolic": 11}}
    asked = (await client.put(f"/v1/readings/{made}", json=sent, headers=clinic.token("patient"))).json()
    assert asked["question"] == "Did you mean kPa?"
    mine = await session(client, clinic)
    page = await client.get("/held", headers=mine)
    assert "as 128/79" in page.text
    filled = form(page, made, value="128/79", names="systolic diastolic")
    done = await client.post(f"/held/{clinic.patient}/{made}/correct", data=filled, headers=mine)
    assert done.status_code == 303
    assert [one["parts"] for one in await readings(client, clinic)] == [{"systolic": 128, "diastolic": 79}]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
async def test_ux_4_6_held_readings_can_be_used_by_everybody(
    browser: Browser, client: AsyncClient, clinic: Clinic, base: str, width: int
) -> None:
    await send(client, clinic, "glucose_capillary", 2.6, "mg/dL")
    await send(client, clinic, "heart_rate", 310, "/min")
    context = await browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
    page = await context.new_page()
    await sign_in(page, clinic, base)
    await page.goto(f"{base}/held")
    for fold in await page.locator("details summary").all():
        await fold.click()
    axe: Any = Axe()
    found = await axe.run(page)
    assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await context.close()


@pytest.mark.browser
async def test_dq_12_without_scripts(browser: Browser, client: AsyncClient, clinic: Clinic, base: str) -> None:
    await send(client, clinic, "glucose_capillary", 2.6, "mg/dL")
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, clinic, base)
    await page.click("text=1 held reading")
    await page.fill("input[name=reason]", "rang her: her meter shows mmol/L")
    await page.click("button:has-text('It was 2.6 mmol/L')")
    await page.wait_for_url(f"{base}/held")
    assert "Nothing is held just now." in await page.content()
    await context.close()
    assert await flags(client, clinic) == ["DM-2"]

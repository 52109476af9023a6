"""The nurse's journeys in a real browser: live row, keys, no scripts, small screens, axe."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from httpx import AsyncClient
from playwright.async_api import Browser, Page, expect

from tests.clinic import Clinic
from tests.server.episodes.test_ladder import report
from tests.server.web.conftest import sign_in
from tests.server.web.test_pages import gain, reading

pytestmark = pytest.mark.browser


@pytest.fixture
async def page(browser: Browser) -> AsyncGenerator[Page]:
    """A fresh window; whatever the browser complains of fails the test."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    made = await context.new_page()
    complaints: list[str] = []
    made.on("console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on("response", lambda answer: complaints.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    yield made
    await context.close()
    assert complaints == []


async def test_ux_8_a_row_appears_and_is_taken_without_reload(page: Page, client: AsyncClient, clinic: Clinic, base: str) -> None:
    await sign_in(page, clinic, base)
    await expect(page.locator("#live")).to_contain_text("Live")
    await expect(page.locator("#queue-empty")).to_be_visible()
    await page.evaluate("window.stays = true")
    began = perf_counter()
    await gain(client, clinic)
    row = page.locator(f"#row-{clinic.patient}")
    await expect(row).to_contain_text("Weight up 2.6 kg")
    assert perf_counter() - began < 5
    await expect(page.locator("#status")).to_contain_text("Agnes Test")
    await expect(page.locator("[data-tally=soon]")).to_have_text("1")
    await page.keyboard.press("j")
    await page.keyboard.press("a")
    await expect(row).to_contain_text("yours")
    await expect(page.locator("#status")).to_contain_text("yours")
    # A further reason changes the row where it stands.
    worse = reading("oxygen_saturation", datetime.now(UTC), 84, "%")
    assert (await client.put(f"/v1/readings/{worse['id']}", json=worse, headers=clinic.token("patient"))).status_code == 201
    await expect(row).to_contain_text("Oxygen level 84 %")
    await expect(page.locator("[data-tally=soon]")).to_have_text("1")
    await expect(row.locator("[data-open]")).to_be_focused()
    assert await page.evaluate("window.stays") is True
    await page.keyboard.press("o")
    await page.wait_for_url(f"{base}/patients/{clinic.patient}")
    weight = page.locator("[data-alone]", has_text="Weight up")
    await weight.get_by_text("Close", exact=True).first.click()
    await weight.get_by_label("Advice given").check()
    await weight.get_by_role("button", name="Close").click()
    await expect(weight).to_have_count(0)
    await expect(page.locator(".desk-story")).to_contain_text("Closed: advice given")


async def test_acc_5_the_row_goes_where_the_concern_ends(page: Page, client: AsyncClient, clinic: Clinic, base: str) -> None:
    await gain(client, clinic)
    await sign_in(page, clinic, base)
    row = page.locator(f"#row-{clinic.patient}")
    await expect(row).to_be_visible()
    await expect(page.locator("#live")).to_contain_text("Live")
    nurse = clinic.token("nurse")
    card = (await client.get("/v1/episodes", headers=nurse)).json()["items"][0]
    path = f"/v1/patients/{clinic.patient}/episodes/{card['episode']['id']}"
    assert (await client.post(f"{path}/close", json={"result": "visit"}, headers={**nurse, "if-match": '"1"'})).status_code == 200
    await expect(row).to_have_count(0)
    await expect(page.locator("#queue-empty")).to_be_visible()


async def test_ux_8_everything_works_without_scripts(browser: Browser, client: AsyncClient, clinic: Clinic, base: str) -> None:
    await gain(client, clinic)
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, clinic, base)
    await page.get_by_role("button", name="Take").click()
    await page.wait_for_url(f"{base}/patients/{clinic.patient}")
    await expect(page.locator("[data-alone]")).to_contain_text("yours")
    await page.get_by_text("Close", exact=True).first.click()
    await page.get_by_label("Visit arranged").check()
    await page.get_by_role("button", name="Close").click()
    await expect(page.get_by_text("Nothing is open.")).to_be_visible()
    await context.close()


@pytest.mark.parametrize("width", [1280, 320])
async def test_ux_4_6_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Browser, client: AsyncClient, clinic: Clinic, base: str, width: int
) -> None:
    await gain(client, clinic)
    context = await browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    page = await context.new_page()

    async def look(where: str) -> None:
        axe: Any = Axe()
        found = await axe.run(page)
        assert found.violations_count == 0, f"{where}: {found.generate_report()}"
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, where

    await page.goto(f"{base}/docs/vendors")
    await look("vendors")
    await page.goto(f"{base}/sign-in")
    await look("sign-in")
    await page.fill("#email", "nobody@example.org")
    await page.fill("#password", "wrong")
    await page.click("main button[type=submit]")
    await look("sign-in with an error")
    await sign_in(page, clinic, base)
    await look("queue")
    await page.get_by_text("Put off").first.click()
    await look("queue, putting off")
    await page.goto(f"{base}/patients/{clinic.patient}")
    await look("person")
    for summary in await page.locator("summary").all():
        await summary.click()
    await look("person, all open")
    await page.goto(f"{base}/problems/invalid")
    await look("problem")
    await context.close()


async def test_ux_4_2_filters_hide_what_is_not_asked_for_and_say_how_many(page: Page, client: AsyncClient, clinic: Clinic, base: str) -> None:
    await gain(client, clinic)
    await sign_in(page, clinic, base)
    row = page.locator(f"#row-{clinic.patient}")
    await expect(row).to_be_visible()
    await page.get_by_label("Whose").select_option("yours")
    await expect(row).to_be_hidden()
    await expect(page.locator("#status")).to_have_text("0 of 1 people shown.")
    await page.get_by_label("Whose").select_option("nobody yet")
    await page.get_by_label("Condition").select_option("asthma")
    await expect(row).to_be_visible()
    # A row that changes is held against the filter where it stands.
    await page.keyboard.press("Escape")
    await row.get_by_role("button", name="Take").click()
    await expect(row).to_be_hidden()
    await expect(page.locator("#narrowed")).to_have_text("0 of 1 people shown.")


async def test_ux_4_2_a_slip_is_taken_back_by_a_key(page: Page, client: AsyncClient, clinic: Clinic, base: str) -> None:
    await gain(client, clinic)
    await sign_in(page, clinic, base)
    row = page.locator(f"#row-{clinic.patient}")
    await page.keyboard.press("j")
    await page.keyboard.press("a")
    await expect(row).to_contain_text("yours")
    await expect(page.locator("#undo")).to_contain_text("Take it back")
    await page.keyboard.press("u")
    await expect(row).to_contain_text("nobody yet")
    await expect(page.locator("#undo")).to_be_empty()
    await page.keyboard.press("a")
    await expect(row).to_contain_text("yours")
    await expect(page.locator("#undo")).not_to_be_empty()
    # The offer goes when its time is over.
    await expect(page.locator("#undo")).to_be_empty(timeout=12_000)


async def test_ux_4_2_no_filter_hides_an_urgent_concern_that_nobody_has_taken(
    page: Page, client: AsyncClient, clinic: Clinic, base: str
) -> None:
    await report(client, clinic)
    await sign_in(page, clinic, base)
    row = page.locator(f"#row-{clinic.patient}")
    await page.get_by_label("Whose").select_option("yours")
    await expect(row).to_be_visible()

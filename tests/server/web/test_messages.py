"""Messages in a real browser: without scripts, and seen by axe at two widths."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from httpx import AsyncClient
from playwright.async_api import Browser, Page, expect

from tests.clinic import Clinic
from tests.server.messages.test_messages import write
from tests.server.web.conftest import sign_in


@pytest.fixture
async def page(browser: Browser) -> AsyncGenerator[Page]:
    """A window without scripts."""
    context = await browser.new_context(viewport={"width": 320, "height": 800}, java_script_enabled=False)
    yield await context.new_page()
    await context.close()


@pytest.mark.browser
async def test_ux_8_a_thread_works_without_scripts(page: Page, client: AsyncClient, clinic: Clinic, base: str) -> None:
    await write(client, clinic, "May I swim?")
    await sign_in(page, clinic, base)
    await page.get_by_role("link", name="Messages").click()
    await page.get_by_role("link", name="Agnes Test").click()
    await page.get_by_label("Write in the team's name").fill("Yes, gently.")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".desk-answered")).to_contain_text("Yes, gently.")


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
async def test_ux_4_6_messages_are_axe_clean(browser: Browser, client: AsyncClient, clinic: Clinic, base: str, width: int) -> None:
    await write(client, clinic, "I feel worse " + "w" * 60)
    context = await browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    page = await context.new_page()
    await sign_in(page, clinic, base)
    for path in ("/messages", f"/patients/{clinic.patient}/messages"):
        await page.goto(f"{base}{path}")
        for summary in await page.locator("summary").all():
            await summary.click()
        axe: Any = Axe()
        found = await axe.run(page)
        assert found.violations_count == 0, found.generate_report()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await context.close()


@pytest.mark.browser
async def test_ux_8_a_second_press_is_the_same_press(browser: Browser, client: AsyncClient, clinic: Clinic, base: str) -> None:
    await write(client, clinic, "May I swim?")
    context = await browser.new_context()
    page = await context.new_page()
    await sign_in(page, clinic, base)
    await page.goto(f"{base}/patients/{clinic.patient}/messages")
    await page.get_by_role("button", name="I am on it").dblclick()
    await expect(page.locator("#maincontent")).to_contain_text("acting since")
    await expect(page.get_by_role("alert")).to_have_count(0)
    await context.close()

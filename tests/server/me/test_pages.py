"""A person's own pages in a real browser: on a phone, without scripts, seen by axe."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from httpx import AsyncClient
from playwright.async_api import Browser, Page, expect
from uuid_utils.compat import uuid7

from tests.clinic import Clinic
from tests.server.me.conftest import code_for, own_session
from tests.server.web.conftest import base, browser, static

__all__ = ["base", "browser", "static"]


async def open_own(page: Page, clinic: Clinic, base: str, who: str = "patient") -> None:
    """As a patient does it, by the link that the team gave her."""
    await page.goto(f"{base}/me/sign-in?code={await code_for(clinic, who)}")
    await page.get_by_role("button", name="Open").click()
    await page.wait_for_url(f"{base}/me")


@pytest.fixture
async def phone(browser: Browser) -> AsyncGenerator[Page]:
    """A small phone without scripts."""
    context = await browser.new_context(viewport={"width": 320, "height": 700}, java_script_enabled=False)
    yield await context.new_page()
    await context.close()


async def measured(client: AsyncClient, clinic: Clinic, kind: str, **more: Any) -> None:
    body = {"id": str(uuid7()), "kind": kind, "takenAt": datetime.now(UTC).isoformat(), **more}
    answer = await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("patient"))
    assert answer.status_code == 201, answer.text


async def test_f52_the_start_page_says_what_was_measured_noticed_and_told(client: AsyncClient, clinic: Clinic) -> None:
    await measured(client, clinic, "heart_rate", value=71, unit="/min")
    await measured(client, clinic, "blood_pressure", parts={"systolic": 128, "diastolic": 79}, unit="mm[Hg]")
    await measured(client, clinic, "symptom", code="feel_worse")
    text = (await client.get("/me", headers=await own_session(client, clinic))).text
    for words in ("71 a minute", "128/79 mmHg", "Reports: I feel worse", "Test team", "Who watches now"):
        assert words in text
    theirs = (await client.get("/me", headers=await own_session(client, clinic, "stranger"))).text
    assert "128/79" not in theirs
    assert "You share your record with no team" in theirs


@pytest.mark.browser
async def test_a_patient_opens_and_leaves_her_record_without_scripts(phone: Page, clinic: Clinic, base: str) -> None:
    await open_own(phone, clinic, base)
    await expect(phone.get_by_role("heading", level=1)).to_have_text("Hello, Agnes")
    await phone.get_by_role("button", name="Sign out").click()
    await phone.wait_for_url(f"{base}/me/sign-in")
    await phone.goto(f"{base}/me")
    await phone.wait_for_url(f"{base}/me/sign-in")


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
async def test_ux_4_6_own_pages_are_axe_clean(browser: Browser, client: AsyncClient, clinic: Clinic, base: str, width: int) -> None:
    await measured(client, clinic, "symptom", code="breathless_at_rest")
    context = await browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    page = await context.new_page()
    await page.goto(f"{base}/me/sign-in")
    await clean(page, width)
    await page.get_by_role("button", name="Open").click()
    await clean(page, width)
    await open_own(page, clinic, base)
    await clean(page, width)
    await context.close()


async def clean(page: Page, width: int) -> None:
    """No violation, nothing that scrolls sideways."""
    axe: Any = Axe()
    found = await axe.run(page)
    assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width

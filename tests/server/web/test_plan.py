"""The plan on a person's page: plain words, axe clean on a small screen."""

from datetime import UTC, datetime, timedelta
from typing import Any

from axe_playwright_python.async_playwright import Axe
from httpx import AsyncClient
from playwright.async_api import Browser
from uuid_utils.compat import uuid7

from server.app_state import Parts
from server.db import Database
from tests.clinic import Clinic
from tests.server.forms.test_responses import body
from tests.server.forms.test_responses import put as answer
from tests.server.plans.test_plans import in_force
from tests.server.plans.test_silence import planned, sweep, weigh
from tests.server.web.conftest import session, sign_in


async def test_f30_the_page_shows_zones_what_is_expected_and_last_forms(
    client: AsyncClient, clinic: Clinic, database: Database, parts: Parts
) -> None:
    seen = await session(client, clinic)
    url = f"/patients/{clinic.patient}"
    assert "No plan is in force, so nobody is told when" in (await client.get(url, headers=seen)).text
    await planned(client, clinic, database, 20)
    await weigh(client, clinic, datetime.now(UTC))
    await answer(client, clinic, body("nyha", {"class": "2"}))
    await answer(client, clinic, body("copd_daily", {"feel": "same", "breathless": "no", "sputum": "no", "colour": "no"}))
    await sweep(parts, database, clinic)
    page = (await client.get(url, headers=seen)).text
    for words in ("Signed by Agnes Test on", "Walking the dog", "Amber: something has changed", "Weight, daily: ", "What your heart",
                  "majors 0", "None: the service"):  # fmt: skip
        assert words in page
    now = datetime.now(UTC)
    away = {"id": str(uuid7()), "reason": "holiday", "fromAt": now.isoformat(), "toAt": (now + timedelta(days=9)).isoformat()}
    await client.post("/v1/me/plan/pauses", json=away, headers=clinic.token("patient"))
    assert "On holiday until" in (await client.get(url, headers=seen)).text


async def test_ux_4_6_the_plan_is_axe_clean_at_320_pixels(
    client: AsyncClient, clinic: Clinic, base: str, browser: Browser
) -> None:
    await in_force(client, clinic, "heart_failure", "hypertension")
    context = await browser.new_context(viewport={"width": 320, "height": 900})
    page = await context.new_page()
    await sign_in(page, clinic, base)
    await page.goto(f"{base}/patients/{clinic.patient}")
    await page.click(".desk-plan summary")
    axe: Any = Axe()
    found = await axe.run(page, ".desk-plan")
    assert found.response["violations"] == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await context.close()

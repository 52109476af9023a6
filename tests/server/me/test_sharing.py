"""F57 to F63 in a browser: who sees my record, who looked, and what looks odd."""

import re

import pytest
from httpx import AsyncClient
from playwright.async_api import Browser, Page, expect

from tests.clinic import Clinic
from tests.server.me.conftest import own_session
from tests.server.me.test_pages import base, browser, clean, open_own, phone, static

__all__ = ["base", "browser", "phone", "static"]


async def nurse_sees(client: AsyncClient, clinic: Clinic) -> int:
    return (await client.get(f"/v1/patients/{clinic.patient}", headers=clinic.token("nurse"))).status_code


@pytest.mark.browser
async def test_f57_give_narrow_renew_and_withdraw_without_scripts(phone: Page, client: AsyncClient, clinic: Clinic, base: str) -> None:
    await open_own(phone, clinic, base)
    await phone.get_by_role("link", name="Who sees my record").click()
    assert await nurse_sees(client, clinic) == 200
    await phone.get_by_role("button", name="Stop sharing with Test team").click()
    await expect(phone.get_by_role("status")).to_contain_text("They see nothing of yours any more")
    assert await nurse_sees(client, clinic) == 404
    await phone.get_by_text("Choose who, and what").click()
    await phone.get_by_label("With whom").select_option(label="Test team")
    await phone.get_by_label("Name, conditions, medicines and plan").check()
    await phone.get_by_label("Glucose").check()
    await phone.get_by_role("button", name="I agree: share").click()
    await expect(phone.get_by_role("status")).to_contain_text("Shared.")
    assert await nurse_sees(client, clinic) == 200
    await phone.get_by_text("Share less").click()
    await phone.locator("details[open]").get_by_label("Glucose").uncheck()
    await phone.get_by_role("button", name="Share only these").click()
    await expect(phone.locator(".desk-side").first).not_to_contain_text("glucose")
    await phone.get_by_text("Go on for longer").click()
    await phone.locator("details[open]").get_by_label("Until which day").fill("2029-03-31")
    await phone.get_by_role("button", name="Go on").click()
    await expect(phone.locator(".desk-side").first).to_contain_text("2029")
    await expect(phone.locator("#decided + ol > li")).to_have_count(4)
    async with phone.expect_download() as got:
        await phone.get_by_role("link", name="receipt").first.click()
    download = await got.value
    assert re.fullmatch(r"consent-receipt-\d+\.json", download.suggested_filename)
    verified = await client.post("/v1/consent-receipts/verify", content=(await download.path()).read_bytes(),
                                 headers={"content-type": "application/json"})  # fmt: skip
    assert verified.json()["isGenuine"] is True


@pytest.mark.browser
async def test_f63_who_looked_is_there_at_once_and_odd_is_asked(phone: Page, client: AsyncClient, clinic: Clinic, base: str) -> None:
    await open_own(phone, clinic, base)
    await phone.get_by_role("link", name="Who looked").click()
    await expect(phone.locator("#maincontent")).to_contain_text("Nobody else has looked")
    assert await nurse_sees(client, clinic) == 200
    await phone.reload()
    line = phone.locator(".desk-timeline li").first
    await expect(line).to_contain_text("Sr Test looked at your name, birth date and conditions")
    await expect(line).to_contain_text("You share this with them.")
    await line.get_by_text("This looks odd").click()
    await line.get_by_label("What looks odd?").fill("I do not know her.")
    await line.get_by_role("button", name="Ask about it").click()
    await expect(phone.get_by_role("status")).to_contain_text("within three working days")
    await expect(phone.locator("#asked + ul")).to_contain_text("Sr Test looked at")


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
async def test_ux_4_6_sharing_pages_are_axe_clean(browser: Browser, client: AsyncClient, clinic: Clinic, base: str, width: int) -> None:
    assert await nurse_sees(client, clinic) == 200
    context = await browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    page = await context.new_page()
    await open_own(page, clinic, base)
    for path in ("/me/sharing", "/me/access"):
        await page.goto(f"{base}{path}")
        for summary in await page.locator("summary").all():
            await summary.click()
        await clean(page, width)
    await context.close()


async def test_acc_3_another_persons_permission_or_access_is_not_there(client: AsyncClient, clinic: Clinic) -> None:
    consents = (await client.get("/v1/me/consents", headers=clinic.token("patient"))).json()["items"]
    theirs = await own_session(client, clinic, "stranger")
    csrf = re.search(r'name="csrf" value="([^"]+)"', (await client.get("/me/sharing", headers=theirs)).text)
    assert csrf is not None
    for what in ("stop", "less", "longer", "nonsense"):
        form = {"csrf": csrf[1], "part-record": "yes", "text-version": "1"}
        answer = await client.post(f"/me/sharing/{consents[0]['id']}/{what}", headers=theirs, data=form)
        assert answer.status_code == 404, (what, answer.text)
    assert (await client.get("/me/sharing/receipts/1", headers=theirs)).status_code == 404
    assert await nurse_sees(client, clinic) == 200
    for path in ("/me/sharing", "/me/access"):
        assert (await client.get(path, headers=clinic.token("nurse"))).status_code == 404


async def test_ux_a_form_that_does_not_hold_says_why_there(client: AsyncClient, clinic: Clinic) -> None:
    mine = await own_session(client, clinic)
    csrf = re.search(r'name="csrf" value="([^"]+)"', (await client.get("/me/sharing", headers=mine)).text)
    assert csrf is not None
    for form, said in (
        ({"who": "team:x"}, None), ({"who": ""}, "Choose with whom."), ({"who": f"team:{clinic.team}"}, "At least one part of the record."),
        ({"who": f"team:{clinic.team}", "part-record": "yes", "until": "31/03/2027"}, "A day, such as 2027-03-31."),
        ({"who": f"team:{clinic.team}", "part-record": "yes", "until": "2020-01-01"}, "An end that is still to come."),
        ({"who": f"team:{clinic.team}", "part-record": "yes", "text-version": "7"}, "Somebody changed this since you looked."),
    ):  # fmt: skip
        answer = await client.post("/me/sharing", headers=mine, data={"csrf": csrf[1], "text-version": "1", **form})
        assert answer.status_code in (404, 409, 412, 422), answer.text
        assert said is None or said in answer.text

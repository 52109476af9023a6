"""ACC-7, F64: an emergency opens one record for an hour, only to look; the patient is told, somebody else answers, too often alarms."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient, Response
from playwright.async_api import Browser, Page, expect
from uuid_utils.compat import uuid7

from server.auth.service import Auth
from server.db import Database, Role
from server.notices.notifier import LogNotifier
from server.notices.relay import Relay
from tests.clinic import Clinic
from tests.server.me.test_pages import base, browser, clean, static
from tests.server.web.conftest import session, sign_in

__all__ = ["base", "browser", "static"]
WHY = "Found unconscious at home, needs her medicines known."


async def number_of(database: Database, clinic: Clinic, who: str = "stranger") -> str:
    async with database.begin_as(Role.OWNER) as tx:
        row = await tx.fetchrow("select value from identifier where patient_id = $1", getattr(clinic, who))
    assert row is not None
    return str(row[0])


async def look(client: AsyncClient, clinic: Clinic, number: str, *, who: str = "nurse", **more: Any) -> Response:
    body = {"nhsNumber": number, "birthOn": "1950-03-01", "reason": "unconscious", "said": WHY, **more}
    return await client.post("/v1/emergency-accesses", json=body, headers=clinic.token(who))


async def test_acc_7_all_seven_properties(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    number = await number_of(database, clinic)
    nurse = clinic.token("nurse")
    assert (await client.get(f"/v1/patients/{clinic.stranger}", headers=nurse)).status_code == 404
    began = datetime.now(UTC)
    answer = await look(client, clinic, number)
    assert answer.status_code == 201, answer.text
    # For an hour, one patient.
    until = datetime.fromisoformat(answer.json()["until"])
    assert timedelta(minutes=59) < until - began <= timedelta(minutes=61)
    assert (await client.get(f"/v1/patients/{clinic.stranger}", headers=nurse)).status_code == 200
    assert (await client.get(f"/v1/patients/{clinic.stranger}", headers=clinic.token("colleague"))).status_code == 404
    # Only to look: no reading, no phone paired in her name.
    reading = {"id": str(uuid7()), "kind": "heart_rate", "takenAt": began.isoformat(), "value": 70, "unit": "/min"}
    put = await client.put(f"/v1/patients/{clinic.stranger}/readings/{reading['id']}", json=reading, headers=nurse)
    assert put.status_code == 404
    assert (await client.post("/v1/pairing-codes", json={"patient": str(clinic.stranger)}, headers=nurse)).status_code == 404
    # The patient is told at once, and sees by what right.
    while await Relay(database, {"log": LogNotifier()}, url="http://test", brand="Steady").run():
        pass
    notices = (await client.get("/v1/me/notices", headers=clinic.token("stranger"))).json()["items"]
    assert "Sr Test opened your record in an emergency" in notices[0]["said"]
    log = (await client.get("/v1/me/access-log", headers=clinic.token("stranger"))).json()["items"]
    assert {one["why"] for one in log} == {"They said that it was an emergency."}
    # It waits for an answer by somebody else.
    (review,) = [one for one in (await client.get("/v1/reviews", headers=clinic.token("lead"))).json()["items"] if one["kind"] == "emergency"]
    assert (review["about"], review["said"]["said"]) == ("Sr Test", WHY)
    # It ends by itself.
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("update access_grant set from_at = from_at - interval '61 minutes', to_at = to_at - interval '61 minutes' "
                         "where patient_id = $1 and basis = 'emergency'", clinic.stranger)  # fmt: skip
    assert (await client.get(f"/v1/patients/{clinic.stranger}", headers=nurse)).status_code == 404
    # And needs both factors of the last five minutes.
    auth: Auth = clinic.parts.extras["auth"]
    tired = msgspec.structs.replace(clinic.actor("nurse"), auth_at=int(began.timestamp()) - 301)
    stale = {"authorization": f"Bearer {auth.tokens.issue(tired, int(datetime.now(UTC).timestamp()))}"}
    body = {"nhsNumber": number, "birthOn": "1950-03-01", "reason": "unconscious", "said": WHY}
    assert (await client.post("/v1/emergency-accesses", json=body, headers=stale)).status_code == 403


async def test_acc_7_more_than_three_a_week_is_an_alarm_of_its_own(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    number = await number_of(database, clinic)
    for _ in range(4):
        assert (await look(client, clinic, number)).status_code == 201
    kinds = [one["kind"] for one in (await client.get("/v1/reviews", headers=clinic.token("lead"))).json()["items"]]
    assert kinds.count("emergency") == 4
    assert kinds.count("emergency-often") == 1


@pytest.mark.parametrize("who", ["patient", "stranger", "vendor", "admin"])
async def test_acc_3_nobody_else_has_such_a_door(client: AsyncClient, clinic: Clinic, database: Database, who: str) -> None:
    answer = await look(client, clinic, await number_of(database, clinic), who=who)
    assert answer.status_code in (403, 404), answer.text


async def test_acc_3_a_number_without_its_birth_date_opens_nothing_and_tries_are_counted(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    number = await number_of(database, clinic)
    wrong = await look(client, clinic, number, birthOn="1950-03-02")
    absent = await look(client, clinic, "999 123 4560")
    assert (wrong.status_code, absent.status_code) in {(404, 404), (404, 422)}
    for more in ({"reason": "curious"}, {"said": "short"}, {"said": " " * 20}):
        assert (await look(client, clinic, number, **more)).status_code == 422
    for _ in range(5):
        await look(client, clinic, number, birthOn="1950-03-02")
    assert (await look(client, clinic, number)).status_code == 404  # five tries an hour, then nothing fits


@pytest.mark.browser
async def test_f64_a_nurse_opens_a_record_and_a_lead_answers_without_scripts(
    browser: Browser, clinic: Clinic, database: Database, base: str
) -> None:
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    page: Page = await context.new_page()
    await sign_in(page, clinic, base)
    await page.get_by_role("link", name="Somebody who does not share with you").click()
    await page.get_by_label("NHS number").fill(await number_of(database, clinic))
    await page.get_by_label("Born on").fill("1950-03-01")
    await page.get_by_label("Their life is at risk").check()
    await page.get_by_label("What is happening").fill(WHY)
    await page.get_by_role("button", name="Open the record").click()
    await page.wait_for_url(f"{base}/patients/{clinic.stranger}")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Boris Test")
    await context.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
async def test_ux_4_6_the_emergency_page_is_axe_clean(browser: Browser, clinic: Clinic, base: str, width: int) -> None:
    context = await browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    page = await context.new_page()
    await sign_in(page, clinic, base)
    await page.goto(f"{base}/emergency")
    await clean(page, width)
    await context.close()


async def test_ux_what_was_typed_is_not_lost_to_a_refusal(client: AsyncClient, clinic: Clinic) -> None:
    nurse = await session(client, clinic)
    form = await client.get("/emergency", headers=nurse)
    csrf = re.search(r'name="csrf" value="([^"]+)"', form.text)
    assert csrf is not None
    typed = {"csrf": csrf[1], "number": "9990000018", "birth-on": "1950-03-01", "reason": "unconscious", "said": WHY}
    answer = await client.post("/emergency", headers=nurse, data=typed)
    assert answer.status_code in (404, 422)
    assert WHY in answer.text

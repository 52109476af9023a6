"""F49: when a service is staffed, closed, and who is on duty, by its lead; every promise and clock follows it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from httpx import AsyncClient, Response
from playwright.async_api import Browser
from uuid_utils.compat import uuid7

from server.db import Database, Role
from tests.clinic import Clinic
from tests.server.web.conftest import sign_in

HOURS: dict[str, Any] = {"hours": [], "telephone": "01803 555 000", "outOfHours": "Ring 111, or 999 in an emergency."}


def span(hours: int, ends: int, **more: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {"fromAt": (now + timedelta(hours=hours)).isoformat(), "toAt": (now + timedelta(hours=ends)).isoformat(), **more}


async def post(client: AsyncClient, clinic: Clinic, what: str, body: dict[str, Any], who: str = "lead") -> Response:
    return await client.post(f"/v1/teams/{clinic.team}/{what}", json=body, headers=clinic.token(who))


async def test_f49_a_closure_is_felt_by_the_patient_at_once_and_can_be_taken_back(client: AsyncClient, clinic: Clinic) -> None:
    url = f"/v1/teams/{clinic.team}"
    assert (await client.get(url, headers=clinic.token("nurse"))).json()["isOn"] is True
    made = await post(client, clinic, "closures", span(-1, 4, reason="Flood"))
    assert (made.status_code, made.json()["isOn"], made.json()["closures"][0]["reason"]) == (201, False, "Flood")
    seen = (await client.get("/v1/watching", headers=clinic.token("patient"))).json()
    assert (seen["isWatched"], seen["teams"][0]["outOfHours"]) == (False, "Ring 111, or 999 in an emergency.")
    back = await client.delete(f"{url}/closures/{made.json()['closures'][0]['id']}", headers=clinic.token("lead"))
    assert (back.status_code, back.json()["isOn"]) == (200, True)
    assert (await client.delete(f"{url}/closures/{uuid7()}", headers=clinic.token("lead"))).status_code == 404
    for body, pointer in ((span(4, 1, reason="x"), "/toAt"), (span(-4, -1, reason="x"), "/fromAt"), (span(9000, 9001, reason="x"), "/fromAt")):
        refused = await post(client, clinic, "closures", body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_f49_hours_are_set_whole_and_contradictions_refused(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    url = f"/v1/teams/{clinic.team}/hours"
    mornings = {"hours": [{"weekday": 0, "opens": "08:00:00", "closes": "12:00:00"}, {"weekday": 0, "opens": "13:00:00", "closes": "00:00:00"}]}
    done = await client.put(url, json={**HOURS, **mornings}, headers=clinic.token("lead"))
    assert (done.status_code, len(done.json()["hours"]), done.json()["telephone"]) == (200, 2, "01803 555 000")
    none = await client.put(url, json=HOURS, headers=clinic.token("lead"))
    assert (none.json()["isOn"], none.json()["opensAt"]) == (False, None)
    for hours, pointer in (
        ([{"weekday": 1, "opens": "12:00:00", "closes": "08:00:00"}], "/hours/0/closes"),
        ([{"weekday": 1, "opens": "08:00:00", "closes": "12:00:00"}, {"weekday": 1, "opens": "11:00:00", "closes": "00:00:00"}],
         "/hours/1/opens"),
    ):
        refused = await client.put(url, json={**HOURS, "hours": hours}, headers=clinic.token("lead"))
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    bare = await client.put(url, json={**HOURS, "outOfHours": " "}, headers=clinic.token("lead"))
    assert (bare.status_code, bare.json()["errors"][0]["pointer"]) == (422, "/outOfHours")
    async with database.begin_as(Role.AUDITOR) as tx:
        kept = await tx.fetch("select what from audit where org_id = $1 and what like 'team-%'", clinic.org)
    assert [row[0] for row in kept] == ["team-hours", "team-hours"]


async def test_f49_who_is_on_duty_is_one_duty_at_a_time_of_members(client: AsyncClient, clinic: Clinic) -> None:
    made = await post(client, clinic, "rota", span(-1, 4, staff=str(clinic.nurse), role="nurse"))
    assert (made.status_code, made.json()["rota"][0]["name"]) == (201, "Sr Test")
    twice = await post(client, clinic, "rota", span(2, 6, staff=str(clinic.nurse), role="lead"))
    assert twice.status_code == 409
    for body, pointer in ((span(1, 2, staff=str(clinic.admin), role="nurse"), "/staff"),
                          (span(1, 2, staff=str(clinic.colleague), role="owner"), "/role")):  # fmt: skip
        refused = await post(client, clinic, "rota", body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    url = f"/v1/teams/{clinic.team}/rota"
    assert (await client.delete(f"{url}/{made.json()['rota'][0]['id']}", headers=clinic.token("lead"))).json()["rota"] == []
    assert (await client.delete(f"{url}/{uuid7()}", headers=clinic.token("lead"))).status_code == 404


@pytest.mark.parametrize(("who", "read", "write"), [("nurse", 200, 403), ("lead", 200, 201), ("admin", 200, 201), ("patient", 404, 404),
                                                    ("vendor", 404, 404)])  # fmt: skip
async def test_acc_2_a_service_is_planned_by_its_lead_or_an_administrator(
    client: AsyncClient, clinic: Clinic, who: str, read: int, write: int
) -> None:
    assert (await client.get(f"/v1/teams/{clinic.team}", headers=clinic.token(who))).status_code == read
    assert (await post(client, clinic, "closures", span(1, 2, reason="Training"), who)).status_code == write
    assert (await client.get(f"/v1/teams/{uuid7()}", headers=clinic.token(who))).status_code == 404


async def test_f49_the_page_says_what_patients_see_and_plans_by_plain_forms(client: AsyncClient, clinic: Clinic) -> None:
    async def page(who: str) -> str:
        return (await client.get("/team", headers={**clinic.token(who), "accept": "text/html"})).text

    async def press(what: str, **form: str) -> Response:
        headers = {**clinic.token("lead"), "accept": "text/html"}
        return await client.post(f"/team/{clinic.team}/{what}", data={"csrf": "", **form}, headers=headers)

    shown = await page("lead")
    for words in ("Is anyone watching now?", "On shift until", "Patients see: “", "by their job, since the rota names nobody now",
                  "It keeps no bank holidays.", "00:00 to 24:00"):  # fmt: skip
        assert words in shown, words
    assert "Change the hours" not in await page("nurse")
    start, end = (f"{datetime.now(UTC) + timedelta(hours=one):%Y-%m-%dT%H:%M}" for one in (-3, 9))
    assert (await press("rota", staff=str(clinic.nurse), role="deputy", **{"from": start, "to": end})).status_code == 303
    assert "On duty: Sr Test, deputy" in await page("nurse")
    again = await press("rota", staff=str(clinic.nurse), role="deputy", **{"from": start, "to": end})
    assert (again.status_code, "a duty in that time already" in again.text) == (409, True)
    assert (await press("closures", reason="Move", **{"from": start, "to": end})).status_code == 303
    closed = await page("nurse")
    assert "Out of hours; the next shift begins" in closed
    assert "Move" in closed
    one = (await client.get(f"/v1/teams/{clinic.team}", headers=clinic.token("lead"))).json()
    assert (await press(f"closures/{one['closures'][0]['id']}/drop")).status_code == 303
    assert (await press(f"rota/{one['rota'][0]['id']}/drop")).status_code == 303
    hours = {"opens.0": "08:00", "closes.0": "18:00", "telephone": "01803 555 001", "out_of_hours": "Ring 111."}
    assert (await press("hours", **hours)).status_code == 303
    assert "08:00 to 18:00" in await page("nurse")
    for form, words in (({**hours, "closes.0": ""}, "Monday: say from when to when"), ({**hours, "opens.0": "8 o'clock"}, "Type times"),
                        ({**hours, "closes.0": "07:00"}, "It closes after it opens")):  # fmt: skip
        refused = await press("hours", **form)
        assert (refused.status_code, words in refused.text) == (422, True)
    king = {"staff": str(clinic.nurse), "role": "king"}
    for what, form, status in (("rota", king, 422), ("closures", {"reason": "x"}, 422), ("roof", dict[str, str](), 404)):
        assert (await press(what, **form)).status_code == status
    assert (await press(f"roof/{uuid7()}/drop")).status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
async def test_ux_4_6_the_page_of_a_service_can_be_used_by_everybody(
    browser: Browser, client: AsyncClient, clinic: Clinic, database: Database, base: str, width: int
) -> None:
    await post(client, clinic, "closures", span(24, 48, reason="Training"))
    await post(client, clinic, "rota", span(-1, 4, staff=str(clinic.nurse), role="nurse"))
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("update staff set role = 'lead' where staff_id = $1", clinic.nurse)
    context = await browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
    shown = await context.new_page()
    await sign_in(shown, clinic, base)
    await shown.goto(f"{base}/team")
    for fold in await shown.locator("details summary").all():
        await fold.click()
    axe: Any = Axe()
    found = await axe.run(shown)
    assert found.violations_count == 0, found.generate_report()
    assert await shown.evaluate("document.documentElement.scrollWidth") <= width
    await context.close()

"""F62, ACC-8: somebody acts for a patient as themselves, within parts and dates; birthdays and capacity are looked at again."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from playwright.async_api import Browser, expect
from uuid_utils.compat import uuid7

from server.db import Database, Role
from server.people import admin
from server.proxies.jobs import rights
from tests.clinic import Clinic, nhs_number
from tests.server.me.test_pages import base, browser, clean, measured, open_own, static

__all__ = ["base", "browser", "static"]


async def paired(client: AsyncClient, code: str) -> dict[str, str]:
    answer = await client.post("/v1/pairing", json={"code": code})
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


async def invite(client: AsyncClient, clinic: Clinic, *classes: str, who: str = "patient", **more: Any) -> dict[str, Any]:
    body = {"name": "Mary Daughter", "relationship": "daughter", "dataClasses": list(classes or ("record", "vitals")), "textVersion": 1, **more}
    answer = await client.post("/v1/me/proxies", json=body, headers=clinic.token(who))
    assert answer.status_code == 201, answer.text
    return answer.json()


def heart_rate() -> dict[str, Any]:
    return {"id": str(uuid7()), "kind": "heart_rate", "takenAt": datetime.now(UTC).isoformat(), "value": 72, "unit": "/min"}


async def test_f62_a_carer_sees_and_adds_what_the_patient_chose_as_themselves(client: AsyncClient, clinic: Clinic) -> None:
    await measured(client, clinic, "heart_rate", value=71, unit="/min")
    await measured(client, clinic, "glucose_capillary", value=6.5, unit="mmol/L")
    made = await invite(client, clinic, mayWrite=True)
    carer = await paired(client, made["code"])
    assert (await client.get("/v1/me", headers=carer)).json()["name"] == "Mary Daughter"
    (person,) = (await client.get("/v1/cared-for", headers=carer)).json()["items"]
    assert (person["id"], person["dataClasses"], person["mayWrite"]) == (str(clinic.patient), ["record", "vitals"], True)
    url = f"/v1/patients/{clinic.patient}/readings"
    kinds = {one["kind"] for one in (await client.get(url, headers=carer)).json()["items"]}
    assert kinds == {"heart_rate"}  # glucose was not chosen
    body = heart_rate()
    assert (await client.put(f"{url}/{body['id']}", json=body, headers=carer)).status_code == 201
    glucose = {**heart_rate(), "kind": "glucose_capillary", "value": 6.0, "unit": "mmol/L"}
    assert (await client.put(f"{url}/{glucose['id']}", json=glucose, headers=carer)).status_code == 404
    log = (await client.get("/v1/me/access-log", headers=clinic.token("patient"))).json()["items"]
    theirs = [one for one in log if one["who"] == "Mary Daughter"]
    assert {one["did"] for one in theirs} == {"looked at", "added to"}
    assert {one["why"] for one in theirs} == {"They care for you, as you or the law decided."}
    events = (await client.get("/v1/me/consent-events", headers=clinic.token("patient"))).json()["items"]
    receipt = await client.get(f"/v1/me/consent-events/{events[0]['seq']}/receipt", headers=clinic.token("patient"))
    assert (receipt.json()["decision"]["basis"], receipt.json()["decision"]["text"]) == ("proxy", "proxy")
    # The code counted once; another is the patient's to make.
    assert (await client.post("/v1/pairing", json={"code": made["code"]})).status_code == 401
    again = await client.post(f"/v1/me/proxies/{made['id']}/code", json={}, headers=clinic.token("patient"))
    assert (await client.get("/v1/cared-for", headers=await paired(client, again.json()["code"]))).status_code == 200
    # Stopped: at once, and for good.
    assert (await client.delete(f"/v1/me/proxies/{made['id']}", headers=clinic.token("patient"))).status_code == 200
    assert (await client.get("/v1/cared-for", headers=carer)).json()["items"] == []
    assert (await client.get(url, headers=carer)).json()["items"] == []
    body = heart_rate()
    assert (await client.put(f"{url}/{body['id']}", json=body, headers=carer)).status_code == 404
    assert (await client.post(f"/v1/me/proxies/{made['id']}/code", json={}, headers=clinic.token("patient"))).status_code == 404


async def test_acc_8_a_carer_has_no_door_but_their_own(client: AsyncClient, clinic: Clinic) -> None:
    made = await invite(client, clinic, mayWrite=True)
    carer = await paired(client, made["code"])
    person = (await client.get(f"/v1/patients/{clinic.stranger}/readings", headers=carer)).json()
    assert person["items"] == []
    for method, path in (
        ("GET", "/v1/me/consents"), ("GET", "/v1/me/access-log"), ("GET", "/v1/me/proxies"), ("GET", "/v1/me/shares"), ("GET", "/v1/reviews"),
        ("GET", f"/v1/patients/{clinic.stranger}"), ("POST", "/v1/me/shares"), ("POST", "/v1/me/proxies"), ("POST", "/v1/proxies"),
        ("DELETE", f"/v1/me/proxies/{made['id']}"), ("POST", "/v1/pairing-codes"), ("POST", f"/v1/me/proxies/{made['id']}/code"),
    ):  # fmt: skip
        bodies: dict[str, dict[str, Any]] = {
            "/v1/me/shares": {"label": "x", "dataClasses": ["record"]},
            "/v1/me/proxies": {"name": "x", "relationship": "x", "dataClasses": ["record"], "textVersion": 1},
            "/v1/proxies": {"nhsNumber": nhs_number(), "birthOn": "2015-01-01", "right": "parent", "name": "x", "relationship": "x",
                            "dataClasses": ["record"]},
            "/v1/pairing-codes": {"patient": str(clinic.patient)},
        }  # fmt: skip
        answer = await client.request(method, path, headers=carer, json=bodies.get(path, {}) if method == "POST" else None)
        assert answer.status_code in (403, 404), (method, path, answer.status_code)
    # Another patient cannot end, or make a code for, my carer.
    assert (await client.delete(f"/v1/me/proxies/{made['id']}", headers=clinic.token("stranger"))).status_code == 404
    assert (await client.post(f"/v1/me/proxies/{made['id']}/code", json={}, headers=clinic.token("stranger"))).status_code == 404


async def test_f62_one_carer_acts_for_two_by_one_sign_in(client: AsyncClient, clinic: Clinic) -> None:
    made = await invite(client, clinic)
    carer = await paired(client, made["code"])
    assert (await invite(client, clinic, who="stranger", proxyId=made["id"]))["id"] == made["id"]
    assert len((await client.get("/v1/cared-for", headers=carer)).json()["items"]) == 2
    body = {"name": "x", "relationship": "x", "dataClasses": ["record"], "textVersion": 1, "proxyId": str(uuid7())}
    assert (await client.post("/v1/me/proxies", json=body, headers=clinic.token("patient"))).status_code == 404


async def child(database: Database, clinic: Clinic, born: date) -> tuple[Any, str]:
    number = nhs_number()
    async with database.begin_as(Role.OWNER) as tx:
        new = admin.NewPatient(given_name="Tom", family_name="Young", birth_on=born, nhs_number=number)
        return await admin.add_patient(tx, clinic.org, new), number


def years_ago(years: int, *, days: int = 0) -> date:
    today = datetime.now(UTC).date() + timedelta(days=days)
    return today.replace(year=today.year - years, day=min(today.day, 28))


@pytest.mark.parametrize(("age", "topic", "sees"), [(11, "You are 11.", True), (16, "You are 16,", False)])
async def test_f62_a_parents_right_changes_at_11_and_16(
    client: AsyncClient, clinic: Clinic, database: Database, age: int, topic: str, sees: bool
) -> None:
    born = years_ago(age, days=40)
    patient, number = await child(database, clinic, born)
    body = {"nhsNumber": number, "birthOn": born.isoformat(), "right": "parent", "name": "Pat Young", "relationship": "mother",
            "dataClasses": ["vitals", "mood"], "toAt": (datetime.now(UTC) + timedelta(days=900)).isoformat()}  # fmt: skip
    for who in ("nurse", "admin", "patient"):
        assert (await client.post("/v1/proxies", json=body, headers=clinic.token(who))).status_code == 404
    assert (await client.post("/v1/proxies", json={**body, "right": "consent"}, headers=clinic.token("lead"))).status_code == 422
    answer = await client.post("/v1/proxies", json=body, headers=clinic.token("lead"))
    assert answer.status_code == 201, answer.text
    carer = await paired(client, answer.json()["code"])
    (person,) = (await client.get("/v1/cared-for", headers=carer)).json()["items"]
    assert person["dataClasses"] == (["vitals", "mood"] if age == 11 else ["vitals"])
    # Two months later the birthday has passed: the dates of the permission did it, the worker says so.
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("update access_grant set from_at = from_at - interval '60 days', to_at = to_at - interval '60 days' "
                         "where patient_id = $1", patient)  # fmt: skip
        await tx.execute("update proxy_right set review_at = review_at - interval '60 days', made_at = made_at - interval '60 days' "
                         "where patient_id = $1", patient)  # fmt: skip
        await tx.execute("update patient set birth_on = birth_on - 60 where patient_id = $1", patient)
    left = (await client.get("/v1/cared-for", headers=carer)).json()["items"]
    assert [one["dataClasses"] for one in left] == ([["vitals"]] if sees else [])
    await rights(database, datetime.now(UTC))
    await rights(database, datetime.now(UTC))
    async with database.begin_as(Role.WORKER) as tx:
        said = [row[0] for row in await tx.fetch("select words from outbox where patient_id = $1 and topic like 'proxy-1%'", patient)]
    assert len(said) == 1
    assert said[0].startswith(topic)
    waiting = [one for one in (await client.get("/v1/reviews", headers=clinic.token("lead"))).json()["items"] if one["kind"] == "proxy"]
    assert len(waiting) == (1 if sees else 0)
    if sees:
        url = f"/v1/reviews/{waiting[0]['id']}/answer"
        ended = await client.post(url, json={"answer": "Lives with the father now.", "ends": True}, headers=clinic.token("lead"))
        assert ended.status_code == 200
        assert (await client.get("/v1/cared-for", headers=carer)).json()["items"] == []


async def test_f62_a_capacity_review_that_goes_on_comes_again_in_a_year(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    made = await invite(client, clinic)
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("update proxy_right set review_at = now() - interval '1 day' where patient_id = $1", clinic.patient)
    await rights(database, datetime.now(UTC))
    (review,) = [one for one in (await client.get("/v1/reviews", headers=clinic.token("lead"))).json()["items"] if one["kind"] == "proxy"]
    assert review["said"]["who"] == "Mary Daughter"
    answer = await client.post(f"/v1/reviews/{review['id']}/answer", json={"answer": "Still right."}, headers=clinic.token("lead"))
    assert answer.status_code == 200
    (one,) = (await client.get("/v1/me/proxies", headers=clinic.token("patient"))).json()["items"]
    assert one["id"] == made["id"]
    assert datetime.fromisoformat(one["reviewAt"]) > datetime.now(UTC) + timedelta(days=360)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
async def test_f62_invited_in_one_browser_and_accepted_in_another(
    browser: Browser, client: AsyncClient, clinic: Clinic, base: str, width: int
) -> None:
    await measured(client, clinic, "heart_rate", value=71, unit="/min")
    mine = await browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    page = await mine.new_page()
    await open_own(page, clinic, base)
    await page.get_by_role("link", name="Who acts for me").click()
    await page.get_by_label("Their name").fill("Mary Daughter")
    await page.get_by_label("Who they are to you").fill("daughter")
    await page.get_by_label("Weight, blood pressure and pulse").check()
    await page.get_by_role("button", name="I agree").click()
    await clean(page, width)
    code = (await page.locator(".me-code").inner_text()).replace(" ", "")
    theirs = await browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    other = await theirs.new_page()
    await other.goto(f"{base}/me/sign-in?code={code}")
    await other.get_by_role("button", name="Open").click()
    await clean(other, width)
    await other.get_by_role("link", name="Agnes Test").click()
    await expect(other.locator("#maincontent")).to_contain_text("71 a minute")
    await clean(other, width)
    here = other.url
    for path in ("/me/sharing", "/me/access", "/me/codes", "/me/carers", f"/me/for/{clinic.stranger}"):
        answer = await other.goto(f"{base}{path}")
        assert answer is not None
        assert answer.status == 404
    await page.get_by_role("link", name="Who acts for me").click()
    await page.get_by_role("button", name="Stop").click()
    answer = await other.goto(here)
    assert answer is not None
    assert answer.status == 404
    await mine.close()
    await theirs.close()

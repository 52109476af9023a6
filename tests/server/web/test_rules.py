"""F38, F39, F40, F46 on pages: a flag explained, rules with their worth, a limit tried, and the second signature."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.async_playwright import Axe
from httpx import AsyncClient, Response
from playwright.async_api import Browser
from uuid_utils.compat import uuid7

from domain.episodes.value import RuleValue
from server.db import Database
from server.rules import jobs
from tests.clinic import Clinic
from tests.server.rules.test_in_force import flags, service_limit, weights
from tests.server.rules.test_reports import gained
from tests.server.rules.test_sign_off import body
from tests.server.web.conftest import session, sign_in


async def page(client: AsyncClient, clinic: Clinic, who: str, url: str) -> Response:
    return await client.get(url, headers={**clinic.token(who), "accept": "text/html"})


async def press(client: AsyncClient, clinic: Clinic, who: str, url: str, **form: str) -> Response:
    return await client.post(url, data={"csrf": "", **form}, headers={**clinic.token(who), "accept": "text/html"})


async def tried(client: AsyncClient, clinic: Clinic, database: Database, value: str = "1.5", rule: str = "HF-W1") -> str:
    form = {"team": str(clinic.team), f"value.{rule}.gain_kg": value, "days": "28"}
    asked = await press(client, clinic, "lead", f"/rules/{rule}/try", **form)
    assert asked.status_code == 303, asked.text
    here = asked.headers["location"]
    assert "It begins in a moment" in (await page(client, clinic, "lead", here)).text
    await jobs.run(database, UUID(here.rsplit("/", 1)[1]))
    return here


async def send(client: AsyncClient, clinic: Clinic, here: str, **form: str) -> Response:
    today = datetime.now(UTC).date()
    usual = {"reason": "Two were seen late", "start": str(today), "review": str(today + timedelta(days=60))}
    return await press(client, clinic, "lead", f"{here}/send", **{**usual, **form})


async def test_f38_the_page_of_a_flag_marks_the_evidence_and_says_who_set_the_limit(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await service_limit(database, clinic, "HF-W1.gain_kg", "1.5", datetime.now(UTC) - timedelta(days=9))
    flag = await gained(client, clinic, database, 81.6)
    shown = (await page(client, clinic, "nurse", f"/patients/{clinic.patient}/flags/{flag}")).text
    for words in ("81.6 kg", "set by Sr Test", "Taken over", "built in 2", "the readings used are marked", "The same to the byte.",
                  "What would clear it", "safety floor", "version 3", 'href="/rules/HF-W1"', "Flagged"):  # fmt: skip
        assert words in shown, words
    assert f'href="/patients/{clinic.patient}/flags/{flag}"' in (await page(client, clinic, "nurse", "/")).text
    for who, status in (("patient", 404), ("admin", 403), ("vendor", 404)):
        assert (await page(client, clinic, who, f"/patients/{clinic.patient}/flags/{flag}")).status_code == status
    assert (await page(client, clinic, "nurse", f"/patients/{clinic.stranger}/flags/{flag}")).status_code == 404


async def test_f40_every_rule_is_on_the_page_with_what_it_was_worth(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await gained(client, clinic, database)
    shown = (await page(client, clinic, "nurse", "/rules")).text
    for words in ("HF-W1", "F44", "MD-3", "safety floor", "more than the budget of 1.0", "Release 2, nothing changed by this service",
                  "Nothing waits for a signature"):  # fmt: skip
        assert words in shown, words
    one = (await page(client, clinic, "nurse", "/rules/HF-W1")).text
    for words in ("Gain in three days", "built in", "sooner when lower", "may be 1 to 2 (safety floor)", "A lead of Test team may try",
                  "Chaudhry 2007"):  # fmt: skip
        assert words in one, words
    assert 'name="value.HF-W1.gain_kg"' in (await page(client, clinic, "lead", "/rules/HF-W1")).text
    for who, url, status in (("nurse", "/rules/HF-W99", 404), ("patient", "/rules", 404), ("nurse", f"/rules?team={uuid7()}", 404),
                             ("admin", "/rules/HF-W1", 200)):  # fmt: skip
        assert (await page(client, clinic, who, url)).status_code == status


async def test_f39_a_limit_is_tried_sent_and_signed_and_then_it_judges(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    now = datetime.now(UTC)
    await client.post("/v1/readings/batch", json=weights((now - timedelta(days=1), 80.0)), headers=clinic.token("patient"))
    here = await tried(client, clinic, database)
    done = (await page(client, clinic, "lead", here)).text
    for words in ("HF-W1, gain in three days, more than: 1.5 kg", "Nothing would have been different.", "Nurse minutes a week",
                  "Send it for the second signature", "20 minutes when urgent"):  # fmt: skip
        assert words in done, words
    assert "Send it for" not in (await page(client, clinic, "nurse", here)).text
    sent = await send(client, clinic, here)
    assert (sent.status_code, sent.headers["location"]) == (303, "/rules/proposals")
    inbox = (await page(client, clinic, "nurse", "/rules/proposals")).text
    for words in ("HF-W1, gain in three days, more than: 1.5 kg, now 2", "safety floor, only tighter", "Proposed by lead Test",
                  "needs one other clinician of that service", "Tried on 28 days: Nothing would have been different.", ">Sign</button>"):
        assert words in inbox, words
    assert ">Sign</button>" not in (await page(client, clinic, "lead", "/rules/proposals")).text
    found = re.search(r'action="(/rules/proposals/[0-9a-f-]+)/sign"', inbox)
    assert found is not None
    refused = await press(client, clinic, "lead", f"{found[1]}/sign")
    assert (refused.status_code, "You have signed it" in refused.text) == (409, True)
    signed = await press(client, clinic, "nurse", f"{found[1]}/sign")
    assert signed.status_code == 303
    after = (await page(client, clinic, "nurse", "/rules/proposals")).text
    assert "Nothing waits for a signature." in after
    one = (await page(client, clinic, "nurse", "/rules/HF-W1")).text
    assert "What stood before" in one
    assert "1.5 from" in one
    async with database.begin(clinic.actor("lead")) as tx:
        starts = await tx.fetchrow("select max(from_at) from service_limit where team_id = $1", clinic.team)
    assert starts is not None
    later = max(starts[0], datetime.now(UTC)) + timedelta(milliseconds=1)
    await client.post("/v1/readings/batch", json=weights((later, 81.6)), headers=clinic.token("patient"))
    assert [rule for rule, _, _ in await flags(database, clinic)] == ["HF-W1"]


async def test_f39_what_cannot_be_tried_or_sent_is_said_on_the_page(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    team = {"team": str(clinic.team)}
    for form, words in (
        ({"value.HF-W1.gain_kg": "3"}, "safety floor"), ({"value.HF-W1.gain_kg": "abc"}, "Type a number"),
        ({"value.HF-W1.gain_kg": "2"}, "Change at least one limit"), ({}, "Change at least one limit"),
        ({"mode": "shadow"}, "never switched off"),
    ):  # fmt: skip
        refused = await press(client, clinic, "lead", "/rules/HF-W1/try", **team, **form)
        assert (refused.status_code, words in refused.text) == (422, True), form
    assert (await press(client, clinic, "lead", "/rules/NONE/try", **team, mode="shadow")).status_code == 404
    assert (await press(client, clinic, "nurse", "/rules/HF-W1/try", **team, **{"value.HF-W1.gain_kg": "1.5"})).status_code == 403
    here = await tried(client, clinic, database)
    for form, words in (({"reason": " "}, "Say why"), ({"review": ""}, "Choose the day"), ({"start": "soon"}, "Choose the day"),
                        ({"start": "2020-01-01"}, "The past is judged"), ({"review": str(date(2099, 1, 1))}, "within two years")):  # fmt: skip
        refused = await send(client, clinic, here, **form)
        assert (refused.status_code, words in refused.text) == (422, True), form


async def test_al_9_a_mode_is_tried_and_declined_with_a_reason(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    asked = await press(client, clinic, "lead", "/rules/HF-S1/try", team=str(clinic.team), mode="shadow")
    here = asked.headers["location"]
    await jobs.run(database, UUID(here.rsplit("/", 1)[1]))
    assert "recorded only, shown to nobody" in (await page(client, clinic, "lead", here)).text
    assert (await send(client, clinic, here)).status_code == 303
    assert "waits for a signature" in (await page(client, clinic, "nurse", "/rules")).text
    assert "1 change of this rule waits for a signature" in (await page(client, clinic, "nurse", "/rules/HF-S1")).text
    inbox = (await page(client, clinic, "nurse", "/rules/proposals")).text
    act = re.search(r'action="(/rules/proposals/[0-9a-f-]+)/decline"', inbox)
    assert act is not None
    bare = await press(client, clinic, "nurse", f"{act[1]}/decline", reason=" ")
    assert (bare.status_code, "Say why you decline" in bare.text) == (422, True)
    assert (await press(client, clinic, "nurse", f"{act[1]}/burn")).status_code == 404
    assert (await press(client, clinic, "nurse", f"{act[1]}/decline", reason="It found Agnes in May")).status_code == 303
    assert "It found Agnes in May" in (await page(client, clinic, "lead", "/rules/proposals")).text


async def test_f46_a_persons_own_limit_waits_in_the_same_inbox(client: AsyncClient, clinic: Clinic) -> None:
    sent = body(clinic, own=True, ahead=timedelta(days=1))
    made = await client.post(f"/v1/patients/{clinic.patient}/limits", json=sent, headers=clinic.token("nurse"))
    assert made.status_code == 201
    inbox = (await page(client, clinic, "colleague", "/rules/proposals")).text
    assert "For Agnes Test alone" in inbox
    assert "needs a clinician and Agnes" in inbox
    act = f"/rules/proposals/{made.json()['id']}/of/{clinic.patient}"
    assert (await press(client, clinic, "colleague", f"{act}/sign")).status_code == 303
    assert "needs Agnes<" in (await page(client, clinic, "colleague", "/rules/proposals")).text
    assert (await press(client, clinic, "colleague", f"{act}/decline", reason="Not now")).status_code == 303
    assert "Nothing waits for a signature." in (await page(client, clinic, "nurse", "/rules/proposals")).text


def test_f40_a_rule_that_raised_nothing_has_no_share() -> None:
    assert RuleValue("X").true.said == "none judged yet"


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
async def test_ux_4_6_flags_rules_and_proposals_can_be_used_by_everybody(
    browser: Browser, client: AsyncClient, clinic: Clinic, database: Database, base: str, width: int
) -> None:
    flag = await gained(client, clinic, database)
    here = await tried(client, clinic, database)
    assert (await send(client, clinic, here)).status_code == 303
    context = await browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
    shown = await context.new_page()
    await sign_in(shown, clinic, base)
    axe: Any = Axe()
    for url in (f"/patients/{clinic.patient}/flags/{flag}", "/rules", "/rules/DM-1", here, "/rules/proposals"):
        await shown.goto(f"{base}{url}")
        for fold in await shown.locator("details summary").all():
            await fold.click()
        found = await axe.run(shown)
        assert found.violations_count == 0, (url, found.generate_report())
        assert await shown.evaluate("document.documentElement.scrollWidth") <= width, url
    await context.close()


@pytest.mark.browser
async def test_f46_the_second_signature_without_scripts(
    browser: Browser, client: AsyncClient, clinic: Clinic, database: Database, base: str
) -> None:
    assert (await send(client, clinic, await tried(client, clinic, database))).status_code == 303
    context = await browser.new_context(java_script_enabled=False)
    shown = await context.new_page()
    await sign_in(shown, clinic, base)
    await shown.click("text=Rules")
    await shown.click("text=1 waits for a signature")
    await shown.click("button:has-text('Sign') >> nth=1")
    await shown.wait_for_url(f"{base}/rules/proposals")
    assert "Nothing waits for a signature." in await shown.content()
    await context.close()


async def test_csrf_a_signature_must_come_from_the_page_itself(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    mine = await session(client, clinic)
    assert (await send(client, clinic, await tried(client, clinic, database))).status_code == 303
    inbox = (await client.get("/rules/proposals", headers=mine)).text
    act = re.search(r'action="(/rules/proposals/[0-9a-f-]+)/sign"', inbox)
    csrf = re.search(r'name="csrf" value="([^"]*)"', inbox)
    assert act is not None
    assert csrf is not None
    forged = await client.post(f"{act[1]}/sign", data={}, headers=mine)
    assert forged.status_code == 403
    assert (await client.post(f"{act[1]}/sign", data={"csrf": csrf[1]}, headers=mine)).status_code == 303

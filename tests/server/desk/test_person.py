"""The person's page: pictures, evidence, timeline, care, and what may not be seen."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from server.db import Database, Role
from server.people import admin
from tests.clinic import Clinic, person
from tests.server.web.conftest import session
from tests.server.web.test_pages import gain, reading


async def send(client: AsyncClient, clinic: Clinic, items: list[dict[str, Any]]) -> None:
    for first in range(0, len(items), 1000):
        answer = await client.post("/v1/readings/batch", json={"items": items[first : first + 1000]}, headers=clinic.token("patient"))
        assert {one["status"] for one in answer.json()["items"]} == {"stored"}, answer.text


async def page(client: AsyncClient, clinic: Clinic, mine: dict[str, str], query: str = "") -> str:
    answer = await client.get(f"/patients/{clinic.patient}{query}", headers=mine)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


async def test_ux_4_what_an_open_flag_rests_on_is_ringed(client: AsyncClient, clinic: Clinic) -> None:
    await gain(client, clinic)
    mine = await session(client, clinic)
    text = await page(client, clinic, mine)
    weight = text[text.index('id="chart-body_weight"') :]
    assert "Weight: 82.6 kg, above usual" in weight
    assert "Ringed: what an open flag rests on." in weight
    assert weight.count('class="chart-ring"') >= 2
    assert re.search(r"<strong>◆1</strong>.*Soon: Weight up 2\.6 kg", weight)
    assert "a flag rests on it" in weight


async def test_dm_10_two_weeks_of_a_sensor_are_one_usual_day(client: AsyncClient, clinic: Clinic) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    items = [reading("glucose_cgm", midnight - timedelta(minutes=15 * place), 7.0 + place % 3, "mmol/L") for place in range(1, 15 * 96)]
    await send(client, clinic, items)
    text = await page(client, clinic, await session(client, clinic))
    assert "Glucose through the day, 14 days: 100 % in range, 0.0 % below 3.9" in text
    assert "Mean 8.0 mmol/L, GMI 6.8 % (50 mmol/mol), CV 10 % (goal 36 or less). Sensor covered 100 % of the time." in text
    assert "Time in range: 0.0 % very high" in text


async def test_md_5_too_little_of_a_sensor_says_so_and_says_the_lowest(client: AsyncClient, clinic: Clinic) -> None:
    then = datetime.now(UTC) - timedelta(days=3)
    await send(client, clinic, [reading("glucose_cgm", then + timedelta(minutes=5 * place), 6.1, "mmol/L") for place in range(12)])
    text = await page(client, clinic, await session(client, clinic))
    assert "Glucose through the day, 14 days: cannot be shown" in text
    assert "The sensor covered 0 % of 14 days; a usual day needs 70 %. What came: 12 samples, lowest 6.1, latest 6.1 mmol/L." in text


async def test_ck_3_an_egfr_is_drawn_by_one_equation_only(client: AsyncClient, clinic: Clinic) -> None:
    now = datetime.now(UTC)
    items = [
        {**reading("egfr", now - timedelta(days=back), value, "mL/min/{1.73_m2}"), "context": {"equation": equation}}
        for back, value, equation in ((200, 61, "ckd_epi_2021"), (100, 58, "ckd_epi_2009"), (3, 52, "ckd_epi_2009"))
    ]
    await send(client, clinic, items)
    text = await page(client, clinic, await session(client, clinic))
    assert "Kidney function (eGFR): 52 mL/min/1.73 m², G3a, down 6 since" in text
    assert "Reported by the laboratory, by CKD-EPI 2009. 1 by another equation are left out" in text
    drawn = text[text.index('id="chart-egfr"') : text.index("</section>", text.index('id="chart-egfr"'))]
    assert (re.search(r">\s*58\b", drawn) is not None, re.search(r">\s*61\b", drawn)) == (True, None)


async def test_ux_4_symptoms_stand_as_squares_and_seizures_as_a_calendar(client: AsyncClient, clinic: Clinic) -> None:
    now = datetime.now(UTC)
    items: list[dict[str, Any]] = [
        {"id": str(uuid7()), "kind": "symptom", "takenAt": (now - timedelta(days=back)).isoformat(), "code": "cough_worse"} for back in (1, 2)
    ]
    items.append(reading("seizure_duration", now - timedelta(days=2), 95, "s"))
    await send(client, clinic, items)
    text = await page(client, clinic, await session(client, clinic))
    assert "Symptoms: cough worse than usual on 2 of 28 days" in text
    assert "Seizures: 1 seizure in 13 weeks" in text
    assert "the longest 1 min 35 s" in text


async def test_f56_one_timeline_of_everything_that_can_be_narrowed(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await gain(client, clinic)
    async with database.begin_as(Role.OWNER) as tx:
        cuff = await admin.add_device(tx, clinic.vendor_name, "Cuff", f"SN-{uuid7()}")
        await admin.assign_device(tx, cuff, clinic.patient, clinic.now - timedelta(days=9))
        await admin.add_grant(tx, clinic.patient, clinic.team, classes=(0, 1), from_at=clinic.now - timedelta(days=8))
    mine = await session(client, clinic)
    text = await page(client, clinic, mine)
    for words in ("Flagged", "Measured: weight 82.6 kg", "Device given: ", "Shared with Test team: record and plan, "):
        assert words in text, words
    narrowed = await page(client, clinic, mine, "?show=sharing")
    story = narrowed[narrowed.index('id="timeline"') :]
    assert "Device given: " in story
    assert "Measured: weight" not in story
    for wrong in ("?show=%3Cscript%3E", "?days=3"):
        assert (await client.get(f"/patients/{clinic.patient}{wrong}", headers=mine)).status_code == 422


async def test_row_2_what_is_not_shared_is_not_on_the_page(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    async with database.begin_as(Role.OWNER) as tx:
        private = await admin.add_patient(tx, clinic.org, person("<script>alert(1)</script>"))
        await admin.add_grant(tx, private, clinic.team, classes=(0, 1), from_at=clinic.now - timedelta(days=9))
    mine = await session(client, clinic)
    answer = await client.get(f"/patients/{private}", headers=mine)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "mood: not shared" in answer.text
    assert "weight, blood pressure, oxygen: shared" in answer.text


async def test_f_one_page_for_clinic_and_one_for_the_end(client: AsyncClient, clinic: Clinic) -> None:
    await gain(client, clinic)
    mine = await session(client, clinic)
    for sheet, words in (("clinic", "What Agnes Test wants to ask"), ("discharge", "What was done")):
        answer = await client.get(f"/patients/{clinic.patient}/sheets/{sheet}", headers=mine)
        assert answer.status_code == 200, answer.text
        assert words in answer.text
        assert "Weight up 2.6 kg" in answer.text
        assert "Weight: 82.6 kg, above usual" in answer.text
    for wrong in (f"/patients/{clinic.patient}/sheets/x", f"/patients/{clinic.stranger}/sheets/clinic"):
        assert (await client.get(wrong, headers=mine)).status_code == 404

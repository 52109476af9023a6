"""PRV-1, PRV-2, PRV-6: everything about a person in one file and nothing of anybody else; every column has a class."""

import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from playwright.async_api import Browser, expect

from server import postgres
from server.db import Database, Role, connect
from server.rights.inventory import CLASSES, tables
from server.rights.tables import LEFT_OUT, ROWS
from tests.clinic import Clinic
from tests.server.me.test_pages import base, browser, clean, measured, open_own, static
from tests.server.messages.test_messages import write

__all__ = ["base", "browser", "static"]
COLUMNS = """
select c.table_name, c.column_name from information_schema.columns c
  join pg_class k on k.relname = c.table_name and k.relnamespace = 'public'::regnamespace
 where c.table_schema = 'public' and k.relkind in ('r', 'p') and not k.relispartition
"""


async def test_prv_6_every_column_of_the_schema_has_a_class(database: Database) -> None:
    async with database.begin_as(Role.OWNER) as tx:
        there = {(str(row[0]), str(row[1])) for row in await tx.fetch(COLUMNS)}
    listed = {(name, column) for name, table in tables().items() for column in table.columns}
    assert there - listed == set(), "give these a class in server/rights/inventory.txt"
    assert listed - there == set(), "these are in the inventory but no longer in the schema"
    assert {known for table in tables().values() for known in table.columns.values()} <= set(CLASSES)


async def test_prv_1_every_table_about_a_patient_is_exported_or_says_why_not(database: Database) -> None:
    about = {name for name, table in tables().items() if "patient_id" in table.columns}
    assert set(ROWS) | set(LEFT_OUT) == about
    assert set(ROWS) & set(LEFT_OUT) == set()
    async with database.begin_as(Role.APP) as tx:  # nobody asks, so nothing is there (ROW-3)
        for name, query in ROWS.items():
            assert await query.all(tx, "01a21414-f2a4-705e-95ab-c125b21505a7") == [], name


async def exported(client: AsyncClient, clinic: Clinic, who: str = "patient") -> zipfile.ZipFile:
    answer = await client.get("/v1/me/export", headers=clinic.token(who))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return zipfile.ZipFile(io.BytesIO(answer.content))


async def lived(client: AsyncClient, clinic: Clinic) -> None:
    """A little of everything."""
    await measured(client, clinic, "heart_rate", value=71, unit="/min")
    await measured(client, clinic, "symptom", code="breathless_at_rest")
    await write(client, clinic, "May I swim?")
    await client.post("/v1/me/shares", json={"label": "A&E", "dataClasses": ["record"]}, headers=clinic.token("patient"))
    invited = {"name": "Mary", "relationship": "daughter", "dataClasses": ["vitals"], "textVersion": 1}
    assert (await client.post("/v1/me/proxies", json=invited, headers=clinic.token("patient"))).status_code == 201
    await client.get(f"/v1/patients/{clinic.patient}", headers=clinic.token("nurse"))


async def test_prv_1_an_export_holds_every_row_and_none_of_another(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await lived(client, clinic)
    file = await exported(client, clinic)
    assert sorted(file.namelist()) == ["fhir-bundle.json", "record.html", "record.json"]
    record: dict[str, Any] = json.loads(file.read("record.json"))
    connection = await connect(database.where, postgres.SUPERUSER)
    try:
        for name in ROWS:
            n = await connection.fetchval(f"select count(*) from {name} where patient_id = $1", clinic.patient)
            # What the export itself adds to the log comes after its own row.
            assert len(record[name]) == n or (name == "audit" and 0 < len(record[name]) <= n), name
            assert {one["patient_id"] for one in record[name]} <= {str(clinic.patient)}, name
    finally:
        await connection.close()
    assert {"reading", "episode", "flag", "message", "share", "proxy_right", "consent_event", "audit", "access_grant"} <= {
        name for name, rows in record.items() if rows and name != "madeAt"}  # fmt: skip
    assert "secret" not in file.read("record.json").decode()
    bundle = json.loads(file.read("fhir-bundle.json"))
    kinds = [one["resource"]["resourceType"] for one in bundle["entry"]]
    assert bundle["type"] == "collection"
    assert kinds.count("Observation") == len(record["reading"])
    assert {"Patient", "Flag", "Consent", "AuditEvent"} <= set(kinds)
    page = file.read("record.html").decode()
    assert "<svg" in page
    assert "Agnes Test" in page
    assert not re.search(r'(?:src|href)="', page)  # nothing is fetched from anywhere
    everything = b"".join(file.read(name) for name in file.namelist()).decode()
    assert str(clinic.stranger) not in everything
    assert "Boris" not in everything


async def test_prv_1_an_export_names_a_phone_and_is_no_key_to_it(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    connection = await connect(database.where, postgres.SUPERUSER)
    try:
        for channel, address in (("email", "agnes@example.org"), ("push", "https://push.example/key-to-her-browser")):
            await connection.execute(
                "insert into patient_channel (patient_id, channel_id, place, channel, address, set_by) "
                "values ($1, gen_random_uuid(), 1, $2, $3, $1)", clinic.patient, channel, address,
            )  # fmt: skip
    finally:
        await connection.close()
    file = await exported(client, clinic)
    channels = json.loads(file.read("record.json"))["patient_channel"]
    assert {(one["channel"], one.get("address")) for one in channels} == {("email", "agnes@example.org"), ("push", None)}


async def test_prv_1_only_the_patient_and_a_few_times_an_hour(client: AsyncClient, clinic: Clinic) -> None:
    for who in ("nurse", "lead", "vendor", "admin"):
        assert (await client.get("/v1/me/export", headers=clinic.token(who))).status_code == 404
    for _ in range(5):
        await exported(client, clinic)
    assert (await client.get("/v1/me/export", headers=clinic.token("patient"))).status_code == 429
    log = (await client.get("/v1/me/access-log?own=true", headers=clinic.token("patient"))).json()["items"]
    assert "a copy of everything" in {one["what"] for one in log}


async def test_prv_2_a_request_to_erase_is_decided_by_a_person(client: AsyncClient, clinic: Clinic) -> None:
    body = {"said": "My posts and my old phone."}
    for _ in range(2):
        assert (await client.post("/v1/me/erasure", json=body, headers=clinic.token("patient"))).status_code == 202
    assert (await client.post("/v1/me/erasure", json={"said": "  "}, headers=clinic.token("patient"))).status_code == 422
    assert (await client.post("/v1/me/erasure", json=body, headers=clinic.token("nurse"))).status_code == 404
    (one,) = (await client.get("/v1/reviews", headers=clinic.token("lead"))).json()["items"]
    assert (one["kind"], one["said"]["said"]) == ("erasure", body["said"])
    assert datetime.fromisoformat(one["dueAt"]) < datetime.now(UTC) + timedelta(days=12)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
async def test_prv_1_the_page_downloads_and_asks(browser: Browser, client: AsyncClient, clinic: Clinic, base: str, width: int) -> None:
    await measured(client, clinic, "heart_rate", value=71, unit="/min")
    context = await browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    page = await context.new_page()
    await open_own(page, clinic, base)
    await page.get_by_role("link", name="My data").click()
    await clean(page, width)
    async with page.expect_download() as got:
        await page.get_by_role("button", name="Download my record").click()
    download = await got.value
    assert download.suggested_filename == "my-record.zip"
    assert zipfile.ZipFile(await download.path()).testzip() is None
    await page.get_by_label("What should be erased?").fill("My old phone.")
    await page.get_by_role("button", name="Ask").click()
    await expect(page.get_by_role("status")).to_contain_text("within three working days")
    await context.close()

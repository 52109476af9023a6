"""ING and INV controls at the API: once, in any order, for the right person, judged in the same commit."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from msgspec.structs import replace
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from uuid_utils.compat import uuid7

from domain.detection import engine
from server.audit.chain import Entry, link
from server.db import Database, Role
from server.people import admin
from server.worker import Worker, relay_of
from tests.clinic import Clinic


def weight(kg: float = 80.0, at: datetime | None = None, **more: Any) -> dict[str, Any]:
    when = at or datetime.now(UTC)
    return {"id": str(uuid7()), "kind": "body_weight", "takenAt": when.isoformat(), "value": kg, "unit": "kg", **more}


async def put(client: AsyncClient, clinic: Clinic, body: dict[str, Any], who: str = "patient") -> tuple[int, dict[str, Any]]:
    answer = await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token(who))
    return answer.status_code, answer.json()


async def post(client: AsyncClient, clinic: Clinic, items: list[dict[str, Any]], who: str = "patient") -> list[dict[str, Any]]:
    answer = await client.post("/v1/readings/batch", json={"items": items}, headers=clinic.token(who))
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def count(database: Database, clinic: Clinic, sql: str, *args: object) -> int:
    async with database.begin(clinic.actor("patient")) as tx:
        row = await tx.fetchrow(sql, *args)
    assert row is not None
    return int(row[0])


async def test_ing_2_sending_again_is_harmless_and_reuse_is_refused(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    body = weight()
    assert (await put(client, clinic, body))[0] == 201
    assert (await put(client, clinic, body))[0] == 200
    status, found = await put(client, clinic, {**body, "value": 81})
    assert (status, found["type"]) == (409, "/problems/id-reused")
    status, found = await put(client, clinic, {**weight(), "id": body["id"], "kind": "heart_rate", "unit": "/min"})
    assert status == 409
    twin = {**body, "id": str(uuid7())}
    status, found = await put(client, clinic, twin)
    assert (status, found["status"], found["firstId"]) == (200, "duplicate", body["id"])
    assert await count(database, clinic, "select count(*) from reading") == 1


async def test_ing_4_one_bad_item_sinks_no_good_one(client: AsyncClient, clinic: Clinic) -> None:
    items: list[Any] = [weight(), {"id": "no"}, weight(500), weight(0.5, unit="furlong"), 7, weight(80.2)]
    found = await post(client, clinic, items)
    assert [one["status"] for one in found] == ["stored", "rejected", "quarantined", "rejected", "rejected", "stored"]
    assert found[2]["code"] == "impossible"
    assert found[3]["pointer"] == "/unit"
    assert "500" not in str(found)


async def test_the_answers_of_architecture_8(client: AsyncClient, clinic: Clinic) -> None:
    assert (await put(client, clinic, weight(900)))[0] == 202
    status, found = await put(client, clinic, weight(80, unit="stones"))
    assert (status, found["errors"][0]["code"]) == (422, "unit_unknown")
    status, found = await put(client, clinic, {**weight(30), "kind": "heart_rate", "unit": "/min"})
    assert (status, found["unconfirmed"]) == (201, True)


async def test_inv_3_quarantine_keeps_what_was_sent(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    body = weight(900)
    await put(client, clinic, body)
    async with database.begin(clinic.actor("patient")) as tx:
        row = await tx.fetchrow("select draft ->> 'value' as value, state, code from quarantine where id = $1::text::uuid", body["id"])
    assert row is not None
    assert (row[0], row[1], row[2]) == ("900", "held", "impossible")


async def test_ing_9_a_correction_and_a_retraction_keep_the_history(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    old = weight(90)
    await put(client, clinic, old)
    new = weight(80, corrects=old["id"], reason="typed wrong")
    assert (await put(client, clinic, new))[0] == 201
    async with database.begin(clinic.actor("patient")) as tx:
        rows = await tx.fetch("select status, value from reading order by value")
        why = await tx.fetchrow("select reason, author, retracts from correction")
    assert [(row[0], float(row[1])) for row in rows] == [(0, 80.0), (1, 90.0)]
    assert why is not None
    assert (why[0], why[1], why[2]) == ("typed wrong", clinic.patient, False)
    gone = {"id": str(uuid7()), "reason": "not mine"}
    answer = await client.request("DELETE", f"/v1/readings/{new['id']}", json=gone, headers=clinic.token("patient"))
    assert (answer.status_code, answer.json()["status"]) == (200, "stored")
    assert await count(database, clinic, "select count(*) from reading where status = 2") == 1
    shown = (await client.get("/v1/me/readings", headers=clinic.token("patient"))).json()["items"]
    assert {one["status"] for one in shown} == {"superseded", "entered_in_error"}


async def test_ing_9_a_correction_that_comes_first_waits_for_its_original(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    old = weight(90, datetime.now(UTC) - timedelta(hours=1))
    await put(client, clinic, weight(80, corrects=old["id"], reason="typed wrong"))
    assert (await put(client, clinic, old))[0] == 201
    assert await count(database, clinic, "select status from reading where value = 90") == 1


async def test_an_old_reading_far_outside_the_picture_is_corrected_too(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    old = weight(90, datetime.now(UTC) - timedelta(days=90))
    await put(client, clinic, old)
    await put(client, clinic, weight(80, corrects=old["id"], reason="typed wrong"))
    assert await count(database, clinic, "select status from reading where value = 90") == 1
    assert (await put(client, clinic, old))[0] == 200


async def test_ing_6_a_vendor_writes_for_its_devices_only_and_only_while_they_are_the_patients(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    mine = weight(80, deviceSerial=clinic.serial)
    found = await post(client, clinic, [mine, weight(81), weight(82, deviceSerial="SN-other")], "vendor")
    assert [(one["status"], one.get("code")) for one in found] == [
        ("stored", None), ("rejected", "device_missing"), ("rejected", "not_yours"),
    ]  # fmt: skip
    async with database.begin_as(Role.OWNER) as tx:
        device = await admin.add_device(tx, clinic.vendor_name, "Scale", clinic.serial)
        await admin.assign_device(tx, device, clinic.stranger, datetime.now(UTC) - timedelta(minutes=30))
    await asyncio.sleep(0)
    clinic.parts.devices._owners.clear()
    before = weight(79, datetime.now(UTC) - timedelta(hours=2), deviceSerial=clinic.serial)
    after = weight(60, deviceSerial=clinic.serial)
    assert [one["status"] for one in await post(client, clinic, [before, after], "vendor")] == ["stored", "stored"]
    async with database.begin(clinic.actor("patient")) as tx:
        assert [float(row[0]) for row in await tx.fetch("select value from reading order by value")] == [79.0, 80.0]
    async with database.begin(clinic.actor("stranger")) as tx:
        assert [float(row[0]) for row in await tx.fetch("select value from reading")] == [60.0]
    naming = weight(61, deviceSerial=clinic.serial, patient=str(clinic.patient))
    assert (await post(client, clinic, [naming], "vendor"))[0]["code"] == "not_yours"


async def test_nobody_writes_for_somebody_else(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    body = weight()
    path = f"/v1/patients/{clinic.stranger}/readings/{body['id']}"
    for who in ("nurse", "patient"):
        answer = await client.put(path, json=body, headers=clinic.token(who))
        assert answer.status_code == 404, answer.text
    mine = f"/v1/patients/{clinic.patient}/readings/{body['id']}"
    assert (await client.put(mine, json=body, headers=clinic.token("nurse"))).status_code == 201
    batch = await client.post(f"/v1/patients/{clinic.stranger}/readings/batch", json={"items": [weight()]}, headers=clinic.token("nurse"))
    assert batch.status_code == 404
    async with database.begin(clinic.actor("stranger")) as tx:
        assert await tx.fetch("select 1 from reading") == []


async def test_inv_4_reading_flag_episode_outbox_and_audit_commit_together(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    body = {"id": str(uuid7()), "kind": "symptom", "takenAt": datetime.now(UTC).isoformat(), "code": "blue_lips"}
    assert (await put(client, clinic, body))[0] == 201
    async with database.begin_as(Role.WORKER) as tx:
        rows = await tx.fetch(
            "select r.rules, r.tx = f2.tx as same from (select tx, rules from picture i, lateral (select 1 as rules) x "
            "where i.patient_id = $1) r cross join lateral (select tx from picture where patient_id = $1) f2", clinic.patient,
        )  # fmt: skip
        told = await tx.fetch("select audience, topic, emergency, advice from outbox where patient_id = $1 order by audience", clinic.patient)
    assert rows[0][1] is True
    assert [tuple(row[place] for place in range(4)) for row in told] == [
        ("patient", "advice", True, "ADV-999"), ("staff", "flag", True, None),
    ]  # fmt: skip
    async with database.begin(clinic.actor("patient")) as tx:
        episode = await tx.fetchrow("select severity, emergency, floor_emergency from episode")
        log = await tx.fetchrow("select what, n, basis, outcome from audit where action = 'C' and patient_id = $1", clinic.patient)
    assert episode is not None
    assert (episode[0], episode[1], episode[2]) == (3, True, True)
    assert log is not None
    assert (log[0], log[1], log[2], log[3]) == ("readings", 1, "self", "done")


async def test_aud_2_each_audit_row_is_linked_to_the_one_before(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    for kg in (80, 80.1, 80.2):
        await put(client, clinic, weight(kg))
    async with database.begin_as(Role.AUDITOR) as tx:
        rows = await tx.fetch(
            "select writer, at, org_id, seq, actor, actor_kind, client, jti, action, patient_id, what, n, basis, request_id, hash "
            "from audit where org_id = $1 and action = 'C' order by writer, day, seq", clinic.org,
        )  # fmt: skip
    assert len(rows) == 3
    previous = b""
    for row in rows:
        assert link(previous, Entry(*(row[place] for place in range(14)))) == row[14]
        previous = bytes(row[14])


async def test_inv_5_32_at_once_lose_nothing_and_double_nothing(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    now = datetime.now(UTC)
    bodies = [weight(80 + n % 7 / 10, now - timedelta(minutes=n)) for n in range(60)]
    found = await asyncio.gather(*(put(client, clinic, body) for body in [*bodies, *bodies]))
    assert sorted(status for status, _ in found) == [200] * 60 + [201] * 60
    assert await count(database, clinic, "select count(*) from reading") == 60


async def test_a_batch_of_sensor_samples_becomes_hours(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    items = [{"id": str(uuid7()), "kind": "glucose_cgm", "takenAt": (start + timedelta(minutes=5 * n)).isoformat(), "value": 100 + n,
              "unit": "mg/dL"} for n in range(24)]  # fmt: skip
    assert {one["status"] for one in await post(client, clinic, items)} == {"stored"}
    assert {one["status"] for one in await post(client, clinic, items)} == {"duplicate"}
    assert await count(database, clinic, "select count(*) from sensor_hour") == 2
    shown = (await client.get("/v1/me/readings?kind=glucose_cgm&limit=50", headers=clinic.token("patient"))).json()["items"]
    assert len(shown) == 24
    assert (shown[0]["value"], shown[0]["sentValue"], shown[0]["sentUnit"]) == (6.8, 123, "mg/dL")
    assert len({one["id"] for one in shown}) == 24


async def test_what_waited_for_its_repeat_is_judged_by_the_sweep(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    early = datetime.now(UTC) - timedelta(minutes=5)
    body = {"id": str(uuid7()), "kind": "oxygen_saturation", "takenAt": early.isoformat(), "value": 91, "unit": "%"}
    await put(client, clinic, body)
    assert await count(database, clinic, "select severity from episode") == 1
    worker = Worker(database, clinic.parts.ingest, relay_of(database, clinic.parts.extras["settings"]))
    await worker.sweep(datetime.now(UTC) + timedelta(minutes=9))
    assert await count(database, clinic, "select severity from episode") == 1
    await worker.sweep(datetime.now(UTC) + timedelta(minutes=11))
    assert await count(database, clinic, "select severity from episode") == 3


async def test_dq_8_what_waited_is_called_however_late_the_sweep_comes(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    now = datetime.now(UTC)
    for kg, back in ((80.0, 2), (80.1, 1), (82.6, 0)):
        await put(client, clinic, weight(kg, now - timedelta(days=back, minutes=5)))
    assert await count(database, clinic, "select max(severity) from flag where rule = 'HF-W1'") == 1
    worker = Worker(database, clinic.parts.ingest, relay_of(database, clinic.parts.extras["settings"]))
    await worker.sweep(now + timedelta(days=9))
    assert await count(database, clinic, "select max(severity) from flag where rule = 'HF-W1' and state = 'active'") == 2
    assert await count(database, clinic, "select max(severity) from episode where state = 'open'") == 2


async def test_the_relay_marks_what_it_told(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    body = {"id": str(uuid7()), "kind": "symptom", "takenAt": datetime.now(UTC).isoformat(), "code": "feel_worse"}
    await put(client, clinic, body)
    worker = Worker(database, clinic.parts.ingest, relay_of(database, clinic.parts.extras["settings"]))
    while await worker.relay():
        pass
    async with database.begin_as(Role.WORKER) as tx:
        rows = await tx.fetch("select done_at is not null, result from outbox where patient_id = $1", clinic.patient)
    assert {(row[0], row[1]) for row in rows} == {(True, "accepted")}
    await worker.partitions(datetime.now(UTC))
    assert await worker.partitions(datetime.now(UTC)) == 0


@pytest.mark.parametrize("how", ["no token", "wrong token", "expired scheme"])
async def test_without_a_sign_in_nothing_is_taken(client: AsyncClient, how: str) -> None:
    headers = {"no token": {}, "wrong token": {"authorization": "Bearer a.b.c"}, "expired scheme": {"authorization": "Basic abc"}}[how]
    body = weight()
    answer = await client.put(f"/v1/readings/{body['id']}", json=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


async def test_inp_1_a_null_that_says_nothing_is_no_key_twice(client: AsyncClient, clinic: Clinic) -> None:
    nothing = {"posture": None, "arm": "left"}
    assert (await put(client, clinic, {**weight(), "context": nothing}))[0] == 201
    found = await post(client, clinic, [{**weight(81), "context": nothing}, {**weight(82), "context": {}}])
    assert [one["status"] for one in found] == ["stored", "stored"]


def failures(rule: str) -> float:
    return REGISTRY.get_sample_value("steady_rule_failures_total", {"rule": rule}) or 0.0


async def test_inv_8_a_rule_that_raises_is_counted_and_logged_and_no_reading_is_lost(
    client: AsyncClient, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    broken = tuple(replace(rule, judge=breaks) if rule.id == "HF-W1" else rule for rule in engine.RULES)
    monkeypatch.setattr(engine, "RULES", broken)
    engine.forget()
    before = failures("HF-W1")
    try:
        with capture_logs() as logs:
            assert (await put(client, clinic, weight()))[0] == 201
    finally:
        monkeypatch.undo()
        engine.forget()
    assert failures("HF-W1") == before + 1
    assert {"event": "rule.failed", "code": "HF-W1", "log_level": "error"} in logs
    assert 'steady_rule_failures_total{rule="HF-W1"}' in (await client.get("/metrics")).text
    cards = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]
    assert [reason["rule"] for card in cards for reason in card["reasons"]] == [engine.UNCHECKED]

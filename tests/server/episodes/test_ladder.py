"""AL-6, ALP-4, ALP-5 on a real database: timers are rows, each step is told and kept, a restart loses nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from domain.episodes.escalation import Role as Duty
from server.db import Database, Role, connect
from server.episodes import jobs
from server.people import admin
from server.postgres import SUPERUSER
from server.worker import Worker, relay_of
from tests.clinic import Clinic, colleague


async def report(client: AsyncClient, clinic: Clinic, code: str = "stroke_sign", who: str = "patient") -> None:
    body = {"id": str(uuid7()), "kind": "symptom", "takenAt": datetime.now(UTC).isoformat(), "code": code}
    assert (await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token(who))).status_code == 201


async def rows(database: Database, sql: str, *args: object) -> list[tuple[Any, ...]]:
    connection = await connect(database.where, SUPERUSER)
    try:
        return [tuple(row) for row in await connection.fetch(sql, *args)]
    finally:
        await connection.close()


async def told(database: Database, clinic: Clinic) -> list[tuple[str, str, str]]:
    found = await rows(database, "select role, topic, channel, state from delivery where patient_id = $1 order by sent_at, role",
                       clinic.patient)  # fmt: skip
    return [(row[0], row[1], row[3]) for row in found]


def worker(database: Database, clinic: Clinic) -> Worker:
    return Worker(database, clinic.parts.ingest, relay_of(database, clinic.parts.extras["settings"]))


async def alive(database: Database, clinic: Clinic) -> None:
    """Every duty has just run, and nothing that is due waits."""
    here = worker(database, clinic)
    await here.sweep(datetime.now(UTC))
    await here.escalate()
    await here.relay()


async def act(client: AsyncClient, clinic: Clinic, what: str, version: int, body: dict[str, Any] | None = None) -> Any:
    card = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"][0]
    path = f"/v1/patients/{clinic.patient}/episodes/{card['episode']['id']}/{what}"
    return await client.post(path, json=body or {}, headers={**clinic.token("nurse"), "if-match": f'"{version}"'})


async def close_all(client: AsyncClient, clinic: Clinic, body: dict[str, str]) -> None:
    """Close every concern about the patient: one symptom may raise several."""
    while items := (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]:
        one = items[0]["episode"]
        headers = {**clinic.token("nurse"), "if-match": f'"{one["version"]}"'}
        answer = await client.post(f"/v1/patients/{clinic.patient}/episodes/{one['id']}/close", json=body, headers=headers)
        assert answer.status_code == 200, answer.text


async def timer(database: Database, clinic: Clinic) -> list[tuple[str, datetime]]:
    return [(row[0], row[1]) for row in await rows(
        database, "select step, due_at from escalation where patient_id = $1", clinic.patient)]  # fmt: skip


async def test_al_6_an_unanswered_red_is_told_step_by_step_and_each_step_is_kept(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    deputy, lead = await colleague(database, clinic, "lead"), await colleague(database, clinic, "lead")
    now = datetime.now(UTC)
    async with database.begin_as(Role.OWNER) as tx:
        for who, role in ((clinic.nurse, Duty.NURSE), (deputy, Duty.DEPUTY), (lead, Duty.LEAD)):
            await admin.add_duty(tx, clinic.org, clinic.team, who, role, now - timedelta(hours=1), now + timedelta(hours=9))
    await report(client, clinic)
    here = worker(database, clinic)
    for minutes in (0, 2, 15, 30, 60, 120):
        await here.relay()
        await jobs.escalate(database, now + timedelta(minutes=minutes, seconds=5))
        # The sweep was shown a later clock; the relay reads the database's own.
        await rows(database, "update outbox set due_at = now() where due_at > now() and patient_id = $1 returning id", clinic.patient)
        await here.relay()
    recipients = await rows(database, "select role, recipient from delivery where patient_id = $1 and audience = 'staff' order by sent_at",
                            clinic.patient)  # fmt: skip
    assert recipients == [("nurse", clinic.nurse)] * 3 + [("deputy", deputy), ("lead", lead), ("lead", lead)]
    history = await rows(database, "select what, body ->> 'step' from episode_event where patient_id = $1 order by seq", clinic.patient)
    assert history == [("opened", None), *[("escalated", step) for step in ("no_receipt", "second_channel", "deputy", "lead", "lead_again")]]
    advice = await rows(database, "select advice from outbox where patient_id = $1 and audience = 'patient' order by created_at",
                        clinic.patient)  # fmt: skip
    assert [row[0] for row in advice] == ["ADV-999", "ADV-NO-ANSWER"]


async def test_alp_4_the_sweep_may_run_twice_and_in_two_places_and_a_step_is_taken_once(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await report(client, clinic)
    await worker(database, clinic).relay()
    at = datetime.now(UTC) + timedelta(minutes=31)
    await asyncio.gather(*(jobs.escalate(database, at) for _ in range(4)))
    steps = await rows(database, "select body ->> 'step' from episode_event where patient_id = $1 and what = 'escalated'", clinic.patient)
    assert steps == [("deputy",)]


async def test_al_6_outside_staffed_hours_a_red_goes_at_once_to_the_out_of_hours_route(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    now = datetime.now(UTC)
    async with database.begin_as(Role.OWNER) as tx:
        await admin.add_closure(tx, clinic.org, clinic.team, now - timedelta(days=1), now + timedelta(hours=12), "training")
    await report(client, clinic)
    here = worker(database, clinic)
    await here.escalate()
    await here.relay()
    assert await told(database, clinic) == [("nurse", "advice", "accepted"), ("out_of_hours", "flag", "accepted"),
                                            ("patient", "advice", "accepted")]  # fmt: skip
    results = dict(await rows(database, "select role, result from outbox where patient_id = $1 and audience = 'staff'", clinic.patient))
    assert results == {"nurse": "not sent: out of hours", "out_of_hours": "accepted"}


async def test_al_6_an_amber_outside_hours_waits_for_the_shift(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    now = datetime.now(UTC)
    async with database.begin_as(Role.OWNER) as tx:
        await admin.add_closure(tx, clinic.org, clinic.team, now - timedelta(days=1), now + timedelta(hours=12), "training")
    await report(client, clinic, "feel_worse")
    await worker(database, clinic).relay()
    held = await rows(database, "select due_at > now() + interval '11 hours', result from outbox where patient_id = $1 and audience = 'staff'",
                      clinic.patient)  # fmt: skip
    assert held == [(True, "held: out of hours")]


async def test_alp_5_taking_stops_the_ladder_and_doing_nothing_brings_it_back(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await report(client, clinic)
    await jobs.escalate(database)
    assert (await act(client, clinic, "acknowledge", 1)).status_code == 200
    ((step, due),) = await timer(database, clinic)
    assert step == "not_acted"
    await jobs.escalate(database, due - timedelta(seconds=1))
    assert await timer(database, clinic) == [(step, due)]
    await jobs.escalate(database, due + timedelta(seconds=1))
    card = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"][0]
    assert (card["episode"]["state"], card["episode"]["owner"], card["episode"]["version"]) == ("open", None, 3)
    # The picture moved on, so the next reading is judged with the episode as it is now.
    await report(client, clinic, "chest_pain")
    assert (await act(client, clinic, "acknowledge", 3)).status_code == 200


async def test_alp_5_somebody_who_acts_is_not_asked_again_for_half_an_hour(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await report(client, clinic)
    assert (await act(client, clinic, "acknowledge", 1)).status_code == 200
    assert (await act(client, clinic, "acknowledge", 2)).json()["version"] == 2
    stale = await act(client, clinic, "start", 1, {"note": "rang her"})
    assert stale.status_code == 412
    assert (await act(client, clinic, "start", 2, {"note": "rang her"})).json()["state"] == "in_progress"
    ((step, due),) = await timer(database, clinic)
    assert (step, due > datetime.now(UTC) + timedelta(hours=3)) == ("not_closed", True)
    assert (await act(client, clinic, "close", 3, {"result": "visit"})).status_code == 200
    assert await timer(database, clinic) == []


async def test_alp_5_taking_an_amber_never_takes_a_newer_red(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await report(client, clinic, "feel_worse")
    assert (await act(client, clinic, "acknowledge", 1)).status_code == 200
    await report(client, clinic, "stroke_sign")
    cards = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]
    assert [(card["episode"]["severity"], card["episode"]["owner"]) for card in cards] == [("red", None)]
    # The amber keeps its lease; the red has its own clock.
    assert sorted(step for step, _ in await timer(database, clinic)) == ["first", "not_acted"]


async def test_al_7_what_was_put_off_comes_back_and_is_told(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await report(client, clinic, "feel_worse")
    until = datetime.now(UTC) + timedelta(hours=1)
    assert (await act(client, clinic, "snooze", 1, {"until": until.isoformat(), "reason": "seen at ten"})).status_code == 200
    assert [step for step, _ in await timer(database, clinic)] == ["back"]
    await jobs.escalate(database, until + timedelta(seconds=1))
    history = await rows(database, "select what from episode_event where patient_id = $1 order by seq", clinic.patient)
    assert [row[0] for row in history] == ["opened", "snoozed", "unsnoozed"]
    assert [step for step, _ in await timer(database, clinic)] == ["first"]


async def test_the_due_timers_are_found_by_their_index(database: Database) -> None:
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("create policy plan_test on escalation to steady_owner using (true) with check (true)")
        await tx.execute("""insert into escalation select gen_random_uuid(), gen_random_uuid(), 2, false, now(), 'breach',
                            now() + interval '1 year' + i * interval '1 second' from generate_series(1, 20000) i""")
        await tx.execute("analyze escalation")
    try:
        async with database.begin_as(Role.WORKER) as tx:
            plan = "\n".join(str(row[0]) for row in await tx.fetch(f"explain {jobs.DUE.sql.replace('$1', 'null').replace('$2', '500')}"))
        assert "escalation_due" in plan
        assert "Seq Scan" not in plan
    finally:
        async with database.begin_as(Role.OWNER) as tx:
            await tx.execute("delete from escalation where step = 'breach' and due_at > now() + interval '300 days'")
            await tx.execute("drop policy plan_test on escalation")

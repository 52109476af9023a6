"""ALP-7, INV-16: each duty stopped in turn is noticed; the outside switch hears only when all is well; a red comes out."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from domain.episodes.escalation import Role as Duty
from server import watchdog
from server.auth.actor import of_patient
from server.db import Database, Role
from server.ingest import Part, Request
from server.people import admin
from server.probe import Probe
from server.worker import teller_of
from tests.builders import draft
from tests.clinic import Clinic, person
from tests.server.episodes.test_ladder import report, rows, worker


async def alive(database: Database, clinic: Clinic) -> None:
    here = worker(database, clinic)
    await here.sweep(datetime.now(UTC))
    await here.escalate()
    while await here.relay():
        pass
    await here.groups(teller_of(database, clinic.parts.extras["settings"]))
    await here.silences(datetime.now(UTC))
    await here.partitions(datetime.now(UTC))
    await here.consents(datetime.now(UTC))
    await here.beat("tell")
    await here.beat("fetch")  # what it does itself asks vendors: tests/server/hooks
    await here.rights(datetime.now(UTC))
    await here.snooping(datetime.now(UTC))
    await here.heads(clinic.parts.extras["settings"], datetime.now(UTC))


@pytest.mark.parametrize("duty", list(watchdog.LIMITS_S))
async def test_alp_7_each_duty_that_stops_is_noticed(clinic: Clinic, database: Database, duty: str) -> None:
    await alive(database, clinic)
    assert [one for one in await watchdog.look(database) if one.startswith(duty)] == []
    late = watchdog.LIMITS_S[duty] + 1
    await rows(database, f"update heartbeat set at = now() - interval '{late} seconds' where duty = $1 returning duty", duty)
    assert [one.split(":")[0] for one in await watchdog.look(database) if one.startswith(duty)] == [duty]
    await alive(database, clinic)


async def test_alp_7_the_oldest_unsent_unjudged_and_untaken_are_noticed(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await report(client, clinic)
    await alive(database, clinic)
    await rows(database, "update escalation set since = now() - interval '3 hours', due_at = now() - interval '40 seconds' "
                         "where patient_id = $1 returning episode", clinic.patient)  # fmt: skip
    await rows(database, "update outbox set done_at = null, due_at = now() - interval '2 minutes' where patient_id = $1 returning id",
               clinic.patient)  # fmt: skip
    found = {one.split(":")[0] for one in await watchdog.look(database)}
    assert {"red", "escalation", "outbox"} <= found
    await rows(database, "update outbox set done_at = now() where patient_id = $1 returning id", clinic.patient)
    await rows(database, "delete from escalation where patient_id = $1 returning episode", clinic.patient)


async def test_alp_7_the_outside_switch_is_told_and_its_silence_is_no_error_of_ours() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 if request.url.path == "/alive" else 500)

    assert await watchdog.say_alive("https://switch.example.org/alive", httpx.MockTransport(answer))
    assert not await watchdog.say_alive("https://switch.example.org/other", httpx.MockTransport(answer))
    assert not await watchdog.say_alive("http://127.0.0.1:1/alive")


async def test_alp_7_a_synthetic_red_comes_out_of_the_far_end_each_time(clinic: Clinic, database: Database) -> None:
    async with database.begin_as(Role.OWNER) as tx:
        await admin.add_duty(tx, clinic.org, clinic.team, clinic.nurse, Duty.NURSE, clinic.now, clinic.now.replace(year=2100))
    probe = Probe(database, clinic.patient, clinic.nurse, every_s=0, within_s=0)
    here = worker(database, clinic)
    for turn in (1, 2):
        assert await probe.look() == []
        # Nobody relays yet: that is what it is there to find.
        assert ["has not come out" in one for one in await probe.look()] == [True]
        while await here.relay():
            pass
        assert await probe.look() == []
        sent = await rows(database, "select 1 from delivery where patient_id = $1 and audience = 'staff' and state = 'accepted'",
                          clinic.patient)  # fmt: skip
        assert len(sent) == turn
    assert await Probe(database, clinic.nurse, clinic.nurse).look() == ["probe: there is no such patient"]


async def test_alp_10_a_vendor_outage_is_one_technical_alarm(clinic: Clinic, database: Database) -> None:
    now = datetime.now(UTC)
    for place in range(5):
        async with database.begin_as(Role.OWNER) as tx:
            patient = await admin.add_patient(tx, clinic.org, person(f"V{place}"))
            device = await admin.add_device(tx, clinic.vendor_name, "Scale", f"{clinic.serial}-{place}")
            await admin.assign_device(tx, device, patient, now - timedelta(days=20))
        sent = [now - timedelta(days=3)] + ([now - timedelta(hours=1)] if place else [])
        drafts = [draft("body_weight", 80, at, device=device) for at in sent]
        actor = of_patient(patient, clinic.org, "phone", 0)
        await clinic.parts.ingest.submit(Request(actor=actor, what="readings", request_id=uuid7()), [Part(patient, drafts)])
    here = worker(database, clinic)

    async def alarms(at: datetime) -> list[str]:
        await here.vendors(at)
        return [one for one in await watchdog.look(database) if clinic.vendor_name in one]

    # One in five is not more than a fifth.
    assert await alarms(now) == []
    (alarm,) = await alarms(now + timedelta(hours=36))
    assert "5 of 5" in alarm
    assert len(await alarms(now + timedelta(hours=37))) == 1
    assert await alarms(now) == []

"""ALP-1, ALP-2, ALP-4, ALP-10, ALP-12, INV-5, INV-6: a real provider on loopback that accepts, refuses, fails and hangs."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from msgspec.structs import replace
from structlog.testing import capture_logs
from uuid_utils.compat import uuid7

from domain.episodes.escalation import Role as Duty
from server.db import Database, Role
from server.notices import mail as mails
from server.notices import relay
from server.notices.mail import Smtp, SmtpNotifier
from server.notices.notifier import Message
from server.people import admin
from server.worker import relay_of
from tests.clinic import Clinic
from tests.mailbox import Mailbox
from tests.server.episodes.test_ladder import report, rows


async def reached(database: Database, clinic: Clinic, *addresses: str) -> None:
    """Give the nurse these addresses, the first one first."""
    async with database.begin_as(Role.OWNER) as tx:
        # Alone on duty, so that every test counts what she is told.
        await admin.add_duty(tx, clinic.org, clinic.team, clinic.nurse, Duty.NURSE, clinic.now - timedelta(1), clinic.now + timedelta(1))
        for place, address in enumerate(addresses, 1):
            await admin.add_contact(tx, clinic.org, "email" if "@" in address else address, address, staff=clinic.nurse, place=place)


def sender(database: Database, clinic: Clinic, box: Mailbox | None) -> relay.Relay:
    settings = clinic.parts.extras["settings"]
    return relay_of(database, settings if box is None else replace(settings, smtp_host="127.0.0.1", smtp_port=box.port,
                                                                   public_url="https://desk.example.org"))  # fmt: skip


async def deliveries(database: Database, clinic: Clinic) -> list[tuple[Any, ...]]:
    return await rows(
        database, "select channel, state, code from delivery where patient_id = $1 and recipient = $2 order by created_at",
        clinic.patient, clinic.nurse,
    )  # fmt: skip


async def test_alp_12_who_was_told_when_by_which_channel_in_which_words(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    address = f"{uuid7()}@example.org"
    await reached(database, clinic, address)
    await report(client, clinic)
    with Mailbox() as box:
        await sender(database, clinic, box).run()
    (mail,) = [one for one in box.mails if one["To"] == address]
    assert (mail["Subject"], mail["Auto-Submitted"]) == ("Steady: 1 urgent", "auto-generated")
    text = str(mail)
    assert "https://desk.example.org/" in text
    assert "Agnes" not in text
    assert str(clinic.patient) not in text
    ((channel, state, said, at),) = await rows(
        database, "select channel, state, said, sent_at from delivery where patient_id = $1 and recipient = $2", clinic.patient, clinic.nurse)
    assert (channel, state, said, at is not None) == ("email", "accepted", "1 urgent", True)
    told = await rows(database, "select channel, said from delivery where patient_id = $1 and audience = 'patient'", clinic.patient)
    assert [(row[0], row[1][:12]) for row in told] == [("app", "Ring 999 now")]


async def test_alp_4_a_provider_that_refuses_sends_a_red_by_the_next_channel_at_once(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    wrong, right = f"wrong-{uuid7()}@example.org", f"{uuid7()}@example.org"
    await reached(database, clinic, wrong, right)
    await report(client, clinic)
    with Mailbox(lambda one: "550 no such box" if one.startswith("wrong") else "250 OK") as box:
        here = sender(database, clinic, box)
        await here.run()
        assert await deliveries(database, clinic) == [("email", "refused", "550")]
        await here.run()
    assert len(box.shown(right)) == 1
    assert (await deliveries(database, clinic))[-1][1] == "accepted"


async def test_alp_4_a_provider_that_is_down_or_hangs_is_tried_again_under_the_same_key(
    client: AsyncClient, clinic: Clinic, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mails, "TIMEOUT_S", 0.4)
    address = f"{uuid7()}@example.org"
    await reached(database, clinic, address)
    await report(client, clinic, "feel_worse")
    with Mailbox(hang_s=1.2) as box:
        await sender(database, clinic, box).run()
        assert [one[:2] for one in await deliveries(database, clinic)] == [("email", "failed")]
    await rows(database, "update outbox set due_at = now() where patient_id = $1 returning id", clinic.patient)
    with Mailbox() as later:
        await sender(database, clinic, later).run()
    assert box.shown(address) == later.shown(address)
    assert [one[1] for one in await deliveries(database, clinic)] == ["accepted"]
    closed = SmtpNotifier(Smtp(host="127.0.0.1", port=1))
    assert (await closed.send(Message(id=uuid7(), address=address, subject="s", body="b"))).state == "failed"


@pytest.mark.parametrize(("code", "state"), [("451 busy", "failed"), ("550 no", "refused")])
async def test_alp_4_what_a_provider_says_is_kept(code: str, state: str) -> None:
    with Mailbox(lambda _address: code) as box:
        said = await SmtpNotifier(Smtp(host="127.0.0.1", port=box.port)).send(
            Message(id=uuid7(), address="a@example.org", subject="s", body="b"))
    assert (said.state, said.code) == (state, code[:3])


async def test_a_channel_that_is_not_set_up_is_a_refusal_and_a_red_goes_on_to_the_next(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await reached(database, clinic, f"{uuid7()}@example.org", "log")
    await report(client, clinic)
    here = sender(database, clinic, None)
    await here.run()
    await here.run()
    assert [(one[0], one[1]) for one in await deliveries(database, clinic)] == [("email", "refused"), ("log", "accepted")]


async def test_alp_10_what_waited_comes_as_one_message_a_nurse(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    address = f"{uuid7()}@example.org"
    await reached(database, clinic, address)
    async with database.begin_as(Role.OWNER) as tx:
        await admin.add_grant(tx, clinic.stranger, clinic.team)
    await report(client, clinic)
    await report(client, clinic, "feel_worse")
    body = {"id": str(uuid7()), "kind": "symptom", "takenAt": datetime.now(UTC).isoformat(), "code": "feel_worse"}
    await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("stranger"))
    with Mailbox() as box:
        await sender(database, clinic, box).run()
    assert [one["Subject"] for one in box.mails if one["To"] == address] == ["Steady: 1 urgent, 2 soon"]


async def test_al_8_a_second_amber_about_the_same_patient_waits_half_an_hour(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await reached(database, clinic)
    await report(client, clinic, "feel_worse")
    here = sender(database, clinic, None)
    await here.run()
    now = datetime.now(UTC).isoformat()
    body = {"id": str(uuid7()), "kind": "symptom", "takenAt": now, "code": "breathless_on_effort_worse"}
    await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("patient"))
    await here.run()
    waits = await rows(database, "select result from outbox where patient_id = $1 and done_at is null and due_at > now()", clinic.patient)
    assert set(waits) == {("held: told about this patient just now",)}
    await report(client, clinic)
    await here.run()
    assert len(await deliveries(database, clinic)) == 2


async def test_alp_2_a_late_worker_cannot_mark_what_another_has_taken_over(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    address = f"{uuid7()}@example.org"
    await reached(database, clinic, address)
    await report(client, clinic)
    with Mailbox(hang_s=1.5) as box:
        slow = asyncio.create_task(sender(database, clinic, box).run())
        for _ in range(100):
            if await deliveries(database, clinic):
                break
            await asyncio.sleep(0.02)
        await rows(database, "update outbox set lease_until = now() where patient_id = $1 returning id", clinic.patient)
        assert await sender(database, clinic, box).run() >= 1
        await slow
    # Sent twice under one key: shown once (INV-6), and marked by the one who held the lease.
    assert len(box.shown(address)) == 1
    assert len([one for one in box.mails if one["To"] == address]) == 2
    marked = await rows(database, "select fence, result from outbox where patient_id = $1 and audience = 'staff'", clinic.patient)
    assert marked == [(2, "accepted")]


async def test_a_red_that_nobody_can_be_told_of_is_said_to_the_operator(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    async with database.begin_as(Role.OWNER) as tx:
        for member in await tx.fetch("select staff_id from team_member where team_id = $1", clinic.team):
            await admin.leave_team(tx, clinic.team, member[0])
    await report(client, clinic)
    with capture_logs() as said:
        await sender(database, clinic, None).run()
    results = await rows(database, "select result from outbox where patient_id = $1 and audience = 'staff'", clinic.patient)
    assert results == [("not sent: nobody on duty",)]
    assert "notice.nobody" in [one["event"] for one in said]

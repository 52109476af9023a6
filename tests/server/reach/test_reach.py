"""F104: how somebody is reached, quiet hours, the next channel when one fails, receipts; and what a locked screen shows (INV-18)."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from integrations.web_push import unbase64
from server.db import Database
from server.worker import Worker, relay_of
from tests.clinic import Clinic
from tests.integrations.test_web_push import Browser
from tests.mailbox import Mailbox
from tests.provider import Answer, Provider
from tests.server.episodes.test_ladder import report, rows
from tests.server.notices.test_channels import KEY

TOKEN = "the token of the callback page"  # noqa: S105 - of a test


class Post:
    """A mail server, GOV.UK Notify, and a worker that hands notices to them."""

    def __init__(self, database: Database, clinic: Clinic, box: Mailbox, provider: Provider, folder: Path) -> None:
        (folder / "notify.key").write_text(KEY, encoding="utf-8")
        self.box, self.provider = box, provider
        self.settings = replace(
            clinic.parts.extras["settings"], smtp_host="127.0.0.1", smtp_port=box.port, notify_url=provider.url,
            notify_key_file=str(folder / "notify.key"), notify_sms_template="t", loopback_calls=True, vapid_contact="mailto:a@example.org",
            public_url="https://desk.example.org",
        )  # fmt: skip
        self.worker = Worker(database, clinic.parts.ingest, relay_of(database, self.settings))

    async def work(self) -> None:
        await self.worker.relay()


@pytest.fixture
async def post(database: Database, clinic: Clinic, tmp_path: Path) -> AsyncGenerator[Post]:
    with Mailbox(lambda one: "550 no" if one.startswith("wrong") else "250 OK") as box, Provider() as provider:
        yield Post(database, clinic, box, provider, tmp_path)


@pytest.fixture
def callbacks(clinic: Clinic, tmp_path: Path) -> Any:
    """The callback page of GOV.UK Notify knows our token."""
    file = tmp_path / "callback"
    file.write_text(f"{TOKEN}\n", encoding="utf-8")
    extras = clinic.parts.extras
    before = extras["settings"]
    extras["settings"] = replace(before, notify_callback_file=str(file), loopback_calls=True)
    extras.pop("notify_callback", None)
    yield {"authorization": f"Bearer {TOKEN}"}
    extras["settings"] = before
    extras.pop("notify_callback", None)


async def add(client: AsyncClient, clinic: Clinic, who: str = "patient", **body: Any) -> Response:
    return await client.put(f"/v1/me/channels/{uuid7()}", json={"place": 1, **body}, headers=clinic.token(who))


async def quiet(client: AsyncClient, clinic: Clinic, **body: Any) -> Response:
    hours = {"fromAt": "00:00:00", "toAt": "00:00:00", "zone": "Europe/London", "mostADay": 10, **body}
    return await client.put("/v1/me/quiet-hours", json=hours, headers=clinic.token("patient"))


async def nudges(database: Database, clinic: Clinic) -> list[tuple[Any, ...]]:
    return await rows(database, "select channel, state, said, receipt from delivery where patient_id = $1 and audience = 'nudge' "
                                "order by created_at", clinic.patient)  # fmt: skip


async def test_f104_channels_and_quiet_hours_are_ones_own(client: AsyncClient, clinic: Clinic) -> None:
    made = await add(client, clinic, channel="email", address="agnes@example.org")
    assert (made.status_code, [one["state"] for one in made.json()["channels"]]) == (200, ["on"])
    one = made.json()["channels"][0]
    again = await client.put(f"/v1/me/channels/{one['id']}", json={"place": 1, "channel": "email", "address": "agnes@example.org"},
                             headers=clinic.token("patient"))  # fmt: skip
    assert (again.status_code, len(again.json()["channels"])) == (200, 1)
    other = await client.put(f"/v1/me/channels/{one['id']}", json={"place": 1, "channel": "email", "address": "b@example.org"},
                             headers=clinic.token("patient"))  # fmt: skip
    assert other.status_code == 409
    assert (await quiet(client, clinic, fromAt="22:00:00", toAt="07:00:00", zone="Asia/Kolkata", mostADay=3)).json()["quiet"] == {
        "fromAt": "22:00:00", "toAt": "07:00:00", "zone": "Asia/Kolkata", "mostADay": 3}
    stranger = (await client.get("/v1/me/channels", headers=clinic.token("stranger"))).json()
    assert (stranger["channels"], stranger["quiet"]["fromAt"]) == ([], "21:00:00")
    assert (await client.delete(f"/v1/me/channels/{one['id']}", headers=clinic.token("stranger"))).status_code == 404
    assert (await client.delete(f"/v1/me/channels/{one['id']}", headers=clinic.token("patient"))).json()["channels"] == []
    assert (await client.get("/v1/me/channels", headers=clinic.token("vendor"))).status_code == 404
    staff = await add(client, clinic, "nurse", channel="email", address="nurse@example.org")
    assert (staff.status_code, staff.json()["quiet"], len(staff.json()["channels"])) == (200, None, 1)
    assert (await client.get("/v1/me/channels", headers=clinic.token("lead"))).json()["channels"] == []
    ended = await client.delete(f"/v1/me/channels/{staff.json()['channels'][0]['id']}", headers=clinic.token("nurse"))
    assert ended.json()["channels"] == []


@pytest.mark.parametrize(
    ("who", "body", "pointer"),
    [
        ("patient", {"channel": "email", "address": "no address"}, "/address"),
        ("patient", {"channel": "email", "address": "a@b\nBcc: x@example.org"}, "/address"),
        ("patient", {"channel": "email", "address": "a@example.org, b@example.org"}, "/address"),
        ("patient", {"channel": "sms", "address": "020 7946 0000"}, "/address"),
        ("patient", {"channel": "sms", "address": "+33 6 12 34 56 78"}, "/address"),
        ("patient", {"channel": "fcm", "address": " "}, "/address"),
        ("patient", {"channel": "push"}, "/subscription"),
        ("patient", {"channel": "push", "endpoint": "https://10.0.0.1/x"}, "/subscription/endpoint"),
        ("patient", {"channel": "push", "endpoint": "http://fcm.googleapis.com/x"}, "/subscription/endpoint"),
        ("patient", {"channel": "push", "endpoint": "https://evil.example/x"}, "/subscription/endpoint"),
        ("nurse", {"channel": "apns", "address": "x"}, "/channel"),
    ],
)  # fmt: skip
async def test_inp_6_an_address_that_cannot_be_is_refused(
    client: AsyncClient, clinic: Clinic, who: str, body: dict[str, Any], pointer: str
) -> None:
    if endpoint := body.pop("endpoint", None):
        keys = Browser().keys
        body["subscription"] = {"endpoint": endpoint, "keys": {"p256dh": keys.p256dh, "auth": keys.auth}}
    refused = await add(client, clinic, who, **body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), refused.text


async def test_f104_a_browser_is_shown_without_its_secrets(client: AsyncClient, clinic: Clinic) -> None:
    keys = Browser().keys
    made = await add(client, clinic, channel="push", subscription={"endpoint": "https://fcm.googleapis.com/send/secret",
                                                                  "keys": {"p256dh": keys.p256dh, "auth": keys.auth}})  # fmt: skip
    assert made.json()["channels"][0]["address"] == "fcm.googleapis.com"
    assert "secret" not in made.text
    seen = await client.get(f"/v1/patients/{clinic.patient}/channels", headers=clinic.token("nurse"))
    assert (seen.status_code, len(seen.json()["channels"])) == (200, 1)
    assert (await client.get(f"/v1/patients/{clinic.stranger}/channels", headers=clinic.token("nurse"))).status_code == 404
    wrong = await quiet(client, clinic, zone="Mars/Olympus")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/zone")


async def test_inv_18_what_is_said_in_the_app_is_worth_a_word_without_content(
    client: AsyncClient, clinic: Clinic, database: Database, post: Post
) -> None:
    await quiet(client, clinic)
    address = f"{uuid7()}@example.org"
    await add(client, clinic, channel="email", address=address)
    await report(client, clinic, "feel_worse")
    await post.work()
    (mail,) = [one for one in post.box.mails if one["To"] == address]
    assert mail["Subject"] == "Steady: There is something for you from your care team"
    assert "https://desk.example.org/me" in str(mail)
    for secret in ("Agnes", "worse", "nurse", str(clinic.patient)):
        assert secret not in str(mail)
    assert await nudges(database, clinic) == [("email", "accepted", "There is something for you from your care team", None)]
    # One at a time: the next waits half an hour, and a red does not.
    await report(client, clinic, "stroke_sign")
    await post.work()
    assert len([one for one in post.box.mails if one["To"] == address]) == 2
    told = (await client.get("/v1/me/episodes", headers=clinic.token("patient"))).json()
    assert "There is something for you" not in str(told)


async def test_f104_quiet_hours_hold_an_amber_until_they_end_and_never_a_red(
    client: AsyncClient, clinic: Clinic, database: Database, post: Post
) -> None:
    now = datetime.now(UTC)
    begins, ends = now - timedelta(hours=1), now + timedelta(hours=2)
    await quiet(client, clinic, fromAt=f"{begins:%H:%M}:00", toAt=f"{ends:%H:%M}:00", zone="UTC")
    await add(client, clinic, channel="email", address=f"{uuid7()}@example.org")
    await report(client, clinic, "feel_worse")
    await post.work()
    assert await nudges(database, clinic) == []
    held = await rows(database, "select due_at, result from outbox where patient_id = $1 and audience = 'nudge'", clinic.patient)
    assert [(one[1], abs(one[0] - ends) < timedelta(minutes=2)) for one in held] == [("held: quiet hours", True)]
    await report(client, clinic, "stroke_sign")
    await post.work()
    assert [one[:2] for one in await nudges(database, clinic)] == [("email", "accepted")]


async def test_f104_the_browser_is_given_what_shows_a_push_and_the_key_it_subscribes_with(client: AsyncClient, clinic: Clinic) -> None:
    worker = await client.get("/push-worker.js")
    assert (worker.status_code, worker.headers["content-type"].split(";")[0]) == (200, "text/javascript")
    assert "tag: told.tag" in worker.text
    extras = clinic.parts.extras
    before = extras["settings"]
    assert (await client.get("/v1/me/channels", headers=clinic.token("patient"))).json()["pushKey"] is None
    extras.pop("push_key")
    extras["settings"] = replace(before, vapid_contact="mailto:ops@example.org")
    try:
        key = (await client.get("/v1/me/channels", headers=clinic.token("patient"))).json()["pushKey"]
    finally:
        extras["settings"] = before
        extras.pop("push_key")
    assert len(unbase64(key)) == 65


async def test_f104_the_next_channel_when_one_refuses(client: AsyncClient, clinic: Clinic, database: Database, post: Post) -> None:
    await quiet(client, clinic)
    await add(client, clinic, channel="email", address=f"wrong-{uuid7()}@example.org", place=1)
    browser = Browser()
    keys = browser.keys
    await add(client, clinic, channel="push", place=2, subscription={"endpoint": "https://fcm.googleapis.com/x",
                                                                     "keys": {"p256dh": keys.p256dh, "auth": keys.auth}})  # fmt: skip
    # The browser's service on loopback: only a test may name one.
    moved = f'{{"endpoint":"{post.provider.url}/push","keys":{{"p256dh":"{keys.p256dh}","auth":"{keys.auth}"}}}}'
    await rows(database, "update patient_channel set address = $2 where patient_id = $1 and place = 2 returning 1", clinic.patient, moved)
    await report(client, clinic, "stroke_sign")
    await post.work()
    assert [one[:2] for one in await nudges(database, clinic)] == [("email", "refused"), ("push", "accepted")]
    assert b"There is something for you" in browser.read(post.provider.taken[0].body)


async def test_f104_a_browser_that_is_gone_is_asked_no_more(
    client: AsyncClient, clinic: Clinic, database: Database, tmp_path: Path
) -> None:
    await quiet(client, clinic)
    keys = Browser().keys
    with Mailbox() as box, Provider(lambda _taken: Answer(status=410)) as provider:
        post = Post(database, clinic, box, provider, tmp_path)
        await add(client, clinic, channel="push", subscription={"endpoint": "https://fcm.googleapis.com/x",
                                                                "keys": {"p256dh": keys.p256dh, "auth": keys.auth}})  # fmt: skip
        moved = f'{{"endpoint":"{provider.url}/push","keys":{{"p256dh":"{keys.p256dh}","auth":"{keys.auth}"}}}}'
        await rows(database, "update patient_channel set address = $2 where patient_id = $1 returning 1", clinic.patient, moved)
        await report(client, clinic, "stroke_sign")
        await post.work()
        await post.work()
        assert len(provider.taken) == 1
    assert (await client.get("/v1/me/channels", headers=clinic.token("patient"))).json()["channels"][0]["state"] == "off"
    results = await rows(database, "select result from outbox where patient_id = $1 and audience = 'nudge'", clinic.patient)
    assert results == [("not sent: no channel",)]


async def receipt(client: AsyncClient, headers: dict[str, str], message: object, status: str) -> int:
    body = {"id": str(uuid7()), "reference": None if message is None else str(message), "to": "+447700900001", "status": status,
            "created_at": "2026-11-25T10:00:00Z", "notification_type": "sms"}  # fmt: skip
    return (await client.post("/v1/callbacks/govuk-notify/receipts", json=body, headers=headers)).status_code


async def on(database: Database, clinic: Clinic, number: str) -> None:
    await rows(database, "insert into patient_channel (patient_id, channel_id, place, channel, address, set_by) "
                         "values ($1, $2, 1, 'sms', $3, $1) returning 1", clinic.patient, uuid7(), number)  # fmt: skip


async def test_alp_4_receipts_repeated_late_and_of_nobody_are_all_the_same(
    client: AsyncClient, clinic: Clinic, database: Database, post: Post, callbacks: dict[str, str]
) -> None:
    await quiet(client, clinic)
    await on(database, clinic, number())
    await report(client, clinic, "stroke_sign")
    await post.work()
    ((message,),) = await rows(database, "select message from delivery where patient_id = $1 and audience = 'nudge'", clinic.patient)
    # Out of order and repeated: that it arrived is never taken back, and nothing is sent again.
    for status in ("delivered", "sending", "delivered", "temporary-failure"):
        assert await receipt(client, callbacks, message, status) == 204
    for nobody in (uuid7(), None, "not ours"):
        assert await receipt(client, callbacks, nobody, "delivered") == 204
    await post.work()
    await post.work()
    assert [one[3] for one in await nudges(database, clinic)] == ["delivered"]
    assert len(post.provider.taken) == 1
    assert await rows(database, "select 1 from provider_receipt") == []


async def test_alp_4_what_did_not_arrive_goes_by_the_next_channel(
    client: AsyncClient, clinic: Clinic, database: Database, post: Post, callbacks: dict[str, str]
) -> None:
    await quiet(client, clinic)
    await on(database, clinic, number())
    address = f"{uuid7()}@example.org"
    await add(client, clinic, channel="email", address=address, place=2)
    await report(client, clinic, "feel_worse")
    await post.work()
    ((message,),) = await rows(database, "select message from delivery where patient_id = $1 and audience = 'nudge'", clinic.patient)
    assert not post.box.shown(address)
    assert await receipt(client, callbacks, message, "permanent-failure") == 204
    # The half hour between two words does not count what did not arrive.
    await post.work()
    assert [(one[0], one[3]) for one in await nudges(database, clinic)] == [("sms", "failed"), ("email", None)]
    assert len(post.box.shown(address)) == 1
    page = await client.get(f"/patients/{clinic.patient}", headers={**clinic.token("nurse"), "accept": "text/html"})
    assert "by text: did not arrive" in page.text
    assert "by e-mail: sent" in page.text


async def test_aud_a_receipt_needs_the_token_of_the_callback_page(client: AsyncClient, clinic: Clinic, callbacks: dict[str, str]) -> None:
    for wrong in ({}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN}, clinic.token("nurse")):
        assert await receipt(client, wrong, uuid7(), "delivered") == 401
    clinic.parts.extras["settings"] = replace(clinic.parts.extras["settings"], notify_callback_file="")
    assert await receipt(client, callbacks, uuid7(), "delivered") == 404


def number() -> str:
    """A number that no other test has."""
    return f"+4477{UUID(str(uuid7())).int % 10**8:08}"

"""Vendors' machines at their doors: proved on the raw bytes, stored once, refused precisely."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from standardwebhooks import Webhook
from uuid_utils.compat import uuid7

from integrations.manifest import Secrets
from server.db import Database, Role
from tests.clinic import Clinic
from tests.server.hooks.world import Door, open_door

NOW = datetime.now(UTC).replace(microsecond=0)
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
JSON = {"content-type": "application/json"}


def event(door: Door, *readings: dict[str, Any]) -> str:
    return json.dumps({"type": "readings.taken", "timestamp": NOW.isoformat(), "data": {"device": door.account, "readings": readings}})


def weight(value: float, name: str = "r-1", **more: Any) -> dict[str, Any]:
    return {"id": name, "kind": "body_weight", "takenAt": NOW.isoformat(), "value": value, "unit": "kg", **more}


async def post(client: AsyncClient, door: Door, body: str, *, message: str = "", at: datetime | None = None, secret: str = SECRET) -> Response:
    """Sign as the published library does, and send."""
    moment, name = at or datetime.now(UTC), message or f"msg_{uuid7()}"
    signature = Webhook(secret).sign(name, moment, body)
    headers = {**JSON, "webhook-id": name, "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signature}
    return await client.post(door.url, content=body, headers=headers)


async def weights(database: Database, clinic: Clinic) -> list[tuple[float, int]]:
    async with database.begin(clinic.actor("patient")) as tx:
        rows = await tx.fetch("select value::float8, status from reading where patient_id = $1 and kind = 106 order by received_at, id",
                              clinic.patient)  # fmt: skip
    return [(row[0], row[1]) for row in rows]


async def test_a_signed_event_is_stored_once_and_its_sender_looks_up_what_became_of_it(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    door = await open_door(clinic, "standard_webhooks", Secrets(signing=(SECRET,)))
    body = event(door, weight(80.2), weight(900, "r-2"), {"id": "r-3", "kind": "body_weight"})
    first = await post(client, door, body, message="msg_one")
    assert first.status_code == 200, first.text
    assert [(one["status"], one.get("code")) for one in first.json()["items"]] == [
        ("stored", None), ("quarantined", "impossible"), ("rejected", "entry_unreadable"),
    ]  # fmt: skip
    receipt = (await client.get(first.headers["receipt"], headers=clinic.token("vendor"))).json()
    assert (receipt["proof"], len(receipt["items"])) == ("standard-webhooks v1", 3)
    # Not all of it could be taken, so the same event again is looked at again: what is there is there once.
    again = await post(client, door, body, message="msg_one")
    assert [one["status"] for one in again.json()["items"]] == ["duplicate", "quarantined", "rejected"]
    assert await weights(database, clinic) == [(80.2, 0)]


async def test_inv_3_a_record_with_other_content_is_a_correction_and_a_repeat_is_none(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    door = await open_door(clinic, "standard_webhooks", Secrets(signing=(SECRET,)))
    for value, status in ((80.2, "stored"), (80.2, "duplicate"), (80.4, "stored"), (80.4, "duplicate")):
        answer = await post(client, door, event(door, weight(value)))
        assert [one["status"] for one in answer.json()["items"]] == [status], answer.text
    assert await weights(database, clinic) == [(80.2, 1), (80.4, 0)]


async def test_a_replayed_event_is_answered_and_does_nothing_and_its_id_with_another_body_is_refused(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    door = await open_door(clinic, "standard_webhooks", Secrets(signing=(SECRET,)))
    body = event(door, weight(80.2))
    assert (await post(client, door, body, message="msg_1")).status_code == 200
    # The same bytes signed anew are a sender's own retry.
    retried = await post(client, door, body, message="msg_1", at=datetime.now(UTC) + timedelta(seconds=40))
    assert (retried.status_code, retried.json()["status"]) == (200, "duplicate")
    other = await post(client, door, event(door, weight(81.0)), message="msg_1")
    assert other.status_code == 409
    assert await weights(database, clinic) == [(80.2, 0)]


@pytest.mark.parametrize(
    ("skew", "secret", "code"),
    [
        pytest.param(-301, SECRET, "timestamp_skewed", id="five minutes and a second late"),
        pytest.param(301, SECRET, "timestamp_skewed", id="five minutes and a second early"),
        pytest.param(0, "whsec_" + base64.b64encode(b"x" * 32).decode(), "signature_wrong", id="another secret"),
    ],
)
async def test_what_does_not_prove_itself_is_refused_precisely_and_counted(
    client: AsyncClient, clinic: Clinic, database: Database, skew: int, secret: str, code: str
) -> None:
    door = await open_door(clinic, "standard_webhooks", Secrets(signing=(SECRET,)))
    answer = await post(client, door, event(door, weight(80.2)), at=datetime.now(UTC) + timedelta(seconds=skew), secret=secret)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-proved")
    assert answer.json()["detail"].startswith(code)
    async with database.begin_as(Role.OWNER) as tx:
        row = await tx.fetchrow("select refused, refused_why from vendor_door where door_id = $1", door.id)
    assert row is not None
    assert (row[0], row[1]) == (1, code)
    assert await weights(database, clinic) == []


async def test_two_secrets_count_while_they_are_changed_over_and_unknown_versions_are_passed_over(client: AsyncClient, clinic: Clinic) -> None:
    new = "whsec_" + base64.b64encode(b"n" * 32).decode()
    door = await open_door(clinic, "standard_webhooks", Secrets(signing=(new, SECRET)))
    for secret in (SECRET, new):
        assert (await post(client, door, event(door, weight(80.2)), secret=secret)).status_code == 200
    body, at = event(door, weight(80.2)), datetime.now(UTC)
    signed = Webhook(new).sign("msg_v", at, body)
    headers = {**JSON, "webhook-id": "msg_v", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": f"v9,AAAA {signed}"}
    assert (await client.post(door.url, content=body, headers=headers)).status_code == 200
    headers["webhook-signature"] = "v9,AAAA"
    assert (await client.post(door.url, content=body, headers=headers)).status_code == 401


async def test_ing_6_a_device_that_is_not_theirs_is_nobodys(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    door = await open_door(clinic, "standard_webhooks", Secrets(signing=(SECRET,)))
    body = json.dumps({"type": "readings.taken", "data": {"device": "somebody-elses", "readings": [weight(80.2)]}})
    answer = await post(client, door, body)
    assert [(one["status"], one["code"]) for one in answer.json()["items"]] == [("rejected", "not_yours")]
    assert await weights(database, clinic) == []


async def test_an_address_that_is_none_is_absent_and_a_wrong_body_is_refused(client: AsyncClient, clinic: Clinic) -> None:
    door = await open_door(clinic, "standard_webhooks", Secrets(signing=(SECRET,)))
    assert (await client.post("/v1/hooks/nobody-knows-this", content="{}", headers=JSON)).status_code == 404
    for body in ('{"type": "x"}', "[", '{"type":"readings.taken","type":"readings.taken"}', "[" * 3000):
        assert (await post(client, door, body)).status_code == 400
    assert (await client.post(door.url, content="{}", headers=JSON)).status_code == 401


async def test_terra_oura_and_fitbit_sign_in_their_own_ways(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    secrets = Secrets(signing=("shh",), verify="word")
    terra = await open_door(clinic, "terra", secrets, account=f"terra-{uuid7()}")
    body = json.dumps({"type": "body", "user": {"user_id": terra.account}, "data": [
        {"measurements_data": {"measurements": [{"measurement_time": NOW.isoformat(), "weight_kg": 80.2}]}}]})  # fmt: skip
    stamp = str(int(datetime.now(UTC).timestamp()))
    made = hmac.new(b"shh", f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    assert (await client.post(terra.url, content=body, headers={**JSON, "terra-signature": f"t={stamp},v1={made}"})).status_code == 200
    assert (await client.post(terra.url, content=body + " ", headers={**JSON, "terra-signature": f"t={stamp},v1={made}"})).status_code == 401
    assert await weights(database, clinic) == [(80.2, 0)]

    oura = await open_door(clinic, "oura", secrets, account=f"oura-{uuid7()}")
    asked = await client.get(f"{oura.url}?verification_token=word&challenge=abc")
    assert (asked.status_code, asked.json()) == (200, {"challenge": "abc"})
    assert (await client.get(f"{oura.url}?verification_token=other&challenge=abc")).status_code == 401
    notice = json.dumps({"event_type": "create", "data_type": "sleep", "object_id": "abc-1", "event_time": NOW.isoformat(),
                         "user_id": oura.account})  # fmt: skip
    made = hmac.new(b"shh", (stamp + notice).encode(), hashlib.sha256).hexdigest().upper()
    answer = await client.post(oura.url, content=notice, headers={**JSON, "x-oura-timestamp": stamp, "x-oura-signature": made})
    assert (answer.status_code, answer.json()["toFetch"]) == (200, 1)

    fitbit = await open_door(clinic, "fitbit", secrets, account=f"fitbit-{uuid7()}")
    assert (await client.get(f"{fitbit.url}?verify=word")).status_code == 204
    assert (await client.get(f"{fitbit.url}?verify=wrong")).status_code == 404
    told = json.dumps([{"collectionType": "body", "date": "2026-05-24", "ownerId": fitbit.account, "subscriptionId": "1"}])
    made = base64.b64encode(hmac.new(b"shh&", told.encode(), hashlib.sha1).digest()).decode()
    answer = await client.post(fitbit.url, content=told, headers={**JSON, "x-fitbit-signature": made})
    assert (answer.status_code, answer.content) == (204, b"")


async def test_google_health_asks_twice_and_withings_looks_first(client: AsyncClient, clinic: Clinic) -> None:
    google = await open_door(clinic, "google_health", Secrets(signing=("Bearer xyz",)), account=f"g-{uuid7()}")
    question = '{"type": "verification"}'
    assert (await client.post(google.url, content=question, headers={**JSON, "authorization": "Bearer xyz"})).status_code == 201
    assert (await client.post(google.url, content=question, headers=JSON)).status_code == 401
    withings = await open_door(clinic, "withings", Secrets(), account=f"w-{uuid7()}")
    assert (await client.head(withings.url)).status_code == 200
    form = {"userid": withings.account, "appli": "1", "startdate": "1764000000", "enddate": "1764000001"}
    assert (await client.post(withings.url, data=form)).json()["toFetch"] == 1
    assert (await client.post(withings.url, data={"userid": "x"})).status_code == 400


async def test_a_garmin_summary_that_is_sent_again_grows_and_unknown_people_are_nobodys(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    door = await open_door(clinic, "garmin", Secrets(), account=f"garmin-{uuid7()}")
    start = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())

    async def push(user: str, steps: int) -> list[str]:
        day = {"userId": user, "summaryId": "daily-1", "startTimeInSeconds": start, "startTimeOffsetInSeconds": 0,
               "durationInSeconds": 86400, "steps": steps}  # fmt: skip
        answer = await client.post(door.url, content=json.dumps({"dailies": [day]}), headers=JSON)
        return [one["status"] for one in answer.json()["items"]]

    assert await push(door.account, 4000) == ["stored"]
    assert await push(door.account, 7694) == ["stored"]
    assert await push("unknown", 100) == ["rejected"]
    async with database.begin(clinic.actor("patient")) as tx:
        rows = await tx.fetch("select value::float8, status from reading where patient_id = $1 and kind = 701 order by value", clinic.patient)
    assert [(row[0], row[1]) for row in rows] == [(4000, 1), (7694, 0)]

"""Systems of others that a patient chose are told that there is something to read: signed, thin, and not a moment longer than shared."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient
from standardwebhooks import Webhook
from uuid_utils.compat import uuid7

from integrations.manifest import Secrets
from server.db import Database, Role
from server.outgoing import Outgoing
from server.sealed import Seal
from server.systems import store
from server.systems.jobs import LADDER_S, Teller, sealed_as
from server.watchdog import look
from tests.clinic import Clinic
from tests.server.hooks.world import Call, Said, stub

SECRET = "whsec_" + "c3RlYWR5LXN0ZWFkeS1zdGVhZHktc3RlYWR5IQ=="


async def register(database: Database, clinic: Clinic, url: str) -> Teller:
    seal = Seal(clinic.parts.extras["settings"].keys)
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("delete from telling")
        await tx.execute("delete from told_system")
        sealed = seal.seal(msgspec.json.encode(Secrets(signing=(SECRET,))), sealed_as(clinic.vendor))
        await store.REGISTER.run(tx, clinic.vendor, "The GP's record", url, sealed)
    return Teller(database, Outgoing(loopback=True), seal)


async def choose(client: AsyncClient, clinic: Clinic, *classes: str) -> str:
    text = (await client.get("/v1/consent-texts", headers=clinic.token("patient"))).json()["items"]
    version = next(one["version"] for one in text if one["key"] == "sharing")
    given = {"personId": str(clinic.vendor), "dataClasses": list(classes), "textVersion": version}
    answer = await client.post("/v1/me/consents", json=given, headers=clinic.token("patient"))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def flagged(client: AsyncClient, clinic: Clinic) -> None:
    """Something red: too breathless to speak."""
    one = {"id": str(uuid7()), "kind": "symptom", "takenAt": datetime.now(UTC).isoformat(), "code": "too_breathless_to_speak"}
    answer = await client.put(f"/v1/readings/{one['id']}", json=one, headers=clinic.token("patient"))
    assert answer.status_code == 201, answer.text


async def came_to(database: Database, clinic: Clinic) -> list[tuple[bool, int, str]]:
    async with database.begin_as(Role.OWNER) as tx:
        rows = await tx.fetch("select done_at is not null, tries, came_to from telling where patient_id = $1", clinic.patient)
    return [(row[0], row[1], row[2]) for row in rows]


async def test_f57_a_chosen_system_is_told_once_signed_and_without_a_word_of_health(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    async with stub(lambda _call: (204, {}, b"")) as (base, heard):
        teller = await register(database, clinic, f"{base}/hook")
        choices = (await client.get("/v1/me/consent-choices", headers=clinic.token("patient"))).json()["systems"]
        assert [one["name"] for one in choices] == ["The GP's record"]
        await choose(client, clinic, "symptoms")
        await flagged(client, clinic)
        told = await teller.run(datetime.now(UTC))
        assert told >= 1
        assert await teller.run(datetime.now(UTC)) == 0, "each once"
        call = heard[0]
        event = Webhook(SECRET).verify(call.body, call.headers)
        assert event["type"] == "flag.raised"
        assert set(event["data"]) == {"patient", "flag", "episode"}
        assert event["data"]["patient"] == str(clinic.patient)
        assert b"breath" not in call.body
        assert call.headers["webhook-id"] == event["data"]["flag"]
        assert all(one[0] for one in await came_to(database, clinic))


async def test_inv_10_what_is_not_shared_or_no_more_is_not_told_not_even_what_waited(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    async with stub(lambda _call: (503, {}, b"")) as (base, heard):
        teller = await register(database, clinic, f"{base}/hook")
        consent = await choose(client, clinic, "symptoms")
        await flagged(client, clinic)
        now = datetime.now(UTC)
        assert await teller.run(now) >= 1
        n = len(heard)
        assert (await client.delete(f"/v1/me/consents/{consent}", headers=clinic.token("patient"))).status_code == 200
        await teller.run(now + timedelta(minutes=10))
        assert len(heard) == n, "withdrawn while it waited"
        assert {one[2] for one in await came_to(database, clinic)} == {"not shared any more"}
        await choose(client, clinic, "glucose")
        await flagged(client, clinic)
        await teller.run(now + timedelta(minutes=11))
        assert len(heard) == n, "another class of data"


async def test_a_system_that_cannot_be_told_is_tried_on_the_ladder_then_left_and_a_person_hears_of_it(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    async with stub(lambda _call: (302, {"location": "/elsewhere"}, b"")) as (base, heard):
        teller = await register(database, clinic, f"{base}/hook")
        await choose(client, clinic, "symptoms")
        await flagged(client, clinic)
        now = datetime.now(UTC)
        count = await teller.run(now)
        for wait in LADDER_S:
            assert await teller.run(now + timedelta(seconds=wait - 1)) == 0
            now += timedelta(seconds=wait * 1.1 + 1)
            assert await teller.run(now) == count
        assert len(heard) == count * (1 + len(LADDER_S))
        assert {call.path for call in heard} == {"/hook"}, "a redirect is not followed"
        assert len({call.headers["webhook-id"] for call in heard}) == count, "the same id at every try"
        assert [line for line in await look(database) if line.startswith("system The GP")] != []
        assert await teller.run(now + timedelta(days=2)) == 0


async def test_gone_means_gone_and_a_receiver_that_was_away_is_told_again(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    said: list[Said] = []

    def answer(_call: Call) -> Said:
        return said.pop(0) if said else (200, {}, b"")

    async with stub(answer) as (base, heard):
        teller = await register(database, clinic, f"{base}/hook")
        await choose(client, clinic, "symptoms")
        await flagged(client, clinic)
        start = datetime.now(UTC) - timedelta(minutes=1)
        told = await teller.run(datetime.now(UTC))
        stretch = {"fromAt": start.isoformat(), "toAt": datetime.now(UTC).isoformat()}
        again = await client.post("/v1/told/replay", json=stretch, headers=clinic.token("vendor"))
        assert again.json() == {"again": told}
        assert (await client.post("/v1/told/replay", json=stretch, headers=clinic.token("nurse"))).status_code == 404
        assert await teller.run(datetime.now(UTC)) == told
        assert len(heard) == 2 * told
        said.append((410, {}, b""))
        await client.post("/v1/told/replay", json=stretch, headers=clinic.token("vendor"))
        await teller.run(datetime.now(UTC))
        assert [line for line in await look(database) if line.startswith("system The GP")] != []


async def test_inp_6_an_address_inside_is_never_called(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    async with stub(lambda _call: (200, {}, b"")) as (base, heard):
        await register(database, clinic, base.replace("http:", "https:"))
        teller = Teller(database, Outgoing(), Seal(clinic.parts.extras["settings"].keys))
        await choose(client, clinic, "symptoms")
        await flagged(client, clinic)
        await teller.run(datetime.now(UTC))
        assert heard == []
        assert {one[2] for one in await came_to(database, clinic)} == {"address_not_public"}


@pytest.mark.parametrize("more", [{"mayWrite": True}])
async def test_a_system_may_never_write(client: AsyncClient, clinic: Clinic, database: Database, more: dict[str, Any]) -> None:
    await register(database, clinic, "https://example.org/hook")
    given = {"personId": str(clinic.vendor), "dataClasses": ["symptoms"], "textVersion": 1, **more}
    answer = await client.post("/v1/me/consents", json=given, headers=clinic.token("patient"))
    assert answer.status_code == 422

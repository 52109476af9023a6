"""What vendors announce is fetched from a real HTTP stub of their documented API: tokens, waiting, trying again, each once."""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from integrations.manifest import Secrets, Tokens
from server.db import Database, Role
from server.hooks.jobs import Fetcher
from server.ingest import Ingest
from server.outgoing import NotCalled, Outgoing, is_public
from server.sealed import Seal
from server.watchdog import look
from tests.clinic import Clinic
from tests.server.hooks.world import Call, Said, open_door, stub

NOW = datetime.now(UTC).replace(microsecond=0)
OAUTH = Secrets(client_id="us", client_secret="secret")  # noqa: S106 - of a stub


@pytest.fixture
async def fetcher(clinic: Clinic, database: Database) -> AsyncGenerator[Fetcher]:
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("delete from pending_fetch")
        await tx.execute("update vendor_account set ended_at = now() where ended_at is null")
    ingest = Ingest(database, flushers=1, cached_bytes=100)
    ingest.start()
    yield Fetcher(database, ingest, Outgoing(loopback=True), Seal(clinic.parts.extras["settings"].keys))
    await ingest.stop()


def group(at: datetime, value: int = 80200, **more: int) -> dict[str, object]:
    return {"grpid": int(at.timestamp()), "attrib": 0, "category": 1, "date": int(at.timestamp()),
            "measures": [{"value": value, "type": 1, "unit": -3}], **more}  # fmt: skip


def measured(*groups: dict[str, object], **more: object) -> Said:
    return 200, {}, json.dumps({"status": 0, "body": {"measuregrps": groups, "timezone": "Europe/London", **more}}).encode()


async def weights(database: Database, clinic: Clinic) -> list[float]:
    async with database.begin(clinic.actor("patient")) as tx:
        rows = await tx.fetch("select value::float8 from reading where patient_id = $1 and kind = 106 and status = 0 order by taken_at",
                              clinic.patient)  # fmt: skip
    return [row[0] for row in rows]


async def announce(client: AsyncClient, url: str, account: str) -> None:
    form = {"userid": account, "appli": "1", "startdate": str(int(NOW.timestamp()) - 60), "enddate": str(int(NOW.timestamp()))}
    answer = await client.post(url, data=form)
    assert answer.status_code == 200, answer.text


async def came_to(database: Database, account: str) -> list[tuple[bool, int, str]]:
    async with database.begin_as(Role.OWNER) as tx:
        rows = await tx.fetch("select done_at is not null, tries, came_to from pending_fetch where account = $1 order by made_at", account)
    return [(row[0], row[1], row[2]) for row in rows]


async def test_withings_is_fetched_page_by_page_and_its_token_renewed(
    client: AsyncClient, clinic: Clinic, database: Database, fetcher: Fetcher
) -> None:
    def answer(call: Call) -> Said:
        if call.path == "/v2/oauth2":
            assert (call.form["action"], call.form["refresh_token"], call.form["client_id"]) == ("requesttoken", "r0", "us")
            return 200, {}, json.dumps({"status": 0, "body": {"access_token": "t1", "refresh_token": "r1", "expires_in": 10800}}).encode()
        if call.headers["authorization"] != "Bearer t1":
            return 200, {}, b'{"status": 401, "body": {}}'
        if call.form.get("offset") == "1":
            return measured(group(NOW - timedelta(hours=1), 80300))
        goal, unsure = group(NOW - timedelta(hours=2), 70000, category=2), group(NOW - timedelta(hours=3), attrib=1)
        return measured(group(NOW), goal, unsure, more=1, offset=1)

    async with stub(answer) as (base, heard):
        door = await open_door(clinic, "withings", OAUTH, base=base, tokens=Tokens(access="t0", refresh="r0"), account=f"w-{uuid7()}")
        await announce(client, door.url, door.account)
        await announce(client, door.url, door.account)  # said twice before it was begun: fetched once
        assert await fetcher.run(datetime.now(UTC)) == 1
        assert await weights(database, clinic) == [80.3, 80.2]
        assert [call.path for call in heard] == ["/measure", "/v2/oauth2", "/measure", "/measure"]
        assert await came_to(database, door.account) == [(True, 1, "2 bodies")]
        # The new token was kept: the next time nothing is renewed, and what is there already is there once.
        await announce(client, door.url, door.account)
        assert await fetcher.run(datetime.now(UTC)) == 1
        assert [call.path for call in heard[4:]] == ["/measure", "/measure"]
        assert await weights(database, clinic) == [80.3, 80.2]


async def test_a_vendor_that_is_slow_broken_or_wants_a_pause_is_tried_again_and_left_alone(
    client: AsyncClient, clinic: Clinic, database: Database, fetcher: Fetcher
) -> None:
    said: list[Said] = [(503, {}, b""), (429, {"retry-after": "120"}, b""), (200, {}, b"<html>"), measured(group(NOW))]
    async with stub(lambda _call: said.pop(0)) as (base, heard):
        door = await open_door(clinic, "withings", OAUTH, base=base, tokens=Tokens(access="t0"), account=f"w-{uuid7()}")
        await announce(client, door.url, door.account)
        now = datetime.now(UTC)
        assert await fetcher.run(now) == 1
        assert await came_to(database, door.account) == [(False, 1, "status 503")]
        assert await fetcher.run(now + timedelta(seconds=5)) == 0, "not before its time"
        now += timedelta(seconds=15)
        assert await fetcher.run(now) == 1
        assert await fetcher.run(now + timedelta(seconds=100)) == 0, "the vendor asked for two minutes"
        now += timedelta(seconds=121)
        assert await fetcher.run(now) == 1
        assert (await came_to(database, door.account))[0][2] == "unreadable"
        assert await fetcher.run(now + timedelta(hours=1)) == 1
        assert await weights(database, clinic) == [80.2]
        assert len(heard) == 4


async def test_an_account_that_was_taken_back_ends_and_nothing_is_asked_again(
    client: AsyncClient, clinic: Clinic, database: Database, fetcher: Fetcher
) -> None:
    def answer(call: Call) -> Said:
        return (400, {}, b'{"error":"invalid_grant"}') if call.path == "/v2/oauth2" else (200, {}, b'{"status": 401}')

    async with stub(answer) as (base, heard):
        door = await open_door(clinic, "withings", OAUTH, base=base, tokens=Tokens(access="t0", refresh="r0"), account=f"w-{uuid7()}")
        await announce(client, door.url, door.account)
        assert await fetcher.run(datetime.now(UTC)) == 1
        await announce(client, door.url, door.account)
        await fetcher.run(datetime.now(UTC))
        assert len(heard) == 2
        assert [one[2] for one in await came_to(database, door.account)] == ["account ended: it renews no token", "no account in force"]


async def test_a_vendor_that_never_calls_is_looked_into_and_its_sensor_values_come_in(
    clinic: Clinic, database: Database, fetcher: Fetcher
) -> None:
    record = {"recordId": "e1", "systemTime": f"{NOW - timedelta(minutes=3):%Y-%m-%dT%H:%M:%S}", "value": 39, "status": "low",
              "unit": "mg/dL", "recordType": "egv"}  # fmt: skip

    async with stub(lambda _call: (200, {}, json.dumps({"recordType": "egv", "records": [record]}).encode())) as (base, heard):
        await open_door(clinic, "dexcom", OAUTH, base=base, tokens=Tokens(access="t0"), account=f"d-{uuid7()}", days=1)
        now = datetime.now(UTC)
        assert await fetcher.look(now) >= 1
        assert await fetcher.look(now) == 0, "asked for already"
        await fetcher.run(datetime.now(UTC))
        assert heard[0].query["endDate"] == f"{now:%Y-%m-%dT%H:%M:%S}"
        async with database.begin(clinic.actor("patient")) as tx:
            row = await tx.fetchrow("select value, comparator from sensor_hour where patient_id = $1", clinic.patient)
        assert row is not None
        assert (list(row[0]), list(row[1])) == ([40], ["<"])
        assert await fetcher.look(now + timedelta(minutes=1)) == 0, "fetched until now"
        assert await fetcher.look(now + timedelta(minutes=6)) == 1
        assert heard[0].headers["authorization"] == "Bearer t0"


async def test_alp_10_a_vendor_that_gives_nothing_is_one_line_for_the_operator(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    for person in range(3):
        door = await open_door(clinic, "withings", OAUTH, account=f"w-{person}-{uuid7()}")
        await announce(client, door.url, door.account)
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("update pending_fetch set made_at = now() - interval '2 hours' where door_id in "
                         "(select door_id from vendor_door where client_id = $1)", clinic.vendor)  # fmt: skip
    lines = [line for line in await look(database) if clinic.vendor_name in line]
    assert lines == [f"vendor {clinic.vendor_name}: 3 things could not be fetched for an hour"]


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
])  # fmt: skip
def test_inp_6_what_is_not_the_open_internet_is_not_called(address: str) -> None:
    assert not is_public(address)


def test_inp_6_the_open_internet_is() -> None:
    assert is_public("93.184.216.34")
    assert is_public("2606:2800:220:1:248:1893:25c8:1946")


@pytest.mark.parametrize(("url", "code"), [
    ("http://example.org/", "not_https"), ("https://example.net/", "host_not_registered"), ("https://u:p@example.org/", "address_wrong"),
    ("ftp://example.org/", "not_https"), ("https://", "address_wrong"), ("https://example.org:99999/", "address_wrong"),
])  # fmt: skip
async def test_inp_6_only_registered_hosts_over_https(url: str, code: str) -> None:
    with pytest.raises(NotCalled) as refused:
        await Outgoing().ask("GET", url, hosts={"example.org"})
    assert refused.value.code == code


async def test_inp_6_a_name_of_this_machine_is_refused_a_redirect_not_followed_and_a_long_answer_cut() -> None:
    async with stub(lambda call: (302, {"location": "/other"}, b"") if call.path == "/here" else (200, {}, b"x" * 3000)) as (base, heard):
        port = base.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(NotCalled) as refused:
                await Outgoing().ask("GET", f"https://{host}:{port}/here", hosts={host})
            assert refused.value.code == "address_not_public"
        assert heard == []
        allowed = Outgoing(loopback=True)
        assert (await allowed.ask("GET", f"{base}/here", hosts={"127.0.0.1"})).status == 302
        assert [call.path for call in heard] == ["/here"]
        with pytest.raises(NotCalled) as refused:
            await allowed.ask("GET", f"{base}/long", hosts={"127.0.0.1"}, most=2000)
        assert refused.value.code == "too_long"
    with pytest.raises(NotCalled) as refused:
        await allowed.ask("GET", f"{base}/gone", hosts={"127.0.0.1"})
    assert refused.value.code == "no_answer"

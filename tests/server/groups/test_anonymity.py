"""PGS-1, INV-19: nobody can tell from a group who somebody is, by any route, role, id, time, count or search."""

import base64
import random
import re
import struct
import zlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from server import clock
from server.app_state import Parts
from server.auth.actor import of_patient
from server.db import Database, PostgresError, Role
from server.groups.peers import CannotOpen, Peers, fresh
from server.people import admin
from tests.clinic import Clinic, person

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NAMES: tuple[str, ...] = (
         "Heron", "Otter", "Willow", "Badger", "Teal", "Fern", "Plover", "Hazel", "Finch", "Lichen", "Marten", "Sorrel", "Dunlin",
         "Bramble", "Vole", "Rowan", "Siskin", "Clover", "Newt", "Alder")  # fmt: skip


async def make_group(database: Database, clinic: Clinic, **other: Any) -> UUID:
    group = fresh()
    is_open = other.get("is_open", True)
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute(
            """insert into peer_group (group_id, org_id, name, purpose, about, topic, is_open, invite, capacity, ages, closes_on)
               values ($1, $2, $3, 'To talk about living with it', 'condition', 'heart_failure', $4, $5, $6, $7, $8)""",
            group, clinic.org, f"Breathe easy {group.hex[:6]}", is_open, None if is_open else Peers.invite("come in"),
            other.get("capacity", 100), other.get("ages", "adult"), other.get("closes_on", clinic.now.date() + timedelta(days=300)),
        )  # fmt: skip
    return group


async def on_duty(database: Database, clinic: Clinic) -> None:
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("insert into group_duty values ($1, $2, $3, 'clinician', $4, $5)", clinic.org, uuid7(), clinic.nurse,
                         clinic.now - timedelta(hours=1), clinic.now + timedelta(hours=8))  # fmt: skip


async def come_in(client: AsyncClient, headers: dict[str, str], group: UUID, handle: str, **other: Any) -> Any:
    body = {"handle": handle, "agreesToRules": True, **other}
    return await client.post(f"/v1/groups/{group}/join", json=body, headers=headers)


def token(parts: Parts, clinic: Clinic, patient: UUID) -> dict[str, str]:
    auth = parts.extras["auth"]
    at = int(clock.now().timestamp())
    return {"authorization": f"Bearer {auth.tokens.issue(of_patient(patient, clinic.org, 'phone-test', at), at)}"}


def picture(note: bytes = b"GPS 50.4619 -3.5253") -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xff\x00\x00\x00\xff\x00" * 2)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"tEXt", note) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"") + note


async def twenty(client: AsyncClient, clinic: Clinic, database: Database, parts: Parts, group: UUID) -> list[tuple[UUID, str]]:
    people: list[UUID] = []
    async with database.begin_as(Role.OWNER) as tx:
        for place in range(20):
            made = await admin.add_patient(tx, clinic.org, person(f"Member{'abcdefghijklmnopqrst'[place]}"))
            await admin.add_grant(tx, made, clinic.team, may_write=True, from_at=clinic.now - timedelta(days=1))
            people.append(made)
    names = list(NAMES)
    random.shuffle(names)
    order = list(zip(people, names, strict=True))
    random.shuffle(order)
    for patient, name in order:
        headers = token(parts, clinic, patient)
        assert (await come_in(client, headers, group, name)).status_code == 200
        body = {"title": f"{name} asks", "body": "How do you all manage the stairs?", "image": base64.b64encode(picture()).decode()}
        answer = await client.post(f"/v1/groups/{group}/threads", json=body, headers={**headers, "idempotency-key": str(uuid7())})
        assert answer.status_code == 202, answer.text
        reading = {"id": str(uuid7()), "kind": "heart_rate", "takenAt": clock.now().isoformat(), "value": 70, "unit": "/min"}
        assert (await client.put(f"/v1/readings/{reading['id']}", json=reading, headers=headers)).status_code == 201
        body = {"title": f"{name} says hello", "body": "Good to be here with all of you"}
        assert (await client.post(f"/v1/groups/{group}/threads", json=body, headers=headers)).status_code == 201
    return order


def matched(order: Sequence[tuple[UUID, str]], guess: dict[str, UUID]) -> int:
    return sum(guess.get(name) == patient for patient, name in order)


async def read_all(client: AsyncClient, headers: dict[str, str], group: UUID) -> dict[str, str]:
    """All that a member can read, by whose it is."""
    seen: dict[str, str] = {}
    cursor = ""
    while True:
        page = (await client.get(f"/v1/groups/{group}/threads?limit=50{cursor}", headers=headers)).json()
        for one in page["items"]:
            whole = (await client.get(f"/v1/groups/{group}/threads/{one['id']}", headers=headers)).text
            seen[one["by"]] = seen.get(one["by"], "") + whole + str(one)
        if page["nextCursor"] is None:
            return seen
        cursor = f"&cursor={page['nextCursor']}"


async def test_inv_19_twenty_handles_are_linked_to_twenty_patients_no_better_than_by_chance(
    client: AsyncClient, clinic: Clinic, database: Database, parts: Parts
) -> None:
    group = await make_group(database, clinic)
    await on_duty(database, clinic)
    order = await twenty(client, clinic, database, parts, group)
    reader, nurse = token(parts, clinic, order[0][0]), clinic.token("nurse")
    seen = await read_all(client, reader, group)
    assert set(seen) == set(NAMES)
    everything = "".join(seen.values()) + (await client.get(f"/v1/groups/{group}/search?q=hello", headers=reader)).text
    about = ""
    for patient, _ in order:
        about += (await client.get(f"/v1/patients/{patient}", headers=nurse)).text
        about += (await client.get(f"/v1/patients/{patient}/readings", headers=nurse)).text
    shown = set(_UUID.findall(everything))
    assert len(shown) >= 20
    assert not shown & (set(_UUID.findall(about)) | {str(patient) for patient, _ in order})
    # No instant finer than the hour; and no id that tells when it was made: such a one has the milliseconds of now in front.
    hours = re.findall(r"\d{4}-\d\d-\d\dT[\d:.]+", everything)
    assert hours
    assert [instant for instant in hours if not re.fullmatch(r"[\d-]+T\d\d:00:00", instant)] == []
    now_ms = int(clock.now().timestamp() * 1000)
    assert [one for one in shown if abs((UUID(one).int >> 80) - now_ms) < 3_600_000] == []
    assert (await client.get(f"/v1/groups/{group}", headers=reader)).json()["people"] == "about 20"
    # The best an onlooker can do with ids and order: sort both sides and lay them side by side.
    people = sorted(patient for patient, _ in order)
    first_id = {name: min(_UUID.findall(text)) for name, text in seen.items()}
    for names in (sorted(first_id, key=lambda name: first_id[name]), sorted(seen), list(seen), list(reversed(seen))):
        # By chance one of twenty is right; seven or more come about once in twelve thousand times.
        assert matched(order, dict(zip(names, people, strict=True))) <= 6


async def test_pgs_1_staff_vendors_and_strangers_find_no_group(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    group = await make_group(database, clinic)
    assert (await come_in(client, clinic.token("patient"), group, "Heron")).status_code == 200
    for who in ("nurse", "lead", "admin", "vendor", "stranger"):
        answer = await client.get(f"/v1/groups/{group}/threads", headers=clinic.token(who))
        assert answer.status_code == 404, who
    for who in ("nurse", "lead", "admin", "vendor"):
        assert (await client.get("/v1/groups", headers=clinic.token(who))).status_code == 404, who
        assert (await client.get(f"/v1/groups/{group}", headers=clinic.token(who))).status_code == 404, who


async def test_pgs_1_no_ordinary_role_reads_who_a_handle_is(client: AsyncClient, clinic: Clinic, database: Database, parts: Parts) -> None:
    group = await make_group(database, clinic)
    assert (await come_in(client, clinic.token("patient"), group, "Heron")).status_code == 200
    for role in Role:
        if role is Role.OWNER:
            continue
        async with database.begin_as(role) as tx:
            if role is Role.SEAL:
                # It may ask, and gets nothing without an opening.
                assert await tx.fetch("select sealed from handle_seal where group_id = $1", group) == []
                continue
            with pytest.raises(PostgresError, match="permission denied"):
                await tx.fetch("select sealed from handle_seal")
    async with database.begin(clinic.actor("nurse")) as tx:
        with pytest.raises(PostgresError, match="permission denied"):
            await tx.fetch("select 1 from peer_member")
    # Not even its owner sees a member, a post or a seal: row security is forced and there is no policy for it.
    async with database.begin_as(Role.OWNER) as tx:
        for table in ("peer_member", "handle", "handle_seal", "peer_post", "peer_body"):
            assert await tx.fetch(f"select 1 from {table}") == [], table
    # Without the tag the world is empty; with another group's tag as well.
    peers: Peers = parts.extras["peers"]
    for tags in ([], [peers.tag(clinic.stranger, group)], [peers.tag(clinic.patient, fresh())]):
        async with database.begin_peer(org=clinic.org, tags=tags) as tx:
            assert await tx.fetch("select 1 from peer_member") == []
            assert await tx.fetch("select 1 from handle") == []
    async with database.begin_peer(org=clinic.org, tags=[peers.tag(clinic.patient, group)]) as tx:
        assert len(await tx.fetch("select 1 from peer_member")) == 1


async def test_pgs_1_nothing_is_written_beside_her_name(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group = await make_group(database, clinic)
    mine = clinic.token("patient")
    assert (await come_in(client, {**mine, "idempotency-key": "k-1"}, group, "Heron")).status_code == 200
    body = {"title": "Hello", "body": "Good to be here"}
    answer = await client.post(f"/v1/groups/{group}/threads", json=body, headers={**mine, "idempotency-key": "k-2"})
    assert answer.status_code == 202
    async with database.begin(clinic.actor("patient")) as tx:
        assert await tx.fetch("select 1 from idempotency where principal = $1", clinic.patient) == []
        assert await tx.fetch("select 1 from audit where patient_id = $1", clinic.patient) == []
        assert await tx.fetch("select 1 from change_log where patient_id = $1", clinic.patient) == []


async def test_pgs_1_a_seal_that_is_moved_does_not_open(parts: Parts) -> None:
    peers: Peers = parts.extras["peers"]
    who, group, handle = uuid7(), fresh(), fresh()
    sealed = peers.seal(who, group, handle)
    assert peers.open(sealed, group, handle) == who
    for other in ((fresh(), handle), (group, fresh())):
        with pytest.raises(CannotOpen):
            peers.open(sealed, *other)
    assert peers.tag(who, group) != peers.tag(who, fresh())
    assert who.bytes not in sealed


async def test_inp_7_a_picture_loses_where_it_was_taken(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group = await make_group(database, clinic)
    mine = clinic.token("patient")
    await come_in(client, mine, group, "Heron")
    body = {"title": "My garden", "body": "See this", "image": base64.b64encode(picture()).decode()}
    answer = await client.post(f"/v1/groups/{group}/threads", json=body, headers=mine)
    assert answer.json()["state"] == "held"
    found = await client.get(f"/v1/groups/{group}/posts/{answer.json()['id']}/image", headers=mine)
    assert found.headers["content-type"] == "image/png"
    assert b"GPS" not in found.content
    assert found.content.startswith(b"\x89PNG")
    assert found.content.endswith(b"IEND\xaeB`\x82")

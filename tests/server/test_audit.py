"""AUD controls: the chain is walked and a superuser's hand is found; a patient reads who looked."""

import ast
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from server.audit import heads
from server.audit.verify import verify
from server.audit.words import WHAT
from server.db import Database, connect
from server.db_where import Where
from server.postgres import SUPERUSER
from server.settings import Settings
from tests.clinic import Clinic

SERVER = Path(__file__).parent.parent.parent / "server"


async def use(client: AsyncClient, clinic: Clinic) -> None:
    """A few accesses of each kind of writer."""
    for code in ("dizziness", "more_tired", "fever"):
        body = {"id": str(uuid7()), "kind": "symptom", "takenAt": datetime.now(UTC).isoformat(), "code": code}
        assert (await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("patient"))).status_code == 201
    for _ in range(3):
        assert (await client.get(f"/v1/patients/{clinic.patient}/readings", headers=clinic.token("nurse"))).status_code == 200


@pytest.fixture
def apart(settings: Settings, tmp_path: Path) -> Settings:
    """Keys and the copy of the heads in a folder of this test alone."""
    return msgspec.structs.replace(settings, data=tmp_path, keys=tmp_path / "keys")


async def by_hand(where: Where, sql: str, *args: Any) -> None:
    """As somebody with every right in the database, the trigger set aside."""
    connection = await connect(where, SUPERUSER)
    try:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(sql, *args)
    finally:
        await connection.close()


def of(wrong: list[str], clinic: Clinic) -> list[str]:
    return [line.split(": ", 1)[1] for line in wrong if str(clinic.org) in line]


@pytest.fixture
async def signed(client: AsyncClient, clinic: Clinic, database: Database, apart: Settings, where: Where) -> Clinic:
    """A clinic whose chains are written and signed, and nobody has touched them."""
    await by_hand(where, "delete from audit_head")
    await use(client, clinic)
    assert await heads.sign(database, apart.keys, apart.data / heads.FILE, datetime.now(UTC)) > 0
    assert of((await verify(database, apart)).wrong, clinic) == []
    return clinic


READS = "org_id = $1 and action = 'R'"


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        pytest.param(f"update audit set n = n + 1 where {READS} and seq = 2", "row 2 is not what", id="one number changed"),
        pytest.param(f"update audit set outcome = 'refused' where {READS} and seq = 1", "row 1 is not what", id="outcome changed"),
        pytest.param(f"delete from audit where {READS} and seq = 2", "row 2 is missing", id="one row removed"),
        pytest.param(f"delete from audit where {READS} and seq = 3", "ends at row 2, but row 3 was signed", id="the end cut off"),
        pytest.param(f"delete from audit where {READS}", "ends at row 0, but row 3 was signed", id="a whole chain removed"),
        pytest.param(f"update audit set seq = 9 - seq where {READS} and seq > 1", "row 2 is missing", id="rows moved"),
    ],
)
async def test_aud_2_a_superusers_hand_is_found(
    signed: Clinic, database: Database, apart: Settings, where: Where, sql: str, found: str
) -> None:
    await by_hand(where, sql, signed.org)
    wrong = of((await verify(database, apart)).wrong, signed)
    assert len(wrong) == 1
    assert wrong[0].startswith(found)


async def test_aud_2_the_copy_away_from_the_database_finds_what_was_removed_with_its_head(
    signed: Clinic, database: Database, apart: Settings, where: Where
) -> None:
    await by_hand(where, "delete from audit where org_id = $1 and seq = 3 and action = 'R'", signed.org)
    await by_hand(where, "delete from audit_head where org_id = $1", signed.org)
    assert of((await verify(database, apart)).wrong, signed) == ["ends at row 2, but row 3 was signed: the end is cut off"]


async def test_aud_2_a_head_that_we_did_not_sign_is_named(signed: Clinic, database: Database, apart: Settings, where: Where) -> None:
    await by_hand(where, "update audit_head set hash = '\\x00' where org_id = $1 and seq = 3", signed.org)
    assert any("was not signed by us" in line for line in of((await verify(database, apart)).wrong, signed))


async def test_aud_2_heads_are_signed_once_and_half_a_line_is_passed_over(signed: Clinic, database: Database, apart: Settings) -> None:
    copy = apart.data / heads.FILE
    assert await heads.sign(database, apart.keys, copy, datetime.now(UTC)) == 0
    before = len(heads.noted(copy))
    with copy.open("ab") as file:
        file.write(b'["half')
    assert len(heads.noted(copy)) == before
    assert of((await verify(database, apart)).wrong, signed) == []


async def test_aud_5_a_patient_reads_who_looked_and_why(client: AsyncClient, clinic: Clinic) -> None:
    await use(client, clinic)
    mine = clinic.token("patient")
    first = (await client.get("/v1/me/access-log?limit=2", headers=mine)).json()
    assert len(first["items"]) == 2
    rest = (await client.get(f"/v1/me/access-log?limit=2&cursor={first['nextCursor']}", headers=mine)).json()
    assert rest["nextCursor"] is None
    one = rest["items"][0]
    assert [len(rest["items"]), one["who"], one["role"], one["organisation"], one["did"], one["what"], one["why"]] == [
        1, "Sr Test", "nurse", "Test trust", "looked at", "your readings", "You share this with them.",
    ]  # fmt: skip
    own = (await client.get("/v1/me/access-log?own=true", headers=mine)).json()["items"]
    assert {item["who"] for item in own} == {"You", "Sr Test"}
    assert (await client.get("/v1/me/access-log", headers=clinic.token("stranger"))).json()["items"] == []
    assert (await client.get("/v1/me/access-log", headers=clinic.token("nurse"))).status_code == 404


@pytest.mark.parametrize("query", ["cursor=x", "cursor=eHx5fHo=", "own=perhaps", "limit=-1", "page=2"])
async def test_the_access_log_refuses_what_it_does_not_know(client: AsyncClient, clinic: Clinic, query: str) -> None:
    assert (await client.get(f"/v1/me/access-log?{query}", headers=clinic.token("patient"))).status_code == 422


def test_aud_5_every_access_has_words_that_a_patient_reads() -> None:
    named: set[str] = set()
    for path in SERVER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "record":
                named |= {arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Request":
                named |= {word.value.value for word in node.keywords if word.arg == "what" and isinstance(word.value, ast.Constant)
                          and isinstance(word.value.value, str)}  # fmt: skip
    assert named
    assert named <= WHAT.keys()

"""What an operator does with doors and systems: each secret is printed once, and what cannot be is told in one line."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from httpx import AsyncClient
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from server import vendors
from server.db import Database, Role
from server.settings import Settings, WrongSetting, read
from tests.clinic import Clinic


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    lines = capsys.readouterr().out.splitlines()
    return {name: value.strip() for name, _, value in (line.partition(" ") for line in lines)}


async def test_a_door_and_an_account_are_opened_and_work_at_once(
    settings: Settings, clinic: Clinic, client: AsyncClient, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = replace(settings, keys=clinic.parts.extras["settings"].keys)
    door = vendors.door
    assert await asyncio.to_thread(door, where, str(clinic.vendor), "standard_webhooks", None, "") == 0
    printed = said(capsys)
    assert printed["secret"].startswith("whsec_")
    path = printed["address"].partition("/v1/hooks/")[2]
    assert (await client.post(f"/v1/hooks/{path}", content="{}", headers={"content-type": "application/json"})).status_code == 401
    tokens = tmp_path / "tokens.json"
    tokens.write_bytes(msgspec.json.encode({"access": "a", "refresh": "r", "expires_in_s": 3600}))
    account = f"acc-{uuid7()}"
    done = await asyncio.to_thread(lambda: vendors.account(where, printed["door"], account, str(clinic.patient), tokens=tokens, since=None))
    assert done == 0
    async with database.begin_as(Role.OWNER) as tx:
        row = await tx.fetchrow("select tokens from vendor_account where account = $1", account)
    assert row is not None
    assert b"access" not in row[0], "kept sealed"
    tokens.write_text("[]")
    wrong = await asyncio.to_thread(lambda: vendors.account(where, printed["door"], account, str(clinic.patient), tokens=tokens, since=None))
    assert wrong == 2


async def test_what_cannot_be_opened_or_registered_is_told(settings: Settings, clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(vendors.door, settings, str(clinic.vendor), "libreview", None, "") == 2
    assert "--format is one of" in capsys.readouterr().err
    assert await asyncio.to_thread(vendors.door, settings, str(uuid7()), "terra", None, "") == 2
    for url in ("http://example.org/x", "https://u:p@example.org/", "nowhere"):
        assert await asyncio.to_thread(vendors.system, settings, str(clinic.vendor), url, "GP") == 2
    assert await asyncio.to_thread(vendors.system, settings, str(clinic.vendor), "https://example.org/hook", "GP") == 0
    assert said(capsys)["secret"].startswith("whsec_")


def test_inp_6_calls_to_this_machine_are_refused_where_others_reach_us() -> None:
    with pytest.raises(WrongSetting):
        read({"STEADY_LOOPBACK_CALLS": "on", "STEADY_PUBLIC_URL": "https://steady.example"})

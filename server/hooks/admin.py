"""Set-up of doors and accounts, as the owner role: an operator's own commands, and tests."""

import hashlib
import secrets as randomness
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from integrations.manifest import Secrets, Tokens
from server.db import Tx
from server.hooks import store
from server.hooks.service import sealed_as
from server.people import admin
from server.sealed import Seal


def tokens_sealed_as(patient: UUID, door: UUID, account: str) -> str:
    """What the tokens of an account are sealed for."""
    return f"vendor_account|{patient}|{door}|{account}|tokens"


async def add_door(tx: Tx, seal: Seal, *, org: UUID, client: UUID, form: str, secrets: Secrets, base: str = "") -> tuple[UUID, str]:  # noqa: PLR0913 - one row's fields
    """Open a door for a vendor's client; its id and the secret part of its address, which is told once."""
    door, path = uuid7(), randomness.token_urlsafe(32)
    sealed = seal.seal(msgspec.json.encode(secrets), sealed_as(door))
    await store.ADD_DOOR.run(tx, door, org, client, form, hashlib.sha256(path.encode()).digest(), sealed, base)
    return door, path


async def change_secrets(tx: Tx, seal: Seal, door: UUID, secrets: Secrets) -> None:
    """Take other secrets into use; give the one before as well while it is changed over there."""
    await store.CHANGE_SECRETS.run(tx, door, seal.seal(msgspec.json.encode(secrets), sealed_as(door)))


async def add_account(  # noqa: PLR0913 - one row's fields
    tx: Tx, seal: Seal, *, door: UUID, vendor: str, account: str, patient: UUID, tokens: Tokens, now: datetime, since: datetime | None = None,
) -> None:  # fmt: skip
    """Say whose an account at a vendor is, and with what it is fetched; readings from `since` on are theirs."""
    device = await admin.add_device(tx, vendor, "account", account)
    await admin.assign_device(tx, device, patient, since or now)
    await store.END_OTHERS.run(tx, door, account, patient)
    sealed = seal.seal(msgspec.json.encode(tokens), tokens_sealed_as(patient, door, account))
    expires = now + timedelta(seconds=tokens.expires_in_s) if tokens.expires_in_s else None
    await store.ADD_ACCOUNT.run(tx, patient, door, account, sealed, expires, since)

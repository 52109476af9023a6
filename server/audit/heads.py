"""The heads of the audit chains: signed each minute, kept beside the rows and in a file away from the database (AUD-2)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from server.audit import store
from server.auth.keys import lasting
from server.db import Database, Role

KEY: Final = "audit.pem"
FILE: Final = "audit-heads.jsonl"
_LOOK_BACK: Final = timedelta(days=2)


def key(folder: Path) -> Ed25519PrivateKey:
    """The key that signs heads; made when there is none. It never changes, so that old heads stay provable."""
    return lasting(folder, KEY)


def _signed_text(head: store.HeadRow | store.SignedRow, at: datetime) -> bytes:
    return msgspec.json.encode([head.org_id, head.day, head.writer, head.seq, head.hash, at])


async def sign(database: Database, folder: Path, copy: Path, now: datetime) -> int:
    """Sign every chain that grew since it was last signed, and note the heads in the copy; how many."""
    async with database.begin_as(Role.WORKER) as tx:
        found = await store.HEADS.all(tx, now.date() - _LOOK_BACK)
        if not found:
            return 0
        signing = key(folder)
        signed = [
            store.SignedRow(*msgspec.structs.astuple(head), signed_at=now, signature=signing.sign(_signed_text(head, now)))
            for head in found
        ]
        for head in signed:
            await store.SIGN.run(tx, *msgspec.structs.astuple(head))
    copy.parent.mkdir(parents=True, exist_ok=True)
    with copy.open("ab") as file:
        file.writelines(msgspec.json.encode(head) + b"\n" for head in signed)
    return len(signed)


def noted(copy: Path) -> list[store.SignedRow]:
    """The heads of the file; a last line that a power cut left half is passed over."""
    if not copy.exists():
        return []
    lines = copy.read_bytes().split(b"\n")
    return [msgspec.json.decode(line, type=store.SignedRow) for line in lines[:-1] if line]


def genuine(heads: Sequence[store.SignedRow], public: Ed25519PublicKey) -> list[bool]:
    """Whether each head was signed by us, in order."""
    found: list[bool] = []
    for head in heads:
        try:
            public.verify(head.signature, _signed_text(head, head.signed_at))
        except InvalidSignature:
            found.append(False)
        else:
            found.append(True)
    return found

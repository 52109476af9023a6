"""`steady consent verify`: a patient's receipt, or every decision of this database, against signatures and chains (F60)."""

import asyncio
import hashlib
import sys
from pathlib import Path
from uuid import UUID

import msgspec

from domain.sharing.consent import Decision
from server.consent import receipts, store
from server.db import BUSY, Database, PostgresError, Role
from server.settings import Settings

_FIRST = UUID(int=0)


def verify_file(settings: Settings, file: Path) -> int:
    """Say whether a receipt is ours and unchanged; the exit code."""
    try:
        found = receipts.verified(receipts.key(settings.keys).public_key(), file.read_bytes())
    except OSError as error:
        sys.stderr.write(f"{file} cannot be read: {error.strerror}\n")
        return 2
    if found is None:
        sys.stdout.write("This is not one of our receipts, or it was changed.\n")
        return 1
    parts = ", ".join(found.data_classes)
    sys.stdout.write(f"genuine: {found.what} on {found.at:%d %B %Y at %H:%M} UTC, {found.grantee}, {parts}\n")
    return 0


async def verify_chains(database: Database, settings: Settings) -> tuple[int, list[str]]:
    """Walk every patient's decisions: how many, and the first thing wrong of each patient that has one."""
    public = receipts.key(settings.keys).public_key()
    wrong: dict[UUID, str] = {}
    count = 0
    patient, seq, before = _FIRST, 0, b""
    async with database.begin_as(Role.AUDITOR) as tx:
        while found := await store.CHAIN.all(tx, patient, seq):
            for row in found:
                if row.patient_id != patient:
                    patient, seq, before = row.patient_id, 0, b""
                problem = _problem(row, seq, before) if receipts.genuine(public, row.body, row.signature) else "is not what was signed"
                if problem:
                    missing = problem == _MISSING
                    wrong.setdefault(patient, f"patient {patient}: decision {seq + 1 if missing else row.seq} {problem}")
                seq, before, count = row.seq, row.hash, count + 1
    return count, list(wrong.values())


_MISSING = "is missing"


def _problem(row: store.ChainRow, seq: int, before: bytes) -> str:
    if row.seq != seq + 1:
        return _MISSING
    decision = msgspec.json.decode(row.body, type=Decision)
    fits = (decision.patient_id, decision.seq, decision.before_sha256) == (row.patient_id, row.seq, before.hex())
    return "" if fits and hashlib.sha256(row.body).digest() == row.hash else "does not follow the one before"


async def _run(settings: Settings) -> tuple[int, list[str]]:
    assert settings.database is not None  # noqa: S101 - main has asked
    database = Database(settings.database)
    try:
        return await verify_chains(database, settings)
    finally:
        await database.close()


def main(settings: Settings, file: Path | None) -> int:
    """Verify a file, or without one the whole database; the exit code."""
    if file is not None:
        return verify_file(settings, file)
    if settings.database is None:
        sys.stderr.write("No database: set STEADY_DATABASE_HOST, or start one with `steady demo`.\n")
        return 2
    try:
        count, wrong = asyncio.run(_run(settings))
    except (*BUSY, PostgresError, OSError) as error:
        sys.stderr.write(f"The database does not answer: {type(error).__name__}.\n")
        return 2
    for line in wrong:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{count} decisions, {len(wrong)} people with something wrong\n")
    return 1 if wrong else 0

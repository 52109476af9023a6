"""`steady audit verify`: names the first audit row that was changed, removed, inserted, moved or cut off (AUD-2, INV-12)."""

import asyncio
import sys
from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from server.audit import heads as signed_heads
from server.audit import store
from server.audit.chain import Entry, link
from server.db import BUSY, Database, PostgresError, Role, Tx
from server.settings import Settings

Chain = tuple[UUID, date, UUID]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was walked, and the first thing wrong in each chain that has one."""

    chains: int
    rows: int
    heads: int
    wrong: list[str]


def _name(chain: Chain) -> str:
    org, day, writer = chain
    return f"{day}, organisation {org}, writer {writer}"


async def _walk(tx: Tx, chain: Chain, heads: dict[int, bytes]) -> tuple[int, str | None]:
    """Every row of one chain, in order: how many, and what is wrong with the first that is."""
    previous, seq, wrong = b"", 0, None
    while found := await store.ROWS.all(tx, *chain, seq):
        for row in found:
            if row.seq != seq + 1:
                return seq, f"{_name(chain)}: row {seq + 1} is missing"
            hashed = link(previous, Entry(*msgspec.structs.astuple(row)[:-1]))
            if hashed != row.hash:
                return seq, f"{_name(chain)}: row {row.seq} is not what was written, or not where it was written"
            if row.seq in heads and heads[row.seq] != hashed:
                return seq, f"{_name(chain)}: row {row.seq} is not the one that was signed"
            previous, seq = hashed, row.seq
    last = max(heads, default=0)
    if last > seq:
        wrong = f"{_name(chain)}: ends at row {seq}, but row {last} was signed: the end is cut off"
    return seq, wrong


async def verify(database: Database, settings: Settings) -> Report:
    """Walk every chain against its links and its signed heads."""
    public = signed_heads.key(settings.keys).public_key()
    wrong: list[str] = []
    rows = 0
    async with database.begin_as(Role.AUDITOR) as tx:
        heads = await store.SIGNED.all(tx) + signed_heads.noted(settings.data / signed_heads.FILE)
        by_chain: dict[Chain, dict[int, bytes]] = {}
        for head, is_ours in zip(heads, signed_heads.genuine(heads, public), strict=True):
            chain = (head.org_id, head.day, head.writer)
            if is_ours:
                by_chain.setdefault(chain, {})[head.seq] = head.hash
            else:
                wrong.append(f"{_name(chain)}: the head at row {head.seq} was not signed by us")
        chains = [(one.org_id, one.day, one.writer) for one in await store.CHAINS.all(tx)]
        for chain in [*chains, *sorted(by_chain.keys() - set(chains))]:
            walked, problem = await _walk(tx, chain, by_chain.get(chain, {}))
            rows += walked
            if problem is not None:
                wrong.append(problem)
    return Report(chains=len(chains), rows=rows, heads=len(heads), wrong=wrong)


async def _run(settings: Settings) -> Report:
    assert settings.database is not None  # noqa: S101 - main has asked
    database = Database(settings.database)
    try:
        return await verify(database, settings)
    finally:
        await database.close()


_BROKEN: Final = (*BUSY, PostgresError, OSError)


def main(settings: Settings, *, json: bool = False) -> int:
    """Verify and say so; 1 when something is wrong, 2 when the database cannot be asked."""
    if settings.database is None:
        sys.stderr.write("Say where the database is: STEADY_DATABASE_HOST. (`steady demo` brings its own.)\n")
        return 2
    try:
        found = asyncio.run(_run(settings))
    except _BROKEN as error:
        sys.stderr.write(f"The database cannot be asked ({type(error).__name__}); `steady doctor` says more.\n")
        return 2
    if json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        sys.stdout.write("".join(f"WRONG {line}\n" for line in found.wrong))
        state = "the audit is whole" if not found.wrong else f"{len(found.wrong)} wrong"
        sys.stdout.write(f"{found.rows} rows in {found.chains} chains, {found.heads} signed heads: {state}\n")
    return 1 if found.wrong else 0

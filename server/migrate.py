"""Roles, database and schema: made once, moved forward only, refused when a file that ran has changed (OPS-5)."""

import hashlib
from pathlib import Path
from typing import Final

from server.db import Connection, connect
from server.db_where import Where

FOLDER: Final = Path(__file__).parent / "migrations"
LOCK: Final = 7_239_416
OWNER: Final = "steady_owner"
ROLES: Final = ("steady_owner", "steady_app", "steady_auth", "steady_ingest", "steady_worker", "steady_watch", "steady_auditor",
                "steady_readonly", "steady_peer", "steady_seal")

_ROLE: Final = """
do $$
declare
    name text;
begin
    perform pg_advisory_xact_lock(7239416);
    foreach name in array array['steady_owner', 'steady_app', 'steady_auth', 'steady_ingest', 'steady_worker', 'steady_watch',
        'steady_auditor', 'steady_readonly', 'steady_peer', 'steady_seal']
    loop
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I login nosuperuser nobypassrls nocreatedb nocreaterole', name);
        end if;
        execute format('alter role %I set timezone = ''UTC''', name);
        execute format('alter role %I set lock_timeout = ''1s''', name);
        execute format('alter role %I set statement_timeout = ''5s''', name);
        execute format('alter role %I set idle_in_transaction_session_timeout = ''10s''', name);
        execute format('alter role %I set default_transaction_isolation = ''read committed''', name);
    end loop;
    alter role steady_owner set statement_timeout = '120s';
    alter role steady_owner set idle_in_transaction_session_timeout = '120s';
    alter role steady_worker set statement_timeout = '60s';
    -- Planning a query over all partitions costs ten times running it; the generic plan prunes when it starts.
    alter role steady_app set plan_cache_mode = 'force_generic_plan';
    alter role steady_ingest set plan_cache_mode = 'force_generic_plan';
end $$
"""


class Drift(Exception):
    """The schema is not what these files made; the text says what differs."""


class Migration:
    """One numbered file."""

    def __init__(self, path: Path) -> None:
        self.no = int(path.name[:4])
        self.name = path.stem
        self.sql = path.read_text(encoding="utf-8")
        self.checksum = hashlib.sha256(self.sql.encode()).hexdigest()


def files(folder: Path = FOLDER) -> list[Migration]:
    """Every migration, in order."""
    return [Migration(path) for path in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))]


async def bootstrap(where: Where, superuser: str) -> None:
    """Make the roles and the database, if they are not there; may run many times and at once."""
    connection = await connect(where, superuser, database="postgres", command_timeout=60)
    try:
        await connection.execute(_ROLE)
        await connection.execute("select pg_advisory_lock(7239416)")
        found = await connection.fetchval("select 1 from pg_database where datname = $1", where.database)
        if found is None:
            name = where.database.replace('"', "")
            await connection.execute(f'create database "{name}" owner steady_owner')
        await connection.execute("select pg_advisory_unlock(7239416)")
    finally:
        await connection.close()
    connection = await connect(where, superuser, command_timeout=60)
    try:
        await connection.execute("revoke create on schema public from public")
        await connection.execute("grant usage, create on schema public to steady_owner")
        await connection.execute("grant usage on schema public to public")
    finally:
        await connection.close()


async def migrate(where: Where, *, folder: Path = FOLDER) -> list[str]:
    """Run what has not run, each file in its own transaction; the names that ran. Raises Drift."""
    connection = await connect(where, OWNER, command_timeout=120)
    try:
        await connection.execute("select pg_advisory_lock(7239416)")
        await connection.execute(
            "create table if not exists migration (no integer primary key, name text not null, checksum text not null, "
            "applied_at timestamptz not null default now())"
        )
        await connection.execute("grant select on migration to public")
        return await _run(connection, files(folder))
    finally:
        await connection.close()


async def _run(connection: Connection, found: list[Migration]) -> list[str]:
    applied = {row["no"]: row for row in await connection.fetch("select no, name, checksum from migration")}
    unknown = applied.keys() - {one.no for one in found}
    if unknown:
        raise Drift(f"The database has migration {max(unknown)}, which this release does not know: use the newer release.")
    ran: list[str] = []
    for one in found:
        before = applied.get(one.no)
        if before is not None:
            if before["checksum"] != one.checksum:
                raise Drift(f"Migration {one.name} was changed after it ran; restore the file, or start over with --fresh.")
            continue
        async with connection.transaction():
            await connection.execute(one.sql)
            await connection.execute("insert into migration (no, name, checksum) values ($1, $2, $3)", one.no, one.name,
                                     one.checksum)
        ran.append(one.name)
    return ran


async def is_current(where: Where, role: str) -> bool:
    """Whether every migration of this release has run."""
    connection = await connect(where, role)
    try:
        found = await connection.fetch("select no, checksum from migration")
    finally:
        await connection.close()
    return {(row["no"], row["checksum"]) for row in found} == {(one.no, one.checksum) for one in files()}

"""`steady doctor`: each line says ok or fail, what it means, and what to type. `steady migrate` lives here as well."""

import asyncio
import os
import shutil
import sys
from typing import Final

import msgspec

from server import clock
from server import migrate as migrations
from server.assets import STATIC, manifest
from server.auth import keys
from server.db import BUSY, PostgresError, connect
from server.db_where import Where
from server.notices import setup
from server.settings import NOBODY_NAMED, Settings, WrongSetting

_BROKEN: Final = (*BUSY, PostgresError, OSError)
_ROLES: Final = """
select rolname from pg_roles where rolname like 'steady\\_%' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)
"""
_SKEW: Final = "select extract(epoch from clock_timestamp())::float8"
_HORIZON: Final = """
select coalesce(max(extract(epoch from now() - xact_start)), 0)::float8 from pg_stat_activity
 where backend_type = 'client backend' and pid <> pg_backend_pid() and state <> 'idle'
"""
_MOST_SKEW_S: Final = 2.0
_MOST_HORIZON_S: Final = 60.0
_LEAST_FREE: Final = 1024**3


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at."""

    name: str
    ok: bool
    found: str
    do: str = ""


async def _database(where: Where) -> list[Line]:
    try:
        connection = await connect(where, "steady_app")
    except _BROKEN as error:
        return [Line(name="database", ok=False, found=type(error).__name__, do="Start it, or set STEADY_DATABASE_HOST.")]
    try:
        version: str = await connection.fetchval("show server_version")
        strong = [row["rolname"] for row in await connection.fetch(_ROLES)]
        there: float = await connection.fetchval(_SKEW)
        skew = abs(there - clock.now().timestamp())
        horizon: float = await connection.fetchval(_HORIZON)
    finally:
        await connection.close()
    current = await migrations.is_current(where, "steady_app")
    return [
        Line(name="database", ok=True, found=f"PostgreSQL {version} at {where.host}"),
        Line(name="schema", ok=current, found="this release's" if current else "not this release's", do="steady migrate"),
        Line(name="roles", ok=not strong, found="none too strong" if not strong else ", ".join(strong),
             do="alter role … nosuperuser nobypassrls nocreaterole nocreatedb"),
        Line(name="clock", ok=skew < _MOST_SKEW_S, found=f"{skew:.2f} s from the database's", do="Set up time synchronisation."),
        Line(name="oldest transaction", ok=horizon < _MOST_HORIZON_S, found=f"{horizon:.0f} s",
             do="Find it in pg_stat_activity: it holds up every phone's sync."),
    ]  # fmt: skip


def _channels(settings: Settings) -> Line:
    """Which ways out are set up: with the log alone nobody is reached."""
    try:
        found = sorted(setup.notifiers(settings))
    except (WrongSetting, keys.CannotUseKeys) as error:
        return Line(name="channels", ok=False, found=str(error), do="See deploy/runbook.md, The channels.")
    return Line(name="channels", ok=found != ["log"], found=", ".join(found), do="Set up e-mail or texts: deploy/runbook.md, The channels.")


def look(settings: Settings) -> list[Line]:
    """Everything, in the order in which it matters."""
    writable = os.access(settings.data if settings.data.exists() else settings.data.parent, os.W_OK)
    free = shutil.disk_usage(settings.data if settings.data.exists() else "/").free
    built = bool(manifest().files)
    try:
        keys.KeyRing(settings.keys)
        signing = "readable"
    except keys.CannotUseKeys as error:
        signing = str(error)
    lines = [
        Line(name="data folder", ok=writable, found=str(settings.data), do="Make it writable, or set STEADY_DATA."),
        Line(name="disk", ok=free > _LEAST_FREE, found=f"{free // 1024**2} MB free", do="Make room."),
        Line(name="signing keys", ok=signing == "readable", found=signing, do="steady keys make"),
        Line(name="styles and scripts", ok=built, found=STATIC.name if built else "not built", do="steady assets"),
        Line(name="accountable person", ok=settings.accountable_person != NOBODY_NAMED, found=settings.accountable_person,
             do="Set STEADY_ACCOUNTABLE_PERSON to who answers for clinical safety."),
    ]  # fmt: skip
    lines.append(_channels(settings))
    if settings.database is None:
        return [*lines, Line(name="database", ok=False, found="none set", do="steady demo, or set STEADY_DATABASE_HOST")]
    return [*lines, *asyncio.run(_database(settings.database))]


def main(settings: Settings, *, json: bool = False) -> int:
    """Say what is set up; 1 when something is not."""
    lines = look(settings)
    if json:
        sys.stdout.write(msgspec.json.encode(lines).decode() + "\n")
    else:
        for line in lines:
            what = "" if line.ok or not line.do else f"\n      do: {line.do}"
            sys.stdout.write(f"{'ok  ' if line.ok else 'FAIL'}  {line.name}: {line.found}{what}\n")
    return 0 if all(line.ok for line in lines) else 1


async def _migrate(where: Where, superuser: str) -> list[str]:
    await migrations.bootstrap(where, superuser)
    return await migrations.migrate(where)


def migrate(settings: Settings, superuser: str) -> int:
    """Bring the schema to this release."""
    if settings.database is None:
        sys.stderr.write("Say where the database is: STEADY_DATABASE_HOST. (`steady demo` brings its own.)\n")
        return 2
    ran = asyncio.run(_migrate(settings.database, superuser))
    sys.stdout.write("".join(f"ran {name}\n" for name in ran) or "nothing to do\n")
    return 0

"""Every statement is proved against the migrated schema; the catalogue keeps what architecture 6 and ROW ask for."""

import importlib
import pkgutil
import types
import typing
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

import server
from server.db import connect
from server.db_where import Where
from server.postgres import SUPERUSER
from server.sql import EVERY, Nothing

for module in pkgutil.walk_packages(server.__path__, "server."):
    if not module.name.endswith(("__main__", ".cli")):
        importlib.import_module(module.name)

TYPES: dict[str, set[type]] = {
    "uuid": {UUID}, "text": {str}, "int2": {int}, "int4": {int}, "int8": {int}, "bool": {bool}, "timestamptz": {datetime}, "date": {date},
    "numeric": {Decimal}, "float8": {float}, "bytea": {bytes}, "time": {time},
}  # fmt: skip


def fits(wanted: Any, name: str) -> bool:
    """Whether a field's type can hold what a column gives."""
    arms: tuple[Any, ...] = typing.get_args(wanted) if isinstance(wanted, types.UnionType) else (wanted,)
    if name.endswith("[]") or name.startswith("_"):
        inner = name.strip("_").removesuffix("[]")
        return any(typing.get_origin(arm) is list and any(fits(one, inner) for one in typing.get_args(arm)) for arm in arms)
    return any(arm in TYPES.get(name, set()) for arm in arms)


@pytest.mark.parametrize("place", range(len(EVERY)))
async def test_every_query_gives_what_its_row_says(where: Where, place: int) -> None:
    query = EVERY[place]
    connection = await connect(where, "steady_owner")
    try:
        statement = await connection.prepare(query.sql)
        columns = [(column.name, column.type.name) for column in statement.get_attributes() or ()]
    finally:
        await connection.close()
    hints = typing.get_type_hints(query.row)
    if query.row is Nothing:
        assert len(columns) <= 1
        return
    assert [name for name, _ in columns] == list(query.row.__struct_fields__)
    wrong = [(name, kind, hints[name]) for name, kind in columns if not fits(hints[name], kind)]
    assert wrong == []


PATIENT_TABLES = ("reading", "response", "sensor_hour", "picture", "quarantine", "correction", "judgement", "episode", "flag", "episode_event",
                  "quarantine_event", "reading_link", "device_clock", "raw_file",
                  "plan", "plan_signature", "plan_pause", "expected",
                  "patient", "patient_condition", "personal_limit", "patient_fact", "access_grant",
                  "consent_event", "proxy_right", "share_opening",
                  "delivery", "message", "crisis_wish", "sent_record", "vendor_account", "uploader_key",
                  "telling")  # fmt: skip


async def rows(where: Where, sql: str) -> list[tuple[Any, ...]]:
    connection = await connect(where, SUPERUSER)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def test_row_2_every_table_and_partition_has_row_security_forced(where: Where) -> None:
    found = await rows(where, """
        select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'public' and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)
           and c.relname <> 'migration'""")  # fmt: skip
    assert found == []


async def test_citus_patient_id_leads_every_key_of_a_patient_table(where: Where) -> None:
    found = await rows(where, """
        select t.relname, i.indexrelid::regclass::text, a.attname
          from pg_index i
          join pg_class t on t.oid = i.indrelid
          join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
         where (i.indisprimary or i.indisunique) and t.relkind in ('r', 'p')""")  # fmt: skip
    wrong = [row for row in found if row[0] in PATIENT_TABLES and row[2] != "patient_id"]
    assert wrong == []
    assert {row[0] for row in found} >= set(PATIENT_TABLES)


async def test_citus_no_triggers_on_patient_tables_and_foreign_keys_keep_the_patient(where: Where) -> None:
    triggers = await rows(where, "select tgrelid::regclass::text from pg_trigger where not tgisinternal")
    assert {row[0] for row in triggers} == {"audit"}
    keys = await rows(where, """
        select c.conrelid::regclass::text, c.confrelid::regclass::text, a.attname
          from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1] where c.contype = 'f'""")  # fmt: skip
    wrong = [row for row in keys if row[0] in PATIENT_TABLES and row[0] != "patient" and row[2] != "patient_id"]
    assert wrong == []


async def test_inv_13_no_role_of_ours_is_too_strong(where: Where) -> None:
    found = await rows(where, """
        select rolname from pg_roles where rolname like 'steady_%' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)""")
    assert found == []
    owned = await rows(where, "select distinct tableowner from pg_tables where schemaname = 'public'")
    assert owned == [("steady_owner",)]


async def test_row_7_8_definer_functions_are_listed_and_nobody_may_truncate(where: Where) -> None:
    definers = await rows(where, """
        select p.proname, p.proconfig::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname = 'public' and p.prosecdef""")  # fmt: skip
    assert [row[0] for row in definers] == ["make_partitions"]
    assert "search_path=pg_catalog, pg_temp" in definers[0][1]
    strong = await rows(where, """
        select grantee, table_name, privilege_type from information_schema.role_table_grants
         where table_schema = 'public' and grantee like 'steady_%' and grantee <> 'steady_owner'
           and privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER')""")  # fmt: skip
    assert strong == []


async def test_row_10_each_role_has_its_limits(where: Where) -> None:
    found = {row[0]: row[1] for row in await rows(where, "select rolname, rolconfig::text from pg_roles where rolname like 'steady_%'")}
    for role in ("steady_app", "steady_ingest"):
        for wanted in ("statement_timeout=5s", "lock_timeout=1s", "idle_in_transaction_session_timeout=10s", "timezone=UTC"):
            assert wanted.lower() in found[role].lower()

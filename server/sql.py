"""One statement, one row type. `tests/server/test_sql.py` proves each against the migrated schema."""

from collections.abc import AsyncGenerator
from typing import Generic, LiteralString, TypeVar, cast

import msgspec

from domain.actor import Actor
from server.db import Database, Row, Tx

R = TypeVar("R", bound=msgspec.Struct)

EVERY: list["Query[msgspec.Struct]"] = []


class Query(Generic[R]):
    """A constant statement whose columns are, in order, the fields of its row type. `None` rows: a command."""

    __slots__ = ("row", "sql")

    def __init__(self, row: type[R], sql: LiteralString) -> None:
        self.row = row
        self.sql = sql
        EVERY.append(cast("Query[msgspec.Struct]", self))

    def _read(self, row: Row) -> R:
        return self.row(*cast("tuple[object, ...]", row))

    async def all(self, tx: Tx, *args: object) -> list[R]:
        """Every row."""
        return [self.row(*cast("tuple[object, ...]", row)) for row in await tx.fetch(self.sql, *args)]

    async def stream(self, tx: Tx, *args: object) -> AsyncGenerator[R]:
        """Every row, without all of them in memory."""
        async for row in tx.stream(self.sql, *args):
            yield self._read(row)

    async def one(self, tx: Tx, *args: object) -> R | None:
        """The first row, or None."""
        row = await tx.fetchrow(self.sql, *args)
        return None if row is None else self._read(row)

    async def call(self, database: Database, actor: Actor, *args: object) -> R | None:
        """The one row of a function that sets the actor's context itself (its first two arguments), in one round trip."""
        row = await database.call(actor, self.sql, *args)
        return None if row is None else self._read(row)

    async def run(self, tx: Tx, *args: object) -> None:
        """For its effect."""
        await tx.execute(self.sql, *args)


class Nothing(msgspec.Struct):
    """The row type of a command."""

"""The database. No connection without somebody who asks (ROW-3): the only file that imports the driver."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast
from uuid import UUID

import asyncpg

from domain.actor import Actor
from server.db_where import Where

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    # The driver's class takes no type argument at run time (architecture 7).
    Connection = asyncpg.Connection
ConflictError = asyncpg.UniqueViolationError
DataError = asyncpg.DataError
PostgresError = asyncpg.PostgresError
InterfaceError = asyncpg.InterfaceError
RaisedInSql = asyncpg.RaiseError
NotThereError = asyncpg.NoDataFoundError
BUSY: Final = (
    asyncpg.TooManyConnectionsError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.CannotConnectNowError,
    asyncpg.DiskFullError,
    asyncpg.AdminShutdownError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InterfaceError,
    ConnectionError,
    TimeoutError,
)
AGAIN: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


class Role(StrEnum):
    """One database role per duty (ROW-1); none owns a table, is superuser or bypasses row security (INV-13)."""

    APP = "steady_app"
    AUTH = "steady_auth"
    INGEST = "steady_ingest"
    WORKER = "steady_worker"
    WATCH = "steady_watch"
    AUDITOR = "steady_auditor"
    OWNER = "steady_owner"
    PEER = "steady_peer"
    SEAL = "steady_seal"


class Row(Protocol):
    """What a fetched record offers."""

    def __getitem__(self, key: int | str, /) -> Any: ...  # noqa: ANN401 - the driver's own type
    def __len__(self) -> int: ...


class Tx:
    """One open transaction that somebody asked for. Only `Database` makes it."""

    __slots__ = ("_connection", "actor")

    def __init__(self, connection: "Connection | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]",
                 actor: Actor | None) -> None:
        self._connection = connection
        self.actor = actor

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """All rows."""
        return cast("Sequence[Row]", await self._connection.fetch(sql, *args))

    async def stream(self, sql: str, *args: object) -> AsyncGenerator[Row]:
        """All rows, a few hundred at a time: however many there are, they never stand in memory together."""
        async for row in self._connection.cursor(sql, *args, prefetch=500):
            yield cast("Row", row)

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        """The first row, or None."""
        return cast("Row | None", await self._connection.fetchrow(sql, *args))

    async def execute(self, sql: str, *args: object) -> str:
        """Run for its effect; the command tag."""
        return await self._connection.execute(sql, *args)


class Joining:
    """A transaction of the whole request that the handler's own ones join (ING-2)."""

    def __init__(self, tx: Tx) -> None:
        self.tx = tx
        self.was_used = False
        self.patients: set[UUID] = set()
        """Whose record the request was about, so that its kept answer can be withheld once that is no longer shared."""
        self.lock = asyncio.Lock()


_JOINING: Final[ContextVar[Joining | None]] = ContextVar("joining", default=None)


def concerns(patient: UUID) -> None:
    """Say whose record the request of the moment is about."""
    joining = _JOINING.get()
    if joining is not None:
        joining.patients.add(patient)


@contextmanager
def joined(tx: Tx) -> Generator[Joining]:
    """Within, `Database.begin` for the same actor takes part in `tx` as a savepoint and does not commit."""
    joining = Joining(tx)
    token = _JOINING.set(joining)
    try:
        yield joining
    finally:
        _JOINING.reset(token)


async def connect(where: Where, role: str, *, database: str | None = None, command_timeout: float | None = 10.0,
                  ) -> Connection:
    """Open one raw connection, for the launcher, migrations, flushers and listeners only."""
    password = None
    if where.password_file is not None:
        with open(where.password_file, encoding="utf-8") as file:  # noqa: ASYNC230, PTH123 - once, at start
            password = file.read().strip()
    return await asyncpg.connect(
        host=where.host, port=where.port, user=role, database=database or where.database, password=password,
        command_timeout=command_timeout, server_settings={"application_name": "steady"}, timeout=5,
    )


class Database:
    """Pools of one process, by role. A pool is made when first asked for."""

    def __init__(self, where: Where, *, size: int = 6) -> None:
        self.where = where
        self._size = size
        self._pools: dict[Role, asyncpg.Pool[asyncpg.Record]] = {}

    async def pool(self, role: Role) -> "asyncpg.Pool[asyncpg.Record]":
        """The pool of a role, without anybody who asks: for this class, and for the floor of the bench."""
        pool = self._pools.get(role)
        if pool is None:
            password = None
            if self.where.password_file is not None:
                with open(self.where.password_file, encoding="utf-8") as file:  # noqa: ASYNC230, PTH123 - once
                    password = file.read().strip()
            pool = asyncpg.create_pool(
                host=self.where.host, port=self.where.port, user=role.value, database=self.where.database,
                password=password, min_size=0, max_size=self._size, command_timeout=10.0,
                max_inactive_connection_lifetime=300.0, server_settings={"application_name": "steady"},
            )
            self._pools[role] = pool
            await pool
        return pool

    async def connection(self, role: Role) -> Connection:
        """A connection outside the pools, for a flusher or a listener that lives as long as the process."""
        return await connect(self.where, role.value)

    async def close(self) -> None:
        """Close every pool."""
        for pool in self._pools.values():
            await pool.close()
        self._pools.clear()

    @asynccontextmanager
    async def begin(self, actor: Actor, *, one: UUID | None = None) -> AsyncGenerator[Tx]:
        """One transaction in the name of `actor`; row policies see nobody else's rights.

        `one`: it is about this person alone and sees nobody else, which spares a nurse's whole caseload being worked out.
        """
        joining = _JOINING.get()
        # The context of a transaction never changes (ROW-6): only the same actor's can be joined.
        if joining is not None and joining.tx.actor == actor:
            async with joining.lock:
                joining.was_used = True
                await joining.tx.execute("savepoint joined")
                try:
                    yield joining.tx
                except BaseException:
                    await joining.tx.execute("rollback to savepoint joined")
                    raise
            return
        # Ids are UUID objects, so nothing a caller sends becomes SQL here; one round trip instead of three.
        org = f"{actor.org_id}" if actor.org_id is not None else ""
        opening = f"begin; set local app.principal = '{actor.id}'; set local app.org = '{org}'"
        if one is not None:
            opening += f"; set local app.one = '{one}'"
        async with self._opened(Role.APP, opening, actor) as tx:
            yield tx

    @asynccontextmanager
    async def begin_peer(self, *, org: UUID | None, tags: Sequence[UUID] = (), moderator: UUID | None = None,
                         invite: UUID | None = None) -> AsyncGenerator[Tx]:  # fmt: skip
        """One transaction in the world of peer groups, which knows members by their tags only and no patient (PGS-1)."""
        named = ",".join(str(one) for one in tags)
        opening = (
            f"begin; set local app.org = '{org or ''}'; set local app.tags = '{{{named}}}'; "
            f"set local app.moderator = '{moderator or ''}'; set local app.invite = '{invite or ''}'"
        )
        async with self._opened(Role.PEER, opening, None) as tx:
            yield tx

    @asynccontextmanager
    async def begin_as(self, role: Role) -> AsyncGenerator[Tx]:
        """One transaction of a duty of the service itself (sign-in, worker, watch), with that role's rights and no more."""
        async with self._opened(role, "begin", None) as tx:
            yield tx

    async def once(self, role: Role, sql: str, *args: object) -> None:
        """One statement of a duty of the service itself, which is its own transaction: one round trip instead of three."""
        pool = await self.pool(role)
        connection = await pool.acquire(timeout=1.0)
        try:
            await connection.execute(sql, *args)
        finally:
            await pool.release(connection)

    async def call(self, actor: Actor, sql: str, *args: object) -> Row | None:
        """One statement in the name of `actor` that sets its context itself, from its first two arguments: one round trip."""
        pool = await self.pool(Role.APP)
        connection = await pool.acquire(timeout=1.0)
        try:
            return cast("Row | None", await connection.fetchrow(sql, actor.id, actor.org_id, *args))
        finally:
            await pool.release(connection)

    @asynccontextmanager
    async def _opened(self, role: Role, opening: str, actor: Actor | None) -> AsyncGenerator[Tx]:
        pool = await self.pool(role)
        connection = await pool.acquire(timeout=1.0)
        try:
            await connection.execute(opening)
            try:
                yield Tx(connection, actor)
            except BaseException:
                if not connection.is_closed():
                    await connection.execute("rollback")
                raise
            await connection.execute("commit")
        finally:
            await pool.release(connection)


async def listen(connection: Connection, channel: str, told: Callable[[str], None]) -> None:
    """Call `told` with each payload on the channel; a hint only, never the only way to know (ALP-3)."""

    def heard(_connection: object, _pid: int, _channel: str, payload: object) -> None:
        told(str(payload))

    await connection.add_listener(channel, heard)

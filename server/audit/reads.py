"""Who looked: one row per request and patient, in a grouped commit that ends before the answer leaves (INV-11)."""

import asyncio
from collections.abc import Awaitable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind
from server import clock
from server.audit.chain import NOBODY, Entry, basis_of, link
from server.audit.store import EMERGENCIES
from server.db import Database, Role, concerns

log = structlog.get_logger("audit")

ADD: Final = """
insert into audit (org_id, day, writer, seq, at, actor, actor_kind, client, jti, action, patient_id, what, n, basis, purpose,
    outcome, request_id, hash)
select a.org, $1, $2, a.seq, $3, a.actor, a.kind, a.client, a.jti, a.action, a.patient, a.what, a.n, a.basis,
       'direct-care', 'done', a.request, a.hash
  from unnest($4::uuid[], $5::integer[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::uuid[], $12::text[],
       $13::integer[], $14::text[], $15::uuid[], $16::bytea[])
    as a (org, seq, actor, kind, client, jti, action, patient, what, n, basis, request, hash)
"""


class _Seen:
    __slots__ = ("action", "actor", "answer", "basis", "n", "patient", "request_id", "what")

    def __init__(self, actor: Actor, patient: UUID, what: str, request_id: UUID, action: str, n: int,  # noqa: PLR0913
                 basis: str | None, answer: "asyncio.Future[None]") -> None:
        self.actor = actor
        self.patient = patient
        self.what = what
        self.request_id = request_id
        self.action = action
        self.n = n
        self.basis = basis
        self.answer = answer


def _refuse(seen: list[_Seen], error: BaseException) -> None:
    """An access that could not be written is no access (AUD-4)."""
    for one in seen:
        if not one.answer.done():
            one.answer.set_exception(error if isinstance(error, Exception) else RuntimeError("stopped"))


class Reads:
    """Gathers the accesses of one process and commits them together. An access that cannot be written is refused (AUD-4)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Seen] = []
        self._wake = asyncio.Event()
        self._writer = uuid7()
        self._heads: dict[tuple[UUID, date], tuple[int, bytes]] = {}
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Write what waits, then end."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task

    def record(  # noqa: PLR0913 - one row
        self, actor: Actor, patient: UUID, what: str, request_id: UUID, *, action: str = "R", n: int = 1, basis: str | None = None,
    ) -> Awaitable[None]:
        """Note one access; await the answer before data leaves. `basis` where it is not what the caller's kind has."""
        concerns(patient)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Seen(actor, patient, what, request_id, action, n, basis, answer))
        self._wake.set()
        return answer

    async def _run(self) -> None:
        while True:
            if not self._waiting:
                if self._stopping:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            seen, self._waiting = self._waiting, []
            try:
                await self._write(seen)
            except BaseException as error:
                log.error("audit.failed", error=type(error).__name__, count=len(seen))  # noqa: TRY400 - no trace of values
                _refuse(seen, error)
                if not isinstance(error, Exception):
                    raise
                continue
            for one in seen:
                if not one.answer.done():
                    one.answer.set_result(None)

    async def _write(self, seen: list[_Seen]) -> None:
        now = clock.now()
        heads, columns = self._rows(seen, now, await self._emergencies(seen))
        await self._database.once(Role.WORKER, ADD, now.date(), self._writer, now, *columns)
        self._heads.update(heads)

    async def _emergencies(self, seen: list[_Seen]) -> frozenset[tuple[UUID, UUID]]:
        """Who of the staff here looks by an emergency, at whom (ACC-7)."""
        staff = sorted({one.actor.id for one in seen if one.actor.kind is ActorKind.STAFF})
        if not staff:
            return frozenset()
        async with self._database.begin_as(Role.WORKER) as tx:
            return frozenset((row.staff_id, row.patient_id) for row in await EMERGENCIES.all(tx, staff))

    def _rows(
        self, seen: list[_Seen], now: datetime, emergencies: frozenset[tuple[UUID, UUID]]
    ) -> tuple[dict[tuple[UUID, date], tuple[int, bytes]], list[list[Any]]]:
        heads: dict[tuple[UUID, date], tuple[int, bytes]] = {}
        columns: list[list[Any]] = [[] for _ in range(13)]
        day = now.date()
        for one in seen:
            actor = one.actor
            org = actor.org_id or NOBODY
            seq, previous = heads.get((org, day)) or self._heads.get((org, day), (0, b""))
            basis = one.basis or ("emergency" if (actor.id, one.patient) in emergencies else basis_of(actor, one.patient))
            row = [org, seq + 1, actor.id, actor.kind.value, actor.client_id, actor.jti, one.action, one.patient, one.what,
                   one.n, basis, one.request_id]
            hashed = link(previous, Entry(
                self._writer, now, org, seq + 1, actor.id, actor.kind.value, actor.client_id, actor.jti, one.action, one.patient,
                one.what, one.n, basis, one.request_id,
            ))  # fmt: skip
            heads[(org, day)] = (seq + 1, hashed)
            for column, value in zip(columns, [*row, hashed], strict=True):
                column.append(value)
        return heads, columns

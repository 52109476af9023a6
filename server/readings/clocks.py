"""The clocks of devices: how far each is off, kept per person and device, used at the door and shown (F12, DQ-7)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.actor import Actor
from domain.readings import clocks
from domain.readings.reading import Draft
from server import clock
from server.db import Database
from server.sql import Nothing, Query

_KEPT_S: Final = 300.0
_MOST: Final = 50_000


class ClockRow(msgspec.Struct):
    """What is known of one clock."""

    samples: list[int]
    zone: str


class ShownRow(msgspec.Struct):
    """One clock as it is shown."""

    device: str | None
    shift_s: int | None
    last_s: int
    syncs: int
    at: datetime


FIND: Final = Query(
    ClockRow,
    """
    select coalesce(c.samples, '{}') as samples,
           coalesce((select p.zone from patient p where p.patient_id = $1), 'Europe/London') as zone
      from (select 1) as one
      left join device_clock c on c.patient_id = $1 and c.device = $2 and c.client = $3
    """,
)
KEEP: Final = Query(
    Nothing,
    """
    insert into device_clock (patient_id, device, client, samples, shift_s, at) values ($1, $2, $3, $4, $5, $6)
    on conflict (patient_id, device, client) do update
       set samples = excluded.samples, shift_s = excluded.shift_s, at = excluded.at
    """,
)
OF_PERSON: Final = Query(
    ShownRow,
    """
    select d.vendor || ' ' || d.model as device, c.shift_s, c.samples[cardinality(c.samples)] as last_s,
           cardinality(c.samples) as syncs, c.at
      from device_clock c left join device d on d.device_no = c.device
     where c.patient_id = $1
     order by c.at desc
    """,
)


class Clocks:
    """What this process remembers of clocks, so that a right one costs nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[tuple[UUID, int, str], tuple[float, ClockRow]] = {}

    async def admit(self, actor: Actor, owner: UUID, drafts: Sequence[Draft], sent_at: datetime | None) -> list[Draft]:
        """Drafts of one sync with one device, put right where its clock is known to be off. Files and history are left alone."""
        now = clock.now()
        newest = max(draft.taken_at for draft in drafts)
        said = sent_at or newest
        sample = int((now - said).total_seconds())
        # Without `sentAt` only a time that lies ahead tells of the clock: an old one may just have waited.
        if (sent_at is None and sample > -clocks.LEAST_S) or any(draft.history for draft in drafts):
            return list(drafts)
        key = (owner, drafts[0].device, actor.client_id)
        known = await self._find(actor, key)
        if not known.samples and not clocks.is_off(sample):
            return list(drafts)
        samples = [*known.samples, max(-(2**31), min(sample, 2**31 - 1))][-clocks.KEPT :]
        shift = clocks.offset_s(samples)
        if shift is None:
            shift = clocks.change_s(sample, now, known.zone)
        self._known[key] = (clock.monotonic() + _KEPT_S, ClockRow(samples, known.zone))
        async with self._database.begin(actor) as tx:
            await KEEP.run(tx, *key, samples, shift, now)
        return list(drafts) if shift is None else [clocks.put_right(draft, shift) for draft in drafts]

    async def _find(self, actor: Actor, key: tuple[UUID, int, str]) -> ClockRow:
        held = self._known.get(key)
        if held is not None and held[0] > clock.monotonic():
            return held[1]
        async with self._database.begin(actor) as tx:
            row = await FIND.one(tx, *key)
        found = row or ClockRow([], "UTC")
        if len(self._known) > _MOST:
            self._known.clear()
        self._known[key] = (clock.monotonic() + _KEPT_S, found)
        return found

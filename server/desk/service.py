"""One person's page as one reading of the record: concerns, pictures, what happened, who cares, what is shared."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, cast
from uuid import UUID

import msgspec

from domain.actor import Actor, Scope
from domain.errors import NotFound
from domain.readings.kinds import BY_NAME
from domain.readings.quality import restore_sample
from domain.readings.reading import Reading
from server import clock
from server.audit.reads import Reads
from server.db import Database, Tx
from server.desk import store
from server.episodes import service as episodes

SENSOR: Final = BY_NAME["glucose_cgm"].no
SENSOR_DAYS: Final = 14
DAYS: Final = 90
_LABORATORY: Final = timedelta(days=730)
"""What is measured once in months is shown over two years."""
_STORY: Final = timedelta(days=180)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """All that a person's page shows; what the asker may not see is not there."""

    concerns: episodes.PersonPage
    readings: Mapping[int, Sequence[store.ReadingRow]]
    samples: Sequence[Reading]
    facts: Sequence[store.FactRow]
    shared: store.SharedRow
    devices: Sequence[store.DeviceRow]
    deputies: Sequence[store.CareRow]
    happened: Sequence[store.HappenedRow]
    days: int
    as_of: datetime


async def page(  # noqa: PLR0913 - one page
    database: Database, reads: Reads, actor: Actor, patient: UUID, request_id: UUID, kinds: Sequence[int], days: int = DAYS,
) -> Page:  # fmt: skip
    """A person's page; absent and not shared look the same (ACC-3)."""
    actor.must(Scope.EPISODES_READ)
    now = clock.now()
    logged = reads.record(actor, patient, "record", request_id)
    async with database.begin(actor, one=patient) as tx:
        found = await _page(tx, actor, patient, kinds, days, now)
    await logged
    return found


async def _page(
    tx: Tx, actor: Actor, patient: UUID, kinds: Sequence[int], days: int, now: datetime
) -> Page:
    concerns = await episodes.person_in(tx, actor, patient, now)
    ends = now + timedelta(days=1)
    readings: dict[int, list[store.ReadingRow]] = {}
    rows = await store.READINGS.all(tx, patient, list(kinds), now - timedelta(days=days), ends)
    for row in [*rows, *await store.LABORATORY.all(tx, patient, now - _LABORATORY, ends)]:
        readings.setdefault(row.kind, []).append(row)
    hours = await store.HOURS.all(tx, patient, SENSOR, now - timedelta(days=SENSOR_DAYS + 1), ends)
    shared = await store.SHARED.one(tx, patient)
    assert shared is not None  # noqa: S101 - an aggregate has always its one row
    return Page(
        concerns=concerns, readings=readings, samples=[sample for hour in hours for sample in samples_of(hour)],
        facts=await store.FACTS.all(tx, patient), shared=shared, devices=await store.DEVICES.all(tx, patient, now - timedelta(days=DAYS)),
        deputies=await store.DEPUTIES.all(tx, patient, now), happened=await store.HAPPENED.all(tx, patient, now - _STORY), days=days,
        as_of=now,
    )  # fmt: skip


def samples_of(hour: store.HourRow) -> list[Reading]:
    """The believed samples of one hour as the readings they were, in order."""
    return [
        restore_sample(
            kind=hour.kind, taken_at=hour.hour + timedelta(milliseconds=ms), received_at=hour.hour, value=value, unit=unit,
            comparator=cast("Literal['<', '>'] | None", comparator or None), device=hour.device, source=0, time_source=0,
            offset_min=0, marks=(), status=status,
        )
        for ms, value, unit, comparator, status in zip(hour.ms, hour.value, hour.unit, hour.comparator, hour.status, strict=True)
        if status == 0
    ]  # fmt: skip


async def head(database: Database, actor: Actor, patient: UUID) -> str:
    """What a person is called; NotFound for whoever may not see them."""
    async with database.begin(actor, one=patient) as tx:
        found = await store.NAME.one(tx, patient)
    if found is None:
        raise NotFound
    return found.name

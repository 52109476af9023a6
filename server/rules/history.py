"""One person's past as the asker may see it, for judging it again: row security applies, class by class."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.detection.picture import Memo, View
from domain.people.patient import Profile
from domain.readings.reading import Reading, Status
from server.db import Tx
from server.readings.hours import Hour, readings_of
from server.sql import Query


class HistoryRow(msgspec.Struct):
    """One person's past as JSON."""

    history: str


class _Loaded(msgspec.Struct):
    profile: Profile
    readings: list[Reading]
    hours: list[Hour]
    gone: list[tuple[UUID, datetime]]
    apart: list[tuple[UUID, datetime]]


HISTORY: Final = Query(HistoryRow, "select history_of($1, $2, $3) as history")
_LOADED: Final = msgspec.json.Decoder(_Loaded)


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was received, also what was taken out of force, with when."""

    profile: Profile
    everything: list[Reading]
    gone: dict[UUID, datetime]
    apart: dict[UUID, datetime]

    def view(self, at: datetime, memo: Memo | None = None) -> View:
        """What a rule could see at an instant, of what was known then."""
        apart = frozenset(one for one, said_at in self.apart.items() if said_at <= at)
        return View(self.in_force(at), self.profile, at, apart=apart, memo=memo)

    def in_force(self, at: datetime | None = None) -> dict[int, list[Reading]]:
        """The readings in force, by kind and in order: now, or as they were known at an instant."""
        found: dict[int, list[Reading]] = {}
        for one in self.everything:
            if at is None:
                stands = one.status == Status.FINAL
            else:
                ended = self.gone.get(one.id)
                stands = one.received_at <= at and (one.status == Status.FINAL or (ended is not None and ended > at))
            if stands:
                found.setdefault(one.kind, []).append(one)
        return found


async def history(tx: Tx, patient: UUID, since: datetime, until: datetime) -> History:
    """Load the past of one person."""
    row = await HISTORY.one(tx, patient, since, until)
    assert row is not None  # noqa: S101 - a function always answers one row
    loaded = _LOADED.decode(row.history)
    everything = loaded.readings
    if loaded.hours:
        samples = [one for hour in loaded.hours for one in readings_of(patient, hour)]
        everything = [*everything, *sorted(samples, key=lambda one: (one.kind, one.taken_at, one.id))]
    return History(profile=loaded.profile, everything=everything, gone=dict(loaded.gone), apart=dict(loaded.apart))

"""What the worker does for plans: look for silence where it is due, restartable, at most so many people at a time (MD-1..7)."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
import structlog

from domain.detection import silence
from domain.detection.picture import FlagMark
from domain.detection.silence import Kept, Known, Looked, Period, Watch
from domain.errors import Refusal
from domain.plans.schedule import Heard, Pause
from domain.readings.kinds import BY_NO
from server.db import Database, Role
from server.ingest import Ingest
from server.sql import Nothing, Query

log = structlog.get_logger("plans")

EVERY_S: Final = 5.0
AT_ONCE: Final = 200
_LATER: Final = timedelta(hours=1)
_SELDOM: Final = timedelta(days=7)


class DueRow(msgspec.Struct):
    """Somebody whose silence is looked at now."""

    patient_id: UUID


class LoadedRow(msgspec.Struct):
    """All that is looked at for one person, as JSON."""

    text: str | None


class _Loaded(msgspec.Struct):
    version: int
    zone: str
    last_at: datetime | None
    periods: tuple[Period, ...]
    pauses: tuple[Pause, ...]
    readings: list[tuple[int, datetime, UUID]]
    responses: list[tuple[str, datetime, UUID]]
    kept: tuple[Kept, ...]
    flags: tuple[Known, ...]
    marks: tuple[FlagMark, ...]


_LOADED: Final = msgspec.json.Decoder(_Loaded)

# Somebody silent who was heard since the last look is looked at at once, so that the flag is taken back.
DUE: Final = Query(
    DueRow,
    """
    select n.patient_id from next_due n where n.at <= $1
    union
    select n.patient_id from next_due n join picture i on i.patient_id = n.patient_id and i.version > n.version
     where n.is_silent
    limit $2
    """,
)
LOAD: Final = Query(LoadedRow, "select plans_load($1, $2, $3) as text")
POSTPONE: Final = Query(Nothing, "update next_due set at = $2 where patient_id = $1")


def watch_of(patient: UUID, text: str) -> Watch:
    """What the database told of one person, as the rules of silence look at it."""
    one = _LOADED.decode(text)
    heard = [Heard(BY_NO[kind].name, at, reading) for kind, at, reading in one.readings if kind in BY_NO]
    heard += [Heard(form, at, response) for form, at, response in one.responses]
    return Watch(
        patient=patient, version=one.version, zone=one.zone, periods=one.periods, pauses=one.pauses, heard=tuple(heard),
        kept=one.kept, flags=one.flags, marks=one.marks, last_at=one.last_at,
    )  # fmt: skip


async def look(database: Database, patient: UUID, now: datetime) -> Looked | None:
    """What looking at one person comes to; None when there is no such person."""
    async with database.begin_as(Role.INGEST) as tx:
        row = await LOAD.one(tx, patient, now, sorted(silence.IDS))
    if row is None or row.text is None:
        return None
    looked = silence.look(watch_of(patient, row.text), now)
    return msgspec.structs.replace(looked, next_at=looked.next_at or now + _SELDOM)


async def silences(database: Database, ingest: Ingest, now: datetime) -> int:
    """Look at everybody who is due, and write what it comes to in one commit each; how many people."""
    async with database.begin_as(Role.WORKER) as tx:
        found = await DUE.all(tx, now, AT_ONCE)
    for row in found:
        try:
            looked = await look(database, row.patient_id, now)
            if looked is not None:
                await ingest.unheard(row.patient_id, looked, at=now)
        except (Refusal, msgspec.MsgspecError, LookupError, ArithmeticError) as error:
            # One person whose plan cannot be read must not keep the others waiting; an operator sees it in the log.
            log.error("silence.failed", error=type(error).__name__)  # noqa: TRY400 - no trace of values
            async with database.begin_as(Role.WORKER) as tx:
                await POSTPONE.run(tx, row.patient_id, now + _LATER)
    return len(found)

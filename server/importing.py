"""`steady import`: a device's export through the same door as everything else; dry run first, resumable, replayable."""

import asyncio
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.errors import Refusal
from domain.people import nhs_number
from domain.readings.reading import Draft, Duplicate, Quarantined, Rejected, Source, Stored, TimeSource
from integrations.derived import reading_id
from integrations.manifest import Delivery, Fault, Manifest, Parsed, Unreadable
from integrations.registry import for_file, manifests
from server import clock, log, postgres, raw_files
from server.auth.actor import of_patient
from server.db import BUSY, Database, PostgresError, Role
from server.db_where import Where
from server.ingest import Ingest, Part, Request
from server.settings import Settings
from server.sql import Query

CHUNK: Final = 500
PIECE: Final = 1024 * 1024
MOST_TOLD: Final = 1_000
"""Problems that are told one by one."""
MOST_INFLATED: Final = 8 * 1024**3
MOST_RATIO: Final = 200
"""XML of an export is some thirty times smaller in a zip."""
_SHOWN: Final = 20


class CannotImport(Exception):
    """The import cannot be done; the text is one line that says what to do."""


class WhoseRow(msgspec.Struct):
    """The patient of an import."""

    patient_id: UUID
    org_id: UUID
    zone: str


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What was in the file, and what became of it."""

    format: str
    readings: int
    first: datetime | None
    last: datetime | None
    faults: Sequence[Fault]
    outcomes: dict[str, int]
    dry_run: bool
    not_taken: Sequence[Fault] = ()


BY_ID: Final = Query(WhoseRow, "select patient_id, org_id, zone from patient where patient_id = $1")
BY_NUMBER: Final = Query(
    WhoseRow,
    """
    select p.patient_id, p.org_id, p.zone
      from identifier n join patient p on p.patient_id = n.patient_id
     where n.system = 'nhs-number' and n.value = $1
    """,
)


async def whose(database: Database, text: str) -> WhoseRow:
    """The patient by id or NHS number, as the operator's own role may look. Raises CannotImport."""
    async with database.begin_as(Role.OWNER) as tx:
        try:
            row = await BY_ID.one(tx, UUID(text))
        except ValueError:
            try:
                row = await BY_NUMBER.one(tx, nhs_number.admit(text, pointer=""))
            except Refusal as error:
                raise CannotImport("--patient is neither an id nor an NHS number.") from error
    if row is None:
        raise CannotImport("There is no such patient.")
    return row


def read(file: Path, patient: UUID, zone: str) -> tuple[str, Parsed]:
    """The format and its drafts. Raises CannotImport."""
    manifest, body = recognised(file)
    return manifest.title, parsed(manifest, body, file.name, patient, zone)


def pieces(file: Path) -> Iterator[bytes]:
    """The bytes of a file, or of the export.xml in a zip, a piece at a time. Raises CannotImport."""
    try:
        if not zipfile.is_zipfile(file):
            with file.open("rb") as opened:
                while piece := opened.read(PIECE):
                    yield piece
            return
        with zipfile.ZipFile(file) as archive:
            inside = next((one for one in archive.infolist() if one.filename.rpartition("/")[2] == "export.xml"), None)
            if inside is None:
                raise CannotImport(f"{file.name} is a zip without an export.xml in it.")
            if inside.flag_bits & 1:
                raise CannotImport(f"{file.name} is locked with a password.")
            size = 0
            with archive.open(inside) as opened:
                while piece := opened.read(PIECE):
                    size += len(piece)
                    # What the archive says of itself is not believed.
                    if size > MOST_INFLATED or (size > PIECE and size > MOST_RATIO * max(inside.compress_size, 1)):
                        raise CannotImport(f"{file.name} grows beyond all measure: that is no export.")
                    yield piece
    except (OSError, zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError, zlib.error) as error:
        raise CannotImport(f"{file.name} cannot be read ({type(error).__name__}).") from error


def streamed(file: Path) -> Manifest | None:
    """The adapter of a file that is read piece by piece, or None. Raises CannotImport."""
    head = next(pieces(file), b"")
    return next((one for one in manifests().values() if one.stream is not None and one.adapter.recognises(head)), None)


def recognised(file: Path) -> tuple[Manifest, bytes]:
    """The adapter that knows a file, and its bytes. Raises CannotImport."""
    try:
        body = file.read_bytes()
    except OSError as error:
        raise CannotImport(f"{file.name} cannot be read ({error.strerror}).") from error
    manifest = for_file(body)
    if manifest is None:
        known = ", ".join(one.title for one in manifests().values() if one.is_file)
        raise CannotImport(f"{file.name} is none of the formats known here: {known}.")
    return manifest, body


def parsed(manifest: Manifest, body: bytes, name: str, patient: UUID, zone: str) -> Parsed:
    """What an adapter makes of a body. Raises CannotImport."""
    try:
        return manifest.adapter.parse(Delivery(body=body, received_at=clock.now(), zone=zone, patient=str(patient), name=name))
    except Unreadable as error:
        raise CannotImport(f"{name}: {error}") from error


def stretch(drafts: Sequence[Draft], zone: str, from_: str | None, until: str | None, now: datetime) -> list[Draft]:
    """The drafts of a stretch, moved so that it ends now; each keeps its own time beside the moved one."""
    tz = ZoneInfo(zone)
    try:
        # In UTC at once: within one zone Python adds and compares by the wall clock, an hour off across a clock change.
        start = datetime.fromisoformat(from_).replace(tzinfo=tz).astimezone(UTC) if from_ else None
        end = datetime.fromisoformat(until).replace(tzinfo=tz).astimezone(UTC) if until else None
    except ValueError as error:
        raise CannotImport("--from and --until are times such as 2016-10-25T06:00.") from error
    timed = sorted(((one.taken_at.astimezone(UTC), one) for one in drafts), key=lambda pair: pair[0])
    chosen = [(at, one) for at, one in timed if (start is None or at >= start) and (end is None or at <= end)]
    if not chosen:
        raise CannotImport("There is no reading in that stretch.")
    shift = now - (end or chosen[-1][0])
    return [
        replace(
            one, id=reading_id(one.id, "replay", now.isoformat()), taken_at=at + shift,
            device_time=at, source=Source.REPLAY, time_source=TimeSource.REPLAYED, history=False,
        )
        for at, one in chosen
    ]  # fmt: skip


async def store(  # noqa: C901, PLR0913 - a case per outcome
    ingest: Ingest, actor: Actor, patient: UUID, drafts: Sequence[Draft], *, replay: bool, progress: bool,
    not_taken: list[Fault] | None = None,
) -> dict[str, int]:  # fmt: skip
    """Send drafts through the door; how many were stored, known already, held or refused. `not_taken`: each held or refused one."""
    request = Request(actor=actor, what="import", request_id=uuid7())
    counts: Counter[str] = Counter()
    size = 1 if replay else CHUNK
    for first in range(0, len(drafts), size):
        some = drafts[first : first + size]
        at = some[0].taken_at if replay else None
        ((*outcomes,),) = await ingest.submit(request, [Part(patient, some)], at=at)
        for place, outcome in enumerate(outcomes, start=first + 1):
            if not_taken is not None and isinstance(outcome, Quarantined | Rejected):
                not_taken.append(Fault(row=place, code=outcome.code, detail=outcome.detail))
            match outcome:
                case Stored():
                    counts["stored"] += 1
                case Duplicate():
                    counts["duplicate"] += 1
                case Quarantined():
                    counts["quarantined"] += 1
                case Rejected():
                    counts["rejected"] += 1
        if progress:
            sys.stderr.write(f"\r{first + len(some)} of {len(drafts)}")
    if progress:
        sys.stderr.write("\n")
    return dict(counts)


async def _import(where: Where, file: Path, patient: str, *, dry_run: bool,
                  replay: tuple[str | None, str | None] | None, progress: bool) -> Summary:  # fmt: skip
    database = Database(where)
    ingest = Ingest(database, flushers=1, cached_bytes=100)
    ingest.start()
    try:
        row = await whose(database, patient)
        big = streamed(file)
        if big is not None:
            if replay is not None:
                raise CannotImport("Such a file cannot be replayed: take a part of it.")
            return await _by_pieces(ingest, row, file, big, dry_run=dry_run, progress=progress)
        manifest, body = recognised(file)
        found = parsed(manifest, body, file.name, row.patient_id, row.zone)
        drafts = list(found.drafts)
        if replay is not None:
            drafts = stretch(drafts, row.zone, *replay, clock.now())
        outcomes: dict[str, int] = {}
        not_taken: list[Fault] = []
        if not dry_run:
            actor = of_patient(row.patient_id, row.org_id, "import", 0)
            # The bytes are kept before anything is made of them (integrations 0, rule 1). A replay is no part of the record.
            kept = None if replay is not None else await raw_files.keep(database, row.patient_id, manifest.name, manifest.version, body)
            outcomes = await store(
                ingest, actor, row.patient_id, drafts, replay=replay is not None, progress=progress, not_taken=not_taken
            )
            if kept is not None:
                await raw_files.mapped(database, row.patient_id, kept.file_id, manifest.version, drafts)
        times = [one.taken_at for one in drafts]
        return Summary(
            format=manifest.title, readings=len(drafts), first=min(times, default=None), last=max(times, default=None),
            faults=found.faults, outcomes=outcomes, dry_run=dry_run, not_taken=not_taken,
        )  # fmt: skip
    finally:
        await ingest.stop()
        await database.close()


async def _by_pieces(ingest: Ingest, row: WhoseRow, file: Path, manifest: Manifest, *, dry_run: bool, progress: bool) -> Summary:
    """A file of any size: so many readings at a time, bounded memory. What was stored is found again when it is sent again."""
    assert manifest.stream is not None  # noqa: S101 - streamed has asked
    delivery = Delivery(body=b"", received_at=clock.now(), zone=row.zone, patient=str(row.patient_id), name=file.name)
    tally = _Tally(ingest, row, dry_run=dry_run, progress=progress)
    try:
        for one in manifest.stream(pieces(file), delivery):
            tally.count(one)
            if len(tally.waiting) >= CHUNK:
                await tally.send()
        await tally.send()
    except Unreadable as error:
        raise CannotImport(f"{file.name}: {error}") from error
    if progress:
        sys.stderr.write("\n")
    return tally.summary(manifest.title)


class _Tally:
    """What a file that goes by piece by piece came to."""

    def __init__(self, ingest: Ingest, row: WhoseRow, *, dry_run: bool, progress: bool) -> None:
        self._ingest, self._row, self._dry_run, self._progress = ingest, row, dry_run, progress
        self._actor = of_patient(row.patient_id, row.org_id, "import", 0)
        self.waiting: list[Draft] = []
        self._faults: list[Fault] = []
        self._not_taken: list[Fault] = []
        self._outcomes: Counter[str] = Counter()
        self._readings = 0
        self._first: datetime | None = None
        self._last: datetime | None = None

    def count(self, one: Draft | Fault) -> None:
        """One draft or fault more."""
        if isinstance(one, Fault):
            if len(self._faults) < MOST_TOLD:
                self._faults.append(one)
            return
        self._readings += 1
        self._first = one.taken_at if self._first is None else min(self._first, one.taken_at)
        self._last = one.taken_at if self._last is None else max(self._last, one.taken_at)
        if not self._dry_run:
            self.waiting.append(one)

    async def send(self) -> None:
        """Store what waits."""
        before = self._readings - len(self.waiting)
        refused: list[Fault] = []
        found = await store(self._ingest, self._actor, self._row.patient_id, self.waiting, replay=False, progress=False, not_taken=refused)
        self._outcomes.update(found)
        self._not_taken.extend(replace(one, row=one.row + before) for one in refused[: MOST_TOLD - len(self._not_taken)])
        self.waiting.clear()
        if self._progress:
            sys.stderr.write(f"\r{self._readings} readings")

    def summary(self, title: str) -> Summary:
        """All of it."""
        return Summary(
            format=title, readings=self._readings, first=self._first, last=self._last, faults=self._faults, outcomes=dict(self._outcomes),
            dry_run=self._dry_run, not_taken=self._not_taken,
        )  # fmt: skip


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """What reading a kept file again changes, or changed."""

    format: str
    received_at: datetime
    mapper_before: int
    mapper: int
    same: int
    come: int
    go: int
    outcomes: dict[str, int]


async def _again(where: Where, patient: str, *, commit: bool, progress: bool) -> list[Again]:
    """Read every kept file of a patient again with the mappers of this release; with `commit` what differs is stored."""
    database = Database(where)
    ingest = Ingest(database, flushers=1)
    ingest.start()
    try:
        row = await whose(database, patient)
        told: list[Again] = []
        for kept in await raw_files.kept(database, row.patient_id):
            manifest = manifests().get(kept.format)
            if manifest is None:
                raise CannotImport(f"A kept file is of a format that is no longer known: {kept.format}.")
            drafts = list(parsed(manifest, raw_files.body_of(kept), "a kept file", row.patient_id, row.zone).drafts)
            found = raw_files.compare(kept, drafts)
            outcomes: dict[str, int] = {}
            if commit:
                actor = of_patient(row.patient_id, row.org_id, "import", 0)
                changes = [*found.come, *raw_files.withdrawn(found.go, manifest.version)]
                outcomes = await store(ingest, actor, row.patient_id, changes, replay=False, progress=progress)
                await raw_files.mapped(database, row.patient_id, kept.file_id, manifest.version, drafts)
            told.append(Again(
                format=manifest.title, received_at=kept.received_at, mapper_before=kept.mapper, mapper=manifest.version,
                same=found.same, come=len(found.come), go=len(found.go), outcomes=outcomes,
            ))  # fmt: skip
        return told
    finally:
        await ingest.stop()
        await database.close()


def again(settings: Settings, patient: str, *, commit: bool = False, json: bool = False) -> int:
    """Say what reading a patient's kept files again would change; with `commit` change it. 1 when something would and was not."""
    log.configure("error")
    own: postgres.Running | None = None
    try:
        where, own = _where(settings)
        told = asyncio.run(_again(where, patient, commit=commit, progress=not json and sys.stderr.isatty()))
    except (CannotImport, postgres.CannotStart, Refusal) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (PostgresError, OSError, *BUSY) as error:
        sys.stderr.write(f"The database cannot be used ({type(error).__name__}): start Steady once on it, then import again.\n")
        return 2
    finally:
        if own is not None:
            own.stop()
    if json:
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    else:
        for one in told:
            did = "" if commit else " (nothing changed yet: --commit does it)" if one.come or one.go else ""
            sys.stdout.write(f"{one.format} of {one.received_at:%d %b %Y}, mapper {one.mapper_before} to {one.mapper}: "
                             f"{one.same} the same, {one.come} new, {one.go} no longer read{did}\n")  # fmt: skip
        if not told:
            sys.stdout.write("No file of this person is kept.\n")
    return 1 if not commit and any(one.come or one.go for one in told) else 0


def main(  # noqa: PLR0913 - the options of the command
    settings: Settings, file: Path, patient: str, *, replay: bool = False, from_: str | None = None, until: str | None = None,
    dry_run: bool = False, json: bool = False,
) -> int:  # fmt: skip
    """Import a file; 0 when every row became a reading, 1 when some did not, 2 when it could not be done."""
    log.configure("error")
    own: postgres.Running | None = None
    try:
        if not replay and (from_ or until):
            raise CannotImport("--from and --until go with --replay.")  # noqa: TRY301 - one way out for every wrong use
        where, own = _where(settings)
        summary = asyncio.run(_import(
            where, file, patient, dry_run=dry_run, replay=(from_, until) if replay else None,
            progress=not json and sys.stderr.isatty(),
        ))  # fmt: skip
    except (CannotImport, postgres.CannotStart) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except Refusal as error:
        sys.stderr.write(f"The readings were not taken: {error}. Import the file again; what was stored stays stored once.\n")
        return 2
    except (PostgresError, OSError, *BUSY) as error:
        # The driver's own words may quote a value (ROW-10): its kind is enough.
        sys.stderr.write(f"The database cannot be used ({type(error).__name__}): start Steady once on it, then import again.\n")
        return 2
    finally:
        if own is not None:
            own.stop()
    sys.stdout.write(msgspec.json.encode(summary).decode() + "\n" if json else _told(summary))
    return 1 if summary.faults or summary.outcomes.get("rejected") else 0


def _where(settings: Settings) -> tuple[Where, postgres.Running | None]:
    """The database as set; else the data folder's own, which a running Steady holds already or which is started for this."""
    if settings.database is not None:
        return settings.database, None
    socket = postgres.socket_of(settings.data)
    try:
        own = postgres.start(settings.data, binaries=settings.postgres_bin)
    except postgres.CannotStart:
        # A socket that was left behind by a kill is no sign of life; the folder's lock is.
        if not (socket / ".s.PGSQL.5432").exists():
            raise
        return Where(host=str(socket), port=5432, database=postgres.DATABASE), None
    return own.where(), own


def _told(summary: Summary) -> str:
    lines = [f"{summary.format}: {summary.readings} readings" + (
        f", {summary.first:%d %b %Y %H:%M} to {summary.last:%d %b %Y %H:%M}" if summary.first and summary.last else "")]  # fmt: skip
    if summary.dry_run:
        lines.append("dry run: nothing was stored")
    lines += [f"  {name}: {count}" for name, count in sorted(summary.outcomes.items())]
    lines += [f"  row {fault.row}: {fault.detail} ({fault.code})" for fault in summary.faults[:_SHOWN]]
    if len(summary.faults) > _SHOWN:
        lines.append(f"  and {len(summary.faults) - _SHOWN} more")
    lines += [f"  reading {fault.row}, not taken: {fault.detail} ({fault.code})" for fault in summary.not_taken[:_SHOWN]]
    if len(summary.not_taken) > _SHOWN:
        lines.append(f"  and {len(summary.not_taken) - _SHOWN} more")
    return "\n".join(lines) + "\n"

"""The flusher: takes all that waits, judges it, and owns the one transaction (ING-1, INV-4).

No timer: while one group commits the next one gathers, so load makes groups bigger by itself. Caches are only caches;
the version of the picture row decides, so a crash or a second process can neither lose nor double anything.
"""

import asyncio
import base64
import contextlib
import zlib
from collections import OrderedDict, deque
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from uuid_utils.compat import uuid7

from domain import intake
from domain.actor import Actor, ActorKind
from domain.detection.engine import RULE_SET
from domain.detection.judgement import Judgement
from domain.detection.picture import FlagMark, Picture, pack, unpack
from domain.detection.silence import Expected, Looked
from domain.detection.spans import LATE, SAMPLED, SENSOR_LATE, SHORT, SPANS
from domain.episodes.episode import Episode, FlagState
from domain.errors import Busy, NotFound
from domain.people.patient import Profile
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Draft, Outcome, Reading, Rejected, Status, Stored
from server import clock, metrics
from server.audit.chain import NOBODY, Entry, basis_of, link
from server.db import Connection, Database, PostgresError, RaisedInSql, Role, concerns
from server.readings.hours import Hour, readings_of

log = structlog.get_logger("ingest")

GROUP: Final = 2_000
"""Readings in one commit, at most."""
VENDOR_SHARE: Final = 20
"""Of these, readings sent by machines at most: so long a patient's reading waits for a flood, some milliseconds (ING-11, NUM-5)."""
WAITING: Final = {False: 20_000, True: 5_000}
"""Readings that may wait in one flusher (patients, vendors) before the answer is 503."""
TRIES: Final = 5
_MOVED: Final = 2
"""What `ingest_one` answers when the picture moved on."""
CACHED_BYTES: Final = 110_000_000
"""Pictures kept as bytes in one process: over 10,000 of people with six kinds and 60 days."""
WHOLE: Final = 0.2
"""Of these so much is there as it is; who has been away for longer is kept deflated to a third (about 0.1 ms to have again)."""
HOT: Final = 20_000_000
"""Bytes of pictures kept as objects by one flusher, roughly: whoever sends one reading soon sends the next."""
_LEAST: Final = 2_500
"""What a picture counts for at least."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends, and what the audit says of it. `whole`: where one reading is rejected none of them is stored."""

    actor: Actor
    what: str
    request_id: UUID
    whole: bool = False


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided about a held reading; committed with the reading that it makes (DQ-12)."""

    held: UUID
    kind: int
    version: int
    state: str
    what: str
    reason: str


class Part(msgspec.Struct, frozen=True):
    """The drafts of one patient within a request, and the filled-in form that they come from, as a row of `response`.

    `looked`: what looking for silence came to (server/plans/jobs.py); it has no drafts.
    """

    patient: UUID
    drafts: Sequence[Draft]
    response: dict[str, Any] | None = None
    decision: Decision | None = None
    looked: Looked | None = None


class Work:
    """One request's parts, waiting for their answer. Without a request it judges again what is due."""

    __slots__ = ("answer", "at", "is_machine", "parts", "request", "size")

    def __init__(self, request: Request | None, parts: Sequence[Part], at: datetime | None,
                 answer: "asyncio.Future[list[list[Outcome]]]") -> None:
        self.request = request
        self.parts = parts
        self.at = at
        self.answer = answer
        self.size = sum(len(part.drafts) for part in parts) or 1
        self.is_machine = request is not None and request.actor.kind is ActorKind.VENDOR


class _Loaded(msgspec.Struct):
    version: int
    recent_ids: str
    orphans: dict[UUID, int]
    verdicts: dict[str, str]
    profile: Profile
    readings: list[Reading]
    hours: list[Hour]
    flags: list[FlagMark]
    episodes: list[Episode]
    due_at: datetime | None = None
    resolved: dict[str, datetime] = {}
    shadow: frozenset[str] = frozenset()
    apart: frozenset[UUID] = frozenset()


_LOADED: Final = msgspec.json.Decoder(_Loaded)
_JSON: Final = msgspec.json.Encoder(decimal_format="number")

LOAD: Final = "select ingest_load($1, $2, $3, $4, $5, $6)"
FIND: Final = "select ingest_find($1, $2)"
COMMIT: Final = (
    "select refused, stale from ingest_commit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, "
    "$18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)"
)
ONE: Final = (
    "select ingest_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, "
    "$23, $24, $25)"
)


class Pictures:
    """Pictures of one flusher: the latest as objects, those before as bytes, the rest as fewer bytes; the least used are forgotten."""

    def __init__(self, most_bytes: int = CACHED_BYTES, hot: int = HOT) -> None:
        self._most = most_bytes
        self._hot_most = hot
        self._hot: OrderedDict[UUID, tuple[Picture, int]] = OrderedDict()
        self._kept: OrderedDict[UUID, bytes] = OrderedDict()
        self._cold: OrderedDict[UUID, bytes] = OrderedDict()
        self._hot_size = self._kept_size = self._cold_size = 0

    def get(self, patient: UUID) -> Picture | None:
        """A fresh copy that may be changed, or None when it must be loaded."""
        hot = self._hot.get(patient)
        if hot is not None:
            return hot[0].fork()
        kept = self._kept.get(patient)
        if kept is not None:
            self._kept.move_to_end(patient)
            return unpack(kept)
        cold = self._cold.get(patient)
        if cold is None:
            return None
        self._cold.move_to_end(patient)
        return unpack(zlib.decompress(cold))

    def put(self, patient: UUID, picture: Picture) -> None:
        """Remember a picture as it was committed."""
        self.forget(patient)
        size = picture.readings.size + picture.diary.size + _LEAST
        self._hot[patient] = picture, size
        self._hot_size += size
        while self._hot_size > self._hot_most and len(self._hot) > 1:
            cool, (picture, size) = self._hot.popitem(last=False)
            self._hot_size -= size
            kept = self._kept[cool] = pack(picture)
            self._kept_size += len(kept)
            self._shrink()

    def _shrink(self) -> None:
        while self._kept_size > self._most * WHOLE:
            patient, kept = self._kept.popitem(last=False)
            self._kept_size -= len(kept)
            cold = self._cold[patient] = zlib.compress(kept, 1)
            self._cold_size += len(cold)
        while self._cold and self._kept_size + self._cold_size > self._most:
            _, cold = self._cold.popitem(last=False)
            self._cold_size -= len(cold)

    def forget(self, patient: UUID) -> None:
        """Load it afresh next time."""
        hot = self._hot.pop(patient, None)
        if hot is not None:
            self._hot_size -= hot[1]
        kept = self._kept.pop(patient, None)
        if kept is not None:
            self._kept_size -= len(kept)
        cold = self._cold.pop(patient, None)
        if cold is not None:
            self._cold_size -= len(cold)

    def __len__(self) -> int:
        return len(self._hot) + len(self._kept) + len(self._cold)


class _Chain:
    """The audit chain of one writer: a link per row, moved on only after the commit (AUD-2)."""

    def __init__(self) -> None:
        self.writer = uuid7()
        self._heads: dict[tuple[UUID, date], tuple[int, bytes]] = {}

    def head(self, org: UUID, day: date) -> tuple[int, bytes]:
        """The last sequence number and hash of a chain."""
        return self._heads.get((org, day), (0, b""))

    def move(self, heads: dict[tuple[UUID, date], tuple[int, bytes]]) -> None:
        """The rows are committed: their last one is the head now."""
        self._heads.update(heads)


class _Group:
    """One commit in the making: the pictures it works on, and what each request's drafts became."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.pictures: dict[UUID, Picture] = {}
        self.versions: dict[UUID, int] = {}
        self.due_before: dict[UUID, datetime | None] = {}
        self.wide: set[UUID] = set()
        self.pairs: dict[tuple[UUID, UUID, int], int] = {}
        self.taken: list[tuple[Work, Part, intake.Taken]] = []
        self.looks: list[tuple[UUID, Looked]] = []

    def add(self, work: Work, part: Part) -> list[Outcome]:
        """Take one part into its patient's picture."""
        picture = self.pictures[part.patient]
        if part.looked is not None:
            taken = intake.unheard(picture, part.looked, self.now, uuid7)
            if part.looked.version == picture.version:
                self.looks.append((part.patient, part.looked))
        elif work.request is None:
            taken = intake.again(picture, self.due_before[part.patient] or self.now, self.now, uuid7)
        else:
            taken = intake.take(picture, part.patient, part.drafts, self.now, uuid7)
            classes = [0 if (kind := BY_NAME.get(draft.kind)) is None else kind.no // 100 for draft in part.drafts]
            if part.response is not None:
                classes.append(part.response["data_class"])
            for data_class in classes:
                self.pairs.setdefault((work.request.actor.id, part.patient, data_class), len(self.pairs))
            if part.decision is not None:
                self.pairs.setdefault((work.request.actor.id, part.patient, part.decision.kind // 100), len(self.pairs))
        self.taken.append((work, part, taken))
        return taken.outcomes


class Flusher:
    """One connection, one queue; a patient always comes to the same flusher of a process."""

    def __init__(self, database: Database, pictures: Pictures) -> None:
        self._database = database
        self._pictures = pictures
        self._connection: Connection | None = None
        self._people: deque[Work] = deque()
        self._machines: deque[Work] = deque()
        self._waiting = {False: 0, True: 0}
        self._wake = asyncio.Event()
        self._chain = _Chain()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin to take work."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Commit what waits, then end."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close()

    def put(self, work: Work) -> None:
        """Queue work; refused at once when too much waits (ING-11)."""
        machine = work.is_machine
        if self._stopping or self._waiting[machine] + work.size > WAITING[machine]:
            raise Busy("Too many readings are waiting to be stored; send these again in a moment.")
        self._waiting[machine] += work.size
        (self._machines if machine else self._people).append(work)
        self._wake.set()

    async def _run(self) -> None:
        while True:
            if not self._people and not self._machines:
                if self._stopping:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            works = self._gather()
            try:
                await self._commit(works)
            except Exception as error:  # noqa: BLE001 - one bad request must not fail its neighbours
                await self._alone(works, error)

    def _gather(self) -> list[Work]:
        works: list[Work] = []
        at: datetime | None = None
        for queue, machine, room in ((self._people, False, GROUP), (self._machines, True, VENDOR_SHARE)):
            left = room
            while queue and (left >= queue[0].size or left == room):
                if works and (queue[0].at != at):
                    break
                work = queue.popleft()
                at = work.at
                self._waiting[machine] -= work.size
                left -= work.size
                works.append(work)
        return works

    async def _alone(self, works: list[Work], error: Exception) -> None:
        if len(works) == 1:
            if not isinstance(error, Busy | NotFound):
                log.error("ingest.failed", error=type(error).__name__)
            if isinstance(error, PostgresError | OSError):
                await self._drop_connection()
            if not works[0].answer.done():
                works[0].answer.set_exception(error)
            return
        for work in works:
            try:
                await self._commit([work])
            except Exception as own:  # noqa: BLE001 - answered to its own sender
                await self._alone([work], own)

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._database.connection(Role.INGEST)
        return self._connection

    async def _drop_connection(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                await self._connection.close(timeout=1)
        self._connection = None

    async def _commit(self, works: list[Work]) -> None:  # noqa: C901 - one try after another, told in order
        wide: set[UUID] = set()
        for _ in range(TRIES):
            connection = await self._connected()
            now = works[0].at or clock.now()
            group = _Group(now)
            await self._load(connection, group, works, wide)
            answers = [await self._judged(group, work) for work in works]
            spoilt = _spoilt(works, answers)
            if spoilt:
                works = [work for work in works if work not in spoilt]
                if not works:
                    return
                continue
            try:
                refused, stale = await self._write(connection, group, works)
            except RaisedInSql:
                # A reading is there that the picture did not know: read the past again and judge with it.
                wide = {part.patient for work in works for part in work.parts}
                refused, stale = None, list(wide)
            if refused:
                works = self._without(group, works, refused)
                if not works:
                    return
                continue
            if stale:
                for patient in stale:
                    self._pictures.forget(patient)
                continue
            self._done(group)
            for work, answer in zip(works, answers, strict=True):
                if not work.answer.done():
                    work.answer.set_result(answer)
            return
        raise Busy("Somebody else is writing for the same person; send this again.")

    @staticmethod
    async def _judged(group: _Group, work: Work) -> list[list[Outcome]]:
        """What became of one request's drafts. A machine's many people are judged with pauses, in which patients are served."""
        if not work.is_machine:
            return [group.add(work, part) for part in work.parts]
        outcomes: list[list[Outcome]] = []
        for part in work.parts:
            outcomes.append(group.add(work, part))
            await asyncio.sleep(0)
        return outcomes

    def _without(self, group: _Group, works: list[Work], refused: Sequence[int]) -> list[Work]:
        """Leave out the requests that may not write; the rest is judged again without them."""
        places = set(refused)
        barred = {(actor, patient) for (actor, patient, _), place in group.pairs.items() if place + 1 in places}
        kept: list[Work] = []
        for work in works:
            mine = work.request is not None and any((work.request.actor.id, part.patient) in barred for part in work.parts)
            if not mine:
                kept.append(work)
            elif not work.answer.done():
                if len(work.parts) == 1 or (work.request is not None and work.request.whole):
                    work.answer.set_exception(NotFound())
                else:
                    self._split(work, barred)
        return kept

    def _split(self, work: Work, barred: set[tuple[UUID, UUID]]) -> None:
        """Refuse the barred patients' items of a batch and queue the rest again."""
        assert work.request is not None  # noqa: S101 - only requests are barred
        actor = work.request.actor.id
        allowed = [part for part in work.parts if (actor, part.patient) not in barred]
        loop = asyncio.get_running_loop()
        inner: asyncio.Future[list[list[Outcome]]] = loop.create_future()

        def finish(done: "asyncio.Future[list[list[Outcome]]]") -> None:
            if work.answer.done():
                return
            problem = done.exception()
            if problem is not None:
                work.answer.set_exception(problem)
                return
            rest = iter(done.result())
            work.answer.set_result([
                [Rejected(draft.id, "not_yours", "", "There is no such person or device for you.") for draft in part.drafts]
                if (actor, part.patient) in barred else next(rest)
                for part in work.parts
            ])

        inner.add_done_callback(finish)
        if allowed:
            self._people.appendleft(Work(work.request, allowed, work.at, inner))
            self._waiting[False] += sum(len(part.drafts) for part in allowed) or 1
            self._wake.set()
        else:
            inner.set_result([])

    async def _load(self, connection: Connection, group: _Group, works: list[Work], wide: set[UUID]) -> None:
        """Have a picture for every patient of the group that reaches back far enough for what was sent."""
        drafts: dict[UUID, list[Draft]] = {}
        for work in works:
            for part in work.parts:
                drafts.setdefault(part.patient, []).extend(part.drafts)
        for patient, sent in drafts.items():
            picture = None if patient in wide else self._pictures.get(patient)
            if picture is None:
                picture = await self._read(connection, patient, group.now - LATE, group.now - SENSOR_LATE, group.now)
            overdue = None if sent or picture.due_at is None or picture.due_at >= group.now - LATE else picture.due_at
            if patient in wide or overdue or not intake.reaches(picture, sent, group.now) or not _knows(picture, sent):
                picture = await self._widen(connection, group, patient, sent, overdue)
            group.pictures[patient] = picture
            group.versions[patient] = picture.version
            group.due_before[patient] = picture.due_at

    async def _widen(self, connection: Connection, group: _Group, patient: UUID, sent: Sequence[Draft], overdue: datetime | None,
                     ) -> Picture:
        """A picture from well before the oldest draft (or the reading it corrects) on, or before what is due since days ago."""
        group.wide.add(patient)
        times = [draft.taken_at for draft in sent if draft.kind in BY_NAME] + ([] if overdue is None else [overdue, group.now])
        for draft in sent:
            if draft.corrects is not None:
                found: datetime | None = await connection.fetchval(FIND, patient, draft.corrects)
                if found is not None:
                    times.append(found)
        first = max(min(times, default=group.now), _OLDEST)
        last = min(max(times, default=group.now), group.now + timedelta(days=1))
        # A year of what is rare must not be read for what is frequent; only a retraction does not say its kind.
        named = {BY_NAME[draft.kind].no for draft in sent if draft.kind in BY_NAME and not draft.retracts}
        kinds = SPANS.ahead.keys() if any(draft.retracts for draft in sent) else named
        until = last + max((SPANS.ahead.get(kind, LATE) for kind in kinds), default=LATE)
        if until > group.now - LATE:
            until = group.now
        return await self._read(connection, patient, first, first, until)

    async def _read(self, connection: Connection, patient: UUID, first: datetime, first_sample: datetime, until: datetime) -> Picture:
        """The past that judging readings from an instant on needs, as far as another instant."""
        long = SPANS.long
        since, since_sample = first - SHORT, first_sample - max(SPANS.back(kind) for kind in SAMPLED)
        since_long = [first - SPANS.back(kind) for kind in long]
        text: str | None = await connection.fetchval(LOAD, patient, since, until + timedelta(days=2), since_sample, long, since_long)
        if text is None:
            raise NotFound
        loaded = _LOADED.decode(text)
        picture = Picture(
            version=loaded.version, since=since, profile=loaded.profile, flags=loaded.flags, episodes=loaded.episodes,
            recent_ids=base64.b64decode(loaded.recent_ids), orphans=loaded.orphans, verdicts=loaded.verdicts,
            due_at=loaded.due_at, apart=loaded.apart, resolved=loaded.resolved, shadow=loaded.shadow,
            since_kind=dict.fromkeys(SAMPLED, since_sample) | dict(zip(long, since_long, strict=True)),
        )
        for reading in loaded.readings:
            if reading.status == Status.FINAL:
                picture.readings.to_change(reading.kind).append(reading)
            else:
                picture.gone.append(reading)
        for hour in loaded.hours:
            _unfold(picture, patient, hour)
        for kind in SAMPLED & picture.readings.changed:
            picture.readings.to_change(kind).sort(key=lambda one: (one.taken_at, one.id))
        return picture

    async def _write(self, connection: Connection, group: _Group, works: list[Work],
                     ) -> tuple[Sequence[int] | None, Sequence[UUID] | None]:
        rows = [(part.patient, one) for _, part, taken in group.taken for one in taken.added]
        audit, heads = self._audit(group, works)
        rest = _rest(group)
        if rest is None and len(works) == len(rows) == len(audit) == audit[0][8] == 1 and _more(rows[0][1]) is None:
            found = await self._write_one(connection, group, rows[0][1], audit[0])
        else:
            found = await self._write_all(connection, group, rows, rest, audit)
        if found == (None, None):
            self._chain.move(heads)
        return found

    async def _write_one(self, connection: Connection, group: _Group, one: Reading, entry: list[Any],
                         ) -> tuple[Sequence[int] | None, Sequence[UUID] | None]:
        org, seq, actor, actor_kind, client, jti, patient, what, _, basis, request, hashed = entry
        done: int | None = await connection.fetchval(
            ONE, group.now, RULE_SET, actor, patient, one.kind // 100, group.versions[patient], group.pictures[patient].recent_ids,
            one.kind, one.taken_at, one.id, one.device, one.source, one.offset_min, one.value, one.value2,
            self._chain.writer, org, seq, actor_kind, client, jti, what, basis, request, hashed,
        )  # fmt: skip
        return ([1], None) if done == 1 else (None, [patient]) if done == _MOVED else (None, None)

    async def _write_all(self, connection: Connection, group: _Group, rows: list[tuple[UUID, Reading]], rest: str | None,
                         audit: list[list[Any]]) -> tuple[Sequence[int] | None, Sequence[UUID] | None]:
        patients = sorted(group.pictures)
        pairs = list(group.pairs)
        last: dict[UUID, datetime] = {}
        for _, part, taken in group.taken:
            for one in (*taken.added, *taken.samples):
                last[part.patient] = max(last.get(part.patient, one.taken_at), one.taken_at)
        found = await connection.fetchrow(
            COMMIT, group.now, RULE_SET,
            [pair[0] for pair in pairs] or None, [pair[1] for pair in pairs] or None, [pair[2] for pair in pairs] or None,
            patients, [group.versions[one] for one in patients],
            [group.pictures[one].recent_ids for one in patients],
            [last.get(one) for one in patients],
            *_columns(rows), rest, self._chain.writer, *(zip(*audit, strict=True) if audit else [None] * 12),
        )
        assert found is not None  # noqa: S101 - a function with out parameters always answers one row
        return found[0], found[1]

    def _audit(self, group: _Group, works: list[Work]) -> tuple[list[list[Any]], dict[tuple[UUID, date], tuple[int, bytes]]]:
        """One row per request and patient, each linked to the one before (AUD-1, AUD-2)."""
        heads: dict[tuple[UUID, date], tuple[int, bytes]] = {}
        entries: list[list[Any]] = []
        day = group.now.date()
        for work in works:
            if work.request is None:
                continue
            actor = work.request.actor
            org = actor.org_id or NOBODY
            for part in work.parts:
                seq, previous = heads.get((org, day)) or self._chain.head(org, day)
                basis = basis_of(actor, part.patient)
                hashed = link(previous, Entry(
                    self._chain.writer, group.now, org, seq + 1, actor.id, actor.kind.value, actor.client_id, actor.jti, "C",
                    part.patient, work.request.what, len(part.drafts), basis, work.request.request_id,
                ))  # fmt: skip
                heads[(org, day)] = (seq + 1, hashed)
                entries.append([
                    org, seq + 1, actor.id, actor.kind.value, actor.client_id, actor.jti, part.patient, work.request.what,
                    len(part.drafts), basis, work.request.request_id, hashed,
                ])  # fmt: skip
        return entries, heads

    def _done(self, group: _Group) -> None:
        for rule in [rule for _, _, taken in group.taken for rule in sorted(taken.unchecked)]:
            metrics.RULE_FAILURES.labels(rule).inc()
            log.error("rule.failed", code=rule)
        for patient, picture in group.pictures.items():
            if patient in group.wide:
                self._pictures.forget(patient)
                continue
            picture.version += 1
            intake.trim(picture, group.now)
            self._pictures.put(patient, picture)


_OLDEST: Final = datetime.fromisoformat("1990-01-01T00:00:00+00:00")


def _knows(picture: Picture, sent: Sequence[Draft]) -> bool:
    """Whether every reading that a draft corrects is in the picture."""
    named = {draft.corrects for draft in sent if draft.corrects is not None}
    if not named:
        return True
    named -= {one.id for series in picture.readings.values() for one in series}
    named -= {one.id for one in picture.gone}
    return not named


def _unfold(picture: Picture, patient: UUID, hour: Hour) -> None:
    """Sensor hours back into readings, in order."""
    series = picture.readings.to_change(hour.kind)
    for reading in readings_of(patient, hour):
        if reading.status == Status.FINAL:
            series.append(reading)
        else:
            picture.gone.append(reading)


def _columns(rows: list[tuple[UUID, Reading]]) -> list[Any]:
    """The readings of a group as the arguments of `ingest_commit`, r_patient to r_more."""
    if not rows:
        return [None] * 10
    readings = [one for _, one in rows]
    more = [{"place": place, **had} for place, one in enumerate(readings, 1) if (had := _more(one))]
    return [
        [patient for patient, _ in rows],
        [one.kind for one in readings],
        [one.taken_at for one in readings],
        [one.id for one in readings],
        [one.device for one in readings],
        [one.source for one in readings],
        [one.offset_min for one in readings],
        [one.value for one in readings],
        [one.value2 for one in readings],
        _JSON.encode(more).decode() if more else None,
    ]


def _more(one: Reading) -> dict[str, Any] | None:
    """What most readings do not have."""
    if not (one.marks or one.unit or one.original or one.context or one.corrects or one.status or one.time_source or one.manual
            or one.comparator or one.device_time or one.value3 is not None):  # fmt: skip
        return None
    return {"value3": one.value3, "original": one.original, "unit": one.unit, "comparator": one.comparator, "context": one.context,
            "time_source": one.time_source, "manual": one.manual, "device_time": one.device_time, "corrects": one.corrects,
            "marks": one.marks or None, "status": one.status}  # fmt: skip


def _rest(group: _Group) -> str | None:
    """What most commits do not have, as JSON for `ingest_rest`; None for a plain one."""
    moved = [patient for patient, picture in group.pictures.items() if picture.due_at != group.due_before[patient]]
    # Open pages show the number now of people in the queue, so they are told of each; of steady people nobody looks.
    watched = {part.patient for _, part, taken in group.taken
               if (taken.added or taken.samples) and group.pictures[part.patient].episodes}  # fmt: skip
    responses = [part.response for _, part, _ in group.taken if part.response is not None]
    if not (moved or watched or responses or group.looks) and all(
        part.decision is None and taken.is_plain for _, part, taken in group.taken
    ):
        return None
    rest: dict[str, list[Any]] = {
        name: [] for name in ("pictures", "statuses", "hours", "quarantine", "corrections", "judgements", "episodes", "flags",
                              "events", "timers", "outbox", "due", "changes", "decisions", "links")
    }
    for patient, picture in group.pictures.items():
        rest["pictures"].append({"patient": patient, "orphans": picture.orphans, "verdicts": picture.verdicts})
    for patient in watched:
        rest["changes"].append({"entity": "picture", "id": patient, "patient": patient, "op": "put"})
    for patient in moved:
        rest["due"].append({"patient": patient, "at": group.pictures[patient].due_at})
    for work, part, taken in group.taken:
        _rest_of(rest, group, work, part.patient, taken)
        if part.decision is not None and work.request is not None:
            rest["decisions"].append(_decision_row(part, part.decision, taken, work.request.actor.id))
    # Two requests of one group may change the same row; one statement can write it once only.
    rest["hours"] = list({(row["patient"], row["kind"], row["hour"], row["device"]): row for row in rest["hours"]}.values())
    rest["episodes"] = list({row["id"]: row for row in rest["episodes"]}.values())
    rest["timers"] = list({row["episode"]: row for row in rest["timers"]}.values())
    rest["flags"] = _each_once(rest["flags"])
    if responses:
        rest["responses"] = responses
    _looks(rest, group)
    return _JSON.encode({name: rows for name, rows in rest.items() if rows}).decode()


def _looks(rest: dict[str, list[Any]], group: _Group) -> None:
    """What looking for silence came to, if anybody was looked at."""
    if group.looks:
        rest["expected"] = [_expected_row(patient, one) for patient, looked in group.looks for one in looked.rows]
        rest["next_due"] = [
            {"patient": patient, "at": looked.next_at, "is_silent": looked.is_silent, "version": looked.version + 1}
            for patient, looked in group.looks if looked.next_at is not None
        ]


def _expected_row(patient: UUID, one: Expected) -> dict[str, Any]:
    window = one.window
    return {
        "patient": patient, "id": window.id, "key": window.key, "day": window.on, "opens_at": window.opens_at,
        "closes_at": window.closes_at, "state": one.state, "met_by": one.met_by, "met_at": one.met_at,
    }


def _each_once(flags: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last state of each flag; one that was raised and explained at once keeps the judgement that raised it."""
    found: dict[tuple[UUID, str, UUID], dict[str, Any]] = {}
    for flag in flags:
        key = (flag["patient"], flag["rule"], flag["anchor"])
        before = found.get(key)
        if before is not None:
            flag["id"] = before["id"]
            if flag["state"] in {FlagState.EXPLAINED, FlagState.WITHDRAWN}:
                flag["judgement"] = before["judgement"]
        found[key] = flag
    return list(found.values())


def _rest_of(  # noqa: C901 - one loop per table
    rest: dict[str, list[Any]], group: _Group, work: Work, patient: UUID, taken: intake.Taken
) -> None:
    actor = work.request.actor.id if work.request is not None else None
    for one, status in taken.statuses:
        if one.kind not in SAMPLED:
            rest["statuses"].append({"patient": patient, "kind": one.kind, "taken_at": one.taken_at, "id": one.id,
                                     "status": int(status)})
    touched = [*taken.samples, *(one for one, _ in taken.statuses if one.kind in SAMPLED)]
    rest["hours"].extend(_hours(group.pictures[patient], patient, touched))
    for draft, held in taken.quarantined:
        kind = BY_NAME.get(draft.kind)
        rest["quarantine"].append({"patient": patient, "id": held.id, "kind": 0 if kind is None else kind.no, "draft": draft,
                                   "code": held.code, "pointer": held.pointer, "detail": held.detail, "actor": actor})
    for one in taken.corrections:
        rest["corrections"].append({"patient": patient, "corrects": one.corrects, "id": one.id, "retracts": one.retracts,
                                    "reason": one.reason, "author": actor})
    rest["links"].extend(_link_row(patient, one, actor) for one in taken.links)
    effects = taken.effects
    classes = {flag.anchor: taken.classes.get(flag.anchor, 0) for flag in effects.flags}
    for key, judgement in effects.judgements:
        rest["judgements"].append(_judgement_row(patient, key, judgement, taken.classes.get(judgement.anchor, 0)))
    by_episode = {flag.episode: classes[flag.anchor] for flag in effects.flags if flag.episode is not None}
    for episode in effects.episodes:
        rest["episodes"].append({**msgspec.structs.asdict(episode), "patient": patient,
                                 "data_class": by_episode.get(episode.id, 0)})
    for flag in effects.flags:
        rest["flags"].append({**msgspec.structs.asdict(flag), "patient": patient, "data_class": classes[flag.anchor]})
    for event in effects.events:
        rest["events"].append({**msgspec.structs.asdict(event), "patient": patient})
    for timer in effects.timers:
        rest["timers"].append({**msgspec.structs.asdict(timer), "patient": patient})
    for notice in effects.notices:
        rest["outbox"].append({**msgspec.structs.asdict(notice), "id": uuid7(), "patient": patient})
    for changed in {episode.id for episode in effects.episodes} | {flag.episode for flag in effects.flags if flag.episode}:
        rest["changes"].append({"entity": "episode", "id": changed, "patient": patient, "op": "put"})


def _link_row(patient: UUID, one: intake.Link, actor: UUID | None) -> dict[str, Any]:
    """What stands for a reading; `kept` None: nothing does, and unless a person said so the link is gone."""
    return {
        "patient": patient, "copy": one.copy.id, "kind": one.copy.kind, "copy_at": one.copy.taken_at, "kept": one.kept,
        "said": one.by_hand, "reason": one.reason, "by": actor,
    }  # fmt: skip


def _decision_row(part: Part, decision: Decision, taken: intake.Taken, actor: UUID) -> dict[str, Any]:
    """A decision with the reading that it made; none where it made none, or found the same reading there already."""
    made = next((one.reading for draft, one in zip(part.drafts, taken.outcomes, strict=True)
                 if isinstance(one, Stored) and not draft.retracts), None)  # fmt: skip
    return {
        "patient": part.patient, "id": decision.held, "version": decision.version, "state": decision.state, "what": decision.what,
        "reason": decision.reason, "by": actor, "reading": None if made is None else made.id,
        "reading_at": None if made is None else made.taken_at,
    }  # fmt: skip


def _judgement_row(patient: UUID, key: UUID, judgement: Judgement, data_class: int) -> dict[str, Any]:
    return {
        "patient": patient, "id": key, "rule": judgement.rule, "rule_version": judgement.version, "data_class": data_class,
        "anchor": judgement.anchor, "anchor_at": judgement.anchor_at, "verdict": judgement.verdict,
        "severity": judgement.severity, "emergency": judgement.emergency, "body": judgement,
    }


_LEFT_OUT: Final = "Not stored: another reading of the same request was rejected."


def _spoilt(works: Sequence[Work], answers: Sequence[list[list[Outcome]]]) -> list[Work]:
    """Requests that are stored whole or not at all, and cannot be: they are answered, and the group is made again without them."""
    found: list[Work] = []
    for work, answer in zip(works, answers, strict=True):
        if work.request is None or not work.request.whole:
            continue
        if any(isinstance(outcome, Rejected) for part in answer for outcome in part):
            found.append(work)
            if not work.answer.done():
                work.answer.set_result([
                    [one if isinstance(one, Rejected) else Rejected(draft.id, "left_out", "", _LEFT_OUT)
                     for draft, one in zip(part.drafts, outcomes, strict=True)]
                    for part, outcomes in zip(work.parts, answer, strict=True)
                ])
    return found


def _hours(picture: Picture, patient: UUID, touched: Sequence[Reading]) -> list[dict[str, Any]]:
    """The whole hours that new samples fall into, from the picture (complete for them by the version guard)."""
    keys = {(one.kind, one.taken_at.replace(minute=0, second=0, microsecond=0), one.device) for one in touched}
    rows: list[dict[str, Any]] = []
    for kind, hour, device in sorted(keys):
        end = hour + timedelta(hours=1)
        held = [*picture.readings.get(kind, ()), *(one for one in picture.gone if one.kind == kind)]
        ones = sorted(
            (one for one in held if hour <= one.taken_at < end and one.device == device),
            key=lambda one: (one.taken_at, one.id),
        )
        first = ones[0]
        rows.append({
            "patient": patient, "kind": kind, "hour": hour, "device": device, "source": first.source,
            "time_source": first.time_source, "offset_min": first.offset_min,
            "ms": [round((one.taken_at - hour) / timedelta(milliseconds=1)) for one in ones],
            "value": [one.original[0] if one.original else one.value for one in ones],
            "unit": [one.unit for one in ones], "comparator": [one.comparator for one in ones],
            "marks": [" ".join(one.marks) for one in ones], "status": [int(one.status) for one in ones],
        })
    return rows


class Ingest:
    """All flushers of this process. `submit` answers after the commit."""

    def __init__(self, database: Database, *, flushers: int = 1, cached_bytes: int = CACHED_BYTES) -> None:
        self._pictures = [Pictures(cached_bytes // flushers) for _ in range(flushers)]
        self._flushers = [Flusher(database, pictures) for pictures in self._pictures]

    def start(self) -> None:
        """Begin to take work."""
        for flusher in self._flushers:
            flusher.start()

    async def stop(self) -> None:
        """Commit all that waits, then end."""
        for flusher in self._flushers:
            await flusher.stop()

    def _of(self, patient: UUID) -> Flusher:
        return self._flushers[patient.int % len(self._flushers)]

    async def submit(self, request: Request, parts: Sequence[Part], *, at: datetime | None = None) -> list[list[Outcome]]:
        """Store, judge and commit; the outcomes stand in the order of the parts and their drafts.

        `at` replaces the clock, for a replay only. Raises Busy when too much waits and NotFound for a single patient
        whom the actor may not write for.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[list[Outcome]]] = loop.create_future()
        key = parts[0].patient if len(parts) == 1 else request.actor.id
        for part in parts:
            concerns(part.patient)
        self._of(key).put(Work(request, parts, at, answer))
        return await answer

    async def unheard(self, patient: UUID, looked: Looked, *, at: datetime | None = None) -> None:
        """Write what looking for silence came to, and flag it, in one commit; nothing when the person was heard meanwhile."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[list[Outcome]]] = loop.create_future()
        self._of(patient).put(Work(None, [Part(patient, (), looked=looked)], at, answer))
        await answer

    async def judge_again(self, patient: UUID, *, at: datetime | None = None) -> None:
        """Judge what was waiting for a repeat that did not come, or an episode's end (worker's sweep)."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[list[Outcome]]] = loop.create_future()
        self._of(patient).put(Work(None, [Part(patient, ())], at, answer))
        await answer

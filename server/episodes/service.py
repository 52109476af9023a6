"""What staff can do with an episode, and what the queue and a person's page show; each function is one transaction."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Final, TypeVar
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from domain.detection.engine import TREND
from domain.detection.judgement import Judgement, Severity
from domain.episodes import lifecycle
from domain.episodes.episode import TAKEN, Change, DismissReason, Episode, Event, FlagState, Result, State
from domain.episodes.notify import Team
from domain.episodes.promise import Promise, promise
from domain.errors import Conflict, Invalid, NotFound, StaleVersion
from domain.readings.kinds import BY_NAME, BY_NO
from server import clock
from server.audit.reads import Reads
from server.db import Database, Tx
from server.episodes import store
from server.plans import service as plans
from server.teams import service as teams
from server.teams import store as team_store

TREND_DAYS: Final = 28
SHOWN: Final = 3
"""So many reasons stand on a card."""
_RECENT: Final = timedelta(days=7)
_WEIGHT: Final = BY_NAME["body_weight"].no
_JUDGEMENT: Final = msgspec.json.Decoder(Judgement)

T = TypeVar("T")
Step = Callable[[Tx, Episode, datetime], Awaitable[Change | None]]


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One flag with the judgement that explains it."""

    row: store.FlagRow | store.ReasonRow
    judgement: Judgement


class Concern(msgspec.Struct, frozen=True, kw_only=True):
    """One open episode and its flags."""

    row: store.QueueRow
    flags: list[store.FlagRow]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One person in the queue (AL-8: one card a person, worst first), why, and the series that shows the trend.

    `reasons` are the worst first, `more` how many others there are. `version` names the state of the picture from which the series
    follows; None: it was not asked for.
    """

    concerns: list[Concern]
    reasons: list[Reason]
    more: int
    kind: int
    series: list[store.SeriesRow]
    version: int | None = None

    @property
    def worst(self) -> Concern:
        """What decides the card's place."""
        return self.concerns[0]


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """Who needs the asker, most urgent first, and how fresh this is (INV-15)."""

    cards: list[Card]
    people: int
    as_of: datetime
    newest_at: datetime | None
    watching: teams.Watching | None = None


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """One concern as the patient sees it: what was seen, what she was told, what happens next and by when (AL-12)."""

    row: store.MineRow
    seen: list[str]
    said: list[str]
    plan: list[str]
    promise: Promise


class MyEpisodes(msgspec.Struct, frozen=True, kw_only=True):
    """The patient's own concerns, and whether anyone watches now."""

    items: list[Mine]
    said: list[str]
    watching: teams.Watching
    as_of: datetime


class PersonPage(msgspec.Struct, frozen=True, kw_only=True):
    """One person's concerns, what was said and done about them."""

    person: store.PersonRow
    episodes: list[store.EpisodeRow]
    reasons: list[Reason]
    found_late: list[Reason]
    events: list[store.EventRow]
    timers: dict[UUID, store.TimerRow]
    deliveries: list[store.DeliveryRow]
    colleagues: list[store.ColleagueRow]


def _order(concern: Concern) -> tuple[bool, bool, bool, int, bool, datetime]:
    """What needs doing before what is taken or only watched; then urgent, soon; emergencies, then the longest waiting (ux 4.2)."""
    row = concern.row
    is_watched = row.severity == Severity.INFO
    return (row.snoozed_until is not None, is_watched, row.state in TAKEN, -row.severity, not row.emergency, row.raised_at)


def _place(concerns: Sequence[Concern]) -> tuple[bool, int, bool, bool, datetime]:
    row = concerns[0].row
    return (row.snoozed_until is not None, -row.severity, row.state in TAKEN, not row.emergency, row.raised_at)


async def queue(  # noqa: PLR0913 - who asks, and what for
    database: Database, reads: Reads, actor: Actor, request_id: UUID, *, only: UUID | None = None, most: int | None = None,
    trends: bool = True, shown: int | None = SHOWN,
) -> Queue:  # fmt: skip
    """Everybody with an open concern whom the asker may see; `only` one person, for a live row; `most`: the first so many.

    `shown`: so many reasons on a card, of each rule its newest; None: every flag that was not withdrawn.
    """
    actor.must(Scope.EPISODES_READ)
    now = clock.now()
    async with database.begin(actor, one=only) as tx:
        rows = await store.QUEUE.all(tx, only)
        concerns = sorted(_concerns(rows), key=_place)[:most]
        flags = {one.row.id: one.flags for ones in concerns for one in ones}
        patients = [ones[0].row.patient_id for ones in concerns]
        # Written while the rest is read; awaited before anything is shown (INV-11).
        logged = asyncio.gather(*(reads.record(actor, patient, "queue", request_id) for patient in patients))
        count = None if only else await store.COUNT.one(tx, patients)
        watching = None if only else await teams.watching(tx, actor, now)
        for flag in await store.FLAGS.all(tx, patients, [one.row.id for ones in concerns for one in ones]):
            flags[flag.episode].append(flag)
        ranked = [_ranked(ones, every=shown is None) for ones in concerns]
        said = await _said(tx, [flag for ones in ranked for flag in ones[:shown]])
        kinds = {ones[0].row.patient_id: _trend_kind(ones) for ones in concerns} if trends else {}
        versions = _unmoved(concerns, kinds, count)
        series = await _series(tx, kinds, versions, now)
    await logged
    cards = [
        Card(
            concerns=ones, reasons=[Reason(row=flag, judgement=said[flag.judgement]) for flag in worst[:shown]],
            more=len(worst[shown:]) if shown else 0, kind=kinds.get(patient, _WEIGHT), series=series.get(patient, []),
            version=versions.get((patient, kinds.get(patient, _WEIGHT))),
        )
        for patient, ones, worst in zip(patients, concerns, ranked, strict=True)
    ]  # fmt: skip
    return Queue(cards=cards, people=count.people if count else 0, as_of=now, newest_at=count.newest_at if count else None,
                 watching=watching)  # fmt: skip


async def mine(database: Database, reads: Reads, actor: Actor, request_id: UUID) -> MyEpisodes:
    """What the patient may know of her own concerns, open or of the last week; reading it is the receipt of what was said."""
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    actor.must(Scope.READINGS_READ)
    now = clock.now()
    logged = reads.record(actor, actor.id, "my-episodes", request_id)
    async with database.begin(actor, one=actor.id) as tx:
        rows = await store.MINE.all(tx, actor.id, now - _RECENT)
        reasons = await store.REASONS.all(tx, [actor.id], [row.id for row in rows])
        said = await store.SAID.all(tx, actor.id, now - _RECENT)
        watching = await teams.watching(tx, actor, now)
        by_class = await team_store.teams(tx, [(actor.id, row.data_class) for row in rows], now)
        plan = {(one.episode, one.rule): await plans.steps_then(tx, actor.id, one.rule, one.raised_at)
                for one in reasons if one.state == FlagState.ACTIVE}  # fmt: skip
        await store.RECEIVED.run(tx, actor.id, actor.id, now)
    await logged
    items = [
        Mine(
            row=row,
            seen=[_JUDGEMENT.decode(one.body).sentence for one in reasons if one.episode == row.id and one.state == FlagState.ACTIVE],
            said=list(dict.fromkeys(one.said for one in said if one.episode == row.id)),
            plan=list(dict.fromkeys(step.words for (episode, _), steps in plan.items() if episode == row.id for step in steps)),
            promise=_promised(row, by_class.get((actor.id, row.data_class), []), now),
        )
        for row in rows
    ]  # fmt: skip
    advice = list(dict.fromkeys(one.said for one in said if one.episode is None))
    return MyEpisodes(items=items, said=advice, watching=watching, as_of=now)


def _promised(row: store.MineRow, teams_of: Sequence[Team], now: datetime) -> Promise:
    return promise(
        Severity(row.severity), State(row.state), row.raised_at, [team.calendar for team in teams_of], now, emergency=row.emergency,
        is_taken=row.is_taken,
    )  # fmt: skip


async def promises(tx: Tx, patient: UUID, now: datetime) -> list[Promise]:
    """What a person was promised about each of her open concerns, the worst first; nothing is marked as read."""
    rows = [row for row in await store.MINE.all(tx, patient, now) if row.state != State.CLOSED]
    by_class = await team_store.teams(tx, [(patient, row.data_class) for row in rows], now)
    return [_promised(row, by_class.get((patient, row.data_class), []), now) for row in rows]


def _concerns(rows: Sequence[store.QueueRow]) -> list[list[Concern]]:
    """The concerns of each person, what needs doing first before the others."""
    found: dict[UUID, list[Concern]] = {}
    for row in rows:
        found.setdefault(row.patient_id, []).append(Concern(row=row, flags=[]))
    return [sorted(ones, key=_order) for ones in found.values()]


def standing(ones: Iterable[T], flag: Callable[[T], store.FlagRow | store.ReasonRow]) -> list[T]:
    """Worst first, each rule's newest only; what still stands before what was explained."""
    found: dict[str, T] = {}
    for one in sorted(ones, key=lambda one: _weight(flag(one))):
        found.setdefault(flag(one).rule, one)
    return list(found.values())


def _weight(row: store.FlagRow | store.ReasonRow) -> tuple[bool, int, float]:
    return (row.state != FlagState.ACTIVE, -row.severity, -row.anchor_at.timestamp())


def _itself(row: store.FlagRow) -> store.FlagRow:
    return row


def _ranked(concerns: Sequence[Concern], *, every: bool) -> list[store.FlagRow]:
    """The worst reason of each concern before the second of any: no concern hides behind another's many rules."""
    of_each = (sorted(one.flags, key=_weight) if every else standing(one.flags, _itself) for one in concerns)
    return [one for turn in zip_longest(*of_each) for one in turn if one is not None]


_SAID: Final[OrderedDict[UUID, Judgement]] = OrderedDict()
"""Judgements that were read before, by id: they never change, and who may see a flag may see what it says."""
_REMEMBERS: Final = 2_000


async def _said(tx: Tx, flags: Sequence[store.FlagRow]) -> dict[UUID, Judgement]:
    """The judgements of flags that the asker was just shown."""
    found = {flag.judgement: _SAID[flag.judgement] for flag in flags if flag.judgement in _SAID}
    missing = [flag for flag in flags if flag.judgement not in found]
    if missing:
        for row in await store.BODIES.all(tx, [flag.patient_id for flag in missing], [flag.judgement for flag in missing]):
            found[row.id] = _SAID[row.id] = _JUDGEMENT.decode(row.body)
        while len(_SAID) > _REMEMBERS:
            _SAID.popitem(last=False)
    return found


def _trend_kind(concerns: Sequence[Concern]) -> int:
    for concern in concerns:
        kind = TREND.get(concern.row.group)
        if kind is not None:
            return kind
    return _WEIGHT


_Key = tuple[UUID, int]
_Known = tuple[int, list[store.SeriesRow]]
_KEPT: Final[OrderedDict[_Key, _Known]] = OrderedDict()
"""The series behind the pictures of a queue, with the version of the person's picture up to which they tell."""
_KEEPS: Final = 600


def _unmoved(concerns: Sequence[Sequence[Concern]], kinds: dict[UUID, int], count: store.CountRow | None) -> dict[_Key, int]:
    """The versions under which series may be kept. Only of the class of a concern that the asker was just allowed to read."""
    if count is None:
        return {}
    versions = dict(zip(count.patients or (), count.versions or (), strict=True))
    found: dict[_Key, int] = {}
    for ones in concerns:
        patient = ones[0].row.patient_id
        kind = kinds.get(patient)
        if kind is not None and patient in versions and any(one.row.data_class == kind // 100 for one in ones):
            found[patient, kind] = versions[patient]
    return found


async def _series(tx: Tx, kinds: dict[UUID, int], versions: dict[_Key, int], now: datetime) -> dict[UUID, list[store.SeriesRow]]:
    """Four weeks of each person's kind; what is known of somebody whose picture has not moved since is not read again."""
    start = now - timedelta(days=TREND_DAYS)
    found: dict[UUID, list[store.SeriesRow]] = {}
    for patient, kind in kinds.items():
        known = _KEPT.get((patient, kind))
        if known is not None and known[0] == versions.get((patient, kind)):
            _KEPT.move_to_end((patient, kind))
            found[patient] = [row for row in known[1] if row.taken_at >= start]
    missing = {patient: kind for patient, kind in kinds.items() if patient not in found}
    plain = {patient: kind for patient, kind in missing.items() if not BY_NO[kind].sampled}
    sampled = {patient: kind for patient, kind in missing.items() if BY_NO[kind].sampled}
    span = (start, now + timedelta(days=1))
    rows = await store.SERIES.all(tx, list(plain), list(plain.values()), *span) if plain else []
    if sampled:
        rows += await store.SENSOR_TREND.all(tx, list(sampled), list(sampled.values()), *span, now - timedelta(hours=12))
    read: dict[UUID, list[store.SeriesRow]] = {patient: [] for patient in missing}
    for row in rows:
        read[row.patient_id].append(row)
    for patient, kind in missing.items():
        version = versions.get((patient, kind))
        if version is not None:
            _KEPT[patient, kind] = (version, read[patient])
    while len(_KEPT) > _KEEPS:
        _KEPT.popitem(last=False)
    return found | read


async def person_in(tx: Tx, actor: Actor, patient: UUID, now: datetime) -> PersonPage:
    """One person's concerns and what became of them; NotFound for whoever may not see them. Seeing is the receipt (ALP-4)."""
    found = await store.PERSON.one(tx, patient)
    if found is None:
        raise NotFound
    episodes = await store.OF_PERSON.all(tx, patient, 50)
    reasons = await store.REASONS.all(tx, [patient], [episode.id for episode in episodes])
    late = await store.FOUND_LATE.all(tx, patient, 100)
    events = await store.EVENTS.all(tx, patient, 100)
    timers = {row.episode: row for row in await store.TIMERS.all(tx, patient)}
    deliveries = await store.DELIVERIES.all(tx, patient, 60)
    # Who opens the person has seen what they were told of them.
    await store.RECEIVED.run(tx, patient, actor.id, now)
    return PersonPage(
        person=found, episodes=episodes, events=events, timers=timers, deliveries=deliveries,
        colleagues=await store.COLLEAGUES.all(tx, patient, actor.id, None),
        reasons=[Reason(row=row, judgement=_JUDGEMENT.decode(row.body)) for row in reasons],
        found_late=[Reason(row=row, judgement=_JUDGEMENT.decode(row.body)) for row in late],
    )


async def _act(  # noqa: PLR0913 - one action on one episode
    database: Database, reads: Reads, actor: Actor, patient: UUID, episode: UUID, version: int | None, request_id: UUID,
    what: str, step: Step, at: datetime | None,
) -> store.EpisodeRow:
    actor.must(Scope.EPISODES_ACT)
    now = at or clock.now()
    async with database.begin(actor, one=patient) as tx:
        if await store.MOVE_PICTURE.one(tx, patient) is None:
            raise NotFound
        row = await store.ONE.one(tx, patient, episode)
        if row is None:
            raise NotFound
        before = store.episode_of(row)
        if version is not None and version != before.version:
            raise StaleVersion(f"It is version {before.version} now.")
        change = await step(tx, before, now)
        if change is not None:
            await store.change(tx, patient, before, change.episode)
            await store.set_timer(tx, patient, episode, change.timer)
            await store.log_and_tell(tx, patient, change.events, [(uuid7(), one) for one in change.notices], now, episode)
        # Whoever acts has seen what they were told (ALP-4).
        await store.RECEIVED.run(tx, patient, actor.id, now)
        found = await store.ONE.one(tx, patient, episode)
        # Awaited inside: an action whose access record cannot be written is undone (INV-11).
        await reads.record(actor, patient, what, request_id, action="U")
    assert found is not None  # noqa: S101 - it was there a line ago, in this transaction
    return found


def _plain(step: Callable[[Episode, datetime], Change | None]) -> Step:
    """A step that needs nothing but the episode."""

    async def asked(_tx: Tx, one: Episode, now: datetime) -> Change | None:
        return step(one, now)

    return asked


async def acknowledge(  # noqa: PLR0913
    database: Database, reads: Reads, actor: Actor, patient: UUID, episode: UUID, version: int | None, request_id: UUID,
    *, at: datetime | None = None,
) -> store.EpisodeRow:
    """Take it: one named owner, the same answer when she takes it again (ALP-5). `at` replaces the clock, for a replay only."""
    return await _act(database, reads, actor, patient, episode, version, request_id, "episode-acknowledge",
                      _plain(lambda one, now: lifecycle.acknowledge(one, actor.id, now)), at)


async def start(  # noqa: PLR0913
    database: Database, reads: Reads, actor: Actor, patient: UUID, episode: UUID, version: int | None, request_id: UUID,
    note: str, *, at: datetime | None = None,
) -> store.EpisodeRow:
    """Something is being done about it; who has not taken it takes it (ALP-5)."""
    return await _act(database, reads, actor, patient, episode, version, request_id, "episode-start",
                      _plain(lambda one, now: lifecycle.start(one, note, actor.id, now)), at)


async def snooze(  # noqa: PLR0913
    database: Database, reads: Reads, actor: Actor, patient: UUID, episode: UUID, version: int | None, request_id: UUID,
    until: datetime, reason: str,
) -> store.EpisodeRow:
    """Not now, with an end and a reason; never an emergency of the safety floor (AL-7)."""
    return await _act(database, reads, actor, patient, episode, version, request_id, "episode-snooze",
                      _plain(lambda one, now: lifecycle.snooze(one, until, reason, actor.id, now)), None)


async def close(  # noqa: PLR0913
    database: Database, reads: Reads, actor: Actor, patient: UUID, episode: UUID, version: int | None, request_id: UUID,
    result: Result, reason: DismissReason | None, *, at: datetime | None = None,
) -> store.EpisodeRow:
    """Done, with what came of it (AL-1, AL-11)."""
    return await _act(database, reads, actor, patient, episode, version, request_id, "episode-close",
                      _plain(lambda one, now: lifecycle.close(one, result, reason, actor.id, now)), at)


async def colleagues(database: Database, actor: Actor, patient: UUID) -> list[store.ColleagueRow]:
    """Who else may act for this person; NotFound for whoever may not see them."""
    actor.must(Scope.EPISODES_ACT)
    async with database.begin(actor, one=patient) as tx:
        if await store.PERSON.one(tx, patient) is None:
            raise NotFound
        return await store.COLLEAGUES.all(tx, patient, actor.id, None)


async def hand_over(  # noqa: PLR0913
    database: Database, reads: Reads, actor: Actor, patient: UUID, episode: UUID, version: int | None, request_id: UUID,
    to: UUID | None, note: str,
) -> store.EpisodeRow:
    """Give it to a colleague who may act on it too, or back to the team; Invalid for anybody else."""

    async def step(tx: Tx, one: Episode, now: datetime) -> Change:
        colleagues = {row.staff_id: row.name for row in await store.COLLEAGUES.all(tx, patient, actor.id, episode)}
        if to not in (None, actor.id, *colleagues):
            raise Invalid("Choose somebody who looks after this person too.", "/to")
        return lifecycle.hand_over(one, to, "" if to is None else colleagues.get(to, ""), note, actor.id, now)

    return await _act(database, reads, actor, patient, episode, version, request_id, "episode-hand-over", step, None)


async def undo(  # noqa: PLR0913
    database: Database, reads: Reads, actor: Actor, patient: UUID, episode: UUID, version: int | None, request_id: UUID,
) -> store.EpisodeRow:
    """Take back what the asker did last, within seconds (ux 4.2); Conflict when that is over."""

    async def step(tx: Tx, one: Episode, now: datetime) -> Change:
        row = await store.LAST_EVENT.one(tx, patient, episode)
        last = None if row is None else Event(episode=episode, what=row.what, at=row.at, by=row.by)
        if await store.OTHER_OPEN.one(tx, patient, episode):
            raise Conflict("The same concern was opened again meanwhile.")
        return lifecycle.undo(one, last, actor.id, now)

    return await _act(database, reads, actor, patient, episode, version, request_id, "episode-undo", step, None)

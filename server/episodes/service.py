"""What staff can do with an episode, and what the queue and a person's page show; each function is one transaction."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from domain.detection.engine import TREND
from domain.detection.judgement import Judgement, Severity
from domain.episodes import lifecycle
from domain.episodes.episode import Change, DismissReason, Episode, FlagState, Result, State
from domain.episodes.promise import Promise, promise
from domain.errors import NotFound, StaleVersion
from domain.readings.kinds import BY_NAME, BY_NO
from server import clock
from server.audit.reads import Reads
from server.db import Database, Tx
from server.episodes import store
from server.plans import service as plans
from server.teams import service as teams
from server.teams import store as team_store

TREND_DAYS: Final = 28
_RECENT: Final = timedelta(days=7)
_WEIGHT: Final = BY_NAME["body_weight"].no
_JUDGEMENT: Final = msgspec.json.Decoder(Judgement)

Step = Callable[[Episode, datetime], Change | None]


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One flag with the judgement that explains it."""

    row: store.ReasonRow
    judgement: Judgement


class Concern(msgspec.Struct, frozen=True, kw_only=True):
    """One open episode and its reasons, worst first."""

    row: store.QueueRow
    reasons: list[Reason]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One person in the queue (AL-8: one card a person, worst first) with the series that shows the trend."""

    concerns: list[Concern]
    kind: int
    series: list[store.SeriesRow]

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


def _order(concern: Concern) -> tuple[bool, bool, bool, int, bool, datetime]:
    """What needs doing before what is taken or only watched; then urgent, soon; emergencies, then the longest waiting (ux 4.2)."""
    row = concern.row
    is_watched = row.severity == Severity.INFO
    return (row.snoozed_until is not None, is_watched, row.owner is not None, -row.severity, not row.emergency, row.raised_at)


def _place(card: Card) -> tuple[bool, int, bool, bool, datetime]:
    row = card.worst.row
    return (row.snoozed_until is not None, -row.severity, row.owner is not None, not row.emergency, row.raised_at)


async def queue(database: Database, reads: Reads, actor: Actor, request_id: UUID, *, only: UUID | None = None) -> Queue:
    """Everybody with an open concern whom the asker may see; `only` one person, for a live row."""
    actor.must(Scope.EPISODES_READ)
    now = clock.now()
    async with database.begin(actor, one=only) as tx:
        rows = await store.QUEUE.all(tx, only)
        count = None if only else await store.COUNT.one(tx)
        watching = None if only else await teams.watching(tx, actor, now)
        patients = list({row.patient_id for row in rows})
        reasons = await store.REASONS.all(tx, patients, [row.id for row in rows])
        concerns = _concerns(rows, reasons)
        kinds = {patient: _trend_kind(ones) for patient, ones in concerns.items()}
        series = await _series(tx, kinds, now)
    cards = [
        Card(concerns=sorted(ones, key=_order), kind=kinds[patient], series=series.get(patient, []))
        for patient, ones in concerns.items()
    ]
    await asyncio.gather(*(reads.record(actor, patient, "queue", request_id) for patient in concerns))
    return Queue(cards=sorted(cards, key=_place), people=count.people if count else 0, as_of=now,
                 newest_at=count.newest_at if count else None, watching=watching)


async def watching(database: Database, actor: Actor) -> teams.Watching:
    """Whether anyone watches for the asker now; NotFound for a vendor."""
    if actor.kind is ActorKind.VENDOR:
        raise NotFound
    async with database.begin(actor) as tx:
        return await teams.watching(tx, actor, clock.now())


async def mine(database: Database, reads: Reads, actor: Actor, request_id: UUID) -> MyEpisodes:
    """What the patient may know of her own concerns, open or of the last week; reading it is the receipt of what was said."""
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    actor.must(Scope.READINGS_READ)
    now = clock.now()
    logged = reads.record(actor, actor.id, "my-episodes", request_id)
    async with database.begin(actor) as tx:
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
            promise=promise(
                Severity(row.severity), State(row.state), row.raised_at,
                [team.calendar for team in by_class.get((actor.id, row.data_class), [])], now, emergency=row.emergency,
                is_taken=row.is_taken,
            ),
        )
        for row in rows
    ]  # fmt: skip
    advice = list(dict.fromkeys(one.said for one in said if one.episode is None))
    return MyEpisodes(items=items, said=advice, watching=watching, as_of=now)


def _concerns(rows: list[store.QueueRow], reasons: list[store.ReasonRow]) -> dict[UUID, list[Concern]]:
    by_episode: dict[UUID | None, list[Reason]] = {}
    for row in reasons:
        by_episode.setdefault(row.episode, []).append(Reason(row=row, judgement=_JUDGEMENT.decode(row.body)))
    concerns: dict[UUID, list[Concern]] = {}
    for row in rows:
        concerns.setdefault(row.patient_id, []).append(Concern(row=row, reasons=by_episode.get(row.id, [])))
    return concerns


def _trend_kind(concerns: list[Concern]) -> int:
    for concern in sorted(concerns, key=_order):
        kind = TREND.get(concern.row.group)
        if kind is not None:
            return kind
    return _WEIGHT


async def _series(tx: Tx, kinds: dict[UUID, int], now: datetime) -> dict[UUID, list[store.SeriesRow]]:
    span = (now - timedelta(days=TREND_DAYS), now + timedelta(days=1))
    plain = {patient: kind for patient, kind in kinds.items() if not BY_NO[kind].sampled}
    sampled = {patient: kind for patient, kind in kinds.items() if BY_NO[kind].sampled}
    rows = await store.SERIES.all(tx, list(plain), list(plain.values()), *span)
    if sampled:
        rows += await store.SENSOR_TREND.all(tx, list(sampled), list(sampled.values()), *span, now - timedelta(hours=12))
    found: dict[UUID, list[store.SeriesRow]] = {}
    for row in rows:
        found.setdefault(row.patient_id, []).append(row)
    return found


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
        reasons=[Reason(row=row, judgement=_JUDGEMENT.decode(row.body)) for row in reasons],
        found_late=[Reason(row=row, judgement=_JUDGEMENT.decode(row.body)) for row in late],
    )


async def _act(  # noqa: PLR0913 - one action on one episode
    database: Database, reads: Reads, actor: Actor, patient: UUID, episode: UUID, version: int | None, request_id: UUID,
    what: str, step: Step, at: datetime | None,
) -> store.EpisodeRow:
    actor.must(Scope.EPISODES_ACT)
    now = at or clock.now()
    async with database.begin(actor) as tx:
        if await store.MOVE_PICTURE.one(tx, patient) is None:
            raise NotFound
        row = await store.ONE.one(tx, patient, episode)
        if row is None:
            raise NotFound
        before = store.episode_of(row)
        if version is not None and version != before.version:
            raise StaleVersion(f"It is version {before.version} now.")
        change = step(before, now)
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


async def acknowledge(  # noqa: PLR0913
    database: Database, reads: Reads, actor: Actor, patient: UUID, episode: UUID, version: int | None, request_id: UUID,
    *, at: datetime | None = None,
) -> store.EpisodeRow:
    """Take it: one named owner, the same answer when she takes it again (ALP-5). `at` replaces the clock, for a replay only."""
    return await _act(database, reads, actor, patient, episode, version, request_id, "episode-acknowledge",
                      lambda one, now: lifecycle.acknowledge(one, actor.id, now), at)


async def start(  # noqa: PLR0913
    database: Database, reads: Reads, actor: Actor, patient: UUID, episode: UUID, version: int | None, request_id: UUID,
    note: str, *, at: datetime | None = None,
) -> store.EpisodeRow:
    """Something is being done about it; who has not taken it takes it (ALP-5)."""
    return await _act(database, reads, actor, patient, episode, version, request_id, "episode-start",
                      lambda one, now: lifecycle.start(one, note, actor.id, now), at)


async def snooze(  # noqa: PLR0913
    database: Database, reads: Reads, actor: Actor, patient: UUID, episode: UUID, version: int | None, request_id: UUID,
    until: datetime, reason: str,
) -> store.EpisodeRow:
    """Not now, with an end and a reason; never an emergency of the safety floor (AL-7)."""
    return await _act(database, reads, actor, patient, episode, version, request_id, "episode-snooze",
                      lambda one, now: lifecycle.snooze(one, until, reason, actor.id, now), None)


async def close(  # noqa: PLR0913
    database: Database, reads: Reads, actor: Actor, patient: UUID, episode: UUID, version: int | None, request_id: UUID,
    result: Result, reason: DismissReason | None, *, at: datetime | None = None,
) -> store.EpisodeRow:
    """Done, with what came of it (AL-1, AL-11)."""
    return await _act(database, reads, actor, patient, episode, version, request_id, "episode-close",
                      lambda one, now: lifecycle.close(one, result, reason, actor.id, now), at)

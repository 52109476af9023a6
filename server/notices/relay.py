"""The relay: claim under a lease, plan, send, mark (ALP-1). A crash anywhere sends again under the same key, or not at all.

What goes to one person by one channel in one round is one message: after a pause nobody gets fifty (ALP-9, ALP-10).
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Final
from uuid import UUID

import msgspec
import structlog
from uuid_utils.compat import uuid7

from domain.detection.judgement import Severity
from domain.episodes import disturb, notify
from domain.episodes.disturb import NUDGE, Quiet
from domain.episodes.episode import State
from domain.episodes.escalation import Role as Duty
from domain.episodes.notify import Asked, Drop, Hold, Reach, Send, Team
from server.db import Database, Role, Tx
from server.faults import Fault, faultpoint
from server.notices import store
from server.notices.notifier import ACCEPTED, FAILED, GONE, REFUSED, Message, Notifier, Said
from server.notices.store import NoticeRow
from server.teams import store as teams

logger = structlog.get_logger("notice")

LEASE_S: Final = 30
AT_ONCE: Final = 200
SENDING: Final = 8
"""Messages handed over at the same time."""
FIRST_RETRY_S: Final = 2
MOST_RETRY_S: Final = 300
GIVE_UP: Final = 60
"""So many tries, five hours and more: then it is an operator's matter. A red is tried for ever."""
APP: Final = Reach("app", is_words=True)
"""Where patients read: what they are told is there as soon as it is committed."""
MY_PLACE: Final = "/me"
"""Where a person reads what there is; the link says no more than that."""


class _Letter(msgspec.Struct, kw_only=True):
    """One message and the deliveries that it carries. `said` is fixed once it was planned."""

    id: UUID
    reach: Reach
    recipient: UUID
    said: str = ""
    rows: list[tuple[NoticeRow, UUID, bool]] = []

    @property
    def is_urgent(self) -> bool:
        """Whether any of it is."""
        return any(row.severity == Severity.RED for row, _, _ in self.rows)

    @property
    def is_to_staff(self) -> bool:
        """Whether staff read it, or whoever it is about."""
        return self.rows[0][0].audience == "staff"

    @property
    def subject(self) -> str:
        """Of staff's how many of which kind, of a patient's that there is something; never who or what."""
        if self.said:
            return self.said
        if not self.is_to_staff:
            return self.rows[0][0].words if self.reach.is_words else NUDGE
        urgent = len({row.episode for row, _, _ in self.rows if row.severity == Severity.RED})
        soon = len({row.episode for row, _, _ in self.rows if row.severity == Severity.AMBER})
        return notify.subject(urgent, soon)


class _Person(msgspec.Struct, frozen=True, kw_only=True):
    """How one patient is reached besides the app."""

    reaches: list[Reach]
    quiet: Quiet
    told: list[datetime]
    wrote_at: datetime | None


_REACHES: Final = msgspec.json.Decoder(list[Reach])


def _quiet(from_at: time | None, to_at: time | None, zone: str, most: int | None) -> Quiet:
    """The hours that somebody chose, or those of everybody, by the clock where they live."""
    if from_at is None or to_at is None or most is None:
        return Quiet(zone=zone)
    return Quiet(from_at=from_at, to_at=to_at, zone=zone, most=most)


class _Post:
    """The letters of one round: what goes to one person by one channel is one letter, what went before keeps its key."""

    def __init__(self, planned: Sequence[store.DeliveryRow]) -> None:
        self._before = {(one.outbox, one.recipient, one.channel): one for one in planned}
        self._letters: dict[tuple[str, str, UUID], _Letter] = {}

    def add(self, row: NoticeRow, send: Send) -> None:
        """Put one notice into the letter to its recipient."""
        before = self._before.get((row.id, send.recipient, send.reach.channel))
        # What is said in words is said by itself; that there is something, and what staff are told, is gathered.
        own = str(before.message) if before is not None else str(row.id) if send.reach.is_words else ""
        letter = self._letters.setdefault(
            (own, send.reach.channel + send.reach.address, send.recipient),
            _Letter(
                id=uuid7() if before is None else before.message, reach=send.reach, recipient=send.recipient,
                said="" if before is None else before.said,
            ),
        )  # fmt: skip
        letter.rows.append((row, uuid7() if before is None else before.id, before is None))

    @property
    def letters(self) -> list[_Letter]:
        """All of them."""
        return list(self._letters.values())


class Relay:
    """Hands notices on, for one worker process."""

    def __init__(self, database: Database, channels: Mapping[str, Notifier], *, url: str, brand: str = "Steady") -> None:
        self._database = database
        self._channels = channels
        self._url = url
        self._brand = brand
        self._id = uuid7()

    async def run(self) -> int:
        """One round; how many notices were claimed."""
        async with self._database.begin_as(Role.WORKER) as tx:
            await store.RECEIPTS.run(tx)
            rows = await store.CLAIM.all(tx, self._id, LEASE_S, AT_ONCE)
        if not rows:
            return 0
        faultpoint(Fault.RELAY_AFTER_CLAIM)
        async with self._database.begin_as(Role.WORKER) as tx:
            letters = await self._plan(tx, rows)
        faultpoint(Fault.RELAY_AFTER_PLAN)
        room = asyncio.Semaphore(SENDING)
        answers = await asyncio.gather(*(self._send(room, letter) for letter in letters))
        faultpoint(Fault.RELAY_AFTER_SEND)
        async with self._database.begin_as(Role.WORKER) as tx:
            await self._mark(tx, list(zip(letters, answers, strict=True)))
        faultpoint(Fault.RELAY_AFTER_MARK)
        return len(rows)

    async def _plan(self, tx: Tx, rows: Sequence[NoticeRow]) -> list[_Letter]:
        """Who gets what, written down before anything is sent; what waits or is not needed is settled here."""
        clock = await store.NOW.one(tx)
        assert clock is not None  # noqa: S101 - the clock always answers
        looked_after = await teams.duty(tx, list({(row.patient_id, row.data_class or 0) for row in rows}), clock.at)
        told: dict[UUID, dict[UUID, datetime]] = {row.patient_id: {} for row in rows}
        for one in await store.TOLD.all(tx, list(told)):
            told[one.patient_id][one.recipient] = one.at
        reached = await self._reached(tx, rows)
        resting = await self._resting(tx, rows, looked_after)
        post = _Post(await store.PLANNED.all(tx, [row.patient_id for row in rows], [row.id for row in rows]))
        for row in rows:
            here = looked_after.get((row.patient_id, row.data_class or 0), [])
            decided = (
                _decided(row, here, told[row.patient_id], resting, clock.at) if row.audience == "staff"
                else _to_patient(row, reached.get(row.patient_id), clock.at)
            )  # fmt: skip
            if isinstance(decided, Hold):
                await store.AGAIN.one(tx, row.id, row.fence, decided.until, 0, f"held: {decided.reason}", 0)
            elif isinstance(decided, Drop):
                await self._drop(tx, row, decided)
            else:
                for send in decided:
                    post.add(row, send)
        for letter in post.letters:
            await self._write(tx, letter)
        return post.letters

    @staticmethod
    async def _reached(tx: Tx, rows: Sequence[NoticeRow]) -> dict[UUID, _Person]:
        """How each patient who is to hear that there is something wants to be reached, and when she heard so before."""
        wanted = list({row.patient_id for row in rows if row.audience == "nudge"})
        if not wanted:
            return {}
        nudged: dict[UUID, list[datetime]] = {}
        for one in await store.NUDGED.all(tx, wanted):
            nudged.setdefault(one.patient_id, []).append(one.at)
        return {
            one.patient_id: _Person(
                reaches=_REACHES.decode(one.channels), wrote_at=one.wrote_at, told=nudged.get(one.patient_id, []),
                quiet=_quiet(one.from_at, one.to_at, one.zone, one.most),
            )
            for one in await store.PEOPLE.all(tx, wanted)
        }  # fmt: skip

    @staticmethod
    async def _resting(tx: Tx, rows: Sequence[NoticeRow], here: Mapping[tuple[UUID, int], Sequence[Team]]) -> dict[UUID, Quiet]:
        """The quiet hours of the staff who may be told in this round."""
        if not any(row.audience == "staff" and row.severity != Severity.RED for row in rows):
            return {}
        people = list({member.id for teams_of in here.values() for team in teams_of for member in team.members})
        return {one.principal_id: _quiet(one.from_at, one.to_at, one.zone, one.most) for one in await store.QUIET.all(tx, people)}

    @staticmethod
    async def _write(tx: Tx, letter: _Letter) -> None:
        for row, key, is_new in letter.rows:
            if is_new:
                await store.PLAN.run(tx, row.patient_id, key, row.id, row.episode, row.audience, row.role, row.topic,
                                     letter.recipient, letter.reach.channel, letter.id, letter.subject)
            else:
                await store.RETRY.run(tx, row.patient_id, key)

    @staticmethod
    async def _drop(tx: Tx, row: NoticeRow, drop: Drop) -> None:
        await store.DONE.one(tx, row.id, row.fence, f"not sent: {drop.reason}")
        await store.FORGET.run(tx, row.patient_id, row.id)
        if row.severity == Severity.RED and drop.reason in _ALARMING:
            # Nobody hears of it here, so whoever runs the service must; the ladder goes on (AL-6).
            logger.error("notice.nobody", topic=f"{row.role}-{row.topic}", episode=str(row.episode), reason=drop.reason)

    async def _send(self, room: asyncio.Semaphore, letter: _Letter) -> Said:
        channel = self._channels.get(letter.reach.channel)
        if letter.reach.channel == APP.channel:
            return Said(ACCEPTED, APP.channel)
        if channel is None:
            return Said(REFUSED, "no such channel")
        async with room:
            return await channel.send(self._message(letter))

    def _message(self, letter: _Letter) -> Message:
        is_words = letter.reach.is_words
        place = "/" if letter.is_to_staff else MY_PLACE
        return Message(
            id=letter.id, address=letter.reach.address, urgent=letter.is_urgent,
            # Words of care stand in the body alone: subjects are shown on locked screens.
            subject=self._brand if is_words else f"{self._brand}: {letter.subject}",
            body=letter.subject if is_words else f"{letter.subject}.", link="" if is_words else f"{self._url.rstrip('/')}{place}",
        )  # fmt: skip

    @staticmethod
    async def _mark(tx: Tx, sent: Sequence[tuple[_Letter, Said]]) -> None:
        """What each provider said. A notice that nobody took is tried again, a red by the next channel at once (ALP-4)."""
        answers: dict[UUID, tuple[NoticeRow, list[Said]]] = {}
        for letter, said in sent:
            if said.code == GONE:
                await store.END_CONTACT.run(tx, letter.recipient, letter.reach.channel, letter.reach.address)
                await store.END_CHANNEL.run(tx, letter.recipient, letter.reach.channel, letter.reach.address)
            for row, key, _ in letter.rows:
                await store.SENT.run(tx, row.patient_id, key, said.state, said.code)
                answers.setdefault(row.id, (row, []))[1].append(said)
        for row, said in answers.values():
            code = ",".join(one.code for one in said)
            if any(one.state == ACCEPTED for one in said):
                is_ours = await store.DONE.one(tx, row.id, row.fence, ACCEPTED)
                if is_ours is not None and row.audience == "patient":
                    await store.NUDGE.run(tx, uuid7(), row.id)
                continue
            logger.warning("notice.failed", topic=f"{row.role}-{row.topic}", attempt=row.attempts, code=code)
            is_red = row.severity == Severity.RED
            if row.attempts >= GIVE_UP and not is_red:
                await store.DONE.one(tx, row.id, row.fence, f"{FAILED}: {code}")
                continue
            # A red goes by the next channel at once; else one that is refused for good does, or fails a second time.
            moves = int(row.attempts % 2 == 1 if is_red else row.attempts % 2 == 0 or all(one.state == REFUSED for one in said))
            wait = 0 if is_red and row.attempts == 1 else min(FIRST_RETRY_S * 2 ** min(row.attempts, 8), MOST_RETRY_S)
            await store.AGAIN.one(tx, row.id, row.fence, None, wait, f"{FAILED}: {code}", moves)


_ALARMING: Final = frozenset({"nobody on duty", "nobody shares"})


def _decided(
    row: NoticeRow, here: Sequence[Team], told: dict[UUID, datetime], resting: Mapping[UUID, Quiet], now: datetime
) -> tuple[Send, ...] | Hold | Drop:
    asked = Asked(
        role=Duty(row.role), topic=row.topic, place=row.place, severity=Severity(row.severity or Severity.INFO),
        state=State(row.state or State.OPEN), owner=row.recipient or row.owner, snoozed_until=row.snoozed_until,
    )  # fmt: skip
    found = notify.decide(asked, here, told, now)
    if isinstance(found, (Hold, Drop)) or asked.severity is Severity.RED:
        return found
    awake = [(send, None if quiet is None else disturb.quiet_until(quiet, now)) for send in found for quiet in [resting.get(send.recipient)]]
    free = tuple(send for send, until in awake if until is None)
    return free or Hold(min(until for _, until in awake if until is not None), "quiet hours")


def _to_patient(row: NoticeRow, person: _Person | None, now: datetime) -> tuple[Send, ...] | Hold | Drop:
    """What is said stands in the app at once; that it does, and an answer to a text, goes out by the person's own channels."""
    if row.audience == "patient":
        return (Send(row.patient_id, APP),)
    if row.audience == "text":
        return (Send(row.patient_id, Reach("sms", row.address, is_words=True)),)
    if person is None:
        return Drop("no channel")
    severity = Severity(row.severity or Severity.INFO)
    found = disturb.disturb(severity, person.reaches, row.place, person.quiet, person.told, now, wrote_at=person.wrote_at)
    return (Send(row.patient_id, found),) if isinstance(found, Reach) else found

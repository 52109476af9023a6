"""The relay: claim under a lease, plan, send, mark (ALP-1). A crash anywhere sends again under the same key, or not at all.

What goes to one person by one channel in one round is one message: after a pause nobody gets fifty (ALP-9, ALP-10).
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import structlog
from uuid_utils.compat import uuid7

from domain.detection.judgement import Severity
from domain.episodes import notify
from domain.episodes.episode import State
from domain.episodes.escalation import Role as Duty
from domain.episodes.notify import Asked, Drop, Hold, Reach, Send, Team
from server.db import Database, Role, Tx
from server.faults import Fault, faultpoint
from server.notices import store
from server.notices.channels import Channel, Message, Said
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
APP: Final = Reach("app")
"""Where patients read: what they are told is there as soon as it is committed."""


class _Letter(msgspec.Struct, kw_only=True):
    """One message and the deliveries that it carries. `said` is fixed once it was planned."""

    id: UUID
    channel: str
    address: str
    recipient: UUID
    said: str = ""
    rows: list[tuple[NoticeRow, UUID, bool]] = []

    @property
    def subject(self) -> str:
        """How many of which kind; never who or what."""
        if self.said:
            return self.said
        urgent = len({row.episode for row, _, _ in self.rows if row.severity == Severity.RED})
        soon = len({row.episode for row, _, _ in self.rows if row.severity == Severity.AMBER})
        return notify.subject(urgent, soon)


class _Post:
    """The letters of one round: what goes to one person by one channel is one letter, what went before keeps its key."""

    def __init__(self, planned: Sequence[store.DeliveryRow]) -> None:
        self._before = {(one.outbox, one.recipient, one.channel): one for one in planned}
        self._letters: dict[tuple[str, str, UUID], _Letter] = {}

    def add(self, row: NoticeRow, send: Send) -> None:
        """Put one notice into the letter to its recipient."""
        before = self._before.get((row.id, send.recipient, send.reach.channel))
        # What a patient is told is hers alone; what staff are told is gathered.
        own = str(before.message) if before is not None else str(row.id) if row.audience == "patient" else ""
        letter = self._letters.setdefault(
            (own, send.reach.channel + send.reach.address, send.recipient),
            _Letter(
                id=uuid7() if before is None else before.message, channel=send.reach.channel, address=send.reach.address,
                recipient=send.recipient, said="" if before is None else before.said,
            ),
        )  # fmt: skip
        letter.rows.append((row, uuid7() if before is None else before.id, before is None))

    @property
    def letters(self) -> list[_Letter]:
        """All of them."""
        return list(self._letters.values())


class Relay:
    """Hands notices on, for one worker process."""

    def __init__(self, database: Database, channels: Mapping[str, Channel], *, url: str, brand: str = "Steady") -> None:
        self._database = database
        self._channels = channels
        self._url = url
        self._brand = brand
        self._id = uuid7()

    async def run(self) -> int:
        """One round; how many notices were claimed."""
        async with self._database.begin_as(Role.WORKER) as tx:
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
        post = _Post(await store.PLANNED.all(tx, [row.patient_id for row in rows], [row.id for row in rows]))
        for row in rows:
            here = looked_after.get((row.patient_id, row.data_class or 0), [])
            decided = _decided(row, here, told[row.patient_id], clock.at)
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
    async def _write(tx: Tx, letter: _Letter) -> None:
        for row, key, is_new in letter.rows:
            if is_new:
                await store.PLAN.run(tx, row.patient_id, key, row.id, row.episode, row.audience, row.role, row.topic,
                                     letter.recipient, letter.channel, letter.id, _words(row, letter))
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
        channel = self._channels.get(letter.channel)
        if letter.channel == APP.channel:
            return Said("accepted", "app")
        if channel is None:
            return Said("refused", "no such channel")
        body = f"{letter.subject}.\n\nOpen the desk: {self._url}/\n"
        message = Message(id=letter.id, address=letter.address, subject=f"{self._brand}: {letter.subject}", body=body)
        async with room:
            return await channel.send(message)

    @staticmethod
    async def _mark(tx: Tx, sent: Sequence[tuple[_Letter, Said]]) -> None:
        """What each provider said. A notice that nobody took is tried again, a red by the next channel at once (ALP-4)."""
        answers: dict[UUID, tuple[NoticeRow, list[Said]]] = {}
        for letter, said in sent:
            for row, key, _ in letter.rows:
                await store.SENT.run(tx, row.patient_id, key, said.state, said.code)
                answers.setdefault(row.id, (row, []))[1].append(said)
        for row, said in answers.values():
            code = ",".join(one.code for one in said)
            if any(one.state == "accepted" for one in said):
                await store.DONE.one(tx, row.id, row.fence, "accepted")
                continue
            logger.warning("notice.failed", topic=f"{row.role}-{row.topic}", attempt=row.attempts, code=code)
            is_red = row.severity == Severity.RED
            if row.attempts >= GIVE_UP and not is_red:
                await store.DONE.one(tx, row.id, row.fence, f"failed: {code}")
                continue
            moves = int(is_red and row.attempts % 2 == 1)
            wait = 0 if is_red and row.attempts == 1 else min(FIRST_RETRY_S * 2 ** min(row.attempts, 8), MOST_RETRY_S)
            await store.AGAIN.one(tx, row.id, row.fence, None, wait, f"failed: {code}", moves)


_ALARMING: Final = frozenset({"nobody on duty", "nobody shares"})


def _decided(row: NoticeRow, here: Sequence[Team], told: dict[UUID, datetime], now: datetime) -> tuple[Send, ...] | Hold | Drop:
    if row.audience == "patient":
        return (Send(row.patient_id, APP),)
    asked = Asked(
        role=Duty(row.role), topic=row.topic, place=row.place, severity=Severity(row.severity or Severity.INFO),
        state=State(row.state or State.OPEN), owner=row.recipient or row.owner, snoozed_until=row.snoozed_until,
    )  # fmt: skip
    return notify.decide(asked, here, told, now)


def _words(row: NoticeRow, letter: _Letter) -> str:
    """What is said, kept with the delivery (ALP-12): the advice's own words, or the subject."""
    return row.words or letter.subject

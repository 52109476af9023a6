"""What a person may rely on now; each function is one transaction."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.actor import Actor, ActorKind, Scope
from domain.episodes.promise import WORDS, Next, Promise, honest
from domain.errors import NotFound
from domain.messages.reply import Reply, promise
from domain.readings.kinds import BY_NO, DataClass
from server import clock
from server.audit.reads import Reads
from server.care import store, words
from server.db import Database
from server.episodes import service as episodes
from server.teams import service as teams
from server.teams import store as team_store

NOTHING_OPEN: Final = "Nothing about you waits for anybody."


class CareNow(msgspec.Struct, frozen=True, kw_only=True):
    """Who watches until when, what happens next and by when, when the newest reading was judged, what to do meanwhile (F49, INV-15)."""

    watching: teams.Watching
    said: words.Said
    concerns: int
    next: Promise | None
    next_says: str
    reply: Reply | None
    reading: store.NowRow
    judged_says: str
    held_says: str
    as_of: datetime

    @property
    def told_by_text(self) -> str:
        """What follows the answer to a reading: what happens next, and who watches."""
        return f"{self.next_says} {self.said.who}" if self.next is not None else self.said.text


async def watching(database: Database, actor: Actor) -> tuple[teams.Watching, datetime]:
    """Whether anyone watches for the asker now; NotFound for a vendor."""
    if actor.kind is ActorKind.VENDOR:
        raise NotFound
    now = clock.now()
    async with database.begin(actor) as tx:
        return await teams.watching(tx, actor, now), now


async def care_now(database: Database, reads: Reads, actor: Actor, request_id: UUID, ready: dict[str, Any]) -> CareNow:
    """All of it for the asker herself; `ready` says whether what is due is judged and told."""
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound
    actor.must(Scope.READINGS_READ)
    now = clock.now()
    logged = reads.record(actor, actor.id, "care-now", request_id)
    async with database.begin(actor, one=actor.id) as tx:
        row = await store.NOW.one(tx, actor.id, now)
        if row is None:
            raise NotFound
        found = await teams.watching(tx, actor, now)
        promised = await episodes.promises(tx, actor.id, now)
        record = (actor.id, int(DataClass.RECORD))
        readers = (await team_store.teams(tx, [record], now)).get(record, []) if row.asked_at is not None else []
    await logged
    is_current: bool = ready["watching"]
    local = now.astimezone(ZoneInfo(row.zone))
    following = honest(promised[0], is_current=is_current) if promised else None
    label = None if row.kind is None else BY_NO[row.kind].label
    judged = words.judged(label, row.taken_at, row.judged_at, local)
    return CareNow(
        watching=found, said=words.said(found, local, is_current=is_current), concerns=len(promised), next=following,
        next_says=NOTHING_OPEN if following is None else _next(following, local),
        reply=None if row.asked_at is None else promise([team.calendar for team in readers], row.asked_at), reading=row,
        judged_says=judged if is_current else f"{judged} {words.lagging(ready['lagS'])}", held_says=words.held(row.held), as_of=local,
    )  # fmt: skip


def _next(following: Promise, now: datetime) -> str:
    says = WORDS[following.what]
    if following.by is None:
        return says
    head, _, rest = says.partition(". ")
    joint = "," if following.what is Next.LOOKED_AT_FROM else " by"
    return f"{head}{joint} {words.at(following.by, now)}. {rest}"

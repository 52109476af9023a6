"""What a member can do in a group. Two worlds that share no row: hers, where she is named, and the group's, where she is a handle.

Each function enters the group's world under the tag that only her own request can make; nothing of it is written beside
her name, no audit row, no stored answer, no log line (decision 120).
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.actor import Actor, ActorKind
from domain.errors import Conflict, Invalid, NotFound, RateLimited
from domain.groups import content, crisis, handles, helplines, ladder, moderation
from domain.groups.moderation import Report
from domain.text import admit
from server import clock
from server.app_state import Parts
from server.db import ConflictError, Role, Tx
from server.groups import cases_store, store
from server.groups.peers import Peers, fresh
from server.people import store as people

PAGE: Final = 20
POSTS_PAGE: Final = 50


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A group that the asker may find, and who she is in it, if she is."""

    group: store.GroupRow
    me: store.MeRow | None
    was_in: bool = False


class Inside(msgspec.Struct, frozen=True, kw_only=True):
    """One open transaction of a member in her group."""

    tx: Tx
    group: store.GroupRow
    me: store.MeRow


def peers_of(parts: Parts) -> Peers:
    """The bridge of this process."""
    found: Peers = parts.extras["peers"]
    return found


def must_be_patient(actor: Actor) -> None:
    """Members are patients; staff look after groups by another door and are never in one."""
    if actor.kind is not ActorKind.PATIENT:
        raise NotFound


async def _tags(parts: Parts, actor: Actor) -> list[UUID]:
    """The asker's tag in each group that there is, whether she is in it or not."""
    async with parts.database.begin_as(Role.WORKER) as tx:
        ids = await store.IDS.all(tx, actor.org_id)
    return [peers_of(parts).tag(actor.id, row.id) for row in ids]


async def listed(parts: Parts, actor: Actor) -> list[Listed]:
    """The groups that the asker is in or may find; her own first, then what is about her conditions."""
    must_be_patient(actor)
    async with parts.database.begin(actor) as tx:
        person = await people.PATIENT.one(tx, actor.id)
    tags = await _tags(parts, actor)
    async with parts.database.begin_peer(org=actor.org_id, tags=tags) as tx:
        groups = await store.GROUPS.all(tx)
        mine = {row.group_id: row for row in await store.ME.all(tx) if row.is_in and row.state == "active"}
    conditions: set[str] = set() if person is None else set(person.conditions)
    found = [Listed(group=row, me=mine.get(row.group_id)) for row in groups]
    return sorted(found, key=lambda one: (one.me is None, one.group.topic not in conditions, one.group.name))


@asynccontextmanager
async def inside(parts: Parts, actor: Actor, group: UUID) -> AsyncGenerator[Inside]:
    """Enter a group as its member; whoever is not sees nothing there (ACC-3)."""
    must_be_patient(actor)
    tag = peers_of(parts).tag(actor.id, group)
    try:
        async with parts.database.begin_peer(org=actor.org_id, tags=[tag]) as tx:
            row, me = await store.GROUP.one(tx, group), await store.ME.one(tx)
            if row is None or me is None or not me.is_in or me.state != "active":
                raise NotFound
            yield Inside(tx=tx, group=row, me=me)
    except ConflictError as error:
        raise Conflict("Somebody was faster. Try again.") from error


async def look(parts: Parts, actor: Actor, group: UUID, *, invite: str = "") -> Listed:
    """One group that the asker is in or may find, a closed one by its invitation."""
    must_be_patient(actor)
    tag = peers_of(parts).tag(actor.id, group)
    hashed = peers_of(parts).invite(invite) if invite else None
    async with parts.database.begin_peer(org=actor.org_id, tags=[tag], invite=hashed) as tx:
        row, me = await store.GROUP.one(tx, group), await store.ME.one(tx)
    if row is None:
        raise NotFound
    return Listed(group=row, me=me if me is not None and me.is_in and me.state == "active" else None, was_in=me is not None)


async def join(parts: Parts, actor: Actor, group: UUID, handle: str, *, invite: str = "") -> Listed:
    """Come in under a name of one's own choice. Coming in again changes nothing."""
    must_be_patient(actor)
    async with parts.database.begin(actor) as tx:
        person = await people.PATIENT.one(tx, actor.id)
    if person is None:
        raise NotFound
    now, here = clock.now(), peers_of(parts)
    tag, made = here.tag(actor.id, group), fresh()
    hashed = here.invite(invite) if invite else None
    try:
        async with parts.database.begin_peer(org=actor.org_id, tags=[tag], invite=hashed) as tx:
            row, me = await store.GROUP.one(tx, group), await store.ME.one(tx)
            if row is None:
                raise NotFound
            if me is not None and me.is_in:
                if me.state == "removed":
                    raise Conflict("A moderator removed you from this group. You can appeal.")
                return Listed(group=row, me=me)
            _must_fit(row, me, person, now)
            finding = crisis.look(handle)
            if finding is not None and not finding.is_unread:
                raise Invalid(f"Choose another name. {helplines.SHORT}", "/handle")
            name = handles.check(handle, (*person.given_name.split(), *person.family_name.split()))
            await _come_in(tx, row, me, (tag, made, name), now)
            await store.ADD_SEAL.run(tx, group, made, here.seal(actor.id, group, made))
            row, me = await store.GROUP.one(tx, group), await store.ME.one(tx)
    except ConflictError as error:
        raise Conflict("Somebody there has a name that looks like this one. Choose another.") from error
    assert row is not None  # noqa: S101 - she is in it now
    return Listed(group=row, me=me)


def _must_fit(row: store.GroupRow, me: store.MeRow | None, person: people.PatientRow, now: datetime) -> None:
    moderation.may_join(row.ages, person.birth_on, now.date())
    if me is not None and me.state == "removed":
        raise Conflict("A moderator removed you from this group. You can appeal.")
    if not row.is_open and me is not None and not me.is_in:
        return
    if row.closes_on <= now.date():
        raise Conflict("This group has ended.")


async def _come_in(tx: Tx, row: store.GroupRow, me: store.MeRow | None, who: tuple[UUID, UUID, str], now: datetime) -> None:
    tag, handle, name = who
    looks = handles.skeleton(name)
    if await store.TAKEN.one(tx, row.group_id, looks) is not None:
        raise Conflict("Somebody there has a name that looks like this one. Choose another.")
    new_until = now.date() + moderation.NEW_FOR
    if me is None:
        await store.ADD_MEMBER.run(tx, row.group_id, tag, handle, new_until, row.rules_version)
    else:
        blocks = await store.BLOCKS.all(tx, row.group_id, me.handle_id)
        await store.BACK.one(tx, row.group_id, tag, handle, row.rules_version, new_until)
        await store.CARRY_BLOCKS.run(tx, row.group_id, me.handle_id, handle, [one.by_handle for one in blocks],
                                     [one.of_handle for one in blocks])  # fmt: skip
    if await store.COUNT.one(tx, row.group_id, 1) is None:
        raise Conflict("This group is full." if row.state == "open" else "This group takes nobody in just now.")
    await store.ADD_HANDLE.run(tx, row.group_id, handle, name, looks, moderation.month(now.date()))
    await store.SEEN.run(tx, row.group_id)


async def leave(parts: Parts, actor: Actor, group: UUID) -> None:
    """Go, and take everything along: what one wrote is gone from other people's screens when this returns."""
    async with inside(parts, actor, group) as here:
        await store.WITHDRAW_ALL.run(here.tx, group, here.me.handle_id)
        await store.FORGET.run(here.tx, group)
        await store.FORGET_CARDS.run(here.tx, group)
        await store.LEFT.run(here.tx, group, here.me.handle_id)
        await store.COUNT.one(here.tx, group, -1)
        await store.LEAVE.one(here.tx, group)


async def threads(parts: Parts, actor: Actor, group: UUID, *, before: UUID | None = None, limit: int = PAGE,
                  ) -> tuple[Inside, list[store.ThreadRow]]:  # fmt: skip
    """What is talked about, the liveliest first."""
    async with inside(parts, actor, group) as here:
        last = 2**62
        if before is not None:
            place = await store.THREAD_PLACE.one(here.tx, group, before)
            if place is None:
                raise NotFound
            last = place.seq
        rows = await store.THREADS.all(here.tx, group, last, limit, here.me.handle_id)
        if before is None:
            await store.SEEN.run(here.tx, group)
    return here, rows


async def thread(parts: Parts, actor: Actor, group: UUID, wanted: UUID, *, after: UUID | None = None,
                 ) -> tuple[Inside, store.OpenThreadRow, list[store.PostRow]]:  # fmt: skip
    """One thread, oldest first; what was hidden or taken back shows that it is gone."""
    async with inside(parts, actor, group) as here:
        row = await store.THREAD.one(here.tx, group, wanted, here.me.handle_id)
        posts = await store.POSTS.all(here.tx, group, wanted, after, POSTS_PAGE)
        if row is None or (not posts and after is None):
            raise NotFound
    return here, row, posts


async def withdraw(parts: Parts, actor: Actor, group: UUID, post: UUID) -> None:
    """Take back one's own post; it is gone from other people's screens when this returns."""
    async with inside(parts, actor, group) as here:
        if await store.WITHDRAW.one(here.tx, group, post) is None:
            raise NotFound
        await store.FORGET.run(here.tx, group)
        await store.FORGET_CARDS.run(here.tx, group)


async def accept(parts: Parts, actor: Actor, group: UUID, wanted: UUID, answer: UUID | None) -> None:
    """Say which answer helped; only who asked may."""
    async with inside(parts, actor, group) as here:
        row = await store.THREAD.one(here.tx, group, wanted, here.me.handle_id)
        if row is None or not row.is_mine or row.kind != "question":
            raise NotFound
        if answer is not None:
            post = await store.POST.one(here.tx, group, answer)
            if post is None or post.thread_id != wanted or answer == wanted or post.state != "shown":
                raise Invalid("One of the answers to this question.", "/post")
        await store.ACCEPT.one(here.tx, group, wanted, answer, here.me.handle_id)


async def report(parts: Parts, actor: Actor, group: UUID, post: UUID, kind: Report, words: str) -> str:
    """Tell the people who look after the group. Reporting twice changes nothing; what came of it is told."""
    said = admit(words, pointer="/words", most=500)
    now = clock.now()
    async with inside(parts, actor, group) as here:
        row = await store.POST.one(here.tx, group, post)
        if row is None or row.is_mine or row.state != "shown":
            raise NotFound
        today = await store.WROTE.one(here.tx, group, now.date(), 0, 1)
        if kind is not Report.WORRIED and today is not None and today.n > moderation.REPORTS_MOST:
            raise RateLimited("That is a lot of reports for one day. If somebody is in danger, say that you are worried.")
        await store.ADD_REPORT.run(here.tx, group, fresh(), post, here.me.handle_id, kind, said, moderation.hour(now))
        is_crisis = crisis.look(said) is not None
        one = moderation.of_report(Report.WORRIED if is_crisis else kind, now)
        await store.ADD_CASE.run(here.tx, group, fresh(), post, row.handle_id, one.kind, one.level, one.why, now, one.due_at,
                                 ladder.first_at(one.level, now))  # fmt: skip
    thanks = "Thank you. A moderator looks at it and you are told what came of it."
    return f"{thanks} {helplines.SHORT}" if is_crisis else thanks


async def decisions(parts: Parts, actor: Actor, group: UUID) -> list[store.MyCaseRow]:
    """What was decided about the asker's own posts; also for whoever was put out of the group by it."""
    async with _as_writer(parts, actor, group) as tx:
        return await store.MY_CASES.all(tx, group)


async def reports(parts: Parts, actor: Actor, group: UUID) -> list[store.MyReportRow]:
    """What the asker reported, and what came of it."""
    async with inside(parts, actor, group) as here:
        return await store.MY_REPORTS.all(here.tx, group)


async def appeal(parts: Parts, actor: Actor, group: UUID, post: UUID, words: str) -> None:
    """Ask a second person to look again, within thirty days of the decision."""
    said = admit(words, pointer="/words", most=1000).strip()
    if not said:
        raise Invalid("Say why it should be looked at again.", "/words")
    now, is_crisis = clock.now(), crisis.look(said) is not None
    async with _as_writer(parts, actor, group) as tx:
        due = now + (moderation.CRISIS_CLOCK if is_crisis else moderation.OTHER_CLOCK)
        level = moderation.CRISIS if is_crisis else 1
        if await cases_store.APPEAL.one(tx, group, post, said, now, due, now - moderation.APPEAL_WITHIN, level) is None:
            raise NotFound


@asynccontextmanager
async def _as_writer(parts: Parts, actor: Actor, group: UUID) -> AsyncGenerator[Tx]:
    """A transaction of whoever is or was a member: what is hers alone stays hers when she was put out."""
    must_be_patient(actor)
    tag = peers_of(parts).tag(actor.id, group)
    async with parts.database.begin_peer(org=actor.org_id, tags=[tag]) as tx:
        if not await store.ME.all(tx):
            raise NotFound
        yield tx


async def block(parts: Parts, actor: Actor, group: UUID, post: UUID) -> None:
    """Neither sees the other any more, both ways and at once; nobody is told."""
    async with inside(parts, actor, group) as here:
        row = await store.POST.one(here.tx, group, post)
        if row is None or row.is_mine:
            raise NotFound
        await store.BLOCK.run(here.tx, group, here.me.handle_id, row.handle_id)


async def unblock_all(parts: Parts, actor: Actor, group: UUID) -> None:
    """See everybody again."""
    async with inside(parts, actor, group) as here:
        await store.UNBLOCK_ALL.run(here.tx, group, here.me.handle_id)


async def search(parts: Parts, actor: Actor, group: UUID, text: str) -> tuple[Inside, list[store.FoundRow]]:
    """The newest posts that hold every word."""
    words: Sequence[str] = sorted(content.words(text), key=len, reverse=True)[:6]
    async with inside(parts, actor, group) as here:
        if not words:
            return here, []
        return here, await store.SEARCH.all(here.tx, group, words[0], words[1:], PAGE)


async def image(parts: Parts, actor: Actor, group: UUID, post: UUID) -> bytes:
    """A picture in a post that may be seen."""
    async with inside(parts, actor, group) as here:
        row = await store.IMAGE.one(here.tx, group, post)
    if row is None:
        raise NotFound
    return row.image


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What is new in one group since the member last looked, up to a hundred."""

    group: UUID
    name: str
    new: int


async def digest(parts: Parts, actor: Actor) -> list[News]:
    """What is new in the asker's groups."""
    must_be_patient(actor)
    tags = await _tags(parts, actor)
    async with parts.database.begin_peer(org=actor.org_id, tags=tags) as tx:
        groups = {row.group_id: row.name for row in await store.GROUPS.all(tx)}
        mine = [row for row in await store.ME.all(tx) if row.is_in and row.state == "active" and row.group_id in groups]
        found: list[News] = []
        for row in mine:
            count = await store.NEWS.one(tx, row.group_id, row.seen)
            found.append(News(group=row.group_id, name=groups[row.group_id], new=0 if count is None else count.n))
    return found


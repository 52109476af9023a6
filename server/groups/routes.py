"""HTTP for groups, as a member uses them. What is asked of a group that one is not in is answered as if there were none."""

import base64
import binascii
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.errors import Invalid
from domain.groups import moderation
from domain.groups.card import Week
from domain.groups.helplines import Help
from domain.groups.images import media_type
from domain.groups.moderation import Report
from server import clock
from server.app_state import Parts
from server.groups import alike, posting, service, wishes
from server.groups.store import FoundRow, GroupRow, MeRow, MyCaseRow, PostRow, ThreadRow
from server.http import LARGE_LIMIT, AnyRequest, body_of, path_id, query_of

NO_STORE: Final = {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow"}
_EXCERPT: Final = 240


class GroupOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A group. `handle` is the asker's name in it, null when she is not in it; `people` is never exact."""

    id: UUID
    name: str
    purpose: str
    about: str
    topic: str
    is_open: bool
    people: str
    ages: str
    state: str
    closes_on: date
    handle: str | None
    is_host: bool


class GroupsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The asker's own first."""

    items: list[GroupOut]


class ThreadOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thread; `at` is the hour."""

    id: UUID
    title: str
    kind: str
    by: str
    is_mine: bool
    has_accepted: bool
    at: datetime
    excerpt: str
    answers: int


class ThreadsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The liveliest first; `nextCursor` goes on."""

    items: list[ThreadOut]
    next_cursor: UUID | None


class PostOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One post; `at` is the hour. What was hidden or taken back has no words; a nurse's note stands beside."""

    id: UUID
    by: str
    is_host: bool
    is_mine: bool
    at: datetime
    state: str
    body: str
    why: str
    card: Week | None
    has_image: bool
    note: str
    note_by: str
    is_checked: bool
    is_accepted: bool


class ThreadPageOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A thread, oldest first; `nextCursor` goes on."""

    id: UUID
    title: str
    kind: str
    is_mine: bool
    items: list[PostOut]
    next_cursor: UUID | None


class FoundOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One post that was found."""

    thread: UUID
    post: UUID
    title: str
    by: str
    at: datetime
    excerpt: str


class FoundsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The newest first."""

    items: list[FoundOut]


class PostedOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of it: seen now or read by somebody first, why, and help where it is called for."""

    id: UUID
    thread: UUID
    state: str
    told: tuple[str, ...]
    help: Help | None
    told_team: bool


class NewsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is new in one group, up to a hundred."""

    group: UUID
    name: str
    new: int


class DigestOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One line a group."""

    items: list[NewsOut]


class WishOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was asked for on a bad day."""

    tells_team: bool
    words: str
    set_at: datetime | None


class Wish(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whether one's own team is told, and words to oneself."""

    tells_team: bool
    words: Annotated[str, msgspec.Meta(max_length=500)] = ""


class Join(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A name of one's own choice, the rules agreed to, and the invitation where the group is closed."""

    handle: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    agrees_to_rules: bool
    invite: Annotated[str, msgspec.Meta(max_length=100)] = ""


class Write(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A new thread with a title, or an answer without; a card of one's week and a picture (base64) where wished.

    4,000 characters and 120 in a title; what sounds like a crisis is cut and taken, never refused.
    """

    body: Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
    title: Annotated[str, msgspec.Meta(max_length=2_000)] = ""
    is_question: bool = False
    card: Annotated[str, msgspec.Meta(max_length=40)] = ""
    image: Annotated[str, msgspec.Meta(max_length=7_000_000)] = ""


class Accept(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The answer that helped; null takes it back."""

    post: UUID | None


class ReportIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Why, and in a few words or none."""

    kind: Report
    words: Annotated[str, msgspec.Meta(max_length=500)] = ""


class Appeal(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Why it should be looked at again."""

    words: Annotated[str, msgspec.Meta(max_length=1000)]


class DecisionOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was decided about a post of one's own. `appealUntil` is null when it is too late, appealed, or nothing to appeal."""

    post: UUID
    decision: str
    reason: str
    on: date
    state: str
    appeal_until: date | None


class DecisionsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The newest first."""

    items: list[DecisionOut]


class ReportOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One report of one's own; `at` is the hour."""

    post: UUID
    kind: str
    at: datetime
    outcome: str


class ReportsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The newest first."""

    items: list[ReportOut]


class AlikeOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One line for each of the asker's conditions."""

    items: list[alike.Alike]


class Thanks(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What happens next."""

    says: str


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object."""


_WEEK: Final = msgspec.json.Decoder(Week)


def shown(row: GroupRow, me: MeRow | None) -> GroupOut:
    """A group as the asker sees it."""
    return GroupOut(
        id=row.group_id, name=row.name, purpose=row.purpose, about=row.about, topic=row.topic, is_open=row.is_open,
        people=moderation.count_words(row.members), ages=row.ages, state=row.state, closes_on=row.closes_on,
        handle=None if me is None else me.name, is_host=me is not None and me.is_host,
    )  # fmt: skip


def _thread(row: ThreadRow) -> ThreadOut:
    return ThreadOut(
        id=row.thread_id, title=row.title, kind=row.kind, by=row.name, is_mine=row.is_mine, has_accepted=row.accepted is not None,
        at=row.at, excerpt=row.body[:_EXCERPT], answers=row.answers,
    )  # fmt: skip


def post_out(row: PostRow, accepted: UUID | None) -> PostOut:
    """A post as a member sees it."""
    return PostOut(
        id=row.post_id, by=row.name, is_host=row.is_host, is_mine=row.is_mine, at=row.at, state=row.state, body=row.body,
        why=row.why if row.is_mine else "", card=None if row.card is None else _WEEK.decode(row.card), has_image=row.has_image,
        note=row.note, note_by=row.note_by, is_checked=row.is_checked, is_accepted=row.post_id == accepted,
    )  # fmt: skip


def decision_out(row: MyCaseRow) -> DecisionOut:
    """A decision as the writer reads it."""
    until = row.decided_at + moderation.APPEAL_WITHIN
    may = row.state == "decided" and row.decision in moderation.HIDES and until > clock.now()
    return DecisionOut(
        post=row.post_id, decision=row.decision, reason=row.final_reason or row.reason, on=row.decided_at.date(), state=row.state,
        appeal_until=until.date() if may else None,
    )  # fmt: skip


def _found(row: FoundRow) -> FoundOut:
    return FoundOut(thread=row.thread_id, post=row.post_id, title=row.title, by=row.name, at=row.at, excerpt=row.body[:_EXCERPT])


def _image(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if text else None
    except (binascii.Error, ValueError) as error:
        raise Invalid("Base64.", "/image") from error


def _key(request: AnyRequest) -> str:
    """The caller's Idempotency-Key: it makes the post's own id, and is kept nowhere (PGS-1)."""
    key = request.headers.get("idempotency-key", "")
    if len(key) > 255 or not key.isascii():  # noqa: PLR2004 - as everywhere (ING-2)
        raise Invalid("From 1 to 255 visible ASCII characters.", "/Idempotency-Key")
    return key


@get("/v1/groups", operation_id="listGroups", summary="Groups that I am in or may join", tags=["groups"])
async def groups(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[GroupsOut]:
    """Open groups of the asker's organisation, and closed ones that she is in; her own first."""
    query_of(request.scope, {})
    found = await service.listed(parts, actor)
    return Response(GroupsOut(items=[shown(one.group, one.me) for one in found]), headers=NO_STORE)


@get("/v1/groups/{group_id:str}", operation_id="getGroup", summary="One group", tags=["groups"])
async def group(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                ) -> Response[GroupOut]:  # fmt: skip
    """What a group is for, and who the asker is in it."""
    query_of(request.scope, {})
    one = await service.look(parts, actor, path_id(group_id))
    return Response(shown(one.group, one.me), headers=NO_STORE)


@post("/v1/groups/{group_id:str}/join", status_code=200, operation_id="joinGroup", summary="Come in under a name of my choice",
      tags=["groups"], opt={"body": Join})
async def join(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
               ) -> Response[GroupOut]:  # fmt: skip
    """The name is unlike any other there and not one's own; nobody can tell from it who one is (PGS-1)."""
    data = await body_of(request, Join)
    if not data.agrees_to_rules:
        raise Invalid("Read the rules and agree to them first.", "/agreesToRules")
    one = await service.join(parts, actor, path_id(group_id), data.handle, invite=data.invite)
    return Response(shown(one.group, one.me), headers=NO_STORE)


@post("/v1/groups/{group_id:str}/leave", status_code=200, operation_id="leaveGroup", summary="Go, and take my posts along",
      tags=["groups"], opt={"body": Nothing})
async def leave(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                ) -> Response[Thanks]:  # fmt: skip
    """Everything one wrote is gone from other people's screens when this returns."""
    await body_of(request, Nothing)
    await service.leave(parts, actor, path_id(group_id))
    return Response(Thanks(says="You have left. What you wrote is gone from the group."), headers=NO_STORE)


@get("/v1/groups/{group_id:str}/threads", operation_id="listThreads", summary="What is talked about", tags=["groups"],
     opt={"query": {"cursor": UUID, "limit": int}})
async def threads(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                  ) -> Response[ThreadsOut]:  # fmt: skip
    """The liveliest first."""
    query: dict[str, Any] = query_of(request.scope, {"cursor": UUID, "limit": int})
    limit = max(1, min(query.get("limit", service.PAGE), 50))
    _, rows = await service.threads(parts, actor, path_id(group_id), before=query.get("cursor"), limit=limit)
    after = rows[-1].thread_id if len(rows) == limit else None
    return Response(ThreadsOut(items=[_thread(row) for row in rows], next_cursor=after), headers=NO_STORE)


@get("/v1/groups/{group_id:str}/threads/{thread_id:str}", operation_id="getThread", summary="One thread", tags=["groups"],
     opt={"query": {"cursor": UUID}})
async def thread(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                 thread_id: FromPath[str]) -> Response[ThreadPageOut]:  # fmt: skip
    """Its posts, oldest first."""
    query: dict[str, Any] = query_of(request.scope, {"cursor": UUID})
    _, row, posts = await service.thread(parts, actor, path_id(group_id), path_id(thread_id), after=query.get("cursor"))
    out = ThreadPageOut(
        id=row.thread_id, title=row.title, kind=row.kind, is_mine=row.is_mine, items=[post_out(one, row.accepted) for one in posts],
        next_cursor=posts[-1].post_id if len(posts) == service.POSTS_PAGE else None,
    )  # fmt: skip
    return Response(out, headers=NO_STORE)


async def _write(request: AnyRequest, actor: Actor, parts: Parts, group_id: str, thread_id: str | None) -> Response[PostedOut]:
    data = await body_of(request, Write, LARGE_LIMIT)
    written = posting.Written(
        body=data.body, thread=None if thread_id is None else path_id(thread_id), title=data.title, is_question=data.is_question,
        card=data.card, image=_image(data.image), key=_key(request),
    )  # fmt: skip
    found = await posting.write(parts, actor, path_id(group_id), written, request.scope["state"]["request_id"])
    out = PostedOut(
        id=found.post, thread=found.thread, state="held" if found.is_held else "shown", told=found.told, help=found.help,
        told_team=found.told_team,
    )  # fmt: skip
    return Response(out, status_code=202 if found.is_held else 201, headers=NO_STORE)


@post("/v1/groups/{group_id:str}/threads", status_code=201, operation_id="startThread", summary="Ask, or begin to talk", tags=["groups"],
      opt={"body": Write})
async def start(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                ) -> Response[PostedOut]:  # fmt: skip
    """201 when others see it now, 202 when somebody reads it first; why is told, and help comes with it where it is called for."""
    return await _write(request, actor, parts, group_id, None)


@post("/v1/groups/{group_id:str}/threads/{thread_id:str}/posts", status_code=201, operation_id="writePost", summary="Answer",
      tags=["groups"], opt={"body": Write})
async def answer(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                 thread_id: FromPath[str]) -> Response[PostedOut]:  # fmt: skip
    """As with a new thread."""
    return await _write(request, actor, parts, group_id, thread_id)


@post("/v1/groups/{group_id:str}/threads/{thread_id:str}/accept", status_code=200, operation_id="acceptAnswer",
      summary="Say which answer helped", tags=["groups"], opt={"body": Accept})
async def accept(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                 thread_id: FromPath[str]) -> Response[Thanks]:  # fmt: skip
    """Only who asked may."""
    data = await body_of(request, Accept)
    await service.accept(parts, actor, path_id(group_id), path_id(thread_id), data.post)
    return Response(Thanks(says="Thank you. The others see which answer helped you."), headers=NO_STORE)


@delete("/v1/groups/{group_id:str}/posts/{post_id:str}", status_code=204, operation_id="takeBackPost", summary="Take back a post of mine",
        tags=["groups"])
async def withdraw(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                   post_id: FromPath[str]) -> None:  # fmt: skip
    """Gone from other people's screens when this returns."""
    query_of(request.scope, {})
    await service.withdraw(parts, actor, path_id(group_id), path_id(post_id))


@post("/v1/groups/{group_id:str}/posts/{post_id:str}/report", status_code=202, operation_id="reportPost", summary="Report a post",
      tags=["groups"], opt={"body": ReportIn})
async def report(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                 post_id: FromPath[str]) -> Response[Thanks]:  # fmt: skip
    """Whoever is worried about a person is heard at once."""
    data = await body_of(request, ReportIn)
    says = await service.report(parts, actor, path_id(group_id), path_id(post_id), data.kind, data.words)
    return Response(Thanks(says=says), status_code=202, headers=NO_STORE)


@get("/v1/groups/{group_id:str}/decisions", operation_id="listDecisionsAboutMe", summary="What was decided about my posts", tags=["groups"])
async def decisions(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                    ) -> Response[DecisionsOut]:  # fmt: skip
    """Why, and until when one may ask a second person to look again."""
    query_of(request.scope, {})
    rows = await service.decisions(parts, actor, path_id(group_id))
    return Response(DecisionsOut(items=[decision_out(row) for row in rows]), headers=NO_STORE)


@post("/v1/groups/{group_id:str}/posts/{post_id:str}/appeal", status_code=202, operation_id="appealDecision",
      summary="Ask a second person to look again", tags=["groups"], opt={"body": Appeal})
async def appeal(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                 post_id: FromPath[str]) -> Response[Thanks]:  # fmt: skip
    """Within thirty days, also when one was put out of the group; never decided by whoever decided first."""
    data = await body_of(request, Appeal)
    await service.appeal(parts, actor, path_id(group_id), path_id(post_id), data.words)
    return Response(Thanks(says="Somebody else looks at it again. You are told here what they say."), status_code=202, headers=NO_STORE)


@get("/v1/groups/{group_id:str}/reports", operation_id="listMyReports", summary="What I reported, and what came of it", tags=["groups"])
async def reports(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                  ) -> Response[ReportsOut]:  # fmt: skip
    """Empty words: nobody has decided yet."""
    query_of(request.scope, {})
    rows = await service.reports(parts, actor, path_id(group_id))
    found = [ReportOut(post=row.post_id, kind=row.kind, at=row.at, outcome=row.outcome) for row in rows]
    return Response(ReportsOut(items=found), headers=NO_STORE)


@post("/v1/groups/{group_id:str}/posts/{post_id:str}/block", status_code=200, operation_id="blockWriter",
      summary="Not to see somebody any more", tags=["groups"], opt={"body": Nothing})
async def block(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                post_id: FromPath[str]) -> Response[Thanks]:  # fmt: skip
    """Both ways, and at once; nobody is told."""
    await body_of(request, Nothing)
    await service.block(parts, actor, path_id(group_id), path_id(post_id))
    return Response(Thanks(says="You do not see each other any more."), headers=NO_STORE)


@post("/v1/groups/{group_id:str}/unblock", status_code=200, operation_id="unblockAll", summary="To see everybody again", tags=["groups"],
      opt={"body": Nothing})
async def unblock(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                  ) -> Response[Thanks]:  # fmt: skip
    """Ends every block of one's own in this group."""
    await body_of(request, Nothing)
    await service.unblock_all(parts, actor, path_id(group_id))
    return Response(Thanks(says="You see everybody again."), headers=NO_STORE)


@get("/v1/groups/{group_id:str}/search", operation_id="searchGroup", summary="Find posts", tags=["groups"], opt={"query": {"q": str}})
async def search(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                 ) -> Response[FoundsOut]:  # fmt: skip
    """Posts that hold every word, the newest first."""
    query: dict[str, Any] = query_of(request.scope, {"q": str})
    _, rows = await service.search(parts, actor, path_id(group_id), query.get("q", ""))
    return Response(FoundsOut(items=[_found(row) for row in rows]), headers=NO_STORE)


@get("/v1/groups/{group_id:str}/posts/{post_id:str}/image", operation_id="getPostImage", summary="The picture of a post", tags=["groups"])
async def image(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                post_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """The picture alone: no place, no time, no camera (INP-7)."""
    query_of(request.scope, {})
    found = await service.image(parts, actor, path_id(group_id), path_id(post_id))
    return Response(found, media_type=media_type(found), headers={**NO_STORE, "content-disposition": 'attachment; filename="picture"'})


@get("/v1/me/groups", operation_id="getMyGroupNews", summary="What is new in my groups", tags=["groups"])
async def digest(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[DigestOut]:
    """One line a group, since one last looked."""
    query_of(request.scope, {})
    found = await service.digest(parts, actor)
    return Response(DigestOut(items=[NewsOut(group=one.group, name=one.name, new=one.new) for one in found]), headers=NO_STORE)


@get("/v1/me/crisis-wish", operation_id="getMyCrisisWish", summary="What I asked for on a bad day", tags=["groups"])
async def wish(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[WishOut]:
    """Nobody is told anything unless one said so."""
    query_of(request.scope, {})
    row = await wishes.get(parts, actor)
    out = WishOut(tells_team=False, words="", set_at=None) if row is None else WishOut(
        tells_team=row.tells_team, words=row.words, set_at=row.set_at)  # fmt: skip
    return Response(out, headers=NO_STORE)


@put("/v1/me/crisis-wish", operation_id="setMyCrisisWish", summary="Say, when well, what to do on a bad day", tags=["groups"],
     opt={"body": Wish})
async def set_wish(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[WishOut]:
    """If I post words of crisis, tell my team; it can be changed at any time."""
    data = await body_of(request, Wish)
    await wishes.put(parts, actor, tells_team=data.tells_team, words=data.words)
    return Response(WishOut(tells_team=data.tells_team, words=data.words, set_at=clock.now()), headers=NO_STORE)


@get("/v1/me/people-like-me", operation_id="countPeopleLikeMe", summary="How many live with the same", tags=["groups"])
async def like_me(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[AlikeOut]:
    """Rounded down to tens, and fewer than ten is all that is said of a few."""
    query_of(request.scope, {})
    return Response(AlikeOut(items=await alike.counted(parts, actor)), headers=NO_STORE)


ROUTES: Final[list[Any]] = [
    groups, group, join, leave, threads, thread, start, answer, accept, withdraw, report, decisions,
    appeal, reports, block, unblock, search, image, digest, wish, set_wish,
    like_me,
]  # fmt: skip

"""A member's own pages of her groups, for a phone: what there is, what is talked about, asking and answering, and help at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.errors import Busy, Conflict, Invalid, NotFound
from domain.groups import crisis
from domain.groups.helplines import Help
from domain.groups.images import media_type
from domain.groups.moderation import REPORT_WORDS, Report
from domain.readings.kinds import BY_NAME
from server import clock
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import form_of
from server.groups import alike, cards, posting, service, wishes
from server.groups.peers import fresh
from server.groups.routes import DecisionOut, GroupOut, PostOut, decision_out, post_out, shown
from server.groups.store import FoundRow, ThreadRow
from server.http import AnyRequest, path_id, query_of
from server.me.pages import page
from server.me.shell import Person, person_of, shell_of
from server.requests import request_id
from server.web.refused import refused
from server.web.views import Choice

FORM_MOST: Final = 128 * 1024
"""4,000 characters of any script, percent-encoded."""
_EXCERPT: Final = 160
REASONS: Final = tuple(Choice(value=one.value, label=words) for one, words in REPORT_WORDS.items())
CARDS: Final = tuple(Choice(value=kind, label=BY_NAME[kind].label) for kind in cards.KINDS)


class GroupLine(msgspec.Struct, frozen=True, kw_only=True):
    """One group, and how much is new in it."""

    group: GroupOut
    new: int


class GroupsView(msgspec.Struct, frozen=True, kw_only=True):
    """The groups that she is in, those that she may join, how many people are like her, and her wish for a bad day."""

    mine: tuple[GroupLine, ...]
    others: tuple[GroupOut, ...]
    alike: tuple[alike.Alike, ...]
    tells_team: bool
    words: str
    fault: str = ""


class ThreadLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thread in the list."""

    id: str
    title: str
    is_question: bool
    by: str
    at: datetime
    excerpt: str
    answers: int
    has_accepted: bool


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed into a form that was refused, so that it is not lost."""

    title: str = ""
    body: str = ""
    is_question: bool = False
    handle: str = ""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What became of what she just wrote, and help where her words called for it."""

    is_held: bool
    told: tuple[str, ...]
    help: Help | None
    own_words: str = ""
    told_team: bool = False


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """One group: what is talked about, or how to come in. `key` makes a second press of the form the same press."""

    group: GroupOut
    paused_why: str
    threads: tuple[ThreadLine, ...]
    next: str
    decisions: tuple[DecisionOut, ...]
    cards: tuple[Choice, ...]
    key: str
    typed: Typed
    written: Written | None
    invite: str
    fault: str


class ThreadView(msgspec.Struct, frozen=True, kw_only=True):
    """One thread, oldest first."""

    group: GroupOut
    id: str
    title: str
    is_question: bool
    is_mine: bool
    posts: tuple[PostOut, ...]
    next: str
    reasons: tuple[Choice, ...]
    cards: tuple[Choice, ...]
    key: str
    typed: Typed
    written: Written | None
    fault: str


class FoundView(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found; words of crisis are answered with help first."""

    group: GroupOut
    text: str
    found: tuple[FoundRow, ...]
    help: Help | None


def _thread_line(row: ThreadRow, person: Person) -> ThreadLine:
    return ThreadLine(
        id=str(row.thread_id), title=row.title, is_question=row.kind == "question", by=row.name, at=row.at.astimezone(person.zone),
        excerpt=row.body[:_EXCERPT], answers=row.answers, has_accepted=row.accepted is not None,
    )  # fmt: skip


def _answer(request: AnyRequest, parts: Parts, person: Person, template: str, view: msgspec.Struct, *, status: int = 200,
            ) -> Response[bytes]:  # fmt: skip
    found = page(parts, f"steady/{template}.html", shell_of(request, parts, person, section="groups"), view,
                 clock.now().astimezone(person.zone), status=status)  # fmt: skip
    found.headers["x-robots-tag"] = "noindex, nofollow"
    return found


async def _groups(request: AnyRequest, parts: Parts, actor: Actor, *, fault: str = "", status: int = 200) -> Response[bytes]:
    found = await service.listed(parts, actor)
    new = {one.group: one.new for one in await service.digest(parts, actor)}
    wish = await wishes.get(parts, actor)
    view = GroupsView(
        mine=tuple(GroupLine(group=shown(one.group, one.me), new=new.get(one.group.group_id, 0)) for one in found if one.me is not None),
        others=tuple(shown(one.group, None) for one in found if one.me is None), alike=tuple(await alike.counted(parts, actor)),
        tells_team=wish is not None and wish.tells_team, words="" if wish is None else wish.words, fault=fault,
    )  # fmt: skip
    return _answer(request, parts, await person_of(parts, actor), "me_groups", view, status=status)


@get("/me/groups", include_in_schema=False)
async def groups(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Groups that she is in or may join."""
    query_of(request.scope, {})
    service.must_be_patient(actor)
    return await _groups(request, parts, actor)


@post("/me/groups/wish", include_in_schema=False, status_code=200)
async def wish(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Say, when well, what to do on a bad day (F76)."""
    form = await form_of(request, FORM_MOST)
    try:
        await wishes.put(parts, actor, tells_team=form.get("tells_team") == "yes", words=_lines(form.get("words", "")))
    except Invalid as error:
        fault, status = refused(error)
        return await _groups(request, parts, actor, fault=fault, status=status)
    return go("/me/groups")


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


async def _group(  # noqa: PLR0913 - one page
    request: AnyRequest, parts: Parts, actor: Actor, group: UUID, *, before: UUID | None = None, typed: Typed | None = None,
    written: Written | None = None, fault: str = "", key: str = "", status: int = 200, invite: str = "",
) -> Response[bytes]:  # fmt: skip
    person = await person_of(parts, actor)
    one = await service.look(parts, actor, group, invite=invite)
    rows: Sequence[ThreadRow] = []
    if one.me is not None:
        _, rows = await service.threads(parts, actor, group, before=before)
    decisions = await service.decisions(parts, actor, group) if one.was_in else []
    view = GroupView(
        group=shown(one.group, one.me), paused_why=one.group.paused_why, threads=tuple(_thread_line(row, person) for row in rows),
        next=str(rows[-1].thread_id) if len(rows) == service.PAGE else "", decisions=tuple(map(decision_out, decisions)), cards=CARDS,
        key=key or str(fresh()), typed=typed or Typed(), written=written, fault=fault, invite=invite,
    )  # fmt: skip
    return _answer(request, parts, person, "me_group", view, status=status)


@get("/me/groups/{group_id:str}", include_in_schema=False)
async def group(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                ) -> Response[bytes]:  # fmt: skip
    """What is talked about, the liveliest first; or what the group is for, and the form to come in."""
    query: dict[str, Any] = query_of(request.scope, {"before": UUID, "invite": str})
    return await _group(request, parts, actor, path_id(group_id), before=query.get("before"), invite=query.get("invite", ""))


async def _thread(  # noqa: PLR0913 - one page
    request: AnyRequest, parts: Parts, actor: Actor, group: UUID, thread: UUID, *, after: UUID | None = None, typed: Typed | None = None,
    written: Written | None = None, fault: str = "", key: str = "", status: int = 200,
) -> Response[bytes]:  # fmt: skip
    person = await person_of(parts, actor)
    here, row, rows = await service.thread(parts, actor, group, thread, after=after)
    posts = [msgspec.structs.replace(post_out(one, row.accepted), at=one.at.astimezone(person.zone)) for one in rows]
    view = ThreadView(
        group=shown(here.group, here.me), id=str(thread), title=row.title, is_question=row.kind == "question", is_mine=row.is_mine,
        posts=tuple(posts), next=str(rows[-1].post_id) if len(rows) == service.POSTS_PAGE else "", reasons=REASONS, cards=CARDS,
        key=key or str(fresh()), typed=typed or Typed(), written=written, fault=fault,
    )  # fmt: skip
    return _answer(request, parts, person, "me_thread", view, status=status)


@get("/me/groups/{group_id:str}/threads/{thread_id:str}", include_in_schema=False)
async def thread(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                 thread_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """One thread, oldest first."""
    query: dict[str, Any] = query_of(request.scope, {"after": UUID})
    return await _thread(request, parts, actor, path_id(group_id), path_id(thread_id), after=query.get("after"))


async def _write(request: AnyRequest, parts: Parts, actor: Actor, group: UUID, thread: UUID | None) -> Response[bytes]:
    form = await form_of(request, FORM_MOST)
    typed = Typed(title=form.get("title", ""), body=_lines(form.get("body", "")), is_question=form.get("question") == "yes")
    key = form.get("key", "")
    if not key.isascii():
        raise Invalid("Load the page again.", "/key")
    new = posting.Written(body=typed.body, thread=thread, title=typed.title, is_question=typed.is_question, card=form.get("card", ""),
                          key=key[:40])  # fmt: skip
    try:
        found = await posting.write(parts, actor, group, new, request_id(request.scope))
    except (Invalid, Conflict, Busy) as error:
        fault, status = refused(error)
        if thread is None:
            return await _group(request, parts, actor, group, typed=typed, fault=fault, key=key, status=status)
        return await _thread(request, parts, actor, group, thread, typed=typed, fault=fault, key=key, status=status)
    if not found.is_held and found.help is None:
        return go(f"/me/groups/{group}/threads/{found.thread}")
    own = await wishes.get(parts, actor) if found.help is not None else None
    written = Written(is_held=found.is_held, told=found.told, help=found.help, own_words="" if own is None else own.words,
                      told_team=found.told_team)  # fmt: skip
    return await _group(request, parts, actor, group, written=written)


@post("/me/groups/{group_id:str}/ask", include_in_schema=False, status_code=200)
async def ask(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
              ) -> Response[bytes]:  # fmt: skip
    """Ask, or begin to talk; where her words sound like a crisis, help is the next thing on the screen."""
    return await _write(request, parts, actor, path_id(group_id), None)


@post("/me/groups/{group_id:str}/threads/{thread_id:str}/answer", include_in_schema=False, status_code=200)
async def answer(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                 thread_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """Answer; the same care as with a new thread."""
    return await _write(request, parts, actor, path_id(group_id), path_id(thread_id))


@post("/me/groups/{group_id:str}/join", include_in_schema=False, status_code=200)
async def join(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
               ) -> Response[bytes]:  # fmt: skip
    """Come in under a name of her choice."""
    wanted, form = path_id(group_id), await form_of(request, FORM_MOST)
    try:
        if form.get("agrees") != "yes":
            raise Invalid("Read the rules and agree to them first.", "/agrees")  # noqa: TRY301 - said on the page like every refusal
        await service.join(parts, actor, wanted, form.get("handle", ""), invite=form.get("invite", ""))
    except (Invalid, Conflict) as error:
        fault, status = refused(error)
        typed = Typed(handle=form.get("handle", ""))
        return await _group(request, parts, actor, wanted, typed=typed, fault=fault, status=status, invite=form.get("invite", ""))
    return go(f"/me/groups/{wanted}")


@post("/me/groups/{group_id:str}/leave", include_in_schema=False, status_code=200)
async def leave(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                ) -> Response[bytes]:  # fmt: skip
    """Go, and take every word along."""
    await form_of(request)
    await service.leave(parts, actor, path_id(group_id))
    return go("/me/groups")


async def _on_post(parts: Parts, actor: Actor, group: UUID, post_id: UUID, what: str, form: dict[str, str]) -> None:
    if what == "withdraw":
        await service.withdraw(parts, actor, group, post_id)
    elif what == "block":
        await service.block(parts, actor, group, post_id)
    elif what == "accept":
        await service.accept(parts, actor, group, path_id(form.get("thread", "")), post_id)
    elif what == "appeal":
        await service.appeal(parts, actor, group, post_id, _lines(form.get("words", "")))
    elif what == "report" and form.get("kind", "") in set(Report):
        await service.report(parts, actor, group, post_id, Report(form["kind"]), _lines(form.get("words", "")))
    else:
        raise NotFound


@post("/me/groups/{group_id:str}/posts/{post_id:str}/{what:str}", include_in_schema=False, status_code=200)
async def press(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                post_id: FromPath[str], what: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """One press on a post: take it back, report it, see its writer no more, say that it helped, or appeal."""
    form, wanted = await form_of(request, FORM_MOST), path_id(group_id)
    try:
        await _on_post(parts, actor, wanted, path_id(post_id), what, form)
    except (Invalid, Conflict, Busy) as error:
        fault, status = refused(error)
        return await _group(request, parts, actor, wanted, fault=fault, status=status)
    stays = what in {"report", "accept"} and form.get("thread")
    return go(f"/me/groups/{wanted}/threads/{path_id(form['thread'])}" if stays else f"/me/groups/{wanted}")


@get("/me/groups/{group_id:str}/search", include_in_schema=False)
async def search(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                 ) -> Response[bytes]:  # fmt: skip
    """Posts that hold every word. Who looks for a way to die is shown help first."""
    query: dict[str, Any] = query_of(request.scope, {"q": str})
    text, wanted, person = query.get("q", ""), path_id(group_id), await person_of(parts, actor)
    here, rows = await service.search(parts, actor, wanted, text)
    finding = crisis.look(text)
    view = FoundView(
        group=shown(here.group, here.me), text=text, found=tuple(rows),
        help=None if finding is None or finding.is_unread else await posting.help_for(parts, actor),
    )  # fmt: skip
    return _answer(request, parts, person, "me_found", view)


@get("/me/groups/{group_id:str}/posts/{post_id:str}/image", include_in_schema=False)
async def image(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                post_id: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """The picture of a post."""
    query_of(request.scope, {})
    found = await service.image(parts, actor, path_id(group_id), path_id(post_id))
    headers = {"cache-control": "no-store", "content-disposition": 'attachment; filename="picture"'}
    return Response(found, media_type=media_type(found), headers=headers)


ROUTES: Final[list[Any]] = [groups, wish, group, thread, ask, answer, join, leave, press, search, image]

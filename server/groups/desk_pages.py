"""The page of those who look after groups: what waits with its clock, decisions, names that were asked for, and the duty."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor, Scope
from domain.errors import Conflict, FreshSignInNeeded, Invalid, NotFound, StaleVersion
from domain.groups import moderation
from domain.groups.moderation import Decision, Report
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import form_of
from server.episodes.pages import ZONE, shell_of, version_of_form
from server.groups import cases, identity, setup
from server.groups.cases_store import CaseRow, DutyRow, GroupRow
from server.groups.desk_routes import reports_of
from server.http import AnyRequest, path_id
from server.web import words
from server.web.layout import Pages, policy
from server.web.refused import refused
from server.web.routes import html
from server.web.views import Choice, Rank

_RANK: Final = {3: Rank.URGENT, 2: Rank.SOON, 1: Rank.WATCH}
_KIND: Final = {
    "crisis": "Words of crisis", "unchecked": "Not checked for words of crisis", "contact": "Contact details", "link": "A link",
    "medicine": "Advice about a medicine", "means": "A way to come to harm", "image": "A picture",
    "unwatched": "Written while nobody was on duty", "flood": "The same again and again",
}  # fmt: skip
_DID: Final = {
    "taken": "took it", "told": "was told of it", "show": "let it be seen", "note": "let it be seen with a note", "hide": "hid it",
    "remove": "hid it and put the writer out", "overturned": "heard the appeal: shown again", "upheld": "heard the appeal: it stays hidden",
    "identity-asked": "asked who wrote it", "identity-agreed": "agreed that the name is opened", "identity-read": "read who wrote it",
    "identity-reviewed": "reviewed the opening",
}  # fmt: skip
_DECIDED: Final = {"show": "shown", "note": "shown with a note", "hide": "hidden", "remove": "hidden, and the writer put out"}


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """One concern about one post as the page shows it."""

    id: str
    version: int
    rank: Rank
    what: str
    why: str
    group: str
    handle: str
    title: str
    body: str
    post: str
    reports: tuple[str, ...]
    opened_at: datetime
    due: str
    is_late: bool
    told: str
    taken_by: str
    is_mine: bool
    is_appeal: bool
    appeal: str
    may_hear: bool
    decided: str
    reason: str
    is_nurse: bool
    is_crisis: bool


class OpeningView(msgspec.Struct, frozen=True, kw_only=True):
    """A name that was asked for: what it waits for."""

    id: str
    about: str
    asked: str
    reason: str
    state: str
    may_agree: bool
    may_read: bool
    may_review: bool


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """A group that the asker looks after."""

    id: str
    name: str
    people: str
    waiting: int
    is_paused: bool


class DutyView(msgspec.Struct, frozen=True, kw_only=True):
    """One duty."""

    id: str
    said: str
    from_at: datetime
    to_at: datetime
    is_now: bool


class DeskView(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page shows. `typed` is what a refused form held."""

    waiting: tuple[CaseView, ...]
    done: tuple[CaseView, ...]
    openings: tuple[OpeningView, ...]
    groups: tuple[GroupView, ...]
    duties: tuple[DutyView, ...]
    on_duty: tuple[str, ...]
    staff: tuple[Choice, ...]
    may_plan: bool
    fault: str
    as_of: datetime


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote it, until when this may be read."""

    handle: str
    name: str
    telephone: str
    patient: str
    until: datetime
    as_of: datetime


def _due(row: CaseRow, now: datetime) -> str:
    if row.due_at < now:
        return f"{words.waited(row.due_at, now)} past its clock"
    return f"{words.waited(now - (row.due_at - now), now)} left"


def _post(row: CaseRow) -> str:
    said = {"held": "held: nobody else sees it", "shown": "others see it", "hidden": "hidden", "withdrawn": "taken back by the writer"}
    shown = said[row.post_state]
    return f"{shown} · the writer was shown where help is" if row.kind in {"crisis", "unchecked"} else shown


def case_view(row: CaseRow, actor: Actor, now: datetime) -> CaseView:
    """One case as the page shows it."""
    kind = row.kind.removeprefix("report-")
    what = moderation.REPORT_WORDS[Report(kind)] if row.kind.startswith("report-") else _KIND.get(row.kind, row.kind)
    said = tuple(f"{moderation.REPORT_WORDS[Report(one.kind)]}{f': {one.words}' if one.words else ''}" for one in reports_of(row))
    decided = "" if row.decision is None or row.decided_at is None else (
        f"{_DECIDED[row.decision].capitalize()} by {row.decided_name}, {words.when(row.decided_at.astimezone(ZONE), now)}")  # fmt: skip
    return CaseView(
        id=str(row.case_id), version=row.version, rank=_RANK[row.level], what=what, why="" if what == row.why else row.why,
        group=row.group_name, handle=row.handle, title=row.title, body=row.body, post=_post(row), reports=said,
        opened_at=row.opened_at.astimezone(ZONE), due=_due(row, now), is_late=row.due_at < now, told=row.told, taken_by=row.taken_name,
        is_mine=row.taken_by == actor.id, is_appeal=row.state == "appealed", appeal=row.appeal, may_hear=row.decided_by != actor.id,
        decided=decided, reason=row.final_reason or row.reason, is_nurse=row.is_nurse, is_crisis=row.level == moderation.CRISIS,
    )  # fmt: skip


def _opening(row: identity.OpeningRow, actor: Actor, now: datetime) -> OpeningView:
    is_open = row.until > now and (row.basis == "vital_interests" or row.agreed_by is not None)
    mine = row.asked_by == actor.id
    if row.reviewed_by is not None:
        state = f"Reviewed: {row.review}"
    elif is_open:
        state = f"Open until {words.when(row.until.astimezone(ZONE), now)}; to be reviewed by {words.date(row.review_by)}"
    elif row.until > now:
        state = "Waits for a second person"
    else:
        state = f"Its hour is over; to be reviewed by {words.date(row.review_by)}"
    return OpeningView(
        id=str(row.opening_id), about=f"{row.handle} in {row.group_name}", asked=row.asked_name, reason=row.reason, state=state,
        may_agree=not mine and not is_open and row.until > now, may_read=mine and is_open,
        may_review=not mine and row.reviewed_by is None and (is_open or row.basis == "vital_interests" or row.agreed_by is not None),
    )  # fmt: skip


def _duty(row: DutyRow, now: datetime) -> DutyView:
    return DutyView(
        id=str(row.duty_id), said=f"{row.name}, {row.role}", from_at=row.from_at.astimezone(ZONE), to_at=row.to_at.astimezone(ZONE),
        is_now=row.from_at <= now < row.to_at,
    )  # fmt: skip


def _group(row: GroupRow) -> GroupView:
    return GroupView(
        id=str(row.group_id), name=row.name, people=moderation.count_words(row.members), waiting=row.waiting, is_paused=row.state == "paused"
    )


async def _page(request: AnyRequest, parts: Parts, actor: Actor, *, fault: str = "", status: int = 200) -> Response[bytes]:
    request_id: UUID = request.scope["state"]["request_id"]
    found = await cases.queue(parts, actor, request_id)
    openings = await identity.listed(parts, actor)
    may_plan = Scope.PEOPLE_MANAGE in actor.scopes
    staff = await setup.staff(parts, actor) if may_plan else []
    now = found.as_of.astimezone(ZONE)
    duties = tuple(_duty(row, now) for row in found.duties)
    view = DeskView(
        waiting=tuple(case_view(row, actor, now) for row in found.waiting), done=tuple(case_view(row, actor, now) for row in found.done),
        openings=tuple(_opening(row, actor, now) for row in openings), groups=tuple(map(_group, found.groups)), duties=duties,
        on_duty=tuple(f"{one.said} until {words.when(one.to_at, now)}" for one in duties if one.is_now),
        staff=tuple(Choice(value=str(row.staff_id), label=f"{row.name}, {row.role}") for row in staff), may_plan=may_plan, fault=fault,
        as_of=now,
    )  # fmt: skip
    shell = await shell_of(request, parts, actor, section="groups")
    pages: Pages = parts.extras["pages"]
    return html(pages.page("steady/moderation.html", shell, view, now), policy(shell.nonce), status=status)


@get("/moderation", include_in_schema=False)
async def moderate(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Posts that wait for a decision, worst first."""
    actor.must_be_staff()
    return await _page(request, parts, actor)


async def _on_case(parts: Parts, actor: Actor, request_id: UUID, case: UUID, what: str, form: dict[str, str]) -> None:
    reason = form.get("reason", "")
    if what == "take":
        await cases.take(parts, actor, request_id, case, version_of_form(form))
    elif what in set(Decision):
        decided = cases.Decided(decision=Decision(what), reason=reason, note=form.get("note", "").replace("\r\n", "\n"),
                                is_checked=form.get("checked") == "yes")  # fmt: skip
        await cases.decide(parts, actor, request_id, case, version_of_form(form), decided)
    elif what in {"overturn", "uphold"}:
        await cases.hear(parts, actor, request_id, case, version_of_form(form), overturns=what == "overturn", reason=reason)
    elif what == "identity":
        await identity.ask(parts, actor, request_id, case, reason)
    else:
        raise NotFound


async def _on_opening(parts: Parts, actor: Actor, request_id: UUID, opening: UUID, what: str, form: dict[str, str]) -> None:
    if what == "agree":
        await identity.agree(parts, actor, request_id, opening)
    elif what == "review":
        await identity.review(parts, actor, request_id, opening, form.get("reason", ""))
    else:
        raise NotFound


async def _on_group(parts: Parts, actor: Actor, request_id: UUID, group: UUID, what: str, form: dict[str, str]) -> None:
    if what in {"pause", "resume"}:
        await cases.pause(parts, actor, request_id, group, is_paused=what == "pause", reason=form.get("reason", ""))
    elif what == "moderators":
        await setup.appoint(parts, actor, request_id, group, path_id(form.get("staff", "")), form.get("role", ""))
    else:
        raise NotFound


_ON: Final = {"cases": _on_case, "openings": _on_opening, "groups": _on_group}


@post("/moderation/{kind:str}/{one_id:str}/{what:str}", include_in_schema=False, status_code=200)
async def press(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], kind: FromPath[str],
                one_id: FromPath[str], what: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """One press, then the page again; a refusal is said there."""
    actor.must_be_staff()
    form = await form_of(request)
    act, one = _ON.get(kind), path_id(one_id)
    if act is None:
        raise NotFound
    try:
        await act(parts, actor, request.scope["state"]["request_id"], one, what, form)
    except (Conflict, StaleVersion, Invalid, FreshSignInNeeded) as error:
        fault, status = refused(error)
        return await _page(request, parts, actor, fault=fault, status=status)
    return go("/moderation")


def _at(form: dict[str, str], name: str) -> datetime:
    try:
        return datetime.fromisoformat(form.get(name, "")).replace(tzinfo=ZONE)
    except ValueError as error:
        raise Invalid("Choose the day and the time.", f"/{name}") from error


@post("/moderation/duty", include_in_schema=False, status_code=200)
async def plan(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Put somebody on duty, or take them off."""
    actor.must_be_staff()
    form = await form_of(request)
    request_id: UUID = request.scope["state"]["request_id"]
    try:
        if form.get("drop"):
            await setup.take_off_duty(parts, actor, request_id, path_id(form["drop"]))
        else:
            await setup.put_on_duty(parts, actor, request_id, path_id(form.get("staff", "")), form.get("role", ""), _at(form, "from"),
                                    _at(form, "to"))  # fmt: skip
    except (Conflict, Invalid) as error:
        fault, status = refused(error)
        return await _page(request, parts, actor, fault=fault, status=status)
    return go("/moderation")


@get("/moderation/openings/{opening_id:str}", include_in_schema=False)
async def person(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], opening_id: FromPath[str],
                 ) -> Response[bytes]:  # fmt: skip
    """Who wrote it, for whoever asked and within the hour."""
    actor.must_be_staff()
    opening = path_id(opening_id)
    try:
        found, row = await identity.read(parts, actor, request.scope["state"]["request_id"], opening)
    except Conflict as error:
        fault, status = refused(error)
        return await _page(request, parts, actor, fault=fault, status=status)
    now = cases.clock.now().astimezone(ZONE)
    view = PersonView(
        handle=row.handle, name=f"{found.given_name} {found.family_name}", telephone=found.telephone, patient=str(found.patient_id),
        until=row.until.astimezone(ZONE), as_of=now,
    )  # fmt: skip
    shell = await shell_of(request, parts, actor, section="groups")
    pages: Pages = parts.extras["pages"]
    return html(pages.page("steady/moderation_person.html", shell, view, now), policy(shell.nonce))


ROUTES: Final[list[Any]] = [moderate, press, plan, person]

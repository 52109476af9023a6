"""The rules on pages: all of them with what each is worth, one with its limits, and a limit or a mode tried before anybody signs."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor, Scope
from domain.detection.catalogue import GOVERNED, label, unit
from domain.detection.rule import same
from domain.detection.trial import Concern, Tried
from domain.episodes.value import OVERALL, RuleValue
from domain.errors import Conflict, FreshSignInNeeded, Invalid, NotFound
from domain.plans.limits import MG, MMOL, Change, Period
from domain.text import admit
from server import clock
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import form_of
from server.episodes.pages import GROUPS, ZONE, shell_of
from server.http import AnyRequest, path_id, query_of
from server.rules import book, overview, service, store, tries
from server.rules.overview import LimitNow, RuleNow
from server.rules.service import Mode
from server.rules.views import (
    CountView,
    DiffersView,
    FamilyView,
    LimitView,
    RuleRowView,
    RulesView,
    RuleView,
    TryRowView,
    TryView,
    WorthView,
)
from server.web import words
from server.web.layout import Pages, policy
from server.web.refused import refused
from server.web.routes import html
from server.web.views import Choice, Rank

REVIEW: Final = timedelta(days=90)
_STEPS: Final = 40
_SHOWN: Final = 60
_SEVERITY: Final = {1: "watch", 2: "soon", 3: "urgent"}
_STATE: Final = {
    "waiting": "It begins in a moment.", "running": "It is being worked out.", "done": "Done.", "failed": "It could not be worked out.",
}  # fmt: skip


def number(one: Decimal, mg: Decimal | None) -> str:
    """A limit's value; one of glucose in both units."""
    return same(one) if mg is None else f"{same(one)} {MMOL} ({same(mg)} {MG})"


def tried_words(key: str, value: Decimal | None, mg: Decimal | None) -> str:
    """One limit as somebody wants it."""
    one = GOVERNED[key]
    shown = f"built in again ({same(one.limit.value)})" if value is None else f"{number(value, mg)} {'' if mg else unit(one)}".strip()
    return f"{one.rule}, {words.inside(label(one))}: {shown}"


def mode_words(rule: str, mode: str) -> str:
    """One mode as somebody wants it."""
    return f"{rule}: {'recorded only, shown to nobody' if mode == 'shadow' else 'shown to nurses again'}"


def _worth(one: RuleValue, days: int) -> WorthView:
    done = [
        f"{count} {name}" for count, name in (
            (one.advice, "advice"), (one.medicine, "medicine changed"), (one.visits, "visit"), (one.admitted, "admitted"))
        if count
    ]  # fmt: skip
    return WorthView(
        days=days, flags=one.flags, notes=one.notes, people=one.people, true=one.true.said, false=one.false,
        done=", ".join(done) or "nothing yet", resolved=one.self_resolved, minutes=f"{one.minutes}",
    )  # fmt: skip


def _step(one: LimitNow) -> str:
    """The smallest change worth trying: as exact as the built-in limit is, and not more than so many of them."""
    limit = one.one.limit
    places = max(-int(limit.value.normalize().as_tuple().exponent), 0)
    low, high = limit.range
    step = Decimal(1).scaleb(-places)
    while (high - low) / step < 10:  # noqa: PLR2004 - a slider of fewer steps is none
        step = step / (2 if step.as_tuple().digits == (1,) else 5)
    while (high - low) / step > _STEPS * 5:
        step = step * 10
    return same(step)


def _limit(one: LimitNow) -> LimitView:
    row = one.entry
    low, high = one.one.limit.range
    usual = one.one.limit.value
    if one.one.floor:
        low, high = (low, usual) if one.one.limit.safer == "lower" else (usual, high)
    return LimitView(
        key=one.one.key, label=one.label, value=number(one.value, one.mg), usual=same(usual), unit="" if one.mg else one.unit,
        safer=f"sooner when {one.one.limit.safer}", who="" if row is None else " and ".join(filter(None, (row.first_name, row.second_name))),
        since=None if row is None else row.from_at.astimezone(ZONE), review_at=None if row is None else row.review_at.astimezone(ZONE),
        reason="" if row is None else row.reason, is_floor=one.one.floor, low=same(low), high=same(high), step=_step(one),
        asks_unit=one.one.limit.mg is not None, history=tuple(map(_entry, one.history)),
    )  # fmt: skip


def _entry(row: store.EntryRow) -> str:
    value = "built in again" if row.value is None else number(row.value, row.mg)
    who = " and ".join(filter(None, (row.first_name, row.second_name))) or "somebody"
    return f"{value} from {words.date(row.from_at.astimezone(ZONE))}, signed by {who}: {row.reason}"


def _own(row: store.OwnRow) -> LimitView:
    one = GOVERNED[row.name]
    return LimitView(
        key=row.name, label=f"{row.given_name} {row.family_name}: {words.inside(label(one))}",
        value="the service's again" if row.value is None else number(row.value, row.mg), usual=same(one.limit.value),
        unit="" if row.mg else unit(one), who=row.set_by_name or "somebody", since=row.from_at.astimezone(ZONE), reason=row.reason,
        review_at=None if row.review_at is None else row.review_at.astimezone(ZONE), is_own=True, href=f"/patients/{row.patient_id}",
    )  # fmt: skip


def _row(one: RuleNow, team: UUID) -> RuleRowView:
    return RuleRowView(
        id=one.rule.id, href=f"/rules/{one.rule.id}?team={team}", title="" if one.words.title == one.rule.id else one.words.title,
        about=one.words.about, is_floor=one.rule.floor, is_shadow=one.mode == "shadow", waits=bool(one.waiting),
        changed=sum(limit.entry is not None for limit in one.limits), short=_worth(one.short, overview.SHORT),
        long=_worth(one.long, overview.LONG),
    )  # fmt: skip


def _load(found: overview.Overview) -> str:
    def said(one: overview.Load) -> str:
        return "nobody shares with this service yet" if one.per_month is None else f"{one.per_month} in {one.days} days"

    if found.short.per_month is None:
        return f"Urgent and soon concerns for one person in a month: {said(found.short)}."
    verdict = "more than" if found.short.is_over else "within"
    both = f"{said(found.short)}, {said(found.long)}"
    return f"Urgent and soon concerns for one person in a month, all rules together: {both}; {verdict} the budget of {OVERALL}."


def rules_view(found: overview.Overview) -> RulesView:
    """All that the page of rules shows."""
    families = [
        FamilyView(key=key, title=title, rules=tuple(_row(one, found.team.team_id) for one in found.rules if book.family(one.rule) == key))
        for key, title in book.FAMILIES
    ]
    newest = found.sets[0] if found.sets else None
    signed = "nothing changed by this service" if newest is None else f"this service's version {newest.version}"
    return RulesView(
        team=found.team.name, people=found.short.people, load=_load(found), is_over=found.short.is_over,
        teams=tuple(Choice(value=str(row.team_id), label=row.name, chosen=row.team_id == found.team.team_id) for row in found.teams),
        rule_set=f"Release {found.rule_set}, {signed}", waiting=len(found.waiting),
        families=tuple(one for one in families if one.rules), as_of=found.as_of.astimezone(ZONE),
    )  # fmt: skip


@get("/rules", include_in_schema=False)
async def rules(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Every rule in plain words with its mode and what it was worth (F40)."""
    actor.must_be_staff()
    query: dict[str, Any] = query_of(request.scope, {"team": UUID})
    view = rules_view(await overview.overview(parts.database, actor, query.get("team")))
    shell = await shell_of(request, parts, actor, section="rules")
    pages: Pages = parts.extras["pages"]
    return html(pages.page("steady/rules.html", shell, view, view.as_of), policy(shell.nonce))


def _mode(one: RuleNow) -> tuple[str, str]:
    if not one.modes:
        return "Shown to nurses", "Nobody has changed how it is shown."
    newest = one.modes[0]
    said = "Recorded only: measured, shown to nobody" if newest.mode == "shadow" else "Shown to nurses"
    who = "the budget, by itself" if newest.by == "budget" else newest.by
    return said, f"Since {words.date(newest.from_at.astimezone(ZONE))}, by {who}: {newest.reason}"


def state_of(run: tries.Run) -> str:
    """One word for how far a trial is."""
    row = run.row
    return "failed" if row.fault else "done" if row.ended_at else "running" if row.of_all else "waiting"


def what_of(run: tries.Run) -> tuple[str, ...]:
    """What a trial tries, in words."""
    limits: Sequence[Tried] = run.input.limits
    said = [tried_words(one.key, one.value, one.mg) for one in limits if one.key in GOVERNED]
    return (*said, *(mode_words(rule, mode) for rule, mode in run.input.modes.items())) or ("nothing: as it is",)


def try_row(run: tries.Run) -> TryRowView:
    """One trial in a list."""
    return TryRowView(
        href=f"/rules/tries/{run.row.run_id}", what="; ".join(what_of(run)), state=_STATE[state_of(run)],
        at=run.row.asked_at.astimezone(ZONE), by=run.row.asked_name or "somebody",
    )  # fmt: skip


async def _rule_page(  # noqa: PLR0913 - one page
    request: AnyRequest, parts: Parts, actor: Actor, rule: str, team: UUID | None, *, fault: str = "", status: int = 200
) -> Response[bytes]:
    found = await overview.overview(parts.database, actor, team)
    one = next((one for one in found.rules if one.rule.id == rule), None)
    if one is None:
        raise NotFound
    own = await overview.own(parts.database, parts.reads, actor, rule, request.scope["state"]["request_id"])
    runs = [run for run in await tries.last(parts.database, actor, [found.team.team_id], 50) if rule in _rules_of(run)]
    mode, why = _mode(one)
    view = RuleView(
        id=rule, team=found.team.name, team_id=str(found.team.team_id), title=one.words.title, about=one.words.about,
        version=one.rule.version, is_floor=one.rule.floor, source=book.source(one.rule), for_whom=book.for_whom(one.rule),
        looks=book.looks(one.rule), mode=mode, is_shadow=one.mode == "shadow", mode_why=why, may_rest=one.may_rest,
        may_try=found.team.is_mine and {Scope.LIMITS_PROPOSE, Scope.EPISODES_READ} <= actor.scopes, limits=tuple(map(_limit, one.limits)),
        own=tuple(map(_own, own)), worth=(_worth(one.short, overview.SHORT), _worth(one.long, overview.LONG)),
        tries=tuple(map(try_row, runs[:5])), waiting=len(one.waiting), fault=fault, as_of=found.as_of.astimezone(ZONE),
    )  # fmt: skip
    shell = await shell_of(request, parts, actor, section="rules")
    pages: Pages = parts.extras["pages"]
    return html(pages.page("steady/rule.html", shell, view, view.as_of), policy(shell.nonce), status=status)


def _rules_of(run: tries.Run) -> frozenset[str]:
    return frozenset({one.key.partition(".")[0] for one in run.input.limits} | run.input.modes.keys())


@get("/rules/{rule:str}", include_in_schema=False)
async def rule(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], rule: FromPath[str]) -> Response[bytes]:
    """One rule with its limits per service and person, what it was worth, and the form that tries another limit or mode."""
    actor.must_be_staff()
    query: dict[str, Any] = query_of(request.scope, {"team": UUID})
    return await _rule_page(request, parts, actor, rule, query.get("team"))


def _changes(form: Mapping[str, str], found: RuleNow) -> list[Change]:
    """The limits of the form that are not as they stand now."""
    changes: list[Change] = []
    for limit in found.limits:
        text = form.get(f"value.{limit.one.key}", "").strip().replace(",", ".")
        if not text:
            continue
        try:
            value = Decimal(text)
        except InvalidOperation as error:
            raise Invalid(f"Type a number for {words.inside(limit.label)}.", "/value") from error
        glucose = limit.one.limit.mg is not None
        wanted = form.get(f"unit.{limit.one.key}", MMOL) if glucose else None
        if value != (limit.mg if wanted == MG else limit.value):
            changes.append(Change(key=limit.one.key, value=value, unit=wanted))
    if not changes:
        raise Invalid("Change at least one limit: these are as they stand now.", "/changes")
    return changes


@post("/rules/{rule:str}/try", include_in_schema=False, status_code=200)
async def ask(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], rule: FromPath[str]) -> Response[bytes]:
    """Try the limits or the mode of the form on the last weeks of the real caseload; changes nothing (F39)."""
    actor.must_be_staff()
    form = await form_of(request)
    team = path_id(form.get("team", ""))
    try:
        found = await overview.overview(parts.database, actor, team)
        one = next((one for one in found.rules if one.rule.id == rule), None)
        if one is None:
            raise NotFound
        mode = form.get("mode", "")
        wanted: dict[str, Mode] = {rule: "shadow" if mode == "shadow" else "active"} if mode else {}
        run = await tries.ask(
            parts.database, parts.reads, actor, request.scope["state"]["request_id"], team=team,
            changes=[] if mode else _changes(form, one), modes=wanted, days=28 if form.get("days") == "28" else tries.DAYS,
        )  # fmt: skip
    except Invalid as error:
        return await _rule_page(request, parts, actor, rule, team, fault=error.detail, status=422)
    return go(f"/rules/tries/{run.row.run_id}")


def _per_week(before: float, after: float, weeks: float, name: str) -> CountView:
    return CountView(label=name, before=f"{before / weeks:.1f}", after=f"{after / weeks:.1f}")


def _counts(outcome: tries.Outcome, days: int) -> tuple[CountView, ...]:
    weeks, before, after = days / 7, outcome.concerns.before, outcome.concerns.after
    return (
        _per_week(before.red, after.red, weeks, "Urgent concerns a week"), _per_week(before.amber, after.amber, weeks, "Soon a week"),
        _per_week(before.info, after.info, weeks, "To watch a week"),
        _per_week(outcome.minutes_before, outcome.minutes_after, weeks, "Nurse minutes a week"),
    )  # fmt: skip


def _found(outcome: tries.Outcome) -> tuple[str, ...]:
    missed = "none of them is missed" if not outcome.missed else f"{outcome.missed} would have been missed"
    later = f", {outcome.late} seen later" if outcome.late else ""
    return (
        f"Deteriorations that nurses acted on: {outcome.confirmed}; {missed}{later}.",
        f"New concerns: {outcome.new}. Concerns that would not have come: {outcome.gone}.",
        f"{outcome.people} people and {outcome.readings:,} readings judged twice in {outcome.took_s:.0f} s.",
    )


def headline(outcome: tries.Outcome, days: int) -> str:
    """What a trial found, in one sentence."""
    weeks = days / 7
    tasks = (outcome.concerns.after.tasks - outcome.concerns.before.tasks) / weeks
    minutes = (outcome.minutes_after - outcome.minutes_before) / weeks
    if not outcome.new and not outcome.gone and not outcome.missed and not outcome.late and abs(tasks) < 0.05:  # noqa: PLR2004
        return "Nothing would have been different."
    missed = "no deterioration missed" if not outcome.missed else f"{outcome.missed} deterioration{'s' if outcome.missed > 1 else ''} missed"
    return f"{tasks:+.1f} concerns and {minutes:+.0f} nurse minutes a week, {missed}."


def _said(one: Concern, how: str) -> str:
    rank = Rank.of(one.severity, emergency=one.emergency)
    return f"{how} {rank.shape} {rank.word.lower()}, {words.date(one.first_at.astimezone(ZONE))}: {one.sentence}"


def _differs(one: tries.Person) -> DiffersView:
    body = one.body
    said = [_said(each, "New:") for each in body.new] + [_said(each, "Gone:") for each in body.gone]
    said += [f"{_SEVERITY[was.severity]} becomes {_SEVERITY[now.severity]}, {words.date(was.first_at.astimezone(ZONE))}: {now.sentence}"
             for was, now in body.changed]  # fmt: skip
    said += [
        f"{GROUPS.get(each.group, each.group)} of {words.date(each.at.astimezone(ZONE))}, which nurses acted on: "
        + ("missed" if each.late_h is None else f"seen {each.late_h} hours later")
        for each in body.missed
    ]
    return DiffersView(href=f"/patients/{one.row.patient_id}", name=f"{one.row.given_name} {one.row.family_name}", said=tuple(said))


def _people(found: Sequence[tries.Person]) -> tuple[DiffersView, ...]:
    merged: dict[str, DiffersView] = {}
    for one in map(_differs, found):
        before = merged.get(one.href)
        merged[one.href] = one if before is None else DiffersView(href=one.href, name=one.name, said=before.said + one.said)
    return tuple(list(merged.values())[:_SHOWN])


async def _try_page(  # noqa: PLR0913 - one page
    request: AnyRequest, parts: Parts, actor: Actor, run: UUID, *, fault: str = "", reason: str = "", status: int = 200
) -> Response[bytes]:
    found = await tries.one(parts.database, actor, run)
    now = clock.now().astimezone(ZONE)
    row, outcome = found.row, found.outcome
    days = round((found.input.to_at - found.input.from_at) / timedelta(days=1))
    may_see = Scope.EPISODES_READ in actor.scopes
    differs = await tries.people(parts.database, parts.reads, actor, run, request.scope["state"]["request_id"]) if may_see else []
    about = next(iter(sorted(_rules_of(found))), "")
    view = TryView(
        id=str(run), team=await overview.team_name(parts.database, actor, row.team_id), state=state_of(found), what=what_of(found),
        back=f"/rules/{about}?team={row.team_id}" if about else "/rules", by=row.asked_name or "somebody", at=row.asked_at.astimezone(ZONE),
        days=days, done=row.done, of_all=row.of_all, fault=fault or row.fault or "", reason=reason, differs=_people(differs),
        may_send=outcome is not None and bool(about) and Scope.LIMITS_PROPOSE in actor.scopes, has_date=bool(found.input.limits),
        start_on=f"{now + timedelta(days=1):%Y-%m-%d}", review_on=f"{now + REVIEW:%Y-%m-%d}", as_of=now,
        headline="" if outcome is None else headline(outcome, days), counts=() if outcome is None else _counts(outcome, days),
        weeks=() if outcome is None else tuple(
            CountView(label=words.date(week.from_at.astimezone(ZONE)), before=str(week.concerns.before.tasks),
                      after=str(week.concerns.after.tasks))
            for week in outcome.weeks),
        found=() if outcome is None else _found(outcome),
        minutes="" if outcome is None else f"A concern is reckoned at {outcome.minutes.red} minutes when urgent, {outcome.minutes.amber} "
        f"when soon, {outcome.minutes.info} to watch, as the service states it.",
    )  # fmt: skip
    shell = await shell_of(request, parts, actor, section="rules")
    pages: Pages = parts.extras["pages"]
    return html(pages.page("steady/try.html", shell, view, now), policy(shell.nonce), status=status)


@get("/rules/tries/{run_id:str}", include_in_schema=False)
async def tried(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], run_id: FromPath[str]) -> Response[bytes]:
    """How far a trial is and what it found; asked again every two seconds where scripts run."""
    actor.must_be_staff()
    return await _try_page(request, parts, actor, path_id(run_id))


def day_of(text: str, pointer: str, name: str) -> datetime:
    """The beginning of a day that a form names."""
    try:
        return datetime.fromisoformat(f"{text}T00:00:00").replace(tzinfo=ZONE)
    except ValueError as error:
        raise Invalid(f"Choose the day: {name}.", pointer) from error


async def _send(parts: Parts, actor: Actor, request_id: UUID, run: tries.Run, form: Mapping[str, str]) -> None:
    reason = admit(form.get("reason", "").strip(), pointer="/reason", most=1000)
    if not reason:
        raise Invalid("Say why, in a sentence: whoever signs reads it.", "/reason")
    review = day_of(form.get("review", ""), "/reviewAt", "when somebody looks again")
    if run.input.limits:
        today = clock.now().astimezone(ZONE).date()
        start = day_of(form.get("start", ""), "/fromAt", "from when it holds")
        begins = clock.now() + timedelta(seconds=5) if start.date() == today else start
        changes = [Change(key=one.key, value=one.value if one.mg is None else one.mg, unit=None if one.mg is None else MG)
                   for one in run.input.limits]  # fmt: skip
        await service.propose(parts.database, parts.reads, actor, request_id, team=run.row.team_id, changes=changes, reason=reason,
                              period=Period(from_at=begins, review_at=review), run=run.row.run_id)  # fmt: skip
        return
    await service.propose_modes(parts.database, parts.reads, actor, request_id, team=run.row.team_id, modes=run.input.modes, reason=reason,
                                review_at=review, run=run.row.run_id)  # fmt: skip


@post("/rules/tries/{run_id:str}/send", include_in_schema=False, status_code=200)
async def send(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], run_id: FromPath[str]) -> Response[bytes]:
    """Send what was tried for the second signature (F46)."""
    actor.must_be_staff()
    run = path_id(run_id)
    form = await form_of(request)
    try:
        await _send(parts, actor, request.scope["state"]["request_id"], await tries.one(parts.database, actor, run), form)
    except (Invalid, Conflict, FreshSignInNeeded) as error:
        fault, status = refused(error)
        return await _try_page(request, parts, actor, run, fault=fault, reason=form.get("reason", "")[:1000], status=status)
    return go("/rules/proposals")


ROUTES: Final[list[Any]] = [rules, rule, ask, tried, send]

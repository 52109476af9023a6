"""The person's page, and what a nurse presses about one concern: then back to where it was pressed."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.days import day, years
from domain.errors import Conflict, Invalid, NotFound, StaleVersion
from domain.people.facts import KEYS, MEDICINES
from domain.readings.kinds import DataClass
from server.app_state import Parts
from server.auth.pages import go
from server.desk import pictures, service, story
from server.desk.store import DeviceRow, FactRow
from server.episodes.pages import DONE, ZONE, concern_views, perform, row_again, shell_of, undo_views
from server.http import AnyRequest, header, path_id, query_of
from server.plans import pages as plan_section
from server.web import words
from server.web.layout import Pages, policy
from server.web.refused import refused
from server.web.routes import html
from server.web.views import Choice, DeputyView, DeviceView, PatientView, PlanView, ShareView, SheetView

_QUIET: Final = timedelta(days=2)
_LOOKS: Final = {14: "2 weeks", 90: "3 months", 365: "1 year"}
_LANGUAGES: Final = {"en": "English", "cy": "Welsh", "pl": "Polish", "ur": "Urdu", "bn": "Bengali", "pa": "Punjabi"}
_PREFERS: Final = {
    "app": "the app", "text": "text", "sms": "text", "email": "e-mail", "call": "a call", "telephone": "a call", "letter": "a letter",
}  # fmt: skip


def _nhs(number: str | None) -> str:
    return "" if number is None else f"{number[:3]} {number[3:6]} {number[6:]}"


def _device(row: DeviceRow, now: datetime) -> DeviceView:
    return DeviceView(
        name=f"{row.vendor} {row.model}".strip(), last_at=None if row.last_at is None else row.last_at.astimezone(ZONE),
        since=row.from_at.astimezone(ZONE), ended_at=None if row.to_at is None else row.to_at.astimezone(ZONE),
        is_quiet=row.to_at is None and (row.last_at is None or now - row.last_at > _QUIET),
    )  # fmt: skip


def _holds(row: FactRow, now: datetime) -> bool:
    return row.from_at <= now and (row.to_at is None or now < row.to_at)


def _known(row: FactRow) -> str:
    key = KEYS.get(row.key)
    if key is None or key.form == "yes":
        return row.key if key is None else key.label
    return f"{key.label}: {row.value} {key.unit}".strip()


def person_view(
    found: service.Page, actor: Actor, plan: PlanView, *, part: str = "", fault: str = ""
) -> PatientView:
    """All that a person's page shows."""
    now = found.as_of.astimezone(ZONE)
    person = found.concerns.person
    zone = ZoneInfo(person.zone)
    held = [one for one in found.facts if _holds(one, found.as_of)]
    return PatientView(
        patient=str(person.patient_id), name=f"{person.given_name} {person.family_name}",
        age=years(person.birth_on, day(now, person.zone)), born=f"{person.birth_on:%-d %b %Y}",
        nhs_number=_nhs(person.nhs_number), conditions=words.conditions(person.conditions),
        prefers=_PREFERS.get(person.prefers, person.prefers), language=_LANGUAGES.get(person.language, person.language),
        telephone=person.telephone, coordinator=person.coordinator or "",
        deputies=tuple(DeputyView(name=one.name, team=one.team, until=one.to_at.astimezone(ZONE)) for one in found.deputies),
        shares=tuple(
            ShareView(label=said, is_shared=int(no) in found.shared.may_read, may_write=int(no) in found.shared.may_write)
            for no, said in story.SHARED.items() if no is not DataClass.RECORD
        ),
        shared_until=None if found.shared.until is None else found.shared.until.astimezone(ZONE),
        devices=tuple(_device(one, found.as_of) for one in found.devices),
        medicines=tuple(dict.fromkeys(MEDICINES.get(one.value, one.value) for one in held if one.key == "medicine")),
        known=tuple(_known(one) for one in held if one.key not in ("medicine", "medicine_changed", "rebaseline")),
        episodes=concern_views(found.concerns, actor, now), charts=pictures.drawn(found, now),
        days=tuple(Choice(value=str(days), label=said, chosen=days == found.days) for days, said in _LOOKS.items()),
        timeline=story.lines(found, zone, part), parts=story.choices(part), small=story.folded(found, zone), as_of=now, fault=fault,
        results=words.RESULTS, reasons=words.DISMISS_REASONS, plan=plan, undo=undo_views(found.concerns, actor, found.as_of),
        colleagues=tuple(Choice(value=str(one.staff_id), label=one.name) for one in found.concerns.colleagues),
    )  # fmt: skip


async def shown(request: AnyRequest, parts: Parts, actor: Actor, patient: UUID, *, fault: str = "", status: int = 200) -> Response[bytes]:
    """The page as it is now; `fault` is what a refused button says."""
    query = query_of(request.scope, {"days": int, "show": str}) if request.scope["method"] == "GET" else {}
    days, part = query.get("days", service.DAYS), query.get("show", "")
    if days not in _LOOKS or (part and part not in story.PARTS):
        raise Invalid("Choose one of those on the page.", "/days" if days not in _LOOKS else "/show")
    found = await service.page(
        parts.database, parts.reads, actor, patient, request.scope["state"]["request_id"], pictures.KINDS, days
    )
    plan = await plan_section.shown(parts, actor, patient, found.as_of)
    shell = await shell_of(request, parts, actor)
    pages: Pages = parts.extras["pages"]
    view = person_view(found, actor, plan, part=part, fault=fault)
    return html(pages.page("steady/patient.html", shell, view, view.as_of), policy(shell.nonce), status=status)


@get("/patients/{patient_id:str}", include_in_schema=False)
async def person(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str]
) -> Response[bytes]:
    """One person: why they are flagged, what was measured, what happened, who cares for them."""
    actor.must_be_staff()
    return await shown(request, parts, actor, path_id(patient_id))


@post("/patients/{patient_id:str}/episodes/{episode_id:str}/{what:str}", include_in_schema=False, status_code=200)
async def act(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
    episode_id: FromPath[str], what: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    """Take, put off, hand over, close or take back; then back to where it was pressed. A refusal is said where it was pressed too."""
    actor.must_be_staff()
    patient = path_id(patient_id)
    in_place = header(request.scope, b"hx-request") == b"true"
    fault = ""
    status = 200
    done = None
    try:
        done = await perform(request, parts, actor, patient, path_id(episode_id), what)
    except (Conflict, StaleVersion, Invalid) as error:
        fault, status = refused(error)
    if in_place:
        said = fault or DONE.get(what, "")
        return await row_again(request, parts, actor, patient, said=said, fault=fault, done=None if what == "undo" else done)
    if fault:
        return await shown(request, parts, actor, patient, fault=fault, status=status)
    return go("/" if what == "snooze" else f"/patients/{patient}")


_SHEETS: Final = {"clinic": "One page to take to clinic", "discharge": "Discharge summary"}


@get("/patients/{patient_id:str}/sheets/{sheet:str}", include_in_schema=False)
async def printed(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str], sheet: FromPath[str]
) -> Response[bytes]:
    """One A4 page to print: to take to clinic, or a summary when the watching ends."""
    actor.must_be_staff()
    if sheet not in _SHEETS:
        raise NotFound
    patient = path_id(patient_id)
    found = await service.page(
        parts.database, parts.reads, actor, patient, request.scope["state"]["request_id"], pictures.KINDS, service.DAYS
    )
    plan = await plan_section.shown(parts, actor, patient, found.as_of)
    shell = await shell_of(request, parts, actor)
    pages: Pages = parts.extras["pages"]
    person_sheet = person_view(found, actor, plan, part="flags" if sheet == "discharge" else "")
    view = SheetView(title=_SHEETS[sheet], is_discharge=sheet == "discharge", person=person_sheet)
    return html(pages.page("steady/sheet.html", shell, view, person_sheet.as_of), policy(shell.nonce))


ROUTES: Final[list[Any]] = [person, act, printed]

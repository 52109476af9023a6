"""Held readings as a page: what was sent, why it is held, what it might have meant, and three buttons."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.detection.rule import same
from domain.errors import Conflict, Invalid, NotFound, StaleVersion
from domain.readings.kinds import BY_NO
from domain.readings.quality import is_number
from domain.readings.quarantine import NEEDS_A_TIME, Change, Meaning, State, Step
from domain.readings.reading import Draft
from domain.readings.units import accepts
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import form_of
from server.episodes.pages import ZONE, shell_of, version_of_form
from server.http import AnyRequest, path_id
from server.quarantine import service
from server.web import words
from server.web.layout import Pages, policy
from server.web.refused import refused
from server.web.routes import html
from server.web.views import Choice, HeldListView, HeldView, LineView

_SHOWN: Final = 100
_DID: Final = {
    "release": "Believed as it was sent", "correct": "Corrected", "discard": "Set aside", "hold": "Held again",
    "confirm": "The person says it is right as sent",
}  # fmt: skip
_SAID: Final = {"release": "Released: it is in the record now.", "correct": "Corrected: it is in the record now.",
                "discard": "Set aside. Nothing was deleted.", "hold": "Held again."}  # fmt: skip


def _values(draft: Draft | Meaning) -> str:
    if draft.parts:
        return "/".join(same(one) for one in draft.parts.values())
    return "" if draft.value is None else same(draft.value)


def view_of(held: service.Held) -> HeldView:
    """One held reading as the page shows it."""
    row, draft = held.row, held.draft
    kind = BY_NO[row.kind]
    zone = ZoneInfo(row.zone)
    return HeldView(
        patient=str(row.patient_id), id=str(row.id), version=row.version, name=f"{row.given_name} {row.family_name}",
        kind=kind.label, sent=f"{draft.comparator or ''}{_values(draft)} {words.unit(draft.unit)}".strip(),
        value=_values(draft), names=" ".join(draft.parts or ()), taken_at=draft.taken_at.astimezone(zone),
        received_at=row.received_at.astimezone(ZONE),
        why=row.detail, state=row.state, may_decide=row.may_decide, needs_a_time=row.code in NEEDS_A_TIME,
        meant=tuple(Choice(value=one.unit, label=f"{_values(one)} {words.unit(one.unit)}") for one in held.meant),
        units=tuple(Choice(value=one, label=words.unit(one), chosen=one == draft.unit) for one in accepts(kind)),
        history=tuple(
            LineView(at=one.at.astimezone(ZONE), text=f"{_DID.get(one.what, one.what)}: {one.reason}", by=one.by_name or "the person")
            for one in held.events
        ),
    )  # fmt: skip


async def _page(request: AnyRequest, parts: Parts, actor: Actor, *, fault: str = "", said: str = "", status: int = 200) -> Response[bytes]:
    found = await service.listed(parts.database, parts.reads, actor, request.scope["state"]["request_id"], limit=_SHOWN)
    shell = await shell_of(request, parts, actor, section="held", said=said)
    pages: Pages = parts.extras["pages"]
    view = _list(found, fault)
    return html(pages.page("steady/held.html", shell, view, view.as_of), policy(shell.nonce), status=status)


def _list(found: Sequence[service.Held], fault: str) -> HeldListView:
    now = service.clock.now().astimezone(ZONE)
    views = [view_of(one) for one in found]
    return HeldListView(
        held=tuple(one for one in views if one.state == State.HELD), decided=tuple(one for one in views if one.state != State.HELD),
        as_of=now, fault=fault,
    )  # fmt: skip


@get("/held", include_in_schema=False)
async def held(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Held readings of everybody whom the nurse may see, newest first."""
    actor.must_be_staff()
    return await _page(request, parts, actor)


def _change(form: dict[str, str], zone: ZoneInfo) -> Change:
    """What the form says instead of what was sent; parts are typed as 128/79."""
    value: Decimal | None = None
    parts: dict[str, Decimal] | None = None
    text = form.get("value", "").strip().replace(",", ".")
    try:
        numbers = [Decimal(one.strip()) for one in text.split("/")] if text else []
    except InvalidOperation as error:
        raise Invalid("Type a number, or two as 128/79.", "/value") from error
    if not all(is_number(one) for one in numbers):
        raise Invalid("Type a number, or two as 128/79.", "/value")
    if len(numbers) == 1:
        value = numbers[0]
    elif numbers:
        names = form.get("names", "").split()
        parts = dict(zip(names, numbers, strict=False))
    taken_at = None
    if form.get("taken_at"):
        try:
            taken_at = datetime.fromisoformat(form["taken_at"]).replace(tzinfo=zone)
        except ValueError as error:
            raise Invalid("Type the day and the time.", "/takenAt") from error
    return Change(value=value, parts=parts, unit=form.get("unit") or None, taken_at=taken_at)


@post("/held/{patient_id:str}/{held_id:str}/{what:str}", include_in_schema=False, status_code=200)
async def decide(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
    held_id: FromPath[str], what: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    """One decision; then the list again. A refusal is said on the page where it was pressed."""
    actor.must_be_staff()
    if what not in _SAID:
        raise NotFound
    patient, wanted, step = path_id(patient_id), path_id(held_id), Step(what)
    form = await form_of(request)
    try:
        version = version_of_form(form)
        if not form.get("reason", "").strip():
            raise Invalid("Say why, in a few words.", "/reason")  # noqa: TRY301 - said on the page like every refusal
        change = _change(form, ZONE) if step is Step.CORRECT else None
        await service.decide(parts.database, parts.ingest, actor, request.scope["state"]["request_id"], patient, wanted, version,
                             step, form["reason"], change)  # fmt: skip
    except (Conflict, StaleVersion, Invalid) as error:
        fault, status = refused(error)
        return await _page(request, parts, actor, fault=fault, status=status)
    return go("/held")


ROUTES: Final[list[Any]] = [held, decide]

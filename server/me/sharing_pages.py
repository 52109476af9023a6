"""Who sees my record: give, take parts away, go on, stop; each decision with its receipt (F57 to F61)."""

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.days import begins
from domain.errors import Conflict, Invalid, NotFound, StaleVersion
from domain.readings.kinds import DataClass
from domain.sharing import consent
from server import clock
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import form_of
from server.consent import service, store
from server.consent.routes import asking
from server.consent.service import Asking
from server.http import AnyRequest, path_id, query_of
from server.me.pages import page
from server.me.shell import Person, must_be_patient, person_of, shell_of
from server.web.refused import refused
from server.web.views import Choice

HERE: Final = "/me/sharing"
_BASES: Final = {
    "proxy": "cares for you", "emergency": "an emergency", "share": "a one-time code",
}  # fmt: skip
_DONE: Final = {
    "given": "Shared. You can stop it at any time, in one step.",
    "less": "They see less from now on.",
    "longer": "It goes on until the new day.",
    "stopped": "Stopped. They see nothing of yours any more.",
}
_DECISIONS: Final = {
    "granted": "You let {who} see {parts}", "renewed": "You let {who} go on", "narrowed": "You let {who} see only {parts}",
    "withdrawn": "You stopped sharing with {who}",
}  # fmt: skip


class GrantLine(msgspec.Struct, frozen=True, kw_only=True):
    """One permission in words; `parts` can be unticked."""

    id: str
    who: str
    what: str
    why: str
    may_write: bool
    from_at: datetime
    to_at: datetime | None
    is_open: bool
    may_change: bool
    is_witnessed: bool
    parts: tuple[Choice, ...] = ()


class DecisionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One decision, with the receipt that can be downloaded."""

    seq: int
    said: str
    at: datetime
    is_witnessed: bool


class SharingView(msgspec.Struct, frozen=True, kw_only=True):
    """Who sees what now, who did, and every decision."""

    open: tuple[GrantLine, ...]
    over: tuple[GrantLine, ...]
    decisions: tuple[DecisionLine, ...]
    teams: tuple[Choice, ...]
    people: tuple[Choice, ...]
    parts: tuple[Choice, ...]
    text_title: str
    text_body: str
    text_version: int
    fault: str = ""


def parts_of(form: dict[str, str]) -> tuple[DataClass, ...]:
    """The ticked parts of the record."""
    return consent.classes([one.name.lower() for one in DataClass if f"part-{one.name.lower()}" in form])


def choices_of(ticked: tuple[DataClass, ...], of: tuple[DataClass, ...] = tuple(DataClass)) -> tuple[Choice, ...]:
    """Parts of a record to tick."""
    return tuple(
        Choice(value=f"part-{one.name.lower()}", label=consent.CLASS_WORDS[one].removeprefix("your ").capitalize(), chosen=one in ticked)
        for one in of
    )


def until_of(form: dict[str, str], person: Person) -> datetime | None:
    """The end of the day that was typed, where the person lives; None for the usual year."""
    typed = form.get("until", "").strip()
    if not typed:
        return None
    try:
        return begins(date.fromisoformat(typed) + timedelta(days=1), person.zone.key)
    except (ValueError, OverflowError) as error:
        raise Invalid("A day, such as 2027-03-31.", "/until") from error


def _line(row: store.GrantRow, person: Person, patient: UUID, now: datetime) -> GrantLine:
    known = consent.known(row.data_classes)
    is_open = row.to_at is None or row.to_at > now
    what = consent.words(known)
    return GrantLine(
        id=str(row.grant_id), who=row.name or "Somebody", what=what[:1].upper() + what[1:], why=_BASES.get(row.basis, ""),
        may_write=row.may_write, from_at=row.from_at.astimezone(person.zone),
        to_at=None if row.to_at is None else row.to_at.astimezone(person.zone), is_open=is_open,
        may_change=is_open and row.basis == "grant", is_witnessed=row.basis == "grant" and row.granted_by != patient,
        parts=choices_of(known, known),
    )  # fmt: skip


def _decision(row: store.EventRow, person: Person) -> DecisionLine:
    said = msgspec.json.decode(row.body, type=consent.Decision)
    parts = consent.words(consent.classes(said.data_classes))
    words = _DECISIONS[row.what].format(who=said.grantee, parts=parts)
    return DecisionLine(seq=row.seq, said=words, at=row.at.astimezone(person.zone), is_witnessed=row.is_witnessed)


async def _shown(request: AnyRequest, parts: Parts, actor: Actor, *, fault: str = "", said: str = "", status: int = 200) -> Response[bytes]:
    ask = asking(request, actor, parts)
    person = await person_of(parts, actor)
    rows, events = await service.listed(ask), await service.history(ask)
    teams, people, systems = await service.choices(ask)
    text = consent.current("sharing")
    now = clock.now()
    lines = [_line(row, person, actor.id, now) for row in rows]
    view = SharingView(
        open=tuple(one for one in lines if one.is_open), over=tuple(one for one in lines if not one.is_open),
        decisions=tuple(_decision(row, person) for row in events),
        teams=tuple(Choice(value=f"team:{one.id}", label=one.name) for one in teams),
        people=(
            *(Choice(value=f"person:{one.id}", label=one.name, hint=one.about) for one in people),
            *(Choice(value=f"person:{one.id}", label=one.name, hint="another service's computer system") for one in systems),
        ),
        parts=choices_of(()), text_title=text.title, text_body=text.body, text_version=text.version, fault=fault,
    )  # fmt: skip
    shell = shell_of(request, parts, person, section="sharing", said=said)
    return page(parts, "steady/me_sharing.html", shell, view, now.astimezone(person.zone), status=status)


@get("/me/sharing", include_in_schema=False)
async def sharing(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Who sees what, and every decision."""
    must_be_patient(actor)
    query = query_of(request.scope, {"done": str})
    return await _shown(request, parts, actor, said=_DONE.get(query.get("done", ""), ""))


async def _change(ask: Asking, grant: UUID, what: str, form: dict[str, str], person: Person) -> str:
    if what == "less":
        await service.narrow(ask, grant, parts_of(form), until_of(form, person), may_write=None if "may-write" in form else False)
        return "less"
    if what == "longer":
        await service.renew(ask, grant, until_of(form, person), consent.agreed("sharing", version_of(form)))
        return "longer"
    if what == "stop":
        await service.withdraw(ask, grant)
        return "stopped"
    raise NotFound


def version_of(form: dict[str, str]) -> int:
    """The version of the text that was shown."""
    typed = form.get("text-version", "")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 5):  # noqa: PLR2004 - no text has so many versions
        raise StaleVersion
    return int(typed)


def _given(form: dict[str, str], person: Person) -> service.Given:
    kind, _, wanted = form.get("who", "").partition(":")
    if kind not in ("team", "person"):
        raise Invalid("Choose with whom.", "/who")
    chosen = path_id(wanted)
    return service.Given(
        team_id=chosen if kind == "team" else None, person_id=chosen if kind == "person" else None, data_classes=parts_of(form),
        may_write="may-write" in form, to_at=until_of(form, person), text=consent.agreed("sharing", version_of(form)),
    )  # fmt: skip


@post("/me/sharing", include_in_schema=False, status_code=200)
async def give(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Share with a team or a person."""
    must_be_patient(actor)
    form = await form_of(request)
    try:
        await service.give(asking(request, actor, parts), _given(form, await person_of(parts, actor)))
    except (Invalid, StaleVersion, Conflict) as error:
        fault, status = refused(error)
        return await _shown(request, parts, actor, fault=fault, status=status)
    return go(f"{HERE}?done=given")


@post("/me/sharing/{consent_id:str}/{what:str}", include_in_schema=False, status_code=200)
async def press(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], consent_id: FromPath[str], what: FromPath[str]
) -> Response[bytes]:
    """Take parts away, go on for longer, or stop."""
    must_be_patient(actor)
    grant = path_id(consent_id)
    form = await form_of(request)
    try:
        done = await _change(asking(request, actor, parts), grant, what, form, await person_of(parts, actor))
    except (Invalid, StaleVersion, Conflict) as error:
        fault, status = refused(error)
        return await _shown(request, parts, actor, fault=fault, status=status)
    return go(f"{HERE}?done={done}")


@get("/me/sharing/receipts/{seq:str}", include_in_schema=False)
async def receipt(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], seq: FromPath[str]
) -> Response[bytes]:
    """One decision as a file that anybody can verify."""
    must_be_patient(actor)
    query_of(request.scope, {})
    if not (seq.isascii() and seq.isdigit() and len(seq) <= 9):  # noqa: PLR2004 - as many digits as a number of the table has
        raise NotFound
    found = await service.receipt(asking(request, actor, parts), int(seq))
    name = f'attachment; filename="consent-receipt-{int(seq)}.json"'
    return Response(found, media_type="application/json", headers={"cache-control": "no-store", "content-disposition": name})


ROUTES: Final[list[Any]] = [sharing, give, press, receipt]

"""The nurse's desk: the queue, a person's page, the three actions as forms, and the live stream."""

import hashlib
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response, Stream
from markupsafe import Markup

from domain.actor import Actor
from domain.days import day, years
from domain.detection import advice
from domain.detection.catalogue import GOVERNED, label, unit
from domain.detection.judgement import Judgement, Severity
from domain.episodes.episode import TAKEN, DismissReason, FlagState, Result, State
from domain.episodes.lifecycle import NEEDS_REASON, may_undo
from domain.errors import Invalid, NotFound, Refusal
from domain.readings.kinds import BY_NO
from domain.text import admit
from server import clock
from server.app_state import Parts
from server.auth.routes import form_of
from server.auth.sessions import STAFF, cookie_of, csrf_of
from server.episodes import service
from server.episodes.store import EpisodeRow, SeriesRow, TimerRow
from server.http import AnyRequest, header, path_id, query_of
from server.live import EVERYTHING
from server.people import service as people
from server.quarantine import service as quarantine
from server.teams.service import Watching
from server.web import charts, words
from server.web.layout import Pages, policy
from server.web.routes import html
from server.web.views import (
    Choice,
    EpisodeView,
    QueueView,
    Rank,
    ReasonView,
    RowView,
    Shell,
    UndoView,
    Viewer,
)

ZONE: Final = ZoneInfo("Europe/London")
DAYS: Final = 28
_HOUR: Final = timedelta(hours=1)
_NEW: Final = _HOUR
_LOOK_S: Final = 60.0
GROUPS: Final = {
    "E": "Emergency symptom", "SYMPTOM": "Symptom", "HF-W": "Heart failure", "HF-S": "Heart failure symptoms", "OX": "Oxygen level",
    "NW": "NEWS2", "HT": "Blood pressure", "DM-HYPO": "Low glucose", "DM-KET": "Ketones", "AS": "Asthma",
    "DM-HIGH": "High glucose", "DM-SICK": "Ill, with diabetes", "DM-SENSOR": "Two weeks of sensor glucose", "CK": "Kidneys",
    "CK-K": "Potassium", "EP": "Seizures", "MH": "Mood", "MH-GAD": "Anxiety", "IB": "Bowel", "IB-LAB": "Calprotectin",
    "NE": "New neurological symptoms", "NE-PD": "Parkinson's medicine", "FF": "Falls", "FF-2": "Frailty",
    "PG-BP": "Blood pressure in pregnancy", "PG-GLUCOSE": "Glucose in pregnancy",
    "AS-C": "Asthma control", "AS-R": "Reliever", "CO": "COPD", "CO-O2": "Oxygen, COPD", "CO-Q": "COPD questionnaires",
    "HF-B": "Low blood pressure", "HF-H": "Pulse", "HT-AVG": "Home blood pressure",
    "HT-LOW": "Low blood pressure", "HT-PULSE": "Irregular pulse", "SILENCE": "Silence",
    "OPS": "A check that did not run",
}  # fmt: skip
_SNOOZES: Final = {"1h": timedelta(hours=1), "4h": timedelta(hours=4), "1d": timedelta(days=1), "7d": timedelta(days=7)}
_SNOOZE_WORDS: Final = {"1h": "1 hour", "4h": "4 hours", "1d": "Until tomorrow", "7d": "A week"}
NOT_CURRENT: Final = (
    "The watch is not running: readings are stored and judged, but nobody is reminded. Tell whoever runs this service."
)
DONE: Final = {"start": "Noted.", "acknowledge": "Taken: it is yours.", "snooze": "Put off.", "close": "Closed.",
               "hand-over": "Handed over.", "undo": "Taken back."}
_STAFF_ROLE: Final = {"nurse": "specialist nurse", "lead": "lead nurse", "coordinator": "coordinator", "admin": "administrator"}


async def shell_of(request: AnyRequest, parts: Parts, actor: Actor, *, section: str = "", said: str = "") -> Shell:
    """What stands round every page: brand, who looks, CSRF token."""
    pages: Pages = parts.extras["pages"]
    found = await people.me(parts.database, actor)
    cookie = cookie_of(STAFF, request.scope["headers"])
    viewer = None if found is None else Viewer(name=found.name, role=_STAFF_ROLE.get(found.role or "", found.role or ""))
    return Shell(
        brand=pages.brand, nonce=pages.nonce(), csrf="" if cookie is None else csrf_of(cookie), viewer=viewer, section=section,
        said=said, demo=parts.extras["settings"].demo,
    )  # fmt: skip


@lru_cache(maxsize=16)
def _snoozes(severity: int, *, floor: bool) -> tuple[Choice, ...]:
    if floor:
        return ()
    most = timedelta(hours=4) if severity == Severity.RED else timedelta(days=7)
    return tuple(Choice(value=key, label=_SNOOZE_WORDS[key]) for key, span in _SNOOZES.items() if span <= most)


def _limit(rule: str, name: str, value: str) -> str:
    """A limit as the judgement kept it; one that the rule took from the record has its own name."""
    one = GOVERNED.get(f"{rule}.{name}")
    return f"{name.replace('_', ' ')} {value}" if one is None else f"{words.inside(label(one))} {value} {unit(one)}".rstrip()


class _Said:
    """A judgement's words, told apart by whose it is, which rule's and at which reading: what it says follows from that and its numbers."""

    __slots__ = ("judgement", "key")

    def __init__(self, one: Judgement) -> None:
        self.judgement = one
        self.key = (one.rule, one.version, one.anchor.int, one.advice, one.sentence, tuple(one.limits.items()), tuple(one.numbers.items()))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Said) and self.key == other.key


@lru_cache(maxsize=4096)
def _said(said: _Said) -> tuple[str, str]:
    """What the patient was told, and the limits in force."""
    one = said.judgement
    limits = ", ".join(_limit(one.rule, name, value) for name, value in one.limits.items())
    return (advice.text(one.advice, one.numbers) if one.advice else "", f"Limits in force: {limits}" if limits else "")


def _reason(reason: service.Reason, now: datetime) -> ReasonView:
    one = reason.judgement
    explained = reason.row.state == FlagState.EXPLAINED
    told, limits = _said(_Said(one))
    return ReasonView(
        text=one.sentence + (" (explained by a later reading)" if explained else ""),
        href=f"/patients/{reason.row.patient_id}/flags/{reason.row.flag}",
        rule=f"{one.rule} v{one.version}", rank=Rank.of(reason.row.severity, emergency=reason.row.emergency),
        at=one.anchor_at, is_new=now - reason.row.raised_at < _NEW and not explained,
        advice=told, limits=limits,
    )  # fmt: skip


def _value(kind: int, row: SeriesRow) -> str:
    found = BY_NO[kind]
    shown = charts.number(row.value, found.places if found.places < 2 else 1)  # noqa: PLR2004 - grams are noise on a screen
    if row.value2 is not None:
        shown += f"/{charts.number(row.value2, found.places)}"
    return shown


def _points(rows: Sequence[SeriesRow]) -> list[charts.Point]:
    return [(row.taken_at, row.value) for row in rows]


class _Drawn:
    """What a thumbnail is drawn from, told apart by whose it is and how far the picture had moved: the points follow from that."""

    __slots__ = ("card", "key")

    def __init__(self, card: service.Card, end: datetime) -> None:
        self.card = card
        self.key = (card.worst.row.patient_id, card.kind, card.version, end)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Drawn) and self.key == other.key and self.card.version is not None


# Drawing is most of a row's work and its readings seldom move: a busy queue draws each picture once an hour.
@lru_cache(maxsize=512)
def _thumbnail(drawn: _Drawn) -> Markup:
    card, end = drawn.card, drawn.key[-1]
    kind = BY_NO[card.kind]
    frame = charts.Frame(
        title=kind.label, label=kind.label, unit=words.unit(kind.unit), start=end - timedelta(days=DAYS), end=end,
        places=min(kind.places, 1), width=150, height=44,
    )  # fmt: skip
    points = _points(card.series)
    return charts.sparkline(points, charts.own_band(points, end), frame)


def row_of(card: service.Card, actor: Actor, now: datetime) -> RowView:
    """One person's row."""
    worst = card.worst.row
    rank = Rank.of(worst.severity, emergency=worst.emergency)
    reasons = [_reason(one, now) for one in card.reasons]
    told = next((one.advice for one in reasons if one.advice), "")
    kind = BY_NO[card.kind]
    last = card.series[-1] if card.series else None
    # The service's order as digits, for a browser that puts a new row in its place.
    place = (
        f"{int(worst.snoozed_until is not None)}{9 - worst.severity}{int(worst.state in TAKEN)}{int(not worst.emergency)}"
        f"{worst.raised_at.timestamp():.0f}"
    )
    return RowView(
        patient=str(worst.patient_id), episode=str(worst.id), version=worst.version, place=place,
        name=f"{worst.given_name} {worst.family_name}", age=years(worst.birth_on, day(now, worst.zone)),
        conditions=words.conditions(worst.conditions), rank=rank, reasons=tuple(reasons),
        more=card.more, told=words.first_sentence(told),
        trend=_thumbnail(_Drawn(card, now.replace(minute=0, second=0, microsecond=0) + _HOUR)),
        trend_label=words.inside(kind.label) + ("" if last else ": no readings"),
        latest=f"{_value(card.kind, last)} {words.unit(kind.unit)}" if last else "",
        latest_at=last.taken_at.astimezone(ZONE) if last else None, flagged_at=worst.raised_at.astimezone(ZONE),
        waited=words.waited(worst.raised_at, now), owner=worst.owner_name or ("somebody" if worst.owner else ""),
        is_mine=worst.owner == actor.id, is_taken=worst.state in TAKEN, next_step=words.next_step(worst.step, worst.due_at, now),
        cleared=worst.cleared_at is not None, snoozed_until=worst.snoozed_until,
        snoozes=_snoozes(worst.severity, floor=worst.emergency),
    )  # fmt: skip


def _states(found: service.Queue) -> dict[UUID, str]:
    """What each card shows, as a short name that changes with it."""
    return {
        card.worst.row.patient_id: hashlib.sha256(
            msgspec.json.encode([
                [(str(one.row.id), one.row.version, one.row.raised_at, one.row.due_at, len(one.flags)) for one in card.concerns],
                card.series[-1].taken_at if card.series else None,
            ])
        ).hexdigest()[:16]
        for card in found.cards
    }  # fmt: skip


def _seen(states: dict[UUID, str]) -> str:
    """A name for what the queue shows, so that a stream which opens later can tell whether something was missed."""
    return hashlib.sha256("".join(states.values()).encode()).hexdigest()[:16]


@get("/", include_in_schema=False)
async def queue(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """Who needs me, most urgent first, why, and how many are steady."""
    actor.must_be_staff()
    found = await service.queue(parts.database, parts.reads, actor, request.scope["state"]["request_id"])
    now = found.as_of.astimezone(ZONE)
    ready = await parts.ready()
    view = QueueView(
        held=await quarantine.count(parts.database, actor),
        rows=tuple(row_of(card, actor, now) for card in found.cards), people=found.people, as_of=now, seen=_seen(_states(found)),
        watch=_watch(found.watching, now),
        lag="" if ready["watching"] else NOT_CURRENT,
    )  # fmt: skip
    shell = await shell_of(request, parts, actor, section="queue")
    pages: Pages = parts.extras["pages"]
    return html(pages.page("steady/queue.html", shell, view, now), policy(shell.nonce))


def _next_step(row: TimerRow | None, now: datetime) -> str:
    return "" if row is None else words.next_step(row.step, row.due_at, now)


def _watch(found: Watching | None, now: datetime) -> str:
    """Who watches, said once on the queue."""
    if found is None or not found.teams:
        return ""
    if found.is_on and found.until is not None:
        return f"On shift until {words.when(found.until.astimezone(ZONE), now)}"
    opens = "" if found.opens_at is None else f"; the next shift begins {words.when(found.opens_at.astimezone(ZONE), now)}"
    return f"Out of hours{opens}. Urgent concerns go to the out-of-hours service."


def concern_views(found: service.PersonPage, actor: Actor, now: datetime) -> tuple[EpisodeView, ...]:
    """A person's open concerns, each with its reasons and with what can be done about it."""
    by_episode: dict[UUID | None, list[service.Reason]] = {}
    for reason in found.reasons:
        by_episode.setdefault(reason.row.episode, []).append(reason)
    return tuple(
        EpisodeView(
            episode=str(row.id), patient=str(row.patient_id), version=row.version, name=GROUPS.get(row.group, row.group),
            rank=Rank.of(row.severity, emergency=row.emergency), owner=row.owner_name or "", is_mine=row.owner == actor.id,
            is_taken=row.state in TAKEN, is_started=row.state == State.IN_PROGRESS, next_step=_next_step(found.timers.get(row.id), now),
            cleared_at=row.cleared_at.astimezone(ZONE) if row.cleared_at else None,
            reasons=tuple(_reason(one, now) for one in service.standing(by_episode.get(row.id, []), lambda one: one.row)),
            opened_at=row.opened_at.astimezone(ZONE),
            snoozed_until=row.snoozed_until.astimezone(ZONE) if row.snoozed_until and row.snoozed_until > now else None,
            snooze_reason=row.snooze_reason or "", snoozes=_snoozes(row.severity, floor=row.floor_emergency),
        )
        for row in found.episodes
        if row.state != State.CLOSED
    )  # fmt: skip


def undo_views(found: service.PersonPage, actor: Actor, now: datetime) -> tuple[UndoView, ...]:
    """What the viewer has just done to this person's concerns and can take back."""
    last = {event.episode: event for event in reversed(found.events)}
    return tuple(
        UndoView(
            patient=str(row.patient_id), episode=str(row.id), version=row.version,
            said=f"{GROUPS.get(row.group, row.group)}: {words.event(last[row.id].what, last[row.id].body).lower()}",
        )
        for row in found.episodes
        if row.id in last and may_undo(last[row.id].what, last[row.id].by, last[row.id].at, actor.id, now)
    )  # fmt: skip


def version_of_form(form: dict[str, str]) -> int:
    """Which version of a thing the page showed."""
    text = form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - an integer's digits
        raise Invalid("The page is too old: load it again.", "/version")
    return int(text)


async def perform(
    request: AnyRequest, parts: Parts, actor: Actor, patient: UUID, episode: UUID, what: str
) -> EpisodeRow:
    """Do what a form asks for; the concern as it is then."""
    form = await form_of(request)
    version = version_of_form(form)
    here = (parts.database, parts.reads, actor, patient, episode, version, request.scope["state"]["request_id"])
    if what == "acknowledge":
        return await service.acknowledge(*here)
    if what == "start":
        note = form.get("note", "")
        return await service.start(*here, admit(note, pointer="/note", most=500) if note else "")
    if what == "snooze":
        span = _SNOOZES.get(form.get("until", ""))
        if span is None:
            raise Invalid("Choose how long.", "/until")
        return await service.snooze(*here, clock.now() + span, admit(form.get("reason", ""), pointer="/reason", most=500))
    if what == "close":
        result, reason = _chosen(form)
        return await service.close(*here, result, reason)
    if what == "hand-over":
        to = path_id(form["to"]) if form.get("to") else None
        return await service.hand_over(*here, to, admit(form.get("note", ""), pointer="/note", most=500))
    if what == "undo":
        return await service.undo(*here)
    raise NotFound


def _chosen(form: dict[str, str]) -> tuple[Result, DismissReason | None]:
    try:
        result = Result(form.get("result", ""))
        reason = DismissReason(form["reason"]) if form.get("reason") else None
    except ValueError as error:
        raise Invalid("Choose what happened.", "/result") from error
    if result in NEEDS_REASON and reason is None:
        raise Invalid("Say why no action was needed.", "/reason")
    return result, reason


async def row_again(  # noqa: PLR0913 - what was pressed, and what came of it
    request: AnyRequest, parts: Parts, actor: Actor, patient: UUID, *, said: str, fault: str, done: EpisodeRow | None
) -> Response[bytes]:
    """The person's row as it is now, for the queue in which the button was pressed, and the way back for what was `done`."""
    found = await service.queue(parts.database, parts.reads, actor, request.scope["state"]["request_id"], only=patient)
    now = found.as_of.astimezone(ZONE)
    shell = await shell_of(request, parts, actor, said=said)
    pages: Pages = parts.extras["pages"]
    views = [msgspec.structs.replace(row_of(card, actor, now), fault=fault) for card in found.cards]
    text = "".join(pages.live_row(shell, view, now, said) for view in views) or pages.live_gone(f"row-{patient}", said)
    undo = None if done is None else UndoView(patient=str(patient), episode=str(done.id), version=done.version, said=said)
    return html(text + pages.live_undo(shell, undo), policy(shell.nonce))


@get("/events", include_in_schema=False)
async def events(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Stream:
    """Rows as they change. Each is read again under the viewer's own rights, so a withdrawn grant is felt at once (ACC-5)."""
    actor.must_be_staff()
    shell = await shell_of(request, parts, actor)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return Stream(_rows(request, parts, shell), media_type="text/event-stream", headers=headers)


def _message(text: str, key: int) -> bytes:
    lines = "".join(f"data: {line}\n" for line in text.splitlines() if line.strip())
    return f"id: {key}\n{lines}\n".encode()


async def _rows(request: AnyRequest, parts: Parts, shell: Shell) -> AsyncGenerator[bytes]:
    """One stream: what was missed before it opened, then each change, until the session or the process ends."""
    # A stream that comes back has missed something; a page read just now says what it saw.
    seen = "" if header(request.scope, b"last-event-id") else query_of(request.scope, {"seen": str}).get("seen", "")
    shown: dict[UUID, str] | None = None
    key, looked, lag = 0, clock.monotonic(), ""
    yield b"retry: 3000\n\n"
    async for hint in parts.live.stream(first=EVERYTHING):
        try:
            actor = parts.signed_in(request.scope)
        except Refusal:
            return
        patient = hint
        if patient is None:
            lag, message = await lag_message(parts, lag, key)
            yield message
            # ALP-3: a hint may be lost, so each stream looks for itself once in a while.
            if clock.monotonic() - looked < _LOOK_S:
                continue
            patient = EVERYTHING
        only = None if patient == EVERYTHING else patient
        found = await service.queue(parts.database, parts.reads, actor, request.scope["state"]["request_id"], only=only)
        states = _states(found)
        if only is None:
            looked = clock.monotonic()
            if shown is None and _seen(states) == seen:
                shown = states
        text = _changes(parts, shell, actor, found, states, shown, only)
        shown = states if only is None else {**{one: state for one, state in (shown or {}).items() if one != only}, **states}
        if text:
            key += 1
            yield _message(text, key)


async def lag_message(parts: Parts, before: str, key: int) -> tuple[str, bytes]:
    """What an open page says of the watch, and the message to it: a keep-alive, or that it stopped or is back (ALP-8)."""
    lag = "" if (await parts.ready())["watching"] else NOT_CURRENT
    return lag, b": still here\n\n" if lag == before else _message(parts.extras["pages"].live_lag(lag), key)


def _changes(  # noqa: PLR0913 - what is, what was shown, and to whom
    parts: Parts, shell: Shell, actor: Actor, found: service.Queue, states: dict[UUID, str], shown: dict[UUID, str] | None,
    only: UUID | None,
) -> str:  # fmt: skip
    pages: Pages = parts.extras["pages"]
    now = found.as_of.astimezone(ZONE)
    if shown is None:
        return pages.live_all(shell, [row_of(card, actor, now) for card in found.cards], now)
    changed = [card for card in found.cards if only or shown.get(card.worst.row.patient_id) != states[card.worst.row.patient_id]]
    gone = [one for one in ([only] if only else shown) if one not in states]
    rows = [pages.live_row(shell, row_of(card, actor, now), now) for card in changed]
    return "".join([*rows, *(pages.live_gone(f"row-{one}") for one in gone)])


ROUTES: Final[list[Any]] = [queue, events]

"""The nurse's desk: the queue, a person's page, the three actions as forms, and the live stream."""

import hashlib
from collections.abc import AsyncGenerator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response, Stream
from markupsafe import Markup

from domain.actor import Actor, ActorKind
from domain.days import day, years
from domain.detection import advice
from domain.detection.engine import BY_ID
from domain.detection.judgement import Severity
from domain.episodes.episode import DismissReason, FlagState, Result, State
from domain.episodes.lifecycle import NEEDS_REASON
from domain.errors import Conflict, Invalid, NotFound, Refusal, StaleVersion
from domain.readings.kinds import BY_NAME, BY_NO
from domain.text import admit
from server import clock
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import form_of
from server.auth.sessions import cookie_of, csrf_of
from server.episodes import service
from server.episodes.store import DeliveryRow, EventRow, SeriesRow, TimerRow
from server.http import AnyRequest, header, path_id, query_of
from server.live import EVERYTHING
from server.people import service as people
from server.plans import pages as plan_section
from server.quarantine import service as quarantine
from server.teams.service import Watching
from server.web import charts, words
from server.web.layout import Pages, policy
from server.web.routes import html
from server.web.views import (
    ChartView,
    Choice,
    EpisodeView,
    LineView,
    PatientView,
    QueueView,
    Rank,
    ReasonView,
    RowView,
    Shell,
    TableRow,
    Viewer,
)

ZONE: Final = ZoneInfo("Europe/London")
DAYS: Final = 28
PERSON_DAYS: Final = 90
_REASONS: Final = 3
_LATE: Final = 5
"""Of what was found late so many of the newest stand in the timeline, and every urgent one; the others are folded away."""
_HOUR: Final = timedelta(hours=1)
_NEW: Final = _HOUR
_LOOK_S: Final = 60.0
_PRESSURE: Final = BY_NAME["blood_pressure"].no
_PRESSURE_TARGET: Final = charts.Band(85, 135)
_GLUCOSE_TARGET: Final = charts.Band(3.9, 10.0)
_SENSOR: Final = BY_NAME["glucose_cgm"].no
_CHARTS: Final = tuple(
    BY_NAME[name].no
    for name in (
        "body_weight", "blood_pressure", "heart_rate", "oxygen_saturation", "peak_flow", "glucose_cgm", "glucose_capillary",
        "ketones_blood", "body_temperature", "respiratory_rate",
    )
)  # fmt: skip
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
_CHANGED: Final = "Somebody changed this since you looked. This is how it is now."
NOT_CURRENT: Final = (
    "The watch is not running: readings are stored and judged, but nobody is reminded. Tell whoever runs this service."
)
_DONE: Final = {"start": "Noted.", "acknowledge": "Taken: it is yours.", "snooze": "Put off.", "close": "Closed."}
_STAFF_ROLE: Final = {"nurse": "specialist nurse", "lead": "lead nurse", "coordinator": "coordinator", "admin": "administrator"}


def must_be_staff(actor: Actor) -> None:
    """Pages are for staff; for anybody else there is nothing."""
    if actor.kind is not ActorKind.STAFF:
        raise NotFound


async def shell_of(request: AnyRequest, parts: Parts, actor: Actor, *, section: str = "", said: str = "") -> Shell:
    """What stands round every page: brand, who looks, CSRF token."""
    pages: Pages = parts.extras["pages"]
    found = await people.me(parts.database, actor)
    cookie = cookie_of(request.scope["headers"])
    viewer = None if found is None else Viewer(name=found.name, role=_STAFF_ROLE.get(found.role or "", found.role or ""))
    return Shell(
        brand=pages.brand, nonce=pages.nonce(), csrf="" if cookie is None else csrf_of(cookie), viewer=viewer, section=section,
        said=said, demo=parts.extras["settings"].demo,
    )  # fmt: skip


def _snoozes(severity: int, *, floor: bool) -> tuple[Choice, ...]:
    if floor:
        return ()
    most = timedelta(hours=4) if severity == Severity.RED else timedelta(days=7)
    return tuple(Choice(value=key, label=_SNOOZE_WORDS[key]) for key, span in _SNOOZES.items() if span <= most)


def _limit(name: str, value: str) -> str:
    words, _, unit = name.rpartition("_")
    return f"{words} {value} {unit}" if unit == "kg" else f"{name.replace('_', ' ')} {value}"


def _reason(reason: service.Reason, now: datetime) -> ReasonView:
    one = reason.judgement
    explained = reason.row.state == FlagState.EXPLAINED
    limits = ", ".join(_limit(name, str(value)) for name, value in one.limits.items())
    return ReasonView(
        text=one.sentence + (" (explained by a later reading)" if explained else ""),
        rule=f"{one.rule} v{one.version}", rank=Rank.of(reason.row.severity, emergency=reason.row.emergency),
        at=one.anchor_at, is_new=now - reason.row.raised_at < _NEW and not explained,
        advice=advice.text(one.advice, one.numbers) if one.advice else "", limits=f"Limits in force: {limits}" if limits else "",
    )  # fmt: skip


def _standing(reasons: Sequence[service.Reason]) -> list[service.Reason]:
    """Worst first, each rule's newest only; what still stands before what was explained."""
    order = sorted(
        reasons,
        key=lambda one: (one.row.state != FlagState.ACTIVE, -one.row.severity, -one.row.anchor_at.timestamp()),
    )
    seen: set[str] = set()
    return [one for one in order if not (one.row.rule in seen or seen.add(one.row.rule))]


def _value(kind: int, row: SeriesRow) -> str:
    found = BY_NO[kind]
    shown = charts.number(row.value, found.places if found.places < 2 else 1)  # noqa: PLR2004 - grams are noise on a screen
    if row.value2 is not None:
        shown += f"/{charts.number(row.value2, found.places)}"
    return shown


def unit_of(kind: int) -> str:
    """A kind's unit as people write it."""
    return {"mm[Hg]": "mmHg", "Cel": "°C", "/min": "a minute"}.get(BY_NO[kind].unit, BY_NO[kind].unit)


def _points(rows: Sequence[SeriesRow]) -> list[charts.Point]:
    return [(row.taken_at, row.value) for row in rows]


def _first(text: str) -> str:
    """The first sentence: a row has one line for it, the person's page has all."""
    head, dot, _ = text.partition(". ")
    return head + "." if dot else text


# Drawing is most of a row's work and its readings seldom move: a busy queue draws each picture once an hour.
@lru_cache(maxsize=512)
def _thumbnail(number: int, points: tuple[charts.Point, ...], end: datetime) -> Markup:
    kind = BY_NO[number]
    frame = charts.Frame(
        title=kind.label, label=kind.label, unit=unit_of(number), start=end - timedelta(days=DAYS), end=end,
        places=min(kind.places, 1), width=150, height=44,
    )  # fmt: skip
    return charts.sparkline(points, charts.own_band(points, end), frame)


def row_of(card: service.Card, actor: Actor, now: datetime) -> RowView:
    """One person's row."""
    worst = card.worst.row
    rank = Rank.of(worst.severity, emergency=worst.emergency)
    # The worst reason of each concern before the second of any: no concern hides behind another's many rules.
    ranked = [list(_standing(concern.reasons)) for concern in card.concerns]
    found = [reason for turn in zip_longest(*ranked) for reason in turn if reason is not None]
    reasons = [_reason(one, now) for one in found]
    kind = BY_NO[card.kind]
    last = card.series[-1] if card.series else None
    # The service's order as digits, for a browser that puts a new row in its place.
    place = (
        f"{int(worst.snoozed_until is not None)}{9 - worst.severity}{int(worst.owner is not None)}{int(not worst.emergency)}"
        f"{worst.raised_at.timestamp():.0f}"
    )
    return RowView(
        patient=str(worst.patient_id), episode=str(worst.id), version=worst.version, place=place,
        name=f"{worst.given_name} {worst.family_name}", age=years(worst.birth_on, day(now, worst.zone)),
        conditions=words.conditions(worst.conditions), rank=rank, reasons=tuple(reasons[:_REASONS]),
        more=max(len(reasons) - _REASONS, 0), told=_first(next((one.advice for one in reasons if one.advice), "")),
        trend=_thumbnail(card.kind, tuple(_points(card.series)), now.replace(minute=0, second=0, microsecond=0) + _HOUR),
        trend_label=kind.label.lower() + ("" if last else ": no readings"),
        latest=f"{_value(card.kind, last)} {unit_of(card.kind)}" if last else "",
        latest_at=last.taken_at.astimezone(ZONE) if last else None, flagged_at=worst.raised_at.astimezone(ZONE),
        waited=words.waited(worst.raised_at, now), owner=worst.owner_name or ("somebody" if worst.owner else ""),
        is_mine=worst.owner == actor.id, next_step=words.next_step(worst.step, worst.due_at, now),
        cleared=worst.cleared_at is not None, snoozed_until=worst.snoozed_until,
        snoozes=_snoozes(worst.severity, floor=worst.emergency),
    )  # fmt: skip


def _states(found: service.Queue) -> dict[UUID, str]:
    """What each card shows, as a short name that changes with it."""
    return {
        card.worst.row.patient_id: hashlib.sha256(
            msgspec.json.encode([
                [(str(one.row.id), one.row.version, one.row.raised_at, one.row.due_at, len(one.reasons)) for one in card.concerns],
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
    must_be_staff(actor)
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


_EVENT: Final = msgspec.json.Decoder(dict[str, str])


def _line(event: EventRow) -> LineView:
    body = _EVENT.decode(event.body)
    said = words.EVENTS.get(event.what, event.what)
    who = ", ".join(words.ROLES.get(role, role) for role in body.get("who", "").split() if role != "patient")
    extra = who or body.get("why") or body.get("result", "").replace("_", " ") or body.get("reason", "") or body.get("rule", "")
    severity = {"info": 1, "amber": 2, "red": 3}.get(body.get("severity", ""))
    return LineView(
        at=event.at.astimezone(ZONE), text=f"{said}: {extra}" if extra else said, by=event.by_name or "",
        rank=None if severity is None else Rank.of(severity, emergency=False),
    )  # fmt: skip


def _told(row: DeliveryRow) -> LineView:
    """Who was told, by which channel, with which result, and when it was seen (AL-10)."""
    if row.audience == "patient":
        text = f"Read by the patient: “{_first(row.said)}”"
        return LineView(at=(row.received_at or row.created_at).astimezone(ZONE), text=text)
    who = row.recipient or words.ROLES.get(row.role, row.role)
    seen = f", seen {row.received_at.astimezone(ZONE):%H:%M}" if row.received_at else ""
    result = words.RESULTS_SENT.get(row.state, row.state)
    return LineView(at=row.created_at.astimezone(ZONE), text=f"Told {who} by {words.CHANNELS.get(row.channel, row.channel)}: {result}{seen}")


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


def _late(reason: service.Reason) -> LineView:
    return LineView(
        at=reason.judgement.anchor_at.astimezone(ZONE), text=reason.judgement.sentence, found_late=True,
        rank=Rank.of(reason.row.severity, emergency=reason.row.emergency),
    )  # fmt: skip


def _chart(kind: int, rows: Sequence[SeriesRow], marks: Sequence[charts.Mark], now: datetime) -> ChartView:
    found = BY_NO[kind]
    start = max(now - timedelta(days=PERSON_DAYS), rows[0].taken_at - timedelta(hours=12))
    frame = charts.Frame(title=found.label, label=found.label, unit=unit_of(kind), start=start, end=now, places=min(found.places, 1))
    points = _points(rows)
    finding = ""
    if kind == _PRESSURE:
        pairs = [(row.taken_at.astimezone(ZONE), row.value, row.value2 or Decimal(0)) for row in rows]
        picture = charts.pressure_bars(pairs, _PRESSURE_TARGET, marks, frame)
        sentence = charts.pressure_sentence(pairs, _PRESSURE_TARGET, frame)
    elif found.name.startswith("glucose"):
        picture = charts.glucose_trace(points, _GLUCOSE_TARGET, marks, frame)
        sentence = charts.glucose_sentence(points, _GLUCOSE_TARGET, frame)
    else:
        own = charts.own_band(points, now)
        finding = charts.against(rows[-1].value, own)
        picture = charts.line_chart(points, own, marks, frame)
        sentence = charts.sentence(points, own, frame)
    title = f"{found.label}: {_value(kind, rows[-1])} {unit_of(kind)}" + (f", {finding}" if finding else "")
    return ChartView(key=found.name, title=title, picture=picture, sentence=sentence, unit=_columns(kind), table=_table(kind, rows))


def _columns(kind: int) -> str:
    return f"{BY_NO[kind].label}, {unit_of(kind)}"


def _table(kind: int, rows: Sequence[SeriesRow]) -> tuple[TableRow, ...]:
    return tuple(TableRow(at=row.taken_at.astimezone(ZONE), value=_value(kind, row)) for row in reversed(rows[-60:]))


def _sensor(rows: Sequence[SeriesRow], marks: Sequence[charts.Mark], now: datetime, zone: ZoneInfo) -> list[ChartView]:
    """The last day as it was, and a usual day from two weeks."""
    last = [row for row in rows if row.taken_at > now - timedelta(days=1)]
    views: list[ChartView] = []
    label, unit = BY_NO[_SENSOR].label, unit_of(_SENSOR)
    if last:
        frame = charts.Frame(title=label, label=label, unit=unit, start=now - timedelta(days=1), end=now, places=1)
        points = [(row.taken_at.astimezone(zone), row.value) for row in last]
        recent = [mark for mark in marks if mark.at > frame.start]
        views.append(ChartView(
            key="glucose_day", title=f"Glucose, last 24 hours: {_value(_SENSOR, rows[-1])} {unit} now",
            picture=charts.glucose_trace(points, _GLUCOSE_TARGET, recent, frame),
            sentence=charts.glucose_sentence(points, _GLUCOSE_TARGET, frame), unit=_columns(_SENSOR), table=_table(_SENSOR, last),
        ))  # fmt: skip
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    frame = charts.Frame(title=label, label="Glucose", unit=unit, start=midnight, end=midnight + timedelta(days=1), places=1)
    points = [(row.taken_at.astimezone(zone), row.value) for row in rows]
    profile = charts.glucose_profile(points, _GLUCOSE_TARGET, frame)
    if profile is None:
        return views or [_chart(_SENSOR, rows, marks, now)]
    sentence = charts.profile_sentence(points, _GLUCOSE_TARGET, frame)
    views.append(ChartView(
        key="glucose_profile", title=f"Glucose through the day, {service.SENSOR_DAYS} days", picture=profile,
        sentence=sentence, unit=_columns(_SENSOR), table=_table(_SENSOR, rows),
    ))  # fmt: skip
    return views


def _marks(found: service.PersonPage) -> dict[int, list[charts.Mark]]:
    """When something was flagged, by the kind whose picture shows it; one a day and kind."""
    marks: dict[int, dict[date, charts.Mark]] = {}
    for one in (*found.reasons, *found.found_late):
        rule = BY_ID.get(one.row.rule)
        if rule is None or not rule.trend or one.row.severity == Severity.INFO:
            continue
        at = one.judgement.anchor_at.astimezone(ZONE)
        shape = Rank.of(one.row.severity, emergency=one.row.emergency).shape
        marks.setdefault(rule.trend, {}).setdefault(at.date(), charts.Mark(at, shape))
    return {kind: sorted(days.values(), key=lambda mark: mark.at)[-12:] for kind, days in marks.items()}


def _charts(found: service.PersonPage, now: datetime) -> tuple[ChartView, ...]:
    marks = _marks(found)
    views: list[ChartView] = []
    for kind in _CHARTS:
        rows = found.series.get(kind)
        if not rows:
            continue
        here = marks.get(kind, [])
        if kind == _SENSOR:
            views += _sensor(rows, here, now, ZoneInfo(found.person.zone))
        else:
            views.append(_chart(kind, rows, here, now))
    return tuple(views)


def _nhs(number: str | None) -> str:
    return "" if number is None else f"{number[:3]} {number[3:6]} {number[6:]}"


def person_view(found: service.PersonPage, actor: Actor, now: datetime, fault: str = "") -> PatientView:
    """All that a person's page shows."""
    person = found.person
    by_episode: dict[UUID | None, list[service.Reason]] = {}
    for reason in found.reasons:
        by_episode.setdefault(reason.row.episode, []).append(reason)
    episodes = tuple(
        EpisodeView(
            episode=str(row.id), patient=str(row.patient_id), version=row.version, name=GROUPS.get(row.group, row.group),
            rank=Rank.of(row.severity, emergency=row.emergency), owner=row.owner_name or "", is_mine=row.owner == actor.id,
            is_started=row.state == State.IN_PROGRESS, next_step=_next_step(found.timers.get(row.id), now),
            cleared_at=row.cleared_at.astimezone(ZONE) if row.cleared_at else None,
            reasons=tuple(_reason(one, now) for one in _standing(by_episode.get(row.id, []))),
            opened_at=row.opened_at.astimezone(ZONE),
            snoozed_until=row.snoozed_until.astimezone(ZONE) if row.snoozed_until and row.snoozed_until > now else None,
            snooze_reason=row.snooze_reason or "", snoozes=_snoozes(row.severity, floor=row.floor_emergency),
        )
        for row in found.episodes
        if row.state != "closed"
    )  # fmt: skip
    late = sorted(found.found_late, key=lambda one: one.judgement.anchor_at, reverse=True)
    serious = [one for one in late if one.row.severity > Severity.INFO]
    shown = [one for place, one in enumerate(serious) if place < _LATE or one.row.severity == Severity.RED]
    lines = [*map(_line, found.events), *map(_told, found.deliveries), *map(_late, shown)]
    return PatientView(
        patient=str(person.patient_id), name=f"{person.given_name} {person.family_name}",
        age=years(person.birth_on, day(now, person.zone)), born=f"{person.birth_on:%d %b %Y}",
        nhs_number=_nhs(person.nhs_number), conditions=words.conditions(person.conditions), prefers=person.prefers,
        language=person.language, telephone=person.telephone, coordinator=person.coordinator or "", episodes=episodes,
        charts=_charts(found, now),
        timeline=tuple(sorted(lines, key=lambda line: line.at, reverse=True)[:60]),
        small=tuple(_late(one) for one in late if one not in shown), as_of=now, fault=fault,
        results=words.RESULTS, reasons=words.DISMISS_REASONS,
    )  # fmt: skip


async def _person(request: AnyRequest, parts: Parts, actor: Actor, patient: UUID, *, fault: str = "", status: int = 200) -> Response[bytes]:
    found = await service.person(
        parts.database, parts.reads, actor, patient, request.scope["state"]["request_id"], kinds=_CHARTS, days=PERSON_DAYS
    )
    now = found.as_of.astimezone(ZONE)
    shell = await shell_of(request, parts, actor)
    pages: Pages = parts.extras["pages"]
    plan = await plan_section.shown(parts, actor, patient, found.as_of)
    view = msgspec.structs.replace(person_view(found, actor, now, fault), plan=plan)
    text = pages.page("steady/patient.html", shell, view, now)
    return html(text, policy(shell.nonce), status=status)


@get("/patients/{patient_id:str}", include_in_schema=False)
async def person(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str]
) -> Response[bytes]:
    """One person: why they are flagged, what was measured, what happened."""
    must_be_staff(actor)
    return await _person(request, parts, actor, path_id(patient_id))


def version_of_form(form: dict[str, str]) -> int:
    """Which version of a thing the page showed."""
    text = form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - an integer's digits
        raise Invalid("The page is too old: load it again.", "/version")
    return int(text)


async def _act(request: AnyRequest, parts: Parts, actor: Actor, patient: UUID, episode: UUID, what: str) -> None:
    form = await form_of(request)
    version = version_of_form(form)
    here = (parts.database, parts.reads, actor, patient, episode, version, request.scope["state"]["request_id"])
    if what == "acknowledge":
        await service.acknowledge(*here)
    elif what == "start":
        note = form.get("note", "")
        await service.start(*here, admit(note, pointer="/note", most=500) if note else "")
    elif what == "snooze":
        span = _SNOOZES.get(form.get("until", ""))
        if span is None:
            raise Invalid("Choose how long.", "/until")
        await service.snooze(*here, clock.now() + span, admit(form.get("reason", ""), pointer="/reason", most=500))
    elif what == "close":
        result, reason = _chosen(form)
        await service.close(*here, result, reason)
    else:
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


@post("/patients/{patient_id:str}/episodes/{episode_id:str}/{what:str}", include_in_schema=False, status_code=200)
async def act(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
    episode_id: FromPath[str], what: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    """Take, put off or close; then back to where it was pressed. A refusal is said where it was pressed too."""
    must_be_staff(actor)
    patient = path_id(patient_id)
    in_place = header(request.scope, b"hx-request") == b"true"
    fault = ""
    status = 200
    try:
        await _act(request, parts, actor, patient, path_id(episode_id), what)
    except (Conflict, StaleVersion, Invalid) as error:
        fault = _CHANGED if isinstance(error, StaleVersion) else error.detail
        status = 422 if isinstance(error, Invalid) else 409
    if in_place:
        return await _row(request, parts, actor, patient, said=fault or _DONE.get(what, ""), fault=fault)
    if fault:
        return await _person(request, parts, actor, patient, fault=fault, status=status)
    return go("/" if what == "snooze" else f"/patients/{patient}")


async def _row(request: AnyRequest, parts: Parts, actor: Actor, patient: UUID, *, said: str, fault: str) -> Response[bytes]:
    """The person's row as it is now, for the queue in which the button was pressed."""
    found = await service.queue(parts.database, parts.reads, actor, request.scope["state"]["request_id"], only=patient)
    now = found.as_of.astimezone(ZONE)
    shell = await shell_of(request, parts, actor, said=said)
    pages: Pages = parts.extras["pages"]
    views = [msgspec.structs.replace(row_of(card, actor, now), fault=fault) for card in found.cards]
    text = "".join(pages.live_row(shell, view, now, said) for view in views) or pages.live_gone(f"row-{patient}", said)
    return html(text, policy(shell.nonce))


@get("/events", include_in_schema=False)
async def events(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Stream:
    """Rows as they change. Each is read again under the viewer's own rights, so a withdrawn grant is felt at once (ACC-5)."""
    must_be_staff(actor)
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


ROUTES: Final[list[Any]] = [queue, person, act, events]

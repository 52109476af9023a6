"""HTTP for episodes."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.episodes.episode import DismissReason, Result
from domain.episodes.promise import WORDS, honest
from domain.text import admit
from server.app_state import Parts
from server.care.routes import WatchingOut, watching_out
from server.episodes import service
from server.episodes.store import EpisodeRow
from server.http import AnyRequest, body_of, path_id, query_of, version_of


class EpisodeOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One concern about one patient. `version` is its ETag."""

    id: UUID
    patient: UUID
    group: str
    severity: str
    emergency: bool
    state: str
    version: int
    opened_at: datetime
    raised_at: datetime
    owner: UUID | None
    owner_name: str | None
    snoozed_until: datetime | None
    closed_at: datetime | None
    result: str | None


class FlagOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why: the sentence, the numbers, the limits, the readings used, the rule and its version."""

    rule: str
    rule_version: int
    severity: str
    emergency: bool
    state: str
    sentence: str
    numbers: dict[str, str]
    limits: dict[str, str]
    evidence: tuple[UUID, ...]
    at: datetime


class CardOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One person in the queue. `reasons`: every flag of their open concerns that was not withdrawn, the worst of each concern first."""

    patient: UUID
    name: str
    episode: EpisodeOut
    reasons: list[FlagOut]


class QueueOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Most urgent first, and how fresh it is (INV-15).

    A reading is judged as it comes in. What time alone brings on (silence, a repeat that did not come, a step of the ladder) has
    been looked at up to `evaluatedThrough`, `lagS` seconds before `asOf`; both are null when nobody knows. `isCurrent` is false
    when that is too long ago to rely on.
    """

    items: list[CardOut]
    people: int
    as_of: datetime
    evaluated_through: datetime | None
    lag_s: float | None
    is_current: bool


class Snooze(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Until when, and why."""

    until: Annotated[datetime, msgspec.Meta(tz=True)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Close(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What came of it; for no action needed and false alarm also why (AL-11)."""

    result: Result
    reason: DismissReason | None = None


class HandOver(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """To whom (null: back to the whole team), and what they must know."""

    to: UUID | None
    note: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class ColleagueOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A colleague who may act on this person's concerns too."""

    id: UUID
    name: str


class ColleaguesOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """To whom concerns of this person can be handed, by name."""

    items: list[ColleagueOut]


class Start(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is being done, in a few words or none."""

    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


class MineOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One concern about oneself: what we saw, what you were told, what your plan says, what happens next and by when."""

    id: UUID
    severity: str
    emergency: bool
    state: str
    raised_at: datetime
    closed_at: datetime | None
    seen: list[str]
    advice: list[str]
    plan: list[str]
    next: str
    next_says: str
    next_by: datetime | None


class MyEpisodesOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Worst first; `advice` is what was said without a concern."""

    items: list[MineOut]
    advice: list[str]
    watching: WatchingOut
    as_of: datetime


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object."""


SEVERITY: Final = {1: "info", 2: "amber", 3: "red"}


def shown(row: EpisodeRow) -> EpisodeOut:
    """A stored episode as the API shows it."""
    return EpisodeOut(
        id=row.id, patient=row.patient_id, group=row.group, severity=SEVERITY[row.severity], emergency=row.emergency,
        state=row.state, version=row.version, opened_at=row.opened_at, raised_at=row.raised_at, owner=row.owner,
        owner_name=row.owner_name, snoozed_until=row.snoozed_until, closed_at=row.closed_at, result=row.result,
    )


def flag(reason: service.Reason) -> FlagOut:
    """A flag as the API shows it."""
    one = reason.judgement
    return FlagOut(
        rule=one.rule, rule_version=one.version, severity=SEVERITY[reason.row.severity], emergency=reason.row.emergency,
        state=reason.row.state, sentence=one.sentence, numbers=one.numbers, limits=one.limits, evidence=one.evidence,
        at=one.anchor_at,
    )


def _answer(row: EpisodeRow) -> Response[EpisodeOut]:
    return Response(shown(row), headers={"etag": f'"{row.version}"', "cache-control": "no-store"})


@get("/v1/episodes", operation_id="listEpisodes", summary="Who needs me, most urgent first", tags=["episodes"],
     opt={"query": {"limit": int}})
async def episodes(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[QueueOut]:
    """The open concerns of everybody who shares with the asker's teams."""
    query: dict[str, Any] = query_of(request.scope, {"limit": int})
    limit = min(query.get("limit", 50), 200)
    found = await service.queue(parts.database, parts.reads, actor, request.scope["state"]["request_id"], most=limit, trends=False,
                                shown=None)  # fmt: skip
    items = [
        CardOut(
            patient=card.worst.row.patient_id, name=f"{card.worst.row.given_name} {card.worst.row.family_name}",
            episode=EpisodeOut(
                id=card.worst.row.id, patient=card.worst.row.patient_id, group=card.worst.row.group,
                severity=SEVERITY[card.worst.row.severity], emergency=card.worst.row.emergency, state=card.worst.row.state,
                version=card.worst.row.version, opened_at=card.worst.row.opened_at, raised_at=card.worst.row.raised_at,
                owner=card.worst.row.owner, owner_name=card.worst.row.owner_name,
                snoozed_until=card.worst.row.snoozed_until, closed_at=None, result=None,
            ),
            reasons=[flag(reason) for reason in card.reasons],
        )
        for card in found.cards
    ]
    ready = await parts.ready()
    lag = None if ready["lagS"] is None else round(ready["lagS"], 1)
    out = QueueOut(
        items=items, people=found.people, as_of=found.as_of, lag_s=lag, is_current=ready["watching"],
        evaluated_through=None if lag is None else found.as_of - timedelta(seconds=lag),
    )  # fmt: skip
    return Response(out, headers={"cache-control": "no-store"})


@post("/v1/patients/{patient_id:str}/episodes/{episode_id:str}/acknowledge", status_code=200, operation_id="acknowledgeEpisode",
      summary="Take an episode", tags=["episodes"], opt={"body": Nothing, "if_match": True})
async def acknowledge(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                      patient_id: FromPath[str], episode_id: FromPath[str]) -> Response[EpisodeOut]:
    """I have it. Taking it again changes nothing; somebody else's is refused with 409."""
    version = version_of(request)
    await body_of(request, Nothing)
    return _answer(await service.acknowledge(parts.database, parts.reads, actor, path_id(patient_id), path_id(episode_id),
                                             version, request.scope["state"]["request_id"]))


@post("/v1/patients/{patient_id:str}/episodes/{episode_id:str}/start", status_code=200, operation_id="startEpisode",
      summary="Say that something is being done", tags=["episodes"], opt={"body": Start, "if_match": True})
async def start(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                patient_id: FromPath[str], episode_id: FromPath[str]) -> Response[EpisodeOut]:
    """A red that was taken comes back after half an hour unless this is said (ALP-5)."""
    version = version_of(request)
    data = await body_of(request, Start)
    note = admit(data.note, pointer="/note") if data.note else ""
    return _answer(await service.start(parts.database, parts.reads, actor, path_id(patient_id), path_id(episode_id), version,
                                       request.scope["state"]["request_id"], note))


@post("/v1/patients/{patient_id:str}/episodes/{episode_id:str}/snooze", status_code=200, operation_id="snoozeEpisode",
      summary="Put an episode off, with an end and a reason", tags=["episodes"], opt={"body": Snooze, "if_match": True})
async def snooze(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                 patient_id: FromPath[str], episode_id: FromPath[str]) -> Response[EpisodeOut]:
    """Ends by itself, and at once when it gets worse (AL-3, AL-7)."""
    version = version_of(request)
    data = await body_of(request, Snooze)
    return _answer(await service.snooze(parts.database, parts.reads, actor, path_id(patient_id), path_id(episode_id), version,
                                        request.scope["state"]["request_id"], data.until, admit(data.reason, pointer="/reason")))


@post("/v1/patients/{patient_id:str}/episodes/{episode_id:str}/close", status_code=200, operation_id="closeEpisode",
      summary="Close an episode with its outcome", tags=["episodes"], opt={"body": Close, "if_match": True})
async def close(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                patient_id: FromPath[str], episode_id: FromPath[str]) -> Response[EpisodeOut]:
    """What happened: the outcome is what each rule's value is measured by."""
    version = version_of(request)
    data = await body_of(request, Close)
    return _answer(await service.close(parts.database, parts.reads, actor, path_id(patient_id), path_id(episode_id), version,
                                       request.scope["state"]["request_id"], data.result, data.reason))


@get("/v1/patients/{patient_id:str}/colleagues", operation_id="listColleagues", summary="To whom a concern can be handed",
     tags=["episodes"])
async def colleagues(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                     patient_id: FromPath[str]) -> Response[ColleaguesOut]:
    """Whoever else may act for this person, in the asker's own teams."""
    query_of(request.scope, {})
    found = await service.colleagues(parts.database, actor, path_id(patient_id))
    return Response(ColleaguesOut(items=[ColleagueOut(id=one.staff_id, name=one.name) for one in found]), headers={"cache-control": "no-store"})


@post("/v1/patients/{patient_id:str}/episodes/{episode_id:str}/hand-over", status_code=200, operation_id="handOverEpisode",
      summary="Hand an episode to a colleague, or back to the team", tags=["episodes"], opt={"body": HandOver, "if_match": True})
async def hand_over(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                    patient_id: FromPath[str], episode_id: FromPath[str]) -> Response[EpisodeOut]:
    """It is open again, with their name on it, until somebody takes it; they are told, and its clock starts anew (AL-6)."""
    version = version_of(request)
    data = await body_of(request, HandOver)
    return _answer(await service.hand_over(parts.database, parts.reads, actor, path_id(patient_id), path_id(episode_id), version,
                                           request.scope["state"]["request_id"], data.to, admit(data.note, pointer="/note")))


@post("/v1/patients/{patient_id:str}/episodes/{episode_id:str}/undo", status_code=200, operation_id="undoEpisode",
      summary="Take back what you did last", tags=["episodes"], opt={"body": Nothing, "if_match": True})
async def undo(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
               patient_id: FromPath[str], episode_id: FromPath[str]) -> Response[EpisodeOut]:
    """Within 15 seconds, and only one's own; later it answers 409."""
    version = version_of(request)
    await body_of(request, Nothing)
    return _answer(await service.undo(parts.database, parts.reads, actor, path_id(patient_id), path_id(episode_id), version,
                                      request.scope["state"]["request_id"]))


@get("/v1/me/episodes", operation_id="listMyEpisodes", summary="What was noticed about me, and what happens next", tags=["episodes"])
async def mine(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[MyEpisodesOut]:
    """The patient's own concerns in plain words; a nurse is promised only while one is on shift."""
    query_of(request.scope, {})
    found = await service.mine(parts.database, parts.reads, actor, request.scope["state"]["request_id"])
    ready = await parts.ready()
    promised = {one.row.id: honest(one.promise, is_current=ready["watching"]) for one in found.items}
    items = [
        MineOut(
            id=one.row.id, severity=SEVERITY[one.row.severity], emergency=one.row.emergency, state=one.row.state,
            raised_at=one.row.raised_at, closed_at=one.row.closed_at, seen=one.seen, advice=one.said, plan=one.plan,
            next=promised[one.row.id].what, next_says=WORDS[promised[one.row.id].what], next_by=promised[one.row.id].by,
        )
        for one in found.items
    ]  # fmt: skip
    out = MyEpisodesOut(items=items, advice=found.said, watching=watching_out(found.watching, ready, found.as_of), as_of=found.as_of)
    return Response(out, headers={"cache-control": "no-store"})


ROUTES: Final = [episodes, mine, colleagues, acknowledge, start, snooze, close, hand_over, undo]

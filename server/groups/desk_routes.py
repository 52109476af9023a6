"""HTTP for those who look after groups. What is asked about a group of somebody else is answered as if there were none (ACC-3)."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.groups import moderation
from domain.groups.moderation import Decision
from server.app_state import Parts
from server.groups import cases, identity, setup
from server.groups.cases_store import CaseRow, EventRow
from server.groups.routes import NO_STORE, Thanks
from server.groups.routes import Nothing as Empty
from server.http import AnyRequest, body_of, path_id, query_of, version_of

Words = Annotated[str, msgspec.Meta(max_length=500)]


class Said(msgspec.Struct, frozen=True, rename="camel"):
    """A report: its kind and words. Who reported is not told."""

    kind: str
    words: str


class CaseOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One concern about one post. Level 3 is a crisis; `told`: who was told so far, by which channel."""

    id: UUID
    group: UUID
    group_name: str
    post: UUID
    handle: str
    kind: str
    level: int
    why: str
    title: str
    body: str
    has_image: bool
    post_state: str
    note: str
    reports: list[Said]
    opened_at: datetime
    due_at: datetime
    is_overdue: bool
    state: str
    version: int
    taken_by: str
    told: str
    decision: str | None
    decided_by: str
    reason: str
    appeal: str
    final_reason: str


class QueueOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What waits, worst and first due in front, and what was decided in the last thirty days."""

    waiting: list[CaseOut]
    done: list[CaseOut]
    as_of: datetime


class EventOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One line of a case's history."""

    at: datetime
    what: str
    by: str
    reason: str


class CaseWholeOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One case and its history."""

    case: CaseOut
    history: list[EventOut]


class Decide(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What becomes of the post, and why: the writer reads the reason."""

    decision: Decision
    reason: Words
    note: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    is_checked: bool = False


class Hear(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whether an appeal is right, and why."""

    overturns: bool
    reason: Words


class Why(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A reason."""

    reason: Words


class Pause(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whether the group is paused, and why: its members read it."""

    is_paused: bool
    reason: Words


class AskedOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether the name may be read at once, or waits for a second person."""

    id: UUID
    is_open: bool


class OpeningOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One opening: who asked and why, whether a second person agreed, and whether it was reviewed."""

    id: UUID
    case: UUID
    group_name: str
    handle: str
    basis: str
    asked_by: str
    is_mine: bool
    reason: str
    asked_at: datetime
    until: datetime
    is_agreed: bool
    review_by: date
    is_reviewed: bool
    review: str


class OpeningsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The newest first."""

    items: list[OpeningOut]


class PersonOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who it is. The person reads in her access log who looked."""

    patient: UUID
    name: str
    telephone: str


class Found(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A new group."""

    name: Annotated[str, msgspec.Meta(max_length=80)]
    purpose: Words
    about: Literal["condition", "place"]
    topic: Annotated[str, msgspec.Meta(max_length=80)]
    closes_on: date
    is_open: bool = True
    invitation: Annotated[str, msgspec.Meta(max_length=80)] = ""
    capacity: Annotated[int, msgspec.Meta(ge=2, le=100_000)] = 200
    ages: Literal["adult", "young"] = "adult"


class Made(msgspec.Struct, frozen=True, rename="camel"):
    """What was made."""

    id: UUID


class Appoint(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Who looks after a group, and as what."""

    staff: UUID
    role: Literal["nurse", "volunteer"]


class Duty(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Who watches over the groups from when to when."""

    staff: UUID
    role: Literal["clinician", "moderator"]
    from_at: Annotated[datetime, msgspec.Meta(tz=True)]
    to_at: Annotated[datetime, msgspec.Meta(tz=True)]


class DutyOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One duty."""

    id: UUID
    staff: UUID
    name: str
    role: str
    from_at: datetime
    to_at: datetime


class DutiesOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """From now on; `isWatched`: somebody is on duty now, so that posts may be shown at once."""

    items: list[DutyOut]
    is_watched: bool


_SAID: Final = msgspec.json.Decoder(list[Said])


def reports_of(row: CaseRow) -> list[Said]:
    """Who reported is not told; what they said is."""
    return _SAID.decode(row.reports)


def case_out(row: CaseRow, now: datetime) -> CaseOut:
    """A case as those see it who look after its group."""
    return CaseOut(
        id=row.case_id, group=row.group_id, group_name=row.group_name, post=row.post_id, handle=row.handle, kind=row.kind,
        level=row.level, why=row.why, title=row.title, body=row.body, has_image=row.has_image, post_state=row.post_state,
        note=row.note, reports=reports_of(row), opened_at=row.opened_at, due_at=row.due_at,
        is_overdue=row.state in {"open", "taken", "appealed"} and row.due_at < now, state=row.state, version=row.version,
        taken_by=row.taken_name, told=row.told, decision=row.decision, decided_by=row.decided_name, reason=row.reason,
        appeal=row.appeal, final_reason=row.final_reason,
    )  # fmt: skip


def _event(row: EventRow) -> EventOut:
    return EventOut(at=row.at, what=row.what, by=row.by_name, reason=row.reason)


def _id(request: AnyRequest) -> UUID:
    found: UUID = request.scope["state"]["request_id"]
    return found


@get("/v1/moderation", operation_id="getGroupQueue", summary="Posts that wait for a decision", tags=["moderation"])
async def queue(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[QueueOut]:
    """Of the groups that the asker looks after, and of all of her organisation's while the duty is hers."""
    query_of(request.scope, {})
    found = await cases.queue(parts, actor, _id(request))
    out = QueueOut(
        waiting=[case_out(row, found.as_of) for row in found.waiting], done=[case_out(row, found.as_of) for row in found.done],
        as_of=found.as_of,
    )  # fmt: skip
    return Response(out, headers=NO_STORE)


@get("/v1/moderation/cases/{case_id:str}", operation_id="getGroupCase", summary="One case and its history", tags=["moderation"])
async def case(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], case_id: FromPath[str],
               ) -> Response[CaseWholeOut]:  # fmt: skip
    """Who was told, who took it, what was decided and why."""
    query_of(request.scope, {})
    row, events = await cases.look(parts, actor, _id(request), path_id(case_id))
    out = CaseWholeOut(case=case_out(row, cases.clock.now()), history=[_event(one) for one in events])
    return Response(out, headers={**NO_STORE, "etag": f'"{row.version}"'})


@post("/v1/moderation/cases/{case_id:str}/take", status_code=200, operation_id="takeGroupCase", summary="I have it", tags=["moderation"],
      opt={"body": Empty})
async def take(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], case_id: FromPath[str],
               ) -> Response[Thanks]:  # fmt: skip
    """Nobody else is told any more, unless nothing is decided within half an hour of a crisis."""
    await body_of(request, Empty)
    await cases.take(parts, actor, _id(request), path_id(case_id), version_of(request))
    return Response(Thanks(says="It is yours."), headers=NO_STORE)


@post("/v1/moderation/cases/{case_id:str}/decide", status_code=200, operation_id="decideGroupCase", summary="Show, note, hide or remove",
      tags=["moderation"], opt={"body": Decide})
async def decide(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], case_id: FromPath[str],
                 ) -> Response[Thanks]:  # fmt: skip
    """The writer reads why and may appeal; whoever reported is told what came of it. It can be undone for thirty days."""
    data = await body_of(request, Decide)
    decided = cases.Decided(decision=data.decision, reason=data.reason, note=data.note, is_checked=data.is_checked)
    await cases.decide(parts, actor, _id(request), path_id(case_id), version_of(request), decided)
    return Response(Thanks(says=moderation.DECISION_WORDS[data.decision]), headers=NO_STORE)


@post("/v1/moderation/cases/{case_id:str}/hear", status_code=200, operation_id="hearGroupAppeal", summary="Decide an appeal",
      tags=["moderation"], opt={"body": Hear})
async def hear(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], case_id: FromPath[str],
               ) -> Response[Thanks]:  # fmt: skip
    """For good, and never by whoever decided first."""
    data = await body_of(request, Hear)
    await cases.hear(parts, actor, _id(request), path_id(case_id), version_of(request), overturns=data.overturns, reason=data.reason)
    return Response(Thanks(says="It is shown again." if data.overturns else "It stays hidden."), headers=NO_STORE)


@post("/v1/moderation/groups/{group_id:str}/pause", status_code=200, operation_id="pauseGroup", summary="Pause a group, or open it again",
      tags=["moderation"], opt={"body": Pause})
async def pause(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                ) -> Response[Thanks]:  # fmt: skip
    """Nobody writes meanwhile; words of crisis are taken and answered all the same."""
    data = await body_of(request, Pause)
    await cases.pause(parts, actor, _id(request), path_id(group_id), is_paused=data.is_paused, reason=data.reason)
    return Response(Thanks(says="Paused." if data.is_paused else "Open again."), headers=NO_STORE)


@post("/v1/moderation/cases/{case_id:str}/identity", status_code=201, operation_id="askIdentity", summary="Ask who wrote it",
      tags=["moderation"], opt={"body": Why})
async def ask(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], case_id: FromPath[str],
              ) -> Response[AskedOut]:  # fmt: skip
    """Two people, or in a crisis the clinician on duty alone. It lasts an hour and is reviewed by somebody else."""
    data = await body_of(request, Why)
    opening, is_open = await identity.ask(parts, actor, _id(request), path_id(case_id), data.reason)
    return Response(AskedOut(id=opening, is_open=is_open), status_code=201, headers=NO_STORE)


@get("/v1/moderation/openings", operation_id="listOpenings", summary="Names that were asked for", tags=["moderation"])
async def openings(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[OpeningsOut]:
    """Which wait for a second person, and which are to be reviewed."""
    query_of(request.scope, {})
    rows = await identity.listed(parts, actor)
    items = [
        OpeningOut(
            id=row.opening_id, case=row.case_id, group_name=row.group_name, handle=row.handle, basis=row.basis, asked_by=row.asked_name,
            is_mine=row.asked_by == actor.id, reason=row.reason, asked_at=row.asked_at, until=row.until,
            is_agreed=row.basis == "vital_interests" or row.agreed_by is not None, review_by=row.review_by,
            is_reviewed=row.reviewed_by is not None, review=row.review,
        )
        for row in rows
    ]  # fmt: skip
    return Response(OpeningsOut(items=items), headers=NO_STORE)


@post("/v1/moderation/openings/{opening_id:str}/agree", status_code=200, operation_id="agreeOpening", summary="Agree, as the second person",
      tags=["moderation"], opt={"body": Empty})
async def agree(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], opening_id: FromPath[str],
                ) -> Response[Thanks]:  # fmt: skip
    """Never whoever asked."""
    await body_of(request, Empty)
    await identity.agree(parts, actor, _id(request), path_id(opening_id))
    return Response(Thanks(says="Agreed. Whoever asked can read the name for the rest of the hour."), headers=NO_STORE)


@get("/v1/moderation/openings/{opening_id:str}/person", operation_id="readIdentity", summary="Who it is", tags=["moderation"])
async def person(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], opening_id: FromPath[str],
                 ) -> Response[PersonOut]:  # fmt: skip
    """Only for whoever asked, within the hour."""
    query_of(request.scope, {})
    row, _ = await identity.read(parts, actor, _id(request), path_id(opening_id))
    out = PersonOut(patient=row.patient_id, name=f"{row.given_name} {row.family_name}", telephone=row.telephone)
    return Response(out, headers=NO_STORE)


@post("/v1/moderation/openings/{opening_id:str}/review", status_code=200, operation_id="reviewOpening", summary="Review an opening",
      tags=["moderation"], opt={"body": Why})
async def review(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], opening_id: FromPath[str],
                 ) -> Response[Thanks]:  # fmt: skip
    """By somebody else, on the next working day."""
    data = await body_of(request, Why)
    await identity.review(parts, actor, _id(request), path_id(opening_id), data.reason)
    return Response(Thanks(says="Noted."), headers=NO_STORE)


@post("/v1/moderation/groups", status_code=201, operation_id="foundGroup", summary="Found a group", tags=["moderation"], opt={"body": Found})
async def found(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[Made]:
    """It holds every post until somebody is on duty."""
    data = await body_of(request, Found)
    new = setup.NewGroup(**msgspec.structs.asdict(data))
    return Response(Made(await setup.found(parts, actor, _id(request), new)), status_code=201, headers=NO_STORE)


@post("/v1/moderation/groups/{group_id:str}/moderators", status_code=200, operation_id="appointModerator", summary="Let somebody look after it",
      tags=["moderation"], opt={"body": Appoint})
async def appoint(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                  ) -> Response[Thanks]:  # fmt: skip
    """As nurse, or as volunteer who decides no crisis, no medicine, and opens no name."""
    data = await body_of(request, Appoint)
    await setup.appoint(parts, actor, _id(request), path_id(group_id), data.staff, data.role)
    return Response(Thanks(says="They look after the group."), headers=NO_STORE)


@delete("/v1/moderation/groups/{group_id:str}/moderators/{staff_id:str}", status_code=204, operation_id="releaseModerator",
        summary="Let somebody look after it no more", tags=["moderation"])
async def release(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], group_id: FromPath[str],
                  staff_id: FromPath[str]) -> None:  # fmt: skip
    """From now on they see nothing of it."""
    query_of(request.scope, {})
    await setup.release(parts, actor, _id(request), path_id(group_id), path_id(staff_id))


@get("/v1/moderation/duty", operation_id="listGroupDuty", summary="Who watches over the groups", tags=["moderation"])
async def duties(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[DutiesOut]:
    """Where nobody does, every post waits."""
    query_of(request.scope, {})
    rows, now = await setup.duties(parts, actor)
    items = [DutyOut(id=row.duty_id, staff=row.staff_id, name=row.name, role=row.role, from_at=row.from_at, to_at=row.to_at) for row in rows]
    return Response(DutiesOut(items=items, is_watched=any(row.from_at <= now < row.to_at for row in rows)), headers=NO_STORE)


@post("/v1/moderation/duty", status_code=201, operation_id="planGroupDuty", summary="Put somebody on duty", tags=["moderation"],
      opt={"body": Duty})
async def plan(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[Made]:
    """For fourteen days at most."""
    data = await body_of(request, Duty)
    made = await setup.put_on_duty(parts, actor, _id(request), data.staff, data.role, data.from_at, data.to_at)
    return Response(Made(made), status_code=201, headers=NO_STORE)


@delete("/v1/moderation/duty/{duty_id:str}", status_code=204, operation_id="dropGroupDuty", summary="Take somebody off duty",
        tags=["moderation"])
async def unplan(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], duty_id: FromPath[str]) -> None:
    """Where nobody is left, posts wait from then on."""
    query_of(request.scope, {})
    await setup.take_off_duty(parts, actor, _id(request), path_id(duty_id))


ROUTES: Final[list[Any]] = [
    queue, case, take, decide, hear, pause, ask, openings, agree, person, review, found, appoint, release, duties, plan, unplan,
]  # fmt: skip

"""HTTP for what rules are worth, what was tried, and why a flag was raised."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.detection.engine import RULE_SET
from domain.episodes.value import OVERALL, RuleValue, Share
from domain.readings.kinds import BY_NO
from server.app_state import Parts
from server.http import AnyRequest, body_of, path_id, query_of
from server.rules import explain, overview, store, tries
from server.rules.overview import LimitNow, RuleNow
from server.rules.routes import ChangeIn, changes_of
from server.rules.service import Mode
from server.rules.tries import Outcome, PersonBody

_NO_STORE: Final = {"cache-control": "no-store"}
_SEVERITY: Final = {1: "info", 2: "amber", 3: "red"}


class LimitOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One limit as it stands for a service; `setBy` is empty for the built-in one."""

    key: str
    label: str
    unit: str
    safer: str
    built_in: Decimal
    in_force: Decimal
    mg: Decimal | None
    set_by: list[str]
    since: datetime | None
    review_at: datetime | None


class ShareOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A share with its 95 % interval; `few`: too few to say."""

    n: int
    of: int
    low: Decimal
    high: Decimal
    few: bool


class WorthOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a rule raised in so many days, in concerns, and what came of it; `flags` are amber and red, `notes` information."""

    days: int
    flags: int
    notes: int
    people: int
    confirmed: ShareOut
    false_alarms: int
    self_resolved: int
    actions: dict[str, int]
    minutes: int


class RuleOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One rule: what it says, whether it is shown or recorded only and since when, its limits, and what it was worth."""

    id: str
    version: int
    title: str
    about: str
    floor: bool
    mode: str
    mode_since: datetime | None
    mode_by: str
    mode_reason: str
    may_rest: bool
    limits: list[LimitOut]
    worth: list[WorthOut]


class SetOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One version of a service's rule set: the signed change that made it, over a release of the built-in rules."""

    version: int
    release: int
    from_at: datetime
    proposal: UUID
    reason: str
    signed_by: list[str]


class RulesOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The rules of one service; `perPatientMonth` of all together in the last 28 days against the budget (AL-9)."""

    team_id: UUID
    team: str
    rule_set: int
    versions: list[SetOut]
    people: int
    per_patient_month: Decimal | None
    budget: Decimal
    items: list[RuleOut]
    as_of: datetime


class TryIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to try: limits, modes of rules, over how many days."""

    team_id: UUID
    changes: Annotated[list[ChangeIn], msgspec.Meta(max_length=50)] = []
    modes: Annotated[dict[str, Mode], msgspec.Meta(max_length=50)] = {}
    days: int = tries.DAYS


class TryOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One trial: how far it is, and what it found."""

    id: UUID
    team_id: UUID
    state: str
    asked_by: str | None
    asked_at: datetime
    done: int
    of_all: int
    input: Any
    outcome: Outcome | None
    fault: str | None


class TryPersonOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One person for whom something would have been different."""

    patient: UUID
    name: str
    differs: PersonBody


class TryPeopleOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Those whom the asker may see."""

    items: list[TryPersonOut]


class UsedOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One reading that the flag rests on."""

    id: UUID
    kind: int
    taken_at: datetime
    received_at: datetime
    value: Decimal
    value2: Decimal | None
    source: str
    device: str


class StoodOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One limit as it stood at the reading's own time, and who set it."""

    key: str
    value: Decimal
    mg: Decimal | None
    layer: str
    set_by: str
    since: datetime | None
    reason: str


class NormalOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The person's own normal that the rule asked for on a day; `days` null: too few to know it."""

    kind: str
    on: date
    days: int | None
    median: Decimal | None
    spread: Decimal | None


class SetThenOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which version of a service's rule set judged."""

    team_id: UUID
    team: str
    version: int
    release: int
    from_at: datetime
    signed_by: list[str]


class PlanStepOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the person's own plan said to do when this rule fires."""

    zone: str
    words: str


class ToldOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing that somebody was told about it, what its provider said of it later (delivered, failed), and when they saw it."""

    audience: str
    name: str | None
    channel: str
    state: str
    receipt: str | None
    said: str
    at: datetime
    seen_at: datetime | None


class StepOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One line of the concern's history."""

    at: datetime
    what: str
    by: str | None
    body: msgspec.Raw


class ClearsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether it is over by its readings: `holds` null when too little was measured since to say."""

    holds: bool | None
    reason: str


class ExplainedOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why a flag was raised: enough to judge it, and to replay it."""

    id: UUID
    patient: UUID
    rule: str
    rule_version: int
    title: str
    floor: bool
    severity: str
    emergency: bool
    state: str
    sentence: str
    confidence: str
    numbers: dict[str, str]
    readings: list[UsedOut]
    limits: list[StoodOut]
    rule_set: int
    versions: list[SetThenOut]
    normals: list[NormalOut]
    plan: list[PlanStepOut]
    told: list[ToldOut]
    steps: list[StepOut]
    next_step: str | None
    next_at: datetime | None
    clears: ClearsOut | None
    replays_same: bool
    raised_at: datetime
    judged_at: datetime


class ReplayOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The judgement worked out again from the stored facts."""

    same: bool
    reason: str
    stored: msgspec.Raw
    again: msgspec.Raw | None


def _share(one: Share) -> ShareOut:
    return ShareOut(n=one.n, of=one.of, low=one.low, high=one.high, few=one.few)


def _limit(one: LimitNow) -> LimitOut:
    row = one.entry
    return LimitOut(
        key=one.one.key, label=one.label, unit=one.unit, safer=one.one.limit.safer, built_in=one.one.limit.value, in_force=one.value,
        mg=one.mg, set_by=[] if row is None else [name for name in (row.first_name, row.second_name) if name],
        since=None if row is None else row.from_at, review_at=None if row is None else row.review_at,
    )  # fmt: skip


def _worth(one: RuleValue, days: int) -> WorthOut:
    return WorthOut(
        days=days, flags=one.flags, notes=one.notes, people=one.people, confirmed=_share(one.true), false_alarms=one.false,
        self_resolved=one.self_resolved, minutes=one.minutes,
        actions={"advice_given": one.advice, "medicine_changed": one.medicine, "visit": one.visits, "admitted": one.admitted},
    )  # fmt: skip


def _rule(one: RuleNow) -> RuleOut:
    mode = one.modes[0] if one.modes else None
    return RuleOut(
        id=one.rule.id, version=one.rule.version, title=one.words.title, about=one.words.about, floor=one.rule.floor, mode=one.mode,
        mode_since=None if mode is None else mode.from_at, mode_by="" if mode is None else mode.by,
        mode_reason="" if mode is None else mode.reason, may_rest=one.may_rest, limits=[_limit(limit) for limit in one.limits],
        worth=[_worth(one.short, overview.SHORT), _worth(one.long, overview.LONG)],
    )  # fmt: skip


def set_out(row: store.SetRow) -> SetOut:
    """One version of a rule set as the API shows it."""
    return SetOut(
        version=row.version, release=row.release, from_at=row.from_at, proposal=row.proposal_id, reason=row.reason,
        signed_by=[name for name in (row.first_name, row.second_name) if name],
    )  # fmt: skip


@get("/v1/rules", operation_id="listRules", summary="The rules that watch my service, and what each is worth", tags=["rules"])
async def rules(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[RulesOut]:
    """What is in force with who set it, and what came of it in 28 and 90 days (F40)."""
    query: dict[str, Any] = query_of(request.scope, {"team": UUID})
    found = await overview.overview(parts.database, actor, query.get("team"))
    out = RulesOut(
        team_id=found.team.team_id, team=found.team.name, rule_set=found.rule_set, versions=[set_out(row) for row in found.sets],
        people=found.short.people, per_patient_month=found.short.per_month, budget=OVERALL,
        items=[_rule(one) for one in found.rules], as_of=found.as_of,
    )  # fmt: skip
    return Response(out, headers=_NO_STORE)


def try_out(found: tries.Run) -> TryOut:
    """A trial as the API shows it."""
    row = found.row
    state = "failed" if row.fault else "done" if row.ended_at else "running" if row.of_all else "waiting"
    return TryOut(
        id=row.run_id, team_id=row.team_id, state=state, asked_by=row.asked_name, asked_at=row.asked_at, done=row.done, of_all=row.of_all,
        input=found.input, outcome=found.outcome, fault=row.fault,
    )  # fmt: skip


@post("/v1/rules/tries", status_code=202, operation_id="tryRules", summary="Try limits on the last weeks of the real caseload",
      tags=["rules"], opt={"body": TryIn})
async def ask(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[TryOut]:
    """Changes nothing. The worker replays what the asker may see; look at the trial for how far it is (F39)."""
    data = await body_of(request, TryIn)
    found = await tries.ask(parts.database, parts.reads, actor, request.scope["state"]["request_id"], team=data.team_id,
                            changes=changes_of(data.changes), modes=data.modes, days=data.days)  # fmt: skip
    return Response(try_out(found), headers={**_NO_STORE, "location": f"/v1/rules/tries/{found.row.run_id}"})


@get("/v1/rules/tries/{run_id:str}", operation_id="getTry", summary="One trial", tags=["rules"])
async def tried(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], run_id: FromPath[str]) -> Response[TryOut]:
    """Flags a week, nurse minutes and deteriorations missed, as it is and as tried, with the exact input."""
    query_of(request.scope, {})
    return Response(try_out(await tries.one(parts.database, actor, path_id(run_id))), headers=_NO_STORE)


@get("/v1/rules/tries/{run_id:str}/people", operation_id="getTryPeople", summary="Whom a trial would have changed", tags=["rules"])
async def people(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                 run_id: FromPath[str]) -> Response[TryPeopleOut]:
    """Per person: what would be new, gone, of another severity, or missed; only whom the asker may see."""
    query_of(request.scope, {})
    found = await tries.people(parts.database, parts.reads, actor, path_id(run_id), request.scope["state"]["request_id"])
    items = [TryPersonOut(patient=one.row.patient_id, name=f"{one.row.given_name} {one.row.family_name}", differs=one.body) for one in found]
    return Response(TryPeopleOut(items=items), headers=_NO_STORE)


def _normal(one: explain.Normal) -> NormalOut:
    held = one.baseline
    return NormalOut(
        kind=BY_NO[one.kind].name, on=one.on, days=None if held is None else held.n, median=None if held is None else held.median,
        spread=None if held is None else held.spread,
    )  # fmt: skip


@get("/v1/patients/{patient_id:str}/flags/{flag_id:str}", operation_id="explainFlag", summary="Why a flag was raised", tags=["rules"])
async def flag(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
               flag_id: FromPath[str]) -> Response[ExplainedOut]:
    """The sentence, the readings used, the rule and its version, the limits of that time and who set them, what was told (F38)."""
    query_of(request.scope, {})
    found = await explain.explain(parts.database, parts.reads, actor, request.scope["state"]["request_id"], path_id(patient_id),
                                  path_id(flag_id))  # fmt: skip
    row, said = found.row, found.judgement
    out = ExplainedOut(
        id=row.id, patient=row.patient_id, rule=row.rule, rule_version=said.version, title=found.words.title, floor=found.floor,
        severity=_SEVERITY[row.severity], emergency=row.emergency, state=row.state, sentence=said.sentence,
        confidence=said.confidence, numbers=said.numbers, raised_at=row.raised_at, judged_at=row.judged_at,
        readings=[
            UsedOut(id=one.reading.id, kind=one.reading.kind, taken_at=one.reading.taken_at, received_at=one.reading.received_at,
                    value=one.reading.value, value2=one.reading.value2, source=one.source, device=one.device)
            for one in found.used
        ],
        limits=[StoodOut(key=one.key, value=one.value, mg=one.mg, layer=one.layer, set_by=one.who, since=one.since, reason=one.reason)
                for one in found.limits],
        rule_set=RULE_SET,
        versions=[SetThenOut(team_id=one.team_id, team=one.team, version=one.version, release=one.release, from_at=one.from_at,
                             signed_by=[name for name in (one.first_name, one.second_name) if name]) for one in found.sets],
        normals=[_normal(one) for one in found.normals],
        plan=[PlanStepOut(zone=one.zone, words=one.words) for one in found.plan],
        told=[ToldOut(audience=one.audience, name=one.name, channel=one.channel, state=one.state, receipt=one.receipt, said=one.said,
                      at=one.created_at, seen_at=one.received_at) for one in found.told],
        steps=[StepOut(at=one.at, what=one.what, by=one.by_name, body=msgspec.Raw(one.body.encode())) for one in found.steps],
        next_step=row.next_step, next_at=row.next_at, replays_same=found.replayed.same,
        clears=None if found.clearing is None else ClearsOut(holds=found.clearing.holds, reason=found.clearing.reason),
    )  # fmt: skip
    return Response(out, headers=_NO_STORE)


@get("/v1/patients/{patient_id:str}/flags/{flag_id:str}/replay", operation_id="replayFlag", summary="Judge a flag again", tags=["rules"])
async def replay(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
                 flag_id: FromPath[str]) -> Response[ReplayOut]:
    """From the facts as they were known then; says whether it is the same to the byte (ALP-12)."""
    query_of(request.scope, {})
    found = await explain.replay(parts.database, parts.reads, actor, request.scope["state"]["request_id"], path_id(patient_id),
                                 path_id(flag_id))  # fmt: skip
    out = ReplayOut(same=found.same, reason=found.reason, stored=msgspec.Raw(found.stored.encode()),
                    again=msgspec.Raw(found.again.encode()) if found.again else None)  # fmt: skip
    return Response(out, headers=_NO_STORE)


ROUTES: Final = [rules, ask, tried, people, flag, replay]

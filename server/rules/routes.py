"""HTTP for limits: what is in force, proposals and their signatures."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.errors import Invalid
from domain.plans.limits import Admitted, Change, Period
from domain.text import admit
from integrations.json_numbers import decimal
from server.app_state import Parts
from server.http import AnyRequest, body_of, path_id, query_of
from server.rules import personal, service, store

_NO_STORE: Final = {"cache-control": "no-store"}
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class ChangeIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One limit by its key ('HF-W1.gain_kg'). `value` null: without this entry again. `unit` for glucose: mmol/L or mg/dL."""

    key: Annotated[str, msgspec.Meta(max_length=80)]
    value: msgspec.Raw
    unit: Annotated[str, msgspec.Meta(max_length=20)] | None = None


class ProposalIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What shall hold for a service, from when, why, and when somebody looks again. `tried` names the dry run."""

    team_id: UUID
    changes: Annotated[list[ChangeIn], msgspec.Meta(max_length=50)]
    reason: Reason
    from_at: Instant
    review_at: Instant
    tried: UUID | None = None


class ModesIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which rules are shown (`active`) or recorded only (`shadow`) from the second signature on, why, and when somebody looks again."""

    team_id: UUID
    modes: Annotated[dict[Annotated[str, msgspec.Meta(max_length=40)], service.Mode], msgspec.Meta(max_length=50)]
    reason: Reason
    review_at: Instant
    tried: UUID | None = None


class PersonalIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What shall hold for one person, from when to when, why, and when somebody looks again."""

    changes: Annotated[list[ChangeIn], msgspec.Meta(max_length=50)]
    reason: Reason
    from_at: Instant
    to_at: Instant | None = None
    review_at: Instant


class EndIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Why it is taken back."""

    reason: Reason


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object."""


class ChangeOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One limit as it is signed: both halves of a glucose limit, what stands before, whether it relaxes or is of the floor."""

    key: str
    value: Decimal | None
    mg: Decimal | None
    before: Decimal
    relaxes: bool
    floor: bool


class SignatureOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who signed, in which seat, and when."""

    seat: str
    by: UUID
    name: str | None
    at: datetime


class ProposalOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A proposal: `state` is open, agreed (signed, not begun), in_force or withdrawn; `kind` is limits, mode or personal."""

    id: UUID
    team_id: UUID
    kind: str
    state: str
    changes: list[ChangeOut]
    modes: dict[str, str] = {}
    reason: str
    proposed_by: UUID
    proposed_name: str | None
    proposed_at: datetime
    from_at: datetime
    to_at: datetime | None = None
    review_at: datetime
    tried: UUID | None = None
    signatures: list[SignatureOut]
    ended_at: datetime | None
    end_reason: str | None


class ProposalsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Waiting ones first."""

    items: list[ProposalOut]
    next_cursor: str | None = None


class EntryOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One entry of a person's own limit with who set it. It is never changed; a later one stands before it."""

    key: str
    value: Decimal | None
    mg: Decimal | None
    from_at: datetime
    to_at: datetime | None
    review_at: datetime | None
    set_by: UUID
    set_by_name: str | None
    set_at: datetime
    reason: str


class LimitsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A person's own limits, and what is proposed."""

    entries: list[EntryOut]
    proposals: list[ProposalOut]


def changes_of(given: list[ChangeIn]) -> list[Change]:
    """The changes of a body; a value is a number or null, never text."""
    found: list[Change] = []
    for place, one in enumerate(given):
        value = None if bytes(one.value) == b"null" else decimal(bytes(one.value))
        if value is None and bytes(one.value) != b"null":
            raise Invalid("A number, or null.", f"/changes/{place}/value")
        found.append(Change(key=one.key, value=value, unit=one.unit))
    return found


def change_out(one: Admitted) -> ChangeOut:
    """A change as the API shows it."""
    return ChangeOut(key=one.key, value=one.value, mg=one.mg, before=one.before, relaxes=one.relaxes, floor=one.floor)


def proposal_out(found: service.Proposal) -> ProposalOut:
    """A service's proposal as the API shows it."""
    row = found.row
    seats = (("first", row.first_by, row.first_name, row.first_at), ("second", row.second_by, row.second_name, row.second_at))
    return ProposalOut(
        id=row.proposal_id, team_id=row.team_id, kind=row.kind, state=found.state, changes=[change_out(one) for one in found.changes],
        modes=dict(found.modes), reason=row.reason, proposed_by=row.proposed_by, proposed_name=row.proposed_name,
        proposed_at=row.proposed_at, from_at=row.from_at, review_at=row.review_at, tried=row.run_id, ended_at=row.ended_at,
        end_reason=row.end_reason,
        signatures=[SignatureOut(seat=seat, by=by, name=name, at=at) for seat, by, name, at in seats if by is not None and at is not None],
    )  # fmt: skip


def personal_out(found: personal.Proposal) -> ProposalOut:
    """A person's proposal as the API shows it."""
    row = found.row
    seats = (("clinician", row.clinician, row.clinician_name, row.clinician_at), ("patient", row.patient_id, None, row.agreed_at))
    return ProposalOut(
        id=row.proposal_id, team_id=row.team_id, kind="personal", state=found.state,
        changes=[change_out(one) for one in found.changes], reason=row.reason, proposed_by=row.proposed_by,
        proposed_name=row.proposed_name, proposed_at=row.proposed_at, from_at=row.from_at, to_at=row.to_at,
        review_at=row.review_at, ended_at=row.ended_at, end_reason=row.end_reason,
        signatures=[SignatureOut(seat=seat, by=by, name=name, at=at) for seat, by, name, at in seats if by is not None and at is not None],
    )  # fmt: skip


def entry_out(row: store.PersonalRow) -> EntryOut:
    """One entry as the API shows it."""
    return EntryOut(
        key=row.name, value=row.value, mg=row.mg, from_at=row.from_at, to_at=row.to_at, review_at=row.review_at, set_by=row.set_by,
        set_by_name=row.set_by_name, set_at=row.set_at, reason=row.reason,
    )  # fmt: skip


def _said(found: ProposalOut) -> Response[ProposalOut]:
    return Response(found, headers=_NO_STORE)


@get("/v1/proposals", operation_id="listProposals", summary="What is proposed for my services", tags=["rules"])
async def proposals(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[ProposalsOut]:
    """Waiting for a signature first, then what was decided, newest first."""
    query: dict[str, Any] = query_of(request.scope, {"team": UUID})
    found = await service.proposals(parts.database, actor, team=query.get("team"))
    return Response(ProposalsOut(items=[proposal_out(one) for one in found]), headers=_NO_STORE)


@get("/v1/proposals/{proposal_id:str}", operation_id="getProposal", summary="One proposal", tags=["rules"])
async def proposal(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                   proposal_id: FromPath[str]) -> Response[ProposalOut]:
    """What would change, why, what was tried, and who has signed."""
    query_of(request.scope, {})
    return _said(proposal_out(await service.proposal(parts.database, actor, path_id(proposal_id))))


@post("/v1/proposals", status_code=201, operation_id="proposeLimits", summary="Propose limits for a service", tags=["rules"],
      opt={"body": ProposalIn})
async def propose(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[ProposalOut]:
    """A lead, who has signed with it, or an administrator proposes; in force when two people have signed. A floor only gets tighter."""
    data = await body_of(request, ProposalIn)
    found = await service.propose(
        parts.database, parts.reads, actor, request.scope["state"]["request_id"], team=data.team_id, changes=changes_of(data.changes),
        reason=admit(data.reason, pointer="/reason", most=1000), run=data.tried,
        period=Period(from_at=data.from_at, review_at=data.review_at),
    )  # fmt: skip
    return _said(proposal_out(found))


@post("/v1/rules/modes", status_code=201, operation_id="proposeModes", summary="Propose that a rule is shown, or recorded only",
      tags=["rules"], opt={"body": ModesIn})
async def propose_modes(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[ProposalOut]:
    """Recorded only: still measured, shown to nobody. Never a rule of the safety floor, nor what people say of themselves."""
    data = await body_of(request, ModesIn)
    found = await service.propose_modes(
        parts.database, parts.reads, actor, request.scope["state"]["request_id"], team=data.team_id, modes=data.modes,
        reason=admit(data.reason, pointer="/reason", most=1000), review_at=data.review_at, run=data.tried,
    )  # fmt: skip
    return _said(proposal_out(found))


@post("/v1/proposals/{proposal_id:str}/sign", status_code=200, operation_id="signProposal", summary="Sign a proposal", tags=["rules"],
      opt={"body": Nothing})
async def sign(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
               proposal_id: FromPath[str]) -> Response[ProposalOut]:
    """As a clinician of that service, with a sign-in of the last five minutes; the same person cannot sign twice."""
    await body_of(request, Nothing)
    return _said(proposal_out(await service.sign(parts.database, parts.reads, actor, request.scope["state"]["request_id"],
                                                 path_id(proposal_id))))


@post("/v1/proposals/{proposal_id:str}/end", status_code=200, operation_id="endProposal", summary="Take a proposal back",
      tags=["rules"], opt={"body": EndIn})
async def end(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
              proposal_id: FromPath[str]) -> Response[ProposalOut]:
    """Before it takes effect only; nothing that was in force is ever changed afterwards."""
    data = await body_of(request, EndIn)
    return _said(proposal_out(await service.end(parts.database, parts.reads, actor, request.scope["state"]["request_id"],
                                                path_id(proposal_id), admit(data.reason, pointer="/reason", most=1000))))


@get("/v1/patients/{patient_id:str}/limits", operation_id="getLimits", summary="A person's own limits", tags=["rules"])
async def limits(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                 patient_id: FromPath[str]) -> Response[LimitsOut]:
    """All entries there are with who set them and why, and what is proposed; the person reads it as well."""
    query_of(request.scope, {})
    found = await personal.own(parts.database, parts.reads, actor, request.scope["state"]["request_id"], path_id(patient_id))
    out = LimitsOut(entries=[entry_out(row) for row in found.entries], proposals=[personal_out(one) for one in found.proposals])
    return Response(out, headers=_NO_STORE)


@post("/v1/patients/{patient_id:str}/limits", status_code=201, operation_id="proposePersonalLimits",
      summary="Propose a person's own limits", tags=["rules"], opt={"body": PersonalIn})
async def propose_personal(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                           patient_id: FromPath[str]) -> Response[ProposalOut]:
    """A clinician proposes; a clinician signs and the person agrees, in any order."""
    data = await body_of(request, PersonalIn)
    found = await personal.propose(
        parts.database, parts.reads, actor, request.scope["state"]["request_id"], patient=path_id(patient_id),
        changes=changes_of(data.changes), reason=admit(data.reason, pointer="/reason", most=1000),
        period=Period(from_at=data.from_at, to_at=data.to_at, review_at=data.review_at),
    )  # fmt: skip
    return _said(personal_out(found))


@post("/v1/patients/{patient_id:str}/limits/{proposal_id:str}/sign", status_code=200, operation_id="signPersonalLimits",
      summary="Sign a person's own limits, or agree to mine", tags=["rules"], opt={"body": Nothing})
async def sign_personal(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                        patient_id: FromPath[str], proposal_id: FromPath[str]) -> Response[ProposalOut]:
    """The clinician's seat and the person's seat; both are needed."""
    await body_of(request, Nothing)
    return _said(personal_out(await personal.sign(parts.database, parts.reads, actor, request.scope["state"]["request_id"],
                                                  path_id(patient_id), path_id(proposal_id))))


@post("/v1/patients/{patient_id:str}/limits/{proposal_id:str}/end", status_code=200, operation_id="endPersonalLimits",
      summary="Take back what was proposed for a person", tags=["rules"], opt={"body": EndIn})
async def end_personal(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                       patient_id: FromPath[str], proposal_id: FromPath[str]) -> Response[ProposalOut]:
    """Before it takes effect only; the person may say no as well."""
    data = await body_of(request, EndIn)
    return _said(personal_out(await personal.end(parts.database, parts.reads, actor, request.scope["state"]["request_id"],
                                                 path_id(patient_id), path_id(proposal_id), admit(data.reason, pointer="/reason", most=1000))))


ROUTES: Final = [proposals, proposal, propose, propose_modes, sign, end, limits, propose_personal, sign_personal, end_personal]

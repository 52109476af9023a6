"""The sign-off inbox: what waits for a second signature, with what was tried, to sign or to decline with a reason (F46)."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor, Scope
from domain.detection.catalogue import GOVERNED
from domain.errors import Conflict, FreshSignInNeeded, Invalid, NotFound, OutOfScope
from domain.plans.limits import Admitted
from domain.text import admit
from server import clock
from server.app_state import Parts
from server.auth.pages import go
from server.auth.routes import form_of
from server.episodes.pages import ZONE, shell_of
from server.http import AnyRequest, path_id, query_of
from server.rules import overview, personal, service, store, tries
from server.rules.pages import headline, mode_words, number, tried_words
from server.rules.views import ProposalsView, ProposalView
from server.web import words
from server.web.layout import Pages, policy
from server.web.refused import refused
from server.web.routes import html

_DECIDED: Final = 20
_STATE: Final = {
    "open": "Waits for a signature", "agreed": "Signed, begins later", "in_force": "In force", "withdrawn": "Declined or taken back",
}  # fmt: skip
_BODY: Final = msgspec.json.Decoder(tuple[Admitted, ...])


def _change(one: Admitted) -> str:
    before = number(one.before, one.before_mg)
    said = f"{tried_words(one.key, one.value, one.mg)}, now {before}" if one.key in GOVERNED else one.key
    return said + (" · fires later than the built-in limit" if one.relaxes else "") + (" · safety floor, only tighter" if one.floor else "")


def _headline(run: tries.Run | None) -> str:
    if run is None or run.outcome is None:
        return ""
    days = (run.input.to_at - run.input.from_at).days
    return f"Tried on {days} days: {headline(run.outcome, days)}"


def _service(one: service.Proposal, run: tries.Run | None, actor: Actor, mine: frozenset[UUID]) -> ProposalView:
    row = one.row
    seats = ((row.first_name, row.first_at), (row.second_name, row.second_at))
    is_member = row.team_id in mine
    signs = one.state == "open" and is_member and Scope.LIMITS_SIGN in actor.scopes and actor.id not in {row.first_by, row.proposed_by}
    ends = one.state in {"open", "agreed"} and (row.proposed_by == actor.id or (is_member and Scope.LIMITS_SIGN in actor.scopes))
    needs = "" if one.state != "open" else "two clinicians of that service" if row.first_by is None else "one other clinician of that service"
    return ProposalView(
        id=str(row.proposal_id), act=f"/rules/proposals/{row.proposal_id}", whom=row.team or "a service",
        what=(*map(_change, one.changes), *(mode_words(rule, mode) for rule, mode in one.modes.items())), reason=row.reason,
        by=row.proposed_name or "somebody", at=row.proposed_at.astimezone(ZONE), from_at=row.from_at.astimezone(ZONE),
        review_at=row.review_at.astimezone(ZONE), state=_STATE[one.state], needs=needs, may_sign=signs, may_end=ends,
        signed=tuple(f"{name or 'somebody'}, {words.date(at.astimezone(ZONE))}" for name, at in seats if at is not None),
        tried=_headline(run), tried_href="" if run is None else f"/rules/tries/{run.row.run_id}",
        end="" if row.ended_at is None else f"{row.ended_name or 'somebody'}, {words.date(row.ended_at.astimezone(ZONE))}: {row.end_reason}",
    )  # fmt: skip


def _personal(row: store.WaitingRow, actor: Actor) -> ProposalView:
    signed = [] if row.clinician_at is None else [f"{row.clinician_name or 'a clinician'}, {words.date(row.clinician_at.astimezone(ZONE))}"]
    signed += [] if row.agreed_at is None else [f"{row.given_name}, {words.date(row.agreed_at.astimezone(ZONE))}"]
    signs = row.clinician_at is None and Scope.LIMITS_SIGN in actor.scopes
    needs = " and ".join(filter(None, ("a clinician" if row.clinician_at is None else "", row.given_name if row.agreed_at is None else "")))
    return ProposalView(
        id=str(row.proposal_id), act=f"/rules/proposals/{row.proposal_id}/of/{row.patient_id}", href=f"/patients/{row.patient_id}",
        whom=f"{row.given_name} {row.family_name} alone", what=tuple(map(_change, _BODY.decode(row.body))), reason=row.reason,
        by=row.proposed_name or "somebody", at=row.proposed_at.astimezone(ZONE), from_at=row.from_at.astimezone(ZONE),
        review_at=row.review_at.astimezone(ZONE), state=_STATE["open"], needs=needs, signed=tuple(signed), may_sign=signs,
        may_end=Scope.LIMITS_SIGN in actor.scopes,
    )  # fmt: skip


async def _page(request: AnyRequest, parts: Parts, actor: Actor, *, fault: str = "", said: str = "", status: int = 200) -> Response[bytes]:
    found = await service.proposals(parts.database, actor)
    runs: Mapping[UUID, tries.Run] = {
        run.row.run_id: run for run in await tries.some(parts.database, actor, [one.row.run_id for one in found if one.row.run_id])
    }
    mine = await overview.my_teams(parts.database, actor)
    views = [(one, _service(one, runs.get(one.row.run_id or one.row.proposal_id), actor, mine)) for one in found]
    own = await personal.waiting(parts.database, parts.reads, actor, request.scope["state"]["request_id"])
    view = ProposalsView(
        waiting=(*(each for one, each in views if one.state == "open"), *(_personal(row, actor) for row in own)),
        decided=tuple([each for one, each in views if one.state != "open"][:_DECIDED]), fault=fault, as_of=clock.now().astimezone(ZONE),
    )  # fmt: skip
    shell = await shell_of(request, parts, actor, section="rules", said=said)
    pages: Pages = parts.extras["pages"]
    return html(pages.page("steady/proposals.html", shell, view, view.as_of), policy(shell.nonce), status=status)


@get("/rules/proposals", include_in_schema=False)
async def proposals(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """What waits for a signature first, then what was decided."""
    actor.must_be_staff()
    query_of(request.scope, {})
    return await _page(request, parts, actor)


async def _decide(request: AnyRequest, parts: Parts, actor: Actor, what: str, proposal: UUID, patient: UUID | None) -> Response[bytes]:
    actor.must_be_staff()
    if what not in {"sign", "decline"}:
        raise NotFound
    form = await form_of(request)
    here = (parts.database, parts.reads, actor, request.scope["state"]["request_id"])
    try:
        reason = form.get("reason", "").strip()
        if what == "decline" and not reason:
            raise Invalid("Say why you decline: whoever proposed it reads it.", "/reason")  # noqa: TRY301 - said on the page
        if what == "sign" and patient is None:
            await service.sign(*here, proposal)
        elif patient is None:
            await service.end(*here, proposal, admit(reason, pointer="/reason", most=1000))
        elif what == "sign":
            await personal.sign(*here, patient, proposal)
        else:
            await personal.end(*here, patient, proposal, admit(reason, pointer="/reason", most=1000))
    except (Invalid, Conflict, FreshSignInNeeded, OutOfScope) as error:
        fault, status = refused(error)
        return await _page(request, parts, actor, fault=fault, status=status)
    return go("/rules/proposals")


@post("/rules/proposals/{proposal_id:str}/{what:str}", include_in_schema=False, status_code=200)
async def decide(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], proposal_id: FromPath[str],
                 what: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """Sign, or decline with a reason; the second signature puts it in force from its date on."""
    return await _decide(request, parts, actor, what, path_id(proposal_id), None)


@post("/rules/proposals/{proposal_id:str}/of/{patient_id:str}/{what:str}", include_in_schema=False, status_code=200)
async def decide_own(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], proposal_id: FromPath[str],
                     patient_id: FromPath[str], what: FromPath[str]) -> Response[bytes]:  # fmt: skip
    """The same for one person's own limits, in the clinician's seat."""
    return await _decide(request, parts, actor, what, path_id(proposal_id), path_id(patient_id))


ROUTES: Final[list[Any]] = [proposals, decide, decide_own]

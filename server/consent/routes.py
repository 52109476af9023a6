"""HTTP for consent: what I share and with whom, changed in one step, with receipts; what staff heard in clinic."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.errors import Invalid, NotFound
from domain.sharing import consent
from domain.sharing.texts import TEXTS
from server.app_state import Parts
from server.consent import receipts, service, store
from server.consent.service import Asking
from server.http import AnyRequest, body_of, path_id, query_of, read_body

NO_STORE: Final = {"cache-control": "no-store"}
Classes = Annotated[list[str], msgspec.Meta(min_length=1, max_length=10)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class ConsentOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One permission: who may see what, by what right, from when to when."""

    id: UUID
    basis: str
    team_id: UUID | None
    person_id: UUID | None
    name: str | None
    data_classes: list[str]
    said: str
    may_write: bool
    purpose: str
    from_at: datetime
    to_at: datetime | None
    is_witnessed: bool


class ConsentsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Those in force first."""

    items: list[ConsentOut]
    next_cursor: str | None = None


class ChoiceOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A team or a member of staff; `job` of a person only."""

    id: UUID
    name: str
    job: str | None = None


class ChoicesOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whom one may choose, by name."""

    teams: list[ChoiceOut]
    people: list[ChoiceOut]
    systems: list[ChoiceOut]
    """Of others: told by a signed call that there is something to read. Named as `personId` when one is chosen."""


class Share(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """With which team or person, which parts, until when (a year unless said), and which text was agreed to."""

    team_id: UUID | None = None
    person_id: UUID | None = None
    data_classes: Classes
    may_write: bool = False
    to_at: Instant | None = None
    text_version: Annotated[int, msgspec.Meta(ge=1, le=9999)]


class Renewal(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Until when (a year from now unless said), and which text was agreed to again."""

    to_at: Instant | None = None
    text_version: Annotated[int, msgspec.Meta(ge=1, le=9999)]


class Narrowing(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is left: the parts, whether they may still add, until when."""

    data_classes: Classes
    may_write: bool | None = None
    to_at: Instant | None = None


class Witnessed(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a patient said in clinic: who they are by number and birth date, and what the asker's own team may see."""

    nhs_number: Annotated[str, msgspec.Meta(min_length=10, max_length=14)]
    birth_on: date
    team_id: UUID
    data_classes: Classes
    may_write: bool = False
    to_at: Instant | None = None
    text_version: Annotated[int, msgspec.Meta(ge=1, le=9999)]


class WitnessedOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The permission's id; whose it is the asker knows."""

    id: UUID


class EndedOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who still sees something, and what to know."""

    still_shared_with: list[str]
    said: str


class EventOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One decision, as it was signed."""

    seq: int
    consent_id: UUID
    what: str
    at: datetime
    by: str
    is_witnessed: bool


class EventsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The newest first."""

    items: list[EventOut]
    next_cursor: str | None = None


class TextOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One text, word for word, with the digest that receipts hold."""

    key: str
    version: int
    title: str
    body: str
    sha256: str


class TextsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The texts in force."""

    items: list[TextOut]


class VerifiedOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a receipt is ours and unchanged; then what it says."""

    is_genuine: bool
    decision: consent.Decision | None = None


class NoticeOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something that was said to the patient."""

    id: UUID
    at: datetime
    topic: str
    said: str


class NoticesOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The newest first."""

    items: list[NoticeOut]


def asking(request: AnyRequest, actor: Actor, parts: Parts) -> Asking:
    """Who asks, with what a service needs."""
    return Asking(
        database=parts.database, reads=parts.reads, keys=parts.extras["settings"].keys, actor=actor,
        request_id=request.scope["state"]["request_id"],
    )  # fmt: skip


def shown(row: store.GrantRow, patient: UUID) -> ConsentOut:
    """A stored permission as the API shows it."""
    known = consent.known(row.data_classes)
    return ConsentOut(
        id=row.grant_id, basis=row.basis, team_id=row.team_id, person_id=row.person_id, name=row.name,
        data_classes=[one.name.lower() for one in known], said=consent.words(known), may_write=row.may_write, purpose="direct-care",
        from_at=row.from_at, to_at=row.to_at, is_witnessed=row.basis == "grant" and row.granted_by != patient,
    )  # fmt: skip


def given_of(data: Share | Witnessed) -> service.Given:
    """What somebody asks to share, admitted. Raises Invalid or StaleVersion."""
    return service.Given(
        team_id=data.team_id, person_id=data.person_id if isinstance(data, Share) else None,
        data_classes=consent.classes(data.data_classes), may_write=data.may_write, to_at=data.to_at,
        text=consent.agreed("sharing", data.text_version),
    )  # fmt: skip


def _said(name: str, summary: str, *, status: int = 200, body: type[msgspec.Struct] | None = None) -> dict[str, Any]:
    return {"operation_id": name, "summary": summary, "tags": ["consent"], "status_code": status, "opt": {"body": body} if body else {}}


@get("/v1/consent-texts", **_said("listConsentTexts", "What people are asked to agree to"))
async def texts(request: AnyRequest, actor: NamedDependency[Actor]) -> Response[TextsOut]:
    """Give the texts in force, to be shown before anybody agrees."""
    query_of(request.scope, {})
    _ = actor
    items = [TextOut(key=one.key, version=one.version, title=one.title, body=one.body, sha256=one.digest)
             for one in TEXTS if one == consent.current(one.key)]  # fmt: skip
    return Response(TextsOut(items=items), headers=NO_STORE)


@get("/v1/me/consent-choices", **_said("listConsentChoices", "Whom I may share with"))
async def choices(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[ChoicesOut]:
    """Give the teams and the people of the patient's own organisation."""
    query_of(request.scope, {})
    teams, people, systems = await service.choices(asking(request, actor, parts))
    out = ChoicesOut(
        teams=[ChoiceOut(id=one.id, name=one.name) for one in teams],
        people=[ChoiceOut(id=one.id, name=one.name, job=one.about) for one in people],
        systems=[ChoiceOut(id=one.id, name=one.name) for one in systems],
    )
    return Response(out, headers=NO_STORE)


@get("/v1/me/consents", **_said("listMyConsents", "Who may see my record"))
async def consents(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[ConsentsOut]:
    """Give all that is or was open to others."""
    query_of(request.scope, {})
    found = await service.listed(asking(request, actor, parts))
    return Response(ConsentsOut(items=[shown(row, actor.id) for row in found]), headers=NO_STORE)


@post("/v1/me/consents", **_said("giveConsent", "Share with a team or a person", status=201, body=Share))
async def give(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[ConsentOut]:
    """Share from now on, until the end or until it is stopped."""
    data = await body_of(request, Share)
    row = await service.give(asking(request, actor, parts), given_of(data))
    return Response(shown(row, actor.id), headers=NO_STORE)


@patch("/v1/me/consents/{consent_id:str}", **_said("narrowConsent", "Share less", body=Narrowing))
async def narrow(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], consent_id: FromPath[str]
) -> Response[ConsentOut]:
    """Take parts away; a smaller permission with an id of its own takes the place of the old one."""
    wanted = path_id(consent_id)
    data = await body_of(request, Narrowing)
    row = await service.narrow(asking(request, actor, parts), wanted, consent.classes(data.data_classes), data.to_at,
                               may_write=data.may_write)  # fmt: skip
    return Response(shown(row, actor.id), headers=NO_STORE)


@post("/v1/me/consents/{consent_id:str}/renew", **_said("renewConsent", "Go on sharing", body=Renewal))
async def renew(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], consent_id: FromPath[str]
) -> Response[ConsentOut]:
    """Move the end of a permission to a later day."""
    wanted = path_id(consent_id)
    data = await body_of(request, Renewal)
    text = consent.agreed("sharing", data.text_version)
    row = await service.renew(asking(request, actor, parts), wanted, data.to_at, text)
    return Response(shown(row, actor.id), headers=NO_STORE)


@delete("/v1/me/consents/{consent_id:str}", **_said("withdrawConsent", "Stop sharing"))
async def withdraw(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], consent_id: FromPath[str]
) -> Response[EndedOut]:
    """End one permission; it bites before the answer leaves. The record itself stays (ACC-6)."""
    query_of(request.scope, {})
    wanted = path_id(consent_id)
    found = await service.withdraw(asking(request, actor, parts), wanted)
    return Response(EndedOut(still_shared_with=found.still, said=found.said), headers=NO_STORE)


@get("/v1/me/consent-events", **_said("listMyConsentEvents", "Every decision about sharing"))
async def events(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[EventsOut]:
    """Give every decision, of one permission with `consent`, newest first."""
    query = query_of(request.scope, {"consent": UUID})
    found = await service.history(asking(request, actor, parts), query.get("consent"))
    items = [
        EventOut(
            seq=row.seq, consent_id=row.grant_id, what=row.what, at=row.at, is_witnessed=row.is_witnessed,
            by="You" if row.by == actor.id else row.by_name or "A member of staff",
        )
        for row in found
    ]  # fmt: skip
    return Response(EventsOut(items=items), headers=NO_STORE)


@get("/v1/me/consent-events/{seq:str}/receipt", **_said("getConsentReceipt", "Download the receipt of a decision"))
async def receipt(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], seq: FromPath[str]
) -> Response[bytes]:
    """Give the signed decision as a file; `steady consent verify FILE` or the next address says whether it is genuine."""
    query_of(request.scope, {})
    if not (seq.isascii() and seq.isdigit() and 1 <= len(seq) <= 9):  # noqa: PLR2004 - as many digits as a number of the table has
        raise NotFound
    found = await service.receipt(asking(request, actor, parts), int(seq))
    name = f'attachment; filename="consent-receipt-{int(seq)}.json"'
    return Response(found, media_type="application/json", headers={**NO_STORE, "content-disposition": name})


@post("/v1/consent-receipts/verify", operation_id="verifyConsentReceipt", summary="Is this receipt genuine?", tags=["consent"],
      status_code=200, opt={"public": True, "body": receipts.Receipt})  # fmt: skip
async def verify(request: AnyRequest, parts: NamedDependency[Parts]) -> Response[VerifiedOut]:
    """Say whether we signed a receipt and nobody changed a word of it; nothing is kept or looked up."""
    public = receipts.key(parts.extras["settings"].keys).public_key()
    found = receipts.verified(public, await read_body(request.scope, request.receive, 64 * 1024))
    return Response(VerifiedOut(is_genuine=found is not None, decision=found), headers=NO_STORE)


@get("/v1/me/notices", **_said("listMyNotices", "What I was told"))
async def notices(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[NoticesOut]:
    """Give what was said to the patient, newest first."""
    query_of(request.scope, {})
    found = await service.notices(asking(request, actor, parts))
    items = [NoticeOut(id=row.id, at=row.at, topic=row.topic, said=row.said) for row in found]
    return Response(NoticesOut(items=items), headers=NO_STORE)


@post("/v1/witnessed-consents", **_said("witnessConsent", "Record what a patient said in clinic", status=201, body=Witnessed))
async def witness(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[WitnessedOut]:
    """Record for the asker's own team that a patient agreed in person; the patient is told and can undo it."""
    data = await body_of(request, Witnessed)
    if data.birth_on.year < 1900:  # noqa: PLR2004 - nobody alive is older
        raise Invalid("Between 1900 and 2100.", "/birthOn")
    made = await service.witness(asking(request, actor, parts), data.nhs_number, data.birth_on, given_of(data))
    return Response(WitnessedOut(id=made), headers=NO_STORE)


ROUTES: Final[list[Any]] = [texts, choices, consents, give, narrow, renew, withdraw, events, receipt, verify, notices, witness]

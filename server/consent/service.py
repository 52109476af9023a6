"""What a patient can decide about their record; each function is one transaction, and each decision leaves a signed receipt."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from domain.errors import Invalid, NotFound
from domain.people import nhs_number
from domain.readings.kinds import DataClass
from domain.sharing import consent
from domain.sharing.consent import Decision, Terms, What
from domain.sharing.texts import Text
from server import clock
from server.audit.reads import Reads
from server.auth import store as auth_store
from server.consent import receipts, store
from server.db import Database, Role, Tx
from server.systems import service as systems
from server.systems.store import SystemRow

FINDS_AN_HOUR = 5
"""How often one member of staff may name somebody by number and birth date who does not share with them."""


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, in which request, and where the signing key and the access log are."""

    database: Database
    reads: Reads
    keys: Path
    actor: Actor
    request_id: UUID

    def must_be_patient(self) -> UUID:
        """The patient who decides about their own record; nobody else can, and not while revocations cannot be checked."""
        if self.actor.kind is not ActorKind.PATIENT:
            raise NotFound
        self.actor.must(Scope.READINGS_READ)
        return self.actor.id


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks to share: for a team or a person, which parts, and the text that they agreed to."""

    team_id: UUID | None
    person_id: UUID | None
    data_classes: tuple[DataClass, ...]
    may_write: bool
    to_at: datetime | None
    text: Text


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """What a withdrawal came to: who still sees something, and what the person must know (ACC-6)."""

    still: list[str]
    said: str


NOBODY_WATCHES = (
    "You share with nobody now, so nobody else is watching. Your readings are still kept, and you are still told what to do. "
    "If you feel unwell ring 111, or 999 in an emergency."
)  # fmt: skip
NO_TEAM = "No team is among them, so nobody is bound to look. If you feel unwell ring 111, or 999 in an emergency."


async def listed(ask: Asking) -> list[store.GrantRow]:
    """All that is or was open, those in force first."""
    patient = ask.must_be_patient()
    async with ask.database.begin(ask.actor) as tx:
        found = await store.GRANTS.all(tx, patient)
    await ask.reads.record(ask.actor, patient, "grants", ask.request_id, n=len(found))
    return found


async def history(ask: Asking, grant: UUID | None = None) -> list[store.EventRow]:
    """Every decision, newest first; of one permission or of all."""
    patient = ask.must_be_patient()
    async with ask.database.begin(ask.actor) as tx:
        found = await store.EVENTS.all(tx, patient, grant, None)
    await ask.reads.record(ask.actor, patient, "consents", ask.request_id, n=len(found))
    return found


async def receipt(ask: Asking, seq: int) -> bytes:
    """One decision as a file that can be verified anywhere."""
    patient = ask.must_be_patient()
    async with ask.database.begin(ask.actor) as tx:
        found = await store.EVENTS.all(tx, patient, None, seq)
    if not found:
        raise NotFound
    await ask.reads.record(ask.actor, patient, "consents", ask.request_id)
    return receipts.receipt(ask.keys, found[0].body, found[0].signature)


async def notices(ask: Asking) -> list[store.NoticeRow]:
    """What was said to the patient, newest first."""
    patient = ask.must_be_patient()
    async with ask.database.begin(ask.actor) as tx:
        found = await store.NOTICES.all(tx, patient)
    await ask.reads.record(ask.actor, patient, "notices", ask.request_id, n=len(found))
    return found


async def choices(ask: Asking) -> tuple[list[store.ChoiceRow], list[store.ChoiceRow], list[SystemRow]]:
    """The teams and the people of the patient's own organisation whom they may choose, and the systems that are registered."""
    ask.must_be_patient()
    async with ask.database.begin(ask.actor) as tx:
        return await store.TEAMS.all(tx), await store.PEOPLE.all(tx), await systems.choices(tx)


async def give(ask: Asking, given: Given) -> store.GrantRow:
    """Share from now on, until the end."""
    patient = ask.must_be_patient()
    now = clock.now()
    grant = uuid7()
    async with ask.database.begin(ask.actor) as tx:
        name = await _grantee(tx, given)
        terms = _terms(given, now)
        await store.ADD_GRANT.one(tx, patient, grant, "grant", terms.team_id, terms.person_id, list(terms.data_classes),
                                  terms.may_write, now, terms.to_at, patient)  # fmt: skip
        await decided(tx, ask, patient, grant, What.GRANTED, terms, name, given.text, now)
        await ask.reads.record(ask.actor, patient, "grants", ask.request_id, action="C")
        return await _grant(tx, patient, grant)


async def renew(ask: Asking, grant: UUID, to_at: datetime | None, text: Text) -> store.GrantRow:
    """Go on until a later end (F58)."""
    patient = ask.must_be_patient()
    now = clock.now()
    async with ask.database.begin(ask.actor) as tx:
        row = await _own_grant(tx, patient, grant)
        end = consent.until(to_at, now)
        if row.to_at is not None and end <= row.to_at:
            raise Invalid("Later than it ends now; to end it sooner, narrow it.", "/toAt")
        await store.MOVE_END.one(tx, patient, grant, end)
        terms = msgspec.structs.replace(_of(row), to_at=end)
        await decided(tx, ask, patient, grant, What.RENEWED, terms, row.name, text, now)
        await ask.reads.record(ask.actor, patient, "grants", ask.request_id, action="U")
        return await _grant(tx, patient, grant)


async def narrow(
    ask: Asking, grant: UUID, data_classes: Sequence[DataClass], to_at: datetime | None, *, may_write: bool | None
) -> store.GrantRow:
    """Take parts away. The old permission ends and a smaller one begins, in the same instant."""
    patient = ask.must_be_patient()
    now = clock.now()
    made = uuid7()
    async with ask.database.begin(ask.actor) as tx:
        row = await _own_grant(tx, patient, grant)
        before = _of(row)
        after = consent.narrowed(
            before, data_classes=data_classes, may_write=before.may_write if may_write is None else may_write,
            to_at=before.to_at if to_at is None else consent.until(to_at, now),
        )  # fmt: skip
        await store.END_GRANT.one(tx, patient, grant, now)
        await store.ADD_GRANT.one(tx, patient, made, "grant", after.team_id, after.person_id, list(after.data_classes),
                                  after.may_write, now, after.to_at, patient)  # fmt: skip
        terms = msgspec.structs.replace(after, from_at=now)
        await decided(tx, ask, patient, made, What.NARROWED, terms, row.name, consent.current("sharing"), now)
        await ask.reads.record(ask.actor, patient, "grants", ask.request_id, action="U")
        return await _grant(tx, patient, made)


async def withdraw(ask: Asking, grant: UUID) -> Ended:
    """End one permission; whoever asks next finds nothing (INV-10, ACC-5). The record itself stays (ACC-6)."""
    patient = ask.must_be_patient()
    now = clock.now()
    async with ask.database.begin(ask.actor) as tx:
        row = await _grant(tx, patient, grant)
        await store.END_GRANT.one(tx, patient, grant, now)
        terms = msgspec.structs.replace(_of(row), to_at=now)
        text = consent.current("proxy" if row.basis == "proxy" else "sharing")
        await decided(tx, ask, patient, grant, What.WITHDRAWN, terms, row.name, text, now, row.basis)
        others = await store.SHARED_WITH.all(tx, patient, now)
        await ask.reads.record(ask.actor, patient, "grants", ask.request_id, action="D")
    still = [one.name for one in others]
    if not others:
        return Ended(still=still, said=NOBODY_WATCHES)
    said = f"They see nothing of yours any more. You still share with {', '.join(still)}."
    return Ended(still=still, said=said if any(one.about == "team" for one in others) else f"{said} {NO_TEAM}")


async def find(ask: Asking, number: str, birth_on: date) -> store.PersonRow:
    """Name a patient by NHS number and birth date together, for staff with whom they do not share; a few tries an hour.

    Raises NotFound for whatever does not fit, and when there were too many tries: both look the same (ACC-3).
    """
    wanted = nhs_number.admit(number, pointer="/nhsNumber")
    account = hashlib.sha256(f"find:{ask.actor.id}".encode()).digest()
    async with ask.database.begin_as(Role.AUTH) as tx:
        if await auth_store.COUNT_TRY.one(tx, account, clock.now(), FINDS_AN_HOUR) is None:
            raise NotFound
    async with ask.database.begin_as(Role.WORKER) as tx:
        found = await store.FIND.one(tx, wanted, birth_on)
    if found is None:
        raise NotFound
    return found


async def witness(ask: Asking, number: str, birth_on: date, given: Given) -> UUID:
    """Record what a patient said in clinic, for the asker's own team; the patient is told and can undo it in one step (F61)."""
    if ask.actor.kind is not ActorKind.STAFF:
        raise NotFound
    ask.actor.must(Scope.EPISODES_ACT)
    now = clock.now()
    ask.actor.must_be_fresh(now)
    async with ask.database.begin(ask.actor) as tx:
        team = None if given.team_id is None else await store.MY_TEAM.one(tx, given.team_id, ask.actor.id)
    if team is None:
        raise NotFound
    person = await find(ask, number, birth_on)
    grant = uuid7()
    terms = _terms(given, now)
    async with ask.database.begin_as(Role.WORKER) as tx:
        await store.ADD_OPENED.run(tx, person.patient_id, grant, "grant", terms.team_id, None, list(terms.data_classes),
                                   terms.may_write, now, terms.to_at, ask.actor.id)  # fmt: skip
        await decided(tx, ask, person.patient_id, grant, What.GRANTED, terms, team.name, given.text, now)
        said = (
            f"In clinic it was recorded that you let {team.name} see {consent.words(terms.data_classes)}. "
            "If that is not what you said, stop it under Who sees my record."
        )
        await store.SAY.run(tx, uuid7(), person.patient_id, "consent-witnessed", said, f"consent:{grant}", now)
        await ask.reads.record(ask.actor, person.patient_id, "consent-witnessed", ask.request_id, action="C")
    return grant


async def _grantee(tx: Tx, given: Given) -> str:
    """The name of whom the patient chose. Raises Invalid unless it is one, NotFound when there is no such team or person."""
    if (given.team_id is None) == (given.person_id is None):
        raise Invalid("A team or a person, not both.", "/teamId")
    query, wanted = (store.TEAM, given.team_id) if given.team_id is not None else (store.STAFF, given.person_id)
    found = await query.one(tx, wanted)
    if found is not None:
        return found.name
    name = None if given.person_id is None else await systems.name_of(tx, given.person_id)
    if name is None:
        raise NotFound
    if given.may_write:
        raise Invalid("A system reads; what it sends comes from devices.", "/mayWrite")
    return name


def _terms(given: Given, now: datetime) -> Terms:
    return Terms(
        team_id=given.team_id, person_id=given.person_id, data_classes=given.data_classes, may_write=given.may_write, from_at=now,
        to_at=consent.until(given.to_at, now),
    )  # fmt: skip


def _of(row: store.GrantRow) -> Terms:
    # What was taken over without an end is asked about again as everything is.
    return Terms(
        team_id=row.team_id, person_id=row.person_id, data_classes=consent.known(row.data_classes),
        may_write=row.may_write, from_at=row.from_at, to_at=row.to_at or clock.now() + consent.USUAL,
    )  # fmt: skip


async def _own_grant(tx: Tx, patient: UUID, grant: UUID) -> store.GrantRow:
    """A permission for a team or a member of staff: a carer's is stopped and given anew, since other words are agreed to."""
    found = await _grant(tx, patient, grant)
    if found.basis != "grant":
        raise NotFound
    return found


async def _grant(tx: Tx, patient: UUID, grant: UUID) -> store.GrantRow:
    found = await store.GRANT.one(tx, patient, grant)
    if found is None:
        raise NotFound
    return found


async def decided(  # noqa: PLR0913 - one decision
    tx: Tx, ask: Asking, patient: UUID, grant: UUID, what: What, terms: Terms, name: str | None, text: Text, now: datetime,
    basis: str = "grant",
) -> None:
    """Write the decision with its receipt, chained to the one before, and tell everybody who shows or caches something."""
    await store.LOCK.run(tx, str(patient))
    last = await store.LAST.one(tx, patient)
    witnessed = ask.actor.id != patient
    grantee = terms.team_id or terms.person_id
    assert grantee is not None  # noqa: S101 - a permission is for somebody (the table says so)
    decision = Decision(
        patient_id=patient, seq=1 if last is None else last.seq + 1, grant_id=grant, what=what, at=now, by=ask.actor.id,
        witnessed=witnessed, basis=basis, grantee_id=grantee, grantee=name or "Somebody",
        data_classes=[one.name.lower() for one in terms.data_classes], may_write=terms.may_write, purpose="direct-care",
        from_at=terms.from_at, to_at=terms.to_at, text=text.key, text_version=text.version, text_sha256=text.digest,
        before_sha256="" if last is None else last.hash.hex(),
    )  # fmt: skip
    signed = receipts.sign(ask.keys, decision)
    await store.ADD_EVENT.run(tx, patient, decision.seq, grant, what, now, ask.actor.id, witnessed, signed.body, signed.hash,
                              signed.signature)  # fmt: skip
    await store.MOVE_PICTURE.run(tx, patient)
    await store.TELL.run(tx, str(patient))

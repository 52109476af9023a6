"""What can be done with proxies: invite one, record a right by law, list, and look again. What they see stands in access_grant."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor, ActorKind, Scope
from domain.errors import Invalid, NotFound
from domain.readings.kinds import DataClass
from domain.sharing import consent, proxies
from domain.sharing.consent import Terms, What
from domain.sharing.proxies import Right
from domain.sharing.texts import Text
from domain.text import admit
from server import clock
from server.auth.service import Auth, PairingCode
from server.consent import service as consents
from server.consent import store as consent_store
from server.consent.service import Asking
from server.db import Role, Tx
from server.proxies import store
from server.reviews import store as reviews


class Carer(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to act: a new person by name, or one who acts for somebody already by their id."""

    name: str
    relationship: str
    proxy_id: UUID | None = None


class Scoped(msgspec.Struct, frozen=True, kw_only=True):
    """Which parts they see, whether they may add, until when."""

    data_classes: tuple[DataClass, ...]
    may_write: bool
    to_at: datetime | None


def _named(carer: Carer) -> Carer:
    name = admit(carer.name, pointer="/name", most=200).strip()
    relationship = admit(carer.relationship, pointer="/relationship", most=100).strip()
    if not name:
        raise Invalid("What are they called?", "/name")
    if not relationship:
        raise Invalid("Who are they to the patient, such as daughter or carer?", "/relationship")
    return msgspec.structs.replace(carer, name=name, relationship=relationship)


async def _principal(tx: Tx, org: UUID, carer: Carer) -> UUID:
    """The carer's own principal: a new one, or the one that is there."""
    if carer.proxy_id is not None:
        if await store.THERE.one(tx, carer.proxy_id, org) is None:
            raise NotFound
        return carer.proxy_id
    made = uuid7()
    await store.ADD_PRINCIPAL.run(tx, made, org)
    await store.ADD_PROXY.run(tx, org, made, carer.name)
    return made


async def invite(ask: Asking, auth: Auth, wanted: Carer, scoped: Scoped, text: Text) -> tuple[UUID, PairingCode]:
    """A patient lets somebody act for her; the code is for their own phone or browser, once."""
    patient = ask.must_be_patient()
    carer = _named(wanted)
    now = clock.now()
    end = consent.until(scoped.to_at, now)
    async with ask.database.begin(ask.actor) as tx:
        person = await reviews.PERSON.one(tx, patient)
    if person is None:
        raise NotFound
    async with ask.database.begin_as(Role.WORKER) as tx:
        proxy = await _principal(tx, person.org_id, carer)
        await store.ADD_RIGHT.run(tx, patient, proxy, Right.CONSENT.value, carer.relationship, patient, now, now + proxies.REVIEW)
    grant = uuid7()
    async with ask.database.begin(ask.actor) as tx:
        await consent_store.ADD_GRANT.one(tx, patient, grant, "proxy", None, proxy, [int(one) for one in scoped.data_classes],
                                          scoped.may_write, now, end, patient)  # fmt: skip
        terms = Terms(person_id=proxy, data_classes=scoped.data_classes, may_write=scoped.may_write, from_at=now, to_at=end)
        await consents.decided(tx, ask, patient, grant, What.GRANTED, terms, carer.name, text, now, basis="proxy")
        await ask.reads.record(ask.actor, patient, "proxy", ask.request_id, action="C")
    return proxy, await auth.add_pairing_code(proxy, patient)


async def code_for(ask: Asking, auth: Auth, proxy: UUID) -> PairingCode:
    """Another code for somebody who acts for the asker already, for their next phone or browser."""
    patient = ask.must_be_patient()
    async with ask.database.begin(ask.actor) as tx:
        rights = await store.MINE.all(tx, patient)
        if not any(one.proxy_id == proxy and one.data_classes and one.basis == Right.CONSENT for one in rights):
            raise NotFound
        await ask.reads.record(ask.actor, patient, "proxy", ask.request_id, action="U")
    return await auth.add_pairing_code(proxy, patient)


async def by_law(  # noqa: PLR0913 - whose right over whom, and the paper that was seen
    ask: Asking, auth: Auth, number: str, birth_on: date, right: Right, wanted: Carer, scoped: Scoped
) -> tuple[UUID, PairingCode]:
    """A lead records a parent, attorney or deputy, having seen the paper or the person; the patient is told, and it is reviewed."""
    ask.actor.must_be_staff()
    if Scope.PEOPLE_MANAGE not in ask.actor.scopes or Scope.EPISODES_ACT not in ask.actor.scopes:
        raise NotFound
    if right not in proxies.BY_LAW:
        raise Invalid("A carer by consent is invited by the patient.", "/right")
    now = clock.now()
    ask.actor.must_be_fresh(now)
    carer = _named(wanted)
    end = consent.until(scoped.to_at, now)
    person = await consents.find(ask, number, birth_on)
    spans = proxies.spans(right, scoped.data_classes, person.birth_on, person.zone, now, end)
    async with ask.database.begin_as(Role.WORKER) as tx:
        proxy = await _principal(tx, person.org_id, carer)
        review_at = proxies.review_on(right, person.birth_on, person.zone, now)
        await store.ADD_RIGHT.run(tx, person.patient_id, proxy, right.value, carer.relationship, ask.actor.id, now, review_at)
        for span in spans:
            await consent_store.ADD_OPENED.run(tx, person.patient_id, uuid7(), "proxy", None, proxy,
                                               [int(one) for one in span.data_classes], scoped.may_write, span.from_at, span.to_at,
                                               ask.actor.id)  # fmt: skip
        said = (
            f"{carer.name} ({carer.relationship}) can now see {consent.words(scoped.data_classes)} in your name. Your team saw the paper for "
            "it. If that is wrong, tell your team, or say so under Who looked."
        )
        await consent_store.SAY.run(tx, uuid7(), person.patient_id, "proxy-recorded", said, f"proxy:{person.patient_id}:{proxy}", now)
        await ask.reads.record(ask.actor, person.patient_id, "proxy", ask.request_id, action="C")
    return proxy, await auth.add_pairing_code(proxy, ask.actor.id)


async def mine(ask: Asking) -> list[store.RightRow]:
    """Who acts for the patient, those in force first."""
    patient = ask.must_be_patient()
    async with ask.database.begin(ask.actor) as tx:
        found = await store.MINE.all(tx, patient)
    await ask.reads.record(ask.actor, patient, "proxy", ask.request_id, n=len(found))
    return found


async def cared_for(ask: Asking, patient: UUID | None = None) -> Sequence[store.CaredRow]:
    """For whom the asker acts now; of one person, or of all."""
    must_be_proxy(ask.actor)
    async with ask.database.begin(ask.actor, one=patient) as tx:
        found = await store.CARED_FOR.all(tx, patient)
    for row in found:
        await ask.reads.record(ask.actor, row.patient_id, "proxy-list", ask.request_id)
    return found


def must_be_proxy(actor: Actor) -> None:
    """Somebody who acts for others; for anybody else there is nothing."""
    if actor.kind is not ActorKind.PROXY:
        raise NotFound
    actor.must(Scope.READINGS_READ)


async def end(ask: Asking, proxy: UUID) -> None:
    """The patient stops a carer whom she let act for her; each part with its receipt. A right by law is ended by a lead."""
    patient = ask.must_be_patient()
    now = clock.now()
    rows = [one for one in await consents.listed(ask) if one.basis == "proxy" and one.person_id == proxy and one.granted_by == patient]
    still = [one for one in rows if one.to_at is None or one.to_at > now]
    if not still:
        raise NotFound
    for one in still:
        await consents.withdraw(ask, one.grant_id)

"""Who a handle is: opened by two people with a reason, or in a crisis by the clinician on duty alone and reviewed after (PGS-1, PGS-3).

The seal opens in a role of its own, behind a row that the database itself asks for; the person reads in her access log who looked.
"""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.actor import Actor
from domain.errors import Conflict, Invalid, NotFound
from domain.groups import moderation
from domain.text import admit
from server import clock
from server.app_state import Parts
from server.audit.chain import NOBODY
from server.db import Role, Tx
from server.groups import cases, cases_store
from server.groups.peers import fresh
from server.groups.service import peers_of
from server.sql import Nothing, Query

REASON: Final = range(10, 501)


class OpeningRow(msgspec.Struct):
    """One opening, asked for or in force, with how its case stands."""

    group_id: UUID
    opening_id: UUID
    handle_id: UUID
    case_id: UUID
    group_name: str
    handle: str
    level: int
    basis: str
    asked_by: UUID
    asked_name: str
    reason: str
    asked_at: datetime
    until: datetime
    agreed_by: UUID | None
    review_by: date
    reviewed_by: UUID | None
    review: str


class SealRow(msgspec.Struct):
    """A seal behind an opening in force."""

    sealed: bytes


class PersonRow(msgspec.Struct):
    """Whose handle it is, and how they are reached."""

    patient_id: UUID
    given_name: str
    family_name: str
    telephone: str


_OPENING: Final = """
    select o.group_id, o.opening_id, o.handle_id, o.case_id, g.name as group_name, h.name as handle, c.level::integer as level,
           o.basis, o.asked_by, coalesce(s.name, '') as asked_name, o.reason, o.asked_at, o.until, o.agreed_by, o.review_by,
           o.reviewed_by, o.review
      from identity_opening o
      join peer_group g on g.group_id = o.group_id
      join handle h on h.group_id = o.group_id and h.handle_id = o.handle_id
      join moderation_case c on c.group_id = o.group_id and c.case_id = o.case_id
      left join staff s on s.staff_id = o.asked_by
     where o.group_id in (select peer_moderated())
"""
OPENINGS: Final = Query(OpeningRow, _OPENING + " and o.asked_at > $1 order by o.asked_at desc limit 100")
OPENING: Final = Query(OpeningRow, _OPENING + " and o.opening_id = $1")
ASK: Final = Query(
    Nothing,
    """
    insert into identity_opening (group_id, opening_id, handle_id, case_id, basis, asked_by, reason, asked_at, until, review_by)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    """,
)
AGREE: Final = Query(
    cases_store.IdRow,
    """
    update identity_opening set agreed_by = $3, agreed_at = now()
     where group_id = $1 and opening_id = $2 and basis = 'two_people' and agreed_by is null and until > now()
    returning opening_id as id
    """,
)
REVIEW: Final = Query(
    cases_store.IdRow,
    """
    update identity_opening set reviewed_by = $3, reviewed_at = now(), review = $4
     where group_id = $1 and opening_id = $2 and reviewed_by is null
    returning opening_id as id
    """,
)
SEAL: Final = Query(SealRow, "select sealed from handle_seal where group_id = $1 and handle_id = $2")
NAMED: Final = Query(Nothing, "select set_config('app.opened', $1, true)")
PERSON: Final = Query(PersonRow, "select patient_id, given_name, family_name, telephone from patient where patient_id = $1")


async def ask(parts: Parts, actor: Actor, request_id: UUID, case: UUID, reason: str) -> tuple[UUID, bool]:
    """Ask to know who wrote it; whether that is open at once (in a crisis, for the clinician on duty) or needs a second person."""
    said = admit(reason, pointer="/reason", most=REASON.stop - 1).strip()
    if len(said) not in REASON:
        raise Invalid("Say why it is needed, in a sentence: it is kept, and the person may read who asked.", "/reason")
    actor.must_be_fresh(clock.now())
    now, opening = clock.now(), fresh()
    async with cases.desk(parts, actor) as tx:
        row = await cases_store.ONE.one(tx, case)
        if row is None:
            raise NotFound
        if not row.is_nurse:
            raise Conflict("A nurse asks for this, never a volunteer.")
        duties = await cases_store.DUTIES.all(tx, now)
        is_alone = row.level == moderation.CRISIS and any(
            one.staff_id == actor.id and one.role == "clinician" and one.from_at <= now < one.to_at for one in duties
        )
        basis = "vital_interests" if is_alone else "two_people"
        await ASK.run(tx, row.group_id, opening, row.handle_id, case, basis, actor.id, said, now, now + moderation.OPENING_LASTS,
                      moderation.working_day_after(now.date()))  # fmt: skip
        await cases.noted(tx, actor, row, "identity-asked", said)
        await parts.reads.record(actor, NOBODY, "group-identity", request_id, action="C")
    return opening, is_alone


async def _opening(parts: Parts, actor: Actor, opening: UUID) -> OpeningRow:
    async with cases.desk(parts, actor) as tx:
        row = await OPENING.one(tx, opening)
    if row is None:
        raise NotFound
    return row


async def listed(parts: Parts, actor: Actor) -> list[OpeningRow]:
    """Openings of the last thirty days in the asker's groups: those that wait for her word, and those to be reviewed."""
    async with cases.desk(parts, actor) as tx:
        return await OPENINGS.all(tx, clock.now() - moderation.REVERSIBLE)


async def agree(parts: Parts, actor: Actor, request_id: UUID, opening: UUID) -> None:
    """The second person says yes."""
    actor.must_be_fresh(clock.now())
    row = await _opening(parts, actor, opening)
    if row.asked_by == actor.id:
        raise Conflict("You asked for it: a second person agrees.")
    async with cases.desk(parts, actor) as tx:
        if await AGREE.one(tx, row.group_id, opening, actor.id) is None:
            raise Conflict("It was agreed already, or its hour is over.")
        await _note(parts, tx, actor, row, "identity-agreed", request_id)


async def review(parts: Parts, actor: Actor, request_id: UUID, opening: UUID, words: str) -> None:
    """A second person looks at an opening afterwards and writes what she thinks of it."""
    said = admit(words, pointer="/review", most=500).strip()
    if not said:
        raise Invalid("Say what you think of it.", "/review")
    row = await _opening(parts, actor, opening)
    if row.asked_by == actor.id:
        raise Conflict("You opened it: a second person reviews it.")
    async with cases.desk(parts, actor) as tx:
        if await REVIEW.one(tx, row.group_id, opening, actor.id, said) is None:
            raise Conflict("It was reviewed already.")
        await _note(parts, tx, actor, row, "identity-reviewed", request_id, said)


async def _note(parts: Parts, tx: Tx, actor: Actor, row: OpeningRow, what: str, request_id: UUID, reason: str = "") -> None:  # noqa: PLR0913 - one line
    case = await cases_store.ONE.one(tx, row.case_id)
    if case is not None:
        await cases.noted(tx, actor, case, what, reason)
    await parts.reads.record(actor, NOBODY, "group-identity", request_id, action="U")


async def read(parts: Parts, actor: Actor, request_id: UUID, opening: UUID) -> tuple[PersonRow, OpeningRow]:
    """Who it is: for whoever asked, within the hour. The person's own access log says so before the answer leaves."""
    row = await _opening(parts, actor, opening)
    if row.asked_by != actor.id:
        raise NotFound
    if row.until <= clock.now() or (row.basis == "two_people" and row.agreed_by is None):
        raise Conflict("A second person has not agreed yet, or the hour is over.")
    async with parts.database.begin_as(Role.SEAL) as tx:
        seal = await SEAL.one(tx, row.group_id, row.handle_id)
        if seal is None:
            raise NotFound
        patient = peers_of(parts).open(seal.sealed, row.group_id, row.handle_id)
        await NAMED.run(tx, str(patient))
        person = await PERSON.one(tx, patient)
    if person is None:
        raise NotFound
    await parts.reads.record(actor, patient, "peer-identity", request_id)
    async with cases.desk(parts, actor) as tx:
        await _note(parts, tx, actor, row, "identity-read", request_id)
    return person, row

"""What can be done with plans: read, draft or propose, sign, plan an absence, and what is asked today."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.actor import Actor, ActorKind, Scope
from domain.days import day, midnight
from domain.detection.silence import percent
from domain.errors import Conflict, Invalid, NotFound, StaleVersion
from domain.forms.catalogue import FORMS
from domain.forms.form import seconds
from domain.plans.plan import Change, Plan, Role, Step, difference, must_be_ready, must_be_sound, steps_for
from domain.plans.schedule import Expect, Heard, Pause, PauseReason, Window, admit_pause, item_seconds, met_by, windows
from domain.readings.kinds import BY_NAME, BY_NO
from server import clock
from server.audit.reads import Reads
from server.db import Database, Tx
from server.forms.service import is_steady
from server.people import store as people
from server.plans import store

ADHERENCE_DAYS: Final = timedelta(days=14)
_PLAN: Final = msgspec.json.Decoder(Plan)
_OUT: Final = msgspec.json.Encoder(decimal_format="number")


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a plan with its signatures."""

    row: store.PlanRow
    plan: Plan
    signatures: Sequence[store.SignatureRow]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """MD-1 for one thing expected."""

    expect: Expect
    met: int
    expected: int
    last_met_at: datetime | None

    @property
    def percent(self) -> int:
        """How many of those expected were met."""
        return percent(self.met, self.expected)


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """A person's plan as it stands: in force, draft, absences, limits of their own, adherence in 14 days."""

    person: store.PersonRow
    in_force: Version | None
    draft: Version | None
    pauses: Sequence[store.PauseRow]
    limits: Sequence[store.LimitRow]
    kept: Sequence[Kept]
    as_of: datetime


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One thing asked today."""

    expect: Expect
    window: Window
    met: Heard | None
    seconds: int


class Today(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a person today, and about how long what is left takes."""

    on: date
    zone: str
    asked: Sequence[Asked]
    is_steady: bool
    paused_until: datetime | None

    @property
    def seconds_left(self) -> int:
        """For what has not come yet and is not over."""
        return sum(one.seconds for one in self.asked if one.met is None)


async def _version(tx: Tx, patient: UUID, state: str) -> Version | None:
    row = await store.IN_STATE.one(tx, patient, state)
    if row is None:
        return None
    signatures = await store.SIGNATURES.all(tx, patient, row.version, row.revision)
    return Version(row=row, plan=_PLAN.decode(row.body), signatures=signatures)


async def steps_then(tx: Tx, patient: UUID, rule: str, at: datetime) -> tuple[Step, ...]:
    """What the plan that was in force at an instant says when a rule fires (F30, F43)."""
    row = await store.THEN.one(tx, patient, at)
    return () if row is None else steps_for(_PLAN.decode(row.body), rule)


async def whole(database: Database, reads: Reads, actor: Actor, patient: UUID, request_id: UUID) -> Whole:
    """A person's plan as it stands."""
    actor.must(Scope.READINGS_READ)
    now = clock.now()
    logged = reads.record(actor, patient, "plan", request_id)
    async with database.begin(actor) as tx:
        found = await whole_in(tx, patient, now)
    await logged
    return found


async def whole_in(tx: Tx, patient: UUID, now: datetime) -> Whole:
    """The same within a transaction that is open already."""
    person = await store.PERSON.one(tx, patient)
    if person is None:
        raise NotFound
    in_force = await _version(tx, patient, "in_force")
    draft = await _version(tx, patient, "draft")
    pauses = await store.PAUSES.all(tx, patient, now - ADHERENCE_DAYS)
    limits = await store.LIMITS.all(tx, patient, now)
    counts = {row.key: row for row in await store.ADHERENCE.all(tx, patient, day(now - ADHERENCE_DAYS, person.zone))}
    kept = [
        Kept(
            expect=one, met=row.met if row else 0, expected=row.met + row.missed if row else 0,
            last_met_at=row.last_met_at if row else None,
        )
        for one in (in_force.plan.expected if in_force else ())
        for row in [counts.get(one.key)]
    ]  # fmt: skip
    return Whole(person=person, in_force=in_force, draft=draft, pauses=pauses, limits=limits, kept=kept, as_of=now)


async def versions(database: Database, reads: Reads, actor: Actor, patient: UUID, request_id: UUID) -> list[store.PlanRow]:
    """Every version, newest first."""
    actor.must(Scope.READINGS_READ)
    async with database.begin(actor) as tx:
        found = await store.VERSIONS.all(tx, patient)
    await reads.record(actor, patient, "plan", request_id, n=len(found))
    return found


async def changes(  # noqa: PLR0913 - two versions of one plan
    database: Database, reads: Reads, actor: Actor, patient: UUID, request_id: UUID, before: int, after: int
) -> list[Change]:
    """What changed from one version to another (F29)."""
    by_version = {row.version: row for row in await versions(database, reads, actor, patient, request_id)}
    if before not in by_version or after not in by_version:
        raise NotFound
    return difference(_PLAN.decode(by_version[before].body), _PLAN.decode(by_version[after].body))


def _may_write(actor: Actor) -> None:
    """Patients propose, clinicians draft; vendors and coordinators neither."""
    if actor.kind is ActorKind.PATIENT:
        actor.must(Scope.READINGS_WRITE)
    elif actor.kind is ActorKind.STAFF:
        actor.must(Scope.EPISODES_ACT)
    else:
        raise NotFound


async def draft(  # noqa: PLR0913 - one draft
    database: Database, reads: Reads, actor: Actor, patient: UUID, request_id: UUID, plan: Plan, revision: int
) -> Version:
    """Keep a draft; signatures of its earlier revision no longer count. `revision` 0: there is none yet."""
    _may_write(actor)
    must_be_sound(plan)
    now = clock.now()
    async with database.begin(actor) as tx:
        if await store.PERSON.one(tx, patient) is None:
            raise NotFound
        before = await _version(tx, patient, "draft")
        if revision != (before.row.revision if before else 0):
            raise StaleVersion(f"It is revision {before.row.revision if before else 0} now.")
        current = before or await _version(tx, patient, "in_force")
        plan = _decided(plan, current.plan if current else Plan(), actor)
        kinds = sorted({BY_NAME[one.kind].no for one in plan.expected if one.kind})
        forms = sorted({one.form for one in plan.expected if one.form})
        body = _OUT.encode(plan).decode()
        if before is None:
            row = await store.NEXT_VERSION.one(tx, patient, body, kinds, forms, plan.review_on, actor.id, now)
        else:
            row = await store.CHANGE_DRAFT.one(tx, patient, revision, body, kinds, forms, plan.review_on)
        await reads.record(actor, patient, "plan-draft", request_id, action="U")
    if row is None:
        # Not hers to change, or somebody changed it in this moment.
        raise StaleVersion
    return Version(row=row, plan=plan, signatures=())


def _decided(plan: Plan, before: Plan, actor: Actor) -> Plan:
    """A clash is decided by a named clinician, and whether somebody is at high risk by a clinician as well (F28)."""
    known = {one.about: one for one in before.clashes}
    clashes = list(plan.clashes)
    for place, one in enumerate(clashes):
        old = known.get(one.about)
        if one.chosen is None or (old is not None and (old.chosen, old.why) == (one.chosen, one.why)):
            clashes[place] = replace(one, by=None if one.chosen is None or old is None else old.by)
        elif actor.kind is not ActorKind.STAFF:
            raise Invalid("A clinician decides what holds when two conditions ask for different things.", f"/clashes/{place}/chosen")
        else:
            clashes[place] = replace(one, by=actor.id)
    risk = plan.high_risk if actor.kind is ActorKind.STAFF else before.high_risk
    return replace(plan, clashes=tuple(clashes), high_risk=risk)


async def sign(
    database: Database, reads: Reads, actor: Actor, patient: UUID, request_id: UUID, revision: int
) -> Version:
    """Sign the draft as it was read; with both signatures it is in force from now on. Signing again changes nothing."""
    _may_write(actor)
    now = clock.now()
    role = Role.PATIENT if actor.kind is ActorKind.PATIENT else Role.CLINICIAN
    async with database.begin(actor) as tx:
        person = await store.PERSON.one(tx, patient)
        found = await _version(tx, patient, "draft")
        if person is None or found is None:
            raise NotFound
        if revision != found.row.revision:
            raise StaleVersion(f"It is revision {found.row.revision} now.")
        must_be_ready(found.plan, day(now, person.zone))
        await store.SIGN.run(tx, patient, found.row.version, revision, role.value, actor.id, now)
        if len(await store.SIGNATURES.all(tx, patient, found.row.version, revision)) == len(Role):
            await store.END.run(tx, patient, now)
            await store.BEGIN.one(tx, patient, found.row.version, now)
            await store.DUE.run(tx, patient, now)
        await people.TELL.run(tx, str(patient))
        await reads.record(actor, patient, "plan-sign", request_id, action="U")
        signed = await _version(tx, patient, "in_force") or found
        if signed.row.version != found.row.version:
            signed = await _version(tx, patient, "draft")
    if signed is None:
        raise Conflict
    return signed


async def pause(  # noqa: PLR0913 - one absence
    database: Database, reads: Reads, actor: Actor, patient: UUID, request_id: UUID, key: UUID, reason: PauseReason,
    from_at: datetime, to_at: datetime,
) -> None:  # fmt: skip
    """Plan an absence: reminders and silence rest, the safety rules never do (MD-7). The same id again changes nothing."""
    _may_write(actor)
    now = clock.now()
    admit_pause(Pause(reason=reason, from_at=from_at, to_at=to_at), now)
    async with database.begin(actor) as tx:
        if await store.PERSON.one(tx, patient) is None:
            raise NotFound
        await store.ADD_PAUSE.one(tx, patient, key, reason.value, from_at, to_at, actor.id, now)
        await store.DUE.run(tx, patient, now)
        await people.TELL.run(tx, str(patient))
        await reads.record(actor, patient, "plan-pause", request_id, action="C")


async def resume(database: Database, reads: Reads, actor: Actor, patient: UUID, request_id: UUID, key: UUID) -> None:
    """End an absence now; what is over or not there is NotFound."""
    _may_write(actor)
    now = clock.now()
    async with database.begin(actor) as tx:
        if await store.END_PAUSE.one(tx, patient, key, now) is None:
            raise NotFound
        await store.DUE.run(tx, patient, now)
        await people.TELL.run(tx, str(patient))
        await reads.record(actor, patient, "plan-pause", request_id, action="U")


async def today(database: Database, reads: Reads, actor: Actor, patient: UUID, request_id: UUID) -> Today:
    """What is asked today, what came already, and about how long the rest takes; less while somebody is steady (F6)."""
    actor.must(Scope.READINGS_READ)
    now = clock.now()
    async with database.begin(actor) as tx:
        person = await store.PERSON.one(tx, patient)
        if person is None:
            raise NotFound
        found = await _version(tx, patient, "in_force")
        steady = await is_steady(tx, patient, now)
        pauses = await store.PAUSES.all(tx, patient, now)
        asked: list[Asked] = []
        on = day(now, person.zone)
        if found is not None and found.row.from_at is not None:
            start = day(found.row.from_at, person.zone)
            expected = [one for one in found.plan.expected if one.is_on(on, start, steady=steady)]
            kinds = sorted({BY_NAME[one.kind].no for one in expected if one.kind})
            rows = await store.HEARD.all(tx, patient, kinds, midnight(now, person.zone), now + timedelta(minutes=5))
            asked = _asked(patient, expected, person.zone, on, _heard(rows), steady=steady)
    await reads.record(actor, patient, "today", request_id)
    away = max((one.to_at for one in pauses if one.from_at <= now), default=None)
    return Today(on=on, zone=person.zone, asked=() if away else asked, is_steady=steady, paused_until=away)


def _heard(rows: Sequence[store.HeardRow]) -> dict[str, list[Heard]]:
    heard: dict[str, list[Heard]] = {}
    for row in sorted(rows, key=lambda one: (one.at, one.id)):
        what = row.form or BY_NO[row.kind].name
        heard.setdefault(what, []).append(Heard(what, row.at, row.id))
    return heard


def _asked(
    patient: UUID, expected: Sequence[Expect], zone: str, on: date, heard: dict[str, list[Heard]], *, steady: bool
) -> list[Asked]:
    by_key = {one.key: one for one in expected}
    # From today on each is asked today: whether it is this day's turn was decided before.
    daily = [replace(one, every_days=1, days=(), steady_every_days=0) for one in expected]
    found: list[Asked] = []
    for window in windows(patient, daily, zone, on, (on, on)):
        one = by_key[window.key]
        form = FORMS.find(one.form)
        takes = item_seconds(one) if form is None else seconds(form, {"steady": "yes" if steady else "no"})
        found.append(Asked(expect=one, window=window, met=met_by(one, window, heard), seconds=takes))
    return found

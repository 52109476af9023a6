"""A flag that answers for itself (F38, AL-10): what was read, which rule with which limits, who set them, what was told."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from domain.actor import Actor, Scope
from domain.detection import engine
from domain.detection.catalogue import GOVERNED, Words, label, unit, words
from domain.detection.judgement import Judgement
from domain.detection.rule import Clearing
from domain.errors import NotFound
from domain.plans.limits import Dated, Layer, Limits, in_force
from domain.plans.plan import Step
from domain.readings.baseline import Baseline
from domain.readings.kinds import BY_NO
from domain.readings.reading import Reading, Source
from server import clock
from server.audit.reads import Reads
from server.db import Database, Tx
from server.plans import service as plans
from server.rules import replay as replays
from server.rules import store
from server.rules.history import History, history
from server.rules.jobs import BEFORE
from server.rules.replay import Replayed
from server.sql import Query

AFTER: Final = timedelta(days=2)
_OWN: Final = "this person's own"


class FlagRow(msgspec.Struct):
    """One flag with the judgement that raised it and the person it is about."""

    patient_id: UUID
    id: UUID
    episode: UUID | None
    rule: str
    severity: int
    emergency: bool
    state: str
    anchor: UUID
    anchor_at: datetime
    raised_at: datetime
    judged_at: datetime
    body: str
    episode_state: str | None
    episode_result: str | None
    owner_name: str | None
    next_step: str | None
    next_at: datetime | None
    given_name: str
    family_name: str
    zone: str


class DeviceRow(msgspec.Struct):
    """What a device is called."""

    device_no: int
    name: str


class ToldRow(msgspec.Struct):
    """One thing that the person or somebody of the staff was told about the flag's concern, and when they saw it."""

    audience: str
    role: str
    channel: str
    state: str
    said: str
    created_at: datetime
    received_at: datetime | None
    receipt: str | None
    name: str | None


class StepRow(msgspec.Struct):
    """One line of the concern's history."""

    at: datetime
    what: str
    by_name: str | None
    body: str


class WhoRow(msgspec.Struct):
    """Who set one entry of a limit, when and why."""

    limit_id: UUID
    names: str
    set_at: datetime
    reason: str


FLAG: Final = Query(
    FlagRow,
    """
    select f.patient_id, f.id, f.episode, f.rule, f.severity::integer as severity, f.emergency, f.state, f.anchor, f.anchor_at,
           f.raised_at, j.judged_at, j.body::text as body, e.state as episode_state, e.result as episode_result,
           o.name as owner_name, t.step as next_step, t.due_at as next_at, p.given_name, p.family_name, p.zone
      from flag f
      join judgement j on j.patient_id = f.patient_id and j.id = f.judgement
      join patient p on p.patient_id = f.patient_id
      left join episode e on e.patient_id = f.patient_id and e.id = f.episode
      left join staff o on o.staff_id = e.owner
      left join escalation t on t.patient_id = f.patient_id and t.episode = f.episode
     where f.patient_id = $1 and f.id = $2
    """,
)
DEVICES: Final = Query(
    DeviceRow,
    "select d.device_no, trim(d.vendor || ' ' || d.model) as name from device d where d.device_no = any ($1::integer[])",
)
WHO: Final = Query(
    WhoRow,
    """
    select l.limit_id, coalesce(s.name, 'somebody') || case when l.proposal_id is null then '' else ', agreed with the person' end as names,
           l.set_at, l.reason
      from personal_limit l left join staff s on s.staff_id = l.set_by
     where l.patient_id = $1 and l.limit_id = any ($2::uuid[])
    union all
    select t.limit_id, concat_ws(' and ', f.name, s.name), t.set_at, p.reason
      from service_limit t
      join proposal p on p.proposal_id = t.proposal_id
      left join staff f on f.staff_id = p.first_by
      left join staff s on s.staff_id = p.second_by
     where t.limit_id = any ($2::uuid[])
    """,
)
TOLD: Final = Query(
    ToldRow,
    """
    select d.audience, d.role, d.channel, d.state, d.said, d.created_at, d.received_at, d.receipt, s.name
      from delivery d left join staff s on s.staff_id = d.recipient
     where d.patient_id = $1 and d.episode = $2
     order by d.created_at, d.id
     limit 100
    """,
)
STEPS: Final = Query(
    StepRow,
    """
    select v.at, v.what, s.name as by_name, v.body::text as body
      from episode_event v left join staff s on s.staff_id = v.by
     where v.patient_id = $1 and v.episode = $2
     order by v.at, v.seq
     limit 100
    """,
)
_JUDGEMENT: Final = msgspec.json.Decoder(Judgement)


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """One reading that the judgement rests on."""

    reading: Reading
    source: str
    device: str


class Stood(msgspec.Struct, frozen=True, kw_only=True):
    """One limit as it stood at that time: the value, and who set it unless it is built in."""

    key: str
    label: str
    unit: str
    value: Decimal
    mg: Decimal | None
    usual: Decimal
    layer: str
    who: str
    since: datetime | None
    reason: str

    @property
    def is_own(self) -> bool:
        """Whether it is this person's own."""
        return self.layer == _OWN


class Normal(msgspec.Struct, frozen=True, kw_only=True):
    """The person's own normal that the rule asked for; None: too few days, `least` are needed."""

    kind: int
    on: date
    least: int
    baseline: Baseline | None


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one flag. `around`: readings of the same kinds near it. `clearing` None: only a person ends it."""

    row: FlagRow
    judgement: Judgement
    words: Words
    floor: bool
    used: list[Used]
    around: list[Reading]
    limits: list[Stood]
    sets: list[store.SetRow]
    normals: list[Normal]
    told: list[ToldRow]
    plan: tuple[Step, ...]
    steps: list[StepRow]
    clearing: Clearing | None
    replayed: Replayed
    as_of: datetime

    @property
    def is_open(self) -> bool:
        """Whether its concern still is."""
        return self.row.episode_state not in {None, "closed"}


async def _flag(tx: Tx, patient: UUID, flag: UUID) -> FlagRow:
    row = await FLAG.one(tx, patient, flag)
    if row is None:
        raise NotFound
    return row


async def explain(database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID, flag: UUID) -> Explained:
    """Why a flag was raised, for those who may see it and for the person themselves."""
    actor.must(Scope.EPISODES_READ)
    now = clock.now()
    async with database.begin(actor, one=patient) as tx:
        row = await _flag(tx, patient, flag)
        judgement = _JUDGEMENT.decode(row.body)
        past = await history(tx, patient, row.anchor_at - BEFORE, max(row.anchor_at + AFTER, now))
        used = [one for one in past.everything if one.id in judgement.evidence]
        devices = {one.device_no: one.name for one in await DEVICES.all(tx, sorted({one.device for one in used}))}
        entries = past.profile.limits
        who = {one.limit_id: one for one in await WHO.all(tx, patient, _ids(entries))}
        sets = await store.SETS_THEN.all(tx, patient, row.judged_at)
        plan = await plans.steps_then(tx, patient, row.rule, row.raised_at)
        told = [] if row.episode is None else await TOLD.all(tx, patient, row.episode)
        steps = [] if row.episode is None else await STEPS.all(tx, patient, row.episode)
    await reads.record(actor, patient, "flag", request_id)
    rule = engine.BY_ID.get(row.rule)
    kinds = {one.kind for one in used}
    again = replays.again(judgement, row.judged_at, past)
    return Explained(
        row=row, judgement=judgement, words=Words(row.rule, "") if rule is None else words(rule), floor=rule is not None and rule.floor,
        used=[Used(reading=one, source=_source(one), device=devices.get(one.device, "")) for one in _in_order(used)],
        around=_in_order([one for one in past.everything if one.kind in kinds and one.taken_at <= row.anchor_at + AFTER]),
        limits=_stood(row, entries, who), sets=sets, told=told, plan=plan, steps=steps, replayed=again, as_of=now,
        normals=[Normal(kind=kind, on=on, least=least, baseline=found) for (kind, on, least), found in sorted(
            again.normals.items(), key=lambda one: one[0]) if kind in BY_NO],
        clearing=engine.cleared(past.view(now), row.rule, row.anchor_at),
    )  # fmt: skip


def _in_order(used: list[Reading]) -> list[Reading]:
    return sorted(used, key=lambda one: (one.taken_at, one.id))


def _source(one: Reading) -> str:
    said = Source(one.source).name.lower().replace("_", " ")
    return f"{said}, typed in" if one.manual else said


def _ids(entries: Limits) -> list[UUID]:
    return [entry.id for ones in entries.values() for entry in ones if entry.id is not None]


def _stood(row: FlagRow, entries: Limits, who: Mapping[UUID, WhoRow]) -> list[Stood]:
    """Each limit of the rule at the anchor's own time (F25)."""
    found: list[Stood] = []
    for one in GOVERNED.values():
        if one.rule != row.rule:
            continue
        stands = in_force(one.limit, entries.get(one.key, ()), row.anchor_at, floor=one.floor)
        entry = stands if isinstance(stands, Dated) else None
        setter = who.get(entry.id) if entry is not None and entry.id is not None else None
        layer = "built in" if entry is None else _OWN if entry.layer is Layer.PERSON else "set by the service"
        found.append(Stood(
            key=one.key, label=label(one), unit=unit(one), value=one.limit.value if stands.value is None else stands.value, mg=stands.mg,
            usual=one.limit.value, layer=layer, who="" if setter is None else setter.names,
            since=None if entry is None else entry.from_at, reason="" if setter is None else setter.reason,
        ))  # fmt: skip
    return found


async def replay(database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID, flag: UUID) -> Replayed:
    """Work the judgement out again from the stored facts as they were known at that instant (ALP-12)."""
    actor.must(Scope.EPISODES_READ)
    async with database.begin(actor, one=patient) as tx:
        row = await _flag(tx, patient, flag)
        past: History = await history(tx, patient, row.anchor_at - BEFORE, row.anchor_at + AFTER)
    await reads.record(actor, patient, "flag-replay", request_id)
    return replays.again(_JUDGEMENT.decode(row.body), row.judged_at, past)

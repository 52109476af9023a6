"""A flag that answers for itself (F38, AL-10): what was read, which rule with which limits, who set them, what was told."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from domain.actor import Actor, Scope
from domain.detection import advice, engine
from domain.detection.catalogue import GOVERNED, Words, label, unit, words
from domain.detection.judgement import Judgement
from domain.detection.picture import View
from domain.errors import NotFound
from domain.plans.limits import Dated, Layer, Limits, in_force
from domain.readings.reading import Reading, Source
from server import clock
from server.audit.reads import Reads
from server.db import Database, Tx
from server.rules import store
from server.rules.history import History, history
from server.rules.jobs import BEFORE
from server.sql import Query

AFTER: Final = timedelta(days=2)


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
    given_name: str
    family_name: str
    zone: str


class DeviceRow(msgspec.Struct):
    """What a device is called."""

    device_no: int
    name: str


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
           f.raised_at, j.judged_at, j.body::text as body, p.given_name, p.family_name, p.zone
      from flag f
      join judgement j on j.patient_id = f.patient_id and j.id = f.judgement
      join patient p on p.patient_id = f.patient_id
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
_JUDGEMENT: Final = msgspec.json.Decoder(Judgement)
# The database keeps an object without the order of its keys.
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


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


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one flag."""

    row: FlagRow
    judgement: Judgement
    words: Words
    floor: bool
    used: list[Used]
    limits: list[Stood]
    told: str
    as_of: datetime


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement worked out again from what is stored: the same to the byte, or what differs and why."""

    same: bool
    reason: str
    stored: str
    again: str


async def _flag(tx: Tx, patient: UUID, flag: UUID) -> FlagRow:
    row = await FLAG.one(tx, patient, flag)
    if row is None:
        raise NotFound
    return row


async def explain(database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID, flag: UUID) -> Explained:
    """Why a flag was raised, for those who may see it and for the person themselves."""
    actor.must(Scope.EPISODES_READ)
    async with database.begin(actor) as tx:
        row = await _flag(tx, patient, flag)
        judgement = _JUDGEMENT.decode(row.body)
        past = await history(tx, patient, row.anchor_at - BEFORE, row.anchor_at + AFTER)
        used = [one for one in past.everything if one.id in judgement.evidence]
        devices = {one.device_no: one.name for one in await DEVICES.all(tx, sorted({one.device for one in used}))}
        entries = past.profile.limits
        who = {one.limit_id: one for one in await WHO.all(tx, patient, _ids(entries))}
    await reads.record(actor, patient, "flag", request_id)
    rule = engine.BY_ID.get(row.rule)
    return Explained(
        row=row, judgement=judgement, words=Words(row.rule, "") if rule is None else words(rule), floor=rule is not None and rule.floor,
        used=[Used(reading=one, source=_source(one), device=devices.get(one.device, "")) for one in _in_order(used)],
        limits=_stood(row, entries, who), told="" if judgement.advice is None else advice.text(judgement.advice, judgement.numbers),
        as_of=clock.now(),
    )  # fmt: skip


def _in_order(used: list[Reading]) -> list[Reading]:
    return sorted(used, key=lambda one: (one.taken_at, one.id))


def _source(one: Reading) -> str:
    said = Source(one.source).name.lower().replace("_", " ")
    return f"{said}, typed in" if one.manual else said


def _ids(entries: Limits) -> list[UUID]:
    return [entry.id for ones in entries.values() for entry in ones if entry.id is not None]


def _stood(row: FlagRow, entries: Limits, who: Mapping[UUID, store.FoundRow | WhoRow]) -> list[Stood]:
    """Each limit of the rule at the anchor's own time (F25)."""
    found: list[Stood] = []
    for one in GOVERNED.values():
        if one.rule != row.rule:
            continue
        stands = in_force(one.limit, entries.get(one.key, ()), row.anchor_at, floor=one.floor)
        entry = stands if isinstance(stands, Dated) else None
        setter = who.get(entry.id) if entry is not None and entry.id is not None else None
        layer = "built in" if entry is None else "this person's own" if entry.layer is Layer.PERSON else "set by the service"
        found.append(Stood(
            key=one.key, label=label(one), unit=unit(one), value=one.limit.value if stands.value is None else stands.value, mg=stands.mg,
            usual=one.limit.value, layer=layer, who=setter.names if isinstance(setter, WhoRow) else "",
            since=None if entry is None else entry.from_at, reason=setter.reason if isinstance(setter, WhoRow) else "",
        ))  # fmt: skip
    return found


async def replay(database: Database, reads: Reads, actor: Actor, request_id: UUID, patient: UUID, flag: UUID) -> Replayed:
    """Work the judgement out again from the stored facts as they were known at that instant (ALP-12)."""
    actor.must(Scope.EPISODES_READ)
    async with database.begin(actor) as tx:
        row = await _flag(tx, patient, flag)
        past = await history(tx, patient, row.anchor_at - BEFORE, row.anchor_at + AFTER)
    await reads.record(actor, patient, "flag-replay", request_id)
    return again(row, past)


def again(row: FlagRow, past: History) -> Replayed:
    """The stored judgement beside the one that the same facts give now."""
    stored = _JUDGEMENT.decode(row.body)
    said = _ENCODER.encode(stored).decode()
    rule = engine.BY_ID.get(row.rule)
    if rule is None or rule.version != stored.version:
        return Replayed(same=False, stored=said, again="", reason="The rule has another version by now: only that release can replay it.")
    readings = past.in_force(row.judged_at)
    view = View(readings, past.profile, row.judged_at)
    anchor = [one for ones in readings.values() for one in ones if one.id == row.anchor]
    found = [one for one in engine.judge(view, engine.affected(view, anchor)) if (one.rule, one.anchor) == (row.rule, row.anchor)]
    now = _ENCODER.encode(found[0]).decode() if found else ""
    if now == said:
        return Replayed(same=True, stored=said, again=now, reason="The same to the byte.")
    return Replayed(same=False, stored=said, again=now, reason="It differs: what is known of that time has changed.")

"""AL-10, ALP-12: what was judged and kept is judged again from what the database holds, to the same bytes."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import msgspec
from uuid_utils.compat import uuid7

from domain.detection import engine
from domain.detection.judgement import Judgement, Verdict
from domain.detection.picture import View
from domain.people.facts import Fact
from domain.people.patient import Profile
from domain.readings.reading import Context, Draft, Reading, Source
from server.db import Database, Tx
from server.ingest import Ingest, Part, Request
from tests.builders import draft
from tests.clinic import Clinic

READINGS = """
    select r.id, r.kind, r.taken_at, r.received_at, r.value, r.value2, r.value3, r.original, r.unit, r.comparator,
           r.context::text as context, r.device, r.manual, r.source, r.time_source, r.offset_min, r.device_time, r.corrects, r.marks,
           (select min(c.at) from correction c where c.corrects = r.id) as gone_at
      from reading r order by r.kind, r.taken_at, r.id"""
JUDGED = "select rule, anchor, judged_at, verdict, body::text as body from judgement where rule <> 'ING-12' order by judged_at, id"
PERSON = """
    select p.birth_on, p.zone, array(select c.code from patient_condition c) as conditions,
           (select coalesce(jsonb_agg(jsonb_build_array(f.key, f.value, f.from_at, f.to_at)), '[]')::text from patient_fact f) as facts
      from patient p"""


def story(chance: random.Random, now: datetime, days: int) -> list[list[Draft]]:
    """Batches of a life that keeps going wrong, a day at a time."""
    found: list[list[Draft]] = []
    for back in reversed(range(days)):
        at = now - timedelta(days=back)
        one = [
            draft("body_weight", round(80 + chance.uniform(-2.2, 2.2), 1), at), draft("heart_rate", chance.randint(38, 135), at),
            draft("peak_flow", chance.randint(140, 420), at), draft("blood_pressure", (chance.randint(80, 195), 78), at),
            draft("glucose_capillary", chance.choice(("2.7", "3.6", "6.1")), at), draft("respiratory_rate", chance.randint(8, 26), at),
            draft("oxygen_saturation", chance.randint(88, 97), at),
            draft("symptom", chance.choice(("dizziness", "chest_pain", "more_tired")), at),
        ]  # fmt: skip
        again = [draft("blood_pressure", (chance.randint(150, 195), 80), at + timedelta(minutes=6))]
        if chance.random() < 0.1:
            again.append(msgspec.structs.replace(one[0], id=uuid7(), corrects=one[0].id, value=Decimal(79), reason="wrong"))
        found += [one, again]
    return found


def restored(row: Mapping[str, Any]) -> Reading:
    fields = {name: row[name] for name in Reading.__struct_fields__ if name not in {"status", "context", "original", "marks"}}
    context = None if row["context"] is None else msgspec.json.decode(row["context"], type=Context)
    original = None if row["original"] is None else tuple(row["original"])
    return Reading(**fields, context=context, original=original, marks=tuple(row["marks"] or ()))


async def many(tx: Tx, sql: str) -> list[Mapping[str, Any]]:
    return [cast("Mapping[str, Any]", row) for row in await tx.fetch(sql)]


def same_bytes(one: Judgement) -> bytes:
    """As it is kept: the database gives the names of an object back in an order of its own."""
    return msgspec.json.encode(one, order="deterministic")


async def test_alp_12_a_thousand_stored_judgements_replay_byte_equal(clinic: Clinic, database: Database) -> None:
    ingest = Ingest(database, flushers=1)
    ingest.start()
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    for batch in story(random.Random(5), now, 75):
        request = Request(actor=clinic.actor("patient"), what="readings", request_id=uuid7())
        sent = [msgspec.structs.replace(one, source=Source.APP) for one in batch]
        await ingest.submit(request, [Part(clinic.patient, sent)], at=max(one.taken_at for one in sent) + timedelta(seconds=9))
    await ingest.stop()
    async with database.begin(clinic.actor("patient")) as tx:
        readings = [(restored(row), row["gone_at"]) for row in await many(tx, READINGS)]
        rows = await many(tx, JUDGED)
        (person,) = await many(tx, PERSON)
    profile = Profile(birth_on=person["birth_on"], zone=person["zone"], conditions=frozenset(person["conditions"]),
                      facts=msgspec.json.decode(person["facts"], type=tuple[Fact, ...]))  # fmt: skip
    replayed = 0
    for row in rows:
        kept = msgspec.json.decode(row["body"], type=Judgement)
        if kept.verdict is Verdict.NOT_FIRED and kept.reason:
            continue  # What a later reading explained was said by the lifecycle, not by a rule.
        at = row["judged_at"]
        held: dict[int, list[Reading]] = {}
        for one, gone_at in readings:
            if one.received_at <= at and (gone_at is None or gone_at > at):
                held.setdefault(one.kind, []).append(one)
        view = View(held, profile, at)
        anchor = next(one for one, _ in readings if one.id == row["anchor"])
        rule = engine.BY_ID[row["rule"]]
        again = engine.judge(view, engine.Affected(view, [] if rule.daily else [anchor], [(anchor, [rule])] if rule.daily else []))
        same = next(one for one in again if one.rule == rule.id)
        assert same_bytes(same) == same_bytes(kept), (rule.id, kept)
        replayed += 1
    assert replayed >= 1_000

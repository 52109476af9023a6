"""AL-10, ALP-12: what was judged and kept is judged again from what the database holds, to the same bytes."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
from uuid_utils.compat import uuid7

from domain.detection.judgement import Judgement, Verdict
from domain.readings.reading import Draft, Source
from server.db import Database
from server.ingest import Ingest, Part, Request
from server.rules import replay
from server.rules.history import history
from tests.builders import draft
from tests.clinic import Clinic

JUDGED = """
    select judged_at, body::text as body from judgement where patient_id = $1 and rule <> 'ING-12' order by judged_at, id
"""


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
        past = await history(tx, clinic.patient, now - timedelta(days=400), datetime.now(UTC))
        rows = await tx.fetch(JUDGED, clinic.patient)
    replayed = 0
    for row in rows:
        kept = msgspec.json.decode(row["body"], type=Judgement)
        if kept.verdict is Verdict.NOT_FIRED and kept.reason:
            continue  # What a later reading explained was said by the lifecycle, not by a rule.
        again = replay.again(kept, row["judged_at"], past)
        assert again.same, (kept, again)
        replayed += 1
    assert replayed >= 1_000

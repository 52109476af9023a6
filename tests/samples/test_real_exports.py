"""The public samples, read in place: a real sensor's export, through the same door as everything else."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.detection.judgement import Severity
from server import clock
from server.app_state import Parts
from server.auth.actor import of_patient
from server.db import Database
from server.importing import read, store, stretch
from server.ingest import Ingest
from server.settings import read as read_settings
from tests.clinic import Clinic

pytestmark = pytest.mark.samples
ROOT = Path(__file__).parent.parent.parent
CLARITY = "vendors/dexcom-clarity/clarity-g6-mgdl.csv"


def sample(name: str) -> Path:
    """A file of the samples; without them the test passes with one line, or fails where they are required."""
    folder = read_settings().samples
    found = (folder if folder.is_absolute() else ROOT / folder) / name
    if not found.is_file():
        if os.environ.get("STEADY_SAMPLES_REQUIRED") == "1":
            pytest.fail(f"no sample {name}: set STEADY_SAMPLES")
        print(f"no public samples here (STEADY_SAMPLES): {name} was not tried")
        pytest.xfail("no public samples here")
    return found


async def flags(database: Database, clinic: Clinic) -> list[tuple[str, int, str, datetime]]:
    async with database.begin(clinic.actor("patient")) as tx:
        rows = await tx.fetch(
            "select rule, severity, state, anchor_at from flag where patient_id = $1 order by anchor_at, rule", clinic.patient
        )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def send(parts: Parts, clinic: Clinic, name: str, *, replay: tuple[str, str] | None = None) -> dict[str, int]:
    _, found = read(sample(name), clinic.patient, "Europe/London")
    drafts = list(found.drafts) if replay is None else stretch(found.drafts, "Europe/London", *replay, clock.now())
    actor = of_patient(clinic.patient, clinic.org, "import", 0)
    return await store(parts.ingest, actor, clinic.patient, drafts, replay=replay is not None, progress=False)


async def test_dq_8_the_morning_low_stands_on_the_timeline_as_found_late(parts: Parts, database: Database, clinic: Clinic) -> None:
    counts = await send(parts, clinic, CLARITY)
    assert counts == {"stored": 588}
    assert await send(parts, clinic, CLARITY) == {"duplicate": 588}
    found = [one for one in await flags(database, clinic) if one[0] == "DM-2"]
    low = datetime(2016, 10, 25, 6, 4, 16, tzinfo=UTC)
    assert [(severity, state, round((at - low).total_seconds() / 60)) for _, severity, state, at in found] == [
        (3, "found_late", 0), (3, "found_late", 5), (2, "found_late", 10), (2, "found_late", 15),
    ]  # fmt: skip
    async with database.begin(clinic.actor("patient")) as tx:
        assert await tx.fetchrow("select 1 from episode where patient_id = $1", clinic.patient) is None


async def test_dm_2_goes_amber_at_52_and_red_at_50_as_live(parts: Parts, database: Database, clinic: Clinic) -> None:
    counts = await send(parts, clinic, CLARITY, replay=("2016-10-25T06:00", "2016-10-25T07:30"))
    assert counts == {"stored": 18}
    async with database.begin(clinic.actor("nurse")) as tx:
        rows = await tx.fetch("select what, body ->> 'why' as why, at from episode_event where patient_id = $1 order by seq", clinic.patient)
        episode = await tx.fetchrow("select severity, state from episode where patient_id = $1", clinic.patient)
    raised = [(row[0], row[1], row[2]) for row in rows]
    assert [(what, why) for what, why, _ in raised] == [
        ("opened", "Glucose 62 mg/dL"), ("raised", "Glucose 52 mg/dL, waiting for the next reading"),
        ("raised", "Glucose 52 mg/dL, then 50 mg/dL 5 minutes later: not rising"),
    ]  # fmt: skip
    assert raised[2][2] - raised[1][2] == timedelta(minutes=5)
    assert raised[2][2] < clock.now()
    assert episode is not None
    assert (episode[0], episode[1]) == (int(Severity.RED), "open")


async def test_nightscout_entries_are_read_by_their_epoch(parts: Parts, clinic: Clinic) -> None:
    _, found = read(sample("nightscout/entries-sgv.json"), UUID(int=1), "Europe/London")
    assert [one.taken_at.isoformat()[:19] for one in found.drafts][-1] == "2020-08-05T19:01:06"
    assert await send(parts, clinic, "nightscout/entries-sgv.json") == {"stored": 5}


async def test_dm_2_a_replay_stands_once_when_its_picture_is_built_again(parts: Parts, database: Database, clinic: Clinic) -> None:
    await send(parts, clinic, CLARITY, replay=("2016-10-25T06:00", "2016-10-25T07:30"))
    live = [one for one in await flags(database, clinic) if one[2] == "active"]
    # As after a restart: another process reads the picture from the rows and judges again.
    fresh = Ingest(database, flushers=1, cached_bytes=10)
    fresh.start()
    try:
        await fresh.judge_again(clinic.patient)
    finally:
        await fresh.stop()
    assert [one for one in await flags(database, clinic) if one[2] == "active"] == live
    assert [one[1] for one in live if one[0] == "DM-2"] == [3, 3, 2, 2]


async def test_a_libreview_export_of_a_uk_account(parts: Parts, clinic: Clinic) -> None:
    _, found = read(sample("vendors/format-facts/libreview-uk-mmol-dst.csv"), UUID(int=1), "Europe/London")
    shown = [(one.kind, one.taken_at.astimezone(UTC).isoformat()[5:16], f"{one.comparator or ''}{one.value}") for one in found.drafts]
    assert shown == [
        ("glucose_cgm", "10-25T22:45", "5.4"), ("glucose_cgm", "10-25T23:45", "5.0"), ("glucose_cgm", "10-26T00:45", "4.1"),
        ("glucose_cgm", "10-26T01:15", "3.8"), ("glucose_cgm", "10-26T02:00", "<2.2"), ("glucose_cgm", "10-26T08:27", "7.1"),
        ("glucose_capillary", "10-26T08:30", "6.9"), ("ketones_blood", "10-26T08:31", "0.3"), ("glucose_cgm", "10-26T09:00", ">27.8"),
    ]  # fmt: skip
    assert await send(parts, clinic, "vendors/format-facts/libreview-uk-mmol-dst.csv") == {"stored": 9}

"""`steady import` as a whole: its exit codes, its lines, and what it leaves in the record."""

import asyncio
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from domain.readings.reading import Draft
from integrations.csv_glucose.adapter import parse
from integrations.derived import reading_id
from integrations.manifest import Delivery, Parsed
from integrations.registry import manifests
from server import raw_files
from server.db import Database, Role
from server.importing import CannotImport, again, main, stretch
from server.settings import Settings
from tests.clinic import Clinic

HEAD = "Index,Timestamp (YYYY-MM-DDThh:mm:ss),Event Type,Source Device ID,Glucose Value (mg/dL)\n"


def export(folder: Path, *rows: str) -> Path:
    """A Clarity file of `time,value` rows."""
    found = folder / "export.csv"
    lines = [f"{place},{row.split(',')[0]},EGV,phone,{row.split(',')[1]}\n" for place, row in enumerate(rows, start=1)]
    found.write_text(HEAD + "".join(lines), encoding="utf-8")
    return found


async def run(settings: Settings, file: Path, patient: str, **options: Any) -> int:
    """The command on a thread of its own, since it brings its own loop."""
    return await asyncio.to_thread(main, settings, file, patient, **options)


async def samples(database: Database, clinic: Clinic) -> int:
    async with database.begin(clinic.actor("patient")) as tx:
        row = await tx.fetchrow("select coalesce(sum(cardinality(value)), 0)::int from sensor_hour where patient_id = $1", clinic.patient)
    assert row is not None
    return int(row[0])


def drafts(*rows: str) -> list[Draft]:
    body = (HEAD + "".join(f"1,{row.split(',')[0]},EGV,phone,{row.split(',')[1]}\n" for row in rows)).encode()
    return list(parse(Delivery(body=body, received_at=datetime.now(UTC), patient="p")).drafts)


async def test_importing_twice_stores_once_and_a_dry_run_stores_nothing(
    settings: Settings, database: Database, clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, patient = export(tmp_path, "2026-03-01T07:00:00,110", "2026-03-01T07:05:00,112"), str(clinic.patient)
    assert await run(settings, file, patient, dry_run=True) == 0
    assert "dry run: nothing was stored" in capsys.readouterr().out
    assert await samples(database, clinic) == 0
    for outcome in ("stored", "duplicate"):
        assert await run(settings, file, patient, json=True) == 0
        assert msgspec.json.decode(capsys.readouterr().out)["outcomes"] == {outcome: 2}
        assert await samples(database, clinic) == 2


async def test_rows_that_are_no_readings_are_told_by_number_and_the_rest_is_stored(
    settings: Settings, database: Database, clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = export(tmp_path, "2026-03-01T07:00:00,110", "2026-03-01T07:05:00,nan", "2026-03-29T01:30:00,111", "2026-03-29T02:30:00,112")
    assert await run(settings, file, str(clinic.patient)) == 1
    told = capsys.readouterr().out
    assert "row 3" in told
    assert "row 4" in told
    assert "nan" not in told
    assert await samples(database, clinic) == 2


async def test_the_patient_may_be_named_by_nhs_number_as_people_write_it(
    settings: Settings, database: Database, clinic: Clinic, tmp_path: Path
) -> None:
    async with database.begin_as(Role.OWNER) as tx:
        row = await tx.fetchrow("select value from identifier where patient_id = $1 and system = 'nhs-number'", clinic.patient)
    assert row is not None
    number = str(row[0])
    file = export(tmp_path, "2026-03-01T07:00:00,110")
    assert await run(settings, file, f"{number[:3]} {number[3:6]} {number[6:]}") == 0
    assert await samples(database, clinic) == 1


@pytest.mark.parametrize(
    ("patient", "options", "line"),
    [
        pytest.param("nobody", {}, "neither an id nor an NHS number", id="no number"),
        pytest.param("01a20bd4-0000-7000-8000-000000000000", {}, "no such patient", id="unknown"),
        pytest.param("", {"from_": "2026-03-01T07:00"}, "go with --replay", id="a stretch without replay"),
        pytest.param("", {"replay": True, "from_": "breakfast"}, "are times such as", id="no time"),
        pytest.param("", {"replay": True, "from_": "2027-01-01T00:00"}, "no reading in that stretch", id="empty stretch"),
    ],
)
async def test_each_wrong_use_is_one_line_and_code_2(
    settings: Settings, clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    patient: str, options: dict[str, Any], line: str,
) -> None:  # fmt: skip
    file = export(tmp_path, "2026-03-01T07:00:00,110")
    assert await run(settings, file, patient or str(clinic.patient), **options) == 2
    told = capsys.readouterr().err
    assert line in told
    assert told.count("\n") == 1


async def test_a_file_of_no_known_format_is_told_which_are_known(
    settings: Settings, clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("hello", encoding="utf-8")
    assert await run(settings, file, str(clinic.patient)) == 2
    assert "none of the formats known here" in capsys.readouterr().err


async def test_a_database_that_is_not_there_is_one_line(
    settings: Settings, clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settings.database is not None
    away = replace(settings, database=replace(settings.database, database="nowhere"))
    assert await run(away, export(tmp_path, "2026-03-01T07:00:00,110"), str(clinic.patient)) == 2
    told = capsys.readouterr().err
    assert "The database cannot be used" in told
    assert told.count("\n") == 1


def test_a_replay_moves_the_end_to_now_and_keeps_the_distances_across_a_clock_change() -> None:
    now = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
    night = drafts("2026-03-29T00:55:00,100", "2026-03-29T02:05:00,90")
    moved = stretch(night, "Europe/London", None, "2026-03-29T02:05", now)
    assert [now - one.taken_at for one in moved] == [timedelta(minutes=10), timedelta(0)]
    assert [one.device_time for one in moved] == [one.taken_at.astimezone(UTC) for one in night]
    assert not any(one.history for one in moved)
    with pytest.raises(CannotImport):
        stretch([], "Europe/London", None, None, now)


async def test_f22_a_file_is_kept_as_received_and_reading_it_again_says_what_would_change_first(
    settings: Settings, database: Database, clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file, patient = export(tmp_path, "2026-03-01T07:00:00,110", "2026-03-01T07:05:00,112"), str(clinic.patient)
    for _ in range(2):
        assert await run(settings, file, patient) == 0
    capsys.readouterr()
    (kept,) = await raw_files.kept(database, clinic.patient)
    assert raw_files.body_of(kept) == file.read_bytes()
    assert await asyncio.to_thread(again, settings, patient) == 0
    assert "2 the same, 0 new, 0 no longer read" in capsys.readouterr().out
    # A later release reads the second row otherwise: ids hash the content, so one goes and one comes.
    manifest = manifests()["csv_glucose"]

    class Later:
        recognises = staticmethod(manifest.adapter.recognises)

        @staticmethod
        def parse(delivery: Delivery) -> Parsed:
            found = manifest.adapter.parse(delivery)
            other = replace(found.drafts[1], id=reading_id(delivery.patient, "later"), value=Decimal(113))
            return Parsed(drafts=[found.drafts[0], other])

    monkeypatch.setitem(manifests(), "csv_glucose", replace(manifest, adapter=Later(), version=2))
    assert await asyncio.to_thread(again, settings, patient) == 1
    assert "mapper 1 to 2: 1 the same, 1 new, 1 no longer read (nothing changed yet: --commit does it)" in capsys.readouterr().out
    assert await samples(database, clinic) == 2
    assert await asyncio.to_thread(again, settings, patient, commit=True, json=True) == 0
    (told,) = msgspec.json.decode(capsys.readouterr().out)
    assert (told["come"], told["go"], told["outcomes"]) == (1, 1, {"stored": 2})
    assert await asyncio.to_thread(again, settings, patient) == 0
    capsys.readouterr()
    assert await asyncio.to_thread(again, settings, str(clinic.stranger)) == 0
    assert "No file of this person is kept." in capsys.readouterr().out
    assert await asyncio.to_thread(again, settings, "nobody") == 2
    assert capsys.readouterr().err.count("\n") == 1


async def test_held_and_refused_readings_of_a_file_are_numbered(
    settings: Settings, clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = export(tmp_path, "2026-03-01T07:00:00,110", "2026-03-01T07:05:00,12")
    await run(settings, file, str(clinic.patient))
    told = capsys.readouterr().out
    assert "quarantined: 1" in told
    assert "reading 2, not taken: This looks like another unit than the one named. (implausible_for_unit)" in told


def health(*records: str) -> str:
    return f'<?xml version="1.0"?>\n<HealthData locale="en_GB">{"".join(records)}</HealthData>'


def weighed(minute: int, value: str = "80.2") -> str:
    at = f"2026-03-01 07:{minute % 60:02}:00 +0000"
    return f'<Record type="HKQuantityTypeIdentifierBodyMass" sourceName="Scale" unit="kg" startDate="{at}" endDate="{at}" value="{value}"/>'


async def test_an_apple_export_comes_by_pieces_also_in_a_zip_and_goes_on_where_it_stopped(
    settings: Settings, clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, patient = tmp_path / "export.xml", str(clinic.patient)
    file.write_text(health(weighed(1), weighed(2, "x"), weighed(3, "9000")), encoding="utf-8")
    assert await run(settings, file, patient, dry_run=True, json=True) == 1
    assert msgspec.json.decode(capsys.readouterr().out)["outcomes"] == {}
    assert await run(settings, file, patient, json=True) == 1
    said = msgspec.json.decode(capsys.readouterr().out)
    assert said["outcomes"] == {"stored": 1, "quarantined": 1}
    assert [(one["row"], one["code"]) for one in said["faults"]] == [(2, "not_a_number")]
    assert [(one["row"], one["code"]) for one in said["not_taken"]] == [(2, "impossible")]
    packed = tmp_path / "export.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("apple_health_export/export.xml", health(weighed(1), weighed(5)))
    assert await run(settings, packed, patient, json=True) == 0
    assert msgspec.json.decode(capsys.readouterr().out)["outcomes"] == {"stored": 1, "duplicate": 1}


async def test_inp_4_a_zip_that_grows_beyond_measure_is_left(
    settings: Settings, clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bomb = tmp_path / "export.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.xml", "<HealthData>" + " " * 20_000_000 + "</HealthData>")
    assert await run(settings, bomb, str(clinic.patient)) == 2
    assert "beyond all measure" in capsys.readouterr().err
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("x.txt", "x")
    assert await run(settings, other, str(clinic.patient)) == 2

"""Apple Health's export: small files written for it, traps that XML has, and memory that stays as it is."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from integrations.apple_health.adapter import parse, recognises, stream
from integrations.manifest import Delivery, Parsed, Unreadable

CASES = Path(__file__).parent / "apple_health" / "cases"
RECORD = (
    b'<Record type="HKQuantityTypeIdentifierBodyMass" sourceName="Scale" unit="kg" startDate="2026-11-19 07:00:00 +0000" '
    b'endDate="2026-11-19 07:00:00 +0000" value="80.2"/>\n'
)


def delivery(body: bytes = b"") -> Delivery:
    return Delivery(body=body, received_at=datetime(2026, 11, 24, tzinfo=UTC), patient="p")


def shown(found: Parsed) -> dict[str, Any]:
    drafts = [
        f"{one.kind} {one.value if one.value is not None else {key: str(part) for key, part in (one.parts or {}).items()}} {one.unit}"
        f" {one.taken_at.isoformat()}{' by hand' if one.manual else ''}"
        for one in found.drafts
    ]
    return {"drafts": drafts, "faults": [f"{one.row} {one.code}" for one in found.faults]}


@pytest.mark.parametrize("case", sorted(CASES.glob("*.in.xml")), ids=lambda path: path.name)
def test_cases(case: Path) -> None:
    expected: dict[str, Any] = msgspec.json.decode(case.with_name(case.name.replace(".in.xml", ".out.json")).read_bytes())
    assert recognises(case.read_bytes())
    assert shown(parse(delivery(case.read_bytes()))) == expected


@pytest.mark.parametrize("body", [
    b'<!DOCTYPE HealthData [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><HealthData>&b;</HealthData>',
    b'<!DOCTYPE HealthData [<!ENTITY x SYSTEM "file:///etc/passwd">]><HealthData>&x;</HealthData>',
    b"<HealthData>" + b"<a>" * 100 + b"</a>" * 100 + b"</HealthData>",
    b"<HealthData><Record", b"<Other/>", b"", b"\xff\xfe\x00",
], ids=["entities", "outside", "deep", "cut off", "another root", "empty", "no text"])  # fmt: skip
def test_inp_4_what_xml_can_do_besides_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(delivery(body))


@pytest.mark.parametrize("encoding", ["UTF-9", "idna", "big5", "utf-7", "undefined", "hex", "cp1252"])
def test_inp_4_an_encoding_that_a_file_names_is_not_looked_up(encoding: str) -> None:
    found = parse(delivery(f'<?xml version="1.0" encoding="{encoding}"?><HealthData>é</HealthData>'.encode()))
    assert shown(found) == {"drafts": [], "faults": []}


@pytest.mark.parametrize("day", ["0001-01-01 00:00:00 +2359", "9999-12-31 23:59:59 -1200"])
def test_ing_7_a_time_beyond_all_calendars_is_refused(day: str) -> None:
    found = parse(delivery(f"<HealthData>{RECORD.decode().replace('2026-11-19 07:00:00 +0000', day)}</HealthData>".encode()))
    assert [one.code for one in found.faults] == ["time_missing"]


def test_an_export_of_any_size_is_read_in_the_same_memory() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"<HealthData>"
        for _ in range(60):
            yield RECORD * 1000
        yield b"</HealthData>"

    tracemalloc.start()
    count = sum(1 for _ in stream(pieces(), delivery()))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 60_000
    assert most < 20_000_000

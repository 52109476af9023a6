"""Clarity CSV: each case is a small file written for it, and what must come out."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from integrations.csv_glucose.adapter import parse, recognises
from integrations.manifest import Delivery, Unreadable

CASES = Path(__file__).parent / "csv_glucose" / "cases"
RECEIVED = datetime(2026, 11, 24, tzinfo=UTC)


def delivery(body: bytes) -> Delivery:
    return Delivery(body=body, received_at=RECEIVED, zone="Europe/London", patient="p")


@pytest.mark.parametrize("case", sorted(CASES.glob("*.in.csv")), ids=lambda path: path.name)
def test_cases(case: Path) -> None:
    expected: dict[str, Any] = msgspec.json.decode(case.with_name(case.name.replace(".in.csv", ".out.json")).read_bytes())
    found = parse(delivery(case.read_bytes()))
    shown = [[one.kind, one.taken_at.astimezone(UTC).isoformat(), f"{one.comparator or ''}{one.value}", one.unit] for one in found.drafts]
    assert recognises(case.read_bytes())
    assert {"drafts": shown, "faults": [[one.row, one.code] for one in found.faults]} == expected
    assert [one.id for one in parse(delivery(case.read_bytes())).drafts] == [one.id for one in found.drafts]
    assert len({one.id for one in found.drafts}) == len(found.drafts)


@pytest.mark.parametrize("body", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_what_is_no_clarity_export_is_refused(body: bytes) -> None:
    assert not recognises(body)
    with pytest.raises(Unreadable):
        parse(delivery(body))


@pytest.mark.parametrize("piece", [b"a\rb", b"\r", b'"'])
def test_inp_4_a_stray_line_end_sinks_no_good_row(piece: bytes) -> None:
    head, _, rest = min(CASES.glob("*.in.csv")).read_bytes().partition(b"\n")
    found = parse(delivery(head + b"\n" + rest.rstrip() + b"\n" + piece + b"\n"))
    assert found.drafts


def test_inp_4_an_endless_field_is_no_csv() -> None:
    head, _, rest = min(CASES.glob("*.in.csv")).read_bytes().partition(b"\n")
    with pytest.raises(Unreadable, match="CSV"):
        parse(delivery(head + b"\n" + b"x" * 200_000 + b"\n" + rest))

"""Nightscout entries: each case is a small array written for it, and what must come out."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from integrations.manifest import Delivery, Unreadable
from integrations.nightscout.adapter import parse, recognises

CASES = Path(__file__).parent / "nightscout" / "cases"


def delivery(body: bytes) -> Delivery:
    return Delivery(body=body, received_at=datetime(2026, 11, 24, tzinfo=UTC), patient="p")


@pytest.mark.parametrize("case", sorted(CASES.glob("*.in.json")), ids=lambda path: path.name)
def test_cases(case: Path) -> None:
    expected: dict[str, Any] = msgspec.json.decode(case.with_name(case.name.replace(".in.json", ".out.json")).read_bytes())
    found = parse(delivery(case.read_bytes()))
    shown = [[one.kind, one.taken_at.isoformat(), f"{one.comparator or ''}{one.value}"] for one in found.drafts]
    assert {"drafts": shown, "faults": [[one.row, one.code] for one in found.faults]} == expected
    assert {one.unit for one in found.drafts} <= {"mg/dL"}


def test_recognised_by_its_entries() -> None:
    assert recognises(b' [{"type": "sgv", "sgv": 100}]')
    assert not recognises(b'{"sgv": 1}')
    with pytest.raises(Unreadable):
        parse(delivery(b"{"))

"""LibreView CSV: each case is a small file written for it, and what must come out."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from integrations.libreview.adapter import parse, recognises
from integrations.manifest import Delivery, Unreadable

CASES = Path(__file__).parent / "libreview" / "cases"
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
def test_what_is_no_libreview_export_is_refused(body: bytes) -> None:
    assert not recognises(body)
    with pytest.raises(Unreadable):
        parse(delivery(body))


def test_a_file_that_does_not_say_whether_days_or_months_come_first_is_refused() -> None:
    body = (CASES / "02-american-dates-and-mg.in.csv").read_bytes().replace(b" AM", b"").replace(b" PM", b"")
    with pytest.raises(Unreadable, match="after the 12th"):
        parse(delivery(body))

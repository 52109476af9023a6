"""Vendors' own shapes: each case is a small document written for it from the format's facts, and what must come out."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from integrations.manifest import Delivery, Manifest, Parsed, Unreadable
from integrations.registry import manifests

HERE = Path(__file__).parent
VENDORS = {name: one for name, one in manifests().items() if one.hook is not None or one.api is not None}
CASES = [(name, case) for name in sorted(VENDORS) for case in sorted((HERE / name / "cases").glob("*.in.json"))]


def delivery(body: bytes) -> Delivery:
    return Delivery(body=body, received_at=datetime(2026, 11, 24, tzinfo=UTC), account="account")


def shown(found: Parsed) -> dict[str, Any]:
    """What matters of a result, one line a draft."""
    drafts = [
        f"{one.kind} {one.comparator or ''}{one.value if one.value is not None else dict(one.parts or {})} {one.unit}"
        f" {one.taken_at.isoformat()}"
        f"{' taken back' if one.retracts else ''}{' by hand' if one.manual else ''}"
        f" {one.time_source.name.lower()} [{origin.account} {origin.record}]".replace("Decimal", "")
        for one, origin in zip(found.drafts, found.origins, strict=True)
    ]
    return {"drafts": drafts, "faults": [f"{one.row} {one.code}" for one in found.faults]}


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}-{case.stem}" for name, case in CASES])
def test_cases(name: str, case: Path) -> None:
    expected: dict[str, Any] = msgspec.json.decode(case.with_name(case.name.replace(".in.json", ".out.json")).read_bytes())
    assert shown(VENDORS[name].adapter.parse(delivery(case.read_bytes()))) == expected


@pytest.mark.parametrize("one", VENDORS.values(), ids=list(VENDORS))
def test_ing_3_the_same_body_gives_the_same_ids_and_every_draft_its_origin(one: Manifest) -> None:
    for case in (HERE / one.name / "cases").glob("*.in.json"):
        first, second = (one.adapter.parse(delivery(case.read_bytes())) for _ in range(2))
        assert [each.id for each in first.drafts] == [each.id for each in second.drafts]
        assert len(first.origins) == len(first.drafts)
        assert len({(each.account, each.record) for each in first.origins}) == len(first.origins)
        assert all(isinstance(each.value, Decimal) or each.parts for each in first.drafts)


@pytest.mark.parametrize("one", VENDORS.values(), ids=list(VENDORS))
def test_what_is_nothing_of_theirs_is_refused_as_such(one: Manifest) -> None:
    assert not one.adapter.recognises(b"nothing known")
    with pytest.raises(Unreadable):
        one.adapter.parse(delivery(b'"text"'))
    with pytest.raises(Unreadable):
        one.adapter.parse(delivery(b"[" * 100_000))


ANNOUNCING = [one for one in VENDORS.values() if one.hook is not None and one.hook.notices is not None]


@pytest.mark.parametrize("one", ANNOUNCING, ids=lambda one: one.name)
def test_what_is_no_notice_is_refused_as_such(one: Manifest) -> None:
    assert one.hook is not None
    assert one.hook.notices is not None
    for body in (b"\xff", b"{}", b"=", b"userid=x&appli=1&startdate=99999999999999&enddate=2"):
        with pytest.raises(Unreadable):
            one.hook.notices(delivery(body))

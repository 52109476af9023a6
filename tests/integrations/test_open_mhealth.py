"""Open mHealth: each case is a document written for it, and what must come out."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.manifest import Delivery, Unreadable
from integrations.open_mhealth.adapter import Wrong, body_of, parse, read, recognises
from integrations.open_mhealth.shapes import SCHEMAS

CASES = Path(__file__).parent / "open_mhealth" / "cases"


def delivery(body: bytes) -> Delivery:
    return Delivery(body=body, received_at=datetime(2026, 11, 24, tzinfo=UTC), patient="p")


@pytest.mark.parametrize("case", sorted(CASES.glob("*.in.json")), ids=lambda path: path.name)
def test_cases(case: Path) -> None:
    expected = msgspec.json.decode(case.with_name(case.name.replace(".in.json", ".out.json")).read_bytes())
    found = parse(delivery(case.read_bytes()))
    shown = [
        [one.kind, one.taken_at.isoformat(),
         str(one.value) if one.parts is None else "/".join(map(str, one.parts.values())), one.unit, one.manual]
        for one in found.drafts
    ]  # fmt: skip
    assert {"drafts": shown, "faults": [[one.row, one.code, one.pointer] for one in found.faults]} == expected
    assert recognises(case.read_bytes())


def test_what_it_says_of_the_situation_is_kept() -> None:
    (found,) = parse(delivery((CASES / "01-blood-pressure-with-context.in.json").read_bytes())).drafts
    assert found.context is not None
    assert (found.context.posture, found.context.arm, found.manual) == ("sitting", "left", True)
    first, *_ = parse(delivery((CASES / "02-glucose-of-three-specimens.in.json").read_bytes())).drafts
    assert first.context is not None
    assert first.context.meal == "before"


@pytest.mark.parametrize("body", [b"{", b"[1,", b"\xff", b"[" * 5000, b"5"])
def test_what_is_no_json_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(delivery(body))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)),
       st.sampled_from(list(SCHEMAS)))  # fmt: skip
def test_whatever_json_comes_is_read_or_refused(value: Any, name: str) -> None:
    measures = SCHEMAS[name].measures
    amounts = {one: {"value": 1, "unit": "%"} for one in measures}
    for body in (value, dict.fromkeys(measures, value), {"effective_time_frame": value, **amounts}):
        raw = msgspec.json.encode(body)
        try:
            body_of(raw, name)
            read(raw, zone="Europe/London", patient="p", schema=name)
        except Wrong:
            continue

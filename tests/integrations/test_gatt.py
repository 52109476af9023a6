"""Bluetooth values: each case is a body written for it, and what must come out; the numbers and the reader beside them."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.readings.reading import Draft
from integrations.gatt.adapter import decode, parse, recognises
from integrations.gatt.layouts import LAYOUTS
from integrations.gatt.numbers import Special, Wrong, crc16, float32, sfloat
from integrations.manifest import Delivery, Unreadable

CASES = Path(__file__).parent / "gatt" / "cases"


def delivery(body: bytes, patient: str = "p") -> Delivery:
    return Delivery(body=body, received_at=datetime(2026, 11, 24, tzinfo=UTC), patient=patient)


def shown(one: Draft) -> list[Any]:
    values = str(one.value) if one.parts is None else "/".join(map(str, one.parts.values()))
    mark = None if one.context is None else one.context.quality or one.context.meal
    return [one.kind, one.taken_at.isoformat(), f"{one.comparator or ''}{values}", one.unit, one.time_source.name.lower(), mark]


@pytest.mark.parametrize("case", sorted(CASES.glob("*.in.json")), ids=lambda path: path.name)
def test_cases(case: Path) -> None:
    expected = msgspec.json.decode(case.with_name(case.name.replace(".in.json", ".out.json")).read_bytes())
    found = parse(delivery(case.read_bytes()))
    assert {"drafts": [shown(one) for one in found.drafts], "faults": [[one.row, one.code] for one in found.faults]} == expected
    again = parse(delivery(case.read_bytes()))
    assert [one.id for one in again.drafts] == [one.id for one in found.drafts]
    other = parse(delivery(case.read_bytes(), "q"))
    assert not {one.id for one in other.drafts} & {one.id for one in found.drafts}


@pytest.mark.parametrize(
    ("raw", "value"),
    [(0xF16C, "36.4"), (0x016C, "364"), (0x116C, "3640"), (0xFE94, "-36.4"), (0x0064, "100"), (0xF3E8, "100.0"), (0xB078, "0.00120"),
     (0xC037, "0.0055")],
)  # fmt: skip
def test_a_short_float_is_an_exact_decimal(raw: int, value: str) -> None:
    assert sfloat(raw) == Decimal(value)


@pytest.mark.parametrize(
    ("short", "long", "special"),
    [(0x07FF, 0x007FFFFF, Special.NAN), (0x0800, 0x00800000, Special.NRES), (0x07FE, 0x007FFFFE, Special.ABOVE),
     (0x0802, 0x00800002, Special.BELOW), (0x0801, 0x00800001, Special.RESERVED)],
)  # fmt: skip
def test_inp_4_a_special_value_is_never_a_number(short: int, long: int, special: Special) -> None:
    assert sfloat(short) is special
    assert float32(long) is special


def test_the_checksum_is_the_one_of_the_standard() -> None:
    assert crc16(b"123456789") == 0x6F91


def test_a_wrong_checksum_refuses_the_record() -> None:
    whole = bytes.fromhex("0fe3d2e405000214ff02f0e5f38e3f")
    assert decode("2AA7", whole)
    with pytest.raises(Wrong, match="checksum"):
        decode("2AA7", whole[:-1] + bytes([whole[-1] ^ 1]))


@pytest.mark.parametrize("characteristic", sorted(LAYOUTS))
@given(octets=st.binary(max_size=40))
def test_inp_4_any_octets_are_read_or_refused(characteristic: str, octets: bytes) -> None:
    try:
        decode(characteristic, octets)
    except Wrong:
        return
    with pytest.raises(Wrong):
        # What was read whole leaves nothing open: with an octet more it is another value or none, but never half of one.
        decode(characteristic, octets + b"\x00" * 41)


@given(octets=st.binary(max_size=24), characteristic=st.sampled_from(sorted(LAYOUTS)))
def test_any_octets_in_a_body_give_drafts_or_faults(octets: bytes, characteristic: str) -> None:
    item = {"characteristic": characteristic, "hex": octets.hex(), "receivedAt": "2026-03-02T08:00:00Z", "zone": "Europe/London"}
    found = parse(delivery(json.dumps([item]).encode()))
    assert all(one.row == 1 for one in found.faults)
    assert found.drafts or found.faults or characteristic in {"2A34", "2AAA"}


def test_a_body_is_recognised_by_its_characteristic() -> None:
    assert recognises(b' [{"characteristic": "2A35"}]')
    assert not recognises(b'[{"sgv": 1}]')
    for body in (b"[", b"[" + b"{}," * 10_000 + b"{}]"):
        with pytest.raises(Unreadable):
            parse(delivery(body))

"""FHIR R4: each case is a resource written for it, and what must come out; invariants, precision and keys beside them."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.fhir.adapter import bundle, observation, parse, recognises
from integrations.fhir.observation import Wrong, read
from integrations.fhir.shapes import written
from integrations.json_keys import members
from integrations.json_numbers import decimal
from integrations.manifest import Delivery, Unreadable

CASES = Path(__file__).parent / "fhir" / "cases"
LOINC = "http://loinc.org"


def delivery(body: bytes) -> Delivery:
    return Delivery(body=body, received_at=datetime(2026, 11, 24, tzinfo=UTC), patient="p")


@pytest.mark.parametrize("case", sorted(CASES.glob("*.in.json")), ids=lambda path: path.name)
def test_cases(case: Path) -> None:
    expected = msgspec.json.decode(case.with_name(case.name.replace(".in.json", ".out.json")).read_bytes())
    found = parse(delivery(case.read_bytes()))
    shown = [
        [one.kind, one.taken_at.isoformat(),
         "gone" if one.retracts else f"{one.comparator or ''}{one.value if one.parts is None else '/'.join(map(str, one.parts.values()))}",
         one.unit, one.time_source.name.lower(), one.corrects is not None]
        for one in found.drafts
    ]  # fmt: skip
    assert {"drafts": shown, "faults": [[one.row, one.code, one.pointer] for one in found.faults]} == expected
    assert [one.id for one in parse(delivery(case.read_bytes())).drafts] == [one.id for one in found.drafts]


def rate(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "status": "final", "code": {"coding": [{"system": LOINC, "code": "8867-4"}]},
        "effectiveDateTime": "2026-03-02T07:30:00Z",
        "valueQuantity": {"value": 71, "system": "http://unitsofmeasure.org", "code": "/min"}, **more,
    }  # fmt: skip


def wrong(body: bytes) -> Wrong:
    with pytest.raises(Wrong) as found:
        read(observation(body), zone="Europe/London", patient="p")
    return found.value


@pytest.mark.parametrize(
    ("more", "code", "expression"),
    [
        ({"status": "done"}, "status_unknown", "Observation.status"),
        ({"status": "cancelled"}, "not_final", "Observation.status"),
        ({"id": "a:b"}, "id_invalid", "Observation.id"),
        ({"effectivePeriod": {"start": "2026-03-02T07:30:00Z"}}, "effective_twice", "Observation.effective"),
        ({"effectiveDateTime": "2026-02-30T07:30:00Z"}, "time_invalid", "Observation.effective"),
        ({"effectiveDateTime": "2026-03-02T07:30Z"}, "time_invalid", "Observation.effective"),
        ({"dataAbsentReason": {"text": "?"}}, "obs-6", "Observation.dataAbsentReason"),
        ({"component": [{"code": rate()["code"], "valueInteger": 1}]}, "obs-7", "Observation.component[0].code"),
        ({"valueAttachment": {}}, "value_twice", "Observation.value"),
        ({"colour": "blue"}, "structure", "Observation"),
        ({"valueQuantity": {"value": "71", "code": "/min", "system": "http://unitsofmeasure.org"}}, "not_a_number", "Observation.value.value"),
        ({"valueQuantity": {"code": "/min", "system": "http://unitsofmeasure.org"}}, "value_missing", "Observation.value.value"),
        ({"valueQuantity": {"value": 71}}, "unit_missing", "Observation.value.code"),
        ({"valueQuantity": {"value": 71, "code": "/min", "system": "urn:x"}}, "unit_system", "Observation.value.system"),
        ({"valueQuantity": {"value": 71, "comparator": "ad", "unit": "/min"}}, "comparator_unknown", "Observation.value.comparator"),
        ({"subject": {}}, "reference_empty", "Observation.subject"),
        ({"code": {"coding": [{"system": LOINC, "code": " 8867-4"}]}}, "code_invalid", "Observation.code.coding.code"),
        ({"code": {"coding": []}}, "structure", "Observation.code.coding"),
        ({"implicitRules": "urn:x"}, "not_understood", "Observation.implicitRules"),
        ({"focus": [{"display": "her unborn child"}]}, "not_understood", "Observation.focus"),
        ({"contained": None}, "structure", "Observation.contained"),
        ({"subject": None}, "key_twice", "Observation"),
    ],
)  # fmt: skip
def test_each_rule_of_an_observation_is_told_with_its_place(more: dict[str, Any], code: str, expression: str) -> None:
    found = wrong(msgspec.json.encode(rate(**more)))
    assert (found.code, found.expression) == (code, expression)


@pytest.mark.parametrize("text", ["6.10", "6.1", "0.00000001", "100", "1.0E1", "-3.70"])
def test_a_decimal_keeps_its_digits(text: str) -> None:
    assert str(decimal(text.encode())) == str(Decimal(text))


@pytest.mark.parametrize("text", ["1e999999", "NaN", "1_0", '"5"', "+5", "05", "1" * 41, "", "1.", ".5", "true"])
def test_ing_10_what_is_no_json_number_is_no_decimal(text: str) -> None:
    assert decimal(text.encode()) is None


@pytest.mark.parametrize(
    "body",
    [
        msgspec.json.encode(rate()).replace(b'"status"', b'"status":"entered-in-error","status"'),
        msgspec.json.encode(rate()).replace(b'"value":71', b'"value":71,"value":171'),
        msgspec.json.encode(rate()).replace(b'"code":"8867-4"', b'"code":"9279-1","code":"8867-4"'),
    ],
)
def test_inp_4_a_key_twice_is_refused(body: bytes) -> None:
    assert wrong(body).code == "key_twice"


@given(st.text(), st.text())
def test_inp_4_a_key_twice_is_refused_whatever_is_said_and_however_it_is_written(text: str, other: str) -> None:
    once = rate(device={"reference": text or "x", "display": other or "x"})
    for body in (msgspec.json.encode(once), json.dumps(once, indent=1).encode()):
        assert observation(body).device is not None
        assert wrong(body.replace(b'"status"', b'"status":"amended","status"', 1)).code == "key_twice"
        # Nothing that is written again is longer than what came.
        assert len(written(observation(body))) <= len(body)


def test_observations_of_two_people_in_one_file_are_refused() -> None:
    entries = [{"resource": rate(subject={"reference": f"Patient/{who}"})} for who in ("a", "b")]
    with pytest.raises(Unreadable, match="more than one person"):
        parse(delivery(msgspec.json.encode({"resourceType": "Bundle", "type": "collection", "entry": entries})))


def test_one_resource_a_line_is_read_and_a_bad_line_sinks_no_good_one() -> None:
    lines = [msgspec.json.encode(rate()), b"{", b'{"resourceType":"Patient","id":"x"}', msgspec.json.encode(rate(status="final"))]
    found = parse(delivery(b"\n".join(lines)))
    assert (len(found.drafts), [(one.row, one.code) for one in found.faults]) == (2, [(2, "not_json")])


@pytest.mark.parametrize("rest", [b"", b',"x":' + b"[" * 5000, b',"x":"\xff"}'])
def test_inp_4_what_is_no_json_is_told_as_such_even_behind_a_wrong_shape(rest: bytes) -> None:
    for reader in (observation, bundle):
        with pytest.raises(Wrong) as found:
            reader(b'{"resourceType":1' + rest)
        assert found.value.code == "not_json"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"[" * 5000, b'{"resourceType":1}', b'{"resourceType":"Bundle"}', b"\xff\xfe{}"])
def test_what_is_no_fhir_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(delivery(body))


def test_it_is_recognised_by_its_beginning() -> None:
    assert recognises(b'\xef\xbb\xbf {"resourceType": "Bundle"}')
    assert not recognises(b'[{"sgv": 1}]')


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_whatever_json_comes_is_read_or_refused(value: Any) -> None:
    for body in (value, rate(component=value), rate(valueQuantity=value), rate(subject=value), {"resourceType": "Bundle", "entry": value}):
        for reader in (observation, bundle):
            try:
                found = reader(msgspec.json.encode(body))
            except Wrong:
                continue
            assert found.resource_type


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)), st.sampled_from(
    [(", ", ": "), (",", ":"), (" , ", " : "), ("\n,", "\t:\r\n")]))
def test_members_are_counted_however_they_are_written(value: Any, separators: tuple[str, str]) -> None:
    def count(one: Any) -> int:
        if isinstance(one, dict):
            fields = cast("dict[str, Any]", one)
            return len(fields) + sum(map(count, fields.values()))
        return sum(map(count, cast("list[Any]", one))) if isinstance(one, list) else 0

    for ascii_only in (True, False):
        assert members(json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode()) == count(value)

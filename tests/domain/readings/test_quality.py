"""DQ rules for one draft, and exact units."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.errors import Invalid
from domain.readings import units
from domain.readings.kinds import BY_NAME, BY_NO, DataClass
from domain.readings.quality import check, is_number, restore_sample
from domain.readings.reading import Quarantined, Reading, Rejected, TimeSource
from tests.builders import NOW, draft, reading


def sent(kind: str, value: Any = None, **more: Any) -> Reading | Quarantined | Rejected:
    return check(draft(kind, value, **more), recent={}, now=NOW)


def code(found: Reading | Quarantined | Rejected) -> str:
    return "|".join(found.marks) if isinstance(found, Reading) else f"{type(found).__name__}:{found.code}"


@pytest.mark.parametrize(
    ("kind", "value", "unit", "expected"),
    [
        ("heart_rate", 19, "/min", "Quarantined:impossible"), ("heart_rate", 20, "/min", "soft_range"),
        ("heart_rate", 34, "/min", "soft_range"), ("heart_rate", 35, "/min", ""), ("heart_rate", 200, "/min", ""),
        ("heart_rate", 201, "/min", "soft_range"), ("heart_rate", 301, "/min", "Quarantined:impossible"),
        ("oxygen_saturation", "0.97", "%", "Quarantined:implausible_for_unit"), ("oxygen_saturation", "0.97", "{fraction}", ""),
        ("body_temperature", 98.6, "Cel", "Quarantined:implausible_for_unit"), ("body_temperature", 98.6, "[degF]", ""),
        ("glucose_capillary", 33.3, "mmol/L", ""), ("glucose_capillary", 33.4, "mmol/L", "soft_range|suspect_unit"),
        ("glucose_capillary", 50.1, "mmol/L", "Quarantined:implausible_for_unit"),
        ("glucose_capillary", 19, "mg/dL", "Quarantined:implausible_for_unit"), ("glucose_capillary", 20, "mg/dL", ""),
        ("glucose_capillary", 601, "mg/dL", "soft_range"), ("glucose_capillary", 901, "mg/dL", "Quarantined:impossible"),
        ("glucose_cgm", 39, "mg/dL", "Quarantined:impossible"), ("glucose_cgm", 40, "mg/dL", ""),
        ("hba1c", 7.1, "mmol/mol", "Quarantined:implausible_for_unit"), ("hba1c", 7.1, "%", ""),
        ("creatinine", 1.2, "umol/L", "Quarantined:implausible_for_unit"), ("peak_flow", 7, "L/min", "Quarantined:implausible_for_unit"),
        ("calprotectin", 20001, "ug/g", "Quarantined:impossible"), ("step_count", 5000, "{steps}", ""),
        ("body_weight", 80, "furlong", "Rejected:unit_unknown"), ("unheard_of", 1, "kg", "Rejected:kind_unknown"),
        ("bmi", 24, None, "Rejected:unit_missing"),
    ],
)  # fmt: skip
def test_dq_1_2_ranges_and_units(kind: str, value: Any, unit: str | None, expected: str) -> None:
    assert code(sent(kind, value, unit=unit)) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((128, 79), ""), ((16, 10), "Quarantined:implausible_for_unit"), ((301, 90), "Quarantined:impossible"),
        ((251, 140), "soft_range"), ((80, 80), "Rejected:diastolic_not_below_systolic"), ((99, 80), "soft_range"),
        ((100, 80), ""), ((200, 80), ""), ((201, 80), "soft_range"), ((260, 151), "soft_range"), ((255, 120), "soft_range"),
    ],
)  # fmt: skip
def test_dq_5_blood_pressure_makes_sense(parts: tuple[int, int], expected: str) -> None:
    assert code(sent("blood_pressure", parts)) == expected


def test_parts_are_named_and_whole() -> None:
    def with_parts(kind: str, **parts: str) -> str:
        return code(sent(kind, parts={name: Decimal(value) for name, value in parts.items()}))

    assert with_parts("blood_pressure", systolic="120") == "Rejected:part_missing"
    assert with_parts("blood_pressure", systolic="120", diastolic="80", pulse="60") == "Rejected:part_unknown"
    assert with_parts("blood_pressure", systolic="120", diastolic="NaN") == "Rejected:not_a_number"
    assert with_parts("blood_pressure", systolic="120", diastolic="80", mean="93") == ""
    assert with_parts("spirometry", fev1="2.41", fvc="3.3") == ""
    assert with_parts("spirometry", fev1="9") == "Quarantined:impossible"
    assert code(sent("blood_pressure", 120)) == "Rejected:parts_missing"


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e19", "1234567890123456789", "1E-19"])
def test_ing_10_only_finite_numbers_of_bounded_size(text: str) -> None:
    assert not is_number(Decimal(text))
    assert code(sent("body_weight", text)) == "Rejected:not_a_number"


def test_a_value_is_needed_and_codes_are_known() -> None:
    assert code(sent("body_weight")) == "Rejected:value_missing"
    assert code(sent("symptom", "no_such_thing")) == "Rejected:code_unknown"
    assert code(sent("consciousness", "alert")) == ""


def test_dq_2_a_weight_in_pounds_or_stones_is_asked_about() -> None:
    before = [reading("body_weight", kg, NOW - timedelta(days=back)) for back, kg in ((3, 80), (2, 80.4), (1, 79.8))]
    recent = {before[0].kind: before}

    def held(kg: float) -> bool:
        return isinstance(check(draft("body_weight", kg), recent=recent, now=NOW), Quarantined)

    # The median is 80 kg, so the ratios of the reference are 164 to 188.8, 34.4 to 38.4 kg and so on.
    assert [kg for kg in (163.9, 164, 188.8, 188.9, 34.3, 34.4, 38.4, 38.5, 80) if held(kg)] == [164, 188.8, 34.4, 38.4]
    assert not isinstance(check(draft("body_weight", 176), recent={before[0].kind: before[:2]}, now=NOW), Quarantined)


def test_dq_3_a_devices_hi_is_kept_as_beyond_its_bound() -> None:
    found = sent("glucose_cgm", "27.8", comparator=">")
    assert isinstance(found, Reading)
    assert (found.comparator, found.marks) == (">", ("beyond_range",))


@pytest.mark.parametrize(
    ("offset", "history", "expected"),
    [
        (timedelta(minutes=5), False, ""), (timedelta(minutes=5, seconds=1), False, "clock_ahead"),
        (timedelta(hours=24), False, "clock_ahead"), (timedelta(hours=24, seconds=1), False, "Quarantined:time_ahead"),
        (timedelta(days=-366), False, ""), (timedelta(days=-366, seconds=-1), False, "Quarantined:time_too_old"),
        (timedelta(days=-5000), True, ""),
    ],
)  # fmt: skip
def test_dq_7_clocks(offset: timedelta, history: bool, expected: str) -> None:
    assert code(sent("body_weight", 80, when=NOW + offset, history=history)) == expected


def test_dq_7_an_unset_clock_is_asked_about_and_our_time_stands_in() -> None:
    assert code(sent("body_weight", 80, when=datetime(2000, 1, 1, 5, tzinfo=UTC), history=True)) == "Quarantined:clock_unset"
    assert code(sent("body_weight", 80, when=datetime(1999, 12, 31, tzinfo=UTC), history=True)) == "Quarantined:time_too_old"
    ahead = sent("body_weight", 80, when=NOW + timedelta(hours=1))
    assert isinstance(ahead, Reading)
    assert (ahead.taken_at, ahead.time_source, ahead.device_time) == (NOW, TimeSource.SERVER_RECEIVED, NOW + timedelta(hours=1))
    assert ahead.unconfirmed


@pytest.mark.parametrize(
    ("kind", "value", "unit", "canonical"),
    [
        ("body_weight", "176.4", "[lb_av]", "80.01"), ("body_weight", "176.4", "lb", "80.01"), ("body_weight", "80500", "g", "80.50"),
        ("body_temperature", "98.6", "[degF]", "37.0"), ("body_temperature", "310.15", "K", "37.0"),
        ("glucose_capillary", "100", "mg/dL", "5.6"), ("glucose_capillary", "0.0056", "mol/L", "5.6"),
        ("glucose_capillary", "0.00101", "kg/L", "5.6"), ("creatinine", "1.2", "mg/dL", "106"), ("hba1c", "7.0", "%", "53"),
        ("peak_flow", "6.5", "L/s", "390"), ("sleep_duration", "450", "min", "7.50"), ("body_weight", "80.2", "kg", "80.2"),
        ("body_weight", "80.205", "kg", "80.21"), ("oxygen_saturation", "0.965", "{fraction}", "97"),
        ("heart_rate", "70", "bpm", "70"),
    ],
)  # fmt: skip
def test_c_2_units_are_exact_and_rounded_half_up(kind: str, value: str, unit: str, canonical: str) -> None:
    known = BY_NAME[kind]
    assert str(units.to_canonical(known, unit, Decimal(value))) == canonical
    assert units.by_number(known.no) is known
    assert known.unit == units.accepts(known)[0]


def test_a_unit_that_is_not_in_the_table_is_unknown_whatever_it_looks_like() -> None:
    with pytest.raises(Invalid):
        units.to_canonical(BY_NAME["body_weight"], "KG", Decimal(80))
    assert units.known_unit(BY_NAME["body_weight"], "mg/dl") is None
    assert units.known_unit(BY_NAME["body_weight"], "kg") == "kg"
    assert units.both_glucose(Decimal("3.9")) == 70


def test_inv_3_what_was_sent_stays_beside_what_it_became() -> None:
    found = sent("glucose_capillary", "100", unit="mg/dl")
    assert isinstance(found, Reading)
    assert (found.value, found.original, found.unit) == (Decimal("5.6"), (Decimal(100),), "mg/dL")
    finer = sent("body_weight", "80.123")
    assert isinstance(finer, Reading)
    assert (finer.value, finer.original, finer.unit) == (Decimal("80.12"), (Decimal("80.123"),), None)


def test_a_stored_sample_is_the_reading_it_was() -> None:
    found = restore_sample(kind=201, taken_at=NOW, received_at=NOW, value=Decimal(54), unit="mg/dL", comparator=None, device=0,
                           source=1, time_source=0, offset_min=0, marks=(), status=0)  # fmt: skip
    assert (found.value, found.original, found.unit) == (Decimal("3.0"), (Decimal(54),), "mg/dL")
    plain = restore_sample(kind=201, taken_at=NOW, received_at=NOW, value=Decimal("5.4"), unit=None, comparator=None, device=0,
                           source=1, time_source=0, offset_min=0, marks=(), status=0)  # fmt: skip
    assert (plain.value, plain.original) == (Decimal("5.4"), None)


def test_every_kind_has_a_class_that_grants_speak_of() -> None:
    assert {kind.data_class for kind in BY_NO.values()} <= set(DataClass)

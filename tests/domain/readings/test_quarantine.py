"""What a held reading might have meant, and what can be decided about it (DQ-2, DQ-12)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.errors import Conflict, Invalid
from domain.readings import quality, quarantine
from domain.readings.quarantine import Change, State, Step
from domain.readings.reading import Quarantined, Reading, Rejected
from tests.builders import NOW, draft, new_id


@pytest.mark.parametrize(
    ("kind", "value", "unit", "meant"),
    [
        pytest.param("glucose_capillary", 6.5, "mg/dL", ["mmol/L"], id="mmol as mg/dL"),
        pytest.param("glucose_capillary", 110, "mmol/L", ["mg/dL"], id="mg/dL as mmol"),
        pytest.param("body_temperature", 98.6, "Cel", ["[degF]"], id="Fahrenheit as Celsius"),
        pytest.param("oxygen_saturation", 0.97, "%", ["{fraction}"], id="a fraction as per cent"),
        pytest.param("body_weight", 12.5, "kg", ["[stone_av]"], id="stones as kilograms"),
        pytest.param("body_weight", 176, "kg", ["[lb_av]"], id="pounds as kilograms, or nothing wrong"),
        pytest.param("hba1c", 7.1, "mmol/mol", ["%"], id="per cent as mmol/mol"),
        pytest.param("creatinine", 1.2, "umol/L", ["mg/dL"], id="mg/dL as umol/L"),
        pytest.param("peak_flow", 7.5, "L/min", ["L/s"], id="a second as a minute"),
        pytest.param("blood_pressure", (17, 11), "mm[Hg]", ["kPa"], id="kPa as mmHg"),
        pytest.param("heart_rate", 400, "/min", [], id="no other unit"),
        pytest.param("symptom", "fever", None, [], id="nothing measured"),
        pytest.param("step_count", 10, None, [], id="no unit"),
    ],
)
def test_dq_2_what_was_sent_may_have_meant_the_same_number_in_another_unit(
    kind: str, value: Any, unit: str | None, meant: list[str]
) -> None:
    found = quarantine.meanings(draft(kind, value, unit=unit))
    assert [one.unit for one in found] == meant
    for one in found:
        assert one.parts if kind == "blood_pressure" else one.value == Decimal(str(value))


def test_a_draft_without_values_or_of_no_kind_means_nothing() -> None:
    assert quarantine.meanings(draft("blood_pressure", None, unit="mm[Hg]")) == []
    assert quarantine.meanings(draft("body_weight", None, unit="kg")) == []
    assert quarantine.meanings(draft("unheard_of", 1, unit="kg")) == []


def believed(kind: str, value: Any, **more: Any) -> Reading | Quarantined | Rejected:
    sent = draft(kind, value, **more)
    held = quality.check(sent, recent={}, now=NOW)
    assert isinstance(held, Quarantined)
    return quality.check(quarantine.believed(sent, held.code, new_id()), recent={}, now=NOW)


def test_dq_12_a_released_reading_is_no_longer_doubted() -> None:
    for found in (believed("heart_rate", 310), believed("oxygen_saturation", 0.9), believed("heart_rate", 70, when=NOW - timedelta(days=500))):
        assert isinstance(found, Reading)
        assert (found.marks, found.unconfirmed) == (("released",), False)
    heavy = draft("body_weight", 176)
    usual = {quality.BY_NAME["body_weight"].no: [reading_of(80, back) for back in (1, 2, 3)]}
    assert isinstance(quality.check(heavy, recent=usual, now=NOW), Quarantined)
    assert isinstance(quality.check(quarantine.believed(heavy, "implausible_for_unit", new_id()), recent=usual, now=NOW), Reading)


def reading_of(kg: float, back: int) -> Reading:
    found = quality.check(draft("body_weight", kg, NOW - timedelta(days=back)), recent={}, now=NOW)
    assert isinstance(found, Reading)
    return found


def test_dq_12_a_bound_of_the_device_stays_with_a_released_reading() -> None:
    sent = replace(draft("glucose_cgm", 40, unit="mg/dL", comparator="<", when=NOW - timedelta(days=500)))
    found = quality.check(quarantine.believed(sent, "time_too_old", new_id()), recent={}, now=NOW)
    assert isinstance(found, Reading)
    assert found.marks == ("beyond_range", "released")


@pytest.mark.parametrize("code", sorted(quarantine.NEEDS_A_TIME))
def test_dq_7_an_instant_that_cannot_be_is_never_released(code: str) -> None:
    with pytest.raises(Conflict):
        quarantine.believed(draft("heart_rate", 70), code, new_id())


@pytest.mark.parametrize(
    ("change", "value", "unit"),
    [
        (Change(unit="mmol/L"), "6.5", None), (Change(value=Decimal(117)), "6.5", "mg/dL"),
        (Change(value=Decimal("6.6"), unit="mmol/L", taken_at=NOW - timedelta(hours=1)), "6.6", None),
    ],
)  # fmt: skip
def test_dq_12_a_correction_says_what_is_different_and_the_rest_stays(change: Change, value: str, unit: str | None) -> None:
    made = quarantine.corrected(draft("glucose_capillary", 6.5, unit="mg/dL"), change, UUID(int=5), NOW)
    found = quality.check(made, recent={}, now=NOW)
    assert isinstance(found, Reading)
    assert (found.id, found.value, found.unit, found.marks) == (UUID(int=5), Decimal(value), unit, ("corrected",))
    assert found.taken_at == (change.taken_at or NOW)


def test_dq_12_a_correction_replaces_the_bound_of_a_device_with_its_value() -> None:
    sent = draft("glucose_capillary", 6.5, unit="mg/dL", comparator="<")
    assert quarantine.corrected(sent, Change(value=Decimal(5), unit="mmol/L"), new_id(), NOW).comparator is None
    assert quarantine.corrected(sent, Change(unit="mmol/L"), new_id(), NOW).comparator == "<"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [(Change(), "/value"), (Change(value=Decimal(900)), "/unit"), (Change(unit="kg"), "/unit"), (Change(unit="mg/dL"), "/unit")],
)
def test_dq_12_a_correction_that_would_be_held_itself_is_none(change: Change, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        quarantine.corrected(draft("glucose_capillary", 6.5, unit="mg/dL" if change.value is None else "mmol/L"), change, new_id(), NOW)
    assert refused.value.pointer == pointer


def test_dq_12_a_decision_is_taken_back_by_a_retraction() -> None:
    gone = quarantine.undone(draft("heart_rate", 310), UUID(int=9), NOW, UUID(int=10), "wrong person")
    assert (gone.retracts, gone.corrects, gone.taken_at, gone.reason) == (True, UUID(int=9), NOW, "wrong person")


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("step", Step)
def test_dq_12_every_decision_can_be_taken_back_and_none_is_made_twice(state: State, step: Step) -> None:
    allowed = (step is Step.HOLD) != (state is State.HELD)
    if not allowed:
        with pytest.raises(Conflict):
            quarantine.after(state, step)
        return
    found = quarantine.after(state, step)
    assert (found is State.HELD) == (step in {Step.HOLD, Step.CONFIRM})

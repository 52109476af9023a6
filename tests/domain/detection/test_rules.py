"""Every rule of the spine with its worked examples and both sides of each boundary, named by its id."""

from datetime import UTC, date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from domain.detection import asthma, diabetes, emergency, heart_failure, hypertension, news2, oximetry
from domain.detection.diary import fold
from domain.detection.engine import RULES
from domain.detection.judgement import Confidence, Judgement, Severity, Verdict
from domain.detection.news2 import Observations, points, response
from domain.people.patient import Profile
from domain.readings.kinds import SYMPTOMS
from domain.readings.reading import Context, Reading
from tests.builders import ADULT, NOW, at, code_no, fact, judged, known, own, reading, symptom, view

INFO, AMBER, RED = Severity.INFO, Severity.AMBER, Severity.RED
BY = {rule.id: rule for rule in RULES}
LATER = NOW + timedelta(hours=12)
CHILD = replace(ADULT, birth_on=date(2015, 1, 1))
PREGNANT = known(fact("pregnant"))


def outcome(found: Judgement | None) -> tuple[Severity | None, bool] | str | None:
    if found is None:
        return None
    return (found.severity, found.emergency) if found.verdict is Verdict.FIRED else found.verdict.value


@pytest.mark.parametrize(("row", "codes"), list(emergency.TABLE_2.items()))
def test_table_2_each_emergency_symptom_fires_alone(row: str, codes: frozenset[int]) -> None:
    for no in codes:
        anchor = symptom(SYMPTOMS[no][0])
        assert outcome(judged(BY[row], anchor)) == (RED, True)
        assert all(judged(BY[other], anchor) is None for other in emergency.TABLE_2 if other != row)


def test_table_2_advice_fits_the_symptom() -> None:
    assert [found.advice for code, row in (("blue_lips", "E1"), ("seizure_now", "E5"), ("self_harm_plan", "E8"))
            if (found := judged(BY[row], symptom(code)))] == ["ADV-999", "ADV-SEIZURE", "ADV-MOOD"]  # fmt: skip


@pytest.mark.parametrize("code", ["feel_worse", "chest_pain", "confusion", "seizure"])
def test_f44_what_no_other_rule_answers_is_always_seen(code: str) -> None:
    assert outcome(judged(BY["F44"], symptom(code))) == (AMBER, False)


def test_f44_as_usual_is_no_concern() -> None:
    assert judged(BY["F44"], symptom("feel_as_usual")) is None


# Weights of four dates ending today, '-' for none; then what comes out.
@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        pytest.param("80.0 - 80.6 82.0", "not_fired", id="2.00 kg is not more than 2.00 kg"),
        pytest.param("80.0 - 80.6 82.01", (AMBER, False), id="2.01 kg fires"),
        pytest.param("80.0 81.0 81.5 - 82.5", "not_fired", id="only the three dates before count"),
        pytest.param("- - 80.0 82.5", (AMBER, False), id="one earlier value is enough"),
        pytest.param("- - - 82.5", "not_evaluable", id="no earlier weight is not a normal weight"),
    ],
)
def test_hf_w1_worked_examples(weights: str, expected: object) -> None:
    days = weights.split()
    ones = [reading("body_weight", value, at("07:00") - timedelta(days=len(days) - 1 - place))
            for place, value in enumerate(days) if value != "-"]  # fmt: skip
    assert outcome(judged(BY["HF-W1"], ones[-1], *ones[:-1])) == expected


def weight(kg: float, when: str) -> Reading:
    return reading("body_weight", kg, at(when))


def test_hf_w1_judges_only_the_daily_weight_of_bl_1() -> None:
    before, first, second = weight(80, "-1d 07:00"), weight(83, "06:00"), weight(83.5, "07:30")
    assert outcome(judged(BY["HF-W1"], first, before, second)) == (AMBER, False)
    assert judged(BY["HF-W1"], second, before, first) is None
    # Half past one at night is no morning weight (03:00 to 12:00 local), though it came first.
    night, morning = weight(83, "01:30"), weight(80.5, "08:00")
    assert judged(BY["HF-W1"], night, before, morning) is None
    assert outcome(judged(BY["HF-W1"], morning, before, night)) == "not_fired"


def test_hf_w1_noon_still_counts_as_morning() -> None:
    zone = "Europe/London"
    assert [one.value for one in fold(heart_failure.WEIGHT, [weight(80, "01:00"), weight(81, "11:00")], zone)] == [81]
    late = fold(heart_failure.WEIGHT, [weight(80, "01:00"), reading("body_weight", 81, at("11:00") + timedelta(seconds=1))], zone)
    assert [one.value for one in late] == [80]


def test_hf_w1_is_for_adults_with_heart_failure() -> None:
    now, before = weight(83, "07:00"), weight(80, "-1d 07:00")
    assert judged(BY["HF-W1"], now, before, profile=replace(ADULT, conditions=frozenset())) is None
    assert outcome(judged(BY["HF-W1"], now, before, profile=CHILD)) == "not_evaluable"
    assert outcome(judged(BY["HF-W1"], now, before, profile=PREGNANT)) == "not_evaluable"


def test_c_7_a_floor_may_be_tightened_and_never_relaxed() -> None:
    now, before = weight(81.6, "07:00"), weight(80, "-1d 07:00")
    tight = replace(ADULT, limits=own(HF_W1__gain_kg="1.5"))
    slack = replace(ADULT, limits=own(HF_W1__gain_kg="4"))
    assert outcome(judged(BY["HF-W1"], now, before, profile=tight)) == (AMBER, False)
    assert outcome(judged(BY["HF-W1"], weight(82.5, "07:00"), before, profile=slack)) == (AMBER, False)
    # DM-1 is no floor: a plan may lower its limit.
    low = replace(ADULT, limits=own(DM_1__low="3.5"))
    assert outcome(judged(BY["DM-1"], reading("glucose_capillary", "3.7"), profile=low)) == "not_fired"
    higher = replace(ADULT, limits=own(OX_1__ok="96", OX_1__low="80"))
    assert outcome(judged(BY["OX-1"], reading("oxygen_saturation", 95), profile=higher)) == (INFO, False)
    assert outcome(judged(BY["OX-1"], reading("oxygen_saturation", 92), profile=higher, now=LATER)) == (RED, True)


def test_dq_4_a_step_is_unconfirmed_until_a_second_weight_agrees() -> None:
    before, jump = weight(80, "-1d 07:00"), weight(84, "07:00")
    found = judged(BY["HF-W1"], jump, before)
    assert found is not None
    assert (found.severity, found.confidence) == (AMBER, Confidence.UNCONFIRMED)
    agreed = judged(BY["HF-W1"], jump, before, weight(83.2, "07:10"))
    assert agreed is not None
    assert agreed.confidence is Confidence.NORMAL


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("breathless_at_rest", (RED, False)), ("waking_gasping", (RED, False)), ("two_more_pillows", (RED, False)),
        ("breathless_on_effort_worse", (AMBER, False)), ("pink_frothy_sputum", (RED, True)), ("dizziness", None),
    ],
)  # fmt: skip
def test_hf_s1_symptoms(code: str, expected: object) -> None:
    assert outcome(judged(BY["HF-S1"], symptom(code))) == expected


def test_hf_s1_swelling_counts_with_a_weight_rule() -> None:
    swelling = symptom("ankle_swelling_worse")
    assert outcome(judged(BY["HF-S1"], swelling)) == "not_evaluable"
    assert outcome(judged(BY["HF-S1"], swelling, weight(80, "-1d 07:00"), weight(80.4, "07:00"))) == "not_fired"
    assert outcome(judged(BY["HF-S1"], swelling, weight(80, "-1d 07:00"), weight(82.4, "07:00"))) == (AMBER, False)
    assert outcome(judged(BY["HF-S1"], swelling, weight(80, "-3d 07:00"), weight(82.4, "-2d 07:00"))) == (AMBER, False)
    tomorrow = reading("body_weight", 83, at("07:00") + timedelta(days=1))
    assert outcome(judged(BY["HF-S1"], swelling, weight(80, "07:00"), tomorrow, now=LATER)) == "not_evaluable"


def spo2(value: int, when: str) -> Reading:
    return reading("oxygen_saturation", value, at(when))


@pytest.mark.parametrize(
    ("anchor", "others", "late", "expected"),
    [
        ((95, "07:00"), (), False, "not_fired"),
        ((94, "07:00"), (), False, (INFO, False)),
        ((93, "07:50"), ((94, "07:00"),), False, (AMBER, False)),
        ((93, "08:00"), ((94, "07:00"),), False, (AMBER, False)),
        ((93, "08:01"), ((94, "07:00"),), False, (INFO, False)),
        ((92, "08:55"), (), False, (INFO, False)),
        ((92, "07:00"), (), True, (RED, True)),
        ((92, "07:00"), ((92, "07:15"),), True, (RED, True)),
        ((92, "07:15"), ((91, "07:00"),), True, (RED, True)),
        ((92, "07:00"), ((95, "07:10"),), True, (INFO, False)),
        ((92, "07:00"), ((93, "07:10"),), True, (AMBER, False)),
        ((92, "07:00"), ((93, "07:16"),), True, (RED, True)),
    ],
)
def test_ox_1_bands(anchor: tuple[int, str], others: tuple[tuple[int, str], ...], late: bool, expected: object) -> None:
    found = judged(BY["OX-1"], spo2(*anchor), *(spo2(*one) for one in others), now=LATER if late else NOW)
    assert outcome(found) == expected
    if anchor == (92, "08:55"):
        assert found is not None
        assert found.due_at == at("09:10")


def test_ox_1_scope() -> None:
    one = spo2(90, "07:00")
    for profile in (known(fact("usual_spo2", "94")), known(fact("hypercapnia")), CHILD, PREGNANT):
        assert outcome(judged(BY["OX-1"], one, profile=profile, now=LATER)) == "not_evaluable"
    assert outcome(judged(BY["OX-1"], one, profile=known(fact("usual_spo2", "95")), now=LATER)) == (RED, True)


def seen(rr: int, spo2: int, oxygen: bool, systolic: int, pulse: int, alertness: str, temperature: str) -> Observations:
    return Observations(
        breathing=Decimal(rr), spo2=Decimal(spo2), oxygen=oxygen, systolic=Decimal(systolic), pulse=Decimal(pulse),
        alertness=alertness, temperature=Decimal(temperature),
    )  # fmt: skip


A = "alert"


@pytest.mark.parametrize(
    ("ones", "scale_2", "total", "expected"),
    [
        pytest.param(seen(16, 95, False, 120, 70, A, "37.0"), False, 1, (INFO, False), id="a"),
        pytest.param(seen(16, 91, False, 120, 70, A, "37.0"), False, 3, (AMBER, False), id="b"),
        pytest.param(seen(16, 93, False, 120, 70, A, "37.0"), True, 0, None, id="c"),
        pytest.param(seen(16, 93, True, 120, 70, A, "37.0"), True, 3, (INFO, False), id="d"),
        pytest.param(seen(16, 97, True, 120, 70, A, "37.0"), True, 5, (RED, False), id="e"),
        pytest.param(seen(16, 88, True, 120, 70, A, "37.0"), True, 2, (INFO, False), id="f"),
        pytest.param(seen(16, 96, False, 219, 70, A, "37.0"), False, 0, None, id="g 219"),
        pytest.param(seen(16, 96, False, 220, 70, A, "37.0"), False, 3, (AMBER, False), id="g 220"),
        pytest.param(seen(25, 91, True, 90, 131, "confusion", "35.0"), False, 20, (RED, True), id="h"),
        pytest.param(seen(21, 96, False, 120, 111, A, "37.0"), False, 4, (INFO, False), id="four without a three is info"),
        pytest.param(seen(25, 94, False, 110, 111, A, "37.0"), False, 7, (RED, True), id="seven is an emergency"),
    ],
)
def test_nw_1_2_3_worked_examples(ones: Observations, scale_2: bool, total: int, expected: object) -> None:
    found = points(ones, scale_2=scale_2)
    assert sum(found.values()) == total
    assert response(found) == expected


@pytest.mark.parametrize(
    ("name", "edges"),
    [
        ("breathing", "8:3 9:1 11:1 12:0 20:0 21:2 24:2 25:3"),
        ("spo2", "91:3 92:2 93:2 94:1 95:1 96:0"),
        ("systolic", "90:3 91:2 100:2 101:1 110:1 111:0 219:0 220:3"),
        ("pulse", "40:3 41:1 50:1 51:0 90:0 91:1 110:1 111:2 130:2 131:3"),
        ("temperature", "35.0:3 35.1:1 36.0:1 36.1:0 38.0:0 38.1:1 39.0:1 39.1:2"),
    ],
)
def test_nw_1_both_sides_of_each_band(name: str, edges: str) -> None:
    for edge in edges.split():
        value, wanted = edge.split(":")
        found = points(replace(Observations(), **{name: Decimal(value)}), scale_2=False)
        assert list(found.values()) == [int(wanted)], edge


@pytest.mark.parametrize(
    ("oxygen", "edges"),
    [
        (False, "83:3 84:2 85:2 86:1 87:1 88:0 92:0 93:0 99:0"),
        (True, "83:3 85:2 87:1 92:0 93:1 94:1 95:2 96:2 97:3"),
    ],
)
def test_nw_3_scale_2(oxygen: bool, edges: str) -> None:
    for edge in edges.split():
        value, wanted = edge.split(":")
        assert points(Observations(spo2=Decimal(value), oxygen=oxygen), scale_2=True)[news2.SPO2] == int(wanted), edge


def home(when: str = "08:00", **values: object) -> list[Reading]:
    usual: dict[str, object] = {
        "respiratory_rate": 16, "oxygen_saturation": 96, "blood_pressure": (120, 70), "heart_rate": 70, "consciousness": "alert",
        "body_temperature": "37.0", "oxygen_flow": 0,
    }  # fmt: skip
    usual.update(values)
    return [reading(kind, value, at(when) + timedelta(minutes=place)) for place, (kind, value) in enumerate(usual.items())
            if value is not None]  # fmt: skip


def news(ones: list[Reading], profile: Profile = ADULT) -> list[Judgement]:
    return [found for one in ones if (found := judged(BY["NW-1"], one, *(other for other in ones if other is not one), profile=profile))]


def test_nw_1_one_set_gives_one_flag_at_its_last_reading() -> None:
    ones = home(oxygen_saturation=91)
    fired = [one for one in news(ones) if one.verdict is Verdict.FIRED]
    assert [(one.anchor, one.severity) for one in fired] == [(ones[-1].id, AMBER)]
    assert fired[0].numbers["total"] == "3"
    assert outcome(judged(BY["NW-1"], home()[-1], *home()[:-1])) == "not_fired"


def test_nw_1_a_later_lone_reading_does_not_hide_a_full_set() -> None:
    ones = home(oxygen_saturation=91)
    late = reading("heart_rate", 72, at("09:02"))
    fired = [one.anchor for one in news([*ones, late]) if one.verdict is Verdict.FIRED]
    assert ones[-1].id in fired


def test_nw_4_partial_is_a_lower_bound() -> None:
    ones = home(respiratory_rate=None, body_temperature=None, oxygen_saturation=91, oxygen_flow=2)
    fired = [one for one in news(ones) if one.verdict is Verdict.FIRED]
    assert [(one.severity, one.confidence, one.numbers["total"]) for one in fired] == [(RED, Confidence.PARTIAL, "5")]
    assert "at least 5" in fired[0].sentence
    alone = judged(BY["NW-1"], reading("oxygen_saturation", 91))
    assert outcome(alone) == "not_evaluable"
    assert alone is not None
    assert alone.reason.startswith("missing: breathing rate, air or oxygen")
    quiet = list(home(respiratory_rate=None))
    assert outcome(judged(BY["NW-1"], quiet[-1], *quiet[:-1])) == "not_evaluable"


def test_nw_1_air_or_oxygen_comes_from_the_oximeter_too() -> None:
    ones = home(oxygen_flow=None, oxygen_saturation=None)
    probe = reading("oxygen_saturation", 96, at("08:30"), context=Context(oxygen="oxygen"))
    found = judged(BY["NW-1"], probe, *ones)
    assert found is not None
    assert (found.severity, found.numbers["air or oxygen"]) == (INFO, "2")
    assert "on oxygen" in found.sentence
    unknown = reading("oxygen_saturation", 96, at("08:30"), context=Context(posture="sitting"))
    assert outcome(judged(BY["NW-1"], unknown, *ones)) == "not_evaluable"


def test_nw_1_scope_and_what_is_said() -> None:
    ones = home(consciousness="confusion", body_temperature="39.2")
    fired = [one for one in news(ones) if one.verdict is Verdict.FIRED]
    assert fired[0].sentence == "NEWS2 5: alertness confusion, temperature 39.2 °C"
    assert [outcome(one) for one in news(ones, profile=CHILD)][-1] == "not_evaluable"
    assert [outcome(one) for one in news(ones, profile=PREGNANT)][-1] == "not_evaluable"


def test_nw_1_two_readings_at_one_instant_are_told_apart_by_id() -> None:
    when = at("08:00")
    pair = sorted((reading("heart_rate", 70, when), reading("heart_rate", 131, when)), key=lambda one: one.id)
    ones = [one for one in home("07:30") if one.kind != news2.PULSE]
    found = [judged(BY["NW-1"], anchor, *ones, *(one for one in pair if one is not anchor)) for anchor in pair]
    assert [outcome(one) for one in found] == ["not_fired", (AMBER, False)]
    only = reading("heart_rate", 131, when)
    before = reading("respiratory_rate", 16, when)
    assert outcome(judged(BY["NW-1"], before, only)) == "not_evaluable"


def bp(value: tuple[int, int], when: str) -> Reading:
    return reading("blood_pressure", value, at(when))


@pytest.mark.parametrize(
    ("anchor", "others", "expected"),
    [
        (((180, 95), "07:00"), (((178, 94), "07:06"),), (INFO, False)),
        (((181, 96), "07:00"), (((180, 90), "07:06"),), (RED, False)),
        (((175, 121), "07:00"), (((170, 120), "07:06"),), (RED, False)),
        (((170, 120), "07:06"), (((175, 121), "07:00"),), (RED, False)),
        (((179, 119), "07:00"), (), "not_fired"),
        (((180, 90), "07:00"), (), (AMBER, False)),
        (((180, 90), "07:00"), (((185, 90), "07:31"),), (AMBER, False)),
    ],
)
def test_ht_4_very_high(anchor: tuple[tuple[int, int], str], others: tuple[tuple[tuple[int, int], str], ...], expected: object) -> None:
    assert outcome(judged(BY["HT-4"], bp(*anchor), *(bp(*one) for one in others), now=LATER)) == expected


def test_ht_4_waits_for_its_repeat_and_a_danger_sign_does_not() -> None:
    high = bp((182, 100), "08:50")
    found = judged(BY["HT-4"], high)
    assert found is not None
    assert (outcome(found), found.due_at) == ((INFO, False), at("09:20"))
    assert outcome(judged(BY["HT-4"], high, symptom("chest_pain", at("08:40")))) == (RED, True)
    assert outcome(judged(BY["HT-4"], high, symptom("chest_pain", at("07:49")))) == (INFO, False)
    assert outcome(judged(BY["HT-4"], high, symptom("dizziness", at("08:40")))) == (INFO, False)
    assert outcome(judged(BY["HT-4"], high, profile=CHILD)) == "not_evaluable"
    assert outcome(judged(BY["HT-4"], high, profile=PREGNANT, now=LATER)) == (AMBER, False)


def test_dq_5_less_than_a_minute_apart_is_no_second_reading() -> None:
    first = bp((182, 100), "07:00")
    soon = reading("blood_pressure", (184, 100), at("07:00") + timedelta(seconds=59))
    assert outcome(judged(BY["HT-4"], first, soon, now=LATER)) == (AMBER, False)
    later = reading("blood_pressure", (184, 100), at("07:00") + timedelta(seconds=60))
    assert outcome(judged(BY["HT-4"], first, later, now=LATER)) == (RED, False)


def sugar(value: str, when: str = "08:00", unit: str = "mmol/L", kind: str = "glucose_capillary", **more: object) -> Reading:
    return reading(kind, value, at(when), unit=unit, **more)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("3.9", "mmol/L", "not_fired"), ("3.8", "mmol/L", (INFO, False)), ("3.0", "mmol/L", (INFO, False)),
        ("2.9", "mmol/L", "not_fired"), ("70", "mg/dL", "not_fired"), ("69", "mg/dL", (INFO, False)),
        ("54", "mg/dL", (INFO, False)), ("53", "mg/dL", "not_fired"), ("4.0", "mmol/L", "not_fired"),
    ],
)  # fmt: skip
def test_dm_1_level_1_in_the_unit_it_was_reported_in(value: str, unit: str, expected: object) -> None:
    assert outcome(judged(BY["DM-1"], sugar(value, unit=unit))) == expected


def test_dm_1_four_is_the_floor_as_advice_without_an_event() -> None:
    advised = [judged(BY["DM-1"], sugar(value)) for value in ("3.9", "4.0")]
    assert [one.advice for one in advised if one] == ["ADV-HYPO", None]
    going_on = judged(BY["DM-1"], sugar("3.9", "08:05", kind="glucose_cgm"), sugar("3.9", "08:00", kind="glucose_cgm"))
    assert going_on is not None
    assert going_on.advice is None


def test_dm_1_a_sensor_says_it_once_per_low() -> None:
    first, second = (sugar("3.6", when, kind="glucose_cgm") for when in ("08:00", "08:05"))
    assert outcome(judged(BY["DM-1"], second, first)) == "not_fired"
    assert outcome(judged(BY["DM-1"], first, second)) == (INFO, False)
    assert outcome(judged(BY["DM-1"], sugar("3.6", "08:16", kind="glucose_cgm"), first)) == (INFO, False)
    assert outcome(judged(BY["DM-1"], sugar("3.6", "08:05"), sugar("3.6"))) == (INFO, False)


def test_dm_1_an_unlikely_value_is_unconfirmed() -> None:
    found = judged(BY["DM-1"], replace(sugar("3.5"), marks=("soft_range",)))
    assert found is not None
    assert found.confidence is Confidence.UNCONFIRMED


@pytest.mark.parametrize(
    ("value", "unit", "following", "late", "expected"),
    [
        ("3.0", "mmol/L", None, False, "not_fired"),
        ("2.9", "mmol/L", None, False, (AMBER, False)),
        ("54", "mg/dL", None, False, "not_fired"),
        ("53", "mg/dL", None, False, (AMBER, False)),
        ("2.9", "mmol/L", ("2.9", "08:20"), False, (RED, False)),
        ("2.9", "mmol/L", ("3.0", "08:20"), False, (AMBER, False)),
        ("52", "mg/dL", ("50", "08:05"), False, (RED, False)),
        ("52", "mg/dL", ("53", "08:05"), False, (AMBER, False)),
        ("2.9", "mmol/L", ("3.4", "08:21"), True, (RED, False)),
        ("2.9", "mmol/L", None, True, (RED, False)),
    ],
)
def test_dm_2_level_2(value: str, unit: str, following: tuple[str, str] | None, late: bool, expected: object) -> None:
    others = [] if following is None else [sugar(*following, unit=unit)]
    now = LATER if late else at("08:19")
    assert outcome(judged(BY["DM-2"], sugar(value, unit=unit), *others, now=now)) == expected


def test_dm_2_a_devices_low_counts_and_high_does_not() -> None:
    low = sugar("2.2", kind="glucose_cgm", comparator="<")
    found = judged(BY["DM-2"], low, now=at("08:05"))
    assert found is not None
    assert (outcome(found), found.sentence) == ((AMBER, False), "Glucose <2.2 mmol/L, waiting for the next reading")
    assert outcome(judged(BY["DM-2"], sugar("22", comparator=">", kind="glucose_cgm"))) == "not_fired"
    rising = sugar("2.4", "08:05", kind="glucose_cgm")
    assert outcome(judged(BY["DM-2"], low, rising, now=at("08:06"))) == (AMBER, False)


def test_dm_2_the_next_reading_may_be_of_another_kind_and_unit() -> None:
    finger = sugar("60", "08:10", unit="mg/dL")
    assert outcome(judged(BY["DM-2"], sugar("2.8", kind="glucose_cgm"), finger, now=at("08:11"))) == (AMBER, False)


def test_c_3_a_personal_limit_has_its_other_half() -> None:
    higher = replace(ADULT, limits=own(DM_2__very_low="3.3"))
    assert outcome(judged(BY["DM-2"], sugar("58", unit="mg/dL"), profile=higher, now=at("08:01"))) == (AMBER, False)
    assert outcome(judged(BY["DM-2"], sugar("59", unit="mg/dL"), profile=higher, now=at("08:01"))) == "not_fired"


def ketone(value: str, when: str = "08:00", **more: object) -> Reading:
    return reading("ketones_blood", value, at(when), **more)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.5", "not_fired"), ("0.6", (INFO, False)), ("1.5", (INFO, False)), ("1.6", (RED, False)), ("2.9", (RED, False)),
     ("3.0", (RED, True))],
)  # fmt: skip
def test_dm_7_bands(value: str, expected: object) -> None:
    assert outcome(judged(BY["DM-7"], ketone(value))) == expected


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ((("0.7", "06:00"),), (AMBER, False)), ((("0.7", "06:01"),), (INFO, False)), ((("0.9", "06:00"),), (INFO, False)),
        ((("0.7", "05:00"), ("0.8", "07:00")), (AMBER, False)), ((("0.7", "05:00"), ("0.3", "07:00")), (INFO, False)),
    ],
)  # fmt: skip
def test_dm_7_rising_for_two_hours_is_amber(earlier: tuple[tuple[str, str], ...], expected: object) -> None:
    assert outcome(judged(BY["DM-7"], ketone("0.9"), *(ketone(*one) for one in earlier))) == expected


def test_dm_7_a_meters_high_is_beyond_its_bound() -> None:
    assert outcome(judged(BY["DM-7"], ketone("2.9", comparator=">"))) == (RED, True)
    found = judged(BY["DM-7"], ketone("1.5", comparator=">"))
    assert found is not None
    assert (outcome(found), found.sentence, found.advice) == ((RED, False), "Ketones >1.5 mmol/L: contact today", "ADV-KET-RED")


@pytest.mark.parametrize("rule", ["DM-7", "DM-8", "PG-3"])
def test_al_4_ketones_below_0_6_once_are_over(rule: str) -> None:
    known_rule, fired_at = BY[rule], at("06:00")

    def holds(*ones: Reading) -> bool | None:
        assert known_rule.clears is not None
        return known_rule.clears(known_rule, view(*ones), fired_at).holds

    assert holds(ketone("1.7", "06:00")) is None
    assert holds(ketone("1.7", "06:00"), ketone("0.6", "08:00")) is False
    assert holds(ketone("1.7", "06:00"), ketone("0.5", "08:00")) is True
    assert holds(ketone("0.5", "07:00"), ketone("0.9", "08:00")) is False
    assert holds(ketone("0.6", "08:00", comparator="<")) is True


def test_dm_7_a_meters_low_is_nothing() -> None:
    assert outcome(judged(BY["DM-7"], ketone("0.6", comparator="<"))) == "not_fired"


@pytest.mark.parametrize(
    ("flow", "expected"),
    [(360, "not_fired"), (359, (INFO, False)), (270, (INFO, False)), (269, (AMBER, False)), (225, (AMBER, False)),
     (224, (RED, False)), (149, (RED, False)), (148, (RED, True))],
)  # fmt: skip
def test_as_1_zones_of_450(flow: int, expected: object) -> None:
    assert outcome(judged(BY["AS-1"], reading("peak_flow", flow))) == expected


def test_as_1_exactly_33_percent_is_red_without_emergency() -> None:
    profile = known(fact("best_peak_flow", "400"))
    assert outcome(judged(BY["AS-1"], reading("peak_flow", 132), profile=profile)) == (RED, False)


def test_as_1_takes_the_best_of_a_session_once() -> None:
    blows = [reading("peak_flow", value, at("07:00") + timedelta(minutes=place)) for place, value in enumerate((210, 230, 230, 200))]
    fired = [found.anchor for one in blows
             if (found := judged(BY["AS-1"], one, *(other for other in blows if other is not one)))]  # fmt: skip
    assert fired == [blows[1].id]


def test_as_1_no_personal_best_is_not_evaluable() -> None:
    assert outcome(judged(BY["AS-1"], reading("peak_flow", 200), profile=replace(ADULT, facts=()))) == "not_evaluable"
    found = judged(BY["AS-1"], replace(reading("peak_flow", 200), marks=("soft_range",)))
    assert found is not None
    assert found.confidence is Confidence.UNCONFIRMED




def test_every_rule_looks_at_its_anchors() -> None:
    for rule in (*asthma.RULES, *diabetes.RULES, *hypertension.RULES, *oximetry.RULES):
        assert rule.anchors <= rule.looks.keys()
    assert code_no("feel_worse") == 90
    assert NOW.tzinfo is UTC

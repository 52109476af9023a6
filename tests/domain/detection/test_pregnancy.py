"""PG-0 to PG-3 and PD-1, PD-2: pregnancy, the weeks after a birth, and children."""

from datetime import date, timedelta

import pytest

from domain.detection.engine import RULES
from domain.people.patient import Profile
from domain.readings.reading import Context, Reading
from tests.builders import NOW, at, fact, judged, known, own, reading, symptom
from tests.domain.detection.outcomes import AMBER, BY, EMERGENCY, INFO, QUIET, RED, UNKNOWN, outcome, said

LATER = NOW + timedelta(hours=12)
PREGNANT = known(fact("pregnant"), conditions="diabetes_type_1")
AFTER = known(fact("pregnant", until=NOW - timedelta(weeks=5)))
LONG_AFTER = known(fact("pregnant", until=NOW - timedelta(weeks=6, days=1)))


def bp(value: tuple[int, int], when: str = "08:00") -> Reading:
    return reading("blood_pressure", value, at(when))


@pytest.mark.parametrize("rule", ["NW-1", "HF-W1", "DM-10"])
def test_pg_0_adult_targets_are_off_in_pregnancy_and_for_6_weeks_after(rule: str) -> None:
    anchor = bp((150, 96))
    for profile in (PREGNANT, AFTER):
        assert BY[rule].why_not(profile, anchor) is not None
    assert BY[rule].why_not(LONG_AFTER, anchor) is None


@pytest.mark.parametrize("rule", ["HT-4", "E1", "E9", "DM-1", "DM-2", "DM-7", "DM-8", "EP-1", "MH-2", "PG-1"])
def test_pg_0_what_is_dangerous_stays_on(rule: str) -> None:
    assert BY[rule].why_not(PREGNANT, bp((150, 96))) is None


@pytest.mark.parametrize(
    ("value", "others", "expected"),
    [
        pytest.param((139, 89), [], QUIET, id="139/89"),
        pytest.param((140, 89), [], RED, id="140 and no repeat"),
        pytest.param((139, 90), [bp((139, 90), "08:05")], RED, id="90 twice"),
        pytest.param((140, 80), [bp((142, 80), "08:05")], RED, id="140 twice"),
        pytest.param((140, 80), [bp((139, 80), "08:05")], INFO, id="not confirmed"),
        pytest.param((140, 80), [bp((142, 80), "07:00")], RED, id="high an hour before"),
        pytest.param((140, 80), [bp((142, 80), "03:59")], RED, id="older readings confirm nothing, no repeat either"),
        pytest.param((159, 109), [bp((130, 80), "08:05")], INFO, id="159/109 is not yet severe"),
        pytest.param((160, 80), [bp((130, 80), "08:05")], RED, id="160 needs no repeat"),
        pytest.param((150, 110), [], RED, id="110 needs no repeat"),
        pytest.param((140, 80), [symptom("severe_headache", at("07:00"))], EMERGENCY, id="with a bad headache"),
        pytest.param((140, 80), [symptom("sudden_swelling", at("-1d 08:00"))], EMERGENCY, id="a sign the day before"),
        pytest.param((170, 80), [symptom("pain_under_ribs", at("20:00"))], EMERGENCY, id="a sign later that day"),
        pytest.param((140, 80), [symptom("sight_change", at("-1d 07:59")), bp((130, 80), "08:05")], INFO, id="a sign longer ago"),
        pytest.param((139, 89), [symptom("severe_headache", at("07:00"))], QUIET, id="a sign with a usual pressure"),
    ],
)
def test_pg_1_blood_pressure(value: tuple[int, int], others: list[Reading], expected: object) -> None:
    for profile in (PREGNANT, AFTER):
        assert outcome(judged(BY["PG-1"], bp(value), *others, profile=profile, now=LATER)) == expected
    assert judged(BY["PG-1"], bp(value), *others, profile=LONG_AFTER, now=LATER) is None


def test_pg_1_asks_for_a_repeat_and_says_where_to_go() -> None:
    found = judged(BY["PG-1"], bp((144, 80)), profile=PREGNANT, now=at("08:29"))
    assert found is not None
    assert (outcome(found), found.due_at, found.advice) == (INFO, at("08:30"), "ADV-RETAKE")
    assert outcome(judged(BY["PG-1"], bp((144, 80)), profile=PREGNANT, now=at("08:30"))) == RED
    severe = judged(BY["PG-1"], bp((166, 80)), profile=AFTER)
    assert severe is not None
    assert (said(severe), severe.advice) == ("Blood pressure 166/80 after birth: maternity unit now", "ADV-MATERNITY-NOW")
    twice = judged(BY["PG-1"], bp((144, 80)), reading("blood_pressure", (150, 90), at("08:00") + timedelta(seconds=59)), profile=PREGNANT)
    assert outcome(twice) == RED
    assert twice is not None
    assert twice.advice == "ADV-MATERNITY"


def test_pg_1_may_be_tightened_and_never_relaxed() -> None:
    tight = known(fact("pregnant"))
    limited = Profile(birth_on=tight.birth_on, facts=tight.facts, limits=own(PG_1__systolic="130"))
    assert outcome(judged(BY["PG-1"], bp((131, 80)), bp((132, 80), "08:05"), profile=limited)) == RED
    slack = Profile(birth_on=tight.birth_on, facts=tight.facts, limits=own(PG_1__systolic="155"))
    assert outcome(judged(BY["PG-1"], bp((141, 80)), bp((141, 80), "08:05"), profile=slack)) == RED


@pytest.mark.parametrize(
    ("code", "profile", "expected"),
    [
        ("severe_headache", PREGNANT, AMBER), ("pain_under_ribs", AFTER, AMBER), ("sudden_swelling", LONG_AFTER, None),
        ("severe_headache", known(), None), ("fever", PREGNANT, None),
    ],
)  # fmt: skip
def test_pg_1_a_sign_alone_is_seen_the_same_day(code: str, profile: Profile, expected: object) -> None:
    assert outcome(judged(BY["PG-1"], symptom(code), profile=profile)) == expected


def glucose(value: object, meal: str | None, when: str = "08:00", unit: str = "mmol/L") -> Reading:
    context = None if meal is None else Context(meal=meal)  # pyright: ignore[reportArgumentType]
    return reading("glucose_capillary", value, at(when), unit=unit, context=context)


@pytest.mark.parametrize(
    ("value", "meal", "expected"),
    [
        ("5.2", "fasting", QUIET), ("5.3", "fasting", INFO), ("7.7", "after_1h", QUIET), ("7.8", "after_1h", INFO),
        ("6.3", "after_2h", QUIET), ("6.4", "after_2h", INFO), ("7.7", "after", UNKNOWN), ("7.8", "after", INFO), ("5.5", None, UNKNOWN),
        ("7.8", None, INFO),
    ],
)  # fmt: skip
def test_pg_2_targets_of_the_hour(value: str, meal: str | None, expected: object) -> None:
    assert outcome(judged(BY["PG-2"], glucose(value, meal), profile=PREGNANT)) == expected
    assert judged(BY["PG-2"], glucose(value, meal), profile=AFTER) is None


@pytest.mark.parametrize(("value", "meal", "expected"), [("94", "fasting", QUIET), ("95", "fasting", INFO), ("140", "after_1h", INFO)])
def test_pg_2_in_the_unit_of_the_meter(value: str, meal: str, expected: object) -> None:
    assert outcome(judged(BY["PG-2"], glucose(value, meal, unit="mg/dL"), profile=PREGNANT)) == expected


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [(["-1d 08:00", "-2d 08:00"], AMBER), (["-1d 08:00"], INFO), (["-7d 08:00", "-2d 08:00"], AMBER), (["-8d 08:00", "-2d 08:00"], INFO)],
)
def test_pg_2_three_above_in_7_days_is_amber(earlier: list[str], expected: object) -> None:
    others = [glucose("5.6", "fasting", when) for when in earlier] + [glucose("5.0", "fasting", "-3d 08:00"), glucose("5.9", None, "-4d 08:00")]
    found = judged(BY["PG-2"], glucose("6.5", "after_2h"), *others, profile=PREGNANT)
    assert outcome(found) == expected
    if expected is AMBER and earlier[0] == "-1d 08:00":
        assert said(found) == "Glucose 6.5 mmol/L 2 hours after a meal, target below 6.4 mmol/L; 3 above target in 7 days"


def test_pg_2_below_4_is_told_how_to_treat_it() -> None:
    found = judged(BY["DM-1"], glucose("3.9", "fasting"), profile=PREGNANT)
    assert found is not None
    assert (outcome(found), found.advice) == (QUIET, "ADV-HYPO")


@pytest.mark.parametrize(("value", "expected"), [("0.5", QUIET), ("0.6", RED), ("1.4", RED)])
def test_pg_3_ketones_in_pregnancy(value: str, expected: object) -> None:
    assert outcome(judged(BY["PG-3"], reading("ketones_blood", value), profile=PREGNANT)) == expected
    assert judged(BY["PG-3"], reading("ketones_blood", value), profile=AFTER) is None
    assert outcome(judged(BY["PG-3"], reading("ketones_blood", "0.6", comparator="<"), profile=PREGNANT)) == QUIET


ALLOWED = {
    "AS-1", "AS-2", "AS-7", "DM-1", "DM-2", "DM-3", "DM-5", "DM-5-SENSOR", "DM-7", "EP-1", "EP-2", "EP-3", "EP-4", "EP-5",
}  # fmt: skip
"""PD-2."""
DANGER = {"DM-6", "DM-9", "CK-1", "CK-2", "MH-2", "PG-1", "PG-2", "PG-2-SENSOR", "PG-3", "HF-S1", "F44", "F76"}
"""Judged at any age, of which a child sees the danger alone; decision 030."""


def test_pd_1_pd_2_what_is_judged_under_16() -> None:
    child = Profile(birth_on=date(2015, 1, 1))
    anchor = reading("heart_rate", 80)
    on = {rule.id for rule in RULES if rule.why_not(child, anchor) is None}
    emergency = {f"E{row}" for row in range(1, 10)}
    assert on <= ALLOWED | DANGER | emergency
    assert {one for one in ALLOWED if one in BY and not one.startswith("AS-")} | emergency <= on
    assert not {"NW-1", "HF-W1", "MH-1"} & on

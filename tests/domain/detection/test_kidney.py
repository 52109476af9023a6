"""CK-1 to CK-4 with every worked example: acute kidney injury, potassium, slow decline, and after a new tablet."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.detection.egfr import category
from domain.detection.judgement import Confidence
from domain.people.patient import Profile
from domain.readings.reading import Context, Reading
from tests.builders import NOW, fact, judged, known, own, reading
from tests.domain.detection.outcomes import AMBER, BY, EMERGENCY, INFO, QUIET, RED, UNKNOWN, outcome, said

CHILD = Profile(birth_on=date(2015, 1, 1))
PREGNANT = known(fact("pregnant"))


def creatinine(value: object, days: float = 0, hours: float = 0) -> Reading:
    return reading("creatinine", value, NOW - timedelta(days=days, hours=hours), history=days > 360)


@pytest.mark.parametrize(
    ("earlier", "value", "expected"),
    [
        pytest.param([(80, 200), (84, 90), (90, 30)], 126, AMBER, id="126 is 1.50 times the median 84"),
        pytest.param([(80, 200), (84, 90), (90, 30)], 125, QUIET, id="125 is 1.488 times"),
        pytest.param([(200, 30)], 355, RED, id="1.775 times and above 354 is stage 3"),
        pytest.param([(200, 30)], 354, AMBER, id="354 is not above 354"),
        pytest.param([(300, 30)], 400, QUIET, id="1.33 times, none within 48 hours"),
        pytest.param([(80, 30)], 160, RED, id="2.0 times is stage 2"),
        pytest.param([(80, 30)], 159, AMBER, id="1.99 times is stage 1"),
        pytest.param([(80, 30)], 240, RED, id="3.0 times is stage 3"),
        pytest.param([(80, 7), (100, 8)], 120, AMBER, id="day 7 is held against as the lowest"),
        pytest.param([(80, 8), (120, 9)], 149, QUIET, id="day 8 goes into the median of 100"),
        pytest.param([(80, 8), (120, 9)], 150, AMBER, id="an even number of results: the middle of two"),
        pytest.param([(80, 365)], 120, AMBER, id="365 days before counts"),
        pytest.param([(80, 366)], 104, UNKNOWN, id="366 days before does not"),
        pytest.param([(70, 3), (120, 60)], 105, AMBER, id="the greater of the two ratios counts"),
    ],
)
def test_ck_1_worked_examples(earlier: list[tuple[int, int]], value: int, expected: object) -> None:
    assert outcome(judged(BY["CK-1"], creatinine(value), *(creatinine(*one) for one in earlier))) == expected


def test_ck_1_stages_are_named() -> None:
    stages = {value: said(judged(BY["CK-1"], creatinine(value), creatinine(80, 30)))[-30:] for value in (120, 160, 240)}
    assert [text[text.index("stage") :] for text in stages.values()] == ["stage 1", "stage 2", "stage 3: hospital today"]
    assert said(judged(BY["CK-1"], creatinine(126), creatinine(84, 30))) == (
        "Creatinine 126, 1.5 times the 84 before: acute kidney injury stage 1"
    )


@pytest.mark.parametrize(
    ("hours", "value", "expected"),
    [(40, 126, QUIET), (40, 127, AMBER), (48, 127, AMBER), (48.1, 127, QUIET)],
)
def test_ck_1_rise_within_48_hours(hours: float, value: int, expected: object) -> None:
    assert outcome(judged(BY["CK-1"], creatinine(value), creatinine(100, hours=hours))) == expected


def test_ck_1_without_an_earlier_result_only_high_can_be_said() -> None:
    assert outcome(judged(BY["CK-1"], creatinine(104))) == UNKNOWN
    assert outcome(judged(BY["CK-1"], creatinine(105))) == INFO
    assert outcome(judged(BY["CK-1"], creatinine(354))) == INFO
    found = judged(BY["CK-1"], creatinine(355))
    assert found is not None
    assert (outcome(found), found.confidence) == (AMBER, Confidence.PARTIAL)
    doubtful = judged(BY["CK-1"], creatinine(1600))
    assert doubtful is not None
    assert doubtful.confidence is Confidence.UNCONFIRMED


def test_ck_1_the_same_sample_told_twice_is_one() -> None:
    # The newest itself, told a minute earlier by another door, is no earlier result.
    assert outcome(judged(BY["CK-1"], creatinine(100), creatinine(100, hours=0.01))) == UNKNOWN
    twice = [creatinine(80, 30), creatinine(80, 30, 0.5), creatinine(80, 30, 0.9), creatinine(120, 20), creatinine(120, 60)]
    # The median of 80, 120 and 120 is 120; counted three times 80 would pull it down.
    assert outcome(judged(BY["CK-1"], creatinine(179), *twice)) == QUIET
    other = reading("creatinine", 70, NOW)
    assert outcome(judged(BY["CK-1"], creatinine(104), other)) == UNKNOWN


def test_ck_1_scope() -> None:
    dialysis = known(fact("dialysis"))
    assert outcome(judged(BY["CK-1"], creatinine(900), creatinine(200, 3), profile=dialysis)) == UNKNOWN
    for profile in (CHILD, PREGNANT):
        assert outcome(judged(BY["CK-1"], creatinine(126), creatinine(84, 30), profile=profile)) == AMBER
        assert outcome(judged(BY["CK-1"], creatinine(85), creatinine(84, 30), profile=profile)) == UNKNOWN


def potassium(value: object, hours: float = 0, **more: object) -> Reading:
    return reading("potassium", value, NOW - timedelta(hours=hours), **more)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("5.4", QUIET), ("5.5", AMBER), ("5.9", AMBER), ("6.0", RED), ("6.4", RED), ("6.5", EMERGENCY), ("3.0", QUIET), ("2.9", AMBER),
     ("2.5", AMBER), ("2.4", RED), ("9.0", EMERGENCY)],
)  # fmt: skip
def test_ck_2_bands(value: str, expected: object) -> None:
    assert outcome(judged(BY["CK-2"], potassium(value))) == expected


@pytest.mark.parametrize(
    ("before", "hours", "value", "expected"),
    [("5.0", 10, "5.5", AMBER), ("5.0", 10, "5.6", RED), ("5.5", 12, "6.1", EMERGENCY), ("5.5", 12.1, "6.1", RED),
     ("4.7", 10, "5.3", AMBER), ("6.0", 1, "6.6", EMERGENCY), ("2.1", 10, "2.8", AMBER), ("6.0", 10, "5.6", AMBER)],
)  # fmt: skip
def test_ck_2_a_rise_of_more_than_half_in_12_hours_is_one_level_up(before: str, hours: float, value: str, expected: object) -> None:
    assert outcome(judged(BY["CK-2"], potassium(value), potassium(before, hours))) == expected


def test_ck_2_a_spoilt_sample_is_repeated_and_never_usual() -> None:
    spoilt = Context(sample="haemolysed")
    found = judged(BY["CK-2"], potassium("6.1", context=spoilt))
    assert found is not None
    assert (outcome(found), found.confidence) == (RED, Confidence.UNCONFIRMED)
    assert found.sentence == "Potassium 6.1 mmol/L: repeat within 24 hours, haemolysed sample: repeat it at once"
    assert outcome(judged(BY["CK-2"], potassium("6.5", context=spoilt))) == EMERGENCY
    assert said(judged(BY["CK-2"], potassium("4.5", context=spoilt))) == "haemolysed sample: repeat it"


def test_ck_2_the_floor_is_for_everybody() -> None:
    for profile in (CHILD, PREGNANT):
        assert outcome(judged(BY["CK-2"], potassium("6.5"), profile=profile)) == EMERGENCY
        assert outcome(judged(BY["CK-2"], potassium("6.4"), profile=profile)) == UNKNOWN
    slack = Profile(birth_on=date(1950, 1, 1), limits=own(CK_2__danger="7.0", CK_2__raised="5.8"))
    assert outcome(judged(BY["CK-2"], potassium("6.5"), profile=slack)) == EMERGENCY
    # Below the floor a plan may relax it: many people with kidney disease live at 5.6.
    assert outcome(judged(BY["CK-2"], potassium("5.7"), profile=slack)) == QUIET
    assert outcome(judged(BY["CK-2"], potassium("5.8"), profile=slack)) == AMBER


def egfr(value: object, days: float = 0, equation: str | None = "ckd_epi_2009") -> Reading:
    context = None if equation is None else Context(equation=equation)  # pyright: ignore[reportArgumentType]
    return reading("egfr", value, NOW - timedelta(days=days), context=context, history=True)


@pytest.mark.parametrize(
    ("before", "days", "value", "expected"),
    [
        pytest.param(60, 180, 45, AMBER, id="down 15 within a year"),
        pytest.param(60, 180, 46, QUIET, id="down 14, less than a quarter"),
        pytest.param(40, 180, 30, QUIET, id="a quarter, in the same category"),
        pytest.param(40, 180, 29, AMBER, id="more than a quarter, into G4"),
        pytest.param(60, 90, 45, AMBER, id="90 days apart"),
        pytest.param(60, 89, 45, UNKNOWN, id="89 days apart"),
        pytest.param(60, 365, 45, AMBER, id="12 months apart"),
        pytest.param(60, 366, 45, UNKNOWN, id="longer ago"),
    ],
)
def test_ck_3_faster_than_it_should_be(before: int, days: int, value: int, expected: object) -> None:
    assert outcome(judged(BY["CK-3"], egfr(value), egfr(before, days))) == expected


def test_ck_3_never_across_formulas() -> None:
    assert outcome(judged(BY["CK-3"], egfr(45), egfr(60, 180, "ckd_epi_2021"))) == UNKNOWN
    assert outcome(judged(BY["CK-3"], egfr(45), egfr(60, 180, None))) == UNKNOWN
    assert said(judged(BY["CK-3"], egfr(45, equation=None), egfr(60, 180))) == "missing: the formula of this eGFR"


def test_ck_3_is_worked_out_from_creatinine_where_sex_is_known() -> None:
    woman = known(fact("sex", "female"))
    ones = (creatinine(120), creatinine(80, 200))
    assert said(judged(BY["CK-3"], *ones, profile=woman)) == "eGFR 62.1 to 37.8 in 200 days: down 24.3, G2 to G3b"
    man = known(fact("sex", "male"))
    assert outcome(judged(BY["CK-3"], *ones, profile=man)) == AMBER
    assert said(judged(BY["CK-3"], *ones)) == "missing: an eGFR with its formula, or sex to work it out"
    assert judged(BY["CK-3"], *ones, egfr(38), profile=woman) is None
    assert outcome(judged(BY["CK-3"], *ones, egfr(38, equation=None), profile=woman)) == AMBER


def test_ck_3_categories() -> None:
    edges = [90, 89, 60, 59, 45, 44, 30, 29, 15, 14]
    assert [category(Decimal(one)) for one in edges] == ["G1", "G2", "G2", "G3a", "G3a", "G3b", "G3b", "G4", "G4", "G5"]


def started(days: int, medicine: str = "acei") -> Profile:
    return known(fact("medicine_changed", medicine, NOW - timedelta(days=days), NOW - timedelta(days=days - 1)))


@pytest.mark.parametrize(
    ("days", "value", "expected"),
    [(30, 130, AMBER), (30, 129, INFO), (30, 101, INFO), (30, 100, QUIET), (90, 130, AMBER), (91, 130, None)],
)
def test_ck_4_creatinine_after_a_new_tablet(days: int, value: int, expected: object) -> None:
    assert outcome(judged(BY["CK-4"], creatinine(value), creatinine(100, 100), profile=started(days))) == expected


@pytest.mark.parametrize(("value", "expected"), [(45, AMBER), (46, INFO), (60, QUIET)])
def test_ck_4_egfr_after_a_new_tablet(value: int, expected: object) -> None:
    assert outcome(judged(BY["CK-4"], egfr(value), egfr(60, 100), profile=started(30, "mra"))) == expected


def test_ck_4_needs_a_result_from_before_and_one_of_its_tablets() -> None:
    assert said(judged(BY["CK-4"], creatinine(130), creatinine(100, 20), profile=started(30))) == (
        "missing: Creatinine from before the ACE inhibitor was changed"
    )
    assert judged(BY["CK-4"], creatinine(130), creatinine(100, 100), profile=started(30, "metformin")) is None
    assert judged(BY["CK-4"], creatinine(130), profile=Profile(birth_on=date(1950, 1, 1))) is None
    assert said(judged(BY["CK-4"], creatinine(129), creatinine(100, 100), profile=started(30))) == (
        "Creatinine up 29 % (100 to 129) after ACE inhibitor was started or raised: expected"
    )

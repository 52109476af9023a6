"""NE-1, NE-2, FF-1 and FF-2: neurology, falls and frailty."""

from datetime import date, timedelta

import pytest

from domain.people.patient import Profile
from domain.readings.reading import Reading
from tests.builders import NOW, at, fact, judged, known, reading, symptom
from tests.domain.detection.outcomes import AMBER, BY, INFO, QUIET, RED, UNKNOWN, outcome, said

MS = known(conditions="multiple_sclerosis")
PD = known(fact("medicine", "levodopa"), conditions="parkinsons_disease")


@pytest.mark.parametrize(
    ("code", "profile", "expected"),
    [
        ("neurological_24_hours", MS, AMBER), ("neurological_24_hours", known(conditions="copd"), None),
        ("swallowing_problem", MS, RED), ("swallowing_problem", PD, None), ("breathlessness", MS, RED), ("breathless_at_rest", MS, RED),
        ("breathlessness", known(conditions="copd"), None), ("dizziness", MS, None),
    ],
)  # fmt: skip
def test_ne_1_new_symptoms(code: str, profile: Profile, expected: object) -> None:
    assert outcome(judged(BY["NE-1"], symptom(code), profile=profile)) == expected


@pytest.mark.parametrize(
    ("other", "infection"),
    [
        (symptom("fever", at("-1d 08:00")), True), (symptom("urinary_symptoms", at("08:00")), True),
        (reading("body_temperature", "38.0", at("08:00")), True), (reading("body_temperature", "37.9", at("08:00")), False),
        (symptom("fever", at("-2d 08:59")), False), (symptom("dizziness", at("08:00")), False),
    ],
)  # fmt: skip
def test_ne_1_infection_is_looked_for_first(other: Reading, infection: bool) -> None:
    found = judged(BY["NE-1"], symptom("neurological_24_hours"), other, profile=MS)
    assert outcome(found) == AMBER
    assert said(found).endswith("look for infection first") is infection


@pytest.mark.parametrize(
    ("code", "profile", "expected"),
    [
        ("parkinson_dose_lost", PD, RED), ("parkinson_dose_lost", MS, RED), ("vomiting", PD, RED), ("cannot_keep_fluids", PD, RED),
        ("vomiting", MS, None), ("fever", PD, None),
    ],
)  # fmt: skip
def test_ne_2_one_dose_that_is_not_taken_up_is_red(code: str, profile: Profile, expected: object) -> None:
    assert outcome(judged(BY["NE-2"], symptom(code), profile=profile)) == expected


def late(doses: int, days: int) -> Reading:
    return reading("late_parkinson_doses", doses, NOW - timedelta(days=days))


@pytest.mark.parametrize(
    ("ones", "expected"),
    [
        ([(2, 2), (2, 1), (2, 0)], INFO), ([(2, 1), (2, 0)], QUIET), ([(2, 6), (2, 3), (2, 0)], INFO), ([(2, 7), (2, 3), (2, 0)], QUIET),
        ([(1, 2), (2, 1), (2, 0)], QUIET), ([(2, 1), (2, 1), (2, 0)], QUIET),
    ],
)
def test_ne_2_late_on_three_days_of_seven(ones: list[tuple[int, int]], expected: object) -> None:
    *others, anchor = (late(*one) for one in ones)
    assert outcome(judged(BY["NE-2"], anchor, *others, profile=PD)) == expected


def fall(code: str = "fall", days: float = 0, minutes: int = 0) -> Reading:
    return reading("fall", code, NOW - timedelta(days=days, minutes=minutes), history=days > 360)


THINNED = known(fact("medicine", "anticoagulant"))
OTHERWISE = known(fact("medicine", "diuretic"))


@pytest.mark.parametrize(
    ("code", "profile", "expected"),
    [
        ("head_injury", THINNED, RED), ("head_injury", OTHERWISE, AMBER), ("head_injury", known(), AMBER), ("blackout", known(), RED),
        ("long_lie", known(), RED), ("injury", THINNED, AMBER), ("fall", known(), QUIET),
    ],
)  # fmt: skip
def test_ff_1_what_came_of_a_fall(code: str, profile: Profile, expected: object) -> None:
    assert outcome(judged(BY["FF-1"], fall(code), profile=profile)) == expected


def test_ff_1_says_when_medicines_are_not_on_record() -> None:
    assert said(judged(BY["FF-1"], fall("head_injury"))) == "Hit the head in a fall; medicines not on record: ask for a blood thinner"
    assert said(judged(BY["FF-1"], fall("head_injury"), profile=OTHERWISE)) == "Hit the head in a fall"


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        pytest.param([365], AMBER, id="two within 12 months"),
        pytest.param([366], QUIET, id="two further apart"),
        pytest.param([200, 100], AMBER, id="said 100 days ago, so said again"),
        pytest.param([200, 90], AMBER, id="90 days ago is once per 90 days"),
        pytest.param([200, 89], QUIET, id="said 89 days ago"),
        pytest.param([200, 100, 50], AMBER, id="said 100 days ago and not 50 days ago"),
        pytest.param([], QUIET, id="the first"),
    ],
)
def test_ff_1_two_falls_in_12_months_once_per_90_days(earlier: list[int], expected: object) -> None:
    assert outcome(judged(BY["FF-1"], fall(), *(fall(days=days) for days in earlier))) == expected


def test_ff_1_what_is_said_within_the_hour_is_one_fall_and_a_blackout_is_none() -> None:
    assert outcome(judged(BY["FF-1"], fall(), fall("injury", minutes=60))) == QUIET
    assert outcome(judged(BY["FF-1"], fall(), fall("injury", minutes=61))) == AMBER
    assert outcome(judged(BY["FF-1"], fall(), fall("blackout", days=10))) == QUIET
    assert outcome(judged(BY["FF-1"], fall("injury"), fall(days=10))) == AMBER
    assert outcome(judged(BY["FF-1"], fall(), profile=Profile(birth_on=date(2015, 1, 1)))) == UNKNOWN


def score(value: int, days: int = 0) -> Reading:
    return reading("clinical_frailty", value, NOW - timedelta(days=days), history=True)


@pytest.mark.parametrize(
    ("earlier", "value", "expected"),
    [([(4, 200)], 4, QUIET), ([(4, 200)], 5, INFO), ([(4, 200)], 6, AMBER), ([(4, 400), (5, 200)], 6, AMBER), ([(4, 732)], 6, UNKNOWN),
     ([], 6, UNKNOWN), ([(6, 30)], 4, QUIET)],
)  # fmt: skip
def test_ff_2_frailty_scale(earlier: list[tuple[int, int]], value: int, expected: object) -> None:
    assert outcome(judged(BY["FF-2"], score(value), *(score(*one) for one in earlier))) == expected


def kg(value: object, days: int = 0) -> Reading:
    return reading("body_weight", value, at("07:00") - timedelta(days=days))


OLD = known(fact("usual_weight", "80", NOW - timedelta(days=184)))
RECORDED = known(fact("usual_weight", "80", NOW - timedelta(days=150)))


@pytest.mark.parametrize(
    ("value", "others", "profile", "expected"),
    [
        pytest.param("76.1", [], RECORDED, QUIET, id="4.9 % of the weight on record"),
        pytest.param("76.0", [], RECORDED, INFO, id="5 %"),
        pytest.param("72.1", [], RECORDED, INFO, id="9.9 %"),
        pytest.param("72.0", [], RECORDED, AMBER, id="10 %"),
        pytest.param("76.0", [kg(80, 42)], OLD, INFO, id="from six weeks of weights"),
        pytest.param("76.0", [kg(80, 43)], OLD, UNKNOWN, id="nothing of six weeks"),
        pytest.param("79.0", [kg(80, 42)], OLD, UNKNOWN, id="six weeks without a loss are not six months"),
        pytest.param("72.0", [], OLD, UNKNOWN, id="the one on record is older than 6 months"),
        pytest.param("72.0", [kg(80, 42)], known(), None, id="nobody has put a weight on record"),
        pytest.param("70.0", [], known(fact("usual_weight", "80"), fact("planned_weight_loss")), None, id="on purpose"),
    ],
)
def test_ff_2_unplanned_weight_loss(value: str, others: list[Reading], profile: Profile, expected: object) -> None:
    assert outcome(judged(BY["FF-2-WEIGHT"], kg(value), *others, profile=profile)) == expected


def test_ff_2_weight_is_said_with_both_weights() -> None:
    found = judged(BY["FF-2-WEIGHT"], kg("71.5"), kg(79, 20), profile=RECORDED)
    assert said(found) == "Weight down 10.6 % in 149 days: 80 to 71.5 kg"

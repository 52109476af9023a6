"""F40, AL-9: a rule's value by outcomes, and the budget that rests the noisiest first and never the safety floor."""

from decimal import Decimal
from typing import Final

import pytest

from domain.detection import engine
from domain.episodes.value import LEAST, Caseload, RuleValue, may_rest, over_budget, share

# 30 people over 30.4375 days would be 30 patient-months; 28 days are a little less.
PEOPLE: Final = Caseload(people=30, by_condition={"heart_failure": 30, "copd": 0}, days=28)
LOUD: Final = sorted(one.id for one in engine.RULES if not one.floor and "heart_failure" in one.conditions)
FLOOR: Final = sorted(engine.FLOOR)


def value(rule: str, *, true: int = 0, false: int = 0, flags: int | None = None) -> RuleValue:
    return RuleValue(rule=rule, flags=true + false if flags is None else flags, confirmed=true, false=false, visits=true)


@pytest.mark.parametrize(("true", "false", "ppv"), [(2, 1, "0.67"), (1, 1, "0.50"), (0, 4, "0.00"), (0, 0, None)])
def test_f40_the_share_of_true_ones(true: int, false: int, ppv: str | None) -> None:
    assert value("X", true=true, false=false).ppv == (None if ppv is None else Decimal(ppv))


def test_al_9_too_many_false_alarms_in_a_condition_rest_the_noisiest_rule() -> None:
    rule = LOUD[0]
    # 4 false in 27.6 patient-months are 0.14; 5 are 0.18.
    assert over_budget([value(rule, true=10, false=4)], PEOPLE) == []
    ((found, reason),) = over_budget([value(rule, true=10, false=5)], PEOPLE)
    assert (found, "0.18 false alarms a patient-month in heart failure" in reason) == (rule, True)


def test_al_9_the_safety_floor_and_a_rule_that_few_have_judged_never_rest() -> None:
    few = value(LOUD[0], false=LEAST - 1, flags=900)
    assert over_budget([value(FLOOR[0], false=500), value("F44", false=500), few, value("GONE", false=99)], PEOPLE) == []


def test_al_9_too_many_concerns_in_all_rest_the_rule_that_is_least_often_true() -> None:
    others = sorted(one.id for one in engine.RULES if not one.floor and not one.conditions and one.group != "SYMPTOM")
    good, poor = value(others[0], true=20), value(others[1], true=6, false=14)
    assert [rule for rule, _ in over_budget([good, poor], PEOPLE)] == [poor.rule]
    assert over_budget([value(others[0], true=20)], PEOPLE) == []


def test_al_9_a_team_that_looks_after_nobody_has_no_budget_to_exceed() -> None:
    assert over_budget([value(LOUD[0], false=99)], Caseload(people=0, by_condition={"heart_failure": 0}, days=28)) == []


def test_al_9_only_a_rule_that_is_known_and_not_of_the_floor_may_rest() -> None:
    assert [may_rest(rule) for rule in (LOUD[0], FLOOR[0], "F44", "GONE")] == [True, False, False, False]


def test_f40_an_interval_is_honest_about_small_numbers() -> None:
    assert share(0, 0).said == "none judged yet"
    assert share(3, 4).said == "3 of 4: too few to say"
    assert share(8, 10).said == "8 of 10, 80 % (likely 49 to 94 %)"
    assert (share(0, 20).low, share(0, 20).high, share(20, 20).high) == (Decimal(0), Decimal("0.1611"), Decimal(1))
    assert value("X", true=8, false=2).true == share(8, 10)
    assert value("X", true=3).actions == 3


def test_al_9_a_rate_is_per_patient_month_and_unknown_where_nobody_is_looked_after() -> None:
    assert (PEOPLE.rate(14), PEOPLE.rate(14, "heart_failure"), PEOPLE.rate(14, "copd")) == (Decimal("0.51"), Decimal("0.51"), None)

"""F4: golden scores, each from the instrument's own rules."""

from decimal import Decimal

import pytest

from domain.forms.catalogue import FORMS
from domain.forms.form import Answers, Form, Given, path, seconds
from domain.forms.scoring import Scored, anthonisen, half_up, points, scores

OFTEN = ("not_at_all", "several_days", "more_than_half", "nearly_every_day")


def form(key: str) -> Form:
    found = FORMS.find(key)
    assert found is not None
    return found


def often(text: str) -> dict[str, Given]:
    """'1-2' is item 1 at 1, item 2 left open, item 3 at 2."""
    return {f"item{place}": OFTEN[int(one)] for place, one in enumerate(text, 1) if one != "-"}


@pytest.mark.parametrize(
    ("text", "total"),
    [
        pytest.param("000000000", 0, id="nothing"),
        pytest.param("111111111", 9, id="nine 1s"),
        pytest.param("000000001", 1, id="eight 0s and item 9"),
        pytest.param("333333333", 27, id="the most"),
        pytest.param("-11111111", 9, id="one open: 8 of 8 is 9 of 9"),
        pytest.param("--2222222", 18, id="two open"),
        pytest.param("-21111111", 10, id="9 * 9 / 8 = 10.125"),
        pytest.param("--1111112", 10, id="8 * 9 / 7 = 10.29"),
        pytest.param("-00000010", 1, id="1 * 9 / 8 = 1.125"),
        pytest.param("-11110000", 5, id="4 * 9 / 8 = 4.5 is rounded up"),
        pytest.param("---111111", None, id="three open: not evaluable"),
    ],
)
def test_mh_1_phq_9_is_prorated_for_one_or_two_left_open(text: str, total: int | None) -> None:
    found = scores(form("phq9"), often(text))["total"]
    assert found.value == (None if total is None else Decimal(total))
    assert found.missing == tuple(f"item{place}" for place, one in enumerate(text, 1) if one == "-")


def test_mh_3_gad_7_needs_every_item() -> None:
    assert scores(form("gad7"), often("2221111"))["total"].value == 10
    assert scores(form("gad7"), often("222111-"))["total"] == Scored(None, ("item7",))


def counted(*values: int) -> dict[str, Given]:
    return {f"item{place}": Decimal(value) for place, value in enumerate(values, 1)}


@pytest.mark.parametrize(
    ("key", "answers", "name", "value"),
    [
        pytest.param("cat", counted(5, 5, 5, 5, 5, 5, 5, 5), "total", "40", id="CAT at its most"),
        pytest.param("cat", counted(1, 0, 2, 3, 1, 0, 2, 1), "total", "10", id="CAT 10"),
        pytest.param("cat", counted(1, 0, 2, 3, 1, 0, 2), "total", None, id="CAT with an item open"),
        pytest.param("act", counted(1, 1, 1, 1, 1), "total", "5", id="ACT at its least"),
        pytest.param("act", counted(4, 4, 4, 4, 4), "total", "20", id="ACT 20"),
        pytest.param("acq", counted(0, 1, 0, 1, 1, 0, 2), "mean", "0.71", id="ACQ 5 / 7"),
        pytest.param("acq", counted(2, 1, 2, 1, 2, 1, 2), "mean", "1.57", id="ACQ 11 / 7"),
        pytest.param("pro2_uc", {"frequency": "3_4", "bleeding": "streaks"}, "pro2", "3", id="UC 2 + 1"),
        pytest.param("pro2_uc", {"frequency": "usual", "bleeding": "none"}, "pro2", "0", id="UC well"),
        pytest.param("pro2_crohn", {"liquid": Decimal(4), "pain": "moderate"}, "pro2", "18", id="Crohn 2 * 4 + 5 * 2"),
        pytest.param("asthma_daily", {"cough": "little", "wheeze": "lot", "limits": "all_day"}, "day", "6", id="asthma day 1 + 2 + 3"),
    ],
)
def test_f4_golden_scores(key: str, answers: Answers, name: str, value: str | None) -> None:
    assert scores(form(key), answers)[name].value == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("majors", "minors", "kind"),
    [(3, 0, 1), (2, 0, 2), (2, 4, 2), (1, 1, 3), (1, 0, None), (0, 4, None)],
)
def test_co_4_anthonisen_type(majors: int, minors: int, kind: int | None) -> None:
    assert anthonisen(majors, minors) == kind


def copd(text: str) -> dict[str, Given]:
    keys = ("breathless", "sputum", "colour", "cough", "wheeze", "cold", "fever")
    return {key: "yes" if one == "y" else "no" for key, one in zip(keys, text, strict=True) if one != "-"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param("yyynnnn", 1, id="three majors"), pytest.param("yynnnnn", 2, id="breathless and more sputum"),
        pytest.param("ynnnnyn", 3, id="one major and a cold"), pytest.param("nnnyynn", None, id="cough and wheeze only"),
        pytest.param("nnn----", None, id="minors not asked"),
    ],
)  # fmt: skip
def test_co_4_the_diary_knows_its_type(text: str, kind: int | None) -> None:
    assert scores(form("copd_daily"), copd(text))["anthonisen_type"].value == kind


def test_f4_points_of_several_choices_and_of_none() -> None:
    harm = form("seizure").item("harm")
    assert harm is not None
    assert points(harm, {"harm": ("head", "water")}) == 0
    assert points(harm, {}) is None
    assert half_up(Decimal("2.345"), 2) == Decimal("2.35")


def asked(key: str, answers: Answers, **facts: str) -> list[str]:
    return [item.key for item in path(form(key), answers, facts)]


def test_f6_a_steady_person_is_asked_less_and_all_again_when_worse() -> None:
    short = asked("heart_failure_daily", {"feel": "same"}, steady="yes")
    assert short == ["feel", "weight", "at_rest", "gasping"]
    assert set(asked("heart_failure_daily", {"feel": "worse"}, steady="yes")) > set(short)
    assert "ankles" in asked("heart_failure_daily", {"feel": "same"}, steady="no")
    assert "froth" in asked("heart_failure_daily", {"feel": "same", "at_rest": "yes"}, steady="yes")
    assert seconds(form("heart_failure_daily"), {"steady": "yes"}) < seconds(form("heart_failure_daily"), {"steady": "no"})


def test_f5_branches_follow_the_answers() -> None:
    assert "minutes" in asked("seizure", {"shaking": "yes"})
    assert "other_minutes" in asked("seizure", {"shaking": "no"})
    assert "rescue_worked" not in asked("seizure", {"has_rescue": "yes", "rescue": "no"})
    assert "again" not in asked("asthma_daily", {"puffs": Decimal(1)})
    assert "again" in asked("asthma_daily", {"puffs": Decimal(2)})
    assert "bloody" in asked("pro2_uc", {"bleeding": "clear"})
    assert "bloody" not in asked("pro2_uc", {"bleeding": "none"})
    assert asked("copd_daily", {"feel": "same", "breathless": "no", "sputum": "yes", "colour": "no"}, steady="yes")[-1] == "fever"
    assert seconds(form("seizure"), {}) == sum(
        item.seconds for item in path(form("seizure"), {"shaking": "no", "has_rescue": "no"}, {})
    )

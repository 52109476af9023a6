"""A response and the readings it becomes."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from domain.forms.catalogue import FORMS
from domain.forms.form import Form, Given
from domain.forms.response import Filled, Response, admit, admit_facts, derived, fill
from domain.readings.reading import Draft
from tests.builders import NOW

MOOD: dict[str, Given] = {f"item{place}": "several_days" for place in range(1, 9)}


def form(key: str) -> Form:
    found = FORMS.find(key)
    assert found is not None
    return found


def response(key: str, answers: dict[str, Given], **more: object) -> Response:
    values: dict[str, object] = {"id": uuid7(), "taken_at": NOW, **more}
    return Response(form=key, version=1, answers=answers, **values)  # pyright: ignore[reportArgumentType]


def filled(key: str, answers: dict[str, Given], **more: object) -> Filled:
    return fill(form(key), response(key, answers, **more), {})


def said(one: Filled) -> list[tuple[str, str]]:
    return [(draft.kind, str(draft.value if draft.code is None else draft.code)) for draft in one.drafts]


def test_f4_an_answer_becomes_a_symptom_a_value_or_a_score() -> None:
    assert said(filled("heart_failure_daily", {"feel": "worse", "weight": Decimal("80.2"), "at_rest": "yes", "ankles": "no"})) == [
        ("body_weight", "80.2"), ("symptom", "breathless_at_rest"),
    ]  # fmt: skip
    assert said(filled("asthma_daily", {"cough": "little", "wheeze": "none", "limits": "none", "night": "once", "puffs": Decimal(4)})) == [
        ("night_symptom_score", "2"), ("reliever_puffs", "4"), ("day_symptom_score", "1"),
    ]  # fmt: skip
    assert said(filled("seizure", {"shaking": "yes", "minutes": Decimal(5), "harm": ("head", "water")})) == [
        ("seizure_duration", "5"), ("symptom", "seizure_head_injury"), ("symptom", "seizure_in_water"),
    ]  # fmt: skip
    assert said(filled("nyha", {"class": "3"})) == [("nyha_class", "3")]


def test_f4_three_blows_are_three_readings_though_they_are_equal() -> None:
    blows = filled("asthma_daily", {f"blow_{n}": Decimal(400) for n in (1, 2, 3)}).drafts
    assert len({one.taken_at for one in blows}) == len({one.id for one in blows}) == 3
    assert all(one.manual for one in blows)


def test_mh_2_item_9_is_always_a_reading_of_its_own() -> None:
    assert said(filled("phq9", {**MOOD, "item9": "not_at_all"})) == [("phq9_item9", "0"), ("phq9_total", "8")]


def test_mh_2_item_9_left_open_is_asked_again_then_told_and_never_0() -> None:
    first = filled("phq9", MOOD)
    assert first.ask_again == ("item9",)
    assert said(first) == [("phq9_item9_unanswered", "asked_once"), ("phq9_total", "9")]
    second = filled("phq9", MOOD, left_open=frozenset({"item9"}))
    assert second.ask_again == ()
    assert said(second) == [("phq9_item9_unanswered", "asked_twice"), ("phq9_total", "9")]
    assert second.missing == {"total": ("item9",)}


def test_mh_1_too_much_left_open_is_no_total_and_says_what_is_missing() -> None:
    found = filled("phq9", {"item9": "not_at_all", "item1": "several_days"})
    assert said(found) == [("phq9_item9", "0")]
    assert found.missing["total"] == tuple(f"item{place}" for place in range(2, 9))
    assert "total" not in found.scores


def test_f5_an_optional_question_is_not_asked_again() -> None:
    assert filled("hypo", {"helped": "no", "passed_out": "no", "treated": "no"}).ask_again == ()


def test_inv_7_the_same_response_makes_the_same_ids() -> None:
    one = response("heart_failure_daily", {"feel": "worse", "at_rest": "yes", "gasping": "yes"})
    first, again = (fill(form("heart_failure_daily"), one, {}) for _ in range(2))
    assert [draft.id for draft in first.drafts] == [draft.id for draft in again.drafts]
    assert len({draft.id for draft in first.drafts}) == 2
    assert all(draft.id.version == 8 for draft in first.drafts)


def test_f11_a_corrected_response_corrects_retracts_adds_and_leaves_alone() -> None:
    key = "heart_failure_daily"
    first = response(key, {"feel": "worse", "weight": Decimal(80), "at_rest": "yes", "gasping": "yes"})
    before = fill(form(key), first, {})
    second = response(key, {"feel": "worse", "weight": Decimal(81), "gasping": "yes", "at_rest": "no", "tired": "yes"},
                      corrects=first.id, reason="typed wrong")  # fmt: skip
    after = fill(form(key), second, before.slots)
    by_kind: dict[str, Draft] = {draft.code or draft.kind: draft for draft in after.drafts}
    assert by_kind["body_weight"].corrects == before.slots["weight"].id
    assert by_kind["body_weight"].reason == "typed wrong"
    assert by_kind["more_tired"].corrects is None
    gone = by_kind[""]
    assert (gone.retracts, gone.corrects) == (True, before.slots["at_rest.yes"].id)
    assert len(after.drafts) == 3
    assert after.slots["gasping.yes"] == before.slots["gasping.yes"]
    assert "at_rest.yes" not in after.slots
    # Corrected back to what it was: a new reading again, since the first one is out of force.
    third = response(key, dict(first.answers), corrects=second.id)
    back = fill(form(key), third, after.slots)
    assert back.slots["weight"].id == derived(third.id, "weight")


@pytest.mark.parametrize(
    ("key", "answers", "pointers"),
    [
        pytest.param("nyha", {"class": "3"}, [], id="good"),
        pytest.param("nyha", {"class": "5"}, ["/answers/class"], id="no such option"),
        pytest.param("nyha", {"class": Decimal(3)}, ["/answers/class"], id="a number for a code"),
        pytest.param("nyha", {"class": ["3"]}, ["/answers/class"], id="a list for one"),
        pytest.param("nyha", {"mood": "3", "class": "x"}, ["/answers/mood", "/answers/class"], id="each fault is told"),
        pytest.param("seizure", {"harm": ["head", "head"]}, [], id="several"),
        pytest.param("seizure", {"harm": ["head", "soul"]}, ["/answers/harm"], id="several, one unknown"),
        pytest.param("seizure", {"harm": "head"}, ["/answers/harm"], id="one for several"),
        pytest.param("cat", {"item1": Decimal(5)}, [], id="the highest"),
        pytest.param("cat", {"item1": Decimal(6)}, ["/answers/item1"], id="beyond the highest"),
        pytest.param("cat", {"item1": "5"}, ["/answers/item1"], id="a code for a number"),
        pytest.param("hypo", {"glucose": Decimal(300)}, [], id="an impossible reading goes on to be held and asked about"),
        pytest.param("hypo", {"glucose": Decimal("NaN")}, ["/answers/glucose"], id="no number at all"),
    ],
)
def test_f5_answers_are_checked_one_by_one(key: str, answers: dict[str, str | list[str] | Decimal], pointers: list[str]) -> None:
    found, faults = admit(form(key), answers)
    assert [one.pointer for one in faults] == pointers
    assert len(found) == len(answers) - len(pointers)


def test_f5_facts_are_checked() -> None:
    one = form("copd_daily")
    assert admit_facts(one, {"steady": "yes"}) == []
    assert [fault.pointer for fault in admit_facts(one, {"steady": "maybe", "rich": "yes"})] == ["/facts/steady", "/facts/rich"]

"""What must be judged again, and that a rule that breaks loses nothing."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from domain import intake
from domain.detection import engine
from domain.detection.judgement import Judgement, Severity, Verdict
from domain.detection.picture import View
from domain.detection.rule import Clearing, Rule
from domain.episodes.episode import FlagState
from domain.readings.reading import Reading
from tests.builders import ADULT, NOW, at, draft, new_id, picture, reading, symptom, view

WEIGHT = engine.BY_ID["HF-W1"]


def test_anchors_are_what_a_change_can_reach() -> None:
    before, now, far = (reading("oxygen_saturation", 92, at(when)) for when in ("07:50", "08:00", "06:00"))
    found = engine.affected(view(before, now, far), [now])
    assert [one.id for one, _ in found.moments] == [before.id, now.id]
    assert engine.affected(view(), [now]).anchors == []
    step = reading("step_count", 4000)
    assert engine.affected(view(step), [step]).anchors == []


def test_anchors_of_many_changes_come_once_and_in_order() -> None:
    ones = [reading("heart_rate", 60 + place, at("06:00") + timedelta(minutes=10 * place)) for place in range(10)]
    far = reading("heart_rate", 90, at("-2d 06:00"))
    found = engine.affected(view(far, *ones), [ones[9], ones[0], far])
    assert [one.id for one, _ in found.moments] == [one.id for one in (far, *ones)]
    gap = engine.affected(view(far, *ones), [ones[0], far])
    assert {one.id for one, _ in gap.moments} >= {far.id, ones[0].id}


def test_at_a_neighbour_only_the_rules_are_judged_that_see_the_change() -> None:
    pressure, pulse = reading("blood_pressure", (130, 80), at("08:00")), reading("heart_rate", 70, at("08:40"))
    found = {one.id: {rule.id for rule in rules} for one, rules in engine.affected(view(pressure, pulse), [pulse]).moments}
    # NEWS2 puts readings of an hour together; a very high pressure waits for another pressure, not for a pulse.
    assert found == {pressure.id: {"NW-1"}, pulse.id: {"NW-1", "HF-H1"}}
    said = engine.affected(view(pressure, pulse), [pulse])
    assert said.covers("NW-1", pressure.id)
    assert not said.covers("HT-4", pressure.id)
    assert [said.may_cover(rule) for rule in ("NW-1", "HF-E1", "HT-4")] == [True, True, False]


def days(found: engine.Affected, rule: Rule) -> list[date]:
    return [one.taken_at.date() for one, rules in found.days if rule in rules]


def test_day_rules_are_judged_once_a_day_and_as_far_on_as_they_can_see() -> None:
    ones = [reading("body_weight", 80, at(f"-{back}d 07:00")) for back in (58, 55, 4, 1)]
    again = reading("body_weight", 81, at("-58d 08:00"))
    found = engine.affected(view(again, *ones), [again])
    assert days(found, WEIGHT) == [at("-58d 07:00").date(), at("-55d 07:00").date()]
    assert [one.id for one, rules in found.days if WEIGHT in rules] == [ones[0].id, ones[1].id]
    assert found.covers("HF-W1", again.id)
    assert not found.covers("HF-W1", ones[3].id)
    assert not found.covers("unheard-of", again.id)
    # Nobody with heart failure: no rule of it is judged.
    other = replace(ADULT, conditions=frozenset())
    assert engine.affected(view(again, *ones, profile=other), [again]).days == []
    assert WEIGHT not in engine.applied(frozenset())
    assert WEIGHT in engine.applied(frozenset({"heart_failure"}))


def test_f36_a_new_weight_is_held_against_the_date_whose_gain_it_can_answer_and_no_earlier_one() -> None:
    ones = [reading("body_weight", 80, at(f"-{back}d 07:00")) for back in (3, 2, 1)]
    today = reading("body_weight", 80, at("07:00"))
    assert days(engine.affected(view(*ones, today), [today]), WEIGHT) == [at("-1d 07:00").date(), NOW.date()]
    night = reading("body_weight", 80, at("02:00"))
    assert days(engine.affected(view(*ones, night), [night]), WEIGHT) == [at(f"-{back}d 07:00").date() for back in (2, 1)] + [NOW.date()]
    told = symptom("ankle_swelling_worse", at("08:00"))
    assert days(engine.affected(view(*ones, told), [told]), WEIGHT)[:1] == [at("-1d 07:00").date()]


def test_the_last_weight_of_a_day_taken_back_leaves_nothing_to_stand_on() -> None:
    gone, later = reading("body_weight", 80, at("-1d 07:00")), reading("body_weight", 83, at("07:00"))
    found = engine.affected(view(later), [gone])
    assert days(found, WEIGHT) == [NOW.date()]


def broken(_rule: Rule, _view: View, _anchor: Reading) -> None:
    raise ZeroDivisionError


def break_rules(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    bad = tuple(replace(rule, judge=broken) if rule.id in names else rule for rule in engine.RULES)
    monkeypatch.setattr(engine, "RULES", bad)
    engine.forget()


@pytest.fixture(autouse=True)
def _whole_again() -> object:
    yield
    engine.forget()


def test_ing_12_a_rule_that_raises_tells_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    break_rules(monkeypatch, "AS-1")
    anchor = reading("peak_flow", 300)
    seen = view(anchor)
    found = engine.judge(seen, engine.affected(seen, [anchor]))
    assert [(one.rule, one.verdict, one.severity) for one in found if one.rule in {"AS-1", engine.UNCHECKED}] == [
        ("AS-1", Verdict.NOT_EVALUABLE, None), (engine.UNCHECKED, Verdict.FIRED, Severity.AMBER),
    ]  # fmt: skip


def test_inv_8_a_rule_that_raises_takes_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    where = picture()
    low = draft("peak_flow", 200, at("08:00"))
    intake.take(where, new_id(), [low], NOW, new_id)
    assert [(one.rule, one.state) for one in where.flags if one.rule == "AS-1"] == [("AS-1", FlagState.ACTIVE)]
    break_rules(monkeypatch, "AS-1")
    taken = intake.take(where, new_id(), [draft("peak_flow", 190, at("08:05"))], NOW, new_id)
    assert len(taken.added) == 1
    assert [one.state for one in where.flags if (one.rule, one.anchor) == ("AS-1", low.id)] == [FlagState.ACTIVE]
    assert engine.UNCHECKED in {one.rule for one in where.flags}


def test_a_plain_reading_is_judged_by_the_rules_of_its_kind_only() -> None:
    anchor = reading("glucose_capillary", "6.5", NOW)

    def judged(*ones: Reading) -> list[Judgement]:
        seen = view(*ones)
        return engine.judge(seen, engine.affected(seen, ones))

    assert [one.rule for one in judged(anchor)] == ["DM-1", "DM-2", "DM-5", "DM-6"]
    assert judged(reading("sleep_duration", 7)) == []


def test_c_6_the_engine_asks_whether_a_rule_is_for_this_person() -> None:
    child = replace(ADULT, birth_on=date(2015, 1, 1))
    anchor = reading("oxygen_saturation", 90)
    seen = view(anchor, profile=child)
    found = {one.rule: one.reason for one in engine.judge(seen, engine.affected(seen, [anchor]))}
    assert found["OX-1"] == "out of scope: under 18"


def test_al_4_a_rule_without_a_clearing_condition_is_closed_by_a_person() -> None:
    assert engine.cleared(view(), "unheard-of", NOW) is None
    assert engine.cleared(view(), "E1", NOW) is None


def test_inv_8_a_clearing_condition_that_raises_clears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(_rule: Rule, _view: View, _since: object) -> Clearing:
        raise ZeroDivisionError

    monkeypatch.setitem(engine.BY_ID, "E1", replace(engine.BY_ID["E1"], clears=raises))
    found = engine.cleared(view(), "E1", NOW)
    assert found is not None
    assert found.holds is None


def test_what_waits_is_looked_at_from_an_instant_on() -> None:
    early, late = reading("oxygen_saturation", 91, at("05:00")), reading("oxygen_saturation", 91, at("08:50"))
    assert [one.id for one, _ in engine.since(view(early, late), at("08:00")).moments] == [late.id]


def test_al_4_an_answer_says_whether_it_is_over_and_why() -> None:
    seen = reading("body_weight", 80)
    assert (WEIGHT.over("steady", (seen.id,)).holds, WEIGHT.goes_on("still up").holds) == (True, False)
    assert WEIGHT.unknown("no weight since") == Clearing(rule="HF-W1", holds=None, reason="no weight since")


def test_alp_12_one_rule_at_one_reading_says_what_it_says_among_all() -> None:
    low = reading("oxygen_saturation", 86)
    among = [one for one in engine.judge(view(low), engine.affected(view(low), [low])) if one.rule == "OX-1"]
    assert [engine.judge_one(view(low), engine.BY_ID["OX-1"], low)] == among
    assert among[0].verdict is Verdict.FIRED

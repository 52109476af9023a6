"""F36: what rests on one measurement is taken again before a nurse is called; silence is never good news."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain import intake
from domain.detection import advice, engine
from domain.detection.judgement import Confidence, Judgement, Severity, Verdict
from domain.detection.picture import Picture
from domain.episodes.episode import FlagState
from domain.readings.reading import Context, Draft, Reading
from tests.builders import ADULT, NOW, at, draft, known, own, picture, reading, symptom, view
from tests.domain.detection.outcomes import AMBER, INFO, QUIET, outcome
from tests.domain.detection.stories import days, usual

PATIENT = UUID(int=3)
HEAVY = days("body_weight", 80.2, 80.2, 80, 82.5)
MORNING = HEAVY[-1].taken_at
WAIT = timedelta(hours=28)


def judged(rule: str, anchor: Reading, *others: Reading, now: Any = NOW, profile: Any = ADULT) -> Judgement:
    """What the whole engine says of one rule at one reading."""
    seen = view(anchor, *others, profile=profile, now=now)
    (found,) = [one for one in engine.judge(seen, engine.affected(seen, [anchor])) if (one.rule, one.anchor) == (rule, anchor.id)]
    if found.advice is not None:
        assert not advice.missing(found.advice, found.numbers)
    return found


def weighed(*more: Reading, now: Any = NOW, profile: Any = ADULT, rule: str = "HF-W1") -> Judgement:
    return judged(rule, HEAVY[-1], *HEAVY[:-1], *more, now=now, profile=profile)


def later(kg: float, **after: float) -> Reading:
    return reading("body_weight", kg, MORNING + timedelta(**after))


@pytest.mark.parametrize("rule", ["HF-W1", "HF-W3"])
def test_f36_a_lone_heavy_morning_is_weighed_again_first(rule: str) -> None:
    found = weighed(rule=rule)
    assert (outcome(found), found.confidence, found.due_at) == (INFO, Confidence.UNCONFIRMED, MORNING + WAIT)
    assert found.sentence.endswith("asked to measure again")
    told = advice.text(found.advice or "", found.numbers)
    assert told.startswith("Your weight is up 2.5 kg in 1 day. Please weigh again")
    assert "Are you more breathless" in told


@pytest.mark.parametrize(
    ("kg", "after", "expected"),
    [
        pytest.param(82.4, {"minutes": 10}, AMBER, id="the same a moment later confirms"),
        pytest.param(81.01, {"minutes": 10}, AMBER, id="more than half the limit confirms"),
        pytest.param(81.0, {"minutes": 10}, QUIET, id="half the limit and less clears, as AL-4"),
        pytest.param(80.2, {"days": 1}, QUIET, id="the next morning clears"),
        pytest.param(82.2, {"days": 1}, AMBER, id="the next morning confirms"),
        pytest.param(80.1, {"hours": 28}, QUIET, id="28 hours later is in time"),
        pytest.param(79.0, {"minutes": 5}, QUIET, id="half the limit below the lowest may still be the person"),
        pytest.param(78.99, {"minutes": 5}, INFO, id="somebody lighter on the scales answers nothing"),
        pytest.param(85.6, {"minutes": 5}, INFO, id="somebody heavier on the scales answers nothing"),
    ],
)
def test_f36_the_repeat_confirms_or_clears(kg: float, after: dict[str, float], expected: Any) -> None:
    again = later(kg, **after)
    found = weighed(again, now=max(NOW, again.taken_at) if expected is not INFO else NOW)
    assert outcome(found) == expected
    if expected is AMBER:
        assert again.id in found.evidence
        assert f"{found.numbers['again']} when measured again" in found.sentence


def doubted(one: Reading) -> Reading:
    return replace(one, context=Context(quality="motion"))


def test_f36_a_weight_whose_signal_is_in_doubt_answers_nothing() -> None:
    assert outcome(weighed(doubted(later(80.2, minutes=10)))) == INFO
    assert outcome(weighed(doubted(later(80.2, minutes=10)), now=MORNING + WAIT)) == AMBER


def test_f36_of_two_repeats_the_higher_counts() -> None:
    assert outcome(weighed(later(80.1, minutes=5), later(82.3, minutes=9))) == AMBER


def test_f36_when_nobody_answers_in_time_it_is_called_all_the_same() -> None:
    before, after = weighed(now=MORNING + WAIT - timedelta(seconds=1)), weighed(now=MORNING + WAIT)
    assert (outcome(before), outcome(after)) == (INFO, AMBER)
    assert (after.confidence, after.advice) == (Confidence.UNCONFIRMED, "ADV-HF-WEIGHT")
    assert after.sentence.endswith("asked to measure again, no answer")
    late = later(80.1, hours=28, seconds=1)
    assert outcome(weighed(late, now=late.taken_at)) == AMBER


def test_f36_what_two_mornings_show_is_called_at_once() -> None:
    rising = days("body_weight", 80, 80.2, 81.1, 82.5)
    assert outcome(judged("HF-W1", rising[-1], *rising[:-1])) == AMBER
    half = days("body_weight", 80, 80.2, 81, 82.5)
    assert outcome(judged("HF-W1", half[-1], *half[:-1])) == INFO


@pytest.mark.parametrize(
    ("code", "hours", "expected"),
    [("breathless_on_effort_worse", 0, AMBER), ("ankle_swelling_worse", -48, AMBER), ("breathless_on_effort_worse", 20, AMBER),
     ("ankle_swelling_worse", -80, INFO), ("sputum_more", 0, INFO)],
)  # fmt: skip
def test_f36_a_symptom_of_heart_failure_waits_for_nothing(code: str, hours: int, expected: Any) -> None:
    told = symptom(code, MORNING + timedelta(hours=hours))
    assert outcome(weighed(told, now=max(NOW, told.taken_at))) == expected


def test_f36_an_earlier_weight_of_the_day_that_agrees_is_a_repeat() -> None:
    assert outcome(weighed(later(82.4, hours=-6))) == AMBER


def test_f36_a_service_may_wait_less_and_not_at_all() -> None:
    at_once = replace(ADULT, limits=own(HF_W1__wait_hours="0"))
    assert outcome(weighed(profile=at_once)) == AMBER
    two = replace(ADULT, limits=own(HF_W1__wait_hours="2"))
    assert weighed(profile=two, now=MORNING).due_at == MORNING + timedelta(hours=2)


def test_f36_the_composite_counts_a_gain_once_it_stands() -> None:
    assert outcome(weighed(rule="HF-C1")) == INFO
    assert outcome(weighed(later(82.4, minutes=10), rule="HF-C1")) == AMBER
    assert outcome(weighed(now=MORNING + WAIT, rule="HF-C1")) == AMBER
    assert outcome(weighed(later(80.1, minutes=10), rule="HF-C1")) == INFO


@pytest.mark.parametrize(
    ("more", "minutes", "expected"),
    [
        pytest.param((), 0, INFO, id="blown once"),
        pytest.param((), 30, AMBER, id="no answer in half an hour"),
        pytest.param(((230, -1),), 0, AMBER, id="two blows of one session"),
        pytest.param(((240, 20),), 20, AMBER, id="again as low"),
        pytest.param(((270, 20),), 20, QUIET, id="60 % is not under 60 %"),
        pytest.param(((300, 31),), 31, AMBER, id="too late to clear"),
    ],
)
def test_f36_as_1_a_low_peak_flow_is_blown_again(more: tuple[tuple[int, int], ...], minutes: int, expected: Any) -> None:
    first = reading("peak_flow", 250, MORNING)
    others = [reading("peak_flow", value, MORNING + timedelta(minutes=after)) for value, after in more]
    found = judged("AS-1", first, *others, now=MORNING + timedelta(minutes=minutes))
    assert outcome(found) == expected
    if expected is INFO:
        assert advice.text(found.advice or "", found.numbers).startswith("That peak flow is in your amber zone.")


def test_f36_as_1_a_blow_that_is_hard_to_believe_answers_nothing_and_speaks_for_no_session() -> None:
    amber, red = (reading("peak_flow", value, MORNING) for value in (250, 200))
    for minutes in (5, 20):
        unlikely = reading("peak_flow", 850, MORNING + timedelta(minutes=minutes))
        assert unlikely.unconfirmed
        assert outcome(judged("AS-1", amber, unlikely, now=unlikely.taken_at)) == INFO
        assert outcome(judged("AS-1", amber, unlikely, now=MORNING + timedelta(minutes=30))) == AMBER
        assert outcome(judged("AS-1", red, unlikely, now=unlikely.taken_at)) is Severity.RED


def test_f36_red_goes_straight_through() -> None:
    low = reading("peak_flow", 200, MORNING)
    assert outcome(judged("AS-1", low, now=MORNING)) is Severity.RED


def test_f36_co_3_a_breathing_rate_counted_once_is_counted_again() -> None:
    theirs = known(conditions="copd")
    stable = usual("respiratory_rate", 16)
    fast = reading("respiratory_rate", 21, MORNING)
    assert outcome(judged("CO-3", fast, *stable, now=MORNING, profile=theirs)) == INFO
    assert outcome(judged("CO-3", fast, *stable, now=MORNING + timedelta(minutes=60), profile=theirs)) == AMBER
    same = reading("respiratory_rate", 21, MORNING + timedelta(minutes=8))
    assert outcome(judged("CO-3", fast, same, *stable, now=same.taken_at, profile=theirs)) == AMBER
    calm = replace(same, value=reading("respiratory_rate", 16).value)
    assert outcome(judged("CO-3", fast, calm, *stable, now=same.taken_at, profile=theirs)) == INFO


def took(where: Picture, now: Any, *drafts: Draft) -> intake.Taken:
    return intake.take(where, PATIENT, drafts, now, uuid7)


def sent(*ones: Reading) -> list[Draft]:
    return [draft("body_weight", one.value, one.taken_at) for one in ones]


def test_f36_the_patient_is_asked_at_once_and_the_nurse_called_when_time_is_up() -> None:
    where = picture()
    took(where, MORNING, *sent(*HEAVY[:-1]))
    first = took(where, MORNING, *sent(HEAVY[-1]))
    asked = [one for one in first.effects.notices if one.audience == "patient"]
    assert {one.advice for one in asked} >= {"ADV-REWEIGH"}
    assert [one for one in first.effects.notices if one.audience == "staff"] == []
    staff: list[str] = []
    while (due := where.due_at) is not None and due <= MORNING + WAIT:
        staff += [one.topic for one in intake.again(where, due, due, uuid7).effects.notices if one.audience == "staff"]
    assert staff == ["flag"]
    (episode,) = where.episodes
    assert (episode.severity, episode.opened_at) == (AMBER, MORNING + WAIT)


def test_f36_a_repeat_that_clears_leaves_no_flag_standing() -> None:
    where = picture()
    took(where, MORNING, *sent(*HEAVY))
    took(where, MORNING + timedelta(days=1), draft("body_weight", 80.1, MORNING + timedelta(days=1)))
    assert [one.rule for one in where.flags if one.severity >= AMBER and one.state == FlagState.ACTIVE] == []
    assert FlagState.EXPLAINED in {one.state for one in where.flags if one.rule == "HF-W1"}
    intake.again(where, MORNING + WAIT, MORNING + WAIT, uuid7)
    assert [one for one in where.episodes if one.severity >= AMBER] == []


def test_f36_a_retracted_repeat_is_awaited_again() -> None:
    where = picture()
    took(where, MORNING, *sent(*HEAVY))
    calm = draft("body_weight", 80.1, MORNING + timedelta(minutes=9))
    took(where, MORNING + timedelta(minutes=9), calm)
    gone = Draft(id=uuid7(), kind="", taken_at=MORNING, retracts=True, corrects=calm.id, reason="not mine")
    took(where, MORNING + timedelta(minutes=20), gone)
    (mark,) = [one for one in where.flags if one.rule == "HF-W1"]
    assert (mark.state, mark.severity) == (FlagState.ACTIVE, INFO)
    intake.again(where, MORNING + WAIT, MORNING + WAIT, uuid7)
    (mark,) = [one for one in where.flags if one.rule == "HF-W1"]
    assert mark.severity is AMBER


def test_f36_an_amber_that_was_never_in_doubt_is_left_as_it_is() -> None:
    found = judged("HF-W2", HEAVY[-1], *HEAVY[:-1])
    assert (found.verdict, found.severity, found.due_at) == (Verdict.FIRED, INFO, None)
    assert at("07:00") == MORNING

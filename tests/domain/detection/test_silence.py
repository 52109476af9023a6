"""MD-1 to MD-7 and F35: who is not heard from, and who must hear of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain import intake
from domain.detection import silence
from domain.detection.judgement import Judgement, Severity
from domain.detection.picture import FlagMark
from domain.detection.silence import Kept, Known, Looked, Period, Watch, look
from domain.plans.schedule import Expect, Heard, Pause, PauseReason, State
from tests.builders import judged, picture, reading, view

WHO = UUID(int=0)
NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
"""10:30 in London."""
WEIGHT = Expect(key="weight", kind="body_weight")


def day_at(back: int, hour: int = 7) -> datetime:
    return NOW.replace(hour=hour, minute=0) - timedelta(days=back)


def heard(*back: int, what: str = "body_weight") -> tuple[Heard, ...]:
    return tuple(Heard(what, day_at(one), UUID(int=1000 + one)) for one in back)


def watch(*back: int, plan_days: int = 60, high_risk: bool = False, **more: object) -> Watch:
    """Somebody who weighed so many days ago, under a plan of daily weights."""
    period = Period(expected=(WEIGHT,), from_at=day_at(plan_days, 0) - timedelta(hours=3), high_risk=high_risk)
    last = min(back, default=None)
    values: dict[str, object] = {"periods": (period,), "heard": heard(*back), "last_at": None if last is None else day_at(last)}
    return Watch(patient=WHO, version=4, zone="Europe/London", **{**values, **more})  # pyright: ignore[reportArgumentType]


def flags(looked: Looked) -> list[tuple[str, str]]:
    return [(one.rule, Severity(one.severity or 1).name.lower()) for one in looked.judgements]


def red(back: int, hour: int = 7, *, admitted: bool = False) -> Known:
    return Known(Severity.RED, day_at(back, hour), admitted)


def amber(back: int) -> Known:
    return Known(Severity.AMBER, day_at(back), False)


ALL = tuple(range(1, 44))


def test_md_1_adherence_is_met_of_expected_in_fourteen_days() -> None:
    states = look(watch(*(one for one in ALL if one % 2)), NOW).rows
    found = silence.past(states, NOW.date())
    assert silence.adherence(found, (NOW - timedelta(days=14)).date(), (NOW - timedelta(days=1)).date()) == (7, 14)
    assert [silence.percent(*pair) for pair in ((7, 14), (2, 3), (0, 0))] == [50, 67, 0]


@pytest.mark.parametrize(
    ("last", "more", "wanted"),
    [
        pytest.param(1, {"high_risk": True}, [], id="heard yesterday"),
        pytest.param(3, {"high_risk": True}, [], id="two missed, high risk"),
        pytest.param(4, {"high_risk": True}, [("MD-3", "amber")], id="three missed, high risk"),
        pytest.param(4, {}, [], id="three missed, no risk"),
        pytest.param(4, {"flags": (amber(10),)}, [("MD-3", "amber")], id="three missed, amber in the last 14 days"),
        pytest.param(4, {"flags": (amber(16),)}, [], id="three missed, amber 16 days ago"),
        pytest.param(4, {"flags": (Known(Severity.INFO, day_at(5), False),)}, [], id="three missed, only information before"),
        pytest.param(7, {}, [], id="six missed, no risk"),
        pytest.param(8, {}, [("MD-3", "info")], id="seven missed, no risk"),
        pytest.param(8, {"flags": (amber(17),)}, [("MD-3", "amber")], id="amber 13 days before the third missed day still counts"),
    ],
)
def test_md_3_silence(last: int, more: dict[str, object], wanted: list[tuple[str, str]]) -> None:
    assert flags(look(watch(*range(last, 43), **more), NOW)) == wanted  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("flag", "wanted"),
    [
        pytest.param(red(2, 12), [("MD-3", "red")], id="the day after a red was missed"),
        pytest.param(red(2, 12, admitted=True), [], id="in hospital for it"),
        pytest.param(red(6), [], id="heard since that red"),
        pytest.param(amber(2), [], id="after an amber only"),
    ],
)
def test_md_3_silence_just_after_a_red_is_a_check_call(flag: Known, wanted: list[tuple[str, str]]) -> None:
    looked = look(watch(*range(2, 43), flags=(flag,)), NOW)
    assert flags(looked) == wanted
    if wanted:
        assert "urgent flag of 13 June" in looked.judgements[0].sentence


def test_md_3_nobody_is_silent_who_was_heard_today() -> None:
    assert flags(look(watch(0, *range(9, 43), high_risk=True, last_at=day_at(0)), NOW)) == [("MD-6", "info")]


def test_md_3_another_reading_is_not_the_one_that_was_expected() -> None:
    steps = heard(*range(1, 9), what="step_count")
    found = look(replace(watch(*range(8, 43)), heard=(*heard(*range(8, 43)), *steps)), NOW)
    assert flags(found) == [("MD-3", "info")]


def test_md_3_a_flag_stands_at_one_anchor_until_a_fortnight_has_passed() -> None:
    def anchor(last: int) -> tuple[UUID, str]:
        at = NOW + timedelta(days=last)
        shifted = look(watch(*range(1, 43)), at)
        (one,) = shifted.judgements
        return one.anchor, one.numbers["missed_days"]

    first, week = anchor(7), anchor(13)
    assert first[1] == "7"
    assert week == (first[0], "13")
    assert anchor(14)[0] == first[0]
    assert anchor(15)[0] != first[0], "silence that goes on is asked about again"


def test_f35_somebody_who_never_began_has_a_ladder_of_their_own() -> None:
    assert flags(look(watch(plan_days=2), NOW)) == []
    found = look(watch(plan_days=3), NOW)
    assert flags(found) == [("F35", "info")]
    assert found.judgements[0].sentence == "Has not begun: nothing in 3 expected days since 11 June; ring to help"
    assert flags(look(watch(plan_days=7), NOW)) == [("F35", "amber")]
    assert flags(look(watch(plan_days=3, high_risk=True), NOW)) == [("F35", "amber")]


AWAY = Pause(reason=PauseReason.HOLIDAY, from_at=day_at(9, 0), to_at=day_at(-2, 0))


def test_md_7_planned_absence_suspends_reminders_and_silence() -> None:
    found = look(watch(*range(9, 43), high_risk=True, pauses=(AWAY,)), NOW)
    assert (found.judgements, found.notices) == ((), ())
    assert {one.state for one in found.rows[-8:]} == {State.PAUSED}
    assert found.next_at is not None


def test_md_7_what_was_flagged_before_the_absence_stands() -> None:
    mark = FlagMark("MD-3", UUID(int=5), Severity.AMBER, False, "active", UUID(int=6), day_at(10))
    assert look(watch(*range(12, 43), pauses=(AWAY,), marks=(mark,)), NOW).judged == frozenset()


def test_f31_after_absence_the_count_starts_again() -> None:
    back = Pause(reason=PauseReason.ADMISSION, from_at=day_at(9, 0), to_at=day_at(3, 0))
    assert flags(look(watch(*range(11, 43), high_risk=True, pauses=(back,)), NOW)) == []
    longer = Pause(reason=PauseReason.ADMISSION, from_at=day_at(9, 0), to_at=day_at(4, 0))
    assert flags(look(watch(*range(11, 43), high_risk=True, pauses=(longer,)), NOW)) == [("MD-3", "amber")]


def test_md_6_a_drop_of_forty_points_is_told() -> None:
    every = [one for one in ALL if one > 14]
    kept = [2, 4, 6, 8, 10, 12, 14]
    found = look(watch(*every, *kept), NOW)
    assert flags(found) == [("MD-6", "info")]
    assert found.judgements[0].sentence == "Sends less than before: 50 % of what was expected in 14 days, 100 % in the 28 days before"
    assert flags(look(watch(*every, *kept, 3, 5), NOW)) == []
    assert flags(look(watch(*kept, plan_days=16), NOW)) == [], "too little before to say"
    away = Pause(reason=PauseReason.HOLIDAY, from_at=day_at(20, 0), to_at=day_at(12, 0))
    assert flags(look(watch(*every, *kept, pauses=(away,)), NOW)) == [], "absence is no change of habit"


def nudged(looked: Looked) -> list[str]:
    return [one.dedupe for one in looked.notices]


@pytest.mark.parametrize(
    ("back", "hour", "wanted"),
    [
        pytest.param(2, 7, 1, id="a day missed, 08:00"), pytest.param(1, 9, 0, id="yesterday was met"),
        pytest.param(2, 6, 0, id="07:59 is quiet"), pytest.param(2, 19, 1, id="20:30"), pytest.param(2, 20, 0, id="21:30 is quiet"),
        pytest.param(8, 9, 1, id="seven missed"), pytest.param(9, 9, 0, id="eight missed: a nurse sees it"),
    ],
)  # fmt: skip
def test_md_2_one_reminder_a_day_outside_quiet_hours(back: int, hour: int, wanted: int) -> None:
    now = NOW.replace(hour=hour, minute=59 if hour == 6 else 0 if hour == 7 else 30)
    found = look(watch(*range(back, 43)), now)
    assert nudged(found) == [f"nudge:{WHO}:2026-06-15"] * wanted


def test_md_2_an_interval_is_reminded_after_one_and_a_half() -> None:
    weekly = Expect(key="mood", form="phq9", every_days=6)
    period = Period(expected=(weekly,), from_at=day_at(12, 0) - timedelta(hours=1))
    base = replace(watch(), periods=(period,), heard=heard(12, what="phq9"), last_at=day_at(1))
    missed = look(base, day_at(2)).rows[-1]
    assert missed.state is State.MISSED
    half = missed.window.closes_at + timedelta(days=3)
    assert nudged(look(base, half - timedelta(hours=4))) == []
    assert len(nudged(look(base, half + timedelta(hours=10)))) == 1


def test_f35_a_look_writes_what_changed_once_and_knows_when_to_look_again() -> None:
    first = look(watch(*ALL), NOW)
    assert {one.state for one in first.rows} == {State.MET}
    kept = tuple(
        Kept(one.window.id, one.window.key, one.window.on, one.window.opens_at, one.window.closes_at, one.state) for one in first.rows
    )
    again = look(watch(*ALL, kept=kept), NOW)
    assert again.rows == ()
    assert NOW < (again.next_at or NOW) <= NOW + timedelta(hours=24)
    # A reading that was late after all meets its window.
    missed = tuple(replace(one, state=State.MISSED) if place == len(kept) - 1 else one for place, one in enumerate(kept))
    (late,) = look(watch(*ALL, kept=missed), NOW).rows
    assert (late.state, late.met_by) == (State.MET, UUID(int=1001))


def test_f25_each_day_is_held_against_the_plan_of_its_time() -> None:
    old = Period(expected=(WEIGHT,), from_at=day_at(60, 0), until=day_at(5, 12))
    new = Period(expected=(Expect(key="pulse", kind="heart_rate"),), from_at=day_at(5, 12))
    found = look(replace(watch(), periods=(old, new)), NOW).rows
    by_key = {key: [one.window.on.day for one in found if one.window.key == key][-3:] for key in ("weight", "pulse")}
    assert by_key == {"weight": [7, 8, 9], "pulse": [12, 13, 14]}


def test_md_3_without_a_plan_nothing_is_expected() -> None:
    assert look(replace(watch(), periods=()), NOW) == Looked(version=4, next_at=None)
    over = Period(expected=(WEIGHT,), from_at=day_at(60), until=day_at(20))
    assert look(replace(watch(), periods=(over,)), NOW).judgements == ()


def test_md_3_a_storm_is_spread_after_a_night_s_downtime() -> None:
    times = {look(replace(watch(*ALL), patient=UUID(int=n * 977)), NOW.replace(hour=21)).next_at for n in range(20)}
    assert len(times) > 10


def test_md_3_after_a_week_s_downtime_it_is_still_a_flag_of_today() -> None:
    (one,) = look(watch(*range(20, 43), high_risk=True), NOW).judgements
    assert NOW - one.anchor_at < timedelta(hours=24)


def test_md_3_the_flag_is_taken_back_when_the_person_is_heard() -> None:
    mark = FlagMark("MD-3", UUID(int=5), Severity.AMBER, False, "active", UUID(int=6), day_at(2))
    found = look(watch(0, *range(6, 43), high_risk=True, marks=(mark,)), NOW)
    assert (found.judgements, found.judged, found.marks) == ((), frozenset({UUID(int=5)}), (mark,))
    assert found.is_silent
    assert silence.standing([mark])
    assert not silence.standing([replace(mark, state="explained")])
    assert not silence.standing([replace(mark, rule="HF-W1")])


def test_md_3_while_silence_goes_on_its_earlier_flag_stays_as_it_is() -> None:
    mark = FlagMark("MD-3", UUID(int=5), Severity.INFO, False, "active", UUID(int=6), day_at(2))
    assert look(watch(*range(24, 43), marks=(mark,)), NOW).judged == frozenset()
    drop = replace(mark, rule="MD-6")
    assert look(watch(*range(24, 43), marks=(drop,)), NOW).judged == frozenset(), "not looked at while somebody is silent"
    assert look(watch(*ALL, marks=(drop,)), NOW).judged == frozenset({UUID(int=5)})


def test_md_4_no_reading_is_the_anchor_of_a_rule_about_what_did_not_come() -> None:
    one = reading("body_weight", 80)
    assert [judged(rule, one) for rule in silence.RULES] == [None, None, None]
    assert view(one).readings


def every(judgements: Sequence[Judgement]) -> set[tuple[str, UUID]]:
    return {(one.rule, one.anchor) for one in judgements}


def test_inv_7_what_is_heard_in_another_order_says_the_same() -> None:
    base = watch(*range(4, 43), high_risk=True)
    turned = replace(base, heard=tuple(reversed(base.heard)))
    assert every(look(base, NOW).judgements) == every(look(turned, NOW).judgements)
    assert look(base, NOW).rows == look(turned, NOW).rows


def test_md_2_times_of_the_day() -> None:
    twice = Expect(key="glucose", kind="glucose_capillary", times=(time(8), time(18)), tolerance_min=60)
    period = Period(expected=(twice,), from_at=day_at(20, 0))
    found = look(replace(watch(), periods=(period,)), NOW)
    today = [one for one in found.rows if one.window.on == NOW.date()]
    assert [one.state for one in today] == [State.MISSED]


def test_md_3_a_look_becomes_a_concern_unless_the_picture_has_moved_on() -> None:
    looked = look(watch(*range(8, 44)), NOW)
    fired = next(one for one in looked.judgements if one.rule == "MD-3")
    where = picture()
    assert intake.unheard(where, replace(looked, version=where.version + 1), NOW, uuid7).effects.flags == []
    here = replace(looked, version=where.version)
    taken = intake.unheard(where, here, NOW, uuid7)
    assert [(one.rule, one.anchor) for one in taken.effects.flags] == [("MD-3", fired.anchor)]
    again = intake.unheard(where, replace(here, marks=tuple(where.flags)), NOW, uuid7)
    assert again.effects.flags == []
    assert [mark.rule for mark in where.flags] == ["MD-3"]

"""PF-1 and PF-2 on tiny cohorts with numbers worked out by hand."""

import pytest

from server.evaluation.scoring import Watched, Window, chance_level, episodes, score, skill_of, tally

HF = Window()


def watched(fires: list[float], events: list[float], days: float = 365.25) -> Watched:
    return Watched(days=days, fires=fires, events=events)


def test_pf_1_fires_closer_than_fourteen_days_are_one_alert_and_a_chain_stays_one() -> None:
    assert episodes([10, 23.9, 37, 51], 14) == [10, 51]
    assert episodes([24, 10], 14) == [10, 24]
    assert episodes([], 14) == []


@pytest.mark.parametrize(
    ("fire", "true", "unexplained"),
    [
        pytest.param(70, 1, 0, id="30 days before is in time"),
        pytest.param(69.9, 0, 1, id="more than 30 days before is not"),
        pytest.param(100, 1, 0, id="at the event itself is in time"),
        pytest.param(100.1, 0, 0, id="just after is explained, not true"),
        pytest.param(114, 0, 0, id="14 days after is explained"),
        pytest.param(114.1, 0, 1, id="later is not"),
    ],
)
def test_pf_1_what_an_alert_is(fire: float, true: int, unexplained: int) -> None:
    found = tally(watched([fire], [100]), HF)
    assert (found.alerts, found.true, found.found, found.unexplained) == (1, true, true, unexplained)


def test_pf_1_lead_is_from_the_first_alert_in_time() -> None:
    assert tally(watched([75, 95], [100]), HF).leads == (25,)


def test_pf_2_chance_of_4_3_a_year_in_30_days_is_29_8_percent() -> None:
    assert chance_level(4.3, 30) == pytest.approx(0.298, abs=5e-4)
    assert skill_of(0.225, chance_level(4.3, 30)) == pytest.approx(-0.104, abs=1e-3)
    assert skill_of(1.0, 1.0) is None


def test_a_cohort_of_two_by_hand() -> None:
    # Two years, two events: one found 10 days ahead; alerts: that one, and one that nothing explains.
    one = tally(watched([90], [100]), HF)
    other = tally(watched([200], [100]), HF)
    found = score("x", [one, other], HF, draws=50)
    assert (found.patients, found.events, found.alerts) == (2, 2, 2)
    assert found.sensitivity.value == 0.5
    assert found.unexplained_per_patient_year.value == 0.5
    assert found.ppv.value == 0.5
    assert found.lead_days_median.value == 10
    chance = chance_level(0.5, 30)
    assert found.chance.value == chance
    assert found.skill.value == pytest.approx((0.5 - chance) / (1 - chance))
    assert (found.sensitivity.low, found.sensitivity.high) == (0.0, 1.0)
    assert score("x", [one, other], HF, draws=50) == found


def test_days_near_an_event_count_neither_way() -> None:
    window = Window(ahead=14, merge=7)
    person = Watched(days=100, fires=[20.3], events=[60], symptomatic=(20, 30, 50, 65), measured=tuple(range(100)))
    found = tally(person, window)
    assert (found.bad_days, found.quiet_bad_days) == (2, 1)
    assert found.plain_days - found.quiet_days == 1


def test_nobody_has_no_figures() -> None:
    assert score("x", [], HF).sensitivity.value is None
    nothing = score("x", [tally(watched([], []), HF)], HF, draws=5)
    assert (nothing.sensitivity.value, nothing.ppv.value, nothing.lead_days_median.value) == (None, None, None)
    assert nothing.unexplained_per_patient_year.value == 0

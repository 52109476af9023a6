"""AL-12: a nurse is promised only while one is on shift."""

from datetime import UTC, datetime, time, timedelta

import pytest

from domain.detection.judgement import Severity
from domain.episodes.calendar import Calendar, Hours
from domain.episodes.episode import State
from domain.episodes.promise import WORDS, Next, Promise, honest, promise

TEN = datetime(2026, 11, 25, 10, tzinfo=UTC)
NIGHT = datetime(2026, 11, 25, 22, tzinfo=UTC)
LONDON = [Calendar(zone="Europe/London", hours=tuple(Hours(day, time(8), time(18)) for day in range(5)))]
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("severity", "raised", "now", "calendars", "what", "by"),
    [
        pytest.param(Severity.RED, TEN, TEN, LONDON, Next.NURSE_WILL_RING, TEN + HOUR, id="red on shift"),
        pytest.param(Severity.RED, TEN, TEN + HOUR, LONDON, Next.RING_111, None, id="red, and nobody rang within the hour"),
        pytest.param(Severity.RED, NIGHT, NIGHT, LONDON, Next.RING_111, None, id="red at night"),
        pytest.param(Severity.AMBER, TEN, TEN, LONDON, Next.NURSE_WILL_LOOK, TEN + 24 * HOUR, id="amber on shift"),
        pytest.param(Severity.AMBER, NIGHT, NIGHT, LONDON, Next.LOOKED_AT_FROM, NIGHT + 10 * HOUR, id="amber at night"),
        pytest.param(Severity.AMBER, TEN, TEN, [], Next.NOBODY_WATCHES, None, id="amber that no team watches"),
        pytest.param(Severity.INFO, TEN, TEN, [], Next.NOBODY_WATCHES, None, id="acc_6 information that no team watches"),
        pytest.param(Severity.AMBER, TEN, TEN, [Calendar(zone="Europe/London")], Next.RING_111, None, id="amber of a team that never opens"),
        pytest.param(Severity.INFO, NIGHT, NIGHT, LONDON, Next.WE_WATCH, None, id="information"),
    ],
)
def test_al_12_what_happens_next_and_by_when(
    severity: Severity, raised: datetime, now: datetime, calendars: list[Calendar], what: Next, by: datetime | None
) -> None:
    found = promise(severity, State.OPEN, raised, calendars, now, emergency=False, is_taken=False)
    assert (found.what, found.by) == (what, by)
    assert ("nurse will ring" in WORDS[found.what].lower()) == (what is Next.NURSE_WILL_RING)


def test_al_12_an_emergency_a_taken_and_a_closed_concern() -> None:
    def next_of(state: State, *, emergency: bool, is_taken: bool) -> Next:
        return promise(Severity.RED, state, TEN, LONDON, TEN, emergency=emergency, is_taken=is_taken).what

    assert next_of(State.OPEN, emergency=True, is_taken=True) is Next.RING_999
    assert next_of(State.ACKNOWLEDGED, emergency=False, is_taken=True) is Next.NURSE_HAS_IT
    assert next_of(State.CLOSED, emergency=True, is_taken=True) is Next.OVER
    assert set(WORDS) == set(Next)


def test_acc_6_where_no_team_sees_it_no_team_is_spoken_of_and_no_nurse() -> None:
    for severity in Severity:
        for emergency, is_taken in ((True, False), (False, True), (False, False)):
            found = promise(severity, State.OPEN, TEN, [], TEN, emergency=emergency, is_taken=is_taken)
            assert found.what is (Next.RING_999 if emergency else Next.NOBODY_WATCHES)
            assert "Your team" not in WORDS[found.what]
            assert "nurse" not in WORDS[found.what]


def test_inv_15_nobody_is_promised_to_look_while_nobody_is_told() -> None:
    assert honest(Promise(what=Next.NURSE_WILL_RING, by=TEN), is_current=False) == Promise(what=Next.MAY_NOT_BE_SEEN)
    assert honest(Promise(what=Next.NURSE_WILL_RING, by=TEN), is_current=True).by == TEN
    # What asks for nobody to be told stands.
    for what in (Next.RING_999, Next.NURSE_HAS_IT, Next.RING_111, Next.NOBODY_WATCHES, Next.OVER):
        assert honest(Promise(what=what), is_current=False).what is what

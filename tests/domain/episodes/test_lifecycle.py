"""AL rules: one episode per concern, worse goes up at once, nothing red goes quietly; and what staff can do."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain.detection.judgement import Judgement, Severity, Verdict
from domain.detection.picture import Picture
from domain.episodes import lifecycle
from domain.episodes.episode import Change, Closed, DismissReason, Effects, Episode, Event, FlagState, Result, State
from domain.episodes.timer import Step
from domain.errors import Conflict, Invalid
from tests.builders import NOW, picture

STAFF, OTHER = uuid7(), uuid7()


def fired(severity: Severity, *, rule: str = "HF-W1", anchor: UUID | None = None, hours: float = 0, **more: Any) -> Judgement:
    return Judgement(
        rule=rule, version=1, group=more.pop("group", "HF-W"), anchor=anchor or uuid7(), anchor_at=NOW - timedelta(hours=hours),
        verdict=Verdict.FIRED, severity=severity, advice="ADV-HF", sentence="why", **more,
    )  # fmt: skip


def changed(change: Change | None) -> Change:
    assert change is not None
    return change


def settle(where: Picture, *judgements: Judgement, judged: tuple[UUID, ...] = (), corrected: tuple[UUID, ...] = ()) -> Effects:
    seen = frozenset(one.anchor for one in judgements) | frozenset(judged)
    return lifecycle.settle(
        where, judgements, covers=lambda _rule, anchor: anchor in seen, corrected=frozenset(corrected), now=NOW, new_id=uuid7
    )


def test_al_1_amber_opens_an_episode_and_tells_staff_and_patient() -> None:
    where = picture()
    effects = settle(where, fired(Severity.AMBER))
    assert [(one.state, one.severity, one.expires_at) for one in effects.episodes] == [(State.OPEN, Severity.AMBER, None)]
    assert [(one.audience, one.topic) for one in effects.notices] == [("staff", "flag"), ("patient", "advice")]
    assert where.episodes == effects.episodes
    assert where.flags[0].episode == effects.episodes[0].id


def test_al_2_firing_again_while_open_adds_evidence_and_no_second_alert() -> None:
    where = picture()
    settle(where, fired(Severity.AMBER))
    effects = settle(where, fired(Severity.AMBER))
    assert (effects.episodes, [one.audience for one in effects.notices]) == ([], ["patient"])
    assert len({mark.episode for mark in where.flags}) == 1
    same = fired(Severity.AMBER, anchor=where.flags[0].anchor)
    assert settle(where, same) == Effects()


def test_al_3_worse_goes_up_at_once_whoever_has_it() -> None:
    where = picture()
    settle(where, fired(Severity.AMBER))
    taken = changed(lifecycle.acknowledge(where.episodes[0], STAFF, NOW)).episode
    where.episodes = [taken]
    effects = settle(where, fired(Severity.RED))
    (raised,) = effects.episodes
    assert (raised.state, raised.owner, raised.severity, raised.version) == (State.OPEN, None, Severity.RED, taken.version + 1)
    assert [one.what for one in effects.events] == ["raised"]
    again = settle(where, fired(Severity.RED, emergency=True))
    assert again.episodes[0].emergency
    assert again.episodes[0].floor_emergency


def test_an_emergency_of_the_floor_marks_an_episode_that_was_one_already() -> None:
    where = picture()
    settle(where, fired(Severity.RED, rule="NW-1", group="HF-W", emergency=True))
    assert not where.episodes[0].floor_emergency
    effects = settle(where, fired(Severity.RED, emergency=True))
    assert (effects.episodes[0].floor_emergency, effects.events) == (True, [])


def test_information_is_watched_for_a_day_and_then_ends() -> None:
    where = picture()
    effects = settle(where, fired(Severity.INFO))
    (watched,) = effects.episodes
    assert watched.expires_at == where.due_at == NOW + lifecycle.WATCHED
    assert [one.audience for one in effects.notices] == ["patient"]
    sooner = picture()
    sooner.due_at = NOW + timedelta(minutes=5)
    settle(sooner, fired(Severity.INFO))
    assert sooner.due_at == NOW + timedelta(minutes=5)
    ended, events = lifecycle.expire(watched, NOW)
    assert (ended.state, ended.closed_how, events[0].what) == (State.CLOSED, Closed.EXPIRED, "expired")


@pytest.mark.parametrize(
    ("severity", "hours", "state"),
    [
        (Severity.RED, 24, FlagState.ACTIVE), (Severity.RED, 24.01, FlagState.FOUND_LATE), (Severity.AMBER, 72, FlagState.ACTIVE),
        (Severity.AMBER, 72.01, FlagState.FOUND_LATE), (Severity.INFO, 24, FlagState.ACTIVE),
        (Severity.INFO, 24.01, FlagState.FOUND_LATE),
    ],
)  # fmt: skip
def test_dq_8_found_late_is_a_note_and_calls_nobody(severity: Severity, hours: float, state: FlagState) -> None:
    effects = settle(picture(), fired(severity, hours=hours))
    assert [one.state for one in effects.flags] == [state]
    assert bool(effects.episodes) == bool(effects.notices) == (state is FlagState.ACTIVE)


def test_a_closed_episode_is_not_called_again_by_the_same_reading_unless_worse() -> None:
    where = picture()
    settle(where, fired(Severity.AMBER))
    anchor, episode = where.flags[0].anchor, where.episodes[0].id
    where.episodes = []
    effects = settle(where, fired(Severity.INFO, anchor=anchor))
    assert (effects.episodes, effects.flags[0].episode) == ([], episode)
    effects = settle(where, fired(Severity.RED, anchor=anchor))
    assert [one.what for one in effects.events] == ["opened"]


def test_what_no_reading_supports_any_more_is_explained_and_the_severity_stays() -> None:
    where = picture()
    settle(where, fired(Severity.RED))
    mark = where.flags[0]
    effects = settle(where, judged=(mark.anchor,))
    assert ([one.state for one in effects.flags], [one.what for one in effects.events]) == ([FlagState.EXPLAINED], ["explained"])
    assert where.episodes[0].severity is Severity.RED
    assert settle(where, judged=(mark.anchor,)) == Effects()
    assert settle(where, fired(Severity.RED, anchor=mark.anchor)).flags[0].state is FlagState.ACTIVE


def test_a_found_late_note_can_be_explained_too() -> None:
    where = picture()
    settle(where, fired(Severity.RED, hours=30, rule="ING-12", group="OPS"))
    effects = settle(where, judged=(where.flags[0].anchor,))
    assert (effects.flags[0].state, effects.events) == (FlagState.EXPLAINED, [])


def test_a_correction_withdraws_and_a_red_waits_for_a_person() -> None:
    for severity, left in ((Severity.AMBER, []), (Severity.INFO, []), (Severity.RED, [State.OPEN])):
        where = picture()
        settle(where, fired(severity))
        effects = settle(where, corrected=(where.flags[0].anchor,))
        assert effects.flags[0].state is FlagState.WITHDRAWN
        assert [one.state for one in where.episodes] == left
        assert ("withdrawn" in [one.topic for one in effects.notices]) == (severity > Severity.INFO)
        assert settle(where, corrected=(where.flags[0].anchor,)) == Effects()


def test_an_episode_with_another_reason_stays_open_after_a_correction() -> None:
    where = picture()
    settle(where, fired(Severity.AMBER), fired(Severity.AMBER, rule="HF-W3"))
    settle(where, corrected=(where.flags[0].anchor,))
    assert [one.state for one in where.episodes] == [State.OPEN]


def test_dm_1_advice_without_an_event_is_told_once_it_is_recent() -> None:
    quiet = Judgement(rule="DM-1", version=1, group="DM-HYPO", anchor=uuid7(), anchor_at=NOW, verdict=Verdict.NOT_FIRED,
                      advice="ADV-HYPO")  # fmt: skip
    assert [one.advice for one in settle(picture(), quiet).notices] == ["ADV-HYPO"]
    old = Judgement(rule="DM-1", version=1, group="DM-HYPO", anchor=uuid7(), anchor_at=NOW - timedelta(days=2),
                    verdict=Verdict.NOT_FIRED, advice="ADV-HYPO")  # fmt: skip
    assert settle(picture(), old).notices == []
    silent = Judgement(rule="ING-12", version=1, group="OPS", anchor=uuid7(), anchor_at=NOW, verdict=Verdict.FIRED,
                       severity=Severity.AMBER)  # fmt: skip
    assert [one.audience for one in settle(picture(), silent).notices] == ["staff"]


def episode(severity: Severity = Severity.AMBER, **more: Any) -> Episode:
    return Episode(id=uuid7(), group="HF-W", severity=severity, opened_at=NOW, raised_at=NOW, **more)


def test_alp_5_taking_is_idempotent_for_its_owner_only() -> None:
    change = changed(lifecycle.acknowledge(episode(), STAFF, NOW))
    taken = change.episode
    assert (taken.owner, taken.state, taken.version, change.events[0].what) == (STAFF, State.ACKNOWLEDGED, 2, "acknowledged")
    assert lifecycle.acknowledge(taken, STAFF, NOW) is None
    with pytest.raises(Conflict):
        lifecycle.acknowledge(taken, OTHER, NOW)


def test_alp_5_a_red_that_is_taken_has_half_an_hour_and_one_acted_on_has_longer() -> None:
    taken = changed(lifecycle.acknowledge(episode(Severity.RED), STAFF, NOW))
    assert taken.timer is not None
    assert (taken.timer.step, taken.timer.due_at) == (Step.NOT_ACTED, NOW + timedelta(minutes=30))
    begun = lifecycle.start(taken.episode, "rang her", STAFF, NOW)
    assert begun.timer is not None
    assert (begun.episode.state, begun.timer.step, begun.events[0].body) == (State.IN_PROGRESS, Step.NOT_CLOSED, {"reason": "rang her"})
    assert lifecycle.start(episode(), "", STAFF, NOW).episode.owner == STAFF
    with pytest.raises(Conflict):
        lifecycle.start(taken.episode, "", OTHER, NOW)


@pytest.mark.parametrize(
    ("severity", "hours"), [(Severity.RED, 4), (Severity.AMBER, 7 * 24), (Severity.INFO, 7 * 24)]
)
def test_al_7_snooze_has_an_end_and_a_reason(severity: Severity, hours: int) -> None:
    until = NOW + timedelta(hours=hours)
    change = lifecycle.snooze(episode(severity), until, "seen tomorrow", STAFF, NOW)
    assert (change.episode.snoozed_until, change.episode.snooze_reason) == (until, "seen tomorrow")
    assert change.timer is not None
    assert (change.timer.step, change.timer.due_at) == (Step.BACK, until)
    for wrong in (until + timedelta(seconds=1), NOW):
        with pytest.raises(Invalid):
            lifecycle.snooze(episode(severity), wrong, "why", STAFF, NOW)
    with pytest.raises(Invalid):
        lifecycle.snooze(episode(severity), until, "  ", STAFF, NOW)


def test_al_7_an_emergency_of_the_floor_cannot_be_snoozed() -> None:
    with pytest.raises(Conflict):
        lifecycle.snooze(episode(Severity.RED, floor_emergency=True), NOW + timedelta(hours=1), "why", STAFF, NOW)


def test_al_11_no_action_asks_why() -> None:
    for result in (Result.NO_ACTION_NEEDED, Result.FALSE_ALARM):
        with pytest.raises(Invalid):
            lifecycle.close(episode(), result, None, STAFF, NOW)
    change = lifecycle.close(episode(), Result.FALSE_ALARM, DismissReason.EXPECTED, STAFF, NOW)
    closed = change.episode
    assert (closed.closed_how, closed.dismiss_reason, closed.owner) == (Closed.DISMISSED, DismissReason.EXPECTED, STAFF)
    assert (change.events[0].body, change.timer) == ({"result": "false_alarm", "reason": "expected"}, None)
    acted = lifecycle.close(episode(), Result.VISIT, None, STAFF, NOW)
    assert (acted.episode.closed_how, acted.episode.dismiss_reason) == (Closed.RESOLVED, None)
    assert acted.events[0].body == {"result": "visit"}
    for act in (
        lambda: lifecycle.acknowledge(closed, STAFF, NOW), lambda: lifecycle.close(closed, Result.VISIT, None, STAFF, NOW),
        lambda: lifecycle.start(closed, "", STAFF, NOW),
    ):  # fmt: skip
        with pytest.raises(Conflict):
            act()


def opened(severity: Severity = Severity.RED) -> Episode:
    where = picture()
    settle(where, fired(severity))
    return where.episodes[0]


def test_ux_4_2_what_is_handed_over_is_open_with_a_name_on_it_and_climbs_the_ladder_until_it_is_taken() -> None:
    mine = changed(lifecycle.acknowledge(opened(), STAFF, NOW)).episode
    change = lifecycle.hand_over(mine, OTHER, "Sr B", "Ring her after lunch.", STAFF, NOW)
    given = change.episode
    assert (given.state, given.owner, given.acknowledged_at) == (State.OPEN, OTHER, None)
    assert [(one.what, one.by, one.body) for one in change.events] == [
        ("handed_over", STAFF, {"reason": "Ring her after lunch.", "to": "Sr B"})]  # fmt: skip
    assert [(one.topic, one.role, one.recipient) for one in change.notices] == [("flag", "owner", OTHER)]
    assert change.timer is not None
    assert (change.timer.step, change.timer.since) == (Step.FIRST, NOW)
    # Whoever gets to it first takes it, also when it bears another's name.
    assert changed(lifecycle.acknowledge(given, STAFF, NOW)).episode.owner == STAFF
    taken = changed(lifecycle.acknowledge(given, OTHER, NOW)).episode
    assert (taken.state, taken.owner) == (State.ACKNOWLEDGED, OTHER)
    with pytest.raises(Conflict):
        lifecycle.hand_over(taken, None, "", "mine", STAFF, NOW)


def test_ux_4_2_what_is_handed_back_is_told_to_the_team_again() -> None:
    mine = changed(lifecycle.acknowledge(opened(), STAFF, NOW)).episode
    change = lifecycle.hand_over(mine, None, "", "I am called away.", STAFF, NOW)
    assert (change.episode.state, change.episode.owner) == (State.OPEN, None)
    assert [(one.role, one.recipient) for one in change.notices] == [("nurse", None)]
    assert [one.what for one in change.events] == ["handed_back"]
    with pytest.raises(Conflict):
        lifecycle.hand_over(change.episode, None, "", "again", STAFF, NOW)
    for to, note in ((STAFF, "me"), (OTHER, " ")):
        with pytest.raises(Invalid):
            lifecycle.hand_over(mine, to, "x", note, STAFF, NOW)
    watch = opened(Severity.INFO)
    quiet = lifecycle.hand_over(watch, OTHER, "Sr B", "Have a look.", STAFF, NOW)
    assert (quiet.notices, quiet.timer) == ((), None)


def test_ux_4_2_what_oneself_did_last_is_taken_back_within_seconds() -> None:
    first = opened()
    took = changed(lifecycle.acknowledge(first, STAFF, NOW))
    back = lifecycle.undo(took.episode, took.events[-1], STAFF, NOW + lifecycle.UNDO)
    assert (back.episode.state, back.episode.owner, back.timer is not None and back.timer.step) == (State.OPEN, None, Step.FIRST)
    assert [one.role for one in back.notices] == ["nurse"]
    acts = {
        "started": lifecycle.start(took.episode, "ringing", STAFF, NOW),
        "closed": lifecycle.close(took.episode, Result.ADVICE_GIVEN, None, STAFF, NOW),
        "handed_over": lifecycle.hand_over(took.episode, OTHER, "Sr B", "hers", STAFF, NOW),
        "snoozed": lifecycle.snooze(took.episode, NOW + timedelta(hours=1), "lunch", STAFF, NOW),
    }
    for what, done in acts.items():
        undone = lifecycle.undo(done.episode, done.events[-1], STAFF, NOW)
        now = undone.episode
        assert (now.state, now.owner, now.closed_at, now.snoozed_until) == (State.ACKNOWLEDGED, STAFF, None, None), what
        assert (now.result, now.closed_how, now.version) == (None, None, done.episode.version + 1)
        assert undone.timer is not None
        assert undone.timer.step is Step.NOT_ACTED
        assert [(one.what, one.body) for one in undone.events] == [("undone", {"was": what})]
    started = lifecycle.snooze(acts["started"].episode, NOW + timedelta(hours=1), "lunch", STAFF, NOW)
    assert changed(lifecycle.undo(started.episode, started.events[-1], STAFF, NOW)).timer.step is Step.NOT_CLOSED  # type: ignore[union-attr]
    untaken = lifecycle.snooze(first, NOW + timedelta(hours=1), "lunch", STAFF, NOW)
    assert changed(lifecycle.undo(untaken.episode, untaken.events[-1], STAFF, NOW)).episode.state is State.OPEN


def test_ux_4_2_nothing_else_is_taken_back() -> None:
    took = changed(lifecycle.acknowledge(opened(), STAFF, NOW))
    late, theirs = NOW + lifecycle.UNDO + timedelta(seconds=1), OTHER
    for last, who, when in ((took.events[-1], STAFF, late), (took.events[-1], theirs, NOW), (None, STAFF, NOW)):
        with pytest.raises(Conflict):
            lifecycle.undo(took.episode, last, who, when)
    raised = changed(lifecycle.acknowledge(opened(), STAFF, NOW)).events[-1]
    with pytest.raises(Conflict):
        lifecycle.undo(took.episode, Event(episode=raised.episode, what="raised", at=NOW, by=STAFF), STAFF, NOW)

"""AL-4, AL-5, AL-9, INV-8: only what was measured ends a concern; then the same one rests, and a shadow calls nobody."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain.detection.judgement import Severity
from domain.detection.picture import Picture
from domain.episodes import clearing, lifecycle
from domain.episodes.episode import Closed, Effects, FlagState, State
from tests.builders import NOW, picture
from tests.domain.episodes.test_lifecycle import STAFF, changed, fired, settle

PROOF = uuid7()


class Said(msgspec.Struct, frozen=True):
    """What a rule answers when it is asked whether something is over."""

    holds: bool | None
    reason: str = "two readings below 170/110"
    evidence: tuple[UUID, ...] = (PROOF,)


def resolve(where: Picture, answers: Mapping[str, bool | None], now: datetime = NOW) -> Effects:
    effects = Effects()
    clearing.resolve(where, lambda rule, _at: Said(answers[rule]) if rule in answers else None, now, effects)
    return effects


@pytest.mark.parametrize(("severity", "told"), [(Severity.INFO, []), (Severity.AMBER, []), (Severity.RED, ["resolved"])])
def test_al_4_a_concern_that_is_over_ends_and_says_by_which_readings(severity: Severity, told: list[str]) -> None:
    where = picture()
    settle(where, fired(severity, rule="HT-4"))
    effects = resolve(where, {"HT-4": True})
    (over,) = effects.episodes
    assert (over.state, over.closed_how, over.result, where.episodes) == (State.CLOSED, Closed.RESOLVED, None, [])
    assert effects.events[0].body == {"why": "two readings below 170/110", "readings": str(PROOF)}
    assert [one.topic for one in effects.notices] == told


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"HT-4": None}, id="too little was measured"),
        pytest.param({"HT-4": False}, id="it goes on"),
        pytest.param({}, id="a rule that never clears by itself"),
        pytest.param({"HF-W1": True}, id="another rule of the same concern goes on"),
    ],
)
def test_inv_8_md_4_missing_never_clears(answers: dict[str, bool | None]) -> None:
    where = picture()
    settle(where, fired(Severity.RED, rule="HT-4"), fired(Severity.AMBER, rule="HF-W1"))
    assert resolve(where, answers | ({"HF-W1": True} if "HT-4" in answers else {})) == Effects()
    assert [one.state for one in where.episodes] == [State.OPEN]


def test_an_episode_of_nothing_but_withdrawn_flags_is_no_question_of_clearing() -> None:
    where = picture()
    settle(where, fired(Severity.RED, rule="HT-4"))
    where.flags = [replace(one, state=FlagState.WITHDRAWN) for one in where.flags]
    assert resolve(where, {"HT-4": True}) == Effects()


def test_al_4_what_somebody_has_taken_stays_hers_to_close_and_she_hears_of_it_once() -> None:
    where = picture()
    settle(where, fired(Severity.AMBER))
    where.episodes = [changed(lifecycle.acknowledge(where.episodes[0], STAFF, NOW)).episode]
    effects = resolve(where, {"HF-W1": True})
    assert [(one.state, one.cleared_at) for one in effects.episodes] == [(State.ACKNOWLEDGED, NOW)]
    assert [(one.topic, one.recipient) for one in effects.notices] == [("cleared", STAFF)]
    assert resolve(where, {"HF-W1": True}) == Effects()
    again = settle(where, fired(Severity.AMBER))
    assert [one.cleared_at for one in again.episodes] == [None]


@pytest.mark.parametrize(
    ("severity", "hours", "rule", "group", "called"),
    [
        pytest.param(Severity.AMBER, 71.9, "HF-W1", "HF-W", False, id="amber rests 72 hours"),
        pytest.param(Severity.AMBER, 72, "HF-W1", "HF-W", True, id="and no longer"),
        pytest.param(Severity.INFO, 23.9, "HT-4", "HF-W", False, id="information rests 24 hours"),
        pytest.param(Severity.INFO, 24, "HT-4", "HF-W", True, id="information after a day"),
        pytest.param(Severity.RED, 0.1, "HF-W1", "HF-W", True, id="a red never rests"),
        pytest.param(Severity.AMBER, 0.1, "F44", "SYMPTOM", True, id="somebody who feels worse is always heard"),
        pytest.param(Severity.AMBER, 0.1, "HF-W3", "HF-W", True, id="another rule"),
    ],
)
def test_al_5_the_same_rule_and_severity_rests_after_it_was_resolved(
    severity: Severity, hours: float, rule: str, group: str, called: bool
) -> None:
    where = picture()
    where.resolved = {f"HF-W1:{int(Severity.AMBER)}": NOW, f"HT-4:{int(Severity.INFO)}": NOW, f"F44:{int(Severity.AMBER)}": NOW,
                      f"HF-W1:{int(Severity.RED)}": NOW}  # fmt: skip
    later = NOW + timedelta(hours=hours)
    judgement = fired(severity, rule=rule, group=group, hours=-hours)
    effects = lifecycle.settle(
        where, [judgement], covers=lambda _rule, _anchor: False, corrected=frozenset(), now=later, new_id=uuid7
    )
    assert bool(effects.episodes) == called
    assert [one.state for one in effects.flags] == [FlagState.ACTIVE]
    assert "patient" in [one.audience for one in effects.notices]


def test_al_5_an_emergency_never_rests_and_what_is_old_is_forgotten() -> None:
    where = picture()
    where.resolved = {f"HF-W1:{int(Severity.AMBER)}": NOW, "OLD:2": NOW - timedelta(hours=73)}
    assert settle(where, fired(Severity.AMBER, emergency=True)).episodes != []
    resolve(where, {"HF-W1": True}, NOW + timedelta(hours=1))
    assert where.resolved == {f"HF-W1:{int(Severity.AMBER)}": NOW + timedelta(hours=1)}


def test_al_9_a_shadow_is_recorded_and_calls_nobody() -> None:
    where = picture()
    where.shadow = frozenset({"HF-W3", "HF-W1"})
    effects = settle(where, fired(Severity.AMBER, rule="HF-W3"))
    assert ([one.state for one in effects.flags], effects.episodes, effects.notices) == ([FlagState.SHADOW], [], [])
    anchor = where.flags[0].anchor
    assert settle(where, fired(Severity.AMBER, rule="HF-W3", anchor=anchor)) == Effects()
    where.shadow |= {"F44"}
    assert settle(where, fired(Severity.AMBER, rule="F44", group="SYMPTOM")).episodes != []
    # The safety floor, a red and an emergency are never in the shadow.
    assert settle(where, fired(Severity.AMBER, rule="HF-W1")).episodes != []
    assert settle(where, fired(Severity.RED, rule="HF-W3", group="X", emergency=True)).episodes != []
    assert settle(where, fired(Severity.RED, rule="HF-W3", group="Y")).episodes != []
    # Back in use, the same reading is shown; no longer supported, it is explained.
    where.shadow = frozenset()
    assert settle(where, fired(Severity.AMBER, rule="HF-W3", anchor=anchor)).flags[0].state is FlagState.ACTIVE


def test_a_shadow_that_no_reading_supports_is_explained() -> None:
    where = picture()
    where.shadow = frozenset({"HF-W3"})
    settle(where, fired(Severity.AMBER, rule="HF-W3"))
    assert settle(where, judged=(where.flags[0].anchor,)).flags[0].state is FlagState.EXPLAINED

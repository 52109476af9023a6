"""AL-8, ALP-6, ALP-10: who is told now, who waits and why."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain.detection.judgement import Severity
from domain.episodes.calendar import Calendar, Hours
from domain.episodes.episode import State
from domain.episodes.escalation import Role
from domain.episodes.notify import LOG, Asked, Drop, Hold, Member, Reach, Send, Team, decide, subject

TEN = datetime(2026, 11, 25, 10, tzinfo=UTC)
NIGHT = datetime(2026, 11, 25, 22, tzinfo=UTC)
OPENS = datetime(2026, 11, 26, 8, tzinfo=UTC)
MAIL = Reach("email", "ana@example.org")
ANA = Member(id=uuid7(), job="nurse", reaches=(MAIL, LOG))
TOM = Member(id=uuid7(), job="nurse")
MARY = Member(id=uuid7(), job="lead")
TEAM = Team(
    id=uuid7(), name="Nurses", members=(ANA, TOM, MARY), out_of_hours_reaches=(Reach("email", "oncall@example.org"),),
    calendar=Calendar(zone="Europe/London", hours=tuple(Hours(day, time(8), time(18)) for day in range(5))),
)  # fmt: skip


def asked(severity: Severity = Severity.RED, role: Role = Role.NURSE, **more: Any) -> Asked:
    return replace(Asked(role=role, topic="flag", place=1, severity=severity, state=State.OPEN), **more)


def told(found: tuple[Send, ...] | Hold | Drop) -> set[UUID]:
    assert isinstance(found, tuple), found
    return {one.recipient for one in found}


def test_the_rota_says_who_is_on_duty_and_jobs_where_it_says_nothing() -> None:
    assert told(decide(asked(), [TEAM], {}, TEN)) == {ANA.id, TOM.id}
    on_duty = replace(TEAM, members=(ANA, replace(TOM, duty="nurse"), replace(MARY, duty="deputy")))
    assert told(decide(asked(), [on_duty], {}, TEN)) == {TOM.id}
    assert told(decide(asked(role=Role.DEPUTY), [on_duty], {}, TEN)) == {MARY.id}
    assert told(decide(asked(role=Role.DEPUTY), [TEAM], {}, TEN)) == {MARY.id}
    assert told(decide(asked(role=Role.LEAD), [TEAM], {}, NIGHT)) == {MARY.id}
    nobody_by_job = replace(TEAM, members=(replace(MARY, job="coordinator"), replace(TOM, job="admin", duty="deputy")))
    assert told(decide(asked(), [nobody_by_job], {}, TEN)) == {TOM.id}
    assert told(decide(asked(), [replace(TEAM, members=(replace(MARY, job="coordinator"),))], {}, TEN)) == {MARY.id}
    assert decide(asked(), [replace(TEAM, members=())], {}, TEN) == Drop("nobody on duty")
    assert decide(asked(), [], {}, TEN) == Drop("nobody shares")


def test_a_second_team_is_told_as_well_and_nobody_twice() -> None:
    second = replace(TEAM, id=uuid7(), members=(ANA, replace(TOM, id=uuid7())))
    assert len(told(decide(asked(), [TEAM, second], {}, TEN))) == 3
    shut = replace(second, calendar=Calendar(zone="Europe/London"))
    assert told(decide(asked(), [TEAM, shut], {}, TEN)) == {ANA.id, TOM.id}


def test_acc_2_one_chosen_in_person_is_told_and_whoever_stands_in_for_the_team_is_not() -> None:
    chosen = replace(TEAM, members=(TOM,), chosen=True)
    for role in (Role.NURSE, Role.DEPUTY, Role.LEAD):
        assert told(decide(asked(role=role), [chosen], {}, TEN)) == {TOM.id}
    assert decide(asked(role=Role.OUT_OF_HOURS), [chosen], {}, NIGHT) == Drop("nobody on duty")
    assert told(decide(asked(role=Role.OUT_OF_HOURS), [TEAM, chosen], {}, NIGHT)) == {TEAM.id}


def test_channels_go_round_and_whoever_has_none_is_told_in_the_log() -> None:
    def channels(place: int) -> list[str]:
        found = decide(asked(place=place), [TEAM], {}, TEN)
        assert isinstance(found, tuple)
        return [one.reach.channel for one in found]

    assert [channels(place) for place in (1, 2, 3)] == [["email", "log"], ["log", "log"], ["email", "log"]]


def test_outside_hours_a_red_is_the_out_of_hours_routes_and_the_rest_waits_for_the_shift() -> None:
    assert decide(asked(), [TEAM], {}, NIGHT) == Drop("out of hours")
    assert decide(asked(role=Role.OUT_OF_HOURS), [TEAM], {}, NIGHT) == (Send(TEAM.id, Reach("email", "oncall@example.org")),)
    assert decide(asked(role=Role.OUT_OF_HOURS), [replace(TEAM, out_of_hours_reaches=())], {}, NIGHT) == (Send(TEAM.id, LOG),)
    assert decide(asked(Severity.AMBER), [TEAM], {}, NIGHT) == Hold(OPENS, "out of hours")
    never = replace(TEAM, calendar=Calendar(zone="Europe/London"))
    assert decide(asked(Severity.AMBER), [never], {}, NIGHT) == Drop("never staffed")
    assert told(decide(asked(role=Role.OWNER, owner=ANA.id, topic="not_acted"), [TEAM], {}, NIGHT)) == {ANA.id}
    assert isinstance(decide(asked(Severity.AMBER, role=Role.OWNER, owner=ANA.id, topic="cleared"), [TEAM], {}, NIGHT), Hold)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"state": State.CLOSED}, "closed"), ({"state": State.ACKNOWLEDGED}, "taken"), ({"state": State.IN_PROGRESS}, "taken"),
        ({"snoozed_until": TEN + timedelta(minutes=1)}, "put off"),
    ],
)  # fmt: skip
def test_what_nobody_needs_any_more_is_not_sent(more: dict[str, Any], reason: str) -> None:
    assert decide(asked(**more), [TEAM], {}, TEN) == Drop(reason)
    assert told(decide(asked(**more, topic="withdrawn"), [TEAM], {}, TEN)) == {ANA.id, TOM.id}
    assert told(decide(asked(snoozed_until=TEN), [TEAM], {}, TEN)) == {ANA.id, TOM.id}


def test_al_8_at_most_one_push_about_a_patient_in_half_an_hour_except_reds() -> None:
    just_now = {ANA.id: TEN - timedelta(minutes=29), TOM.id: TEN - timedelta(minutes=10)}
    assert decide(asked(Severity.AMBER), [TEAM], just_now, TEN) == Hold(TEN + timedelta(minutes=1), "told about this patient just now")
    assert told(decide(asked(Severity.RED), [TEAM], just_now, TEN)) == {ANA.id, TOM.id}
    assert told(decide(asked(Severity.AMBER), [TEAM], {TOM.id: TEN}, TEN)) == {ANA.id}
    assert told(decide(asked(Severity.AMBER), [TEAM], {ANA.id: TEN - timedelta(minutes=30), TOM.id: TEN}, TEN)) == {ANA.id}


def test_inv_18_a_push_says_how_many_and_never_who() -> None:
    assert [subject(2, 1), subject(1, 0), subject(0, 3), subject(0, 0)] == [
        "2 urgent, 1 soon", "1 urgent", "3 soon", "something to look at",
    ]  # fmt: skip

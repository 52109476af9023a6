"""AL-6, AL-7, ALP-4, ALP-5: the ladder of an unanswered concern, inside and outside staffed hours, and after a pause."""

from datetime import UTC, datetime, time, timedelta

from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain.detection.judgement import Severity
from domain.episodes import escalation
from domain.episodes.calendar import Calendar, Hours
from domain.episodes.episode import Episode, State
from domain.episodes.escalation import Climb, Role
from domain.episodes.timer import Step, Timer

LONDON = [Calendar(zone="Europe/London", hours=tuple(Hours(day, time(8), time(18)) for day in range(5)))]
NEVER: list[Calendar] = []
TEN = datetime(2026, 11, 25, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def episode(severity: Severity = Severity.RED, at: datetime = TEN) -> Episode:
    return Episode(id=uuid7(), group="HT", severity=severity, opened_at=at, raised_at=at)


def begun(severity: Severity = Severity.RED, at: datetime = TEN) -> Timer:
    timer = escalation.begin(episode(severity, at), at)
    assert timer is not None
    return timer


def climbed(timer: Timer, now: datetime, calendars: list[Calendar] = LONDON, *, received: bool = False) -> Climb:
    found = escalation.climb(timer, State.OPEN, calendars, now, received=received)
    assert found is not None
    return found


def walk(timer: Timer, calendars: list[Calendar], steps: int) -> list[tuple[str, str, list[str], bool]]:
    """Each step taken exactly when it is due: its name, when, who is told, and whether the patient is."""
    found: list[tuple[str, str, list[str], bool]] = []
    left: Timer | None = timer
    for _ in range(steps):
        assert left is not None
        now = left.due_at
        climb = climbed(left, now, calendars)
        found.append((climb.step, f"{now:%a %H:%M}", [one.role for one in climb.tellings], climb.tells_patient))
        left = climb.next
    return found


def test_al_6_an_unanswered_red_goes_up_by_the_clock_and_never_ends_in_silence() -> None:
    assert walk(begun(), LONDON, 7) == [
        ("first", "Wed 10:00", [], False),
        ("no_receipt", "Wed 10:02", ["nurse"], False),
        ("second_channel", "Wed 10:15", ["nurse"], False),
        ("deputy", "Wed 10:30", ["deputy"], False),
        ("lead", "Wed 11:00", ["lead"], True),
        ("lead_again", "Wed 12:00", ["lead"], False),
        ("lead_again", "Wed 13:00", ["lead"], False),
    ]


def test_alp_4_a_receipt_saves_the_second_channel_for_the_quarter_of_an_hour() -> None:
    timer = climbed(begun(), TEN).next
    assert timer is not None
    assert climbed(timer, TEN + 2 * MINUTE, received=True).tellings == ()
    (told,) = climbed(timer, TEN + 2 * MINUTE).tellings
    assert (told.role, told.place) == (Role.NURSE, 2)


def test_al_6_outside_staffed_hours_a_red_goes_at_once_to_the_out_of_hours_route() -> None:
    night = datetime(2026, 11, 25, 2, tzinfo=UTC)
    assert walk(begun(at=night), LONDON, 5) == [
        ("out_of_hours", "Wed 02:00", ["out_of_hours"], True),
        ("nobody_out_of_hours", "Wed 03:00", ["lead", "out_of_hours"], True),
        ("first", "Wed 08:00", ["nurse"], False),
        ("no_receipt", "Wed 08:02", ["nurse"], False),
        ("second_channel", "Wed 08:15", ["nurse"], False),
    ]
    assert walk(begun(at=datetime(2026, 11, 25, 7, 40, tzinfo=UTC)), LONDON, 2) == [
        ("out_of_hours", "Wed 07:40", ["out_of_hours"], True),
        ("first", "Wed 08:00", ["nurse"], False),
    ]


def test_al_6_a_red_that_nobody_took_before_the_shift_ends_goes_out_of_hours_then() -> None:
    late = datetime(2026, 11, 25, 17, 50, tzinfo=UTC)
    assert [(step, at) for step, at, _, _ in walk(begun(at=late), LONDON, 4)] == [
        ("first", "Wed 17:50"), ("no_receipt", "Wed 17:52"), ("out_of_hours", "Wed 18:00"), ("nobody_out_of_hours", "Wed 19:00"),
    ]  # fmt: skip


def test_a_service_that_never_opens_has_its_out_of_hours_route_each_hour() -> None:
    assert [(step, at, roles) for step, at, roles, _ in walk(begun(), NEVER, 4)] == [
        ("out_of_hours", "Wed 10:00", ["out_of_hours"]),
        ("nobody_out_of_hours", "Wed 11:00", ["lead", "out_of_hours"]),
        ("nobody_out_of_hours", "Wed 12:00", ["out_of_hours"]),
        ("nobody_out_of_hours", "Wed 13:00", ["out_of_hours"]),
    ]


def test_alp_9_after_a_pause_only_the_highest_step_is_taken() -> None:
    climb = climbed(begun(), TEN + timedelta(minutes=45))
    assert (climb.step, [one.role for one in climb.tellings]) == (Step.DEPUTY, [Role.DEPUTY])
    assert climb.next is not None
    assert (climb.next.step, climb.next.due_at) == (Step.LEAD, TEN + timedelta(hours=1))
    late = climbed(begun(), TEN + timedelta(hours=3))
    assert (late.step, late.tells_patient, late.next and late.next.step) == (Step.LEAD, True, Step.LEAD_AGAIN)


def test_a_timer_looked_at_early_does_nothing() -> None:
    timer = climbed(begun(), TEN).next
    assert timer is not None
    assert escalation.climb(timer, State.OPEN, LONDON, TEN + MINUTE, received=False) is None
    assert escalation.climb(begun(), State.CLOSED, LONDON, TEN, received=False) is None


def test_al_6_an_unanswered_amber_goes_to_the_lead_after_four_working_hours_and_is_a_breach_after_a_day() -> None:
    assert walk(begun(Severity.AMBER), LONDON, 4) == [
        ("first", "Wed 10:00", [], False),
        ("lead", "Wed 14:00", ["lead"], False),
        ("breach", "Thu 10:00", ["lead"], False),
        ("breach", "Fri 10:00", ["lead"], False),
    ]
    friday = datetime(2026, 11, 27, 17, tzinfo=UTC)
    assert [at for _, at, _, _ in walk(begun(Severity.AMBER, friday), LONDON, 3)] == ["Fri 17:00", "Mon 11:00", "Mon 17:00"]
    assert [at for _, at, _, _ in walk(begun(Severity.AMBER), NEVER, 4)] == ["Wed 10:00", "Wed 14:00", "Thu 10:00", "Fri 10:00"]


def test_an_amber_found_after_a_pause_is_told_once() -> None:
    assert climbed(begun(Severity.AMBER), TEN + timedelta(days=3)).step is Step.BREACH
    lead = climbed(begun(Severity.AMBER), TEN + timedelta(hours=5))
    assert (lead.step, lead.next and lead.next.step) == (Step.LEAD, Step.BREACH)
    assert lead.next is not None
    early = climbed(replace(lead.next, due_at=TEN), TEN + timedelta(hours=6))
    assert (early.step, early.tellings, early.next) == (Step.FIRST, (), lead.next)


def test_information_has_no_clock() -> None:
    info = episode(Severity.INFO)
    assert escalation.begin(info, TEN) is None
    assert escalation.acknowledged(info, TEN) is None
    assert escalation.started(info, TEN) is None


def test_alp_5_a_red_that_was_taken_and_not_acted_on_comes_back_after_half_an_hour() -> None:
    timer = escalation.acknowledged(episode(), TEN)
    assert timer is not None
    assert timer.due_at == TEN + timedelta(minutes=30)
    climb = climbed(timer, timer.due_at)
    assert (climb.step, climb.reopens, [one.role for one in climb.tellings]) == (Step.NOT_ACTED, True, [Role.OWNER, Role.NURSE])
    assert climb.next is not None
    assert (climb.next.step, climb.next.since) == (Step.FIRST, timer.due_at)


def test_a_red_being_acted_on_is_asked_after_when_it_stays_open() -> None:
    timer = escalation.started(episode(), TEN)
    assert timer is not None
    climb = climbed(timer, TEN + timedelta(hours=4))
    assert (climb.step, climb.reopens, [one.role for one in climb.tellings]) == (Step.NOT_CLOSED, False, [Role.OWNER])
    assert climb.next is not None
    assert climb.next.due_at == TEN + timedelta(hours=8)


def test_alp_5_an_amber_that_was_taken_and_not_acted_on_comes_back_after_a_working_day() -> None:
    friday = TEN + timedelta(days=2)
    assert friday.weekday() == 4
    timer = escalation.acknowledged(episode(Severity.AMBER), friday)
    assert timer is not None
    assert timer.due_at == friday + timedelta(days=1)
    waits = climbed(timer, timer.due_at)
    assert (waits.reopens, waits.tellings) == (False, ())
    assert waits.next is not None
    monday = waits.next.due_at
    assert (monday.weekday(), waits.next.step, waits.next.since) == (0, Step.NOT_ACTED, friday)
    back = climbed(waits.next, monday)
    assert (back.step, back.reopens, [one.role for one in back.tellings]) == (Step.NOT_ACTED, True, [Role.OWNER, Role.NURSE])
    # Where nobody is ever on shift, the plain day counts.
    alone = escalation.climb(timer, State.ACKNOWLEDGED, [], timer.due_at, received=False)
    assert alone is not None
    assert alone.reopens


def test_an_amber_being_acted_on_is_asked_after_when_it_stays_open_for_a_week() -> None:
    timer = escalation.started(episode(Severity.AMBER), TEN)
    assert timer is not None
    climb = climbed(timer, TEN + timedelta(days=7))
    assert (climb.step, climb.reopens, [one.role for one in climb.tellings]) == (Step.NOT_CLOSED, False, [Role.OWNER])


def test_al_7_what_was_put_off_comes_back_when_that_ends() -> None:
    for severity, told in ((Severity.RED, [Role.NURSE]), (Severity.AMBER, [Role.NURSE]), (Severity.INFO, [])):
        timer = escalation.put_off(episode(severity), TEN + timedelta(hours=1), TEN)
        climb = climbed(timer, TEN + timedelta(hours=1))
        assert (climb.step, [one.role for one in climb.tellings]) == (Step.BACK, told)
        assert (climb.next is None) == (severity is Severity.INFO)

"""PGS-1 to PGS-5, PGS-7: what is held and why, by when a human looks, what each may decide, and how little is kept of anybody."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.errors import Invalid, RateLimited
from domain.groups import moderation
from domain.groups.content import WORDS, Found
from domain.groups.moderation import Decision, Fate, Report, Standing

NOW = datetime(2026, 11, 25, 14, 37, 12, 345, tzinfo=UTC)


def _fate(
    *,
    crisis: str | None = None,
    is_down: bool = False,
    found: tuple[Found, ...] = (),
    has_image: bool = False,
    is_watched: bool = True,
    is_new: bool = False,
) -> Fate:
    return moderation.fate(crisis=crisis, is_down=is_down, found=found, has_image=has_image, is_watched=is_watched, is_new=is_new, now=NOW)


def _asked(fate: Fate) -> list[tuple[str, int, timedelta]]:
    return [(one.kind, one.level, one.due_at - NOW) for one in fate.concerns]


@pytest.mark.parametrize(
    "level, clock", [(3, timedelta(minutes=15)), (2, timedelta(hours=24)), (1, timedelta(hours=72))], ids=["crisis", "harm", "other"]
)
def test_pgs_2_each_level_has_its_clock(level: int, clock: timedelta) -> None:
    one = moderation.concern("link", level, "It holds a link.", NOW)
    assert (one.kind, one.level, one.why, one.due_at) == ("link", level, "It holds a link.", NOW + clock)


@pytest.mark.parametrize("is_new", [False, True])
def test_pgs_4_an_ordinary_post_is_shown_at_once_while_somebody_is_on_duty(is_new: bool) -> None:
    assert _fate(is_new=is_new) == Fate(is_held=False, concerns=(), told=())


def test_pgs_3_words_of_crisis_hold_a_post_for_fifteen_minutes_and_its_writer_is_told_who_reads_it() -> None:
    fate = _fate(crisis="It speaks of dying.")
    assert fate.is_held
    assert _asked(fate) == [("crisis", 3, timedelta(minutes=15))]
    assert fate.concerns[0].why == "It speaks of dying."
    assert fate.told == (moderation.CRISIS_HELD,)


def test_pgs_3_a_post_the_detector_could_not_read_has_the_clock_of_a_crisis() -> None:
    fate = _fate(is_down=True)
    assert fate.is_held
    assert _asked(fate) == [("unchecked", 3, timedelta(minutes=15))]
    assert fate.told == (moderation.HELD,)


@pytest.mark.parametrize("found, level, hours", [(Found.CONTACT, 1, 72), (Found.LINK, 1, 72), (Found.MEDICINE, 1, 72), (Found.MEANS, 2, 24)])
def test_pgs_4_what_was_found_in_a_post_holds_it_and_its_writer_is_told_why(found: Found, level: int, hours: int) -> None:
    fate = _fate(found=(found,))
    assert fate.is_held
    assert _asked(fate) == [(found.value, level, timedelta(hours=hours))]
    assert fate.concerns[0].why == WORDS[found]
    assert len(fate.told) == 1
    assert fate.told[0].startswith(WORDS[found])


def test_pgs_5_who_writes_of_a_medicine_hears_once_that_a_nurse_reads_it() -> None:
    assert _fate(found=(Found.MEDICINE,)).told == (WORDS[Found.MEDICINE],)
    assert _fate(found=(Found.LINK,)).told == (f"{WORDS[Found.LINK]} {moderation.HELD}",)


def test_pgs_4_a_picture_is_looked_at_before_others_see_it() -> None:
    fate = _fate(has_image=True)
    assert fate.is_held
    assert _asked(fate) == [("image", 1, timedelta(hours=72))]
    assert fate.told == (f"A picture is looked at first. {moderation.HELD}",)


@pytest.mark.parametrize("is_new, level, hours", [(False, 1, 72), (True, 2, 24)], ids=["known", "new"])
def test_pgs_2_a_post_waits_while_nobody_is_on_duty_and_that_of_somebody_new_is_read_sooner(is_new: bool, level: int, hours: int) -> None:
    fate = _fate(is_watched=False, is_new=is_new)
    assert fate.is_held
    assert _asked(fate) == [("unwatched", level, timedelta(hours=hours))]
    assert fate.told == (moderation.WAITS,)


def test_pgs_3_every_reason_of_one_post_is_kept_once_each_and_none_hides_the_crisis() -> None:
    fate = _fate(crisis="It speaks of dying.", is_down=True, found=(Found.MEANS, Found.LINK, Found.MEANS), has_image=True, is_watched=False)
    assert [one.kind for one in fate.concerns] == ["crisis", "unchecked", "link", "means", "image"]
    assert min(one.due_at for one in fate.concerns) == NOW + timedelta(minutes=15)
    assert fate.told[0] == moderation.CRISIS_HELD
    assert len(fate.told) == len(set(fate.told)) == 5


@pytest.mark.parametrize(
    "kind, level",
    [
        (Report.WORRIED, 3),
        (Report.HARM, 2),
        (Report.ILLEGAL, 2),
        (Report.PRIVATE, 2),
        (Report.ADVICE, 1),
        (Report.UNKIND, 1),
        (Report.SELLING, 1),
    ],
)
def test_pgs_2_a_report_has_the_clock_of_what_it_says(kind: Report, level: int) -> None:
    one = moderation.of_report(kind, NOW)
    assert (one.kind, one.level, one.why) == (f"report-{kind.value}", level, moderation.REPORT_WORDS[kind])
    assert one.due_at - NOW == {3: timedelta(minutes=15), 2: timedelta(hours=24), 1: timedelta(hours=72)}[level]


def test_pgs_2_every_report_and_every_decision_has_words() -> None:
    assert set(moderation.REPORT_WORDS) == set(Report)
    assert set(moderation.DECISION_WORDS) == set(Decision)


@pytest.mark.parametrize("posts, is_new", [(0, True), (4, True), (5, False), (39, False)])
def test_pgs_4_a_post_within_the_share_of_the_day_is_taken(posts: int, is_new: bool) -> None:
    moderation.must_be_within(posts, is_new=is_new, is_crisis=False)


@pytest.mark.parametrize("posts, is_new, words", [(5, True, "first week"), (40, True, "first week"), (40, False, "a lot for one day")])
def test_pgs_4_one_post_too_many_is_refused_kindly(posts: int, is_new: bool, words: str) -> None:
    with pytest.raises(RateLimited, match=words) as refused:
        moderation.must_be_within(posts, is_new=is_new, is_crisis=False)
    assert refused.value.retry_after_s == 3600


@pytest.mark.parametrize("is_new", [False, True])
def test_pgs_3_a_person_in_crisis_is_never_told_to_come_back_tomorrow(is_new: bool) -> None:
    moderation.must_be_within(1_000, is_new=is_new, is_crisis=True)


def test_pgs_1_only_the_month_of_joining_and_the_hour_of_writing_are_kept() -> None:
    assert moderation.month(date(2026, 11, 25)) == date(2026, 11, 1)
    assert moderation.hour(NOW) == datetime(2026, 11, 25, 14, tzinfo=UTC)


@pytest.mark.parametrize("number, words", [(0, "fewer than 5"), (4, "fewer than 5"), (5, "about 5"), (9, "about 5"), (10, "about 10")])
def test_pgs_1_a_number_of_members_does_not_tell_that_one_more_came(number: int, words: str) -> None:
    assert moderation.count_words(number) == words


@pytest.mark.parametrize("number, words", [(0, "fewer than 10"), (9, "fewer than 10"), (10, "about 10"), (19, "about 10"), (20, "about 20")])
def test_f80_few_who_live_with_the_same_are_not_counted(number: int, words: str) -> None:
    assert moderation.alike_words(number) == words


@pytest.mark.parametrize(
    "ages, born",
    [("adult", date(2008, 11, 25)), ("adult", date(1950, 1, 1)), ("young", date(2008, 11, 26)), ("young", date(2012, 3, 4))],
)
def test_pgs_7_who_is_of_the_age_of_a_group_may_join_it(ages: str, born: date) -> None:
    moderation.may_join(ages, born, date(2026, 11, 25))


@pytest.mark.parametrize(
    "ages, born, words",
    [
        ("adult", date(2008, 11, 26), "This group is for adults."),
        ("adult", date(2008, 12, 1), "This group is for adults."),
        ("young", date(2008, 11, 25), "This group is for people under 18."),
    ],
    ids=["a day too young", "a month too young", "18 today"],
)
def test_pgs_7_who_is_not_of_the_age_of_a_group_is_refused_to_the_day(ages: str, born: date, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        moderation.may_join(ages, born, date(2026, 11, 25))
    assert (refused.value.detail, refused.value.pointer) == (words, "/groupId")


@pytest.mark.parametrize("kind", ["crisis", "link", "medicine", "report-advice"])
@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("decision", list(Decision))
def test_pgs_5_a_nurse_decides_everything(kind: str, level: int, decision: Decision) -> None:
    moderation.must_decide(kind, level, decision, is_nurse=True)


@pytest.mark.parametrize(
    "kind, level, decision",
    [
        ("link", 1, Decision.SHOW),
        ("means", 2, Decision.REMOVE),
        ("report-unkind", 1, Decision.HIDE),
        ("medicine", 1, Decision.HIDE),
        ("report-advice", 1, Decision.REMOVE),
    ],
)
def test_pgs_5_a_volunteer_decides_the_rest_and_can_hide_words_about_a_medicine(kind: str, level: int, decision: Decision) -> None:
    moderation.must_decide(kind, level, decision, is_nurse=False)


@pytest.mark.parametrize(
    "kind, level, decision",
    [
        ("crisis", 3, Decision.SHOW),
        ("crisis", 3, Decision.HIDE),
        ("report-worried", 3, Decision.REMOVE),
        ("link", 1, Decision.NOTE),
        ("medicine", 1, Decision.SHOW),
        ("report-advice", 1, Decision.SHOW),
    ],
)
def test_pgs_5_a_volunteer_is_refused_what_a_nurse_decides(kind: str, level: int, decision: Decision) -> None:
    with pytest.raises(Invalid, match="A nurse decides this") as refused:
        moderation.must_decide(kind, level, decision, is_nurse=False)
    assert refused.value.pointer == "/decision"


_OPEN = Standing("link", is_open=True, decision=None)
_REPORTED = Standing("report-unkind", is_open=True, decision=None)
_SHOWN = Standing("link", is_open=False, decision=Decision.SHOW)
_HIDDEN = Standing("image", is_open=False, decision=Decision.HIDE)
_REMOVED = Standing("report-harm", is_open=False, decision=Decision.REMOVE)


@pytest.mark.parametrize(
    "state, cases, then",
    [
        ("withdrawn", (_HIDDEN, _OPEN), "withdrawn"),
        ("withdrawn", (_SHOWN,), "withdrawn"),
        ("shown", (_HIDDEN,), "hidden"),
        ("held", (_SHOWN, _REMOVED), "hidden"),
        ("held", (_OPEN, _HIDDEN), "hidden"),
        ("held", (_SHOWN, _OPEN), "held"),
        ("hidden", (_SHOWN, _OPEN), "held"),
        ("held", (_SHOWN,), "shown"),
        ("hidden", (_SHOWN,), "shown"),
        ("held", (_SHOWN, _REPORTED), "shown"),
        ("shown", (_OPEN,), "shown"),
        ("shown", (_REPORTED,) * 100, "shown"),
        ("shown", (), "shown"),
    ],
)
def test_pgs_2_any_decision_hides_a_post_an_open_case_holds_it_and_no_number_of_reports_does(
    state: str, cases: tuple[Standing, ...], then: str
) -> None:
    assert moderation.state_of_post(state, iter(cases)) == then


@pytest.mark.parametrize(
    "day, then",
    [
        (date(2026, 11, 25), date(2026, 11, 26)),
        (date(2026, 11, 27), date(2026, 11, 30)),
        (date(2026, 11, 28), date(2026, 11, 30)),
        (date(2026, 4, 2), date(2026, 4, 7)),
        (date(2026, 12, 24), date(2026, 12, 29)),
        (date(2026, 12, 31), date(2027, 1, 4)),
    ],
    ids=["midweek", "a Friday", "a Saturday", "before Easter", "Christmas Eve", "over the new year"],
)
def test_pgs_3_an_opening_is_looked_at_by_the_next_working_day(day: date, then: date) -> None:
    assert moderation.working_day_after(day) == then

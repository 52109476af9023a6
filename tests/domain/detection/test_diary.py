"""BL-1: what the value of a day is, from the readings in force of that day alone."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from domain.days import begins
from domain.detection.diary import Day, fold, fold_again
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Context, Reading
from tests.builders import at, reading, symptom, view

LONDON = "Europe/London"


def day_of(*ones: Reading) -> Day:
    found = fold(ones[0].kind, sorted(ones, key=lambda one: (one.taken_at, one.id)), LONDON)
    assert len(found) == 1
    return found[0]


def doubted(one: Reading) -> Reading:
    return replace(one, context=Context(quality="motion"))


def test_bl_1_weight_is_the_first_valid_of_the_morning() -> None:
    night, morning, later = (reading("body_weight", kg, at(when)) for kg, when in ((81, "01:30"), (80, "06:00"), (80.5, "08:00")))
    assert (day_of(night, morning, later).value, day_of(night, later).id) == (80, later.id)
    unlikely = replace(morning, marks=("soft_range",))
    found = day_of(unlikely, later)
    assert (found.id, found.sound) == (later.id, True)
    alone = day_of(unlikely)
    assert (alone.id, alone.sound, alone.unconfirmed) == (unlikely.id, False, True)
    assert (found.on, found.at) == (date(2026, 6, 15), at("08:00"))


def test_bl_1_resting_medians_leave_out_the_active_and_the_doubted() -> None:
    ones = [reading("heart_rate", value, at(f"0{place + 6}:00")) for place, value in enumerate((70, 72))]
    active = reading("heart_rate", 130, at("05:30"), context=Context(activity="active"))
    found = day_of(active, *ones)
    assert (found.value, found.id) == (Decimal(71), ones[0].id)
    assert day_of(active).value == 130
    assert day_of(*ones, reading("heart_rate", 90, at("08:30"))).value == 72
    assert day_of(doubted(ones[0]), ones[1]).value == 72
    assert not day_of(doubted(ones[0])).sound


def test_bl_1_peak_flow_is_the_best_set_of_the_morning() -> None:
    blows = [reading("peak_flow", value, at("06:00") + timedelta(minutes=2 * place)) for place, value in enumerate((380, 400, 390))]
    evening = [reading("peak_flow", 430, at("17:00"))]
    found = day_of(*blows, *evening)
    assert (found.value, found.id, found.each) == (400, blows[1].id, (400, 430))
    assert day_of(*evening).value == 430


def test_what_was_folded_before_changes_nothing_of_what_is_folded_now() -> None:
    ones = [reading("body_weight", 80 + place % 3, at("05:00") + timedelta(hours=7 * place)) for place in range(12)]
    kind = ones[0].kind
    for place in range(len(ones)):
        without = [*ones[:place], *ones[place + 1 :]]
        for before, after in ((without, ones), (ones, without), (ones[:place], ones), (without, [*without, replace(ones[-1], id=ones[0].id)])):
            known = fold_again(kind, before, LONDON, None)
            assert known.days == fold(kind, before, LONDON)
            assert fold_again(kind, after, LONDON, known).days == fold(kind, after, LONDON)


def bp(systolic: int, diastolic: int, when: datetime, **more: object) -> Reading:
    return reading("blood_pressure", (systolic, diastolic), when, **more)


def test_dq_5_pressures_that_count() -> None:
    start = at("07:00")
    first, soon, second = bp(140, 80, start), bp(150, 90, start + timedelta(seconds=59)), bp(130, 81, start + timedelta(minutes=2))
    found = day_of(first, soon, second)
    assert (found.value, found.value2, found.each, found.id) == (135, Decimal("80.5"), (140, 80, 130, 81), first.id)
    far, third = bp(161, 80, start), bp(136, 84, start + timedelta(minutes=4))
    assert day_of(far, second, third).each == (130, 81, 136, 84)
    assert day_of(far, second).each == (161, 80, 130, 81)
    exactly = bp(150, 80, start)
    assert day_of(exactly, second, third).each == (150, 80, 130, 81, 136, 84)
    evening = bp(128, 70, at("18:00"))
    assert day_of(far, second, third, evening).each == (130, 81, 136, 84, 128, 70)


def test_ht_5_6_standing_and_irregular_readings_are_no_home_average() -> None:
    seated = bp(140, 80, at("07:00"))
    standing = bp(110, 70, at("07:03"), context=Context(posture="standing"))
    irregular = bp(170, 80, at("07:10"), context=Context(quality="irregular_pulse"))
    assert day_of(seated, standing, irregular).each == (140, 80)
    assert day_of(standing).each == (110, 70)
    assert not day_of(irregular).sound


def test_sums_codes_and_the_last_of_a_day() -> None:
    puffs = [reading("reliever_puffs", value, at(when)) for value, when in ((2, "06:00"), (4, "20:00"))]
    assert (day_of(*puffs).value, day_of(*puffs).id) == (6, puffs[0].id)
    assert day_of(symptom("cough_worse", at("08:00")), symptom("fever", at("07:00")), symptom("fever", at("09:00"))).each == (42, 46)
    assert day_of(reading("cat_total", 12, at("07:00")), reading("cat_total", 15, at("08:00"))).value == 15
    assert day_of(reading("body_temperature", "36.8", at("07:00")), reading("body_temperature", "37.4", at("08:00"))).value == Decimal("37.1")


def test_dq_4_another_weight_of_the_day_that_agrees_is_noted() -> None:
    first = reading("body_weight", 84, at("07:00"))
    assert [day_of(first, reading("body_weight", kg, at("07:10"))).flags & 4 for kg in (83, 82.9)] == [4, 0]


@pytest.mark.parametrize(
    ("on", "zone", "hours"),
    [
        (date(2026, 3, 29), LONDON, 23), (date(2026, 10, 25), LONDON, 25), (date(2026, 6, 15), LONDON, 24),
        # Clocks that go back over midnight: the date begins when midnight strikes the second time.
        (date(2026, 10, 24), "America/Nuuk", 25),
    ],
)
def test_c_1_a_day_lasts_23_24_or_25_hours(on: date, zone: str, hours: int) -> None:
    start, end = begins(on, zone), begins(on + timedelta(days=1), zone)
    assert (end - start) == timedelta(hours=hours)
    assert fold(106, [replace(reading("body_weight", 80), taken_at=start)], zone)[0].on == on
    assert fold(106, [replace(reading("body_weight", 80), taken_at=end - timedelta(seconds=1))], zone)[0].on == on


def test_a_view_joins_the_kept_days_with_the_readings_of_late() -> None:
    kind = BY_NAME["body_weight"].no
    one = reading("body_weight", 80, at("07:00"))
    old = Day(date(2026, 6, 10).toordinal(), 0, one.id, Decimal(79))
    seen = view(one, diary={kind: [old]})
    assert [found.value for found in seen.daily(kind, date(2026, 6, 1), date(2026, 6, 30))] == [79, 80]
    assert seen.on(kind, date(2026, 6, 12)) is None
    assert seen.stands([kind], date(2026, 6, 10)) is None
    assert seen.stands([kind], date(2026, 6, 15)) is one
    day = (datetime(2026, 6, 14, 23, tzinfo=UTC), datetime(2026, 6, 15, 23, tzinfo=UTC))
    assert [seen.bounds(date(2026, 6, 15)) for _ in range(2)] == [day, day]
    early = reading("heart_rate", 70, at("06:00"))
    assert view(one, early).stands([kind, early.kind], date(2026, 6, 15)) is early
    assert view(early, one).stands([early.kind, kind], date(2026, 6, 15)) is early
    assert view(symptom("fever"), symptom("cough_worse")).codes(501, date(2026, 6, 15), date(2026, 6, 15)) == {42, 46}

"""BL-2 to BL-6, HF-W4: the statistics of the worked examples, and which days are part of a normal."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from domain.detection import concern, statistics
from domain.detection.diary import AGREED, SIGNAL, Day
from domain.people.facts import Fact
from domain.people.patient import Profile
from domain.readings.baseline import Baseline, of, six
from domain.readings.kinds import BY_NAME
from tests.builders import ADULT, NOW, fact, known, new_id, view

TODAY = NOW.date()
WEIGHT, SPO2, PEAK_FLOW = (BY_NAME[name].no for name in ("body_weight", "oxygen_saturation", "peak_flow"))
USUAL = [Decimal(value) for value in ["80.1", "79.8", "80.0", "80.3", "79.9", "80.2", "80.0", "79.7", "80.1", "80.4", "79.9", "80.0"]]
RISING = tuple(Decimal(value) for value in ("80.6", "80.9", "81.2"))
FLOOR, QUARTER = Decimal("0.35"), Decimal("0.25")


def six_of(*values: str) -> list[Decimal]:
    return [Decimal(value) for value in values]


def test_bl_3_worked_example() -> None:
    normal = of(USUAL)
    assert (normal.n, normal.median, normal.spread) == (12, Decimal(80), Decimal("0.14826"))
    us = [statistics.robust_u(value, normal, FLOOR) for value in RISING]
    assert us == six_of("1.714286", "2.571429", "3.428571")
    chart = [statistics.ewma(us[:days], QUARTER, Decimal(3)) for days in range(1, len(us) + 1)]
    assert [round(point.value, 3) for point in chart] == six_of("0.429", "0.964", "1.580")
    assert [round(point.limit, 3) for point in chart] == six_of("0.75", "0.938", "1.028")
    assert [point.is_over for point in chart] == [False, True, True]
    assert [statistics.robust_u(Decimal(value), normal, FLOOR) for value in (90, 70)] == [4, -4]


def test_bl_4_worked_example() -> None:
    us = [statistics.robust_u(value, of(USUAL), FLOOR) for value in RISING]
    chart = statistics.cusum(us)
    assert [round(point.value, 3) for point in chart] == six_of("1.214", "3.286", "6.214")
    assert [point.is_over for point in chart] == [False, False, True]
    assert [point.value for point in statistics.cusum([Decimal(-3), Decimal(1)])] == [0, Decimal("0.5")]


def test_hf_w4_worked_examples() -> None:
    rising = [Decimal(80)] * 20 + [80 + Decimal("0.4") * day for day in range(1, 7)]
    # In millionths.
    assert [round(value, -3) for value in statistics.macd(rising)[20:]] == [162_000, 389_000, 636_000, 879_000, 1_109_000, 1_322_000]
    spike = [Decimal(80)] * 20 + six_of("82.5", "80")
    assert [round(value, -3) for value in statistics.macd(spike)[20:]] == [1_012_000, 410_000]


def test_bl_6_slope() -> None:
    assert statistics.theil_sen(list(enumerate(six_of("80", "80.2", "80.4", "95")))) == Decimal("2.6")
    assert statistics.theil_sen(list(enumerate(six_of("80", "80.2", "80.4")))) == Decimal("0.2")
    assert statistics.theil_sen([(0, Decimal(80))]) is None


def test_c_2_numbers_are_rounded_half_up_before_they_are_compared() -> None:
    assert [six(value) for value in (0.1234565, -0.1234565, 0.0, 1.0000004)] == six_of("0.123457", "-0.123457", "0", "1")
    assert statistics.rounded(0.0143877) == Decimal("0.014388")
    assert (statistics.mean(six_of("1", "2")), statistics.sd(six_of("1", "2", "3")), statistics.sd(six_of("5"))) == (Decimal("1.5"), 1, 0)
    assert of([Decimal(4)]) == Baseline(1, Decimal(4), Decimal(0), Decimal(4), Decimal(0))


def days(*values: float | None, ends: int = 0, device: int = 0) -> list[Day]:
    """One value a date, None for a date without, ending so many dates ago."""
    first = TODAY.toordinal() - ends - len(values) + 1
    return [Day(first + place, second(first + place), new_id(), Decimal(str(value)), device=device)
            for place, value in enumerate(values) if value is not None]  # fmt: skip


def second(no: int) -> int:
    return int(datetime.fromisoformat(f"{date.fromordinal(no).isoformat()}T07:00:00+00:00").timestamp())


def normal(kind: int, held: list[Day], profile: Profile | None = None, symptoms: list[Day] | None = None, least: int = 10) -> Baseline | None:
    diary = {kind: held} | ({501: symptoms} if symptoms else {})
    seen = view(diary=diary, profile=ADULT if profile is None else profile)
    found = seen.baseline(kind, TODAY, least=least)
    assert seen.baseline(kind, TODAY, least=least) is found
    return found


@pytest.mark.parametrize(
    ("ends", "dates", "expected"),
    [(8, 10, 10), (7, 10, None), (7, 11, 10), (26, 10, 10), (27, 10, None), (8, 9, None), (8, 40, 28)],
)
def test_bl_2_the_window_is_35_to_8_dates_before(ends: int, dates: int, expected: int | None) -> None:
    found = normal(WEIGHT, days(*[80.0] * dates, ends=ends))
    assert (None if found is None else found.n) == expected


def test_bl_2_doubted_days_are_left_out() -> None:
    held = days(*[80.0] * 11, ends=8)
    assert normal(WEIGHT, [replace(held[0], flags=SIGNAL), *held[1:]]) == of([Decimal(80)] * 10)
    assert normal(WEIGHT, [replace(one, flags=SIGNAL) for one in held[:2]] + held[2:]) is None
    assert normal(WEIGHT, [replace(held[0], flags=AGREED), *held[1:]]) == of([Decimal(80)] * 11)


def test_bl_7_days_of_a_concern_are_left_out_until_it_has_been_calm_for_two() -> None:
    # Up 2.5 kg: a concern, over on the second day less than 1.0 kg above the three before; both days still belong to it.
    held = days(*[80.0] * 12, 82.5, 82.6, 82.6, 82.6, 82.7, 80.0, 80.0, 80.1, ends=8)
    found = concern.left_out(WEIGHT, held, [], ADULT, TODAY)
    assert [str(one.value) for one in held if one.no in found] == ["82.5", "82.6", "82.6", "82.6", "82.7", "80.0", "80.0"]
    slow = days(*[80.0] * 4, *[80.5, 81.0, 81.5, 82.0, 82.0, 82.3], ends=8)
    assert [one.value for one in slow if one.no in concern.left_out(WEIGHT, slow, [], ADULT, TODAY)] == [Decimal("82.3")]
    # A day that says neither leaves it open, and a gap is no calm (MD-4).
    gap = days(80.0, 82.5, None, None, None, None, *[82.5] * 6, ends=8)
    assert len([one for one in gap if one.no in concern.left_out(WEIGHT, gap, [], ADULT, TODAY)]) == 5


@pytest.mark.parametrize(
    ("kind", "opening", "calm"),
    [("oxygen_saturation", 91, 93), ("heart_rate", 111, 100), ("respiratory_rate", 25, 20), ("peak_flow", 269, 360), ("heart_rate", 44, 50)],
)
def test_bl_7_absolute_signs_by_kind(kind: str, opening: int, calm: int) -> None:
    no = BY_NAME[kind].no
    held = days(calm, opening, calm, calm, calm, ends=8)
    assert [one.value for one in held if one.no in concern.left_out(no, held, [], ADULT, TODAY)] == [opening, calm, calm]
    nobody = replace(ADULT, facts=())
    if kind == "peak_flow":
        assert concern.left_out(no, held, [], nobody, TODAY) == frozenset()
        assert concern.SIGNS[no].is_calm(held, 0, nobody)


def test_bl_7_somebodys_own_oxygen_target_decides() -> None:
    held = days(89, 88, 90, ends=8)
    assert concern.left_out(SPO2, held, [], known(fact("hypercapnia")), TODAY) == frozenset()
    assert len(concern.left_out(SPO2, held, [], known(fact("target_spo2_low", "90")), TODAY)) == 3


def test_bl_2_a_week_after_a_symptom_is_not_stable() -> None:
    held = days(*[80.0] * 20, ends=8)
    told = [Day(TODAY.toordinal() - 20, 0, new_id(), Decimal(0), each=(21,)), Day(TODAY.toordinal() - 25, 0, new_id(), Decimal(0), each=(46,))]
    found = concern.left_out(WEIGHT, held, told, ADULT, TODAY)
    assert sorted(TODAY.toordinal() - no for no in found) == list(range(13, 21))
    assert concern.left_out(BY_NAME["blood_pressure"].no, held, told, ADULT, TODAY) == frozenset()
    answer = normal(WEIGHT, held, symptoms=told)
    assert answer is not None
    assert answer.n == 12


def ago(dates: int) -> datetime:
    return NOW - timedelta(days=dates)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(fact("admission", since=ago(30), until=ago(28)), 6, id="14 dates after a stay in hospital"),
        pytest.param(fact("admission", since=ago(20)), 7, id="still in hospital"),
        pytest.param(fact("rebaseline", "body_weight", ago(15)), 8, id="by a clinician"),
        pytest.param(fact("rebaseline", "all", ago(15)), 8, id="all of it"),
        pytest.param(fact("rebaseline", "heart_rate", ago(15)), 20, id="another kind"),
        pytest.param(fact("medicine_changed", "diuretic", ago(12)), 5, id="a water tablet was changed"),
        pytest.param(fact("medicine_changed", "acei", ago(12)), 20, id="another medicine"),
        pytest.param(fact("rebaseline", "all", NOW + timedelta(days=3)), 20, id="what is still to come"),
    ],
)  # fmt: skip
def test_bl_2_dated_facts_begin_another_normal(told: Fact, expected: int) -> None:
    found = normal(WEIGHT, days(*[80.0] * 20, ends=8), known(told), least=1)
    assert found is not None
    assert found.n == expected


def test_bl_2_other_scales_begin_another_normal() -> None:
    held = [*days(*[80.0] * 12, ends=15, device=4), *days(*[82.0] * 5, ends=8, device=9), *days(82.0, ends=0, device=9)]
    assert normal(WEIGHT, held) is None
    found = normal(WEIGHT, held, least=5)
    assert found is not None
    assert (found.n, found.median) == (5, 82)
    kind = BY_NAME["heart_rate"].no
    other = normal(kind, [replace(one, value=Decimal(70)) for one in held])
    assert other is not None
    assert other.n == 17

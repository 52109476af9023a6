"""What a picture keeps, and that keeping less never changes what a rule sees."""

import random
import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain import intake
from domain.detection import engine, spans
from domain.detection.diary import AGREED, MORNING, UNCONFIRMED, fold
from domain.detection.judgement import Judgement, Severity
from domain.detection.picture import FlagMark, Picture, View, pack, unpack
from domain.detection.rule import Look, Rule
from domain.episodes.episode import Episode
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Context, Reading
from tests.builders import ADULT, NOW, draft, new_id, picture, reading

PATIENT = UUID(int=7)
WEIGHT, PULSE, POTASSIUM = (BY_NAME[name].no for name in ("body_weight", "heart_rate", "potassium"))
SIX = ("body_weight", "heart_rate", "oxygen_saturation", "body_temperature", "respiratory_rate", "blood_pressure")
ZONE = "Europe/London"


def nothing(_rule: Rule, _view: View, _anchor: Reading) -> Judgement | None:
    return None


def rule(**more: Any) -> Rule:
    kind, look = more.pop("kind", WEIGHT), Look(**more)
    return Rule(id="T", version=1, group="T", anchors=frozenset({kind}), looks={kind: look}, trend=WEIGHT, judge=nothing)


NORMAL = spans.of([rule(ahead=timedelta(hours=26), back=timedelta(days=3), days=35), *engine.RULES])


def values(kind: str, *ones: Reading) -> list[tuple[str, str, int]]:
    return [(f"{one.on:%m-%d}", str(one.value), one.flags) for one in fold(BY_NAME[kind].no, ones, ZONE)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-06-{text}:00+01:00")


def test_bl_1_the_daily_weight_is_the_first_of_the_morning_else_the_first_of_the_day() -> None:
    ones = [reading("body_weight", kg, at(when)) for kg, when in
            ((81, "10T01:00"), (80, "10T07:00"), (82, "10T12:00"), (83, "11T12:01"), (84, "11T20:00"), (79, "12T12:00"))]  # fmt: skip
    assert values("body_weight", *ones) == [("06-10", "80", MORNING | AGREED), ("06-11", "83", AGREED), ("06-12", "79", MORNING)]
    first = fold(WEIGHT, ones, ZONE)[0]
    assert (first.id, first.at, first.on, first.unconfirmed) == (ones[1].id, ones[1].taken_at, date(2026, 6, 10), False)


def test_bl_1_pulse_and_the_like_are_the_median_at_rest_and_peak_flow_the_best_of_the_morning() -> None:
    run = Context(activity="active")
    pulses = [reading("heart_rate", value, at(f"10T{hour:02}:00"), context=context) for value, hour, context in
              ((70, 8, None), (150, 9, run), (60, 10, Context(activity="rest")), (64, 11, None))]  # fmt: skip
    assert values("heart_rate", *pulses) == [("06-10", "64", MORNING)]
    assert values("heart_rate", pulses[0], pulses[3]) == [("06-10", "67", MORNING)]
    assert values("heart_rate", pulses[1]) == [("06-10", "150", MORNING)]
    flows = [reading("peak_flow", value, at(f"10T{hour:02}:00")) for value, hour in ((400, 7), (430, 8), (500, 18))]
    assert values("peak_flow", *flows) == [("06-10", "430", MORNING)]
    assert values("peak_flow", flows[2]) == [("06-10", "500", 0)]


def test_a_daily_pressure_has_both_means_and_anything_else_is_the_last_of_its_day() -> None:
    pressures = [reading("blood_pressure", pair, at(f"10T1{hour}:00")) for hour, pair in enumerate(((120, 80), (140, 70), (130, 90)), 3)]
    (one,) = fold(BY_NAME["blood_pressure"].no, pressures, ZONE)
    assert (one.value, one.value2, one.id) == (Decimal(130), Decimal(80), pressures[0].id)
    assert values("pain_0_10", reading("pain_0_10", 3, at("10T08:00")), reading("pain_0_10", 6, at("10T21:00"))) == [("06-10", "6", 0)]
    assert values("heart_rate", reading("heart_rate", 30, at("10T21:00"))) == [("06-10", "30", UNCONFIRMED)]


def test_a_civil_day_of_25_hours_is_one_day() -> None:
    ones = [reading("heart_rate", 60, datetime.fromisoformat(f"2025-10-{when}+00:00")) for when in
            ("25T22:59:00", "25T23:00:00", "26T23:59:00", "27T00:00:00")]  # fmt: skip
    assert [(one.on.day, one.value) for one in fold(PULSE, ones, ZONE)] == [(25, 60), (26, 60), (27, 60)]


def test_how_much_is_kept_comes_from_the_rules() -> None:
    found = spans.of([
        rule(ahead=timedelta(hours=2), back=timedelta(hours=3)),
        rule(kind=POTASSIUM, back=timedelta(days=365)),
        rule(kind=PULSE, days=35),
    ])  # fmt: skip
    # Ten minutes either side lies what confirms a reading, or what it is a copy of.
    assert found.kept(WEIGHT) == timedelta(hours=5, minutes=10) + spans.LATE
    assert found.needs[WEIGHT] == {WEIGHT: timedelta(hours=5, minutes=20)}
    assert found.kept(BY_NAME["step_count"].no) == spans.LATE
    assert found.kept(BY_NAME["glucose_cgm"].no) == spans.SENSOR_LATE
    assert found.diary == {PULSE: 39}
    assert found.ahead == {WEIGHT: timedelta(hours=5, minutes=10), POTASSIUM: timedelta(days=365, minutes=10),
                           PULSE: timedelta(days=37, minutes=10)}
    assert found.long == (PULSE, POTASSIUM)
    assert found.back(POTASSIUM) == timedelta(days=365, minutes=10)
    assert found.told == {PULSE}


def filled(chance: random.Random, days: int = 60) -> Picture:
    where = picture()
    drafts = [draft(kind, (chance.randint(110, 140), 80) if kind == "blood_pressure" else value,
                    NOW - timedelta(days=back, minutes=chance.randint(0, 600)))
              for back in range(days) for kind, value in
              zip(SIX, (round(80 + chance.random(), 2), chance.randint(55, 90), 96, 36.6, 15, 0), strict=True)]  # fmt: skip
    intake.take(where, PATIENT, drafts, NOW, uuid7)
    return where


def test_what_a_rule_sees_is_the_same_from_whole_readings_and_from_the_diary() -> None:
    for seed in range(20):
        where = filled(random.Random(seed))
        whole = View(where.readings, ADULT, NOW)
        wanted = whole.daily(WEIGHT, (NOW - timedelta(days=36)).date(), NOW.date())
        for days in (20, 3, 0):
            intake.trim(where, NOW - timedelta(days=days), NORMAL)
            where = unpack(pack(where))
            where.readings.to_change(WEIGHT)
        assert len(where.readings[WEIGHT]) < 16
        seen = View(where.readings, ADULT, NOW, where.diary)
        assert seen.daily(WEIGHT, (NOW - timedelta(days=36)).date(), NOW.date()) == wanted
        assert len(wanted) == 37
        assert seen.daily(WEIGHT, NOW.date(), NOW.date()) == wanted[-1:]


def test_a_day_that_was_not_whole_has_no_daily_value() -> None:
    where = picture()
    where.since = NOW - timedelta(days=20)
    intake.take(where, PATIENT, [draft("body_weight", 80, NOW - timedelta(days=back)) for back in range(21)], NOW, uuid7)
    intake.trim(where, NOW, NORMAL)
    assert where.diary[WEIGHT][0].on == (NOW - timedelta(days=19)).date()


def test_a_reading_that_came_too_late_has_the_past_read_again() -> None:
    where = picture()
    late = draft("body_weight", 80, NOW - timedelta(days=3))
    assert not intake.reaches(where, [late], NOW, NORMAL)
    assert intake.reaches(where, [replace(late, taken_at=NOW - timedelta(days=1))], NOW, NORMAL)
    where.since_kind[WEIGHT] = NOW - timedelta(days=2)
    assert not intake.reaches(where, [replace(late, taken_at=NOW - timedelta(days=1))], NOW, NORMAL)


def test_a_picture_of_six_kinds_and_60_days_stays_under_18_kb() -> None:
    every = spans.of([*engine.RULES, *(rule(kind=BY_NAME[kind].no, days=56) for kind in SIX)])
    where = filled(random.Random(1))
    intake.trim(where, NOW, every)
    assert sum(len(one) for one in where.diary.values()) >= 330
    assert sys.getsizeof(pack(where)) < 18_000


def test_a_kept_picture_comes_back_whole_and_a_fork_leaves_it_alone() -> None:
    where = filled(random.Random(2), days=2)
    again = unpack(pack(where))
    assert again.readings.packed().keys() == where.readings.packed().keys()
    fork = again.fork()
    assert intake.take(fork, PATIENT, [draft("body_weight", 80), draft("oxygen_saturation", 80)], NOW, uuid7).added
    assert fork.flags
    assert (len(fork.readings[WEIGHT]), len(again.readings[WEIGHT]), again.flags) == (3, 2, [])
    assert dict(again.readings) == dict(where.readings)
    assert len(again.readings) == len(SIX)
    assert again.readings.last_ms(POTASSIUM) is None
    assert pack(again) == pack(where)


def test_only_what_is_asked_for_is_decoded() -> None:
    where = unpack(pack(filled(random.Random(3), days=2)))
    seen = View(where.readings, ADULT, NOW)
    assert seen.has_since(PULSE, NOW - timedelta(days=2))
    assert not seen.has_since(PULSE, NOW)
    assert list(seen.between(PULSE, NOW, NOW)) == []
    assert where.readings.decoded == frozenset()
    assert len(seen.between(PULSE, NOW - timedelta(days=2), NOW)) == 2
    assert not seen.has_since(POTASSIUM, NOW - timedelta(days=90))
    assert where.readings.decoded == frozenset({PULSE})
    pack(where)
    where.readings.put(PULSE, [])
    assert PULSE not in where.readings.packed()


def test_a_flag_is_remembered_while_its_reading_may_be_judged_again_or_its_episode_is_open() -> None:
    where = picture()
    where.since, where.since_kind = NOW - timedelta(days=14), {PULSE: NOW - timedelta(days=2)}
    episode = Episode(id=uuid7(), group="HF-W", severity=Severity.AMBER, emergency=False, floor_emergency=False, opened_at=NOW, raised_at=NOW)
    where.episodes = [episode]

    def mark(rule: str, days: int, episode: UUID | None = None) -> FlagMark:
        return FlagMark(rule, uuid7(), Severity.AMBER, False, "active", episode, NOW - timedelta(days=days))

    kept = [mark("HF-W1", 13), mark("ING-12", 13), mark("HF-W1", 90, episode.id)]
    where.flags = [*kept, mark("HF-W1", 15), mark("ING-12", 15)]
    intake.trim(where, NOW)
    assert where.flags == kept


def test_an_id_is_known_as_a_whole_only() -> None:
    where = picture()
    one = draft("heart_rate", 70)
    where.recent_ids = b"abc" + one.id.bytes[8:] + b"defgh"
    assert intake.take(where, PATIENT, [one], NOW, uuid7).added


def test_what_a_correction_took_out_of_force_is_forgotten_with_its_time() -> None:
    where = picture()
    where.since = NOW - timedelta(days=14)
    kept = reading("heart_rate", 70, NOW - timedelta(days=13))
    where.gone = [reading("heart_rate", 71, NOW - timedelta(days=15)), kept]
    intake.trim(where, NOW)
    assert where.gone == [kept]


def test_inv_7_what_days_say_together_is_kept_until_one_of_them_or_the_midnight_after_changes() -> None:
    where = picture()
    intake.take(where, new_id(), [draft("body_weight", 80, at("13 07:00")), draft("body_weight", 81, at("14 07:00"))], NOW, new_id)
    made: list[int] = []

    def ask() -> int:
        seen = where.view(NOW)
        return seen.past(WEIGHT, at("14 07:00").date(), ("asked",), lambda: made.append(0) or len(made))

    assert [ask(), ask()] == [1, 1]
    intake.take(where, new_id(), [draft("heart_rate", 70, at("14 08:00"))], NOW, new_id)
    assert ask() == 1
    intake.take(where, new_id(), [draft("body_weight", 82, at("15 07:00"))], NOW, new_id)
    assert ask() == 2
    intake.take(where, new_id(), [draft("body_weight", 79, at("13 08:00"))], NOW, new_id)
    assert ask() == 3
    for place in range(200):
        where.view(NOW).past(WEIGHT, at("06 07:00").date(), (place,), lambda: 0)
    intake.take(where, new_id(), [draft("body_weight", 80, at("15 08:00"))], NOW, new_id)
    assert sum(map(len, where.memo.past.values())) < 100
    where.memo.normals.update({(PULSE, date.fromordinal(1 + place), 10): None for place in range(100)})
    intake.take(where, new_id(), [draft("body_weight", 80, at("15 08:30"))], NOW, new_id)
    assert len(where.memo.normals) < 100


def test_a_picture_says_roughly_what_it_takes() -> None:
    where = picture()
    intake.take(where, new_id(), [draft("body_weight", 80, at("15 07:00"))], NOW, new_id)
    kept = unpack(pack(where))
    assert 0 < kept.readings.size < where.readings.size
    assert kept.readings.get(WEIGHT) == where.readings.get(WEIGHT)
    assert kept.readings.get(1) is None

"""One measurement that came twice, and doubts that neighbours answer: worked out from the set (DQ-1, DQ-5, DQ-6, INV-7)."""

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain import intake
from domain.detection.judgement import Severity
from domain.episodes.episode import FlagState
from domain.readings import duplicates
from domain.readings.kinds import BY_NAME, BY_NO
from domain.readings.reading import Draft, Reading, Rejected, Source, Stored, TimeSource
from tests.builders import NOW, draft, new_id, picture, reading

SPO2, PRESSURE, WEIGHT, SENSOR = (BY_NAME[name].no for name in ("oxygen_saturation", "blood_pressure", "body_weight", "glucose_cgm"))
PATIENT = UUID(int=7)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def seen(*ones: Reading, **more: Any) -> duplicates.Seen:
    ordered = sorted(ones, key=lambda one: (one.taken_at, one.id))
    return duplicates.seen(ones[0].kind, ordered, **more)


@pytest.mark.parametrize(
    ("seconds", "device", "value", "is_copy"),
    [
        pytest.param(60, 4, 93, True, id="60 s from another source is a copy"),
        pytest.param(60.001, 4, 93, False, id="61 s is another reading"),
        pytest.param(30, 4, 92, False, id="another value is another reading"),
        pytest.param(30, 0, 93, False, id="the same source measured twice"),
    ],
)
def test_dq_6_the_same_value_within_a_minute_from_another_source_is_a_copy(seconds: float, device: int, value: int, is_copy: bool) -> None:
    typed = reading("oxygen_saturation", 93, ago(seconds=seconds), manual=True)
    other = reading("oxygen_saturation", value, NOW, device=device, manual=device == 0)
    found = seen(typed, other)
    assert found.copies == ({typed.id: other.id} if is_copy else {})
    assert len(found.counted) == 2 - is_copy


def test_dq_6_the_devices_own_copy_wins_then_the_better_known_time_then_the_nearer_door() -> None:
    device = reading("body_weight", 80, NOW, device=3, source=Source.FILE)
    app = reading("body_weight", 80, ago(seconds=20))
    file = reading("body_weight", 80, ago(seconds=40), source=Source.FILE, time_source=TimeSource.PATIENT_ZONE)
    found = seen(device, app, file)
    assert found.copies == {app.id: device.id, file.id: device.id}
    assert seen(app, file).copies == {file.id: app.id}
    assert seen(replace(app, source=0), file).copies == {file.id: app.id}


def test_dq_6_a_copy_of_a_copy_is_stood_for_by_the_one_that_counts() -> None:
    best, middle, last = (reading("body_weight", 80, ago(seconds=50 * place), device=device, source=source)
                          for place, (device, source) in enumerate(((1, Source.VENDOR), (0, Source.APP), (0, Source.FILE))))  # fmt: skip
    assert seen(best, middle, last).copies == {middle.id: best.id, last.id: best.id}


def test_f13_what_a_person_took_apart_is_seen() -> None:
    typed, device = reading("body_weight", 80, ago(seconds=30)), reading("body_weight", 80, NOW, device=3)
    assert seen(typed, device, apart=frozenset({typed.id})).copies == {}


def test_dq_6_a_symptom_said_twice_was_said_twice() -> None:
    one, other = reading("symptom", "fever", ago(seconds=5)), reading("symptom", "fever", NOW, source=Source.STAFF)
    assert seen(one, other).copies == {}


def sensor(device: int, start: datetime, values: list[float], **more: Any) -> list[Reading]:
    return [reading("glucose_cgm", value, start + timedelta(minutes=5 * place), device=device, **more) for place, value in enumerate(values)]


CURVE = [5.0 + (place * 7 % 23) / 10 for place in range(40)]


@pytest.mark.parametrize(
    ("quarters", "wrong", "is_copy"),
    [(4, 0, True), (-4, 0, True), (8, 0, True), (9, 0, False), (4, 1, True), (4, 2, False), (0, 3, False)],
    ids=["an hour on", "an hour back", "two hours", "beyond what is looked for", "one in 25 differs: 96 %", "two in 25 differ: 92 %",
         "no shift: equal instants are copies one by one"],
)  # fmt: skip
def test_dq_6_a_shifted_copy_of_a_sensor_is_seen_once(quarters: int, wrong: int, is_copy: bool) -> None:
    start = ago(hours=8)
    own = sensor(1, start, CURVE)
    values = CURVE[:25]
    for place in range(wrong):
        values[place * 12] += 5
    copy = sensor(2, start + timedelta(minutes=15 * quarters), values, source=Source.FILE, time_source=TimeSource.PATIENT_ZONE)
    found = seen(*own, *copy)
    ids = {one.id for one in copy}
    if quarters == 0:
        assert len(found.copies.keys() & ids) == 25 - wrong
    else:
        assert len(found.copies.keys() & ids) == (25 - wrong if is_copy else 0)
    assert not found.copies.keys() & {one.id for one in own}


def test_dq_6_two_flat_sensors_and_a_short_overlap_are_no_copies() -> None:
    start = ago(hours=8)
    flat = [*sensor(1, start, [5.5] * 40), *sensor(2, start + timedelta(hours=1, minutes=2), [5.5] * 30)]
    assert seen(*flat).copies == {}
    short = [*sensor(1, start, CURVE), *sensor(2, start + timedelta(hours=1), CURVE[:20])]
    assert seen(*short).copies == {}
    sparse = sensor(2, start + timedelta(hours=1), CURVE)[::5]
    assert seen(*sensor(1, start, CURVE), *sparse).copies == {}


@pytest.mark.parametrize(("seconds", "counted"), [(59, 1), (60, 2)])
def test_dq_5_less_than_a_minute_apart_is_not_a_second_pressure(seconds: int, counted: int) -> None:
    first, second = reading("blood_pressure", (150, 90), ago(seconds=seconds)), reading("blood_pressure", (140, 85), NOW)
    found = seen(first, second)
    assert [one.id for one in found.counted] == [first.id, second.id][:counted]
    assert found.soon == ({second.id} if counted == 1 else set())


def test_dq_5_a_dangerous_pressure_too_soon_after_another_is_still_judged_for_itself() -> None:
    where = picture()
    first, second = draft("blood_pressure", (150, 90), ago(seconds=90)), draft("blood_pressure", (190, 100), ago(seconds=50))
    intake.take(where, PATIENT, [first, second], NOW, uuid7)
    assert [(one.rule, one.anchor) for one in where.flags] == [("HT-4", second.id)]


def triple(systolic: int, pulse: int | None, when: datetime) -> list[Reading]:
    beats = [] if pulse is None else [reading("heart_rate", pulse, when)]
    return [reading("blood_pressure", (systolic, 80), when), *beats]


@pytest.mark.parametrize(
    ("pulses", "hours", "repeated"),
    [
        pytest.param((70, 70, 70), (24, 12, 0), 1, id="three times running"),
        pytest.param((70, 70, 70), (37, 12, 0), 0, id="not within 36 h"),
        pytest.param((70, 71, 70), (24, 12, 0), 0, id="another pulse"),
        pytest.param((None, None, None), (24, 12, 0), 0, id="no pulse is known"),
    ],
)
def test_dq_5_the_same_triple_three_times_running_is_suspect(
    pulses: tuple[int | None, ...], hours: tuple[int, ...], repeated: int
) -> None:
    ones = [one for pulse, back in zip(pulses, hours, strict=True) for one in triple(128, pulse, ago(hours=back))]
    found = seen(*(one for one in ones if one.kind == PRESSURE), pulses=[one for one in ones if one.kind != PRESSURE])
    assert [one.marks for one in found.other.values()] == [("repeated",)] * repeated
    assert all(one.unconfirmed for one in found.other.values())


@pytest.mark.parametrize(
    ("minutes", "value", "confirmed"),
    [(10, 69, True), (10.1, 69, False), (10, 67, True), (10, 66, False), (5, 71, False)],
    ids=["10 min", "more than 10 min", "2 apart agree", "3 apart do not", "a likely one confirms nothing"],
)
def test_dq_1_two_unlikely_values_that_agree_confirm_each_other(minutes: float, value: int, confirmed: bool) -> None:
    one, other = reading("oxygen_saturation", 69, ago(minutes=minutes)), reading("oxygen_saturation", value)
    found = seen(one, other)
    assert {item.unconfirmed for item in found.counted if item.id == one.id} == {not confirmed}
    assert set(found.other) == ({one.id, other.id} if confirmed else set())


def test_dq_1_a_copy_confirms_nothing() -> None:
    one, copy = reading("oxygen_saturation", 69, ago(seconds=30)), reading("oxygen_saturation", 69, device=5)
    found = seen(one, copy)
    assert [item.unconfirmed for item in found.counted] == [True]


def test_dq_1_every_kind_with_a_usual_range_says_how_near_two_must_be_to_agree() -> None:
    wanted = {kind.no for kind in BY_NO.values() if kind.soft or any(part.soft for part in kind.parts)}
    assert wanted <= set(duplicates.AGREES)
    pressures = [reading("blood_pressure", (255, 120), ago(minutes=5)), reading("blood_pressure", (258, 131))]
    assert seen(*pressures).other == {}
    assert len(seen(pressures[0], reading("blood_pressure", (258, 129))).other) == 2


def test_dq_5_a_pair_more_than_20_apart_asks_for_a_third_and_the_last_two_count() -> None:
    ones = [reading("blood_pressure", (systolic, 80), ago(minutes=minutes)) for systolic, minutes in ((160, 10), (139, 5), (141, 0))]
    assert duplicates.wants_third(PRESSURE, ones[:2], ones[1])
    assert not duplicates.wants_third(PRESSURE, ones, ones[2])
    assert not duplicates.wants_third(PRESSURE, ones[:1], ones[0])
    assert not duplicates.wants_third(PRESSURE, [ones[0], replace(ones[1], value=Decimal(140))], replace(ones[1], value=Decimal(140)))
    assert not duplicates.wants_third(WEIGHT, ones[:2], ones[1])
    assert duplicates.last_two(ones) == ones[1:]
    assert duplicates.last_two([replace(ones[0], value=Decimal(159)), *ones[1:]])[0].value == 159
    assert duplicates.last_two(ones[:2]) == ones[:2]


def flags(drafts: list[Draft], sizes: list[int]) -> set[tuple[str, UUID, int, str]]:
    where, place = picture(), 0
    for size in sizes:
        intake.take(where, PATIENT, drafts[place : place + size], NOW, uuid7)
        place += size
    gone = {FlagState.EXPLAINED, FlagState.WITHDRAWN}
    return {(one.rule, one.anchor, int(one.severity), one.state) for one in where.flags if one.state not in gone}


def test_dq_6_a_copy_is_no_repeat_so_one_low_oxygen_by_two_routes_is_not_two() -> None:
    phone = draft("oxygen_saturation", 94, ago(minutes=10), manual=True)
    device = draft("oxygen_saturation", 94, ago(minutes=10, seconds=-30), device=9)
    for order in ([phone, device], [device, phone]):
        assert flags(order, [1, 1]) == {("OX-1", device.id, int(Severity.INFO), "active")}


def crowd(chance: random.Random) -> list[Draft]:
    """Readings of two devices and by hand, seconds and minutes apart, near every limit; some copies, some taken apart."""
    made: list[Draft] = []
    for _ in range(chance.randint(3, 14)):
        when = ago(minutes=chance.choice((0, 1, 4, 9, 14, 31, 700, 1400)), seconds=chance.randint(0, 59))
        kind, values = chance.choice((
            ("oxygen_saturation", (68, 69, 91, 93, 94)), ("blood_pressure", ((182, 100), (150, 90), (130, 80), (255, 120))),
            ("heart_rate", (70, 71, 201, 205)), ("peak_flow", (58, 59, 200)),
        ))  # fmt: skip
        one = draft(kind, chance.choice(values), when, device=chance.choice((0, 0, 3)), manual=chance.random() < 0.3)
        made.append(one)
        if chance.random() < 0.5:
            made.append(replace(one, id=new_id(), device=7, taken_at=one.taken_at + timedelta(seconds=chance.randint(1, 61))))
    if chance.random() < 0.3:
        gone = chance.choice(made)
        made.append(Draft(id=new_id(), kind="", taken_at=NOW, retracts=True, corrects=gone.id, reason="not mine"))
    return made


@pytest.mark.parametrize("part", range(4))
def test_inv_7_copies_and_confirmations_do_not_depend_on_order(part: int) -> None:
    for seed in range(part * 100, part * 100 + 100):
        chance = random.Random(seed)
        drafts = crowd(chance)
        wanted = flags(drafts, [len(drafts)])
        shuffled = drafts + chance.sample(drafts, len(drafts) // 3)
        chance.shuffle(shuffled)
        sizes: list[int] = []
        while sum(sizes) < len(shuffled):
            sizes.append(chance.randint(1, 3))
        assert flags(shuffled, sizes) == wanted, f"seed {seed}"


def test_inv_7_a_shifted_sensor_in_any_order() -> None:
    start = ago(hours=6)
    values = [5.5 - (place * 7 % 27) / 10 for place in range(40)]
    own = [draft("glucose_cgm", value, start + timedelta(minutes=5 * place), device=1) for place, value in enumerate(values)]
    copy = [draft("glucose_cgm", value, start + timedelta(minutes=60 + 5 * place), device=2, source=Source.FILE, history=True)
            for place, value in enumerate(values[:30])]  # fmt: skip
    wanted = flags([*own, *copy], [70])
    for seed in range(6):
        shuffled = [*own, *copy]
        random.Random(seed).shuffle(shuffled)
        assert flags(shuffled, [7] * 10) == wanted


def test_f13_taking_apart_and_together_is_judged_again() -> None:
    where = picture()
    phone, device = draft("oxygen_saturation", 94, ago(minutes=10)), draft("oxygen_saturation", 94, ago(minutes=10, seconds=-30), device=9)
    taken = intake.take(where, PATIENT, [phone, device], NOW, uuid7)
    assert {one.copy.id: one.kept for one in taken.links} == {phone.id: device.id}
    say = Draft(id=new_id(), kind="oxygen_saturation", taken_at=phone.taken_at, corrects=phone.id, link="apart", reason="two fingers")
    apart = intake.take(where, PATIENT, [say], NOW, uuid7)
    assert isinstance(apart.outcomes[0], Stored)
    assert apart.links[0] == intake.Link(next(one for one in where.readings[SPO2] if one.id == phone.id), None, "apart", "two fingers")
    standing = {(one.anchor, one.severity) for one in where.flags if one.state == FlagState.ACTIVE}
    assert standing == {(phone.id, Severity.INFO), (device.id, Severity.AMBER)}
    intake.take(where, PATIENT, [replace(say, link="together")], NOW, uuid7)
    assert {one.anchor for one in where.flags if one.state == FlagState.ACTIVE} == {device.id}
    lost = intake.take(where, PATIENT, [replace(say, corrects=new_id())], NOW, uuid7).outcomes[0]
    assert isinstance(lost, Rejected)
    assert where.fork().apart == where.apart


def test_nothing_is_touched_by_what_has_no_neighbours() -> None:
    assert duplicates.touched({}, [reading("body_weight", 80)]) == []
    assert duplicates.touched({}, [reading("symptom", "fever")]) == []

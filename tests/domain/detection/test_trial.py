"""F39: one person's past as it was and as it would have been."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from msgspec.structs import replace

from domain.detection.engine import RULES
from domain.detection.judgement import Severity
from domain.detection.trial import APART, Concern, Input, Known, Raised, Tried, compare, concerns, judged, side, with_limits
from domain.plans.limits import Dated, Layer
from domain.readings.reading import Reading
from tests.builders import ADULT, NOW, at, new_id, reading, view

DAY = timedelta(days=1)
TEAM = UUID(int=1)
# What these tests are about; every other rule is left out of the count.
OTHERS = tuple(rule.id for rule in RULES if rule.id not in {"HF-W1", "DM-1", "DM-2"})
GIVEN = Input(team=TEAM, from_at=NOW - 90 * DAY, to_at=NOW, shadowed=OTHERS)
EPISODE = UUID(int=9)


def weights(*kg: float, last: int = 5) -> dict[int, list[Reading]]:
    """One weight a day, the last one so many days ago."""
    ones = [reading("body_weight", value, at(f"-{last + len(kg) - 1 - place}d 07:00")) for place, value in enumerate(kg)]
    return {ones[0].kind: ones}


def tried(value: str | None) -> Input:
    return replace(GIVEN, limits=(Tried(key="HF-W1.gain_kg", value=None if value is None else Decimal(value)),))


def known(last: int = 5, *, confirmed: bool = True) -> Known:
    when = at(f"-{last}d 07:00")
    return Known(episode=EPISODE, group="HF-W", first_at=when, last_at=when, confirmed=confirmed, data_class=1)


def test_what_changes_nothing_finds_the_same() -> None:
    found = compare(weights(80, 80, 80, 82.5), ADULT, GIVEN, [known()], NOW)
    assert found.before == found.after
    assert [one.rule for one in found.before.raised] == ["HF-W1"]
    assert (found.new, found.gone, found.changed, found.missed) == ((), (), (), ())


def test_only_what_stands_in_the_time_of_the_trial_is_counted() -> None:
    readings = weights(80, 80, 80, 82.5, last=95)
    assert compare(readings, ADULT, GIVEN, [], NOW).before.raised == ()
    assert "HF-W1" in {one.rule for one in judged(view(*next(iter(readings.values()))), NOW - 100 * DAY, NOW)}


def test_a_tighter_limit_finds_more_and_a_looser_one_of_their_own_stays() -> None:
    readings = weights(80, 80, 80, 81.7)
    found = compare(readings, ADULT, tried("1.5"), [], NOW)
    assert (len(found.before.concerns), len(found.new), found.new[0].severity) == (0, 1, Severity.AMBER)
    own = replace(ADULT, limits={"HF-W1.gain_kg": (Dated(Decimal("1.8"), NOW - 99 * DAY),)})
    assert compare(readings, own, tried("1.5"), [], NOW).new == ()
    theirs = replace(ADULT, limits={"HF-W1.gain_kg": (Dated(Decimal("1.5"), NOW - 99 * DAY, layer=Layer.SERVICE, team=TEAM),)})
    back = compare(readings, theirs, tried(None), [known()], NOW)
    assert (len(back.gone), [one.late_h for one in back.missed]) == (1, [None])
    assert compare(readings, theirs, tried(None), [known(confirmed=False)], NOW).missed == ()
    assert compare(readings, ADULT, GIVEN, [known()], NOW).missed == ()


def test_another_services_limit_stays_as_it_is() -> None:
    other = Dated(Decimal("1.2"), NOW - 99 * DAY, layer=Layer.SERVICE, team=UUID(int=2))
    profile = replace(ADULT, limits={"HF-W1.gain_kg": (other,)})
    found = with_limits(profile, tried("1.5").limits, TEAM).limits["HF-W1.gain_kg"]
    assert [entry.value for entry in found] == [Decimal("1.2"), Decimal("1.5")]


def test_what_is_seen_later_says_by_how_much() -> None:
    readings = weights(80, 81.7, 81, 83.8)
    theirs = replace(ADULT, limits={"HF-W1.gain_kg": (Dated(Decimal("1.5"), NOW - 99 * DAY, layer=Layer.SERVICE, team=TEAM),)})
    found = compare(readings, theirs, tried(None), [known(7)], NOW)
    assert [(one.late_h, one.at) for one in found.missed] == [(48, at("-7d 07:00"))]
    assert found.gone == ()


def test_a_rule_in_shadow_is_recorded_and_not_shown() -> None:
    readings = weights(80, 80, 80, 82.5)
    off = replace(GIVEN, modes={"HF-W1": "shadow"})
    assert len(compare(readings, ADULT, off, [known()], NOW).missed) == 1
    on = replace(GIVEN, shadowed=(*OTHERS, "HF-W1"), modes={"HF-W1": "active"})
    found = compare(readings, ADULT, on, [], NOW)
    assert (found.before.raised, len(found.new)) == ((), 1)


def test_a_person_without_such_readings_is_not_judged_twice() -> None:
    sugar = reading("glucose_capillary", "2.5", at("-5d 07:00"))
    found = compare({sugar.kind: [sugar]}, ADULT, tried("1.5"), [], NOW)
    assert found.before == found.after
    assert found.before.raised


def raised(hours: float, severity: Severity = Severity.AMBER, group: str = "G") -> Raised:
    return Raised("R", group, new_id(), NOW + timedelta(hours=hours), severity, False, f"at {hours}", 1)


def test_flags_of_one_group_close_together_are_one_concern() -> None:
    found = concerns([raised(0), raised(1, group="H"), raised(72, Severity.RED), raised(144.5)])
    assert [(one.group, one.flags, one.severity.name) for one in found] == [("G", 2, "RED"), ("H", 1, "AMBER"), ("G", 1, "AMBER")]
    assert found[0].sentence == "at 72"
    assert found[0].last_at - found[0].first_at == APART


def test_a_concern_of_another_severity_is_a_change_not_a_new_one() -> None:
    # DM-2 at 3.2: amber as it is tried, information as it was.
    sugar = [reading("glucose_capillary", value, at(f"-5d {when}")) for value, when in (("3.2", "07:00"), ("3.5", "07:10"))]
    pair = (Tried(key="DM-2.very_low", value=Decimal("3.3"), mg=Decimal(59)),)
    found = compare({sugar[0].kind: sugar}, ADULT, replace(GIVEN, limits=pair), [], NOW)
    assert (found.new, found.gone) == ((), ())
    assert [(was.severity, would.severity) for was, would in found.changed] == [(Severity.INFO, Severity.AMBER)]
    assert isinstance(found.changed[0][0], Concern)


def test_a_red_of_a_rule_in_shadow_is_shown_all_the_same() -> None:
    (amber,) = side([Raised("HF-C1", "HF-W", UUID(int=1), NOW, Severity.AMBER, False, "", 1)], frozenset()).raised
    red = replace(amber, severity=Severity.RED)
    assert side([amber, red], frozenset({"HF-C1"})).raised == (red,)

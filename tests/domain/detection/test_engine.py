"""What must be judged again, and that a rule that breaks loses nothing."""

from datetime import timedelta

import pytest

from domain.detection import engine
from domain.detection.judgement import Severity, Verdict
from domain.detection.picture import View
from domain.detection.rule import Rule
from domain.readings.reading import Reading
from tests.builders import NOW, at, reading, view


def test_anchors_are_what_a_change_can_reach() -> None:
    before, now, far = (reading("oxygen_saturation", 92, at(when)) for when in ("07:50", "08:00", "06:00"))
    found = engine.anchors(view(before, now, far).readings, [now])
    assert [one.id for one in found] == [before.id, now.id]
    assert engine.anchors({}, [now]) == []
    step = reading("step_count", 4000)
    assert engine.anchors(view(step).readings, [step]) == []


def test_anchors_of_many_changes_come_once_and_in_order() -> None:
    ones = [reading("heart_rate", 60 + place, at("06:00") + timedelta(minutes=10 * place)) for place in range(10)]
    far = reading("heart_rate", 90, at("-2d 06:00"))
    found = engine.anchors(view(far, *ones).readings, [ones[9], ones[0], far])
    assert [one.id for one in found] == [one.id for one in (far, *ones)]
    gap = engine.anchors(view(far, *ones).readings, [ones[0], far])
    assert {one.id for one in gap} >= {far.id, ones[0].id}


def broken(_rule: Rule, _view: View, _anchor: Reading) -> None:
    raise ZeroDivisionError


def test_ing_12_a_rule_that_raises_tells_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = engine.BY_ID["AS-1"]
    kind = next(iter(rule.anchors))
    bad = Rule(id="AS-1", version=1, group="AS", anchors=rule.anchors, looks_at=rule.looks_at, trend=kind, judge=broken)
    monkeypatch.setitem(engine._AT, kind, (bad,))  # pyright: ignore[reportPrivateUsage]
    anchor = reading("peak_flow", 300)
    found = engine.judge(view(anchor), [anchor])
    assert [(one.rule, one.verdict, one.severity) for one in found] == [
        ("AS-1", Verdict.NOT_EVALUABLE, None), (engine.UNCHECKED, Verdict.FIRED, Severity.AMBER),
    ]  # fmt: skip


def test_a_plain_reading_is_judged_by_the_rules_of_its_kind_only() -> None:
    anchor = reading("glucose_capillary", "6.5", NOW)
    assert [one.rule for one in engine.judge(view(anchor), [anchor])] == ["DM-1", "DM-2"]
    assert engine.judge(view(), [reading("sleep_duration", 7)]) == []

"""What rules of the lungs share: kinds, symptoms that count, and how a concern is over."""

from datetime import datetime
from typing import Final

from domain.detection import clearing, concern
from domain.detection.diary import Day
from domain.detection.picture import View
from domain.detection.rule import Clearing, Look, Rule
from domain.readings.kinds import BY_NAME

SPO2: Final = BY_NAME["oxygen_saturation"].no
PULSE: Final = BY_NAME["heart_rate"].no
BREATHING: Final = BY_NAME["respiratory_rate"].no
SYMPTOM: Final = BY_NAME["symptom"].no

BREATHLESS: Final = frozenset({1, 20, 23, 27, 31})
SPUTUM: Final = 43
COLOUR: Final = 44
MINOR: Final = {47: "a cold", 46: "fever", 45: "more wheeze", 42: "more cough"}
WORSE: Final = BREATHLESS | {SPUTUM, COLOUR} | MINOR.keys()
"""Respiratory symptoms that are worse than usual."""

NORMAL: Final = Look(days=concern.BACK)


def back_to_usual(rule: Rule, view: View, fired_at: datetime) -> Clearing:
    """Symptoms back to usual on two days."""
    return clearing.as_usual(rule, view, fired_at, WORSE)


def near_normal(rule: Rule, view: View, fired_at: datetime) -> Clearing:
    """AL-4: oxygen within one point of the person's normal on two days; without a normal, at or above the target."""

    def is_calm(one: Day) -> bool | None:
        normal = view.baseline(SPO2, one.on)
        if normal is None:
            return one.value >= concern.low_target(view.profile, one)
        return one.value >= normal.median - 1

    return clearing.calm(rule, clearing.since(view, SPO2, fired_at), is_calm, ("an oxygen level", "within 1 of normal"))

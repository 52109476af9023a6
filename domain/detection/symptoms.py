"""Symptoms by their code, and as they are said in a sentence."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from domain.detection.picture import View
from domain.readings.kinds import BY_NAME, CODE_NO, SYMPTOM_LABEL
from domain.readings.reading import Reading

SYMPTOM: Final = BY_NAME["symptom"].no
CODE: Final = CODE_NO[SYMPTOM]
USUAL: Final = CODE["feel_as_usual"]


def codes(*names: str) -> frozenset[int]:
    """The stored numbers of symptoms."""
    return frozenset(CODE[name] for name in names)


def said(code: int) -> str:
    """A symptom inside a sentence."""
    label = SYMPTOM_LABEL[code]
    return label if label.startswith("I ") else label[0].lower() + label[1:]


def reported(view: View, wanted: frozenset[int], start: datetime, end: datetime) -> Sequence[Reading]:
    """Reports of some symptoms from one instant to another, in order."""
    return [one for one in view.between(SYMPTOM, start, end) if int(one.value) in wanted]

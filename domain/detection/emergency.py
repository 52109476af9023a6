"""Table 2: symptoms that are an emergency by themselves (FLOOR), and those that somebody must look at the same day."""

from datetime import datetime
from typing import Final

from domain.detection import neurology, pregnancy, sick_days
from domain.detection.judgement import Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Look, Rule
from domain.people.patient import Profile
from domain.readings.kinds import BY_NAME, SYMPTOM_LABEL
from domain.readings.reading import Reading

SYMPTOM: Final = BY_NAME["symptom"].no
TABLE_2: Final[dict[str, frozenset[int]]] = {
    "E1": frozenset({1, 2}),
    "E2": frozenset({3, 4}),
    "E3": frozenset({5, 6, 7}),
    "E4": frozenset({8}),
    "E5": frozenset({9}),
    "E6": frozenset({10}),
    "E7": frozenset({11}),
    "E8": frozenset({12}),
    "E9": frozenset({13, 14}),
}
"""Row of table 2 -> the symptom codes that it names."""

_CODES: Final = {code: row for row, codes in TABLE_2.items() for code in codes}
_OTHERS: Final = frozenset({30, 31, 32, 33, 34, 35, 36, 90})
"""What people report that no score may hide (C-8) and no other rule answers."""
_NERVES: Final = frozenset({80, 81})
_ECLAMPSIA: Final = frozenset({100, 101})
_MIND: Final = 12
_WISHED: Final = 92


def symptom(rule: Rule, _view: View, anchor: Reading) -> Judgement | None:
    """E1 to E9: reported is enough, whatever the numbers say (C-8)."""
    code = int(anchor.value)
    if _CODES.get(code) != rule.id:
        return None
    advice = "ADV-MOOD" if code == _MIND else "ADV-SEIZURE" if rule.id == "E5" else "ADV-999"
    return rule.fired(anchor, Severity.RED, f"Reports: {_said(code)}", advice=advice, emergency=True)


def felt(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """F44: 'I feel worse', or a symptom that no other rule answers, is always seen by somebody."""
    code = int(anchor.value)
    if code not in _OTHERS and not _unanswered(code, view.profile, anchor.taken_at):
        return None
    return rule.fired(anchor, Severity.AMBER, f"Reports: {_said(code)}", advice="ADV-TODAY")


def wished(rule: Rule, _view: View, anchor: Reading) -> Judgement | None:
    """F76: what somebody wrote elsewhere sounds like a crisis, and when well they asked that their own team is told."""
    if int(anchor.value) != _WISHED:
        return None
    return rule.fired(anchor, Severity.RED, "Wrote words of crisis today and asked, when well, that you are told: ring now", advice="ADV-MOOD")


def _unanswered(code: int, profile: Profile, at: datetime) -> bool:
    """Whether a symptom that a rule answers for some people is answered for this person by none."""
    if code in sick_days.ILLNESS:
        return not sick_days.answers(code, profile, at)
    if code in _NERVES:
        return neurology.MS not in profile.conditions
    return code in _ECLAMPSIA and not pregnancy.expecting(profile, at)


def _said(code: int) -> str:
    label = SYMPTOM_LABEL[code]
    return label if label.startswith("I ") else label[0].lower() + label[1:]


RULES: Final = (
    *(
        Rule(
            id=row, version=1, group="E", title="Emergency symptom", anchors=frozenset({SYMPTOM}), looks={SYMPTOM: Look()},
            least=None, in_pregnancy=True, floor=True, trend=0, judge=symptom,
        )
        for row in TABLE_2
    ),
    Rule(
        id="F44", version=1, group="SYMPTOM", title="I feel worse", anchors=frozenset({SYMPTOM}), looks={SYMPTOM: Look()},
        least=None, in_pregnancy=True, trend=0, judge=felt,
    ),
    Rule(
        id="F76", version=1, group="SYMPTOM", title="An advance wish", anchors=frozenset({SYMPTOM}), looks={SYMPTOM: Look()},
        least=None, in_pregnancy=True, floor=True, trend=0, judge=wished,
    ),
)  # fmt: skip

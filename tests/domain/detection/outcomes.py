"""What comes out of a rule, short enough for a table of examples."""

from domain.detection.engine import RULES
from domain.detection.judgement import Judgement, Severity, Verdict

INFO, AMBER, RED = Severity.INFO, Severity.AMBER, Severity.RED
BY = {rule.id: rule for rule in RULES}
EMERGENCY = (RED, True)
QUIET, UNKNOWN = "not_fired", "not_evaluable"


def outcome(found: Judgement | None) -> Severity | tuple[Severity, bool] | str | None:
    """Severity (with True for an emergency), 'not_fired', 'not_evaluable', or None where it is of no concern."""
    if found is None:
        return None
    if found.verdict is not Verdict.FIRED:
        return found.verdict.value
    assert found.severity is not None
    return (found.severity, True) if found.emergency else found.severity


def said(found: Judgement | None) -> str:
    """The sentence a nurse reads, or what is missing."""
    assert found is not None
    return found.sentence or found.reason

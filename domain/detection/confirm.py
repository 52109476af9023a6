"""The confirm ladder (F36): an amber that rests on one measurement is asked to be taken again before a nurse is called.

A pure step between the judging of a rule and the settling of episodes: the person gets the tip on technique, the request and one
question at once, and the flag is information while the repeat is awaited. The repeat confirms or clears; when nobody answers
in time it is called all the same, since silence is never good news. Red and emergency never wait, and rules that have a
repeat of their own in the reference (OX-1, CO-1, HT-4, HF-H1, DM-2, PG-1) take no part.
"""

from msgspec.structs import replace

from domain.detection.judgement import Confidence, Judgement, Severity, Verdict
from domain.detection.picture import View
from domain.detection.rule import Asked, Asks, Rule, same
from domain.readings.reading import Reading


def step(rule: Rule, asks: Asks, view: View, anchor: Reading, found: Judgement) -> Judgement:
    """What is said of it while the repeat is awaited, and once it came or did not."""
    if found.verdict is not Verdict.FIRED or found.severity is not Severity.AMBER:
        return found
    asked = asks(rule, view, anchor)
    if asked is None:
        return found
    if asked.answer is not None:
        return _answered(rule, anchor, found, asked, asked.answer)
    if view.now >= asked.until:
        return replace(found, confidence=Confidence.UNCONFIRMED, sentence=f"{found.sentence}; asked to measure again, no answer")
    return replace(
        found, severity=Severity.INFO, confidence=Confidence.UNCONFIRMED, advice=asked.advice, due_at=asked.until,
        sentence=f"{found.sentence}; asked to measure again",
    )  # fmt: skip


def _answered(rule: Rule, anchor: Reading, found: Judgement, asked: Asked, answer: Reading) -> Judgement:
    shown = f"{same(answer.value)} when measured again"
    if asked.is_same:
        return replace(
            found, sentence=f"{found.sentence}; {shown}", evidence=(*found.evidence, answer.id), window_to=answer.taken_at,
            numbers={**found.numbers, "again": same(answer.value)},
        )  # fmt: skip
    return rule.quiet(anchor, sentence=f"Not confirmed: {found.sentence}; {shown}", numbers={**found.numbers, "again": same(answer.value)})


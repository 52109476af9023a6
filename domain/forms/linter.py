"""Proves that a form can be filled in: every question can be reached and every condition can come true (F5).

It walks all that can be answered, keeping of each answer only what a later condition can tell apart, so a form of any
length is walked in full.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain, combinations
from typing import Final

from domain.errors import Invalid
from domain.forms.form import Answer, Check, Fact, Fault, Form, Given, Item, Method
from domain.readings.kinds import BY_NAME, CODE_NO

MOST: Final = 20_000
"""More ways through a form than this are too many for anybody to have thought about."""
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SYMPTOMS: Final = CODE_NO[BY_NAME["symptom"].no]

Known = tuple[tuple[str, Given], ...]
"""One way through the questions so far: the answers that later conditions ask about."""


def faults(form: Form) -> list[Fault]:
    """All that is wrong with a form; empty when it may be published."""
    found = [*_shape(form), *_scores(form)]
    # Only a form whose parts are whole can be walked.
    return found or _walk(form)


def must_be_sound(form: Form) -> None:
    """Refuse a form that has something wrong, with the first fault as the reason."""
    found = faults(form)
    if found:
        raise Invalid(found[0].detail, found[0].pointer)


def _shape(form: Form) -> Iterator[Fault]:  # noqa: C901 - each fault is a line
    if not _KEY.fullmatch(form.key):
        yield Fault("/key", "Small letters, digits and _ only, a letter first.")
    if not form.items:
        yield Fault("/items", "A form asks at least one question.")
    before: dict[str, Item | Fact] = {}
    for place, fact in enumerate(form.facts):
        if not _KEY.fullmatch(fact.key) or fact.key in before or len(set(fact.codes)) < 2:  # noqa: PLR2004 - or it decides nothing
            yield Fault(f"/facts/{place}", "A key of its own, and two codes or more.")
        before[fact.key] = fact
    for place, item in enumerate(form.items):
        at = f"/items/{place}"
        if not _KEY.fullmatch(item.key) or item.key in before:
            yield Fault(f"{at}/key", "A key of its own: small letters, digits and _.")
        yield from _item(form, item, at)
        for row, checks in enumerate(item.when):
            for check in checks:
                reason = _wrong_check(check, before)
                if reason:
                    yield Fault(f"{at}/when/{row}", f"Question '{item.key}': {reason}")
        before[item.key] = item


def _item(form: Form, item: Item, at: str) -> Iterator[Fault]:  # noqa: C901 - each fault is a line
    if not item.text and not form.licence:
        yield Fault(f"{at}/text", f"Question '{item.key}' has no words, and no licence that says why.")
    if item.answer is Answer.NUMBER:
        if item.options or item.low is None or item.high is None or item.low >= item.high:
            yield Fault(at, f"Question '{item.key}': a number needs a lowest and a higher highest value, and no options.")
    elif not item.options or len({one.code for one in item.options}) != len(item.options):
        yield Fault(f"{at}/options", f"Question '{item.key}' needs options, each with a code of its own.")
    for kind in (item.kind, item.unanswered):
        if kind and kind not in BY_NAME:
            yield Fault(f"{at}/kind", f"Question '{item.key}': '{kind}' is no kind of reading.")
    for option in item.options:
        if option.symptom and option.symptom not in _SYMPTOMS:
            yield Fault(f"{at}/options", f"Question '{item.key}': '{option.symptom}' is no symptom.")
        if item.kind and option.points is None:
            yield Fault(f"{at}/options", f"Question '{item.key}' is a reading, so each option needs its points.")


def _wrong_check(check: Check, before: dict[str, Item | Fact]) -> str:
    """Why a check can never be asked, or an empty text."""
    asked = before.get(check.item)
    if asked is None:
        return f"it depends on '{check.item}', which is not asked before it."
    is_number = isinstance(asked, Item) and asked.answer is Answer.NUMBER
    if is_number != (check.op in {"at_least", "below"}):
        return f"'{check.item}' cannot be compared in that way."
    if is_number:
        return ""
    codes = asked.codes if isinstance(asked, Fact) else tuple(one.code for one in asked.options)
    return "" if check.code in codes else f"'{check.item}' has no answer '{check.code}'."


def _scores(form: Form) -> Iterator[Fault]:
    known = {item.key for item in form.items}
    for place, score in enumerate(form.scores):
        if not score.items or not set(score.items) <= known:
            yield Fault(f"/scores/{place}/items", f"Score '{score.key}' counts something that is not asked.")
        if score.kind and score.kind not in BY_NAME:
            yield Fault(f"/scores/{place}/kind", f"Score '{score.key}': '{score.kind}' is no kind of reading.")
        if score.method is Method.WEIGHTED and len(score.weights) != len(score.items):
            yield Fault(f"/scores/{place}/weights", f"Score '{score.key}' needs a weight for each question.")
        known.add(score.key)


def _walk(form: Form) -> list[Fault]:
    last_use = {check.item: place for place, item in enumerate(form.items) for row in item.when for check in row}
    checks = [check for item in form.items for row in item.when for check in row]
    ways: set[Known] = {()}
    for fact in form.facts:
        if fact.key in last_use:
            ways = {(*way, (fact.key, code)) for way in ways for code in fact.codes}
    found: list[Fault] = []
    for place, item in enumerate(form.items):
        reached = [way for way in ways if item.is_asked(dict(way))]
        if not reached:
            found.append(Fault(f"/items/{place}/when", f"Question '{item.key}' can never be asked: no answers lead to it."))
        else:
            found.extend(
                Fault(f"/items/{place}/when/{row}", f"Question '{item.key}': this condition can never be true.")
                for row, all_of in enumerate(item.when)
                if not any(all(check.holds(dict(way)) for check in all_of) for way in reached)
            )
        if last_use.get(item.key, -1) > place:
            told = [(item.key, given) for given in _tellable(item, [check for check in checks if check.item == item.key])]
            ways = {*ways, *((*way, one) for way in reached for one in told)}
        ways = {tuple(one for one in way if last_use[one[0]] > place) for way in ways}
        if len(ways) > MOST:
            return [Fault(f"/items/{place}", "There are too many ways through this form to prove each of them.")]
    return found


def _tellable(item: Item, checks: list[Check]) -> list[Given]:
    """Answers that stand for all answers: no later condition tells others apart."""
    match item.answer:
        case Answer.ONE:
            return [one.code for one in item.options]
        case Answer.SOME:
            asked = sorted({check.code for check in checks})
            return list(chain.from_iterable(combinations(asked, size) for size in range(len(asked) + 1)))
        case _:
            low, high = item.low or Decimal(0), item.high or Decimal(0)
            step = Decimal(1).scaleb(-item.places)
            edges = {low, high, *(check.value for check in checks), *(check.value - step for check in checks)}
            return [edge for edge in sorted(edges) if low <= edge <= high]

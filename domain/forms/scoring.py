"""Scores from answers (clinical reference 3 to 11). A question left open is never counted as 0."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from domain.forms.form import Answers, Form, Item, Method, Score

_ALL_THREE: Final = 3
_TWO: Final = 2


class Scored(msgspec.Struct, frozen=True):
    """A score, or what is missing for it."""

    value: Decimal | None
    missing: tuple[str, ...] = ()


def half_up(value: Decimal, places: int = 0) -> Decimal:
    """Rounded half up, as every score here is."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def points(item: Item, answers: Answers) -> Decimal | None:
    """What an answer counts: the option's points, or the number itself; None when it was left open."""
    given = answers.get(item.key)
    if given is None or isinstance(given, Decimal):
        return given
    chosen = (given,) if isinstance(given, str) else given
    options = [item.option(code) for code in chosen]
    return sum(((one.points or Decimal(0)) for one in options if one is not None), Decimal(0))


def scores(form: Form, answers: Answers) -> dict[str, Scored]:
    """Every score of a form, by its key."""
    known = {item.key: points(item, answers) for item in form.items}
    found: dict[str, Scored] = {}
    for score in form.scores:
        one = _scored(score, known)
        found[score.key] = one
        known[score.key] = one.value
    return found


def _scored(score: Score, known: Mapping[str, Decimal | None]) -> Scored:
    values = [known[key] for key in score.items]
    given = [value for value in values if value is not None]
    missing = tuple(key for key in score.items if known[key] is None)
    if len(missing) > score.open_most or not given:
        return Scored(None, missing)
    total = sum(given, Decimal(0))
    match score.method:
        case Method.SUM:
            return Scored(total)
        case Method.PRORATED:
            return Scored(half_up(total * len(values) / len(given)), missing)
        case Method.MEAN:
            return Scored(half_up(total / len(given), score.places))
        case Method.WEIGHTED:
            return Scored(sum((value * weight for value, weight in zip(given, score.weights, strict=True)), Decimal(0)))
        case Method.COUNT:
            return Scored(Decimal(sum(value > 0 for value in given)))
        case _:
            kind = anthonisen(int(given[0]), int(given[1]))
            return Scored(None if kind is None else Decimal(kind))


def anthonisen(majors: int, minors: int) -> int | None:
    """CO-4: type 1 has three majors, type 2 two, type 3 one with a minor; None is no exacerbation by symptoms."""
    if majors >= _ALL_THREE:
        return 1
    if majors == _TWO:
        return 2
    return 3 if majors == 1 and minors >= 1 else None

"""Questionnaires as data: questions, what may be answered, when each is asked, and what an answer becomes.

A published version never changes: answers are pinned to it, and a phone that was offline may send one of an older version.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Literal

import msgspec

from domain.readings.kinds import BY_NAME, DataClass

Given = str | tuple[str, ...] | Decimal
"""One answer: the code of an option, the codes of several, or a number."""

Answers = Mapping[str, Given]


class Answer(StrEnum):
    """How a question is answered."""

    ONE = "one"
    SOME = "some"
    NUMBER = "number"


class Check(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """One thing that must be true of an earlier answer. A question that was not answered makes every check false."""

    item: str
    op: Literal["is", "is_not", "at_least", "below"] = "is"
    code: str = ""
    value: Decimal = Decimal(0)

    def holds(self, answers: Answers) -> bool:
        """Whether these answers make it true."""
        given = answers.get(self.item)
        if given is None:
            return False
        if isinstance(given, Decimal):
            return given >= self.value if self.op == "at_least" else given < self.value
        has = self.code in given if isinstance(given, tuple) else self.code == given
        return has if self.op == "is" else not has


class Option(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """One thing that can be chosen. `points` count in scores; `symptom` is the symptom that choosing it reports."""

    code: str
    text: str = ""
    points: Decimal | None = None
    symptom: str = ""


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """One question.

    `when`: it is asked when every check of one of these rows holds; without rows it is always asked. A `required` question
    left open is asked once more, and what was left open then is kept as left open, never as 'no' and never as 0.
    `kind`: the answer is a reading of it, `after_s` seconds after the rest. `unanswered`: the kind that says it stayed open.
    `tell_once`: asked only while the answer is not known; what was told before is shown to be confirmed.
    """

    key: str
    answer: Answer
    text: str = ""
    hint: str = ""
    options: tuple[Option, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    places: int = 0
    unit: str = ""
    when: tuple[tuple[Check, ...], ...] = ()
    required: bool = True
    kind: str = ""
    after_s: int = 0
    unanswered: str = ""
    tell_once: bool = False
    seconds: int = 4

    def is_asked(self, answers: Answers) -> bool:
        """Whether these answers lead to this question."""
        return not self.when or any(all(check.holds(answers) for check in row) for row in self.when)

    def option(self, code: str) -> Option | None:
        """The option of a code."""
        return next((one for one in self.options if one.code == code), None)


class Method(StrEnum):
    """How a score is worked out."""

    SUM = "sum"
    MEAN = "mean"
    PRORATED = "prorated"
    WEIGHTED = "weighted"
    COUNT = "count"
    ANTHONISEN = "anthonisen"


class Score(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """One number from several answers; a reading of `kind`, if it has one. `open_most`: so many may be left open (prorated)."""

    key: str
    method: Method
    items: tuple[str, ...]
    weights: tuple[Decimal, ...] = ()
    kind: str = ""
    open_most: int = 0
    places: int = 0


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """Something known before the first question that decides what is asked, such as whether the person is steady (F6)."""

    key: str
    codes: tuple[str, ...]


class Form(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """One version of a questionnaire.

    `licence`: whose words they are, when they are not ours; then only keys and scoring ship. `translations`: language ->
    place (`title`, `<item>`, `<item>.hint`, `<item>.<option>`) -> words; what is missing is shown in English.
    """

    key: str
    version: int
    title: str
    items: tuple[Item, ...]
    data_class: DataClass = DataClass.SYMPTOMS
    conditions: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    scores: tuple[Score, ...] = ()
    licence: str = ""
    translations: dict[str, dict[str, str]] = {}

    def item(self, key: str) -> Item | None:
        """The question of a key."""
        return next((one for one in self.items if one.key == key), None)

    def words(self, place: str, english: str, language: str) -> str:
        """What is written at a place, in the language asked for or else in English."""
        return self.translations.get(language, {}).get(place, english)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it can be shown in, English first."""
        return ("en", *sorted(self.translations))


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with a form or with its answers, and where."""

    pointer: str
    detail: str


def path(form: Form, answers: Answers, facts: Mapping[str, str]) -> tuple[Item, ...]:
    """The questions that these answers and facts lead through, in order."""
    known: dict[str, Given] = {one.key: facts[one.key] for one in form.facts if one.key in facts}
    asked: list[Item] = []
    for item in form.items:
        if item.is_asked(known):
            asked.append(item)
            if item.key in answers:
                known[item.key] = answers[item.key]
    return tuple(asked)


def seconds(form: Form, facts: Mapping[str, str]) -> int:
    """About how long it takes somebody whose answers are the first of each question: as usual, nothing to report."""
    usual = {item.key: _usual(item) for item in form.items}
    return sum(item.seconds for item in path(form, usual, facts))


def _usual(item: Item) -> Given:
    match item.answer:
        case Answer.ONE:
            return item.options[0].code
        case Answer.SOME:
            return ()
        case _:
            return Decimal(0) if item.low is None else item.low


def unit_of(item: Item) -> str:
    """The unit that a number is given in: the item's own, else its kind's."""
    return item.unit or (BY_NAME[item.kind].unit if item.kind else "")


def yes_no(symptom: str = "") -> tuple[Option, ...]:
    """No or yes, where yes counts one and reports a symptom, if one is named."""
    return (Option("no", "No", points=Decimal(0)), Option("yes", "Yes", points=Decimal(1), symptom=symptom))


def is_code(item: str, *codes: str) -> tuple[tuple[Check, ...], ...]:
    """Asked when a question was answered with one of these codes."""
    return tuple((Check(item, "is", code),) for code in codes)

"""Forms and responses as JSON: what comes in, strictly, and what goes out."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final
from uuid import UUID

import msgspec

from domain.errors import Invalid
from domain.forms.form import Form, Item, unit_of
from domain.forms.response import Raw
from integrations.json_numbers import decimal
from server.readings.wire import ItemOut

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
_MOST: Final = 200
_FIRST: Final = datetime.fromisoformat("1900-01-01T00:00:00+00:00")
_LAST: Final = datetime.fromisoformat("2100-01-01T00:00:00+00:00")


class ResponseIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One filled-in form. An answer is the code of an option, a list of codes, or a JSON number.

    `version` is that of the form as it was shown. `leftOpen`: questions that were asked again and left open again.
    """

    id: UUID
    form: Key
    version: Annotated[int, msgspec.Meta(ge=1, le=9_999)]
    taken_at: Annotated[datetime, msgspec.Meta(tz=True)]
    answers: Annotated[dict[Key, msgspec.Raw], msgspec.Meta(max_length=_MOST)]
    facts: Annotated[dict[Key, Key], msgspec.Meta(max_length=20)] = {}
    left_open: Annotated[list[Key], msgspec.Meta(max_length=_MOST)] = []
    corrects: UUID | None = None
    reason: Annotated[str, msgspec.Meta(max_length=2_000)] | None = None


class ResponseOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What became of a response. `askAgain`: needed and left open, so ask once more and send a correction."""

    id: UUID
    status: str
    form: str
    version: int
    scores: dict[str, Decimal]
    missing: dict[str, tuple[str, ...]] = {}
    ask_again: tuple[str, ...] = ()
    readings: list[ItemOut] = []


class AnsweredOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A stored response as it is read back."""

    id: UUID
    form: str
    version: int
    taken_at: datetime
    received_at: datetime
    answers: msgspec.Raw
    left_open: list[str]
    scores: msgspec.Raw
    corrects: UUID | None


class AnsweredListOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Newest first; a response that was corrected is not in it."""

    items: list[AnsweredOut]


class CheckOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One thing that must be true of an earlier answer."""

    item: str
    op: str
    code: str = ""
    value: Decimal | None = None


class OptionOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing that can be chosen."""

    code: str
    text: str


class KnownOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was told before: shown to be confirmed, not asked for again (tell once)."""

    answer: msgspec.Raw
    told_at: datetime
    source: str


class QuestionOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One question in the language asked for. `when`: ask it when every check of one of the rows holds; none: always."""

    key: str
    answer: str
    text: str
    hint: str = ""
    options: tuple[OptionOut, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    places: int = 0
    unit: str = ""
    when: tuple[tuple[CheckOut, ...], ...] = ()
    required: bool = False
    ask_again: bool = False
    known: KnownOut | None = None


class FormOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One version of a form. `facts`: what is known of the asker now that decides which questions are asked."""

    key: str
    version: int
    title: str
    language: str
    languages: tuple[str, ...]
    seconds: int
    licence: str = ""
    facts: dict[str, str] = {}
    items: tuple[QuestionOut, ...]


class FormRowOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One form in the list."""

    key: str
    version: int
    title: str
    conditions: tuple[str, ...]
    seconds: int
    licence: str = ""


class FormsOut(msgspec.Struct, frozen=True, kw_only=True):
    """Every form there is, by its key."""

    items: list[FormRowOut]


ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def answers_of(item: ResponseIn) -> dict[str, Raw]:
    """The answers as text, lists of text and exact numbers; anything else is refused with its place."""
    found: dict[str, Raw] = {}
    for key, raw in item.answers.items():
        text = bytes(raw)
        one = decimal(text)
        if one is None:
            try:
                one = msgspec.json.decode(text, type=str | Annotated[list[Key], msgspec.Meta(max_length=50)])
            except msgspec.ValidationError as error:
                raise Invalid("A code, a list of codes, or a number.", f"/answers/{key}") from error
        found[key] = one
    return found


def in_our_time(at: datetime, pointer: str) -> datetime:
    """An instant between 1900 and 2100 (ING-7)."""
    try:
        if _FIRST <= at <= _LAST:
            return at
    except OverflowError as error:
        raise Invalid("Between 1900 and 2100.", pointer) from error
    raise Invalid("Between 1900 and 2100.", pointer)


def question(form: Form, item: Item, language: str, known: KnownOut | None) -> QuestionOut:
    """One question in a language."""
    return QuestionOut(
        key=item.key, answer=item.answer.value, text=form.words(item.key, item.text, language),
        hint=form.words(f"{item.key}.hint", item.hint, language),
        options=tuple(
            OptionOut(code=one.code, text=form.words(f"{item.key}.{one.code}", one.text, language)) for one in item.options
        ),
        low=item.low, high=item.high, places=item.places, unit=unit_of(item) if item.low is not None else "",
        when=tuple(
            tuple(
                CheckOut(item=one.item, op=one.op, code=one.code, value=one.value if one.op in {"at_least", "below"} else None)
                for one in row
            )
            for row in item.when
        ),
        required=item.required, ask_again=item.required, known=known,
    )  # fmt: skip

"""F5: a form is proved before anybody is asked it."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from domain.errors import Invalid
from domain.forms.catalogue import FORMS, Catalogue
from domain.forms.form import Answer, Check, Fact, Form, Item, Method, Option, Score, is_code, yes_no
from domain.forms.linter import faults, must_be_sound


def ask(key: str, *rows: tuple[Check, ...], **more: object) -> Item:
    return replace(Item(key=key, answer=Answer.ONE, text="A question?", options=yes_no(), when=rows), **more)


def number(key: str, low: str = "0", high: str = "10", *rows: tuple[Check, ...], **more: object) -> Item:
    made = Item(key=key, answer=Answer.NUMBER, text="How many?", low=Decimal(low), high=Decimal(high), when=rows)
    return replace(made, **more)


def form(*items: Item, **more: object) -> Form:
    return replace(Form(key="test", version=1, title="A test", items=items), **more)


@pytest.mark.parametrize("one", FORMS.newest(), ids=lambda one: one.key)
def test_f5_every_question_of_every_form_can_be_reached(one: Form) -> None:
    assert faults(one) == []


def yes(item: str) -> Check:
    return Check(item, "is", "yes")


def no(item: str) -> Check:
    return Check(item, "is", "no")


UNREACHABLE = {
    "yes and no to one question": (form(ask("a"), ask("b", (yes("a"), no("a")))), "/items/1/when"),
    "through a question that is not asked then": (form(ask("a"), ask("b", (yes("a"),)), ask("c", (yes("b"), no("a")))), "/items/2/when"),
    "a number beyond its range": (form(number("a"), ask("b", (Check("a", "at_least", value=Decimal("10.5")),))), "/items/1/when"),
    "a number on both sides of one limit": (
        form(number("a"), ask("b", (Check("a", "at_least", value=Decimal(5)), Check("a", "below", value=Decimal(5))))), "/items/1/when",
    ),
    "one of two conditions": (form(ask("a"), ask("b", (yes("a"),), (yes("a"), no("a")))), "/items/1/when/1"),
    "a fact against itself": (
        form(ask("a", (yes("steady"), no("steady"))), facts=(Fact(key="steady", codes=("yes", "no")),)), "/items/0/when",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREACHABLE)
def test_f5_a_form_with_an_unreachable_branch_is_refused_with_its_place(name: str) -> None:
    bad, pointer = UNREACHABLE[name]
    with pytest.raises(Invalid, match=r"can never be (asked|true)") as refused:
        must_be_sound(bad)
    assert refused.value.pointer == pointer


REACHED = {
    "a number at its highest": form(number("a"), ask("b", (Check("a", "at_least", value=Decimal(10)),))),
    "a number just below a limit": form(number("a", places=1), ask("b", (Check("a", "below", value=Decimal("0.1")),))),
    "between two limits": form(
        number("a"), ask("b", (Check("a", "at_least", value=Decimal(4)), Check("a", "below", value=Decimal(5)))),
    ),
    "none and both of several": form(
        ask("a", answer=Answer.SOME), ask("b", (Check("a", "is_not", "yes"), Check("a", "is_not", "no"))), ask("c", (yes("a"), no("a"))),
    ),
    "a fact": form(ask("a", (yes("steady"),)), facts=(Fact(key="steady", codes=("yes", "no")),)),
    "a fact that decides nothing": form(ask("a"), facts=(Fact(key="steady", codes=("yes", "no")),)),
    "a long chain": form(*(ask(f"q{n}", *(((yes(f"q{n - 1}"),),) if n else ())) for n in range(60))),
}  # fmt: skip


@pytest.mark.parametrize("name", REACHED)
def test_f5_a_branch_that_some_answers_lead_to_is_reached(name: str) -> None:
    must_be_sound(REACHED[name])


def test_f5_a_form_with_more_ways_than_anybody_thought_about_is_refused() -> None:
    many = [ask(f"q{n}") for n in range(16)]
    last = ask("last", tuple(yes(f"q{n}") for n in range(16)))
    assert "too many ways" in faults(form(*many, last))[0].detail


WRONG = {
    "/key": form(ask("a"), key="No Key"),
    "/items": form(),
    "/items/1/key": form(ask("a"), ask("a")),
    "/facts/0": form(ask("a"), facts=(Fact(key="one", codes=("yes", "yes")),)),
    "/items/0/text": form(ask("a", text="")),
    "/items/0": form(number("a", "5", "5")),
    "/items/0/options": form(ask("a", options=(Option("x"), Option("x")))),
    "/items/0/kind": form(number("a", kind="happiness")),
    "/items/1/when/0": form(number("a"), ask("b", (yes("a"),))),
    "/scores/0/items": form(ask("a"), scores=(Score(key="s", method=Method.SUM, items=("b",)),)),
    "/scores/0/kind": form(ask("a"), scores=(Score(key="s", method=Method.SUM, items=("a",), kind="happiness"),)),
    "/scores/0/weights": form(ask("a"), scores=(Score(key="s", method=Method.WEIGHTED, items=("a",)),)),
}  # fmt: skip


@pytest.mark.parametrize("pointer", WRONG)
def test_f5_what_is_wrong_with_a_form_is_said_with_its_place(pointer: str) -> None:
    assert [one.pointer for one in faults(WRONG[pointer])] == [pointer]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        pytest.param(form(ask("a", (yes("b"),)), ask("b")), "not asked before", id="a later question"),
        pytest.param(form(ask("a"), ask("b", (Check("a", "is", "maybe"),))), "has no answer 'maybe'", id="no such answer"),
        pytest.param(form(ask("a"), ask("b", (Check("a", "below", value=Decimal(1)),))), "cannot be compared", id="a code as a number"),
        pytest.param(form(ask("a", kind="mmrc", options=(Option("x", "X"),))), "needs its points", id="a reading without points"),
        pytest.param(form(ask("a", options=yes_no("boredom"))), "no symptom", id="no such symptom"),
    ],
)
def test_f5_a_condition_that_makes_no_sense_is_told(bad: Form, said: str) -> None:
    assert said in faults(bad)[0].detail


def test_f5_all_versions_stay_known_and_the_newest_is_asked() -> None:
    old, new = form(ask("a")), form(ask("a"), ask("b"), version=2)
    forms = Catalogue((new, old))
    assert forms.find("test") is new
    assert forms.find("test", 1) is old
    assert forms.find("test", 3) is None
    assert forms.find("other") is None
    assert forms.newest() == (new,)


def test_f70_words_that_are_not_translated_are_shown_in_english() -> None:
    welsh = form(ask("a", when=is_code("steady", "yes")), translations={"cy": {"a": "Cwestiwn?"}})
    assert welsh.languages == ("en", "cy")
    assert [welsh.words("a", "A question?", language) for language in ("cy", "en")] == ["Cwestiwn?", "A question?"]
    assert welsh.words("title", "A test", "cy") == "A test"

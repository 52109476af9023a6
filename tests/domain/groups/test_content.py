"""PGS-4, PGS-5: contact details, links, medicine advice and ways to come to harm are seen before others read them."""

import pytest

from domain.groups import content
from domain.groups.content import Found


@pytest.mark.parametrize(
    "text",
    [
        "Ring me on 07700 900123 any time",
        "I am at +44 (0)20 7946 0018",
        "\u0660\u0667\u0667\u0660\u0660 \u0669\u0660\u0660\u0661\u0662\u0663",
        "oh seven seven double oh nine oh oh one two three",
        "Write to heron@example.net",
        "Write to heron (at) example (dot) net",
        "I am on WhatsApp",
        "Find me on Insta\u00adgram",
        "I live at SW1A 1AA",
    ],
)
def test_pgs_4_a_way_to_reach_somebody_is_seen(text: str) -> None:
    assert Found.CONTACT in content.look(text)


@pytest.mark.parametrize(
    "text",
    [
        "See https://cures.example.com for more",
        "www.cures.example",
        "cures dot com",
        "Look at \uff43\uff55\uff52\uff45\uff53\uff0e\uff43\uff4f\uff4d",
        "cures[dot]shop",
    ],
)
def test_pgs_4_a_link_is_seen_however_it_is_written(text: str) -> None:
    assert content.look(text) == {Found.LINK}


@pytest.mark.parametrize(
    "text",
    [
        "Just double your furosemide for a few days",
        "You could stop taking your water tablets",
        "Don\u2019t take the statin",
        "Garlic instead of tablets? Tablets rather than garlic!",
        "I was on 40 mg",
        "I was on \uff14\uff10 mg",
        "You should take an aspirin",
        "I could share some of my inhalers",
    ],
)
def test_pgs_5_advice_about_a_medicine_is_seen(text: str) -> None:
    assert content.look(text) == {Found.MEDICINE}


@pytest.mark.parametrize("text", ["How many would it take to die", "The easiest way out", "I once overdosed on something"])
def test_pgs_4_a_way_to_come_to_harm_is_seen(text: str) -> None:
    assert content.look(text) == {Found.MEANS}


@pytest.mark.parametrize(
    "text", ["", "How do you all manage the stairs?", "My tablets make me sleepy", "Three of us walked on 12 May 2026", "See you at 5pm"]
)
def test_pgs_4_ordinary_talk_is_let_through(text: str) -> None:
    assert content.look(text) == frozenset()


def test_pgs_4_all_that_is_in_a_post_is_found_at_once() -> None:
    text = "Stop your insulin, see www.cures.example or ring 07700 900123. What dose is lethal?"
    assert content.look(text) == set(Found)


def test_pgs_4_each_finding_has_words_that_say_why() -> None:
    assert set(content.WORDS) == set(Found)
    assert all(said.endswith(".") for said in content.WORDS.values())


def test_pgs_4_case_quotes_scripts_and_hidden_signs_make_no_difference() -> None:
    assert content.plain("DON\u2019T `Ring`\u200b \uff10\uff17\u096d \ufb01ve") == "don't 'ring' 077 five"


def test_f78_a_post_is_found_by_each_of_its_words_once_and_by_one_of_many() -> None:
    assert content.words("Masks, a MASK and my gas mask: stairs_at 5 o'clock") == ["mask", "and", "my", "gas", "stair", "at", "clock"]


def test_f78_a_post_is_found_by_its_first_words_only() -> None:
    many = [f"word{place}x" for place in range(200)]
    assert content.words(" ".join(many)) == many[:150]
    assert content.words("a" * 31) == ["a" * 30]
    assert content.words("") == []

"""PGS-3: who answers at any hour is on the screen at once, in the person's language, and nobody gets nothing."""

import pytest

from domain.groups import helplines

ENGLISH = helplines.NEXT["en"]


@pytest.mark.parametrize("language", list(helplines.NEXT))
def test_pgs_3_help_is_said_in_the_language_of_the_reader(language: str) -> None:
    found = helplines.of(language)
    assert (found.title, found.words) == helplines.NEXT[language]
    assert found.title
    assert "999" in found.words or "\u09ef\u09ef\u09ef" in found.words


@pytest.mark.parametrize("language, title", [("cy-GB", helplines.NEXT["cy"]), ("PL", helplines.NEXT["pl"]), ("en-GB", ENGLISH)])
def test_pgs_3_a_language_with_a_country_or_in_capitals_is_the_same_language(language: str, title: tuple[str, str]) -> None:
    found = helplines.of(language)
    assert (found.title, found.words) == title


@pytest.mark.parametrize("language", ["", "fr", "xx-XX", "-"])
def test_pgs_3_who_reads_another_language_gets_english(language: str) -> None:
    found = helplines.of(language)
    assert (found.title, found.words) == ENGLISH
    assert found.lines == helplines.of("en").lines


@pytest.mark.parametrize("country", ["england", "wales", "scotland", "northern_ireland"])
def test_pgs_3_each_country_gets_the_lines_that_answer_there_and_999_first(country: str) -> None:
    found = helplines.of("en", country).lines
    assert found[0].number == "999"
    assert {one.name for one in found} == {one.name for one in helplines.LINES if country in one.countries}
    assert "116 123" in {one.number for one in found}


def test_pgs_3_a_line_of_another_country_is_not_offered() -> None:
    numbers = {one.number for one in helplines.of("en", "northern_ireland").lines}
    assert "0808 808 8000" in numbers
    assert numbers.isdisjoint({"111", "0800 132 737", "0808 164 0123"})


@pytest.mark.parametrize("country", ["", "atlantis"])
def test_pgs_3_a_country_that_is_not_known_gets_the_lines_of_england(country: str) -> None:
    assert helplines.of("en", country).lines == helplines.of("en", "england").lines != ()


def test_pgs_3_after_the_urgent_lines_come_those_that_speak_the_language() -> None:
    found = helplines.of("cy", "wales").lines
    assert [one.is_urgent for one in found[:2]] == [True, True]
    assert [one.number for one in found[2:4]] == ["0808 164 0123", "0800 132 737"]
    assert not any("cy" in one.languages for one in found[4:])


def test_pgs_3_the_short_words_name_three_numbers() -> None:
    assert all(number in helplines.SHORT for number in ("999", "111", "116 123"))

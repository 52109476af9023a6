"""The page of the rules in force says of every rule what a nurse or a clinician wants to know, and is the one in the docs."""

from pathlib import Path

import msgspec
import pytest

from domain.detection import catalogue
from domain.detection.engine import BY_ID, RULES
from domain.detection.limit_words import WORDS
from server.episodes.pages import GROUPS
from server.rules.book import main, markdown, source

PAGE = Path(__file__).parents[2] / "deploy" / "docs" / "rules.md"


def test_the_page_in_the_docs_is_the_rules_in_force() -> None:
    assert PAGE.read_text() == markdown(), "write it again: .venv/bin/python -m server rules > deploy/docs/rules.md"


def test_every_rule_is_on_the_page_with_its_limits_and_source() -> None:
    page = markdown()
    for rule in RULES:
        assert source(rule), rule.id
        assert f"### {rule.id} " in page


def test_a_rule_of_no_family_is_refused_and_never_left_out() -> None:
    stray = msgspec.structs.replace(RULES[0], id="ZZ-1")
    with pytest.raises(LookupError, match="ZZ-1"):
        markdown([*RULES, stray])


def test_every_limit_and_group_of_the_rules_has_words() -> None:
    assert catalogue.GOVERNED.keys() == WORDS.keys()
    assert [rule.id for rule in RULES if rule.group not in GROUPS] == []


def test_the_command_prints_the_page_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(json=False) == 0
    assert capsys.readouterr().out == markdown()
    assert main(json=True) == 0
    ones = msgspec.json.decode(capsys.readouterr().out)
    assert {one["id"] for one in ones} == set(BY_ID)
    assert next(one for one in ones if one["id"] == "CK-2")["limits"]["danger"]["value"] == "6.5"

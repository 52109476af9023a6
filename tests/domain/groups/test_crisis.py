"""PGS-3, F75: no phrase of the corpus that needs somebody is missed, tricks and spelling included; nothing dismisses a finding."""

import hashlib
from pathlib import Path

import pytest

from domain.groups import crisis

CORPUS = Path(__file__).parents[3] / "server/groups/crisis_corpus.txt"
LINES = [line.split("\t") for line in CORPUS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def is_held_out(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 1


@pytest.mark.parametrize("held_out", [False, True])
def test_f75_nothing_that_needs_somebody_is_missed(held_out: bool) -> None:
    some = [text for kind, text in LINES if kind == "c" and is_held_out(text) is held_out]
    assert len(some) >= 140
    assert [text for text in some if crisis.look(text) is None] == []


def test_f75_ordinary_talk_is_seldom_held() -> None:
    ordinary = [text for kind, text in LINES if kind == "o"]
    held = [text for text in ordinary if crisis.look(text) is not None]
    assert len(ordinary) >= 140
    # Three of 147 when this was written, each about "killing me" or being hurt; one in twenty is the most that is borne.
    assert len(held) * 20 <= len(ordinary), held


@pytest.mark.parametrize("text", ["Dw i'n hoffi cerdded ar y traeth", "Dzień dobry wszystkim, miło was poznać", "Buenos días a todos"])
def test_pgs_3_what_cannot_be_read_is_not_called_safe(text: str) -> None:
    found = crisis.look(text)
    assert found is not None
    assert found.is_unread


@pytest.mark.parametrize("text", ["", "   ", "12 34", "!!!", "Thanks", "👍"])
def test_a_text_of_no_words_is_nothing_to_read(text: str) -> None:
    assert crisis.look(text) is None

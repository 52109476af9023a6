"""PGS-3, F75: no phrase of the corpus that needs somebody is missed, tricks and spelling included; nothing dismisses a finding."""

import pytest

from domain.groups import crisis
from server.groups.evaluate import is_held_out, lines, measured

LINES = lines()


@pytest.mark.parametrize("held_out", [False, True])
def test_f75_nothing_that_needs_somebody_is_missed(held_out: bool) -> None:
    some = [text for kind, text in LINES if kind == "c" and is_held_out(text) is held_out]
    assert len(some) >= 140
    assert [text for text in some if crisis.look(text) is None] == []


def test_f75_what_once_slipped_through_does_so_no_more() -> None:
    tricks = [text for kind, text in LINES if kind == "r"]
    assert len(tricks) >= 100
    assert [text for text in tricks if crisis.look(text) is None] == []


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


@pytest.mark.parametrize("text", ["", "   ", "12 34", "!!!", "Thanks", "👍", "The B12 jab made me feel better", "See you at 5pm!"])
def test_figures_and_signs_of_ordinary_talk_are_nothing_to_read(text: str) -> None:
    assert crisis.look(text) is None


def test_f75_the_count_is_printed_part_by_part() -> None:
    held_out, tuned, since = measured()
    assert (held_out.missed, tuned.missed, since.missed) == ((), (), ())
    assert held_out.crisis + tuned.crisis + since.crisis >= 400

"""C-9: our words can be read by somebody of 9 to 11; words that are not ours are not here."""

import re

import pytest

from domain.forms.catalogue import FORMS
from domain.forms.form import Form

OURS = [form for form in FORMS.newest() if not form.licence]
# The clinical words that people with the condition are taught, and the fixed wording of PHQ-9 and GAD-7 (used as published).
TAUGHT = {"inhaler", "seizure", "medicine", "temperature", "rescue", "breathless", "recovered", "usually"}
PUBLISHED = {"phq9", "gad7"}


def syllables(word: str) -> int:
    groups = len(re.findall(r"[aeiouy]+", word.lower()))
    return max(groups - (word.lower().endswith("e") and not word.lower().endswith("le") and groups > 1), 1)


def grade(text: str) -> float:
    """Flesch-Kincaid grade: 6 is about 11 years."""
    sentences = [one for one in re.split(r"[.?!]\s*", text) if one]
    words = [word for word in re.findall(r"[A-Za-z']+", text) if word.lower() not in TAUGHT]
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


@pytest.mark.parametrize("form", [one for one in OURS if one.key not in PUBLISHED], ids=lambda one: one.key)
def test_c_9_the_words_can_be_read_at_eleven(form: Form) -> None:
    text = " ".join(f"{item.text} {item.hint} {' '.join(f'{one.text}.' for one in item.options)}" for item in form.items)
    assert grade(text) <= 6
    for item in form.items:
        assert len(item.text.split()) <= 16, item.key


@pytest.mark.parametrize("form", OURS, ids=lambda one: one.key)
def test_f4_every_question_and_option_of_ours_has_words(form: Form) -> None:
    assert all(item.text and all(option.text for option in item.options) for item in form.items)


@pytest.mark.parametrize("key", ["cat", "act", "acq"])
def test_f4_a_licensed_instrument_ships_without_its_words(key: str) -> None:
    form = FORMS.find(key)
    assert form is not None
    assert form.licence
    assert not any(item.text or item.hint or item.options for item in form.items)

"""C-9: advice is templates with codes; every code has words, and every word in braces is filled."""

import pytest

from domain.detection import advice

TABLE_3 = frozenset({
    "ADV-999", "ADV-TODAY", "ADV-RETAKE", "ADV-WEIGH", "ADV-HF", "ADV-DRY", "ADV-COPD", "ADV-O2HIGH", "ADV-ASTHMA", "ADV-BP",
    "ADV-HYPO", "ADV-KET", "ADV-SICK", "ADV-KIDNEY", "ADV-SEIZURE", "ADV-MOOD", "ADV-MISS",
})  # fmt: skip


def test_c_9_table_3_is_complete() -> None:
    assert advice.ADVICE.keys() >= TABLE_3


@pytest.mark.parametrize("code", sorted(advice.ADVICE))
def test_c_9_each_text_is_short_plain_and_says_what_to_do(code: str) -> None:
    words = advice.text(code, dict.fromkeys(advice.names(code) - advice.USUAL.keys(), "3"))
    assert "{" not in words
    sentences = [one for one in words.replace("?", ".").split(". ") if one]
    assert max(len(one.split()) for one in sentences) <= 25
    assert words[0].isupper()


def test_c_9_a_number_that_nobody_supplied_is_found() -> None:
    assert advice.missing("ADV-WEIGH", {}) == {"gain_kg"}
    assert advice.missing("ADV-WEIGH", {"gain_kg": "2"}) == frozenset()
    assert advice.text("ADV-HF-WEIGHT", {"gain_kg": "2.4", "span": "3 days"}).startswith("Your weight is up 2.4 kg in 3 days.")
    with pytest.raises(KeyError):
        advice.text("ADV-WEIGH", {})

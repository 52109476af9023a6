"""Words that may mean that somebody is in danger (PGS-3). Recall first: a false alarm costs a minute, a miss a life.

Nothing dismisses a finding: not a negation, not a joke, not the past. A person reads it. What is written in a language that
these phrases do not cover is not called safe: it is unread.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

import msgspec

from domain.groups.content import plain
from domain.groups.crisis_words import COMMON, NEAR, PHRASES, SIGNS, SPELLED, SQUASHED
from domain.groups.handles import LOOKS_LIKE

_PHRASES: Final = {name: tuple(re.compile(one) for one in some) for name, some in PHRASES.items()}
_SPACED: Final = re.compile(r"(?<![^\W_])(?:[^\W\d_][\s.\-_*]{1,2}){2,}[^\W\d_](?![^\W_])")
_RUN: Final = re.compile(r"(.)\1{2,}")
_DOUBLE: Final = re.compile(r"(.)\1")
_PLAIN: Final = frozenset({"die", "dead", "end", "kill", "gone", "alive", "suicide", "jump", "live", "burden"})
_INSIDE: Final = re.compile(r"(?<=[a-z])[!|*$@01345](?=[a-z])")
_LEET: Final = str.maketrans("!|*$@01345", "ilisaoleas")
_LEET_I: Final = str.maketrans("!|*$@01345", "iiisaoieas")
_MIXED: Final = re.compile(r"(?=[!|*$@01345]*[A-Za-z])(?=[A-Za-z]*[!|*$@01345])[A-Za-z!|*$@01345]{2,}")
_SQUASHED: Final = re.compile(SQUASHED)
_LETTERS: Final = re.compile(r"[^a-z]")
_SIGN: Final = re.compile(rf"[{SIGNS}]|\b(?:want|wanna|going|gonna|thinking)\b.{{0,12}}\*{{2,}}", re.IGNORECASE)
_STOPS: Final = re.compile(r"(?:[^\W_]|[\u0900-\u0dff])+")
"""A word; in the scripts of India its vowel signs are part of it."""
_APOSTROPHE: Final = re.compile(r"(?<=\w)'(?=\w)")
_LONG: Final = 8
_SHORT: Final = 5
_READ: Final = 4
"""At least one word in so many is common English where the text is English."""
UNREAD: Final = "Written in a language that the check for words of crisis does not read."


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Why a human should look at once."""

    why: str
    is_unread: bool = False


def look(text: str) -> Finding | None:
    """What was found, or None. Long texts are looked at to their end."""
    views = _views(text)
    found = [name for name, some in _PHRASES.items() if any(one.search(view) for one in some for view in views)]
    if not found and (_SQUASHED.search(_LETTERS.sub("", " ".join(views))) or _SIGN.search(text)):
        found = ["a way of writing that hides it"]
    if found:
        return Finding(why=f"It may be about {', '.join(found)}.")
    return Finding(why=UNREAD, is_unread=True) if _is_unread(text) else None


def _views(text: str) -> list[str]:
    """The text as it is, and with figures and signs read as the letters that they stand for (1 is i or l)."""
    if not _MIXED.search(text):
        return [words(text)]
    as_l, as_i = (_MIXED.sub(lambda found, one=one: found[0].translate(one), text) for one in (_LEET, _LEET_I))
    return list(dict.fromkeys((words(text), words(as_l), words(as_i))))


def words(text: str) -> str:
    """The text as the phrases see it: plain words, tricks undone, near spellings put right."""
    return " ".join(_right(one) for one in _plain_words(text))


def _plain_words(text: str) -> list[str]:
    """Plain words, tricks undone."""
    folded = unicodedata.normalize("NFKD", plain(text).replace(" n't", "n't"))
    folded = "".join(one for one in folded if unicodedata.category(one) != "Mn" or not _is_latin_mark(one))
    folded = unicodedata.normalize("NFC", folded)
    folded = "".join(LOOKS_LIKE[one] if one in LOOKS_LIKE and one.isalpha() and _among_latin(folded, place) else one
                     for place, one in enumerate(folded))  # fmt: skip
    folded = _INSIDE.sub(lambda found: found[0].translate(_LEET), folded)
    folded = _SPACED.sub(lambda found: "".join(_STOPS.findall(found[0])), folded)
    folded = _APOSTROPHE.sub("", _RUN.sub(r"\1", folded))
    return _STOPS.findall(folded)


def _is_latin_mark(one: str) -> bool:
    """A mark of a Latin letter; those of other scripts are part of their words."""
    return "COMBINING" in unicodedata.name(one, "")


def _among_latin(text: str, place: int) -> bool:
    """Whether a look-alike stands in a text of Latin letters: alone in it, or beside one."""
    near = text[max(0, place - 3) : place] + text[place + 1 : place + 4]
    return any("a" <= one <= "z" for one in near)


@lru_cache(maxsize=4096)
def _right(word: str) -> str:
    """A word as the phrases know it."""
    if word in SPELLED:
        return SPELLED[word]
    if word in COMMON or word in NEAR or len(word) < _SHORT - 1:
        return word
    for known in NEAR:
        allowed = 2 if len(known) >= _LONG else 1
        if known[0] == word[0] and len(known) >= _SHORT and abs(len(known) - len(word)) <= allowed and _near(word, known, allowed):
            return known
    if word[0] == "i" and word[1:] in COMMON:
        return f"i {word[1:]}"
    single = _DOUBLE.sub(r"\1", word)
    return SPELLED.get(single, single) if single in COMMON or single in SPELLED or single in _PLAIN else word


def _near(word: str, known: str, allowed: int) -> bool:
    """Whether two words differ by at most so many slips: a letter more, less, other, or two changed round."""
    before: list[int] = []
    last = list(range(len(known) + 1))
    for row, one in enumerate(word, 1):
        now = [row]
        for column, other in enumerate(known, 1):
            cost = min(last[column] + 1, now[column - 1] + 1, last[column - 1] + (one != other))
            if before and column > 1 and one == known[column - 2] and word[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        if min(now) > allowed:
            return False
        before, last = last, now
    return last[-1] <= allowed


def _is_unread(text: str) -> bool:
    """Whether too few of the words, as they were written, are English to say anything."""
    # "a", "no" and "me" are words in half of Europe; the longer ones tell.
    some = [one for one in _plain_words(text) if (len(one) > 2 or not one.isascii()) and not one.isdigit()]  # noqa: PLR2004 - as said
    if not some:
        return False
    known = sum(one in COMMON or one in NEAR or one in SPELLED for one in some)
    if any(not one.isascii() for one in some):
        return known * _READ < len(some)
    return len(some) > 1 and known * _READ < len(some)

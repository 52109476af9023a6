"""Names in a group: chosen, unlike anybody else's there, and not the person's own (PGS-1, INP-3)."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from domain.errors import Invalid
from domain.text import admit

LEAST: Final = 2
MOST: Final = 30
_SHORT: Final = 3
_RESERVED: Final = frozenset({"admin", "administrator", "moderator", "host", "nurse", "doctor", "steady", "nhs", "staff", "samaritans",
                              "helper", "support", "consultant", "pharmacist"})  # fmt: skip
"""Nobody is to be taken for staff."""
LOOKS_LIKE: Final = {
    # Cyrillic, Greek and other letters drawn as Latin ones, and figures read as letters.
    **dict(zip("авеікмнорстухџѕјԛԝԁһɡӏ", "abeikmhopctyxusjqwdhgl", strict=True)),
    **dict(zip("αβεικνορτυχγω", "abeikvoptuxyw", strict=True)),
    **dict(zip("013457", "oleast", strict=True)),
    "\u0131": "i", "ł": "l", "đ": "d", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "|": "l", "!": "l", "$": "s", "@": "a", "€": "e",
}  # fmt: skip
_TWINS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_DIGITS: Final = re.compile(r"\d")


def skeleton(name: str) -> str:
    """What a name looks like: two that a tired reader takes for each other have the same."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = [one for one in plain if unicodedata.category(one)[0] in "LNS" or one in "|!@"]
    text = "".join(LOOKS_LIKE.get(one, one) for one in letters).replace("i", "l")
    for pair, one in _TWINS:
        text = text.replace(pair, one)
    return text


def _is_name(name: str) -> bool:
    return all(unicodedata.category(one)[0] in "LNM" or one in " -'._" for one in name)


def _scripts(name: str) -> set[str]:
    return {unicodedata.name(one, "?").split(" ", 1)[0] for one in name if unicodedata.category(one)[0] == "L"}


def check(name: str, own: Iterable[str] = ()) -> str:
    """A name that can be used, or a refusal that says why. `own`: the person's real names, which are no cover."""
    clean = _written(name)
    words = {skeleton(word) for word in re.split(r"[ \-'._]+", clean) if word}
    whole = skeleton(clean)
    # N.H.S is one word to a reader, and Nurses are more than one nurse.
    if {whole, *words, *(word.removesuffix("s") for word in words)} & {skeleton(one) for one in _RESERVED}:
        raise Invalid("That name could be taken for staff.", "/handle")
    for one in own:
        real = skeleton(one)
        # Ann may be called Annette's friend, but not Ann, and nobody may carry a longer name of theirs inside.
        if real and (real in words or real == whole or (len(real) > _SHORT and real in whole)):
            raise Invalid("That is your own name. Choose one that nobody knows you by.", "/handle")
    return clean


def _written(name: str) -> str:
    """The name as it is written; refused where it could deceive."""
    clean = " ".join(admit(name, pointer="/handle", most=MOST).split())
    if not LEAST <= len(clean) <= MOST:
        raise Invalid(f"From {LEAST} to {MOST} characters.", "/handle")
    if not _is_name(clean) or any(unicodedata.category(one) in {"Cf", "Co", "Cn"} for one in clean):
        raise Invalid("Letters, figures, spaces and - ' . _ only.", "/handle")
    if len(_scripts(clean)) > 1:
        raise Invalid("Letters of one alphabet only.", "/handle")
    if len(_DIGITS.findall(clean)) > 4:  # noqa: PLR2004 - a year is four figures; more is a number of something
        raise Invalid("At most four figures: a name, not a number.", "/handle")
    if not skeleton(clean):
        raise Invalid("At least one letter or figure.", "/handle")
    return clean

"""What in a post needs a look before others read it: contact details, medicine advice, ways to come to harm (PGS-4, PGS-5)."""

import re
import unicodedata
from enum import StrEnum
from typing import Final


class Found(StrEnum):
    """What was found."""

    CONTACT = "contact"
    LINK = "link"
    MEDICINE = "medicine"
    MEANS = "means"


WORDS: Final = {
    Found.CONTACT: "It looks as if it holds a telephone number, an e-mail or another way to reach somebody.",
    Found.LINK: "It holds a link.",
    Found.MEDICINE: "It looks like advice about a medicine or its dose. A nurse reads it first.",
    Found.MEANS: "It describes a way to come to harm.",
}
_LINK: Final = re.compile(
    r"https?://|www\.|hxxp|\b[a-z0-9-]+\s?(?:\.|\(dot\)|\[dot\]|\bdot\b)\s?(?:com|co|uk|org|net|info|io|me|ly|shop|store|health|link|xyz|biz)\b"
)
_MAIL: Final = re.compile(r"[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+\s?(?:\.|\(dot\)|\bdot\b)\s?\w+")
_NUMBER: Final = re.compile(r"\+?(?:\(?\d\)?[\s().\-/_]{0,3}){9,15}")
_SAID: Final = re.compile(r"(?:\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double)\b[\s,-]*){7,}")
_ELSEWHERE: Final = re.compile(
    r"\b(?:whats?\s?app|telegram|signal me|snap\s?chat|insta(?:gram)?|facebook|messenger|tiktok|discord|dm me|text me|ring me|call me on)\b"
)
_POSTCODE: Final = re.compile(r"\b[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2}\b")
_MEDICINE: Final = (
    r"(?:dose|doses|dosage|tablets?|pills?|meds?|medicines?|medications?|inhalers?|insulin|steroids?|prednisolone|furosemide|bumetanide|"
    r"warfarin|apixaban|rivaroxaban|metformin|ramipril|lisinopril|bisoprolol|spironolactone|digoxin|lithium|methotrexate|azathioprine|"
    r"levetiracetam|lamotrigine|valproate|sertraline|citalopram|morphine|codeine|diazepam|water\s?(?:tablets?|pills?)|antibiotics?|"
    r"blood thinners?|statins?|sotagliflozin|dapagliflozin|empagliflozin|sacubitril|entresto|salbutamol|ibuprofen|naproxen|aspirin)"
)
_ADVICE: Final = tuple(
    re.compile(one)
    for one in (
        (
            rf"\b(?:stop|stopped|come off|came off|quit|skip|skipped|miss out|leave off|drop|dropped|cut|halve|halved|double|doubled|up|"
            rf"upped|increase|increased|reduce|reduced|lower|raise|swap|take (?:an )?extra|take more|take less|don'?t take|do not take|"
            rf"no need (?:for|to take))\b[^.!?\n]{{0,40}}\b{_MEDICINE}\b"
        ),
        rf"\b{_MEDICINE}\b[^.!?\n]{{0,30}}\b(?:instead of|rather than|is (?:poison|useless|rubbish)|did(?:n'?t| not) need|twice the)\b",
        r"\b\d+(?:[.,]\d+)?\s?(?:mg|mcg|µg|micrograms?|milligrams?|ml|units?|puffs?)\b",
        rf"\b(?:you should|you can|try|just|always|never|i'?d)\b[^.!?\n]{{0,25}}\b(?:take|have|use)\b[^.!?\n]{{0,25}}\b{_MEDICINE}\b",
        rf"\bshare\b[^.!?\n]{{0,20}}\b(?:my|your)\b[^.!?\n]{{0,20}}\b{_MEDICINE}\b",
    )
)
_MEANS: Final = tuple(
    re.compile(one)
    for one in (
        r"\b(?:how many|how much|what dose|which)\b[^.!?\n]{0,40}\b(?:to die|to end it|to kill|lethal|fatal|overdose)\b",
        r"\b(?:lethal|fatal|painless|surest|easiest|quickest) (?:dose|way|method|amount)\b",
        r"\b(?:overdose[ds]?|od(?:'?d)?|hang(?:ed|ing)?|cut(?:ting)?|jump(?:ed|ing)?) (?:on|with|off|from|myself)\b",
    )
)


def plain(text: str) -> str:
    """Lower case, one kind of quote and space, figures of every script as 0 to 9."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'").replace("`", "'")
    return "".join(str(unicodedata.digit(one)) if unicodedata.category(one) == "Nd" else one
                   for one in folded if unicodedata.category(one) != "Cf")  # fmt: skip


def look(text: str) -> frozenset[Found]:
    """What a human should see before others do."""
    said = plain(text)
    found: set[Found] = set()
    if _LINK.search(said):
        found.add(Found.LINK)
    if any(one.search(said) for one in (_MAIL, _NUMBER, _SAID, _ELSEWHERE, _POSTCODE)):
        found.add(Found.CONTACT)
    if any(one.search(said) for one in _ADVICE):
        found.add(Found.MEDICINE)
    if any(one.search(said) for one in _MEANS):
        found.add(Found.MEANS)
    return frozenset(found)


_WORD: Final = re.compile(r"[^\W_]{2,30}")
_MOST_WORDS: Final = 150


def words(text: str) -> list[str]:
    """The words by which a post is found, each once; a plural finds its singular."""
    found: dict[str, None] = {}
    for one in _WORD.findall(plain(text)):
        found[one.removesuffix("s") if len(one) > 3 else one] = None  # noqa: PLR2004 - "gas" is no plural
    return list(found)[:_MOST_WORDS]

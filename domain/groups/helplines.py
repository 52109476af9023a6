"""Who answers at any hour, as data: by country, with the languages they speak and the day each was checked."""

from datetime import date
from typing import Final

import msgspec


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line: what to dial or text, when, and in which languages."""

    name: str
    how: str
    number: str
    hours: str = "day and night"
    countries: tuple[str, ...] = ("england", "wales", "scotland", "northern_ireland")
    languages: tuple[str, ...] = ("en",)
    is_urgent: bool = False


CHECKED_ON: Final = date(2026, 11, 25)
"""When the numbers were last compared with the reference; an operator checks them each quarter (runbook)."""
LINES: Final = (
    Line(name="Emergency", how="ring", number="999", is_urgent=True),
    Line(name="NHS 111, option 2 (mental health)", how="ring", number="111", countries=("england", "wales", "scotland"), is_urgent=True),
    Line(name="Samaritans", how="ring", number="116 123"),
    Line(name="Samaritans in Welsh", how="ring", number="0808 164 0123", hours="evenings, see samaritans.org", countries=("wales",),
         languages=("cy",)),
    Line(name="Shout", how="text SHOUT to", number="85258"),
    Line(name="C.A.L.L. Mental Health Helpline for Wales", how="ring", number="0800 132 737", countries=("wales",), languages=("en", "cy")),
    Line(name="Lifeline Northern Ireland", how="ring", number="0808 808 8000", countries=("northern_ireland",)),
    Line(name="Papyrus HOPELINE247 (under 35)", how="ring", number="0800 068 4141"),
)
NEXT: Final[dict[str, tuple[str, str]]] = {
    # heading, first sentence: in the language that the person reads
    "en": ("Help is here now", "You do not have to be alone with this. If you might act on it, ring 999 or go to A&E now."),
    "cy": ("Mae help ar gael nawr", "Does dim rhaid i chi fod ar eich pen eich hun. Os gallech wneud rhywbeth, ffoniwch 999 nawr."),
    "pl": ("Pomoc jest dostępna teraz", "Nie musisz być z tym sam. Jeśli możesz zrobić sobie krzywdę, zadzwoń teraz pod 999."),
    "ur": ("مدد ابھی موجود ہے", "آپ اس میں اکیلے نہیں ہیں\u06d4 اگر آپ خود کو نقصان پہنچا سکتے ہیں تو ابھی 999 پر فون کریں\u06d4"),
    "bn": ("এখনই সাহায্য আছে", "আপনি একা নন। নিজের ক্ষতি করার আশঙ্কা থাকলে এখনই ৯৯৯ নম্বরে ফোন করুন।"),
    "pa": ("ਮਦਦ ਹੁਣੇ ਮੌਜੂਦ ਹੈ", "ਤੁਸੀਂ ਇਕੱਲੇ ਨਹੀਂ ਹੋ। ਜੇ ਤੁਸੀਂ ਆਪਣੇ ਆਪ ਨੂੰ ਨੁਕਸਾਨ ਪਹੁੰਚਾ ਸਕਦੇ ਹੋ ਤਾਂ ਹੁਣੇ 999 ਤੇ ਫ਼ੋਨ ਕਰੋ।"),
}  # fmt: skip


SHORT: Final = "If you are in danger, or think of harming yourself: ring 999, 111 and choose 2, or Samaritans on 116 123, now."


class Help(msgspec.Struct, frozen=True, kw_only=True):
    """What is on the writer's screen at once: words in her language, and who answers now."""

    title: str
    words: str
    lines: tuple[Line, ...]


def of(language: str, country: str = "england") -> Help:
    """Help for a person; a language that is not there gets English, and nobody gets nothing."""
    first = language.split("-", 1)[0].lower()
    title, words = NEXT.get(first, NEXT["en"])
    here = [one for one in LINES if country in one.countries] or [one for one in LINES if "england" in one.countries]
    spoken = sorted(here, key=lambda one: (not one.is_urgent, first not in one.languages))
    return Help(title=title, words=words, lines=tuple(spoken))

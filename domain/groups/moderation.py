"""What becomes of a post before anybody reads it, who must look, and by when (PGS-2 to PGS-4)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from domain.episodes.holidays import Region, bank_holidays
from domain.errors import Invalid, RateLimited
from domain.groups.content import WORDS, Found

CRISIS: Final = 3
SATURDAY: Final = 5
CRISIS_CLOCK: Final = timedelta(minutes=15)
HARM_CLOCK: Final = timedelta(hours=24)
OTHER_CLOCK: Final = timedelta(hours=72)
NEW_FOR: Final = timedelta(days=7)
NEW_MOST: Final = 5
"""Posts a day of somebody new (PGS-4)."""
MOST: Final = 40
REPORTS_MOST: Final = 10
"""Reports a day of one member: who bombs a post with reports is heard, once each, and not a hundred times."""
REVERSIBLE: Final = timedelta(days=30)
APPEAL_WITHIN: Final = timedelta(days=30)
OPENING_LASTS: Final = timedelta(hours=1)


class Report(StrEnum):
    """Why somebody reports a post."""

    WORRIED = "worried"
    HARM = "harm"
    ILLEGAL = "illegal"
    ADVICE = "advice"
    PRIVATE = "private"
    UNKIND = "unkind"
    SELLING = "selling"


REPORT_WORDS: Final = {
    Report.WORRIED: "I am worried about this person",
    Report.HARM: "It could lead somebody to harm",
    Report.ILLEGAL: "I think it is against the law",
    Report.ADVICE: "It is advice about a medicine",
    Report.PRIVATE: "It tells who somebody is",
    Report.UNKIND: "It is unkind",
    Report.SELLING: "It sells something",
}


class Decision(StrEnum):
    """What a moderator decides about a post."""

    SHOW = "show"
    NOTE = "note"
    HIDE = "hide"
    REMOVE = "remove"


HIDES: Final = frozenset({Decision.HIDE, Decision.REMOVE})
DECISION_WORDS: Final = {
    Decision.SHOW: "It stays, as it is.",
    Decision.NOTE: "It stays, with a nurse's note.",
    Decision.HIDE: "It is hidden now.",
    Decision.REMOVE: "It is hidden now, and who wrote it is no longer in the group.",
}
"""What whoever reported is told; never who wrote it, nor why."""


class Concern(msgspec.Struct, frozen=True, kw_only=True):
    """One reason why a human should look, and by when. Level 3 is a crisis."""

    kind: str
    level: int
    why: str
    due_at: datetime


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a new post."""

    is_held: bool
    concerns: tuple[Concern, ...]
    told: tuple[str, ...]


WAITS: Final = "Nobody is looking after the group just now, so new posts wait until somebody has read them."
HELD: Final = "Others see it once somebody has read it."
CRISIS_HELD: Final = "Somebody on duty reads what you wrote before others do."
_PRE: Final = "Nobody was on duty when it was written."
_DOWN: Final = "The check for words of crisis did not work, so a person reads it first."


def concern(kind: str, level: int, why: str, now: datetime) -> Concern:
    """Make a concern with its clock."""
    return Concern(kind=kind, level=level, why=why, due_at=now + {3: CRISIS_CLOCK, 2: HARM_CLOCK, 1: OTHER_CLOCK}[level])


def fate(  # noqa: PLR0913 - all that decides it
    *, crisis: str | None, is_down: bool, found: Iterable[Found], has_image: bool, is_watched: bool, is_new: bool, now: datetime
) -> Fate:
    """Hold or show. `crisis`: the reason the detector gives; `is_down`: it could not look, so a person does (PGS-3)."""
    concerns: list[Concern] = []
    told: list[str] = []
    if crisis is not None:
        concerns.append(concern("crisis", 3, crisis, now))
        told.append(CRISIS_HELD)
    if is_down:
        # Unread by the detector it may be a crisis, so the clock is that of one.
        concerns.append(concern("unchecked", 3, _DOWN, now))
        told.append(HELD)
    for one in sorted(set(found)):
        # A link is held for newcomers and selling; a known member's link is looked at as well, it waits no less.
        concerns.append(concern(one.value, 2 if one is Found.MEANS else 1, WORDS[one], now))
        told.append(f"{WORDS[one]} {HELD}" if one is not Found.MEDICINE else WORDS[one])
    if has_image:
        concerns.append(concern("image", 1, "It holds a picture.", now))
        told.append(f"A picture is looked at first. {HELD}")
    if not is_watched and not concerns:
        concerns.append(concern("unwatched", 1 if not is_new else 2, _PRE, now))
        told.append(WAITS)
    return Fate(is_held=bool(concerns), concerns=tuple(concerns), told=tuple(dict.fromkeys(told)))


def of_report(kind: Report, now: datetime) -> Concern:
    """What a report opens: worry about a person has the clock of a crisis. No number of reports hides a post by itself."""
    level = {Report.WORRIED: 3, Report.HARM: 2, Report.ILLEGAL: 2, Report.PRIVATE: 2}.get(kind, 1)
    return concern(f"report-{kind}", level, REPORT_WORDS[kind], now)


def must_be_within(posts_today: int, *, is_new: bool, is_crisis: bool) -> None:
    """Refuse one post too many. A person in crisis is never told to come back tomorrow."""
    if is_crisis:
        return
    if is_new and posts_today >= NEW_MOST:
        raise RateLimited(f"In your first week you can write {NEW_MOST} posts a day here. Come back tomorrow.", retry_after_s=3600)
    if posts_today >= MOST:
        raise RateLimited("That is a lot for one day. Come back tomorrow.", retry_after_s=3600)


def month(day: date) -> date:
    """All that is kept of when somebody joined (PGS-1)."""
    return day.replace(day=1)


def hour(at: datetime) -> datetime:
    """All that is kept of when somebody wrote (PGS-1)."""
    return at.replace(minute=0, second=0, microsecond=0)


_FEW: Final = 5


def count_words(number: int) -> str:
    """A number of people that tells nobody that one more came (PGS-1)."""
    return "fewer than 5" if number < _FEW else f"about {number // _FEW * _FEW}"


_ALIKE: Final = 10


def alike_words(number: int) -> str:
    """A number of people who live with the same: one more or less is not seen, and few are not counted (F80, PRV-4)."""
    return "fewer than 10" if number < _ALIKE else f"about {number // _ALIKE * _ALIKE}"


def may_join(ages: str, born: date, today: date) -> None:
    """Refuse who is of the wrong age by the verified record (PGS-7)."""
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    is_adult = years >= 18  # noqa: PLR2004 - the age of majority
    if is_adult != (ages == "adult"):
        raise Invalid("This group is for people under 18." if is_adult else "This group is for adults.", "/groupId")


class Standing(msgspec.Struct, frozen=True):
    """How one case about a post stands."""

    kind: str
    is_open: bool
    decision: Decision | None


def must_decide(kind: str, level: int, decision: Decision, *, is_nurse: bool) -> None:
    """Refuse a volunteer what a nurse decides: a crisis, and words about a medicine that others are to read (PGS-5)."""
    about_medicine = kind in {Found.MEDICINE.value, f"report-{Report.ADVICE}"}
    if not is_nurse and (level == CRISIS or decision is Decision.NOTE or (about_medicine and decision not in HIDES)):
        raise Invalid("A nurse decides this. You can hide it, or leave it to her.", "/decision")


def state_of_post(state: str, cases: Iterable[Standing]) -> str:
    """What a post is once its cases stand like this: hidden if any of them hides it, held while one that holds it is open."""
    some = list(cases)
    if state == "withdrawn":
        return state
    if any(one.decision in HIDES for one in some):
        return "hidden"
    if state in {"held", "hidden"} and any(one.is_open and not one.kind.startswith("report-") for one in some):
        return "held"
    return "shown"


def working_day_after(day: date) -> date:
    """By when an opening in a crisis is looked at by a second person (PGS-3)."""
    found = day + timedelta(days=1)
    while found.weekday() >= SATURDAY or found in bank_holidays(Region.ENGLAND, found.year):
        found += timedelta(days=1)
    return found

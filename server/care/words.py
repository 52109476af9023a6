"""Who watches now, in words: one wording for the app, text messages and the team's own page (F49)."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.episodes.promise import WORDS, Next
from server.teams.service import Watching
from server.web import words

_LONG: Final = timedelta(days=7)
"""Nobody needs to be told the end of a shift that is further away."""
_EMERGENCY: Final = "999 in an emergency."


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Whether somebody watches, who and until when in words, and what to do if one feels worse meanwhile."""

    is_watched: bool
    who: str
    meanwhile: str

    @property
    def text(self) -> str:
        """Both, as they are read."""
        return f"{self.who} {self.meanwhile}"


def said(found: Watching, now: datetime, *, is_current: bool) -> Said:
    """What is true of who watches; `now` on the reader's own clock. Nothing is promised while nobody is being told (ALP-8)."""
    if not found.teams:
        return Said(is_watched=False, who="You share with no team, so nobody is watching.",
                    meanwhile=f"If you feel unwell, ring 111, or {_EMERGENCY}")  # fmt: skip
    if not is_current:
        who, _, meanwhile = WORDS[Next.MAY_NOT_BE_SEEN].partition(". ")
        return Said(is_watched=False, who=f"{who}.", meanwhile=meanwhile)
    if found.is_on:
        ends = "" if found.until is None or found.until - now > _LONG else f", until {at(found.until, now)}"
        number = next((f" on {team.telephone}" for team in found.teams if team.telephone), "")
        return Said(is_watched=True, who=f"A nurse is watching now{ends}.",
                    meanwhile=f"If you feel worse, ring your team{number}, or 111, or {_EMERGENCY}")  # fmt: skip
    opens = "" if found.opens_at is None else f" The next shift begins {at(found.opens_at, now)}."
    routes = " ".join(dict.fromkeys(team.out_of_hours for team in found.teams))
    return Said(is_watched=False, who=f"Nobody is watching just now.{opens}", meanwhile=f"If you feel unwell: {routes}")


def at(instant: datetime, now: datetime) -> str:
    """An instant on the reader's clock."""
    return words.when(instant.astimezone(now.tzinfo), now)


def judged(label: str | None, taken_at: datetime | None, judged_at: datetime | None, now: datetime) -> str:
    """When the newest reading was judged: in the commit that stored it (INV-4)."""
    if label is None or taken_at is None or judged_at is None:
        return "No reading has come from you in the last 45 days."
    return f"Your last reading, {words.inside(label)} of {at(taken_at, now)}, was judged {at(judged_at, now)}."


def held(many: int) -> str:
    """What is kept and not judged."""
    if not many:
        return ""
    return "One reading is held until you or your nurse say what it was." if many == 1 else (
        f"{many} readings are held until you or your nurse say what they were.")


def lagging(lag_s: float | None) -> str:
    """What is said when what time alone brings on has not been looked at."""
    behind = "" if lag_s is None else f" for {words.span(timedelta(seconds=lag_s))}"
    return f"Readings are judged as they come in, but nobody has been reminded of anything{behind}."

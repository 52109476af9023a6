"""When a message may expect its answer, and what its writer is told at once (F68)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.episodes import calendar
from domain.episodes.calendar import Calendar

WORKING: Final = timedelta(hours=8)
"""Staffed hours in which a message is answered: about one working day."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Whether somebody reads now, by when an answer is promised (None: nobody can say), and from when it is read."""

    is_read_now: bool
    by: datetime | None
    opens_at: datetime | None


def promise(calendars: Sequence[Calendar], sent_at: datetime) -> Reply:
    """By a team's staffed hours; a team that never opens promises nothing."""
    shift = calendar.watch(calendars, sent_at)
    return Reply(is_read_now=shift.is_on, by=calendar.after(calendars, sent_at, WORKING), opens_at=shift.opens_at)

"""What a patient is told happens next, and by when: nothing is promised that nobody is there to keep (AL-12, F49)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from domain.detection.judgement import Severity
from domain.episodes import calendar
from domain.episodes.calendar import Calendar
from domain.episodes.episode import State

RING_WITHIN: Final = timedelta(minutes=60)
"""AL-6: by then the service lead is told and the patient is told not to wait."""


class Next(StrEnum):
    """What comes next."""

    RING_999 = "ring_999"
    NURSE_HAS_IT = "nurse_has_it"
    NURSE_WILL_RING = "nurse_will_ring"
    RING_111 = "ring_111"
    NURSE_WILL_LOOK = "nurse_will_look"
    LOOKED_AT_FROM = "looked_at_from"
    WE_WATCH = "we_watch"
    NOBODY_WATCHES = "nobody_watches"
    MAY_NOT_BE_SEEN = "may_not_be_seen"
    OVER = "over"


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What comes next, and by when if it is known."""

    what: Next
    by: datetime | None = None


WORDS: Final = {
    Next.RING_999: "Ring 999 now.",
    Next.NURSE_HAS_IT: "A nurse has seen this and is dealing with it.",
    Next.NURSE_WILL_RING: "A nurse will ring you. If nobody has rung by then, ring your team or 111.",
    Next.RING_111: "Your team is closed just now. Ring 111 now, or 999 if it gets worse.",
    Next.NURSE_WILL_LOOK: "A nurse will look at this. Ring your team, or 111, if you feel worse.",
    Next.LOOKED_AT_FROM: "Your team is closed just now and will look at this when it opens. If you feel worse, ring 111.",
    Next.WE_WATCH: "There is nothing you need to do. We keep an eye on it.",
    Next.NOBODY_WATCHES: "You share this with no team, so nobody is bound to look at it. If you feel unwell ring 111, or 999 in an emergency.",
    Next.MAY_NOT_BE_SEEN: "Your nurse may not see this yet. If you feel unwell, ring your team, 111, or 999 in an emergency.",
    Next.OVER: "This is over.",
}  # fmt: skip


_NEEDS_TELLING: Final = frozenset({Next.NURSE_WILL_RING, Next.NURSE_WILL_LOOK, Next.LOOKED_AT_FROM, Next.WE_WATCH})


def honest(promised: Promise, *, is_current: bool) -> Promise:
    """What may be promised while whoever should be told is not being told, or what is due is not being judged (ALP-8, INV-15)."""
    return promised if is_current or promised.what not in _NEEDS_TELLING else Promise(what=Next.MAY_NOT_BE_SEEN)


def promise(  # noqa: PLR0913 - one concern as it stands
    severity: Severity, state: State, raised_at: datetime, calendars: Sequence[Calendar], now: datetime, *,
    emergency: bool, is_taken: bool,
) -> Promise:  # fmt: skip
    """What comes next for one concern of a patient; `calendars`: of the teams that it is shared with."""
    if state is State.CLOSED:
        return Promise(what=Next.OVER)
    if emergency:
        return Promise(what=Next.RING_999)
    if not calendars:
        # Also when a nurse had it: what was shared with her then may be shared no more (ACC-6).
        return Promise(what=Next.NOBODY_WATCHES)
    if is_taken:
        return Promise(what=Next.NURSE_HAS_IT)
    if severity is Severity.INFO:
        return Promise(what=Next.WE_WATCH)
    shift = calendar.watch(calendars, now)
    if severity is Severity.RED:
        by = raised_at + RING_WITHIN
        # Outside staffed hours, and once the hour is over, nobody may be waited for.
        can_wait = shift.is_on and now < by
        return Promise(what=Next.NURSE_WILL_RING, by=by) if can_wait else Promise(what=Next.RING_111)
    if shift.is_on:
        return Promise(what=Next.NURSE_WILL_LOOK, by=calendar.next_working_day(calendars, raised_at))
    return Promise(what=Next.RING_111 if shift.opens_at is None else Next.LOOKED_AT_FROM, by=shift.opens_at)

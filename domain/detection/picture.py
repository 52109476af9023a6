"""All that a rule may look at for one patient."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from domain.detection.judgement import Severity
from domain.episodes.episode import Episode
from domain.people.patient import Profile
from domain.readings.reading import Reading


class FlagMark(msgspec.Struct, frozen=True, array_like=True):
    """A flag already raised: enough to know whether a judgement says anything new."""

    rule: str
    anchor: UUID
    severity: Severity
    emergency: bool
    state: str
    episode: UUID | None
    anchor_at: datetime


class Picture(msgspec.Struct, kw_only=True):
    """One patient's recent readings in force, by kind number, each list in order of (taken_at, id).

    Complete from `since` on, for kinds named in `since_kind` from there: what is older is in the database only. `gone` are
    readings of the same time that a correction took out of force. `version` is the guard: a commit made on an older
    version writes nothing. `recent_ids` are the last 64 ids received (8 bytes each, newest last), whatever their time.
    `orphans` are corrections whose original has not arrived: original id -> the status it will be born with.
    `verdicts` is each rule's last verdict, so that a change is seen (architecture 8, judgements stay cheap).
    `due_at`: when it must be judged again if nothing arrives.
    """

    version: int
    since: datetime
    profile: Profile
    since_kind: dict[int, datetime] = {}
    readings: dict[int, list[Reading]] = {}
    gone: list[Reading] = []
    flags: list[FlagMark] = []
    episodes: list[Episode] = []
    recent_ids: bytes = b""
    orphans: dict[UUID, int] = {}
    verdicts: dict[str, str] = {}
    due_at: datetime | None = None


def _at(reading: Reading) -> datetime:
    return reading.taken_at


class View:
    """A picture at one `now`, with the questions rules ask of it."""

    __slots__ = ("now", "profile", "readings")

    def __init__(self, readings: dict[int, list[Reading]], profile: Profile, now: datetime) -> None:
        self.readings = readings
        self.profile = profile
        self.now = now

    def between(self, kind: int, start: datetime, end: datetime) -> Sequence[Reading]:
        """Readings of a kind with start <= taken_at <= end, in order."""
        series = self.readings.get(kind)
        if not series:
            return ()
        return series[bisect_left(series, start, key=_at) : bisect_right(series, end, key=_at)]

    def before(self, anchor: Reading, span: timedelta) -> Sequence[Reading]:
        """Readings of the anchor's kind in the span before it, the anchor itself left out."""
        found = self.between(anchor.kind, anchor.taken_at - span, anchor.taken_at)
        return [one for one in found if (one.taken_at, one.id) < (anchor.taken_at, anchor.id)]

    def after(self, anchor: Reading, span: timedelta) -> Sequence[Reading]:
        """Readings of the anchor's kind in the span after it, the anchor itself left out."""
        found = self.between(anchor.kind, anchor.taken_at, anchor.taken_at + span)
        return [one for one in found if (one.taken_at, one.id) > (anchor.taken_at, anchor.id)]

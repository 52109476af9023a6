"""All that a rule may look at for one patient."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from domain.detection.diary import Day, fold
from domain.detection.judgement import Severity
from domain.detection.series import Packed, Series, Shape
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


def _reading_ms(one: Reading) -> int:
    return int(one.taken_at.timestamp() * 1000)


def _day_ms(one: Day) -> int:
    return one.second * 1000


READINGS: Final = Shape(msgspec.msgpack.Decoder(list[Reading]), _reading_ms)
DAYS: Final = Shape(msgspec.msgpack.Decoder(list[Day]), _day_ms)


class Picture(msgspec.Struct, kw_only=True):
    """One patient's recent readings in force, by kind number, each list in order of (taken_at, id).

    Complete from `since` on, for kinds named in `since_kind` from there: what is older is in the database only, and for the
    kinds whose normal is worked out over weeks as one value a day in `diary`. `gone` are readings of the same time that a
    correction took out of force. `version` is the guard: a commit made on an older
    version writes nothing. `recent_ids` are the last 64 ids received (8 bytes each, newest last), whatever their time.
    `orphans` are corrections whose original has not arrived: original id -> the status it will be born with.
    `verdicts` is each rule's last verdict, so that a change is seen (architecture 8, judgements stay cheap).
    `due_at`: when it must be judged again if nothing arrives.
    """

    version: int
    since: datetime
    profile: Profile
    since_kind: dict[int, datetime] = {}
    readings: Series[Reading] = msgspec.field(default_factory=lambda: Series(READINGS))
    diary: Series[Day] = msgspec.field(default_factory=lambda: Series(DAYS))
    gone: list[Reading] = []
    flags: list[FlagMark] = []
    episodes: list[Episode] = []
    recent_ids: bytes = b""
    orphans: dict[UUID, int] = {}
    verdicts: dict[str, str] = {}
    due_at: datetime | None = None

    def fork(self) -> "Picture":
        """A copy that may be changed while this one stays as it was committed."""
        return Picture(
            version=self.version, since=self.since, profile=self.profile, since_kind=self.since_kind.copy(),
            readings=self.readings.fork(), diary=self.diary.fork(), gone=self.gone.copy(), flags=self.flags.copy(),
            episodes=self.episodes.copy(), recent_ids=self.recent_ids, orphans=self.orphans.copy(),
            verdicts=self.verdicts.copy(), due_at=self.due_at,
        )  # fmt: skip


class _Kept(msgspec.Struct, array_like=True):
    """A picture as it is kept in memory."""

    version: int
    since: datetime
    profile: Profile
    since_kind: dict[int, datetime]
    readings: Packed
    diary: Packed
    gone: list[Reading]
    flags: list[FlagMark]
    episodes: list[Episode]
    recent_ids: bytes
    orphans: dict[UUID, int]
    verdicts: dict[str, str]
    due_at: datetime | None


_KEPT: Final = msgspec.msgpack.Decoder(_Kept)
_ENCODER: Final = msgspec.msgpack.Encoder(uuid_format="bytes")


def pack(picture: Picture) -> bytes:
    """A picture as bytes: 35 days of six kinds as objects are over 20 kB a patient (architecture 8)."""
    return _ENCODER.encode(_Kept(
        picture.version, picture.since, picture.profile, picture.since_kind, picture.readings.packed(), picture.diary.packed(),
        picture.gone, picture.flags, picture.episodes, picture.recent_ids, picture.orphans, picture.verdicts, picture.due_at,
    ))  # fmt: skip


def unpack(kept: bytes) -> Picture:
    """The picture again; its readings stay bytes until somebody asks for their kind."""
    one = _KEPT.decode(kept)
    return Picture(
        version=one.version, since=one.since, profile=one.profile, since_kind=one.since_kind,
        readings=Series(READINGS, one.readings), diary=Series(DAYS, one.diary), gone=one.gone, flags=one.flags,
        episodes=one.episodes, recent_ids=one.recent_ids, orphans=one.orphans, verdicts=one.verdicts, due_at=one.due_at,
    )  # fmt: skip


def _at(reading: Reading) -> datetime:
    return reading.taken_at


def _no(one: Day) -> int:
    return one.no


class View:
    """A picture at one `now`, with the questions rules ask of it."""

    __slots__ = ("_days", "diary", "now", "profile", "readings")

    def __init__(self, readings: Mapping[int, Sequence[Reading]], profile: Profile, now: datetime,
                 diary: Mapping[int, Sequence[Day]] | None = None) -> None:
        self.readings = readings
        self.profile = profile
        self.now = now
        self.diary: Mapping[int, Sequence[Day]] = {} if diary is None else diary
        self._days: dict[int, list[Day]] = {}

    def between(self, kind: int, start: datetime, end: datetime) -> Sequence[Reading]:
        """Readings of a kind with start <= taken_at <= end, in order."""
        if not self.has_since(kind, start):
            return ()
        series = self.readings[kind]
        return series[bisect_left(series, start, key=_at) : bisect_right(series, end, key=_at)]

    def before(self, anchor: Reading, span: timedelta) -> Sequence[Reading]:
        """Readings of the anchor's kind in the span before it, the anchor itself left out."""
        found = self.between(anchor.kind, anchor.taken_at - span, anchor.taken_at)
        return [one for one in found if (one.taken_at, one.id) < (anchor.taken_at, anchor.id)]

    def after(self, anchor: Reading, span: timedelta) -> Sequence[Reading]:
        """Readings of the anchor's kind in the span after it, the anchor itself left out."""
        found = self.between(anchor.kind, anchor.taken_at, anchor.taken_at + span)
        return [one for one in found if (one.taken_at, one.id) > (anchor.taken_at, anchor.id)]

    def has_since(self, kind: int, start: datetime) -> bool:
        """Whether there is any reading of a kind from an instant on; cheaper than looking at them."""
        return has_since(self.readings, kind, start)

    def daily(self, kind: int, first: date, last: date) -> Sequence[Day]:
        """The daily values of a kind (BL-1) from one civil date to another, both inside, in order."""
        days = self._days.get(kind)
        if days is None:
            recent = fold(kind, self.readings.get(kind, ()), self.profile.zone)
            days = self._days[kind] = [*self.diary.get(kind, ()), *recent]
        return days[bisect_left(days, first.toordinal(), key=_no) : bisect_right(days, last.toordinal(), key=_no)]


def has_since(readings: Mapping[int, Sequence[Reading]], kind: int, start: datetime) -> bool:
    """Whether there is any reading of a kind from an instant on, to the millisecond; a packed kind need not be decoded."""
    if isinstance(readings, Series):
        last = readings.last_ms(kind)
        return last is not None and last >= int(start.timestamp() * 1000)
    series = readings.get(kind)
    return bool(series) and series[-1].taken_at >= start

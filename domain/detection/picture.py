"""All that a rule may look at for one patient."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Final, TypeVar, cast
from uuid import UUID

import msgspec

from domain.days import begins, day
from domain.detection import concern
from domain.detection.diary import Day, Folded, fold_again
from domain.detection.judgement import Severity
from domain.detection.series import Packed, Series, Shape
from domain.episodes.episode import Episode
from domain.people.patient import Profile
from domain.readings.baseline import GUARD, LEAST, WINDOW, Baseline, of
from domain.readings.duplicates import PRESSURE, PULSE, Seen, between, seen
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading

T = TypeVar("T")


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


class Memo:
    """What one look at a picture worked out and the next need not: what counts, the daily values, the person's normals.

    Only ever a saving: `forget` drops what a changed reading can change, and another profile drops all.
    """

    __slots__ = ("_apart", "_devices", "_profile", "days", "folded", "normals", "past", "seen", "told")

    def __init__(self) -> None:
        self._profile: Profile | None = None
        self.told: frozenset[str] = frozenset()
        self.past: dict[int, dict[tuple[object, ...], tuple[int, object]]] = {}
        self._apart: frozenset[UUID] = frozenset()
        self._devices: dict[int, int] = {}
        self.seen: dict[int, Seen] = {}
        self.days: dict[int, list[Day]] = {}
        self.folded: dict[int, Folded] = {}
        self.normals: dict[tuple[int, date, int], Baseline | None] = {}

    def fork(self) -> "Memo":
        """Another one that may be changed while this one stays as it is."""
        found = Memo()
        found._profile, found._apart, found._devices = self._profile, self._apart, self._devices.copy()
        found.seen, found.days, found.normals = self.seen.copy(), self.days.copy(), self.normals.copy()
        found.folded, found.told = self.folded.copy(), self.told
        found.past = {kind: known.copy() for kind, known in self.past.items()}
        return found

    def of(self, profile: Profile, apart: frozenset[UUID]) -> "Memo":
        """This one, emptied when it was worked out under other facts."""
        if self._profile is not profile or self._apart != apart:
            self._profile, self._apart = profile, apart
            self.told = frozenset(one.key for one in profile.facts)
            self.past.clear()
            self.seen.clear()
            self.days.clear()
            self.folded.clear()
            self.normals.clear()
        return self

    def forget(self, kind: int) -> None:
        """The readings of a kind are held differently now: some of them became daily values."""
        for one in (kind, PRESSURE) if kind == PULSE else (kind,):
            self.seen.pop(one, None)
            self.days.pop(one, None)

    def forget_all(self, came: Sequence[Reading], went: Sequence[Reading], zone: str) -> None:
        """These readings came or went: what was worked out with their kinds is worked out again."""
        earliest: dict[int, int] = {}
        for one in (*came, *went):
            no = day(one.taken_at, zone).toordinal()
            if one.kind not in earliest or no < earliest[one.kind]:
                earliest[one.kind] = no
        for kind in earliest:
            self.forget(kind)
        swapped = self._swapped(came) | {one.kind for one in went}
        if PULSE in earliest:
            # Which pressures are a run is told by their pulses (DQ-5).
            earliest[PRESSURE] = min(earliest[PULSE], earliest.get(PRESSURE, earliest[PULSE]))
        for kind, no in earliest.items():
            # What comes near midnight may change how the day before is seen (DQ-1, DQ-6).
            self._forget_past(kind, no - 1)
        if self.normals:
            self._forget_normals(earliest, swapped)

    def _forget_past(self, kind: int, no: int) -> None:
        known = self.past.get(kind)
        if known:
            if len(known) > _PAST:
                known.clear()
            for key in [key for key, (upto, _) in known.items() if upto >= no]:
                del known[key]

    def _swapped(self, came: Sequence[Reading]) -> set[int]:
        """The kinds of which another device was used than before."""
        found: set[int] = set()
        for one in came:
            if one.device and self._devices.get(one.kind) != one.device:
                self._devices[one.kind] = one.device
                found.add(one.kind)
        return found

    def _forget_normals(self, earliest: dict[int, int], swapped: set[int]) -> None:
        told = earliest.get(SYMPTOM)
        if len(self.normals) > _NORMALS:
            self.normals.clear()
        # A normal ends GUARD dates before its own; a device that changes begins another one.
        gone = [
            key for key in self.normals
            if (key[0] in earliest and (key[0] in swapped or earliest[key[0]] <= key[1].toordinal() - GUARD))
            or (told is not None and told <= key[1].toordinal() - GUARD)
        ]  # fmt: skip
        for key in gone:
            del self.normals[key]


_NORMALS: Final = 64
"""So many normals are remembered between two looks: those of the last days."""
_PAST: Final = 96
"""So much of what days say together is remembered of a kind between two looks."""


class Picture(msgspec.Struct, kw_only=True):
    """One patient's recent readings in force, by kind number, each list in order of (taken_at, id).

    Complete from `since` on, for kinds named in `since_kind` from there: what is older is in the database only, and for the
    kinds whose normal is worked out over weeks as one value a day in `diary`. `gone` are readings of the same time that a
    correction took out of force. `version` is the guard: a commit made on an older
    version writes nothing. `recent_ids` are the last 64 ids received (8 bytes each, newest last), whatever their time.
    `orphans` are corrections whose original has not arrived: original id -> the status it will be born with.
    `verdicts` is each rule's last verdict, so that a change is seen (architecture 8, judgements stay cheap).
    `due_at`: when it must be judged again if nothing arrives. `resolved`: rule and severity -> when its concern was resolved
    (AL-5). `shadow`: rules that are recorded and not shown (AL-9). `apart`: readings that a person said are no copies (F13).
    """

    version: int
    since: datetime
    profile: Profile
    since_kind: dict[int, datetime] = {}
    apart: frozenset[UUID] = frozenset()
    readings: Series[Reading] = msgspec.field(default_factory=lambda: Series(READINGS))
    diary: Series[Day] = msgspec.field(default_factory=lambda: Series(DAYS))
    gone: list[Reading] = []
    flags: list[FlagMark] = []
    episodes: list[Episode] = []
    recent_ids: bytes = b""
    orphans: dict[UUID, int] = {}
    verdicts: dict[str, str] = {}
    due_at: datetime | None = None
    resolved: dict[str, datetime] = {}
    shadow: frozenset[str] = frozenset()
    memo: Memo = msgspec.field(default_factory=Memo)

    def view(self, now: datetime) -> "View":
        """This picture at an instant, with what was worked out of it before."""
        return View(self.readings, self.profile, now, self.diary, self.apart, self.memo)

    def fork(self) -> "Picture":
        """A copy that may be changed while this one stays as it was committed."""
        return Picture(
            version=self.version, since=self.since, profile=self.profile, since_kind=self.since_kind.copy(),
            readings=self.readings.fork(), diary=self.diary.fork(), gone=self.gone.copy(), flags=self.flags.copy(),
            episodes=self.episodes.copy(), recent_ids=self.recent_ids, orphans=self.orphans.copy(),
            verdicts=self.verdicts.copy(), due_at=self.due_at, resolved=self.resolved, shadow=self.shadow, apart=self.apart,
            memo=self.memo.fork(),
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
    resolved: dict[str, datetime]
    shadow: frozenset[str]
    apart: frozenset[UUID]


_KEPT: Final = msgspec.msgpack.Decoder(_Kept)
_ENCODER: Final = msgspec.msgpack.Encoder(uuid_format="bytes")


def pack(picture: Picture) -> bytes:
    """A picture as bytes: 35 days of six kinds as objects are over 20 kB a patient (architecture 8)."""
    return _ENCODER.encode(_Kept(
        picture.version, picture.since, picture.profile, picture.since_kind, picture.readings.packed(), picture.diary.packed(),
        picture.gone, picture.flags, picture.episodes, picture.recent_ids, picture.orphans, picture.verdicts, picture.due_at,
        picture.resolved, picture.shadow,
        picture.apart,
    ))  # fmt: skip


def unpack(kept: bytes) -> Picture:
    """The picture again; its readings stay bytes until somebody asks for their kind."""
    one = _KEPT.decode(kept)
    return Picture(
        version=one.version, since=one.since, profile=one.profile, since_kind=one.since_kind,
        readings=Series(READINGS, one.readings), diary=Series(DAYS, one.diary), gone=one.gone, flags=one.flags,
        episodes=one.episodes, recent_ids=one.recent_ids, orphans=one.orphans, verdicts=one.verdicts, due_at=one.due_at,
        resolved=one.resolved, shadow=one.shadow,
        apart=one.apart,
    )  # fmt: skip


SYMPTOM: Final = BY_NAME["symptom"].no


_at = attrgetter("taken_at")


_no = attrgetter("no")


def _order(reading: Reading) -> tuple[datetime, UUID]:
    return (reading.taken_at, reading.id)


class View:
    """A picture at one `now`, with the questions rules ask of it."""

    __slots__ = ("_baselines", "_bounds", "_dates", "_days", "_folded", "_newest", "_past", "_seen", "apart", "diary", "kinds",
                 "now", "profile", "readings", "told")  # fmt: skip

    def __init__(
        self,
        readings: Mapping[int, Sequence[Reading]],
        profile: Profile,
        now: datetime,
        diary: Mapping[int, Sequence[Day]] | None = None,
        apart: frozenset[UUID] = frozenset(),
        memo: Memo | None = None,
    ) -> None:
        known = (memo or Memo()).of(profile, apart)
        self.readings = readings
        self.apart = apart
        self._seen = known.seen
        self._past = known.past
        self.told = known.told
        self._newest = {kind: at for kind in readings if (at := newest(readings, kind)) is not None}
        self.kinds: tuple[int, ...] = tuple(sorted(self._newest))
        """The kinds of which there is any reading."""
        self.profile = profile
        self.now = now
        self.diary: Mapping[int, Sequence[Day]] = {} if diary is None else diary
        self._days = known.days
        self._folded = known.folded
        self._dates: dict[datetime, date] = {}
        self._bounds: dict[date, tuple[datetime, datetime]] = {}
        self._baselines = known.normals

    def past(self, kind: int, on: date, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """What follows from the daily values of one kind up to a date, and from the key, alone: kept until one of them changes."""
        known = self._past.get(kind)
        if known is None:
            known = self._past[kind] = {}
        whole = (on, *key)
        found = known.get(whole)
        if found is None:
            found = known[whole] = (on.toordinal(), make())
        return cast("T", found[1])

    def between(self, kind: int, start: datetime, end: datetime) -> Sequence[Reading]:
        """Readings of a kind with start <= taken_at <= end, in order."""
        if not self.has_since(kind, start):
            return ()
        series = self.seen(kind).counted
        return series[bisect_left(series, start, key=_at) : bisect_right(series, end, key=_at)]

    def seen(self, kind: int) -> Seen:
        """The readings of a kind as rules see them: each measurement once, with the doubts that others answered (DQ-1, DQ-5, DQ-6)."""
        found = self._seen.get(kind)
        if found is None:
            pulses = self.readings.get(PULSE, ()) if kind == PRESSURE and len(self.readings.get(kind, ())) > 2 else ()  # noqa: PLR2004 - a run
            found = self._seen[kind] = seen(kind, self.readings.get(kind, ()), apart=self.apart, pulses=pulses)
        return found

    def judged(self, kind: int, start: datetime, end: datetime) -> Sequence[Reading]:
        """Readings at which rules are judged: those between that count, and pressures too soon after another (DQ-5)."""
        found = self.between(kind, start, end)
        soon = self._seen[kind].soon if kind in self._seen else frozenset[UUID]()
        if not soon:
            return found
        return sorted([*found, *(one for one in between(self.readings[kind], start, end) if one.id in soon)], key=_order)

    def hidden(self, kind: int, start: datetime, end: datetime) -> set[UUID]:
        """Copies for which another reading stands: nothing is judged there, and what was flagged there is over (DQ-6)."""
        if not self.has_since(kind, start):
            return set()
        copies = self.seen(kind).copies
        return {one.id for one in between(self.readings[kind], start, end) if one.id in copies} if copies else set()

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
        last = self._newest.get(kind)
        return last is not None and last >= start

    def has_any_since(self, start: datetime) -> bool:
        """Whether there is a reading of any kind from an instant on."""
        return any(last >= start for last in self._newest.values())

    def day(self, at: datetime) -> date:
        """The patient's civil date of an instant (C-1)."""
        found = self._dates.get(at)
        if found is None:
            found = self._dates[at] = day(at, self.profile.zone)
        return found

    def bounds(self, on: date) -> tuple[datetime, datetime]:
        """When a civil date of the patient begins and when the next one does: 23, 24 or 25 hours apart."""
        found = self._bounds.get(on)
        if found is None:
            zone = self.profile.zone
            found = self._bounds[on] = (begins(on, zone), begins(on + timedelta(days=1), zone))
        return found

    def daily(self, kind: int, first: date, last: date) -> Sequence[Day]:
        """The daily values of a kind (BL-1) from one civil date to another, both inside, in order."""
        days = self.days(kind)
        if not days:
            return ()
        last_no = last.toordinal()
        end = len(days) if days[-1].no <= last_no else bisect_right(days, last_no, key=_no)
        return days[bisect_left(days, first.toordinal(), 0, end, key=_no) : end]

    def days(self, kind: int) -> list[Day]:
        """All daily values of a kind that are known, in order."""
        days = self._days.get(kind)
        if days is None:
            recent: Sequence[Day] = ()
            if kind in self.readings:
                folded = self._folded[kind] = fold_again(kind, self.seen(kind).counted, self.profile.zone, self._folded.get(kind))
                recent = folded.days
            days = self._days[kind] = [*self.diary.get(kind, ()), *recent]
        return days

    def on(self, kind: int, on: date) -> Day | None:
        """The value of one civil date."""
        days = self.days(kind)
        no = on.toordinal()
        place = len(days) - 1
        # Mostly it is the last one that is asked for.
        if place >= 0 and days[place].no > no:
            place = bisect_right(days, no, key=_no) - 1
        return days[place] if place >= 0 and days[place].no == no else None

    def dates_before(self, kind: int, on: date, dates: int) -> Sequence[Day]:
        """The daily values of so many dates before a date, that date left out, in order."""
        return self.daily(kind, on - timedelta(days=dates), on - timedelta(days=1))

    def codes(self, kind: int, first: date, last: date) -> frozenset[int]:
        """The codes reported from one civil date to another, both inside."""
        days = self.daily(kind, first, last)
        return frozenset(code for one in days for code in one.each) if days else _NO_CODES

    def stands(self, kinds: Iterable[int], on: date) -> Reading | None:
        """The reading at which rules of a day stand: of those that give the day's values of these kinds the first."""
        found: Reading | None = None
        for kind in kinds:
            one = self.on(kind, on)
            if one is None:
                continue
            at, no = one.at, one.id.int
            for reading in self.between(kind, at, at + _SECOND):
                if reading.id.int == no and (found is None or _order(reading) < _order(found)):
                    found = reading
        return found

    def baseline(self, kind: int, on: date, *, least: int = LEAST) -> Baseline | None:
        """The person's own normal of a kind on a date (BL-2), or None while there are too few days to know it."""
        key = (kind, on, least)
        if key not in self._baselines:
            self._baselines[key] = normal(self, kind, on, least)
        return self._baselines[key]


_SECOND: Final = timedelta(seconds=1)
_NO_CODES: Final[frozenset[int]] = frozenset()


def normal(view: View, kind: int, on: date, least: int) -> Baseline | None:
    """BL-2, BL-7: the sound days from 35 to 8 dates before, none of them in a concern, a stay in hospital or an old normal."""
    back = on - timedelta(days=concern.BACK)
    days = view.daily(kind, back, on)
    first, last = (on - timedelta(days=WINDOW)).toordinal(), (on - timedelta(days=GUARD)).toordinal()
    held = [one for one in days if first <= one.no <= last and one.sound]
    if len(held) < least:
        return None
    # What came after the window cannot change it, so that the normal of a date stands all that day.
    upto = bisect_right(days, last, key=_no)
    symptoms = view.daily(SYMPTOM, back, on - timedelta(days=GUARD))
    left_out = concern.left_out(kind, days, symptoms, view.profile, on, upto=upto)
    values = [one.value for one in held if one.no not in left_out]
    return of(values) if len(values) >= least else None


_MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def newest(readings: Mapping[int, Sequence[Reading]], kind: int) -> datetime | None:
    """When the newest reading of a kind is; of a packed kind, which is not decoded for it, the end of its millisecond."""
    if isinstance(readings, Series):
        packed = cast("Series[Reading]", readings)
        opened = packed.opened(kind)
        if opened is None:
            last = packed.last_ms(kind)
            return None if last is None else _EPOCH + (last + 1) * _MILLISECOND
        return opened[-1].taken_at if opened else None
    series = readings.get(kind)
    return series[-1].taken_at if series else None

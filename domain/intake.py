"""What new drafts change in one patient's picture: believed or not, new or known, judged, and who must be told.

Pure: (picture, drafts, now) in, everything that must be committed out. `server/ingest.py` owns the transaction.
"""

import hashlib
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Final, Literal, assert_never
from uuid import UUID

import msgspec

from domain.days import day, midnight
from domain.detection import engine, silence
from domain.detection.diary import fold
from domain.detection.judgement import Judgement, Verdict
from domain.detection.picture import FlagMark, Picture, View
from domain.detection.silence import Looked
from domain.detection.spans import LATE, SAMPLED, SPANS, Spans
from domain.episodes import clearing, lifecycle
from domain.episodes.episode import Effects
from domain.readings import duplicates, quality
from domain.readings.kinds import BY_NAME, BY_NO
from domain.readings.reading import Draft, Duplicate, Outcome, Quarantined, Reading, Rejected, Status, Stored

KEPT: Final = 64
"""How many of the last ids a picture remembers, whatever their time."""

MOST: Final = 400
"""A kind with more readings than this keeps the newest only; older ones are read from the database when needed."""


_WEIGHT: Final = BY_NAME["body_weight"].no


class Correction(msgspec.Struct, frozen=True):
    """One reading takes another out of force (ING-9)."""

    corrects: UUID
    id: UUID
    retracts: bool
    reason: str | None


class Link(msgspec.Struct, frozen=True):
    """A reading for which another one stands; None: none does any more. `by_hand`: a person said so (F13)."""

    copy: Reading
    kept: UUID | None
    by_hand: Literal["apart", "together"] | None = None
    reason: str | None = None


class Taken(msgspec.Struct, kw_only=True):
    """All that one patient's drafts change; `outcomes` stand in the order of the drafts."""

    outcomes: list[Outcome] = []
    added: list[Reading] = []
    samples: list[Reading] = []
    statuses: list[tuple[Reading, Status]] = []
    corrections: list[Correction] = []
    quarantined: list[tuple[Draft, Quarantined]] = []
    links: list[Link] = []
    effects: Effects = msgspec.field(default_factory=Effects)
    classes: dict[UUID, int] = {}
    unchecked: frozenset[str] = frozenset()
    """Rules that raised (ING-12): a nurse has a flag, whoever runs the service is told too."""

    @property
    def is_plain(self) -> bool:
        """Nothing but new rows (or nothing at all): the common commit."""
        effects = self.effects
        return not (
            self.samples
            or self.statuses
            or self.corrections
            or self.quarantined
            or self.links
            or effects.judgements
            or effects.flags
            or effects.episodes
            or effects.events
            or effects.notices
        )


def complete_from(picture: Picture, kind: int) -> datetime:
    """Since when the picture holds every reading of a kind."""
    return picture.since_kind.get(kind, picture.since)


def reaches(picture: Picture, drafts: Sequence[Draft], now: datetime, spans: Spans = SPANS) -> bool:
    """Whether the picture holds all that judging these drafts needs; else a wider one must be loaded first."""
    oldest: dict[int, datetime] = {}
    for draft in drafts:
        kind = BY_NAME.get(draft.kind)
        if kind is not None and (kind.no not in oldest or draft.taken_at < oldest[kind.no]):
            oldest[kind.no] = draft.taken_at
    for no, at in oldest.items():
        # Of the time before, the diary of a picture holds what was kept when it was last trimmed.
        if at < complete_from(picture, no) or (no in spans.told and at < now - LATE):
            return False
        for other, need in spans.needs.get(no, {}).items():
            if complete_from(picture, other) > at - need:
                return False
    return True


def trim(picture: Picture, now: datetime, spans: Spans = SPANS) -> None:
    """Forget what no rule needs at once; what is left is still complete from the instants it says."""
    for kind in list(picture.readings.changed):
        _trim(picture, kind, now, spans)
    if picture.gone:
        picture.gone = [one for one in picture.gone if one.taken_at >= complete_from(picture, one.kind)]
    if picture.flags:
        open_ones = {episode.id for episode in picture.episodes}
        picture.flags = [mark for mark in picture.flags if mark.episode in open_ones or _may_be_judged(picture, mark)]


def _may_be_judged(picture: Picture, mark: FlagMark) -> bool:
    """Whether the reading at which a flag stands may still be in the picture."""
    rule = engine.BY_ID.get(mark.rule)
    kinds = [kind for kind in rule.anchors if kind in picture.readings] if rule is not None else []
    return mark.anchor_at >= min((complete_from(picture, kind) for kind in kinds), default=picture.since)


def _trim(picture: Picture, kind: int, now: datetime, spans: Spans) -> None:
    """Keep of one kind what is kept whole, and of the days before it, where rules ask for them, their daily values."""
    series = picture.readings[kind]
    start = now - spans.kept(kind)
    if len(series) > MOST:
        start = max(start, series[-MOST].taken_at)
    zone = picture.profile.zone
    days = spans.diary.get(kind)
    if days is not None:
        start = midnight(start, zone)
    whole_from = complete_from(picture, kind)
    if start <= whole_from or not series or series[0].taken_at >= start:
        return
    place = bisect_left(series, start, key=_at)
    if days is not None:
        oldest = day(now, zone).toordinal() - days
        # A day that was not there from its beginning has no daily value.
        first = day(whole_from, zone).toordinal() + (midnight(whole_from, zone) < whole_from)
        # A copy is no second measurement in the diary either (DQ-6).
        counted = [one for one in picture.view(now).seen(kind).counted if one.taken_at < start]
        folded = [one for one in fold(kind, counted, zone) if one.no >= first]
        picture.diary.put(kind, [one for one in (*picture.diary.get(kind, ()), *folded) if one.no >= oldest])
    picture.since_kind[kind] = start
    picture.readings.put(kind, series[place:])
    picture.memo.forget(kind)


def sample_id(patient: UUID, reading: Reading) -> UUID:
    """The id of a sensor sample: derived from what it is, since hourly arrays keep none (UUIDv8 of a SHA-256)."""
    original = reading.original[0] if reading.original else reading.value
    text = f"{patient}|{reading.kind}|{reading.device}|{reading.taken_at.timestamp()}|{original}|{reading.unit}"
    digest = bytearray(hashlib.sha256(text.encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))


def take(picture: Picture, patient: UUID, drafts: Sequence[Draft], now: datetime, new_id: Callable[[], UUID]) -> Taken:
    """Take drafts into the picture (which is changed in place) and judge what they change."""
    taken = Taken()
    work = _Work(picture, patient, now, taken)
    for draft in drafts:
        taken.outcomes.append(work.one(draft))
    if work.changed or work.removed:
        changed = [*work.changed, *work.removed]
        picture.memo.forget_all(work.changed, work.removed, picture.profile.zone)
        view = picture.view(now)
        # What stands near may be seen otherwise now: as a copy, as confirmed, as one of a run (DQ-1, DQ-5, DQ-6).
        near = duplicates.touched(picture.readings, changed)
        _judge(picture, taken, view, engine.affected(view, [*changed, *near]), work.removed, new_id, picture.due_at)
        _link(view, taken, [*work.changed, *near], work.removed)
    if work.ids:
        picture.recent_ids = (picture.recent_ids + b"".join(work.ids))[-8 * KEPT :]
    return taken


def again(picture: Picture, since: datetime, now: datetime, new_id: Callable[[], UUID]) -> Taken:
    """Judge again what was waiting for a repeat since an instant, and let watch episodes expire (AL-1)."""
    taken = Taken()
    picture.due_at = None
    view = picture.view(now)
    _judge(picture, taken, view, engine.since(view, since), [], new_id, since)
    for episode in list(picture.episodes):
        if episode.expires_at is not None and episode.expires_at <= now:
            ended, events = lifecycle.expire(episode, now)
            taken.effects.episodes.append(ended)
            taken.effects.events.extend(events)
            picture.episodes.remove(episode)
        elif episode.expires_at is not None:
            picture.due_at = _earliest(picture.due_at, episode.expires_at)
    return taken


def unheard(picture: Picture, looked: Looked, now: datetime, new_id: Callable[[], UUID]) -> Taken:
    """What follows from looking for silence; nothing when the picture has moved on since: then it is looked at again."""
    taken = Taken()
    if looked.version != picture.version:
        return taken
    known = {(mark.rule, mark.anchor) for mark in picture.flags}
    picture.flags.extend(mark for mark in looked.marks if (mark.rule, mark.anchor) not in known)
    taken.effects = lifecycle.settle(
        picture, looked.judgements, covers=lambda rule, anchor: rule in silence.IDS and anchor in looked.judged,
        corrected=frozenset(), now=now, new_id=new_id,
    )  # fmt: skip
    taken.effects.notices.extend(looked.notices)
    return taken


_at = attrgetter("taken_at")


def _order(reading: Reading) -> tuple[datetime, UUID]:
    return (reading.taken_at, reading.id)


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def _same(one: Reading, other: Reading) -> bool:
    """The same content: what was measured, not how it travelled."""
    return (
        one.value == other.value
        and one.value2 == other.value2
        and one.value3 == other.value3
        and one.comparator == other.comparator
        and one.device == other.device
        and _sent(one) == _sent(other)
        and one.unit == other.unit
    )


def _sent(one: Reading) -> tuple[Decimal | None, ...]:
    """The values as they were sent; 6.10 is 6.1."""
    return one.original or tuple(value for value in (one.value, one.value2, one.value3) if value is not None)


def _said(one: Reading) -> datetime:
    """The instant as the device said it."""
    return one.device_time or one.taken_at


def _known_as(series: Sequence[Reading], reading: Reading) -> Duplicate | Rejected:
    """Sent again when more was known of the device's clock (DQ-7), what the device said is what counts; else the id is reused."""
    before = next((one for one in series if one.id == reading.id), None)
    if before is not None and _same(before, reading) and _said(before) == _said(reading):
        return Duplicate(id=reading.id, first_id=reading.id)
    return Rejected(reading.id, "id_reused", "/id", "This id was used for another reading; make a new id.")


class _Work:
    """One pass over the drafts of one patient."""

    __slots__ = ("changed", "ids", "now", "patient", "picture", "removed", "taken")

    def __init__(self, picture: Picture, patient: UUID, now: datetime, taken: Taken) -> None:
        self.picture = picture
        self.patient = patient
        self.now = now
        self.taken = taken
        self.changed: list[Reading] = []
        self.removed: list[Reading] = []
        self.ids: dict[bytes, None] = {}

    def one(self, draft: Draft) -> Outcome:
        """What becomes of one draft."""
        if draft.retracts:
            return self._retract(draft)
        if draft.link is not None:
            return self._set_apart(draft, draft.link)
        # A weight is held against the person's own of weeks (DQ-2), which is mostly in the diary.
        is_weight = draft.kind == BY_NO[_WEIGHT].name
        recent = {_WEIGHT: [*self.picture.diary.get(_WEIGHT, ()), *self.picture.readings.get(_WEIGHT, ())]} if is_weight else {}
        checked = quality.check(draft, recent=recent, now=self.now)
        match checked:
            case Reading():
                return self._believed(draft, checked)
            case Quarantined():
                if self._is_settled(draft):
                    return Duplicate(id=draft.id, first_id=draft.id)
                self.taken.quarantined.append((draft, checked))
                return checked
            case Rejected():
                return checked
        assert_never(checked)  # pragma: no cover - closed by the types

    def _is_settled(self, draft: Draft) -> bool:
        """Whether a person released this very draft before: the sender who repeats it is told that it is here."""
        kind = BY_NAME[draft.kind].no
        return any(one.id == draft.id and one.marks[-1:] == ("released",) for one in self.picture.readings.get(kind, ()))

    def _believed(self, draft: Draft, reading: Reading) -> Outcome:  # noqa: C901 - the cases of architecture 8, in order
        sampled = reading.kind in SAMPLED
        if sampled:
            # Hourly arrays keep milliseconds: a finer instant would be another reading once it comes back from them.
            at = reading.taken_at.replace(microsecond=reading.taken_at.microsecond // 1000 * 1000)
            reading = msgspec.structs.replace(reading, taken_at=at)
            reading = msgspec.structs.replace(reading, id=sample_id(self.patient, reading))
        key = reading.id.bytes[8:]
        series = self.picture.readings.to_change(reading.kind)
        twin = self._twin(series, reading)
        if isinstance(twin, Reading):
            return Duplicate(id=draft.id, first_id=twin.id)
        if twin is not None:
            return twin
        if not sampled and self._knows(key):
            return _known_as(series, reading)
        born = self.picture.orphans.pop(reading.id, None)
        if born is not None:
            reading = msgspec.structs.replace(reading, status=born)
            self.picture.gone.append(reading)
        elif series and _order(series[-1]) > _order(reading):
            insort(series, reading, key=_order)
            self.changed.append(reading)
        else:
            series.append(reading)
            self.changed.append(reading)
        if reading.corrects is not None:
            self._out_of_force(reading.corrects, Status.SUPERSEDED)
            self.taken.corrections.append(Correction(reading.corrects, reading.id, False, draft.reason))  # noqa: FBT003
        if sampled:
            self.taken.samples.append(reading)
        else:
            self.ids[key] = None
            self.taken.added.append(reading)
        return Stored(reading)

    def _knows(self, key: bytes) -> bool:
        """Whether this was the id of one of the last readings, whatever its kind and time."""
        recent = self.picture.recent_ids
        place = recent.find(key)
        while place >= 0 and place % len(key):
            place = recent.find(key, place + 1)
        return place >= 0 or key in self.ids

    def _twin(self, series: Sequence[Reading], reading: Reading) -> Reading | Rejected | None:  # noqa: C901 - DQ-6 in order
        """The reading this one repeats; or a refusal when the same key holds other content (DQ-6, architecture 8)."""
        at = reading.taken_at
        if series and at <= series[-1].taken_at:
            place = bisect_left(series, at, key=_at)
            near: list[Reading] = []
            while place < len(series) and series[place].taken_at == at:
                near.append(series[place])
                place += 1
        else:
            near = []
        if self.picture.gone:
            near += [one for one in self.picture.gone if one.taken_at == at and one.kind == reading.kind]
        for one in near:
            if one.id == reading.id:
                if _same(one, reading):
                    return one
                return Rejected(reading.id, "id_reused", "/id", "This id was used for another reading; make a new id.")
        if reading.corrects is None:
            for one in near:
                if one.status == Status.FINAL and one.device == reading.device and _same(one, reading):
                    return one
        return None

    def _set_apart(self, draft: Draft, said: Literal["apart", "together"]) -> Outcome:
        """A person says that a reading is no copy, or that it is one after all: both are judged again (F13)."""
        kind = BY_NAME[draft.kind].no
        found = next((one for one in self.picture.readings.get(kind, ()) if one.id == draft.corrects), None)
        if found is None:
            return Rejected(draft.id, "nothing_named", "", "There is no such reading in force.")
        if said == "apart":
            self.picture.apart |= {found.id}
        else:
            self.picture.apart -= {found.id}
        self.changed.append(found)
        self.taken.links.append(Link(found, None, said, draft.reason))
        return Stored(found)

    def _retract(self, draft: Draft) -> Outcome:
        original = draft.corrects
        if original is None:
            return Rejected(draft.id, "nothing_named", "/corrects", "A retraction names the reading it retracts.")
        for one in self.picture.gone:
            if one.id == original:
                return Duplicate(id=draft.id, first_id=original)
        self.taken.corrections.append(Correction(original, draft.id, True, draft.reason))  # noqa: FBT003
        found = self._out_of_force(original, Status.ENTERED_IN_ERROR)
        return Stored(found)

    def _out_of_force(self, original: UUID, status: Status) -> Reading | None:
        for kind, series in self.picture.readings.items():
            for place, one in enumerate(series):
                if one.id == original:
                    del self.picture.readings.to_change(kind)[place]
                    gone = msgspec.structs.replace(one, status=status)
                    self.picture.gone.append(gone)
                    self.taken.statuses.append((gone, status))
                    self.removed.append(one)
                    return gone
        if all(one.id != original for one in self.picture.gone):
            self.picture.orphans[original] = status
        return None


def _link(view: View, taken: Taken, ones: Sequence[Reading], removed: Sequence[Reading]) -> None:
    """What stands for what now, so that it can be shown and taken apart."""
    # Only a reading that goes, a person's word or a sensor's stream can make a copy one no longer: else no link ends here.
    may_end = bool(removed or taken.links)
    for one in {one.id.int: one for one in ones}.values():
        copies = view.seen(one.kind).copies
        kept = copies.get(one.id) if copies else None
        if kept is not None or may_end or one.kind in SAMPLED:
            taken.links.append(Link(one, kept))
    taken.links.extend(Link(one, None) for one in removed)


def _judge(  # noqa: PLR0913 - what is judged, and what follows from it
    picture: Picture,
    taken: Taken,
    view: View,
    what: engine.Affected,
    removed: Sequence[Reading],
    new_id: Callable[[], UUID],
    due_at: datetime | None,
) -> None:
    judgements = engine.judge(view, what)
    taken.unchecked = frozenset(rule for rule, _ in what.unsure)
    if not judgements and not removed and not picture.flags:
        return
    kept: list[Judgement] = []
    for judgement in judgements:
        picture.due_at = _earliest(picture.due_at, judgement.due_at)
        if judgement.verdict is not Verdict.FIRED and picture.verdicts.get(judgement.rule) != judgement.verdict:
            kept.append(judgement)
        picture.verdicts[judgement.rule] = judgement.verdict
    effects = lifecycle.settle(
        picture,
        judgements,
        covers=what.covers,
        may_cover=what.may_cover,
        corrected=frozenset(one.id for one in removed),
        now=view.now,
        new_id=new_id,
        due_at=due_at,
    )
    if picture.episodes:
        clearing.resolve(picture, lambda rule, fired_at: engine.cleared(view, rule, fired_at), view.now, effects)
    effects.judgements.extend((new_id(), judgement) for judgement in kept)
    taken.effects = effects
    if not (effects.flags or effects.judgements or effects.episodes):
        return
    kinds = {one.id: one.kind for one in what.anchors} | {one.id: one.kind for one in removed}
    taken.classes = {anchor: kind // 100 for anchor, kind in kinds.items()}

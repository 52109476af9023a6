"""Try before you alarm (F39): one person's past judged as it was and as it would have been with other limits or modes.

Pure: the same engine on the same readings, so that a trial which changes nothing finds what was found.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

import msgspec

from domain.detection import engine
from domain.detection.judgement import Severity
from domain.detection.picture import View
from domain.people.patient import Profile
from domain.plans.limits import Dated, Layer
from domain.readings.reading import Reading

APART: Final = timedelta(hours=72)
"""Flags of one group closer than this are one concern, as AL-5 keeps a closed amber quiet for as long."""
ALWAYS: Final = datetime(1900, 1, 1, tzinfo=UTC)


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One limit as it is tried for a service; None tries the built-in one."""

    key: str
    value: Decimal | None
    mg: Decimal | None = None


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried, exactly: on whose caseload, over which time, by which rule set."""

    team: UUID
    from_at: datetime
    to_at: datetime
    limits: tuple[Tried, ...] = ()
    modes: dict[str, Literal["active", "shadow"]] = {}
    shadowed: tuple[str, ...] = ()
    rule_set: int = engine.RULE_SET


class Raised(msgspec.Struct, frozen=True, array_like=True):
    """One flag that the engine raises."""

    rule: str
    group: str
    anchor: UUID
    at: datetime
    severity: Severity
    emergency: bool
    sentence: str
    data_class: int


class Concern(msgspec.Struct, frozen=True, kw_only=True):
    """Flags of one group that a nurse would have met as one card."""

    group: str
    first_at: datetime
    last_at: datetime
    severity: Severity
    emergency: bool
    rules: tuple[str, ...]
    sentence: str
    flags: int
    data_class: int


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A concern that was met in reality; `confirmed`: closed with something done about it."""

    episode: UUID
    group: str
    first_at: datetime
    last_at: datetime
    confirmed: bool
    data_class: int


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """A deterioration that a nurse acted on and that would not have been flagged, or later by so many hours."""

    episode: UUID
    group: str
    at: datetime
    late_h: int | None
    data_class: int


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """What one way of judging raises for one person."""

    raised: tuple[Raised, ...]
    concerns: tuple[Concern, ...]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One person before and after."""

    before: Side
    after: Side
    new: tuple[Concern, ...]
    gone: tuple[Concern, ...]
    changed: tuple[tuple[Concern, Concern], ...]
    missed: tuple[Missed, ...]


def with_limits(profile: Profile, tried: Sequence[Tried], team: UUID) -> Profile:
    """The profile as if the service had always had these limits; a person's own still stand before them."""
    limits = dict(profile.limits)
    for one in tried:
        others = tuple(entry for entry in limits.get(one.key, ()) if entry.layer is Layer.PERSON or entry.team != team)
        made = () if one.value is None else (Dated(one.value, ALWAYS, None, one.mg, Layer.SERVICE, team),)
        limits[one.key] = (*others, *made)
    return msgspec.structs.replace(profile, limits=limits)


def judged(view: View, start: datetime, end: datetime) -> tuple[Raised, ...]:
    """All that the engine raises at anchors from start to end, in order."""
    everything = [one for kind in view.readings for one in view.between(kind, start, end)]
    classes = {one.id: one.kind // 100 for one in everything}
    found = [
        Raised(one.rule, one.group, one.anchor, one.anchor_at, one.severity, one.emergency, one.sentence, classes[one.anchor])
        for one in engine.judge(view, engine.affected(view, everything))
        if one.severity is not None and one.anchor in classes
    ]
    return tuple(sorted(found, key=lambda one: (one.at, one.rule, one.anchor)))


def concerns(raised: Iterable[Raised]) -> tuple[Concern, ...]:
    """Flags of one group, none further than APART from the one before, as one concern; in order of their first flag."""
    running: dict[str, list[Raised]] = {}
    found: list[list[Raised]] = []
    for one in raised:
        here = running.get(one.group)
        if here is None or one.at - here[-1].at > APART:
            here = running[one.group] = []
            found.append(here)
        here.append(one)
    return tuple(_concern(ones) for ones in found)


def _concern(ones: Sequence[Raised]) -> Concern:
    worst = max(ones, key=lambda one: (one.severity, one.emergency))
    return Concern(
        group=worst.group, first_at=ones[0].at, last_at=ones[-1].at, severity=worst.severity, emergency=worst.emergency,
        rules=tuple(sorted({one.rule for one in ones})), sentence=worst.sentence, flags=len(ones), data_class=worst.data_class,
    )  # fmt: skip


def side(raised: Iterable[Raised], shadow: frozenset[str]) -> Side:
    """What is shown when these rules are in shadow: a red is shown all the same (decision 022)."""
    shown = tuple(one for one in raised if one.rule not in shadow or one.severity is Severity.RED)
    return Side(raised=shown, concerns=concerns(shown))


def compare(
    readings: Mapping[int, Sequence[Reading]], profile: Profile, given: Input, known: Sequence[Known], now: datetime,
    apart: frozenset[UUID] = frozenset(),
) -> Compared:  # fmt: skip
    """One person's past as it was and as it would have been; `apart`: copies that somebody said are readings of their own."""
    raised = judged(View(readings, profile, now, apart=apart), given.from_at, given.to_at)
    before = side(raised, frozenset(given.shadowed))
    again = raised
    if _matters(readings, given.limits):
        view = View(readings, with_limits(profile, given.limits, given.team), now, apart=apart)
        again = judged(view, given.from_at, given.to_at)
    shadow = (set(given.shadowed) | {rule for rule, mode in given.modes.items() if mode == "shadow"}) - {
        rule for rule, mode in given.modes.items() if mode == "active"
    }
    after = side(again, frozenset(shadow))
    return Compared(
        before=before, after=after, new=_unmatched(after.concerns, before.concerns), gone=_unmatched(before.concerns, after.concerns),
        changed=tuple(
            (one, other) for one in before.concerns for other in after.concerns
            if _meet(one, other) and (one.severity, one.emergency) != (other.severity, other.emergency)
        ),
        missed=tuple(one for each in known if (one := _missed(each, before, after)) is not None),
    )  # fmt: skip


def _matters(readings: Mapping[int, Sequence[Reading]], tried: Sequence[Tried]) -> bool:
    """Whether this person has any reading that a tried limit is held against; else nothing can differ."""
    rules = [engine.BY_ID[one.key.partition(".")[0]] for one in tried]
    return any(readings.get(kind) for rule in rules for kind in rule.anchors)


def _meet(one: Concern, other: Concern) -> bool:
    return one.group == other.group and one.first_at - APART <= other.last_at and other.first_at <= one.last_at + APART


def _unmatched(ones: Sequence[Concern], others: Sequence[Concern]) -> tuple[Concern, ...]:
    return tuple(one for one in ones if not any(_meet(one, other) for other in others))


def _missed(known: Known, before: Side, after: Side) -> Missed | None:
    """None when it is flagged as early as before, or was not flagged before either."""
    if not known.confirmed:
        return None
    was, would = (_first(each, known) for each in (before, after))
    if was is None or (would is not None and would <= was):
        return None
    late = None if would is None else int((would - was) / timedelta(hours=1))
    return Missed(episode=known.episode, group=known.group, at=was, late_h=late, data_class=known.data_class)


def _first(found: Side, known: Known) -> datetime | None:
    start, end = known.first_at - APART, known.last_at + APART
    return min((one.at for one in found.raised if one.group == known.group and start <= one.at <= end), default=None)

"""AL-4 and AL-5: when a concern is over by its readings, and for how long the same one is not called again."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from msgspec.structs import replace

from domain.detection.judgement import Judgement, Severity
from domain.detection.picture import FlagMark, Picture
from domain.episodes.episode import Closed, Effects, Episode, Event, FlagState, Notice, State

REFRACTORY: Final = {Severity.INFO: timedelta(hours=24), Severity.AMBER: timedelta(hours=72)}
"""AL-5, after it was resolved by readings or by a nurse; a red is always called."""
ALWAYS_CALLED: Final = frozenset({"E", "SYMPTOM", "OPS"})
"""Groups in which somebody says something anew each time: 'I feel worse' outranks every rest (F44)."""


class Over(Protocol):
    """Whether what a rule raised is over: True, False, or None when too little was measured to say (MD-4)."""

    @property
    def holds(self) -> bool | None:
        """Whether it is over."""
        ...

    @property
    def reason(self) -> str:
        """What was measured, in words."""
        ...

    @property
    def evidence(self) -> tuple[UUID, ...]:
        """The readings that say so."""
        ...


Ask = Callable[[str, datetime], Over | None]
"""(rule, when it last fired) -> whether that is over; None for a rule that never clears by itself."""


def resolve(picture: Picture, ask: Ask, now: datetime, effects: Effects) -> None:
    """End every open concern all of whose flags are over; one that somebody has taken stays hers to close, and says so.

    Only what was measured clears: a rule that cannot say keeps the concern open (INV-8).
    """
    for episode in list(picture.episodes):
        if episode.cleared_at is not None:
            continue
        mine = episode.id.int
        marks = [one for one in picture.flags if one.episode is not None and one.episode.int == mine and one.state != FlagState.WITHDRAWN]
        found = _over(marks, ask)
        if not found:
            continue
        reason = "; ".join(dict.fromkeys(one.reason for one in found))
        readings = " ".join(dict.fromkeys(str(one) for over in found for one in over.evidence))
        body = {"why": reason, "readings": readings}
        picture.episodes.remove(episode)
        if episode.owner is not None:
            kept = replace(episode, cleared_at=now)
            picture.episodes.append(kept)
            _write(effects, kept, Event(episode=episode.id, what="cleared", at=now, body=body), _told(kept, "cleared", now))
            continue
        over = replace(
            episode, state=State.CLOSED, closed_at=now, closed_how=Closed.RESOLVED, cleared_at=now, version=episode.version + 1,
            snoozed_until=None, snooze_reason=None, expires_at=None,
        )  # fmt: skip
        remember(picture, marks, now)
        _write(effects, over, Event(episode=episode.id, what="resolved", at=now, body=body), _told(over, "resolved", now))


def is_quiet(picture: Picture, judgement: Judgement, severity: Severity, now: datetime) -> bool:
    """AL-5: the same rule at the same severity was resolved a short while ago, so nobody is called; it is kept as a flag."""
    span = REFRACTORY.get(severity)
    if span is None or judgement.emergency or judgement.group in ALWAYS_CALLED:
        return False
    at = picture.resolved.get(key(judgement.rule, severity))
    return at is not None and at <= now < at + span


def remember(picture: Picture, marks: Sequence[FlagMark], now: datetime) -> None:
    """Keep when each rule's concern was resolved, and forget what is too old to matter."""
    oldest = now - max(REFRACTORY.values())
    picture.resolved = {name: at for name, at in picture.resolved.items() if at > oldest}
    picture.resolved |= {key(mark.rule, mark.severity): now for mark in marks}


def key(rule: str, severity: int) -> str:
    """A rule at a severity, as the picture and `ingest_load` name it."""
    return f"{rule}:{int(severity)}"


def _over(marks: Sequence[FlagMark], ask: Ask) -> list[Over]:
    """What each rule says of its newest flag, when all of them are over; else nothing."""
    newest: dict[str, datetime] = {}
    for mark in marks:
        newest[mark.rule] = max(mark.anchor_at, newest.get(mark.rule, mark.anchor_at))
    found: list[Over] = []
    for rule, at in newest.items():
        over = ask(rule, at)
        if over is None or over.holds is not True:
            return []
        found.append(over)
    return found


def _told(episode: Episode, topic: str, now: datetime) -> Notice | None:
    """A red that went away by itself is told all the same, and an owner hears of hers."""
    if episode.owner is None and episode.severity is not Severity.RED:
        return None
    return Notice(
        audience="staff", topic=topic, episode=episode.id, severity=Severity.AMBER, recipient=episode.owner,
        role="nurse" if episode.owner is None else "owner", dedupe=f"staff:{episode.id}:{topic}:{now.timestamp():.0f}",
    )  # fmt: skip


def _write(effects: Effects, episode: Episode, event: Event, notice: Notice | None) -> None:
    effects.episodes.append(episode)
    effects.events.append(event)
    if notice is not None:
        effects.notices.append(notice)

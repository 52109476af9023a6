"""The alert lifecycle (AL rules): judgements in, what changes and who must be told out; and what staff can do."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from domain.detection import advice, engine
from domain.detection.judgement import Judgement, Severity, Verdict
from domain.detection.picture import FlagMark, Picture
from domain.episodes import clearing, escalation
from domain.episodes.episode import (
    TAKEN,
    Change,
    Closed,
    DismissReason,
    Effects,
    Episode,
    Event,
    Flag,
    FlagState,
    Notice,
    Result,
    State,
)
from domain.errors import Conflict, Invalid

STILL_ACTIONABLE: Final = {
    Severity.RED: timedelta(hours=24),
    Severity.AMBER: timedelta(hours=72),
    Severity.INFO: timedelta(hours=24),
}
"""DQ-8: older than this it is a note on the timeline, nobody is called."""
WATCHED: Final = timedelta(hours=24)
"""How long an episode of information stays in the queue by itself; amber and red never expire (AL-1)."""
SNOOZE: Final = {Severity.INFO: timedelta(days=7), Severity.AMBER: timedelta(days=7), Severity.RED: timedelta(hours=4)}
_STANDING: Final = frozenset({FlagState.ACTIVE, FlagState.FOUND_LATE, FlagState.SHADOW})
NEEDS_REASON: Final = frozenset({Result.NO_ACTION_NEEDED, Result.FALSE_ALARM})


def settle(  # noqa: PLR0913 - what was judged, and when it was to be
    picture: Picture,
    judgements: Sequence[Judgement],
    *,
    covers: Callable[[str, UUID], bool],
    corrected: frozenset[UUID],
    now: datetime,
    new_id: Callable[[], UUID],
    due_at: datetime | None = None,
    may_cover: Callable[[str], bool] | None = None,
) -> Effects:
    """What follows from judging: flags and episodes are changed in the picture, and returned to be written.

    `covers`: whether a rule was judged at a reading; a flag there that its rule does not support any more is explained. `may_cover`:
    whether it was judged anywhere, for a quick answer.
    `corrected`: readings taken out of force; their flags are withdrawn. `due_at`: when this was to be judged: that we are late
    makes no reading late.
    """
    is_silent = all(one.verdict is not Verdict.FIRED and one.advice is None for one in judgements)
    asked = picture.flags if may_cover is None or corrected else [mark for mark in picture.flags if may_cover(mark.rule)]
    if is_silent and not any((corrected and mark.anchor in corrected) or _may_end(mark, covers) for mark in asked):
        return Effects()
    settling = _Settling(picture, now, new_id, now if due_at is None else min(now, due_at))
    supported: set[tuple[str, UUID]] = set()
    for judgement in judgements:
        if judgement.verdict is Verdict.FIRED:
            supported.add((judgement.rule, judgement.anchor))
            settling.fired(judgement)
        elif judgement.advice is not None and now - judgement.anchor_at <= STILL_ACTIONABLE[Severity.INFO]:
            settling.advise(judgement, Severity.INFO, None)
    for mark in list(settling.marks.values()):
        if corrected and mark.anchor in corrected:
            settling.withdraw(mark)
        elif (mark.rule, mark.anchor) not in supported and _may_end(mark, covers):
            settling.unsupported(mark, FlagState.EXPLAINED)
    settling.end_withdrawn()
    return settling.done()


def _may_end(mark: FlagMark, covers: Callable[[str, UUID], bool]) -> bool:
    return mark.state in _STANDING and covers(mark.rule, mark.anchor)


class _Settling:
    """One pass over the judgements of one patient."""

    def __init__(self, picture: Picture, now: datetime, new_id: Callable[[], UUID], asked_at: datetime) -> None:
        self.picture = picture
        self.now = now
        self.asked_at = asked_at
        self.new_id = new_id
        self.effects = Effects()
        self.marks = {(mark.rule, mark.anchor): mark for mark in picture.flags}
        self.open = {episode.group: episode for episode in picture.episodes}
        self.changed: dict[UUID, Episode] = {}
        self.withdrawn: set[UUID] = set()

    def fired(self, judgement: Judgement) -> None:
        severity = judgement.severity
        assert severity is not None  # noqa: S101 - a fired judgement has one
        mark = self.marks.get((judgement.rule, judgement.anchor))
        standing = mark is not None and mark.state in {FlagState.ACTIVE, FlagState.FOUND_LATE}
        if mark is not None and standing and (mark.severity, mark.emergency) == (severity, judgement.emergency):
            return
        state = self._state(judgement, severity)
        if mark is not None and mark.state == state == FlagState.SHADOW and mark.severity == severity:
            return
        episode = self._episode(judgement, severity, mark) if state is FlagState.ACTIVE else None
        self._write(judgement, severity, state, episode)
        if state is FlagState.ACTIVE:
            self.advise(judgement, severity, episode)

    def _state(self, judgement: Judgement, severity: Severity) -> FlagState:
        if self.asked_at - judgement.anchor_at > STILL_ACTIONABLE[severity]:
            return FlagState.FOUND_LATE
        heard = severity is Severity.RED or judgement.rule in engine.FLOOR or judgement.group in clearing.ALWAYS_CALLED
        return FlagState.SHADOW if judgement.rule in self.picture.shadow and not heard else FlagState.ACTIVE

    def _episode(self, judgement: Judgement, severity: Severity, mark: FlagMark | None) -> UUID | None:
        """The episode that this flag belongs to: the open one of its group, or a new one (AL-2)."""
        episode = self.open.get(judgement.group)
        if episode is not None:
            self._raise(episode, judgement, severity)
            return episode.id
        if mark is not None and mark.episode is not None and (severity, judgement.emergency) <= (mark.severity, mark.emergency):
            # Somebody closed that episode knowing as much: the same reading does not call again.
            return mark.episode
        if clearing.is_quiet(self.picture, judgement, severity, self.now):
            return None
        opened = Episode(
            id=self.new_id(), group=judgement.group, severity=severity, emergency=judgement.emergency,
            floor_emergency=judgement.emergency and judgement.rule in engine.FLOOR, opened_at=self.now, raised_at=self.now,
            expires_at=self._watched_until(severity),
        )  # fmt: skip
        self._change(opened, Event(episode=opened.id, what="opened", at=self.now, body=_body(judgement, severity)))
        self._tell(opened)
        return opened.id

    def _watched_until(self, severity: Severity) -> datetime | None:
        if severity is not Severity.INFO:
            return None
        until = self.now + WATCHED
        self.picture.due_at = until if self.picture.due_at is None else min(self.picture.due_at, until)
        return until

    def _raise(self, episode: Episode, judgement: Judgement, severity: Severity) -> None:
        """AL-3: worse goes up at once, whoever has taken or snoozed it."""
        if episode.cleared_at is not None:
            # It fires again: what was over is not.
            episode = replace(episode, cleared_at=None)
            self._change(episode, None)
        worse = severity > episode.severity or (judgement.emergency and not episode.emergency)
        floor = judgement.emergency and judgement.rule in engine.FLOOR
        if not worse:
            if floor and not episode.floor_emergency:
                self._change(replace(episode, floor_emergency=True, version=episode.version + 1), None)
            return
        raised = replace(
            episode, severity=max(severity, episode.severity), emergency=judgement.emergency or episode.emergency,
            floor_emergency=floor or episode.floor_emergency, state=State.OPEN, version=episode.version + 1,
            raised_at=self.now, owner=None, acknowledged_at=None, snoozed_until=None, snooze_reason=None, expires_at=None,
        )  # fmt: skip
        self._change(raised, Event(episode=raised.id, what="raised", at=self.now, body=_body(judgement, severity)))
        self._tell(raised)

    def _change(self, episode: Episode, event: Event | None) -> None:
        self.open[episode.group] = episode
        self.changed[episode.id] = episode
        if event is not None:
            self.effects.events.append(event)

    def _tell(self, episode: Episode) -> None:
        timer = escalation.begin(episode, self.now)
        if timer is None:
            return
        self.effects.timers.append(timer)
        self.effects.notices.append(Notice(
            audience="staff", topic="flag", episode=episode.id, severity=episode.severity, emergency=episode.emergency,
            dedupe=f"staff:{episode.id}:{int(episode.severity)}:{int(episode.emergency)}",
        ))  # fmt: skip

    def advise(self, judgement: Judgement, severity: Severity, episode: UUID | None) -> None:
        """AL-12: the patient reads the same concern in plain words at once."""
        if judgement.advice is None:
            return
        self.effects.notices.append(Notice(
            audience="patient", topic="advice", episode=episode, advice=judgement.advice, severity=severity,
            emergency=judgement.emergency, words=advice.text(judgement.advice, judgement.numbers),
            dedupe=f"patient:{judgement.rule}:{judgement.anchor}:{judgement.advice}:{int(severity)}",
        ))  # fmt: skip

    def _write(self, judgement: Judgement, severity: Severity, state: FlagState, episode: UUID | None) -> None:
        key = self.new_id()
        self.effects.judgements.append((key, judgement))
        self.effects.flags.append(Flag(
            id=self.new_id(), rule=judgement.rule, anchor=judgement.anchor, anchor_at=judgement.anchor_at,
            severity=severity, emergency=judgement.emergency, state=state, episode=episode, judgement=key,
        ))  # fmt: skip
        self.marks[(judgement.rule, judgement.anchor)] = FlagMark(
            judgement.rule, judgement.anchor, severity, judgement.emergency, state, episode, judgement.anchor_at
        )

    def withdraw(self, mark: FlagMark) -> None:
        """The reading at which it stands was taken out of force."""
        if mark.state != FlagState.WITHDRAWN:
            self.unsupported(mark, FlagState.WITHDRAWN)

    def unsupported(self, mark: FlagMark, state: FlagState) -> None:
        """The readings no longer say so. An episode's severity stays what it was: what was said was said."""
        rule = engine.BY_ID.get(mark.rule)
        reason = "explained by a later reading" if state is FlagState.EXPLAINED else "withdrawn: the reading was corrected"
        judgement = Judgement(
            rule=mark.rule, version=engine.RULE_SET if rule is None else rule.version,
            group="OPS" if rule is None else rule.group, anchor=mark.anchor, anchor_at=mark.anchor_at,
            verdict=Verdict.NOT_FIRED, reason=reason,
        )  # fmt: skip
        self._write(judgement, mark.severity, state, mark.episode)
        # The flag keeps what it was: the same (rule, anchor) with its severity.
        self.marks[(mark.rule, mark.anchor)] = replace(mark, state=state)
        flag = self.effects.flags[-1]
        self.effects.flags[-1] = replace(flag, emergency=mark.emergency)
        if mark.episode is None or mark.episode not in {episode.id for episode in self.open.values()}:
            return
        what = "explained" if state is FlagState.EXPLAINED else "withdrawn"
        self.effects.events.append(Event(episode=mark.episode, what=what, at=self.now, body={"rule": mark.rule}))
        if state is FlagState.WITHDRAWN:
            self.withdrawn.add(mark.episode)
            if mark.severity > Severity.INFO:
                self.effects.notices.append(Notice(
                    audience="staff", topic="withdrawn", episode=mark.episode, severity=mark.severity,
                    dedupe=f"staff:{mark.episode}:{mark.rule}:{mark.anchor}:withdrawn",
                ))  # fmt: skip

    def end_withdrawn(self) -> None:
        """An episode all of whose flags were withdrawn is over; a red one is left for a person to close."""
        for episode in list(self.open.values()):
            if episode.id not in self.withdrawn or episode.severity is Severity.RED:
                continue
            if any(mark.episode == episode.id and mark.state != FlagState.WITHDRAWN for mark in self.marks.values()):
                continue
            over = replace(
                episode, state=State.CLOSED, closed_at=self.now, closed_how=Closed.SUPERSEDED, version=episode.version + 1,
                snoozed_until=None, expires_at=None,
            )  # fmt: skip
            self.changed[episode.id] = over
            del self.open[episode.group]
            self.effects.events.append(Event(episode=episode.id, what="superseded", at=self.now))

    def done(self) -> Effects:
        self.effects.episodes.extend(self.changed.values())
        self.picture.flags = list(self.marks.values())
        self.picture.episodes = list(self.open.values())
        return self.effects


def _body(judgement: Judgement, severity: Severity) -> dict[str, str]:
    return {"rule": judgement.rule, "severity": severity.name.lower(), "why": judgement.sentence}


def expire(episode: Episode, now: datetime) -> tuple[Episode, list[Event]]:
    """End an episode that was only information (AL-1)."""
    ended = replace(
        episode, state=State.CLOSED, closed_at=now, closed_how=Closed.EXPIRED, expires_at=None, snoozed_until=None,
        version=episode.version + 1,
    )  # fmt: skip
    return ended, [Event(episode=episode.id, what="expired", at=now)]


def _must_be_open(episode: Episode) -> None:
    if episode.state is State.CLOSED:
        raise Conflict("It is closed already.")


def _must_be_free(episode: Episode, staff: UUID) -> None:
    """Nobody else has taken it. What was handed to somebody who has not taken it is anybody's who gets to it first."""
    _must_be_open(episode)
    if episode.state in TAKEN and episode.owner != staff:
        raise Conflict("Somebody else has taken this.")


def acknowledge(episode: Episode, staff: UUID, now: datetime) -> Change | None:
    """Take it. None when they have it already; what somebody else has taken is refused (ALP-5)."""
    _must_be_free(episode, staff)
    if episode.state in TAKEN:
        return None
    taken = replace(
        episode, state=State.ACKNOWLEDGED, owner=staff, acknowledged_at=now, snoozed_until=None, snooze_reason=None,
        expires_at=None, version=episode.version + 1,
    )  # fmt: skip
    event = Event(episode=episode.id, what="acknowledged", at=now, by=staff)
    return Change(episode=taken, events=(event,), timer=escalation.acknowledged(taken, now))


def start(episode: Episode, note: str, staff: UUID, now: datetime) -> Change:
    """Something is being done about it: taken by whoever says so, and no longer asked for every half hour (ALP-5)."""
    _must_be_free(episode, staff)
    begun = replace(
        episode, state=State.IN_PROGRESS, owner=staff, acknowledged_at=episode.acknowledged_at or now, snoozed_until=None,
        snooze_reason=None, expires_at=None, version=episode.version + 1,
    )  # fmt: skip
    event = Event(episode=episode.id, what="started", at=now, by=staff, body={"reason": note} if note else {})
    return Change(episode=begun, events=(event,), timer=escalation.started(begun, now))


def snooze(episode: Episode, until: datetime, reason: str, staff: UUID, now: datetime) -> Change:
    """Not now: at most 7 days, red 4 hours, never an emergency of the safety floor (AL-7)."""
    _must_be_open(episode)
    if episode.floor_emergency:
        raise Conflict("An emergency cannot be put off.")
    if not reason.strip():
        raise Invalid("Say why.", "/reason")
    if not now < until <= now + SNOOZE[episode.severity]:
        most = "4 hours" if episode.severity is Severity.RED else "7 days"
        raise Invalid(f"At most {most} from now.", "/until")
    put_off = replace(episode, snoozed_until=until, snooze_reason=reason, expires_at=None, version=episode.version + 1)
    event = Event(episode=episode.id, what="snoozed", at=now, by=staff, body={"until": until.isoformat(), "reason": reason})
    return Change(episode=put_off, events=(event,), timer=escalation.put_off(put_off, until, now))


def close(episode: Episode, result: Result, reason: DismissReason | None, staff: UUID, now: datetime) -> Change:
    """Done, with what came of it; no action needed and false alarm also say why (AL-11)."""
    _must_be_open(episode)
    if result in NEEDS_REASON and reason is None:
        raise Invalid("Say why no action was needed.", "/reason")
    how = Closed.DISMISSED if result in NEEDS_REASON else Closed.RESOLVED
    closed = replace(
        episode, state=State.CLOSED, closed_at=now, closed_how=how, result=result,
        dismiss_reason=reason if result in NEEDS_REASON else None, owner=episode.owner or staff, snoozed_until=None,
        expires_at=None, version=episode.version + 1,
    )  # fmt: skip
    body = {"result": result.value} | ({"reason": reason.value} if reason is not None else {})
    return Change(episode=closed, events=(Event(episode=episode.id, what="closed", at=now, by=staff, body=body),))


def hand_over(episode: Episode, to: UUID | None, name: str, note: str, staff: UUID, now: datetime) -> Change:
    """Give it to a named colleague, or back to everybody (`to` None), with a note.

    It is open again and its clock starts anew until somebody takes it: what was handed on and is not looked at climbs the ladder
    like a new concern (AL-6).
    """
    _must_be_free(episode, staff)
    if to == staff:
        raise Invalid("Choose a colleague: to have it yourself, take it.", "/to")
    if to is None and episode.owner is None:
        raise Conflict("Nobody has it.")
    if not note.strip():
        raise Invalid("Say in a few words what your colleague must know.", "/note")
    return _put_back(episode, "handed_back" if to is None else "handed_over", {"reason": note} | ({"to": name} if to else {}), to, staff, now)


def _put_back(episode: Episode, what: str, body: dict[str, str], to: UUID | None, staff: UUID, now: datetime) -> Change:
    """Open, and nobody has taken it: whoever should know is told again, and its clock begins."""
    back = replace(
        episode, state=State.OPEN, owner=to, acknowledged_at=None, snoozed_until=None, snooze_reason=None, expires_at=None,
        version=episode.version + 1,
    )  # fmt: skip
    timer = escalation.begin(back, now)
    notice = Notice(
        audience="staff", topic="flag", role="nurse" if to is None else "owner", recipient=to, episode=back.id, severity=back.severity,
        emergency=back.emergency, dedupe=f"staff:{back.id}:back:{back.version}",
    )  # fmt: skip
    event = Event(episode=back.id, what=what, at=now, by=staff, body=body)
    return Change(episode=back, events=(event,), notices=() if timer is None else (notice,), timer=timer)


UNDO: Final = timedelta(seconds=15)
"""An action can be taken back for so long: ten seconds on the screen and the time to press (ux 4.2)."""
_UNDONE: Final = frozenset({"acknowledged", "started", "snoozed", "closed", "handed_over", "handed_back"})


def may_undo(what: str, by: UUID | None, at: datetime, staff: UUID, now: datetime) -> bool:
    """Whether the last line of an episode's history is something that this member of staff can still take back."""
    return by == staff and what in _UNDONE and now - at <= UNDO


def undo(episode: Episode, last: Event | None, staff: UUID, now: datetime) -> Change:
    """Take back what oneself did last, if it was just now: one's own again, or where it was taken, everybody's."""
    if last is None or not may_undo(last.what, last.by, last.at, staff, now):
        raise Conflict("There is nothing to take back any more.")
    if last.what == "acknowledged":
        return _put_back(episode, "undone", {"was": last.what}, None, staff, now)
    mine = replace(
        episode, state=episode.state if last.what == "snoozed" else State.ACKNOWLEDGED,
        owner=episode.owner if last.what in {"snoozed", "closed"} else staff, acknowledged_at=episode.acknowledged_at or now,
        snoozed_until=None, snooze_reason=None, closed_at=None, closed_how=None, result=None, dismiss_reason=None,
        version=episode.version + 1,
    )  # fmt: skip
    event = Event(episode=mine.id, what="undone", at=now, by=staff, body={"was": last.what})
    clock = {State.OPEN: escalation.begin, State.IN_PROGRESS: escalation.started}.get(mine.state, escalation.acknowledged)
    return Change(episode=mine, events=(event,), timer=clock(mine, now))

"""A history through the product itself: quality, intake, engine, lifecycle, as each reading would have arrived, with no database.

Nothing here judges. A nurse is played who closes a concern two days after it was last raised, so that a later one can open.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from domain import intake
from domain.detection.judgement import Severity
from domain.detection.picture import Picture
from domain.episodes import lifecycle
from domain.episodes.episode import FlagState, Result
from domain.readings.reading import Draft, Quarantined, Reading, Rejected, Stored
from server.evaluation.daily import start_of
from server.simulation.chance import uuid_of
from server.simulation.cohort import History

SESSION: Final = timedelta(minutes=30)
ARRIVES: Final = timedelta(seconds=20)
SEEN_TO: Final = timedelta(days=2)
_NURSE: Final = UUID(int=1)
_ALL_KINDS: Final[frozenset[str]] = frozenset()


class Raised(msgspec.Struct, frozen=True):
    """A flag that somebody was shown, amber or red."""

    rule: str
    at: datetime
    severity: Severity
    episode: UUID


class Replayed(msgspec.Struct, kw_only=True):
    """What became of a history."""

    raised: list[Raised] = []
    believed: list[Reading] = []
    sent: int = 0
    held: int = 0
    refused: int = 0

    @property
    def cards(self) -> int:
        """How many times a nurse was given a new concern."""
        return len({one.episode for one in self.raised})


def sessions(drafts: Sequence[Draft]) -> Iterator[list[Draft]]:
    """Readings that a phone sends together: what was taken within half an hour."""
    found: list[Draft] = []
    for one in drafts:
        if found and one.taken_at - found[0].taken_at > SESSION:
            yield found
            found = []
        found.append(one)
    if found:
        yield found


def replay(history: History, kinds: frozenset[str] = _ALL_KINDS) -> Replayed:
    """The whole history; with `kinds`, as if nothing else had ever been measured."""
    chance = random.Random(str(history.patient))  # noqa: S311 - ids must be repeatable

    def new_id() -> UUID:
        return uuid_of(chance)

    found = Replayed()
    picture = Picture(version=1, since=start_of(history) - timedelta(days=1), profile=history.profile)
    drafts = [one for one in history.drafts if not kinds or one.kind in kinds]
    for session in sessions(drafts):
        now = session[-1].taken_at + ARRIVES
        _catch_up(picture, now, new_id, found)
        _see_to(picture, now)
        taken = intake.take(picture, history.patient, session, now, new_id)
        intake.trim(picture, now)
        found.sent += len(session)
        _count(found, taken, now)
    _catch_up(picture, datetime.max.replace(tzinfo=UTC), new_id, found)
    return found


def _catch_up(picture: Picture, now: datetime, new_id: Callable[[], UUID], found: Replayed) -> None:
    """What the sweep would have judged again in between, each at its own time."""
    while picture.due_at is not None and picture.due_at < now:
        due = picture.due_at
        _count(found, intake.again(picture, due, due, new_id), due)


def _see_to(picture: Picture, now: datetime) -> None:
    for episode in list(picture.episodes):
        if episode.severity >= Severity.AMBER and now - episode.raised_at > SEEN_TO:
            lifecycle.close(episode, Result.ADVICE_GIVEN, None, _NURSE, now)
            picture.episodes.remove(episode)


def _count(found: Replayed, taken: intake.Taken, now: datetime) -> None:
    for outcome in taken.outcomes:
        match outcome:
            case Stored(reading=reading):
                if reading is not None:
                    found.believed.append(reading)
            case Quarantined():
                found.held += 1
            case Rejected():
                found.refused += 1
            case _:
                pass
    for flag in taken.effects.flags:
        if flag.state is FlagState.ACTIVE and flag.severity >= Severity.AMBER and flag.episode is not None:
            found.raised.append(Raised(flag.rule, now, flag.severity, flag.episode))

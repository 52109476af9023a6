"""The civil day in a patient's zone (C-1): a day may last 23 or 25 hours, and a morning reading stays a morning reading."""

from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo


def local(at: datetime, zone: str) -> datetime:
    """The instant as the patient's clock showed it."""
    return at.astimezone(ZoneInfo(zone))


def day(at: datetime, zone: str) -> date:
    """The patient's civil date of an instant."""
    return at.astimezone(ZoneInfo(zone)).date()


def midnight(at: datetime, zone: str) -> datetime:
    """The instant at which the patient's civil day of an instant began, in UTC."""
    return local(at, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def years(birth_on: date, on: date) -> int:
    """Age in whole years on a date; somebody born on 29 February has the birthday on 1 March of other years."""
    return on.year - birth_on.year - ((on.month, on.day) < (birth_on.month, birth_on.day))


@lru_cache(maxsize=4096)
def begins(on: date, zone: str) -> datetime:
    """The instant at which a civil date begins, in UTC."""
    clock = ZoneInfo(zone)
    start = datetime.combine(on, time(0), clock).astimezone(UTC)
    # Where a clock goes back over midnight, the date begins the second time it strikes.
    return start if start.astimezone(clock).date() == on else datetime.combine(on, time(0, fold=1), clock).astimezone(UTC)


def instant(on: date, at: time, zone: str) -> datetime:
    """A wall-clock time of a civil day as an instant: in the hour that is skipped in spring the time after it."""
    return datetime.combine(on, at, ZoneInfo(zone)).astimezone(UTC)

"""The civil day in a patient's zone (C-1): a day may last 23 or 25 hours, and a morning reading stays a morning reading."""

from datetime import UTC, date, datetime
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

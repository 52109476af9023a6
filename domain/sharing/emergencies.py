"""Looking without a permission because a life may depend on it: short, reasoned, told and reviewed (ACC-7, F64)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.days import local
from domain.episodes.holidays import Region, bank_holidays

LASTS: Final = timedelta(minutes=60)
REVIEWED_IN_DAYS: Final = 3
_SATURDAY: Final = 5
OFTEN: Final = 3
"""More than so many a person and week is an alarm of its own."""


class Reason(StrEnum):
    """Why somebody looks without a permission."""

    UNCONSCIOUS = "unconscious"
    LIFE_AT_RISK = "life-at-risk"
    CANNOT_CONSENT = "cannot-consent"
    SAFEGUARDING = "safeguarding"


REASON_WORDS: Final = {
    Reason.UNCONSCIOUS: "you could not be asked",
    Reason.LIFE_AT_RISK: "your life was at risk",
    Reason.CANNOT_CONSENT: "you were not able to decide",
    Reason.SAFEGUARDING: "somebody had to be kept safe",
}


def review_by(at: datetime, zone: str) -> datetime:
    """Three working days later, at the end of that day in England."""
    left, on = REVIEWED_IN_DAYS, local(at, zone)
    while left:
        on += timedelta(days=1)
        left -= on.weekday() < _SATURDAY and on.date() not in bank_holidays(Region.ENGLAND, on.year)
    return on.replace(hour=23, minute=59, second=59, microsecond=0)

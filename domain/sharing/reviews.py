"""What somebody must look at and answer for, and by when (ACC-7, ACC-9, F62 to F64)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.days import local
from domain.episodes.holidays import Region, bank_holidays

IN_DAYS: Final = 3
_SATURDAY: Final = 5


class Kind(StrEnum):
    """Why something must be looked at."""

    EMERGENCY = "emergency"
    EMERGENCY_OFTEN = "emergency-often"
    ODD = "odd"
    SNOOPING = "snooping"
    PROXY = "proxy"
    ERASURE = "erasure"


WORDS: Final = {
    Kind.EMERGENCY: "Somebody looked in an emergency",
    Kind.EMERGENCY_OFTEN: "Somebody looked in an emergency more than three times in a week",
    Kind.ODD: "A patient says that an access looks odd",
    Kind.SNOOPING: "Somebody opens records in an unusual way",
    Kind.PROXY: "A carer's right must be looked at again",
    Kind.ERASURE: "A patient asks for something to be erased",
}


def due(at: datetime, zone: str) -> datetime:
    """Three working days later, at the end of that day in England."""
    left, on = IN_DAYS, local(at, zone)
    while left:
        on += timedelta(days=1)
        left -= on.weekday() < _SATURDAY and on.date() not in bank_holidays(Region.ENGLAND, on.year)
    return on.replace(hour=23, minute=59, second=59, microsecond=0)

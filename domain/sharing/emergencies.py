"""Looking without a permission because a life may depend on it: short, reasoned, told and reviewed (ACC-7, F64)."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

LASTS: Final = timedelta(minutes=60)
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


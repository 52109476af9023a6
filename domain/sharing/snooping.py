"""What makes somebody's looking worth a question: more than they ever do, or at somebody of their own name (ACC-9)."""

from collections.abc import Sequence
from typing import Final

LEAST_DAYS: Final = 10
"""Nobody's usual is known from fewer working days."""
LEAST_PEOPLE: Final = 15
"""So few people a day are never many."""
_DEVIATIONS: Final = 3


def is_unusual(today: int, before: Sequence[int]) -> bool:
    """Whether so many people opened in a day is more than three standard deviations above this person's own days."""
    n, total = len(before), sum(before)
    if n < LEAST_DAYS or today < LEAST_PEOPLE or n * today <= total:
        return False
    # In whole numbers: (x - mean)^2 > 9 variance, both sides times n^2.
    return (n * today - total) ** 2 > _DEVIATIONS**2 * (n * sum(one * one for one in before) - total * total)


def is_namesake(staff: str, family_name: str) -> bool:
    """Whether a member of staff has the family name of the person: a relative, or herself."""
    own = staff.split()
    return bool(own) and own[-1].casefold() == family_name.casefold()

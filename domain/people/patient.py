"""What the rules need to know of a person."""

from datetime import date
from decimal import Decimal

import msgspec

from domain.plans.limits import Dated


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The facts about one patient that change a judgement. `limits`: what service and person set, dated (C-7), by rule and name."""

    zone: str = "Europe/London"
    birth_on: date
    conditions: frozenset[str] = frozenset()
    spo2_scale_2: bool = False
    usual_spo2: int | None = None
    best_peak_flow: Decimal | None = None
    pregnant: bool = False
    limits: dict[str, tuple[Dated, ...]] = {}

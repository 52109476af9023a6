"""What goes wrong between a person and a number: clothes, the neighbour's scales, cold fingers, a loose cuff, another unit.

Also who is there to measure at all: weight comes on 76 % of days (FAST), absence comes in bursts, and more of it around events.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from msgspec.structs import replace

from domain.readings.reading import Context, Draft
from server.simulation.chance import Rough, draft, moments, number, skewed, within

POUND: Final = 2.20462262
_AGAIN: Final = timedelta(minutes=6)


class Presence:
    """On which days a person measures."""

    def __init__(self, chance: random.Random, rough: Rough, days: int, *, adherence: float | None = None) -> None:
        self.chance = chance
        self.keen = within((chance.betavariate(9, 2.0) if adherence is None else adherence) + rough.adherence, 0.2, 0.99)
        rate = 2.2 if adherence is None else 1.0
        self.gone = [(at, at + skewed(chance, 5, 0.7, 2, 28)) for at in moments(chance, rate, days, 10)]
        # Some stop measuring when they get worse, some measure more: missing is not at random.
        self.when_ill = chance.choice((0.55, 0.8, 1.0, 1.1))

    def there(self, day: int, away: list[tuple[float, float]], burden: float) -> bool:
        """Whether anything is measured on a day; in hospital nothing is."""
        if any(start < day + 0.3 < end for start, end in (*self.gone, *away)):
            self.chance.random()
            return False
        usual = self.keen * (self.when_ill if burden > 0.5 else 1.0)  # noqa: PLR2004 - ill enough to change habits
        return self.chance.random() < usual


class Scales:
    """The scales of a household, with who stands on them and in what."""

    def __init__(self, chance: random.Random, rough: Rough, days: int, usual: float) -> None:
        self.chance = chance
        self.rough = rough.artefacts
        self.usual = usual
        self.partner = usual * chance.choice((0.72, 0.8, 0.88, 1.12, 1.2, 1.3)) if chance.random() < 0.45 else None  # noqa: PLR2004
        self.dresses = 0.026 * rough.artefacts * skewed(chance, 1.0, 0.9, 0.1, 6)
        self.swaps = [(at, chance.gauss(0, 0.6)) for at in moments(chance, 0.15 * rough.artefacts, days, 60)]
        self.step = chance.choice((0.1, 0.1, 0.1, 0.2, 0.05))
        self.last = usual

    def weigh(self, day: int, at: datetime, off: float) -> Iterator[Draft]:
        """What the scales send: usually one weight; after an odd one half of the people step on again."""
        chance = self.chance
        true = self.usual + off + sum(shift for since, shift in self.swaps if day >= since)
        shown = true + (chance.uniform(0.6, 1.9) if chance.random() < self.dresses else 0.0)
        if chance.random() < 0.03:  # noqa: PLR2004 - in the evening for once
            at, shown = at + timedelta(hours=chance.uniform(9, 13)), shown + chance.uniform(0.3, 1.1)
        odd = chance.random()
        if self.partner is not None and odd < 0.0014 * self.rough:
            shown = self.partner + chance.gauss(0, 0.5)
        elif odd > 1 - 0.0004 * self.rough:
            shown *= POUND
        yield self._draft(at, shown)
        if abs(shown - self.last) > 3 and chance.random() < 0.5:  # noqa: PLR2004 - DQ-4 asks to weigh again
            shown = true
            yield self._draft(at + _AGAIN, shown)
        self.last = shown

    def _draft(self, at: datetime, value: float) -> Draft:
        return draft(self.chance, "body_weight", at, round(value / self.step) * self.step, unit="kg", places=2)


def fingertip(chance: random.Random, rough: Rough, at: datetime, value: float, usual: float) -> Iterator[Draft]:
    """An oximeter: cold fingers read low, and a low value is measured again by most."""
    cold = chance.random() < 0.008 * rough.artefacts
    shown = value - chance.uniform(3, 8) if cold else value
    shown = within(round(shown), 60, 100)
    first = draft(chance, "oxygen_saturation", at, shown, unit="%")
    yield _marked(first, "low_perfusion") if cold and chance.random() < 0.4 else first  # noqa: PLR2004
    if shown <= usual - 3 and chance.random() < 0.65:  # noqa: PLR2004 - asked to take it again
        yield draft(chance, "oxygen_saturation", at + _AGAIN, within(round(value + chance.gauss(0, 0.6)), 60, 100), unit="%")


def blows(chance: random.Random, rough: Rough, at: datetime, litres: float) -> Iterator[Draft]:
    """A peak flow session: the best of three blows, or one poor one."""
    odd = chance.random()
    if odd < 0.012 * rough.artefacts:
        litres *= chance.uniform(0.7, 0.9)
    elif odd > 1 - 0.0004 * rough.artefacts:
        yield draft(chance, "peak_flow", at, litres / 60, unit="L/min", places=1)
        return
    for place, share in ((0, chance.uniform(0.93, 0.99)), (1, 1.0)):
        yield draft(chance, "peak_flow", at + timedelta(seconds=40 * place), round(litres * share / 5) * 5, unit="L/min")


def cuffed(chance: random.Random, rough: Rough, drafts: Iterator[Draft]) -> Iterator[Draft]:
    """A cuff now and then reads far off; half of those it knows itself."""
    for one in drafts:
        if chance.random() >= 0.006 * rough.artefacts or one.parts is None:
            yield one
            continue
        off = chance.choice((-1, 1)) * chance.randint(20, 40)
        high = within(float(one.parts["systolic"]) + off, 60, 240)
        low = within(float(one.parts["diastolic"]) + off * 0.6, 38, high - 21)
        parts: dict[str, Decimal] = {"systolic": number(high, 0), "diastolic": number(low, 0)}
        wrong = draft(chance, "blood_pressure", one.taken_at, parts=parts, unit="mm[Hg]")
        yield _marked(wrong, "cuff_error") if chance.random() < 0.5 else wrong  # noqa: PLR2004


def _marked(one: Draft, quality: Literal["cuff_error", "low_perfusion"]) -> Draft:
    return replace(one, context=Context(quality=quality))

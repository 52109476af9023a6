"""Sugar, kidneys and blood pressure as they are lived: meals, lows, ketones, laboratory values and a cuff."""

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from domain.readings.reading import Draft
from server.simulation.chance import Course, Rough, Wander, draft, moments, number, skewed, within
from server.simulation.heart import FIRST, Trouble

SAMPLE: Final = timedelta(minutes=5)


class Sugar:
    """One person with diabetes: lows that may become severe, and with type 1 a rare slide into ketoacidosis."""

    def __init__(self, chance: random.Random, rough: Rough, days: int, *, insulin: bool, troubled: bool = True) -> None:
        self.chance = chance
        self.insulin = insulin
        self.usual = chance.uniform(6.4, 9.0)
        self.level = Wander(chance, 0.9 * rough.spread, 0.6)
        self.swing = (2.0 if insulin else 1.0) * rough.spread
        self.trouble = Trouble()
        if not troubled:
            return
        for at in moments(chance, (0.45 if insulin else 0.12) * chance.gammavariate(1.2, 1 / 1.2), days, 25, FIRST):
            self.trouble.at.append(at)
            self.trouble.how.append("severe hypo")
            if chance.random() < 0.55:  # noqa: PLR2004 - the others come out of the blue
                self.trouble.add("sugar", Course(at - chance.uniform(0.6, 3), at, at + 1.2, -chance.uniform(2.0, 4.0)))
        for at in moments(chance, 0.1 if insulin else 0.0, days, 60, FIRST):
            self.trouble.at.append(at)
            self.trouble.how.append("ketoacidosis")
            self.trouble.add("sugar", Course(at - chance.uniform(0.8, 2.2), at, at + 1.0, chance.uniform(9, 17)))
            self.trouble.add("ketones", Course(at - chance.uniform(0.4, 1.0), at, at + 1.0, chance.uniform(2.4, 5.0)))
            self.trouble.away.append((at, at + chance.uniform(2, 4)))

    def fingers(self, day: int, morning: datetime) -> Iterator[Draft]:
        """The finger pricks of a day: four with insulin, two without."""
        chance = self.chance
        today = self.level.next()
        hours = ((0, 0.0), (5.5, 1.2), (11, 1.4), (15, 0.6)) if self.insulin else ((0, 0.0), (11, 1.4))
        for after, rise in hours:
            moved = self.trouble.of("sugar", day + 0.3 + after / 24)
            value = within(self.usual + today + rise + chance.gauss(0, self.swing) + moved, 1.6, 30)
            at = morning + timedelta(hours=after, minutes=chance.randint(0, 25))
            yield draft(chance, "glucose_capillary", at, value, unit="mmol/L", places=1)
            if self.insulin and value > 14:  # noqa: PLR2004 - DM-5: test ketones above 14
                ketones = within(abs(chance.gauss(0.15, 0.1)) + self.trouble.of("ketones", day + 0.3 + after / 24), 0, 9)
                yield draft(chance, "ketones_blood", at + timedelta(minutes=10), ketones, unit="mmol/L", places=1)

    def sensor(self, start: datetime, end: datetime) -> Iterator[Draft]:
        """A sample every five minutes: meals, the night, and now and then a shallow low."""
        chance = self.chance
        drift = Wander(chance, 0.9, 0.985)
        at = start + timedelta(seconds=chance.randint(0, 299))
        low_at = start + timedelta(days=chance.randint(1, max((end - start).days - 2, 1)), hours=3)
        while at < end:
            hour = at.hour + at.minute / 60
            meals = sum(2.6 * math.exp(-(((hour - meal) / 1.3) ** 2)) for meal in (8.6, 13.3, 19.1))
            dip = 3.9 * math.exp(-(((at - low_at).total_seconds() / 1500) ** 2))
            value = within(self.usual - 0.4 + meals + drift.next() - dip, 3.4, 19.0)
            yield draft(chance, "glucose_cgm", at, value, unit="mmol/L", places=1)
            at += SAMPLE


class Kidney:
    """One person with kidney disease: a monthly blood test, and now and then an acute injury after a bout of illness."""

    def __init__(self, chance: random.Random, rough: Rough, days: int, *, troubled: bool = True) -> None:
        self.chance = chance
        self.creatinine = skewed(chance, 165, 0.3, 90, 420)
        self.potassium = chance.uniform(4.1, 5.1)
        self.level = Wander(chance, 0.05 * rough.spread, 0.4)
        self.every = chance.choice((14, 28, 28, 28, 56))
        self.first = chance.randint(0, 13)
        self.trouble = Trouble()
        self.ill: list[tuple[float, float]] = []
        self.after: set[int] = set()
        for at in moments(chance, 0.25 if troubled else 0.0, days, 60, FIRST):
            self.trouble.at.append(at)
            self.trouble.how.append("acute kidney injury")
            self.trouble.add("creatinine", Course(at - 3, at + 1, at + 30, chance.uniform(0.55, 1.6)))
            self.trouble.add("potassium", Course(at - 3, at + 1, at + 14, chance.uniform(0.2, 1.5)))
            if chance.random() < 0.7:  # noqa: PLR2004 - an upset stomach first
                self.ill.append((at - chance.uniform(1, 4), at))
            # Somebody takes blood because of it, before or after.
            self.after |= {int(at - chance.uniform(-1.5, 2.0)), int(at) + 4}

    def blood(self, day: int, morning: datetime) -> Iterator[Draft]:
        """Results of the days on which blood was taken."""
        chance = self.chance
        if day % self.every != self.first and day not in self.after:
            return
        creatinine = self.creatinine * (1 + self.level.next() + self.trouble.of("creatinine", day)) + chance.gauss(0, 3)
        potassium = within(self.potassium + chance.gauss(0, 0.22) + self.trouble.of("potassium", day), 2.8, 7.4)
        at = morning + timedelta(hours=4)
        yield draft(chance, "creatinine", at, creatinine, unit="umol/L")
        yield draft(chance, "potassium", at, potassium, unit="mmol/L", places=1)

    def reports(self, day: float) -> list[str]:
        """Illness that may hurt the kidneys."""
        return ["vomiting"] if any(start <= day < end for start, end in self.ill) else []


class Pressure:
    """One person's blood pressure at home: two readings a session, the second a little lower."""

    def __init__(self, chance: random.Random, rough: Rough, *, systolic: float | None = None) -> None:
        self.chance = chance
        self.systolic = systolic or chance.uniform(118, 144)
        self.diastolic = min(self.systolic - 40, chance.uniform(66, 86))
        self.level = Wander(chance, 6.0 * rough.spread, 0.5)
        self.pulse = chance.uniform(58, 84)

    def session(self, at: datetime, off: float | None = None, *, twice: bool = True) -> Iterator[Draft]:
        """One or two readings; `off` is how far today is from usual when something else knows it."""
        chance = self.chance
        moved = self.level.next() if off is None else off
        for place in range(2 if twice else 1):
            high = within(self.systolic + moved + chance.gauss(0, 3.5) - 2 * place, 74, 205)
            low = within(self.diastolic + moved * 0.5 + chance.gauss(0, 2.4), 42, high - 22)
            parts: dict[str, Decimal] = {"systolic": number(high, 0), "diastolic": number(low, 0)}
            yield draft(chance, "blood_pressure", at + timedelta(minutes=2 * place), parts=parts, unit="mm[Hg]")

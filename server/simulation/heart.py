"""Heart failure as it is lived: weight, pulse, pressure and complaints, and how a decompensation comes.

What the courses are drawn from (clinical reference 5 and 17): a gain of 2 kg over the month comes before 39 % of
decompensations and 2 kg in three days before 11 % (Gyllensten 2013), so a third and more of them are silent on the scales;
weight leaves its course one to two weeks before (Chaudhry 2007); breathlessness tells far more than weight (Howie-Esquivel
2019), and so does the pulse (Moazeni 2023). The rest is our own choice and stands in deploy/docs/evaluation.md.
"""

import random
from typing import Final

from server.simulation.chance import Course, Rough, Wander, moments, skewed, total, within

FIRST: Final = 45.0
"""No event before a person's normal can be known: it would be nobody's to find."""

_SIGNS: Final = (
    # code, lowest and highest burden at which a person speaks of it, and how many ever do
    ("more_tired", 0.25, 0.8, 0.7), ("breathless_on_effort_worse", 0.4, 0.85, 0.85), ("ankle_swelling_worse", 0.45, 1.0, 0.6),
    ("two_more_pillows", 0.75, 1.15, 0.4), ("waking_gasping", 0.8, 1.2, 0.35), ("breathless_at_rest", 0.95, 1.3, 0.6),
)  # fmt: skip


class Trouble:
    """The courses that lead up to events of one person, by signal; `at` are the events' days and `how` each came."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self.how: list[str] = []
        self.away: list[tuple[float, float]] = []
        self.courses: dict[str, list[Course]] = {}

    def add(self, signal: str, course: Course) -> None:
        """One more course of a signal."""
        self.courses.setdefault(signal, []).append(course)

    def of(self, signal: str, day: float) -> float:
        """How far events move a signal on a day."""
        return total(self.courses.get(signal, []), day)


class Heart:
    """One person with heart failure."""

    def __init__(self, chance: random.Random, rough: Rough, days: int, *, troubled: bool = True) -> None:
        self.chance = chance
        own = skewed(chance, 1.0, 0.3, 0.6, 2.2) * rough.spread
        self.fluid = Wander(chance, 0.33 * own, 0.6)
        self.drift = Wander(chance, 0.28, 0.985)
        self.pulse = Wander(chance, 3.6 * own, 0.5)
        self.pressure = Wander(chance, 7.0 * own, 0.5)
        self.scale = 0.16 * own
        self.weekend = abs(chance.gauss(0, 0.12))
        self.signs = [(code, chance.uniform(low, high)) for code, low, high, ever in _SIGNS if chance.random() < ever]
        # One in five hardly ever complains, however ill.
        self.speaks = 0.15 if chance.random() < 0.2 else chance.uniform(0.4, 1.0)  # noqa: PLR2004
        self.trouble = Trouble()
        if troubled:
            frailty = chance.gammavariate(1.6, 1 / 1.6)
            for at in moments(chance, 0.85 * frailty, days, 30, FIRST):
                self._decompensates(at)
        self._benign(days)
        self.complains = [
            Course(at, at + 0.2, at + chance.choice((0.9, 0.9, 1.2, 2.1, 4.6)), chance.uniform(0.35, 1.0))
            for at in moments(chance, 4.5 * rough.complaints * skewed(chance, 1.0, 0.6, 0.2, 4), days, 3)
        ]

    def _decompensates(self, at: float) -> None:
        chance, trouble = self.chance, self.trouble
        trouble.at.append(at)
        over = at + chance.uniform(5, 12)
        gains = chance.random() < 0.74  # noqa: PLR2004 - the share that is seen on the scales
        trouble.how.append("with weight gain" if gains else "silent on the scales")
        size = skewed(chance, 2.8, 0.5, 0.8, 9) if gains else chance.uniform(-0.4, 0.5)
        trouble.add("weight", Course(at - skewed(chance, 9, 0.6, 1.5, 28), at, over, size, chance.uniform(0.9, 2.2)))
        if chance.random() < 0.65:  # noqa: PLR2004 - the share whose pulse rises
            rise = within(chance.gauss(9, 3.5), 2, 22)
            trouble.add("pulse", Course(at - skewed(chance, 8, 0.45, 1.5, 21), at, over, rise, chance.uniform(0.7, 1.5)))
        way = chance.random()
        if way < 0.6:  # noqa: PLR2004 - pressure falls in some, rises in others
            off = chance.gauss(11, 4) * (-1 if way < 0.38 else 1)  # noqa: PLR2004
            trouble.add("pressure", Course(at - skewed(chance, 7, 0.4, 1.5, 18), at, over, off))
        sudden = chance.random() < 0.22  # noqa: PLR2004 - no warning at all
        lead = chance.uniform(0.1, 0.9) if sudden else skewed(chance, 7, 0.6, 1.0, 24)
        trouble.add("burden", Course(at - lead, at, over, chance.uniform(0.8, 1.3), chance.uniform(0.7, 1.4)))
        if chance.random() < 0.7:  # noqa: PLR2004 - admitted; the others are treated at home
            trouble.away.append((at, at + chance.uniform(3, 9)))
            trouble.add("weight", Course(at + 2, at + 4, at + 25, -chance.uniform(0.0, 1.4)))

    def _benign(self, days: int) -> None:
        """Weight that moves for no clinical reason: holidays, appetite, a stomach upset, another dose."""
        chance = self.chance
        self.shifts: list[Course] = []
        for at in moments(chance, 0.6, days, 20):
            size = chance.uniform(0.6, 1.9) * (1 if chance.random() < 0.6 else -1)  # noqa: PLR2004
            peak = at + chance.uniform(3, 20)
            holds = chance.uniform(3, 35)
            self.shifts.append(Course(at, peak, peak + holds + chance.uniform(4, 15), size, 1.0, holds))

    def burden(self, day: float) -> float:
        """How unwell the person feels: 0 as usual, about 1 when it cannot go on."""
        return self.trouble.of("burden", day) + total(self.complains, day)

    def weight(self, day: int, weekday: int) -> float:
        """Kilograms above the person's own normal on the scales that morning."""
        weekly = self.weekend if weekday in {5, 6, 0} else 0.0
        true = self.fluid.next() + self.drift.next() + weekly + total(self.shifts, day) + self.trouble.of("weight", day)
        return true + self.chance.gauss(0, self.scale)

    def beat(self, day: int) -> float:
        """Beats a minute above normal."""
        return self.pulse.next() + self.trouble.of("pulse", day) + 4 * total(self.complains, day)

    def systolic(self, day: int) -> float:
        """MmHg above normal."""
        return self.pressure.next() + self.trouble.of("pressure", day)

    def reports(self, day: float) -> list[str]:
        """What the person says is worse than usual."""
        felt = self.burden(day)
        if felt < 0.2:  # noqa: PLR2004 - nothing worth a word
            return []
        felt += self.chance.gauss(0, 0.08)
        return [code for code, from_burden in self.signs if felt >= from_burden and self.chance.random() < self.speaks]

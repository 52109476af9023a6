"""COPD and asthma as they are lived: isolated bad days look like the first day of an exacerbation; what persists is one.

What the courses are drawn from (clinical reference 3, 4 and 17): 172 exacerbation onsets against 150 isolated bad days that
physiology could not tell apart (McKinstry and Burton 2015); stable spreads HR 5, SpO2 1 (Hurst 2010); breathing 15 to 30 % up
in the two days before admission (Yanez 2012); treatment starts about four days after the first day (Wilkinson 2004); asthma
is seen up to 4.5 days earlier on a control chart (Gibson 1995), and severe exacerbations fall slowly, then fast.
"""

import random
from typing import Final

from server.simulation.chance import Course, Rough, Wander, moments, skewed, total, within
from server.simulation.heart import FIRST, Trouble

_CHEST: Final = (
    ("breathless_worse", 0.85), ("cough_worse", 0.6), ("sputum_more", 0.6), ("sputum_colour_change", 0.5), ("wheeze_worse", 0.4),
    ("cold_symptoms", 0.35), ("fever", 0.12),
)  # fmt: skip


class Lungs:
    """One person with COPD."""

    def __init__(self, chance: random.Random, rough: Rough, days: int, *, troubled: bool = True) -> None:
        self.chance = chance
        own = skewed(chance, 1.0, 0.2, 0.7, 1.6) * rough.spread
        self.oxygen = Wander(chance, 0.8 * own, 0.45)
        self.pulse = Wander(chance, 4.4 * own, 0.45)
        self.breaths = Wander(chance, 1.1 * own, 0.5)
        self.jitter = own
        self.speaks = chance.uniform(0.5, 1.0)
        self.trouble = Trouble()
        self.spells: list[tuple[float, float, list[str]]] = []
        if troubled:
            frailty = chance.gammavariate(1.5, 1 / 1.5)
            for onset in moments(chance, 1.9 * frailty, days, 35, FIRST):
                self._exacerbates(onset, days)
        for at in moments(chance, 1.65 * rough.complaints * skewed(chance, 1.0, 0.5, 0.25, 3), days, 4):
            self._bad_day(at)
        self.grumbles = 0.008 * rough.complaints * skewed(chance, 1.0, 0.6, 0.2, 4)

    def _body(self, start: float, peak: float, ends: float, much: float) -> None:
        """The same body on an isolated bad day and on the first day of an exacerbation; only time tells them apart."""
        chance, trouble = self.chance, self.trouble
        if chance.random() < 0.75:  # noqa: PLR2004 - the others keep their oxygen
            trouble.add("oxygen", Course(start, peak, ends, -within(chance.gauss(2.0, 0.8), 0.4, 6) * much, 0.8))
        trouble.add("pulse", Course(start, peak, ends, within(chance.gauss(8, 3.5), 0, 22) * much, 0.8))
        if chance.random() < 0.7:  # noqa: PLR2004
            trouble.add("breaths", Course(start, peak, ends, within(chance.gauss(3.6, 1.4), 0.3, 9) * much, 0.9))

    def _exacerbates(self, onset: float, days: int) -> None:
        chance, trouble = self.chance, self.trouble
        treated = onset + skewed(chance, 3.7, 0.45, 0.6, 10)
        if treated >= days:
            return
        trouble.at.append(treated)
        trouble.how.append("reported" if chance.random() < 0.55 else "not reported")  # noqa: PLR2004 - half are never brought up
        over = treated + chance.uniform(6, 14)
        self._body(onset - skewed(chance, 1.6, 0.5, 0.3, 6), treated, over, 1.0)
        self.spells.append((onset, treated + chance.uniform(3, 8), self._signs(least=2 if chance.random() < 0.75 else 1)))  # noqa: PLR2004
        if chance.random() < 0.07:  # noqa: PLR2004 - nothing is written down until it is treated
            self.spells.pop()
        elif chance.random() < 0.4:  # noqa: PLR2004 - a cold first
            self.spells.append((onset - chance.uniform(0.5, 4), onset, ["cold_symptoms"]))
        if chance.random() < 0.18:  # noqa: PLR2004 - admitted
            trouble.away.append((treated, treated + chance.uniform(3, 8)))

    def _bad_day(self, at: float) -> None:
        lasts = self.chance.choice((0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 1.95, 1.95, 2.95))
        self._body(at - 0.6, at + 0.3, at + lasts + 0.6, 0.62)
        self.spells.append((at, at + lasts, self._signs(least=1)))

    def _signs(self, least: int) -> list[str]:
        majors = ("breathless_worse", "sputum_more", "sputum_colour_change")
        while True:
            found = [code for code, share in _CHEST if self.chance.random() < share]
            if sum(code in majors for code in found) >= least:
                return found

    def saturation(self, day: int) -> float:
        """Points above the person's usual oxygen level."""
        return self.oxygen.next() + self.trouble.of("oxygen", day) + self.chance.gauss(0, 0.45 * self.jitter)

    def beat(self, day: int) -> float:
        """Beats a minute above normal."""
        return self.pulse.next() + self.trouble.of("pulse", day) + self.chance.gauss(0, 2.2 * self.jitter)

    def breathing(self, day: int) -> float:
        """Breaths a minute above normal."""
        return self.breaths.next() + self.trouble.of("breaths", day) + self.chance.gauss(0, 0.6 * self.jitter)

    def reports(self, day: float) -> list[str]:
        """What the person says is worse than usual."""
        found = {code for start, end, codes in self.spells if start <= day < end for code in codes if self.chance.random() < self.speaks}
        if self.chance.random() < self.grumbles:
            found.add(self.chance.choice(("breathless_worse", "cough_worse", "wheeze_worse", "sputum_more")))
        return sorted(found)


class Peak:
    """One person with asthma: everything is a share of the personal best."""

    def __init__(self, chance: random.Random, rough: Rough, days: int, *, troubled: bool = True) -> None:
        self.chance = chance
        own = skewed(chance, 1.0, 0.25, 0.6, 1.8) * rough.spread
        self.usual = chance.uniform(0.87, 0.96)
        self.level = Wander(chance, 0.027 * own, 0.7)
        self.jitter = 0.018 * own
        self.dip = chance.uniform(0.01, 0.06)
        self.signs = [("wheeze_worse", chance.uniform(0.25, 0.8)), ("breathless_worse", chance.uniform(0.3, 0.9)),
                      ("cough_worse", chance.uniform(0.2, 0.7))]  # fmt: skip
        self.today = 0.0
        self.mild = max(chance.gauss(0.7, 0.6), 0.0)
        self.puffs = max(chance.gauss(0.8, 0.9), 0.0)
        self.trouble = Trouble()
        if troubled:
            frailty = chance.gammavariate(1.4, 1 / 1.4)
            for at in moments(chance, 1.2 * frailty, days, 30, FIRST):
                self._exacerbates(at)
        self.spells = [
            Course(at - 0.4, at + 0.2, at + chance.choice((0.9, 1.1, 1.9)), chance.uniform(0.25, 0.75))
            for at in moments(chance, 4.0 * rough.complaints * skewed(chance, 1.0, 0.5, 0.25, 3), days, 4)
        ]
        self.seasons = [
            Course(at, at + 4, at + chance.uniform(12, 26), chance.uniform(0.12, 0.38), 1.0, 8.0)
            for at in moments(chance, 0.9, days, 40)
        ]

    def _exacerbates(self, at: float) -> None:
        chance, trouble = self.chance, self.trouble
        trouble.at.append(at)
        over = at + chance.uniform(5, 12)
        sudden = chance.random() < 0.14  # noqa: PLR2004 - within hours
        trouble.how.append("sudden" if sudden else "over days")
        lead = chance.uniform(0.1, 0.8) if sudden else skewed(chance, 6.5, 0.45, 2, 16)
        felt = chance.uniform(0.7, 1.3)
        blown = 0.25 if chance.random() < 0.12 else chance.uniform(0.7, 1.25)  # noqa: PLR2004 - some feel it and blow well
        shape = chance.uniform(1.0, 2.2)
        trouble.add("felt", Course(at - lead, at, over, felt, shape))
        trouble.add("blown", Course(at - lead * chance.uniform(0.8, 1.2), at, over, blown, shape))
        if chance.random() < 0.2:  # noqa: PLR2004
            trouble.away.append((at, at + chance.uniform(1, 4)))

    def share(self, day: int, *, evening: bool = False) -> float:
        """Best of the blows of a session, as a share of the personal best."""
        tight = 0.42 * self.trouble.of("blown", day) + 0.24 * total(self.spells, day) + 0.22 * total(self.seasons, day)
        level = self.usual if evening else self.usual - self.dip
        if not evening:
            self.today = self.level.next()
        return within(level + self.today - tight + self.chance.gauss(0, self.jitter), 0.18, 1.04)

    def burden(self, day: float) -> float:
        """How tight the chest feels: 0 as usual, about 1 at the worst."""
        return self.trouble.of("felt", day) + total(self.spells, day) + 0.9 * total(self.seasons, day)

    def reports(self, day: float) -> list[str]:
        """What the person says is worse than usual."""
        felt = self.burden(day)
        if felt < 0.15:  # noqa: PLR2004
            return []
        felt += self.chance.gauss(0, 0.1)
        return [code for code, from_burden in self.signs if felt >= from_burden]

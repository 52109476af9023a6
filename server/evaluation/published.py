"""Detectors that were published, as plain functions of a patient's days: the bars that ours are held against (PF-4)."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from server.evaluation.daily import Baseline, Daily, Series, baseline

POUND: Final = 0.45359237
Fires = list[int]


class Detector(msgspec.Struct, frozen=True, kw_only=True):
    """A way of finding trouble: days in, days on which it fires out. `uses` names the signals it needs."""

    name: str
    condition: str
    source: str
    uses: str
    find: Callable[[Daily], Fires]


def gains(series: Series, limits: Sequence[tuple[int, float]]) -> Fires:
    """Days on which a value is more than a limit above the lowest of so many days before."""
    found: Fires = []
    for day, value in enumerate(series):
        if value is None:
            continue
        for back, limit in limits:
            before = [one for one in series[max(day - back, 0) : day] if one is not None]
            if before and value - min(before) > limit:
                found.append(day)
                break
    return found


def macd(series: Series, quick: int = 3, slow: int = 20, limit: float = 1.0) -> Fires:
    """HF-W4: the quick mean over the slow one by more than the limit on two observed days running."""
    found: Fires = []
    fast = late = 0.0
    count = run = 0
    for day, value in enumerate(series):
        if value is None:
            continue
        count += 1
        if count == 1:
            fast = late = value
            continue
        fast += (value - fast) * 2 / (quick + 1)
        late += (value - late) * 2 / (slow + 1)
        run = run + 1 if count >= 10 and fast - late > limit else 0  # noqa: PLR2004 - HF-W4: at least ten
        if run >= 2:  # noqa: PLR2004 - two days running
            found.append(day)
    return found


def _scores(series: Series, floor: float, sign: int) -> list[tuple[int, float]]:
    """Each observed day with how far it lies from the person's own normal, held to four spreads (BL-3)."""
    found: list[tuple[int, float]] = []
    for day, value in enumerate(series):
        own = None if value is None else baseline(series, day, floor=floor)
        if value is not None and own is not None:
            found.append((day, min(max(sign * (value - own.middle) / own.spread, -4.0), 4.0)))
    return found


def ewma(series: Series, floor: float, *, sign: int = 1, weight: float = 0.25, width: float = 3.0) -> Fires:
    """BL-3: the smoothed distance from normal beyond its limit; a gap of more than a week starts afresh."""
    found: Fires = []
    smooth, steps, last = 0.0, 0, -99
    for day, apart in _scores(series, floor, sign):
        if day - last > 7:  # noqa: PLR2004 - BL-3
            smooth, steps = 0.0, 0
        last = day
        steps += 1
        smooth += weight * (apart - smooth)
        if smooth > width * (weight / (2 - weight) * (1 - (1 - weight) ** (2 * steps))) ** 0.5:
            found.append(day)
    return found


def cusum(series: Series, floor: float, *, sign: int = 1, slack: float = 0.5, limit: float = 5.0) -> Fires:
    """BL-4: what adds up above the slack; it starts afresh after it fired."""
    found: Fires = []
    sum_up = 0.0
    for day, apart in _scores(series, floor, sign):
        sum_up = max(0.0, sum_up + apart - slack)
        if sum_up > limit:
            found.append(day)
            sum_up = 0.0
    return found


def slow_gain(series: Series, limit: float = 2.0) -> Fires:
    """HF-W6: the limit or more above the own month on two observed days running."""
    found: Fires = []
    run = 0
    for day, value in enumerate(series):
        own = None if value is None else baseline(series, day, floor=0.35)
        if value is None or own is None:
            continue
        run = run + 1 if value - own.middle >= limit else 0
        if run >= 2:  # noqa: PLR2004
            found.append(day)
    return found


def _worse(days: Daily, day: int) -> bool:
    says = days.says[day]
    return bool(says)


def hurst(days: Daily, limit: float = 1.0, *, symptoms: bool = True) -> Fires:
    """CO-2: pulse up and oxygen down in own spreads, halved; with any symptom worse than usual."""
    found: Fires = []
    for day in range(days.days):
        pulse, oxygen = days.pulse[day], days.oxygen[day]
        if pulse is None or oxygen is None or (symptoms and not _worse(days, day)):
            continue
        own_pulse, own_oxygen = _stable(days.pulse, day, 2.5), _stable(days.oxygen, day, 0.5)
        if own_pulse is None or own_oxygen is None:
            continue
        apart = (pulse - own_pulse.mean) / own_pulse.deviation + (own_oxygen.mean - oxygen) / own_oxygen.deviation
        if apart / 2 >= limit:
            found.append(day)
    return found


def _stable(series: Series, day: int, floor: float) -> Baseline | None:
    return baseline(series, day, floor=floor, least=14)


def breathing(days: Daily) -> Fires:
    """CO-3: breathing 4.4 a minute or 30 % above the own mean."""
    found: Fires = []
    for day, value in enumerate(days.breaths):
        own = None if value is None else _stable(days.breaths, day, 0.5)
        if value is not None and own is not None and (value - own.mean >= 4.4 or value >= 1.3 * own.mean):  # noqa: PLR2004
            found.append(day)
    return found


MAJOR: Final = frozenset({"breathlessness", "breathless_worse", "sputum_more", "sputum_colour_change"})
MINOR: Final = frozenset({"cough_worse", "wheeze_worse", "fever", "cold_symptoms"})


def anthonisen(days: Daily) -> Fires:
    """CO-4: two majors, or one with a minor, on two answered days running; three at once."""
    found: Fires = []
    run = 0
    for day, says in enumerate(days.says):
        if says is None:
            continue
        majors = len(says & MAJOR)
        run = run + 1 if majors >= 2 or (majors and says & MINOR) else 0  # noqa: PLR2004
        if run >= 2 or majors >= 3:  # noqa: PLR2004
            found.append(day)
    return found


def kupczyk(days: Daily) -> Fires:
    """AS-2: two days running on which peak flow is 80 % of the run-in mean or less, or symptoms are 120 % of theirs or more."""
    peaks = [value for value in days.peak[:28] if value is not None]
    scores = [value for value in days.score[:28] if value is not None]
    if len(peaks) < 10 or len(scores) < 10:  # noqa: PLR2004
        return []
    usual_peak, usual_score = sum(peaks) / len(peaks), max(sum(scores) / len(scores), 0.5)
    found: Fires = []
    last = -9
    for day in range(28, days.days):
        peak, felt = days.peak[day], days.score[day]
        if (peak is not None and peak <= 0.8 * usual_peak) or (felt is not None and felt >= 1.2 * usual_score):
            if day - last == 1:
                found.append(day)
            last = day
    return found


def gibson(days: Daily, times: int = 2) -> Fires:
    """AS-4: peak flow more than three spreads under the own mean, on two of three days."""
    found: Fires = []
    low: list[int] = []
    for day, value in enumerate(days.peak):
        own = None if value is None else _stable(days.peak, day, 5.0)
        if value is not None and own is not None and value < own.mean - 3 * own.deviation:
            low = [one for one in low if day - one <= 2] + [day]  # noqa: PLR2004
            if len(low) >= times:
                found.append(day)
    return found


def below_best(days: Daily, share: float) -> Fires:
    """A fixed share of the personal best."""
    best = days.best_peak_flow
    return [day for day, value in enumerate(days.peak) if value is not None and best and value < share * best]


def honkoop(days: Daily) -> Fires:
    """AS-3: under 70 % of best, and symptoms above the own mean and spread, within the same week."""
    best = days.best_peak_flow
    found: Fires = []
    for day in range(days.days):
        week = range(max(day - 6, 0), day + 1)
        low = [one for one in week if (value := days.peak[one]) is not None and best and value < 0.7 * best]
        own = baseline(days.score, day, floor=0.5)
        if low and own is not None:
            felt = [one for one in week if (value := days.score[one]) is not None and value > own.mean + own.deviation]
            if felt and max(low[-1], felt[-1]) == day:
                found.append(day)
    return found


_RULES: Final = ((1, 3 * POUND), (3, 5 * POUND))
PUBLISHED: Final = (
    Detector(name="3 lb/1 d or 5 lb/3 d", condition="heart_failure", source="FAST 2011, Zhang 2009", uses="weight",
             find=lambda days: gains(days.weight, _RULES)),
    Detector(name="2 kg/3 d", condition="heart_failure", source="ESC guidance", uses="weight",
             find=lambda days: gains(days.weight, ((3, 2.0),))),
    Detector(name="5 lb/7 d", condition="heart_failure", source="Chaudhry 2007", uses="weight",
             find=lambda days: gains(days.weight, ((7, 5 * POUND),))),
    Detector(name="MACD", condition="heart_failure", source="Zhang 2009, Gyllensten 2013", uses="weight",
             find=lambda days: macd(days.weight)),
    Detector(name="2 kg over the month", condition="heart_failure", source="Gyllensten 2013", uses="weight",
             find=lambda days: slow_gain(days.weight)),
    Detector(name="robust EWMA (L 3)", condition="heart_failure", source="BL-3", uses="weight",
             find=lambda days: ewma(days.weight, 0.35)),
    Detector(name="robust EWMA (L 4)", condition="heart_failure", source="BL-3", uses="weight",
             find=lambda days: ewma(days.weight, 0.35, width=4.0)),
    Detector(name="robust EWMA (L 5)", condition="heart_failure", source="BL-3", uses="weight",
             find=lambda days: ewma(days.weight, 0.35, width=5.0)),
    Detector(name="CUSUM", condition="heart_failure", source="BL-4", uses="weight",
             find=lambda days: cusum(days.weight, 0.35)),
    Detector(name="pulse EWMA (L 3)", condition="heart_failure", source="Moazeni 2023", uses="heart rate",
             find=lambda days: ewma(days.pulse, 2.5)),
    Detector(name="Hurst score >= 1 with symptoms", condition="copd", source="Hurst 2010", uses="oximeter, symptoms", find=hurst),
    Detector(name="Hurst score >= 2", condition="copd", source="Hurst 2010", uses="oximeter",
             find=lambda days: hurst(days, 2.0, symptoms=False)),
    Detector(name="breathing +30 %", condition="copd", source="Yanez 2012", uses="breathing rate", find=breathing),
    Detector(name="Anthonisen, two days", condition="copd", source="Anthonisen 1987", uses="symptoms", find=anthonisen),
    Detector(name="any symptom", condition="copd", source="lower bar", uses="symptoms",
             find=lambda days: [day for day in range(days.days) if _worse(days, day)]),
    Detector(name="Kupczyk", condition="asthma", source="Kupczyk 2013", uses="peak flow, symptoms", find=kupczyk),
    Detector(name="Gibson control chart", condition="asthma", source="Gibson 1995", uses="peak flow", find=gibson),
    Detector(name="Honkoop", condition="asthma", source="Honkoop 2013", uses="peak flow, symptoms", find=honkoop),
    Detector(name="< 80 % of best", condition="asthma", source="Gibson 1995", uses="peak flow", find=lambda days: below_best(days, 0.8)),
    Detector(name="< 60 % of best", condition="asthma", source="Gibson 1995", uses="peak flow", find=lambda days: below_best(days, 0.6)),
)  # fmt: skip

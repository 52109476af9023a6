"""People who never lived, one at a time: who they are, what they measured, and what truly happened to them.

The same cohort, size, days, seed and noise give the same people to the byte. Seeds 1 to 99 are for tuning limits and
detectors; 101 and up are for scoring and were never looked at while tuning (PF-3).
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from domain.people.facts import Fact
from domain.people.patient import Profile
from domain.readings.reading import Draft
from server.simulation.airways import Lungs, Peak
from server.simulation.artefacts import Presence, Scales, blows, cuffed, fingertip
from server.simulation.chance import NOISE, Rough, draft, uuid_of, within
from server.simulation.heart import Heart, Trouble
from server.simulation.metabolic import Kidney, Pressure, Sugar

Cohort = Literal["hf", "copd", "asthma", "diabetes", "ckd", "mixed"]
COHORTS: Final[tuple[Cohort, ...]] = ("hf", "copd", "asthma", "diabetes", "ckd", "mixed")
START: Final = date(2025, 1, 6)
"""A Monday; the first day of every cohort unless another is asked for."""
TUNING: Final = range(1, 100)
"""Seeds that limits and detectors may be fitted on; every other seed is for scoring."""
ZONE: Final = "Europe/London"

MIX: Final = (
    (("heart_failure",), 24), (("heart_failure", "hypertension"), 12), (("copd",), 16), (("asthma",), 12),
    (("hypertension",), 12), (("diabetes_type_2",), 8), (("diabetes_type_1",), 6), (("copd", "heart_failure"), 6),
    (("chronic_kidney_disease",), 4),
)  # fmt: skip
"""Conditions and how many of a hundred people live with them."""
_ONLY: Final[dict[str, tuple[tuple[tuple[str, ...], int], ...]]] = {
    "hf": ((("heart_failure",), 1),), "copd": ((("copd",), 1),), "asthma": ((("asthma",), 1),),
    "diabetes": ((("diabetes_type_1",), 1), (("diabetes_type_2",), 1)), "ckd": ((("chronic_kidney_disease",), 1),), "mixed": MIX,
}  # fmt: skip


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that truly happened: when it had to be acted on (admission, treatment), and how it came."""

    what: str
    at: datetime
    how: str = ""


class Normal(msgspec.Struct, frozen=True, kw_only=True):
    """What is usual for one person."""

    weight: float
    pulse: float
    spo2: float
    breaths: float
    best_peak_flow: float
    systolic: float
    retains: bool = False
    """Keeps carbon dioxide: a specialist has set the target of 88 to 92 %."""


class History(msgspec.Struct, kw_only=True):
    """One patient: the facts, the readings in order of time, and the events that are to be found."""

    patient: UUID
    profile: Profile
    starts_on: date
    days: int
    drafts: list[Draft]
    events: list[Event]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to simulate of one person."""

    profile: Profile
    normal: Normal
    starts_on: date
    days: int
    noise: int = 2
    adherence: float | None = None
    troubled: bool = True
    quiet_for: int = 0
    pricks: bool = True
    sparse: bool = False
    """Asked for less: pressure every other day, no peak flow in the evening, how they feel once a week."""


def histories(cohort: Cohort, people: int, days: int, seed: int, noise: int = 2, starts_on: date = START) -> Iterator[History]:
    """The people of a cohort, one after the other: the next is made when it is asked for."""
    for place in range(people):
        yield person(cohort, place, days, seed, noise, starts_on)


def person(cohort: Cohort, place: int, days: int, seed: int, noise: int, starts_on: date = START) -> History:
    """One person of a cohort by place: no other needs to be made for it."""
    chance = random.Random(f"{cohort}:{seed}:{noise}:{place}")  # noqa: S311 - a simulation must be repeatable
    mix = _ONLY[cohort]
    conditions = chance.choices([one for one, _ in mix], [weight for _, weight in mix])[0]
    normal = usual(chance, conditions)
    young = conditions[0] in {"asthma", "diabetes_type_1"}
    profile = Profile(
        zone=ZONE, birth_on=starts_on - timedelta(days=365 * (chance.randint(22, 64) if young else chance.randint(52, 89)) + 100),
        conditions=frozenset(conditions), facts=told(facts_of(normal, conditions)),
    )  # fmt: skip
    patient = uuid_of(chance)
    return live(chance, patient, Plan(profile=profile, normal=normal, starts_on=starts_on, days=days, noise=noise))


def usual(chance: random.Random, conditions: Sequence[str]) -> Normal:
    """What is normal for a person with these conditions."""
    found = Normal(
        weight=within(chance.gauss(82, 16), 48, 135), pulse=chance.uniform(60, 82),
        spo2=chance.choice((90.4, 91.3, 92.2, 93.1, 94.0, 94.6)) if "copd" in conditions else chance.choice((96.2, 97.0, 97.6)),
        breaths=chance.uniform(14, 18), best_peak_flow=round(chance.uniform(360, 580), -1),
        systolic=chance.uniform(108, 138) if "heart_failure" in conditions else chance.uniform(118, 146),
    )  # fmt: skip
    low = "copd" in conditions and found.spo2 < 92  # noqa: PLR2004 - most who live with so little are known to retain
    return replace(found, retains=low and chance.random() < 0.8)  # noqa: PLR2004


def facts_of(normal: Normal, conditions: Sequence[str]) -> dict[str, str]:
    """What is on record about a person with these conditions."""
    found: dict[str, str] = {}
    if "copd" in conditions:
        found["usual_spo2"] = str(round(normal.spo2))
        if normal.retains:
            found["hypercapnia"] = "yes"
    if "asthma" in conditions:
        found["best_peak_flow"] = str(round(normal.best_peak_flow))
    return found


def told(facts: Mapping[str, str]) -> tuple[Fact, ...]:
    """Facts that were always so."""
    return tuple(Fact(key, value, ALWAYS) for key, value in sorted(facts.items()))


ALWAYS: Final = datetime(2000, 1, 2, tzinfo=UTC)
_WHAT: Final = {"heart": "hf_decompensation", "lungs": "copd_exacerbation", "peak": "asthma_exacerbation", "kidney": "acute_kidney_injury"}
EVENT_OF: Final = {
    "heart_failure": ("hf_decompensation",), "copd": ("copd_exacerbation",), "asthma": ("asthma_exacerbation",),
    "diabetes_type_1": ("severe_hypo", "ketoacidosis"), "diabetes_type_2": ("severe_hypo", "ketoacidosis"),
    "chronic_kidney_disease": ("acute_kidney_injury",),
}  # fmt: skip
"""Condition -> what can happen to a person who lives with it."""


def live(chance: random.Random, patient: UUID, plan: Plan) -> History:
    """All days of one person."""
    life = _Life(chance, plan)
    drafts = sorted((one for day in range(plan.days) for one in life.day(day)), key=lambda one: (one.taken_at, one.id))
    return History(
        patient=patient, profile=plan.profile, starts_on=plan.starts_on, days=plan.days, drafts=drafts, events=life.events(),
    )  # fmt: skip


class _Life:
    """The organs of one person, asked day by day."""

    def __init__(self, chance: random.Random, plan: Plan) -> None:
        self.chance, self.plan = chance, plan
        self.rough: Rough = NOISE[plan.noise]
        self.zone = ZoneInfo(plan.profile.zone)
        self.rises = chance.randint(385, 540)
        conditions, days = plan.profile.conditions, plan.days
        self.presence = Presence(chance, self.rough, days, adherence=plan.adherence)
        self.scales = Scales(chance, self.rough, days, plan.normal.weight)
        self.cuff = Pressure(chance, self.rough, systolic=plan.normal.systolic)
        self.heart = Heart(chance, self.rough, days, troubled=plan.troubled) if "heart_failure" in conditions else None
        self.lungs = Lungs(chance, self.rough, days, troubled=plan.troubled) if "copd" in conditions else None
        self.peak = Peak(chance, self.rough, days, troubled=plan.troubled) if "asthma" in conditions else None
        self.kidney = Kidney(chance, self.rough, days, troubled=plan.troubled) if "chronic_kidney_disease" in conditions else None
        sweet = [one for one in conditions if one.startswith("diabetes")]
        self.sugar = Sugar(chance, self.rough, days, insulin="diabetes_type_1" in sweet, troubled=plan.troubled) if sweet else None
        self.troubles: list[tuple[str, Trouble]] = [
            (name, organ.trouble)
            for name in ("heart", "lungs", "peak", "kidney", "sugar")
            if (organ := getattr(self, name)) is not None
        ]
        self.away = [span for _, trouble in self.troubles for span in trouble.away]

    def events(self) -> list[Event]:
        """What truly happened, in order."""
        found = [
            Event(what=_WHAT.get(name) or how.replace(" ", "_"), at=self._instant(at), how=how)
            for name, trouble in self.troubles
            for at, how in zip(trouble.at, trouble.how, strict=True)
        ]
        return sorted(found, key=lambda one: (one.at, one.what))

    def _instant(self, day: float) -> datetime:
        midnight = datetime.combine(self.plan.starts_on, datetime.min.time(), tzinfo=UTC)
        return (midnight + timedelta(days=day)).replace(microsecond=0)

    def day(self, day: int) -> Iterator[Draft]:
        """What is sent on one day."""
        burden = max((organ.burden(day) for organ in (self.heart, self.peak) if organ is not None), default=0.0)
        there = self.presence.there(day, self.away, burden) and day < self.plan.days - self.plan.quiet_for
        on = self.plan.starts_on + timedelta(days=day)
        at = datetime.combine(on, datetime.min.time(), tzinfo=self.zone) + timedelta(minutes=self.rises + self.chance.randint(-25, 40))
        morning = at.astimezone(UTC)
        made = [one for part in self._parts() for one in part(day, morning)]
        return iter(made if there else ())

    def _parts(self) -> list[Callable[[int, datetime], Iterator[Draft]]]:
        organs = ((self.heart, self._heart), (self.lungs, self._lungs), (self.peak, self._peak), (self.kidney, self._kidney))
        found = [act for organ, act in organs if organ is not None]
        if self.sugar is not None and self.plan.pricks:
            found.append(self.sugar.fingers)
        if "hypertension" in self.plan.profile.conditions and self.heart is None:
            found.append(self._pressure)
        return found

    def _heart(self, day: int, morning: datetime) -> Iterator[Draft]:
        heart = self.heart
        assert heart is not None  # noqa: S101 - only then is it asked
        chance = self.chance
        yield from self.scales.weigh(day, morning, heart.weight(day, (self.plan.starts_on + timedelta(days=day)).weekday()))
        off = heart.systolic(day)
        if day % 2 == 0 or not self.plan.sparse:
            yield from cuffed(chance, self.rough, self.cuff.session(morning + timedelta(minutes=3), off, twice=False))
        yield draft(chance, "heart_rate", morning + timedelta(minutes=4), self.plan.normal.pulse + heart.beat(day), unit="/min")
        yield from self._says(day, morning, heart.reports(day + 0.3))

    def _lungs(self, day: int, morning: datetime) -> Iterator[Draft]:
        lungs, chance, normal = self.lungs, self.chance, self.plan.normal
        assert lungs is not None  # noqa: S101
        at = morning + timedelta(minutes=8)
        yield from fingertip(chance, self.rough, at, normal.spo2 + lungs.saturation(day), normal.spo2)
        yield draft(chance, "heart_rate", at + timedelta(minutes=1), normal.pulse + 6 + lungs.beat(day), unit="/min")
        yield draft(chance, "respiratory_rate", at + timedelta(minutes=2), normal.breaths + lungs.breathing(day), unit="/min")
        yield from self._says(day, at, lungs.reports(day + 0.3))

    def _peak(self, day: int, morning: datetime) -> Iterator[Draft]:
        peak, chance, best = self.peak, self.chance, self.plan.normal.best_peak_flow
        assert peak is not None  # noqa: S101
        yield from blows(chance, self.rough, morning, best * peak.share(day))
        felt = within(peak.burden(day + 0.3), 0, 1.4)
        score = within(round(peak.mild + 5.5 * felt + chance.gauss(0, 0.27)), 0, 9)
        yield draft(chance, "day_symptom_score", morning + timedelta(minutes=3), score, unit="{score}")
        puffs = within(round(peak.puffs + 7 * felt + chance.gauss(0, 0.5)), 0, 30)
        yield draft(chance, "reliever_puffs", morning + timedelta(minutes=4), puffs, unit="{puff}")
        yield from self._says(day, morning, peak.reports(day + 0.3))
        if self.plan.sparse:
            return
        evening = morning + timedelta(hours=12, minutes=chance.randint(-40, 60))
        yield from blows(chance, self.rough, evening, best * peak.share(day, evening=True))

    def _kidney(self, day: int, morning: datetime) -> Iterator[Draft]:
        kidney = self.kidney
        assert kidney is not None  # noqa: S101
        yield from kidney.blood(day, morning)
        if day % 2 == 0:
            yield from self._pressure(day, morning)
        for code in kidney.reports(day + 0.3):
            yield draft(self.chance, "symptom", morning + timedelta(minutes=5), code=code)

    def _pressure(self, day: int, morning: datetime) -> Iterator[Draft]:
        del day  # a session is the same on any day
        yield from cuffed(self.chance, self.rough, self.cuff.session(morning + timedelta(minutes=3)))
        pulse = self.cuff.pulse + self.chance.gauss(0, 4)
        yield draft(self.chance, "heart_rate", morning + timedelta(minutes=7), pulse, unit="/min")

    def _says(self, day: int, at: datetime, codes: Sequence[str]) -> Iterator[Draft]:
        nothing = () if self.plan.sparse and day % 7 else ("feel_as_usual",)
        for place, code in enumerate(codes or nothing):
            yield draft(self.chance, "symptom", at + timedelta(minutes=10, seconds=place), code=code)


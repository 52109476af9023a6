"""What a rule is: data and one pure function. The engine knows the list; this file knows how one is told and answered.

How to write a rule:

1. Write `def my_rule(rule: Rule, view: View, anchor: Reading) -> Judgement | None` in the file of its condition. It looks at
   nothing but `view` (readings in force, daily values, baselines, the person's facts at the anchor's time) and answers with
   `rule.fired(...)`, `rule.quiet(...)`, `rule.not_evaluable(anchor, "what is missing")`, or None where another reading speaks.
2. Add a `Rule(...)` with it to that file's RULES, and the file to the list in `engine.py`. Say for whom it is (`conditions`;
   `told`, a key of `facts.py` under which something was said of the person; `least`, `in_pregnancy`: the engine asks), what
   decides (`limits`, each with its safer direction; `floor`), and what it
   looks at in `looks`, each kind with how far: from this alone follows what is judged again when a reading changes and how
   much of the past a picture holds. A function that looks further than `looks` says is a bug that the random stories find.
3. Choose the tempo. A rule is judged at each reading of its `anchors` kinds; with `daily=True` once a civil day of the
   patient, at the reading that gives the day's value (`diary.py`), looking at daily values (`Look(days=...)`).
4. Name an advice code of `advice.py` and give each number that its words need. Say how it is over in `clears`.
5. Does an amber of it rest on one measurement alone? Then say in `asks` which repeat it waits for (`confirm.py`); one that has its
   own repeat in the reference says nothing there.
6. Write its worked examples and both sides of each boundary as tests named by its id.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from domain.days import day, years
from domain.detection.judgement import Confidence, Judgement, Severity, Verdict
from domain.detection.picture import View
from domain.people.patient import Profile
from domain.plans.limits import Limit, in_force
from domain.readings.reading import Reading
from domain.readings.units import both_glucose

NO_TIME: Final = timedelta(0)
ADULT: Final = 18


class Glucose(NamedTuple):
    """A glucose limit in both units; a reading is held against the half in which it was reported."""

    mmol: Decimal
    mg: Decimal


class Look(msgspec.Struct, frozen=True):
    """How far from its anchor a rule looks at readings of a kind; `days`: at the daily values of so many dates before.

    `ahead` of a rule of the day is reckoned from the end of its date.
    """

    back: timedelta = NO_TIME
    ahead: timedelta = NO_TIME
    days: int | None = None


class Clearing(msgspec.Struct, frozen=True, kw_only=True):
    """Whether what a rule raised is over (AL-4). `holds` None: too little was measured to say, so it is not over (MD-4)."""

    rule: str
    holds: bool | None
    reason: str
    evidence: tuple[UUID, ...] = ()


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A repeat that somebody was asked for (F36): until when it is waited for, in which words, and what came of it.

    `answer` None: nothing came yet. `is_same`: what came says so too.
    """

    until: datetime
    advice: str
    answer: Reading | None = None
    is_same: bool = False


Function = Callable[["Rule", View, Reading], Judgement | None]
Asks = Callable[["Rule", View, Reading], Asked | None]
"""(rule, view, anchor) -> the repeat on which an amber waits; None: it rests on more than one measurement and waits for nothing."""
Clears = Callable[["Rule", View, datetime], Clearing]
"""(rule, view, when it last fired) -> whether it is over, from what was measured since."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of the clinical reference: see the top of this file."""

    id: str
    version: int
    group: str
    title: str = ""
    anchors: frozenset[int]
    looks: Mapping[int, Look]
    daily: bool = False
    conditions: frozenset[str] = frozenset()
    told: str = ""
    least: int | None = ADULT
    in_pregnancy: bool = False
    limits: Mapping[str, Limit] = {}
    floor: bool = False
    cap: Severity = Severity.RED
    trend: int
    judge: Function
    clears: Clears | None = None
    asks: Asks | None = None

    @property
    def seen(self) -> dict[int, Look]:
        """How far it looks at each kind, its own anchors too."""
        return {**dict.fromkeys(self.anchors, Look()), **self.looks}

    @property
    def waits(self) -> timedelta:
        """The longest time that it waits for a repeat."""
        return max((look.ahead for look in self.looks.values()), default=NO_TIME)

    @property
    def cap_unconfirmed(self) -> Severity:
        """The most it says on values that nobody confirmed (DQ-4); a FLOOR is never lowered by doubt (INV-8)."""
        return self.cap if self.floor else min(self.cap, Severity.AMBER)

    def limit(self, name: str, profile: Profile, at: datetime) -> Decimal:
        """The limit in force for a person at an instant (C-7, F25): the anchor's own time, however late it arrives."""
        usual = self.limits[name]
        entries = profile.limits.get(f"{self.id}.{name}") if profile.limits else None
        if entries is None:
            return usual.value
        found = in_force(usual, entries, at, floor=self.floor and not usual.free).value
        return usual.value if found is None else found

    def limits_at(self, names: tuple[str, ...], profile: Profile, at: datetime) -> list[Decimal]:
        """Several of its limits in force for a person at an instant."""
        if not profile.limits:
            return [self.limits[name].value for name in names]
        return [self.limit(name, profile, at) for name in names]

    def glucose(self, name: str, profile: Profile, at: datetime) -> Glucose:
        """The same for a glucose limit: both halves of the pair, as they were set (C-3)."""
        usual = self.limits[name]
        entries = profile.limits.get(f"{self.id}.{name}")
        found = usual if entries is None else in_force(usual, entries, at, floor=self.floor and not usual.free)
        return Glucose(found.value or usual.value, found.mg or both_glucose(found.value or usual.value))

    def why_not(self, profile: Profile, anchor: Reading) -> str | None:
        """Why this rule does not apply to somebody of this age or in pregnancy (C-6), or None."""
        return out_of_scope(profile, anchor, least=self.least, in_pregnancy=self.in_pregnancy)

    def fired(  # noqa: PLR0913 - a fired judgement has all of this (C-5)
        self,
        anchor: Reading,
        severity: Severity,
        sentence: str,
        *,
        advice: str | None,
        emergency: bool = False,
        confidence: Confidence = Confidence.NORMAL,
        evidence: tuple[UUID, ...] = (),
        numbers: dict[str, str] | None = None,
        limits: dict[str, str] | None = None,
        window: tuple[datetime, datetime] | None = None,
        due_at: datetime | None = None,
    ) -> Judgement:
        """Somebody should see this. Values that nobody confirmed say no more than `cap_unconfirmed`."""
        start, end = window or (anchor.taken_at, anchor.taken_at)
        most = self.cap_unconfirmed if confidence is Confidence.UNCONFIRMED else self.cap
        return Judgement(
            rule=self.id,
            version=self.version,
            group=self.group,
            anchor=anchor.id,
            anchor_at=anchor.taken_at,
            verdict=Verdict.FIRED,
            severity=min(severity, most),
            emergency=emergency and most is Severity.RED,
            confidence=confidence,
            evidence=evidence or (anchor.id,),
            numbers=numbers or {},
            limits=limits or {},
            window_from=start,
            window_to=end,
            advice=advice,
            sentence=sentence,
            due_at=due_at,
        )

    def quiet(
        self, anchor: Reading, *, advice: str | None = None, numbers: dict[str, str] | None = None, sentence: str = ""
    ) -> Judgement:
        """Looked at, and nothing of concern; `advice` is for the patient alone, `sentence` for staff who look."""
        return Judgement(
            rule=self.id,
            version=self.version,
            group=self.group,
            anchor=anchor.id,
            anchor_at=anchor.taken_at,
            verdict=Verdict.NOT_FIRED,
            advice=advice,
            numbers=numbers or {},
            sentence=sentence,
        )

    def not_evaluable(self, anchor: Reading, reason: str) -> Judgement:
        """Cannot be said, and what is missing. Never the same as normal."""
        return Judgement(
            rule=self.id,
            version=self.version,
            group=self.group,
            anchor=anchor.id,
            anchor_at=anchor.taken_at,
            verdict=Verdict.NOT_EVALUABLE,
            reason=reason,
        )

    def over(self, reason: str, evidence: tuple[UUID, ...]) -> Clearing:
        """The clearing condition holds."""
        return Clearing(rule=self.id, holds=True, reason=reason, evidence=evidence)

    def goes_on(self, reason: str, evidence: tuple[UUID, ...] = ()) -> Clearing:
        """What was measured since says that it is not over."""
        return Clearing(rule=self.id, holds=False, reason=reason, evidence=evidence)

    def unknown(self, missing: str) -> Clearing:
        """Too little was measured since; missing never clears (MD-4)."""
        return Clearing(rule=self.id, holds=None, reason=missing)


def age_at(profile: Profile, anchor: Reading) -> int:
    """The person's age in years at a reading."""
    return years(profile.birth_on, day(anchor.taken_at, profile.zone))


def out_of_scope(profile: Profile, anchor: Reading, *, least: int | None = ADULT, in_pregnancy: bool = False) -> str | None:
    """Why a rule for adults who are not pregnant does not apply (C-6), or None."""
    if not in_pregnancy and profile.facts and profile.has("pregnant", anchor.taken_at):
        return "out of scope: pregnant"
    if not in_pregnancy and profile.facts and is_after_birth(profile, anchor.taken_at):
        return "out of scope: less than 6 weeks after a birth"
    born = profile.birth_on.year
    # Only near the birthday does the exact age matter.
    if least is not None and anchor.taken_at.year - born <= least and age_at(profile, anchor) < least:
        return f"out of scope: under {least}"
    return None


_SIX_WEEKS: Final = timedelta(weeks=6)


def is_after_birth(profile: Profile, at: datetime) -> bool:
    """Whether a pregnancy ended at most 6 weeks before (PG-0)."""
    return any(one.to_at is not None and one.to_at <= at <= one.to_at + _SIX_WEEKS for one in profile.told("pregnant"))


def same(one: Decimal) -> str:
    """A number as it is read: no exponent, no needless zeros."""
    text = f"{one:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

"""What a rule is: data and a pure function. The engine knows the list; this file knows how one is told and answered."""

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

Function = Callable[["Rule", View, Reading], Judgement | None]
NO_TIME: Final = timedelta(0)


class Glucose(NamedTuple):
    """A glucose limit in both units; a reading is held against the half in which it was reported."""

    mmol: Decimal
    mg: Decimal


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of the clinical reference.

    It is judged at each reading of the kinds in `anchors`. A changed reading of a kind in `looks_at` can change the
    judgements at anchors from `before` earlier (a rule's own repeat) to `after` later (what looks back). `diary`: how many
    civil days back from the anchor it looks at daily values (View.daily), by kind; readings are kept whole for `after` only.
    """

    id: str
    version: int
    group: str
    anchors: frozenset[int]
    looks_at: frozenset[int]
    before: timedelta = NO_TIME
    after: timedelta = NO_TIME
    diary: Mapping[int, int] = {}
    limits: Mapping[str, Limit] = {}
    floor: bool = False
    trend: int
    judge: Function

    def limit(self, name: str, profile: Profile, at: datetime) -> Decimal:
        """The limit in force for a person at an instant (C-7, F25): the anchor's own time, however late it arrives."""
        usual = self.limits[name]
        entries = profile.limits.get(f"{self.id}.{name}")
        if entries is None:
            return usual.value
        return in_force(usual, entries, at, floor=self.floor).value or usual.value

    def glucose(self, name: str, profile: Profile, at: datetime) -> Glucose:
        """The same for a glucose limit: both halves of the pair, as they were set (C-3)."""
        usual = self.limits[name]
        entries = profile.limits.get(f"{self.id}.{name}")
        found = usual if entries is None else in_force(usual, entries, at, floor=self.floor)
        return Glucose(found.value or usual.value, found.mg or both_glucose(found.value or usual.value))

    def fired(  # noqa: PLR0913 - a fired judgement has all of this (C-5)
        self,
        anchor: Reading,
        severity: Severity,
        sentence: str,
        *,
        advice: str,
        emergency: bool = False,
        confidence: Confidence = Confidence.NORMAL,
        evidence: tuple[UUID, ...] = (),
        numbers: dict[str, str] | None = None,
        limits: dict[str, str] | None = None,
        window: tuple[datetime, datetime] | None = None,
        due_at: datetime | None = None,
    ) -> Judgement:
        """Somebody should see this."""
        start, end = window or (anchor.taken_at, anchor.taken_at)
        return Judgement(
            rule=self.id,
            version=self.version,
            group=self.group,
            anchor=anchor.id,
            anchor_at=anchor.taken_at,
            verdict=Verdict.FIRED,
            severity=severity,
            emergency=emergency,
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

    def quiet(self, anchor: Reading, *, advice: str | None = None) -> Judgement:
        """Looked at, and nothing of concern; `advice` is for the patient alone."""
        return Judgement(
            rule=self.id,
            version=self.version,
            group=self.group,
            anchor=anchor.id,
            anchor_at=anchor.taken_at,
            verdict=Verdict.NOT_FIRED,
            advice=advice,
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


def age_at(profile: Profile, anchor: Reading) -> int:
    """The person's age in years at a reading."""
    return years(profile.birth_on, day(anchor.taken_at, profile.zone))


ADULT: Final = 18


def out_of_scope(profile: Profile, anchor: Reading, *, least: int = ADULT, in_pregnancy: bool = False) -> str | None:
    """Why a rule for adults who are not pregnant does not apply (C-6), or None."""
    if profile.pregnant and not in_pregnancy:
        return "out of scope: pregnant"
    born = profile.birth_on.year
    # Only near the birthday does the exact age matter.
    if anchor.taken_at.year - born <= least and age_at(profile, anchor) < least:
        return f"out of scope: under {least}"
    return None


def same(one: Decimal) -> str:
    """A number as it is read: no exponent, no needless zeros."""
    text = f"{one:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

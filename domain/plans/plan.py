"""The personalised care and support plan: what matters, goals, zones, targets, what is expected, and what may not be in it.

A plan is in force once the patient and a clinician have both signed the same words (F29). Each zone's steps are bound to
rules, so that what the app says is what the plan says (F30). Limits are their own dated data (domain/plans/limits.py): a plan
names them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from domain.detection.advice import ADVICE
from domain.detection.catalogue import GOVERNED
from domain.detection.engine import BY_ID
from domain.errors import Invalid
from domain.forms.form import Fault
from domain.plans import schedule
from domain.plans.schedule import CEILING_S, Expect
from domain.readings.kinds import BY_NAME, Kind, Range
from domain.text import admit as admit_text

REVIEW_WITHIN: Final = timedelta(days=400)


class Zone(StrEnum):
    """Well; something has changed; act now."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Goal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """What the person wants, in their own words, and the kind of reading that shows how it goes, if one does (F85)."""

    key: str
    words: str
    kind: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """What to do in a zone. `rules`: when one of them fires, this is the step; `advice`: what the app says then."""

    key: str
    zone: Zone
    words: str
    rules: tuple[str, ...] = ()
    advice: str = ""


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A value aimed at; of a panel, the value of one part."""

    kind: str
    part: str = ""
    low: Decimal | None = None
    high: Decimal | None = None


class Band(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """The numbers of a zone, as the person reads them: amber from here, red from there, on either side."""

    kind: str
    part: str = ""
    red_low: Decimal | None = None
    amber_low: Decimal | None = None
    amber_high: Decimal | None = None
    red_high: Decimal | None = None


class Rescue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A medicine kept at home for a bad day: when it is started, and how."""

    medicine: str
    when: str
    how: str = ""


class Clash(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """Two conditions ask for different things. A named clinician says which holds, and why (F28)."""

    about: str
    choices: tuple[str, ...]
    chosen: int | None = None
    why: str = ""
    by: UUID | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """One version of a person's plan, in the shape of the PRSB personalised care and support plan."""

    about_me: str = ""
    what_matters: str = ""
    goals: tuple[Goal, ...] = ()
    steps: tuple[Step, ...] = ()
    targets: tuple[Target, ...] = ()
    bands: tuple[Band, ...] = ()
    limits: tuple[str, ...] = ()
    rescue: tuple[Rescue, ...] = ()
    expected: tuple[Expect, ...] = ()
    ceiling_s: int = CEILING_S
    contingency: str = ""
    conditions: tuple[str, ...] = ()
    pathways: dict[str, int] = {}
    clashes: tuple[Clash, ...] = ()
    high_risk: bool = False
    review_on: date | None = None


class Role(StrEnum):
    """Who signs. Both are needed, each for themselves (F61)."""

    PATIENT = "patient"
    CLINICIAN = "clinician"


_FLOORS: Final[dict[tuple[str, str, str], tuple[str, str]]] = {
    ("blood_pressure", "systolic", "high"): ("HT-4.systolic", ""),
    ("blood_pressure", "diastolic", "high"): ("HT-4.diastolic", ""),
    # Somebody whose usual level is lower has a target of their own (CO-1), and OX-1 says that it does not apply.
    ("oxygen_saturation", "", "low"): ("OX-1.low", "copd"),
    ("glucose_capillary", "", "low"): ("DM-2.very_low", ""),
    ("glucose", "", "low"): ("DM-2.very_low", ""),
    ("glucose_cgm", "", "low"): ("DM-2.very_low", ""),
    ("ketones_blood", "", "high"): ("DM-7.high", ""),
}
"""(kind, part, side) -> the FLOOR limit that a red band may not lie beyond, and the condition in which it does not apply."""


def faults(plan: Plan) -> list[Fault]:
    """All that is wrong with a draft, each with its place; empty when it may be kept."""
    return [
        *_texts(plan), *_keys(plan), *_targets(plan), *_bands(plan), *_steps(plan), *_named(plan),
        *schedule.faults(plan.expected, plan.ceiling_s),
    ]  # fmt: skip


def must_be_sound(plan: Plan) -> None:
    """Refuse a draft that contradicts itself, with every place."""
    _refuse(faults(plan))


def must_be_ready(plan: Plan, today: date) -> None:
    """Refuse to sign a plan that cannot be used alone: a step in each zone, a review date, no clash left open (F28, F30)."""
    found = faults(plan)
    for zone in Zone:
        if all(step.zone is not zone for step in plan.steps):
            found.append(Fault("/steps", f"Say what to do in the {zone} zone."))
    if plan.review_on is None or not today < plan.review_on <= today + REVIEW_WITHIN:
        found.append(Fault("/reviewOn", f"Say when it is looked at again: within {REVIEW_WITHIN.days} days."))
    found.extend(
        Fault(f"/clashes/{place}/chosen", f"Two conditions ask for different things about {one.about}: a clinician decides.")
        for place, one in enumerate(plan.clashes) if one.chosen is None
    )  # fmt: skip
    _refuse(found)


def _refuse(found: Sequence[Fault]) -> None:
    if found:
        raise Invalid(found[0].detail, found[0].pointer, also=[(one.pointer, one.detail) for one in found[1:]])


def _texts(plan: Plan) -> Iterator[Fault]:
    said = {
        "/aboutMe": plan.about_me, "/whatMatters": plan.what_matters, "/contingency": plan.contingency,
        **{f"/goals/{place}/words": one.words for place, one in enumerate(plan.goals)},
        **{f"/steps/{place}/words": one.words for place, one in enumerate(plan.steps)},
        **{f"/rescue/{place}/{name}": text for place, one in enumerate(plan.rescue)
           for name, text in (("medicine", one.medicine), ("when", one.when), ("how", one.how))},
        **{f"/clashes/{place}/why": one.why for place, one in enumerate(plan.clashes)},
    }  # fmt: skip
    for pointer, text in said.items():
        try:
            admit_text(text, pointer=pointer)
        except Invalid as error:
            yield Fault(pointer, error.detail)
        if not text.strip() and pointer.endswith(("/words", "/medicine", "/when")):
            yield Fault(pointer, "Say it in words.")


def _keys(plan: Plan) -> Iterator[Fault]:
    for name, ones in (("goals", plan.goals), ("steps", plan.steps)):
        keys = [one.key for one in ones]
        for place, key in enumerate(keys):
            if not key or key in keys[:place]:
                yield Fault(f"/{name}/{place}/key", "A key of its own.")


def _range(kind: str, part: str) -> Range | str | None:
    """What is possible for a kind or a part of it; text is why there is no such thing."""
    found: Kind | None = BY_NAME.get(kind)
    if found is None:
        return "There is no such kind of reading."
    if not found.parts:
        return found.hard if not part else "This kind has no parts."
    return next((one.hard for one in found.parts if one.name == part), "Name one of its parts.")


def _targets(plan: Plan) -> Iterator[Fault]:
    seen: set[tuple[str, str]] = set()
    for place, one in enumerate(plan.targets):
        at = f"/targets/{place}"
        possible = _range(one.kind, one.part)
        if isinstance(possible, str):
            yield Fault(f"{at}/kind", possible)
            continue
        if (one.kind, one.part) in seen:
            yield Fault(at, "This has a target already.")
        seen.add((one.kind, one.part))
        if one.low is None and one.high is None:
            yield Fault(at, "A lowest or a highest value.")
        if one.low is not None and one.high is not None and one.low >= one.high:
            yield Fault(f"{at}/low", "The lowest value must be below the highest.")
        yield from _possible(at, {"low": one.low, "high": one.high}, possible)


def _possible(at: str, values: Mapping[str, Decimal | None], possible: Range | None) -> Iterator[Fault]:
    for name, value in values.items():
        if value is not None and (not value.is_finite() or (possible is not None and not possible.low <= value <= possible.high)):
            yield Fault(f"{at}/{name}", "Outside what is possible for a person.")


def _bands(plan: Plan) -> Iterator[Fault]:
    for place, one in enumerate(plan.bands):
        at = f"/bands/{place}"
        possible = _range(one.kind, one.part)
        if isinstance(possible, str):
            yield Fault(f"{at}/kind", possible)
            continue
        named = {"redLow": one.red_low, "amberLow": one.amber_low, "amberHigh": one.amber_high, "redHigh": one.red_high}
        given = [(name, value) for name, value in named.items() if value is not None]
        if not given:
            yield Fault(at, "At least one number.")
        yield from _possible(at, named, possible)
        for (name, value), (other, higher) in pairwise(given):
            if value >= higher:
                yield Fault(f"{at}/{name}", f"This must be below {other}: red lies beyond amber on both sides.")
        yield from _floors(plan, one, at)


def _floors(plan: Plan, one: Band, at: str) -> Iterator[Fault]:
    """A plan that told people to wait beyond the safety floor would contradict what the app says."""
    for side, red, name in (("low", one.red_low, "redLow"), ("high", one.red_high, "redHigh")):
        key, but = _FLOORS.get((one.kind, one.part, side), ("", ""))
        governed = GOVERNED.get(key)
        if governed is None or red is None or (but and but in plan.conditions):
            continue
        floor = governed.limit.value
        if (side == "high" and red > floor) or (side == "low" and red < floor):
            yield Fault(f"{at}/{name}", f"{governed.rule} belongs to the safety floor: red begins at {floor} at the latest.")


def _steps(plan: Plan) -> Iterator[Fault]:
    for place, one in enumerate(plan.steps):
        for rule in one.rules:
            if rule not in BY_ID:
                yield Fault(f"/steps/{place}/rules", f"There is no rule {rule}.")
        if one.advice and one.advice not in ADVICE:
            yield Fault(f"/steps/{place}/advice", f"There is no advice {one.advice}.")


def _named(plan: Plan) -> Iterator[Fault]:
    for place, key in enumerate(plan.limits):
        if key not in GOVERNED:
            yield Fault(f"/limits/{place}", "There is no such limit.")
    for place, goal in enumerate(plan.goals):
        if goal.kind and goal.kind not in BY_NAME:
            yield Fault(f"/goals/{place}/kind", "There is no such kind of reading.")
    for place, clash in enumerate(plan.clashes):
        if clash.chosen is not None and not 0 <= clash.chosen < len(clash.choices):
            yield Fault(f"/clashes/{place}/chosen", "One of the choices, by its place.")
        if clash.chosen is not None and not clash.why.strip():
            yield Fault(f"/clashes/{place}/why", "Say why.")


def steps_for(plan: Plan, rule: str) -> tuple[Step, ...]:
    """What the plan says when a rule fires (F30, F43)."""
    return tuple(step for step in plan.steps if rule in step.rules)


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One difference between two versions: what was and what is, as JSON; absent is not there."""

    pointer: str
    before: Any = msgspec.UNSET
    after: Any = msgspec.UNSET


def difference(before: Plan, after: Plan) -> list[Change]:
    """What changed from one version to another, place by place; what has a key is followed by it, wherever it stands."""
    return list(_differ("", msgspec.to_builtins(before), msgspec.to_builtins(after)))


def _differ(at: str, one: object, other: object) -> Iterator[Change]:
    if isinstance(one, dict) and isinstance(other, dict):
        was, now = cast("dict[str, object]", one), cast("dict[str, object]", other)
        for name in dict.fromkeys((*was, *now)):
            yield from _differ(f"{at}/{name}", was.get(name, msgspec.UNSET), now.get(name, msgspec.UNSET))
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple):
        yield from _differ(at, _by_key(cast("list[object]", one)), _by_key(cast("list[object]", other)))
    elif one != other:
        yield Change(pointer=at, before=one, after=other)


def _by_key(ones: Sequence[object]) -> dict[str, object]:
    """A list as an object: by its members' keys, else by what they are about."""
    return {_name_of(one): one for one in ones}


def _name_of(one: object) -> str:
    if not isinstance(one, dict):
        return str(one)
    named = cast("dict[str, object]", one)
    about = f"{named.get('kind', '')}.{named.get('part', '')}".strip(".")
    return str(named.get("key") or named.get("about") or named.get("medicine") or about)

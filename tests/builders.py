"""Small functions that make valid things; one line per test says what differs."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain.detection import advice
from domain.detection.diary import Day
from domain.detection.engine import BY_ID
from domain.detection.judgement import Judgement
from domain.detection.picture import Picture, View
from domain.detection.rule import Rule
from domain.people import facts
from domain.people.facts import Fact
from domain.people.patient import Profile
from domain.plans.limits import Dated
from domain.readings.kinds import BY_NAME, CODE_NO
from domain.readings.quality import check
from domain.readings.reading import Draft, Reading
from domain.readings.units import both_glucose

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


def fact(key: str, value: str = "yes", since: datetime = LONG_AGO, until: datetime | None = None) -> Fact:
    """Something known about a person, as it was told."""
    return facts.admit(key, value, since, until)


ADULT = Profile(birth_on=date(1950, 3, 1), conditions=frozenset({"heart_failure"}), facts=(fact("best_peak_flow", "450"),))


def known(*more: Fact, conditions: str = "", base: Profile = ADULT) -> Profile:
    """Somebody with these facts, and these conditions where they are named."""
    held = frozenset(conditions.split()) if conditions else base.conditions
    keys = {one.key for one in more}
    return replace(base, conditions=held, facts=(*(one for one in base.facts if one.key not in keys), *more))


def at(text: str) -> datetime:
    """'07:30' of the day of NOW, or '-1d 07:30' of a day before, in UTC."""
    back = 0
    if text.startswith("-"):
        head, text = text.split(" ")
        back = int(head[1:-1])
    hour, minute = (int(part) for part in text.split(":"))
    return NOW.replace(hour=hour, minute=minute) - timedelta(days=back)


def draft(kind: str, value: Any = None, when: datetime = NOW, **more: Any) -> Draft:
    """A draft as a phone would send it."""
    known = BY_NAME.get(kind)
    unit = more.pop("unit", None if known is None or known.codes else known.unit)
    number = None if value is None or isinstance(value, tuple) or (isinstance(value, str) and known and known.codes) else value
    parts: dict[str, Decimal] | None = more.pop("parts", None)
    if isinstance(value, tuple):
        systolic, diastolic = cast("tuple[Any, Any]", value)
        parts = {"systolic": Decimal(str(systolic)), "diastolic": Decimal(str(diastolic))}
    code = value if known and known.codes and isinstance(value, str) else more.pop("code", None)
    return Draft(
        id=more.pop("id", None) or uuid7(), kind=kind, taken_at=when, value=None if number is None else Decimal(str(number)),
        parts=parts, code=code, unit=unit, **more,
    )  # fmt: skip


def reading(kind: str, value: Any, when: datetime = NOW, **more: Any) -> Reading:
    """A believed reading."""
    found = check(draft(kind, value, when, **more), recent={}, now=max(NOW, when))
    assert isinstance(found, Reading), found
    return found


def view(*readings: Reading, profile: Profile = ADULT, now: datetime = NOW, diary: dict[int, list[Day]] | None = None) -> View:
    """A picture of these readings at one now."""
    series: dict[int, list[Reading]] = {}
    for one in sorted(readings, key=lambda one: (one.taken_at, one.id)):
        series.setdefault(one.kind, []).append(one)
    return View(series, profile, now, diary)


def judged(rule: Rule, anchor: Reading, *others: Reading, profile: Profile = ADULT, now: datetime = NOW) -> Judgement | None:
    """One rule at one anchor, as the engine asks it; what it fires with has words for the patient and every number in them."""
    if (rule.conditions and not rule.conditions & profile.conditions) or (rule.told and not profile.told(rule.told)):
        return None
    seen = view(anchor, *others, profile=profile, now=now)
    if rule.daily and seen.stands(rule.anchors, seen.day(anchor.taken_at)) is not anchor:
        return None
    scope = rule.why_not(profile, anchor)
    found = rule.judge(rule, seen, anchor) if scope is None else rule.not_evaluable(anchor, scope)
    if found is not None and found.advice is not None:
        assert not advice.missing(found.advice, found.numbers), found
    return found


def own(**limits: str) -> dict[str, tuple[Dated, ...]]:
    """Limits of a person's own since long ago: `own(HF_W1__gain_kg="1.5")`; glucose in mmol/L gets its other half."""
    found: dict[str, tuple[Dated, ...]] = {}
    for key, text in limits.items():
        rule, _, name = key.partition("__")
        one = BY_ID[rule.replace("_", "-")].limits[name]
        value = Decimal(text)
        found[f"{rule.replace('_', '-')}.{name}"] = (
            Dated(value, NOW - timedelta(days=900), mg=None if one.mg is None else both_glucose(value)),
        )
    return found


def picture(profile: Profile = ADULT, now: datetime = NOW) -> Picture:
    """An empty picture that reaches far back."""
    return Picture(version=1, since=now - timedelta(days=400), profile=profile)


def symptom(code: str, when: datetime = NOW, **more: Any) -> Reading:
    """One reported symptom."""
    return reading("symptom", code, when, **more)


def code_no(code: str) -> int:
    """The stored number of a symptom."""
    return CODE_NO[BY_NAME["symptom"].no][code]


def new_id() -> UUID:
    """A fresh id."""
    return uuid7()

"""One Observation -> one draft, with who and what device it names, or why it is no reading (integrations 5)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, cast
from zoneinfo import ZoneInfo

import msgspec

from domain.readings.kinds import BY_NAME, Kind
from domain.readings.reading import Context, Draft, Source, TimeSource
from domain.readings.units import accepts, known_unit
from integrations.derived import reading_id
from integrations.fhir.codes import ARMS, COMPARATORS, MDC, MEANINGS, UCUM, Meaning
from integrations.fhir.primitives import day, instant, is_code, is_id, is_string
from integrations.fhir.shapes import Concept, Observation, Period, Quantity, Reference, Valued
from integrations.json_numbers import decimal

UNSET: Final = msgspec.UNSET
STATUSES: Final = frozenset({"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"})
_COUNTS: Final = frozenset({"final", "amended", "corrected"})
_LONGEST: Final = timedelta(hours=1)
_LONGEST_NAME: Final = 500
_OVER_A_DAY: Final = {"step_count", "sleep_duration", "reliever_puffs", "liquid_stools", "bloody_stools"}
"""What is counted over hours; everything else is measured at one moment."""


class Wrong(Exception):
    """This Observation is no reading. `issue` is FHIR's own word for it, `expression` a FHIRPath from the resource on."""

    def __init__(self, code: str, issue: str, expression: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.issue = issue
        self.expression = expression
        self.detail = detail


class Who(msgspec.Struct, frozen=True):
    """A person or thing as a reference names it: by address, or by system and value."""

    reference: str = ""
    system: str = ""
    value: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A draft, and what else the Observation says. `key`: the sender's own identifier of it, system and value."""

    draft: Draft
    subject: Who | None
    device: Who | None
    key: tuple[str, str] | None
    status: str


def read(one: Observation, *, zone: str, patient: str, sender: str = "") -> Found:
    """The draft of an Observation. `sender` and `patient` only make derived ids distinct. Raises Wrong."""
    _check(one)
    kind, meaning = _kind(one)
    device = _who(one.device, "Observation.device")
    subject = _who(one.subject, "Observation.subject")
    key = _key(one)
    is_gone = one.status == "entered-in-error"
    at, source, offset = _when(one, kind, zone)
    value, parts, code, unit, comparator = None, None, None, None, None
    if not is_gone:
        _must_have_value(one)
        if kind.parts:
            parts, unit = _parts(one, kind, meaning)
        elif kind.codes:
            code = _code(one, kind)
        else:
            value, unit, comparator = _single(one, kind, "Observation")
    names: tuple[object, ...] = ("fhir", sender, patient, *(key or (_named(device), kind.name, at.astimezone(UTC).isoformat())))
    content = (value, sorted((parts or {}).items()), code, unit)
    original = reading_id(*names) if key is not None else reading_id(*names, *content)
    draft = Draft(
        id=original, kind=kind.name, taken_at=at, value=value, parts=parts, code=code, unit=unit, comparator=comparator,
        context=_context(one.body_site), source=Source.FILE, time_source=source, offset_min=offset, history=True,
    )  # fmt: skip
    if is_gone:
        draft = msgspec.structs.replace(
            draft, id=reading_id(*names, "gone"), retracts=True, corrects=original, reason="Entered in error, says the sender",
        )  # fmt: skip
    elif one.status in {"amended", "corrected"} and key is not None:
        draft = msgspec.structs.replace(draft, id=reading_id(*names, at, *content), corrects=original, reason="Corrected by the sender")
    return Found(draft=draft, subject=subject, device=device, key=key, status=one.status)


def _key(one: Observation) -> tuple[str, str] | None:
    """The sender's own name of it: its first identifier with a value."""
    found = next(((each.system, each.value) for each in one.identifier if each.value), None)
    if found is not None and max(map(len, found)) > _LONGEST_NAME:
        raise Wrong("identifier_too_long", "too-long", "Observation.identifier", f"At most {_LONGEST_NAME} characters.")
    return found


def _check(one: Observation) -> None:  # noqa: C901 - each refusal is a line
    if one.resource_type != "Observation":
        raise Wrong("not_an_observation", "structure", "resourceType", "An Observation was expected.")
    if one.id and not is_id(one.id):
        raise Wrong("id_invalid", "value", "Observation.id", "Letters, digits, - and . up to 64.")
    if one.status not in STATUSES:
        raise Wrong("status_unknown", "code-invalid", "Observation.status", f"One of {', '.join(sorted(STATUSES))}.")
    for name, value in (("modifierExtension", one.modifier_extension), ("implicitRules", one.implicit_rules), ("focus", one.focus)):
        if value is not UNSET:
            # A focus is somebody or something else than the person: an unborn child, a donor.
            raise Wrong("not_understood", "not-supported", f"Observation.{name}", "It would change the meaning, and is not known here.")
    given = sum(name != "" for name in (one.effective_date_time, one.effective_instant)) + (one.effective_period is not None)
    if given + (one.effective_timing is not UNSET) > 1:
        raise Wrong("effective_twice", "structure", "Observation.effective", "One of effectiveDateTime, Period, Timing, Instant.")
    _one_value(one, "Observation")
    for place, part in enumerate(one.component):
        _one_value(part, f"Observation.component[{place}]")
        if part.modifier_extension is not UNSET:
            where = f"Observation.component[{place}].modifierExtension"
            raise Wrong("not_understood", "not-supported", where, "It would change the meaning, and is not known here.")
        if _has_value(one) and _shared(one.code, part.code):
            raise Wrong("obs-7", "invariant", f"Observation.component[{place}].code",
                        "Where a component has the code of the Observation, the value stands there only (obs-7).")
    if one.status not in _COUNTS and one.status != "entered-in-error":
        raise Wrong("not_final", "not-supported", "Observation.status", "Only what is final, amended or corrected is judged.")


def _one_value(one: Valued, where: str) -> None:
    given = _values(one)
    if given > 1:
        raise Wrong("value_twice", "structure", f"{where}.value", "At most one value[x].")
    if given and one.data_absent_reason is not None:
        raise Wrong("obs-6", "invariant", f"{where}.dataAbsentReason", "Only where there is no value (obs-6).")
    quantity = one.value_quantity
    if quantity is not None and quantity.comparator and quantity.comparator not in COMPARATORS:
        raise Wrong("comparator_unknown", "code-invalid", f"{where}.value.comparator", "One of <, <=, >=, >.")


def _values(one: Valued) -> int:
    """How many value[x] there are."""
    return (
        (one.value_quantity is not None) + (one.value_codeable_concept is not None) + (one.value_integer is not UNSET)
        + (one.value_string is not UNSET) + (one.value_boolean is not UNSET) + (one.value_range is not UNSET)
        + (one.value_ratio is not UNSET) + (one.value_sampled_data is not UNSET) + (one.value_time is not UNSET)
        + (one.value_date_time is not UNSET) + (one.value_period is not UNSET)
    )  # fmt: skip


def _has_value(one: Valued) -> bool:
    return one.value_quantity is not None or _values(one) > 0


def _shared(one: Concept, other: Concept) -> bool:
    return bool({(each.system, each.code) for each in one.coding if each.code} & {(each.system, each.code) for each in other.coding})


def _must_have_value(one: Observation) -> None:
    if one.data_absent_reason is not None:
        raise Wrong("no_value", "business-rule", "Observation.dataAbsentReason", "No value: nothing was measured.")
    if one.component or _has_value(one):
        return
    if one.has_member is not UNSET:
        raise Wrong("container", "not-supported", "Observation.hasMember", "A panel without a value: send its members.")
    raise Wrong("vs-2", "required", "Observation.value", "A value, components or dataAbsentReason (vs-2).")


def _meaning(concept: Concept, where: str) -> Meaning | None:
    """What a concept means; its codings may say it in several systems, never two different things."""
    found: Meaning | None = None
    for coding in concept.coding:
        if coding.code and not is_code(coding.code):
            raise Wrong("code_invalid", "value", f"{where}.coding.code", "A code has no blanks at its ends.")
        meaning = MEANINGS.get((coding.system, coding.code))
        if meaning is None:
            continue
        if found is not None and meaning != found:
            raise Wrong("code_conflict", "value", f"{where}.coding", "Its codings mean different things.")
        found = meaning
    return found


def _kind(one: Observation) -> tuple[Kind, Meaning]:
    meaning = _meaning(one.code, "Observation.code")
    if meaning is None:
        # Lung function has no panel code that all use: its parts say what it is.
        parts = [_meaning(part.code, "Observation.component.code") for part in one.component]
        meaning = next((each for each in parts if each is not None and each.kind == "spirometry"), None)
    if meaning is None:
        raise Wrong("kind_unknown", "code-invalid", "Observation.code",
                    "None of its codes is a kind of reading that is kept here; see GET metadata.")
    return BY_NAME[meaning.kind], meaning


def _single(one: Valued, kind: Kind, where: str) -> tuple[Decimal, str, Literal["<", ">"] | None]:
    if one.value_integer is not UNSET and kind.unit.startswith("{"):
        number = decimal(bytes(one.value_integer))
        if number is None or number != number.to_integral_value():
            raise Wrong("not_a_number", "value", f"{where}.value", "A whole number.")
        return number, kind.unit, None
    quantity = one.value_quantity
    if quantity is None:
        raise Wrong("value_unusable", "value", f"{where}.value", "A valueQuantity with its unit.")
    if quantity.value is UNSET:
        raise Wrong("value_missing", "required", f"{where}.value.value", "A number is needed.")
    number = decimal(bytes(quantity.value))
    if number is None:
        raise Wrong("not_a_number", "value", f"{where}.value.value", "A JSON number of at most 18 digits.")
    sign = COMPARATORS.get(quantity.comparator)
    return number, _unit(quantity, kind, where), cast("Literal['<', '>'] | None", sign)


def _unit(quantity: Quantity, kind: Kind, where: str) -> str:
    """The unit as UCUM, exactly; `unit` is for people, and only read where there is no code."""
    said = quantity.code or quantity.unit
    if not said:
        raise Wrong("unit_missing", "required", f"{where}.value.code", f"One of {', '.join(accepts(kind))}.")
    if quantity.code and quantity.system not in {UCUM, MDC}:
        raise Wrong("unit_system", "value", f"{where}.value.system", f"Units are UCUM: {UCUM}.")
    unit = _known(kind, said)
    if unit is None:
        raise Wrong("unit_unknown", "value", f"{where}.value.code", f"One of {', '.join(accepts(kind))}.")
    if quantity.code and quantity.unit:
        shown = known_unit(kind, quantity.unit)
        if shown is not None and shown != unit:
            raise Wrong("units_differ", "value", f"{where}.value.unit", "unit and code name two different units.")
    return unit


def _known(kind: Kind, said: str) -> str | None:
    found = known_unit(kind, said)
    if found is None and kind.unit.startswith("{") and (said == "1" or (said.startswith("{") and said.endswith("}"))):
        # In UCUM words in braces say nothing: {ScoreOf}, {score} and 1 are one unit.
        return kind.unit
    return found


def _named_parts(one: Observation, kind: Kind, meaning: Meaning) -> list[tuple[str, Valued, str]]:
    named: list[tuple[str, Valued, str]] = [(meaning.part, one, "Observation")] if meaning.part and _has_value(one) else []
    for place, component in enumerate(one.component):
        where = f"Observation.component[{place}]"
        part = _meaning(component.code, f"{where}.code")
        if part is None or part.kind != kind.name or not part.part:
            continue
        if not _has_value(component):
            if component.data_absent_reason is None:
                raise Wrong("vs-3", "required", f"{where}.value", "A value or dataAbsentReason (vs-3).")
            continue
        named.append((part.part, component, where))
    return named


def _parts(one: Observation, kind: Kind, meaning: Meaning) -> tuple[dict[str, Decimal], str]:
    found: dict[str, Decimal] = {}
    units: set[str] = set()
    for name, holder, where in _named_parts(one, kind, meaning):
        value, unit, comparator = _single(holder, kind, where)
        if comparator is not None:
            raise Wrong("not_a_number", "value", f"{where}.value.comparator", "The parts of a panel have numbers.")
        if name in found:
            raise Wrong("part_twice", "structure", f"{where}.code", "Each part once.")
        found[name] = value
        units.add(unit)
    missing = [part.name for part in kind.parts if not part.optional and part.name not in found]
    if missing:
        raise Wrong("part_missing", "required", "Observation.component", f"Components with a value are needed: {', '.join(missing)}.")
    if len(units) > 1:
        raise Wrong("units_differ", "value", "Observation.component", "All parts in one unit.")
    return found, units.pop()


def _code(one: Observation, kind: Kind) -> str:
    """A coded kind takes our own words as codes; what others mean by theirs is for a person to say."""
    concept = one.value_codeable_concept
    for coding in () if concept is None else concept.coding:
        if coding.code in kind.codes.values():
            return coding.code
    raise Wrong("code_unknown", "code-invalid", "Observation.value", f"One of {', '.join(list(kind.codes.values())[:12])}.")


class _At(msgspec.Struct, frozen=True):
    at: datetime
    source: TimeSource


def _when(one: Observation, kind: Kind, zone: str) -> tuple[datetime, TimeSource, int]:
    if one.effective_period is not None:
        found = _of_period(one.effective_period, kind, zone)
    elif one.effective_instant:
        at = instant(one.effective_instant)
        if at is None:
            raise Wrong("time_invalid", "value", "Observation.effective", "An instant has seconds and a zone.")
        found = _At(at, TimeSource.OFFSET_IN_PAYLOAD)
    elif one.effective_date_time:
        found = _of_text(one.effective_date_time, zone)
    else:
        raise Wrong("time_missing", "required", "Observation.effective", "When: effectiveDateTime, to the day at least (vs-1).")
    return found.at, found.source, int((found.at.utcoffset() or timedelta(0)).total_seconds() // 60)


def _of_period(period: Period, kind: Kind, zone: str) -> _At:
    if not period.start:
        raise Wrong("time_missing", "required", "Observation.effective.start", "A period says when it began.")
    start = _of_text(period.start, zone)
    if not period.end:
        return start
    end = _of_text(period.end, zone)
    if end.at < start.at:
        raise Wrong("per-1", "invariant", "Observation.effective", "A period ends after it began (per-1).")
    if kind.name in _OVER_A_DAY:
        # Sleep belongs to the morning it ends on, a count to the day it began on.
        return end if kind.name == "sleep_duration" else start
    if end.at - start.at > _LONGEST:
        raise Wrong("aggregate", "not-supported", "Observation.effective", "An average over hours is no single reading.")
    return end


def _of_text(text: str, zone: str) -> _At:
    at = instant(text) if "T" in text else None
    if at is not None:
        return _At(at, TimeSource.OFFSET_IN_PAYLOAD)
    midday = day(text)
    if midday is None:
        raise Wrong("time_invalid", "value", "Observation.effective", "A day, or seconds and a zone: 2026-03-02T07:30:00+00:00 (vs-1).")
    # Only the day is known: midday there is on that day for every rule that asks by date.
    return _At(midday.replace(tzinfo=ZoneInfo(zone)), TimeSource.PATIENT_ZONE)


def _who(reference: Reference | None, where: str) -> Who | None:
    if reference is None:
        return None
    named = reference.identifier
    if not reference.reference and named is None:
        raise Wrong("reference_empty", "required", where, "reference or identifier.")
    if reference.reference and not is_string(reference.reference):
        raise Wrong("reference_invalid", "value", f"{where}.reference", "An address.")
    return Who(reference.reference, "" if named is None else named.system, "" if named is None else named.value)


def _named(who: Who | None) -> str:
    return "" if who is None else f"{who.system}|{who.value}" if who.value else who.reference


def _context(site: Concept | None) -> Context | None:
    for coding in () if site is None else site.coding:
        arm = ARMS.get((coding.system, coding.code))
        if arm is not None:
            return Context(arm=cast("Literal['left', 'right']", arm))
    return None

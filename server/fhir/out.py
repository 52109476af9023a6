"""A stored reading as an Observation: codes, unit and digits as they were sent, and when it last changed."""

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Final
from uuid import UUID

from domain.intake import sample_id
from domain.readings.kinds import BY_NO, DataClass, Kind
from domain.readings.quality import restore_sample
from domain.readings.reading import Status
from integrations.fhir.codes import LOINC, SNOMED, UCUM
from server.fhir.ids import joined
from server.fhir.resources import Annotation, Coding, Component, Concept, Identifier, Meta, Observation, Quantity, Reference, instant
from server.fhir.store import HourRow, ReadingRow

OURS: Final = "urn:steady:kind"
"""The system of our own names of kinds; each reading carries its own beside LOINC and SNOMED CT."""
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
CATEGORIES: Final = {
    DataClass.VITALS: "vital-signs", DataClass.GLUCOSE: "laboratory", DataClass.LABORATORY: "laboratory", DataClass.BREATHING: "exam",
    DataClass.SYMPTOMS: "survey", DataClass.MOOD: "survey", DataClass.ACTIVITY: "activity", DataClass.RECORD: "exam",
}  # fmt: skip
_BOTH_SATURATIONS: Final = ("2708-6", "59408-5")
_SHOWN: Final = {"mm[Hg]": "mmHg", "Cel": "°C", "{score}": "score"}
_WORDS: Final = {
    "soft_range": "Unusual; a repeat is asked for.", "suspect_unit": "Perhaps in another unit; a repeat is asked for.",
    "clock_ahead": "The device's clock was ahead; the time is when it was received.", "released": "Held, looked at and released.",
    "corrected": "Held, looked at and put right.", "beyond_range": "Beyond what the device can show.",
}  # fmt: skip
STATUS: Final = {Status.FINAL: "final", Status.SUPERSEDED: "entered-in-error", Status.ENTERED_IN_ERROR: "entered-in-error"}
"""What is no longer in force must not be read as if it were."""


def observation(patient: UUID, row: ReadingRow, names: Iterable[tuple[str, str]] = ()) -> Observation:
    """One reading. `names`: how its sender named it, system and value."""
    kind = BY_NO[row.kind]
    sent = row.original or [value for value in (row.value, row.value2, row.value3) if value is not None]
    unit = row.unit or kind.unit
    coded = kind.codes.get(int(row.value)) if kind.codes else None
    parts = tuple(
        Component(code=_concept(LOINC, part.loinc, part.name), value_quantity=_quantity(value, unit))
        for part, value in zip(kind.parts, sent, strict=False)
    )
    status = "corrected" if row.corrects is not None and row.status == Status.FINAL else STATUS[Status(row.status)]
    return Observation(
        id=logical_id(patient, row), meta=Meta(version_id=version(row), last_updated=instant(changed(row))),
        identifier=tuple(Identifier(system=system, value=value) for system, value in names), status=status,
        category=(Concept(coding=(Coding(system=_CATEGORY, code=CATEGORIES[kind.data_class]),)),),
        code=_code(kind), subject=Reference(reference=f"Patient/{patient}"), effective_date_time=_local(row), issued=instant(row.received_at),
        value_quantity=None if parts or coded else _quantity(sent[0], unit, row.comparator or ""),
        value_codeable_concept=None if coded is None else Concept(coding=(Coding(system=f"{OURS}:{kind.name}", code=coded),)),
        component=parts, device=Reference(reference=f"Device/{row.device}") if row.device else None,
        note=tuple(Annotation(text=_WORDS[mark]) for mark in row.marks or () if mark in _WORDS),
    )  # fmt: skip


def logical_id(patient: UUID, row: ReadingRow) -> str:
    """How FHIR names this reading."""
    return joined(patient, row.id, row.taken_at if BY_NO[row.kind].sampled else None)


def samples(patient: UUID, hour: HourRow) -> list[ReadingRow]:
    """The samples of one sensor hour as rows of their own."""
    kind = BY_NO[hour.kind]
    found: list[ReadingRow] = []
    for place, ms in enumerate(hour.ms):
        sign = hour.comparator[place]
        sample = restore_sample(
            kind=hour.kind, taken_at=hour.hour + timedelta(milliseconds=ms), received_at=hour.received_at, value=hour.value[place],
            unit=hour.unit[place], comparator="<" if sign == "<" else ">" if sign == ">" else None, device=hour.device, source=0,
            time_source=0, offset_min=hour.offset_min, marks=(), status=hour.status[place],
        )  # fmt: skip
        found.append(ReadingRow(
            id=sample_id(patient, sample), kind=kind.no, taken_at=sample.taken_at, received_at=hour.received_at, value=sample.value,
            value2=None, value3=None, original=[hour.value[place]], unit=hour.unit[place], comparator=sign, status=hour.status[place],
            device=hour.device, offset_min=hour.offset_min, corrects=None, marks=hour.marks[place].split(), changed_at=hour.received_at,
        ))  # fmt: skip
    return found


def version(row: ReadingRow) -> str:
    """A reading never changes; only that it is no longer in force makes a second version of it."""
    return "1" if row.status == Status.FINAL else "2"


def changed(row: ReadingRow) -> datetime:
    """When it last changed."""
    return row.received_at if row.status == Status.FINAL or row.changed_at is None else row.changed_at


def _local(row: ReadingRow) -> str:
    zone = timezone(timedelta(minutes=row.offset_min))
    return row.taken_at.astimezone(zone).isoformat(timespec="milliseconds" if row.taken_at.microsecond else "seconds")


def _code(kind: Kind) -> Concept:
    loincs = _BOTH_SATURATIONS if kind.name == "oxygen_saturation" else (kind.loinc,) if kind.loinc else ()
    codings = [Coding(system=LOINC, code=code) for code in loincs]
    if kind.snomed is not None:
        codings.append(Coding(system=SNOMED, code=kind.snomed))
    return Concept(coding=(*codings, Coding(system=OURS, code=kind.name, display=kind.label)), text=kind.label)


def _concept(system: str, code: str, text: str) -> Concept:
    return Concept(coding=(Coding(system=system, code=code),), text=text.capitalize())


def _quantity(value: Decimal, unit: str, comparator: str = "") -> Quantity:
    return Quantity(value=value, comparator=comparator, unit=_SHOWN.get(unit, unit.strip("{}")), system=UCUM, code=unit)

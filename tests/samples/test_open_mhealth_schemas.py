"""Open mHealth: our structs against the published schemas, and the published documents, read in place."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from integrations.open_mhealth.adapter import Wrong, body_of, instant, read
from integrations.open_mhealth.shapes import SCHEMAS
from tests.samples.test_real_exports import sample

pytestmark = pytest.mark.samples
IEEE = "https://w3id.org/ieee/ieee-1752-schema/"
OMH = "https://w3id.org/openmhealth/schemas/omh/"
FORMATS = FormatChecker()


@FORMATS.checks("date-time")
def is_date_time(value: object) -> bool:
    """RFC 3339: jsonschema looks only where another package is installed."""
    if not isinstance(value, str):
        return True
    try:
        instant(value, "")
    except Wrong:
        return False
    return True


def root() -> Path:
    return sample("openmhealth/README.md").parent


def registry() -> Any:
    found: list[tuple[str, Any]] = []
    for file in (root() / "schema" / "omh").glob("*.json"):
        one = json.loads(file.read_text())
        found.append((OMH + file.name, Resource.from_contents({**one, "$id": OMH + file.name}, default_specification=DRAFT7)))
    for file in (root() / "schema" / "ieee").rglob("*.json"):
        one = json.loads(file.read_text())
        found.append((IEEE + file.name, Resource.from_contents({**one, "$id": IEEE + file.name}, default_specification=DRAFT7)))
    registries: Any = Registry
    return registries().with_resources(found)


def validator(name: str) -> Any:
    namespace, schema, version = name.split(":")
    base = IEEE if namespace == "ieee" else OMH
    made: Any = Draft7Validator
    return made({"$ref": f"{base}{schema}-{version}.json"}, registry=registry(), format_checker=FORMATS)


def is_ours(raw: bytes, name: str) -> bool:
    try:
        body_of(raw, name)
    except Wrong:
        return False
    return True


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_accepts_and_refuses_its_published_documents(name: str) -> None:
    namespace, schema, version = name.split(":")
    folder = root() / "samples" / namespace / schema / version
    published = validator(name)
    for file in sorted(folder.rglob("*.json")):
        raw = file.read_bytes()
        passes = file.parent.name == "shouldPass"
        assert is_ours(raw, name) is passes, file
        if not passes:
            with pytest.raises(Wrong) as found:
                read(raw, zone="Europe/London", patient="p", schema=name)
            assert found.value.code in {"structure", "time_invalid", "not_a_number"}
        assert published.is_valid(json.loads(raw)) is passes, file


def changes(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Small changes of a body, most of them wrong."""
    found: list[dict[str, Any]] = []
    for key in body:
        found.append({name: value for name, value in body.items() if name != key})
        others: tuple[Any, ...] = (None, 5, "x", [], {}, True)
        found.extend({**body, key: value} for value in others)
    frames: list[Any] = [
        {"date_time": "2026-03-02T07:30:00Z"}, {"date_time": "2026-03-02T07:30:00"}, {"date_time": "yesterday"}, {},
        {"time_interval": {"start_date_time": "2026-03-02T07:30:00Z", "duration": {"value": 5, "unit": "min"}}},
        {"time_interval": {"start_date_time": "2026-03-02T07:30:00Z", "duration": {"value": 5, "unit": "minutes"}}},
        {"time_interval": {"start_date_time": "2026-03-02T07:30:00Z", "end_date_time": "2026-03-02T07:31:00Z",
                           "duration": {"value": 5, "unit": "min"}}},
        {"time_interval": {"date": "2026-03-02", "part_of_day": "morning"}},
        {"time_interval": {"date": "2026-3-2", "part_of_day": "morning"}},
        # What says both at once is refused here; the published oneOf lets it pass where one of the two is wrong.
    ]  # fmt: skip
    found += [{**body, "effective_time_frame": frame} for frame in frames]
    for extra, value in (("descriptive_statistic", "average"), ("descriptive_statistic", "mean"), ("body_posture", "sitting"),
                         ("body_posture", "upside down"), ("specimen_source", "capillary blood"), ("specimen_source", "fluid"),
                         ("temporal_relationship_to_meal", "fasting"), ("temporal_relationship_to_meal", "hungry"), ("colour", "blue"),
                         ("measurement_location", "left wrist"), ("measurement_location", "nose"),
                         ("temporal_relationship_to_sleep", "on waking"),
                         ("temporal_relationship_to_physical_activity", "at rest"),
                         ("temporal_relationship_to_physical_activity", "running"), ("user_notes", 5),
                         ("system", "peripheral capillary"), ("system", "x"),
                         ("supplemental_oxygen_flow_rate", {"value": 2, "unit": "L/min"}),
                         ("supplemental_oxygen_flow_rate", {"value": 2, "unit": "l"}),
                         ("position_during_measurement", "standing")):  # fmt: skip
        found.append({**body, extra: value})
    return found


@pytest.mark.parametrize("name", SCHEMAS)
def test_our_structs_and_the_published_schema_say_the_same_of_changed_documents(name: str) -> None:
    namespace, schema, version = name.split(":")
    folder = root() / "samples" / namespace / schema / version / "shouldPass"
    published = validator(name)
    measures = SCHEMAS[name].measures
    units = ("mmHg", "beats/min", "breaths/min", "%", "kg", "cm", "kg/m2", "kg/m^2", "mg/dL", "C", "h", "ms", "steps", "L", "mmol/L", "sec")
    bodies: list[dict[str, Any]] = [json.loads(file.read_text()) for file in folder.glob("*.json")]
    frame = {"date_time": "2026-03-02T07:30:00Z"}
    more: list[dict[str, Any]] = [
        {**{one: {"value": 5.5, "unit": unit} for one in measures}, "effective_time_frame": frame} for unit in units
    ]
    more.append({**dict.fromkeys(measures, 5), "effective_time_frame": frame})
    if not bodies:
        bodies = [next(one for one in more if published.is_valid(one) or name.startswith("ieee"))]
    for body in (*bodies[:1], *more):
        for changed in (body, *(changes(body) if body is bodies[0] else ())):
            assert is_ours(msgspec.json.encode(changed), name) is published.is_valid(changed), changed

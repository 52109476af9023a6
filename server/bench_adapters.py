"""`steady bench adapters`: what reading one document costs, beside the library that one would otherwise use."""

import gc
import importlib
import json as text
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from integrations.fhir.adapter import observation
from integrations.hl7v2.message import read as message
from integrations.manifest import Delivery
from integrations.open_mhealth.adapter import body_of
from integrations.registry import manifests
from server import clock
from server.settings import Settings

ROUNDS: Final = 5
AIM: Final = 20.0
_UCUM: Final = {"system": "http://unitsofmeasure.org", "code": "mm[Hg]", "unit": "mmHg"}


def _coded(code: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://loinc.org", "code": code}]}


FHIR: Final = msgspec.json.encode({
    "resourceType": "Observation", "status": "final", "identifier": [{"system": "https://vendor.example/readings", "value": "1"}],
    "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}],
    "code": _coded("85354-9"), "subject": {"reference": "Patient/0190a8f0-5b6e-7c3a-9d2e-6f1f2b3c4d5e"},
    "effectiveDateTime": "2026-03-02T07:30:00+00:00", "device": {"identifier": {"value": "SN-1001"}},
    "component": [{"code": _coded("8480-6"), "valueQuantity": {"value": 142, **_UCUM}},
                  {"code": _coded("8462-4"), "valueQuantity": {"value": 88, **_UCUM}}],
})  # fmt: skip
OMH: Final = msgspec.json.encode({
    "header": {"id": "0f1e", "creation_date_time": "2026-03-02T08:00:00Z",
               "schema_id": {"namespace": "omh", "name": "blood-pressure", "version": "3.0"}},
    "body": {"systolic_blood_pressure": {"value": 142, "unit": "mmHg"}, "diastolic_blood_pressure": {"value": 88, "unit": "mmHg"},
             "effective_time_frame": {"date_time": "2026-03-02T07:30:00Z"}, "body_posture": "sitting"},
})  # fmt: skip
HL7: Final = (
    b"MSH|^~\\&|A||||20260302080000+0000||ORU^R01^ORU_R01|M1|P|2.6\rPID|||1^^^A^PI\rOBR|1|||X|||20260302073000+0000\r"
    b"OBX|1|NM|188736^MDC_MASS_BODY_ACTUAL^MDC|1.0.0.1|80.2|kg^kg^UCUM|||||F\r"
)


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Microseconds a reading: read and checked, all the way to a draft, and the library's reading where it is installed."""

    format: str
    read_us: float
    draft_us: float
    beside: str
    beside_us: float | None
    times: float | None


def _us(act: Callable[[], object]) -> float:
    """Microseconds of one call, the best of some rounds."""
    act()
    best = float("inf")
    gc.disable()
    try:
        for _ in range(ROUNDS):
            calls, spent = 0, 0.0
            # Of the processor, so that neighbours on the machine do not count.
            began = time.process_time()
            while spent < 0.1:  # noqa: PLR2004 - long enough for the clock, short enough for a person
                for _ in range(5):
                    act()
                calls += 5
                spent = time.process_time() - began
            best = min(best, spent / calls * 1e6)
    finally:
        gc.enable()
    return best


def _ours(name: str, body: bytes) -> Callable[[], object]:
    adapter = manifests()[name].adapter
    delivery = Delivery(body=body, received_at=clock.now(), patient="p")
    assert len(adapter.parse(delivery).drafts) == 1  # noqa: S101 - what is measured is a reading
    return lambda: adapter.parse(delivery)


def _fhir(_samples: Path) -> Callable[[], object]:
    model: Any = importlib.import_module("fhir.resources.R4B.observation").Observation
    return lambda: model.model_validate_json(FHIR)


def _omh(samples: Path) -> Callable[[], object]:
    library: Any = importlib.import_module("jsonschema")
    registry: Any = importlib.import_module("referencing")
    draft = importlib.import_module("referencing.jsonschema").DRAFT7
    known: list[tuple[str, Any]] = []
    for folder, base in (("omh", "https://w3id.org/openmhealth/schemas/omh/"), ("ieee", "https://w3id.org/ieee/ieee-1752-schema/")):
        for one in sorted((samples / "openmhealth" / "schema" / folder).rglob("*.json")):
            schema = {**text.loads(one.read_text()), "$id": base + one.name}
            known.append((base + one.name, registry.Resource.from_contents(schema, default_specification=draft)))
    if not known:
        raise ImportError("the published schemas (STEADY_SAMPLES)")
    found = {"$ref": "https://w3id.org/openmhealth/schemas/omh/blood-pressure-3.0.json"}
    validator: Any = library.Draft7Validator(found, registry=registry.Registry().with_resources(known))
    return lambda: validator.validate(text.loads(OMH)["body"])


def _hl7(_samples: Path) -> Callable[[], object]:
    parser: Any = importlib.import_module("hl7apy.parser")
    message = HL7.decode()
    return lambda: parser.parse_message(message)


_BESIDE: Final[tuple[tuple[str, bytes, Callable[[], object], str, Callable[[Path], Callable[[], object]]], ...]] = (
    # A library reads and checks; it knows nothing of kinds, units and drafts. Both are told.
    ("fhir", FHIR, lambda: observation(FHIR), "fhir.resources", _fhir),
    ("open_mhealth", OMH, lambda: body_of(_OMH_BODY, "omh:blood-pressure:3.0"), "jsonschema", _omh),
    ("hl7v2", HL7, lambda: message(HL7), "hl7apy", _hl7),
)
_OMH_BODY: Final = msgspec.json.encode(msgspec.json.decode(OMH)["body"])


def measured(samples: Path) -> list[Cost]:
    """Each format with its library; None where that is not installed (it is in the test group)."""
    found: list[Cost] = []
    for name, body, reads, library, make in _BESIDE:
        ours = _us(reads)
        try:
            beside = _us(make(samples))
        except ImportError:
            beside = None
        found.append(Cost(
            format=name, read_us=ours, draft_us=_us(_ours(name, body)), beside=library, beside_us=beside,
            times=None if beside is None else beside / ours,
        ))  # fmt: skip
    return found


def main(settings: Settings, *, json: bool = False) -> int:
    """Print the table; 1 when a library that is installed is less than 20 times slower."""
    found = measured(settings.samples)
    if json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        for one in found:
            beside = "not installed here" if one.beside_us is None else f"{one.beside_us:9.1f} us, {one.times:6.1f} times ours"
            sys.stdout.write(f"{one.format:14} read {one.read_us:7.1f} us, to a draft {one.draft_us:7.1f} us   {one.beside:16} {beside}\n")
    return 1 if any(one.times is not None and one.times < AIM for one in found) else 0

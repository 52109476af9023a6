"""What can be done here: the CapabilityStatement at /metadata, made once."""

from typing import Any, Final

from domain.readings.kinds import BY_NAME
from domain.readings.units import accepts
from server.fhir.record import READERS
from server.fhir.search import KNOWN

_SECURITY: Final = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_TOKENS: Final = frozenset({"code", "combo-code", "category", "status", "identifier", "_id"})
_REFERENCES: Final = frozenset({"patient", "subject", "device"})
SHOWN: Final[dict[str, tuple[str, ...]]] = {
    "Patient": ("read", "search-type"), "Device": ("read", "search-type"), "Observation": ("create", "read", "update", "search-type"),
    **{kind: ("search-type",) if kind == "AuditEvent" else ("read", "search-type") for kind in READERS},
}  # fmt: skip
PARAMETERS: Final[dict[str, tuple[str, ...]]] = {
    "Patient": ("_id", "identifier"), "Device": ("identifier", "patient"), **dict.fromkeys(READERS, ("patient",)),
}  # fmt: skip


def _kind(name: str) -> str:
    if name in _TOKENS:
        return "token"
    return "reference" if name in _REFERENCES else "date" if name in {"date", "_lastUpdated"} else "string"


def _resource(kind: str, does: tuple[str, ...], names: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": kind, "interaction": [{"code": one} for one in does], "versioning": "versioned",
        "searchParam": [{"name": name, "type": _kind(name)} for name in names],
    }  # fmt: skip
    if kind == "Patient":
        found["operation"] = [{"name": "everything", "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything"}]
    if kind == "Observation":
        found |= {"conditionalCreate": True, "searchInclude": ["Observation:subject", "Observation:device"],
                  "documentation": "Kinds that are kept, with their units: " + "; ".join(
                      f"{kind.name} ({', '.join(accepts(kind))})" for kind in BY_NAME.values())}  # fmt: skip
    return found


def statement(base: str, version: str, resources: dict[str, tuple[str, ...]], parameters: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """The statement of one server at `base`."""
    root = base.removesuffix("/fhir/R4")
    observed = tuple(sorted(name for name in KNOWN if ":" not in name and name not in {"_format", "_pretty", "_page", "_include", "_summary",
                                                                                      "_total", "_count", "_sort"}))  # fmt: skip
    uris = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
    return {
        "resourceType": "CapabilityStatement", "status": "active", "date": "2026-11-25", "kind": "instance",
        "software": {"name": "Steady", "version": version},
        "implementation": {"description": "Readings in, deterioration noticed, a nurse acts. Not a medical device.", "url": base},
        "fhirVersion": "4.0.1", "format": ["json", "application/fhir+json"],
        "rest": [{
            "mode": "server",
            "security": {
                "cors": False, "service": [{"coding": [{"system": _SECURITY, "code": "SMART-on-FHIR"}]}],
                "extension": [{"url": uris, "extension": [{"url": "token", "valueUri": f"{root}/oauth/token"}]}],
            },
            "resource": [_resource(kind, does, observed if kind == "Observation" else parameters.get(kind, ()))
                         for kind, does in resources.items()],
            "interaction": [{"code": "batch"}, {"code": "transaction"}],
        }],
    }  # fmt: skip

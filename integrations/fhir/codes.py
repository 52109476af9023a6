"""Which code of which system means which kind of reading (integrations 1). A code that is not here is unknown."""

from typing import Final

import msgspec

from domain.readings.kinds import BY_NAME

LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
MDC: Final = "urn:iso:std:iso:11073:10101"
UCUM: Final = "http://unitsofmeasure.org"
NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"


class Meaning(msgspec.Struct, frozen=True):
    """A kind of reading, or one part of it."""

    kind: str
    part: str = ""


_MORE: Final = {
    "heart_rate": ((SNOMED, "444981005"), (SNOMED, "78564009"), (MDC, "147842"), (MDC, "149530"), (MDC, "149546")),
    # 2708-6 is the code that R4's profile fixes; 59408-5 says pulse oximetry.
    "oxygen_saturation": ((LOINC, "2708-6"), (SNOMED, "103228002"), (MDC, "150456")),
    "respiratory_rate": ((MDC, "151562"),),
    "body_temperature": ((SNOMED, "276885007"), (MDC, "150344"), (MDC, "150364")),
    "body_weight": ((LOINC, "3141-9"), (MDC, "188736")),
    "body_height": ((MDC, "188740"),),
    "bmi": ((MDC, "188752"),),
    "blood_pressure": ((LOINC, "55284-4"), (MDC, "150020")),
    "glucose_capillary": ((LOINC, "41653-7"), (MDC, "160184")),
    "glucose_cgm": ((LOINC, "99504-3"),),
    "glucose": ((LOINC, "2339-0"), (MDC, "160368")),
    "hba1c": ((LOINC, "4548-4"),),
    "step_count": ((LOINC, "41950-7"),),
    "egfr": ((LOINC, "33914-3"), (LOINC, "98979-8")),
    "urine_acr": ((LOINC, "9318-7"),),
    "creatinine": ((LOINC, "2160-0"),),
}  # fmt: skip
_PARTS: Final = {
    ("blood_pressure", "systolic"): ((SNOMED, "72313002"), (SNOMED, "271649006"), (MDC, "150021")),
    ("blood_pressure", "diastolic"): ((SNOMED, "1091811000000102"), (SNOMED, "271650006"), (MDC, "150022")),
    ("blood_pressure", "mean"): ((MDC, "150023"),),
}  # fmt: skip


def _kinds() -> dict[tuple[str, str], Meaning]:
    found: dict[tuple[str, str], Meaning] = {}
    for kind in BY_NAME.values():
        for system, code in ((LOINC, kind.loinc), (SNOMED, kind.snomed)):
            if code is not None:
                found[system, code] = Meaning(kind.name)
        for part in kind.parts:
            found[LOINC, part.loinc] = Meaning(kind.name, part.name)
    for name, codes in _MORE.items():
        found.update(dict.fromkeys(codes, Meaning(name)))
    for (name, part), codes in _PARTS.items():
        found.update(dict.fromkeys(codes, Meaning(name, part)))
    return found


MEANINGS: Final = _kinds()
"""(system, code) -> what it means."""
COMPARATORS: Final = {"<": "<", "<=": "<", ">": ">", ">=": ">"}
ARMS: Final = {
    (SNOMED, "368209003"): "right", (SNOMED, "368208006"): "left", (SNOMED, "72696002"): "right", (SNOMED, "7771000"): "left",
}  # fmt: skip

"""The public R4, UK Core and personal health device examples, read in place: each Observation is a reading, or refused for its reason."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from domain.readings.kinds import BY_NAME
from integrations.fhir.adapter import bundle, kind_of, observation
from integrations.fhir.observation import Wrong, read
from integrations.fhir.primitives import day, instant, is_code, is_id, is_string
from integrations.json_numbers import decimal
from tests.samples.test_real_exports import sample

pytestmark = pytest.mark.samples
FOLDERS = ("fhir-r4", "fhir-ukcore", "fhir-phd")
UNKNOWN = "kind_unknown"
PRESSURE = "blood_pressure"
# By file and by its first code: the kind that is read of it, or why it is refused.
EXPECTED: dict[str, dict[str, str]] = {
    "fhir-phd/bpm-status.json": {"8410608": UNKNOWN},
    "fhir-phd/bundle-continuousnonin.json": {
        "67996": UNKNOWN, "150456": "oxygen_saturation", "149530": "heart_rate", "150320": UNKNOWN, "150604": UNKNOWN,
    },
    "fhir-phd/coin-20181119202022.json": {"67975": UNKNOWN},
    "fhir-phd/coin-example-1.json": {"67975": UNKNOWN},
    "fhir-phd/compound-numeric-blood-pressure-no-mean.json": {"150020": PRESSURE},
    "fhir-phd/compound-numeric-blood-pressure.json": {"150020": PRESSURE},
    "fhir-phd/compound-observation-glucose.json": {"8452097": UNKNOWN},
    "fhir-phd/glucose-observation.json": {"160368": "glucose"},
    "fhir-phd/meal-context-observation.json": {"8417864": UNKNOWN},
    "fhir-phd/numeric-spo2-alarm.json": {"150456": "oxygen_saturation"},
    "fhir-phd/numeric-spotnumeric.json": {"149530": "heart_rate"},
    "fhir-phd/rtsa-example-2.json": {"131329": UNKNOWN},
    "fhir-phd/rtsa-example.json": {"150452": UNKNOWN},
    "fhir-phd/temperature-observation.json": {"150364": "body_temperature"},
    # Glucose without a time.
    "fhir-r4/bundles/Bundle-bundle-references.json": {"15074-8": "time_missing"},
    "fhir-r4/bundles/Bundle-lipids.json": {"35200-5": UNKNOWN, "35217-9": UNKNOWN, "2085-9": UNKNOWN, "13457-7": UNKNOWN},
    "fhir-r4/edge/observation_decimal_corner_cases.json": {"bar": UNKNOWN},
    "fhir-r4/edge/observation_invalid_multiple_choicex_provided.json": {"": "value_twice"},
    "fhir-r4/edge/observation_scientific_notation_corner_cases.json": {"bar": UNKNOWN},
    "fhir-r4/observations/Observation-10minute-apgar-score.json": {"9271-8": UNKNOWN},
    "fhir-r4/observations/Observation-20minute-apgar-score.json": {"443849008": UNKNOWN},
    "fhir-r4/observations/Observation-2minute-apgar-score.json": {"9273-4": UNKNOWN},
    "fhir-r4/observations/Observation-5minute-apgar-score.json": {"9274-2": UNKNOWN},
    "fhir-r4/observations/Observation-bgpanel.json": {"34532-2": UNKNOWN},
    # Its diastolic part says that it is not known.
    "fhir-r4/observations/Observation-blood-pressure-dar.json": {"85354-9": "part_missing"},
    "fhir-r4/observations/Observation-blood-pressure.json": {"85354-9": PRESSURE},
    "fhir-r4/observations/Observation-body-height.json": {"8302-2": "body_height"},
    "fhir-r4/observations/Observation-body-length.json": {"8302-2": "body_height"},
    "fhir-r4/observations/Observation-body-temperature.json": {"8310-5": "body_temperature"},
    "fhir-r4/observations/Observation-decimal.json": {"": UNKNOWN},
    "fhir-r4/observations/Observation-f001.json": {"15074-8": "glucose"},
    "fhir-r4/observations/Observation-f003.json": {"11557-6": UNKNOWN},
    "fhir-r4/observations/Observation-f004.json": {"789-8": UNKNOWN},
    "fhir-r4/observations/Observation-f005.json": {"718-7": "haemoglobin"},
    "fhir-r4/observations/Observation-glasgow.json": {"9269-2": UNKNOWN},
    "fhir-r4/observations/Observation-head-circumference.json": {"9843-4": UNKNOWN},
    "fhir-r4/observations/Observation-respiratory-rate.json": {"9279-1": "respiratory_rate"},
    "fhir-r4/observations/Observation-satO2.json": {"2708-6": "oxygen_saturation"},
    "fhir-r4/observations/Observation-vitals-panel.json": {"85353-1": UNKNOWN},
    "fhir-ukcore/json/UKCore-Bundle-BatchPOST-Example.json": {"75367002": PRESSURE},
    "fhir-ukcore/json/UKCore-Bundle-NEWS2Observations-Example.json": {
        "1104051000000101": "news2_total", "86290005": "respiratory_rate", "364075005": "heart_rate", "103228002": "oxygen_saturation",
        "722742002": UNKNOWN, "276885007": "body_temperature", "75367002": PRESSURE, "1104441000000107": UNKNOWN,
    },
    # An average of 24 hours.
    "fhir-ukcore/json/UKCore-Observation-24HourBloodPressure-Example.json": {"314463006": UNKNOWN},
    "fhir-ukcore/json/UKCore-Observation-AwarenessOfDiagnosis-Example.json": {"162564003": UNKNOWN},
    "fhir-ukcore/json/UKCore-Observation-HeavyDrinker-Example.json": {"1082631000000102": UNKNOWN},
    "fhir-ukcore/json/UKCore-Observation-Lab-Sn-AbsentData-Example.json": {"58571000237106": UNKNOWN},
    "fhir-ukcore/json/UKCore-Observation-Lab-WhiteCellCount-Example.json": {"16181000237107": UNKNOWN},
    "fhir-ukcore/json/UKCore-Observation-NPEWSTotal-Example.json": {"1363261000000104": UNKNOWN},
    "fhir-ukcore/json/UKCore-Observation-OxygenTherapy-Example.json": {"371825009": UNKNOWN},
    "fhir-ukcore/json/UKCore-Observation-VitalSigns-BodyHeight-Example.json": {"50373000": "body_height"},
    "fhir-ukcore/json/UKCore-Observation-VitalSigns-HeartRate-Example.json": {"444981005": "heart_rate"},
}  # fmt: skip


def root() -> Path:
    return sample("fhir-r4/README.md").parent.parent


def resources(raw: bytes) -> Iterator[bytes]:
    """The Observations of a file, as they stand in it."""
    if kind_of(raw) == "Bundle":
        for entry in bundle(raw).entry:
            if isinstance(entry.resource, msgspec.Raw):
                yield from resources(bytes(entry.resource))
    elif kind_of(raw) == "Observation":
        yield raw


def values(found: Any) -> set[Decimal]:
    """Every number of a resource that is a value, with its digits."""
    if isinstance(found, dict):
        fields = cast("dict[str, Any]", found)
        return {one for name, value in fields.items() for one in ({value} if name == "value" and isinstance(value, Decimal) else values(value))}
    return {one for each in cast("list[Any]", found) for one in values(each)} if isinstance(found, list) else set()


def test_no_observation_of_the_samples_is_passed_over() -> None:
    files = [file for name in FOLDERS for file in (root() / name).rglob("*.json")]
    assert {str(file.relative_to(root())) for file in files if any(True for _ in resources(file.read_bytes()))} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_each_observation_of_the_samples_is_a_reading_or_refused_for_its_reason(name: str) -> None:
    seen: set[str] = set()
    for raw in resources(sample(name).read_bytes()):
        told = json.loads(raw, parse_float=Decimal, parse_int=Decimal)
        code = next((coding["code"] for coding in told.get("code", {}).get("coding", ())), "")
        seen.add(code)
        expected = EXPECTED[name][code]
        if expected not in BY_NAME:
            with pytest.raises(Wrong) as wrong:
                read(observation(raw), zone="Europe/London", patient="p")
            assert wrong.value.code == expected, code
            continue
        draft = read(observation(raw), zone="Europe/London", patient="p").draft
        assert draft.kind == expected
        given = [draft.value] if draft.parts is None else list(draft.parts.values())
        # The same digits: 99.0 is not 99.
        assert {str(one) for one in given} <= {str(one) for one in values(told)}
        assert draft.taken_at.isoformat().startswith(told.get("effectiveDateTime", told.get("effectivePeriod", {}).get("end", ""))[:10])
    assert seen == EXPECTED[name].keys()


def text(check: Callable[[str], object]) -> Callable[[bytes], bool]:
    def holds(line: bytes) -> bool:
        found = msgspec.json.decode(line)
        return isinstance(found, str) and bool(check(found))

    return holds


PRIMITIVES: dict[str, Callable[[bytes], bool]] = {
    "instant": text(instant), "id": text(is_id), "code": text(is_code), "string": text(is_string),
    "decimal": lambda line: decimal(line) is not None, "date_time": text(lambda found: instant(found) or day(found)),
}  # fmt: skip


# The only valid instant there is null.
@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in PRIMITIVES for kind in ("valid", "invalid") if name + kind != "instantvalid"]
)
def test_each_published_primitive_is_accepted_or_refused(name: str, kind: str) -> None:
    lines = [line.strip() for line in sample(f"fhir-r4/primitives/{name}.{kind}.ndjson").read_bytes().splitlines()]
    # A null stands for what is not there at all.
    tried = [line for line in lines if line not in {b"", b"null"}]
    assert tried
    for line in tried:
        # A month is a date, but no day of a reading (vs-1).
        assert (PRIMITIVES[name](line) or line == b'"1800-02"') is (kind == "valid"), line

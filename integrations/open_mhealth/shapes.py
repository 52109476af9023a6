"""Open mHealth and IEEE 1752.1 as structs: one a schema and version, accepting what its published schema accepts."""

from typing import Annotated, Any, Final, Literal, cast

import msgspec

Value = msgspec.Raw
UNSET: Final = msgspec.UNSET
Statistic = Literal[
    "average", "count", "maximum", "median", "minimum", "standard deviation", "sum", "variance", "20th percentile", "80th percentile",
    "lower quartile", "upper quartile", "quartile deviation", "1st quintile", "2nd quintile", "3rd quintile", "4th quintile",
]  # fmt: skip
ShortStatistic = Literal["average", "maximum", "minimum", "standard deviation", "variance", "sum", "median"]
Duration = Literal["ps", "ns", "us", "ms", "sec", "min", "h", "d", "wk", "Mo", "yr"]
Mass = Literal["fg", "pg", "ng", "ug", "mg", "g", "kg", "Metric Ton", "gr", "oz", "lb", "Ton"]
Length = Literal["fm", "pm", "nm", "um", "mm", "cm", "m", "km", "in", "ft", "yd", "mi"]
Meal = Literal[
    "fasting", "not fasting", "before meal", "after meal", "before breakfast", "after breakfast", "before lunch", "after lunch",
    "before dinner", "after dinner", "2 hours postprandial", "with meal", "with food",
]  # fmt: skip
Sleep = Literal["before sleeping", "during sleep", "on waking"]
Activity = Literal["at rest", "active", "before exercise", "after exercise", "during exercise"]
Posture = Literal["sitting", "lying down", "standing", "semi-recumbent"]
Position = Literal["sitting", "lying down", "standing"]
Place = Literal[
    "left ankle", "right ankle", "left hip", "right hip", "left thigh", "right thigh", "left thorax", "middle left thorax",
    "left upper arm", "right upper arm", "left wrist", "right wrist",
]  # fmt: skip
Specimen = Literal["breath", "capillary blood", "interstitial fluid", "saliva", "sweat", "tears", "urine"]
OlderSpecimen = Literal["interstitial fluid", "capillary blood", "plasma", "serum", "tears", "whole blood"]
OldestSpecimen = Literal["whole blood", "plasma", "serum"]
Site = Literal["oral", "rectal", "vaginal", "axillary", "otic", "wrist", "chest", "temporal"]
LaterSite = Literal["axillary", "finger", "forehead", "oral", "rectal", "temporal artery", "toe", "tympanic", "wrist", "vagina"]
Day = Annotated[str, msgspec.Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class Amount(msgspec.Struct, frozen=True):
    """A value with its unit; the value stays as it was written."""

    value: Value
    unit: str


def _amount(units: Any) -> type[Amount]:  # noqa: ANN401 - a Literal
    return cast("type[Amount]", msgspec.defstruct("Amount", [("value", Value), ("unit", units)], bases=(Amount,), frozen=True))


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """From when to when: two of three."""

    start_date_time: str | msgspec.UnsetType = UNSET
    end_date_time: str | msgspec.UnsetType = UNSET
    duration: Amount | msgspec.UnsetType = UNSET


class DayInterval(Interval, frozen=True, kw_only=True):
    """The same in the older schemas, which also know a part of a day."""

    date: Day | msgspec.UnsetType = UNSET
    part_of_day: Literal["morning", "afternoon", "evening", "night"] | msgspec.UnsetType = UNSET


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """When: an instant or an interval."""

    date_time: str | msgspec.UnsetType = UNSET
    time_interval: Interval | msgspec.UnsetType = UNSET


class DayFrame(Frame, frozen=True, kw_only=True):
    """The same in the older schemas."""

    time_interval: DayInterval | msgspec.UnsetType = UNSET


class Over(msgspec.Struct, frozen=True, kw_only=True):
    """An interval, and nothing else."""

    time_interval: Interval
    date_time: str | msgspec.UnsetType = UNSET


class DayOver(Over, frozen=True, kw_only=True):
    """The same in the older schemas."""

    time_interval: DayInterval


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What every measure has. What a schema knows besides stands in the struct of its version."""

    effective_time_frame: DayFrame | msgspec.UnsetType = UNSET
    descriptive_statistic: str | msgspec.UnsetType = UNSET


class SchemaId(msgspec.Struct, frozen=True, kw_only=True):
    """Which schema a body is of."""

    namespace: str
    name: str
    version: str


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where a data point came from (header 1.x)."""

    source_name: str
    source_data_point_id: str | msgspec.UnsetType = UNSET
    source_creation_date_time: str | msgspec.UnsetType = UNSET
    modality: Literal["sensed", "self-reported"] | msgspec.UnsetType = UNSET


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Both dialects: Open mHealth (`id`, `creation_date_time`) and IEEE 1752.1 (`uuid`, `source_creation_date_time`)."""

    schema_id: SchemaId
    id: str | msgspec.UnsetType = UNSET
    creation_date_time: str | msgspec.UnsetType = UNSET
    acquisition_provenance: Provenance | msgspec.UnsetType = UNSET
    uuid: str | msgspec.UnsetType = UNSET
    source_creation_date_time: str | msgspec.UnsetType = UNSET
    modality: Literal["sensed", "self-reported"] | msgspec.UnsetType = UNSET
    user_id: str | msgspec.UnsetType = UNSET


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A data point: its header, and a body of the schema that it names."""

    header: Header
    body: msgspec.Raw


class Schema(msgspec.Struct, frozen=True):
    """How the bodies of one schema and version are read."""

    kind: str
    measures: tuple[str, ...]
    decoder: "msgspec.json.Decoder[Body]"


_STATISTIC: Final = {"descriptive_statistic": Statistic}
_STEPS: Final = {"descriptive_statistic": ShortStatistic, "descriptive_statistic_denominator": str}
_OXYGEN: Final = {
    **_STATISTIC, "system": Literal["peripheral capillary"], "supplemental_oxygen_flow_rate": _amount(Literal["L/min"]),
    "oxygen_therapy_mode_of_administration": Literal["nasal cannula"], "measurement_method": Literal["pulse oximetry"],
}  # fmt: skip
_GLUCOSE: Final = {**_STATISTIC, "temporal_relationship_to_meal": Meal, "temporal_relationship_to_sleep": Sleep}
_NOTES: Final = {"user_notes": str}
_PRESSURE: Final = ("systolic_blood_pressure", "diastolic_blood_pressure")
_MASS: Final = _amount(Mass)
_LENGTH: Final = _amount(Length)
_PERCENT: Final = _amount(Literal["%"])
_SUGAR: Final = _amount(Literal["mg/dL", "mmol/L"])
_MMHG: Final = _amount(Literal["mmHg"])
_BEATS: Final = _amount(Literal["beats/min"])
_BREATHS: Final = _amount(Literal["breaths/min"])
_DEGREES: Final = _amount(Literal["K", "F", "C"])
_ASLEEP: Final = _amount(Literal["sec", "min", "h"])
_ASLEEP_MORE: Final = {**_STATISTIC, "descriptive_statistic_denominator": str}
_PULSE: Final = {**_STATISTIC, "temporal_relationship_to_physical_activity": Activity}
_HEAT: Final = {**_STATISTIC, "measurement_location": LaterSite, "temporal_relationship_to_sleep": Sleep}
_BP: Final = {**_STATISTIC, "body_posture": Posture, "measurement_location": Place}

_TABLE: Final[tuple[tuple[str, str, tuple[str, ...], Any, bool, dict[str, Any]], ...]] = (
    # schema:version, kind, measures, type of a measure, whether it must say when, what it may say besides
    ("omh:blood-glucose:1.0", "glucose", ("blood_glucose",), _SUGAR, False, {**_GLUCOSE, **_NOTES, "blood_specimen_type": OldestSpecimen}),
    ("omh:blood-glucose:2.0", "glucose", ("blood_glucose",), _SUGAR, False, {**_GLUCOSE, **_NOTES, "specimen_source": OlderSpecimen}),
    ("omh:blood-glucose:3.0", "glucose", ("blood_glucose",), _SUGAR, True, {**_GLUCOSE, "specimen_source": Specimen}),
    ("omh:blood-glucose:4.0", "glucose", ("blood_glucose",), _SUGAR, True, {**_GLUCOSE, "specimen_source": Specimen}),
    ("omh:blood-pressure:1.0", "blood_pressure", _PRESSURE, _MMHG, False, {**_STATISTIC, **_NOTES, "position_during_measurement": Position}),
    ("omh:blood-pressure:2.0", "blood_pressure", _PRESSURE, _MMHG, False, {**_STATISTIC, **_NOTES, "body_posture": Posture}),
    ("omh:blood-pressure:3.0", "blood_pressure", _PRESSURE, _MMHG, True, _BP),
    ("omh:blood-pressure:3.1", "blood_pressure", _PRESSURE, _MMHG, True, {**_BP, "temporal_relationship_to_physical_activity": Activity}),
    ("omh:blood-pressure:4.0", "blood_pressure", _PRESSURE, _MMHG, True, {**_BP, "temporal_relationship_to_physical_activity": Activity}),
    ("omh:heart-rate:1.0", "heart_rate", ("heart_rate",), _BEATS, False, {**_PULSE, **_NOTES}),
    ("omh:heart-rate:1.1", "heart_rate", ("heart_rate",), _BEATS, False, {**_PULSE, **_NOTES, "temporal_relationship_to_sleep": Sleep}),
    ("omh:heart-rate:2.0", "heart_rate", ("heart_rate",), _BEATS, True, {**_PULSE, "temporal_relationship_to_sleep": Sleep}),
    ("omh:oxygen-saturation:1.0", "oxygen_saturation", ("oxygen_saturation",), _PERCENT, False, _OXYGEN),
    ("omh:oxygen-saturation:2.0", "oxygen_saturation", ("oxygen_saturation",), _PERCENT, True, _OXYGEN),
    ("omh:respiratory-rate:1.0", "respiratory_rate", ("respiratory_rate",), _BREATHS, False, _PULSE),
    ("omh:respiratory-rate:2.0", "respiratory_rate", ("respiratory_rate",), _BREATHS, True, _PULSE),
    ("omh:body-temperature:1.0", "body_temperature", ("body_temperature",), _DEGREES, False, {**_STATISTIC, "measurement_location": Site}),
    ("omh:body-temperature:2.0", "body_temperature", ("body_temperature",), _DEGREES, False, _HEAT),
    ("omh:body-temperature:3.0", "body_temperature", ("body_temperature",), _DEGREES, True, _HEAT),
    ("omh:body-temperature:4.0", "body_temperature", ("body_temperature",), _DEGREES, True, _HEAT),
    ("omh:body-weight:1.0", "body_weight", ("body_weight",), _MASS, False, _STATISTIC),
    ("omh:body-weight:2.0", "body_weight", ("body_weight",), _MASS, True, _STATISTIC),
    ("omh:body-weight:3.0", "body_weight", ("body_weight",), _MASS, True, _STATISTIC),
    ("omh:body-height:1.0", "body_height", ("body_height",), _LENGTH, False, _STATISTIC),
    ("omh:body-height:2.0", "body_height", ("body_height",), _LENGTH, True, _STATISTIC),
    ("omh:body-mass-index:1.0", "bmi", ("body_mass_index",), _amount(Literal["kg/m2"]), False, _STATISTIC),
    ("omh:body-mass-index:2.0", "bmi", ("body_mass_index",), _amount(Literal["kg/m^2"]), True, _STATISTIC),
    ("omh:body-mass-index:3.0", "bmi", ("body_mass_index",), _amount(Literal["kg/m^2"]), True, _STATISTIC),
    ("omh:body-fat-percentage:1.0", "body_fat", ("body_fat_percentage",), _PERCENT, False, _STATISTIC),
    ("omh:body-fat-percentage:2.0", "body_fat", ("body_fat_percentage",), _PERCENT, True, _STATISTIC),
    ("omh:step-count:1.0", "step_count", ("step_count",), Value, False, {}),
    ("omh:step-count:2.0", "step_count", ("step_count",), Value, True, _STEPS),
    ("omh:step-count:3.0", "step_count", ("step_count",), _amount(Literal["steps"]), True, _STEPS),
    ("omh:sleep-duration:1.0", "sleep_duration", ("sleep_duration",), _ASLEEP, False, _NOTES),
    ("omh:sleep-duration:2.0", "sleep_duration", ("sleep_duration",), _ASLEEP, True, _ASLEEP_MORE),
    ("omh:rr-interval:1.0", "rr_interval", ("rr_interval",), _amount(Literal["ms"]), False, _PULSE),
    ("omh:total-sleep-time:1.0", "sleep_duration", ("total_sleep_time",), _amount(Duration), True,
     _ASLEEP_MORE),
    ("ieee:total-sleep-time:1.0", "sleep_duration", ("total_sleep_time",), _amount(Duration), True,
     _ASLEEP_MORE),
)  # fmt: skip


_FRAMES: Final[dict[str, type[Frame | Over]]] = {
    **dict.fromkeys(("omh:blood-glucose:4.0", "omh:blood-pressure:4.0", "omh:body-temperature:4.0", "omh:body-weight:3.0",
                     "omh:body-height:2.0", "omh:body-mass-index:3.0", "omh:body-fat-percentage:2.0"), Frame),
    **dict.fromkeys(("omh:step-count:2.0", "omh:step-count:3.0", "omh:sleep-duration:2.0", "omh:total-sleep-time:1.0"), DayOver),
    "ieee:total-sleep-time:1.0": Over,
}  # fmt: skip
"""How each schema says when, where it is not the older frame."""


def _schema(name: str, kind: str, measures: tuple[str, ...], measure: Any, must_say_when: bool, more: dict[str, Any]) -> Schema:  # noqa: ANN401, FBT001
    fields: list[Any] = [(one, measure) for one in measures]
    fields += [(one, sort | msgspec.UnsetType, msgspec.field(default=UNSET)) for one, sort in more.items()]
    if must_say_when:
        fields.append(("effective_time_frame", _FRAMES.get(name, DayFrame)))
    made = msgspec.defstruct(name.replace(":", "_").replace("-", "_").replace(".", "_"), fields, bases=(Body,), kw_only=True, frozen=True)
    return Schema(kind, measures, cast("msgspec.json.Decoder[Body]", msgspec.json.Decoder(made)))


SCHEMAS: Final = {row[0]: _schema(*row) for row in _TABLE}
"""namespace:name:version -> how its bodies are read."""
POINT: Final = msgspec.json.Decoder(Point)
POINTS: Final = msgspec.json.Decoder(list[msgspec.Raw])

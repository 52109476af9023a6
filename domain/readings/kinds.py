"""Every kind of reading: code, canonical unit, precision, and the ranges that make a value suspect or impossible.

Sources: clinical reference table 1, LOINC and UCUM as FHIR R4 vital signs and UK Core use them. Numbers are stored in the
database: never reuse one. The hundreds digit is the data class that a patient's grants speak of.
"""

from decimal import Decimal
from enum import IntEnum
from typing import Final

import msgspec


class DataClass(IntEnum):
    """What a patient decides about sharing (F57)."""

    RECORD = 0
    VITALS = 1
    GLUCOSE = 2
    BREATHING = 3
    LABORATORY = 4
    SYMPTOMS = 5
    MOOD = 6
    ACTIVITY = 7


class Range(msgspec.Struct, frozen=True):
    """Lowest and highest value, both still inside."""

    low: Decimal
    high: Decimal


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One named value of a panel."""

    name: str
    loinc: str
    hard: Range
    soft: Range | None = None
    optional: bool = False


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is measured or reported, with one canonical unit (UCUM) and `places` decimals."""

    no: int
    name: str
    label: str
    unit: str
    places: int = 0
    loinc: str | None = None
    snomed: str | None = None
    hard: Range | None = None
    soft: Range | None = None
    parts: tuple[Part, ...] = ()
    codes: dict[int, str] = {}
    sampled: bool = False

    @property
    def data_class(self) -> DataClass:
        """The class that grants speak of."""
        return DataClass(self.no // 100)


def _range(low: str, high: str) -> Range:
    return Range(Decimal(low), Decimal(high))


SYMPTOMS: Final[dict[int, tuple[str, str]]] = {
    1: ("too_breathless_to_speak", "Too breathless to finish a sentence"),
    2: ("blue_lips", "Blue or grey lips"),
    3: ("chest_pain_long", "Chest pain for more than 15 minutes"),
    4: ("chest_pain_with_sweating", "Chest pain with sweating, sickness or breathlessness"),
    5: ("new_confusion", "New confusion"),
    6: ("cannot_be_woken", "Cannot be woken"),
    7: ("fainted_not_recovered", "Fainted and has not come round"),
    8: ("stroke_sign", "Face, arm or speech has changed suddenly"),
    9: ("seizure_now", "A seizure"),
    10: ("severe_allergic_swelling", "Swelling of the face or throat"),
    11: ("vomiting_blood", "Vomiting or coughing up a lot of blood"),
    12: ("self_harm_plan", "A plan or act of self-harm"),
    13: ("drowsy_with_diabetes", "Very drowsy, with diabetes"),
    14: ("fast_deep_breathing_with_diabetes", "Fast deep breathing, with diabetes"),
    20: ("breathless_at_rest", "Breathless at rest"),
    21: ("waking_gasping", "Waking at night gasping, new"),
    22: ("two_more_pillows", "Needs two or more extra pillows"),
    23: ("breathless_on_effort_worse", "More breathless on effort than usual"),
    24: ("ankle_swelling_worse", "New or worse ankle swelling"),
    25: ("pink_frothy_sputum", "Pink frothy sputum"),
    26: ("belly_swelling_worse", "New or worse belly swelling"),
    27: ("breathless_worse", "More breathless than usual"),
    30: ("chest_pain", "Chest pain"),
    31: ("breathlessness", "Breathlessness"),
    32: ("confusion", "Confusion"),
    33: ("sight_change", "A new change in sight"),
    34: ("weakness", "New weakness"),
    35: ("seizure", "A seizure in the last hours"),
    36: ("severe_headache", "A severe headache"),
    40: ("dizziness", "Dizziness"),
    41: ("more_tired", "More tired than usual"),
    42: ("cough_worse", "Cough worse than usual"),
    43: ("sputum_more", "More sputum than usual"),
    44: ("sputum_colour_change", "Sputum has changed colour"),
    45: ("wheeze_worse", "More wheeze than usual"),
    46: ("fever", "Fever"),
    47: ("cold_symptoms", "A cold in the last five days"),
    48: ("vomiting", "Vomiting"),
    50: ("seizure_before_recovery", "Another seizure before getting over the first"),
    51: ("seizure_head_injury", "Hurt the head in a seizure"),
    52: ("seizure_in_water", "A seizure in water"),
    53: ("seizure_breathing_problem", "Trouble breathing after a seizure"),
    54: ("first_seizure", "A first seizure ever"),
    55: ("rescue_medicine_given", "Rescue medicine was given"),
    56: ("seizure_injury", "Hurt in a seizure, not the head"),
    57: ("seizure_started", "A seizure has started and is being timed"),
    58: ("seizure_stopped", "The seizure has stopped"),
    60: ("hypo_helped", "Needed another person's help with a low sugar"),
    61: ("hypo_unconscious", "Passed out or had a fit with a low sugar"),
    62: ("seizure_not_recovered", "Has not come round after a seizure"),
    65: ("reliever_needed_again", "Blue inhaler needed again within 4 hours"),
    66: ("reliever_no_relief", "Ten puffs of the blue inhaler did not help"),
    70: ("ill_today", "Ill today"),
    71: ("not_eating", "Not eating"),
    72: ("cannot_keep_fluids", "Vomiting, and no fluids kept down for 4 hours"),
    73: ("diarrhoea", "Diarrhoea"),
    74: ("sick_24_hours", "Vomiting or diarrhoea for 24 hours or more"),
    75: ("urinary_symptoms", "Burning or needing to pass water often"),
    80: ("neurological_24_hours", "A new or worse neurological symptom for more than 24 hours"),
    81: ("swallowing_problem", "Trouble swallowing"),
    82: ("parkinson_dose_lost", "A Parkinson's dose could not be taken or kept down"),
    90: ("feel_worse", "I feel worse"),
    91: ("feel_as_usual", "I feel as usual"),
    92: ("crisis_wish", "Wrote words of crisis, and asked when well that you are told"),
    100: ("pain_under_ribs", "Pain just under the ribs"),
    101: ("sudden_swelling", "Sudden swelling of face, hands or feet"),
}
"""Symptom code -> number (stored), and its plain-English label. One symptom is one reading."""

FALLS: Final[dict[int, tuple[str, str]]] = {
    1: ("fall", "A fall"),
    2: ("injury", "Hurt in a fall, not the head"),
    3: ("head_injury", "Hit the head in a fall"),
    4: ("blackout", "Blacked out"),
    5: ("long_lie", "Could not get up for more than an hour after a fall"),
}
"""What is said of a fall; kept apart from symptoms because a year of falls is looked at, and few people have one a month."""

ACVPU: Final = {0: "alert", 1: "confusion", 2: "voice", 3: "pain", 4: "unresponsive"}

_ALL: Final = (
    Kind(no=101, name="blood_pressure", label="Blood pressure", loinc="85354-9", snomed="75367002", unit="mm[Hg]",
         parts=(
             Part(name="systolic", loinc="8480-6", hard=_range("50", "300"), soft=_range("70", "250")),
             Part(name="diastolic", loinc="8462-4", hard=_range("20", "200"), soft=_range("40", "150")),
             Part(name="mean", loinc="8478-0", hard=_range("30", "250"), optional=True),
         )),
    Kind(no=102, name="heart_rate", label="Heart rate", loinc="8867-4", snomed="364075005", unit="/min",
         hard=_range("20", "300"), soft=_range("35", "200")),
    Kind(no=103, name="oxygen_saturation", label="Oxygen level", loinc="59408-5", snomed="431314004", unit="%",
         hard=_range("50", "100"), soft=_range("70", "100")),
    Kind(no=104, name="respiratory_rate", label="Breathing rate", loinc="9279-1", snomed="86290005", unit="/min",
         hard=_range("3", "80"), soft=_range("8", "45")),
    Kind(no=105, name="body_temperature", label="Temperature", loinc="8310-5", snomed="386725007", unit="Cel", places=1,
         hard=_range("30.0", "43.0"), soft=_range("34.0", "41.0")),
    Kind(no=106, name="body_weight", label="Weight", loinc="29463-7", snomed="27113001", unit="kg", places=2,
         hard=_range("20", "400")),
    Kind(no=107, name="body_height", label="Height", loinc="8302-2", snomed="50373000", unit="cm", places=1,
         hard=_range("50", "250")),
    Kind(no=108, name="bmi", label="Body mass index", loinc="39156-5", snomed="60621009", unit="kg/m2", places=1,
         hard=_range("8", "120")),
    Kind(no=109, name="body_fat", label="Body fat", loinc="41982-0", unit="%", places=1, hard=_range("2", "75")),
    Kind(no=110, name="oxygen_flow", label="Inhaled oxygen", loinc="3151-8", unit="L/min", places=1,
         hard=_range("0", "60"), soft=_range("0", "15")),
    Kind(no=111, name="consciousness", label="Alertness", loinc="80288-4", unit="{code}", codes=ACVPU),
    Kind(no=112, name="rr_interval", label="Heart rate variability", loinc="80404-7", unit="ms", places=1,
         hard=_range("1", "3000")),
    Kind(no=201, name="glucose_cgm", label="Glucose (sensor)", loinc="105272-9", unit="mmol/L", places=1,
         hard=_range("2.2", "27.8"), sampled=True),
    Kind(no=202, name="glucose_capillary", label="Glucose (finger)", loinc="14743-9", unit="mmol/L", places=1,
         hard=_range("0.6", "50"), soft=_range("1.1", "33.3")),
    Kind(no=203, name="glucose", label="Glucose (blood)", loinc="15074-8", unit="mmol/L", places=1,
         hard=_range("0.6", "50"), soft=_range("1.1", "33.3")),
    # No LOINC code for blood ketones has been settled against the release (integrations 1): none is better than a wrong one.
    Kind(no=204, name="ketones_blood", label="Ketones", unit="mmol/L", places=1, hard=_range("0", "10"),
         soft=_range("0", "8")),
    Kind(no=205, name="hba1c", label="HbA1c", loinc="59261-8", unit="mmol/mol", hard=_range("15", "200")),
    Kind(no=301, name="peak_flow", label="Peak flow", loinc="19935-6", snomed="18491006", unit="L/min",
         hard=_range("30", "900"), soft=_range("60", "800")),
    Kind(no=302, name="spirometry", label="Spirometry", unit="L", places=2,
         parts=(
             Part(name="fev1", loinc="20150-9", hard=_range("0.2", "8")),
             Part(name="fvc", loinc="19868-9", hard=_range("0.2", "10"), optional=True),
         )),
    Kind(no=303, name="reliever_puffs", label="Blue inhaler puffs", unit="{puff}", hard=_range("0", "200")),
    Kind(no=401, name="creatinine", label="Creatinine", loinc="14682-9", unit="umol/L", hard=_range("10", "2500"),
         soft=_range("20", "1500")),
    Kind(no=402, name="potassium", label="Potassium", loinc="2823-3", unit="mmol/L", places=1, hard=_range("1.0", "10.0"),
         soft=_range("2.0", "8.0")),
    Kind(no=403, name="sodium", label="Sodium", loinc="2951-2", unit="mmol/L", hard=_range("90", "200")),
    Kind(no=404, name="egfr", label="Kidney function (eGFR)", loinc="62238-1", unit="mL/min/{1.73_m2}", hard=_range("1", "200")),
    Kind(no=405, name="urine_acr", label="Urine albumin (ACR)", loinc="32294-1", unit="mg/mmol", places=1,
         hard=_range("0", "2000")),
    Kind(no=406, name="nt_probnp", label="NT-proBNP", loinc="33762-6", unit="ng/L", hard=_range("0", "100000")),
    Kind(no=407, name="bnp", label="BNP", loinc="30934-4", unit="ng/L", hard=_range("0", "50000")),
    Kind(no=408, name="calprotectin", label="Calprotectin", loinc="38445-3", unit="ug/g", hard=_range("0", "20000")),
    Kind(no=409, name="crp", label="CRP", loinc="1988-5", unit="mg/L", hard=_range("0", "700")),
    Kind(no=410, name="haemoglobin", label="Haemoglobin", loinc="718-7", unit="g/L", hard=_range("20", "250")),
    Kind(no=501, name="symptom", label="Symptom", unit="{code}", codes={no: code for no, (code, _) in SYMPTOMS.items()}),
    Kind(no=502, name="pain_0_10", label="Pain", loinc="72514-3", unit="{score}", hard=_range("0", "10")),
    Kind(no=503, name="cat_total", label="COPD assessment", unit="{score}", hard=_range("0", "40")),
    Kind(no=504, name="act_total", label="Asthma control", loinc="82668-5", unit="{score}", hard=_range("5", "25")),
    Kind(no=505, name="mmrc", label="Breathlessness (mMRC)", unit="{score}", hard=_range("0", "4")),
    Kind(no=506, name="news2_total", label="NEWS2", snomed="1104051000000101", unit="{score}", hard=_range("0", "20")),
    Kind(no=520, name="dyspnoea_vas", label="Breathlessness (0 to 10)", unit="{score}", hard=_range("0", "10")),
    Kind(no=521, name="nyha_class", label="NYHA class", unit="{class}", hard=_range("1", "4")),
    Kind(no=522, name="day_symptom_score", label="Day symptoms", unit="{score}", hard=_range("0", "9")),
    Kind(no=523, name="night_symptom_score", label="Night symptoms", unit="{score}", hard=_range("0", "4")),
    Kind(no=524, name="acq_score", label="Asthma control (ACQ)", unit="{score}", places=2, hard=_range("0", "6")),
    Kind(no=525, name="stool_frequency_score", label="Stool frequency", unit="{score}", hard=_range("0", "3")),
    Kind(no=526, name="rectal_bleeding_score", label="Bleeding", unit="{score}", hard=_range("0", "3")),
    Kind(no=527, name="liquid_stools", label="Loose stools in a day", unit="{stools}", hard=_range("0", "60")),
    Kind(no=528, name="abdominal_pain_score", label="Tummy pain", unit="{score}", hard=_range("0", "3")),
    Kind(no=529, name="bloody_stools", label="Stools with blood in a day", unit="{stools}", hard=_range("0", "60")),
    # One reading a seizure: a fit with shaking of the whole body (EP-1), or any other kind.
    Kind(no=530, name="seizure_duration", label="Seizure with shaking", unit="s", hard=_range("0", "86400")),
    Kind(no=531, name="other_seizure_duration", label="Seizure without shaking", unit="s", hard=_range("0", "86400")),
    Kind(no=532, name="missed_seizure_doses", label="Seizure medicine doses missed", unit="{doses}", hard=_range("0", "20")),
    Kind(no=533, name="late_parkinson_doses", label="Parkinson's doses over 30 minutes late", unit="{doses}",
         hard=_range("0", "20")),
    Kind(no=539, name="missed_diuretic_doses", label="Water tablets missed", unit="{doses}", hard=_range("0", "20")),
    Kind(no=534, name="clinical_frailty", label="Clinical frailty scale", unit="{score}", hard=_range("1", "9")),
    Kind(no=535, name="fall", label="Fall", unit="{code}", codes={no: code for no, (code, _) in FALLS.items()}),
    Kind(no=601, name="phq9_total", label="PHQ-9", loinc="44261-6", unit="{score}", hard=_range("0", "27")),
    Kind(no=602, name="phq9_item9", label="PHQ-9 item 9", loinc="44260-8", unit="{score}", hard=_range("0", "3")),
    Kind(no=603, name="gad7_total", label="GAD-7", loinc="70274-6", unit="{score}", hard=_range("0", "21")),
    # Left open after it was asked again: a reason for contact, never a 0 (MH-2). `asked_once`: the app has still to ask again.
    Kind(no=604, name="phq9_item9_unanswered", label="PHQ-9 item 9 left open", unit="{code}",
         codes={1: "asked_twice", 2: "asked_once"}),
    Kind(no=701, name="step_count", label="Steps", loinc="55423-8", unit="{steps}", hard=_range("0", "150000")),
    Kind(no=702, name="sleep_duration", label="Sleep", loinc="93832-4", unit="h", places=2, hard=_range("0", "24")),
)

BY_NAME: Final[dict[str, Kind]] = {kind.name: kind for kind in _ALL}
BY_NO: Final[dict[int, Kind]] = {kind.no: kind for kind in _ALL}
SYMPTOM_LABEL: Final[dict[int, str]] = {no: label for no, (_, label) in SYMPTOMS.items()}
CODE_NO: Final[dict[int, dict[str, int]]] = {
    kind.no: {code: no for no, code in kind.codes.items()} for kind in _ALL if kind.codes
}
"""kind number -> code -> the number that is stored as its value."""

"""F15: a text is a reading, a symptom, a question or words for a person; nothing is guessed, and units are asked for."""

from decimal import Decimal
from typing import Any

import pytest

from domain.messages import texts
from domain.messages.texts import Ask, Free, Told, Unclear, parse
from domain.readings.kinds import BY_NAME


def value(kind: str, number: str, unit: str) -> Told:
    return Told(kind=kind, value=Decimal(number), unit=unit)


def pressure(systolic: str, diastolic: str, unit: str = "mm[Hg]") -> Told:
    return Told(kind="blood_pressure", unit=unit, parts={"systolic": Decimal(systolic), "diastolic": Decimal(diastolic)})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("BP 142 88", pressure("142", "88")),
        ("bp142/88", pressure("142", "88")),
        ("Bp: 142 over 88", pressure("142", "88")),
        ("Blood pressure is 142/88.", pressure("142", "88")),
        ("BP 18.9 11.7 kPa", pressure("18.9", "11.7", "kPa")),
        ("WEIGHT 82.4", value("body_weight", "82.4", "kg")),
        ("weight 82.4kg", value("body_weight", "82.4", "kg")),
        ("Weight 181 lbs", value("body_weight", "181", "[lb_av]")),
        ("wt 13 stone", value("body_weight", "13", "[stone_av]")),
        ("PEAK 320", value("peak_flow", "320", "L/min")),
        ("peak flow = 320 l/min", value("peak_flow", "320", "L/min")),
        ("GLUCOSE 5.4", value("glucose_capillary", "5.4", "mmol/L")),
        ("sugar 97 mg/dL", value("glucose_capillary", "97", "mg/dL")),
        ("SPO2 93", value("oxygen_saturation", "93", "%")),
        ("sats 93%", value("oxygen_saturation", "93", "%")),
        ("TEMP 38.1\u00b0C", value("body_temperature", "38.1", "Cel")),
        ("temp 101 F", value("body_temperature", "101", "[degF]")),
        ("FEV1 2.31", Told(kind="spirometry", unit="L", parts={"fev1": Decimal("2.31")})),
        ("fev1 2.31 3.10", Told(kind="spirometry", unit="L", parts={"fev1": Decimal("2.31"), "fvc": Decimal("3.10")})),
        ("WORSE", Told(kind="symptom", code="feel_worse")),
        (" Ok! ", Told(kind="symptom", code="feel_as_usual")),
        ("Breathless at rest", Told(kind="symptom", code="breathless_at_rest")),
        ("symptom ankle swelling worse", Told(kind="symptom", code="ankle_swelling_worse")),
        ("A fall", Told(kind="fall", code="fall")),
        ("consciousness alert", Told(kind="consciousness", code="alert")),
        ("HELP", Ask.HELP), ("?", Ask.HELP), ("Stop.", Ask.STOP), ("START", Ask.START), ("plan", Ask.PLAN),
        ("TODAY", Ask.TODAY), ("who", Ask.WHO), ("   ", Ask.HELP),
        ("my ankles look funny", Free("my ankles look funny")),
        ("weight watchers moved to tuesday this week", Free("weight watchers moved to tuesday this week")),
        ("BP 142 88 and a terrible pain here", Free("BP 142 88 and a terrible pain here")),
    ],
)  # fmt: skip
def test_f15_a_text_is_read_as_it_is_meant(text: str, found: Any) -> None:
    assert parse(text) == [found]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("BP", "BP 142 88"),
        ("BP 142", "BP 142 88"),
        ("BP 142 88 90 91", "BP 142 88"),
        ("BP 142 or 88", "BP 142 88"),
        ("WEIGHT 82,4", "Write numbers with a dot, as in WEIGHT 82.4 KG"),
        ("WEIGHT 13 st 2 lb", "WEIGHT 82.4 KG"),
        ("WEIGHT 82 furlongs", "WEIGHT 82.4 KG"),
        ("WEIGHT 181", "Weight 181: in which unit? Send it again with KG or G or LB behind it"),
        ("GLUCOSE 97", "Glucose (finger) 97: in which unit? Send it again with mmol/L or mg/dL or mol/L behind it"),
        ("SPO2 0.93", "Oxygen level 0.93: in which unit? Send it again with % or as a fraction behind it"),
        ("hba1c 48", "HbA1c 48: in which unit? Send it again with mmol/mol or % behind it"),
        ("CREATININE", "CREATININE and a number umol/L"),
        ("pulse 72 88", "HEART RATE and a number"),
        ("consciousness", "CONSCIOUSNESS and one of: alert, confusion, pain, unresponsive, voice"),
        ("PEAK 12345678", "PEAK 320"),
    ],
)  # fmt: skip
def test_f15_what_is_unclear_is_asked_for_and_never_guessed(text: str, says: str) -> None:
    assert parse(text) == [Unclear(says)]


def test_f15_several_things_in_one_text_stand_each_by_themselves() -> None:
    assert parse("BP 142 88, WEIGHT 82.4; worse\nPEAK") == [
        pressure("142", "88"), value("body_weight", "82.4", "kg"), Told(kind="symptom", code="feel_worse"), Unclear("PEAK 320")]
    assert parse("I am unsure, call me please") == [Free("I am unsure, call me please")]
    assert parse("\n".join(["PULSE 70"] * 11)) == [Free("\n".join(["PULSE 70"] * 11))]


@pytest.mark.parametrize("name", list(BY_NAME))
def test_f15_every_kind_that_a_phone_can_post_can_be_texted(name: str) -> None:
    kind = BY_NAME[name]
    if kind.codes:
        for code in kind.codes.values():
            text = code.replace("_", " ") if name in {"symptom", "fall"} else f"{name} {code.replace('_', ' ')}"
            assert parse(text) == [Told(kind=name, code=code)], text
        return
    middle = [(part.hard.low + part.hard.high) / 2 for part in kind.parts if not part.optional] or [
        (kind.hard.low + kind.hard.high) / 2 if kind.hard else Decimal(1)]
    numbers = [format(round(one, 2).normalize(), "f") for one in middle]
    # GLUCOSE alone is by the finger, as HELP says; of the laboratory it is named in full.
    names = (name, name.replace("_", " ").upper(), kind.label) if name != "glucose" else (kind.label,)
    for said in names:
        (found,) = parse(f"{said} {' '.join(numbers)} {kind.unit}")
        assert isinstance(found, Told), (said, found)
        assert (found.kind, found.unit) == (name, kind.unit)
        assert [format(one, "f") for one in (found.parts or {"": found.value or Decimal(0)}).values()] == numbers


def test_f15_help_names_only_what_is_understood() -> None:
    shown = ("BP 142 88", "WEIGHT 82.4", "PEAK 320", "GLUCOSE 5.4", "SPO2 93", "PULSE 72", "TEMP 37.2", "WORSE", "OK", "PLAN", "TODAY",
             "WHO", "STOP")  # fmt: skip
    for said in shown:
        assert said in texts.HELP
        (found,) = parse(said)
        assert not isinstance(found, (Unclear, Free)), said

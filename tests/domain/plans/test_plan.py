"""The plan: what may be in it, what two signatures stand for, what changed, and two conditions in one."""

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from domain.detection.catalogue import GOVERNED
from domain.errors import Invalid
from domain.plans import pathways
from domain.plans.pathways import PATHWAYS, Pathway, merge, pathway
from domain.plans.plan import (
    Band,
    Clash,
    Goal,
    Plan,
    Rescue,
    Step,
    Target,
    Zone,
    difference,
    faults,
    must_be_ready,
    must_be_sound,
    steps_for,
)
from domain.plans.schedule import Expect

TODAY = date(2026, 6, 15)
GOOD = replace(merge([PATHWAYS["heart_failure"]]), review_on=TODAY + timedelta(days=180), what_matters="Walking the dog")


def pressure(**more: Any) -> Band:
    return Band(kind="blood_pressure", part="systolic", **{name: Decimal(value) for name, value in more.items()})


def test_f29_a_good_plan_may_be_kept_and_signed() -> None:
    assert faults(GOOD) == []
    must_be_sound(GOOD)
    must_be_ready(GOOD, TODAY)


@pytest.mark.parametrize("key", PATHWAYS)
def test_f27_every_pathway_is_a_plan_that_may_be_signed(key: str) -> None:
    must_be_ready(replace(merge([pathway(key)]), review_on=TODAY + timedelta(days=30)), TODAY)


CONTRADICTIONS: dict[str, tuple[Plan, list[str]]] = {
    "lowest above highest": (Plan(targets=(Target(kind="heart_rate", low=Decimal(90), high=Decimal(60)),)), ["/targets/0/low"]),
    "lowest equal to highest": (Plan(targets=(Target(kind="heart_rate", low=Decimal(60), high=Decimal(60)),)), ["/targets/0/low"]),
    "a target without a number": (Plan(targets=(Target(kind="heart_rate"),)), ["/targets/0"]),
    "a target twice": (Plan(targets=(Target(kind="heart_rate", low=Decimal(50)), Target(kind="heart_rate", high=Decimal(90)))), ["/targets/1"]),
    "amber beyond red": (Plan(bands=(pressure(amber_high=175, red_high=170),)), ["/bands/0/amberHigh"]),
    "amber below red": (Plan(bands=(pressure(red_low=100, amber_low=95),)), ["/bands/0/redLow"]),
    "amber on both sides of itself": (Plan(bands=(pressure(amber_low=120, amber_high=110),)), ["/bands/0/amberLow"]),
    "a band without a number": (Plan(bands=(Band(kind="heart_rate"),)), ["/bands/0"]),
    "red beyond the safety floor": (Plan(bands=(pressure(red_high=190),)), ["/bands/0/redHigh"]),
    "red below the safety floor": (
        Plan(bands=(Band(kind="oxygen_saturation", red_low=Decimal(88)),), conditions=("heart_failure",)), ["/bands/0/redLow"],
    ),
    "impossible for a person": (Plan(bands=(Band(kind="oxygen_saturation", amber_low=Decimal(120)),)), ["/bands/0/amberLow"]),
    "infinite": (Plan(targets=(Target(kind="heart_rate", high=Decimal("Infinity")),)), ["/targets/0/high"]),
    "no such kind": (Plan(targets=(Target(kind="luck", low=Decimal(1)),), bands=(Band(kind="luck"),)), ["/targets/0/kind", "/bands/0/kind"]),
    "no part of a panel": (Plan(targets=(Target(kind="blood_pressure", high=Decimal(130)),)), ["/targets/0/kind"]),
    "a part of no panel": (Plan(targets=(Target(kind="heart_rate", part="left", high=Decimal(90)),)), ["/targets/0/kind"]),
    "no such rule or advice": (
        Plan(steps=(Step(key="s", zone=Zone.RED, words="Ring", rules=("XX-1",), advice="ADV-X"),)), ["/steps/0/rules", "/steps/0/advice"],
    ),
    "a step without words": (Plan(steps=(Step(key="s", zone=Zone.RED, words=" "),)), ["/steps/0/words"]),
    "a key twice": (Plan(goals=(Goal(key="g", words="Walk"), Goal(key="g", words="Run"))), ["/goals/1/key"]),
    "a goal seen in nothing": (Plan(goals=(Goal(key="g", words="Walk", kind="luck"),)), ["/goals/0/kind"]),
    "no such limit": (Plan(limits=("HF-W1.luck",)), ["/limits/0"]),
    "a control character": (Plan(about_me="a\x07b", rescue=(Rescue(medicine="", when="x"),)), ["/aboutMe", "/rescue/0/medicine"]),
    "a choice that is none": (Plan(clashes=(Clash(about="fluids", choices=("a", "b"), chosen=2, why="so"),)), ["/clashes/0/chosen"]),
    "a choice without a reason": (Plan(clashes=(Clash(about="fluids", choices=("a", "b"), chosen=1),)), ["/clashes/0/why"]),
    "over the ceiling": (Plan(expected=(Expect(key="w", kind="body_weight", seconds=200),)), ["/expected/0"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_inp_6_a_plan_that_contradicts_itself_is_refused_with_its_places(name: str) -> None:
    plan, pointers = CONTRADICTIONS[name]
    with pytest.raises(Invalid) as refused:
        must_be_sound(plan)
    assert [refused.value.pointer, *(pointer for pointer, _ in refused.value.also)] == pointers


def test_c_7_the_floor_may_be_made_tighter_and_copd_has_a_band_of_its_own() -> None:
    assert faults(Plan(bands=(pressure(amber_high=150, red_high=180),))) == []
    assert faults(Plan(bands=(pressure(red_high=170),))) == []
    copd = Plan(bands=(Band(kind="oxygen_saturation", red_low=Decimal(84), amber_low=Decimal(88)),), conditions=("copd",))
    assert faults(copd) == []
    assert GOVERNED["HT-4.systolic"].floor
    assert faults(Plan(bands=(Band(kind="consciousness", amber_high=Decimal(1)),))) == []


def test_f30_a_plan_is_signed_only_when_it_can_be_used_alone() -> None:
    bare = Plan(clashes=(Clash(about="fluids", choices=("a", "b")),))
    with pytest.raises(Invalid) as refused:
        must_be_ready(bare, TODAY)
    places = [refused.value.pointer, *(pointer for pointer, _ in refused.value.also)]
    assert places == ["/steps", "/steps", "/steps", "/reviewOn", "/clashes/0/chosen"]
    for review in (TODAY, TODAY + timedelta(days=401)):
        with pytest.raises(Invalid, match="looked at again"):
            must_be_ready(replace(GOOD, review_on=review), TODAY)


def test_f30_what_the_app_says_is_what_the_plan_says() -> None:
    assert [(one.zone, one.advice) for one in steps_for(GOOD, "HF-W1")] == [(Zone.AMBER, "ADV-HF")]
    assert steps_for(GOOD, "DM-1") == ()


def test_f29_what_changed_between_two_versions() -> None:
    moved = replace(
        GOOD, steps=(*GOOD.steps[1:], replace(GOOD.steps[0], words="All is well.")), what_matters="The garden",
        expected=GOOD.expected[:1], conditions=("heart_failure", "copd"), targets=(Target(kind="heart_rate", high=Decimal(90)),),
    )  # fmt: skip
    found = {one.pointer: (one.before, one.after) for one in difference(GOOD, moved)}
    assert found["/whatMatters"] == ("Walking the dog", "The garden")
    assert found["/steps/hf_green/words"][1] == "All is well."
    assert found["/expected/diary"][1] is msgspec.UNSET
    assert found["/conditions/copd"] == (msgspec.UNSET, "copd")
    assert found["/targets"][0] is msgspec.UNSET
    assert difference(GOOD, GOOD) == []
    lower = replace(moved, targets=(Target(kind="heart_rate", high=Decimal(80)),))
    assert [one.pointer for one in difference(moved, lower)] == ["/targets/heart_rate/high"]


def test_f28_two_conditions_in_one_plan() -> None:
    both = merge([PATHWAYS["heart_failure"], PATHWAYS["hypertension"], PATHWAYS["copd"]])
    assert both.pathways == {"heart_failure": 1, "hypertension": 1, "copd": 1}
    assert [one.key for one in both.expected] == ["weight", "diary", "pressure", "oxygen", "pulse", "copd_daily"]
    assert next(one for one in both.expected if one.key == "pressure").every_days == 2, "the more frequent of the two"
    assert both.limits == ("HF-W1.gain_kg", "HT-4.systolic", "HT-4.diastolic")
    assert sum(step.zone is Zone.GREEN for step in both.steps) == 1, "the same words once"
    assert both.clashes == ()
    assert both.contingency.startswith("Drink no more")
    assert faults(both) == []


def test_f28_the_more_frequent_and_the_safer_of_two_wins() -> None:
    base = pathway("hypertension")
    other = Pathway(key="other", version=1, title="Other", plan=Plan(
        bands=(Band(kind="blood_pressure", part="systolic", amber_high=Decimal(140), red_low=Decimal(90)),),
        targets=(Target(kind="blood_pressure", part="systolic", low=Decimal(110), high=Decimal(145)),),
        expected=(Expect(key="bp", kind="blood_pressure", times=(time(8),), seconds=90),), ceiling_s=120, high_risk=True,
    ))  # fmt: skip
    both = merge([base, other])
    band = next(one for one in both.bands if one.part == "systolic")
    assert (band.red_low, band.amber_high, band.red_high) == (Decimal(90), Decimal(140), Decimal(180))
    target = next(one for one in both.targets if one.part == "systolic")
    assert (target.low, target.high) == (Decimal(110), Decimal(135))
    assert [(one.key, one.times) for one in both.expected] == [("pressure", (time(8),))]
    assert (both.ceiling_s, both.high_risk) == (120, True)


def test_f28_what_cannot_be_joined_is_left_for_a_named_clinician() -> None:
    low = Pathway(key="low", version=1, title="Low", plan=Plan(targets=(Target(kind="heart_rate", high=Decimal(60)),)))
    high = Pathway(key="high", version=1, title="High", plan=Plan(targets=(Target(kind="heart_rate", low=Decimal(70)),)))
    both = merge([low, high])
    assert [(one.about, one.choices) for one in both.clashes] == [("target for heart_rate", ("up to 60", "from 70"))]
    fluids = merge([PATHWAYS["heart_failure"], PATHWAYS["diabetes_type_2"]])
    (clash,) = fluids.clashes
    assert clash.about == "fluids"
    assert fluids.contingency == ""
    ready = replace(fluids, review_on=TODAY + timedelta(days=90))
    with pytest.raises(Invalid, match="a clinician decides"):
        must_be_ready(ready, TODAY)
    chosen = replace(clash, chosen=0, why="Heart first: 1.5 litres", by=UUID(int=4))
    must_be_ready(replace(ready, clashes=(chosen,)), TODAY)


def test_f28_the_same_topic_said_alike_is_no_clash() -> None:
    both = merge([PATHWAYS["diabetes_type_1"], PATHWAYS["diabetes_type_2"]])
    assert both.clashes == ()
    with pytest.raises(Invalid) as refused:
        pathway("lycanthropy")
    assert refused.value.pointer == "/of"
    assert pathways.merge([]) == Plan()

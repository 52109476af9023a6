"""Condition pathways as versioned templates, and how two of them become one plan (F27, F28).

Merge rules: the same thing expected twice is expected as often as the more frequent asks; targets meet in what both accept;
bands take the safer number; steps are joined; whatever cannot be joined is a clash that a named clinician decides.
"""

from collections.abc import Iterable, Mapping
from datetime import time
from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from domain.errors import Invalid
from domain.plans.plan import Band, Clash, Plan, Step, Target, Zone
from domain.plans.schedule import Expect, a_day


class Pathway(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a condition's template. `topics`: instructions that another condition may contradict."""

    key: str
    version: int
    title: str
    plan: Plan
    topics: Mapping[str, str] = {}


def _green(key: str) -> Step:
    return Step(key=f"{key}_green", zone=Zone.GREEN, words="I feel as usual. I take my medicines and fill in my diary.")


def _morning(key: str, kind: str, seconds: int = 20) -> Expect:
    return Expect(key=key, kind=kind, seconds=seconds)


_HEART_FAILURE: Final = Pathway(
    key="heart_failure", version=1, title="Heart failure",
    topics={"fluids": "Drink no more than the amount agreed, often 1.5 litres a day."},
    plan=Plan(
        conditions=("heart_failure",), limits=("HF-W1.gain_kg",),
        steps=(
            _green("hf"),
            Step(key="hf_amber", zone=Zone.AMBER, rules=("HF-W1", "HF-S1"), advice="ADV-HF",
                 words="My weight goes up quickly, or my ankles swell. I follow my water-tablet plan and ring my nurse today."),
            Step(key="hf_red", zone=Zone.RED, rules=("E1", "E2", "E3"), advice="ADV-999",
                 words="I cannot finish a sentence, or my chest hurts for more than 15 minutes. I ring 999."),
        ),
        expected=(
            _morning("weight", "body_weight"),
            Expect(key="diary", form="heart_failure_daily", steady_every_days=2),
            Expect(key="pressure", kind="blood_pressure", every_days=2, seconds=90),
        ),
    ),
)  # fmt: skip
_COPD: Final = Pathway(
    key="copd", version=1, title="COPD",
    plan=Plan(
        conditions=("copd",),
        steps=(
            _green("copd"),
            Step(key="copd_amber", zone=Zone.AMBER, words="I am more short of breath, or my phlegm changes. I use my rescue plan "
                 "and tell my nurse today."),
            Step(key="copd_red", zone=Zone.RED, rules=("E1", "E3"), advice="ADV-999",
                 words="I cannot finish a sentence, or my lips are blue. I ring 999."),
        ),
        expected=(
            _morning("oxygen", "oxygen_saturation"), _morning("pulse", "heart_rate", 5),
            Expect(key="diary", form="copd_daily", steady_every_days=2),
        ),
    ),
)  # fmt: skip
_ASTHMA: Final = Pathway(
    key="asthma", version=1, title="Asthma",
    plan=Plan(
        conditions=("asthma",),
        steps=(
            _green("asthma"),
            Step(key="asthma_amber", zone=Zone.AMBER, rules=("AS-1",), advice="ADV-ASTHMA",
                 words="My peak flow is below 80 % of my best. I take the step-up dose in my plan."),
            Step(key="asthma_red", zone=Zone.RED, rules=("E1",), advice="ADV-999",
                 words="My blue inhaler does not last 4 hours. I get help now; if I cannot speak I ring 999."),
        ),
        expected=(_morning("peak_flow", "peak_flow", 60), Expect(key="diary", form="asthma_daily", every_days=2)),
    ),
)  # fmt: skip
_HYPERTENSION: Final = Pathway(
    key="hypertension", version=1, title="High blood pressure",
    plan=Plan(
        conditions=("hypertension",), limits=("HT-4.systolic", "HT-4.diastolic"),
        targets=(
            Target(kind="blood_pressure", part="systolic", high=Decimal(135)),
            Target(kind="blood_pressure", part="diastolic", high=Decimal(85)),
        ),
        bands=(
            Band(kind="blood_pressure", part="systolic", amber_high=Decimal(150), red_high=Decimal(180)),
            Band(kind="blood_pressure", part="diastolic", amber_high=Decimal(95), red_high=Decimal(120)),
        ),
        steps=(
            _green("bp"),
            Step(key="bp_amber", zone=Zone.AMBER, words="It stays at 150 or more. I keep taking my tablets and ring my nurse this week."),
            Step(key="bp_red", zone=Zone.RED, rules=("HT-4",), advice="ADV-TODAY",
                 words="It is 180 or more, twice. I ring today; with chest pain or a bad headache I ring 999."),
        ),
        expected=(Expect(key="pressure", kind="blood_pressure", days=(0, 3), seconds=90),),
    ),
)  # fmt: skip


def _diabetes(key: str, title: str, expected: tuple[Expect, ...]) -> Pathway:
    return Pathway(
        key=key, version=1, title=title,
        topics={"fluids": "Drink water often, more when your sugar is high or you are ill."},
        plan=Plan(
            conditions=(key,), limits=("DM-1.low", "DM-2.very_low"),
            targets=(Target(kind="glucose_capillary", low=Decimal("3.9"), high=Decimal(10)),),
            bands=(Band(kind="glucose_capillary", red_low=Decimal("3.0"), amber_low=Decimal("3.9"), amber_high=Decimal(14)),),
            steps=(
                _green(key),
                Step(key=f"{key}_amber", zone=Zone.AMBER, rules=("DM-1",), advice="ADV-HYPO",
                     words="My sugar is below 4. I take fast sugar and test again in 15 minutes."),
                Step(key=f"{key}_red", zone=Zone.RED, rules=("DM-7", "E9"), advice="ADV-999",
                     words="I am very drowsy, or my ketones are 3 or more. Somebody rings 999."),
            ),
            expected=expected,
        ),
    )  # fmt: skip


_TYPE_1: Final = _diabetes("diabetes_type_1", "Type 1 diabetes", (
    Expect(key="glucose", kind="glucose_capillary", times=(time(7, 30), time(18, 0)), tolerance_min=180, seconds=30),
))  # fmt: skip
_TYPE_2: Final = _diabetes("diabetes_type_2", "Type 2 diabetes", (Expect(key="glucose", kind="glucose_capillary", seconds=30),))
_EPILEPSY: Final = Pathway(
    key="epilepsy", version=1, title="Epilepsy",
    plan=Plan(
        conditions=("epilepsy",),
        steps=(
            _green("epilepsy"),
            Step(key="epilepsy_amber", zone=Zone.AMBER, words="I have more seizures than usual. I ring my nurse."),
            Step(key="epilepsy_red", zone=Zone.RED, rules=("E5",), advice="ADV-SEIZURE",
                 words="A seizure lasts 5 minutes, or another follows. Rescue medicine if I have it, then 999."),
        ),
    ),
)  # fmt: skip
_MOOD: Final = Pathway(
    key="depression", version=1, title="Low mood",
    plan=Plan(
        conditions=("depression",),
        steps=(
            _green("mood"),
            Step(key="mood_amber", zone=Zone.AMBER, words="I am low on most days. I tell somebody I trust and ring my nurse."),
            Step(key="mood_red", zone=Zone.RED, rules=("E8",), advice="ADV-MOOD",
                 words="I think of harming myself. I ring 999, or 111 and press 2, or Samaritans on 116 123."),
        ),
        expected=(Expect(key="mood", form="phq9", every_days=14),),
    ),
)  # fmt: skip

PATHWAYS: Final = {
    one.key: one for one in (_HEART_FAILURE, _COPD, _ASTHMA, _HYPERTENSION, _TYPE_1, _TYPE_2, _EPILEPSY, _MOOD)
}
"""Condition -> its template."""


def pathway(key: str) -> Pathway:
    """The template of a condition, or a refusal."""
    found = PATHWAYS.get(key)
    if found is None:
        raise Invalid(f"One of {', '.join(PATHWAYS)}.", "/of")
    return found


def merge(ones: Iterable[Pathway]) -> Plan:
    """Several conditions in one plan; what cannot be joined is left as a clash, and nothing of either is lost."""
    merged = Plan()
    topics: dict[str, list[str]] = {}
    for one in ones:
        merged = _joined(merged, one)
        for topic, said in one.topics.items():
            if said not in topics.setdefault(topic, []):
                topics[topic].append(said)
    told = tuple(Clash(about=topic, choices=tuple(said)) for topic, said in topics.items() if len(said) > 1)
    agreed = " ".join(said[0] for said in topics.values() if len(said) == 1)
    return replace(merged, clashes=(*merged.clashes, *told), contingency=agreed)


def _joined(plan: Plan, one: Pathway) -> Plan:
    other = one.plan
    targets, clashes = _targets(plan.targets, other.targets)
    said = {(step.zone, step.words) for step in plan.steps}
    return replace(
        plan,
        conditions=tuple(dict.fromkeys((*plan.conditions, *other.conditions))),
        pathways={**plan.pathways, one.key: one.version},
        steps=(*plan.steps, *(step for step in other.steps if (step.zone, step.words) not in said)),
        limits=tuple(dict.fromkeys((*plan.limits, *other.limits))),
        targets=targets, bands=_bands(plan.bands, other.bands), expected=_expected(plan.expected, other.expected),
        clashes=(*plan.clashes, *clashes), ceiling_s=min(plan.ceiling_s, other.ceiling_s),
        high_risk=plan.high_risk or other.high_risk,
    )  # fmt: skip


def _targets(mine: tuple[Target, ...], theirs: tuple[Target, ...]) -> tuple[tuple[Target, ...], list[Clash]]:
    """Both accept what lies in both; where nothing does, a clinician decides."""
    found = {(one.kind, one.part): one for one in mine}
    clashes: list[Clash] = []
    for one in theirs:
        before = found.get((one.kind, one.part))
        if before is None:
            found[one.kind, one.part] = one
            continue
        both = replace(one, low=_highest(before.low, one.low), high=_lowest(before.high, one.high))
        if both.low is not None and both.high is not None and both.low >= both.high:
            clashes.append(Clash(about=f"target for {one.kind}", choices=(_said(before), _said(one))))
        else:
            found[one.kind, one.part] = both
    return tuple(found.values()), clashes


def _bands(mine: tuple[Band, ...], theirs: tuple[Band, ...]) -> tuple[Band, ...]:
    """The safer number of each side: whoever is told sooner is told."""
    found = {(one.kind, one.part): one for one in mine}
    for one in theirs:
        before = found.get((one.kind, one.part), one)
        found[one.kind, one.part] = replace(
            one, red_low=_highest(before.red_low, one.red_low), amber_low=_highest(before.amber_low, one.amber_low),
            amber_high=_lowest(before.amber_high, one.amber_high), red_high=_lowest(before.red_high, one.red_high),
        )  # fmt: skip
    return tuple(found.values())


def _expected(mine: tuple[Expect, ...], theirs: tuple[Expect, ...]) -> tuple[Expect, ...]:
    """The same thing is asked once, as often as the more frequent asks; different things keep keys of their own."""
    found = {one.kind or one.form: one for one in mine}
    for one in theirs:
        what = one.kind or one.form
        before = found.get(what)
        if before is None:
            taken = {each.key for each in found.values()}
            found[what] = one if one.key not in taken else replace(one, key=what)
        elif a_day(one) > a_day(before):
            found[what] = replace(one, key=before.key)
    return tuple(found.values())


def _highest(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return max((each for each in (one, other) if each is not None), default=None)


def _lowest(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _said(one: Target) -> str:
    low = "" if one.low is None else f"from {one.low}"
    high = "" if one.high is None else f"up to {one.high}"
    return f"{low} {high}".strip()

"""What is known about a person that changes a judgement, told once and dated (tell-once ledger).

A fact holds from an instant until another of the same key takes its place or it ends. Facts of MANY keys stand side by side
(medicines, stays in hospital). Numbers keep the unit that the table names.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

import msgspec

from domain.errors import Invalid


class Fact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One dated fact; `to_at` None: still so."""

    key: str
    value: str
    from_at: datetime
    to_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it was so at an instant."""
        return self.from_at <= at and (self.to_at is None or at < self.to_at)


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """What may be said under a key. A `number` lies from `low` to `high`; a `yes` has the value "yes"; a `word` is one of `words`."""

    label: str
    form: Literal["number", "yes", "word"]
    unit: str = ""
    low: int = 0
    high: int = 0
    words: frozenset[str] = frozenset()
    many: bool = False


MEDICINES: Final[dict[str, str]] = {
    "diuretic": "Water tablet", "sglt2i": "SGLT2 inhibitor", "insulin": "Insulin", "insulin_pump": "Insulin pump",
    "acei": "ACE inhibitor", "arb": "ARB", "mra": "MRA", "metformin": "Metformin", "nsaid": "Ibuprofen-type painkiller",
    "anticoagulant": "Blood thinner", "antiseizure": "Seizure medicine", "antihypertensive": "Blood pressure tablet",
    "rescue_pack": "Rescue pack", "oral_steroid": "Steroid tablets", "levodopa": "Levodopa",
}  # fmt: skip
"""Medicine code -> its label; the classes that rules ask about, not a drug dictionary."""

REBASELINE: Final = frozenset({"all", "body_weight", "heart_rate", "oxygen_saturation", "respiratory_rate", "peak_flow", "blood_pressure"})

KEYS: Final[Mapping[str, Key]] = {
    "best_peak_flow": Key(label="Personal best peak flow", form="number", unit="L/min", low=30, high=900),
    "usual_spo2": Key(label="Usual oxygen level", form="number", unit="%", low=50, high=100),
    "target_spo2_low": Key(label="Oxygen target, lower end", form="number", unit="%", low=70, high=98),
    "hypercapnia": Key(label="Confirmed hypercapnic respiratory failure, target 88-92 %", form="yes"),
    "oxygen_flow": Key(label="Oxygen prescribed", form="number", unit="L/min", low=0, high=15),
    "nyha": Key(label="NYHA class when stable", form="number", low=1, high=4),
    "bp_target_systolic": Key(label="Home blood pressure target, systolic", form="number", unit="mmHg", low=90, high=200),
    "bp_target_diastolic": Key(label="Home blood pressure target, diastolic", form="number", unit="mmHg", low=50, high=120),
    "pregnant": Key(label="Pregnant", form="yes"),
    "high_risk": Key(label="High risk", form="yes"),
    "dialysis": Key(label="On dialysis", form="yes"),
    "sex": Key(label="Sex (for eGFR)", form="word", words=frozenset({"female", "male"})),
    "older_glucose_targets": Key(label="Glucose targets for an older or high-risk person", form="yes"),
    "usual_weight": Key(label="Weight when it was last looked at", form="number", unit="kg", low=20, high=400),
    "planned_weight_loss": Key(label="Loses weight on purpose", form="yes"),
    "seizure_diary": Key(label="Keeps a seizure diary", form="yes"),
    "admission": Key(label="Stay in hospital", form="yes", many=True),
    "medicine": Key(label="Medicine", form="word", words=frozenset(MEDICINES), many=True),
    "medicine_changed": Key(label="Medicine started or dose changed", form="word", words=frozenset(MEDICINES), many=True),
    "rebaseline": Key(label="Normal worked out afresh", form="word", words=REBASELINE, many=True),
}  # fmt: skip


def admit(key: str, value: str, from_at: datetime, to_at: datetime | None) -> Fact:
    """A fact that may be kept, or Invalid with what is wrong."""
    known = KEYS.get(key)
    if known is None:
        raise Invalid(f"One of {', '.join(sorted(KEYS))}.", "/key")
    if known.form == "number":
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not (number.is_finite() and known.low <= number <= known.high):
            raise Invalid(f"A number from {known.low} to {known.high}.", "/value")
    words = known.words if known.form == "word" else frozenset({"yes"})
    if known.form != "number" and value not in words:
        raise Invalid(f"One of {', '.join(sorted(words))}.", "/value")
    if to_at is not None and to_at <= from_at:
        raise Invalid("It must end after it began.", "/to")
    return Fact(key, value, from_at, to_at)

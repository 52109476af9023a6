"""What people may change about rules, and how each is said in plain words. The engine knows the rules; this names them."""

from typing import Final

import msgspec

from domain.detection.emergency import TABLE_2
from domain.detection.engine import RULES
from domain.detection.limit_words import WORDS
from domain.detection.rule import Rule
from domain.plans.limits import Catalogue, Governed, Order
from domain.readings.kinds import SYMPTOM_LABEL

GOVERNED: Final[dict[str, Governed]] = {
    one.key: one
    for rule in RULES
    for name, limit in rule.limits.items()
    if (one := Governed(rule=rule.id, name=name, limit=limit, floor=rule.floor and not limit.free,
                        classes=tuple(sorted({kind // 100 for kind in rule.anchors}))))
}  # fmt: skip
"""Every limit that can be set, by rule and name."""

ORDERS: Final[tuple[Order, ...]] = tuple(
    order
    for order in (
        Order("OX-1.low", "OX-1.ok"),
        Order("DM-1.very_low", "DM-1.low"),
        Order("DM-1.low", "DM-1.taught", apart=False),
        # Below its own very low limit DM-1 leaves the word to DM-2: that one must not begin lower, or nobody speaks.
        Order("DM-1.very_low", "DM-2.very_low", apart=False),
        Order("DM-7.raised", "DM-7.high"),
        Order("DM-7.high", "DM-7.danger"),
        Order("HT-4.diastolic", "HT-4.systolic"),
        Order("DM-6.high", "DM-6.danger"),
        Order("DM-8.raised", "DM-8.high"),
        Order("DM-10.small_fall", "DM-10.fall"),
        Order("CK-1.stage_1", "CK-1.stage_2"),
        Order("CK-1.stage_2", "CK-1.stage_3"),
        Order("CK-1.usual_high", "CK-1.very_high"),
        Order("CK-2.very_low", "CK-2.low"),
        Order("CK-2.low", "CK-2.raised"),
        Order("CK-2.raised", "CK-2.high"),
        Order("CK-2.high", "CK-2.danger"),
        Order("MH-1.moderate", "MH-1.severe"),
        Order("MH-3.moderate", "MH-3.severe"),
        Order("IB-3.raised", "IB-3.high"),
        Order("FF-2.rise_info", "FF-2.rise_amber"),
        Order("FF-2-WEIGHT.percent_info", "FF-2-WEIGHT.percent_amber"),
        Order("PG-1.diastolic", "PG-1.systolic"),
        Order("PG-1.systolic", "PG-1.severe_systolic"),
        Order("PG-1.diastolic", "PG-1.severe_diastolic"),
    )
    if {order.lower, order.upper} <= GOVERNED.keys()
)
"""Which limits must stand in which order; another order would leave a gap in which nobody is told."""
CATALOGUE: Final = Catalogue(GOVERNED, ORDERS)


class Words(msgspec.Struct, frozen=True):
    """A rule as a nurse would say it."""

    title: str
    about: str


_ABOUT: Final[dict[str, str]] = {
    "HF-W1": "Weight is up by more than the limit over the lowest of the three days before.",
    "HF-S1": "Breathless at rest, waking gasping, more pillows, or swelling together with weight gain.",
    "OX-1": "Oxygen level below the limit, measured again to be sure.",
    "NW-1": "A full set of observations adds up to a score.",
    "HT-4": "Blood pressure at or above the limit, measured again to be sure.",
    "DM-1": "Glucose below the limit: the person is told what to eat.",
    "DM-2": "Glucose below the very low limit and not rising.",
    "DM-7": "Blood ketones raised, high or dangerous.",
    "AS-1": "Peak flow against the person's own best.",
    "F44": "The person says so. Always seen by somebody.",
    "MD-3": "Three expected days missed by somebody at high risk, or with amber or red in the 14 days before, is amber; seven by "
    "anybody else information; after a red somebody rings within 24 hours.",
    "MD-6": "Adherence of 14 days 40 points and more below that of the 28 before is information.",
    "F35": "Somebody who was enrolled and never sent anything.",
    "F76": "Words of crisis, where the person asked when well that the team is told.",
    **{row: " · ".join(SYMPTOM_LABEL[code] for code in sorted(codes)) for row, codes in TABLE_2.items()},
}


def words(rule: Rule) -> Words:
    """A rule's title and sentence; one that nobody has put into plain words yet speaks with its own first line."""
    line = (rule.judge.__doc__ or rule.title or rule.id).strip().splitlines()[0]
    said = line.partition(": ")[2] or line
    return Words(rule.title or rule.id, _ABOUT.get(rule.id, said[0].upper() + said[1:]))


def label(one: Governed) -> str:
    """A limit in words."""
    return WORDS[one.key][0]


def unit(one: Governed) -> str:
    """What a limit is measured in, as people read it; empty where it counts what its words name."""
    return WORDS[one.key][1]

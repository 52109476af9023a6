"""C-7, F25, C-3: which limit decides about a reading, and what may be set."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.detection.catalogue import CATALOGUE, GOVERNED, ORDERS, label, unit, words
from domain.detection.engine import BY_ID, RULES
from domain.detection.judgement import Verdict
from domain.detection.picture import View
from domain.detection.rule import Rule
from domain.errors import Invalid
from domain.plans.limits import Change, Dated, Layer, Limits, Period, admit, admit_period, in_force, value_at
from domain.readings.reading import Reading
from tests.builders import ADULT, NOW, at, judged, reading

DAY = timedelta(days=1)
PERIOD = Period(from_at=NOW, review_at=NOW + 90 * DAY)
TEAM, OTHER = UUID(int=1), UUID(int=2)
GAIN = GOVERNED["HF-W1.gain_kg"]
LOW = GOVERNED["DM-1.low"]


def own(value: str | None, begins: int, ends: int | None = None, no: int = 0) -> Dated:
    """A person's entry from so many days after NOW on."""
    until = None if ends is None else NOW + ends * DAY
    return Dated(None if value is None else Decimal(value), NOW + begins * DAY, until, id=UUID(int=no))


def service(value: str | None, begins: int, team: UUID = TEAM, no: int = 0) -> Dated:
    return replace(own(value, begins, no=no), layer=Layer.SERVICE, team=team)


def decides(*entries: Dated, one: str = "HF-W1.gain_kg", days: int = 0) -> str:
    return str(value_at(GOVERNED[one], {one: entries}, NOW + days * DAY))


@pytest.mark.parametrize(
    ("entries", "wanted"),
    [
        pytest.param((), "2.00", id="built in"),
        pytest.param((service("1.5", -5),), "1.5", id="the service tightens"),
        pytest.param((service("1.5", -5), own("1.8", -3)), "1.8", id="the person's own stands before the service's"),
        pytest.param((service("1.5", 1),), "2.00", id="not before it begins"),
        pytest.param((service("1.5", 0),), "1.5", id="from its first instant"),
        pytest.param((own("1.2", -5, 0),), "2.00", id="not at its end"),
        pytest.param((own("1.2", -5), own("1.4", -1)), "1.4", id="the newest begun holds"),
        pytest.param((own("1.4", -1), own("1.2", -5)), "1.4", id="in any order"),
        pytest.param((own("1.4", -1, no=2), own("1.2", -1, no=1)), "1.4", id="begun together: the later made"),
        pytest.param((own("1.2", -5), own(None, -1)), "2.00", id="taken back to the built-in"),
        pytest.param((service("1.5", -9), own("1.2", -5), own(None, -1)), "1.5", id="taken back to the service's"),
        pytest.param((service("1.5", -9), service(None, -1)), "2.00", id="the service takes its own back"),
        pytest.param((service("1.5", -9), service("1.3", -9, OTHER)), "1.3", id="two services: the tighter"),
        pytest.param((service("1.3", -9), service("1.5", -9, OTHER)), "1.3", id="two services: the tighter, either order"),
        pytest.param((own("4", -5),), "2.00", id="a floor is never relaxed by a person's limit"),
        pytest.param((service("4", -5),), "2.00", id="nor by a service's"),
    ],
)
def test_c_7_which_limit_decides(entries: tuple[Dated, ...], wanted: str) -> None:
    assert decides(*entries) == wanted


def test_c_7_what_is_no_floor_may_be_relaxed() -> None:
    assert decides(own("3.5", -5), one="DM-1.low") == "3.5"
    assert in_force(LOW.limit, [own("3.5", -5)], NOW, floor=False) == own("3.5", -5)


def test_f25_a_late_reading_is_judged_by_the_limits_of_its_own_time() -> None:
    entries = {"HF-W1.gain_kg": (own("1.5", -10),)}
    profile = replace(ADULT, limits=entries)
    for back, verdict in ((21, Verdict.NOT_FIRED), (5, Verdict.FIRED)):
        before = reading("body_weight", 80, at(f"-{back + 1}d 07:00"))
        now = reading("body_weight", 81.6, at(f"-{back}d 07:00"))
        found = judged(BY_ID["HF-W1"], now, before, profile=profile)
        assert found is not None
        assert found.verdict is verdict


def test_c_3_a_glucose_limit_is_a_pair_worked_out_once() -> None:
    for value, unit_, wanted in (("3.9", "mmol/L", ("3.9", "70")), ("70", "mg/dL", ("3.9", "70")), ("54", "mg/dL", ("3.0", "54")),
                                 ("3.3", "mmol/L", ("3.3", "59"))):  # fmt: skip
        key = "DM-2.very_low" if Decimal(wanted[0]) < Decimal("3.9") else "DM-1.low"
        (found,) = admit([Change(key=key, value=Decimal(value), unit=unit_)], CATALOGUE, {}, PERIOD, Layer.PERSON)
        assert (str(found.value), str(found.mg)) == wanted
    rule = BY_ID["DM-2"]
    pair = Dated(Decimal("3.4"), NOW - DAY, mg=Decimal(62))
    profile = replace(ADULT, limits={"DM-2.very_low": (pair,)})
    assert rule.glucose("very_low", profile, NOW) == (Decimal("3.4"), Decimal(62))
    assert rule.glucose("very_low", ADULT, NOW) == (Decimal("3.0"), Decimal(54))
    halved = replace(ADULT, limits={"DM-2.very_low": (Dated(Decimal("3.4"), NOW - DAY),)})
    assert rule.glucose("very_low", halved, NOW) == (Decimal("3.4"), Decimal(61))


def refusal(*changes: Change, standing: Limits | None = None, period: Period = PERIOD) -> tuple[str, str | None]:
    with pytest.raises(Invalid) as refused:
        admit(changes, CATALOGUE, standing or {}, period, Layer.SERVICE, TEAM)
    return refused.value.detail, refused.value.pointer


def change(key: str, value: str | None, unit_: str | None = None) -> Change:
    return Change(key=key, value=None if value is None else Decimal(value), unit=unit_)


def test_c_7_relaxing_a_floor_is_refused_with_the_reason_and_the_place() -> None:
    detail, pointer = refusal(change("HF-W1.gain_kg", "1.5"), change("OX-1.low", "90"))
    assert pointer == "/changes/1/value"
    assert detail == "OX-1 belongs to the safety floor: nobody can relax it. Its limit of 92 may only be raised."
    detail, pointer = refusal(change("HF-W1.gain_kg", "2.01"))
    assert detail == "HF-W1 belongs to the safety floor: nobody can relax it. Its limit of 2 may only be lowered."
    assert admit([change("HF-W1.gain_kg", "2")], CATALOGUE, {}, PERIOD, Layer.SERVICE, TEAM)[0].relaxes is False


@pytest.mark.parametrize(
    ("changes", "words_", "pointer"),
    [
        ((), "Name at least one limit", "/changes"),
        ((change("HF-W9.gain", "2"),), "no such limit", "/changes/0/key"),
        ((change("HF-W1.gain_kg", "1.5"), change("HF-W1.gain_kg", "1.4")), "named twice", "/changes/1/key"),
        ((change("HF-W1.gain_kg", "NaN"),), "at most 3 decimals", "/changes/0/value"),
        ((change("HF-W1.gain_kg", "1e9"),), "at most 3 decimals", "/changes/0/value"),
        ((change("HF-W1.gain_kg", "1.2345"),), "at most 3 decimals", "/changes/0/value"),
        ((change("HF-W1.gain_kg", "0.5"),), "Between 1 and 4", "/changes/0/value"),
        ((change("OX-1.ok", "101"),), "Between 50 and 100", "/changes/0/value"),
        ((change("HF-W1.gain_kg", "1.5", "kg"),), "one unit only", "/changes/0/unit"),
        ((change("DM-1.low", "3.5"),), "in which unit", "/changes/0/unit"),
        ((change("DM-1.low", "3.55", "mmol/L"),), "One decimal", "/changes/0/value"),
        ((change("DM-1.low", "63.5", "mg/dL"),), "whole number", "/changes/0/value"),
        ((change("DM-1.low", "4.1", "mmol/L"),), "DM-1.low (4.1) may not be above DM-1.taught (4)", "/changes/0/value"),
        ((change("DM-1.very_low", "3.5", "mmol/L"),), "DM-1.very_low (3.5) may not be above DM-2.very_low (3)", "/changes/0/value"),
        ((change("OX-1.low", "95"),), "OX-1.low (95) must stay below OX-1.ok (95)", "/changes/0/value"),
        ((change("DM-7.high", "1.2"), change("DM-7.danger", "1.5"), change("DM-7.raised", "0.5"), change("HT-4.systolic", "120")),
         "HT-4.diastolic (120) must stay below HT-4.systolic (120)", "/changes/3/value"),
    ],
)  # fmt: skip
def test_what_is_unknown_or_contradicts_is_refused(changes: tuple[Change, ...], words_: str, pointer: str) -> None:
    detail, place = refusal(*changes)
    assert words_ in detail
    assert place == pointer


def test_a_change_must_fit_what_begins_later_as_well() -> None:
    later: Limits = {"OX-1.ok": (service("97", -9), service("96", 10))}
    assert admit([change("OX-1.low", "96")], CATALOGUE, {"OX-1.ok": (service("97", -9),)}, PERIOD, Layer.SERVICE, TEAM)
    detail, _ = refusal(change("OX-1.low", "96"), standing=later)
    assert "on 25.06.2026" in detail
    short = replace(PERIOD, to_at=NOW + 10 * DAY)
    found = admit([change("OX-1.low", "96")], CATALOGUE, {"OX-1.ok": (own("97", -9), own("96", 10))}, short, Layer.PERSON)
    assert [str(one.value) for one in found] == ["96"]


def test_what_the_signers_see_says_what_stood_before_and_whether_it_relaxes() -> None:
    standing: Limits = {"DM-1.low": (service("3.7", -9),)}
    back, low = admit([change("HF-W1.gain_kg", None), change("DM-1.low", "3.5", "mmol/L")], CATALOGUE, standing, PERIOD, Layer.SERVICE, TEAM)
    assert (back.value, back.mg, str(back.before), back.relaxes, back.floor) == (None, None, "2.00", False, True)
    assert (str(low.value), str(low.before), low.relaxes, low.floor) == ("3.5", "3.7", True, False)


@pytest.mark.parametrize(
    ("period", "pointer"),
    [
        (replace(PERIOD, from_at=NOW - timedelta(seconds=1)), "/fromAt"),
        (replace(PERIOD, to_at=NOW), "/toAt"),
        (replace(PERIOD, review_at=NOW), "/reviewAt"),
        (replace(PERIOD, review_at=NOW + timedelta(days=732)), "/reviewAt"),
    ],
)
def test_f25_dates_that_change_the_past_or_are_never_looked_at_again_are_refused(period: Period, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        admit_period(period, NOW)
    assert refused.value.pointer == pointer
    admit_period(replace(PERIOD, to_at=NOW + DAY), NOW)


def silent(_rule: Rule, _view: View, _anchor: Reading) -> None:
    return None


def test_every_rule_and_limit_is_said_in_words() -> None:
    assert words(BY_ID["HF-W1"]).title == "Weight up in three days"
    unsaid = words(replace(BY_ID["HF-W1"], id="HF-W99", title=""))
    assert (unsaid.title, unsaid.about[:29]) == ("HF-W99", "Today is more than the limit ")
    assert words(replace(BY_ID["HF-W1"], id="X", title="", judge=silent)).about == "X"
    assert all(label(one) for one in GOVERNED.values())
    assert unit(GAIN) == "kg"
    assert {rule.id for rule in RULES} >= {one.rule for one in GOVERNED.values()}
    assert all(order.lower in GOVERNED and order.upper in GOVERNED for order in ORDERS)

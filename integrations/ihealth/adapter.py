"""iHealth open API lists -> drafts."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from domain.readings.reading import Context, TimeSource
from integrations.manifest import Api, Ask, Delivery, Notice, Parsed, Secrets
from integrations.records import Records, Skip, decoded, epoch, finite, says, short

_ZONE: Final = re.compile(r"([+-]?)(\d{2}):?(\d{2})", re.ASCII)
_Meal = Literal["before", "after", "bedtime"]
_MEALS: Final[dict[str, _Meal]] = {"before": "before", "after": "after", "bedtime": "bedtime"}


class _Record(msgspec.Struct, frozen=True, rename="pascal"):
    m_date: int | None = msgspec.field(name="MDate", default=None)
    time_zone: str = ""
    data_id: str = msgspec.field(name="DataID", default="")
    data_source: str = ""
    hp: Decimal | None = msgspec.field(name="HP", default=None)
    lp: Decimal | None = msgspec.field(name="LP", default=None)
    hr: Decimal | None = msgspec.field(name="HR", default=None)
    bo: Decimal | None = msgspec.field(name="BO", default=None)
    bg: Decimal | None = msgspec.field(name="BG", default=None)
    dinner_situation: str = ""
    weight_value: Decimal | None = None
    fat_value: Decimal | None = None


class _Lists(msgspec.Struct, frozen=True):
    pressures: list[msgspec.Raw] = msgspec.field(name="BPDataList", default=[])
    sugars: list[msgspec.Raw] = msgspec.field(name="BGDataList", default=[])
    oxygens: list[msgspec.Raw] = msgspec.field(name="BODataList", default=[])
    weights: list[msgspec.Raw] = msgspec.field(name="WeightDataList", default=[])
    pressure_unit: int = msgspec.field(name="BPUnit", default=0)
    sugar_unit: int = msgspec.field(name="BGUnit", default=0)
    weight_unit: int = msgspec.field(name="WeightUnit", default=0)
    next_page: str = msgspec.field(name="NextPageUrl", default="")


_PRESSURE: Final = {0: "mm[Hg]", 1: "kPa"}
_SUGAR: Final = {0: "mg/dL", 1: "mmol/L"}
_WEIGHT: Final = {0: "kg", 1: "[lb_av]", 2: "[stone_av]"}


def recognises(body: bytes) -> bool:
    """One of the lists that are read."""
    return any(says(body, name) for name in (b"BPDataList", b"BGDataList", b"BODataList", b"WeightDataList"))


def parse(delivery: Delivery) -> Parsed:
    """Every record; 0 stands for nothing measured, and MDate is the wall clock written as if it were UTC."""
    lists = decoded(delivery.body, _Lists, "A list of the iHealth open API: BPDataList, BGDataList, BODataList or WeightDataList.")
    found = Records("ihealth", delivery)

    for raws, read in ((lists.pressures, _pressure), (lists.sugars, _sugar), (lists.oxygens, _oxygen), (lists.weights, _weight)):
        found.each(raws, _Record, lambda one, read=read: read(found, lists, one))
    return found.parsed()


def _single(
    found: Records, one: _Record, kind: str, value: Decimal | None, unit: str | None, context: Context | None = None,
) -> None:  # fmt: skip
    if value is None or value == 0:
        return
    if unit is None:
        raise Skip("unit_unknown", "A unit code that is not documented.")
    found.add(kind, _at(one), record=one.data_id, value=short(finite(value)), unit=unit, manual=_by_hand(one), context=context,
              time_source=TimeSource.EPOCH_LOCAL)  # fmt: skip


def _pressure(found: Records, lists: _Lists, one: _Record) -> None:
    unit = _PRESSURE.get(lists.pressure_unit)
    if unit is None:
        raise Skip("unit_unknown", "A unit code that is not documented.")
    parts = {"systolic": finite(one.hp), "diastolic": finite(one.lp)}
    found.add("blood_pressure", _at(one), record=one.data_id, parts=parts, unit=unit, manual=_by_hand(one), time_source=TimeSource.EPOCH_LOCAL)
    _single(found, one, "heart_rate", one.hr, "/min")


def _oxygen(found: Records, _lists: _Lists, one: _Record) -> None:
    if one.bo == 0 and not one.hr:
        raise Skip("nothing_measured", "0 stands for nothing measured.")
    _single(found, one, "oxygen_saturation", one.bo, "%")
    _single(found, one, "heart_rate", one.hr, "/min")


def _sugar(found: Records, lists: _Lists, one: _Record) -> None:
    meal = _MEALS.get(one.dinner_situation.partition("_")[0].lower())
    _single(found, one, "glucose_capillary", one.bg, _SUGAR.get(lists.sugar_unit), None if meal is None else Context(meal=meal))


def _weight(found: Records, lists: _Lists, one: _Record) -> None:
    if one.weight_value == 0:
        raise Skip("nothing_measured", "0 stands for nothing measured.")
    _single(found, one, "body_weight", one.weight_value, _WEIGHT.get(lists.weight_unit))
    _single(found, one, "body_fat", one.fat_value, "%")


def _by_hand(one: _Record) -> bool:
    return one.data_source == "Manual"


def _at(one: _Record) -> datetime:
    found = _ZONE.fullmatch(one.time_zone)
    if found is None:
        raise Skip("time_missing", "A time zone such as -0800: without it the instant is not known.")
    minutes = (int(found[2]) * 60 + int(found[3])) * (-1 if found[1] == "-" else 1)
    if abs(minutes) > 14 * 60:
        raise Skip("time_missing", "A time zone between -1400 and +1400.")
    offset = timedelta(minutes=minutes)
    return (epoch(one.m_date) - offset).astimezone(timezone(offset))


_LISTS: Final = ("bp", "glucose", "spo2", "weight")


def _asks(notice: Notice, secrets: Secrets) -> Sequence[Ask]:
    if notice.start is None or notice.end is None:
        return []
    query = {"client_id": secrets.client_id, "client_secret": secrets.client_secret, "locale": "en_GB",
             "start_time": f"{notice.start.timestamp():.0f}", "end_time": f"{notice.end.timestamp():.0f}"}  # fmt: skip
    return [Ask(path=f"/openapiv2/user/{notice.account}/{name}.json/", query=query) for name in _LISTS]


def _next(body: bytes, ask: Ask) -> Ask | None:
    page = decoded(body, _Lists, "").next_page
    if not page:
        return None
    number = re.search(r"page_index=(\d{1,6})", urlsplit(page).query)
    # Only the number of the page is believed: the address itself is ours.
    return None if number is None else Ask(path=ask.path, query={**ask.query, "page_index": number[1]})


API: Final = Api(base="https://api.ihealthlabs.com:8443", token_path="/OpenApiV2/OAuthv2/userauthorization/", asks=_asks, next=_next,  # noqa: S106 - a path
                 every=timedelta(minutes=15))  # fmt: skip

"""Google Health API: notices of changed data types, and data points -> drafts."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Final

import msgspec

from integrations.manifest import Answer, Api, Ask, Delivery, Hook, Notice, Parsed, Secrets, Unproved
from integrations.records import Records, Skip, decoded, finite, instant, says, short
from integrations.signatures import authorization

_Aware = Annotated[datetime, msgspec.Meta(tz=True)]
_OFFSET: Final = re.compile(r"(-?\d{1,5})(?:\.\d+)?s", re.ASCII)
_DAY_S: Final = 86_400


class _Span(msgspec.Struct, frozen=True, rename="camel"):
    start_time: _Aware
    end_time: _Aware


class _Interval(msgspec.Struct, frozen=True, rename="camel"):
    physical_time_interval: _Span


class _Changed(msgspec.Struct, frozen=True, rename="camel"):
    health_user_id: str
    data_type: str
    intervals: list[_Interval] = []


class _Event(msgspec.Struct, frozen=True):
    data: _Changed


class _Type(msgspec.Struct, frozen=True):
    type: str = ""


class _Sample(msgspec.Struct, frozen=True, rename="camel"):
    physical_time: str | None = None
    utc_offset: str = "0s"


class _Value(msgspec.Struct, frozen=True, rename="camel"):
    sample_time: _Sample = _Sample()
    weight_grams: Decimal | None = None
    percentage: Decimal | None = None
    height_millimeters: Decimal | None = None
    blood_glucose_milligrams_per_deciliter: Decimal | None = None


class _Method(msgspec.Struct, frozen=True, rename="camel"):
    recording_method: str = ""


class _Point(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    data_source: _Method = _Method()
    weight: _Value | None = None
    body_fat: _Value | None = None
    height: _Value | None = None
    blood_glucose: _Value | None = None


class _Points(msgspec.Struct, frozen=True, rename="camel"):
    data_points: list[msgspec.Raw] = []
    next_page_token: str = ""


_TYPES: Final = {"weight": "weight", "body-fat": "body_fat", "height": "height", "blood-glucose": "blood_glucose"}
"""Data types that are fetched, with their names in a filter."""


def recognises(body: bytes) -> bool:
    """A page of data points."""
    return says(body, b"dataPoints")


def parse(delivery: Delivery) -> Parsed:
    """The data points of a page, by their own names."""
    page = decoded(delivery.body, _Points, "A page of data points: a JSON object with `dataPoints`.")
    found = Records("google_health", delivery)

    def read(one: _Point) -> None:
        is_by_hand = one.data_source.recording_method == "MANUAL"
        for kind, held, value, unit in (
            ("body_weight", one.weight, one.weight and one.weight.weight_grams, "g"),
            ("body_fat", one.body_fat, one.body_fat and one.body_fat.percentage, "%"),
            ("body_height", one.height, one.height and one.height.height_millimeters, "mm"),
            ("glucose", one.blood_glucose, one.blood_glucose and one.blood_glucose.blood_glucose_milligrams_per_deciliter, "mg/dL"),
        ):  # fmt: skip
            if held is None:
                continue
            number = short(finite(value))
            if unit == "mm":
                number, unit = number / 10, "cm"  # noqa: PLW2901 - a height is in centimetres here
            found.add(kind, _at(held.sample_time), record=one.name, value=number, unit=unit, manual=is_by_hand)

    found.each(page.data_points, _Point, read)
    return found.parsed()


def _at(sample: _Sample) -> datetime:
    offset = _OFFSET.fullmatch(sample.utc_offset)
    if offset is None or abs(int(offset[1])) >= _DAY_S:
        raise Skip("time_missing", "An offset such as 3600s.")
    return instant(sample.physical_time).astimezone(timezone(timedelta(seconds=int(offset[1]))))


def _notices(delivery: Delivery) -> Sequence[Notice]:
    one = decoded(delivery.body, _Event, "A notice of Google Health: `data` with healthUserId and dataType.").data
    if one.data_type not in _TYPES:
        return []
    spans = [each.physical_time_interval for each in one.intervals]
    return [Notice(account=one.health_user_id, what=one.data_type, start=span.start_time, end=span.end_time) for span in spans]


def _asks(notice: Notice, _secrets: Secrets) -> Sequence[Ask]:
    name = _TYPES.get(notice.what)
    if name is None or notice.start is None or notice.end is None:
        return []
    field = f"{name}.sample_time.physical_time"
    until = notice.end + timedelta(seconds=1)
    wanted = f'{field} >= "{notice.start:%Y-%m-%dT%H:%M:%SZ}" AND {field} < "{until:%Y-%m-%dT%H:%M:%SZ}"'
    return [Ask(path=f"/v4/users/me/dataTypes/{notice.what}/dataPoints", query={"page_size": "1000", "filter": wanted})]


def _next(body: bytes, ask: Ask) -> Ask | None:
    token = decoded(body, _Points, "").next_page_token
    return Ask(path=ask.path, query={**ask.query, "page_token": token}) if token else None


def _handshake(method: str, _query: Mapping[str, str], delivery: Delivery, secrets: Secrets) -> Answer | None:
    """Two questions: with the secret 201, without it 401."""
    try:
        if method != "POST" or msgspec.json.decode(delivery.body, type=_Type).type != "verification":
            return None
    except msgspec.DecodeError:
        return None
    try:
        authorization(delivery, secrets)
    except Unproved:
        return Answer(401)
    return Answer(201)


HOOK: Final = Hook(scheme=authorization, notices=_notices, handshake=_handshake)
API: Final = Api(base="https://health.googleapis.com", token_path="https://oauth2.googleapis.com/token", asks=_asks, next=_next)  # noqa: S106 - a path

"""Withings: notices of what to fetch, and the groups of Measure-Getmeas -> drafts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from domain.readings.reading import TimeSource
from integrations.manifest import Answer, Api, Ask, Delivery, Hook, Notice, Parsed, Secrets, Tokens, Unreadable
from integrations.records import Records, Skip, decoded, epoch, says
from integrations.signatures import path_alone

_SINGLE: Final = {1: ("body_weight", "kg"), 4: ("body_height", "m"), 6: ("body_fat", "%"), 12: ("body_temperature", "Cel"),
                  71: ("body_temperature", "Cel"), 54: ("oxygen_saturation", "%"), 11: ("heart_rate", "/min")}  # fmt: skip
"""Measure type -> kind and unit. 73 is the skin's temperature, 18 junk; what is not here is passed over."""
_DIASTOLIC, _SYSTOLIC = 9, 10
_BY_HAND: Final = frozenset({2, 4})
_UNSURE: Final = 1
_GOAL: Final = 2
_MEASURED: Final = {"1": "1,4,6", "2": "12,71", "4": "9,10,11,54"}
"""What to fetch for each `appli` of a notice."""
_STATUS: Final = {0: 200, 100: 401, 101: 401, 102: 401, 401: 401, 601: 429}


class _Measure(msgspec.Struct, frozen=True):
    value: Annotated[int, msgspec.Meta(ge=-(10**12), le=10**12)]
    type: int
    unit: Annotated[int, msgspec.Meta(ge=-9, le=9)]


class _Group(msgspec.Struct, frozen=True):
    grpid: int
    date: int
    measures: list[_Measure]
    attrib: int = 0
    category: int = 1


class _Groups(msgspec.Struct, frozen=True):
    measuregrps: list[msgspec.Raw] = []
    timezone: str = "UTC"
    more: int | bool = 0
    offset: int = 0


class _Body(msgspec.Struct, frozen=True):
    status: int
    body: _Groups = _Groups()


class _Status(msgspec.Struct, frozen=True):
    status: int


class _Granted(msgspec.Struct, frozen=True):
    access_token: str = ""
    refresh_token: str = ""
    expires_in: int = 0


class _TokenBody(msgspec.Struct, frozen=True):
    status: int
    body: _Granted = _Granted()


def recognises(body: bytes) -> bool:
    """The answer of Measure-Getmeas."""
    return says(body, b"status", b"measuregrps")


def parse(delivery: Delivery) -> Parsed:
    """Every group of measures that is no goal."""
    answer = decoded(delivery.body, _Body, "The answer of Measure-Getmeas: status and body.")
    found = Records("withings", delivery)
    try:
        zone = ZoneInfo(answer.body.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    found.each(answer.body.measuregrps, _Group, lambda group: _read(found, zone, group))
    return found.parsed()


def _read(found: Records, zone: ZoneInfo, group: _Group) -> None:
    if group.category == _GOAL:
        return
    if group.attrib == _UNSURE:
        raise Skip("person_unsure", "The scale does not know who stood on it; once that is said there, it is fetched again.")
    at = epoch(group.date).astimezone(zone)
    is_by_hand = group.attrib in _BY_HAND
    values = {one.type: Decimal(one.value).scaleb(one.unit) for one in group.measures}
    record = str(group.grpid)
    if _SYSTOLIC in values or _DIASTOLIC in values:
        parts = {name: values[no] for name, no in (("systolic", _SYSTOLIC), ("diastolic", _DIASTOLIC)) if no in values}
        found.add("blood_pressure", at, record=record, parts=parts, unit="mm[Hg]", manual=is_by_hand, time_source=TimeSource.EPOCH_UTC)
    for no, (kind, unit) in _SINGLE.items():
        if no in values:
            found.add(kind, at, record=record, value=values[no], unit=unit, manual=is_by_hand, time_source=TimeSource.EPOCH_UTC)


def _notices(delivery: Delivery) -> Sequence[Notice]:
    try:
        form = dict(parse_qsl(delivery.body.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=20))
        account = form["userid"]
        times = [datetime.fromtimestamp(int(form[name]), UTC) for name in ("startdate", "enddate")]
    except (ValueError, KeyError, OverflowError, OSError) as error:
        raise Unreadable("A notice of Withings: a form with userid, appli, startdate and enddate.") from error
    return [Notice(account=account, what=form.get("appli", ""), start=times[0], end=times[1])]


def _asks(notice: Notice, _secrets: Secrets) -> Sequence[Ask]:
    kinds = _MEASURED.get(notice.what, "1,4,6,12,71,9,10,11,54" if not notice.what else "")
    if not kinds or notice.start is None or notice.end is None:
        return []
    # A second more at either end: the ends of a notice are those of the measures themselves.
    start, end = notice.start - timedelta(seconds=1), notice.end + timedelta(seconds=1)
    form = {"action": "getmeas", "meastypes": kinds, "category": "1", "startdate": f"{start.timestamp():.0f}",
            "enddate": f"{end.timestamp():.0f}"}  # fmt: skip
    return [Ask(path="/measure", form=form)]


def _next(body: bytes, ask: Ask) -> Ask | None:
    found = decoded(body, _Body, "").body
    return Ask(path=ask.path, form={**(ask.form or {}), "offset": str(found.offset)}) if found.more and found.offset else None


def _tokens(body: bytes) -> Tokens | None:
    found = decoded(body, _TokenBody, "")
    granted = found.body
    return Tokens(access=granted.access_token, refresh=granted.refresh_token, expires_in_s=granted.expires_in) if found.status == 0 else None


def _handshake(method: str, _query: object, delivery: Delivery, _secrets: Secrets) -> Answer | None:
    """Withings looks whether the address is there before it calls it."""
    return Answer(200) if method in {"GET", "HEAD"} or not delivery.body else None


HOOK: Final = Hook(scheme=path_alone, notices=_notices, handshake=_handshake)
API: Final = Api(
    base="https://wbsapi.withings.net", token_path="/v2/oauth2", token_form={"action": "requesttoken"}, tokens=_tokens, asks=_asks, next=_next,  # noqa: S106 - a path
    status=lambda body: _STATUS.get(decoded(body, _Status, "").status, 503),
)  # fmt: skip

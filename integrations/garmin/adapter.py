"""Garmin Health push summaries -> drafts."""

from collections.abc import Iterator
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Annotated, Final

import msgspec

from domain.readings.reading import TimeSource
from integrations.manifest import Delivery, Hook, Parsed
from integrations.records import Records, Skip, decoded, epoch, finite, says, short
from integrations.signatures import path_alone

_Seconds = Annotated[int, msgspec.Meta(ge=-50_400, le=50_400)]
_KNOWN: Final = ("dailies", "bodyComps", "pulseox", "bloodPressures", "sleeps")
_Samples = Annotated[dict[str, Decimal], msgspec.Meta(max_length=5_000)]


class _Summary(msgspec.Struct, frozen=True, rename="camel"):
    user_id: str = ""
    summary_id: str = ""
    start_time_in_seconds: int | None = None
    start_time_offset_in_seconds: _Seconds = 0
    duration_in_seconds: Annotated[int, msgspec.Meta(ge=0, le=200_000)] = 0
    measurement_time_in_seconds: int | None = None
    measurement_time_offset_in_seconds: _Seconds = 0
    steps: int | None = None
    weight_in_grams: Decimal | None = None
    body_fat_in_percent: Decimal | None = None
    systolic: Decimal | None = None
    diastolic: Decimal | None = None
    pulse: Decimal | None = None
    source_type: str = ""
    validation: str = ""
    deep_sleep_duration_in_seconds: int | None = None
    light_sleep_duration_in_seconds: int | None = None
    rem_sleep_in_seconds: int | None = None
    on_demand: bool = False
    time_offset_spo2_values: _Samples = msgspec.field(name="timeOffsetSpo2Values", default={})
    callback_url: str = msgspec.field(name="callbackURL", default="")


HOOK: Final = Hook(scheme=path_alone)
_PUSH: Final = dict[str, list[msgspec.Raw]]


def recognises(body: bytes) -> bool:
    """An object of lists of summaries."""
    return any(says(body, name.encode(), b"userId") for name in _KNOWN)


def parse(delivery: Delivery) -> Parsed:
    """What the summaries measured. A summary that is sent again under its id is a correction; other lists are passed over."""
    push = decoded(delivery.body, _PUSH, "A push of Garmin Health: a JSON object of lists of summaries.")
    found = Records("garmin", delivery)
    for name in _KNOWN:
        found.each(push.get(name, []), _Summary, lambda one, name=name: _read(found, name, one))
    return found.parsed()


def _read(found: Records, name: str, one: _Summary) -> None:
    if one.callback_url:
        raise Skip("ping_not_followed", "Only push is read: a ping names an address to call, and none but registered ones are called.")
    zone = timezone(timedelta(seconds=one.start_time_offset_in_seconds or one.measurement_time_offset_in_seconds))
    taken = one.measurement_time_in_seconds if one.measurement_time_in_seconds is not None else one.start_time_in_seconds
    at = epoch(taken).astimezone(zone)
    is_by_hand = one.source_type == "MANUAL"
    for value in _values(name, one):
        record = f"{one.summary_id}{value.part}" if one.summary_id else ""
        found.add(value.kind, at + timedelta(seconds=value.offset_s), record=record, account=one.user_id, value=short(finite(value.value)),
                  unit=value.unit, manual=is_by_hand, time_source=TimeSource.EPOCH_UTC)  # fmt: skip
    if name == "bloodPressures":
        parts = {"systolic": finite(one.systolic), "diastolic": finite(one.diastolic)}
        found.add("blood_pressure", at, record=one.summary_id, account=one.user_id, parts=parts, unit="mm[Hg]", manual=is_by_hand,
                  time_source=TimeSource.EPOCH_UTC)  # fmt: skip


class _Value(msgspec.Struct, frozen=True):
    kind: str
    value: Decimal | int
    unit: str
    offset_s: int = 0
    part: str = ""


def _values(name: str, one: _Summary) -> Iterator[_Value]:
    if name == "dailies" and one.steps is not None:
        # At noon of the day that it counts, so that its moment stays while the count grows.
        yield _Value("step_count", one.steps, "{steps}", 12 * 3600)
    elif name == "bodyComps":
        if one.weight_in_grams is not None:
            yield _Value("body_weight", one.weight_in_grams, "g")
        if one.body_fat_in_percent is not None:
            yield _Value("body_fat", one.body_fat_in_percent, "%")
    elif name == "bloodPressures" and one.pulse is not None:
        yield _Value("heart_rate", one.pulse, "/min")
    elif name == "sleeps":
        stages = [one.deep_sleep_duration_in_seconds, one.light_sleep_duration_in_seconds, one.rem_sleep_in_seconds]
        slept = sum(each for each in stages if each is not None)
        yield _Value("sleep_duration", slept if slept > 0 else one.duration_in_seconds, "s", one.duration_in_seconds)
    elif name == "pulseox" and one.on_demand:
        yield from _oxygen(one)


def _oxygen(one: _Summary) -> Iterator[_Value]:
    """Samples are keyed by the seconds since the start."""
    for key, value in one.time_offset_spo2_values.items():
        if not key.isascii() or not key.isdigit() or len(key) > 6:  # noqa: PLR2004 - within two days
            raise Skip("offset_wrong", "Samples are keyed by whole seconds since the start.")
        yield _Value("oxygen_saturation", value, "%", int(key), f"+{key}")

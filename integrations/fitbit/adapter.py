"""Fitbit's web API as it was until 2026: signed notices of a day, weights of that day -> drafts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from datetime import date as day_of
from decimal import Decimal
from typing import Final

import msgspec

from domain.readings.reading import TimeSource
from integrations.local_times import LocalClock
from integrations.manifest import Answer, Api, Ask, Delivery, Hook, Notice, Parsed, Secrets
from integrations.records import Records, Skip, decoded, finite, says
from integrations.signatures import fitbit


class _Notice(msgspec.Struct, frozen=True, rename="camel"):
    collection_type: str
    owner_id: str
    date: day_of | None = None


class _Weight(msgspec.Struct, frozen=True, rename="camel"):
    log_id: int
    date: day_of
    time: time
    weight: Decimal | None = None
    fat: Decimal | None = None
    source: str = ""


class _Day(msgspec.Struct, frozen=True):
    weight: list[msgspec.Raw] = []


def recognises(body: bytes) -> bool:
    """The weights of a day."""
    return says(body, b"weight", b"logId")


def parse(delivery: Delivery) -> Parsed:
    """Weight and body fat, in kilograms: no other unit system is asked for. Times are the person's own wall clock."""
    day = decoded(delivery.body, _Day, "The weight logs of a day: a JSON object with `weight`.")
    found = Records("fitbit", delivery)
    clock = LocalClock(delivery.zone)

    def read(one: _Weight) -> None:
        at = clock.at(datetime.combine(one.date, one.time.replace(tzinfo=None)))
        if at is None:
            raise Skip("time_missing", "A local time that is there in the person's zone.")
        for kind, value, unit in (("body_weight", one.weight, "kg"), ("body_fat", one.fat, "%")):
            if value is not None:
                found.add(kind, at, record=str(one.log_id), value=finite(value), unit=unit, manual=one.source in {"Web", "API"},
                          time_source=TimeSource.PATIENT_ZONE)  # fmt: skip

    found.each(day.weight, _Weight, read)
    return found.parsed()


def _notices(delivery: Delivery) -> Sequence[Notice]:
    given = decoded(delivery.body, list[_Notice], "Notices of Fitbit: an array of collectionType, date and ownerId.")
    return [
        Notice(account=one.owner_id, what=one.collection_type, start=datetime.combine(one.date, time(), UTC)) for one in given
        if one.collection_type == "body" and one.date is not None
    ]  # fmt: skip


def _asks(notice: Notice, _secrets: Secrets) -> Sequence[Ask]:
    # Without Accept-Language it answers in metric units, whatever the account shows.
    return [] if notice.start is None else [Ask(path=f"/1/user/-/body/log/weight/date/{notice.start:%Y-%m-%d}.json")]


def _handshake(method: str, query: Mapping[str, str], _delivery: Delivery, secrets: Secrets) -> Answer | None:
    """It asks twice: the right word is answered 204, a wrong one 404."""
    if method != "GET":
        return None
    return Answer(204 if secrets.verify and query.get("verify") == secrets.verify else 404)


HOOK: Final = Hook(scheme=fitbit, status=204, notices=_notices, handshake=_handshake)
API: Final = Api(base="https://api.fitbit.com", token_path="/oauth2/token", is_basic=True, asks=_asks)  # noqa: S106 - a path
